//! The smallest HTTP client that shows everything: one request on one connection, nothing added, nothing hidden.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use syncline::api::Api;
use syncline::transport::console::Console;
use syncline::transport::http::Server;

/// An answer as it came over the wire.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// Reads an answer; the body is whatever follows the head.
    pub fn parse(answer: &[u8]) -> Option<Reply> {
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&answer[..end]).ok()?;
        let (status_line, headers) = head.split_once("\r\n").unwrap_or((head, ""));
        let headers = headers
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Some(Reply { status: status_line.split(' ').nth(1)?.parse().ok()?, headers, body: answer[end + 4..].to_vec() })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.text()))
    }
}

/// Sends a request and reads the answer to its end; an error when the connection fails on the way.
pub fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> std::io::Result<Reply> {
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut bytes = (head + "\r\n").into_bytes();
    bytes.extend(body);
    send_bytes(address, &bytes)
}

/// Sends bytes as they are.
pub fn send_bytes(address: SocketAddr, bytes: &[u8]) -> std::io::Result<Reply> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    // A server may answer and close before it has read everything.
    let sent = stream.write_all(bytes);
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if answer.is_empty() => return sent.and(Err(error)),
        _ => {}
    }
    Reply::parse(&answer)
        .ok_or_else(|| std::io::Error::other(format!("no HTTP answer: {:?}", String::from_utf8_lossy(&answer))))
}

/// Posts an operation the usual way.
#[track_caller]
pub fn post(address: SocketAddr, document: &str) -> Value {
    post_with(address, document, Value::Null)
}

#[track_caller]
pub fn post_with(address: SocketAddr, document: &str, variables: Value) -> Value {
    try_post(address, document, variables).expect("the server answers").json()
}

pub fn try_post(address: SocketAddr, document: &str, variables: Value) -> std::io::Result<Reply> {
    let body = json!({ "query": document, "variables": variables }).to_string();
    send(address, "POST", "/graphql", &[("content-type", "application/json")], body.as_bytes())
}

/// An API behind a real socket, in process; stops when dropped.
pub struct Served {
    pub address: SocketAddr,
    pub server: Arc<Server>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Served {
    pub fn new(api: Arc<Api>) -> Served {
        let server = Server::new(api, Some(Console::new("{ __typename }".into())), Arc::new(|_| {}));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let router = server.router();
        runtime.spawn(syncline::transport::http::serve(listener, router, std::future::pending()));
        Served { address, server, runtime: Some(runtime) }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
