//! What one request asks of the outside world, gathered: fifty products of an order list are one BatchGetItem instead of
//! fifty GetItems, fifty prices of a function one list instead of fifty calls.
//!
//! [`RequestLoader`] stands between one request's data sources and its backends and looks like these to them. Reads of
//! DynamoDB are queued; when the request has nothing else to do, [`RequestLoader::drive`] sends them: GetItems together
//! (`batch`), identical reads once. So are the items of AppSync's BatchInvoke (`functions`). Everything else passes
//! straight through, and is counted (`services`). Results and errors of reads are those of the unbatched calls, and nothing outlives the calls under
//! way: it is no cache.
//!
//! What a read may share. A read that is only queued may be joined by everybody: it will be sent after they asked. One
//! that is under way may be joined until something is known to have changed the tables: when a write of this request
//! has been answered, or a function, or a data source that may write where the loader does not see it
//! ([`RequestLoader::forget_reads_under_way`]), the next reader gets a read of its own. Steps of a mutation run one after
//! the other, each to its end, so that they have no reads under way in common. Siblings have no order among them in
//! GraphQL, here as on AppSync: a read beside a write may see the table before or after it.
//!
//! async-graphql's `DataLoader` was considered. It spawns a task for each batch, which on a runtime of several threads
//! races with siblings that are still queueing, so that the same request makes two calls today and five tomorrow; and
//! its timer costs a millisecond. Here one request is one task: it is idle when its root future is pending and has not
//! woken itself, and that moment is the same in every run.

mod batch;
mod drive;
mod explain;
mod functions;
mod services;

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;

use crate::backend::{Backends, DynamoDb, Operation, ServiceError};
use crate::clock::Clock;
use crate::value::{Str, Value};

use drive::{Driving, Signal, Slot};
use explain::{Callers, Trace};
use functions::Item;

pub use explain::{Call, CallKind, Explanation, TableUse, Target};

/// How the loader waits before it asks again for what a throttled table left out.
pub type Sleep = fn(Duration) -> BoxFuture<'static, ()>;

/// The outside world as one request sees it. Make one per request. What has the rights of different roles never shares a
/// call.
///
/// # Examples
/// ```
/// # use std::sync::Arc;
/// # use futures_util::future::join_all;
/// # use syncline::backend::{DynamoDb, Operation, local::LocalDynamoDb};
/// # use syncline::loader::RequestLoader;
/// # use syncline::value::object;
/// # futures_util::FutureExt::now_or_never(async {
/// let loader = RequestLoader::new(Arc::new(LocalDynamoDb::open(None)?));
/// let read = |id: &str| loader.call(Operation::GetItem, object! { "TableName" => "things", "Key" => object! { "id" => object! { "S" => id } } });
/// loader.drive(join_all([read("1"), read("1")])).await;
/// assert_eq!(loader.stats().calls, [(Operation::GetItem.into(), 1)]);
/// # Ok::<(), syncline::backend::ServiceError>(())
/// # }).unwrap().unwrap();
/// ```
pub struct RequestLoader(Arc<Shared>);

/// How a loader works, apart from what it stands before.
pub struct LoaderOptions {
    /// Waits before it asks again for what a throttled table left out. Default: by tokio's timer.
    pub sleep: Sleep,
    /// Whether reads and the items of BatchInvoke are gathered. Default: yes. Without, every read is a call of its own,
    /// sent when it is asked for, as AppSync does it, and every item a list of one: for comparing the two.
    pub batches: bool,
    /// When the request must have answered. Functions and other services are waited for until
    /// [`SERVICE_GRACE`](crate::limits::SERVICE_GRACE) before. Default: as long as it takes.
    pub deadline: Option<tokio::time::Instant>,
    /// Notes every call for [`RequestLoader::explanation`], with times from this clock. Default: no.
    pub explains: Option<Clock>,
}

impl Default for LoaderOptions {
    fn default() -> LoaderOptions {
        let sleep: Sleep = |duration| Box::pin(tokio::time::sleep(duration));
        LoaderOptions { sleep, batches: true, deadline: None, explains: None }
    }
}

/// What a request cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Calls really made, by kind, in the order of first use.
    pub calls: Vec<(CallKind, u32)>,
    /// Reads that were answered without a call of their own.
    pub coalesced: u32,
}

impl Stats {
    fn count(&mut self, kind: CallKind) {
        match self.calls.iter_mut().find(|(counted, _)| *counted == kind) {
            Some((_, count)) => *count += 1,
            None => self.calls.push((kind, 1)),
        }
    }
}

