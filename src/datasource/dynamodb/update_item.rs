//! UpdateItem: changes attributes of an item, creating it where missing (spec appsync-js 3.3).

use crate::backend::Operation;
use crate::datasource::Outcome;
use crate::datasource::document::Element;
use crate::datasource::dynamodb::condition::{Condition, read_condition};
use crate::datasource::dynamodb::conditional::{Attempt, Refusal};
use crate::datasource::dynamodb::expression::Placeholders;
use crate::datasource::dynamodb::{Call, failed, refuse_versioned, typed};
use crate::error::FieldError;
use crate::project::Access;

/// The whole item after the update.
pub(super) async fn update_item(call: &Call<'_>, document: &Element<'_>) -> Result<Attempt, FieldError> {
    document.allow_only(&[
        "operation",
        "version",
        "key",
        "update",
        "condition",
        "_version",
        "customPartitionKey",
        "populateIndexFields",
    ])?;
    refuse_versioned(document)?;
    let mut request = call.request(Access::Write)?;
    let key = typed::attribute_map(&document.required("key")?)?;
    request.insert("Key".into(), key.clone().into());
    let mut placeholders = Placeholders::default();
    request.insert("UpdateExpression".into(), placeholders.take(&document.required("update")?, &[])?.into());
    let condition = read_condition(document, &mut placeholders, &mut request)?;
    placeholders.write(&mut request);
    request.insert("ReturnValues".into(), "ALL_NEW".into());
    // An update is compared with nothing: only handlers may want to see the stored item.
    let shown = condition.filter(|condition| condition.handler.is_some() || call.invocation.shows_stored_item);
    if shown.is_some() {
        Condition::ask_for_stored_item(&mut request);
    }
    let error = match call.send(Operation::UpdateItem, request).await {
        Ok(answer) => return Ok(Attempt::Done(Outcome::success(typed::plain_item(answer.get("Attributes"))))),
        Err(error) => error,
    };
    match (shown, error.code.as_str()) {
        (Some(condition), "ConditionalCheckFailedException") => {
            let stored = condition.stored_item(call, &key, &error).await;
            Ok(Attempt::Refused(Box::new(Refusal { condition, stored, error })))
        }
        _ => Ok(Attempt::Done(failed(&error))),
    }
}
