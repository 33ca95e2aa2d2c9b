//! GetItem: one item by its key (spec appsync-js 3.1).

use crate::backend::Operation;
use crate::datasource::Outcome;
use crate::datasource::document::Element;
use crate::datasource::dynamodb::expression::Placeholders;
use crate::datasource::dynamodb::{Call, failed, typed};
use crate::error::FieldError;
use crate::project::Access;

/// The item, or null.
pub(super) async fn get_item(call: &Call<'_>, document: &Element<'_>) -> Result<Outcome, FieldError> {
    document.allow_only(&["operation", "version", "key", "consistentRead", "projection"])?;
    let mut request = call.request(Access::Read)?;
    request.insert("Key".into(), typed::attribute_map(&document.required("key")?)?.into());
    if let Some(flag) = document.member("consistentRead")
        && flag.boolean()?
    {
        request.insert("ConsistentRead".into(), true.into());
    }
    if let Some(block) = document.member("projection") {
        let mut placeholders = Placeholders::default();
        request.insert("ProjectionExpression".into(), placeholders.take_projection(&block)?.into());
        placeholders.write(&mut request);
    }
    Ok(match call.send(Operation::GetItem, request).await {
        Ok(answer) => Outcome::success(typed::plain_item(answer.get("Item"))),
        Err(error) => failed(&error),
    })
}
