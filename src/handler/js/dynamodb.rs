//! `@aws-appsync/utils/dynamodb`: builders of request documents (spec appsync-js 2.10, 2.11).

use super::markers::{Builder, Marker, Markers};
use crate::handler::util::dynamodb::typed;
use crate::handler::util::expression::build_expression;
use crate::handler::util::{Refusal, argument};
use crate::value::{Map, Str, Value, object};

/// What the results of `operations.*` do to an attribute.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    Set(Value),
    Remove,
    Increment(Value),
    Decrement(Value),
    Append(Value),
    Prepend(Value),
    UpdateListItem(Value, i64),
}

impl Markers {
    /// DynamoDB's form of a value, with markers in it kept.
    fn typed(&self, value: &Value) -> Value {
        if self.is_empty() {
            return typed(value);
        }
        match (self.find(value), value) {
            (Some(Marker::Typed(typed)), _) => typed.clone(),
            (_, Value::List(items)) => object! { "L" => items.iter().map(|item| self.typed(item)).collect::<Value>() },
            (_, Value::Object(map)) => object! { "M" => self.typed_members(map) },
            _ => typed(value),
        }
    }

    fn typed_members(&self, map: &Map) -> Value {
        map.iter().map(|(key, value)| (key.clone(), self.typed(value))).collect()
    }

    fn has_operation(&self, value: &Value) -> bool {
        match (self.find(value), value) {
            (Some(marker), _) => matches!(marker, Marker::Operation(_)),
            (None, Value::Object(map)) => map.values().any(|member| self.has_operation(member)),
            (None, Value::List(items)) => items.iter().any(|item| self.has_operation(item)),
            _ => false,
        }
    }
}

/// Every function of the module, by its path.
pub(super) const BUILDERS: &[(&str, Builder)] = &[
    ("get", get),
    ("put", put),
    ("update", update),
    ("remove", remove),
    ("query", query),
    ("scan", scan),
    ("sync", sync),
    ("batchGet", batch_get),
    ("batchPut", batch_put),
    ("batchDelete", batch_delete),
    ("transactGet", transact_get),
    ("transactWrite", transact_write),
    ("toStringSet", |markers, arguments| set(markers, "SS", arguments)),
    ("toNumberSet", |markers, arguments| set(markers, "NS", arguments)),
    ("toBinarySet", |markers, arguments| set(markers, "BS", arguments)),
    ("operations.add", |markers, arguments| assign(markers, "OPERATION_ADD", arguments)),
    ("operations.replace", |markers, arguments| assign(markers, "OPERATION_REPLACE", arguments)),
    ("operations.remove", operation_remove),
    ("operations.increment", |markers, arguments| {
        count(markers, "OPERATION_INCREMENT", Operation::Increment, arguments)
    }),
    ("operations.decrement", |markers, arguments| {
        count(markers, "OPERATION_DECREMENT", Operation::Decrement, arguments)
    }),
    ("operations.append", |markers, arguments| extend(markers, "OPERATION_APPEND", Operation::Append, arguments)),
    ("operations.prepend", |markers, arguments| extend(markers, "OPERATION_PREPEND", Operation::Prepend, arguments)),
    ("operations.updateListItem", update_list_item),
];

fn visible(kind: &str, member: Option<(&str, &Value)>) -> Map {
    let mut map = Map::default();
    map.insert("type".into(), kind.into());
    if let Some((key, value)) = member {
        map.insert(key.into(), value.clone());
    }
    map
}

fn set(markers: &mut Markers, tag: &str, arguments: &[Value]) -> Result<Value, Refusal> {
    let list = argument(arguments, 0);
    if list.is_null() {
        return Ok(Value::Null);
    }
    let typed = object! { tag => list.clone() };
    let Value::Object(map) = &typed else { return Ok(typed) };
    Ok(markers.mark((**map).clone(), Marker::Typed(typed.clone())))
}

