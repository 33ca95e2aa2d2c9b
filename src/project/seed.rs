//! Seeds: a JSON array of items in plain JSON. Checked when the project is read, so that filling a table cannot fail.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use serde_json::value::RawValue;

use crate::backend::tables::{KeyAttribute, KeyType};
use crate::error::{Diagnostic, SourceFile};
use crate::project::tables::Table;
use crate::value::Value;

/// Problems reported for one seed; one mistake usually repeats in every item.
const PROBLEMS: usize = 10;

/// Reports everything that would keep `table` from taking the items of `seed`.
pub(crate) fn check_seed(seed: &Arc<SourceFile>, table: &Table, problems: &mut Vec<Diagnostic>) {
    let found = match serde_json::from_str::<Vec<&RawValue>>(&seed.text) {
        Ok(items) => check_items(seed, &items, table),
        Err(_) => vec![syntax_error(seed)],
    };
    let count = found.len();
    problems.extend(found.into_iter().take(PROBLEMS));
    if count > PROBLEMS {
        let message = format!("`{}` has {} more problems like these", seed.path, count - PROBLEMS);
        problems.push(Diagnostic::error(message).at(seed, 0..0));
    }
}

fn check_items(seed: &Arc<SourceFile>, items: &[&RawValue], table: &Table) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    let keys: Vec<_> = std::iter::once(&table.partition_key).chain(&table.sort_key).collect();
    for item in items {
        let text = item.get();
        // Raw values are slices of the file's text: the distance between the two is the item's offset.
        let start = (text.as_ptr() as usize).saturating_sub(seed.text.as_ptr() as usize);
        let range = start..start + text.len();
        let report = |message: String| Diagnostic::error(message).at(seed, range.clone());
        let item = match Value::parse(text) {
            Ok(item @ Value::Object(_)) => item,
            Ok(other) => {
                problems.push(report(format!("expected an object for each item, found {}", other.kind())));
                continue;
            }
            Err(error) => {
                problems.push(report(format!("item cannot be read: {error}")));
                continue;
            }
        };
        let refusals: Vec<_> = keys.iter().filter_map(|key| refuse_key(&item, key, table, true)).collect();
        if refusals.is_empty() {
            let identity: Vec<_> = keys.iter().map(|key| item.get(&key.name).map(Value::to_string)).collect();
            if let Some(first) = seen.insert(format!("{identity:?}"), start) {
                let line = seed.location(first).line;
                problems.push(report(format!("item has the key of the one in line {line}, which it would replace")));
            }
        }
        problems.extend(refusals.into_iter().map(report));
        let index_keys =
            table.indexes.iter().flat_map(|index| std::iter::once(&index.partition_key).chain(&index.sort_key));
        let mut others: Vec<&KeyAttribute> = index_keys.filter(|key| !keys.contains(key)).collect();
        others.dedup();
        problems.extend(others.into_iter().filter_map(|key| refuse_key(&item, key, table, false)).map(report));
    }
    problems
}

/// Why DynamoDB would refuse an item because of this key attribute. Index keys may be missing.
fn refuse_key(item: &Value, key: &KeyAttribute, table: &Table, is_required: bool) -> Option<String> {
    let (name, table_name) = (&key.name, &table.name);
    let Some(value) = item.get(name) else {
        return is_required.then(|| format!("item has no `{name}`, which is in the key of table `{table_name}`"));
    };
    let expected = match (key.ty, value) {
        (KeyType::S, Value::String(text)) if !text.is_empty() => return None,
        (KeyType::S, Value::String(_)) => "a string that is not empty",
        (KeyType::N, Value::Number(_)) => return None,
        (KeyType::B, Value::String(text)) if is_base64(text) => return None,
        (KeyType::S, _) => "a string",
        (KeyType::N, _) => "a number",
        (KeyType::B, _) => "a string in base64",
    };
    Some(format!("expected {expected} for the key `{name}` of table `{table_name}`, found `{value}`"))
}

fn is_base64(text: &str) -> bool {
    !text.is_empty() && base64::engine::general_purpose::STANDARD.decode(text).is_ok()
}

/// Why the file is no array of JSON values.
fn syntax_error(seed: &Arc<SourceFile>) -> Diagnostic {
    let help = "a seed is a JSON array of items: `[{ \"id\": \"1\" }]`";
    match serde_json::from_str::<&RawValue>(&seed.text) {
        Ok(value) => {
            let start = seed.text.find(value.get().trim_start()).unwrap_or(0);
            let found = match value.get().trim_start().bytes().next() {
                Some(b'{') => "an object",
                Some(b'"') => "a string",
                Some(b'n') => "null",
                Some(b't' | b'f') => "a boolean",
                _ => "a number",
            };
            Diagnostic::error(format!("expected a list of items, found {found}")).at(seed, start..start + 1).help(help)
        }
        Err(error) => {
            let line_start: usize =
                seed.text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
            let at = (line_start + error.column().saturating_sub(1)).min(seed.text.len());
            let text = error.to_string();
            let reason = text.split(" at line").next().unwrap_or(&text);
            Diagnostic::error(format!("not valid JSON: {reason}")).at(seed, at..at).help(help)
        }
    }
}
