//! Sync: what changed since a client last asked (spec appsync-js 3.7).
//!
//! Without `lastSync`, or when it is older than the records of the delta table, the pages are those of a Scan of the base
//! table; else of the delta table, day by day. A page of one day may be empty and have a token.

use crate::backend::{Operation, ServiceError};
use crate::datasource::Outcome;
use crate::datasource::document::Element;
use crate::datasource::dynamodb::expression::{Placeholders, parsed};
use crate::datasource::dynamodb::versioned::delta;
use crate::datasource::dynamodb::{Call, failed, page, typed};
use crate::error::FieldError;
use crate::project::{Access, Versioning};
use crate::value::{Map, Str, Value, object};

/// Items evaluated per page where the request does not say, and at most (spec appsync-js 3.7).
const DEFAULT_LIMIT: i64 = 100;
const MOST: i64 = 1000;

/// What of the tables is read.
struct Scope {
    /// `basePartitionKey`: the value of the base table's partition key, whose items are read alone; typed.
    partition: Option<(Str, Value)>,
    /// `deltaIndexName`: the index over a delta table whose records have keys of their own.
    index: Option<Str>,
}

/// Where a sync stands; its JSON form is inside of `nextToken`.
struct Position {
    /// When the first page was asked for.
    started_at: i64,
    /// The moment from which the delta table is read on; `None` reads the base table.
    from: Option<i64>,
    /// DynamoDB's key to go on after.
    start_key: Value,
}

/// `{items, nextToken, scannedCount, startedAt}`.
pub(super) async fn sync(
    versioning: &Versioning,
    call: &Call<'_>,
    document: &Element<'_>,
) -> Result<Outcome, FieldError> {
    document.allow_only(&[
        "operation",
        "version",
        "basePartitionKey",
        "deltaIndexName",
        "limit",
        "nextToken",
        "lastSync",
        "filter",
    ])?;
    let scope = read_scope(versioning, document)?;
    call.check(call.table, Access::Read)?;
    let mut request = Map::default();
    let mut placeholders = Placeholders::default();
    if let Some(block) = document.member("filter") {
        let value = parsed(&block);
        request.insert("FilterExpression".into(), placeholders.take(&block.with_value(&value), &[])?.into());
    }
    let limit = document.member("limit").map_or(Ok(DEFAULT_LIMIT), |limit| limit.whole_number())?;
    request.insert("Limit".into(), limit.min(MOST).into());
    let last_sync = document.member("lastSync").map(|moment| moment.whole_number()).transpose()?;
    let place = scope.place(call);
    let position = match document.member("nextToken") {
        None => first_position(versioning, call.invocation.clock.now_epoch_milliseconds(), last_sync),
        Some(token) => {
            let opened = token.value.as_str().and_then(|token| call.invocation.token_key.open(&place, token));
            let Some(position) = opened.as_ref().and_then(Position::from_json) else {
                return Ok(page::invalid_token());
            };
            position
        }
    };
    let answer = read(versioning, call, &scope, &position, request, placeholders).await;
    Ok(match answer {
        Ok(answer) => {
            let next = position.next(answer.get("LastEvaluatedKey"));
            Outcome::success(object! {
                "items" => items(&answer, position.from.is_some()),
                "nextToken" => next.map(|next| call.invocation.token_key.seal(&place, &next.to_json())),
                "scannedCount" => answer.get("ScannedCount").cloned().unwrap_or_default(),
                "startedAt" => position.started_at,
            })
        }
        Err(error) => failed(&error),
    })
}

fn read_scope(versioning: &Versioning, document: &Element<'_>) -> Result<Scope, FieldError> {
    let index = document.member("deltaIndexName").map(|name| name.string().cloned()).transpose()?;
    let Some(value) = document.member("basePartitionKey") else { return Ok(Scope { partition: None, index }) };
    let Some(key) = &versioning.partition_key else {
        let message =
            "basePartitionKey needs to know the table's keys: describe the table under `tables` in syncline.yaml";
        return Err(FieldError::new("UnsupportedOperation", message));
    };
    let text = match value.value {
        Value::Number(number) => number.to_string().into(),
        _ => value.string()?.clone(),
    };
    Ok(Scope { partition: Some((key.name.clone(), object! { key.ty.name() => text })), index })
}

