//! A compiled program in the form of a prepared project.
//!
//! QuickJS checks little of the bytecode that it loads: it must come from a binary of the same sources, and from nowhere
//! else. Whoever reads it here has made sure of that.

use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock};

use serde::{Deserialize, Serialize};

use super::engine::Mould;
use super::source::Generated;
use super::{Compiled, Dialect, Entry, JsProgram};
use crate::error::SourceFile;
use crate::limits::Limits;
use crate::value::Str;

/// A program that [`JsProgram::from_prepared`] loads without looking at any source.
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
    generated: Generated,
    #[serde(with = "crate::value::prepared::bytes")]
    bytecode: Vec<u8>,
    dependencies: Vec<usize>,
    console_calls: Vec<Range<usize>>,
    is_kept: bool,
}

impl JsProgram {
    /// What engines are made from, which a prepared project has before everything else.
    pub fn mould(&self) -> &Mould {
        &self.mould
    }

    /// The program as a prepared project has it.
    pub fn prepare(&self) -> PreparedProgram {
        let modules = self.modules.iter().map(|module| PreparedModule {
            path: module.file.path.clone(),
            generated: module.generated.clone(),
            bytecode: module.bytecode.clone(),
            dependencies: module.dependencies.clone(),
            console_calls: module.console_calls.clone(),
            is_kept: module.is_kept,
        });
        let mut by_path: Vec<(Str, usize)> = self.by_path.iter().map(|(path, entry)| (path.clone(), *entry)).collect();
        by_path.sort_unstable();
        PreparedProgram { modules: modules.collect(), entries: self.entries.clone(), by_path }
    }

    /// The program of the sources `modules`, from which it was prepared. `None` when it was not prepared for one of the
    /// handlers at `entries` or for the dialect, or when a source is missing.
    pub fn from_prepared(
        prepared: PreparedProgram,
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
        let compiled = prepared.modules.into_iter().map(|module| {
            // They are in the order of their paths.
            let file = modules.binary_search_by(|file| file.path.cmp(&module.path)).ok()?;
            Some(Compiled {
                file: modules[file].clone(),
                generated: module.generated,
                bytecode: module.bytecode,
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
