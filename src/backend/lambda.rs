//! Lambda functions as AppSync calls them: conflict handlers, authorizers, data sources.

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::backend::ServiceError;
use crate::value::Str;

/// AWS Lambda's Invoke.
pub trait LambdaInvoke: Send + Sync {
    /// Calls a function once. Whether a failed call may be tried again depends on what it asks for, so that is left to
    /// the caller.
    ///
    /// # Errors
    /// [`ServiceError`]: why the function did not run, or why nobody knows. A function that ran and failed is an answer.
    fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'_, Result<LambdaAnswer, ServiceError>>;
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