impl Scope {
    /// A token is bound to what it goes on reading.
    fn place(&self, call: &Call<'_>) -> String {
        let place = format!("{}\n{}\nSync", call.invocation.coordinate, call.table);
        if self.partition.is_none() && self.index.is_none() {
            return place;
        }
        let partition = self.partition.as_ref().map_or(Str::default(), |(_, value)| delta::text(value));
        format!("{place}\n{}\n{partition}", self.index.as_deref().unwrap_or(""))
    }
}

fn first_position(versioning: &Versioning, now: i64, last_sync: Option<i64>) -> Position {
    let kept = i64::try_from(versioning.delta_table_ttl.as_millis()).unwrap_or(i64::MAX);
    // A moment in the future has no changes after it; the delta table is read from now.
    let from = last_sync.map(|moment| moment.min(now)).filter(|moment| *moment >= now.saturating_sub(kept));
    Position { started_at: now, from, start_key: Value::Null }
}

async fn read(
    versioning: &Versioning,
    call: &Call<'_>,
    scope: &Scope,
    position: &Position,
    mut request: Map,
    mut placeholders: Placeholders,
) -> Result<Value, ServiceError> {
    if !position.start_key.is_null() {
        request.insert("ExclusiveStartKey".into(), position.start_key.clone());
    }
    let Some(from) = position.from else {
        request.insert("TableName".into(), call.table.into());
        let Some((name, value)) = &scope.partition else {
            placeholders.write(&mut request);
            return call.send(Operation::Scan, request).await;
        };
        placeholders.add_name("#syncline_pk", name);
        placeholders.add_value(":syncline_pk", value.clone());
        request.insert("KeyConditionExpression".into(), "#syncline_pk = :syncline_pk".into());
        placeholders.write(&mut request);
        return call.send(Operation::Query, request).await;
    };
    request.insert("TableName".into(), (&versioning.delta_table_name).into());
    let mut partition = delta::partition(call.table, from);
    let (partition_key, sort_key) = match (&scope.partition, &scope.index) {
        // The records of one partition have keys that begin with its value; no index is needed to find them.
        (Some((_, value)), _) => {
            partition.push(':');
            partition.push_str(&delta::text(value));
            (delta::PARTITION_KEY, delta::SORT_KEY)
        }
        (None, Some(index)) => {
            request.insert("IndexName".into(), index.into());
            (delta::INDEX_PARTITION_KEY, delta::INDEX_SORT_KEY)
        }
        (None, None) => (delta::PARTITION_KEY, delta::SORT_KEY),
    };
    placeholders.add_name("#syncline_pk", partition_key);
    placeholders.add_name("#syncline_sk", sort_key);
    placeholders.add_value(":syncline_pk", object! { "S" => partition });
    placeholders.add_value(":syncline_sk", object! { "S" => delta::time(from) });
    let condition = "#syncline_pk = :syncline_pk AND #syncline_sk >= :syncline_sk";
    request.insert("KeyConditionExpression".into(), condition.into());
    placeholders.write(&mut request);
    call.send(Operation::Query, request).await
}

/// The items without what belongs to the delta table.
fn items(answer: &Value, is_delta: bool) -> Value {
    let strip = |item: &Value| {
        let mut item = item.as_object().cloned().unwrap_or_default();
        if is_delta {
            let own =
                [delta::PARTITION_KEY, delta::SORT_KEY, delta::INDEX_PARTITION_KEY, delta::INDEX_SORT_KEY, "_ttl"];
            own.iter().for_each(|name| drop(item.shift_remove(*name)));
        }
        Value::from(typed::plain_map(&item))
    };
    answer.get("Items").and_then(Value::as_list).unwrap_or_default().iter().map(strip).collect()
}

impl Position {
    /// Where the page after this one begins; `None` after the last.
    fn next(&self, last_evaluated_key: Option<&Value>) -> Option<Position> {
        if let Some(key) = last_evaluated_key {
            return Some(Position { start_key: key.clone(), ..*self });
        }
        let midnight = self.from?.div_euclid(delta::DAY).saturating_add(1).saturating_mul(delta::DAY);
        (midnight <= self.started_at).then_some(Position { from: Some(midnight), start_key: Value::Null, ..*self })
    }

    fn to_json(&self) -> Value {
        object! { "startedAt" => self.started_at, "from" => self.from, "key" => self.start_key.clone() }
    }

    fn from_json(json: &Value) -> Option<Position> {
        Some(Position {
            started_at: json.get("startedAt")?.as_i64()?,
            from: json.get("from").and_then(Value::as_i64),
            start_key: json.get("key").cloned().unwrap_or_default(),
        })
    }
}
