//! `java.lang.String`. Java counts UTF-16 units; so do lengths and indexes here.

use super::{JavaValue, Thrown, int};
use crate::handler::util::pattern::Pattern;
use crate::handler::vtl::java::Heap;
use crate::value::Str;

const OUT_OF_BOUNDS: &str = "java.lang.StringIndexOutOfBoundsException";

pub(super) fn call(heap: &mut Heap, text: &Str, name: &str, arguments: &[JavaValue]) -> Result<JavaValue, Thrown> {
    // Every method may look at the whole text.
    heap.spend(text.len() / 16)?;
    if matches!(name, "matches" | "split" | "replaceAll" | "replaceFirst") {
        heap.look_at_the_clock()?;
    }
    let made = |heap: &mut Heap, made: String| {
        heap.hold(made.len())?;
        Ok(JavaValue::from(made))
    };
    match (name, arguments) {
        ("length", []) => Ok(length(text).into()),
        ("isEmpty", []) => Ok(text.is_empty().into()),
        ("isBlank", []) => Ok(text.trim().is_empty().into()),
        ("toUpperCase", []) => made(heap, text.to_uppercase()),
        ("toLowerCase", []) => made(heap, text.to_lowercase()),
        ("trim", []) => made(heap, text.trim_matches(|c| c <= ' ').to_owned()),
        ("strip", []) => made(heap, text.trim().to_owned()),
        ("stripLeading", []) => made(heap, text.trim_start().to_owned()),
        ("stripTrailing", []) => made(heap, text.trim_end().to_owned()),
        ("intern" | "toString", []) => Ok(text.clone().into()),
        ("substring", [start]) => {
            let Some(start) = int(start) else { return Ok(JavaValue::Null) };
            let end = length(text);
            match usize::try_from(start) {
                Ok(from) if from <= end => made(heap, slice(text, from, end)),
                _ => Err(Thrown::exception(OUT_OF_BOUNDS, format!("begin {start}, end {end}, length {end}"))),
            }
        }
        ("substring" | "subSequence", [start, end]) => {
            let (Some(start), Some(end)) = (int(start), int(end)) else { return Ok(JavaValue::Null) };
            let length = length(text);
            match (usize::try_from(start), usize::try_from(end)) {
                (Ok(from), Ok(to)) if from <= to && to <= length => made(heap, slice(text, from, to)),
                _ => Err(Thrown::exception(OUT_OF_BOUNDS, format!("begin {start}, end {end}, length {length}"))),
            }
        }
        ("charAt", [index]) => {
            let Some(index) = int(index) else { return Ok(JavaValue::Null) };
            match usize::try_from(index).ok().filter(|index| *index < length(text)) {
                Some(index) if text.is_ascii() => Ok(JavaValue::Character(u16::from(text.as_bytes()[index]))),
                Some(index) => Ok(text.encode_utf16().nth(index).map_or(JavaValue::Null, JavaValue::Character)),
                None => Err(Thrown::exception(OUT_OF_BOUNDS, format!("String index out of range: {index}"))),
            }
        }
        ("contains", [sought]) => match sought {
            JavaValue::String(sought) => Ok(text.contains(sought.as_str()).into()),
            JavaValue::Null => {
                Err(Thrown::null_pointer("Cannot invoke \"java.lang.CharSequence.toString()\" because \"s\" is null"))
            }
            _ => Ok(JavaValue::Null),
        },
        ("startsWith", [JavaValue::String(prefix)]) => Ok(text.starts_with(prefix.as_str()).into()),
        ("startsWith", [JavaValue::String(prefix), JavaValue::Integer(from)]) => {
            let from = usize::try_from(*from).ok().filter(|from| *from <= length(text));
            Ok(from.is_some_and(|from| slice(text, from, length(text)).starts_with(prefix.as_str())).into())
        }
        ("endsWith", [JavaValue::String(suffix)]) => Ok(text.ends_with(suffix.as_str()).into()),
        ("startsWith" | "endsWith", [JavaValue::Null]) => Err(Thrown::null_pointer("the other text is null")),
        ("indexOf" | "lastIndexOf", [sought]) => Ok(match sought_text(sought) {
            Some(sought) => {
                let at = if name == "indexOf" { text.find(&sought) } else { text.rfind(&sought) };
                index_of(text, at)
            }
            None => JavaValue::Null,
        }),
        ("indexOf", [sought, JavaValue::Integer(from)]) => Ok(match sought_text(sought) {
            Some(sought) => {
                let from = byte_offset(text, usize::try_from(*from).unwrap_or(0));
                index_of(text, text[from..].find(&sought).map(|at| at + from))
            }
            None => JavaValue::Null,
        }),
        ("lastIndexOf", [sought, JavaValue::Integer(from)]) => {
            Ok(match (sought_text(sought), usize::try_from(*from)) {
                (Some(sought), Ok(from)) => {
                    let from = byte_offset(text, from);
                    let end = (from + sought.len()).min(text.len());
                    index_of(text, text.get(..end).unwrap_or(text).rfind(&sought))
                }
                (Some(_), Err(_)) => JavaValue::Integer(-1),
                (None, _) => JavaValue::Null,
            })
        }
        ("equalsIgnoreCase", [JavaValue::String(other)]) => Ok((text.to_lowercase() == other.to_lowercase()).into()),
        ("equalsIgnoreCase", [JavaValue::Null]) => Ok(false.into()),
        ("compareTo", [JavaValue::String(other)]) => Ok(JavaValue::Integer(compare(text, other))),
        ("compareToIgnoreCase", [JavaValue::String(other)]) => {
            Ok(JavaValue::Integer(compare(&text.to_lowercase(), &other.to_lowercase())))
        }
        ("compareTo", [JavaValue::Null]) => {
            Err(Thrown::null_pointer("Cannot read field \"value\" because \"anotherString\" is null"))
        }
        ("concat", [JavaValue::String(other)]) => {
            heap.hold(other.len())?;
            made(heap, format!("{text}{other}"))
        }
        ("concat", [JavaValue::Null]) => {
            Err(Thrown::null_pointer("Cannot invoke \"String.isEmpty()\" because \"str\" is null"))
        }
        ("repeat", [JavaValue::Integer(count)]) => match usize::try_from(*count) {
            Ok(count) => {
                heap.hold(text.len().saturating_mul(count))?;
                Ok(text.repeat(count).into())
            }
            Err(_) => {
                let message = format!("count is negative: {count}");
                Err(Thrown::exception("java.lang.IllegalArgumentException", message))
            }
        },
        ("replace", [one @ JavaValue::Character(_), two @ JavaValue::Character(_)]) => {
            let (one, two) = (heap.text(one)?, heap.text(two)?);
            made(heap, text.replace(one.as_str(), &two))
        }
        ("replace", [JavaValue::String(sought), JavaValue::String(by)]) => {
            let count = text.matches(sought.as_str()).count();
            heap.hold(text.len().saturating_add(count.saturating_mul(by.len())))?;
            Ok(text.replace(sought.as_str(), by).into())
        }
        ("matches", [JavaValue::String(pattern)]) => {
            let is_match = regex(pattern)?.matches(text).map_err(Thrown::Failed)?;
            Ok(is_match.into())
        }
        ("replaceAll" | "replaceFirst", [JavaValue::String(pattern), JavaValue::String(by)]) => {
            let pattern = regex(pattern)?;
            let replaced =
                if name == "replaceAll" { pattern.replace_all(text, by) } else { pattern.replace_first(text, by) };
            made(heap, replaced.map_err(replacement_error)?)
        }
        ("split", [JavaValue::String(pattern)]) => split(heap, text, pattern, 0),
        ("split", [JavaValue::String(pattern), JavaValue::Integer(limit)]) => split(heap, text, pattern, *limit),
        ("matches" | "split" | "replaceAll" | "replaceFirst", [JavaValue::Null, ..]) => {
            Err(Thrown::null_pointer("Cannot invoke \"String.length()\" because \"this.pattern\" is null"))
        }
        ("toCharArray", []) => {
            let characters = text.encode_utf16().map(JavaValue::Character).collect();
            Ok(JavaValue::Array(heap.new_list(characters)?))
        }
        ("getBytes", []) => super::property(heap, &JavaValue::String(text.clone()), "bytes"),
        ("valueOf" | "copyValueOf", [value]) => match value {
            JavaValue::Array(_) => Ok(JavaValue::Null),
            value => Ok(heap.text(value)?.into()),
        },
        ("join", [JavaValue::String(between), items @ ..]) => join(heap, between, items),
        ("format", [JavaValue::String(format), values @ ..]) => {
            let values = match values {
                [JavaValue::List(_)] => values.to_vec(),
                [JavaValue::Array(_)] => heap.collect(&values[0])?.unwrap_or_default(),
                _ => values.to_vec(),
            };
            let out = super::super::format::format(heap, format, &values)?;
            made(heap, out)
        }
        _ => Ok(JavaValue::Null),
    }
}

fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

/// The units from `start` to `end`. Half of a pair becomes U+FFFD, which Java too prints instead.
fn slice(text: &str, start: usize, end: usize) -> String {
    if text.is_ascii() {
        return text[start..end].to_owned();
    }
    let units: Vec<u16> = text.encode_utf16().skip(start).take(end - start).collect();
    String::from_utf16_lossy(&units)
}

/// The byte at which a UTF-16 unit stands; the end for one beyond it.
fn byte_offset(text: &str, units: usize) -> usize {
    let mut passed = 0;
    text.char_indices()
        .find(|(_, c)| {
            let is_there = passed >= units;
            passed += c.len_utf16();
            is_there
        })
        .map_or(text.len(), |(at, _)| at)
}

fn index_of(text: &str, at: Option<usize>) -> JavaValue {
    at.map_or(JavaValue::Integer(-1), |at| length(&text[..at]).into())
}

/// A text, or a character by its number.
fn sought_text(value: &JavaValue) -> Option<String> {
    match value {
        JavaValue::String(text) => Some(text.to_string()),
        JavaValue::Character(unit) => char::from_u32(u32::from(*unit)).map(String::from),
        JavaValue::Integer(code) => u32::try_from(*code).ok().and_then(char::from_u32).map(String::from),
        _ => None,
    }
}

