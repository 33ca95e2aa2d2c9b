//! `java.util.ArrayList`, and arrays, which Velocity lets act as lists of a fixed size.

use super::{VOID, collection, int};
use crate::handler::vtl::java::{Heap, JavaValue, ListId, Thrown, number};

const OUT_OF_BOUNDS: &str = "java.lang.IndexOutOfBoundsException";

/// The place of an existing item.
fn existing(index: i32, length: usize) -> Result<usize, Thrown> {
    usize::try_from(index)
        .ok()
        .filter(|index| *index < length)
        .ok_or_else(|| Thrown::exception(OUT_OF_BOUNDS, format!("Index {index} out of bounds for length {length}")))
}

/// A place where an item can be added.
fn insertion(index: i32, length: usize) -> Result<usize, Thrown> {
    usize::try_from(index)
        .ok()
        .filter(|index| *index <= length)
        .ok_or_else(|| Thrown::exception(OUT_OF_BOUNDS, format!("Index: {index}, Size: {length}")))
}

pub(super) fn call(heap: &mut Heap, id: ListId, name: &str, arguments: &[JavaValue]) -> Result<JavaValue, Thrown> {
    let length = heap.list_len(id);
    match (name, arguments) {
        ("add", [value]) => {
            heap.resize(id, 1)?;
            heap.items(id)?.push(value.clone());
            Ok(true.into())
        }
        ("add", [index, value]) => {
            let Some(index) = int(index) else { return Ok(JavaValue::Null) };
            let index = insertion(index, length)?;
            heap.spend(length)?;
            heap.resize(id, 1)?;
            heap.items(id)?.insert(index, value.clone());
            Ok(VOID)
        }
        ("addAll", [JavaValue::Null]) => {
            Err(Thrown::null_pointer("Cannot invoke \"java.util.Collection.toArray()\" because \"c\" is null"))
        }
        ("addAll", [others]) => {
            let Some(others) = collected(heap, others)? else { return Ok(JavaValue::Null) };
            heap.resize(id, others.len())?;
            let is_changed = !others.is_empty();
            heap.items(id)?.extend(others);
            Ok(is_changed.into())
        }
        ("addAll", [index, others]) => {
            let Some(index) = int(index) else { return Ok(JavaValue::Null) };
            let Some(others) = collected(heap, others)? else { return Ok(JavaValue::Null) };
            let index = insertion(index, length)?;
            heap.spend(length)?;
            heap.resize(id, others.len())?;
            let is_changed = !others.is_empty();
            heap.items(id)?.splice(index..index, others);
            Ok(is_changed.into())
        }
        ("remove", [JavaValue::Integer(index)]) => {
            let index = existing(*index, length)?;
            heap.spend(length)?;
            heap.resize(id, 0)?;
            Ok(heap.items(id)?.remove(index))
        }
        ("remove", [value]) => {
            let items = heap.items(id)?.clone();
            heap.spend(length)?;
            let found = heap.position(&items, value, false)?;
            if let Some(at) = found {
                heap.resize(id, 0)?;
                heap.items(id)?.remove(at);
            }
            Ok(found.is_some().into())
        }
        ("removeAll" | "retainAll", [JavaValue::Null]) => {
            Err(Thrown::Exception { class: "java.lang.NullPointerException", message: None })
        }
        ("removeAll" | "retainAll", [others]) => {
            let Some(others) = collected(heap, others)? else { return Ok(JavaValue::Null) };
            let items = heap.collect(&JavaValue::List(id))?.unwrap_or_default();
            let kept = collection::kept(heap, &items, &others, name == "retainAll")?;
            let is_changed = kept.contains(&false);
            if is_changed {
                heap.resize(id, 0)?;
                let kept = items.into_iter().zip(kept).filter(|(_, is_kept)| *is_kept);
                *heap.items(id)? = kept.map(|(item, _)| item).collect();
            }
            Ok(is_changed.into())
        }
        ("clear", []) => {
            heap.resize(id, 0)?;
            heap.items(id)?.clear();
            Ok(VOID)
        }
        // Lists keep what they sort by `Comparable`; there is no other order in a template.
        ("sort", [JavaValue::Null]) => {
            sort(heap, id)?;
            Ok(VOID)
        }
        ("subList", [from, to]) => {
            let (Some(from), Some(to)) = (int(from), int(to)) else { return Ok(JavaValue::Null) };
            let start =
                usize::try_from(from).map_err(|_| Thrown::exception(OUT_OF_BOUNDS, format!("fromIndex = {from}")))?;
            let end = usize::try_from(to).ok().filter(|end| *end <= length);
            let end = end.ok_or_else(|| Thrown::exception(OUT_OF_BOUNDS, format!("toIndex = {to}")))?;
            if start > end {
                let message = format!("fromIndex({from}) > toIndex({to})");
                return Err(Thrown::exception("java.lang.IllegalArgumentException", message));
            }
            let items = heap.items(id)?[start..end].to_vec();
            Ok(JavaValue::List(heap.new_list(items)?))
        }
        ("add" | "remove" | "addAll", _) => Ok(JavaValue::Null),
        _ => call_array(heap, id, name, arguments),
    }
}

