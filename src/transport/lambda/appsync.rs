//! AppSync calls us: as a Lambda data source for one field or for the same field of many parents (spec appsync-service 7.1,
//! 7.4, 7.7), as its Lambda authorizer (3.6), and with what a mapping template made of a field (7.2).

use std::sync::Arc;
use std::time::Duration;

use crate::api::{Api, FieldAnswers, FieldRequest, OperationRequest};
use crate::auth::Evidence;
use crate::context::{Context, RequestInfo};
use crate::error::FieldError;
use crate::project::Payloads;
use crate::value::{Map, Str, Value, object};

/// The field that a context asks for, as a direct resolver sends it.
pub(super) fn field_request(event: &Value) -> FieldRequest {
    let ctx = Context::from_json(event);
    let (type_name, field_name) = (ctx.info.parent_type_name.clone(), ctx.info.field_name.clone());
    FieldRequest { type_name, field_name, ctx }
}

/// Resolves what was asked for, all in one request. What could not be read keeps its place and its error.
pub(super) async fn resolve(
    api: &Api,
    requests: Vec<Result<FieldRequest, FieldError>>,
    time_left: Option<Duration>,
) -> FieldAnswers {
    let mut wanted = Vec::with_capacity(requests.len());
    let mut refused: Vec<Option<FieldError>> = Vec::with_capacity(requests.len());
    for request in requests {
        match request {
            Ok(request) => {
                wanted.push(request);
                refused.push(None);
            }
            Err(error) => refused.push(Some(error)),
        }
    }
    let FieldAnswers { values, mut report } = api.resolve_fields(wanted, time_left).await;
    report.error_count += refused.iter().flatten().count();
    let mut values = values.into_iter();
    let all = refused.into_iter().filter_map(|refused| refused.map(Err).or_else(|| values.next())).collect();
    FieldAnswers { values: all, report }
}

/// An element of a batch's answer. AppSync drops `errorInfo`, so it is not sent.
pub(super) fn element(value: Result<Value, FieldError>) -> Value {
    match value {
        Ok(data) => object! { "data" => data },
        Err(error) => {
            let mut element = object! { "data" => error.data, "errorMessage" => error.message };
            if let Some(error_type) = error.error_type {
                element.set("errorType", error_type);
            }
            element
        }
    }
}

/// The field that a mapping template's payload asks for, by the names under `payloads` in `syncline.yaml`.
///
/// # Errors
/// `UnknownPayload`: it names none.
pub(super) fn payload_request(payloads: &Payloads, event: &Value) -> Result<FieldRequest, FieldError> {
    let unknown = |message: String| FieldError::new("UnknownPayload", message);
    let named = payloads.name_members.iter().find_map(|member| event.get(member).and_then(Value::as_str));
    let Some(name) = named else {
        let members: Vec<String> = payloads.name_members.iter().map(|member| format!("`{member}`")).collect();
        return Err(unknown(format!("the payload names no field: it has no text in {}", members.join(" or "))));
    };
    let Some(field) = payloads.fields.get(name) else {
        return Err(unknown(format!("`payloads` in syncline.yaml has no field for `{name}`")));
    };
    let member = |name: &Str| event.get(name).cloned().unwrap_or_default();
    let context = object! {
        "arguments" => member(&payloads.arguments_member),
        "source" => member(&payloads.source_member),
        "identity" => member(&payloads.identity_member),
        "request" => event.get("request").cloned().unwrap_or_default(),
        "stash" => event.get("stash").cloned().unwrap_or_default(),
        "prev" => event.get("prev").cloned().unwrap_or_default(),
        "info" => info(event, field),
    };
    Ok(FieldRequest {
        type_name: field.type_name.clone(),
        field_name: field.field_name.clone(),
        ctx: Context::from_json(&context),
    })
}

/// What the payload says of the selection, with the names of the field that is meant.
fn info(event: &Value, field: &crate::project::PayloadField) -> Value {
    let mut info = event.get("info").filter(|info| info.as_object().is_some()).cloned().unwrap_or_default();
    info.set("parentTypeName", field.type_name.clone());
    info.set("fieldName", field.field_name.clone());
    info
}

/// Decides about a token for AppSync. Whatever is wrong with it or with the project, nobody is let in.
pub(super) async fn authorize(api: &Api, event: &Value, time_left: Option<Duration>) -> Value {
    let context = event.get("requestContext");
    let text = |name: &str| context.and_then(|context| context.get(name)).and_then(Value::as_str).map(Str::from);
    let token = event.get("authorizationToken").and_then(Value::as_str).map(Str::from).unwrap_or_default();
    let headers = event.get("requestHeaders").and_then(Value::as_object).into_iter().flatten();
    let headers: Map = headers.map(|(name, value)| (name.to_ascii_lowercase().into(), value.clone())).collect();
    let request = OperationRequest {
        query: text("queryString").unwrap_or_default(),
        operation_name: text("operationName"),
        variables: context.and_then(|context| context.get("variables")).cloned().unwrap_or_default(),
        request: Arc::new(RequestInfo { headers: headers.into(), domain_name: Value::Null }),
        evidence: Evidence { request_id: text("requestId"), account_id: text("accountId"), ..Evidence::default() },
        time_left,
        ..OperationRequest::default()
    };
    match api.authorize(&token, request).await {
        Ok(authorization) => {
            let mut answer = object! {
                "isAuthorized" => true,
                "resolverContext" => authorization.resolver_context,
                "deniedFields" => authorization.denied_fields.into_iter().map(Value::String).collect::<Value>(),
            };
            if let Some(seconds) = authorization.ttl_seconds {
                answer.set("ttlOverride", seconds);
            }
            answer
        }
        Err(refusal) => {
            tracing::info!(reason = %refusal.message, "not authorized");
            object! { "isAuthorized" => false }
        }
    }
}
