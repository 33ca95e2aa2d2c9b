//! Calls of Lambda functions. Each is counted and explained as a call to DynamoDB is. The items of BatchInvoke are gathered
//! as reads are, into lists for the same field: they are sent when the request has nothing else to do, all lists at once,
//! as far as the bounds on one request's functions allow.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;

use super::drive::Slot;
use super::explain::{CallKind, Callers};
use super::services::Noted;
use super::{Named, RequestLoader, Shared};
use crate::backend::ServiceError;
use crate::backend::lambda::{Batch, LambdaAnswer, LambdaInvocation, LambdaInvocationType, LambdaInvoke, batch};
use crate::context::FieldId;
use crate::limits;
use crate::value::Str;

/// What the functions of one request may take up together.
pub(super) struct Bounds {
    calls: Semaphore,
    payload_bytes: AtomicUsize,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds { calls: Semaphore::new(limits::FUNCTION_CALLS_AT_ONCE), payload_bytes: AtomicUsize::new(0) }
    }
}

impl Bounds {
    /// Room for a payload until the function has answered.
    fn reserve(&self, bytes: usize) -> Result<Reserved<'_>, ServiceError> {
        let reserved = Reserved { taken: &self.payload_bytes, bytes };
        if self.payload_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes <= limits::FUNCTION_PAYLOADS_BYTES {
            return Ok(reserved);
        }
        let megabytes = limits::FUNCTION_PAYLOADS_BYTES / 1024 / 1024;
        Err(ServiceError {
            code: Str::new_static("RequestTooLargeException"),
            message: format!("The payloads of one request are larger than {megabytes} MB; ask for less at once").into(),
            status: 413,
            request_id: Str::new_static("null"),
            ..ServiceError::default()
        })
    }
}

struct Reserved<'a> {
    taken: &'a AtomicUsize,
    bytes: usize,
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        self.taken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// One item of a BatchInvoke, and the resolver that waits for its part of the answer.
pub(super) struct Item {
    resolver: Option<Str>,
    /// With the item's own payload.
    invocation: LambdaInvocation,
    batch: Batch,
    slot: Slot<Result<LambdaAnswer, ServiceError>>,
}

/// Equal for items that may share a list. The resolver is more than its field: a pipeline's step besides.
#[derive(PartialEq, Eq, Hash)]
struct Alike<'a> {
    field: FieldId,
    resolver: Option<&'a str>,
    function: &'a str,
    role: Option<&'a str>,
    invocation_type: LambdaInvocationType,
}

impl Item {
    fn alike(&self) -> Alike<'_> {
        let LambdaInvocation { function, role, invocation_type, .. } = &self.invocation;
        let (resolver, role) = (self.resolver.as_deref(), role.as_deref());
        Alike { field: self.batch.field, resolver, function, role, invocation_type: *invocation_type }
    }
}

/// Sorts items into lists, in the order of asking, none longer than its items allow.
pub(super) fn plan(items: Vec<Arc<Item>>) -> Vec<Vec<Arc<Item>>> {
    let mut lists: Vec<Vec<Arc<Item>>> = Vec::new();
    // The list of each kind that has room.
    let mut open: HashMap<Alike<'_>, usize> = HashMap::new();
    for item in &items {
        match open.get(&item.alike()) {
            Some(&list) if lists[list].len() < item.batch.most_items => lists[list].push(item.clone()),
            _ => {
                open.insert(item.alike(), lists.len());
                lists.push(vec![item.clone()]);
            }
        }
    }
    lists
}

impl Shared {
    /// Calls a function and counts the call. Whatever became of it, the function may have changed tables.
    async fn invoke(
        &self,
        invocation: LambdaInvocation,
        callers: impl FnOnce() -> Callers,
    ) -> Result<LambdaAnswer, ServiceError> {
        // An error of the semaphore would say that the bound was closed, which nobody does.
        let _permit = self.in_time(timed_out, async { Ok(self.functions.calls.acquire().await) }).await?;
        let function = invocation.function.clone();
        let call = Noted { kind: CallKind::Invoke, target: || function, callers, timed_out, failure };
        let answer = self.note(call, self.backends.lambda.invoke(invocation)).await;
        self.forget_reads_under_way();
        answer
    }

