//! APPSYNC_JS: resolver code in JavaScript or TypeScript.
//!
//! `source/` checks the author's files and turns each into a function; `engine.rs` compiles and runs them; `prelude.js`,
//! `natives.rs` and `host.rs` are the world that the code sees, with AppSync's modules in `dynamodb.rs`, `rds/` and `ai.rs`;
//! `markers.rs` knows the objects of those modules again, `convert.rs` carries values between the languages, `fixtures.rs`
//! holds what an engine keeps ready for every call, `stack.rs` gives the compiler a stack of its own, `prepared.rs` keeps a
//! compiled program for a process that does not want to compile. `possible/` tells what a handler can ask for, without
//! running it.
//!
//! Two promises. What one call does is invisible to the next: everything that engines share is frozen, and modules that
//! could carry anything over are instantiated anew for every call. And whatever the code does, the call ends: time, memory,
//! stack, loop rounds and the size of the result are bounded.

mod ai;
mod call;
mod convert;
mod dynamodb;
mod engine;
mod fixtures;
mod host;
mod markers;
mod natives;
#[cfg(any(test, feature = "package"))]
mod possible;
mod prepared;
mod rds;
mod source;
mod stack;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
pub use engine::{Engine, Mould};
use prepared::Positions;
pub use prepared::PreparedProgram;
use serde::{Deserialize, Serialize};
use source::{BundleMap, ModuleState};

#[cfg(feature = "package")]
pub(crate) use possible::files_of;
#[cfg(any(test, feature = "package"))]
pub use possible::possible_request;

use super::{Failure, Function, Returned};
use crate::context::Context;
use crate::error::{Diagnostic, Location, SourceFile};
use crate::limits::Limits;
use crate::value::Str;

/// Which language the code is checked against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dialect {
    /// What AppSync accepts, with its semantics: `runtime: appsync`.
    #[default]
    AppSync,
    /// All of JavaScript that runs synchronously: `runtime: standard`.
    Standard,
}

/// All JavaScript and TypeScript of one project, checked and compiled, with the engines that run it.
pub struct JsProgram {
    modules: Vec<Compiled>,
    entries: Vec<Entry>,
    by_path: HashMap<Str, usize>,
    mould: Mould,
    limits: Limits,
    /// Engines that no call uses at the moment; there are at most as many as calls have run at once.
    engines: Mutex<Vec<Engine>>,
}

/// One module, compiled.
struct Compiled {
    file: Arc<SourceFile>,
    positions: Positions,
    bytecode: Bytes,
    dependencies: Vec<usize>,
    console_calls: Vec<Range<usize>>,
    /// The source map in the file, read when a place is first asked for.
    bundle_map: OnceLock<Option<BundleMap>>,
    /// Whether one instance serves all calls of an engine, because nothing in it can change.
    is_kept: bool,
}

impl Compiled {
    /// Where the author wrote what stands at an offset: in this file, or in one that it was bundled from.
    fn place(&self, offset: usize) -> (Str, Location) {
        let at = self.file.location(offset);
        let map = self.bundle_map.get_or_init(|| BundleMap::find(&self.file.text));
        map.as_ref().and_then(|map| map.original(at)).unwrap_or_else(|| (self.file.path.clone(), at))
    }
}

/// A module that is a handler.
#[derive(Clone, Serialize, Deserialize)]
struct Entry {
    /// Its number among the entries.
    number: usize,
    /// The modules to instantiate for a call, imported ones first, the handler's own last.
    order: Vec<usize>,
    has_request: bool,
    has_response: bool,
    /// Whether any code in them may change an object, `ctx.stash` for example.
    writes: bool,
}

/// One handler of a program.
#[derive(Clone)]
pub struct JsHandler {
    program: Arc<JsProgram>,
    entry: usize,
}

impl JsProgram {
    /// Checks and compiles the handlers at `entries` and everything that they import from `modules`.
    ///
    /// # Errors
    /// The problems of all files; where there are very many, the first of them and how many more there are.
    pub fn compile(
        modules: &[Arc<SourceFile>],
        entries: &[Str],
        dialect: Dialect,
        limits: &Limits,
    ) -> Result<Arc<JsProgram>, Vec<Diagnostic>> {
        stack::with_large_stack(|| JsProgram::compile_here(modules, entries, dialect, limits))
            .unwrap_or_else(|error| Err(vec![Diagnostic::error(format!("no thread for the compiler: {error}"))]))
    }

