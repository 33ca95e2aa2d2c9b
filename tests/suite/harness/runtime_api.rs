//! The Lambda Runtime API
//! ([AWS](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html)) as a function meets it inside of Lambda: next
//! event, its answer or error, an error at start, deadlines and trace ids. The benchmarks use it too.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http_body_util::BodyExt;

use super::dynamodb::on_a_thread;

/// Longest a test waits for what has to happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// The Runtime API of one function.
pub struct RuntimeApi {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<Seen>,
    changed: Condvar,
    wakes_next: tokio::sync::Notify,
}

/// What has gone over the wire.
#[derive(Default)]
struct Seen {
    waiting: VecDeque<(String, Invocation)>,
    invocations: usize,
    /// When the function first asked for an event, and how often it has.
    first_next: Option<Instant>,
    nexts: usize,
    outcomes: Vec<(String, Outcome)>,
    init_errors: Vec<Failed>,
}

/// An event with what Lambda says beside it.
#[derive(Clone, Debug)]
pub struct Invocation {
    pub event: String,
    /// Until Lambda would end the process.
    pub time_left: Duration,
    pub trace_id: Option<String>,
}

impl Invocation {
    pub fn new(event: impl Into<String>) -> Invocation {
        Invocation { event: event.into(), time_left: Duration::from_secs(30), trace_id: None }
    }
}

/// What became of an event.
#[derive(Clone, Debug)]
pub enum Outcome {
    Answered { body: Vec<u8>, headers: HeaderMap, trailers: HeaderMap },
    Failed(Failed),
}

/// An error that the function reported: the header beside it, which says `unhandled` for events, and its JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Failed {
    pub error_type: String,
    pub body: serde_json::Value,
}

impl Outcome {
    /// The answer's JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        match self {
            Outcome::Answered { body, .. } => {
                serde_json::from_slice(body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
            }
            Outcome::Failed(_) => panic!("{self:?}"),
        }
    }

    #[track_caller]
    pub fn error(&self) -> &Failed {
        match self {
            Outcome::Failed(failed) => failed,
            Outcome::Answered { body, .. } => panic!("answered: {}", String::from_utf8_lossy(body)),
        }
    }
}

impl RuntimeApi {
    pub fn start() -> RuntimeApi {
        let shared = Arc::new(Shared::default());
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .with_state(shared.clone());
        RuntimeApi { address: on_a_thread(router), shared }
    }

    /// Queues an event; gives its id.
    pub fn send(&self, invocation: Invocation) -> String {
        let mut state = self.shared.state.lock().unwrap();
        state.invocations += 1;
        let id = format!("00000000-0000-4000-8000-{:012}", state.invocations);
        state.waiting.push_back((id.clone(), invocation));
        drop(state);
        self.shared.wakes_next.notify_one();
        id
    }

    /// Waits for what becomes of an event.
    #[track_caller]
    pub fn outcome(&self, id: &str) -> Outcome {
        self.wait("the event was not answered", |seen| {
            seen.outcomes.iter().find(|(known, _)| known == id).map(|(_, outcome)| outcome.clone())
        })
    }

    /// Sends an event and waits for its answer.
    #[track_caller]
    pub fn invoke(&self, event: impl Into<String>) -> Outcome {
        self.outcome(&self.send(Invocation::new(event)))
    }

    /// Waits until the function has asked for its first event; gives the time.
    #[track_caller]
    pub fn wait_for_start(&self) -> Instant {
        self.wait("the function did not start", |seen| seen.first_next)
    }

    /// Waits for an error at start.
    #[track_caller]
    pub fn init_error(&self) -> Failed {
        self.wait("no error at start was reported", |seen| seen.init_errors.first().cloned())
    }

    /// How often the function has asked for an event.
    pub fn nexts(&self) -> usize {
        self.shared.state.lock().unwrap().nexts
    }

    #[track_caller]
    fn wait<T>(&self, problem: &str, mut look: impl FnMut(&Seen) -> Option<T>) -> T {
        let started = Instant::now();
        let mut state = self.shared.state.lock().unwrap();
        loop {
            if let Some(found) = look(&state) {
                return found;
            }
            let left = PATIENCE.saturating_sub(started.elapsed());
            assert!(state.init_errors.is_empty() && !left.is_zero(), "{problem}; at start: {:?}", state.init_errors);
            state = self.shared.changed.wait_timeout(state, left).unwrap().0;
        }
    }
}

impl Shared {
    fn note(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    let now = Instant::now();
    shared.note(|seen| {
        seen.first_next.get_or_insert(now);
        seen.nexts += 1;
    });
    let (id, invocation) = loop {
        let waiting = shared.state.lock().unwrap().waiting.pop_front();
        match waiting {
            Some(found) => break found,
            None => shared.wakes_next.notified().await,
        }
    };
    shared.changed.notify_all();
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + invocation.time_left;
    let mut headers = vec![
        ("lambda-runtime-aws-request-id", id),
        ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:123456789012:function:shop".to_owned()),
        ("content-type", "application/json".to_owned()),
    ];
    headers.extend(invocation.trace_id.map(|trace_id| ("lambda-runtime-trace-id", trace_id)));
    let mut response = invocation.event.into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

async fn response(State(shared): State<Arc<Shared>>, Path(id): Path<String>, request: Request<Body>) -> StatusCode {
    let (parts, body) = request.into_parts();
    let Ok(collected) = body.collect().await else { return StatusCode::BAD_REQUEST };
    let trailers = collected.trailers().cloned().unwrap_or_default();
    let body = collected.to_bytes().to_vec();
    // Lambda takes no larger ones in one piece.
    let is_streamed = parts.headers.contains_key("lambda-runtime-function-response-mode");
    if body.len() > 6_291_556 && !is_streamed {
        let body = serde_json::json!({ "errorType": "Function.ResponseSizeTooLarge" });
        let failed = Failed { error_type: "Function.ResponseSizeTooLarge".into(), body };
        shared.note(|seen| seen.outcomes.push((id, Outcome::Failed(failed))));
        return StatusCode::PAYLOAD_TOO_LARGE;
    }
    let outcome = Outcome::Answered { body, headers: parts.headers, trailers };
    shared.note(|seen| seen.outcomes.push((id, outcome)));
    StatusCode::ACCEPTED
}

async fn error(State(shared): State<Arc<Shared>>, Path(id): Path<String>, request: Request<Body>) -> StatusCode {
    let failed = failed(request).await;
    shared.note(|seen| seen.outcomes.push((id, Outcome::Failed(failed))));
    StatusCode::ACCEPTED
}

async fn init_error(State(shared): State<Arc<Shared>>, request: Request<Body>) -> StatusCode {
    let failed = failed(request).await;
    shared.note(|seen| seen.init_errors.push(failed));
    StatusCode::ACCEPTED
}

async fn failed(request: Request<Body>) -> Failed {
    let error_type = request.headers().get("lambda-runtime-function-error-type");
    let error_type = error_type.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let bytes = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    Failed { error_type, body: serde_json::from_slice(&bytes).unwrap_or_default() }
}
