//! `util.dynamodb`: plain values to DynamoDB's typed ones (spec appsync-js 2.3).
//!
//! A number stays a JSON number (`{"N": 5}`), as AppSync gives it; the data source writes it as text for DynamoDB.

use super::{Refusal, Scope, argument, text};
use crate::value::{Map, Value, object};

/// The typed form of any value.
pub fn typed(value: &Value) -> Value {
    match value {
        Value::Null => object! { "NULL" => Value::Null },
        Value::Bool(_) => object! { "BOOL" => value.clone() },
        Value::Number(_) => object! { "N" => value.clone() },
        Value::String(_) => object! { "S" => value.clone() },
        Value::List(items) => object! { "L" => items.iter().map(typed).collect::<Value>() },
        Value::Object(map) => object! { "M" => typed_members(map) },
    }
}

/// Each member in its typed form, without an `M` around them.
pub fn typed_members(map: &Map) -> Value {
    map.iter().map(|(key, value)| (key.clone(), typed(value))).collect()
}

fn tagged(tag: &str, value: &Value) -> Value {
    if value.is_null() {
        Value::Null
    } else {
        object! { tag => value.clone() }
    }
}

pub fn to_dynamodb(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    Ok(typed(argument(arguments, 0)))
}

pub fn to_string(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    Ok(tagged("S", argument(arguments, 0)))
}

pub fn to_string_set(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    Ok(tagged("SS", argument(arguments, 0)))
}

pub fn to_number(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    Ok(tagged("N", argument(arguments, 0)))
}

pub fn to_number_set(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    Ok(tagged("NS", argument(arguments, 0)))
}

pub fn to_binary(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    Ok(tagged("B", argument(arguments, 0)))
}

pub fn to_binary_set(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    Ok(tagged("BS", argument(arguments, 0)))
}

pub fn to_boolean(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    Ok(tagged("BOOL", argument(arguments, 0)))
}

pub fn to_null(_: &mut Scope, _: &[Value]) -> Result<Value, Refusal> {
    Ok(typed(&Value::Null))
}

pub fn to_list(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    match argument(arguments, 0) {
        Value::Null => Ok(Value::Null),
        list @ Value::List(_) => Ok(typed(list)),
        other => Err(Refusal::failed(format!("util.dynamodb.toList expects a list, got {}", other.kind()))),
    }
}

pub fn to_map(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    match argument(arguments, 0) {
        Value::Null => Ok(Value::Null),
        map @ Value::Object(_) => Ok(typed(map)),
        other => Err(Refusal::failed(format!("util.dynamodb.toMap expects an object, got {}", other.kind()))),
    }
}

pub fn to_map_values(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    match argument(arguments, 0) {
        Value::Null => Ok(Value::Null),
        Value::Object(map) => Ok(typed_members(map)),
        other => Err(Refusal::failed(format!("util.dynamodb.toMapValues expects an object, got {}", other.kind()))),
    }
}

pub fn to_s3_object(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    let mut s3 = object! {
        "key" => argument(arguments, 0).clone(),
        "bucket" => argument(arguments, 1).clone(),
        "region" => argument(arguments, 2).clone(),
    };
    if let Some(version) = text(arguments, 3) {
        s3.set("version", version);
    }
    Ok(object! { "S" => object! { "s3" => s3 }.to_string() })
}

/// The reverse of [`to_s3_object`], from the text alone; null for anything else.
pub fn from_s3_object_json(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    let parsed = argument(arguments, 0).as_str().and_then(|text| Value::parse(text).ok()).unwrap_or_default();
    let Some(s3) = parsed.get("s3").filter(|s3| s3.as_object().is_some()) else { return Ok(Value::Null) };
    let mut members = Map::default();
    for key in ["bucket", "region", "key", "version"] {
        if let Some(value) = s3.get(key) {
            members.insert(key.into(), value.clone());
        }
    }
    Ok(members.into())
}
