//! `$util.toJson` and `$util.parseJson`.

use crate::handler::vtl::interpret::Interpreter;
use crate::handler::vtl::java::{JavaValue, Thrown, json};
use crate::value::Value;

pub(super) fn to_json(interpreter: &mut Interpreter, arguments: &[JavaValue]) -> Result<JavaValue, Thrown> {
    let mut out = String::new();
    json::write(&mut interpreter.heap, &arguments[0], &mut out)?;
    Ok(out.into())
}

/// The value of a JSON text; what is no text stays as it is. Null for a text that is not JSON: UNCONFIRMED (spec
/// appsync-vtl 11).
pub(super) fn parse_json(interpreter: &mut Interpreter, arguments: &[JavaValue]) -> Result<JavaValue, Thrown> {
    match &arguments[0] {
        JavaValue::String(text) => {
            let heap = &mut interpreter.heap;
            heap.spend(text.len() / 4)?;
            // A list of short numbers takes many times its text.
            heap.hold(8 * text.len())?;
            Ok(heap.give(&Value::parse(text).unwrap_or_default()))
        }
        other => Ok(other.clone()),
    }
}
