//! The SDK's way onto the network: connections of [`backend::http`](crate::backend::http), which speak HTTP/1.1 as AWS's
//! services do. The SDK's own connector brings HTTP/2 with it, half a megabyte that every cold start would read.

use std::fmt;
use std::sync::Arc;
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
use http_body_util::BodyExt;

use crate::backend::aws::trust::Trust;
use crate::backend::http::{Connections, LendError, LendErrorKind, Lender, Lent};
use crate::limits;

/// A client for the SDK. What is made with clones of it shares connections. It goes through the proxies that the
/// environment names.
pub(super) fn http_client(trust: Trust) -> SharedHttpClient {
    let lender = Lender::new(trust.roots(), limits::AWS_CONNECTION_IDLE_TIMEOUT);
    SharedHttpClient::new(Client(Arc::new(lender)))
}

struct Client(Arc<Lender>);

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

impl HttpClient for Client {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            connections: self.0.connections(settings.connect_timeout().unwrap_or(limits::AWS_CONNECT_TIMEOUT)),
            read_timeout: settings.read_timeout(),
        })
    }
}

struct Connector {
    connections: Connections,
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
        let (connections, read_timeout) = (self.connections.clone(), self.read_timeout);
        HttpConnectorFuture::new(async move {
            let (head, body) =
                request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?.into_parts();
            // It is in memory already.
            let body = body.collect().await.map_err(ConnectorError::user)?.to_bytes();
            let (request, lent) = connections.request(head, body);
            if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
                capture.set_connection_retriever(move || metadata(&lent));
            }
            let answer = connections.send(request);
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

/// With which the SDK gives up a connection on which something went wrong.
fn metadata(lent: &Lent) -> Option<ConnectionMetadata> {
    if !lent.is_there() {
        return None;
    }
    let addresses = lent.addresses();
    let given_up = lent.clone();
    let mut metadata = ConnectionMetadata::builder().proxied(lent.is_forwarded()).poison_fn(move || given_up.give_up());
    metadata.set_local_addr(addresses.map(|(local, _)| local)).set_remote_addr(addresses.map(|(_, remote)| remote));
    Some(metadata.build())
}

/// Why there is no answer, in the SDK's categories, by which it decides what to try again.
fn connector_error(error: LendError) -> ConnectorError {
    match error.kind() {
        LendErrorKind::TimedOut => ConnectorError::timeout(error.into()),
        LendErrorKind::Malformed => ConnectorError::user(error.into()),
        LendErrorKind::Broken => ConnectorError::io(error.into()),
        LendErrorKind::CutShort => ConnectorError::other(error.into(), Some(ErrorKind::TransientError)),
        LendErrorKind::Other => ConnectorError::other(error.into(), None),
    }
}