struct Shared {
    backends: Backends,
    sleep: Sleep,
    batches: bool,
    deadline: Option<tokio::time::Instant>,
    functions: functions::Bounds,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Whether [`RequestLoader::drive`] is running. Outside it nobody would send what is queued.
    is_driven: bool,
    /// Asked for, not sent yet, in the order of asking.
    queue: Vec<Arc<Read>>,
    /// Queued or under way, by identity: what a further identical read joins.
    joinable: HashMap<Arc<batch::Identity>, Arc<Read>>,
    /// Items of BatchInvoke that wait for others, in the order of asking.
    items: Vec<Arc<Item>>,
    stats: Stats,
    /// Where somebody wants to know what was called.
    trace: Option<Trace>,
}

/// A read that one or more callers wait for.
struct Read {
    /// Whose rights it is made with.
    role: Option<Str>,
    operation: Operation,
    request: Value,
    identity: Arc<batch::Identity>,
    is_sent: AtomicBool,
    slot: Slot<Result<Value, ServiceError>>,
    /// Who asked, where the calls are explained: one entry for each time.
    askers: Mutex<Vec<Option<Str>>>,
}

impl RequestLoader {
    /// Before DynamoDB alone.
    pub fn new(dynamodb: Arc<dyn DynamoDb>) -> RequestLoader {
        RequestLoader::with_options(Backends::new(dynamodb), LoaderOptions::default())
    }

    pub fn with_options(backends: Backends, options: LoaderOptions) -> RequestLoader {
        let LoaderOptions { sleep, batches, deadline, explains } = options;
        let state = Mutex::new(State { trace: explains.map(Trace::new), ..State::default() });
        let functions = functions::Bounds::default();
        RequestLoader(Arc::new(Shared { backends, sleep, batches, deadline, functions, state }))
    }

    /// Runs a request to its end, sending what is queued whenever it can go no further without.
    ///
    /// One request at a time: what is asked for outside `drive` is sent at once and alone. Needs no timer and spawns
    /// nothing; when it is dropped, everything under way is dropped with it.
    pub async fn drive<F: Future>(&self, root: F) -> F::Output {
        let _driving = Driving::start(&self.0);
        let mut root = pin!(root);
        let signal = Signal::new();
        let root_waker = Waker::from(signal.clone());
        let mut calls: FuturesUnordered<BoxFuture<'static, ()>> = FuturesUnordered::new();
        poll_fn(|cx| {
            signal.enter(cx);
            let progress = loop {
                // Finished calls deliver their answers, which wakes the root where somebody waits.
                while let Poll::Ready(Some(())) = calls.poll_next_unpin(cx) {}
                if signal.take() {
                    if let Poll::Ready(output) = root.as_mut().poll(&mut Context::from_waker(&root_waker)) {
                        break Poll::Ready(output);
                    }
                    // A root that woke itself is only letting others run (large joins do); it may have more to ask for.
                    if signal.is_woken.load(Ordering::SeqCst) {
                        break Poll::Pending;
                    }
                }
                if !self.0.send_queued(&mut calls) {
                    break Poll::Pending;
                }
            };
            signal.leave(cx);
            progress
        })
        .await
    }

    /// What the request has cost so far.
    pub fn stats(&self) -> Stats {
        self.0.state().stats.clone()
    }

    /// Every call so far; `None` unless [`LoaderOptions::explains`] asked for it.
    pub fn explanation(&self) -> Option<Explanation> {
        let state = self.0.state();
        state.trace.as_ref().map(|trace| trace.explanation(state.stats.coalesced))
    }

    /// The loader in the name of one resolver or pipeline step (`Query.user`, `Mutation.placeOrder#2`), which an
    /// explanation tells.
    pub fn named<'a>(&'a self, resolver: &'a Str) -> Named<'a> {
        Named { loader: self, resolver }
    }

    /// Says that tables may have changed without a write through this loader. Whoever reads from now on is not given
    /// what was read before.
    pub fn forget_reads_under_way(&self) {
        self.0.forget_reads_under_way();
    }

    async fn call_for(
        &self,
        resolver: Option<&Str>,
        role: Option<&str>,
        operation: Operation,
        request: Value,
    ) -> Result<Value, ServiceError> {
        let shared = &self.0;
        if shared.gathers(operation) {
            return shared.ask(resolver, role, operation, request).slot.wait().await;
        }
        let answer = shared.send(role, operation, request, 1, || Callers::Runs(resolver.cloned(), 1)).await;
        if is_write(operation) {
            shared.forget_reads_under_way();
        }
        answer
    }
}

fn is_write(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::PutItem
            | Operation::UpdateItem
            | Operation::DeleteItem
            | Operation::BatchWriteItem
            | Operation::TransactWriteItems
    )
}

impl DynamoDb for RequestLoader {
    fn call(&self, operation: Operation, request: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        self.call_as(None, operation, request)
    }

