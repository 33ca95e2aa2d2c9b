//! New connections: the name is resolved, its addresses are held against [`Reach`], TLS is made. Where the environment names
//! a proxy, the proxy resolves the name: then only a host that is written as an address can be refused.

use std::fmt;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Uri;
use hyper::header::HeaderValue;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tower_service::Service;

use crate::backend::http::Reach;
use crate::backend::http::wire::{Stream, Wire};
use crate::limits;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type BoxFuture<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// Whose certificates are believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Roots {
    /// The certificate authorities of this machine, or of the file that `SSL_CERT_FILE` names.
    System,
    /// Those in a text of PEM.
    Only(&'static str),
}

/// What many connections have in common.
pub(super) struct Surroundings {
    pub proxies: Matcher,
    /// How long an idle connection is kept.
    pub idle_timeout: Duration,
    roots: Roots,
    /// Made at the first `https`: that reads the root certificates.
    tls: OnceLock<Result<Arc<ClientConfig>, String>>,
}

impl Surroundings {
    pub fn new(proxies: Matcher) -> Surroundings {
        Surroundings {
            proxies,
            idle_timeout: limits::HTTP_CONNECTION_IDLE_TIMEOUT,
            roots: Roots::System,
            tls: OnceLock::new(),
        }
    }

    /// With the proxies that the environment names.
    pub fn from_environment(roots: Roots, idle_timeout: Duration) -> Surroundings {
        Surroundings { idle_timeout, roots, ..Surroundings::new(Matcher::from_env()) }
    }

    /// What a request carries besides where a proxy forwards it that wants to know who asks. In a tunnel, the tunnel has said
    /// so already.
    pub fn proxy_authorization(&self, uri: &Uri) -> Option<HeaderValue> {
        let proxy = self.proxies.intercept(uri).filter(|_| uri.scheme_str() == Some("http"))?;
        proxy.basic_auth().cloned()
    }

    /// With root certificates other than the system's, and connections that a busy machine does not lose.
    #[cfg(test)]
    pub fn for_tests(proxies: Matcher, tls: ClientConfig) -> Surroundings {
        let tls = OnceLock::from(Ok(Arc::new(tls)));
        Surroundings { idle_timeout: Duration::from_secs(3600), tls, ..Surroundings::new(proxies) }
    }

    fn tls(&self) -> Result<Arc<ClientConfig>, BoxError> {
        self.tls
            .get_or_init(|| tls(self.roots).map(Arc::new).map_err(|error| error.to_string()))
            .clone()
            .map_err(Into::into)
    }
}

/// No protocol is offered beside HTTP/1.1, in which servers have their own spelling of header names.
fn tls(roots: Roots) -> Result<ClientConfig, BoxError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = match roots {
        Roots::System => builder.with_native_roots()?,
        Roots::Only(pem) => builder.with_root_certificates(authorities(pem)?),
    };
    Ok(builder.with_no_client_auth())
}

/// The certificates in a text of PEM.
pub(crate) fn authorities(pem: &str) -> Result<RootCertStore, BoxError> {
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        store.add(certificate?)?;
    }
    Ok(store)
}

/// Connections that are kept and lent to calls.
pub(super) type Pool = Client<Dialer, Full<Bytes>>;

/// Makes connections within one reach.
#[derive(Clone)]
pub(super) struct Dialer {
    pub surroundings: Arc<Surroundings>,
    pub reach: Reach,
    pub connect_timeout: Duration,
    /// Whether connections keep [`Notes`](crate::backend::http::wire::Notes).
    pub takes_notes: bool,
}

impl Service<Uri> for Dialer {
    type Response = Wire;
    type Error = BoxError;
    type Future = BoxFuture<Wire>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> BoxFuture<Wire> {
        let dialer = self.clone();
        Box::pin(async move {
            let timeout = dialer.connect_timeout;
            let dialed = tokio::time::timeout(timeout, dialer.dial(uri)).await;
            dialed.unwrap_or_else(|_| Err(NoConnection(timeout).into()))
        })
    }
}

