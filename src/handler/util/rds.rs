//! `util.rds`: results of the RDS Data API as rows (spec appsync-js 2.13).

use super::{Refusal, Scope, argument};
use crate::value::{Map, Str, Value};

pub fn to_json_object(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    Ok(rows_of_statements(argument(arguments, 0)))
}

/// One list of rows for each statement; null for anything that is no result of the Data API.
pub fn rows_of_statements(result: &Value) -> Value {
    let parsed;
    let result = match result {
        Value::String(text) => {
            parsed = Value::parse(text).unwrap_or_default();
            &parsed
        }
        other => other,
    };
    match result.get("sqlStatementResults").and_then(Value::as_list) {
        Some(statements) => statements.iter().map(rows).collect(),
        None => Value::Null,
    }
}

/// A statement that changes rows has no `records`: AppSync gives one row without members for it, although its
/// documentation says an empty list.
fn rows(statement: &Value) -> Value {
    let Some(records) = statement.get("records").and_then(Value::as_list) else {
        return Value::from(vec![Value::empty_object()]);
    };
    let columns: Vec<Option<Str>> =
        statement.get("columnMetadata").and_then(Value::as_list).unwrap_or_default().iter().map(column).collect();
    records.iter().map(|record| row(record, &columns)).collect()
}

/// A column's key: its label, else its name.
fn column(metadata: &Value) -> Option<Str> {
    let text = |key| metadata.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    text("label").or_else(|| text("name")).map(Str::from)
}

/// Columns that are null are left out.
fn row(record: &Value, columns: &[Option<Str>]) -> Value {
    let mut row = Map::default();
    for (field, column) in record.as_list().unwrap_or_default().iter().zip(columns) {
        if let (Some(value), Some(column)) = (field_value(field), column) {
            row.insert(column.clone(), value);
        }
    }
    row.into()
}

/// The value of a field of the Data API; `None` for null. Blobs stay base64 text.
fn field_value(field: &Value) -> Option<Value> {
    const SCALARS: [&str; 5] = ["stringValue", "longValue", "doubleValue", "booleanValue", "blobValue"];
    if field.get("isNull").and_then(Value::as_bool) == Some(true) {
        return None;
    }
    if let Some(array) = field.get("arrayValue") {
        return Some(array_value(array));
    }
    SCALARS.iter().find_map(|key| field.get(key)).filter(|value| !value.is_null()).cloned()
}

fn array_value(array: &Value) -> Value {
    const LISTS: [&str; 4] = ["stringValues", "longValues", "doubleValues", "booleanValues"];
    if let Some(nested) = array.get("arrayValues").and_then(Value::as_list) {
        return nested.iter().map(array_value).collect();
    }
    LISTS.iter().find_map(|key| array.get(key)).cloned().unwrap_or_else(|| Vec::new().into())
}
