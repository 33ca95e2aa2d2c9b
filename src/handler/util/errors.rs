//! `util.error`, `util.appendError`, `util.unauthorized` (spec appsync-js 2.1).

use super::{Refusal, Scope, argument, text};
use crate::context::Effects;
use crate::error::FieldError;
use crate::limits::APPENDED_ERRORS;
use crate::value::Value;

/// Type and text of the error that `util.unauthorized()` raises, as EvaluateCode shows it. A resolver, which knows field
/// and type, replaces the text by `Not Authorized to access <field> on type <Type>`.
const UNAUTHORIZED: &str = "Unauthorized";

fn field_error(arguments: &[Value]) -> FieldError {
    FieldError {
        message: text(arguments, 0).unwrap_or_default(),
        error_type: text(arguments, 1),
        data: argument(arguments, 2).clone(),
        error_info: argument(arguments, 3).clone(),
        is_unauthorized: false,
    }
}

/// Records an error without ending the handler.
///
/// # Errors
/// A failure of the code, when it appends without end.
pub fn append(effects: &mut Effects, error: FieldError) -> Result<(), Refusal> {
    if effects.errors.len() >= APPENDED_ERRORS {
        return Err(Refusal::failed(format!("a resolver appended more than {APPENDED_ERRORS} errors")));
    }
    effects.errors.push(error);
    Ok(())
}

pub fn error(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    Err(Refusal::Raised(field_error(arguments)))
}

pub fn append_error(scope: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    append(scope.effects, field_error(arguments))?;
    Ok(Value::Null)
}

pub fn unauthorized(_: &mut Scope, _: &[Value]) -> Result<Value, Refusal> {
    let error = FieldError { is_unauthorized: true, ..FieldError::new(UNAUTHORIZED, UNAUTHORIZED) };
    Err(Refusal::Raised(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_not_appended_without_end() {
        let mut effects = Effects::default();
        for _ in 0..APPENDED_ERRORS {
            append(&mut effects, FieldError::default()).unwrap();
        }
        let refused = append(&mut effects, FieldError::default());
        assert_eq!(refused, Err(Refusal::failed("a resolver appended more than 1000 errors")));
        assert_eq!(effects.errors.len(), APPENDED_ERRORS);
    }
}
