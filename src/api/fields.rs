//! Single fields, without an operation around them: what AppSync asks of a Lambda data source (spec appsync-service 7.7).

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;

use crate::api::{Api, OperationReport};
use crate::context::{Context, OperationType};
use crate::error::FieldError;
use crate::resolver::{Resolution, Services};
use crate::schema::TypeDefinition;
use crate::value::{Str, Value};

/// One field that somebody else's operation asks for.
pub struct FieldRequest {
    pub type_name: Str,
    pub field_name: Str,
    /// Arguments, source, identity and the rest, as AppSync gives them.
    pub ctx: Context,
}

/// What became of the fields of one event.
pub struct FieldAnswers {
    /// In the order of the requests. Values are as their resolvers returned them: whoever asks completes them.
    pub values: Vec<Result<Value, FieldError>>,
    pub report: OperationReport,
}

impl Api {
    /// Resolves fields, all in one request: their reads travel together, whatever their number. Fields of the mutation
    /// type go one after the other.
    ///
    /// A field without resolver is the source's property of its name. `time_left`: how long the answer may take, where that
    /// is less than AppSync's 30 s.
    pub async fn resolve_fields(&self, requests: Vec<FieldRequest>, time_left: Option<Duration>) -> FieldAnswers {
        let deadline = self.deadline(time_left);
        let loader = self.loader(false, deadline);
        let services = self.services(&loader, deadline);
        let label = requests.first().map(|request| {
            let times = if requests.len() > 1 { format!(" x{}", requests.len()) } else { String::new() };
            Str::from(format!("{}.{}{times}", request.type_name, request.field_name))
        });
        let is_serial = requests.iter().any(|request| self.root_type_of(request) == Some(OperationType::Mutation));
        let services = &services;
        let resolve_all = async {
            if !is_serial {
                return join_all(requests.into_iter().map(|request| self.resolve(request, services))).await;
            }
            let mut resolutions = Vec::with_capacity(requests.len());
            for request in requests {
                resolutions.push(self.resolve(request, services).await);
            }
            resolutions
        };
        let resolutions = loader.drive(resolve_all).await;

        let stats = loader.stats();
        let mut report = OperationReport {
            operation_type: "field",
            operation_name: label,
            resolver_count: resolutions.len(),
            calls: stats.calls,
            coalesced: stats.coalesced,
            ..OperationReport::default()
        };
        let mut values = Vec::with_capacity(resolutions.len());
        for Resolution { value, effects } in resolutions {
            report.error_count += usize::from(value.is_err());
            report.logs.extend(effects.logs);
            for error in &effects.errors {
                // Neither answer of a function has room for a value and an error.
                tracing::warn!(message = %error.message, "an appended error is not seen by AppSync's client");
            }
            values.push(value);
        }
        FieldAnswers { values, report }
    }

    /// Never fails as a whole, so that one field takes no others with it.
    async fn resolve(&self, request: FieldRequest, services: &Services<'_>) -> Resolution {
        let run = AssertUnwindSafe(self.run_resolver(request, services)).catch_unwind();
        let outcome = match services.deadline {
            Some(deadline) => tokio::time::timeout_at(deadline, run).await,
            None => Ok(run.await),
        };
        let error = match outcome {
            Ok(Ok(resolution)) => return resolution,
            // What it says is on standard error already.
            Ok(Err(_)) => FieldError::new("InternalFailure", "An internal error occurred."),
            // The texts are those of an operation that runs out of time.
            Err(_) => FieldError::new("ExecutionTimeout", "Execution timed out."),
        };
        Resolution { value: Err(error), ..Resolution::value(Value::Null) }
    }

    async fn run_resolver(&self, request: FieldRequest, services: &Services<'_>) -> Resolution {
        let operation = self.root_type_of(&request);
        let FieldRequest { type_name, field_name, ctx } = request;
        let resolver = self.executable.resolvers.get(&type_name).and_then(|fields| fields.get(&field_name));
        if let Some(resolver) = resolver {
            let ctx = Context { env: self.executable.env.clone(), clock: self.options.clock.clone(), operation, ..ctx };
            return resolver.run(ctx, services).await;
        }
        let fields = self.executable.schema.types.get(&type_name).and_then(TypeDefinition::fields);
        let is_field = fields.is_some_and(|fields| fields.contains_key(&field_name));
        if is_field && !ctx.source.is_null() {
            return Resolution::value(ctx.source.get(&field_name).cloned().unwrap_or_default());
        }
        let message = match is_field {
            true => format!("this API has no resolver for `{type_name}.{field_name}`"),
            false => format!("this API has no field `{type_name}.{field_name}`"),
        };
        Resolution { value: Err(FieldError::new("UnknownField", message)), ..Resolution::value(Value::Null) }
    }

    /// The kind of operation that the field is a root of.
    fn root_type_of(&self, request: &FieldRequest) -> Option<OperationType> {
        let schema = &self.executable.schema;
        if request.type_name == schema.query_type {
            return Some(OperationType::Query);
        }
        (Some(&request.type_name) == schema.mutation_type.as_ref()).then_some(OperationType::Mutation)
    }
}
