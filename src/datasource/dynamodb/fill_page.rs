//! `fillPage`: pages with as many items as were asked for, although a filter leaves some out. AppSync has no such thing;
//! a resolver asks for it in `syncline.yaml`.
//!
//! DynamoDB's `Limit` counts items before the filter. Here calls follow each other until `limit` items have passed, the
//! end is reached, or the calls have consumed what they may. The first call is AppSync's; how many items later ones look
//! at follows from how many passed so far. Where a call finds more than there is room for, the page ends at the last item
//! in it: its key, taken from the item itself, is where the next page goes on.

use crate::backend::batch_get::KeyedProjection;
use crate::backend::{Operation, ServiceError};
use crate::datasource::dynamodb::Call;
use crate::limits;
use crate::value::{Map, Str, Value, object};

/// What a call consumes at least, and counts where the implementation does not say.
const LEAST_UNITS: f64 = 0.5;

/// A page as DynamoDB answers it, of up to `limit` items. `most_units`: read units after which no further call is made.
///
/// # Errors
/// The first call that fails.
pub(super) async fn read(
    call: &Call<'_>,
    operation: Operation,
    mut request: Map,
    limit: usize,
    most_units: u32,
) -> Result<Value, ServiceError> {
    let most_units = f64::from(most_units);
    request.insert("ReturnConsumedCapacity".into(), "TOTAL".into());
    let (mut items, mut scanned, mut units): (Vec<Value>, i64, f64) = (Vec::new(), 0, 0.0);
    let mut projection = None;
    let mut asked = limit;
    let mut calls = 0;
    loop {
        calls += 1;
        request.insert("Limit".into(), Value::from(i64::try_from(asked).unwrap_or(i64::MAX)));
        let answer = call.send(operation, request.clone()).await?;
        let found = answer.get("Items").and_then(Value::as_list).unwrap_or_default();
        let room = limit - items.len();
        scanned += answer.get("ScannedCount").and_then(Value::as_i64).unwrap_or(0);
        units += consumed(&answer).max(LEAST_UNITS);
        let mut next = answer.get("LastEvaluatedKey").cloned();
        if let Some(last) = found.get(room.wrapping_sub(1)).filter(|_| found.len() > room) {
            // Only calls that go on from somewhere look at more than there is room for.
            let before = request.get("ExclusiveStartKey").cloned();
            next = before.as_ref().and_then(|example| key_of(last, example));
            // An item that does not tell its place: rather look at all of them again than lose one.
            if next.is_none() {
                return Ok(page(items, scanned, before));
            }
        }
        items.extend(found.iter().take(room).map(|item| stripped(item, projection.as_ref())));
        let is_done = items.len() == limit || units >= most_units || calls >= limits::FILL_PAGE_CALLS;
        let Some(key) = next.as_ref().filter(|_| !is_done) else { return Ok(page(items, scanned, next)) };
        if projection.is_none() {
            projection = with_key(&mut request, key);
        }
        request.insert("ExclusiveStartKey".into(), key.clone());
        let affordable = (most_units - units) * scanned as f64 / units;
        asked = estimate(limit - items.len(), items.len(), scanned, asked).min(affordable.max(1.0) as usize);
    }
}

/// Has a projection return the key, too; `key` is an example of one. Returns what takes it away again.
fn with_key(request: &mut Map, key: &Value) -> Option<KeyedProjection> {
    let expression = request.get("ProjectionExpression")?.as_str()?;
    let names = request.get("ExpressionAttributeNames").and_then(Value::as_object).cloned().unwrap_or_default();
    let key_names: Vec<Str> = key.as_object()?.keys().cloned().collect();
    let keyed = KeyedProjection::new(expression, &names, &key_names);
    request.insert("ProjectionExpression".into(), keyed.expression.as_str().into());
    if !keyed.names.is_empty() {
        request.insert("ExpressionAttributeNames".into(), keyed.names.clone().into());
    }
    Some(keyed)
}

fn stripped(item: &Value, projection: Option<&KeyedProjection>) -> Value {
    match (projection, item.as_object()) {
        (Some(projection), Some(members)) => projection.strip(members.clone()).into(),
        _ => item.clone(),
    }
}

/// How many items to look at so that `room` of them pass, as far as the ones before tell; at most twice as many as before.
fn estimate(room: usize, passed: usize, scanned: i64, asked: usize) -> usize {
    let most = asked.saturating_mul(2);
    match passed {
        0 => most,
        passed => ((room as f64 * scanned as f64 / passed as f64).ceil() as usize).clamp(room, most.max(room)),
    }
}

fn consumed(answer: &Value) -> f64 {
    let units = answer.get("ConsumedCapacity").and_then(|capacity| capacity.get("CapacityUnits"));
    match units {
        Some(Value::Number(number)) => number.as_f64(),
        _ => 0.0,
    }
}

/// The key of `item`, which has it, with the attributes that `example` has.
fn key_of(item: &Value, example: &Value) -> Option<Value> {
    let names = example.as_object()?.keys();
    names.map(|name| Some((name.clone(), item.get(name)?.clone()))).collect::<Option<Map>>().map(Value::from)
}

fn page(items: Vec<Value>, scanned: i64, next: Option<Value>) -> Value {
    let mut page = object! { "Items" => items, "ScannedCount" => scanned };
    if let Some(next) = next {
        page.set("LastEvaluatedKey", next);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_call_looks_at_what_the_last_ones_let_expect_but_never_at_more_than_twice_as_much() {
        for (room, passed, scanned, asked, expected) in
            [(20, 0, 20, 20, 40), (5, 15, 20, 20, 7), (19, 1, 20, 20, 40), (1, 9, 10, 10, 2), (10, 10, 10, 1, 10)]
        {
            assert_eq!(estimate(room, passed, scanned, asked), expected, "{room} of {passed} in {scanned}");
        }
    }
}
