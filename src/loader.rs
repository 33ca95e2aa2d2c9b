use std::sync::Arc; use futures_util::future::BoxFuture; use crate::backend::{DynamoDb, Operation, ServiceError}; use crate::value::Value;
pub struct RequestLoader(Arc<dyn DynamoDb>);
#[derive(Default)] pub struct Stats { pub calls: Vec<(Operation, usize)>, pub coalesced: usize }
impl RequestLoader { pub fn new(i: Arc<dyn DynamoDb>) -> Self { RequestLoader(i) } pub async fn drive<F: Future>(&self, f: F) -> F::Output { f.await } pub fn stats(&self) -> Stats { Stats::default() } }
impl DynamoDb for RequestLoader { fn call(&self, o: Operation, r: Value) -> BoxFuture<'_, Result<Value, ServiceError>> { self.0.call(o, r) } }
