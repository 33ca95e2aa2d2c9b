//! A DynamoDB that notes what it is really asked, in order.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use syncline::backend::{DynamoDb, Operation, ServiceError};
use syncline::value::Value;

pub struct Recording {
    inner: Arc<dyn DynamoDb>,
    calls: Mutex<Vec<(Operation, Value)>>,
}

impl Recording {
    pub fn new(inner: Arc<dyn DynamoDb>) -> Arc<Recording> {
        Arc::new(Recording { inner, calls: Mutex::default() })
    }

    /// The calls since this was last asked.
    pub fn take(&self) -> Vec<(Operation, Value)> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

impl DynamoDb for Recording {
    fn call(&self, operation: Operation, request: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        self.calls.lock().unwrap().push((operation, request.clone()));
        self.inner.call(operation, request)
    }
}
