//! Conditions of PutItem, UpdateItem and DeleteItem, and what AppSync does when one fails (spec appsync-js 3.14).

use crate::backend::{Operation, ServiceError};
use crate::datasource::document::Element;
use crate::datasource::dynamodb::Call;
use crate::datasource::dynamodb::expression::{Placeholders, parsed};
use crate::error::FieldError;
use crate::project::Access;
use crate::value::{Map, Str, Value};

/// What a condition says besides its expression.
pub(super) struct Condition {
    /// Attributes that do not count when PutItem compares the stored item with the one it wanted to write.
    pub equals_ignore: Vec<Str>,
    /// How the stored item is read for that comparison.
    consistent_read: bool,
    /// The Lambda function that decides when the condition is false; `None`: the strategy `Reject`.
    pub handler: Option<Str>,
}

/// Reads `condition` into the call, if there is one.
pub(super) fn read_condition(
    document: &Element<'_>,
    placeholders: &mut Placeholders,
    request: &mut Map,
) -> Result<Option<Condition>, FieldError> {
    let Some(block) = document.member("condition") else { return Ok(None) };
    let value = parsed(&block);
    let block = block.with_value(&value);
    let expression = placeholders.take(&block, &["equalsIgnore", "consistentRead", "conditionalCheckFailedHandler"])?;
    request.insert("ConditionExpression".into(), expression.into());
    let handler = match block.member("conditionalCheckFailedHandler") {
        Some(handler) => read_handler(&handler)?,
        None => None,
    };
    let equals_ignore = match block.member("equalsIgnore") {
        Some(names) => names.items()?.map(|name| name.string().cloned()).collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    let consistent_read = block.member("consistentRead").map_or(Ok(true), |flag| flag.boolean())?;
    Ok(Some(Condition { equals_ignore, consistent_read, handler }))
}

/// The function of the strategy `Custom`.
fn read_handler(handler: &Element<'_>) -> Result<Option<Str>, FieldError> {
    handler.allow_only(&["strategy", "lambdaArn"])?;
    if let Some(arn) = handler.member("lambdaArn") {
        arn.string()?;
    }
    let Some(strategy) = handler.member("strategy") else { return Ok(None) };
    match strategy.string()?.as_str() {
        "Reject" => Ok(None),
        "Custom" => Ok(Some(handler.required("lambdaArn")?.string()?.clone())),
        other => Err(strategy.refused(format_args!("'{other}' is neither 'Reject' nor 'Custom'"))),
    }
}

impl Condition {
    /// Asks DynamoDB to send the stored item along when the condition fails. AppSync reads it in a second call; this is
    /// the item that the condition was tested on, and costs nothing.
    pub fn ask_for_stored_item(request: &mut Map) {
        request.insert("ReturnValuesOnConditionCheckFailure".into(), "ALL_OLD".into());
    }

    /// The stored item after the condition failed; `None` when there is none.
    pub async fn stored_item(
        &self,
        call: &Call<'_>,
        key: &Map,
        failure: &ServiceError,
    ) -> Result<Option<Map>, ServiceError> {
        if let Some(Value::Object(item)) = failure.body.get("Item") {
            return Ok(Some(item.as_ref().clone()));
        }
        // Older emulators never send the item, so its absence proves nothing.
        let Ok(mut request) = call.request(Access::Read) else { return Ok(None) };
        request.insert("Key".into(), key.clone().into());
        request.insert("ConsistentRead".into(), self.consistent_read.into());
        let answer = call.send(Operation::GetItem, request).await?;
        Ok(answer.get("Item").and_then(Value::as_object).cloned())
    }
}
