//! PutItem: writes an item (spec appsync-js 3.2).

use crate::backend::Operation;
use crate::datasource::Outcome;
use crate::datasource::document::Element;
use crate::datasource::dynamodb::condition::{Condition, read_condition};
use crate::datasource::dynamodb::conditional::{Attempt, Refusal};
use crate::datasource::dynamodb::expression::Placeholders;
use crate::datasource::dynamodb::{Call, failed, refuse_versioned, typed};
use crate::error::FieldError;
use crate::project::Access;
use crate::value::Map;

/// The item as written.
pub(super) async fn put_item(call: &Call<'_>, document: &Element<'_>) -> Result<Attempt, FieldError> {
    document.allow_only(&[
        "operation",
        "version",
        "key",
        "attributeValues",
        "condition",
        "_version",
        "customPartitionKey",
        "populateIndexFields",
    ])?;
    refuse_versioned(document)?;
    let mut request = call.request(Access::Write)?;
    let key = typed::attribute_map(&document.required("key")?)?;
    let item = item_of(document, &key)?;
    request.insert("Item".into(), item.clone().into());
    let mut placeholders = Placeholders::default();
    let condition = read_condition(document, &mut placeholders, &mut request)?;
    placeholders.write(&mut request);
    if condition.is_some() {
        Condition::ask_for_stored_item(&mut request);
    }
    let error = match call.send(Operation::PutItem, request).await {
        Ok(_) => return Ok(Attempt::Done(Outcome::success(typed::plain_map(&item)))),
        Err(error) => error,
    };
    let (Some(condition), "ConditionalCheckFailedException") = (condition, error.code.as_str()) else {
        return Ok(Attempt::Done(failed(&error)));
    };
    let stored = condition.stored_item(call, &key, &error).await;
    // A repeated write whose condition fails because the first one succeeded is a success.
    if let Ok(Some(stored)) = &stored
        && typed::is_same_map(&item, stored, &condition.equals_ignore)
    {
        return Ok(Attempt::Done(Outcome::success(typed::plain_map(stored))));
    }
    Ok(Attempt::Refused(Box::new(Refusal { condition, stored, error })))
}

/// Key and attributes together; the key wins where both name an attribute.
pub(super) fn item_of(document: &Element<'_>, key: &Map) -> Result<Map, FieldError> {
    let mut item = key.clone();
    if let Some(attributes) = document.member("attributeValues") {
        for (name, value) in typed::attribute_map(&attributes)? {
            item.entry(name).or_insert(value);
        }
    }
    Ok(item)
}
