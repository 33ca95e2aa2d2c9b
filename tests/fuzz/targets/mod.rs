//! What fuzzing runs: one function of bytes per target. Both drivers call them: `tests/suite/fuzz`, with mutations that are
//! the same every time, and the crate `fuzz/`, guided by coverage. A target panics when it finds something.

pub mod eval;
pub mod loader;
pub mod request;
pub mod sign_in;
pub mod templates;
pub mod util;

mod input;