/// Methods that keep the length.
pub(super) fn call_array(
    heap: &mut Heap,
    id: ListId,
    name: &str,
    arguments: &[JavaValue],
) -> Result<JavaValue, Thrown> {
    let length = heap.list_len(id);
    match (name, arguments) {
        ("get", [index]) => {
            let Some(index) = int(index) else { return Ok(JavaValue::Null) };
            let index = existing(index, length)?;
            Ok(heap.items(id)?[index].clone())
        }
        ("set", [index, value]) => {
            let Some(index) = int(index) else { return Ok(JavaValue::Null) };
            let index = existing(index, length)?;
            Ok(std::mem::replace(&mut heap.items(id)?[index], value.clone()))
        }
        ("indexOf" | "lastIndexOf", [sought]) => {
            heap.spend(length)?;
            let items = heap.items(id)?.clone();
            let at = heap.position(&items, sought, name == "lastIndexOf")?;
            Ok(at.map_or(JavaValue::Integer(-1), JavaValue::from))
        }
        // Only of an array: those of a list were found before.
        ("remove", [value]) if int(value).is_none() => {
            heap.spend(length)?;
            let items = heap.items(id)?.clone();
            match heap.position(&items, value, false)? {
                Some(_) => Err(unsupported()),
                None => Ok(false.into()),
            }
        }
        ("add" | "remove", [_]) => Err(unsupported()),
        ("addAll", [others]) => match collected(heap, others)? {
            Some(others) if !others.is_empty() => Err(unsupported()),
            Some(_) => Ok(false.into()),
            None => Ok(JavaValue::Null),
        },
        _ => Ok(collection::read(heap, &JavaValue::List(id), name, arguments)?.unwrap_or_default()),
    }
}

/// What changes the length of an array.
fn unsupported() -> Thrown {
    Thrown::Exception { class: "java.lang.UnsupportedOperationException", message: None }
}

fn collected(heap: &mut Heap, others: &JavaValue) -> Result<Option<Vec<JavaValue>>, Thrown> {
    match others {
        // An array is no collection.
        JavaValue::Array(_) => Ok(None),
        others => heap.collect(others),
    }
}

/// Sorts strings, or numbers of one type.
fn sort(heap: &mut Heap, id: ListId) -> Result<(), Thrown> {
    let mut items = heap.collect(&JavaValue::List(id))?.unwrap_or_default();
    if items.len() > 1 {
        let class = items[0].class();
        if let Some(other) = items.iter().find(|item| item.class() != class) {
            return Err(super::cannot_be_cast(other.class(), class));
        }
        if !items[0].is_number() && items[0].as_str().is_none() {
            let message = format!("class {class} cannot be cast to class java.lang.Comparable");
            return Err(Thrown::exception("java.lang.ClassCastException", message));
        }
    }
    heap.spend(items.len().saturating_mul(8))?;
    items.sort_by(|one, two| match (one.as_str(), two.as_str()) {
        (Some(one), Some(two)) => one.encode_utf16().cmp(two.encode_utf16()),
        _ => number::compare(one, two).unwrap_or(std::cmp::Ordering::Equal),
    });
    heap.resize(id, 0)?;
    *heap.items(id)? = items;
    Ok(())
}
