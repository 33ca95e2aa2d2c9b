//! From the author's files to functions that QuickJS compiles.
//!
//! `module.rs` parses and checks one file, `link.rs` connects files by their imports, `types.rs`, `rewrite.rs` and
//! `dialect.rs` each know one kind of change or check, `edits.rs` keeps the way back to the author's text.

mod dialect;
mod edits;
mod link;
mod module;
mod rewrite;
mod types;

pub(super) use dialect::{GLOBALS, REFUSED_OF_OBJECT};
pub(super) use edits::Generated;
pub(super) use link::{Linked, link};
