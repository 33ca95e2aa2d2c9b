//! Resolvers: where handlers and data sources meet (spec appsync-js 1.8, 1.11).
//!
//! A unit resolver is one stage: request handler, data source, response handler. A pipeline is up to ten of them
//! between the resolver's own `request` ("before") and `response` ("after"). Each function has a handler language of its
//! own; a unit resolver's templates have one of two versions (`version`, spec appsync-vtl 9).

mod version;

use std::sync::Arc;

use crate::auth::rules::unauthorized;
use crate::clock::Clock;
use crate::context::{Context, DataSourceError, Effects, Info, LogLevel, LogLine};
use crate::datasource::{DataSource, DomainRights, Invocation, TokenKey};
use crate::error::FieldError;
use crate::handler::{Failure, Function, Handler, Returned, SkipTo};
use crate::loader::RequestLoader;
use crate::value::{Str, Value};

use version::Version;

/// What a field's value comes from.
pub enum Resolver {
    Unit(Stage),
    Pipeline(Pipeline),
}

/// One request-invoke-response round: a unit resolver, or a function of a pipeline.
pub struct Stage {
    /// The resolver, and for a pipeline's function its number: `Mutation.placeOrder#2`.
    pub coordinate: Str,
    /// `None`: the defaults of both functions.
    pub handler: Option<Handler>,
    pub data_source: Arc<dyn DataSource>,
    /// What the resolver's domain may do.
    pub rights: Arc<DomainRights>,
    /// The name of the field's type, without lists and non-nulls.
    pub output_type: Str,
}

pub struct Pipeline {
    /// The resolver's own `request` and `response`.
    pub handler: Option<Handler>,
    pub functions: Vec<Stage>,
}

/// What a request lends its resolvers.
pub struct Services<'a> {
    /// The request's way to everything outside.
    pub loader: &'a RequestLoader,
    pub token_key: &'a TokenKey,
    pub clock: &'a Clock,
    /// When the operation must have answered.
    pub deadline: Option<tokio::time::Instant>,
    /// Whether clients may see what went wrong inside a handler: on a laptop, not in production.
    pub shows_internals: bool,
}

/// What became of a field.
pub struct Resolution {
    pub value: Result<Value, FieldError>,
    /// What its handlers left besides.
    pub effects: Effects,
}

impl Resolution {
    pub fn value(value: Value) -> Resolution {
        Resolution { value: Ok(value), effects: Effects::default() }
    }
}

/// What a stage is to its resolver.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Unit,
    Function,
}

/// How a stage ended without failing.
enum Output {
    Value(Value),
    /// `runtime.earlyReturn` with `skipTo: 'END'`: no further function runs.
    End(Value),
}

impl Resolver {
    /// Runs the resolver; never fails as a whole, so that what handlers left (log lines, appended errors) is kept.
    pub async fn run(&self, mut ctx: Context, services: &Services<'_>) -> Resolution {
        let value = match self {
            Resolver::Unit(stage) => stage.run(Part::Unit, &mut ctx, services).await.map(|output| match output {
                Output::Value(value) | Output::End(value) => value,
            }),
            Resolver::Pipeline(pipeline) => pipeline.run(&mut ctx, services).await,
        };
        Resolution { value, effects: ctx.effects }
    }
}

impl Stage {
    async fn run(&self, part: Part, ctx: &mut Context, services: &Services<'_>) -> Result<Output, FieldError> {
        let request = match call(self.handler.as_ref(), Function::Request, ctx, services)? {
            Some(Returned::Value(request)) => request,
            Some(Returned::EarlyReturn { value, skip_to: SkipTo::Next | SkipTo::Caller }) => {
                return Ok(Output::Value(value));
            }
            Some(Returned::EarlyReturn { value, skip_to: SkipTo::End }) => return Ok(Output::End(value)),
            // Without a request handler a function gets the context; others are asked with an empty document: NONE answers
            // null, DynamoDB says which part is missing.
            None => Value::empty_object(),
        };
        let version = self.version(part, &request)?;
        let loader = services.loader.named(&self.coordinate);
        let invocation = Invocation {
            request: &request,
            has_request: self.handler.as_ref().is_some_and(Handler::has_request),
            has_response: self.handler.as_ref().is_some_and(Handler::has_response),
            dynamodb: &loader,
            lambda: &loader,
            http: &loader,
            event_bus: &loader,
            ctx,
            output_type: &self.output_type,
            rights: &self.rights,
            coordinate: &self.coordinate,
            token_key: services.token_key,
            clock: services.clock,
            shows_stored_item: matches!(self.handler, Some(Handler::Vtl(_))),
        };
        let outcome = self.data_source.invoke(invocation).await;
        if self.data_source.may_write_elsewhere() {
            services.loader.forget_reads_under_way();
        }
        let outcome = outcome?;
        ctx.result = outcome.result;
        ctx.error = outcome.error.map(|error| self.told(error, services));
        let value = match version {
            Version::V2018 => self.respond(ctx, services)?,
            Version::V2017 => self.respond_as_2017(ctx, services)?,
        };
        Ok(Output::Value(value))
    }

    /// A failure as handlers and clients hear of it. What led to it goes to the log; they see it only on a laptop.
    fn told(&self, error: DataSourceError, services: &Services<'_>) -> DataSourceError {
        let DataSourceError { mut message, error_type, cause } = error;
        if !cause.is_empty() {
            tracing::warn!(resolver = %self.coordinate, %error_type, %cause, "{message}");
            if services.shows_internals {
                message = format!("{message}: {cause}").into();
            }
        }
        DataSourceError::new(error_type, message)
    }

