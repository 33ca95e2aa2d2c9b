//! Telling which item of a BatchGetItem answer belongs to which key: DynamoDB returns them in any order, and without
//! the key attributes when the projection leaves those out.

use crate::value::{Map, Str, Value, canonical_decimal};

/// Equal for equal keys, however their attributes are ordered and their numbers written.
pub fn key_identity(key: &Map) -> String {
    let mut attributes: Vec<(&Str, &Value)> = key.iter().collect();
    attributes.sort_unstable_by_key(|(name, _)| name.as_str());
    let mut identity = String::new();
    for (name, value) in attributes {
        push_text(&mut identity, name);
        match value.get("N").and_then(Value::as_str) {
            Some(number) => push_text(&mut identity, &canonical_decimal(number)),
            None => push_text(&mut identity, &value.to_string()),
        }
    }
    identity
}

/// The identity of the key inside `item`; `None` when an attribute of it is missing.
pub fn item_identity(item: &Map, key_names: &[Str]) -> Option<String> {
    let key: Option<Map> = key_names.iter().map(|name| Some((name.clone(), item.get(name)?.clone()))).collect();
    Some(key_identity(&key?))
}

/// Prefixed with its length, so that no two lists of texts look alike.
fn push_text(identity: &mut String, text: &str) {
    identity.push_str(&text.len().to_string());
    identity.push(':');
    identity.push_str(text);
}

/// A projection that returns the key attributes too.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyedProjection {
    pub expression: String,
    pub names: Map,
    /// Attributes that nobody asked for and that [`KeyedProjection::strip`] takes away again.
    added: Vec<Str>,
}

impl KeyedProjection {
    /// Extends a projection by the key attributes it lacks, under aliases that it does not use.
    pub fn new(expression: &str, names: &Map, key_names: &[Str]) -> KeyedProjection {
        let mut keyed = KeyedProjection { expression: expression.to_owned(), names: names.clone(), added: Vec::new() };
        for key_name in key_names {
            let is_projected = expression
                .split(',')
                .map(str::trim)
                .any(|path| path == key_name || names.get(path).and_then(Value::as_str) == Some(key_name));
            if is_projected {
                continue;
            }
            let alias = (0..)
                .map(|number| format!("#syncline_key_{number}"))
                .find(|alias| !keyed.names.contains_key(alias.as_str()) && !keyed.expression.contains(alias.as_str()))
                .expect("an expression holds finitely many aliases");
            keyed.expression = format!("{}, {alias}", keyed.expression);
            keyed.names.insert(alias.into(), key_name.into());
            keyed.added.push(key_name.clone());
        }
        keyed
    }

    /// Removes the added attributes from an item.
    pub fn strip(&self, mut item: Map) -> Map {
        for name in &self.added {
            item.shift_remove(name);
        }
        item
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(json: &str) -> Map {
        Value::parse(json).unwrap().as_object().unwrap().clone()
    }

    #[test]
    fn equal_keys_have_one_identity_and_different_keys_do_not() {
        let key = key_identity(&map(r#"{"a":{"S":"x"},"b":{"N":"10"}}"#));
        assert_eq!(key, key_identity(&map(r#"{"b":{"N":"1e1"},"a":{"S":"x"}}"#)));
        assert_eq!(
            key_identity(&map(r#"{"b":{"N":"1e20"}}"#)),
            key_identity(&map(r#"{"b":{"N":"100000000000000000000"}}"#))
        );
        assert_ne!(key, key_identity(&map(r#"{"a":{"S":"x"},"b":{"S":"10"}}"#)));
        assert_ne!(key_identity(&map(r#"{"a":{"S":"1"}}"#)), key_identity(&map(r#"{"a":{"B":"1"}}"#)));
        assert_eq!(
            item_identity(&map(r#"{"z":{"S":"1"},"a":{"S":"x"},"b":{"N":"10"}}"#), &["b".into(), "a".into()]),
            Some(key)
        );
        assert_eq!(item_identity(&map(r#"{"a":{"S":"x"}}"#), &["b".into()]), None);
    }

    #[test]
    fn missing_key_attributes_are_projected_and_stripped_again() {
        let keyed = KeyedProjection::new(
            "#n, total",
            &map(r##"{"#n":"id","#syncline_key_0":"x"}"##),
            &["id".into(), "sort".into()],
        );
        assert_eq!(keyed.expression, "#n, total, #syncline_key_1");
        assert_eq!(keyed.names.get("#syncline_key_1"), Some(&Value::from("sort")));
        assert_eq!(keyed.strip(map(r#"{"id":1,"total":2,"sort":3}"#)), map(r#"{"id":1,"total":2}"#));
        let complete = KeyedProjection::new("id,total", &Map::default(), &["id".into()]);
        assert_eq!(complete.expression, "id,total");
    }
}
