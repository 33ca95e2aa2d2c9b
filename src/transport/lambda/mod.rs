//! The Lambda function: one handler for every event that can reach it (spec appsync-service 7.7). HTTP events go through
//! the same router as `syncline dev`, so that the two cannot drift apart; `http` reads and answers them. What AppSync asks
//! is in `appsync`; `event` tells one from the other.

mod appsync;
mod event;
mod http;

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use lambda_runtime::layers::TracingLayer;
use lambda_runtime::tower::Service;
use lambda_runtime::tower::layer::layer_fn;
use lambda_runtime::{Diagnostic, FunctionResponse, LambdaEvent, LambdaInvocation, Runtime, service_fn};
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::watch;

use crate::api::{Api, FieldAnswers, FieldRequest, Refusal};
use crate::error::FieldError;
use crate::limits;
use crate::transport::http::{Front, RequestLog, Server};
use crate::transport::lambda::event::Event;
use crate::value::{Str, Value};

/// How Lambda takes the answers to a Function URL's events, which the function has to know beforehand: Lambda's own name
/// and values for it (`InvokeMode`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InvokeMode {
    /// In one piece of up to 6 MB.
    #[default]
    Buffered,
    /// `RESPONSE_STREAM`: in pieces, up to 200 MB.
    ResponseStream,
}

impl InvokeMode {
    /// By Lambda's name.
    pub fn from_name(name: &str) -> Option<InvokeMode> {
        match name {
            "BUFFERED" => Some(InvokeMode::Buffered),
            "RESPONSE_STREAM" => Some(InvokeMode::ResponseStream),
            _ => None,
        }
    }
}

/// Answers events.
#[derive(Clone)]
pub struct Function {
    pub api: Arc<Api>,
    pub server: Arc<Server>,
    pub invoke_mode: InvokeMode,
}

/// Why there is no answer to an event, in the form that Lambda reports and AppSync shows to its client.
#[derive(Clone, Debug, PartialEq)]
pub struct HandlerError {
    /// AppSync's `errorType`.
    pub error_type: Str,
    pub message: Str,
}

impl HandlerError {
    pub fn new(error_type: &'static str, message: impl std::fmt::Display) -> HandlerError {
        HandlerError { error_type: Str::new_static(error_type), message: message.to_string().into() }
    }

    fn internal() -> HandlerError {
        HandlerError::new("InternalFailure", "An internal error occurred.")
    }

    fn unknown_event(why: impl std::fmt::Display) -> HandlerError {
        HandlerError::new("UnknownEvent", why)
    }

    /// In the words in which Lambda itself refuses such an answer.
    fn too_large() -> HandlerError {
        let most = limits::LAMBDA_PAYLOAD_BYTES;
        let message = format!("Response payload size exceeded maximum allowed payload size ({most} bytes).");
        HandlerError::new("Function.ResponseSizeTooLarge", message)
    }
}

impl From<FieldError> for HandlerError {
    fn from(error: FieldError) -> HandlerError {
        HandlerError { error_type: error.error_type.unwrap_or_else(|| "Error".into()), message: error.message }
    }
}

impl From<HandlerError> for Diagnostic {
    fn from(error: HandlerError) -> Diagnostic {
        Diagnostic { error_type: error.error_type.to_string(), error_message: error.message.to_string() }
    }
}

const NO_EVENT: &str = "this event is neither an HTTP event (API Gateway, Function URL, ALB) nor one of AppSync";

type Answer = FunctionResponse<Box<RawValue>, http::Pieces>;

/// Answers events until Lambda stops the process, or until `stop` is done: then the event in hand is answered first.
///
/// # Errors
/// What the Lambda runtime API fails with.
pub async fn run(function: Function, stop: impl Future<Output = ()>) -> Result<(), lambda_runtime::Error> {
    let server = function.server.clone();
    let handler = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let function = function.clone();
        async move { function.handle(event.payload.get(), &event.context).await }
    });
    let (is_busy, mut seen) = watch::channel(false);
    let runtime = Runtime::new(handler).layer(TracingLayer::new());
    let runtime = runtime.layer(layer_fn(|inner| Counted { inner, is_busy: is_busy.clone() }));
    let until_stopped = async {
        stop.await;
        // Fails only when there is nobody left who could be busy.
        let _ = seen.wait_for(|is_busy| !is_busy).await;
    };
    tokio::select! {
        biased;
        outcome = runtime.run() => outcome,
        () = until_stopped => {
            // Mutations whose clients have gone away.
            server.finish().await;
            Ok(())
        }
    }
}

