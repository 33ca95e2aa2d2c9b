//! DeleteItem: removes an item by its key (spec appsync-js 3.4).

use crate::backend::Operation;
use crate::datasource::Outcome;
use crate::datasource::document::Element;
use crate::datasource::dynamodb::condition::{Condition, read_condition};
use crate::datasource::dynamodb::conditional::{Attempt, Refusal};
use crate::datasource::dynamodb::expression::Placeholders;
use crate::datasource::dynamodb::{Call, failed, refuse_versioned, typed};
use crate::error::FieldError;
use crate::project::Access;
use crate::value::Value;

/// The item as it was, or null when there was none.
pub(super) async fn delete_item(call: &Call<'_>, document: &Element<'_>) -> Result<Attempt, FieldError> {
    document.allow_only(&[
        "operation",
        "version",
        "key",
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
    let condition = read_condition(document, &mut placeholders, &mut request)?;
    placeholders.write(&mut request);
    request.insert("ReturnValues".into(), "ALL_OLD".into());
    if condition.is_some() {
        Condition::ask_for_stored_item(&mut request);
    }
    let error = match call.send(Operation::DeleteItem, request).await {
        Ok(answer) => return Ok(Attempt::Done(Outcome::success(typed::plain_item(answer.get("Attributes"))))),
        Err(error) => error,
    };
    let (Some(condition), "ConditionalCheckFailedException") = (condition, error.code.as_str()) else {
        return Ok(Attempt::Done(failed(&error)));
    };
    match condition.stored_item(call, &key, &error).await {
        // Nothing to delete is what the caller wanted, whatever the condition said.
        Ok(None) => Ok(Attempt::Done(Outcome::success(Value::Null))),
        stored => Ok(Attempt::Refused(Box::new(Refusal { condition, stored, error }))),
    }
}
