//! What lists and the views of maps have in common.

use super::VOID;
use crate::handler::vtl::java::{Heap, JavaValue, MapId, Thrown, View};

/// Methods that only read; `None` where there is no such method. `items` are those of `target`.
pub(super) fn read(
    heap: &mut Heap,
    target: &JavaValue,
    name: &str,
    arguments: &[JavaValue],
) -> Result<Option<JavaValue>, Thrown> {
    Ok(Some(match (name, arguments) {
        ("size", []) => length(heap, target).into(),
        ("isEmpty", []) => (length(heap, target) == 0).into(),
        ("contains", [sought]) => {
            let items = items(heap, target)?;
            heap.position(&items, sought, false)?.is_some().into()
        }
        ("containsAll", [JavaValue::Null]) => {
            return Err(Thrown::null_pointer(
                "Cannot invoke \"java.util.Collection.iterator()\" because \"c\" is null",
            ));
        }
        ("containsAll", [others]) => match heap.collect(others)? {
            None => return Ok(None),
            Some(others) => {
                let items = items(heap, target)?;
                let mut has_all = true;
                for other in &others {
                    has_all &= heap.position(&items, other, false)?.is_some();
                }
                has_all.into()
            }
        },
        ("iterator", []) => match heap.iterate(target) {
            Some(iteration) => heap.new_iterator(iteration)?,
            None => return Ok(None),
        },
        ("toArray", []) => {
            let items = items(heap, target)?;
            JavaValue::Array(heap.new_list(items)?)
        }
        _ => return Ok(None),
    }))
}

fn length(heap: &Heap, target: &JavaValue) -> usize {
    match target {
        JavaValue::List(id) | JavaValue::Array(id) => heap.list_len(*id),
        JavaValue::View(id, _) => heap.map_len(*id),
        _ => 0,
    }
}

fn items(heap: &mut Heap, target: &JavaValue) -> Result<Vec<JavaValue>, Thrown> {
    Ok(heap.collect(target)?.unwrap_or_default())
}

/// `keySet()`, `values()`, `entrySet()`: what is removed from them is removed from their map.
pub(super) fn call_view(
    heap: &mut Heap,
    id: MapId,
    view: View,
    name: &str,
    arguments: &[JavaValue],
) -> Result<JavaValue, Thrown> {
    let target = JavaValue::View(id, view);
    match (name, arguments) {
        ("contains", [sought]) if view == View::Keys => return Ok(heap.contains_key(id, sought)?.into()),
        ("add" | "addAll", [_]) => {
            return Err(Thrown::Exception { class: "java.lang.UnsupportedOperationException", message: None });
        }
        ("clear", []) => {
            heap.members(id)?.clear();
            heap.resize_map(id);
            return Ok(VOID);
        }
        ("remove", [sought]) => {
            let items = items(heap, &target)?;
            let Some(at) = heap.position(&items, sought, false)? else { return Ok(false.into()) };
            heap.members(id)?.shift_remove_index(at);
            heap.resize_map(id);
            return Ok(true.into());
        }
        ("removeAll" | "retainAll", [JavaValue::Null]) => {
            return Err(Thrown::Exception { class: "java.lang.NullPointerException", message: None });
        }
        ("removeAll" | "retainAll", [others]) => {
            let Some(others) = heap.collect(others)? else { return Ok(JavaValue::Null) };
            let items = items(heap, &target)?;
            let kept = kept(heap, &items, &others, name == "retainAll")?;
            let is_changed = kept.contains(&false);
            if is_changed {
                let mut kept = kept.into_iter();
                heap.members(id)?.retain(|_, _| kept.next().unwrap_or(true));
                heap.resize_map(id);
            }
            return Ok(is_changed.into());
        }
        _ => {}
    }
    Ok(read(heap, &target, name, arguments)?.unwrap_or_default())
}

/// For each item whether it stays: those that `others` holds, or those that it does not.
pub(super) fn kept(
    heap: &mut Heap,
    items: &[JavaValue],
    others: &[JavaValue],
    keeps_common: bool,
) -> Result<Vec<bool>, Thrown> {
    items.iter().map(|item| Ok(heap.position(others, item, false)?.is_some() == keeps_common)).collect()
}
