//! What may be sent again when no answer came. The SDK would send anything again, as the Java SDK does: a counter that
//! was raised, and whose answer was lost, would be raised twice.
//!
//! | | answered "too many requests", or never sent | answer lost: broken connection, time-out, 500 |
//! |---|---|---|
//! | reads; PutItem, DeleteItem, batches: twice is the same as once | again | again |
//! | TransactWriteItems: carries a token by which DynamoDB knows it | again | again |
//! | UpdateItem that assigns values | again | again |
//! | UpdateItem that computes from what is there: `ADD`, `a + :b`, list elements | again | **not again** |
//! | Lambda functions: whatever they do | again | **not again** |
//!
//! A write that fails after an answer was lost fails as `SdkClientException` (or with the `InternalServerError` that came
//! last) and says that nobody knows whether it took place. Even where the last attempt was refused: the first one may
//! have been the reason, as with a condition that the item does not exist yet. A DeleteItem that is sent again may find
//! nothing and say so, as on AppSync: the item that it took away went with the answer that was lost.

use std::sync::atomic::{AtomicU32, Ordering};

use aws_smithy_runtime_api::client::interceptors::context::{Error, InterceptorContext};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction, RetryClassifierPriority};

use crate::backend::aws::failure::{chain, client_error};
use crate::backend::http::LendError;
use crate::backend::{Operation, ServiceError};
use crate::value::{Map, Value};

/// Whether a second time changes nothing that the first time has not changed.
pub(super) fn is_repeatable(operation: Operation, request: &Value) -> bool {
    if operation != Operation::UpdateItem {
        return true;
    }
    let values = request.get("ExpressionAttributeValues").and_then(Value::as_object);
    match request.get("UpdateExpression").and_then(Value::as_str) {
        Some(expression) => only_assigns(expression, values),
        None => request.get("AttributeUpdates").is_none(),
    }
}

/// Whether an update expression gives the same result for its own result: what is set is a value and no computation,
/// what is added or deleted is a set of elements. Anything that this does not understand is not.
fn only_assigns(expression: &str, values: Option<&Map>) -> bool {
    let is_set = |placeholder: &str| {
        let value = values.and_then(|values| values.get(placeholder));
        value.is_some_and(|value| ["SS", "NS", "BS"].iter().any(|kind| value.get(kind).is_some()))
    };
    let tokens = tokens(expression);
    let mut clause = "";
    let mut rest = tokens.as_slice();
    while !rest.is_empty() {
        if let Some(name) =
            ["SET", "REMOVE", "ADD", "DELETE"].into_iter().find(|name| rest[0].eq_ignore_ascii_case(name))
        {
            clause = name;
            rest = &rest[1..];
        }
        let (is_repeatable, length) = match (clause, rest) {
            ("SET", [path, "=", "if_not_exists", "(", tested, ",", value, ")", ..]) => {
                (path == tested && is_path(path) && value.starts_with(':'), 8)
            }
            ("SET", [path, "=", value, ..]) => (is_path(path) && value.starts_with(':'), 3),
            ("REMOVE", [path, ..]) => (is_path(path), 1),
            ("ADD" | "DELETE", [path, value, ..]) => (is_path(path) && is_set(value), 2),
            _ => (false, 0),
        };
        if !is_repeatable {
            return false;
        }
        rest = match &rest[length..] {
            [",", rest @ ..] => rest,
            [] => &[],
            rest if rest[0].starts_with(|c: char| c.is_ascii_alphabetic()) => rest, // the next clause
            _ => return false,
        };
    }
    true
}

