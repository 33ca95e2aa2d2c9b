//! TransactGetItems: up to 100 items of any tables, as of one moment (spec appsync-js 3.11).

use crate::backend::{Operation, ServiceError};
use crate::datasource::Outcome;
use crate::datasource::document::Element;
use crate::datasource::dynamodb::expression::Placeholders;
use crate::datasource::dynamodb::{Call, cancellation_reasons, data_source_error, typed};
use crate::error::FieldError;
use crate::project::Access;
use crate::value::{Map, Value, object};

/// `{items: [item or null], cancellationReasons: null}`, or null and the reasons beside the error.
pub(super) async fn transact_get_items(call: &Call<'_>, document: &Element<'_>) -> Result<Outcome, FieldError> {
    document.allow_only(&["operation", "version", "transactItems"])?;
    let items: Value =
        document.required("transactItems")?.items()?.map(|item| read_get(call, &item)).collect::<Result<_, _>>()?;
    Ok(match call.send(Operation::TransactGetItems, Map::from_iter([("TransactItems".into(), items)])).await {
        Ok(answer) => {
            let responses = answer.get("Responses").and_then(Value::as_list).unwrap_or_default();
            let items: Value = responses.iter().map(|response| typed::plain_item(response.get("Item"))).collect();
            Outcome::success(object! { "items" => items, "cancellationReasons" => Value::Null })
        }
        Err(error) => cancelled(&error),
    })
}

fn read_get(call: &Call<'_>, element: &Element<'_>) -> Result<Value, FieldError> {
    element.allow_only(&["table", "key", "projection"])?;
    let table = element.required("table")?.string()?.clone();
    call.check(&table, Access::Read)?;
    let mut get = Map::from_iter([("TableName".into(), table.into())]);
    get.insert("Key".into(), typed::attribute_map(&element.required("key")?)?.into());
    if let Some(block) = element.member("projection") {
        let mut placeholders = Placeholders::default();
        get.insert("ProjectionExpression".into(), placeholders.take_projection(&block)?.into());
        placeholders.write(&mut get);
    }
    Ok(object! { "Get" => get })
}

fn cancelled(error: &ServiceError) -> Outcome {
    let result = cancellation_reasons(error).map(|reasons| {
        let reasons: Value =
            reasons.into_iter().map(|(kind, message, _)| object! { "type" => kind, "message" => message }).collect();
        object! { "items" => Value::Null, "cancellationReasons" => reasons }
    });
    Outcome { result: result.into(), error: Some(data_source_error(error)) }
}