    fn call_as<'a>(
        &'a self,
        role: Option<&'a str>,
        operation: Operation,
        request: Value,
    ) -> BoxFuture<'a, Result<Value, ServiceError>> {
        Box::pin(self.call_for(None, role, operation, request))
    }
}

/// A [`RequestLoader`] as one resolver sees it.
#[derive(Clone, Copy)]
pub struct Named<'a> {
    loader: &'a RequestLoader,
    resolver: &'a Str,
}

impl DynamoDb for Named<'_> {
    fn call(&self, operation: Operation, request: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        self.call_as(None, operation, request)
    }

    fn call_as<'a>(
        &'a self,
        role: Option<&'a str>,
        operation: Operation,
        request: Value,
    ) -> BoxFuture<'a, Result<Value, ServiceError>> {
        Box::pin(self.loader.call_for(Some(self.resolver), role, operation, request))
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    fn forget_reads_under_way(&self) {
        self.state().joinable.retain(|_, read| !read.is_sent.load(Ordering::Relaxed));
    }

    /// Whether an operation waits for others to travel with.
    fn gathers(&self, operation: Operation) -> bool {
        matches!(operation, Operation::GetItem | Operation::Query | Operation::Scan)
            && self.batches
            && self.state().is_driven
    }

    /// Makes a call to DynamoDB and counts it; `attempt` is above 1 where earlier calls for the same callers brought no
    /// answer.
    async fn send(
        &self,
        role: Option<&str>,
        operation: Operation,
        mut request: Value,
        attempt: u32,
        callers: impl FnOnce() -> Callers,
    ) -> Result<Value, ServiceError> {
        let number = {
            let state = &mut *self.state();
            state.stats.count(operation.into());
            state.trace.as_mut().map(|trace| trace.begin_on_tables(operation, &mut request, attempt, callers()))
        };
        let answer = self.backends.dynamodb.call_as(role, operation, request).await;
        match (number, self.state().trace.as_mut()) {
            (Some(number), Some(trace)) => trace.end_on_tables(number, answer),
            _ => answer,
        }
    }

    /// Queues a read, or joins one that is the same.
    fn ask(&self, resolver: Option<&Str>, role: Option<&str>, operation: Operation, request: Value) -> Arc<Read> {
        let role = role.map(Str::from);
        let identity = Arc::new(batch::Identity::of(role.clone(), operation, &request));
        let mut state = self.state();
        let read = match state.joinable.get(&identity).cloned() {
            Some(read) => {
                state.stats.coalesced += 1;
                read
            }
            None => {
                let read = Arc::new(Read {
                    role,
                    operation,
                    request,
                    identity: identity.clone(),
                    is_sent: AtomicBool::new(false),
                    slot: Slot::default(),
                    askers: Mutex::default(),
                });
                state.joinable.insert(identity, read.clone());
                state.queue.push(read.clone());
                read
            }
        };
        if let Some(trace) = &mut state.trace {
            trace.count_read();
            locked(&read.askers).push(resolver.cloned());
        }
        read
    }

    /// Turns the queues into calls; false when they were empty.
    fn send_queued(self: &Arc<Self>, calls: &mut FuturesUnordered<BoxFuture<'static, ()>>) -> bool {
        let (queue, items) = {
            let state = &mut *self.state();
            (std::mem::take(&mut state.queue), std::mem::take(&mut state.items))
        };
        for read in &queue {
            read.is_sent.store(true, Ordering::Relaxed);
        }
        let is_empty = queue.is_empty() && items.is_empty();
        let (batches, alone) = batch::plan(queue);
        calls.extend(alone.into_iter().map(|read| self.clone().send_alone(read, 1)));
        calls.extend(batches.into_iter().map(|batch| batch.send(self.clone())));
        calls.extend(functions::plan(items).into_iter().map(|list| self.clone().send_list(list)));
        !is_empty
    }

    fn send_alone(self: Arc<Self>, read: Arc<Read>, attempt: u32) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let callers = || Callers::Reads(vec![read.clone()]);
            let answer = self.send(read.role.as_deref(), read.operation, read.request.clone(), attempt, callers).await;
            self.settle(&read, answer);
        })
    }

    /// Hands an answer to everybody who waits for it.
    fn settle(&self, read: &Arc<Read>, answer: Result<Value, ServiceError>) {
        {
            let mut state = self.state();
            if state.joinable.get(&read.identity).is_some_and(|joinable| Arc::ptr_eq(joinable, read)) {
                state.joinable.remove(&read.identity);
            }
        }
        read.slot.fill(answer);
    }
}

/// A lock whose holder panicked still guards sound data: every change under it is a single step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, feature = "local"))]
mod tests;

#[cfg(test)]
mod function_tests;

#[cfg(test)]
mod role_tests;

#[cfg(test)]
mod stand_in_tests;
