//! One operation, as the GraphQL specification executes it and as AppSync answers it (spec appsync-service 1.3 to 1.7
//! and 4).
//!
//! [`prepare`](prepare::Prepared) parses and validates a text once; [`execute`] runs it. Resolver fields of all levels
//! wait in one flat set of futures: siblings and list items run concurrently, and when nothing can go on the loader
//! below sends what has gathered. Only this module knows paths and locations.

mod complete;
mod cost;
pub mod document;
mod info;
mod plan;
pub mod prepare;
mod response;
pub mod validate;
mod variables;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;

use crate::auth::rules::AccessRules;
use crate::context::{Context, Effects, FieldId, Identity, Info, Invalidations, LogLine, RequestInfo, ResponseHeaders};
use crate::error::{FieldError, GraphQLError};
use crate::execute::complete::{Completion, Path};
use crate::execute::document::OperationType;
use crate::execute::info::FieldInfo;
use crate::execute::plan::{FieldKind, FieldPlan, Plan, Planner};
use crate::execute::prepare::PreparedOperation;
use crate::limits::Limits;
use crate::resolver::{Resolution, Services};
use crate::schema::Schema;
use crate::value::{Map, Str, Value};

pub use plan::Resolvers;
pub use response::{ErrorEntry, Node, PathSegment, Response};

/// A checked schema with the resolvers attached to it.
pub struct ExecutableSchema {
    pub schema: Schema,
    pub resolvers: Resolvers,
    /// Who may ask for which field.
    pub access: AccessRules,
    pub limits: Limits,
    /// The API's environment variables.
    pub env: Arc<Map>,
}

/// What an operation needs besides its text.
pub struct ExecutionRequest<'a> {
    pub operation: &'a PreparedOperation,
    /// As sent; null or an object.
    pub variables: &'a Value,
    pub identity: &'a Identity,
    pub request: &'a Arc<RequestInfo>,
}

/// An executed operation.
pub struct Execution {
    pub response: Response,
    /// Resolvers run.
    pub resolver_count: usize,
    /// What handlers logged, and the failures of handlers with their places.
    pub logs: Vec<LogLine>,
    /// Subscriptions that mutations want ended; for whoever runs subscriptions.
    pub invalidations: Invalidations,
}

/// [ExecuteRequest](https://spec.graphql.org/October2021/#ExecuteRequest()) for queries and mutations.
///
/// Errors of single fields are in the response; the whole request is refused only when its variables do not fit.
pub async fn execute(api: &ExecutableSchema, request: ExecutionRequest<'_>, services: &Services<'_>) -> Execution {
    let definition = request.operation.definition();
    let variables = match variables::coerce_variables(&api.schema, definition, request.variables) {
        Ok(variables) => variables,
        Err(error) => return Execution::refused(vec![error]),
    };
    let planner = Planner {
        schema: &api.schema,
        resolvers: &api.resolvers,
        access: &api.access,
        document: &request.operation.prepared.document,
        variables: &variables,
    };
    let root_type = match definition.operation_type {
        OperationType::Query => Some(&api.schema.query_type),
        OperationType::Mutation => api.schema.mutation_type.as_ref(),
        OperationType::Subscription => None,
    };
    let Some(root_type) = root_type else {
        // A subscription over HTTP; the exact text is UNCONFIRMED (spec appsync-service 2.1).
        return Execution::refused(vec![GraphQLError::new("Subscriptions are not supported over HTTP.")]);
    };
    let plan = request.operation.plan(|| planner.plan(root_type, &[&definition.selection_set], 1), &variables);
    if let Some(limit) = &api.limits.query_cost
        && let Some(message) = cost::Estimate::new(planner, limit).refusal(&plan)
    {
        return Execution::refused(vec![GraphQLError::new(message)]);
    }
    let root_value = match introspect(api, &request, &plan) {
        Ok(value) => value,
        Err(error) => return Execution::refused(vec![error]),
    };
    let info_budget = info::Budget::default();
    let executor = Executor { api, request: &request, services, variables: &variables, info_budget };
    let completion = Completion::new(planner, &api.limits, request.identity);
    executor.run(completion, &plan, &root_value, definition.operation_type == OperationType::Mutation).await
}

