//! HTTP calls that are no AWS service's: key sets of issuers, HTTP data sources.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::backend::ServiceError;
use crate::value::Str;

pub use crate::backend::aws::http_client::HttpClient;

/// An HTTP client. It follows no redirects and tries nothing twice.
pub trait HttpSend: Send + Sync {
    /// # Errors
    /// [`ServiceError`] with status 0: no answer came, it was larger than allowed, or it took too long. Any status that
    /// did come is an answer.
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, ServiceError>>;
}

/// One request.
#[derive(Clone, Debug, Default)]
pub struct HttpRequest {
    /// `GET`, `POST`…
    pub method: Str,
    /// Absolute, `http` or `https`, percent-encoded.
    pub url: Str,
    /// In the order in which they are sent; a name may come several times.
    pub headers: Vec<(Str, Str)>,
    pub body: Bytes,
    /// From the first byte sent to the last received.
    pub timeout: Duration,
    /// The answer's body may have at most so many bytes.
    pub most_bytes: usize,
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HttpResponse {
    pub status: u16,
    /// Names in lower case; in the order received, repeated ones several times.
    pub headers: Vec<(Str, Str)>,
    pub body: Bytes,
}
