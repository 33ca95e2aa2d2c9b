//! Tables from a plain description: created where missing, compared where present, filled with seed items once.
//!
//! For the embedded engine and for emulators. Tables in AWS belong to the user's own templates.

use std::time::Duration;

use crate::backend::{DynamoDb, Operation, ServiceError};
use crate::error::Diagnostic;
use crate::value::{Map, Str, Value, object};

/// A table as a project describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct TableDescription {
    /// The name that DynamoDB knows.
    pub name: Str,
    pub partition_key: KeyAttribute,
    pub sort_key: Option<KeyAttribute>,
    pub indexes: Vec<IndexDescription>,
    /// The attribute with the epoch second at which an item expires.
    pub time_to_live_attribute: Option<Str>,
}

/// A global secondary index.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexDescription {
    pub name: Str,
    pub partition_key: KeyAttribute,
    pub sort_key: Option<KeyAttribute>,
    pub projection: Projection,
}

/// An attribute that is part of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAttribute {
    pub name: Str,
    pub ty: KeyType,
}

/// What DynamoDB allows in a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyType {
    #[default]
    S,
    N,
    B,
}

/// Which attributes an index repeats besides the keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Projection {
    #[default]
    All,
    KeysOnly,
    Include(Vec<Str>),
}

impl KeyType {
    /// DynamoDB's letter.
    pub fn name(self) -> &'static str {
        match self {
            KeyType::S => "S",
            KeyType::N => "N",
            KeyType::B => "B",
        }
    }
}

/// How often a new table is asked whether it is ready, and how long the answer is awaited altogether.
const READY_INTERVAL: Duration = Duration::from_millis(100);
const READY_ATTEMPTS: u32 = 600;

/// Creates the tables, and the indexes of existing tables, that are missing; returns the names of the new tables.
///
/// # Errors
/// One [`Diagnostic`] for each table whose keys differ from its description or that could not be created.
pub async fn create_tables(dynamodb: &dyn DynamoDb, tables: &[TableDescription]) -> Result<Vec<Str>, Vec<Diagnostic>> {
    let mut created = Vec::new();
    let mut problems = Vec::new();
    for table in tables {
        match dynamodb.call(Operation::DescribeTable, object! { "TableName" => &table.name }).await {
            Ok(answer) => problems.extend(complete_existing(dynamodb, table, &answer).await),
            Err(error) if error.code == "ResourceNotFoundException" => match create(dynamodb, table).await {
                Ok(()) => created.push(table.name.clone()),
                Err(error) => problems.push(could_not("create", table, &error)),
            },
            Err(error) => problems.push(could_not("describe", table, &error)),
        }
    }
    if problems.is_empty() { Ok(created) } else { Err(problems) }
}

/// Writes plain JSON items, 25 in one call.
///
/// # Errors
/// The service's, or a `ValidationException` for an item that is no object.
pub async fn seed_table(dynamodb: &dyn DynamoDb, table: &str, items: &[Value]) -> Result<(), ServiceError> {
    const ITEMS_PER_CALL: usize = 25; // BatchWriteItem takes no more
    for chunk in items.chunks(ITEMS_PER_CALL) {
        let puts: Vec<Value> = chunk.iter().map(put_request).collect::<Result<_, _>>()?;
        let mut requests: Value = object! { table => puts };
        let mut delay = Duration::from_millis(50);
        for attempt in 0.. {
            let answer = dynamodb.call(Operation::BatchWriteItem, object! { "RequestItems" => requests }).await?;
            match answer.get("UnprocessedItems") {
                Some(Value::Object(left)) if !left.is_empty() && attempt < 8 => requests = Value::Object(left.clone()),
                Some(Value::Object(left)) if !left.is_empty() => {
                    return Err(refused(
                        "ProvisionedThroughputExceededException",
                        format!("table `{table}` took only a part of its seed items"),
                    ));
                }
                _ => break,
            }
            tokio::time::sleep(delay).await;
            delay *= 2;
        }
    }
    Ok(())
}

fn put_request(item: &Value) -> Result<Value, ServiceError> {
    let Value::Object(attributes) = item else {
        return Err(refused("ValidationException", format!("a seed item must be an object, not a {}", item.kind())));
    };
    let typed: Map = attributes.iter().map(|(name, value)| (name.clone(), attribute_value(value))).collect();
    Ok(object! { "PutRequest" => object! { "Item" => typed } })
}

