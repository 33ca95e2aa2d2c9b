//! Attribute values: AppSync's typed values to DynamoDB's, and DynamoDB's to plain JSON (spec appsync-js 3.16).

use std::borrow::Cow;
use std::collections::HashSet;

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

use crate::datasource::document::{Element, article};
use crate::error::FieldError;
use crate::value::{Map, Number, Str, Value, canonical_decimal, object};

/// A typed map (`key`, `attributeValues`, `expressionValues`) in the form of the wire.
pub(super) fn attribute_map(element: &Element<'_>) -> Result<Map, FieldError> {
    element.members()?.map(|(name, value)| Ok((name.clone(), attribute_value(&value)?))).collect()
}

/// A typed value in the form of the wire: numbers as text, binaries as plain base64, null as `{"NULL": true}`.
pub(super) fn attribute_value(element: &Element<'_>) -> Result<Value, FieldError> {
    let map =
        element.value.as_object().ok_or_else(|| element.expected("an attribute value such as {\"S\": \"text\"}"))?;
    let mut members = map.iter();
    let (Some((ty, payload)), None) = (members.next(), members.next()) else {
        let types: Vec<&str> = map.keys().map(Str::as_str).collect();
        return Err(
            element.refused(format_args!("an attribute value has exactly one type, this has [{}]", types.join(", ")))
        );
    };
    Ok(match (ty.as_str(), payload) {
        // Already what DynamoDB wants: share it.
        ("S", Value::String(_)) | ("N", Value::String(_)) | ("BOOL", Value::Bool(_)) => element.value.clone(),
        // Whether AppSync turns numbers and booleans into text is UNCONFIRMED; templates without quotes rely on it.
        ("S", Value::Number(number)) => object! { "S" => number.to_string() },
        ("S", Value::Bool(value)) => object! { "S" => value.to_string() },
        ("N", Value::Number(number)) => object! { "N" => number.to_string() },
        ("B", Value::String(text)) => object! { "B" => binary_text(text) },
        // `util.dynamodb` writes null, DynamoDB wants true.
        ("NULL", Value::Null | Value::Bool(true)) => object! { "NULL" => true },
        ("SS", Value::List(items)) => object! { "SS" => set(element, items, |item| match item {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string().into()),
            _ => None,
        })? },
        ("NS", Value::List(items)) => object! { "NS" => set(element, items, |item| match item {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string().into()),
            _ => None,
        })? },
        ("BS", Value::List(items)) => object! { "BS" => set(element, items, |item| item.as_str().map(binary_text))? },
        ("L", Value::List(_)) => {
            let list = element.required("L")?;
            object! { "L" => list.items()?.map(|item| attribute_value(&item)).collect::<Result<Value, _>>()? }
        }
        ("M", Value::Object(_)) => object! { "M" => attribute_map(&element.required("M")?)? },
        ("S" | "N" | "B" | "BOOL" | "NULL" | "SS" | "NS" | "BS" | "L" | "M", payload) => {
            return Err(element.refused(format_args!("type {ty} cannot hold {}", article(payload))));
        }
        (ty, _) => return Err(element.refused(format_args!("'{ty}' is no DynamoDB type"))),
    })
}

fn set(element: &Element<'_>, items: &[Value], read: impl Fn(&Value) -> Option<Str>) -> Result<Value, FieldError> {
    let member = |item| {
        read(item)
            .map(Value::String)
            .ok_or_else(|| element.refused(format_args!("a set cannot hold {}", article(item))))
    };
    items.iter().map(member).collect()
}

/// Base64 as RFC 2045 reads it, which ignores line breaks and foreign characters, in DynamoDB's strict form.
fn binary_text(text: &str) -> Str {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let digits: String = text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/')).collect();
    // What remains undecodable (one digit too many) is DynamoDB's to refuse.
    LENIENT.decode(digits).map_or_else(|_| text.into(), |bytes| STANDARD.encode(bytes).into())
}

