//! The executor alone: a schema, and resolvers made by hand that need neither scripts nor tables.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value as Json;
use syncline::auth::rules::AccessRules;
use syncline::backend::{DynamoDb, Operation, ServiceError};
use syncline::clock::Clock;
use syncline::context::{DataSourceError, Identity, RequestInfo};
use syncline::datasource::{DataSource, DomainRights, Invocation, Outcome, TokenKey};
use syncline::error::{FieldError, GraphQLError, SourceFile};
use syncline::execute::prepare::{Prepared, SelectionError};
use syncline::execute::{ExecutableSchema, ExecutionRequest, Resolvers, execute};
use syncline::limits::Limits;
use syncline::loader::RequestLoader;
use syncline::resolver::{Resolver, Services, Stage};
use syncline::schema::parse_schema;
use syncline::value::Value;

use super::project::value;
use super::{NOON, run};

/// What a resolver made by hand does when it is run.
pub type Action = Arc<dyn Fn() -> BoxFuture<'static, Result<Outcome, FieldError>> + Send + Sync>;

/// Answers with `json`.
pub fn gives(json: Json) -> Action {
    let value = value(&json);
    Arc::new(move || std::future::ready(Ok(Outcome::success(value.clone()))).boxed())
}

/// Fails as a data source does; there is no response handler to save it.
pub fn fails(error_type: &'static str, message: &'static str) -> Action {
    Arc::new(move || {
        let error = DataSourceError::new(error_type, message);
        std::future::ready(Ok(Outcome { result: Value::Null, error: Some(error) })).boxed()
    })
}

/// Waits until `count` resolvers made with the same barrier are all under way, then answers with `json`. When they are
/// not run at the same time the test fails after a while, whatever the machine's speed.
pub fn meets(barrier: &Arc<tokio::sync::Barrier>, json: Json) -> Action {
    let (barrier, value) = (barrier.clone(), value(&json));
    Arc::new(move || {
        let (barrier, value) = (barrier.clone(), value.clone());
        async move {
            match tokio::time::timeout(Duration::from_secs(20), barrier.wait()).await {
                Ok(_) => Ok(Outcome::success(value)),
                Err(_) => Err(FieldError::new("Alone", "the others were not started meanwhile")),
            }
        }
        .boxed()
    })
}

/// Any other behaviour.
pub fn acts<F>(action: impl Fn() -> F + Send + Sync + 'static) -> Action
where
    F: Future<Output = Json> + Send + 'static,
{
    Arc::new(move || {
        let action = action();
        async move { Ok(Outcome::success(value(&action.await))) }.boxed()
    })
}

struct Acting(Action);

impl DataSource for Acting {
    fn invoke<'a>(&'a self, _: Invocation<'a>) -> BoxFuture<'a, Result<Outcome, FieldError>> {
        (self.0)()
    }
}

/// No table is behind these resolvers.
struct NoTables;

impl DynamoDb for NoTables {
    fn call(&self, operation: Operation, _: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        panic!("{operation:?} was called, and there are no tables here")
    }
}

/// A schema with its resolvers.
pub struct Schema {
    executable: ExecutableSchema,
}

/// Begins with a schema; every field without a resolver reads its parent's property.
pub fn schema(sdl: &str) -> Schema {
    let file = SourceFile::new("schema.graphql", sdl);
    let parsed = parse_schema(&[file], &Limits::default()).unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(|problem| format!("{problem}\n")).collect::<String>())
    });
    Schema {
        executable: ExecutableSchema {
            schema: parsed.schema,
            resolvers: Resolvers::new(),
            access: AccessRules::default(),
            limits: Limits::default(),
            env: Arc::default(),
        },
    }
}

impl Schema {
    /// Gives a field, written `Type.field`, a resolver.
    pub fn field(mut self, coordinate: &str, action: Action) -> Schema {
        let (type_name, field_name) = coordinate.split_once('.').unwrap();
        let resolver = Resolver::Unit(Stage {
            coordinate: coordinate.into(),
            handler: None,
            data_source: Arc::new(Acting(action)),
            rights: Arc::new(DomainRights::without_domain()),
            output_type: Default::default(),
        });
        let fields = self.executable.resolvers.entry(type_name.into()).or_default();
        fields.insert(field_name.into(), Arc::new(resolver));
        self
    }

    pub fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Schema {
        change(&mut self.executable.limits);
        self
    }

    /// The answer to a document without variables.
    pub fn query(&self, document: &str) -> Json {
        self.query_with(document, Json::Null)
    }

    pub fn query_with(&self, document: &str, variables: Json) -> Json {
        run(self.execute(document, None, variables, None))
    }

    /// The answer to the operation of that name.
    pub fn query_named(&self, document: &str, name: &str) -> Json {
        run(self.execute(document, Some(name), Json::Null, None))
    }

    /// `deadline`: how long the operation may take.
    pub async fn execute(
        &self,
        document: &str,
        name: Option<&str>,
        variables: Json,
        deadline: Option<Duration>,
    ) -> Json {
        let prepared = match Prepared::new(&self.executable.schema, document, &self.executable.limits, true) {
            Ok(prepared) => Arc::new(prepared),
            Err(errors) => return refused(errors),
        };
        let operation = match prepared.operation(name) {
            Ok(operation) => operation,
            Err(SelectionError::MissingName) => return "missing operation name".into(),
            Err(SelectionError::UnknownName) => return "unknown operation name".into(),
        };
        let (clock, token_key) = (Clock::fixed(NOON, 1), TokenKey::derive(b"test"));
        let services = Services {
            loader: &RequestLoader::new(Arc::new(NoTables)),
            token_key: &token_key,
            clock: &clock,
            deadline: deadline.map(|deadline| tokio::time::Instant::now() + deadline),
            shows_internals: true,
        };
        let request = ExecutionRequest {
            operation: &operation,
            variables: &value(&variables),
            identity: &Identity::default(),
            request: &Arc::new(RequestInfo::default()),
        };
        let execution = execute(&self.executable, request, &services).await;
        serde_json::from_slice(&execution.response.to_json()).unwrap()
    }
}

fn refused(errors: Vec<GraphQLError>) -> Json {
    serde_json::from_slice(&syncline::execute::Response::refused(errors).to_json()).unwrap()
}

/// The messages of an answer's errors, in order.
pub fn messages(answer: &Json) -> Vec<&str> {
    answer["errors"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .map(|error| error["message"].as_str().unwrap())
        .collect()
}
