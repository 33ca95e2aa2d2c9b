//! What Query and Scan share: filters, pages and tokens (spec appsync-js 3.5, 3.6, 3.15).

use crate::backend::Operation;
use crate::context::DataSourceError;
use crate::datasource::Outcome;
use crate::datasource::document::Element;
use crate::datasource::dynamodb::expression::{Placeholders, parsed};
use crate::datasource::dynamodb::{Call, failed, fill_page, typed};
use crate::error::FieldError;
use crate::value::{Map, Value, object};

/// Reads the members that Query and Scan have in common, makes the call and shapes the page.
pub(super) async fn read_page(
    call: &Call<'_>,
    document: &Element<'_>,
    operation: Operation,
    mut request: Map,
    mut placeholders: Placeholders,
) -> Result<Outcome, FieldError> {
    if let Some(block) = document.member("filter") {
        let value = parsed(&block);
        request.insert("FilterExpression".into(), placeholders.take(&block.with_value(&value), &[])?.into());
    }
    if let Some(block) = document.member("projection") {
        request.insert("ProjectionExpression".into(), placeholders.take_projection(&block)?.into());
    }
    placeholders.write(&mut request);
    if let Some(index) = document.member("index") {
        request.insert("IndexName".into(), index.string()?.into());
    }
    let limit = document.member("limit").map(|limit| limit.whole_number()).transpose()?;
    request.extend(limit.map(|limit| ("Limit".into(), limit.into())));
    if let Some(flag) = document.member("consistentRead")
        && flag.boolean()?
    {
        request.insert("ConsistentRead".into(), true.into());
    }
    if let Some(select) = document.member("select") {
        request.insert("Select".into(), legal_select(&select)?);
    }
    let place = token_place(call, &request);
    if let Some(token) = document.member("nextToken") {
        let start = token.value.as_str().and_then(|token| call.invocation.token_key.open(&place, token));
        let Some(start) = start else { return Ok(invalid_token()) };
        request.insert("ExclusiveStartKey".into(), start);
    }
    // A limit that DynamoDB refuses is DynamoDB's to refuse.
    let filled = limit.and_then(|limit| usize::try_from(limit).ok()).filter(|limit| *limit > 0);
    let answer = match (call.source.fill_page, filled) {
        (Some(most_units), Some(limit)) => fill_page::read(call, operation, request, limit, most_units).await,
        _ => call.send(operation, request).await,
    };
    Ok(match answer {
        Ok(answer) => Outcome::success(page(call, &place, &answer)),
        Err(error) => failed(&error),
    })
}

fn legal_select(select: &Element<'_>) -> Result<Value, FieldError> {
    match select.string()?.as_str() {
        "ALL_ATTRIBUTES" | "ALL_PROJECTED_ATTRIBUTES" | "SPECIFIC_ATTRIBUTES" => Ok(select.value.clone()),
        other => Err(select.refused(format_args!(
            "'{other}' is none of ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES, SPECIFIC_ATTRIBUTES"
        ))),
    }
}

fn page(call: &Call<'_>, place: &str, answer: &Value) -> Value {
    let next_token = answer.get("LastEvaluatedKey").map(|key| call.invocation.token_key.seal(place, key));
    object! {
        "items" => typed::plain_items(answer.get("Items")),
        "nextToken" => next_token,
        "scannedCount" => answer.get("ScannedCount").cloned().unwrap_or_default(),
    }
}

/// A token is bound to the resolver that made it, and to the table and index that it points into.
fn token_place(call: &Call<'_>, request: &Map) -> String {
    let index = request.get("IndexName").and_then(Value::as_str).unwrap_or("");
    format!("{}\n{}\n{index}", call.invocation.coordinate, call.table)
}

pub(super) fn invalid_token() -> Outcome {
    Outcome {
        result: Value::Null,
        error: Some(DataSourceError::new(
            "DynamoDB:UserIllegalArgumentException",
            "com.amazonaws.deepdish.common.pagination.InvalidPaginationTokenException: Invalid pagination token given.",
        )),
    }
}
