//! Sync: what changed since a client last asked (spec appsync-js 3.7).
//!
//! Without `lastSync`, or when it is older than the records of the delta table, the pages are those of a Scan of the base
//! table; else of the delta table, day by day. A page of one day may be empty and have a token.

use crate::backend::{Operation, ServiceError};
use crate::datasource::Outcome;
use crate::datasource::document::Element;
use crate::datasource::dynamodb::expression::{Placeholders, parsed};
use crate::datasource::dynamodb::versioned::{delta, refuse_custom_keys};
use crate::datasource::dynamodb::{Call, failed, page, typed};
use crate::error::FieldError;
use crate::project::{Access, Versioning};
use crate::value::{Map, Value, object};

/// Items evaluated per page where the request does not say, and at most (spec appsync-js 3.7).
const DEFAULT_LIMIT: i64 = 100;
const MOST: i64 = 1000;

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
    refuse_custom_keys(document)?;
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
    let place = format!("{}\n{}\nSync", call.invocation.coordinate, call.table);
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
    let answer = read(versioning, call, &position, request, placeholders).await;
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

fn first_position(versioning: &Versioning, now: i64, last_sync: Option<i64>) -> Position {
    let kept = i64::try_from(versioning.delta_table_ttl.as_millis()).unwrap_or(i64::MAX);
    // A moment in the future has no changes after it; the delta table is read from now.
    let from = last_sync.map(|moment| moment.min(now)).filter(|moment| *moment >= now.saturating_sub(kept));
    Position { started_at: now, from, start_key: Value::Null }
}

async fn read(
    versioning: &Versioning,
    call: &Call<'_>,
    position: &Position,
    mut request: Map,
    mut placeholders: Placeholders,
) -> Result<Value, ServiceError> {
    if !position.start_key.is_null() {
        request.insert("ExclusiveStartKey".into(), position.start_key.clone());
    }
    let Some(from) = position.from else {
        request.insert("TableName".into(), call.table.into());
        placeholders.write(&mut request);
        return call.send(Operation::Scan, request).await;
    };
    request.insert("TableName".into(), (&versioning.delta_table_name).into());
    placeholders.add_name("#syncline_pk", delta::PARTITION_KEY);
    placeholders.add_name("#syncline_sk", delta::SORT_KEY);
    placeholders.add_value(":syncline_pk", object! { "S" => delta::partition(call.table, from) });
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
            [delta::PARTITION_KEY, delta::SORT_KEY, "_ttl"].iter().for_each(|name| drop(item.shift_remove(*name)));
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
