//! Tests for null, emptiness and type, and defaults in their place.

use crate::handler::vtl::interpret::Interpreter;
use crate::handler::vtl::java::{Heap, JavaValue, Thrown};

type Arguments<'a> = &'a [JavaValue];
type Result = std::result::Result<JavaValue, Thrown>;

pub(super) fn is_null(_: &mut Interpreter, arguments: Arguments) -> Result {
    Ok(arguments[0].is_null().into())
}

/// Null, an empty text, and, as Amplify's templates rely on, an empty map or list.
fn is_empty(heap: &Heap, value: &JavaValue) -> bool {
    match value {
        JavaValue::Null => true,
        JavaValue::String(text) => text.is_empty(),
        JavaValue::List(id) | JavaValue::Array(id) => heap.list_len(*id) == 0,
        JavaValue::Map(id) | JavaValue::View(id, _) => heap.map_len(*id) == 0,
        _ => false,
    }
}

/// Null, and a text of nothing but blanks.
fn is_blank(value: &JavaValue) -> bool {
    match value {
        JavaValue::Null => true,
        JavaValue::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

fn or_default(is_missing: bool, arguments: Arguments) -> Result {
    Ok(arguments[usize::from(is_missing)].clone())
}

pub(super) fn is_null_or_empty(interpreter: &mut Interpreter, arguments: Arguments) -> Result {
    Ok(is_empty(&interpreter.heap, &arguments[0]).into())
}

pub(super) fn is_null_or_blank(_: &mut Interpreter, arguments: Arguments) -> Result {
    Ok(is_blank(&arguments[0]).into())
}

pub(super) fn default_if_null(_: &mut Interpreter, arguments: Arguments) -> Result {
    or_default(arguments[0].is_null(), arguments)
}

pub(super) fn default_if_null_or_empty(interpreter: &mut Interpreter, arguments: Arguments) -> Result {
    or_default(is_empty(&interpreter.heap, &arguments[0]), arguments)
}

pub(super) fn default_if_null_or_blank(_: &mut Interpreter, arguments: Arguments) -> Result {
    or_default(is_blank(&arguments[0]), arguments)
}

pub(super) fn is_string(_: &mut Interpreter, arguments: Arguments) -> Result {
    Ok(matches!(arguments[0], JavaValue::String(_)).into())
}

pub(super) fn is_number(_: &mut Interpreter, arguments: Arguments) -> Result {
    Ok(arguments[0].is_number().into())
}

pub(super) fn is_boolean(_: &mut Interpreter, arguments: Arguments) -> Result {
    Ok(matches!(arguments[0], JavaValue::Boolean(_)).into())
}

pub(super) fn is_list(_: &mut Interpreter, arguments: Arguments) -> Result {
    Ok(matches!(arguments[0], JavaValue::List(_)).into())
}

pub(super) fn is_map(_: &mut Interpreter, arguments: Arguments) -> Result {
    Ok(matches!(arguments[0], JavaValue::Map(_)).into())
}

pub(super) fn type_of(_: &mut Interpreter, arguments: Arguments) -> Result {
    let name = match &arguments[0] {
        JavaValue::Null => "Null",
        JavaValue::Boolean(_) => "Boolean",
        JavaValue::String(_) => "String",
        JavaValue::List(_) => "List",
        JavaValue::Map(_) => "Map",
        number if number.is_number() => "Number",
        _ => "Object",
    };
    Ok(name.into())
}

/// The name of a value's class, which only the recorded answers of the real engine ask for.
#[cfg(test)]
pub(super) fn type_name(_: &mut Interpreter, arguments: Arguments) -> Result {
    Ok(arguments[0].class().into())
}
