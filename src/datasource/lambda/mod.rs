//! AWS Lambda as AppSync's resolvers use it (spec appsync-service 7, appsync-js 4.1): a function is called with the payload
//! of a request document, or, where the resolver has no code for its request, with the whole context.
//!
//! `failure` says how everything that goes wrong reads in `ctx.error`.

mod failure;

use futures_util::future::BoxFuture;

use crate::backend::lambda::{Batch, LambdaAnswer, LambdaInvocation, LambdaInvocationType};
use crate::datasource::document::Element;
use crate::datasource::{DataSource, Invocation, Outcome};
use crate::error::{FieldError, nearest};
use crate::limits;
use crate::schema::java_text;
use crate::value::{Str, Value};

/// An AWS_LAMBDA data source: one function.
#[derive(Clone, Debug)]
pub struct LambdaSource {
    /// As the project names it, or AWS does.
    function: Str,
    /// Most items in one list; `None`: not said.
    max_batch_size: Option<usize>,
}

impl LambdaSource {
    pub fn new(function: impl Into<Str>) -> LambdaSource {
        LambdaSource { function: function.into(), max_batch_size: None }
    }

    /// With lists of at most so many items: those of BatchInvoke, and of a direct resolver, which without this is called
    /// for each item. Zero is as if nothing was said.
    pub fn with_max_batch_size(mut self, items: Option<usize>) -> LambdaSource {
        self.max_batch_size = items.filter(|&items| items > 0);
        self
    }
}

/// What a function is asked.
struct Request {
    payload: Value,
    invocation_type: LambdaInvocationType,
    /// Most items in the list with which the payload travels; `None`: it is the event.
    list: Option<usize>,
}

impl Request {
    /// Reads a request document.
    fn read(source: &LambdaSource, document: &Element<'_>) -> Result<Request, FieldError> {
        let operation = document.required("operation")?.string()?;
        let list = match operation.as_str() {
            "Invoke" => None,
            "BatchInvoke" => Some(source.max_batch_size.unwrap_or(limits::BATCH_INVOKE_ITEMS)),
            unknown => return Err(unknown_operation(unknown)),
        };
        document.allow_only(&["version", "operation", "invocationType", "payload"])?;
        let invocation_type = match document.member("invocationType") {
            None => LambdaInvocationType::RequestResponse,
            Some(written) => match written.string()?.as_str() {
                "RequestResponse" => LambdaInvocationType::RequestResponse,
                "Event" => LambdaInvocationType::Event,
                _ => return Err(written.refused("expected 'RequestResponse' or 'Event'")),
            },
        };
        // What a function gets whose request has no payload is UNCONFIRMED (spec appsync-service 7.2); `payload` is
        // optional.
        let payload = document.member("payload").map_or(Value::Null, |payload| payload.value.clone());
        Ok(Request { payload, invocation_type, list })
    }

    /// What a direct resolver asks.
    fn direct(source: &LambdaSource, call: &Invocation<'_>) -> Request {
        let invocation_type = LambdaInvocationType::RequestResponse;
        Request { payload: call.ctx.to_event(), invocation_type, list: source.max_batch_size }
    }
}

fn unknown_operation(operation: &str) -> FieldError {
    let known = nearest(operation, ["Invoke", "BatchInvoke"]);
    let hint = known.map_or(String::new(), |name| format!(" Did you mean '{name}'?"));
    FieldError::mapping_template(format!("Unsupported operation '{operation}'.{hint}"))
}

impl DataSource for LambdaSource {
    fn invoke<'a>(&'a self, call: Invocation<'a>) -> BoxFuture<'a, Result<Outcome, FieldError>> {
        Box::pin(async move {
            let request = match call.has_request {
                true => Request::read(self, &Element::root(call.request))?,
                false => Request::direct(self, &call),
            };
            let invocation = LambdaInvocation {
                function: self.function.clone(),
                role: call.rights.role().map(Str::from),
                invocation_type: request.invocation_type,
                payload: request.payload.to_string().into(),
            };
            let answer = match request.list {
                None => call.lambda.invoke(invocation).await,
                Some(most_items) => {
                    call.lambda.batch_invoke(invocation, Batch { field: call.ctx.field, most_items }).await
                }
            };
            let failed = |error| Ok(Outcome { result: Value::Null, error: Some(error) });
            let answer = match answer {
                Ok(LambdaAnswer { payload, function_error: Some(kind) }) => {
                    return failed(failure::of_function(&payload, &kind, !call.has_request));
                }
                Ok(answer) => answer,
                Err(error) => return failed(failure::of_service(&error)),
            };
            if request.invocation_type == LambdaInvocationType::Event || answer.payload.is_empty() {
                return Ok(Outcome::default());
            }
            let text = std::str::from_utf8(&answer.payload).ok();
            match text.and_then(|text| Value::parse(text).ok()) {
                // Where code shapes either half, the element is its business.
                Some(element) if request.list.is_some() && !call.has_request && !call.has_response => {
                    direct_element(&element).map(Outcome::success)
                }
                Some(result) => Ok(Outcome::success(result)),
                None => failed(failure::no_json()),
            }
        })
    }

    /// The request's loader sees the calls of functions, and keeps what was read before they answered from later readers.
    fn may_write_elsewhere(&self) -> bool {
        false
    }
}

/// The value of one element of a direct resolver's list, `{data, errorMessage, errorType}`, as AppSync's default response
/// reads it. Other members count for nothing, and so does what is no object.
fn direct_element(element: &Value) -> Result<Value, FieldError> {
    let member = |name: &str| element.get(name).cloned().unwrap_or_default();
    let (data, message, error_type) = (member("data"), member("errorMessage"), member("errorType"));
    // As `#if` of the equivalent template: everything but null and false is true.
    if matches!(message, Value::Null | Value::Bool(false)) {
        return Ok(data);
    }
    let error_type = (!error_type.is_null()).then(|| java_text(&error_type));
    Err(FieldError { message: java_text(&message), error_type, data, ..FieldError::default() })
}

#[cfg(test)]
mod tests;
