//! AUTOMERGE: joins what a mutation wanted with what is stored (spec appsync-js 3.17).

use std::borrow::Cow;
use std::collections::HashSet;

use crate::value::{Map, Str, Value, canonical_decimal, object};

/// The stored attributes and the new ones. Where both have one, scalars keep the stored value, lists are joined, sets
/// united, maps merged.
pub(super) fn merge(stored: &Map, new: &Map) -> Map {
    let mut merged = stored.clone();
    for (name, new) in new {
        let value = match stored.get(name) {
            Some(stored) => merge_values(stored, new),
            None => new.clone(),
        };
        merged.insert(name.clone(), value);
    }
    merged
}

fn merge_values(stored: &Value, new: &Value) -> Value {
    let typed =
        |value: &Value| value.as_object().and_then(|map| map.first()).map(|(ty, value)| (ty.clone(), value.clone()));
    let (Some((ty, old)), Some((other_ty, new))) = (typed(stored), typed(new)) else { return stored.clone() };
    if ty != other_ty {
        return stored.clone();
    }
    match (ty.as_str(), &old, &new) {
        ("L", Value::List(old), Value::List(new)) => {
            object! { ty => old.iter().chain(new.iter()).cloned().collect::<Value>() }
        }
        ("M", Value::Object(old), Value::Object(new)) => object! { ty => merge(old, new) },
        ("SS" | "BS", Value::List(old), Value::List(new)) => object! { ty => unite(old, new, Cow::Borrowed) },
        ("NS", Value::List(old), Value::List(new)) => object! { ty => unite(old, new, canonical_decimal) },
        _ => stored.clone(),
    }
}

fn unite<'a>(old: &'a [Value], new: &'a [Value], form: fn(&'a str) -> Cow<'a, str>) -> Value {
    let mut seen = HashSet::new();
    let members = old.iter().chain(new).filter_map(Value::as_str);
    members.filter(|member| seen.insert(form(member))).map(Value::from).collect()
}

/// The attributes that an update sets, if it does nothing but set whole attributes to values: `SET a = :a, #b = :b`.
/// For anything else the values depend on what the caller believed to be stored, and nothing can be merged.
pub(super) fn plain_assignments(expression: &str, names: &Map, values: &Map) -> Option<Map> {
    let (keyword, assignments) = expression.trim().split_once(char::is_whitespace)?;
    if !keyword.eq_ignore_ascii_case("SET") {
        return None;
    }
    let assignment = |text: &str| {
        let (path, value) = text.split_once('=')?;
        let path = path.trim();
        let name: Str = match path.starts_with('#') {
            true => names.get(path)?.as_str()?.into(),
            false if path.chars().all(|c| c.is_alphanumeric() || c == '_') => path.into(),
            false => return None,
        };
        Some((name, values.get(value.trim())?.clone()))
    };
    assignments.split(',').map(assignment).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(json: &str) -> Map {
        Value::parse(json).unwrap().as_object().unwrap().clone()
    }

    #[test]
    fn scalars_stay_lists_join_sets_unite_and_maps_merge() {
        for (stored, new, merged) in [
            (r#"{"a":{"S":"old"}}"#, r#"{"a":{"S":"new"}}"#, r#"{"a":{"S":"old"}}"#),
            (r#"{"a":{"S":"old"}}"#, r#"{"b":{"S":"new"}}"#, r#"{"a":{"S":"old"},"b":{"S":"new"}}"#),
            (r#"{"a":{"L":[{"N":"1"}]}}"#, r#"{"a":{"L":[{"N":"1"}]}}"#, r#"{"a":{"L":[{"N":"1"},{"N":"1"}]}}"#),
            (r#"{"a":{"SS":["x","y"]}}"#, r#"{"a":{"SS":["y","z"]}}"#, r#"{"a":{"SS":["x","y","z"]}}"#),
            (r#"{"a":{"NS":["1"]}}"#, r#"{"a":{"NS":["1.0","2"]}}"#, r#"{"a":{"NS":["1","2"]}}"#),
            (
                r#"{"a":{"M":{"b":{"N":"1"},"c":{"L":[]}}}}"#,
                r#"{"a":{"M":{"b":{"N":"2"},"c":{"L":[{"BOOL":true}]},"d":{"NULL":true}}}}"#,
                r#"{"a":{"M":{"b":{"N":"1"},"c":{"L":[{"BOOL":true}]},"d":{"NULL":true}}}}"#,
            ),
            (r#"{"a":{"L":[]}}"#, r#"{"a":{"S":"x"}}"#, r#"{"a":{"L":[]}}"#),
        ] {
            assert_eq!(merge(&map(stored), &map(new)), map(merged), "{stored} and {new}");
        }
    }

    #[test]
    fn only_plain_assignments_can_be_merged() {
        let names = map(r##"{"#b":"b"}"##);
        let values = map(r#"{":x":{"N":"1"},":y":{"N":"2"}}"#);
        let assigned = |expression| plain_assignments(expression, &names, &values);
        assert_eq!(assigned("set a = :x, #b=:y"), Some(map(r#"{"a":{"N":"1"},"b":{"N":"2"}}"#)));
        for other in [
            "",
            "SET",
            "SET a = a + :x",
            "SET a.b = :x",
            "SET a[0] = :x",
            "SET #c = :x",
            "REMOVE a",
            "ADD a :x",
            "SET a = :x REMOVE b",
            "SET a = if_not_exists(a, :x)",
            "SET a = :z",
        ] {
            assert_eq!(assigned(other), None, "{other}");
        }
    }
}
