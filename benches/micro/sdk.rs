//! The AWS SDK as a program without Syncline uses it.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeValue, DeleteRequest, Get, KeysAndAttributes, Put, PutRequest, TransactGetItem, TransactWriteItem,
    WriteRequest,
};
use futures_util::future::BoxFuture;
use syncline::backend::Operation;
use syncline::value::Value;

pub struct BareClient(Client);

type Item = HashMap<String, AttributeValue>;

/// A call with its typed input, made before the time is taken.
pub struct PreparedCall(Box<dyn Fn() -> BoxFuture<'static, ()>>);

impl PreparedCall {
    /// Makes the call and reads the typed answer.
    pub async fn send(&self) {
        (self.0)().await;
    }
}

impl BareClient {
    pub fn new(url: &str) -> BareClient {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("local", "local", None, None, "bench"))
            .endpoint_url(url)
            .build();
        BareClient(Client::from_conf(config))
    }

    /// The call in the SDK's own types, from the JSON that travels.
    pub fn prepare(&self, operation: Operation, request: &Value) -> PreparedCall {
        let table = request.get("TableName").and_then(Value::as_str).unwrap_or_default();
        let text = |member: &str| request.get(member).and_then(Value::as_str).map(str::to_owned);
        let number = |member: &str| request.get(member).and_then(Value::as_i64).map(|number| number as i32);
        let flag = |member: &str| request.get(member).and_then(Value::as_bool);
        let names = request.get("ExpressionAttributeNames").and_then(Value::as_object).map(|names| {
            names.iter().map(|(name, path)| (name.to_string(), path.as_str().unwrap_or_default().to_owned())).collect()
        });
        let values = request.get("ExpressionAttributeValues").map(item);
        macro_rules! prepared {
            ($call:expr) => {{
                let call = $call;
                PreparedCall(Box::new(move || {
                    let call = call.clone();
                    Box::pin(async move { drop(std::hint::black_box(call.send().await.expect("the call is right"))) })
                }))
            }};
        }
        let client = &self.0;
        let key = request.get("Key").map(item);
        match operation {
            Operation::GetItem => {
                let call = client.get_item().table_name(table).set_key(key);
                prepared!(call.set_consistent_read(flag("ConsistentRead")))
            }
            Operation::PutItem => {
                prepared!(client.put_item().table_name(table).set_item(request.get("Item").map(item)))
            }
            Operation::UpdateItem => prepared!(
                client
                    .update_item()
                    .table_name(table)
                    .set_key(key)
                    .set_update_expression(text("UpdateExpression"))
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .set_return_values(text("ReturnValues").map(|name| name.as_str().into()))
            ),
            Operation::DeleteItem => prepared!(
                client
                    .delete_item()
                    .table_name(table)
                    .set_key(key)
                    .set_return_values(text("ReturnValues").map(|name| name.as_str().into()))
            ),
            Operation::Query => prepared!(
                client
                    .query()
                    .table_name(table)
                    .set_key_condition_expression(text("KeyConditionExpression"))
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .set_limit(number("Limit"))
                    .set_scan_index_forward(flag("ScanIndexForward"))
                    .set_consistent_read(flag("ConsistentRead"))
            ),
            Operation::Scan => prepared!(
                client.scan().table_name(table).set_limit(number("Limit")).set_consistent_read(flag("ConsistentRead"))
            ),
            Operation::BatchGetItem => {
                let tables = tables(request).map(|(table, content)| {
                    let keys = list(content.get("Keys")).map(item).collect();
                    (table, KeysAndAttributes::builder().set_keys(Some(keys)).build().expect("there are keys"))
                });
                prepared!(client.batch_get_item().set_request_items(Some(tables.collect())))
            }
            Operation::BatchWriteItem => {
                let tables = tables(request).map(|(table, content)| (table, list(Some(content)).map(write).collect()));
                prepared!(client.batch_write_item().set_request_items(Some(tables.collect())))
            }
            Operation::TransactGetItems => {
                let gets = list(request.get("TransactItems")).map(|entry| {
                    let get = entry.get("Get").expect("it is a get");
                    let get_builder = Get::builder().set_table_name(name(get)).set_key(get.get("Key").map(item));
                    TransactGetItem::builder().get(get_builder.build().expect("it is whole")).build()
                });
                prepared!(client.transact_get_items().set_transact_items(Some(gets.collect())))
            }
            Operation::TransactWriteItems => {
                let puts = list(request.get("TransactItems")).map(|entry| {
                    let put = entry.get("Put").expect("it is a put");
                    let put_builder = Put::builder().set_table_name(name(put)).set_item(put.get("Item").map(item));
                    TransactWriteItem::builder().put(put_builder.build().expect("it is whole")).build()
                });
                prepared!(client.transact_write_items().set_transact_items(Some(puts.collect())))
            }
            other => unreachable!("no data source makes the call {other:?}"),
        }
    }
}

fn name(entry: &Value) -> Option<String> {
    entry.get("TableName").and_then(Value::as_str).map(str::to_owned)
}

fn tables(request: &Value) -> impl Iterator<Item = (String, &Value)> {
    let tables = request.get("RequestItems").and_then(Value::as_object).expect("a batch names tables");
    tables.iter().map(|(table, content)| (table.to_string(), content))
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_list).expect("there is a list").iter()
}

fn write(entry: &Value) -> WriteRequest {
    match (entry.get("PutRequest"), entry.get("DeleteRequest")) {
        (Some(put), _) => {
            let put = PutRequest::builder().set_item(put.get("Item").map(item)).build().expect("it is whole");
            WriteRequest::builder().put_request(put).build()
        }
        (_, Some(delete)) => {
            let delete = DeleteRequest::builder().set_key(delete.get("Key").map(item)).build().expect("it is whole");
            WriteRequest::builder().delete_request(delete).build()
        }
        _ => unreachable!("a batch puts or deletes"),
    }
}

fn item(json: &Value) -> Item {
    let members = json.as_object().expect("an item is an object");
    members.iter().map(|(name, value)| (name.to_string(), attribute(value))).collect()
}

fn attribute(json: &Value) -> AttributeValue {
    let (kind, value) = json.as_object().and_then(|members| members.iter().next()).expect("a value has a type");
    let text = || value.as_str().unwrap_or_default().to_owned();
    match kind.as_str() {
        "S" => AttributeValue::S(text()),
        "N" => AttributeValue::N(text()),
        "BOOL" => AttributeValue::Bool(value.as_bool().unwrap_or_default()),
        "NULL" => AttributeValue::Null(true),
        "B" => AttributeValue::B(Blob::new(text())),
        "L" => AttributeValue::L(list(Some(value)).map(attribute).collect()),
        "M" => AttributeValue::M(item(value)),
        other => unreachable!("the items hold no {other}"),
    }
}