fn assign(markers: &mut Markers, kind: &str, arguments: &[Value]) -> Result<Value, Refusal> {
    let value = argument(arguments, 0);
    let typed = markers.typed(value);
    Ok(markers.mark(visible(kind, Some(("value", value))), Marker::Operation(Operation::Set(typed))))
}

fn operation_remove(markers: &mut Markers, _: &[Value]) -> Result<Value, Refusal> {
    Ok(markers.mark(visible("OPERATION_REMOVE", None), Marker::Operation(Operation::Remove)))
}

fn count(
    markers: &mut Markers,
    kind: &str,
    operation: fn(Value) -> Operation,
    arguments: &[Value],
) -> Result<Value, Refusal> {
    let by = match argument(arguments, 0) {
        Value::Null => 1.into(),
        by => by.clone(),
    };
    let typed = object! { "N" => by.clone() };
    Ok(markers.mark(visible(kind, Some(("by", &by))), Marker::Operation(operation(typed))))
}

fn extend(
    markers: &mut Markers,
    kind: &str,
    operation: fn(Value) -> Operation,
    arguments: &[Value],
) -> Result<Value, Refusal> {
    let items = argument(arguments, 0);
    let typed = markers.typed(items);
    Ok(markers.mark(visible(kind, Some(("items", items))), Marker::Operation(operation(typed))))
}

/// AppSync shows nothing of this marker.
fn update_list_item(markers: &mut Markers, arguments: &[Value]) -> Result<Value, Refusal> {
    let typed = markers.typed(argument(arguments, 0));
    let index = argument(arguments, 1).as_i64().filter(|index| *index >= 0);
    let index = index.ok_or_else(|| Refusal::failed("operations.updateListItem expects the item's index"))?;
    Ok(markers.mark(Map::default(), Marker::Operation(Operation::UpdateListItem(typed, index))))
}

/// Reads the members of a builder's input and collects those of its result.
struct Document<'a> {
    name: &'static str,
    markers: &'a Markers,
    input: &'a Map,
    out: Map,
}

impl<'a> Document<'a> {
    fn new(
        name: &'static str,
        operation: &'static str,
        markers: &'a Markers,
        arguments: &'a [Value],
    ) -> Result<Self, Refusal> {
        let input = argument(arguments, 0).as_object();
        let input = input.ok_or_else(|| Refusal::failed(format!("{name} expects an object")))?;
        let mut out = Map::default();
        out.insert("operation".into(), operation.into());
        Ok(Document { name, markers, input, out })
    }

    /// An element of a transaction: a request without parts that belong to the whole.
    fn element(name: &'static str, markers: &'a Markers, input: &'a Value) -> Result<Self, Refusal> {
        let input = input.as_object().ok_or_else(|| Refusal::failed(format!("{name} expects objects as items")))?;
        Ok(Document { name, markers, input, out: Map::default() })
    }

    fn member(&self, key: &str) -> Option<&'a Value> {
        self.input.get(key).filter(|value| !value.is_null())
    }

    fn put(&mut self, key: &str, value: Value) {
        self.out.insert(key.into(), value);
    }

    /// Members that go into the result as they are.
    fn copy(&mut self, keys: &[&str]) {
        for key in keys {
            if let Some(value) = self.member(key) {
                self.put(key, value.clone());
            }
        }
    }

    fn typed_map(&self, key: &str) -> Result<Value, Refusal> {
        match self.member(key).and_then(Value::as_object) {
            Some(map) => Ok(self.markers.typed_members(map)),
            None => Err(Refusal::failed(format!("{} expects an object in `{key}`", self.name))),
        }
    }

    fn key(&mut self) -> Result<(), Refusal> {
        let key = self.typed_map("key")?;
        self.put("key", key);
        Ok(())
    }

    /// `filter`, `condition`, `query`. A filter that is not understood is an error here: AppSync's answer is not known,
    /// and an unconditional write instead of a conditional one would be the worst of the choices.
    fn expression(&mut self, key: &str) -> Result<(), Refusal> {
        let Some(filter) = self.member(key) else { return Ok(()) };
        let built = build_expression(filter);
        let built = built.ok_or_else(|| Refusal::failed(format!("{}: `{key}` is not a valid filter", self.name)))?;
        self.put(key, built.into_value(false));
        Ok(())
    }

    fn projection(&mut self) -> Result<(), Refusal> {
        if let Some(paths) = self.member("projection") {
            let projected = projection(self.name, paths)?;
            self.put("projection", projected);
        }
        Ok(())
    }

    fn finish(self) -> Result<Value, Refusal> {
        Ok(self.out.into())
    }
}