    /// Which version's rules hold: only a unit resolver's request template says.
    fn version(&self, part: Part, request: &Value) -> Result<Version, FieldError> {
        match &self.handler {
            Some(handler @ Handler::Vtl(_)) if part == Part::Unit && handler.has_request() => {
                Version::of(request, self.data_source.is_younger_than_2017())
            }
            _ => Ok(Version::V2018),
        }
    }

    /// Runs the response handler, also when the data source failed.
    fn respond(&self, ctx: &mut Context, services: &Services<'_>) -> Result<Value, FieldError> {
        match call(self.handler.as_ref(), Function::Response, ctx, services)? {
            // What `earlyReturn` does in a response handler is UNCONFIRMED; it returns.
            Some(Returned::Value(value) | Returned::EarlyReturn { value, .. }) => Ok(value),
            None => default_response(ctx),
        }
    }

    /// The field is null without a result, and an error of the data source is the field's; what the response template
    /// makes of it is the error's `data` (spec appsync-vtl 9). Without the template the result stays beside the error
    /// (spec appsync-service 7.5).
    fn respond_as_2017(&self, ctx: &mut Context, services: &Services<'_>) -> Result<Value, FieldError> {
        let error = ctx.error.clone().map(|error| FieldError::new(error.error_type, error.message));
        if error.is_none() && ctx.result.is_null() {
            return Ok(Value::Null);
        }
        // That the template sees the error as `$ctx.error`, and that what it raises itself stands in the error's place,
        // is UNCONFIRMED.
        match (call(self.handler.as_ref(), Function::Response, ctx, services)?, error) {
            (Some(Returned::Value(value) | Returned::EarlyReturn { value, .. }), None) => Ok(value),
            (Some(Returned::Value(data) | Returned::EarlyReturn { value: data, .. }), Some(error)) => {
                Err(FieldError { data, ..error })
            }
            (None, error) => {
                ctx.effects.errors.extend(error);
                Ok(std::mem::take(&mut ctx.result))
            }
        }
    }
}

impl Pipeline {
    async fn run(&self, ctx: &mut Context, services: &Services<'_>) -> Result<Value, FieldError> {
        let handler = self.handler.as_ref();
        let (mut previous, mut skips_functions) = (Value::empty_object(), false);
        match call(handler, Function::Request, ctx, services)? {
            Some(Returned::Value(value)) => previous = value,
            Some(Returned::EarlyReturn { value, skip_to: SkipTo::Caller }) => return Ok(value),
            Some(Returned::EarlyReturn { value, .. }) => (previous, skips_functions) = (value, true),
            None => {}
        }
        for function in self.functions.iter().filter(|_| !skips_functions) {
            ctx.prev_result = Some(previous);
            ctx.result = Value::Null;
            // Whether AppSync lets `ctx.error` live on into the next function is UNCONFIRMED; it starts anew here.
            ctx.error = None;
            match function.run(Part::Function, ctx, services).await? {
                Output::Value(value) => previous = value,
                Output::End(value) => {
                    previous = value;
                    break;
                }
            }
        }
        ctx.error = None;
        ctx.result = previous.clone();
        ctx.prev_result = Some(previous.clone());
        match call(handler, Function::Response, ctx, services)? {
            Some(Returned::Value(value) | Returned::EarlyReturn { value, .. }) => Ok(value),
            None => Ok(previous),
        }
    }
}

/// What AppSync does where no response code is given (spec appsync-service 7.5).
fn default_response(ctx: &mut Context) -> Result<Value, FieldError> {
    let result = std::mem::take(&mut ctx.result);
    match ctx.error.take() {
        Some(error) => Err(FieldError {
            message: error.message,
            error_type: Some(error.error_type),
            data: result,
            ..FieldError::default()
        }),
        None => Ok(result),
    }
}

/// Calls one function of a handler; `None` when there is no such function.
fn call(
    handler: Option<&Handler>,
    function: Function,
    ctx: &mut Context,
    services: &Services<'_>,
) -> Result<Option<Returned>, FieldError> {
    let Some(handler) = handler else { return Ok(None) };
    let is_exported = match function {
        Function::Request => handler.has_request(),
        Function::Response => handler.has_response(),
    };
    if !is_exported {
        return Ok(None);
    }
    handler.call(function, ctx).map(Some).map_err(|failure| reported(failure, handler, ctx, services))
}

/// What the client hears. A failure inside a handler goes to the log with its place; a client sees it only on a laptop.
fn reported(failure: Failure, handler: &Handler, ctx: &mut Context, services: &Services<'_>) -> FieldError {
    let Failure { mut error, position } = failure;
    if error.is_unauthorized {
        // The same text as a refusal by the schema (spec appsync-service 3.8).
        let Info { field_name, parent_type_name, .. } = &ctx.info;
        error.message = unauthorized(parent_type_name, field_name).message;
    }
    let Some((file, location)) = position else { return error };
    let place = format!("{file}:{}:{}", location.line, location.column);
    ctx.effects.logs.push(LogLine { level: LogLevel::Error, file, location, message: error.message.to_string() });
    error.message = if services.shows_internals {
        format!("{place}: {}", error.message).into()
    } else {
        handler.concealed_failure()
    };
    error
}
