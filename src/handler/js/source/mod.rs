//! From the author's files to functions that QuickJS compiles.
//!
//! `nesting.rs` and `module.rs` parse and check one file, `link.rs` connects files by their imports. `dialect/` refuses what AppSync
//! refuses, `types.rs` removes types, `rewrite.rs` and `defaults.rs` give code the semantics of AppSync, `survey.rs` finds
//! out what a call must know about it; `reach.rs` tells which files a handler consists of; `edits.rs` keeps the way back to the author's text.

mod defaults;
mod dialect;
mod edits;
mod functions;
mod link;
mod module;
mod nesting;
#[cfg(any(test, feature = "package"))]
mod reach;
mod rewrite;
mod source_map;
mod survey;
mod types;

pub(super) use dialect::{GLOBALS, OF_MATH, REFUSED_OF_OBJECT};
pub(super) use edits::Generated;
pub(super) use link::{LIBRARY, Linked, link};
#[cfg(any(test, feature = "package"))]
pub(super) use reach::{Exported, Reached, Target, reach};
pub(super) use source_map::BundleMap;
pub(super) use survey::ModuleState;

/// How many problems are reported. Beyond them nobody reads on, and looking for similar names and showing places would
/// take minutes in a file that consists of mistakes.
pub(super) const PROBLEMS_MAX: usize = 200;
