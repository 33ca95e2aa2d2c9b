//! The one HTTP client of a process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::header::{HeaderMap, HeaderName, HeaderValue, PROXY_AUTHORIZATION};
use hyper::{Method, Request, Response, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use tokio::sync::Semaphore;

use crate::backend::http::dial::{Dialer, Forbidden, Pool, Surroundings};
use crate::backend::http::repeat::{self, Progress};
use crate::backend::http::wire::Notes;
use crate::backend::http::{HttpFailure, HttpFailureKind, HttpRequest, HttpResponse, HttpSend, Reach};
use crate::clock::Clock;
use crate::limits;
use crate::value::Str;

/// Pools that are kept; beyond that all are given up. There is one for each reach, and these come from `syncline.yaml`.
const MOST_POOLS: usize = 64;

/// Services whose calls are counted; beyond that the count begins anew. Hosts come from `syncline.yaml` and from issuers.
const MOST_SERVICES: usize = 1_000;

/// Makes HTTP calls. Connections are kept and shared by all calls of the same reach: one that was made because a data source
/// may reach a private place is not lent to another. It cannot sign.
pub struct HttpClient {
    surroundings: Arc<Surroundings>,
    pools: Mutex<HashMap<Reach, Pool>>,
    /// Room for calls, by scheme and host.
    room: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Default for HttpClient {
    fn default() -> HttpClient {
        HttpClient::new()
    }
}

impl HttpClient {
    /// Goes through the proxies that the environment names (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`).
    pub fn new() -> HttpClient {
        HttpClient::within(Surroundings::new(Matcher::from_env()))
    }

    /// The same with idle connections that are kept for this long; default: [`limits::HTTP_CONNECTION_IDLE_TIMEOUT`].
    pub fn with_idle_timeout(timeout: Duration) -> HttpClient {
        let mut surroundings = Surroundings::new(Matcher::from_env());
        surroundings.idle_timeout = timeout;
        HttpClient::within(surroundings)
    }

    pub(super) fn within(surroundings: Surroundings) -> HttpClient {
        HttpClient { surroundings: Arc::new(surroundings), pools: Mutex::default(), room: Mutex::default() }
    }

    pub(super) fn pool(&self, reach: &Reach) -> Pool {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(reach) {
            return pool.clone();
        }
        if pools.len() >= MOST_POOLS {
            pools.clear();
        }
        let dialer = Dialer {
            surroundings: self.surroundings.clone(),
            reach: reach.clone(),
            connect_timeout: limits::HTTP_CONNECT_TIMEOUT,
            takes_notes: true,
        };
        let pool = dialer.pool(limits::HTTP_CONCURRENT_CALLS);
        pools.insert(reach.clone(), pool.clone());
        pool
    }

    fn room(&self, host: &str) -> Arc<Semaphore> {
        let mut room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(room) = room.get(host) {
            return room.clone();
        }
        if room.len() >= MOST_SERVICES {
            room.clear();
        }
        room.entry(host.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(limits::HTTP_CONCURRENT_CALLS))).clone()
    }

    #[cfg(test)]
    pub(super) fn pools(&self) -> usize {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpFailure> {
        let message = self.message(&request)?;
        let (clock, timeout) = (Clock::system(), request.timeout);
        let (pool, started) = (self.pool(&request.reach), clock.instant());
        let host = host_of(&request.url);
        let room = self.room(&host);
        // Nobody closes it, and who waits too long goes away.
        let Ok(_room) = tokio::time::timeout(timeout, room.acquire()).await else {
            return Err(too_slow(&host, timeout));
        };
        let mut attempt = 1;
        loop {
            let left = timeout.saturating_sub(started.elapsed());
            let exchange = exchange(&pool, message.clone(), request.most_bytes, &host);
            let failed = match tokio::time::timeout(left, exchange).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(failed)) => failed,
                Err(_) => return Err(too_slow(&host, timeout)),
            };
            match repeat::wait_before_next(failed.progress, &request.method, attempt) {
                Some(wait) if started.elapsed() + wait < timeout => tokio::time::sleep(wait).await,
                _ => return Err(failed.failure),
            }
            attempt += 1;
        }
    }

    /// The request as hyper has it.
    fn message(&self, request: &HttpRequest) -> Result<Request<Full<Bytes>>, HttpFailure> {
        let malformed = |message: String| HttpFailure::new(HttpFailureKind::Malformed, message);
        if request.signing.is_some() {
            let message = "this process was given no way to sign HTTP calls";
            return Err(HttpFailure::new(HttpFailureKind::Unsigned, message));
        }
        let host = host_of(&request.url);
        let uri: Uri = request.url.parse().map_err(|_| malformed(format!("`{host}` is no address")))?;
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        let names_user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
        if !is_http || names_user {
            return Err(malformed(format!("`{host}` is no http or https address")));
        }
        let method = Method::from_bytes(request.method.as_bytes());
        let method = method.map_err(|_| malformed(format!("`{}` is no method", request.method)))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            // The value may be a secret.
            let unsendable = || malformed(format!("the header `{name}` cannot be sent"));
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unsendable())?;
            headers.append(header, HeaderValue::from_bytes(value.as_bytes()).map_err(|_| unsendable())?);
        }
        if let Some(authorization) = self.surroundings.proxy_authorization(&uri) {
            headers.insert(PROXY_AUTHORIZATION, authorization);
        }
        let mut message = Request::new(Full::new(request.body.clone()));
        *message.method_mut() = method;
        *message.uri_mut() = uri;
        *message.headers_mut() = headers;
        Ok(message)
    }
}

