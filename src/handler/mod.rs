//! Request and response handlers: the author's code of one resolver or pipeline function, run inline.
//!
//! A handler is pure: it reads the [`Context`], returns a value and leaves side results in [`Context::effects`]. It does
//! no I/O, and time, ids and randomness come from [`Context::clock`]. `js/` runs APPSYNC_JS, `vtl/` mapping templates, `util/` holds the `util.*`
//! functions once, for every handler language.

// A failure is rare and taken apart at once: boxing it would only hide its parts.
#![allow(clippy::result_large_err)]

pub mod js;
#[cfg(any(test, feature = "package"))]
pub mod possible;
pub mod util;
pub mod vtl;

use crate::context::Context;
use crate::error::{FieldError, Location};
use crate::value::{Str, Value};

/// The code of one resolver or pipeline function.
#[derive(Clone, Debug)]
pub enum Handler {
    Js(js::JsHandler),
    Vtl(vtl::VtlHandler),
}

/// Which of a handler's two functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    Request,
    Response,
}

impl Function {
    /// The exported name: `request` or `response`.
    pub fn name(self) -> &'static str {
        match self {
            Function::Request => "request",
            Function::Response => "response",
        }
    }
}

/// How a handler function ended without failing.
#[derive(Clone, Debug, PartialEq)]
pub enum Returned {
    Value(Value),
    /// `runtime.earlyReturn(value, { skipTo })` (spec appsync-js 1.11), or a request template's `#return(value)` (spec
    /// appsync-vtl 8).
    EarlyReturn {
        value: Value,
        skip_to: SkipTo,
    },
}

/// Where an early return goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipTo {
    /// The next function of the pipeline; AppSync's default.
    Next,
    /// The response handler of the pipeline resolver.
    End,
    /// Behind what the handler belongs to: `#return` of a template ends the function, the unit resolver, or, in a
    /// pipeline's own request template, the whole pipeline with its value.
    Caller,
}

/// What a handler failed with.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub error: FieldError,
    /// File and place in the author's source where the code failed, or the file's beginning when the engine knows none.
    /// `None` when the code raised the error itself (`util.error`): its text is meant for clients, and AppSync gives it
    /// without a place.
    pub position: Option<(Str, Location)>,
}

impl Handler {
    /// Whether the code has a function for the data source's request.
    pub fn has_request(&self) -> bool {
        match self {
            Handler::Js(handler) => handler.exports(Function::Request),
            Handler::Vtl(handler) => handler.has(Function::Request),
        }
    }

    /// Whether the code has a function that shapes the data source's result.
    pub fn has_response(&self) -> bool {
        match self {
            Handler::Js(handler) => handler.exports(Function::Response),
            Handler::Vtl(handler) => handler.has(Function::Response),
        }
    }

    /// Runs one function on the calling thread. What the code left in `ctx.stash` and `ctx.args`, the errors that it
    /// appended and its log lines are in `ctx` afterwards, whether it returned or failed.
    ///
    /// # Errors
    /// [`Failure`]: `util.error`, `util.unauthorized`, a failure in the code, or a limit that it exceeded.
    pub fn call(&self, function: Function, ctx: &mut Context) -> Result<Returned, Failure> {
        match self {
            Handler::Js(handler) => handler.call(function, ctx),
            Handler::Vtl(handler) => handler.call(function, ctx),
        }
    }

    /// What clients hear of a failure inside of the code where they may not see what went wrong.
    pub fn concealed_failure(&self) -> Str {
        match self {
            // AppSync's own text (spec appsync-js 5).
            Handler::Js(_) => Str::new_static("Runtime Error"),
            // Ours: AppSync repeats what the template printed, which may be what the client may not see.
            Handler::Vtl(_) => Str::new_static("The mapping template failed."),
        }
    }
}
