//! An HTTP request, read as an operation (spec appsync-service 2.1; GraphQL over HTTP where AppSync says nothing).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};

use crate::api::{DocumentName, OperationRequest, Refusal};
use crate::auth::{Evidence, SignedParts};
use crate::context::RequestInfo;
use crate::limits::{self, Limits};
use crate::value::{Map, Str, Value};

/// What stands in front of this process says of a request: API Gateway, for one. No client can put anything there.
#[derive(Clone, Debug, Default)]
pub struct Front {
    pub evidence: Evidence,
    /// `ctx.request.domainName`.
    pub domain_name: Option<Str>,
    /// Until the process will be ended.
    pub time_left: Option<Duration>,
}

const NOT_GRAPHQL: &str = "Unable to parse GraphQL query.";

/// Reads the operation; a body that does not come to its end in time is given up.
pub(super) async fn read_operation(
    mut parts: Parts,
    body: Body,
    limits: &Limits,
    request_id: &Str,
) -> Result<OperationRequest, Refusal> {
    let mut bytes = Bytes::new();
    let fields = match parts.method {
        Method::POST => {
            check_content_type(&parts.headers)?;
            bytes = read_body(body, limits.request_body_bytes).await?;
            body_fields(&bytes)?
        }
        Method::GET => query_fields(parts.uri.query().unwrap_or(""))?,
        _ => return Err(Refusal::new(405, "MethodNotAllowedException", "Use POST, or GET for queries.")),
    };
    let front = parts.extensions.remove::<Front>().unwrap_or_default();
    let domain_name = front.domain_name.map_or(Value::Null, Value::String);
    Ok(OperationRequest {
        is_read_only: parts.method == Method::GET,
        request: Arc::new(RequestInfo { domain_name, ..request_info(&parts.headers) }),
        evidence: evidence(front.evidence, &parts, bytes, request_id),
        time_left: front.time_left,
        ..fields
    })
}

/// What the request brings to sign in with, besides what is known of it already.
fn evidence(mut evidence: Evidence, parts: &Parts, body: Bytes, request_id: &Str) -> Evidence {
    if let Some(ConnectInfo(address)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() {
        evidence.peer.get_or_insert_with(|| address.ip().to_canonical().to_string().into());
    }
    if parts.headers.contains_key(header::AUTHORIZATION) {
        evidence.signed = Some(SignedParts {
            method: parts.method.as_str().into(),
            path: parts.uri.path().into(),
            query: parts.uri.query().unwrap_or("").into(),
            body,
        });
    }
    evidence.request_id = Some(request_id.clone());
    evidence
}

async fn read_body(body: Body, most_bytes: usize) -> Result<Bytes, Refusal> {
    match tokio::time::timeout(limits::REQUEST_BODY_TIMEOUT, to_bytes(body, most_bytes)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(error)) if is_too_large(&error) => {
            Err(Refusal::new(413, "RequestEntityTooLargeException", "The request body is too large."))
        }
        Ok(Err(_)) => Err(Refusal::new(400, "MalformedHttpRequestException", "The request body ended too early.")),
        Err(_) => Err(Refusal::new(408, "RequestTimeoutException", "The request body did not arrive in time.")),
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<http_body_util::LengthLimitError>())
}

/// JSON under either of AppSync's two names. Forms and plain text are what a foreign page can send unasked.
fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(content_type) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let media_type = content_type.to_str().unwrap_or("").split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if matches!(media_type.as_str(), "application/json" | "application/graphql" | "application/graphql+json") {
        return Ok(());
    }
    Err(Refusal::new(
        415,
        "UnsupportedMediaTypeException",
        "Send the header `content-type: application/json` with a JSON body that has a `query`.",
    ))
}

/// `{query, variables, operationName, documentId, extensions}` out of a JSON body.
pub(super) fn body_fields(body: &Bytes) -> Result<OperationRequest, Refusal> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Refusal::malformed("Request body is empty."));
    }
    let malformed = || Refusal::malformed(NOT_GRAPHQL);
    let body: Value = serde_json::from_slice(body).map_err(|_| malformed())?;
    let text = |member: &str| match body.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(malformed()),
    };
    let document = document_name(text("documentId")?, body.get("extensions"));
    let query = match text("query")? {
        Some(query) => query,
        None if document.is_some() => Str::default(),
        None => return Err(malformed()),
    };
    let variables = match body.get("variables") {
        None | Some(Value::Null) => Value::Null,
        Some(Value::Object(map)) => Value::Object(map.clone()),
        Some(_) => return Err(malformed()),
    };
    let operation_name = text("operationName")?;
    Ok(OperationRequest { query, document, variables, operation_name, ..OperationRequest::default() })
}

/// AppSync ignores `extensions`, so whatever is no name of a document there is passed over.
fn document_name(id: Option<Str>, extensions: Option<&Value>) -> Option<DocumentName> {
    let hash =
        || extensions?.get("persistedQuery")?.get("sha256Hash")?.as_str().map(|hash| DocumentName::Hash(hash.into()));
    id.map(DocumentName::Id).or_else(hash)
}

fn query_fields(query: &str) -> Result<OperationRequest, Refusal> {
    let mut operation = OperationRequest::default();
    let mut has_query = false;
    let (mut id, mut extensions) = (None, None);
    for (key, value) in form_pairs(query) {
        match key.as_str() {
            "query" => (operation.query, has_query) = (value.into(), true),
            "operationName" if !value.is_empty() => operation.operation_name = Some(value.into()),
            "documentId" if !value.is_empty() => id = Some(value.into()),
            "extensions" => extensions = Value::parse(&value).ok(),
            "variables" if !value.is_empty() => {
                operation.variables = match Value::parse(&value) {
                    Ok(variables @ (Value::Object(_) | Value::Null)) => variables,
                    _ => return Err(Refusal::malformed(NOT_GRAPHQL)),
                };
            }
            _ => {}
        }
    }
    operation.document = document_name(id, extensions.as_ref());
    if has_query || operation.document.is_some() { Ok(operation) } else { Err(Refusal::malformed(NOT_GRAPHQL)) }
}

/// The pairs of `application/x-www-form-urlencoded` text.
fn form_pairs(text: &str) -> impl Iterator<Item = (String, String)> + '_ {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (percent_decoded(key), percent_decoded(value))
    })
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => match tail
                .get(..2)
                .and_then(|hex| std::str::from_utf8(hex).ok())
                .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            {
                Some(decoded) => {
                    bytes.push(decoded);
                    rest = &tail[2..];
                }
                None => bytes.push(b'%'),
            },
            byte => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `ctx.request`: header names in lower case, repeated ones as a list, no cookies (spec 2.3).
pub(super) fn request_info(headers: &HeaderMap) -> RequestInfo {
    let mut map = Map::default();
    for name in headers.keys().filter(|name| **name != header::COOKIE) {
        let mut values =
            headers.get_all(name).iter().map(|value| Value::from(String::from_utf8_lossy(value.as_bytes()).as_ref()));
        let value = match (values.next(), values.next()) {
            (Some(first), None) => first,
            (first, second) => first.into_iter().chain(second).chain(values).collect(),
        };
        map.insert(Str::from(name.as_str()), value);
    }
    RequestInfo { headers: map.into(), domain_name: Value::Null }
}
