//! HTTP calls: those of HTTP data sources and for key sets of issuers, and the connections of all others.
//!
//! [`HttpSend`] is the way out, [`HttpClient`] the one client behind it: `client` makes calls over connections that are
//! kept, `dial` opens these and refuses the addresses that [`Reach`] does not include, `wire` notes what travels on them,
//! and `repeat` says which calls are made again. [`Origin`] is where a URL leads. `lend` gives connections to the
//! AWS SDK, which makes calls in its own way (`backend::aws::connector`). The client is hyper's: the SDK's wrapping of it tells neither how a
//! server spells the names of its headers nor whether anything was sent before a connection broke.

mod client;
mod dial;
mod lend;
mod origin;
mod reach;
mod repeat;
mod wire;

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::value::Str;

pub use client::HttpClient;
pub(crate) use dial::Roots;
#[cfg(test)]
pub(crate) use dial::authorities;
pub(crate) use lend::{Connections, LendError, LendErrorKind, Lender, Lent};
pub use origin::{Origin, OriginError};
pub use reach::{PrivatePlace, Reach};

/// An HTTP client. It follows no redirects, asks for no compression, and makes a call again only where nothing of the first
/// one can have been carried out or twice is the same as once (`repeat`).
pub trait HttpSend: Send + Sync {
    /// # Errors
    /// [`HttpFailure`]: no whole answer came. Any status that did come is an answer.
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, HttpFailure>>;
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
    /// From the first byte sent to the last received, with everything that is tried again.
    pub timeout: Duration,
    /// The answer's body may have at most so many bytes.
    pub most_bytes: usize,
    /// Which addresses may be connected to. Default: any.
    pub reach: Reach,
    /// Signed as AWS wants it; `None`: sent as it is.
    pub signing: Option<Signing>,
}

/// Whose signature a request gets (AWS Signature Version 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signing {
    /// AWS's name of the service, as signatures have it: `states`, `execute-api`.
    pub service: Str,
    pub region: Str,
    /// Whose rights the call is made with: a role's ARN, or the process's own.
    pub role: Option<Str>,
}

/// What came back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HttpResponse {
    pub status: u16,
    /// Names as the server spells them; in the order received, repeated ones several times.
    pub headers: Vec<(Str, Str)>,
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpFailure {
    pub kind: HttpFailureKind,
    /// What handlers, and so clients, may hear: names the host, and neither path and query nor headers and body.
    pub message: Str,
    /// What led to it, in words for the operator alone: addresses, and errors of the system; empty where nothing is known.
    pub cause: Str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpFailureKind {
    /// The address, the method or a header cannot be sent.
    Malformed,
    /// [`HttpRequest::reach`] does not include the address. Nothing was sent.
    Forbidden,
    /// Nobody could sign the request. Nothing was sent.
    Unsigned,
    /// No connection came about. Nothing was sent.
    Unreachable,
    /// The connection broke off before the answer was whole.
    Broken,
    TimedOut,
    /// The answer is larger than [`HttpRequest::most_bytes`].
    TooLarge,
}

impl HttpFailure {
    pub fn new(kind: HttpFailureKind, message: impl Into<Str>) -> HttpFailure {
        HttpFailure { kind, message: message.into(), cause: Str::default() }
    }

    pub fn because(mut self, cause: impl Into<Str>) -> HttpFailure {
        self.cause = cause.into();
        self
    }
}

#[cfg(test)]
mod proxy_tests;
#[cfg(test)]
mod stand_in;
#[cfg(test)]
mod tests;
