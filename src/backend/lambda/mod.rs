//! Lambda functions as AppSync calls them: conflict handlers, authorizers, data sources.
//!
//! [`LambdaInvoke`] is the way to them. `backend::aws` goes to AWS; [`Functions`] knows the functions of a project and
//! sends each call there, or to what stands for the function on a laptop: an address or a `command`.

pub mod batch;
mod command;
mod functions;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::backend::ServiceError;
use crate::value::{Str, object};

pub use batch::Batch;
pub use functions::{FunctionDescription, Functions, LocalFunction, name_in_aws};

/// AWS Lambda's Invoke.
pub trait LambdaInvoke: Send + Sync {
    /// Calls a function. It runs once at most: whether a call that failed may be tried again depends on what it asks for,
    /// so that is left to the caller.
    ///
    /// # Errors
    /// [`ServiceError`]: why the function did not run, or why nobody knows. A function that ran and failed is an answer.
    fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'_, Result<LambdaAnswer, ServiceError>>;

    /// AppSync's BatchInvoke: calls a function with a list in which the payload is one item, and gives the part of the
    /// answer that belongs to it. Which others are in the list is for whoever gathers them to say; here it is nobody.
    ///
    /// # Errors
    /// As [`LambdaInvoke::invoke`]; [`batch::UNFIT_ANSWER`] where the answer is not one element for each item.
    fn batch_invoke(&self, item: LambdaInvocation, batch: Batch) -> BoxFuture<'_, Result<LambdaAnswer, ServiceError>> {
        let _ = batch;
        Box::pin(async move {
            let invocation_type = item.invocation_type;
            let answer = self.invoke(LambdaInvocation { payload: batch::join([&item.payload]), ..item }).await?;
            Ok(batch::split(&answer, invocation_type, 1)?.pop().unwrap_or_default())
        })
    }

    /// Where functions live that are named without a region; `None`: not in AWS.
    fn region(&self) -> Option<Str> {
        None
    }
}

/// One call of a function.
#[derive(Clone, Debug, Default)]
pub struct LambdaInvocation {
    /// Name, partial or full ARN, with an alias or version where there is one.
    pub function: Str,
    /// Whose rights the call is made with: a role's ARN, or the process's own.
    pub role: Option<Str>,
    pub invocation_type: LambdaInvocationType,
    /// The event: JSON.
    pub payload: Bytes,
}

/// AWS's `InvocationType`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LambdaInvocationType {
    /// Waits for the answer.
    #[default]
    RequestResponse,
    /// Is accepted and runs later; the answer is empty.
    Event,
}

/// What a function answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LambdaAnswer {
    /// JSON; empty for an event.
    pub payload: Bytes,
    /// Set when the function failed, and why: `Unhandled` or `Handled`. `payload` is then
    /// `{"errorMessage", "errorType", "stackTrace"}`.
    pub function_error: Option<Str>,
}

impl LambdaAnswer {
    /// What Lambda answers for a function that failed without an answer of its own.
    pub fn unhandled(error_type: &str, message: &str) -> LambdaAnswer {
        let payload = object! { "errorType" => error_type, "errorMessage" => message };
        LambdaAnswer { payload: payload.to_string().into(), function_error: Some(Str::new_static("Unhandled")) }
    }
}

/// The name of a function without region, account and alias: `audit` of `arn:aws:lambda:eu-central-1:1:function:audit:2`.
pub fn function_name(function: &str) -> &str {
    let name = match function.split_once(":function:") {
        Some((_, name)) => name,
        None => function.strip_prefix("function:").unwrap_or(function),
    };
    name.split(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_function_has_the_same_name() {
        for function in [
            "audit",
            "audit:live",
            "function:audit",
            "123456789012:function:audit",
            "arn:aws:lambda:eu-central-1:123456789012:function:audit",
            "arn:aws:lambda:eu-central-1:123456789012:function:audit:live",
        ] {
            assert_eq!(function_name(function), "audit", "{function}");
        }
    }
}
