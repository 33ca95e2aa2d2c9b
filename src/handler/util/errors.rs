//! `util.error`, `util.appendError`, `util.unauthorized` (spec appsync-js 2.1).

use super::{Refusal, Scope, argument, text};
use crate::error::FieldError;
use crate::value::Value;

/// Type and text of the error that `util.unauthorized()` raises. The executor, which knows field and type, replaces the
/// text by `Not Authorized to access <field> on type <Type>`.
pub const UNAUTHORIZED: &str = "Unauthorized";

fn field_error(arguments: &[Value]) -> FieldError {
    FieldError {
        message: text(arguments, 0).unwrap_or_default(),
        error_type: text(arguments, 1),
        data: argument(arguments, 2).clone(),
        error_info: argument(arguments, 3).clone(),
    }
}

pub fn error(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    Err(Refusal::Raised(field_error(arguments)))
}

pub fn append_error(scope: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    scope.effects.errors.push(field_error(arguments));
    Ok(Value::Null)
}

pub fn unauthorized(_: &mut Scope, _: &[Value]) -> Result<Value, Refusal> {
    Err(Refusal::Raised(FieldError::new(UNAUTHORIZED, UNAUTHORIZED)))
}
