//! A request, through everything that answers one: HTTP, JSON, GraphQL's grammar, validation, coercion of every kind of
//! input, execution. Whatever it is, it gets an answer of AppSync's shape, the same one twice, with nothing of the inside.
//!
//! An input is a request as in `tests/attacks/*.txt`, or a document with its variables, which needs no escapes:
//!
//! ```text
//! document
//!
//! query ($a: Int) { echo(int: $a) }
//! ---
//! {"a": 1}
//! ```

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use syncline::api::{Api, ApiOptions};
use syncline::backend::files::ProjectFiles;
use syncline::backend::{Backends, DynamoDb, Operation, ServiceError};
use syncline::clock::Clock;
use syncline::error::SourceFile;
use syncline::project::Project;
use syncline::transport::http::Server;
use syncline::value::{Value, object};

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../attacks/project/", $path)))),*]
    };
}

const FILES: &[(&str, &str)] = files![
    "schema.graphql",
    "syncline.yaml",
    "resolvers/nodes.js",
    "resolvers/Mutation.touch.[NONE].js",
    "resolvers/Node.twin.[NONE].js",
    "resolvers/Node.twins.[NONE].js",
    "resolvers/Query.any.[NONE].js",
    "resolvers/Query.crash.[NONE].js",
    "resolvers/Query.echo.[NONE].js",
    "resolvers/Query.forbidden.[NONE].js",
    "resolvers/Query.node.[NONE].js",
    "resolvers/Query.refused.[NONE].js",
    "resolvers/Query.required.[NONE].js",
    "resolvers/Query.thing.[NONE].js",
];

/// Statuses that a request can lead to. 500 is none of them, nor is 408: the body is there at once.
const STATUSES: &[u16] = &[200, 400, 404, 405, 413, 414, 415];

/// Places in code, which no client may see.
const INTERNALS: &[&str] = &["panicked at", "resolvers/", "src/", ".rs:", ".js:", "syncline::", "TypeError"];

struct NoTables;

impl DynamoDb for NoTables {
    fn call(
        &self,
        operation: Operation,
        _: Value,
    ) -> Pin<Box<dyn Future<Output = Result<Value, ServiceError>> + Send + '_>> {
        panic!("{operation:?} was called, and there are no tables here")
    }
}

/// As in production: answers keep to themselves what goes wrong inside.
static SERVER: LazyLock<Arc<Server>> = LazyLock::new(|| {
    let mut files = ProjectFiles { name: "attacks".into(), ..ProjectFiles::default() };
    for (path, text) in FILES {
        files.files.insert((*path).into(), SourceFile::new(*path, *text));
    }
    let (project, problems) = Project::load(&files);
    assert!(problems.is_empty(), "{problems:?}");
    let options = ApiOptions { clock: Clock::fixed(1_700_000_000_123, 1), ..ApiOptions::default() };
    let api = Api::build(&project, Backends::new(Arc::new(NoTables)), options);
    let api = api.unwrap_or_else(|problems| panic!("{problems:?}"));
    Server::new(Arc::new(api), None, Arc::new(|_| {}))
});

thread_local! {
    static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime needs nothing special");
}

pub fn run(data: &[u8]) {
    let Some(request) = Request::read(data) else { return };
    let first = request.answer();
    let second = request.answer();
    assert!(first == second, "the same request has two answers: {first:?} and {second:?}");
    let (status, body) = first;
    assert!(STATUSES.contains(&status), "status {status}: {}", String::from_utf8_lossy(&body));
    if body.is_empty() && request.method == "HEAD" || request.method == "OPTIONS" {
        return;
    }
    check(&body, &String::from_utf8_lossy(data));
}

fn check(body: &[u8], input: &str) {
    let text = std::str::from_utf8(body).expect("an answer is UTF-8");
    let start: String = text.chars().take(2_000).collect();
    let answer: serde_json::Value = match serde_json::from_str(text) {
        Ok(answer) => answer,
        Err(error) if error.to_string().contains("recursion limit") => return,
        Err(error) => panic!("{error}: {start}"),
    };
    let errors = answer.get("errors").map(|errors| errors.as_array().expect("`errors` is a list"));
    assert!(errors.is_none_or(|errors| !errors.is_empty()), "no errors in `errors`: {start}");
    for error in errors.into_iter().flatten() {
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "no message: {start}");
    }
    let is_health = answer.get("status").is_some();
    assert!(answer.get("data").is_some() || errors.is_some() || is_health, "neither data nor errors: {start}");
    // A client may send such words itself, plain or escaped, and see them again.
    let is_escaped = input.contains('%') || input.contains("\\u");
    let word = INTERNALS.iter().find(|word| text.contains(**word) && !is_escaped && !input.contains(**word));
    assert!(word.is_none(), "the answer has {word:?} in it: {start}");
}

struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Request {
    /// `None` for what no HTTP parser would let through.
    fn read(data: &[u8]) -> Option<Request> {
        let end = data.windows(2).position(|window| window == b"\n\n").unwrap_or(data.len());
        let (head, body) = (String::from_utf8_lossy(&data[..end]), data.get(end + 2..).unwrap_or_default());
        let mut lines = head.lines();
        let mut words = lines.next()?.split(' ');
        let (method, path) = (words.next()?, words.next().unwrap_or("/graphql"));
        if method == "document" {
            return Some(Request::of_document(&String::from_utf8_lossy(body)));
        }
        let headers = lines.filter_map(|line| line.split_once(':'));
        Some(Request {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect(),
            body: Bytes::copy_from_slice(body),
        })
    }

    fn of_document(text: &str) -> Request {
        let (document, variables) = text.split_once("\n---\n").unwrap_or((text, "null"));
        let variables = Value::parse(variables).unwrap_or_default();
        let body = object! { "query" => document, "variables" => variables };
        Request { method: "POST".into(), path: "/graphql".into(), headers: Vec::new(), body: body.to_string().into() }
    }

    fn answer(&self) -> (u16, Bytes) {
        let mut request = hyper::Request::builder().method(self.method.as_str()).uri(self.path.as_str());
        // The length is the HTTP parser's to judge.
        for (name, value) in self.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("content-length")) {
            request = request.header(name.as_str(), value.as_str());
        }
        // Answers to no request: what the builder refuses, the parser in front would have refused.
        let Ok(request) = request.body(Full::new(self.body.clone())) else {
            return (400, Bytes::from("{\"data\":null}"));
        };
        let service = TowerToHyperService::new(SERVER.router());
        RUNTIME.with(|runtime| {
            runtime.block_on(async {
                let Ok(response) = service.call(request).await;
                let status = response.status().as_u16();
                let body = response.into_body().collect().await.expect("the body is in memory");
                (status, body.to_bytes())
            })
        })
    }
}
