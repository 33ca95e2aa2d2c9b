//! Java's numbers: `int` grows to `long` and to `BigInteger`, division of whole numbers truncates.

use std::cmp::Ordering;

use num_bigint::BigInt;

use super::{JavaValue, Thrown};
use crate::handler::vtl::ast::Operator;
use crate::value::Number;

/// Bits of the largest whole number. Ours: squaring in a loop must not go on.
const BITS: u64 = 65_536;

/// Digits of the longest literal. Ours, for the same reason.
const DIGITS: usize = 10_000;

/// A whole number of a template, as the smallest type that holds it.
pub fn parse_integer(text: &str) -> JavaValue {
    if let Ok(value) = text.parse::<i32>() {
        return JavaValue::Integer(value);
    }
    if let Ok(value) = text.parse::<i64>() {
        return JavaValue::Long(value);
    }
    match text.parse::<BigInt>() {
        Ok(value) if text.len() <= DIGITS => JavaValue::BigInteger(Box::new(value)),
        _ => JavaValue::Double(text.parse().unwrap_or(f64::NAN)),
    }
}

pub fn parse_double(text: &str) -> JavaValue {
    JavaValue::Double(text.parse().unwrap_or(f64::NAN))
}

/// A number of JSON.
pub fn from_number(number: &Number) -> JavaValue {
    match number {
        Number::Int(value) => from_i64(*value),
        Number::Float(value) => JavaValue::Double(*value),
        Number::Decimal(text) if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => parse_integer(text),
        Number::Decimal(text) => JavaValue::BigDecimal(text.clone()),
    }
}

/// A number for JSON; `None` for NaN and the infinities.
pub fn to_number(value: &JavaValue) -> Option<Number> {
    match value {
        JavaValue::Integer(value) => Some(Number::Int(i64::from(*value))),
        JavaValue::Long(value) => Some(Number::Int(*value)),
        JavaValue::BigInteger(value) => Number::parse(&value.to_string()),
        JavaValue::Double(value) => Number::from_f64(*value),
        JavaValue::BigDecimal(text) => Some(Number::Decimal(text.clone())),
        _ => None,
    }
}

pub fn from_i64(value: i64) -> JavaValue {
    i32::try_from(value).map_or(JavaValue::Long(value), JavaValue::Integer)
}

/// The value as `double`.
pub fn as_f64(value: &JavaValue) -> Option<f64> {
    match value {
        JavaValue::Integer(value) => Some(f64::from(*value)),
        JavaValue::Long(value) => Some(*value as f64),
        JavaValue::BigInteger(value) => value.to_string().parse().ok(),
        JavaValue::Double(value) => Some(*value),
        JavaValue::BigDecimal(text) => text.parse().ok(),
        _ => None,
    }
}

/// The value as `long`, if it is a whole number that fits.
pub fn as_i64(value: &JavaValue) -> Option<i64> {
    match value {
        JavaValue::Integer(value) => Some(i64::from(*value)),
        JavaValue::Long(value) => Some(*value),
        _ => None,
    }
}

fn as_big(value: &JavaValue) -> Option<BigInt> {
    match value {
        JavaValue::BigInteger(value) => Some((**value).clone()),
        other => as_i64(other).map(BigInt::from),
    }
}

