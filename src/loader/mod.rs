//! Request-wide batching of reads: fifty products of an order list are one BatchGetItem instead of fifty GetItems.
//!
//! [`RequestLoader`] stands between one request's data sources and DynamoDB and looks like DynamoDB to both. Reads are
//! queued; when the request has nothing else to do, [`RequestLoader::drive`] sends them: GetItems together
//! (`batch`), identical reads once. Everything else passes straight through. Results and errors are those of the
//! unbatched calls, and nothing outlives the calls under way: it is no cache.
//!
//! async-graphql's `DataLoader` was considered. It spawns a task for each batch, which on a runtime of several threads
//! races with siblings that are still queueing, so that the same request makes two calls today and five tomorrow; and
//! its timer costs a millisecond. Here one request is one task: it is idle when its root future is pending and has not
//! woken itself, and that moment is the same in every run.

mod batch;

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::task::AtomicWaker;

use crate::backend::{DynamoDb, Operation, ServiceError};
use crate::value::{Str, Value};

/// How the loader waits before it asks again for what a throttled table left out.
pub type Sleep = fn(Duration) -> BoxFuture<'static, ()>;

/// DynamoDB as one request sees it. Make one per request. Reads with the rights of different roles never share a call.
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
/// assert_eq!(loader.stats().calls, [(Operation::GetItem, 1)]);
/// # Ok::<(), syncline::backend::ServiceError>(())
/// # }).unwrap().unwrap();
/// ```
pub struct RequestLoader(Arc<Shared>);

/// What a request cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Calls really made, by operation, in the order of first use.
    pub calls: Vec<(Operation, u32)>,
    /// Reads that were answered without a call of their own.
    pub coalesced: u32,
}

struct Shared {
    inner: Arc<dyn DynamoDb>,
    sleep: Sleep,
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
    stats: Stats,
}

/// A read that one or more callers wait for.
struct Read {
    /// Whose rights it is made with.
    role: Option<Str>,
    operation: Operation,
    request: Value,
    identity: Arc<batch::Identity>,
    is_sent: AtomicBool,
    slot: Mutex<Slot>,
}

#[derive(Default)]
struct Slot {
    answer: Option<Result<Value, ServiceError>>,
    waiting: Vec<Waker>,
}

impl RequestLoader {
    pub fn new(inner: Arc<dyn DynamoDb>) -> RequestLoader {
        RequestLoader::with_sleep(inner, |duration| Box::pin(tokio::time::sleep(duration)))
    }

    /// A loader that waits by other means than tokio's timer.
    pub fn with_sleep(inner: Arc<dyn DynamoDb>, sleep: Sleep) -> RequestLoader {
        RequestLoader(Arc::new(Shared { inner, sleep, state: Mutex::default() }))
    }

