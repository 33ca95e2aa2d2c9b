//! `$util.toJson`: compact JSON with Java's numbers (`1.0` keeps its zero), members in their order.

use std::fmt::Write;

use super::{Heap, JavaValue, Thrown, number};
use crate::value::Value;

/// Members of `$ctx.info` that its JSON leaves out (spec appsync-vtl 10).
const HIDDEN: [&str; 2] = ["selectionSetList", "selectionSetGraphQL"];

/// Appends a value as JSON.
///
/// # Errors
/// A value that nests too deep, or takes more memory than there is.
pub fn write(heap: &mut Heap, value: &JavaValue, out: &mut String) -> Result<(), Thrown> {
    let before = out.len();
    write_nested(heap, value, out, heap.nesting)?;
    heap.hold(out.len() - before)
}

fn write_nested(heap: &mut Heap, value: &JavaValue, out: &mut String, levels: usize) -> Result<(), Thrown> {
    heap.spend(1)?;
    if levels == 0 {
        return Err(heap.too_deep());
    }
    match value {
        JavaValue::Null => out.push_str("null"),
        JavaValue::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        JavaValue::Integer(value) => {
            let _ = write!(out, "{value}");
        }
        JavaValue::Long(value) => {
            let _ = write!(out, "{value}");
        }
        JavaValue::Double(value) if value.is_finite() => out.push_str(&number::double_text(*value)),
        JavaValue::BigInteger(_) | JavaValue::BigDecimal(_) => heap.write_text(value, out)?,
        JavaValue::String(text) => {
            heap.spend(text.len() / 16)?;
            heap.hold(text.len())?;
            quote(text, out);
        }
        JavaValue::List(id) | JavaValue::Array(id) => {
            if let Some(shared) = heap.shared_list(*id).cloned() {
                return write_list(heap, &shared, out, levels);
            }
            out.push('[');
            for at in 0..heap.list_len(*id) {
                if at > 0 {
                    out.push(',');
                }
                let item = heap.items(*id)?[at].clone();
                write_nested(heap, &item, out, levels - 1)?;
            }
            out.push(']');
        }
        JavaValue::Map(id) => {
            if let Some(shared) = heap.shared_map(*id).cloned()
                && !heap.is_info(*id)
            {
                return write_object(heap, &shared, out, levels);
            }
            let is_info = heap.is_info(*id);
            out.push('{');
            let mut is_first = true;
            for at in 0..heap.map_len(*id) {
                let member = heap.members(*id)?.get_index(at).map(|(key, value)| (key.0.clone(), value.clone()));
                let Some((key, member)) = member else { break };
                if is_info && key.as_str().is_some_and(|key| HIDDEN.contains(&key)) {
                    continue;
                }
                if !std::mem::take(&mut is_first) {
                    out.push(',');
                }
                quote(&heap.text(&key)?, out);
                out.push(':');
                write_nested(heap, &member, out, levels - 1)?;
            }
            out.push('}');
        }
        JavaValue::View(..) => {
            let items = heap.collect(value)?.unwrap_or_default();
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_nested(heap, item, out, levels - 1)?;
            }
            out.push(']');
        }
        JavaValue::Entry(entry) => {
            let (key, value) = (heap.entry_key(*entry), heap.entry_value(*entry)?);
            out.push('{');
            quote(&heap.text(&key)?, out);
            out.push(':');
            write_nested(heap, &value, out, levels - 1)?;
            out.push('}');
        }
        other => quote(&heap.text(other)?, out),
    }
    Ok(())
}

/// A value that was never looked into, without taking it apart.
fn write_value(heap: &mut Heap, value: &Value, out: &mut String, levels: usize) -> Result<(), Thrown> {
    if levels == 0 {
        return Err(heap.too_deep());
    }
    match value {
        Value::List(items) => write_list(heap, items, out, levels),
        Value::Object(map) => write_object(heap, map, out, levels),
        Value::String(text) => {
            heap.spend(1 + text.len() / 16)?;
            heap.hold(text.len())?;
            quote(text, out);
            Ok(())
        }
        scalar => {
            let scalar = heap.give(scalar);
            write_nested(heap, &scalar, out, levels)
        }
    }
}

fn write_list(heap: &mut Heap, items: &[Value], out: &mut String, levels: usize) -> Result<(), Thrown> {
    out.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_value(heap, item, out, levels - 1)?;
    }
    out.push(']');
    Ok(())
}

fn write_object(heap: &mut Heap, map: &crate::value::Map, out: &mut String, levels: usize) -> Result<(), Thrown> {
    out.push('{');
    for (at, (key, value)) in map.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        heap.hold(key.len())?;
        quote(key, out);
        out.push(':');
        write_value(heap, value, out, levels - 1)?;
    }
    out.push('}');
    Ok(())
}

/// A string as Jackson writes it: only what JSON demands is escaped.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    let mut copied = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            0..=0x1f => "",
            _ => continue,
        };
        out.push_str(&text[copied..at]);
        if escape.is_empty() {
            let _ = write!(out, "\\u{byte:04X}");
        } else {
            out.push_str(escape);
        }
        copied = at + 1;
    }
    out.push_str(&text[copied..]);
    out.push('"');
}
