//! Calls that go straight through: each is counted and explained as a call to DynamoDB is, and waited for as long as the
//! request has time.

use futures_util::future::BoxFuture;

use super::explain::{CallKind, Callers, Target};
use super::{Named, Shared};
use crate::backend::ServiceError;
use crate::backend::event_bus::{EventBus, PutEvents};
use crate::backend::http::{HttpFailure, HttpFailureKind, HttpRequest, HttpResponse, HttpSend};
use crate::limits;
use crate::value::{Str, Value};

/// What is to be known of a call, worked out only where somebody asks for it.
pub(super) struct Noted<T, E, Name, Asked> {
    pub kind: CallKind,
    /// Says what is called.
    pub target: Name,
    pub callers: Asked,
    /// The answer when the request's time is over.
    pub timed_out: fn() -> E,
    /// How a call failed.
    pub failure: fn(&Result<T, E>) -> Option<Str>,
}

impl Shared {
    /// Makes a call, counts it and says what became of it.
    pub(super) async fn note<T, E>(
        &self,
        call: Noted<T, E, impl FnOnce() -> Str, impl FnOnce() -> Callers>,
        answer: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let Noted { kind, target, callers, timed_out, failure } = call;
        let number = {
            let state = &mut *self.state();
            state.stats.count(kind);
            state.trace.as_mut().map(|trace| trace.begin(kind, Target::Named(target()), 1, callers()))
        };
        let answer = self.in_time(timed_out, answer).await;
        if let (Some(number), Some(trace)) = (number, self.state().trace.as_mut()) {
            trace.end(number, failure(&answer));
        }
        answer
    }

    /// Waits for an answer until the request has just the time to say that there is none.
    pub(super) async fn in_time<T, E>(
        &self,
        timed_out: fn() -> E,
        answer: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let Some(deadline) = self.deadline else { return answer.await };
        let last = deadline.checked_sub(limits::SERVICE_GRACE).unwrap_or(deadline);
        tokio::time::timeout_at(last, answer).await.unwrap_or_else(|_| Err(timed_out()))
    }
}

impl HttpSend for Named<'_> {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, HttpFailure>> {
        let (method, url) = (request.method.clone(), request.url.clone());
        Box::pin(self.loader.0.note(
            Noted {
                kind: CallKind::Http,
                // Queries may have keys in them.
                target: move || format!("{method} {}", url.split('?').next().unwrap_or_default()).into(),
                callers: || Callers::Runs(Some(self.resolver.clone()), 1),
                timed_out: || HttpFailure::new(HttpFailureKind::TimedOut, "The request's time is over"),
                failure: |answer| answer.as_ref().err().map(|failure| format!("{:?}", failure.kind).into()),
            },
            self.loader.0.backends.http.send(request),
        ))
    }
}

impl EventBus for Named<'_> {
    fn put_events(&self, request: PutEvents) -> BoxFuture<'_, Result<Value, ServiceError>> {
        let bus = request.bus.clone();
        Box::pin(self.loader.0.note(
            Noted {
                kind: CallKind::PutEvents,
                target: || bus,
                callers: || Callers::Runs(Some(self.resolver.clone()), 1),
                timed_out: || ServiceError {
                    code: Str::new_static("RequestTimeout"),
                    message: Str::new_static("The request's time is over"),
                    ..ServiceError::default()
                },
                failure: |answer| answer.as_ref().err().map(|error| error.code.clone()),
            },
            self.loader.0.backends.event_bus.put_events(request),
        ))
    }
}
