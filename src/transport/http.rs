//! GraphQL over HTTP as AppSync answers it (spec appsync-service 2), the console page, and `/health`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::{any, get};

use crate::api::{Answer, Api, OperationReport, OperationRequest, Refusal};
use crate::auth::{Evidence, SignedParts};
use crate::context::{RequestInfo, ResponseHeader, ResponseHeaders};
use crate::transport::console::{self, Console};
use crate::value::{Map, Str, Value};

/// What a request came to, for the one line that is logged about it.
pub struct RequestLog<'a> {
    pub status: u16,
    pub elapsed: Duration,
    /// `None` when the request was refused before an operation was known.
    pub report: Option<&'a OperationReport>,
    pub refusal: Option<&'a Refusal>,
}

type Observer = Arc<dyn Fn(&RequestLog<'_>) + Send + Sync>;

/// The API behind a server; swapped as a whole when the project is reloaded.
pub struct Server {
    api: arc::Swap,
    console: Option<Console>,
    observer: Observer,
}

impl Server {
    /// `console`: what `/` serves; `observer` hears of every GraphQL request.
    pub fn new(api: Arc<Api>, console: Option<Console>, observer: Observer) -> Arc<Server> {
        Arc::new(Server { api: arc::Swap::new(api), console, observer })
    }

    /// Lets requests that begin from now on run on `api`; those in flight finish on the old one.
    pub fn replace_api(&self, api: Arc<Api>) {
        self.api.store(api);
    }

    /// The routes: `/graphql`, `/health`, and the console at `/` where there is one.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/graphql", any(graphql))
            .route("/health", get(health))
            .fallback(page)
            .with_state(self.clone())
    }
}

/// A pointer that is read often and replaced rarely.
mod arc {
    use std::sync::{Arc, PoisonError, RwLock};

    use crate::api::Api;

    pub struct Swap(RwLock<Arc<Api>>);

    impl Swap {
        pub fn new(api: Arc<Api>) -> Swap {
            Swap(RwLock::new(api))
        }

        pub fn load(&self) -> Arc<Api> {
            self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
        }

        pub fn store(&self, api: Arc<Api>) {
            *self.0.write().unwrap_or_else(PoisonError::into_inner) = api;
        }
    }
}

async fn health(State(server): State<Arc<Server>>) -> Response {
    let body = crate::value::object! { "status" => "ok", "name" => server.api.load().name() };
    json(StatusCode::OK, body.to_string().into_bytes())
}

async fn page(State(server): State<Arc<Server>>, method: Method, uri: Uri) -> Response {
    let page = match &server.console {
        Some(console) if method == Method::GET || method == Method::HEAD => {
            console.file(uri.path(), &server.api.load())
        }
        _ => None,
    };
    page.unwrap_or_else(|| {
        refusal_response(&Refusal::new(404, "NotFoundException", "There is nothing here; the API is at /graphql."))
    })
}

async fn graphql(State(server): State<Arc<Server>>, request: Request) -> Response {
    let started = Instant::now();
    let api = server.api.load();
    let request_id = api.clock().uuid();
    let mut response = if request.method() == Method::OPTIONS {
        preflight(request.headers())
    } else {
        answer(&server, api, request, &request_id, started).await
    };
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        headers.insert(HeaderName::from_static("x-amzn-requestid"), id);
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(
            "x-amzn-RequestId,x-amzn-ErrorType,x-amz-user-agent,x-amzn-ErrorMessage,Date,x-amz-schema-version",
        ),
    );
    response
}

async fn answer(server: &Server, api: Arc<Api>, request: Request, request_id: &str, started: Instant) -> Response {
    let operation = match read_operation(request, api.limits().request_body_bytes).await {
        Ok(mut operation) => {
            operation.evidence.request_id = Some(request_id.into());
            operation
        }
        Err(refusal) => return refuse(server, &refusal, started),
    };
    // On a task of its own: a client that goes away must not stop a mutation half-way.
    let task = tokio::spawn(async move { api.execute(operation).await });
    match task.await {
        Ok(Answer::Executed { response, report }) => {
            (server.observer)(&RequestLog {
                status: 200,
                elapsed: started.elapsed(),
                report: Some(&report),
                refusal: None,
            });
            let mut reply = json(StatusCode::OK, response.to_json());
            add_headers(reply.headers_mut(), &response.headers);
            reply
        }
        Ok(Answer::Refused(refusal)) => refuse(server, &refusal, started),
        Err(_) => refuse(server, &Refusal::new(500, "InternalFailure", "An internal error occurred."), started),
    }
}

