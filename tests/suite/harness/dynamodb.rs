//! A DynamoDB behind a socket: what the binary talks to where it must not have an engine of its own. The benchmarks use it
//! too.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use syncline::backend::{DynamoDb, Operation};

const OPERATIONS: [Operation; 14] = [
    Operation::GetItem,
    Operation::PutItem,
    Operation::UpdateItem,
    Operation::DeleteItem,
    Operation::Query,
    Operation::Scan,
    Operation::BatchGetItem,
    Operation::BatchWriteItem,
    Operation::TransactGetItems,
    Operation::TransactWriteItems,
    Operation::CreateTable,
    Operation::UpdateTable,
    Operation::DescribeTable,
    Operation::UpdateTimeToLive,
];

/// Serves `dynamodb` in DynamoDB's protocol, on a thread of its own for as long as the process lives; gives its address.
pub fn serve(dynamodb: Arc<dyn DynamoDb>) -> String {
    let handler = move |headers: HeaderMap, body: Bytes| {
        let dynamodb = dynamodb.clone();
        async move {
            let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
            let name = target.rsplit('.').next().unwrap_or_default();
            let operation = OPERATIONS.into_iter().find(|operation| operation.name() == name);
            let (Some(operation), Ok(request)) = (operation, serde_json::from_slice(&body)) else {
                return (StatusCode::BAD_REQUEST, String::new());
            };
            match dynamodb.call(operation, request).await {
                Ok(answer) => (StatusCode::OK, answer.to_string()),
                Err(error) => (StatusCode::BAD_REQUEST, error.body.to_string()),
            }
        }
    };
    format!("http://{}", on_a_thread(axum::Router::new().fallback(handler)))
}

/// Serves `router` on the loopback interface, on a thread of its own for as long as the process lives.
pub fn on_a_thread(router: axum::Router) -> std::net::SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.set_nonblocking(true).expect("a socket can be made so");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("it does not block");
            axum::serve(listener, router).await.expect("it never ends");
        });
    });
    address
}
