//! Values out of the heap, as JSON has them.

use super::{Heap, JavaValue, Thrown, number};
use crate::value::{Map, Str, Value};

pub(super) fn to_value(heap: &mut Heap, value: &JavaValue, levels: usize) -> Result<Value, Thrown> {
    heap.spend(1)?;
    if levels == 0 {
        return Err(heap.too_deep());
    }
    Ok(match value {
        JavaValue::Null => Value::Null,
        JavaValue::Boolean(value) => Value::Bool(*value),
        JavaValue::String(text) => Value::String(text.clone()),
        JavaValue::List(id) | JavaValue::Array(id) => {
            if let Some(shared) = heap.shared_list(*id) {
                return Ok(Value::List(shared.clone()));
            }
            let length = heap.list_len(*id);
            heap.hold(length * size_of::<Value>())?;
            let mut out = Vec::with_capacity(length);
            for at in 0..length {
                let item = heap.items(*id)?[at].clone();
                out.push(to_value(heap, &item, levels - 1)?);
            }
            out.into()
        }
        JavaValue::Map(id) => {
            if let Some(shared) = heap.shared_map(*id) {
                return Ok(Value::Object(shared.clone()));
            }
            let length = heap.map_len(*id);
            heap.hold(length * (size_of::<Value>() + size_of::<Str>()))?;
            let mut out = Map::with_capacity_and_hasher(length, Default::default());
            for at in 0..length {
                let member = heap.members(*id)?.get_index(at).map(|(key, value)| (key.0.clone(), value.clone()));
                let Some((key, member)) = member else { break };
                let key = heap.text(&key)?;
                out.insert(key, to_value(heap, &member, levels - 1)?);
            }
            out.into()
        }
        JavaValue::View(..) => {
            let items = heap.collect(value)?.unwrap_or_default();
            let items: Result<Vec<Value>, Thrown> = items.iter().map(|item| to_value(heap, item, levels - 1)).collect();
            items?.into()
        }
        JavaValue::Entry(entry) => {
            let (key, value) = (heap.entry_key(*entry), heap.entry_value(*entry)?);
            let key = heap.text(&key)?;
            let mut out = Map::default();
            out.insert(key, to_value(heap, &value, levels - 1)?);
            out.into()
        }
        number if number.is_number() => match number::to_number(number) {
            Some(number) => Value::Number(number),
            None => heap.text(value)?.into(),
        },
        other => heap.text(other)?.into(),
    })
}
