//! TransactWriteItems: up to 100 writes and checks that happen together or not at all (spec appsync-js 3.12).

use crate::backend::{Operation, ServiceError};
use crate::datasource::Outcome;
use crate::datasource::document::Element;
use crate::datasource::dynamodb::expression::{Placeholders, parsed};
use crate::datasource::dynamodb::put_item::item_of;
use crate::datasource::dynamodb::{Call, cancellation_reasons, data_source_error, typed};
use crate::error::FieldError;
use crate::project::Access;
use crate::value::{Map, Value, object};

/// `{keys: [key], cancellationReasons: null}`, or null and the reasons beside the error.
pub(super) async fn transact_write_items(call: &Call<'_>, document: &Element<'_>) -> Result<Outcome, FieldError> {
    document.allow_only(&["operation", "version", "transactItems"])?;
    let mut keys = Vec::new();
    let mut writes = Vec::new();
    for element in document.required("transactItems")?.items()? {
        let (key, write) = read_write(call, &element)?;
        keys.push(Value::from(typed::plain_map(&key)));
        writes.push(write);
    }
    Ok(
        match call.send(Operation::TransactWriteItems, Map::from_iter([("TransactItems".into(), writes.into())])).await
        {
            Ok(_) => Outcome::success(object! { "keys" => keys, "cancellationReasons" => Value::Null }),
            Err(error) => cancelled(&error),
        },
    )
}

/// One element: its key, and DynamoDB's form of it.
fn read_write(call: &Call<'_>, element: &Element<'_>) -> Result<(Map, Value), FieldError> {
    let operation = element.required("operation")?.string()?.clone();
    let (name, access, others): (_, _, &[&str]) = match operation.as_str() {
        "PutItem" => ("Put", Access::Write, &["attributeValues"]),
        "UpdateItem" => ("Update", Access::Write, &["update"]),
        "DeleteItem" => ("Delete", Access::Write, &[]),
        "ConditionCheck" => ("ConditionCheck", Access::Read, &[]),
        other => {
            return Err(element.refused(format_args!(
                "operation '{other}' is none of PutItem, UpdateItem, DeleteItem, ConditionCheck"
            )));
        }
    };
    element.allow_only(&[&["operation", "table", "key", "condition"], others].concat())?;
    let table = element.required("table")?.string()?.clone();
    call.check(&table, access)?;
    let key = typed::attribute_map(&element.required("key")?)?;
    let mut write = Map::from_iter([("TableName".into(), table.into())]);
    let mut placeholders = Placeholders::default();
    match operation.as_str() {
        "PutItem" => {
            write.insert("Item".into(), item_of(element, &key)?.into());
        }
        "UpdateItem" => {
            write.insert("Key".into(), key.clone().into());
            write.insert("UpdateExpression".into(), placeholders.take(&element.required("update")?, &[])?.into());
        }
        _ => {
            write.insert("Key".into(), key.clone().into());
        }
    }
    if operation == "ConditionCheck" {
        element.required("condition")?;
    }
    if let Some(block) = element.member("condition") {
        let value = parsed(&block);
        read_condition(&block.with_value(&value), &mut placeholders, &mut write)?;
    }
    placeholders.write(&mut write);
    Ok((key, object! { name => write }))
}

/// A condition inside a transaction has no handler, but may keep the stored item to itself.
fn read_condition(block: &Element<'_>, placeholders: &mut Placeholders, write: &mut Map) -> Result<(), FieldError> {
    let expression = placeholders.take(block, &["returnValuesOnConditionCheckFailure"])?;
    write.insert("ConditionExpression".into(), expression.into());
    if block.member("returnValuesOnConditionCheckFailure").map_or(Ok(true), |flag| flag.boolean())? {
        write.insert("ReturnValuesOnConditionCheckFailure".into(), "ALL_OLD".into());
    }
    Ok(())
}

fn cancelled(error: &ServiceError) -> Outcome {
    let result = cancellation_reasons(error).map(|reasons| {
        let reasons: Value = reasons
            .into_iter()
            .map(|(kind, message, item)| object! { "item" => typed::plain_item(item), "type" => kind, "message" => message })
            .collect();
        object! { "keys" => Value::Null, "cancellationReasons" => reasons }
    });
    Outcome { result: result.into(), error: Some(data_source_error(error)) }
}