/// Tells Lambda why the function cannot start. It hears of the end of the process anyhow; this says the reason where its
/// operator looks first.
pub async fn report_init_error(error: HandlerError) {
    let error_type = error.error_type.clone();
    let body = serde_json::to_vec(&Diagnostic::from(error)).unwrap_or_default();
    let request = lambda_runtime_api_client::build_request()
        .method("POST")
        .uri("/2018-06-01/runtime/init/error")
        .header("lambda-runtime-function-error-type", error_type.as_str())
        .body(lambda_runtime_api_client::body::Body::from(body));
    let client = lambda_runtime_api_client::Client::builder().build();
    if let (Ok(client), Ok(request)) = (client, request)
        && let Err(error) = client.call(request).await
    {
        tracing::warn!(%error, "the error could not be reported");
    }
}

impl Function {
    /// Handles one event in process, as `syncline invoke` does. A streamed answer comes in one piece too.
    ///
    /// # Errors
    /// An event of no known shape, or a resolver's error in the form that AppSync reads.
    pub async fn invoke(&self, event: &str) -> Result<Value, HandlerError> {
        let function = Function { invoke_mode: InvokeMode::Buffered, ..self.clone() };
        match function.handle(event, &lambda_runtime::Context::default()).await? {
            FunctionResponse::BufferedResponse(answer) => {
                Value::parse(answer.get()).map_err(|_| HandlerError::internal())
            }
            FunctionResponse::StreamingResponse(_) => Err(HandlerError::internal()),
        }
    }

    /// Whatever happens, the process goes on with the next event.
    async fn handle(&self, event: &str, context: &lambda_runtime::Context) -> Result<Answer, HandlerError> {
        // What a panic says is on standard error already, and is nobody else's affair.
        let outcome = AssertUnwindSafe(self.answer(event, context)).catch_unwind().await;
        outcome.unwrap_or_else(|_| Err(HandlerError::internal()))
    }

    async fn answer(&self, event: &str, context: &lambda_runtime::Context) -> Result<Answer, HandlerError> {
        let time_left = self.time_left(context);
        let kind = Event::of(event).ok_or_else(|| HandlerError::unknown_event(NO_EVENT))?;
        let value = match kind {
            Event::Rest | Event::Http { .. } | Event::LoadBalancer => {
                return self.answer_http(kind, event, Front { time_left, ..Front::default() }, context).await;
            }
            Event::Resolver => {
                let requests = vec![Ok(appsync::field_request(&parse(event)?))];
                self.one(self.resolve(requests, time_left, context).await)?
            }
            Event::ResolverBatch => {
                let contexts = parse(event)?;
                let requests = contexts.as_list().unwrap_or_default().iter().map(appsync::field_request).map(Ok);
                let values = self.resolve(requests.collect(), time_left, context).await;
                values.into_iter().map(appsync::element).collect()
            }
            Event::Payload => self.answer_payload(&parse(event)?, time_left, context).await?,
            Event::Authorizer => appsync::authorize(&self.api, &parse(event)?, time_left).await,
            Event::WarmUp => Value::Null,
            Event::WebSocket => {
                return Err(HandlerError::unknown_event(
                    "events of WebSocket APIs are not supported by this version yet",
                ));
            }
        };
        let answer = to_raw_value(&value).map_err(|_| HandlerError::internal())?;
        if answer.get().len() > limits::LAMBDA_PAYLOAD_BYTES {
            return Err(HandlerError::too_large());
        }
        Ok(FunctionResponse::BufferedResponse(answer))
    }

