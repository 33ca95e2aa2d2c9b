//! DynamoDB as AppSync's resolvers use it (spec appsync-js 3): request document in, plain JSON out.
//!
//! One file per operation, named as AppSync names it. Each reads its document, checks the calling domain's right on
//! every table it touches, makes the low-level call and shapes the result. What they share: `typed` converts
//! attribute values, `expression` merges expressions, `condition` and `page` hold the rules for failed conditions
//! and for pages, `fill_page` goes beyond AppSync's. `conditional` is the way of every single write, and `ask_function`
//! asks the Lambda functions that may decide about it. A versioned data source does the writes and Sync in its own way, which is `versioned`.

mod ask_function;
mod batch_delete_item;
mod batch_get_item;
mod batch_put_item;
mod batch_write;
mod condition;
mod conditional;
mod delete_item;
mod expression;
mod fill_page;
mod get_item;
mod page;
mod put_item;
mod query;
mod scan;
mod transact_get_items;
mod transact_write_items;
mod typed;
mod update_item;
mod versioned;

use futures_util::future::BoxFuture;

use crate::backend::{Operation, ServiceError};
use crate::context::DataSourceError;
use crate::datasource::document::Element;
use crate::datasource::{DataSource, Invocation, Outcome, service_failure};
use crate::error::{FieldError, nearest};
use crate::project::{Access, Versioning};
use crate::value::{Map, Str, Value};

/// A DynamoDB data source: one table. Batch and transaction operations may name others.
#[derive(Clone, Debug)]
pub struct DynamoDbSource {
    /// The table's physical name.
    table: Str,
    /// Where the table is, if not where the API runs.
    region: Option<Str>,
    versioning: Option<Versioning>,
    /// Read units that may go into a page which is filled up; `None`: pages are as DynamoDB gives them.
    fill_page: Option<u32>,
}

impl DynamoDbSource {
    pub fn new(table: impl Into<Str>) -> DynamoDbSource {
        DynamoDbSource { table: table.into(), region: None, versioning: None, fill_page: None }
    }

    /// With conflict detection and Sync, where `versioning` is there.
    pub fn versioned(mut self, versioning: Option<Versioning>) -> DynamoDbSource {
        self.versioning = versioning;
        self
    }

    /// In a region of its own, where there is one.
    pub fn in_region(mut self, region: Option<Str>) -> DynamoDbSource {
        self.region = region;
        self
    }

    /// With Query and Scan that go on until as many items as asked for have passed the filter, or this many read units
    /// are consumed.
    pub fn filling_pages(mut self, most_read_units: Option<u32>) -> DynamoDbSource {
        self.fill_page = most_read_units;
        self
    }
}

impl DataSource for DynamoDbSource {
    fn invoke<'a>(&'a self, call: Invocation<'a>) -> BoxFuture<'a, Result<Outcome, FieldError>> {
        Box::pin(async move {
            let document = Element::root(call.request);
            let operation = document.required("operation")?.string()?;
            let call = Call { table: &self.table, source: self, invocation: call };
            if let Some(versioning) = &self.versioning {
                return versioned::invoke(versioning, &call, &document, operation).await;
            }
            match operation.as_str() {
                "GetItem" => get_item::get_item(&call, &document).await,
                "PutItem" | "UpdateItem" | "DeleteItem" => conditional::write(&call, &document, operation, None).await,
                "Query" => query::query(&call, &document).await,
                "Scan" => scan::scan(&call, &document).await,
                "BatchGetItem" => batch_get_item::batch_get_item(&call, &document).await,
                "BatchPutItem" => batch_put_item::batch_put_item(&call, &document).await,
                "BatchDeleteItem" => batch_delete_item::batch_delete_item(&call, &document).await,
                "TransactGetItems" => transact_get_items::transact_get_items(&call, &document).await,
                "TransactWriteItems" => transact_write_items::transact_write_items(&call, &document).await,
                "Sync" => Err(needs_versioning("Sync")),
                unknown => Err(unknown_operation(unknown)),
            }
        })
    }

