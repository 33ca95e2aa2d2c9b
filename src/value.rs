//! The JSON value that flows everywhere: arguments, `ctx.result`, the answer.
//!
//! Cloning never copies data (strings, lists and objects are shared), objects keep the order of their keys, and a
//! number keeps DynamoDB's 38 digits until somebody asks for a machine number.

mod decimal;
pub(crate) mod prepared;

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};

pub(crate) use decimal::canonical_decimal;

/// A string that is cheap to clone; up to 23 bytes live without allocation.
pub type Str = smol_str::SmolStr;

/// An object's members in the order in which they were written.
pub type Map = IndexMap<Str, Value, foldhash::fast::RandomState>;

/// One JSON value. `clone` shares, it does not copy.
///
/// # Examples
/// ```
/// use syncline::value::{Value, object};
/// let user = object! { "id" => "u1", "age" => 36 };
/// assert_eq!(user.get("age").and_then(Value::as_i64), Some(36));
/// assert_eq!(user.to_string(), r#"{"id":"u1","age":36}"#);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Number(Number),
    String(Str),
    List(Arc<Vec<Value>>),
    Object(Arc<Map>),
}

/// A JSON number. Whole numbers that fit are always [`Number::Int`], so equal numbers compare equal.
#[derive(Clone, Debug, PartialEq)]
pub enum Number {
    Int(i64),
    /// Finite and not a whole number below 2^63; see [`Number::from_f64`].
    Float(f64),
    /// Decimal text that neither of the others holds exactly, for example DynamoDB's 38 digits.
    Decimal(Str),
}

/// Builds a [`Value::Object`]: `object! { "id" => 1, "name" => "x" }`.
#[macro_export]
macro_rules! object {
    ($($key:expr => $value:expr),* $(,)?) => {{
        #[allow(unused_mut)]
        let mut map = $crate::value::Map::default();
        $( map.insert($crate::value::Str::from($key), $crate::value::Value::from($value)); )*
        $crate::value::Value::from(map)
    }};
}
pub use crate::object;

impl Value {
    /// An object without members.
    pub fn empty_object() -> Value {
        Value::Object(Arc::default())
    }

    /// Reads JSON text.
    ///
    /// # Errors
    /// What `serde_json` says, with line and column.
    pub fn parse(json: &str) -> Result<Value, serde_json::Error> {
        serde_json::from_str(json)
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(value) => Some(value),
            _ => None,
        }
    }

    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Value::Number(value) => Some(value),
            _ => None,
        }
    }

    /// The value as a whole number, if it is one and fits.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number().and_then(Number::as_i64)
    }

    /// The value as the nearest double, if it is a number.
    pub fn as_f64(&self) -> Option<f64> {
        self.as_number().map(Number::as_f64)
    }

    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    pub fn as_object(&self) -> Option<&Map> {
        match self {
            Value::Object(map) => Some(map),
            _ => None,
        }
    }

    /// The member `key` of an object; `None` for anything else.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_object()?.get(key)
    }

    /// Sets a member, copying the object only when somebody else holds it. A value that is no object becomes one.
    pub fn set(&mut self, key: impl Into<Str>, value: impl Into<Value>) {
        if !matches!(self, Value::Object(_)) {
            *self = Value::empty_object();
        }
        if let Value::Object(map) = self {
            Arc::make_mut(map).insert(key.into(), value.into());
        }
    }

    /// What kind of value this is, in JSON's words: `null`, `boolean`, `number`, `string`, `list`, `object`.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::List(_) => "list",
            Value::Object(_) => "object",
        }
    }
}

impl Number {
    /// The shortest exact form of a finite double; `None` for NaN and infinities, which JSON has not.
    pub fn from_f64(value: f64) -> Option<Number> {
        const WHOLE: f64 = 9_223_372_036_854_775_808.0; // 2^63: every whole double below it is an i64
        if !value.is_finite() {
            return None;
        }
        Some(if value.fract() == 0.0 && value.abs() < WHOLE { Number::Int(value as i64) } else { Number::Float(value) })
    }

    /// Reads decimal text (an optional sign, digits, fraction, exponent) without losing a digit.
    ///
    /// # Examples
    /// ```
    /// use syncline::value::Number;
    /// assert_eq!(Number::parse("10.0"), Some(Number::Int(10)));
    /// let digits = "12345678901234567890123456789012345678";
    /// assert_eq!(Number::parse(digits).unwrap().to_string(), digits);
    /// assert_eq!(Number::parse("ten"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Number> {
        if !is_decimal(text) {
            return None;
        }
        if let Ok(value) = text.parse::<i64>() {
            return Some(Number::Int(value));
        }
        let value: f64 = text.parse().ok()?;
        let number = Number::from_f64(value);
        match number {
            // A double keeps 15 significant digits of any decimal text; beyond that only the text is exact.
            Some(number) if significant_digits(text) <= 15 => Some(number),
            _ => Some(Number::Decimal(text.into())),
        }
    }

    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Number::Int(value) => Some(*value),
            Number::Float(value) if value.fract() == 0.0 && value.abs() < 9.2e18 => Some(*value as i64),
            Number::Float(_) => None,
            Number::Decimal(text) => {
                let whole = text.split_once('.').map_or(Some(text.as_str()), |(whole, fraction)| {
                    fraction.bytes().all(|digit| digit == b'0').then_some(whole)
                });
                whole.and_then(|text| text.parse().ok())
            }
        }
    }

    pub fn as_f64(&self) -> f64 {
        match self {
            Number::Int(value) => *value as f64,
            Number::Float(value) => *value,
            Number::Decimal(text) => text.parse().unwrap_or(f64::NAN),
        }
    }
}

