//! The Lambda function: one handler for the events that can reach it (spec appsync-service 7.7). HTTP events go
//! through the same router as `syncline dev`, so that the two cannot drift apart.

use std::sync::Arc;

use lambda_http::RequestExt;
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_runtime::tower::{Service, ServiceBuilder};
use lambda_runtime::{LambdaEvent, service_fn};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::api::Api;
use crate::context::Context;
use crate::error::FieldError;
use crate::transport::http::Server;
use crate::value::Value;

pub type Error = lambda_runtime::Error;

/// What an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// API Gateway v1 or v2, Function URL, ALB.
    Http,
    /// AppSync asks for one field.
    Resolver,
    Unknown,
}

/// Answers events until Lambda stops the process.
///
/// # Errors
/// What the Lambda runtime API fails with.
pub async fn run(api: Arc<Api>, server: Arc<Server>) -> Result<(), Error> {
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let (api, server) = (api.clone(), server.clone());
        async move { handle(&api, &server, event.payload.get(), event.context).await }
    }))
    .await
}

/// Handles one event in process, as `syncline invoke` does.
///
/// # Errors
/// An event of no known shape, or a resolver's error in the form that AppSync reads.
pub async fn invoke(api: &Api, server: &Arc<Server>, event: &str) -> Result<Value, Error> {
    handle(api, server, event, lambda_runtime::Context::default()).await
}

async fn handle(
    api: &Api,
    server: &Arc<Server>,
    event: &str,
    context: lambda_runtime::Context,
) -> Result<Value, Error> {
    match kind_of(event) {
        Event::Http => {
            let request: LambdaRequest = serde_json::from_str(event)?;
            let service = ServiceBuilder::new().map_request(to_axum).service(server.router());
            let response = lambda_http::Adapter::from(service).call(LambdaEvent::new(request, context)).await?;
            Ok(serde_json::from_str(&serde_json::to_string(&response)?)?)
        }
        Event::Resolver => resolve(api, &serde_json::from_str(event)?).await,
        Event::Unknown => Err(UNKNOWN_EVENT.into()),
    }
}

const UNKNOWN_EVENT: &str =
    "this event is neither an HTTP event (API Gateway, Function URL, ALB) nor an AppSync direct resolver event";

/// Looks only at the names of the top-level members.
fn kind_of(event: &str) -> Event {
    let Ok(members) = serde_json::from_str::<std::collections::HashMap<&str, IgnoredAny>>(event) else {
        return Event::Unknown;
    };
    if members.contains_key("requestContext") {
        Event::Http
    } else if members.contains_key("info") && members.contains_key("arguments") {
        Event::Resolver
    } else {
        Event::Unknown
    }
}

fn to_axum(mut request: lambda_http::Request) -> axum::http::Request<axum::body::Body> {
    *request.uri_mut() = without_stage(&request).unwrap_or_else(|| request.uri().clone());
    let (parts, body) = request.into_parts();
    axum::http::Request::from_parts(parts, axum::body::Body::from(body.to_vec()))
}

/// The address without API Gateway's stage, which `lambda_http` puts in front of every path; `None` where there is none.
fn without_stage(request: &lambda_http::Request) -> Option<axum::http::Uri> {
    let stage = match request.request_context_ref()? {
        RequestContext::ApiGatewayV1(context) => context.stage.as_deref()?,
        RequestContext::ApiGatewayV2(context) => context.stage.as_deref()?,
        _ => return None,
    };
    let path = request.uri().path_and_query()?.as_str().strip_prefix('/')?.strip_prefix(stage)?;
    if path.starts_with('/') { path.parse().ok() } else { None }
}

/// A direct resolver event (spec appsync-service 7.1): our resolver for `info.parentTypeName.fieldName` on our tables.
async fn resolve(api: &Api, event: &Value) -> Result<Value, Error> {
    let context = Context::from_json(event);
    let (type_name, field_name) = (context.info.parent_type_name.clone(), context.info.field_name.clone());
    api.resolve_field(&type_name, &field_name, context).await.map_err(|error| Error::from(ResolverError(error)))
}

/// A resolver's error as Lambda's `{errorType, errorMessage}`, which AppSync shows to its client.
#[derive(Debug)]
pub struct ResolverError(pub FieldError);

impl std::fmt::Display for ResolverError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for ResolverError {}

impl From<ResolverError> for lambda_runtime::Diagnostic {
    fn from(error: ResolverError) -> lambda_runtime::Diagnostic {
        lambda_runtime::Diagnostic {
            error_type: error.0.error_type.as_deref().unwrap_or("Error").to_owned(),
            error_message: error.0.message.to_string(),
        }
    }
}
