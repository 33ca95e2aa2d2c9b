//! Methods of Java's strings, numbers, lists and maps, by name and arguments (spec appsync-vtl 7).
//!
//! A method that is not here does not exist: the call is null and nothing more. Reflection reaches nothing.

mod collection;
mod list;
mod map;
mod scalar;
mod string;

use super::java::{Heap, JavaValue, Thrown};

/// What a method without a result gives: it prints as nothing, and is not null.
pub(super) const VOID: JavaValue = JavaValue::String(crate::value::Str::new_static(""));

/// Calls a method; null where the value has none of that name for such arguments.
///
/// # Errors
/// What the method throws in Java, and the bounds of the heap.
pub(super) fn call(
    heap: &mut Heap,
    target: &JavaValue,
    name: &str,
    arguments: &[JavaValue],
) -> Result<JavaValue, Thrown> {
    heap.spend(1)?;
    match (name, arguments) {
        ("equals", [other]) if !matches!(target, JavaValue::Namespace(_)) => {
            return Ok(heap.equals(target, other)?.into());
        }
        ("toString", []) => return Ok(heap.text(target)?.into()),
        ("hashCode", []) => return Ok(heap.hash_code(target)?.into()),
        _ => {}
    }
    let is_comparable =
        target.is_number() || matches!(target, JavaValue::String(_) | JavaValue::Boolean(_) | JavaValue::Character(_));
    if let ("compareTo", [other]) = (name, arguments)
        && is_comparable
        && !other.is_null()
        && other.class() != target.class()
    {
        return Err(cannot_be_cast(other.class(), target.class()));
    }
    match target {
        JavaValue::String(text) => string::call(heap, text, name, arguments),
        JavaValue::Map(id) => map::call(heap, *id, name, arguments),
        JavaValue::List(id) => list::call(heap, *id, name, arguments),
        JavaValue::Array(id) => list::call_array(heap, *id, name, arguments),
        JavaValue::View(id, view) => collection::call_view(heap, *id, *view, name, arguments),
        JavaValue::Entry(entry) => match (name, arguments) {
            ("getKey", []) => Ok(heap.entry_key(*entry)),
            ("getValue", []) => heap.entry_value(*entry),
            ("setValue", [value]) => heap.set_entry(*entry, value.clone()),
            _ => Ok(JavaValue::Null),
        },
        JavaValue::Iterator(iterator) => match (name, arguments) {
            ("hasNext", []) => Ok(heap.iterator_has_next(*iterator).into()),
            ("next", []) => heap.iterator_next(*iterator),
            _ => Ok(JavaValue::Null),
        },
        JavaValue::Character(unit) => match (name, arguments) {
            ("compareTo", [JavaValue::Character(other)]) => {
                Ok(JavaValue::Integer(i32::from(*unit) - i32::from(*other)))
            }
            _ => Ok(JavaValue::Null),
        },
        number if number.is_number() => scalar::call_number(heap, number, name, arguments),
        JavaValue::Boolean(value) => Ok(scalar::call_boolean(*value, name, arguments)),
        _ => Ok(JavaValue::Null),
    }
}

/// `.name` behind a value: the member of a map, or what the getter `getName()` or `isName()` gives.
pub(super) fn property(heap: &mut Heap, target: &JavaValue, name: &str) -> Result<JavaValue, Thrown> {
    match target {
        JavaValue::Map(id) => heap.get_text(*id, name),
        JavaValue::Entry(entry) => match name {
            "key" | "Key" => Ok(heap.entry_key(*entry)),
            "value" | "Value" => heap.entry_value(*entry),
            _ => Ok(JavaValue::Null),
        },
        JavaValue::String(text) => Ok(match name {
            "empty" | "Empty" => text.is_empty().into(),
            "blank" | "Blank" => text.trim().is_empty().into(),
            "bytes" | "Bytes" => {
                heap.spend(text.len())?;
                let bytes = text.bytes().map(|byte| JavaValue::Integer(i32::from(byte as i8))).collect();
                JavaValue::Array(heap.new_list(bytes)?)
            }
            _ => JavaValue::Null,
        }),
        JavaValue::List(id) if matches!(name, "empty" | "Empty") => Ok((heap.list_len(*id) == 0).into()),
        JavaValue::View(id, _) if matches!(name, "empty" | "Empty") => Ok((heap.map_len(*id) == 0).into()),
        _ => Ok(JavaValue::Null),
    }
}

/// Java's exception for a value of the wrong class.
fn cannot_be_cast(from: &'static str, to: &'static str) -> Thrown {
    let module = "in module java.base of loader 'bootstrap'";
    let message = format!("class {from} cannot be cast to class {to} ({from} and {to} are {module})");
    Thrown::exception("java.lang.ClassCastException", message)
}

/// A whole number where Java's method takes an `int`: nothing else is converted.
fn int(value: &JavaValue) -> Option<i32> {
    match value {
        JavaValue::Integer(value) => Some(*value),
        _ => None,
    }
}
