//! Embedded tables and a function that answer in an order of their own.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use syncline::backend::lambda::{LambdaAnswer, LambdaInvocation, LambdaInvoke};
use syncline::backend::{DynamoDb, Operation, ServiceError};
use syncline::value::{Value, object};

use crate::differential::program::Random;

/// DynamoDB that takes some turns of the executor before it looks at its tables and some more before it answers, and
/// that leaves keys of a BatchGetItem for later.
pub struct Restless {
    inner: Mutex<Arc<dyn DynamoDb>>,
    /// Draws how many turns; `None`: every call is answered at once and whole.
    random: Mutex<Option<Random>>,
    pub calls: AtomicU32,
    /// Calls of the function.
    pub invoked: AtomicU32,
    /// Calls without a counterpart where nothing is batched: batches that failed, batches that were answered in part.
    pub repeated: AtomicU32,
}

const MOST_TURNS: usize = 4;

/// In a request for keys, this one says that a resolver asks, not the loader.
const BY_HAND: &str = "by-hand";

impl Restless {
    pub fn new(inner: Arc<dyn DynamoDb>) -> Restless {
        Restless {
            inner: Mutex::new(inner),
            random: Mutex::default(),
            calls: AtomicU32::new(0),
            invoked: AtomicU32::new(0),
            repeated: AtomicU32::new(0),
        }
    }

    /// Begins anew on other tables. `seed`: of the order in which they answer; `None`: at once.
    pub fn restart(&self, inner: Arc<dyn DynamoDb>, seed: Option<u64>) {
        *self.inner.lock().unwrap() = inner;
        *self.random.lock().unwrap() = seed.map(Random::new);
        self.calls.store(0, Ordering::Relaxed);
        self.invoked.store(0, Ordering::Relaxed);
        self.repeated.store(0, Ordering::Relaxed);
    }

    fn draw(&self, below: usize) -> usize {
        self.random.lock().unwrap().as_mut().map_or(0, |random| random.below(below))
    }

    /// Takes some keys out of a loader's batch, never all of them; gives those as `UnprocessedKeys`.
    fn leave_out(&self, request: &mut Value) -> Option<Value> {
        let mut tables = request.get("RequestItems")?.clone();
        if tables.to_string().contains(BY_HAND) || self.draw(4) != 1 {
            return None;
        }
        // The last table's, so that none is left without keys.
        let (name, asked) = tables.as_object()?.last().map(|(name, asked)| (name.clone(), asked.clone()))?;
        let keys = asked.get("Keys")?.as_list()?;
        if keys.len() < 2 {
            return None;
        }
        let (now, later) = keys.split_at(1 + self.draw(keys.len() - 1));
        let with_keys = |keys: &[Value]| {
            let mut table = asked.clone();
            table.set("Keys", keys.to_vec());
            table
        };
        tables.set(name.clone(), with_keys(now));
        request.set("RequestItems", tables);
        let mut left = object! {};
        left.set(name, with_keys(later));
        Some(left)
    }
}

async fn turns(count: usize) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

impl DynamoDb for Restless {
    fn call(&self, operation: Operation, mut request: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        Box::pin(async move {
            self.calls.fetch_add(1, Ordering::Relaxed);
            let left = self.leave_out(&mut request);
            turns(self.draw(MOST_TURNS)).await;
            let inner = self.inner.lock().unwrap().clone();
            let answer = inner.call(operation, request).await;
            turns(self.draw(MOST_TURNS)).await;
            if left.is_some() || (operation == Operation::BatchGetItem && answer.is_err()) {
                self.repeated.fetch_add(1, Ordering::Relaxed);
            }
            // Requests are numbered in the order in which they come, which batching changes.
            let mut answer = answer.map_err(|error| ServiceError { request_id: "any".into(), ..error })?;
            if let Some(left) = left {
                answer.set("UnprocessedKeys", left);
            }
            Ok(answer)
        })
    }
}

/// A function that knows a node for every id, as text, as a payload or inside a context; of some it says that it refuses
/// them. What it says of an item does not depend on the others, so that nobody can tell a list from single calls.
impl LambdaInvoke for Restless {
    fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'_, Result<LambdaAnswer, ServiceError>> {
        Box::pin(async move {
            self.invoked.fetch_add(1, Ordering::Relaxed);
            turns(self.draw(MOST_TURNS)).await;
            let event = Value::parse(std::str::from_utf8(&invocation.payload).unwrap()).unwrap();
            let answer = match event.as_list() {
                Some(items) => items.iter().map(said_of_item).collect(),
                None => match node_of(event.as_str()) {
                    Ok(node) => node,
                    Err(refusal) => return Ok(LambdaAnswer::unhandled("Refused", &refusal)),
                },
            };
            turns(self.draw(MOST_TURNS)).await;
            Ok(LambdaAnswer { payload: answer.to_string().into(), function_error: None })
        })
    }
}

fn said_of_item(item: &Value) -> Value {
    let Some(source) = item.get("source") else {
        return node_of(item.as_str()).unwrap_or_else(|refusal| object! { "refusal" => refusal, "label" => "refused" });
    };
    // A direct resolver's context.
    match node_of(source.get("next").and_then(Value::as_str)) {
        Ok(Value::Null) => Value::Null,
        Ok(node) => object! { "data" => node },
        Err(refusal) => {
            object! { "errorMessage" => refusal, "errorType" => "Refused", "data" => object! { "label" => "refused" } }
        }
    }
}

fn node_of(id: Option<&str>) -> Result<Value, String> {
    let Some(id) = id else { return Ok(Value::Null) };
    let number: i64 = id.strip_prefix("n-").and_then(|number| number.parse().ok()).unwrap_or(0);
    if number % 4 == 3 {
        return Err(format!("{id} is refused"));
    }
    let next = format!("n-{}", (number * 3 + 1) % 12);
    Ok(object! { "id" => id, "label" => format!("said of {id}"), "rank" => number, "parent" => id, "next" => next })
}
