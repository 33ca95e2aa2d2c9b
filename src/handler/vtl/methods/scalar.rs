//! Numbers and booleans, and what Java's classes for them offer through any instance.

use num_bigint::BigInt;

use super::{JavaValue, Thrown};
use crate::handler::vtl::java::{Heap, number};

pub(super) fn call_number(
    heap: &mut Heap,
    value: &JavaValue,
    name: &str,
    arguments: &[JavaValue],
) -> Result<JavaValue, Thrown> {
    let double = || number::as_f64(value).unwrap_or(f64::NAN);
    // Casts of Java: whole numbers lose their upper bits, doubles stop at the bounds.
    let long = || match value {
        JavaValue::Integer(value) => i64::from(*value),
        JavaValue::Long(value) => *value,
        JavaValue::BigInteger(value) => {
            let low: BigInt = &**value & BigInt::from(u64::MAX);
            u64::try_from(low).unwrap_or(0) as i64
        }
        _ => double() as i64,
    };
    let int = || match value {
        JavaValue::Double(value) => *value as i32,
        _ => long() as i32,
    };
    Ok(match (name, arguments) {
        ("intValue", []) => JavaValue::Integer(int()),
        ("longValue", []) => JavaValue::Long(long()),
        ("doubleValue", []) => JavaValue::Double(double()),
        ("floatValue", []) => JavaValue::Double(f64::from(double() as f32)),
        ("shortValue", []) => JavaValue::Integer(i32::from(int() as i16)),
        ("byteValue", []) => JavaValue::Integer(i32::from(int() as i8)),
        ("compareTo", [other]) if other.class() == value.class() => match number::compare(value, other) {
            Some(ordering) => JavaValue::Integer(ordering as i32),
            None => JavaValue::Integer(0),
        },
        ("compareTo", [JavaValue::Null]) => {
            return Err(Thrown::null_pointer("Cannot read the other number because it is null"));
        }
        ("isNaN", []) if matches!(value, JavaValue::Double(_)) => double().is_nan().into(),
        ("isInfinite", []) if matches!(value, JavaValue::Double(_)) => double().is_infinite().into(),
        ("parseInt" | "valueOf", [JavaValue::String(text)]) if matches!(value, JavaValue::Integer(_)) => {
            JavaValue::Integer(whole(text, 10)?)
        }
        ("parseInt", [JavaValue::String(text), JavaValue::Integer(radix @ 2..=36)])
            if matches!(value, JavaValue::Integer(_)) =>
        {
            JavaValue::Integer(whole(text, *radix as u32)?)
        }
        ("parseLong" | "valueOf", [JavaValue::String(text)]) if matches!(value, JavaValue::Long(_)) => {
            JavaValue::Long(whole(text, 10)?)
        }
        ("parseDouble" | "valueOf", [JavaValue::String(text)]) if matches!(value, JavaValue::Double(_)) => {
            JavaValue::Double(decimal(text)?)
        }
        ("valueOf", [JavaValue::Integer(_)]) if matches!(value, JavaValue::Integer(_)) => arguments[0].clone(),
        ("toString", [JavaValue::Integer(_) | JavaValue::Long(_)])
            if matches!(value, JavaValue::Integer(_) | JavaValue::Long(_)) =>
        {
            heap.text(&arguments[0])?.into()
        }
        ("toBinaryString", [JavaValue::Integer(of)]) => format!("{of:b}").into(),
        ("toHexString", [JavaValue::Integer(of)]) => format!("{of:x}").into(),
        ("toOctalString", [JavaValue::Integer(of)]) => format!("{of:o}").into(),
        ("max", [one, two]) | ("min", [one, two])
            if matches!(value, JavaValue::Integer(_))
                && matches!((one, two), (JavaValue::Integer(_), JavaValue::Integer(_)))
                || matches!(value, JavaValue::Long(_) | JavaValue::Double(_))
                    && one.class() == value.class()
                    && two.class() == value.class() =>
        {
            let is_first = number::compare(one, two).is_some_and(|order| (order.is_ge()) == (name == "max"));
            if is_first { one.clone() } else { two.clone() }
        }
        ("abs" | "negate", []) if matches!(value, JavaValue::BigInteger(_)) => JavaValue::Null,
        _ => JavaValue::Null,
    })
}

pub(super) fn call_boolean(value: bool, name: &str, arguments: &[JavaValue]) -> JavaValue {
    match (name, arguments) {
        ("booleanValue", []) => value.into(),
        ("parseBoolean" | "valueOf", [JavaValue::String(text)]) => text.eq_ignore_ascii_case("true").into(),
        ("parseBoolean", [JavaValue::Null]) => false.into(),
        ("compareTo", [JavaValue::Boolean(other)]) => JavaValue::Integer(value.cmp(other) as i32),
        _ => JavaValue::Null,
    }
}

/// `Integer.parseInt` and `Long.parseLong`.
fn whole<T: TryFrom<i128>>(text: &str, radix: u32) -> Result<T, Thrown> {
    let refused = || {
        let radix = if radix == 10 { String::new() } else { format!(" under radix {radix}") };
        Thrown::exception("java.lang.NumberFormatException", format!("For input string: \"{text}\"{radix}"))
    };
    let is_plain = text.len() <= 100 && !text.contains('_');
    let value = if is_plain { i128::from_str_radix(text, radix).ok() } else { None };
    value.and_then(|value| T::try_from(value).ok()).ok_or_else(refused)
}

/// `Double.parseDouble`.
fn decimal(text: &str) -> Result<f64, Thrown> {
    let trimmed = text.trim();
    let number = trimmed.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(trimmed);
    let is_number = number.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
        && number.ends_with(|c: char| c.is_ascii_digit() || c == '.')
        && !number.to_ascii_lowercase().contains("inf");
    match trimmed {
        "NaN" | "+NaN" | "-NaN" => Ok(f64::NAN),
        "Infinity" | "+Infinity" => Ok(f64::INFINITY),
        "-Infinity" => Ok(f64::NEG_INFINITY),
        "" => Err(Thrown::exception("java.lang.NumberFormatException", "empty String")),
        _ => match number.parse() {
            Ok(value) if is_number => Ok(value),
            _ => {
                let message = format!("For input string: \"{text}\"");
                Err(Thrown::exception("java.lang.NumberFormatException", message))
            }
        },
    }
}