/// An item of an answer as plain JSON; null when there is none.
pub(super) fn plain_item(item: Option<&Value>) -> Value {
    item.and_then(Value::as_object).map_or(Value::Null, |item| plain_map(item).into())
}

/// Every item of an answer's list.
pub(super) fn plain_items(items: Option<&Value>) -> Value {
    items.and_then(Value::as_list).unwrap_or_default().iter().map(|item| plain_item(Some(item))).collect()
}

pub(super) fn plain_map(attributes: &Map) -> Map {
    attributes.iter().map(|(name, value)| (name.clone(), plain(value))).collect()
}

fn plain(attribute: &Value) -> Value {
    let Some((ty, payload)) = attribute.as_object().and_then(|map| map.first()) else { return Value::Null };
    match (ty.as_str(), payload) {
        ("N", Value::String(digits)) => number(digits),
        ("NS", Value::List(items)) => items.iter().map(|item| item.as_str().map_or(Value::Null, number)).collect(),
        ("NULL", _) => Value::Null,
        ("L", Value::List(items)) => items.iter().map(plain).collect(),
        ("M", Value::Object(map)) => plain_map(map).into(),
        // S, B, BOOL, SS, BS: the payload is the plain form.
        (_, payload) => payload.clone(),
    }
}

fn number(digits: &str) -> Value {
    Number::parse(digits).map_or_else(|| digits.into(), Value::Number)
}

/// A plain value as a typed one. JSON knows neither sets nor binaries: what `stored` has as one, and can still be one,
/// remains one.
pub(super) fn typed_as(value: &Value, stored: Option<&Value>) -> Value {
    let stored = stored.and_then(Value::as_object).and_then(|stored| stored.first());
    let as_stored = stored.and_then(|(ty, payload)| match (ty.as_str(), value) {
        ("B", Value::String(_)) => Some(object! { "B" => value.clone() }),
        ("SS" | "BS", Value::List(items)) if is_set(items, |item| matches!(item, Value::String(_))) => {
            Some(object! { ty.clone() => value.clone() })
        }
        ("NS", Value::List(items)) if is_set(items, |item| matches!(item, Value::Number(_))) => {
            Some(object! { "NS" => items.iter().map(|item| Value::from(item.to_string())).collect::<Value>() })
        }
        ("L", Value::List(items)) => {
            let stored = payload.as_list().unwrap_or_default();
            let typed = items.iter().enumerate().map(|(index, item)| typed_as(item, stored.get(index)));
            Some(object! { "L" => typed.collect::<Value>() })
        }
        ("M", Value::Object(members)) => {
            let typed = members.iter().map(|(name, value)| (name.clone(), typed_as(value, payload.get(name))));
            Some(object! { "M" => typed.collect::<Map>() })
        }
        _ => None,
    });
    as_stored.unwrap_or_else(|| match value {
        Value::Null => object! { "NULL" => true },
        Value::Bool(_) => object! { "BOOL" => value.clone() },
        Value::Number(number) => object! { "N" => number.to_string() },
        Value::String(_) => object! { "S" => value.clone() },
        Value::List(items) => object! { "L" => items.iter().map(|item| typed_as(item, None)).collect::<Value>() },
        Value::Object(members) => {
            let typed = members.iter().map(|(name, value)| (name.clone(), typed_as(value, None)));
            object! { "M" => typed.collect::<Map>() }
        }
    })
}

/// DynamoDB has no empty sets.
fn is_set(items: &[Value], is_member: impl Fn(&Value) -> bool) -> bool {
    !items.is_empty() && items.iter().all(is_member)
}