impl Dialer {
    /// A pool of its connections, which keeps so many for each host while they are idle.
    pub fn pool(self, most_idle: usize) -> Pool {
        Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(self.surroundings.idle_timeout)
            .pool_max_idle_per_host(most_idle)
            .build(self)
    }

    async fn dial(self, uri: Uri) -> Result<Wire, BoxError> {
        let host = uri.host().unwrap_or_default();
        if !self.reach.may_include(host) {
            return Err(Forbidden.into());
        }
        let surroundings = &self.surroundings;
        let Some(proxy) = surroundings.proxies.intercept(&uri) else {
            let tcp = tcp(Guard { reach: self.reach.clone(), resolver: GaiResolver::new() });
            return match is_secure(&uri) {
                true => self.connect(HttpsConnector::from((tcp, surroundings.tls()?)), uri, false).await,
                false => self.connect(tcp, uri, false).await,
            };
        };
        // The proxy is the operator's own choice, wherever it is.
        let tcp = tcp(GaiResolver::new());
        match proxy.uri().scheme_str() {
            Some("http") => self.through(proxy, tcp, uri).await,
            Some("https") => self.through(proxy, HttpsConnector::from((tcp, surroundings.tls()?)), uri).await,
            scheme => Err(format!("proxies that speak {} are not supported", scheme.unwrap_or("nothing")).into()),
        }
    }

    /// A proxy forwards requests that all can read, and passes on the bytes of the others.
    async fn through<C>(&self, proxy: Intercept, to_proxy: C, uri: Uri) -> Result<Wire, BoxError>
    where
        C: Service<Uri, Error: Into<BoxError>, Future: Send + 'static, Response: Stream + Connection + 'static>,
    {
        if !is_secure(&uri) {
            return self.connect(to_proxy, proxy.uri().clone(), true).await;
        }
        let tunnel = Tunnel::new(proxy.uri().clone(), to_proxy);
        let tunnel = match proxy.basic_auth() {
            Some(auth) => tunnel.with_auth(auth.clone()),
            None => tunnel,
        };
        self.connect(HttpsConnector::from((tunnel, self.surroundings.tls()?)), uri, false).await
    }

    async fn connect<C>(&self, mut connector: C, uri: Uri, is_forwarded: bool) -> Result<Wire, BoxError>
    where
        C: Service<Uri, Error: Into<BoxError>, Response: Stream + 'static>,
    {
        poll_fn(|cx| connector.poll_ready(cx)).await.map_err(Into::into)?;
        Ok(Wire::new(connector.call(uri).await.map_err(Into::into)?, is_forwarded, self.takes_notes))
    }
}

fn is_secure(uri: &Uri) -> bool {
    uri.scheme_str() == Some("https")
}

fn tcp<R>(resolver: R) -> HttpConnector<R> {
    let mut connector = HttpConnector::new_with_resolver(resolver);
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector
}

/// Resolves names to those of their addresses that may be connected to. A host written as an address does not come here.
#[derive(Clone)]
struct Guard {
    reach: Reach,
    resolver: GaiResolver,
}

impl Service<Name> for Guard {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = BoxFuture<Self::Response>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.resolver.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (reach, found) = (self.reach.clone(), self.resolver.call(name.clone()));
        Box::pin(async move {
            let (allowed, forbidden): (Vec<_>, Vec<_>) =
                found.await?.partition(|address| reach.includes(name.as_str(), address.ip()));
            if allowed.is_empty() && !forbidden.is_empty() {
                // For the operator alone: what addresses this network has is nobody else's business.
                tracing::warn!(host = name.as_str(), addresses = ?forbidden, "a private address was not connected to");
                return Err(Forbidden.into());
            }
            Ok(allowed.into_iter())
        })
    }
}

/// All addresses of the host lie outside of the reach.
#[derive(Clone, Copy, Debug)]
pub(super) struct Forbidden;

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("its address is private")
    }
}

impl std::error::Error for Forbidden {}

/// There was no connection in this time.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoConnection(Duration);

impl fmt::Display for NoConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no connection within {} ms", self.0.as_millis())
    }
}

impl std::error::Error for NoConnection {}
