//! The web and the event bus of a project in process: answers come from its file `web.txt`, and everything that goes out is
//! noted in order.
//!
//! ```text
//! === GET https://api.example.com/users/1
//! 200
//! Content-Type: application/json
//!
//! {"id": "1"}
//! === POST https://api.example.com/users
//! no answer
//! ```

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use syncline::backend::ServiceError;
use syncline::backend::event_bus::{EventBus, LocalEventBus, PutEvents};
use syncline::backend::http::{HttpFailure, HttpFailureKind, HttpRequest, HttpResponse, HttpSend};
use syncline::clock::Clock;
use syncline::value::Value;

use super::NOON;

pub struct Web {
    /// By method and URL; `None` never comes.
    answers: HashMap<String, Option<HttpResponse>>,
    bus: LocalEventBus,
    sent: Mutex<Vec<String>>,
}

impl Web {
    /// The web of the project in a folder; status 404 for all that is not there.
    pub fn of(folder: &Path) -> Arc<Web> {
        let text = std::fs::read_to_string(folder.join("web.txt")).unwrap_or_default();
        let answers = text.split("=== ").skip(1).map(|part| {
            let (request, answer) = part.split_once('\n').unwrap();
            (request.trim().to_owned(), read_answer(answer))
        });
        let bus = LocalEventBus::new(Clock::fixed(NOON, 7), Arc::new(|_, _| {}));
        Arc::new(Web { answers: answers.collect(), bus, sent: Mutex::default() })
    }

    /// What went out since this was last asked, a line each.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.sent.lock().unwrap())
    }

    fn note(&self, line: String) {
        self.sent.lock().unwrap().push(line);
    }
}

fn read_answer(text: &str) -> Option<HttpResponse> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let status = lines.next().unwrap();
    let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.into(), value.into())).unwrap();
    (status != "no answer").then(|| HttpResponse {
        status: status.trim().parse().unwrap(),
        headers: lines.map(header).collect(),
        body: body.trim_end().to_owned().into(),
    })
}

impl HttpSend for Web {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, HttpFailure>> {
        let key = format!("{} {}", request.method, request.url);
        let mut line = format!("HTTP {key}");
        if let Some(signing) = &request.signing {
            let role = signing.role.as_ref().map_or(String::new(), |role| format!(" by {role}"));
            line.push_str(&format!(" signed for {} in {}{role}", signing.service, signing.region));
        }
        for (name, value) in request.headers.iter().filter(|(name, _)| name != "user-agent") {
            line.push_str(&format!(" {name}={value:?}"));
        }
        if !request.body.is_empty() {
            line.push_str(&format!(" {}", String::from_utf8_lossy(&request.body)));
        }
        self.note(line);
        let answer = match self.answers.get(&key) {
            Some(Some(answer)) => Ok(answer.clone()),
            Some(None) => {
                Err(HttpFailure::new(HttpFailureKind::Unreachable, "it cannot be reached: connection refused"))
            }
            None => Ok(HttpResponse { status: 404, ..HttpResponse::default() }),
        };
        Box::pin(std::future::ready(answer))
    }
}

impl EventBus for Web {
    fn put_events(&self, request: PutEvents) -> BoxFuture<'_, Result<Value, ServiceError>> {
        let role = request.role.as_ref().map_or(String::new(), |role| format!(" by {role}"));
        self.note(format!("PutEvents{role} {}", request.clone().into_request()));
        self.bus.put_events(request)
    }
}
