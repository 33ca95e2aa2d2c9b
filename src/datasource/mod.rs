//! Data sources: where a resolver's request document goes and its result comes from.
//!
//! A data source takes what the request handler returned, reads it as strictly as AppSync does, and answers with
//! [`Outcome`]: `ctx.result` and `ctx.error` of the response handler. It never runs scripts. One file per type.

pub mod denied;
pub mod dynamodb;
mod document;
pub mod lambda;
pub mod event_bridge;
pub mod http;
pub mod none;
mod page_token;
mod rights;

use futures_util::future::BoxFuture;

use crate::backend::event_bus::EventBus;
use crate::backend::http::HttpSend;
use crate::backend::lambda::LambdaInvoke;
use crate::backend::{DynamoDb, ServiceError};
use crate::clock::Clock;
use crate::context::{Context, DataSourceError};
use crate::error::FieldError;
use crate::value::{Str, Value};

pub use page_token::TokenKey;
pub use rights::{DomainRights, TableRight};

/// One data source of a project, bound to what it needs to know of its resource (for DynamoDB: the table).
pub trait DataSource: Send + Sync {
    /// Carries out a request document.
    ///
    /// # Errors
    /// [`FieldError`] when nothing was sent: the document is malformed (`MappingTemplate`) or the calling domain may not
    /// use the table (`DomainAccess`); or when the answer itself is the field's error and there is no response handler to
    /// ask. The resolver stops there; its response handler does not run.
    fn invoke<'a>(&'a self, call: Invocation<'a>) -> BoxFuture<'a, Result<Outcome, FieldError>>;

    /// Whether a call may change tables in another way than through [`Invocation::dynamodb`] and [`Invocation::lambda`], as
    /// a web service may. What was being read meanwhile is then not handed to later readers.
    fn may_write_elsewhere(&self) -> bool {
        true
    }

    /// Whether templates of version `2017-02-28` cannot ask it anything (spec appsync-vtl 9).
    fn is_younger_than_2017(&self) -> bool {
        false
    }
}

/// One call of a data source.
#[derive(Clone, Copy)]
pub struct Invocation<'a> {
    /// What the request handler returned.
    pub request: &'a Value,
    /// Whether there is a request handler. Without, a function is asked directly.
    pub has_request: bool,
    /// Whether there is a response handler. Without, what the function says of errors is the field's.
    pub has_response: bool,
    /// The request's way to DynamoDB: its loader.
    pub dynamodb: &'a dyn DynamoDb,
    /// The request's way to functions: its loader too.
    pub lambda: &'a dyn LambdaInvoke,
    pub http: &'a dyn HttpSend,
    pub event_bus: &'a dyn EventBus,
    /// Who asks for what: arguments, identity, field.
    pub ctx: &'a Context,
    /// The name of the field's type, without lists and non-nulls.
    pub output_type: &'a str,
    /// What the domain of the calling resolver may do.
    pub rights: &'a DomainRights,
    /// The resolver or pipeline step, for example `Query.users` or `Mutation.placeOrder#2`: a `nextToken` works only
    /// where it was made.
    pub coordinate: &'a str,
    pub token_key: &'a TokenKey,
    pub clock: &'a Clock,
    /// Whether the handlers see the stored item as the result beside the error of a condition that failed. Templates do
    /// (spec appsync-vtl 9), scripts do not (spec appsync-js 3.14).
    pub shows_stored_item: bool,
}

/// What the response handler gets to see. Both may be set: a cancelled transaction has reasons beside its error.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// `ctx.result`.
    pub result: Value,
    /// `ctx.error`.
    pub error: Option<DataSourceError>,
}

impl Outcome {
    pub fn success(result: impl Into<Value>) -> Outcome {
        Outcome { result: result.into(), error: None }
    }
}

/// How AppSync shows what a service refused, and what failed before it was asked (spec appsync-js 3.0). `service`: its name
/// in the Java SDK.
fn service_failure(error: &ServiceError, service: &str, error_type: impl Into<Str>) -> DataSourceError {
    let ServiceError { message, cause, status, request_id, .. } = error;
    let message = match status {
        0 => message.clone(),
        status => format!("{message} (Service: {service}, Status Code: {status}, Request ID: {request_id})").into(),
    };
    DataSourceError { cause: cause.clone(), ..DataSourceError::new(error_type, message) }
}

#[cfg(test)]
mod stand_ins;