/// Attribute names behind `#expName_n`, numbered by first use.
#[derive(Default)]
struct Aliases(Map);

impl Aliases {
    fn alias(&mut self, name: &str) -> Str {
        if let Some((alias, _)) = self.0.iter().find(|(_, known)| known.as_str() == Some(name)) {
            return alias.clone();
        }
        let alias = Str::from(format!("#expName_{}", self.0.len() + 1));
        self.0.insert(alias.clone(), name.into());
        alias
    }

    fn path<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) -> String {
        names.into_iter().map(|name| self.alias(name).to_string()).collect::<Vec<_>>().join(".")
    }
}

fn projection(builder: &str, paths: &Value) -> Result<Value, Refusal> {
    let wrong = || Refusal::failed(format!("{builder} expects a list of strings in `projection`"));
    let mut aliases = Aliases::default();
    let paths = paths.as_list().ok_or_else(wrong)?;
    let paths: Vec<String> = paths
        .iter()
        .map(|path| path.as_str().map(|path| aliases.path(path.split('.'))).ok_or_else(wrong))
        .collect::<Result<_, _>>()?;
    Ok(object! { "expression" => paths.join(", "), "expressionNames" => aliases.0 })
}

const VERSIONED: &[&str] = &["_version", "customPartitionKey", "populateIndexFields"];

fn get(markers: &mut Markers, arguments: &[Value]) -> Result<Value, Refusal> {
    let mut document = Document::new("get", "GetItem", markers, arguments)?;
    document.key()?;
    document.copy(&["consistentRead"]);
    document.projection()?;
    document.finish()
}

fn put(markers: &mut Markers, arguments: &[Value]) -> Result<Value, Refusal> {
    let mut document = Document::new("put", "PutItem", markers, arguments)?;
    document.key()?;
    let item = document.typed_map("item")?;
    document.put("attributeValues", item);
    document.expression("condition")?;
    document.copy(VERSIONED);
    document.finish()
}

fn update(markers: &mut Markers, arguments: &[Value]) -> Result<Value, Refusal> {
    let mut document = Document::new("update", "UpdateItem", markers, arguments)?;
    document.key()?;
    let changes = update_expression(&document)?;
    document.put("update", changes);
    document.expression("condition")?;
    document.copy(VERSIONED);
    document.finish()
}

fn remove(markers: &mut Markers, arguments: &[Value]) -> Result<Value, Refusal> {
    let mut document = Document::new("remove", "DeleteItem", markers, arguments)?;
    document.key()?;
    document.expression("condition")?;
    document.copy(VERSIONED);
    document.finish()
}

fn query(markers: &mut Markers, arguments: &[Value]) -> Result<Value, Refusal> {
    let mut document = Document::new("query", "Query", markers, arguments)?;
    if document.member("query").is_none() {
        return Err(Refusal::failed("query expects the key condition in `query`"));
    }
    document.expression("query")?;
    document.copy(&["index", "limit", "nextToken", "consistentRead", "scanIndexForward", "select"]);
    document.expression("filter")?;
    document.projection()?;
    document.finish()
}

fn scan(markers: &mut Markers, arguments: &[Value]) -> Result<Value, Refusal> {
    let mut document = Document::new("scan", "Scan", markers, arguments)?;
    document.copy(&["index", "limit", "nextToken", "consistentRead", "totalSegments", "segment"]);
    document.expression("filter")?;
    document.projection()?;
    document.finish()
}