/// Names, aliases, placeholders and paths of them in one piece; every other character by itself. Brackets are among the
/// latter: what is done to a numbered element of a list meets another element the second time.
fn tokens(expression: &str) -> Vec<&str> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '#' | ':' | '.');
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match rest.find(|c| !is_part(c)).unwrap_or(rest.len()) {
            0 => first.len_utf8(),
            length => length,
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

fn is_path(token: &str) -> bool {
    token.starts_with(|c: char| c == '#' || c == '_' || c.is_alphabetic())
}

/// Whether a service surely has not carried out an attempt: it said so, or was never asked.
pub(super) fn is_refused(error: &OrchestratorError<Error>, response: Option<&HttpResponse>) -> bool {
    match response.map(|response| response.status().as_u16()) {
        // 503 turns away at the door. After a 500, the service itself does not know.
        Some(status) => (400..500).contains(&status) || status == 503,
        None => error.as_connector_error().is_some_and(|error| chain(error).any(is_about_connecting)),
    }
}

/// Whether there was no connection, and so nothing was sent.
fn is_about_connecting(cause: &(dyn std::error::Error + 'static)) -> bool {
    let is_refused = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ConnectionRefused;
    cause.downcast_ref().is_some_and(is_refused) || cause.downcast_ref().is_some_and(LendError::is_about_connecting)
}

/// Forbids the SDK to send again what may have been carried out.
#[derive(Debug)]
pub(super) struct OnlyIfRefused;

impl ClassifyRetry for OnlyIfRefused {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.output_or_error() {
            Some(Err(error)) if !is_refused(error, context.response()) => RetryAction::RetryForbidden,
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "OnlyIfRefused"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

/// Has a function called again only if it surely has not run: Lambda turned the call away because there were too many, or
/// nothing was sent. What else Lambda refuses, it would refuse again.
#[derive(Debug)]
pub(super) struct OnlyIfNotRun;

impl ClassifyRetry for OnlyIfNotRun {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let error = context.output_or_error().and_then(Result::err);
        match (context.response().map(|response| response.status().as_u16()), error) {
            (Some(429), _) => RetryAction::throttling_error(),
            (None, Some(error)) if is_refused(error, None) => RetryAction::transient_error(),
            _ => RetryAction::RetryForbidden,
        }
    }

    fn name(&self) -> &'static str {
        "OnlyIfNotRun"
    }
}

/// Attempts of one call that were sent and of which nobody knows what became.
#[derive(Debug, Default)]
pub(super) struct Unanswered(AtomicU32);

impl Unanswered {
    /// An attempt goes out.
    pub fn sent(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// An attempt has ended in some way. One that ran out of time ends without coming here.
    pub fn ended(&self, error: Option<&OrchestratorError<Error>>, response: Option<&HttpResponse>) {
        if error.is_none_or(|error| is_refused(error, response)) {
            // Attempts that failed before they were sent end here too.
            let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |sent| sent.checked_sub(1));
        }
    }

    fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// What a call comes to whose last attempt failed with `error`.
    ///
    /// # Errors
    /// `error`, or that the outcome is unknown.
    pub fn judge(&self, operation: Operation, request: &Value, error: ServiceError) -> Result<Value, ServiceError> {
        let is_write = matches!(
            operation,
            Operation::PutItem
                | Operation::UpdateItem
                | Operation::DeleteItem
                | Operation::BatchWriteItem
                | Operation::TransactWriteItems
        );
        if !is_write || !self.any() {
            return Err(error);
        }
        match (operation, error.code.as_str()) {
            // DynamoDB knows a transaction by its token: had an earlier attempt succeeded, this one would have.
            (Operation::TransactWriteItems, "TransactionCanceledException") => Err(error),
            // It stands in its own way.
            (Operation::PutItem, "ConditionalCheckFailedException")
                if request.get("ReturnValues").is_none() && error.body.get("Item") == request.get("Item") =>
            {
                Ok(Value::empty_object())
            }
            // Gone is what it was to be.
            (Operation::DeleteItem, "ConditionalCheckFailedException") if error.body.get("Item").is_none() => {
                Err(error)
            }
            // After this one of DynamoDB's own nobody knows either, and AppSync shows it as it is.
            (_, "InternalServerError") => Err(error),
            _ => {
                let repeated = if error.status == 0 { "" } else { " (sent again after no answer came)" };
                let message = format!("{}{repeated}; it is not known whether the write took place", error.message);
                Err(client_error(message).because(error.cause))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_repeatable_update(expression: &str) -> bool {
        let request = format!(
            r##"{{"TableName":"t","Key":{{"id":{{"S":"1"}}}},"UpdateExpression":"{expression}",
                "ExpressionAttributeValues":{{":a":{{"S":"a"}},":n":{{"N":"1"}},":s":{{"SS":["x"]}},":l":{{"L":[]}}}}}}"##
        );
        is_repeatable(Operation::UpdateItem, &Value::parse(&request).unwrap())
    }

    #[test]
    fn updates_that_assign_may_be_sent_again() {
        for expression in [
            "SET a = :a",
            "set #a=:a,#b.#c = :l REMOVE d, #e",
            "SET a = if_not_exists(a, :a), b = :n",
            "REMOVE a SET b = :a",
            "ADD tags :s DELETE others :s",
        ] {
            assert!(is_repeatable_update(expression), "{expression}");
        }
        for request in [r#"{"TableName":"t","Key":{}}"#, r#"{"UpdateExpression":""}"#] {
            assert!(is_repeatable(Operation::UpdateItem, &Value::parse(request).unwrap()), "{request}");
        }
    }

    #[test]
    fn updates_that_compute_or_are_not_understood_may_not() {
        for expression in [
            "ADD n :n",
            "SET a = :a ADD n :n",
            "SET n = n + :n",
            "SET n = :n + n",
            "SET n = :n - :n",
            "SET n = if_not_exists(n, :n) + :n",
            "SET n = if_not_exists(m, :n)",
            "SET l = list_append(l, :l)",
            "SET l[0] = :a",
            "SET a = b",
            "SET a = :a, b = b.c",
            "REMOVE l[0]",
            "REMOVE a, l [1]",
            "ADD tags :unknown",
            "SET a = :a b",
            "SOMETHING a :a",
            "a = :a",
            "SET",
            "SET é",
        ] {
            assert!(!is_repeatable_update(expression), "{expression}");
        }
        let legacy = r#"{"AttributeUpdates":{"n":{"Action":"ADD","Value":{"N":"1"}}}}"#;
        assert!(!is_repeatable(Operation::UpdateItem, &Value::parse(legacy).unwrap()));
    }
}
