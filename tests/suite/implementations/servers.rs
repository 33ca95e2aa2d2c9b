//! Implementations of DynamoDB behind a real socket, started for a test and ended with it.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use syncline::backend::aws::AwsDynamoDb;
use syncline::backend::local::LocalDynamoDb;
use syncline::backend::{DynamoDb, Operation};
use syncline::value::Value;

use crate::harness::{run, tests_folder};

/// Names the implementations that must be there, so that a missing one is a failure: `dynalite moto`.
const REQUIRED: &str = "SYNCLINE_IMPLEMENTATIONS";

pub fn embedded() -> Arc<dyn DynamoDb> {
    Arc::new(LocalDynamoDb::open(None).unwrap())
}

pub struct Server {
    url: String,
    _process: Option<Process>,
}

/// Ended when dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    /// DynamoDB as the SDK sees this server.
    pub fn dynamodb(&self) -> Arc<dyn DynamoDb> {
        Arc::new(run(AwsDynamoDb::with_endpoint(&self.url)).unwrap())
    }

    /// The embedded engine behind a socket.
    pub fn embedded() -> Server {
        let (tell, told) = std::sync::mpsc::channel();
        // Lives as long as the test's process: it holds nothing that must be closed.
        std::thread::spawn(move || {
            run(async move {
                let dynamodb = embedded();
                let handler = move |headers: HeaderMap, body: Bytes| answer(dynamodb.clone(), headers, body);
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(format!("http://{}", listener.local_addr().unwrap())).unwrap();
                axum::serve(listener, axum::Router::new().fallback(handler)).await.unwrap();
            });
        });
        Server { url: told.recv().unwrap(), _process: None }
    }

    /// npm's dynalite; `None` when it is not installed.
    pub fn dynalite() -> Option<Server> {
        let folder = tests_folder("clients");
        if !is_there("dynalite", &folder.join("node_modules/dynalite"), "npm ci in tests/clients installs it") {
            return None;
        }
        let mut command = Command::new("node");
        command.arg("dynalite.mjs").current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::inherit());
        Some(Server::start(command, |child| Box::new(child.stdout.take().unwrap())))
    }

    /// PyPI's moto; `None` when it is not installed.
    pub fn moto() -> Option<Server> {
        // Beside the folder of the binaries: target/moto.
        let target = Path::new(env!("CARGO_BIN_EXE_syncline")).ancestors().nth(2).unwrap();
        let program: PathBuf = target.join("moto/bin/moto_server");
        if !is_there("moto", &program, "scripts/test installs it where python3 is") {
            return None;
        }
        let mut command = Command::new(program);
        // Python orders sets anew in each run unless told not to, and moto returns them in that order.
        command.env("PYTHONHASHSEED", "0");
        command.args(["-H", "127.0.0.1", "-p", "0"]).stdout(Stdio::null()).stderr(Stdio::piped());
        Some(Server::start(command, |child| Box::new(child.stderr.take().unwrap())))
    }

    /// Starts a server and waits until it has said where it listens.
    fn start(mut command: Command, says: fn(&mut Child) -> Box<dyn std::io::Read + Send>) -> Server {
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(says(&mut child)).lines().map_while(Result::ok);
        let process = Process(child);
        let line = lines.find(|line| line.contains("http://")).expect("the server ended before it listened");
        let url = line[line.find("http://").unwrap()..].split_whitespace().next().unwrap().to_owned();
        // What it says later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Server { url, _process: Some(process) }
    }
}

/// Says so, past the test harness's capture, when a test cannot run.
fn is_there(name: &str, path: &Path, cure: &str) -> bool {
    if path.exists() {
        return true;
    }
    let required = std::env::var(REQUIRED).unwrap_or_default();
    assert!(!required.split_whitespace().any(|required| required == name), "{name} is not at {}", path.display());
    let _ = writeln!(std::io::stderr(), "skipped: {name} is not installed; {cure}");
    false
}

async fn answer(dynamodb: Arc<dyn DynamoDb>, headers: HeaderMap, body: Bytes) -> axum::response::Response {
    let target = headers["x-amz-target"].to_str().unwrap();
    let operation = operation(target.strip_prefix("DynamoDB_20120810.").unwrap());
    match dynamodb.call(operation, serde_json::from_slice::<Value>(&body).unwrap()).await {
        Ok(answer) => answer.to_string().into_response(),
        Err(error) => {
            let id = [("x-amzn-requestid", error.request_id.to_string())];
            (StatusCode::from_u16(error.status).unwrap(), id, error.body.to_string()).into_response()
        }
    }
}

fn operation(name: &str) -> Operation {
    use Operation::*;
    [
        GetItem,
        PutItem,
        UpdateItem,
        DeleteItem,
        Query,
        Scan,
        BatchGetItem,
        BatchWriteItem,
        TransactGetItems,
        TransactWriteItems,
        CreateTable,
        UpdateTable,
        DescribeTable,
        UpdateTimeToLive,
    ]
    .into_iter()
    .find(|operation| operation.name() == name)
    .unwrap()
}