fn sync(markers: &mut Markers, arguments: &[Value]) -> Result<Value, Refusal> {
    let mut document = Document::new("sync", "Sync", markers, arguments)?;
    document.expression("filter")?;
    document.copy(&["limit", "nextToken", "lastSync", "basePartitionKey", "deltaIndexName"]);
    document.finish()
}

/// `tables` with each table's part changed by `convert`.
fn tables(
    document: &mut Document,
    convert: impl Fn(&Document, &Value) -> Result<Value, Refusal>,
) -> Result<(), Refusal> {
    let wrong = || Refusal::failed(format!("{} expects an object in `tables`", document.name));
    let tables = document.member("tables").and_then(Value::as_object).ok_or_else(wrong)?;
    let mut converted = Map::default();
    for (table, part) in tables {
        converted.insert(table.clone(), convert(document, part)?);
    }
    document.put("tables", converted.into());
    Ok(())
}

/// A list of keys or items, typed.
fn typed_list(document: &Document, list: Option<&Value>) -> Result<Value, Refusal> {
    let wrong = || Refusal::failed(format!("{} expects a list of objects per table", document.name));
    let list = list.and_then(Value::as_list).ok_or_else(wrong)?;
    list.iter().map(|item| item.as_object().map(|map| document.markers.typed_members(map)).ok_or_else(wrong)).collect()
}

fn batch_get(markers: &mut Markers, arguments: &[Value]) -> Result<Value, Refusal> {
    let mut document = Document::new("batchGet", "BatchGetItem", markers, arguments)?;
    tables(&mut document, |document, part| {
        let mut out = Map::default();
        out.insert("keys".into(), typed_list(document, part.get("keys"))?);
        if let Some(consistent) = part.get("consistentRead").filter(|value| !value.is_null()) {
            out.insert("consistentRead".into(), consistent.clone());
        }
        if let Some(paths) = part.get("projection").filter(|value| !value.is_null()) {
            out.insert("projection".into(), projection("batchGet", paths)?);
        }
        Ok(out.into())
    })?;
    document.finish()
}

fn batch_put(markers: &mut Markers, arguments: &[Value]) -> Result<Value, Refusal> {
    let mut document = Document::new("batchPut", "BatchPutItem", markers, arguments)?;
    tables(&mut document, |document, part| typed_list(document, Some(part)))?;
    document.finish()
}

fn batch_delete(markers: &mut Markers, arguments: &[Value]) -> Result<Value, Refusal> {
    let mut document = Document::new("batchDelete", "BatchDeleteItem", markers, arguments)?;
    tables(&mut document, |document, part| typed_list(document, Some(part)))?;
    document.finish()
}

fn transact_items<'a>(document: &Document<'a>) -> Result<&'a [Value], Refusal> {
    let items = document.member("items").and_then(Value::as_list);
    items.ok_or_else(|| Refusal::failed(format!("{} expects a list in `items`", document.name)))
}

fn transact_get(markers: &mut Markers, arguments: &[Value]) -> Result<Value, Refusal> {
    let mut document = Document::new("transactGet", "TransactGetItems", markers, arguments)?;
    let mut items = Vec::new();
    for item in transact_items(&document)? {
        let mut element = Document::element("transactGet", document.markers, item)?;
        element.copy(&["table"]);
        element.key()?;
        element.projection()?;
        items.push(element.finish()?);
    }
    document.put("transactItems", items.into());
    document.finish()
}

fn transact_write(markers: &mut Markers, arguments: &[Value]) -> Result<Value, Refusal> {
    let mut document = Document::new("transactWrite", "TransactWriteItems", markers, arguments)?;
    let mut items = Vec::new();
    for item in transact_items(&document)? {
        items.push(transact_write_item(document.markers, item)?);
    }
    document.put("transactItems", items.into());
    document.finish()
}