/// `-?digits[.digits][e[+-]digits]`, nothing else: no `inf`, no `NaN`, no leading `+`.
fn is_decimal(text: &str) -> bool {
    let mut rest = text.strip_prefix('-').unwrap_or(text);
    let take_digits = |rest: &mut &str| {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        *rest = &rest[end..];
        end > 0
    };
    if !take_digits(&mut rest) {
        return false;
    }
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = fraction;
        if !take_digits(&mut rest) {
            return false;
        }
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        rest = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if !take_digits(&mut rest) {
            return false;
        }
    }
    rest.is_empty()
}

fn significant_digits(text: &str) -> usize {
    let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    if mantissa.contains('.') { digits.trim_end_matches('0').len() } else { digits.len() }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Int(value) => write!(f, "{value}"),
            // serde_json's form of a double (shortest, exponent where long) rather than Rust's endless zeros.
            Number::Float(value) => f.write_str(&serde_json::to_string(value).map_err(|_| fmt::Error)?),
            Number::Decimal(text) => f.write_str(text),
        }
    }
}

/// As compact JSON.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Number::Int(value) => serializer.serialize_i64(*value),
            Number::Float(value) => serializer.serialize_f64(*value),
            Number::Decimal(text) => serde_json::value::RawValue::from_string(text.to_string())
                .map_err(S::Error::custom)?
                .serialize(serializer),
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Number(value) => value.serialize(serializer),
            Value::String(value) => serializer.serialize_str(value),
            Value::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(item))?;
                list.end()
            }
            Value::Object(map) => {
                let mut object = serializer.serialize_map(Some(map.len()))?;
                map.iter().try_for_each(|(key, value)| object.serialize_entry(key.as_str(), value))?;
                object.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        struct JsonVisitor;

        impl<'de> Visitor<'de> for JsonVisitor {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }
            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_none<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
                Value::deserialize(deserializer)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(Value::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
                Ok(value.into())
            }
            fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
                Ok(value.into())
            }
            fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
                Ok(value.into())
            }
            fn visit_str<E>(self, value: &str) -> Result<Value, E> {
                Ok(Value::String(value.into()))
            }
            fn visit_string<E>(self, value: String) -> Result<Value, E> {
                Ok(Value::String(value.into()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
                let mut items = Vec::with_capacity(seq.size_hint().unwrap_or(0).min(1024));
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(items.into())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
                let mut map = Map::default();
                while let Some((key, value)) = access.next_entry::<Str, Value>()? {
                    map.insert(key, value);
                }
                Ok(map.into())
            }
        }

        deserializer.deserialize_any(JsonVisitor)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}
impl From<i32> for Value {
    fn from(value: i32) -> Value {
        Value::Number(Number::Int(value.into()))
    }
}
impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Number(Number::Int(value))
    }
}
impl From<u64> for Value {
    fn from(value: u64) -> Value {
        Value::Number(i64::try_from(value).map_or_else(|_| Number::Decimal(value.to_string().into()), Number::Int))
    }
}
impl From<usize> for Value {
    fn from(value: usize) -> Value {
        (value as u64).into()
    }
}
/// NaN and infinities become null, as `JSON.stringify` has it.
impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Number::from_f64(value).map_or(Value::Null, Value::Number)
    }
}
impl From<Number> for Value {
    fn from(value: Number) -> Value {
        Value::Number(value)
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::String(value.into())
    }
}
impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::String(value.into())
    }
}
impl From<Str> for Value {
    fn from(value: Str) -> Value {
        Value::String(value)
    }
}
impl From<&Str> for Value {
    fn from(value: &Str) -> Value {
        Value::String(value.clone())
    }
}
impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Value {
        Value::List(Arc::new(items))
    }
}
impl From<Map> for Value {
    fn from(map: Map) -> Value {
        Value::Object(Arc::new(map))
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}
impl FromIterator<Value> for Value {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Value {
        items.into_iter().collect::<Vec<_>>().into()
    }
}
impl FromIterator<(Str, Value)> for Value {
    fn from_iter<I: IntoIterator<Item = (Str, Value)>>(members: I) -> Value {
        members.into_iter().collect::<Map>().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_equal_compare_equal_however_they_came_in() {
        assert_eq!(Number::parse("10.0"), Number::from_f64(10.0));
        assert_eq!(Number::parse("1e3"), Some(Number::Int(1000)));
        assert_eq!(Number::parse("0.1"), Number::from_f64(0.1));
        assert_eq!(Value::parse("-0.0").unwrap(), Value::from(0));
    }

    #[test]
    fn json_text_survives_the_round_trip() {
        for text in
            ["null", "true", "[1,-2,3.5]", r#"{"b":1,"a":{"c":[]}}"#, r#""\u0000\"é""#, "18446744073709551615", "1e300"]
        {
            let value = Value::parse(text).unwrap();
            assert_eq!(Value::parse(&value.to_string()).unwrap(), value, "{text}");
        }
        assert_eq!(Value::parse("18446744073709551615").unwrap().to_string(), "18446744073709551615");
    }

    #[test]
    fn text_that_is_no_decimal_number_is_refused() {
        for text in ["", "-", ".5", "5.", "1e", "NaN", "inf", "+1", "0x10", "1 "] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }

    #[test]
    fn setting_a_member_leaves_other_holders_alone() {
        let original = object! { "a" => 1 };
        let mut copy = original.clone();
        copy.set("a", 2);
        assert_eq!(original.get("a"), Some(&Value::from(1)));
        assert_eq!(copy.get("a"), Some(&Value::from(2)));
    }
}