/// Whether two attribute values are the same to DynamoDB: numbers by value, sets in any order.
pub(super) fn is_same(a: &Value, b: &Value) -> bool {
    let first = |value: &Value| {
        value.as_object().and_then(|map| map.first()).map(|(ty, payload)| (ty.clone(), payload.clone()))
    };
    let (Some((ty, a)), Some((other_ty, b))) = (first(a), first(b)) else { return false };
    if ty != other_ty {
        return false;
    }
    match (ty.as_str(), &a, &b) {
        ("N", Value::String(a), Value::String(b)) => canonical_decimal(a) == canonical_decimal(b),
        ("L", Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| is_same(a, b))
        }
        ("M", Value::Object(a), Value::Object(b)) => is_same_map(a, b, &[]),
        ("SS" | "BS", Value::List(a), Value::List(b)) => members(a, Cow::Borrowed) == members(b, Cow::Borrowed),
        ("NS", Value::List(a), Value::List(b)) => members(a, canonical_decimal) == members(b, canonical_decimal),
        _ => a == b,
    }
}

/// The members of a set, hashed: 400 KB hold too many to look each up in a list.
fn members<'a>(items: &'a [Value], form: fn(&'a str) -> Cow<'a, str>) -> HashSet<Cow<'a, str>> {
    items.iter().filter_map(Value::as_str).map(form).collect()
}

