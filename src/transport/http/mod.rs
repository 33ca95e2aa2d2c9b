//! GraphQL over HTTP as AppSync answers it (spec appsync-service 2), the console page, and `/health`.
//!
//! `request` reads an operation, `response` writes its answer, `cors` says what browsers are told, `serve` listens, `probes`
//! says whether an orchestrator should send requests.

mod cors;
mod probes;
mod request;
mod response;
mod serve;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::{any, get};
use tokio_util::task::TaskTracker;
use tower_http::CompressionLevel;
use tower_http::compression::{CompressionLayer, Predicate};

use crate::api::{Answer, Api, OperationReport, Refusal};
use crate::limits;
use crate::transport::console::{self, Console};
use crate::transport::http::response::MediaType;
use crate::value::Str;

pub use probes::{Phase, Probes};
pub use request::Front;
pub use serve::serve;

/// Paths of the API, in all of which none ends like another one.
pub(super) const ROUTES: [&str; 2] = [GRAPHQL, HEALTH];
const GRAPHQL: &str = "/graphql";
const HEALTH: &str = "/health";

/// Bytes of an answer that is compressed (spec appsync-service 2.1).
const COMPRESSED_BYTES: std::ops::RangeInclusive<u64> = 1_000..=10_000_000;

/// How hard to compress: little more than half the time of the usual levels, for a few percent of size.
const COMPRESSION_LEVEL: i32 = 4;

/// What a request came to, for the one line that is logged about it.
pub struct RequestLog<'a> {
    pub status: u16,
    pub elapsed: Duration,
    /// `None` when the request was refused before an operation was known.
    pub report: Option<&'a OperationReport>,
    pub refusal: Option<&'a Refusal>,
    /// `x-amzn-requestid` of the answer.
    pub request_id: &'a str,
}

type Observer = Arc<dyn Fn(&RequestLog<'_>) + Send + Sync>;

/// The API behind a server; swapped as a whole when the project is reloaded.
pub struct Server {
    api: arc::Swap,
    console: Option<Console>,
    observer: Observer,
    operations: TaskTracker,
}

impl Server {
    /// `console`: what `/` serves; `observer` hears of every GraphQL request.
    pub fn new(api: Arc<Api>, console: Option<Console>, observer: Observer) -> Arc<Server> {
        Arc::new(Server { api: arc::Swap::new(api), console, observer, operations: TaskTracker::new() })
    }

    /// Lets requests that begin from now on run on `api`; those in flight finish on the old one.
    pub fn replace_api(&self, api: Arc<Api>) {
        self.api.store(api);
    }

    /// The routes: `/graphql`, `/health`, and the console at `/` where there is one.
    pub fn router(self: &Arc<Self>) -> Router {
        let compression = CompressionLayer::new()
            .quality(CompressionLevel::Precise(COMPRESSION_LEVEL))
            .no_deflate()
            .compress_when(IsWorthCompressing);
        Router::new()
            .route(GRAPHQL, any(graphql).layer(compression))
            .route(HEALTH, get(health))
            .fallback(page)
            .with_state(self.clone())
    }

    /// The answer to a request that cannot be given what it asked for.
    pub(super) fn refuse(&self, refusal: &Refusal, origin: Option<&HeaderValue>) -> Response {
        let mut response = response::refused(refusal, MediaType::Json);
        cors::add_headers(self.api.load().cors(), origin, response.headers_mut());
        response
    }

    /// Tells the observer of a request that did not come over HTTP.
    pub(super) fn log(&self, log: &RequestLog<'_>) {
        (self.observer)(log);
    }

    /// Waits for the operations whose clients have gone away, [`limits::SHUTDOWN_TIMEOUT`] at most. Says whether all came
    /// to their end.
    pub async fn finish(&self) -> bool {
        self.operations.close();
        tokio::time::timeout(limits::SHUTDOWN_TIMEOUT, self.operations.wait()).await.is_ok()
    }
}

/// By AppSync's bounds. Every answer of ours knows its length.
#[derive(Clone, Copy)]
struct IsWorthCompressing;

impl Predicate for IsWorthCompressing {
    fn should_compress<B: HttpBody>(&self, response: &axum::http::Response<B>) -> bool {
        response.body().size_hint().exact().is_some_and(|length| COMPRESSED_BYTES.contains(&length))
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
    response::json(StatusCode::OK, MediaType::Json, body.to_string().into_bytes())
}

async fn page(State(server): State<Arc<Server>>, method: Method, uri: Uri) -> Response {
    let page = match &server.console {
        Some(console) if method == Method::GET || method == Method::HEAD => {
            console.file(uri.path(), &server.api.load())
        }
        _ => None,
    };
    page.unwrap_or_else(|| {
        let refusal = Refusal::new(404, "NotFoundException", "There is nothing here; the API is at /graphql.");
        response::refused(&refusal, MediaType::Json)
    })
}

async fn graphql(State(server): State<Arc<Server>>, request: Request) -> Response {
    let api = server.api.load();
    let exchange = Exchange {
        server: &server,
        media_type: MediaType::accepted(request.headers()),
        request_id: api.clock().uuid().into(),
        started: Instant::now(),
    };
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = if cors::is_forbidden(api.cors(), request.headers()) {
        let message = "Pages of this origin may not call this API.";
        exchange.refuse(&Refusal::new(403, "ForbiddenException", message))
    } else if request.method() == Method::OPTIONS {
        cors::preflight(api.cors(), request.headers())
    } else {
        exchange.answer(api.clone(), request).await
    };
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&exchange.request_id) {
        headers.insert(HeaderName::from_static("x-amzn-requestid"), id);
    }
    cors::add_headers(api.cors(), origin.as_ref(), headers);
    response
}

/// One request on its way to an answer.
struct Exchange<'a> {
    server: &'a Server,
    media_type: MediaType,
    request_id: Str,
    started: Instant,
}

impl Exchange<'_> {
    async fn answer(&self, api: Arc<Api>, request: Request) -> Response {
        if request.uri().path_and_query().is_some_and(|path| path.as_str().len() > limits::REQUEST_URI_BYTES) {
            return self.refuse(&Refusal::new(414, "UriTooLongException", "The query string is too long; use POST."));
        }
        let (parts, body) = request.into_parts();
        let operation = match request::read_operation(parts, body, api.limits(), &self.request_id).await {
            Ok(operation) => operation,
            Err(refusal) => return self.refuse(&refusal),
        };
        // On a task of its own: a client that goes away must not stop a mutation half-way.
        let task = self.server.operations.spawn(async move { api.execute(operation).await });
        match task.await {
            Ok(Answer::Executed { response, report }) => {
                let reply = response::executed(&response, self.media_type);
                self.log(reply.status().as_u16(), Some(&report), None);
                reply
            }
            Ok(Answer::Refused(refusal)) => self.refuse(&refusal),
            Err(_) => self.refuse(&Refusal::new(500, "InternalFailure", "An internal error occurred.")),
        }
    }

    fn refuse(&self, refusal: &Refusal) -> Response {
        self.log(refusal.status, None, Some(refusal));
        response::refused(refusal, self.media_type)
    }

    fn log(&self, status: u16, report: Option<&OperationReport>, refusal: Option<&Refusal>) {
        let (elapsed, request_id) = (self.started.elapsed(), self.request_id.as_str());
        self.server.log(&RequestLog { status, elapsed, report, refusal, request_id });
    }
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