/// The value of the root: null, or what `__schema` and `__type` answer when the operation asks for them.
fn introspect(api: &ExecutableSchema, request: &ExecutionRequest<'_>, plan: &Plan) -> Result<Value, GraphQLError> {
    if !plan.fields.iter().any(|field| matches!(field.kind, FieldKind::Introspection)) {
        return Ok(Value::Null);
    }
    let prepared = &request.operation.prepared;
    let name = request.operation.definition().name.as_deref();
    let variables = if request.variables.is_null() { Value::empty_object() } else { request.variables.clone() };
    let introspection = &api.schema.introspection;
    let answer = introspection.answer(&prepared.text, name, &variables, &api.limits).map_err(GraphQLError::new)?;
    Ok((*answer).clone())
}

struct Executor<'a> {
    api: &'a ExecutableSchema,
    request: &'a ExecutionRequest<'a>,
    services: &'a Services<'a>,
    /// Coerced.
    variables: &'a Value,
    info_budget: info::Budget,
}

/// What the handlers of all resolvers left, in the order in which these were done.
#[derive(Default)]
struct Gathered {
    logs: Vec<LogLine>,
    headers: ResponseHeaders,
    invalidations: Invalidations,
    cache_entries_deleted: Option<u64>,
}

impl Gathered {
    /// Takes the effects of one resolver, and gives the errors to report for its field. AppSync's limits hold for the
    /// request, so what a resolver was allowed may be too much here.
    fn take(&mut self, effects: Effects) -> Vec<FieldError> {
        let mut errors = effects.errors;
        self.logs.extend(effects.logs);
        errors.extend(effects.response_headers.into_iter().filter_map(|header| self.headers.add(header).err()));
        let invalidations = effects.invalidations.into_iter();
        errors.extend(invalidations.filter_map(|invalidation| self.invalidations.add(invalidation).err()));
        if !effects.cache_evictions.is_empty() {
            // There is no API cache, so that nothing is deleted. That the member is there nevertheless follows spec
            // appsync-js 2.9; spec appsync-service 6.2 has it only when something was deleted. UNCONFIRMED.
            self.cache_entries_deleted.get_or_insert(0);
        }
        errors
    }
}

type Running<'a> = FuturesUnordered<BoxFuture<'a, (usize, Resolution)>>;

impl<'a> Executor<'a> {
    async fn run(&'a self, mut completion: Completion<'a>, plan: &'a Plan, root: &Value, is_serial: bool) -> Execution {
        let mut results: Vec<Node> = Vec::new();
        let mut gathered = Gathered::default();
        let deadline = self.services.deadline;
        let mut data = if is_serial {
            // Mutation roots run one after the other, each to its end (GraphQL specification 6.2.2).
            let mut fields = Vec::with_capacity(plan.fields.len());
            let mut is_in_time = true;
            for field in &plan.fields {
                fields.push(completion.complete_field(plan, field, root, &Path::Base(&[])));
                if is_in_time {
                    is_in_time = self.drain(&mut completion, &mut results, &mut gathered, deadline).await;
                } else {
                    // A write that begins now would take place although its answer says that it did not.
                    expire(&mut completion, &mut results);
                }
            }
            match Node::container(&fields, true) {
                Ok(state) => Node::Object { keys: plan.keys.clone(), fields, state },
                Err(risen) => risen,
            }
        } else {
            let data = completion.complete_object(plan, root, &Path::Base(&[]), true);
            self.drain(&mut completion, &mut results, &mut gathered, deadline).await;
            data
        };
        data.settle(&mut results);
        let data = (!matches!(data, Node::Leaf(Value::Null) | Node::Bubble)).then_some(data);
        let resolver_count = completion.resolver_count();
        let Gathered { logs, headers, invalidations, cache_entries_deleted } = gathered;
        let errors = completion.errors;
        let response = Response { data, errors, cache_entries_deleted, headers, ..Response::default() };
        Execution { response, resolver_count, logs, invalidations }
    }

