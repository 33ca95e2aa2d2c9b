//! A stack that the compiler cannot use up.

use std::io;
use std::panic::resume_unwind;
use std::thread::{Builder, scope};

/// Bytes of stack for the compiler; only what is used becomes memory. The deepest texts that `Limits::code_nesting` allows
/// take less than 4 MB, even where nothing is optimised (`tests/suite/fuzz`).
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// Runs `work` on a thread of its own, and waits for it.
///
/// # Errors
/// Where the system has no thread to give.
pub(super) fn with_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    scope(|scope| {
        let thread = Builder::new().name("compiler".into()).stack_size(STACK_BYTES).spawn_scoped(scope, work)?;
        Ok(thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}