/// Plain JSON as a DynamoDB attribute value: what `util.dynamodb.toDynamoDB` gives, in the form of the wire.
fn attribute_value(plain: &Value) -> Value {
    match plain {
        Value::Null => object! { "NULL" => true },
        Value::Bool(value) => object! { "BOOL" => *value },
        Value::Number(number) => object! { "N" => number.to_string() },
        Value::String(text) => object! { "S" => text },
        Value::List(items) => object! { "L" => items.iter().map(attribute_value).collect::<Value>() },
        Value::Object(map) => {
            object! { "M" => map.iter().map(|(name, value)| (name.clone(), attribute_value(value))).collect::<Map>() }
        }
    }
}

async fn create(dynamodb: &dyn DynamoDb, table: &TableDescription) -> Result<(), ServiceError> {
    let mut keys = KeyAttributes::default();
    keys.add(&table.partition_key, table.sort_key.as_ref());
    let mut request = object! {
        "TableName" => &table.name,
        "BillingMode" => "PAY_PER_REQUEST",
        "KeySchema" => key_schema(&table.partition_key, table.sort_key.as_ref()),
    };
    if !table.indexes.is_empty() {
        let mut indexes = Vec::new();
        for index in &table.indexes {
            keys.add(&index.partition_key, index.sort_key.as_ref());
            indexes.push(index_request(index));
        }
        request.set("GlobalSecondaryIndexes", indexes);
    }
    request.set("AttributeDefinitions", keys.definitions());
    let answer = dynamodb.call(Operation::CreateTable, request).await?;
    until_ready(dynamodb, table, answer.get("TableDescription")).await?;
    if let Some(attribute) = &table.time_to_live_attribute {
        let specification = object! { "Enabled" => true, "AttributeName" => attribute };
        let request = object! { "TableName" => &table.name, "TimeToLiveSpecification" => specification };
        dynamodb.call(Operation::UpdateTimeToLive, request).await?;
    }
    Ok(())
}

/// Emulators, like DynamoDB, answer before a table can be used; the embedded engine's is ready at once.
async fn until_ready(
    dynamodb: &dyn DynamoDb,
    table: &TableDescription,
    first: Option<&Value>,
) -> Result<(), ServiceError> {
    let is_ready = |description: Option<&Value>| {
        description.and_then(|description| description.get("TableStatus")).and_then(Value::as_str) == Some("ACTIVE")
    };
    if is_ready(first) {
        return Ok(());
    }
    for _ in 0..READY_ATTEMPTS {
        let answer = dynamodb.call(Operation::DescribeTable, object! { "TableName" => &table.name }).await?;
        if is_ready(answer.get("Table")) {
            return Ok(());
        }
        tokio::time::sleep(READY_INTERVAL).await;
    }
    Err(refused("ResourceInUseException", format!("table `{}` did not become active within a minute", table.name)))
}

/// Compares an existing table with its description and adds the indexes it lacks.
async fn complete_existing(dynamodb: &dyn DynamoDb, table: &TableDescription, answer: &Value) -> Vec<Diagnostic> {
    const HELP: &str = "keys cannot be changed: delete the table (embedded tables: the `.syncline` folder) or give the new one another name";
    let mut problems = Vec::new();
    let existing = answer.get("Table").unwrap_or(&Value::Null);
    let definitions = existing.get("AttributeDefinitions").and_then(Value::as_list).unwrap_or_default();
    let (found, wanted) = (keys_of(existing, definitions), wanted_keys(&table.partition_key, table.sort_key.as_ref()));
    if found != wanted {
        problems.push(
            Diagnostic::error(format!(
                "table `{}` exists with the key {found}, but the project says {wanted}",
                table.name
            ))
            .help(HELP),
        );
        return problems;
    }
    let existing_indexes: Vec<&Value> = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"]
        .iter()
        .filter_map(|kind| existing.get(kind).and_then(Value::as_list))
        .flatten()
        .collect();
    for index in &table.indexes {
        let same_name =
            existing_indexes.iter().find(|other| other.get("IndexName").and_then(Value::as_str) == Some(&index.name));
        let wanted = wanted_keys(&index.partition_key, index.sort_key.as_ref());
        match same_name.map(|other| keys_of(other, definitions)) {
            Some(found) if found == wanted => {}
            Some(found) => problems.push(
                Diagnostic::error(format!(
                    "index `{}` of table `{}` exists with the key {found}, but the project says {wanted}",
                    index.name, table.name
                ))
                .help(HELP),
            ),
            None => {
                let mut keys = KeyAttributes::default();
                keys.add(&index.partition_key, index.sort_key.as_ref());
                let request = object! {
                    "TableName" => &table.name,
                    "AttributeDefinitions" => keys.definitions(),
                    "GlobalSecondaryIndexUpdates" => vec![object! { "Create" => index_request(index) }],
                };
                let added = match dynamodb.call(Operation::UpdateTable, request).await {
                    Ok(answer) => until_ready(dynamodb, table, answer.get("TableDescription")).await,
                    Err(error) => Err(error),
                };
                if let Err(error) = added {
                    problems.push(could_not(&format!("add index `{}` to", index.name), table, &error));
                }
            }
        }
    }
    problems
}