fn transact_write_item(markers: &Markers, item: &Value) -> Result<Value, Refusal> {
    const KINDS: [(&str, &str); 4] = [
        ("putItem", "PutItem"),
        ("updateItem", "UpdateItem"),
        ("deleteItem", "DeleteItem"),
        ("conditionCheck", "ConditionCheck"),
    ];
    let found = KINDS
        .iter()
        .find_map(|&(key, operation)| item.get(key).filter(|part| !part.is_null()).map(|part| (operation, part)));
    let (operation, part) = found.ok_or_else(|| {
        Refusal::failed(
            "transactWrite expects each item to be one of `putItem`, `updateItem`, `deleteItem`, `conditionCheck`",
        )
    })?;
    let mut element = Document::element("transactWrite", markers, part)?;
    element.copy(&["table"]);
    element.put("operation", operation.into());
    element.key()?;
    match operation {
        "PutItem" => {
            let item = element.typed_map("item")?;
            element.put("attributeValues", item);
        }
        "UpdateItem" => {
            let changes = update_expression(&element)?;
            element.put("update", changes);
        }
        _ => {}
    }
    element.expression("condition")?;
    element.finish()
}

/// One attribute's change: where, and the clause.
struct Change {
    path: Vec<Str>,
    operation: Operation,
}

/// `SET …, … REMOVE …, …` for the members of `update`, aliases numbered in the order of the text.
fn update_expression(document: &Document) -> Result<Value, Refusal> {
    let wrong = || Refusal::failed(format!("{} expects an object in `update`", document.name));
    let update = document.member("update").and_then(Value::as_object).ok_or_else(wrong)?;
    let mut changes = Vec::new();
    collect_changes(document.markers, &mut Vec::new(), update, &mut changes);
    let (removals, sets): (Vec<_>, Vec<_>) =
        changes.into_iter().partition(|change| matches!(change.operation, Operation::Remove));
    let mut aliases = Aliases::default();
    let mut values = Map::default();
    let mut set_clauses = Vec::new();
    for change in sets {
        let name = aliases.path(change.path.iter().map(Str::as_str));
        let value = format!(":expValue_{}", values.len() + 1);
        let (clause, operand) = match change.operation {
            Operation::Set(operand) => (format!("{name} = {value}"), operand),
            Operation::Increment(operand) => (format!("{name} = {name} + {value}"), operand),
            Operation::Decrement(operand) => (format!("{name} = {name} - {value}"), operand),
            Operation::Append(operand) => (format!("{name} = list_append({name}, {value})"), operand),
            Operation::Prepend(operand) => (format!("{name} = list_append({value}, {name})"), operand),
            Operation::UpdateListItem(operand, index) => (format!("{name}[{index}] = {value}"), operand),
            Operation::Remove => continue,
        };
        set_clauses.push(clause);
        values.insert(value.into(), operand);
    }
    let remove_clauses: Vec<String> =
        removals.iter().map(|change| aliases.path(change.path.iter().map(Str::as_str))).collect();
    let mut parts = Vec::new();
    if !set_clauses.is_empty() {
        parts.push(format!("SET {}", set_clauses.join(", ")));
    }
    if !remove_clauses.is_empty() {
        parts.push(format!("REMOVE {}", remove_clauses.join(", ")));
    }
    let mut expression = object! { "expression" => parts.join(" "), "expressionNames" => aliases.0 };
    if !values.is_empty() {
        expression.set("expressionValues", values);
    }
    Ok(expression)
}

fn collect_changes(markers: &Markers, path: &mut Vec<Str>, update: &Map, changes: &mut Vec<Change>) {
    for (key, value) in update {
        path.push(key.clone());
        let mut add = |operation| changes.push(Change { path: path.clone(), operation });
        match (markers.find(value), value) {
            (Some(Marker::Operation(operation)), _) => add(operation.clone()),
            (None, Value::List(items)) if !items.is_empty() && markers.has_operation(value) => {
                for item in items.iter() {
                    if let Some(Marker::Operation(operation)) = markers.find(item) {
                        add(operation.clone());
                    }
                }
            }
            // An object with operations inside changes what they name; one without is stored whole.
            (None, Value::Object(map)) if markers.has_operation(value) => collect_changes(markers, path, map, changes),
            _ => add(Operation::Set(markers.typed(value))),
        }
        path.pop();
    }
}
