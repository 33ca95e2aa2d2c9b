//! A DynamoDB that notes what it is really asked, in order, and with whose rights.

use std::sync::{Arc, Mutex, mpsc};

use futures_util::future::BoxFuture;
use syncline::backend::{DynamoDb, Operation, ServiceError};
use syncline::value::{Str, Value};
use tokio::sync::oneshot;

/// One call, and the role that it was made with.
pub type RecordedCall = (Option<Str>, Operation, Value);

pub struct Recording {
    inner: Arc<dyn DynamoDb>,
    calls: Mutex<Vec<RecordedCall>>,
    held: Mutex<Option<(mpsc::Sender<()>, oneshot::Receiver<()>)>>,
}

impl Recording {
    pub fn new(inner: Arc<dyn DynamoDb>) -> Arc<Recording> {
        Arc::new(Recording { inner, calls: Mutex::default(), held: Mutex::default() })
    }

    /// Holds the next call: the first part tells when it has come, the second lets it go on.
    pub fn hold_next_call(&self) -> (mpsc::Receiver<()>, oneshot::Sender<()>) {
        let (came, has_come) = mpsc::channel();
        let (go_on, may_go_on) = oneshot::channel();
        *self.held.lock().unwrap() = Some((came, may_go_on));
        (has_come, go_on)
    }

    /// The calls since this was last asked.
    pub fn take(&self) -> Vec<RecordedCall> {
        std::mem::take(&mut self.calls.lock().unwrap())
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
        self.calls.lock().unwrap().push((role.map(Str::from), operation, request.clone()));
        let held = self.held.lock().unwrap().take();
        Box::pin(async move {
            if let Some((came, may_go_on)) = held {
                came.send(()).unwrap();
                may_go_on.await.unwrap();
            }
            self.inner.call(operation, request).await
        })
    }
}