/// The attributes that take part in any key, each once, as `AttributeDefinitions` wants them.
#[derive(Default)]
struct KeyAttributes(Vec<KeyAttribute>);

impl KeyAttributes {
    fn add(&mut self, partition_key: &KeyAttribute, sort_key: Option<&KeyAttribute>) {
        for attribute in std::iter::once(partition_key).chain(sort_key) {
            if !self.0.contains(attribute) {
                self.0.push(attribute.clone());
            }
        }
    }

    fn definitions(&self) -> Value {
        self.0.iter().map(|key| object! { "AttributeName" => &key.name, "AttributeType" => key.ty.name() }).collect()
    }
}

fn key_schema(partition_key: &KeyAttribute, sort_key: Option<&KeyAttribute>) -> Value {
    let element = |key: &KeyAttribute, role: &str| object! { "AttributeName" => &key.name, "KeyType" => role };
    std::iter::once(element(partition_key, "HASH")).chain(sort_key.map(|key| element(key, "RANGE"))).collect()
}

fn index_request(index: &IndexDescription) -> Value {
    let projection = match &index.projection {
        Projection::All => object! { "ProjectionType" => "ALL" },
        Projection::KeysOnly => object! { "ProjectionType" => "KEYS_ONLY" },
        Projection::Include(names) => {
            object! { "ProjectionType" => "INCLUDE", "NonKeyAttributes" => names.iter().map(Value::from).collect::<Value>() }
        }
    };
    object! {
        "IndexName" => &index.name,
        "KeySchema" => key_schema(&index.partition_key, index.sort_key.as_ref()),
        "Projection" => projection,
    }
}

/// `id: S, placedAt: N`, for comparison and for people.
fn wanted_keys(partition_key: &KeyAttribute, sort_key: Option<&KeyAttribute>) -> String {
    let parts: Vec<String> =
        std::iter::once(partition_key).chain(sort_key).map(|key| format!("{}: {}", key.name, key.ty.name())).collect();
    format!("({})", parts.join(", "))
}

/// The same of what `DescribeTable` says about a table or an index.
fn keys_of(described: &Value, definitions: &[Value]) -> String {
    let text = |value: &Value, member: &str| value.get(member).and_then(Value::as_str).unwrap_or("?").to_owned();
    let mut elements: Vec<&Value> =
        described.get("KeySchema").and_then(Value::as_list).unwrap_or_default().iter().collect();
    elements.sort_by_key(|element| text(element, "KeyType") != "HASH");
    let parts: Vec<String> = elements
        .into_iter()
        .map(|element| {
            let name = text(element, "AttributeName");
            let definition = definitions.iter().find(|definition| text(definition, "AttributeName") == name);
            format!("{name}: {}", definition.map_or("?".to_owned(), |definition| text(definition, "AttributeType")))
        })
        .collect();
    format!("({})", parts.join(", "))
}

fn could_not(what: &str, table: &TableDescription, error: &ServiceError) -> Diagnostic {
    Diagnostic::error(format!("could not {what} table `{}`: {}: {error}", table.name, error.code))
}

