//! The outside world. Everything that leaves the process goes through a trait in this folder; tests, the laptop, the
//! container and the Lambda each fill them differently.

pub mod aws;
pub(crate) mod batch_get;
pub mod event_bus;
pub mod faults;
pub mod files;
pub mod http;
pub mod lambda;
#[cfg(feature = "local")]
pub mod local;
pub mod tables;

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::backend::event_bus::{EventBus, PutEvents};
use crate::backend::http::{HttpFailure, HttpFailureKind, HttpRequest, HttpResponse, HttpSend};
use crate::backend::lambda::{LambdaAnswer, LambdaInvocation, LambdaInvoke};
use crate::value::{Str, Value};

/// A DynamoDB API call by the name that AWS gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    GetItem,
    PutItem,
    UpdateItem,
    DeleteItem,
    Query,
    Scan,
    BatchGetItem,
    BatchWriteItem,
    TransactGetItems,
    TransactWriteItems,
    CreateTable,
    UpdateTable,
    DescribeTable,
    UpdateTimeToLive,
}

impl Operation {
    pub fn name(self) -> &'static str {
        match self {
            Operation::GetItem => "GetItem",
            Operation::PutItem => "PutItem",
            Operation::UpdateItem => "UpdateItem",
            Operation::DeleteItem => "DeleteItem",
            Operation::Query => "Query",
            Operation::Scan => "Scan",
            Operation::BatchGetItem => "BatchGetItem",
            Operation::BatchWriteItem => "BatchWriteItem",
            Operation::TransactGetItems => "TransactGetItems",
            Operation::TransactWriteItems => "TransactWriteItems",
            Operation::CreateTable => "CreateTable",
            Operation::UpdateTable => "UpdateTable",
            Operation::DescribeTable => "DescribeTable",
            Operation::UpdateTimeToLive => "UpdateTimeToLive",
        }
    }
}

/// DynamoDB, in its own low-level JSON: `request` and the answer are the bodies that the AWS API documents
/// (`{"TableName": …, "Key": {"id": {"S": "1"}}}`), so that numbers and sets arrive as AWS has them.
pub trait DynamoDb: Send + Sync {
    /// # Errors
    /// [`ServiceError`]: what DynamoDB answered, or why it could not be reached.
    fn call(&self, operation: Operation, request: Value) -> BoxFuture<'_, Result<Value, ServiceError>>;

    /// As [`DynamoDb::call`], with the rights of a role instead of the process's own. `role` is an ARN. Where there are no
    /// roles, as in the embedded engine, all calls have the same rights: that is what this does unless it is implemented.
    ///
    /// # Errors
    /// As [`DynamoDb::call`]; `StsException` when the role could not be assumed.
    fn call_as<'a>(
        &'a self,
        role: Option<&'a str>,
        operation: Operation,
        request: Value,
    ) -> BoxFuture<'a, Result<Value, ServiceError>> {
        let _ = role;
        self.call(operation, request)
    }
}

/// An error answer of an AWS service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceError {
    /// Exception name without namespace, for example `ConditionalCheckFailedException`, `ValidationException`.
    pub code: Str,
    /// What handlers, and so clients, may hear.
    pub message: Str,
    /// What led to it, in words for the operator alone: addresses, and errors of the system. Empty where nothing is known,
    /// and where the service has answered.
    pub cause: Str,
    /// HTTP status; 0 when no answer came.
    pub status: u16,
    pub request_id: Str,
    /// The whole error body: `Item`, `CancellationReasons`, where the service sends them.
    pub body: Value,
}

impl ServiceError {
    /// With what led to it.
    pub(crate) fn because(self, cause: impl Into<Str>) -> ServiceError {
        ServiceError { cause: cause.into(), ..self }
    }

    /// What DynamoDB would say of the rest of a batch that it leaves undone again and again (spec appsync-js 3.8).
    pub(crate) fn throttled() -> ServiceError {
        ServiceError {
            code: Str::new_static("ProvisionedThroughputExceededException"),
            message: Str::new_static(
                "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.",
            ),
            status: 400,
            request_id: Str::new_static("null"),
            ..ServiceError::default()
        }
    }
}

/// All that is known, for the operator.
impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if self.cause.is_empty() { Ok(()) } else { write!(f, ": {}", self.cause) }
    }
}

/// Every outside effect that an [`Api`](crate::api::Api) may have.
#[derive(Clone)]
pub struct Backends {
    pub dynamodb: Arc<dyn DynamoDb>,
    pub lambda: Arc<dyn LambdaInvoke>,
    pub http: Arc<dyn HttpSend>,
    pub event_bus: Arc<dyn EventBus>,
}

impl Backends {
    /// DynamoDB alone. Functions, HTTP calls and events fail until the fields are given something that can make them.
    pub fn new(dynamodb: Arc<dyn DynamoDb>) -> Backends {
        let (lambda, http, event_bus) = (Arc::new(Unavailable), Arc::new(Unavailable), Arc::new(Unavailable));
        Backends { dynamodb, lambda, http, event_bus }
    }
}

/// The way to a service that this process was not given. Every call fails.
#[derive(Clone, Copy, Debug)]
pub struct Unavailable;

impl Unavailable {
    fn message(what: &str) -> Str {
        format!("this process was given no way to make {what}").into()
    }

    fn error<T>(what: &str) -> BoxFuture<'static, Result<T, ServiceError>> {
        let message = Unavailable::message(what);
        let error = ServiceError { code: "SdkClientException".into(), message, ..ServiceError::default() };
        Box::pin(async { Err(error) })
    }
}

impl LambdaInvoke for Unavailable {
    fn invoke(&self, _: LambdaInvocation) -> BoxFuture<'_, Result<LambdaAnswer, ServiceError>> {
        Unavailable::error("calls of Lambda functions")
    }
}

impl HttpSend for Unavailable {
    fn send(&self, _: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, HttpFailure>> {
        Box::pin(async { Err(HttpFailure::new(HttpFailureKind::Unreachable, Unavailable::message("HTTP calls"))) })
    }
}

impl EventBus for Unavailable {
    fn put_events(&self, _: PutEvents) -> BoxFuture<'_, Result<Value, ServiceError>> {
        Unavailable::error("calls of EventBridge")
    }
}
