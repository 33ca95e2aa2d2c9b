//! The state of the handler call that runs on this thread.
//!
//! Calls are synchronous and never nest, so native functions find their call in a thread-local instead of carrying it
//! through the engine. No borrow of it may be held while JavaScript runs: that could call the next native function.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Instant;

use super::JsProgram;
use super::markers::Markers;
use crate::context::Context;
use crate::error::FieldError;
use crate::handler::SkipTo;
use crate::handler::util::Scope;
use crate::value::Value;

pub(super) struct Call {
    pub program: Arc<JsProgram>,
    pub ctx: Context,
    /// Values behind lazy host objects, found by the number that each object's handler holds.
    slots: Vec<Slot>,
    /// Bytes that the call may still have kept outside of the engine: slots, log lines and appended errors, which its
    /// memory limit does not see.
    bytes_left: usize,
    pub markers: Markers,
    /// Members of `ctx` that have been converted, as bits of [`Member`](super::host::Member).
    pub loaded: u16,
    /// What the exception that is under way stands for, when native code threw it.
    pub thrown: Option<Thrown>,
}

/// An exception thrown by native code to end the handler.
pub(super) enum Thrown {
    Raised(FieldError),
    EarlyReturn {
        value: Value,
        skip_to: SkipTo,
    },
    /// A failure of the code whose text is AppSync's own.
    Failed(String),
}

struct Slot {
    value: Value,
    /// Its members have been converted: the JavaScript side is the truth from now on.
    touched: bool,
    /// How often it went into a result untouched, and its size once that is known.
    uses: u32,
    size_bytes: usize,
}

thread_local! {
    static CALL: RefCell<Option<Call>> = const { RefCell::new(None) };
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
    static TIMED_OUT: Cell<bool> = const { Cell::new(false) };
    /// Memory of the last call, used again by the next one.
    static SPARE: RefCell<Vec<Slot>> = const { RefCell::new(Vec::new()) };
}

impl Call {
    pub fn scope(&mut self) -> Scope<'_> {
        Scope { clock: &self.ctx.clock, identity: &self.ctx.identity.value, effects: &mut self.ctx.effects }
    }

    /// Keeps a value until the call ends; `None` when it has no memory left.
    pub fn add_slot(&mut self, value: Value) -> Option<usize> {
        self.hold(size_of::<Slot>())?;
        self.slots.push(Slot { value, touched: false, uses: 0, size_bytes: 0 });
        Some(self.slots.len() - 1)
    }

    /// Counts bytes that stay until the call ends; `None` when it has no memory left.
    pub fn hold(&mut self, bytes: usize) -> Option<()> {
        self.bytes_left = self.bytes_left.checked_sub(bytes)?;
        Some(())
    }

    /// Counts a value that was made for the call.
    pub fn hold_value(&mut self, value: &Value) -> Option<()> {
        self.hold(held_bytes(value))
    }

    /// The value of a slot, and whether its members have been converted.
    pub fn slot(&self, index: usize) -> Option<(&Value, bool)> {
        self.slots.get(index).map(|slot| (&slot.value, slot.touched))
    }

    /// Marks a slot's members as converted and gives its value; `None` when they were already.
    pub fn touch_slot(&mut self, index: usize) -> Option<Value> {
        let slot = self.slots.get_mut(index).filter(|slot| !slot.touched)?;
        slot.touched = true;
        Some(slot.value.clone())
    }

    /// The value of an untouched slot for the result, with the bytes that count against the limit on results. The first
    /// use is free: the value was small enough to come in. Later uses count, so that a result cannot multiply it.
    pub fn use_slot(&mut self, index: usize) -> Option<(Value, usize)> {
        let slot = self.slots.get_mut(index)?;
        slot.uses += 1;
        if slot.uses == 1 {
            return Some((slot.value.clone(), 0));
        }
        if slot.size_bytes == 0 {
            slot.size_bytes = json_size(&slot.value);
        }
        Some((slot.value.clone(), slot.size_bytes))
    }
}

/// About as many bytes as the value's JSON text has.
pub(super) fn json_size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(_) => 8,
        Value::String(text) => text.len() + 3,
        Value::List(items) => 2 + items.iter().map(json_size).sum::<usize>(),
        Value::Object(map) => 2 + map.iter().map(|(key, value)| key.len() + 4 + json_size(value)).sum::<usize>(),
    }
}

/// About as many bytes as a value takes in memory.
fn held_bytes(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::List(items) => items.iter().map(held_bytes).sum::<usize>(),
            Value::Object(map) => map.iter().map(|(key, value)| 48 + key.len() + held_bytes(value)).sum::<usize>(),
            Value::String(text) => text.len(),
            _ => 0,
        }
}

/// Starts a call on this thread.
pub(super) fn enter(program: Arc<JsProgram>, ctx: Context, deadline: Instant) {
    let slots = SPARE.take();
    let bytes_left = program.limits().handler_memory_bytes;
    let call = Call { program, ctx, slots, bytes_left, markers: Markers::default(), loaded: 0, thrown: None };
    CALL.set(Some(call));
    DEADLINE.set(Some(deadline));
    TIMED_OUT.set(false);
}

/// Ends the call and gives its context back, with what the handler left in it.
pub(super) fn leave() -> Option<Context> {
    DEADLINE.set(None);
    let mut call = CALL.take()?;
    call.slots.clear();
    if call.slots.capacity() <= 1024 {
        SPARE.set(call.slots);
    }
    Some(call.ctx)
}

/// Gives `work` the running call; `None` outside of one.
pub(super) fn with_call<T>(work: impl FnOnce(&mut Call) -> T) -> Option<T> {
    CALL.with_borrow_mut(|call| call.as_mut().map(work))
}

/// Whether the running call has used up its time. QuickJS asks regularly and stops the code when it has.
pub(super) fn is_overdue() -> bool {
    let overdue = DEADLINE.get().is_some_and(|deadline| Instant::now() >= deadline);
    if overdue {
        TIMED_OUT.set(true);
    }
    overdue
}

pub(super) fn timed_out() -> bool {
    TIMED_OUT.get()
}
