//! A data source from a `syncline.yaml`, and a world for its calls in which every test puts its own web and its own bus.

use std::sync::Mutex;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::backend::event_bus::{EventBus, PutEvents};
use crate::backend::files::ProjectFiles;
use crate::backend::http::{HttpFailure, HttpRequest, HttpResponse, HttpSend};
use crate::backend::{DynamoDb, Operation, ServiceError, Unavailable};
use crate::clock::Clock;
use crate::context::Context;
use crate::datasource::{DataSource, DomainRights, Invocation, Outcome, TokenKey};
use crate::error::{FieldError, SourceFile};
use crate::project::{DataSourceKind, Project};
use crate::value::{Str, Value, object};

/// The kind of a data source with this type and `config`, which must be without problems.
pub fn kind(ty: &str, config: &Value) -> DataSourceKind {
    let source = object! { "type" => ty, "config" => config.clone() };
    let yaml = object! { "dataSources" => object! { "it" => source } }.to_string();
    let files = [("syncline.yaml", yaml.as_str()), ("schema.graphql", "type Query { me: String }")];
    let files = files.map(|(path, text)| (Str::from(path), SourceFile::new(path, text)));
    let files = ProjectFiles { name: "test".into(), files: files.into_iter().collect(), ..ProjectFiles::default() };
    let (project, problems) = Project::load(&files);
    assert!(problems.is_empty(), "{}", problems.iter().map(ToString::to_string).collect::<String>());
    project.config.data_sources["it"].kind.clone()
}

/// A web that gives its answers one after the other, and keeps what it was asked.
#[derive(Default)]
pub struct Web {
    pub answers: Mutex<Vec<Result<HttpResponse, HttpFailure>>>,
    pub asked: Mutex<Vec<HttpRequest>>,
}

impl HttpSend for Web {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, HttpFailure>> {
        self.asked.lock().unwrap().push(request);
        let answer = self.answers.lock().unwrap().remove(0);
        Box::pin(std::future::ready(answer))
    }
}

/// A bus that gives one answer, and keeps what it was asked.
pub struct Bus {
    pub answer: Result<Value, ServiceError>,
    pub asked: Mutex<Vec<PutEvents>>,
}

impl EventBus for Bus {
    fn put_events(&self, request: PutEvents) -> BoxFuture<'_, Result<Value, ServiceError>> {
        self.asked.lock().unwrap().push(request);
        Box::pin(std::future::ready(self.answer.clone()))
    }
}

/// DynamoDB where nothing asks for it.
pub struct NoTables;

impl DynamoDb for NoTables {
    fn call(&self, operation: Operation, _: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        panic!("{operation:?} was called, and there are no tables here")
    }
}

/// One call with the rights of `role`.
pub fn invoke(
    source: &dyn DataSource,
    request: &Value,
    role: Option<&str>,
    http: &dyn HttpSend,
    event_bus: &dyn EventBus,
) -> Result<Outcome, FieldError> {
    let rights = DomainRights::new("shop").with_role(role.map(Str::from));
    let call = Invocation {
        request,
        has_request: true,
        has_response: true,
        dynamodb: &NoTables,
        lambda: &Unavailable,
        http,
        event_bus,
        ctx: &Context::from_json(&Value::empty_object()),
        output_type: "Thing",
        rights: &rights,
        coordinate: "Query.thing",
        token_key: &TokenKey::derive(b"test"),
        clock: &Clock::fixed(1_795_348_800_000, 1),
        shows_stored_item: false,
    };
    source.invoke(call).now_or_never().expect("nothing here waits")
}