/// The difference of the first units that differ, or of the lengths.
fn compare(one: &str, two: &str) -> i32 {
    let difference = one.encode_utf16().zip(two.encode_utf16()).find(|(one, two)| one != two);
    match difference {
        Some((one, two)) => i32::from(one) - i32::from(two),
        None => length(one) as i32 - length(two) as i32,
    }
}

fn regex(pattern: &str) -> Result<Pattern, Thrown> {
    Pattern::new(pattern).map_err(|message| Thrown::exception("java.util.regex.PatternSyntaxException", message))
}

fn replacement_error(message: String) -> Thrown {
    match message.as_str() {
        _ if message.starts_with("No group") => Thrown::exception("java.lang.IndexOutOfBoundsException", message),
        _ => Thrown::exception("java.lang.IllegalArgumentException", message),
    }
}

fn split(heap: &mut Heap, text: &str, pattern: &str, limit: i32) -> Result<JavaValue, Thrown> {
    let parts = regex(pattern)?.split(text, limit).map_err(Thrown::Failed)?;
    heap.hold(text.len())?;
    let parts = parts.into_iter().map(JavaValue::from).collect();
    Ok(JavaValue::Array(heap.new_list(parts)?))
}

/// `String.join` with a list, or with texts one by one.
fn join(heap: &mut Heap, between: &str, items: &[JavaValue]) -> Result<JavaValue, Thrown> {
    let items = match items {
        [items @ (JavaValue::List(_) | JavaValue::View(..) | JavaValue::Array(_))] => {
            heap.collect(items)?.unwrap_or_default()
        }
        items if items.iter().all(|item| item.as_str().is_some()) => items.to_vec(),
        _ => return Ok(JavaValue::Null),
    };
    let mut out = String::new();
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            heap.hold(between.len())?;
            out.push_str(between);
        }
        match item {
            JavaValue::Null => out.push_str("null"),
            JavaValue::String(_) => heap.write_text(item, &mut out)?,
            other => {
                let message = format!("class {} cannot be cast to class java.lang.CharSequence", other.class());
                return Err(Thrown::exception("java.lang.ClassCastException", message));
            }
        }
    }
    Ok(out.into())
}
