//! What an orchestrator asks a container: whether the process works, and whether it wants requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use crate::transport::http::response::{self, MediaType};
use crate::value::object;

/// Where the process stands between its start and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    Starting,
    Ready,
    /// It serves what still comes, and wants no more.
    Stopping,
}

/// `/health/live` and `/health/ready`. Liveness says that requests are answered at all; whether DynamoDB can be reached is
/// no part of either, because a restart would not help, and all instances would be taken away at once.
#[derive(Clone)]
pub struct Probes(Arc<AtomicU8>);

impl Default for Probes {
    fn default() -> Probes {
        Probes(Arc::new(AtomicU8::new(Phase::Starting as u8)))
    }
}

impl Probes {
    /// Goes on to a phase. None comes back: what stops does not become ready, even where it was told to stop first.
    pub fn enter(&self, phase: Phase) {
        self.0.fetch_max(phase as u8, Ordering::Relaxed);
    }

    pub fn routes(&self) -> Router {
        let phase = self.0.clone();
        Router::new()
            .route("/health/live", get(async || answer(StatusCode::OK, "ok")))
            .route("/health/ready", get(async move || ready(phase.load(Ordering::Relaxed))))
    }
}

fn ready(phase: u8) -> Response {
    match phase {
        phase if phase == Phase::Starting as u8 => answer(StatusCode::SERVICE_UNAVAILABLE, "starting"),
        phase if phase == Phase::Ready as u8 => answer(StatusCode::OK, "ready"),
        _ => answer(StatusCode::SERVICE_UNAVAILABLE, "stopping"),
    }
}

fn answer(status: StatusCode, word: &str) -> Response {
    response::json(status, MediaType::Json, object! { "status" => word }.to_string().into_bytes())
}