fn refused(code: &str, message: String) -> ServiceError {
    ServiceError { code: code.into(), message: message.into(), status: 400, ..ServiceError::default() }
}

#[cfg(all(test, feature = "local"))]
mod tests {
    use super::*;
    use crate::backend::local::LocalDynamoDb;
    use futures_util::FutureExt;

    fn key(name: &str, ty: KeyType) -> KeyAttribute {
        KeyAttribute { name: name.into(), ty }
    }

    fn orders() -> TableDescription {
        TableDescription {
            name: "shop-orders".into(),
            partition_key: key("customerId", KeyType::S),
            sort_key: Some(key("orderId", KeyType::S)),
            indexes: vec![IndexDescription {
                name: "byStatus".into(),
                partition_key: key("status", KeyType::S),
                sort_key: Some(key("placedAt", KeyType::N)),
                projection: Projection::Include(vec!["total".into()]),
            }],
            time_to_live_attribute: Some("expiresAt".into()),
        }
    }

    fn create(dynamodb: &dyn DynamoDb, tables: &[TableDescription]) -> Result<Vec<Str>, Vec<Diagnostic>> {
        create_tables(dynamodb, tables).now_or_never().unwrap()
    }

    #[test]
    fn only_missing_tables_are_created_so_that_seeds_are_loaded_once() {
        let dynamodb = LocalDynamoDb::open(None).unwrap();
        assert_eq!(create(&dynamodb, &[orders()]), Ok(vec!["shop-orders".into()]));
        assert_eq!(create(&dynamodb, &[orders()]), Ok(vec![]));
    }

    #[test]
    fn an_index_added_to_the_project_is_added_to_the_table() {
        let dynamodb = LocalDynamoDb::open(None).unwrap();
        let without = TableDescription { indexes: vec![], ..orders() };
        create(&dynamodb, &[without]).unwrap();
        assert_eq!(create(&dynamodb, &[orders()]), Ok(vec![]));
        let query = r##"{"TableName":"shop-orders","IndexName":"byStatus","KeyConditionExpression":"#s = :s",
            "ExpressionAttributeNames":{"#s":"status"},"ExpressionAttributeValues":{":s":{"S":"NEW"}}}"##;
        let answer = dynamodb.call(Operation::Query, Value::parse(query).unwrap()).now_or_never().unwrap().unwrap();
        assert_eq!(answer.get("Count"), Some(&Value::from(0)));
    }

    #[test]
    fn every_table_whose_keys_changed_is_named_with_both_keys_and_a_cure() {
        let dynamodb = LocalDynamoDb::open(None).unwrap();
        create(&dynamodb, &[orders()]).unwrap();
        let mut other_key = orders();
        other_key.sort_key = Some(key("orderId", KeyType::N));
        let mut other_index = orders();
        other_index.indexes[0].sort_key = None;
        let problems = create(&dynamodb, &[other_key, other_index]).unwrap_err();
        let texts: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(
            texts,
            [
                "table `shop-orders` exists with the key (customerId: S, orderId: S), but the project says (customerId: S, orderId: N)",
                "index `byStatus` of table `shop-orders` exists with the key (status: S, placedAt: N), but the project says (status: S)",
            ]
        );
        assert!(problems.iter().all(|problem| problem.help.is_some()));
    }

    #[test]
    fn seed_items_of_every_shape_are_written_25_at_a_time() {
        let dynamodb = LocalDynamoDb::open(None).unwrap();
        create(&dynamodb, &[orders()]).unwrap();
        let items: Vec<Value> = (0..60)
            .map(|number| {
                object! { "customerId" => "c", "orderId" => format!("{number:03}"), "total" => 9.5, "gift" => false, "note" => Value::Null,
                    "lines" => vec![object! { "sku" => "a", "count" => 2 }] }
            })
            .collect();
        seed_table(&dynamodb, "shop-orders", &items).now_or_never().unwrap().unwrap();
        assert_eq!(dynamodb.item_counts().unwrap(), [("shop-orders".into(), 60)]);
        let error = seed_table(&dynamodb, "shop-orders", &[Value::from(1)]).now_or_never().unwrap().unwrap_err();
        assert_eq!(error.message, "a seed item must be an object, not a number");
    }
}
