//! Connections for somebody with ideas of calls, retries and time-outs of their own: the AWS SDK.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::PROXY_AUTHORIZATION;
use hyper::http::request::Parts;
use hyper::{Request, Response};
use hyper_util::client::legacy::Error;
use hyper_util::client::legacy::connect::{CaptureConnection, Connected, HttpInfo, capture_connection};

use crate::backend::http::Reach;
use crate::backend::http::dial::{Dialer, NoConnection, Pool, Roots, Surroundings};

/// Lends connections, which are kept in between. It goes through the proxies that the environment names, and anywhere.
pub(crate) struct Lender {
    surroundings: Arc<Surroundings>,
    /// By how long a new connection may take: one or two.
    pools: Mutex<Vec<(Duration, Pool)>>,
}

impl Lender {
    pub fn new(roots: Roots, idle_timeout: Duration) -> Lender {
        Lender { surroundings: Arc::new(Surroundings::from_environment(roots, idle_timeout)), pools: Mutex::default() }
    }

    /// The connections of which a new one takes no longer than this.
    pub fn connections(&self, connect_timeout: Duration) -> Connections {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        let surroundings = self.surroundings.clone();
        if let Some((_, pool)) = pools.iter().find(|(timeout, _)| *timeout == connect_timeout) {
            return Connections { surroundings, pool: pool.clone() };
        }
        let dialer =
            Dialer { surroundings: surroundings.clone(), reach: Reach::Anywhere, connect_timeout, takes_notes: false };
        let pool = dialer.pool(usize::MAX);
        pools.push((connect_timeout, pool.clone()));
        Connections { surroundings, pool }
    }
}

#[derive(Clone)]
pub(crate) struct Connections {
    surroundings: Arc<Surroundings>,
    pool: Pool,
}

impl Connections {
    /// A request ready to be sent, and a view of the connection that it will go over.
    pub fn request(&self, head: Parts, body: Bytes) -> (Request<Full<Bytes>>, Lent) {
        let mut request = Request::from_parts(head, Full::new(body));
        if let Some(authorization) = self.surroundings.proxy_authorization(request.uri()) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization);
        }
        let lent = Lent(capture_connection(&mut request));
        (request, lent)
    }

    /// Sends it; gives the head of the answer, with a body that is still to come.
    ///
    /// # Errors
    /// [`LendError`]: no answer came.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, LendError> {
        self.pool.request(request).await.map_err(LendError)
    }
}

/// The connection of a request, once there is one.
#[derive(Clone)]
pub(crate) struct Lent(CaptureConnection);

impl Lent {
    /// Whether there is a connection.
    pub fn is_there(&self) -> bool {
        self.0.connection_metadata().is_some()
    }

    /// Whether a proxy forwards what is sent.
    pub fn is_forwarded(&self) -> bool {
        self.0.connection_metadata().as_ref().is_some_and(Connected::is_proxied)
    }

    /// Its ends, ours first.
    pub fn addresses(&self) -> Option<(SocketAddr, SocketAddr)> {
        let mut extras = hyper::http::Extensions::new();
        self.0.connection_metadata().as_ref()?.get_extras(&mut extras);
        extras.get::<HttpInfo>().map(|info| (info.local_addr(), info.remote_addr()))
    }

    /// Has it given up rather than lent again.
    pub fn give_up(&self) {
        self.0.connection_metadata().iter().for_each(Connected::poison);
    }
}

/// Why no answer came.
#[derive(Debug)]
pub(crate) struct LendError(Error);

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LendErrorKind {
    TimedOut,
    /// The request cannot be sent.
    Malformed,
    /// No connection came about, or it broke.
    Broken,
    /// The connection ended inside of an answer.
    CutShort,
    Other,
}

impl LendError {
    pub fn kind(&self) -> LendErrorKind {
        let chain =
            || std::iter::successors(Some(&self.0 as &(dyn std::error::Error + 'static)), |error| error.source());
        let cause = chain().find_map(|cause| cause.downcast_ref::<hyper::Error>());
        let is = |what: fn(&hyper::Error) -> bool| cause.is_some_and(what);
        if chain().any(|cause| cause.is::<NoConnection>()) || is(hyper::Error::is_timeout) {
            LendErrorKind::TimedOut
        } else if is(hyper::Error::is_user) {
            LendErrorKind::Malformed
        } else if self.0.is_connect()
            || chain().any(|cause| cause.is::<std::io::Error>())
            || is(hyper::Error::is_closed)
            || is(hyper::Error::is_canceled)
        {
            LendErrorKind::Broken
        } else if is(hyper::Error::is_incomplete_message) {
            LendErrorKind::CutShort
        } else {
            LendErrorKind::Other
        }
    }

    /// Whether there was no connection, and so nothing was sent.
    pub fn is_about_connecting(&self) -> bool {
        self.0.is_connect()
    }
}

impl fmt::Display for LendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for LendError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}
