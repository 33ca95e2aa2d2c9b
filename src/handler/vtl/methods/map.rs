//! `java.util.LinkedHashMap`.

use super::VOID;
use crate::handler::vtl::java::{Heap, JavaValue, MapId, Thrown, View};

pub(super) fn call(heap: &mut Heap, id: MapId, name: &str, arguments: &[JavaValue]) -> Result<JavaValue, Thrown> {
    match (name, arguments) {
        ("get", [key]) => heap.get(id, key),
        ("put", [key, value]) => heap.put(id, key.clone(), value.clone()),
        ("containsKey", [key]) => Ok(heap.contains_key(id, key)?.into()),
        ("size", []) => Ok(heap.map_len(id).into()),
        ("isEmpty", []) => Ok((heap.map_len(id) == 0).into()),
        ("remove", [key]) => heap.remove(id, key),
        ("remove", [key, value]) => {
            let old = heap.get(id, key)?;
            let is_same = heap.contains_key(id, key)? && heap.equals(&old, value)?;
            if is_same {
                heap.remove(id, key)?;
            }
            Ok(is_same.into())
        }
        ("keySet", []) => Ok(JavaValue::View(id, View::Keys)),
        ("values", []) => Ok(JavaValue::View(id, View::Values)),
        ("entrySet", []) => Ok(JavaValue::View(id, View::Entries)),
        ("putAll", [JavaValue::Null]) => {
            Err(Thrown::null_pointer("Cannot invoke \"java.util.Map.size()\" because \"m\" is null"))
        }
        ("putAll", [JavaValue::Map(other)]) => {
            heap.spend(heap.map_len(*other))?;
            let members = heap.members(*other)?.clone();
            for (key, value) in members {
                heap.put(id, key.0, value)?;
            }
            Ok(VOID)
        }
        ("putIfAbsent", [key, value]) => {
            let old = heap.get(id, key)?;
            if old.is_null() {
                heap.put(id, key.clone(), value.clone())?;
            }
            Ok(old)
        }
        ("replace", [key, value]) if heap.contains_key(id, key)? => heap.put(id, key.clone(), value.clone()),
        ("getOrDefault", [key, otherwise]) => {
            if heap.contains_key(id, key)? {
                heap.get(id, key)
            } else {
                Ok(otherwise.clone())
            }
        }
        ("containsValue", [value]) => {
            let values = heap.collect(&JavaValue::View(id, View::Values))?.unwrap_or_default();
            Ok(heap.position(&values, value, false)?.is_some().into())
        }
        ("clear", []) => {
            heap.members(id)?.clear();
            heap.resize_map(id);
            Ok(VOID)
        }
        _ => Ok(JavaValue::Null),
    }
}