    /// Runs every resolver that completion has met, and those that their results lead to; false when time ran out first.
    async fn drain(
        &'a self,
        completion: &mut Completion<'a>,
        results: &mut Vec<Node>,
        gathered: &mut Gathered,
        deadline: Option<tokio::time::Instant>,
    ) -> bool {
        let mut running: Running<'a> = FuturesUnordered::new();
        let mut timer = pin!(deadline.map(tokio::time::sleep_until));
        loop {
            while results.len() < completion.slots.len() {
                let slot = results.len();
                let waiting = &mut completion.slots[slot];
                let (field, source) = (waiting.field, std::mem::take(&mut waiting.source));
                results.push(Node::Slot(slot)); // until its resolver is done
                running.push(Box::pin(async move { (slot, self.resolve(field, source).await) }));
            }
            // A finished resolver goes before the deadline; the timer is set only when there is something to wait for.
            let next = poll_fn(|cx| match running.poll_next_unpin(cx) {
                Poll::Ready(done) => Poll::Ready(Some(done)),
                Poll::Pending => match timer.as_mut().as_pin_mut() {
                    Some(timer) => timer.poll(cx).map(|()| None),
                    None => Poll::Pending,
                },
            });
            match next.await {
                Some(Some((slot, resolution))) => {
                    self.complete(completion, results, gathered, slot, resolution);
                    // Thousands of slow handlers that never wait would never let the timer have its turn.
                    if deadline.is_none_or(|deadline| self.services.clock.instant() < deadline.into_std()) {
                        continue;
                    }
                }
                Some(None) => return true,
                None => {}
            }
            // Dropping the futures cancels the work in flight; what is finished is answered.
            drop(running);
            expire(completion, results);
            return false;
        }
    }

    fn complete(
        &'a self,
        completion: &mut Completion<'a>,
        results: &mut [Node],
        gathered: &mut Gathered,
        slot: usize,
        resolution: Resolution,
    ) {
        let field = completion.slots[slot].field;
        let path = std::mem::take(&mut completion.slots[slot].path);
        let path = Path::Base(&path);
        for error in gathered.take(resolution.effects) {
            completion.resolver_error(field, &path, error);
        }
        results[slot] = match resolution.value {
            Ok(value) => completion.complete_value(field, &field.output, &value, &path, true),
            Err(error) => completion.fail(field, &path, error),
        };
    }

    async fn resolve(&'a self, field: &'a FieldPlan, source: Value) -> Resolution {
        let FieldKind::Resolver(resolver) = &field.kind else {
            return Resolution::value(Value::Null);
        };
        resolver.run(self.context(field, source), self.services).await
    }

    fn info(&self, field: &FieldPlan) -> FieldInfo {
        let planner = Planner {
            schema: &self.api.schema,
            resolvers: &self.api.resolvers,
            access: &self.api.access,
            document: &self.request.operation.prepared.document,
            variables: self.variables,
        };
        FieldInfo::new(planner.document, &field.nodes, &|directives| planner.is_included(directives), &self.info_budget)
    }

    fn context(&self, field: &FieldPlan, source: Value) -> Context {
        let unkept;
        let info = match field.info.get() {
            Some(info) => info,
            None => {
                let info = self.info(field);
                if self.request.operation.prepared.may_keep(info.bytes) {
                    field.info.get_or_init(|| info)
                } else {
                    unkept = info;
                    &unkept
                }
            }
        };
        Context {
            arguments: field.arguments(&self.api.schema, self.variables),
            source,
            identity: self.request.identity.clone(),
            request: self.request.request.clone(),
            info: Info {
                field_name: field.name().clone(),
                parent_type_name: field.parent_type.clone(),
                variables: if self.request.variables.is_null() {
                    Value::empty_object()
                } else {
                    self.request.variables.clone()
                },
                selection_set_list: info.selection_set_list.clone(),
                selection_set_graphql: info.selection_set_graphql.clone(),
            },
            // The plan keeps each field in its place for as long as the operation runs.
            field: FieldId(std::ptr::from_ref(field).addr()),
            stash: Value::empty_object(),
            env: self.api.env.clone(),
            clock: self.services.clock.clone(),
            operation: Some(self.request.operation.operation_type()),
            ..Context::default()
        }
    }
}

/// Answers null for every resolver that did not finish in time, or did not begin (spec appsync-service 2.2; the texts are
/// UNCONFIRMED).
fn expire(completion: &mut Completion<'_>, results: &mut Vec<Node>) {
    results.extend((results.len()..completion.slots.len()).map(Node::Slot));
    for (slot, result) in results.iter_mut().enumerate() {
        if matches!(result, Node::Slot(own) if *own == slot) {
            let field = completion.slots[slot].field;
            let path = std::mem::take(&mut completion.slots[slot].path);
            let error = FieldError::new(Str::new_static("ExecutionTimeout"), Str::new_static("Execution timed out."));
            *result = completion.fail(field, &Path::Base(&path), error);
        }
    }
}

impl Execution {
    fn refused(errors: Vec<GraphQLError>) -> Execution {
        let (logs, invalidations) = (Vec::new(), Invalidations::default());
        Execution { response: Response::refused(errors), resolver_count: 0, logs, invalidations }
    }
}
