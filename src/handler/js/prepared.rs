//! A compiled program in the form of a prepared project.
//!
//! QuickJS checks little of the bytecode that it loads: it must come from a binary of the same sources, and from nowhere
//! else. Whoever reads it here has made sure of that.

use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock};

use serde::{Deserialize, Serialize};

use super::engine::{Engine, Mould};
use super::source::Generated;
use super::{Compiled, Dialect, EngineInTheMaking, Entry, JsProgram};
use crate::error::SourceFile;
use crate::limits::Limits;
use crate::value::Str;

/// A program that [`JsProgram::from_prepared`] loads without looking at any source.
#[derive(Serialize, Deserialize)]
pub struct PreparedProgram {
    dialect: Dialect,
    modules: Vec<PreparedModule>,
    entries: Vec<Entry>,
    /// The number of each handler by its path.
    by_path: Vec<(Str, usize)>,
    #[serde(with = "crate::value::prepared::bytes")]
    prelude: Vec<u8>,
    #[serde(skip)]
    in_the_making: Option<EngineInTheMaking>,
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

impl PreparedProgram {
    /// Starts to make the first engine, on a thread of its own, so that a starting process can do the rest of its work
    /// meanwhile. Does nothing where there are no handlers.
    pub fn start_engine(&mut self) {
        if self.entries.is_empty() {
            return;
        }
        let (modules, entries) = (self.modules.len(), self.entries.len());
        let mould = Mould { prelude: self.prelude.as_slice().into(), dialect: self.dialect, modules, entries };
        let thread = std::thread::Builder::new().name("engine".to_owned()).spawn(move || Engine::new(&mould));
        // Without a thread the first call makes it.
        self.in_the_making = thread.ok();
    }
}

impl JsProgram {
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
        PreparedProgram {
            dialect: self.mould.dialect,
            modules: modules.collect(),
            entries: self.entries.clone(),
            by_path,
            prelude: self.mould.prelude.to_vec(),
            in_the_making: None,
        }
    }

    /// The program of the sources `modules`, from which it was prepared. `None` when it was not prepared for one of the
    /// handlers at `entries` or for the dialect, or when a source is missing.
    pub fn from_prepared(
        prepared: PreparedProgram,
        modules: &[Arc<SourceFile>],
        entries: &[Str],
        dialect: Dialect,
        limits: &Limits,
    ) -> Option<Arc<JsProgram>> {
        let by_path: std::collections::HashMap<Str, usize> = prepared.by_path.into_iter().collect();
        if prepared.dialect != dialect || !entries.iter().all(|path| by_path.contains_key(path)) {
            return None;
        }
        let mould = Mould {
            prelude: prepared.prelude.into(),
            dialect,
            modules: prepared.modules.len(),
            entries: prepared.entries.len(),
        };
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
            in_the_making: Mutex::new(prepared.in_the_making),
        }))
    }
}
