//! `$util.list`, `$util.map` and the texts of `$util.str`: copies, the arguments stay as they are.

use std::cmp::Ordering;

use crate::handler::vtl::interpret::Interpreter;
use crate::handler::vtl::java::{Heap, JavaValue, Thrown, number};

type Arguments<'a> = &'a [JavaValue];
type Result = std::result::Result<JavaValue, Thrown>;

/// Longest list that `sortList` sorts (spec appsync-vtl 11).
const SORTED_ITEMS: usize = 1_000;

fn filtered(heap: &mut Heap, arguments: Arguments, keeps_common: bool) -> Result {
    let Some(items) = heap.collect(&arguments[0])? else { return Ok(JavaValue::Null) };
    let others = heap.collect(&arguments[1])?.unwrap_or_default();
    let mut kept = Vec::new();
    for item in items {
        if heap.position(&others, &item, false)?.is_some() == keeps_common {
            kept.push(item);
        }
    }
    Ok(JavaValue::List(heap.new_list(kept)?))
}

pub(super) fn copy_and_retain_all(interpreter: &mut Interpreter, arguments: Arguments) -> Result {
    filtered(&mut interpreter.heap, arguments, true)
}

pub(super) fn copy_and_remove_all(interpreter: &mut Interpreter, arguments: Arguments) -> Result {
    filtered(&mut interpreter.heap, arguments, false)
}

fn filtered_members(heap: &mut Heap, arguments: Arguments, keeps_common: bool) -> Result {
    let JavaValue::Map(map) = arguments[0] else { return Ok(JavaValue::Null) };
    let keys = heap.collect(&arguments[1])?.unwrap_or_default();
    heap.spend(keys.len())?;
    let keys: indexmap::IndexSet<_, foldhash::fast::RandomState> =
        keys.into_iter().map(crate::handler::vtl::java::Key).collect();
    heap.spend(heap.map_len(map))?;
    let members = heap.members(map)?.clone();
    let members = members.into_iter().filter(|(key, _)| keys.contains(key) == keeps_common).collect();
    Ok(JavaValue::Map(heap.new_map(members)?))
}

pub(super) fn copy_and_retain_all_keys(interpreter: &mut Interpreter, arguments: Arguments) -> Result {
    filtered_members(&mut interpreter.heap, arguments, true)
}

pub(super) fn copy_and_remove_all_keys(interpreter: &mut Interpreter, arguments: Arguments) -> Result {
    filtered_members(&mut interpreter.heap, arguments, false)
}

/// `sortList(list, isDescending, property)`: a sorted copy. Longer lists, and lists whose values are not all numbers or all
/// texts, stay in their order.
pub(super) fn sort_list(interpreter: &mut Interpreter, arguments: Arguments) -> Result {
    let heap = &mut interpreter.heap;
    let Some(items) = heap.collect(&arguments[0])? else { return Ok(JavaValue::Null) };
    let is_descending = arguments[1].is_true();
    let property = arguments[2].as_str().filter(|property| !property.is_empty());
    let mut keyed = Vec::with_capacity(items.len());
    for item in items {
        let key = match (&item, property) {
            (JavaValue::Map(id), Some(property)) => heap.get_text(*id, property)?,
            _ => item.clone(),
        };
        keyed.push((key, item));
    }
    let is_sortable =
        keyed.iter().all(|(key, _)| key.is_number()) || keyed.iter().all(|(key, _)| key.as_str().is_some());
    if is_sortable && keyed.len() <= SORTED_ITEMS {
        heap.spend(10 * keyed.len())?;
        keyed.sort_by(|(one, _), (two, _)| {
            let order = match (one.as_str(), two.as_str()) {
                (Some(one), Some(two)) => one.cmp(two),
                _ => number::compare(one, two).unwrap_or(Ordering::Equal),
            };
            if is_descending { order.reverse() } else { order }
        });
    }
    let items = keyed.into_iter().map(|(_, item)| item).collect();
    Ok(JavaValue::List(heap.new_list(items)?))
}

fn mapped(interpreter: &mut Interpreter, arguments: Arguments, map: impl Fn(&str) -> String) -> Result {
    if arguments[0].is_null() {
        return Ok(JavaValue::Null);
    }
    let text = interpreter.heap.text(&arguments[0])?;
    interpreter.heap.hold(text.len())?;
    Ok(map(&text).into())
}

pub(super) fn to_upper(interpreter: &mut Interpreter, arguments: Arguments) -> Result {
    mapped(interpreter, arguments, str::to_uppercase)
}

pub(super) fn to_lower(interpreter: &mut Interpreter, arguments: Arguments) -> Result {
    mapped(interpreter, arguments, str::to_lowercase)
}

/// `toReplace(text, sought, replacement)`: every occurrence, literally.
pub(super) fn to_replace(interpreter: &mut Interpreter, arguments: Arguments) -> Result {
    let (Some(text), Some(sought), Some(by)) = (arguments[0].as_str(), arguments[1].as_str(), arguments[2].as_str())
    else {
        return Ok(JavaValue::Null);
    };
    let count = text.matches(sought).count();
    interpreter.heap.hold(text.len().saturating_add(count.saturating_mul(by.len())))?;
    Ok(text.replace(sought, by).into())
}