    fn may_write_elsewhere(&self) -> bool {
        false
    }
}

/// What `operation` of a request may be (spec appsync-js 3).
pub const OPERATIONS: [&str; 12] = [
    "GetItem",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "Query",
    "Scan",
    "Sync",
    "BatchGetItem",
    "BatchPutItem",
    "BatchDeleteItem",
    "TransactGetItems",
    "TransactWriteItems",
];

fn unknown_operation(operation: &str) -> FieldError {
    let hint = nearest(operation, OPERATIONS).map_or(String::new(), |name| format!(" Did you mean '{name}'?"));
    FieldError::mapping_template(format!("Unsupported operation '{operation}'.{hint}"))
}

/// Members and operations that only a versioned data source understands (spec appsync-js 3.17). Ignoring them would
/// drop a conflict check that the author relies on.
fn needs_versioning(what: &str) -> FieldError {
    FieldError::new(
        "UnsupportedOperation",
        format!("{what} needs a versioned data source: `versioned: true` in its config in syncline.yaml"),
    )
}

/// Refuses the members of a write that only a versioned data source understands.
fn refuse_versioned(document: &Element<'_>) -> Result<(), FieldError> {
    match ["_version", "customPartitionKey", "populateIndexFields"]
        .into_iter()
        .find(|key| document.member(key).is_some())
    {
        Some(key) => Err(needs_versioning(key)),
        None => Ok(()),
    }
}

/// One invocation together with the data source's table.
struct Call<'a> {
    table: &'a Str,
    source: &'a DynamoDbSource,
    invocation: Invocation<'a>,
}

impl Call<'_> {
    /// Checks the right on the data source's own table and starts a request that names it.
    fn request(&self, access: Access) -> Result<Map, FieldError> {
        self.check(self.table, access)?;
        Ok(Map::from_iter([("TableName".into(), self.table.into())]))
    }

    fn check(&self, table: &str, access: Access) -> Result<(), FieldError> {
        self.invocation.rights.check(table, access)
    }

    async fn send(&self, operation: Operation, request: Map) -> Result<Value, ServiceError> {
        let Invocation { dynamodb, rights, .. } = self.invocation;
        dynamodb.call_as(rights.role(), operation, request.into()).await
    }
}

/// `ctx.error` for a failure of the service, with no result.
fn failed(error: &ServiceError) -> Outcome {
    Outcome { result: Value::Null, error: Some(data_source_error(error)) }
}

/// Names a failure as AppSync does: after the class of the Java SDK that carries it (spec appsync-js 3.0).
fn data_source_error(error: &ServiceError) -> DataSourceError {
    // Errors without a class of their own, all validation errors among them, arrive as the base class.
    let class = match error.code.as_str() {
        "ConditionalCheckFailedException"
        | "TransactionCanceledException"
        | "ProvisionedThroughputExceededException"
        | "ResourceNotFoundException"
        | "ItemCollectionSizeLimitExceededException"
        | "TransactionConflictException"
        | "TransactionInProgressException"
        | "IdempotentParameterMismatchException"
        | "LimitExceededException"
        | "ResourceInUseException"
        | "StsException"
        | "SdkClientException" => error.code.as_str(),
        "RequestLimitExceeded" => "RequestLimitExceededException",
        "InternalServerError" => "InternalServerErrorException",
        _ => "DynamoDbException",
    };
    service_failure(error, "DynamoDb", format!("DynamoDB:{class}"))
}

/// Why a transaction was cancelled: type, message and item for each of its elements, `None` for any other error.
fn cancellation_reasons(error: &ServiceError) -> Option<Vec<(Value, Value, Option<&Value>)>> {
    let reasons = error.body.get("CancellationReasons")?.as_list()?;
    let text = |reason: &Value, member| reason.get(member).cloned().unwrap_or_else(|| "None".into());
    Some(reasons.iter().map(|reason| (text(reason, "Code"), text(reason, "Message"), reason.get("Item"))).collect())
}

#[cfg(all(test, feature = "local"))]
mod fill_page_tests;
#[cfg(all(test, feature = "local"))]
mod tests;
