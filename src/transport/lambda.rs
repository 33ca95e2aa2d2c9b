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
use crate::auth::Evidence;
use crate::context::{Context, iam_members};
use crate::error::FieldError;
use crate::transport::http::Server;
use crate::value::{Str, Value};

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
    let evidence = request.request_context_ref().map(evidence).unwrap_or_default();
    request.extensions_mut().insert(evidence);
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

/// What AWS in front of the function knows about the caller.
fn evidence(context: &RequestContext) -> Evidence {
    let text = |text: &Option<String>| text.as_deref().filter(|text| !text.is_empty()).map(Str::from);
    match context {
        RequestContext::ApiGatewayV1(context) => {
            let identity = &context.identity;
            let is_verified = identity.user_arn.as_ref().is_some_and(|arn| !arn.is_empty());
            let members = iam_members(|name| match name {
                "accountId" => text(&identity.account_id),
                "cognitoIdentityPoolId" => text(&identity.cognito_identity_pool_id),
                "cognitoIdentityId" => text(&identity.cognito_identity_id),
                "username" => text(&identity.user).or_else(|| text(&identity.caller)),
                "userArn" => text(&identity.user_arn),
                "cognitoIdentityAuthType" => text(&identity.cognito_authentication_type),
                _ => text(&identity.cognito_authentication_provider),
            });
            Evidence {
                peer: text(&identity.source_ip),
                verified_caller: is_verified.then_some(members),
                account_id: text(&context.account_id),
                ..Evidence::default()
            }
        }
        RequestContext::ApiGatewayV2(context) => {
            let iam = context.authorizer.as_ref().and_then(|authorizer| authorizer.iam.as_ref());
            let iam = iam.filter(|iam| iam.user_arn.as_ref().is_some_and(|arn| !arn.is_empty()));
            Evidence {
                peer: text(&context.http.source_ip),
                verified_caller: iam.map(|iam| {
                    let cognito = iam.cognito_identity.as_ref();
                    // `amr`: how the user signed in to Cognito, then by whom.
                    let amr = cognito.map(|cognito| cognito.amr.as_slice()).unwrap_or_default();
                    let is_type = |text: &str| matches!(text, "authenticated" | "unauthenticated");
                    iam_members(|name| match name {
                        "accountId" => text(&iam.account_id),
                        "cognitoIdentityPoolId" => cognito.and_then(|cognito| text(&cognito.identity_pool_id)),
                        "cognitoIdentityId" => cognito.and_then(|cognito| text(&cognito.identity_id)),
                        "username" => text(&iam.user_id).or_else(|| text(&iam.caller_id)),
                        "userArn" => text(&iam.user_arn),
                        "cognitoIdentityAuthType" => amr.iter().find(|text| is_type(text)).map(Str::from),
                        _ => {
                            let providers = amr.iter().filter(|text| !is_type(text));
                            let quoted: Vec<String> = providers.map(|text| format!("\"{text}\"")).collect();
                            (!quoted.is_empty()).then(|| quoted.join(",").into())
                        }
                    })
                }),
                account_id: text(&context.account_id),
                ..Evidence::default()
            }
        }
        _ => Evidence::default(),
    }
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
