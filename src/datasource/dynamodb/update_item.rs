//! UpdateItem: changes attributes of an item, creating it where missing (spec appsync-js 3.3).

use crate::backend::Operation;
use crate::datasource::Outcome;
use crate::datasource::document::Element;
use crate::datasource::dynamodb::condition::read_condition;
use crate::datasource::dynamodb::expression::Placeholders;
use crate::datasource::dynamodb::{Call, failed, refuse_versioned, typed};
use crate::error::FieldError;
use crate::project::Access;

/// The whole item after the update.
pub(super) async fn update_item(call: &Call<'_>, document: &Element<'_>) -> Result<Outcome, FieldError> {
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
    request.insert("Key".into(), typed::attribute_map(&document.required("key")?)?.into());
    let mut placeholders = Placeholders::default();
    request.insert("UpdateExpression".into(), placeholders.take(&document.required("update")?, &[])?.into());
    read_condition(document, &mut placeholders, &mut request)?;
    placeholders.write(&mut request);
    request.insert("ReturnValues".into(), "ALL_NEW".into());
    Ok(match call.send(Operation::UpdateItem, request).await {
        Ok(answer) => Outcome::success(typed::plain_item(answer.get("Attributes"))),
        Err(error) => failed(&error),
    })
}