    async fn invoke_for(
        &self,
        resolver: Option<&Str>,
        invocation: LambdaInvocation,
    ) -> Result<LambdaAnswer, ServiceError> {
        let _room = self.functions.reserve(invocation.payload.len())?;
        self.invoke(invocation, || Callers::Runs(resolver.cloned(), 1)).await
    }

    async fn batch_invoke_for(
        self: &Arc<Self>,
        resolver: Option<&Str>,
        invocation: LambdaInvocation,
        batch: Batch,
    ) -> Result<LambdaAnswer, ServiceError> {
        let _room = self.functions.reserve(invocation.payload.len())?;
        let item = Arc::new(Item { resolver: resolver.cloned(), invocation, batch, slot: Slot::default() });
        let is_gathered = {
            let state = &mut *self.state();
            let is_gathered = self.batches && state.is_driven;
            state.items.extend(is_gathered.then(|| item.clone()));
            is_gathered
        };
        if !is_gathered {
            self.clone().send_list(vec![item.clone()]).await;
        }
        item.slot.wait().await
    }

    /// Makes one call for a list of items that are alike.
    pub(super) fn send_list(self: Arc<Self>, items: Vec<Arc<Item>>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let Some(first) = items.first() else { return };
            let payload = batch::join(items.iter().map(|item| &item.invocation.payload));
            let invocation = LambdaInvocation { payload, ..first.invocation.clone() };
            let callers = || Callers::Runs(first.resolver.clone(), items.len() as u32);
            let answer = self.invoke(invocation, callers).await;
            let parts = answer.and_then(|answer| batch::split(&answer, first.invocation.invocation_type, items.len()));
            match parts {
                Ok(parts) => items.iter().zip(parts).for_each(|(item, part)| item.slot.fill(Ok(part))),
                Err(error) => items.iter().for_each(|item| item.slot.fill(Err(error.clone()))),
            }
        })
    }
}

/// What an explanation says of an answer.
fn failure(answer: &Result<LambdaAnswer, ServiceError>) -> Option<Str> {
    match answer {
        Ok(answer) => answer.function_error.clone(),
        Err(error) => Some(error.code.clone()),
    }
}

/// What AppSync says of a function that it has not the time to wait for (spec appsync-service 7.6).
fn timed_out() -> ServiceError {
    ServiceError {
        code: Str::new_static("ExecutionTimeoutException"),
        message: Str::new_static("Execution timed out."),
        ..ServiceError::default()
    }
}

impl LambdaInvoke for RequestLoader {
    fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'_, Result<LambdaAnswer, ServiceError>> {
        Box::pin(self.0.invoke_for(None, invocation))
    }

    fn batch_invoke(&self, item: LambdaInvocation, batch: Batch) -> BoxFuture<'_, Result<LambdaAnswer, ServiceError>> {
        Box::pin(self.0.batch_invoke_for(None, item, batch))
    }

    fn region(&self) -> Option<Str> {
        self.0.backends.lambda.region()
    }
}

impl LambdaInvoke for Named<'_> {
    fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'_, Result<LambdaAnswer, ServiceError>> {
        Box::pin(self.loader.0.invoke_for(Some(self.resolver), invocation))
    }

    fn batch_invoke(&self, item: LambdaInvocation, batch: Batch) -> BoxFuture<'_, Result<LambdaAnswer, ServiceError>> {
        Box::pin(self.loader.0.batch_invoke_for(Some(self.resolver), item, batch))
    }

    fn region(&self) -> Option<Str> {
        self.loader.region()
    }
}