/// [`is_same`] for every attribute but the `ignored` ones.
pub(super) fn is_same_map(a: &Map, b: &Map, ignored: &[Str]) -> bool {
    let counted = |map: &Map| map.keys().filter(|name| !ignored.contains(name)).count();
    counted(a) == counted(b)
        && a.iter()
            .filter(|(name, _)| !ignored.contains(name))
            .all(|(name, a)| b.get(name).is_some_and(|b| is_same(a, b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(json: &str) -> Result<String, FieldError> {
        attribute_value(&Element::root(&Value::parse(json).unwrap())).map(|value| value.to_string())
    }

    #[test]
    fn typed_values_become_what_dynamodb_wants() {
        for (typed, expected) in [
            (r#"{"S":"a"}"#, r#"{"S":"a"}"#),
            (r#"{"S":1.5}"#, r#"{"S":"1.5"}"#),
            (r#"{"N":10}"#, r#"{"N":"10"}"#),
            (r#"{"N":10.0}"#, r#"{"N":"10"}"#),
            (r#"{"N":"7"}"#, r#"{"N":"7"}"#),
            (r#"{"N":"12345678901234567890123456789012345678"}"#, r#"{"N":"12345678901234567890123456789012345678"}"#),
            (r#"{"B":"aGVs\nbG8"}"#, r#"{"B":"aGVsbG8="}"#),
            (r#"{"BOOL":true}"#, r#"{"BOOL":true}"#),
            (r#"{"NULL":null}"#, r#"{"NULL":true}"#),
            (r#"{"NULL":true}"#, r#"{"NULL":true}"#),
            (r#"{"SS":["b","a"]}"#, r#"{"SS":["b","a"]}"#),
            (r#"{"NS":[1,"2.5"]}"#, r#"{"NS":["1","2.5"]}"#),
            (r#"{"BS":["AAE="]}"#, r#"{"BS":["AAE="]}"#),
            (r#"{"L":[{"N":1},{"NULL":null}]}"#, r#"{"L":[{"N":"1"},{"NULL":true}]}"#),
            (r#"{"M":{"a":{"M":{}},"b":{"L":[]}}}"#, r#"{"M":{"a":{"M":{}},"b":{"L":[]}}}"#),
        ] {
            assert_eq!(wire(typed), Ok(expected.to_owned()), "{typed}");
        }
    }

    #[test]
    fn what_is_no_typed_value_is_refused_with_its_place() {
        for (typed, message) in [
            (r#""text""#, "Expected an attribute value such as {\"S\": \"text\"} for field '$' but got a string."),
            (r#"{}"#, "Unsupported value for field '$': an attribute value has exactly one type, this has []."),
            (
                r#"{"S":"a","N":1}"#,
                "Unsupported value for field '$': an attribute value has exactly one type, this has [S, N].",
            ),
            (r#"{"BOOL":"true"}"#, "Unsupported value for field '$': type BOOL cannot hold a string."),
            (r#"{"NULL":false}"#, "Unsupported value for field '$': type NULL cannot hold a boolean."),
            (r#"{"X":1}"#, "Unsupported value for field '$': 'X' is no DynamoDB type."),
            (
                r#"{"L":[{"S":"a"},{"M":{"b":{"N":true}}}]}"#,
                "Unsupported value for field '$[L][1][M][b]': type N cannot hold a boolean.",
            ),
            (r#"{"SS":[null]}"#, "Unsupported value for field '$': a set cannot hold a null."),
        ] {
            assert_eq!(wire(typed), Err(FieldError::mapping_template(message)), "{typed}");
        }
    }

    #[test]
    fn answers_become_plain_json_without_losing_digits() {
        let item = Value::parse(
            r#"{"s":{"S":"x"},"n":{"N":"12345678901234567890.123456789"},"i":{"N":"10.0"},"b":{"B":"AAE="},"t":{"BOOL":false},
                "u":{"NULL":true},"ss":{"SS":["a"]},"ns":{"NS":["1","2.5"]},"l":{"L":[{"M":{"k":{"N":"1"}}}]}}"#,
        )
        .unwrap();
        assert_eq!(
            plain_item(Some(&item)).to_string(),
            r#"{"s":"x","n":12345678901234567890.123456789,"i":10,"b":"AAE=","t":false,"u":null,"ss":["a"],"ns":[1,2.5],"l":[{"k":1}]}"#
        );
        assert_eq!(plain_item(None), Value::Null);
    }

    #[test]
    fn plain_values_get_the_types_that_were_stored_where_json_cannot_tell() {
        let stored =
            r#"{"M":{"ss":{"SS":["a"]},"ns":{"NS":["1"]},"b":{"B":"AAE="},"l":{"L":[{"SS":["x"]}]},"s":{"S":"x"}}}"#;
        let plain = r#"{"ss":["b","a"],"ns":[2,1.5],"b":"AAI=","l":[["y"],["z"]],"s":1,"new":["q",null,true]}"#;
        let expected = r#"{"M":{"ss":{"SS":["b","a"]},"ns":{"NS":["2","1.5"]},"b":{"B":"AAI="},"l":{"L":[{"SS":["y"]},{"L":[{"S":"z"}]}]},"s":{"N":"1"},"new":{"L":[{"S":"q"},{"NULL":true},{"BOOL":true}]}}}"#;
        let typed =
            |plain: &str| typed_as(&Value::parse(plain).unwrap(), Some(&Value::parse(stored).unwrap())).to_string();
        assert_eq!(typed(plain), expected);
        assert_eq!(typed(r#"{"ss":[],"ns":["a"]}"#), r#"{"M":{"ss":{"L":[]},"ns":{"L":[{"S":"a"}]}}}"#);
    }

    #[test]
    fn values_are_compared_as_dynamodb_compares_them() {
        let same = |a: &str, b: &str| is_same(&Value::parse(a).unwrap(), &Value::parse(b).unwrap());
        assert!(same(r#"{"N":"1.0"}"#, r#"{"N":"1"}"#));
        assert!(same(r#"{"N":"1e20"}"#, r#"{"N":"100000000000000000000"}"#));
        assert!(same(r#"{"N":"12345678901234567890.10"}"#, r#"{"N":"12345678901234567890.1"}"#));
        assert!(!same(r#"{"N":"12345678901234567890.1"}"#, r#"{"N":"12345678901234567890.2"}"#));
        assert!(same(r#"{"NS":["1","2"]}"#, r#"{"NS":["2.0","1"]}"#));
        assert!(!same(r#"{"NS":["1","2"]}"#, r#"{"NS":["1","3"]}"#));
        assert!(!same(r#"{"SS":["1"]}"#, r#"{"SS":["1","2"]}"#));
        assert!(same(r#"{"M":{"a":{"SS":["x","y"]}}}"#, r#"{"M":{"a":{"SS":["y","x"]}}}"#));
        assert!(!same(r#"{"N":"1"}"#, r#"{"S":"1"}"#));
        assert!(!same(r#"{"L":[{"S":"a"}]}"#, r#"{"L":[]}"#));
    }
}
