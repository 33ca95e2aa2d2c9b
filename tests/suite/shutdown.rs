//! A server that is told to stop finishes what is in flight and takes nothing new.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use serde_json::json;
use syncline::transport::http::{Server, serve};

use crate::harness::Project;

const RESTOCK: &str = "mutation { restockProduct(id: \"p-sencha\", quantity: 1000) { id } }";

/// A server with a mutation under way that waits for DynamoDB.
struct Busy {
    project: Project,
    server: Arc<Server>,
    runtime: tokio::runtime::Runtime,
    client: TcpStream,
    stop: tokio::sync::oneshot::Sender<()>,
    served: tokio::task::JoinHandle<bool>,
    go_on: tokio::sync::oneshot::Sender<()>,
}

impl Busy {
    fn new() -> Busy {
        let project = Project::named("shop");
        let server = Server::new(project.api.clone(), None, Arc::new(|_| {}));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let router = server.router();
        let served = runtime.spawn(serve(listener, router, async { drop(stopped.await) }));
        let (call_has_come, go_on) = project.hold_next_call();
        let mut client = TcpStream::connect(address).unwrap();
        let body = json!({ "query": RESTOCK }).to_string();
        let head = format!("POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
        client.write_all((head + &body).as_bytes()).unwrap();
        call_has_come.recv().unwrap();
        Busy { project, server, runtime, client, stop, served, go_on }
    }
}

#[test]
fn a_request_in_flight_is_answered_and_its_connection_closed() {
    let mut busy = Busy::new();
    let address = busy.client.peer_addr().unwrap();
    busy.stop.send(()).unwrap();
    // The listener closes first; then there is nobody to connect to.
    crate::harness::binary::wait_until(|| match TcpStream::connect(address) {
        Err(_) => Ok(()),
        Ok(_) => Err("the server still takes connections".into()),
    });
    busy.go_on.send(()).unwrap();
    let mut answer = String::new();
    busy.client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(r#"{"id":"p-sencha"}}}"#), "{answer}");
    assert!(busy.runtime.block_on(busy.served).unwrap());
    assert!(busy.runtime.block_on(busy.server.finish()));
}

#[test]
fn a_mutation_whose_client_has_gone_comes_to_its_end_first() {
    let busy = Busy::new();
    drop(busy.client);
    busy.stop.send(()).unwrap();
    assert!(busy.runtime.block_on(busy.served).unwrap());
    let finish = busy.runtime.spawn({
        let server = busy.server.clone();
        async move { server.finish().await }
    });
    busy.go_on.send(()).unwrap();
    assert!(busy.runtime.block_on(finish).unwrap());
    let stock = busy.project.query("{ product(id: \"p-sencha\") { stock } }").answer;
    assert!(stock["data"]["product"]["stock"].as_i64().unwrap() >= 1000, "{stock}");
}

#[test]
fn an_idle_connection_does_not_keep_the_server() {
    let project = Project::named("shop");
    let server = Server::new(project.api.clone(), None, Arc::new(|_| {}));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = runtime.spawn(serve(listener, server.router(), async { drop(stopped.await) }));
    client.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut first = [0; 12];
    client.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    stop.send(()).unwrap();
    assert!(runtime.block_on(served).unwrap());
}