    fn compile_here(
        modules: &[Arc<SourceFile>],
        entries: &[Str],
        dialect: Dialect,
        limits: &Limits,
    ) -> Result<Arc<JsProgram>, Vec<Diagnostic>> {
        let mut problems = Vec::new();
        let linked = source::link(modules, entries, dialect, limits, &mut problems);
        let mut handlers = Vec::new();
        let mut by_path = HashMap::new();
        for path in entries {
            let Some(index) = linked.iter().position(|module| module.file.path == *path) else { continue };
            let exports = &linked[index].exports;
            let exports = |name: &str| exports.iter().any(|known| known == name);
            let (has_request, has_response) = (exports("request"), exports("response"));
            if !has_request && !has_response {
                let problem = Diagnostic::error("the handler exports neither `request` nor `response`");
                let help = "write `export function request(ctx) { … }` and `export function response(ctx) { … }`";
                problems.push(problem.at(&linked[index].file, 0..0).help(help));
            }
            let order = with_dependencies(&linked, index);
            let writes = order.iter().any(|&module| linked[module].writes);
            by_path.insert(path.clone(), handlers.len());
            let number = handlers.len();
            handlers.push(Entry { number, order, has_request, has_response, writes });
        }
        if !problems.is_empty() {
            problems.sort_by_key(|problem| problem.place.as_ref().map(|place| (place.file.path.clone(), place.start)));
            if problems.len() > source::PROBLEMS_MAX {
                let more = problems.len() - source::PROBLEMS_MAX;
                problems.truncate(source::PROBLEMS_MAX);
                problems.push(Diagnostic::error(format!("there are {more} more problems")));
            }
            return Err(problems);
        }
        let mut sources = vec![("prelude.js", include_str!("prelude.js"))];
        sources.extend(linked.iter().map(|module| (module.file.path.as_str(), module.generated.text.as_str())));
        let mut bytecode = engine::compile(&sources).map_err(|(index, error)| {
            let problem = Diagnostic::error(format!("the code does not compile: {error}"));
            vec![match index.checked_sub(1).and_then(|index| linked.get(index)) {
                Some(module) => problem.at(&module.file, 0..0),
                None => problem,
            }]
        })?;
        let prelude = bytecode.remove(0).into();
        let mould = Mould { prelude, dialect, modules: linked.len(), entries: handlers.len() };
        let kept = kept_modules(&linked, &handlers);
        let modules = linked.into_iter().zip(bytecode).zip(kept).map(|((module, bytecode), is_kept)| Compiled {
            file: module.file,
            positions: Positions::new(module.generated),
            bytecode: bytecode.into(),
            dependencies: module.dependencies,
            console_calls: module.console_calls,
            bundle_map: OnceLock::new(),
            is_kept,
        });
        Ok(Arc::new(JsProgram {
            modules: modules.collect(),
            entries: handlers,
            by_path,
            mould,
            limits: limits.clone(),
            engines: Mutex::default(),
        }))
    }

    /// Makes an engine ready, which the first call would do otherwise. One that fails is made anew by that call. Does
    /// nothing where there are no handlers.
    pub fn warm_up(&self) {
        if !self.entries.is_empty()
            && let Ok(engine) = self.take_engine()
        {
            self.put_engine_back(engine);
        }
    }

    /// Takes an engine that was made of this program's [`Mould`].
    pub fn add_engine(&self, engine: Engine) {
        engine.limit(&self.limits);
        self.put_engine_back(engine);
    }