    async fn answer_http(
        &self,
        kind: Event,
        event: &str,
        front: Front,
        context: &lambda_runtime::Context,
    ) -> Result<Answer, HandlerError> {
        let read = || http::read(kind, event, context).map_err(HandlerError::unknown_event);
        let router = self.server.router();
        if kind == (Event::Http { is_function_url: true }) && self.invoke_mode == InvokeMode::ResponseStream {
            return Ok(FunctionResponse::StreamingResponse(http::stream(router, read()?, front).await));
        }
        let answer = http::answer(router, read()?, front).await.map_err(|_| HandlerError::internal())?;
        if answer.get().len() <= limits::LAMBDA_PAYLOAD_BYTES {
            return Ok(FunctionResponse::BufferedResponse(answer));
        }
        let refusal = http::refuse(&self.server, read()?, &TOO_LARGE).await;
        Ok(FunctionResponse::BufferedResponse(refusal.map_err(|_| HandlerError::internal())?))
    }

    /// What a mapping template sent, or several of them in one `BatchInvoke`.
    async fn answer_payload(
        &self,
        event: &Value,
        time_left: Option<Duration>,
        context: &lambda_runtime::Context,
    ) -> Result<Value, HandlerError> {
        let Some(payloads) = self.api.payloads() else {
            let help = "; where a mapping template made it, `payloads` in syncline.yaml says which field it means";
            return Err(HandlerError::unknown_event(format!("{NO_EVENT}{help}")));
        };
        let Some(items) = event.as_list() else {
            let requests = vec![appsync::payload_request(payloads, event)];
            return self.one(self.resolve(requests, time_left, context).await);
        };
        let requests = items.iter().map(|item| appsync::payload_request(payloads, item)).collect();
        let values = self.resolve(requests, time_left, context).await;
        if payloads.wraps_batches {
            return Ok(values.into_iter().map(appsync::element).collect());
        }
        // Without a place for an error in an element, one fails them all.
        Ok(values.into_iter().collect::<Result<Value, FieldError>>()?)
    }

    fn one(&self, values: Vec<Result<Value, FieldError>>) -> Result<Value, HandlerError> {
        let value = values.into_iter().next().ok_or_else(HandlerError::internal)?;
        Ok(value?)
    }

    /// Resolves fields, and logs it as one request.
    async fn resolve(
        &self,
        requests: Vec<Result<FieldRequest, FieldError>>,
        time_left: Option<Duration>,
        context: &lambda_runtime::Context,
    ) -> Vec<Result<Value, FieldError>> {
        let started = Instant::now();
        let FieldAnswers { values, report } = appsync::resolve(&self.api, requests, time_left).await;
        self.server.log(&RequestLog {
            status: 200,
            elapsed: started.elapsed(),
            report: Some(&report),
            refusal: None,
            request_id: &context.request_id,
        });
        values
    }

    /// Until Lambda would end the process, less what it takes to send the answer.
    fn time_left(&self, context: &lambda_runtime::Context) -> Option<Duration> {
        let deadline = i64::try_from(context.deadline).ok().filter(|deadline| *deadline > 0)?;
        let left = deadline.saturating_sub(self.api.clock().now_epoch_milliseconds());
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        Some(left.saturating_sub(limits::LAMBDA_ANSWER_TIME))
    }
}

fn parse(event: &str) -> Result<Value, HandlerError> {
    Value::parse(event).map_err(HandlerError::unknown_event)
}

/// What the client of an HTTP event hears whose answer Lambda would not take.
static TOO_LARGE: LazyLock<Refusal> = LazyLock::new(|| {
    let message = "The answer is larger than the 6 MB that a Lambda function can give; ask for fewer items or fields.";
    Refusal::new(500, "ResponseTooLargeException", message)
});

/// The whole way of an event, its answer's included.
struct Counted<S> {
    inner: S,
    /// Whether an event is being handled or its answer is being sent.
    is_busy: watch::Sender<bool>,
}

impl<S: Service<LambdaInvocation>> Service<LambdaInvocation> for Counted<S>
where
    S::Future: 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = LocalBoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        self.is_busy.send_replace(true);
        let (answering, is_busy) = (self.inner.call(invocation), self.is_busy.clone());
        Box::pin(async move {
            let answered = answering.await;
            is_busy.send_replace(false);
            answered
        })
    }
}