    /// Runs a request to its end, sending queued reads whenever it can go no further without them.
    ///
    /// One request at a time: what is asked for outside `drive` is sent at once and alone. Needs no timer and spawns
    /// nothing; when it is dropped, everything under way is dropped with it.
    pub async fn drive<F: Future>(&self, root: F) -> F::Output {
        let _driving = Driving::start(&self.0);
        let mut root = pin!(root);
        let signal = Arc::new(Signal {
            is_woken: AtomicBool::new(true),
            is_polling: AtomicBool::new(false),
            task: AtomicWaker::new(),
        });
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
        Box::pin(async move {
            match operation {
                Operation::GetItem | Operation::Query | Operation::Scan if self.0.state().is_driven => {
                    Answer(self.0.ask(role, operation, request)).await
                }
                Operation::PutItem
                | Operation::UpdateItem
                | Operation::DeleteItem
                | Operation::BatchWriteItem
                | Operation::TransactWriteItems => {
                    let answer = self.0.send(role, operation, request).await;
                    // Whoever reads after this write must not be given what was read before it.
                    self.0.state().joinable.retain(|_, read| !read.is_sent.load(Ordering::Relaxed));
                    answer
                }
                _ => self.0.send(role, operation, request).await,
            }
        })
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// Makes a call, and counts it.
    async fn send(&self, role: Option<&str>, operation: Operation, request: Value) -> Result<Value, ServiceError> {
        {
            let calls = &mut self.state().stats.calls;
            match calls.iter_mut().find(|(counted, _)| *counted == operation) {
                Some((_, count)) => *count += 1,
                None => calls.push((operation, 1)),
            }
        }
        self.inner.call_as(role, operation, request).await
    }

    /// Queues a read, or joins one that is the same.
    fn ask(&self, role: Option<&str>, operation: Operation, request: Value) -> Arc<Read> {
        let role = role.map(Str::from);
        let identity = Arc::new(batch::Identity::of(role.clone(), operation, &request));
        let mut state = self.state();
        if let Some(read) = state.joinable.get(&identity).cloned() {
            state.stats.coalesced += 1;
            return read;
        }
        let read = Arc::new(Read {
            role,
            operation,
            request,
            identity: identity.clone(),
            is_sent: AtomicBool::new(false),
            slot: Mutex::default(),
        });
        state.joinable.insert(identity, read.clone());
        state.queue.push(read.clone());
        read
    }

    /// Turns the queue into calls; false when it was empty.
    fn send_queued(self: &Arc<Self>, calls: &mut FuturesUnordered<BoxFuture<'static, ()>>) -> bool {
        let queue = std::mem::take(&mut self.state().queue);
        for read in &queue {
            read.is_sent.store(true, Ordering::Relaxed);
        }
        let is_empty = queue.is_empty();
        let (batches, alone) = batch::plan(queue);
        calls.extend(alone.into_iter().map(|read| self.clone().send_alone(read)));
        calls.extend(batches.into_iter().map(|batch| self.clone().send_batch(batch)));
        !is_empty
    }

    fn send_alone(self: Arc<Self>, read: Arc<Read>) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let answer = self.send(read.role.as_deref(), read.operation, read.request.clone()).await;
            self.settle(&read, answer);
        })
    }

    fn send_batch(self: Arc<Self>, batch: batch::Batch) -> BoxFuture<'static, ()> {
        Box::pin(async move { batch.send(&self).await })
    }

    /// Hands an answer to everybody who waits for it.
    fn settle(&self, read: &Arc<Read>, answer: Result<Value, ServiceError>) {
        {
            let mut state = self.state();
            if state.joinable.get(&read.identity).is_some_and(|joinable| Arc::ptr_eq(joinable, read)) {
                state.joinable.remove(&read.identity);
            }
        }
        let mut slot = locked(&read.slot);
        slot.answer = Some(answer);
        let waiting = std::mem::take(&mut slot.waiting);
        drop(slot);
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// Waits for a queued read. (A channel of tokio's would count against the task's budget and pretend to be pending in
/// the middle of a large batch, which would then be sent in pieces.)
struct Answer(Arc<Read>);

impl Future for Answer {
    type Output = Result<Value, ServiceError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut slot = locked(&self.0.slot);
        if let Some(answer) = &slot.answer {
            return Poll::Ready(answer.clone());
        }
        if !slot.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            slot.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }
}

/// Tells a root that was woken from one that only its calls were woken for.
struct Signal {
    is_woken: AtomicBool,
    /// While the task is polling, a wake needs only to be noted.
    is_polling: AtomicBool,
    task: AtomicWaker,
}

impl Signal {
    fn enter(&self, cx: &Context<'_>) {
        self.task.register(cx.waker());
        self.is_polling.store(true, Ordering::SeqCst);
    }

    fn take(&self) -> bool {
        self.is_woken.swap(false, Ordering::SeqCst)
    }

    fn leave(&self, cx: &Context<'_>) {
        self.is_polling.store(false, Ordering::SeqCst);
        // A wake after the last look and before the line above was only noted.
        if self.is_woken.load(Ordering::SeqCst) {
            cx.waker().wake_by_ref();
        }
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken.store(true, Ordering::SeqCst);
        if !self.is_polling.load(Ordering::SeqCst) {
            self.task.wake();
        }
    }
}

/// Marks the loader as driven for as long as it lives, and leaves nothing behind that nobody will send.
struct Driving<'a>(&'a Shared);

impl<'a> Driving<'a> {
    fn start(shared: &'a Shared) -> Driving<'a> {
        shared.state().is_driven = true;
        Driving(shared)
    }
}

impl Drop for Driving<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.is_driven = false;
        state.queue.clear();
        state.joinable.clear();
    }
}

/// A lock whose holder panicked still guards sound data: every change under it is a single step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, feature = "local"))]
mod tests;

#[cfg(test)]
mod role_tests;
