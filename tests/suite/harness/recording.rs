//! Everything outside that notes what it is really asked, in order, and with whose rights.

use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};

use futures_util::future::BoxFuture;
use syncline::backend::event_bus::{EventBus, PutEvents};
use syncline::backend::http::{HttpFailure, HttpRequest, HttpResponse, HttpSend};
use syncline::backend::lambda::{Functions, LambdaAnswer, LambdaInvocation, LambdaInvocationType, LambdaInvoke};
use syncline::backend::{DynamoDb, Operation, ServiceError};
use syncline::loader::CallKind;
use syncline::value::{Str, Value};
use tokio::sync::oneshot;

use super::web::Web;

/// One call as it left the API.
pub struct Call {
    pub kind: CallKind,
    /// Whose rights it is made with.
    pub role: Option<Str>,
    /// What is called where the request does not say: a function, a line of HTTP.
    pub target: String,
    pub request: Value,
}

pub struct Recording {
    dynamodb: Arc<dyn DynamoDb>,
    functions: Functions,
    web: Web,
    /// Functions run one after the other: processes end in no order, and what tests see must have one.
    turn: tokio::sync::Mutex<()>,
    calls: Mutex<Vec<Call>>,
    held: Mutex<Option<(mpsc::Sender<()>, oneshot::Receiver<()>)>>,
}

impl Recording {
    pub fn new(dynamodb: Arc<dyn DynamoDb>, functions: Functions, web: Web) -> Arc<Recording> {
        Arc::new(Recording {
            dynamodb,
            functions,
            web,
            turn: Default::default(),
            calls: Mutex::default(),
            held: Mutex::default(),
        })
    }

    /// DynamoDB alone, without functions and an empty web.
    pub fn of_tables(dynamodb: Arc<dyn DynamoDb>) -> Arc<Recording> {
        Recording::new(dynamodb, Functions::local([], "."), Web::of(Path::new(".")))
    }

    /// Holds the next call to DynamoDB: the first part tells when it has come, the second lets it go on.
    pub fn hold_next_call(&self) -> (mpsc::Receiver<()>, oneshot::Sender<()>) {
        let (came, has_come) = mpsc::channel();
        let (go_on, may_go_on) = oneshot::channel();
        *self.held.lock().unwrap() = Some((came, may_go_on));
        (has_come, go_on)
    }

    /// The calls since this was last asked.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    fn note(&self, kind: CallKind, role: Option<Str>, target: String, request: Value) {
        self.calls.lock().unwrap().push(Call { kind, role, target, request });
    }
}

impl DynamoDb for Recording {
    fn call(&self, operation: Operation, request: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        self.call_as(None, operation, request)
    }

    fn call_as<'a>(
        &'a self,
        role: Option<&'a str>,
        operation: Operation,
        request: Value,
    ) -> BoxFuture<'a, Result<Value, ServiceError>> {
        self.note(operation.into(), role.map(Str::from), String::new(), request.clone());
        let held = self.held.lock().unwrap().take();
        Box::pin(async move {
            if let Some((came, may_go_on)) = held {
                came.send(()).unwrap();
                may_go_on.await.unwrap();
            }
            self.dynamodb.call(operation, request).await
        })
    }
}

impl LambdaInvoke for Recording {
    fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'_, Result<LambdaAnswer, ServiceError>> {
        let mut target = invocation.function.to_string();
        if invocation.invocation_type == LambdaInvocationType::Event {
            target.push_str(" (Event)");
        }
        let event = Value::parse(std::str::from_utf8(&invocation.payload).unwrap()).unwrap();
        self.note(CallKind::Invoke, invocation.role.clone(), target, event);
        Box::pin(async move {
            let _turn = self.turn.lock().await;
            self.functions.invoke(invocation).await
        })
    }

    fn region(&self) -> Option<Str> {
        self.functions.region()
    }
}

impl HttpSend for Recording {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, HttpFailure>> {
        let role = request.signing.as_ref().and_then(|signing| signing.role.clone());
        self.note(CallKind::Http, role, Web::line(&request), Value::Null);
        Box::pin(std::future::ready(self.web.answer(&request)))
    }
}

impl EventBus for Recording {
    fn put_events(&self, request: PutEvents) -> BoxFuture<'_, Result<Value, ServiceError>> {
        let role = request.role.clone();
        self.note(CallKind::PutEvents, role, String::new(), request.clone().into_request());
        self.web.bus.put_events(request)
    }
}
