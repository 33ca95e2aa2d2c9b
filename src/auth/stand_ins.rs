//! A world that tests fill: issuers and functions that note how often they are asked, and a clock that each test moves.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;

use crate::auth::{Authenticator, Caller, Denial, Evidence, LocalSignIn, Outside};
use crate::backend::ServiceError;
use crate::backend::files::ProjectFiles;
use crate::backend::http::{HttpFailure, HttpRequest, HttpResponse, HttpSend};
use crate::backend::lambda::{LambdaAnswer, LambdaInvocation, LambdaInvoke};
use crate::clock::Clock;
use crate::context::Identity;
use crate::error::{Severity, SourceFile};
use crate::project::Project;
use crate::value::{Str, Value};

/// 2026-11-22T12:00:00.000Z.
pub const NOON: i64 = 1_795_348_800_000;

/// Answers GET requests by their address; status 503 for those that have none.
#[derive(Default)]
pub struct Web {
    pub pages: Mutex<HashMap<Str, String>>,
    pub asked: AtomicUsize,
    /// Holds every answer until it is opened.
    pub gate: Option<Arc<tokio::sync::Semaphore>>,
}

impl Web {
    pub fn put(&self, address: &str, body: &str) {
        self.pages.lock().unwrap().insert(address.into(), body.into());
    }

    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl HttpSend for Web {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, HttpFailure>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let page = self.pages.lock().unwrap().get(&request.url).cloned();
        let gate = self.gate.clone();
        Box::pin(async move {
            if let Some(gate) = gate {
                drop(gate.acquire().await);
            }
            Ok(match page {
                Some(body) => HttpResponse { status: 200, body: body.into(), ..HttpResponse::default() },
                None => HttpResponse { status: 503, ..HttpResponse::default() },
            })
        })
    }
}

/// A function that answers the same until it is told otherwise.
#[derive(Default)]
pub struct Function {
    pub answer: Mutex<String>,
    pub fails: Mutex<bool>,
    pub events: Mutex<Vec<Value>>,
    /// Never answers.
    pub is_silent: bool,
}

impl Function {
    pub fn answering(json: &str) -> Function {
        Function { answer: Mutex::new(json.into()), ..Function::default() }
    }

    pub fn calls(&self) -> usize {
        self.events.lock().unwrap().len()
    }
}

impl LambdaInvoke for Function {
    fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'_, Result<LambdaAnswer, ServiceError>> {
        self.events.lock().unwrap().push(serde_json::from_slice(&invocation.payload).unwrap());
        let function_error = self.fails.lock().unwrap().then(|| Str::from("Unhandled"));
        let payload = self.answer.lock().unwrap().clone().into();
        let is_silent = self.is_silent;
        Box::pin(async move {
            match is_silent {
                true => std::future::pending().await,
                false => Ok(LambdaAnswer { payload, function_error }),
            }
        })
    }
}

/// An authenticator and its world.
pub struct Door {
    pub authenticator: Authenticator,
    pub web: Web,
    pub function: Function,
    pub clock: Clock,
}

impl Door {
    /// `config`: keys of `syncline.yaml`, as YAML or JSON. As on a laptop.
    pub fn new(config: &str) -> Door {
        Door::with(config, Some(&LocalSignIn::default()))
    }

    pub fn with(config: &str, local: Option<&LocalSignIn>) -> Door {
        let clock = Clock::fixed(NOON, 1);
        let project = project(config);
        let authentication = &project.config.authentication;
        let authenticator = Authenticator::new(authentication, "test", local, &clock);
        Door { authenticator, web: Web::default(), function: Function::default(), clock }
    }

    /// Moves the clock to so many milliseconds after noon.
    pub fn at(&mut self, milliseconds: i64) -> &mut Door {
        self.clock = Clock::fixed(NOON + milliseconds, 1);
        self
    }

    pub async fn ask_with(&self, headers: &Value, evidence: &Evidence) -> Result<Identity, Denial> {
        let caller = Caller {
            headers,
            evidence,
            query: &"query Q { me }".into(),
            operation_name: Some(&"Q".into()),
            variables: &Value::Null,
            api_name: &"test".into(),
        };
        let outside = Outside { http: &self.web, lambda: &self.function, clock: &self.clock };
        self.authenticator.authenticate(&caller, outside).await
    }

    pub async fn ask(&self, headers: &[(&str, &str)]) -> Result<Identity, Denial> {
        let headers: Value = headers.iter().map(|(name, value)| (Str::from(*name), Value::from(*value))).collect();
        self.ask_with(&headers, &Evidence { peer: Some("203.0.113.9".into()), ..Evidence::default() }).await
    }

    pub async fn with_token(&self, token: &str) -> Result<Identity, Denial> {
        self.ask(&[("authorization", token)]).await
    }
}

/// A project of nothing but a `syncline.yaml`, which must be free of errors.
pub fn project(config: &str) -> Project {
    let files = [("syncline.yaml", config), ("schema.graphql", "type Query { me: String }")];
    let files = files.map(|(path, text)| (Str::from(path), SourceFile::new(path, text)));
    let files = ProjectFiles { name: "test".into(), files: files.into_iter().collect(), ..ProjectFiles::default() };
    let (project, problems) = Project::load(&files);
    let errors: Vec<String> =
        problems.iter().filter(|problem| problem.severity == Severity::Error).map(ToString::to_string).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    project
}

/// A file below `tests/auth`, as JSON.
pub fn data(name: &str) -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/auth").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}
