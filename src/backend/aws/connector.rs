//! The SDK's way onto the network: the connections of [`backend::http`](crate::backend::http), which speak HTTP/1.1 as
//! AWS's services do. The SDK's own connector brings HTTP/2 with it, half a megabyte that every cold start would read.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::ErrorKind;
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::PROXY_AUTHORIZATION;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{CaptureConnection, HttpInfo, capture_connection};

use crate::backend::aws::failure::chain;
use crate::backend::aws::trust::Trust;
use crate::backend::http::{Dialer, NoConnection, Pool, Reach, Surroundings};
use crate::limits;

/// A client for the SDK. What is made with clones of it shares connections. It goes through the proxies that the
/// environment names.
pub(super) fn http_client(trust: Trust) -> SharedHttpClient {
    let surroundings = Surroundings::from_environment(trust.roots(), limits::AWS_CONNECTION_IDLE_TIMEOUT);
    SharedHttpClient::new(Connections { surroundings: Arc::new(surroundings), pools: Mutex::default() })
}

struct Connections {
    surroundings: Arc<Surroundings>,
    /// By how long a new connection may take: one or two.
    pools: Mutex<Vec<(Duration, Pool)>>,
}

impl Connections {
    fn pool(&self, connect_timeout: Duration) -> Pool {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, pool)) = pools.iter().find(|(timeout, _)| *timeout == connect_timeout) {
            return pool.clone();
        }
        let surroundings = self.surroundings.clone();
        let dialer = Dialer { surroundings, reach: Reach::Anywhere, connect_timeout, takes_notes: false };
        let pool = dialer.pool(usize::MAX);
        pools.push((connect_timeout, pool.clone()));
        pool
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connections")
    }
}

impl HttpClient for Connections {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            surroundings: self.surroundings.clone(),
            pool: self.pool(settings.connect_timeout().unwrap_or(limits::AWS_CONNECT_TIMEOUT)),
            read_timeout: settings.read_timeout(),
        })
    }
}

struct Connector {
    surroundings: Arc<Surroundings>,
    pool: Pool,
    /// From the request to the head of its answer.
    read_timeout: Option<Duration>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match message(request) {
            Ok(request) => request,
            Err(error) => return HttpConnectorFuture::ready(Err(error)),
        };
        if let Some(authorization) = self.surroundings.proxy_authorization(request.uri()) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization);
        }
        let connection = capture_connection(&mut request);
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
            capture.set_connection_retriever(move || metadata(&connection));
        }
        let (answer, read_timeout) = (self.pool.request(request), self.read_timeout);
        HttpConnectorFuture::new(async move {
            let answer = match read_timeout {
                Some(timeout) => tokio::time::timeout(timeout, answer).await.map_err(|_| {
                    ConnectorError::timeout(format!("no answer within {} ms", timeout.as_millis()).into())
                })?,
                None => answer.await,
            };
            let answer = answer.map_err(connector_error)?.map(SdkBody::from_body_1_x);
            HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// The request as hyper has it. All that is sent from here is in memory.
fn message(request: HttpRequest) -> Result<Request<Full<Bytes>>, ConnectorError> {
    let user = |problem: &str| ConnectorError::user(problem.into());
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let (head, body) = request.into_parts();
    let body = match body.bytes() {
        Some(bytes) => Bytes::copy_from_slice(bytes),
        None => return Err(user("the body is not in memory")),
    };
    Ok(Request::from_parts(head, Full::new(body)))
}

/// With which the SDK gives up a connection on which something went wrong.
fn metadata(captured: &CaptureConnection) -> Option<ConnectionMetadata> {
    let mut extensions = hyper::http::Extensions::new();
    let connected = captured.connection_metadata();
    let connected = connected.as_ref()?;
    connected.get_extras(&mut extensions);
    let addresses = extensions.get::<HttpInfo>();
    let captured = captured.clone();
    let mut metadata = ConnectionMetadata::builder().proxied(connected.is_proxied()).poison_fn(move || {
        captured.connection_metadata().iter().for_each(legacy::connect::Connected::poison);
    });
    metadata.set_local_addr(addresses.map(HttpInfo::local_addr)).set_remote_addr(addresses.map(HttpInfo::remote_addr));
    Some(metadata.build())
}

/// Why there is no answer, in the SDK's categories, by which it decides what to try again.
fn connector_error(error: legacy::Error) -> ConnectorError {
    let has_timed_out = chain(&error).any(|cause| cause.is::<NoConnection>());
    let has_broken = error.is_connect() || chain(&error).any(|cause| cause.is::<std::io::Error>());
    let cause = chain(&error).find_map(|cause| cause.downcast_ref::<hyper::Error>());
    let is = |what: fn(&hyper::Error) -> bool| cause.is_some_and(what);
    if has_timed_out || is(hyper::Error::is_timeout) {
        ConnectorError::timeout(error.into())
    } else if is(hyper::Error::is_user) {
        ConnectorError::user(error.into())
    } else if has_broken || is(hyper::Error::is_closed) || is(hyper::Error::is_canceled) {
        ConnectorError::io(error.into())
    } else if is(hyper::Error::is_incomplete_message) {
        ConnectorError::other(error.into(), Some(ErrorKind::TransientError))
    } else {
        ConnectorError::other(error.into(), None)
    }
}
