//! When a request has nothing else to do: waiting for answers, and telling who was woken.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

use super::{Shared, locked};

/// An answer that is to come, and who waits for it. (A channel of tokio's would count against the task's budget and
/// pretend to be pending in the middle of a large batch, which would then be sent in pieces.)
pub(super) struct Slot<T>(Mutex<Filling<T>>);

struct Filling<T> {
    answer: Option<T>,
    waiting: Vec<Waker>,
}

impl<T> Default for Slot<T> {
    fn default() -> Slot<T> {
        Slot(Mutex::new(Filling { answer: None, waiting: Vec::new() }))
    }
}

impl<T: Clone> Slot<T> {
    pub async fn wait(&self) -> T {
        poll_fn(|cx| {
            let mut filling = locked(&self.0);
            if let Some(answer) = &filling.answer {
                return Poll::Ready(answer.clone());
            }
            if !filling.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
                filling.waiting.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await
    }

    pub fn fill(&self, answer: T) {
        let mut filling = locked(&self.0);
        filling.answer = Some(answer);
        let waiting = std::mem::take(&mut filling.waiting);
        drop(filling);
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// Tells a root that was woken from one that only its calls were woken for.
pub(super) struct Signal {
    pub is_woken: AtomicBool,
    /// While the task is polling, a wake needs only to be noted.
    is_polling: AtomicBool,
    task: AtomicWaker,
}

impl Signal {
    /// As for a root that has not been polled yet.
    pub fn new() -> Arc<Signal> {
        Arc::new(Signal {
            is_woken: AtomicBool::new(true),
            is_polling: AtomicBool::new(false),
            task: AtomicWaker::new(),
        })
    }

    pub fn enter(&self, cx: &Context<'_>) {
        self.task.register(cx.waker());
        self.is_polling.store(true, Ordering::SeqCst);
    }

    pub fn take(&self) -> bool {
        self.is_woken.swap(false, Ordering::SeqCst)
    }

    pub fn leave(&self, cx: &Context<'_>) {
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
pub(super) struct Driving<'a>(&'a Shared);

impl<'a> Driving<'a> {
    pub fn start(shared: &'a Shared) -> Driving<'a> {
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
        state.items.clear();
    }
}