    /// The handler at a path that was one of `entries`.
    pub fn handler(self: &Arc<Self>, path: &str) -> Option<JsHandler> {
        self.by_path.get(path).map(|&entry| JsHandler { program: self.clone(), entry })
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn module(&self, index: usize) -> Option<&Compiled> {
        self.modules.get(index)
    }

    fn take_engine(&self) -> Result<Engine, rquickjs::Error> {
        let spare = self.engines.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(engine) = spare {
            return Ok(engine);
        }
        let engine = Engine::new(&self.mould)?;
        engine.limit(&self.limits);
        Ok(engine)
    }

    fn put_engine_back(&self, engine: Engine) {
        self.engines.lock().unwrap_or_else(PoisonError::into_inner).push(engine);
    }

    /// Where an entry's file begins: the place of a failure that has no other.
    fn beginning(&self, entry: &Entry) -> (Str, Location) {
        let file = entry.order.last().and_then(|&index| self.modules.get(index)).map(|module| &module.file);
        (file.map(|file| file.path.clone()).unwrap_or_default(), Location { line: 1, column: 1 })
    }

    /// The first place in the author's code that a stack of QuickJS names: lines `    at name (file:line:column)`.
    fn position(&self, stack: &str) -> Option<(Str, Location)> {
        let (module, offset) = self.find_frame(stack)?;
        Some(module.place(offset))
    }

    /// The place of the `console.*` call that a stack was taken in.
    fn console_position(&self, stack: &str) -> Option<(Str, Location)> {
        let (module, offset) = self.find_frame(stack)?;
        let call = module.console_calls.iter().rfind(|call| (call.start..=call.end).contains(&offset));
        Some(module.place(call.map_or(offset, |call| call.start)))
    }

    fn find_frame(&self, stack: &str) -> Option<(&Compiled, usize)> {
        stack.lines().find_map(|frame| {
            let place = frame.trim_end().strip_suffix(')')?;
            let (place, column) = place.rsplit_once(':')?;
            let (place, line) = place.rsplit_once(':')?;
            let module = self.modules.iter().find(|module| {
                place.strip_suffix(module.file.path.as_str()).is_some_and(|before| before.ends_with(" ("))
            })?;
            Some((module, module.positions.get()?.original_offset(line.parse().ok()?, column.parse().ok()?)))
        })
    }
}

/// A module's dependencies, direct and indirect, and itself; dependencies have smaller numbers.
fn with_dependencies(linked: &[source::Linked], module: usize) -> Vec<usize> {
    let mut order = vec![module];
    let mut next = 0;
    while let Some(&module) = order.get(next) {
        for &dependency in &linked[module].dependencies {
            if !order.contains(&dependency) {
                order.push(dependency);
            }
        }
        next += 1;
    }
    order.sort_unstable();
    order
}

/// Which modules need only one instance: those without state whose dependencies have none either.
fn kept_modules(linked: &[source::Linked], entries: &[Entry]) -> Vec<bool> {
    let mut kept: Vec<bool> = Vec::with_capacity(linked.len());
    for (index, module) in linked.iter().enumerate() {
        let is_constant = match module.state {
            ModuleState::None => true,
            // Its objects stay as they are where no code that could reach them writes to any.
            ModuleState::Objects => !entries.iter().any(|entry| entry.writes && entry.order.contains(&index)),
            ModuleState::Changing => false,
        };
        kept.push(is_constant && module.dependencies.iter().all(|&dependency| kept[dependency]));
    }
    kept
}

impl JsHandler {
    /// Whether the code exports the function.
    pub fn exports(&self, function: Function) -> bool {
        match function {
            Function::Request => self.entry().has_request,
            Function::Response => self.entry().has_response,
        }
    }

    /// Runs one function; see [`Handler::call`](super::Handler::call).
    ///
    /// # Errors
    /// [`Failure`]
    pub fn call(&self, function: Function, ctx: &mut Context) -> Result<Returned, Failure> {
        engine::call_handler(&self.program, self.entry(), function, ctx)
    }

    fn entry(&self) -> &Entry {
        // The only constructor takes the number from the program's own map.
        &self.program.entries[self.entry]
    }
}

impl fmt::Debug for JsHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let module = self.entry().order.last().and_then(|&index| self.program.module(index));
        f.debug_tuple("JsHandler").field(&module.map(|module| &module.file.path)).finish()
    }
}

impl fmt::Debug for JsProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsProgram").field("modules", &self.modules.len()).field("dialect", &self.mould.dialect).finish()
    }
}