/// `+ - * / %` on two numbers; null where Velocity has no result: anything else than numbers, and division by zero.
pub fn arithmetic(operator: Operator, left: &JavaValue, right: &JavaValue) -> Result<JavaValue, Thrown> {
    if let (Some(a), Some(b)) = (as_i64(left), as_i64(right)) {
        if matches!(operator, Operator::Divide | Operator::Modulus) && b == 0 {
            return Ok(JavaValue::Null);
        }
        let is_long = matches!(left, JavaValue::Long(_)) || matches!(right, JavaValue::Long(_));
        let (wide_a, wide_b) = (i128::from(a), i128::from(b));
        let result = match operator {
            Operator::Plus => wide_a + wide_b,
            Operator::Minus => wide_a - wide_b,
            Operator::Multiply => wide_a * wide_b,
            Operator::Divide => i128::from(a.wrapping_div(b)),
            Operator::Modulus => i128::from(a.wrapping_rem(b)),
            _ => return Ok(JavaValue::Null),
        };
        return Ok(match i64::try_from(result) {
            Ok(value) if is_long => JavaValue::Long(value),
            Ok(value) => from_i64(value),
            Err(_) => JavaValue::BigInteger(Box::new(BigInt::from(result))),
        });
    }
    if let (Some(a), Some(b)) = (as_big(left), as_big(right)) {
        let zero = BigInt::from(0);
        let result = match operator {
            Operator::Plus => a + b,
            Operator::Minus => a - b,
            Operator::Multiply => {
                if a.bits() + b.bits() > BITS {
                    return Err(Thrown::Limit(format!("a number has more than {BITS} bits")));
                }
                a * b
            }
            Operator::Divide | Operator::Modulus if b == zero => return Ok(JavaValue::Null),
            Operator::Divide => a / b,
            Operator::Modulus => a % b,
            _ => return Ok(JavaValue::Null),
        };
        return Ok(JavaValue::BigInteger(Box::new(result)));
    }
    let (Some(a), Some(b)) = (as_f64(left), as_f64(right)) else { return Ok(JavaValue::Null) };
    Ok(match operator {
        Operator::Plus => JavaValue::Double(a + b),
        Operator::Minus => JavaValue::Double(a - b),
        Operator::Multiply => JavaValue::Double(a * b),
        Operator::Divide if b != 0.0 => JavaValue::Double(a / b),
        Operator::Modulus if b != 0.0 => JavaValue::Double(a % b),
        _ => JavaValue::Null,
    })
}

/// How two numbers of any types stand to each other; `None` for what is no number, and for NaN.
pub fn compare(left: &JavaValue, right: &JavaValue) -> Option<Ordering> {
    match (as_big_cheap(left), as_big_cheap(right)) {
        (Some(Whole::Small(a)), Some(Whole::Small(b))) => Some(a.cmp(&b)),
        (Some(_), Some(_)) => Some(as_big(left)?.cmp(&as_big(right)?)),
        _ => as_f64(left)?.partial_cmp(&as_f64(right)?),
    }
}

enum Whole {
    Small(i64),
    Big,
}

fn as_big_cheap(value: &JavaValue) -> Option<Whole> {
    match value {
        JavaValue::BigInteger(_) => Some(Whole::Big),
        other => as_i64(other).map(Whole::Small),
    }
}

/// `Double.toString`.
pub fn double_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    if value == 0.0 {
        return if value.is_sign_negative() { "-0.0" } else { "0.0" }.to_owned();
    }
    let magnitude = value.abs();
    if (1e-3..1e7).contains(&magnitude) {
        let text = format!("{value}");
        return if text.contains('.') { text } else { format!("{text}.0") };
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    if mantissa.contains('.') { format!("{mantissa}E{exponent}") } else { format!("{mantissa}.0E{exponent}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_read_as_java_writes_them() {
        for (value, text) in [
            (1.0, "1.0"),
            (-2.5, "-2.5"),
            (0.001, "0.001"),
            (0.0001, "1.0E-4"),
            (1e7, "1.0E7"),
            (9999999.0, "9999999.0"),
            (123456789.0, "1.23456789E8"),
            (1e300, "1.0E300"),
            (f64::INFINITY, "Infinity"),
            (-0.0, "-0.0"),
        ] {
            assert_eq!(double_text(value), text);
        }
    }

    #[test]
    fn squaring_without_end_is_refused() {
        let mut value = JavaValue::Long(i64::MAX);
        let refused = (0..20).find_map(|_| match arithmetic(Operator::Multiply, &value, &value) {
            Ok(squared) => {
                value = squared;
                None
            }
            Err(error) => Some(error),
        });
        assert_eq!(refused, Some(Thrown::Limit("a number has more than 65536 bits".to_owned())));
    }
}
