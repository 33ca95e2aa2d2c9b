//! DynamoDB and functions that note what they are really asked, in order.

use std::sync::{Arc, Mutex, mpsc};

use futures_util::future::BoxFuture;
use syncline::backend::lambda::{Functions, LambdaAnswer, LambdaInvocation, LambdaInvocationType, LambdaInvoke};
use syncline::backend::{DynamoDb, Operation, ServiceError};
use syncline::loader::CallKind;
use syncline::value::{Str, Value};
use tokio::sync::oneshot;

/// One call as it left the API.
pub struct Call {
    pub kind: CallKind,
    /// What is called where the request does not say: a function, with the role and kind of call where these are unusual.
    pub target: String,
    pub request: Value,
}

pub struct Recording {
    dynamodb: Arc<dyn DynamoDb>,
    functions: Functions,
    /// Functions run one after the other: processes end in no order, and what tests see must have one.
    turn: tokio::sync::Mutex<()>,
    calls: Mutex<Vec<Call>>,
    held: Mutex<Option<(mpsc::Sender<()>, oneshot::Receiver<()>)>>,
}

impl Recording {
    pub fn new(dynamodb: Arc<dyn DynamoDb>, functions: Functions) -> Arc<Recording> {
        Arc::new(Recording {
            dynamodb,
            functions,
            turn: Default::default(),
            calls: Mutex::default(),
            held: Mutex::default(),
        })
    }

    /// DynamoDB alone, without functions.
    pub fn of_tables(dynamodb: Arc<dyn DynamoDb>) -> Arc<Recording> {
        Recording::new(dynamodb, Functions::local([], "."))
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

    fn note(&self, kind: CallKind, target: String, request: Value) {
        self.calls.lock().unwrap().push(Call { kind, target, request });
    }
}

impl DynamoDb for Recording {
    fn call(&self, operation: Operation, request: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        self.note(operation.into(), String::new(), request.clone());
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
        if let Some(role) = &invocation.role {
            target.push_str(&format!(" as {role}"));
        }
        if invocation.invocation_type == LambdaInvocationType::Event {
            target.push_str(" (Event)");
        }
        let event = Value::parse(std::str::from_utf8(&invocation.payload).unwrap()).unwrap();
        self.note(CallKind::Invoke, target, event);
        Box::pin(async move {
            let _turn = self.turn.lock().await;
            self.functions.invoke(invocation).await
        })
    }

    fn region(&self) -> Option<Str> {
        self.functions.region()
    }
}