impl HttpSend for HttpClient {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, HttpFailure>> {
        Box::pin(self.call(request))
    }
}

/// An attempt without an answer.
struct Failed {
    failure: HttpFailure,
    progress: Progress,
}

async fn exchange(
    pool: &Pool,
    message: Request<Full<Bytes>>,
    most_bytes: usize,
    host: &str,
) -> Result<HttpResponse, Failed> {
    let answer = pool.request(message).await.map_err(|error| not_answered(&error, host))?;
    let notes = answer.extensions().get::<Notes>().cloned().unwrap_or_default();
    let status = answer.status().as_u16();
    let headers = answer
        .headers()
        .iter()
        .map(|(name, value)| {
            let value = Str::from(String::from_utf8_lossy(value.as_bytes()).as_ref());
            (notes.spelling(name.as_str()), value)
        })
        .collect();
    let body = read(answer, most_bytes, host).await?;
    Ok(HttpResponse { status, headers, body })
}

async fn read(answer: Response<Incoming>, most_bytes: usize, host: &str) -> Result<Bytes, Failed> {
    let too_large = || {
        let message = format!("the answer of {host} has more than {most_bytes} bytes");
        Failed { failure: HttpFailure::new(HttpFailureKind::TooLarge, message), progress: Progress::Unknown }
    };
    let mut body = answer.into_body();
    if body.size_hint().lower() > most_bytes as u64 {
        return Err(too_large());
    }
    let mut read = BytesMut::new();
    while let Some(part) = body.frame().await {
        let part = part.map_err(|error| {
            let failure = HttpFailure::new(HttpFailureKind::Broken, format!("the answer of {host} breaks off"));
            Failed { failure: failure.because(causes(&error)), progress: Progress::Unknown }
        })?;
        let Ok(part) = part.into_data() else { continue };
        if read.len() + part.len() > most_bytes {
            return Err(too_large());
        }
        read.extend_from_slice(&part);
    }
    Ok(read.freeze())
}

fn not_answered(error: &hyper_util::client::legacy::Error, host: &str) -> Failed {
    let chain = || std::iter::successors(std::error::Error::source(error), |error| error.source());
    if chain().any(|cause| cause.is::<Forbidden>()) {
        let message = format!("{host} has a private address, which `allow` of the data source does not include");
        let failure = HttpFailure::new(HttpFailureKind::Forbidden, message);
        return Failed { failure, progress: Progress::Unknown };
    }
    if error.is_connect() {
        let failure = HttpFailure::new(HttpFailureKind::Unreachable, format!("{host} cannot be reached"));
        return Failed { failure: failure.because(causes(error)), progress: Progress::NothingSent };
    }
    let is_unsent =
        chain().find_map(|cause| cause.downcast_ref::<hyper::Error>()).is_some_and(hyper::Error::is_canceled);
    let mut extras = hyper::http::Extensions::new();
    error.connect_info().inspect(|connected| connected.get_extras(&mut extras));
    let progress = match extras.get::<Notes>() {
        _ if is_unsent => Progress::NothingSent,
        Some(notes) if notes.is_kept_and_silent() => Progress::LostOnKeptConnection,
        _ => Progress::Unknown,
    };
    let failure = HttpFailure::new(HttpFailureKind::Broken, format!("{host} gives no answer"));
    Failed { failure: failure.because(causes(error)), progress }
}

fn too_slow(host: &str, timeout: Duration) -> HttpFailure {
    HttpFailure::new(HttpFailureKind::TimedOut, format!("{host} takes more than {} ms", timeout.as_millis()))
}

/// A URL without what may be secret in it: its path and query, and who calls.
fn host_of(url: &str) -> String {
    let (scheme, rest) = url.split_at(url.find("://").map_or(0, |at| at + 3));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    format!("{scheme}{}", authority.rsplit('@').next().unwrap_or(authority))
}

/// What led to an error, outermost first; its own words say no more than that it is one.
fn causes(error: &dyn std::error::Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        // Wrappers often repeat what they wrap.
        if !texts.iter().any(|earlier| earlier.contains(&text)) {
            texts.push(text);
        }
        next = cause.source();
    }
    if texts.is_empty() { error.to_string() } else { texts.join(": ") }
}
