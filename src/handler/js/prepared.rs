//! A compiled program in the form of a prepared project.
//!
//! QuickJS checks little of the bytecode that it loads: it must come from a binary of the same sources, and from nowhere
//! else. Whoever reads it here has made sure of that.

use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::engine::Mould;
use super::source::Generated;
use super::{Compiled, Dialect, Entry, JsProgram};
use crate::error::SourceFile;
use crate::limits::Limits;
use crate::value::Str;

/// A program that [`JsProgram::from_prepared`] loads without looking at any source. What only a call needs lies beside it, in
/// one piece of bytes that need not be read for a start.
#[derive(Serialize, Deserialize)]
pub struct PreparedProgram {
    modules: Vec<PreparedModule>,
    entries: Vec<Entry>,
    /// The number of each handler by its path.
    by_path: Vec<(Str, usize)>,
}

#[derive(Serialize, Deserialize)]
struct PreparedModule {
    path: Str,
    /// Of the bytes beside the program: what QuickJS runs, and [`Positions`].
    bytecode: Range<usize>,
    positions: Range<usize>,
    dependencies: Vec<usize>,
    console_calls: Vec<Range<usize>>,
    is_kept: bool,
}

/// The text that was compiled in the place of the author's, from which the places of errors are found. That of a prepared
/// program is read when a place is first asked for.
pub(super) struct Positions {
    read: OnceLock<Option<Generated>>,
    prepared: Bytes,
}

impl Positions {
    pub fn new(generated: Generated) -> Positions {
        Positions { read: OnceLock::from(Some(generated)), prepared: Bytes::new() }
    }

    /// `None` where the prepared form is damaged.
    pub fn get(&self) -> Option<&Generated> {
        self.read.get_or_init(|| postcard::from_bytes(&self.prepared).ok().flatten()).as_ref()
    }
}

impl JsProgram {
    /// What engines are made from, which a prepared project has before everything else.
    pub fn mould(&self) -> &Mould {
        &self.mould
    }

    /// The program as a prepared project has it, and the bytes beside it.
    pub fn prepare(&self) -> (PreparedProgram, Vec<u8>) {
        let mut beside = Vec::new();
        let mut put = |bytes: &[u8]| {
            let start = beside.len();
            beside.extend_from_slice(bytes);
            start..beside.len()
        };
        let modules = self.modules.iter().map(|module| PreparedModule {
            path: module.file.path.clone(),
            bytecode: put(&module.bytecode),
            positions: put(&postcard::to_stdvec(&module.positions.get()).expect("text and numbers have a form")),
            dependencies: module.dependencies.clone(),
            console_calls: module.console_calls.clone(),
            is_kept: module.is_kept,
        });
        let mut by_path: Vec<(Str, usize)> = self.by_path.iter().map(|(path, entry)| (path.clone(), *entry)).collect();
        by_path.sort_unstable();
        let program = PreparedProgram { modules: modules.collect(), entries: self.entries.clone(), by_path };
        (program, beside)
    }

    /// The program of the sources `modules`, from which it was prepared. `None` when it was not prepared for one of the
    /// handlers at `entries` or for the dialect, or when a source or a part of `beside` is missing.
    pub fn from_prepared(
        prepared: PreparedProgram,
        beside: &Bytes,
        mould: Mould,
        modules: &[Arc<SourceFile>],
        entries: &[Str],
        dialect: Dialect,
        limits: &Limits,
    ) -> Option<Arc<JsProgram>> {
        let by_path: std::collections::HashMap<Str, usize> = prepared.by_path.into_iter().collect();
        if mould.dialect != dialect || !entries.iter().all(|path| by_path.contains_key(path)) {
            return None;
        }
        let part =
            |range: Range<usize>| (range.start <= range.end && range.end <= beside.len()).then(|| beside.slice(range));
        let compiled = prepared.modules.into_iter().map(|module| {
            // They are in the order of their paths.
            let file = modules.binary_search_by(|file| file.path.cmp(&module.path)).ok()?;
            Some(Compiled {
                file: modules[file].clone(),
                positions: Positions { read: OnceLock::new(), prepared: part(module.positions)? },
                bytecode: part(module.bytecode)?,
                dependencies: module.dependencies,
                console_calls: module.console_calls,
                bundle_map: OnceLock::new(),
                is_kept: module.is_kept,
            })
        });
        Some(Arc::new(JsProgram {
            modules: compiled.collect::<Option<_>>()?,
            entries: prepared.entries,
            by_path,
            mould,
            limits: limits.clone(),
            engines: Mutex::default(),
        }))
    }
}
