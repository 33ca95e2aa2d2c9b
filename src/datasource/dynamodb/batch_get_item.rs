//! BatchGetItem: up to 100 items of any tables by their keys (spec appsync-js 3.8).

use std::collections::HashMap;

use crate::backend::batch_get::{KeyedProjection, item_identity, key_identity};
use crate::backend::{Operation, ServiceError};
use crate::datasource::Outcome;
use crate::datasource::document::Element;
use crate::datasource::dynamodb::expression::Placeholders;
use crate::datasource::dynamodb::{Call, data_source_error, failed, typed};
use crate::error::FieldError;
use crate::project::Access;
use crate::value::{Map, Str, Value, object};

/// What is asked of one table.
struct TableKeys {
    table: Str,
    keys: Vec<Map>,
    consistent_read: bool,
    projection: Option<KeyedProjection>,
}

/// `{data: {table: [item or null]}, unprocessedKeys: {table: [key]}}`, items in the order of their keys.
pub(super) async fn batch_get_item(call: &Call<'_>, document: &Element<'_>) -> Result<Outcome, FieldError> {
    document.allow_only(&["operation", "version", "tables"])?;
    let mut tables = Vec::new();
    for (table, element) in document.required("tables")?.members()? {
        call.check(table, Access::Read)?;
        tables.push(read_table(table, &element)?);
    }
    let mut wanted: Value = tables.iter().map(|table| (table.table.clone(), table.request())).collect::<Map>().into();
    let mut found: HashMap<(Str, String), Map> = HashMap::new();
    let mut unprocessed = Map::default();
    let mut error = None;
    // AppSync asks a second time for what DynamoDB left out, then gives up.
    for attempt in 1..=2 {
        let answer =
            match call.send(Operation::BatchGetItem, Map::from_iter([("RequestItems".into(), wanted.clone())])).await {
                Ok(answer) => answer,
                Err(failure) if attempt == 1 => return Ok(failed(&failure)),
                Err(failure) => {
                    error = Some(data_source_error(&failure));
                    break;
                }
            };
        for table in &tables {
            table.collect(&answer, &mut found);
        }
        unprocessed = answer.get("UnprocessedKeys").and_then(Value::as_object).cloned().unwrap_or_default();
        if unprocessed.is_empty() {
            break;
        }
        wanted = unprocessed.clone().into();
    }
    if !unprocessed.is_empty() && error.is_none() {
        error = Some(data_source_error(&ServiceError::throttled()));
    }
    let data: Map = tables.iter().map(|table| (table.table.clone(), table.items(&found))).collect();
    let unprocessed_keys: Map = tables
        .iter()
        .map(|table| {
            let keys = unprocessed.get(&table.table).and_then(|left| left.get("Keys"));
            (table.table.clone(), typed::plain_items(keys))
        })
        .collect();
    Ok(Outcome { result: object! { "data" => data, "unprocessedKeys" => unprocessed_keys }, error })
}

fn read_table(table: &Str, element: &Element<'_>) -> Result<TableKeys, FieldError> {
    element.allow_only(&["keys", "consistentRead", "projection"])?;
    let keys: Vec<Map> =
        element.required("keys")?.items()?.map(|key| typed::attribute_map(&key)).collect::<Result<_, _>>()?;
    let consistent_read = element.member("consistentRead").map_or(Ok(false), |flag| flag.boolean())?;
    let projection = match element.member("projection") {
        Some(block) => {
            let mut placeholders = Placeholders::default();
            let expression = placeholders.take_projection(&block)?;
            Some(KeyedProjection::new(&expression, &placeholders.into_names(), &key_names(&keys)))
        }
        None => None,
    };
    Ok(TableKeys { table: table.clone(), keys, consistent_read, projection })
}

fn key_names(keys: &[Map]) -> Vec<Str> {
    keys.first().map_or(Vec::new(), |key| key.keys().cloned().collect())
}

impl TableKeys {
    fn request(&self) -> Value {
        let mut request = object! { "Keys" => self.keys.iter().map(|key| Value::from(key.clone())).collect::<Value>() };
        if self.consistent_read {
            request.set("ConsistentRead", true);
        }
        if let Some(projection) = &self.projection {
            request.set("ProjectionExpression", projection.expression.as_str());
            if !projection.names.is_empty() {
                request.set("ExpressionAttributeNames", projection.names.clone());
            }
        }
        request
    }

    fn collect(&self, answer: &Value, found: &mut HashMap<(Str, String), Map>) {
        let names = key_names(&self.keys);
        let items = answer.get("Responses").and_then(|tables| tables.get(&self.table)).and_then(Value::as_list);
        for item in items.unwrap_or_default().iter().filter_map(Value::as_object) {
            if let Some(identity) = item_identity(item, &names) {
                found.insert((self.table.clone(), identity), item.clone());
            }
        }
    }

    fn items(&self, found: &HashMap<(Str, String), Map>) -> Value {
        let item_of = |key: &Map| {
            let item = found.get(&(self.table.clone(), key_identity(key)))?;
            Some(typed::plain_map(&match &self.projection {
                Some(projection) => projection.strip(item.clone()),
                None => item.clone(),
            }))
        };
        self.keys.iter().map(|key| Value::from(item_of(key))).collect()
    }
}
