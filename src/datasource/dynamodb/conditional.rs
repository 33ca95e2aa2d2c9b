//! Writes with conditions, and what a Lambda function has to say about those that failed (spec appsync-js 3.14).

use crate::backend::ServiceError;
use crate::datasource::Outcome;
use crate::datasource::document::Element;
use crate::datasource::dynamodb::condition::Condition;
use crate::datasource::dynamodb::{Call, ask_function, delete_item, failed, put_item, typed, update_item, versioned};
use crate::error::FieldError;
use crate::project::Versioning;
use crate::value::{Map, Str, Value};

/// What became of one attempt.
pub(super) enum Attempt {
    Done(Outcome),
    /// The condition was false, and nothing shows that the caller has what it wanted anyhow.
    Refused(Box<Refusal>),
}

/// A write whose condition was false.
pub(super) struct Refusal {
    pub condition: Condition,
    /// The item that the condition was false for; not looked for where nobody asks.
    pub stored: Result<Option<Map>, ServiceError>,
    pub error: ServiceError,
}

/// What a function decides.
enum Verdict {
    /// The error stays; also where the function fails or answers what nobody understands (UNCONFIRMED).
    Reject,
    /// The stored item is the result.
    Discard,
    /// Another request document, for one more attempt.
    Retry(Value),
}

/// PutItem, UpdateItem or DeleteItem, with what follows when the condition is false.
pub(super) async fn write(
    call: &Call<'_>,
    document: &Element<'_>,
    operation: &str,
    versioning: Option<&Versioning>,
) -> Result<Outcome, FieldError> {
    let refusal = match attempt(call, document, operation, versioning).await? {
        Attempt::Done(outcome) => return Ok(outcome),
        Attempt::Refused(refusal) => refusal,
    };
    let (Some(function), Ok(stored)) = (&refusal.condition.handler, &refusal.stored) else {
        return Ok(rejected(call, &refusal));
    };
    let current_value = Value::from(stored.as_ref().map(typed::plain_map));
    match verdict(call, document, function, &current_value).await {
        Verdict::Reject => Ok(rejected(call, &refusal)),
        Verdict::Discard => Ok(Outcome::success(current_value)),
        Verdict::Retry(document) => match attempt(call, &Element::root(&document), operation, versioning).await {
            Ok(Attempt::Done(outcome)) if outcome.error.is_none() => Ok(outcome),
            // A retry that fails, for whatever reason, is a rejection.
            Ok(_) => Ok(rejected(call, &refusal)),
            Err(error) => {
                tracing::warn!(%function, message = %error.message, "`retryMapping` of a condition's handler is refused");
                Ok(rejected(call, &refusal))
            }
        },
    }
}

/// The error of the condition, with the stored item as the result where handlers see it.
fn rejected(call: &Call<'_>, refusal: &Refusal) -> Outcome {
    match &refusal.stored {
        Ok(Some(stored)) if call.invocation.shows_stored_item => {
            Outcome { result: typed::plain_map(stored).into(), ..failed(&refusal.error) }
        }
        _ => failed(&refusal.error),
    }
}

async fn attempt(
    call: &Call<'_>,
    document: &Element<'_>,
    operation: &str,
    versioning: Option<&Versioning>,
) -> Result<Attempt, FieldError> {
    match (versioning, operation) {
        (Some(versioning), _) => versioned::write(versioning, call, document, operation).await,
        (None, "PutItem") => put_item::put_item(call, document).await,
        (None, "UpdateItem") => update_item::update_item(call, document).await,
        (None, _) => delete_item::delete_item(call, document).await,
    }
}

async fn verdict(call: &Call<'_>, document: &Element<'_>, function: &Str, current_value: &Value) -> Verdict {
    let own = [("requestMapping", document.value.clone()), ("currentValue", current_value.clone())];
    let answer = match ask_function::ask(call, function, own, true).await {
        Ok(answer) => answer,
        Err(why) => {
            tracing::warn!(%function, why, "the handler of a failed condition failed");
            return Verdict::Reject;
        }
    };
    let action = answer.get("action").and_then(Value::as_str).unwrap_or_default();
    if action.eq_ignore_ascii_case("discard") {
        return Verdict::Discard;
    }
    if action.eq_ignore_ascii_case("retry")
        && let Some(mapping) = answer.get("retryMapping").and_then(Value::as_object)
        && let Some(original) = document.value.as_object()
    {
        return Verdict::Retry(retry_document(original, mapping));
    }
    if !action.eq_ignore_ascii_case("reject") {
        tracing::warn!(%function, "the handler of a failed condition says neither reject, discard nor retry with a retryMapping");
    }
    Verdict::Reject
}

/// The document of a retry: the same item as before, without the condition that failed, and what the function changes.
fn retry_document(original: &Map, mapping: &Map) -> Value {
    let mut document = original.clone();
    document.shift_remove("condition");
    for (name, value) in mapping {
        if !matches!(name.as_str(), "operation" | "key" | "version") {
            document.insert(name.clone(), value.clone());
        }
    }
    document.into()
}
