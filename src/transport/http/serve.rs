//! A listening socket and the connections on it: time-outs, bounds on the head of a request, and an end that loses
//! nothing.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};

use crate::limits;

/// Waits after a failure that is the machine's and not a client's: no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop` is done, then finishes what is in flight, for [`limits::SHUTDOWN_TIMEOUT`] at most. Says whether
/// everything was finished.
///
/// Work that outlives its connection is the caller's to wait for.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) -> bool {
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits::REQUEST_HEAD_TIMEOUT)
        .max_headers(limits::REQUEST_HEADERS)
        .max_buf_size(limits::REQUEST_HEAD_BYTES);
    let service = TowerToHyperService::new(router);
    let mut stop = pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = accept(&listener) => accepted,
        };
        let peer = ConnectInfo(peer);
        let service = service.clone();
        let service = service_fn(move |mut request| {
            request.extensions_mut().insert(peer);
            service.call(request)
        });
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        // What ends a connection early is the client's affair: it went away, or it spoke no HTTP.
        tokio::spawn(async move { drop(connection.await) });
    }
    drop(listener);
    tokio::time::timeout(limits::SHUTDOWN_TIMEOUT, graceful.shutdown()).await.is_ok()
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are written whole; waiting for more would only delay them.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
