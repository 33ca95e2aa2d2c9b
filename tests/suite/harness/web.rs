//! The web and the event bus of a project in process: answers come from its file `web.txt`.
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
use std::sync::Arc;

use syncline::backend::event_bus::LocalEventBus;
use syncline::backend::http::{HttpFailure, HttpFailureKind, HttpRequest, HttpResponse};
use syncline::clock::Clock;

use super::NOON;

pub struct Web {
    /// By method and URL; `None` never comes.
    answers: HashMap<String, Option<HttpResponse>>,
    pub bus: LocalEventBus,
}

impl Web {
    /// The web of the project in a folder; status 404 for all that is not there.
    pub fn of(folder: &Path) -> Web {
        let text = std::fs::read_to_string(folder.join("web.txt")).unwrap_or_default();
        let answers = text.split("=== ").skip(1).map(|part| {
            let (request, answer) = part.split_once('\n').unwrap();
            (request.trim().to_owned(), read_answer(answer))
        });
        let bus = LocalEventBus::new(Clock::fixed(NOON, 7), Arc::new(|_, _| {}));
        Web { answers: answers.collect(), bus }
    }

    pub fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, HttpFailure> {
        match self.answers.get(&format!("{} {}", request.method, request.url)) {
            Some(Some(answer)) => Ok(answer.clone()),
            Some(None) => {
                Err(HttpFailure::new(HttpFailureKind::Unreachable, "it cannot be reached: connection refused"))
            }
            None => Ok(HttpResponse { status: 404, ..HttpResponse::default() }),
        }
    }

    /// All of a request on one line.
    pub fn line(request: &HttpRequest) -> String {
        let mut line = format!("{} {}", request.method, request.url);
        if let Some(signing) = &request.signing {
            line.push_str(&format!(" signed for {} in {}", signing.service, signing.region));
        }
        for (name, value) in request.headers.iter().filter(|(name, _)| name != "user-agent") {
            line.push_str(&format!(" {name}={value:?}"));
        }
        if !request.body.is_empty() {
            line.push_str(&format!(" {}", String::from_utf8_lossy(&request.body)));
        }
        line
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