/// What handlers add to the response. They cannot name the headers that are set here (spec appsync-js 2.7).
fn add_headers(headers: &mut HeaderMap, added: &ResponseHeaders) {
    for ResponseHeader { name, value } in added.iter() {
        // `util.http` has refused what is no name or no value.
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
}

fn refuse(server: &Server, refusal: &Refusal, started: Instant) -> Response {
    let log = RequestLog { status: refusal.status, elapsed: started.elapsed(), report: None, refusal: Some(refusal) };
    (server.observer)(&log);
    refusal_response(refusal)
}

/// An error body without `data` (spec 2.2).
fn refusal_response(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = json(status, refusal.to_json());
    response
        .headers_mut()
        .insert(HeaderName::from_static("x-amzn-errortype"), HeaderValue::from_static(refusal.error_type));
    response
}

fn json(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json;charset=UTF-8"));
    response
}

/// Any origin may call; the exact lists are UNCONFIRMED (spec 2.3). A browser that asks for certain headers hears their
/// names: to it, `*` does not mean `authorization`
/// ([Fetch](https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name)).
fn preflight(asked: &HeaderMap) -> Response {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST,GET,OPTIONS"));
    let names = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    let names = names.unwrap_or(HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    response
}

const NOT_GRAPHQL: &str = "Unable to parse GraphQL query.";

async fn read_operation(request: Request, most_bytes: usize) -> Result<OperationRequest, Refusal> {
    let (mut parts, body) = request.into_parts();
    let request_info = request_info(&parts.headers);
    // Before the event of a Lambda became a request, it said who called. No client can put anything there.
    let mut evidence = parts.extensions.remove::<Evidence>().unwrap_or_default();
    if let Some(ConnectInfo(address)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() {
        evidence.peer.get_or_insert_with(|| address.ip().to_canonical().to_string().into());
    }
    let mut read_body = Bytes::new();
    let mut operation = match parts.method {
        Method::POST => {
            check_content_type(&parts.headers)?;
            read_body = to_bytes(body, most_bytes)
                .await
                .map_err(|_| Refusal::new(413, "RequestEntityTooLargeException", "The request body is too large."))?;
            body_fields(&read_body)?
        }
        Method::GET => query_fields(parts.uri.query().unwrap_or(""))?,
        _ => return Err(Refusal::new(405, "MethodNotAllowedException", "Use POST, or GET for queries.")),
    };
    if parts.headers.contains_key(header::AUTHORIZATION) {
        evidence.signed = Some(SignedParts {
            method: parts.method.as_str().into(),
            path: parts.uri.path().into(),
            query: parts.uri.query().unwrap_or("").into(),
            body: read_body,
        });
    }
    operation.is_read_only = parts.method == Method::GET;
    operation.request = Arc::new(request_info);
    operation.evidence = evidence;
    Ok(operation)
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

/// `{query, variables, operationName}` out of a JSON body.
pub(super) fn body_fields(body: &Bytes) -> Result<OperationRequest, Refusal> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Refusal::malformed("Request body is empty."));
    }
    let body: Value = serde_json::from_slice(body).map_err(|_| Refusal::malformed(NOT_GRAPHQL))?;
    let Some(Value::String(query)) = body.get("query") else {
        return Err(Refusal::malformed(NOT_GRAPHQL));
    };
    let variables = match body.get("variables") {
        None | Some(Value::Null) => Value::Null,
        Some(Value::Object(map)) => Value::Object(map.clone()),
        Some(_) => return Err(Refusal::malformed(NOT_GRAPHQL)),
    };
    let operation_name = match body.get("operationName") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name.clone()),
        Some(_) => return Err(Refusal::malformed(NOT_GRAPHQL)),
    };
    Ok(OperationRequest { query: query.clone(), variables, operation_name, ..OperationRequest::default() })
}

fn query_fields(query: &str) -> Result<OperationRequest, Refusal> {
    let mut operation = OperationRequest::default();
    let mut has_query = false;
    for (key, value) in form_pairs(query) {
        match key.as_str() {
            "query" => (operation.query, has_query) = (value.into(), true),
            "operationName" if !value.is_empty() => operation.operation_name = Some(value.into()),
            "variables" if !value.is_empty() => {
                operation.variables = match Value::parse(&value) {
                    Ok(variables @ (Value::Object(_) | Value::Null)) => variables,
                    _ => return Err(Refusal::malformed(NOT_GRAPHQL)),
                };
            }
            _ => {}
        }
    }
    if has_query { Ok(operation) } else { Err(Refusal::malformed(NOT_GRAPHQL)) }
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

impl Console {
    /// The answer for a path of the console; `None` when it has no such file.
    fn file(&self, path: &str, api: &Api) -> Option<Response> {
        let console::File { bytes, content_type, is_immutable } = self.read(path, api)?;
        let mut response = Response::new(Body::from(bytes));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        let cache = if is_immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        Some(response)
    }
}
