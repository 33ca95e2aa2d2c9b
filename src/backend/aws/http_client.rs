//! HTTP calls over the SDK's own client: one TLS, one set of roots, one way through proxies for everything that leaves the
//! process. It is the SDK's connector alone, without signatures and retries.

use std::sync::OnceLock;

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Connector, ConnectorBuilder, tls};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::http::Request;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;

use crate::backend::ServiceError;
use crate::backend::aws::failure::client_error;
use crate::backend::http::{HttpRequest, HttpResponse, HttpSend};
use crate::limits;
use crate::value::Str;

/// Makes HTTP calls. Connections are kept; the first call reads the system's root certificates, so that a process which
/// makes none does not pay for them.
#[derive(Default)]
pub struct HttpClient(OnceLock<Connector>);

impl HttpClient {
    pub fn new() -> HttpClient {
        HttpClient::default()
    }

    fn connector(&self) -> &Connector {
        self.0.get_or_init(|| {
            let settings = HttpConnectorSettings::builder().connect_timeout(limits::AWS_CONNECT_TIMEOUT).build();
            ConnectorBuilder::default()
                .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
                .proxy_config(ProxyConfig::from_env())
                .connector_settings(settings)
                .sleep_impl(TokioSleep::new())
                .pool_idle_timeout(limits::AWS_CONNECTION_IDLE_TIMEOUT)
                .build()
        })
    }

    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, ServiceError> {
        let (timeout, most_bytes) = (request.timeout, request.most_bytes);
        let host = host_of(&request.url);
        let request = into_sdk(request)?;
        let exchange = async {
            let answer = self.connector().call(request).await;
            let answer =
                answer.map_err(|error| client_error(format!("{host} cannot be reached: {}", causes(&error))))?;
            let status = answer.status().as_u16();
            let headers = answer
                .headers()
                .iter()
                .map(|(name, value)| (Str::from(name.to_ascii_lowercase()), Str::from(value)))
                .collect();
            let body = read(answer.into_body(), most_bytes, &host).await?;
            Ok(HttpResponse { status, headers, body })
        };
        let answer = tokio::time::timeout(timeout, exchange).await;
        answer.unwrap_or_else(|_| Err(client_error(format!("{host} takes more than {} ms", timeout.as_millis()))))
    }
}

impl HttpSend for HttpClient {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, ServiceError>> {
        Box::pin(self.call(request))
    }
}

fn into_sdk(request: HttpRequest) -> Result<Request, ServiceError> {
    let is_http = request.url.starts_with("http://") || request.url.starts_with("https://");
    if !is_http {
        return Err(client_error(format!("`{}` is no http or https address", request.url)));
    }
    let mut sdk = Request::new(SdkBody::from(request.body));
    sdk.set_method(&request.method).map_err(|_| client_error(format!("`{}` is no method", request.method)))?;
    sdk.set_uri(request.url.as_str()).map_err(|_| client_error(format!("`{}` is no address", request.url)))?;
    for (name, value) in &request.headers {
        // The value may be a secret.
        let added = sdk.headers_mut().try_append(name.to_string(), value.to_string());
        added.map_err(|_| client_error(format!("the header `{name}` cannot be sent")))?;
    }
    Ok(sdk)
}

/// A URL without what may be secret in it: its path and query.
fn host_of(url: &str) -> String {
    let end = url.find("://").map_or(0, |at| at + 3);
    let length = url[end..].find(['/', '?', '#']).map_or(url.len(), |at| end + at);
    url[..length].to_owned()
}

async fn read(body: SdkBody, most_bytes: usize, host: &str) -> Result<Bytes, ServiceError> {
    let mut stream = ByteStream::new(body);
    let mut read = BytesMut::new();
    while let Some(part) = stream.next().await {
        let part =
            part.map_err(|error| client_error(format!("the answer of {host} breaks off: {}", causes(&error))))?;
        if read.len() + part.len() > most_bytes {
            return Err(client_error(format!("the answer of {host} has more than {most_bytes} bytes")));
        }
        read.extend_from_slice(&part);
    }
    Ok(read.freeze())
}

/// An error with what led to it.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}
