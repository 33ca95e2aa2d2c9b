//! One QuickJS engine: a runtime with a context that resolver code cannot get out of, and the call of a handler in it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rquickjs::context::intrinsic;
use rquickjs::function::Rest;
use rquickjs::module::WriteOptions;
use rquickjs::{
    CatchResultExt, Context as JsContext, Ctx, Error, Function as JsFunction, Module, Object, Runtime, Value as JsValue,
};
use serde::{Deserialize, Serialize};

use super::call::{self, Thrown, with_call};
use super::convert::{Bridge, ReadError, Reader};
use super::fixtures::Fixtures;
use super::host::{self, Member};
use super::natives::{self, THROWN};
use super::{Compiled, Dialect, Entry, JsProgram};
use crate::context::Context;
use crate::error::{FieldError, Location};
use crate::handler::{Failure, Function, Returned};
use crate::limits::Limits;
use crate::value::Str;

/// Built-ins of the AppSync dialect. `Eval` is missing from both sets: without it neither `eval` nor a function's
/// constructor compiles text. `Promise` is there because QuickJS answers the loading of a module with one; its global
/// name is removed. `Proxy` makes host objects; its global name is removed too, so every proxy is ours.
type AppSyncIntrinsics = (intrinsic::Json, intrinsic::Proxy, intrinsic::Promise);
type StandardIntrinsics = (
    intrinsic::Date,
    intrinsic::RegExpCompiler,
    intrinsic::RegExp,
    intrinsic::Json,
    intrinsic::Proxy,
    intrinsic::MapSet,
    intrinsic::Promise,
);

/// Compiles a module in an engine made for that; the engine that runs it only loads the result.
///
/// # Errors
/// What QuickJS says where it refuses the text.
pub(super) fn compile(sources: &[(&str, &str)]) -> Result<Vec<Vec<u8>>, (usize, String)> {
    let failed = |error: Error| (0, error.to_string());
    let runtime = Runtime::new().map_err(failed)?;
    let context =
        JsContext::builder().with::<(intrinsic::Eval, StandardIntrinsics)>().build(&runtime).map_err(failed)?;
    context.with(|ctx| {
        let mut compiled = Vec::with_capacity(sources.len());
        for (index, (name, text)) in sources.iter().enumerate() {
            let module =
                Module::declare(ctx.clone(), *name, *text).catch(&ctx).map_err(|error| (index, error.to_string()))?;
            compiled.push(module.write(WriteOptions::default()).map_err(|error| (index, error.to_string()))?);
        }
        Ok(compiled)
    })
}

/// How much memory an engine uses before it first looks for garbage that refers to itself. After that QuickJS looks whenever
/// the memory has grown by half. Its own figure, 256 KiB, is about what an engine has before any code has run.
const GC_THRESHOLD_BYTES: usize = 1024 * 1024;

/// What every engine of a program is made from.
#[derive(Clone, Serialize, Deserialize)]
pub struct Mould {
    /// The bytecode of `prelude.js`.
    #[serde(with = "crate::value::prepared::bytes")]
    pub(super) prelude: Arc<[u8]>,
    pub(super) dialect: Dialect,
    /// How many modules and entries the program has.
    pub(super) modules: usize,
    pub(super) entries: usize,
}

impl Mould {
    /// Whether there are handlers.
    pub fn is_needed(&self) -> bool {
        self.entries > 0
    }

    /// An engine for a program that is made of this later; see [`JsProgram::add_engine`]. `None` where it fails: then the
    /// first call makes one, and reports why it cannot.
    pub fn make_engine(&self) -> Option<Engine> {
        Engine::new(self).ok()
    }
}

/// A runtime of QuickJS that runs one call at a time.
pub struct Engine {
    context: JsContext,
}

impl Engine {
    /// An engine that is ready but for its limits.
    pub(super) fn new(mould: &Mould) -> Result<Engine, Error> {
        let runtime = Runtime::new()?;
        runtime.set_interrupt_handler(Some(Box::new(call::is_overdue)));
        // What the prelude makes stays: there is nothing to find in it.
        runtime.set_gc_threshold(GC_THRESHOLD_BYTES);
        let context = match mould.dialect {
            Dialect::AppSync => JsContext::builder().with::<AppSyncIntrinsics>().build(&runtime)?,
            Dialect::Standard => JsContext::builder().with::<StandardIntrinsics>().build(&runtime)?,
        };
        context.with(|ctx| {
            let prelude: JsFunction = load(&ctx, &mould.prelude)?;
            let is_standard = mould.dialect == Dialect::Standard;
            let objects: Object = prelude.call((natives::natives(&ctx)?, is_standard))?;
            let fixtures = Fixtures::new(&objects, mould.modules, mould.entries)?;
            // Refused only while somebody reads it, and nobody does yet.
            ctx.store_userdata(fixtures).map_err(|_| Error::Unknown)?;
            Ok::<(), Error>(())
        })?;
        Ok(Engine { context })
    }

    /// Bounds what code may take. To be called before any runs.
    pub(super) fn limit(&self, limits: &Limits) {
        let runtime = self.context.runtime();
        runtime.set_memory_limit(limits.handler_memory_bytes);
        runtime.set_max_stack_size(limits.handler_stack_bytes);
    }

    /// Runs one function of an entry. The call must have been entered on this thread. The second result says whether the
    /// engine may run another call.
    pub(super) fn run(
        &self,
        program: &JsProgram,
        entry: &Entry,
        function: Function,
    ) -> (Result<Returned, Failure>, bool) {
        self.context.with(|ctx| {
            let run = || -> Result<Returned, RunError> {
                let bridge = Bridge::new(&ctx)?;
                let (context, target) = host::make_context(&bridge)?;
                let outcome = match handler_function(&bridge, program, entry, function) {
                    Ok(handler) => handler.call::<_, JsValue>((context,)).map_err(RunError::from),
                    Err(error) => Err(error),
                };
                let outcome = outcome.and_then(|value| Ok(Reader::new(&bridge).read(&value, None)?));
                // What the exception stands for must be known before more code runs.
                let outcome = outcome.map_err(|error| explain(&ctx, program, error));
                match outcome {
                    Err(failed @ Ending::Failed { is_fatal: true, .. }) => Err(RunError::Ended(failed)),
                    outcome => {
                        if entry.writes {
                            write_back(&bridge, &target)?;
                        }
                        outcome.map(Returned::Value).map_err(RunError::Ended)
                    }
                }
            };
            match run() {
                Ok(returned) => (Ok(returned), true),
                Err(error) => match explain(&ctx, program, error) {
                    Ending::Returned(returned) => (Ok(returned), true),
                    Ending::Raised(error) => (Err(Failure { error, position: None }), true),
                    Ending::Failed { error, position, is_fatal } => {
                        let position = position.or_else(|| Some(program.beginning(entry)));
                        (Err(Failure { error, position }), !is_fatal)
                    }
                },
            }
        })
    }
}

/// Loads a compiled module and gives its default export.
fn load<'js>(ctx: &Ctx<'js>, bytecode: &[u8]) -> rquickjs::Result<JsFunction<'js>> {
    // SAFETY: the bytes come from `compile`, that is from `Module::write` of the QuickJS in this very binary, or in one of the
    // same sources and dependencies where they come with a prepared project, which is not read otherwise.
    let (module, promise) = unsafe { Module::load(ctx.clone(), bytecode) }?.eval()?;
    promise.finish::<()>()?;
    module.get("default")
}

/// The handler function of an entry, from modules that are instantiated for this call, imported ones first, where they
/// could hold anything of an earlier one.
fn handler_function<'js>(
    bridge: &Bridge<'_, 'js>,
    program: &JsProgram,
    entry: &Entry,
    function: Function,
) -> Result<JsFunction<'js>, RunError> {
    let fixtures = &bridge.fixtures;
    let which = usize::from(function == Function::Response);
    let known = fixtures.handlers.borrow().get(entry.number).and_then(|handlers| handlers[which].clone());
    if let Some(handler) = known {
        return Ok(handler);
    }
    let mut instances: Vec<(usize, Object<'js>)> = Vec::with_capacity(entry.order.len());
    for &index in &entry.order {
        let Some(module) = program.module(index) else { continue };
        let kept = fixtures.instances.borrow().get(index).cloned().flatten();
        let exports = match kept {
            Some(exports) => exports,
            None => {
                let exports = instantiate(bridge, index, module, &instances)?;
                if module.is_kept
                    && let Some(kept) = fixtures.instances.borrow_mut().get_mut(index)
                {
                    *kept = Some(exports.clone());
                }
                exports
            }
        };
        instances.push((index, exports));
    }
    let exported: JsValue = match instances.last() {
        Some((_, exports)) => exports.get(function.name())?,
        None => JsValue::new_undefined(bridge.ctx.clone()),
    };
    let handler = exported.into_function().ok_or_else(|| {
        let message = format!("the code exports no function `{}`", function.name());
        RunError::Ended(failed(message, None, false))
    })?;
    // What a kept module imports is kept too.
    if entry.order.last().and_then(|&index| program.module(index)).is_some_and(|module| module.is_kept)
        && let Some(handlers) = fixtures.handlers.borrow_mut().get_mut(entry.number)
    {
        handlers[which] = Some(handler.clone());
    }
    Ok(handler)
}

/// Runs a module's own code and gives its exports.
fn instantiate<'js>(
    bridge: &Bridge<'_, 'js>,
    index: usize,
    module: &Compiled,
    instances: &[(usize, Object<'js>)],
) -> rquickjs::Result<Object<'js>> {
    let fixtures = &bridge.fixtures;
    let loaded = fixtures.factories.borrow().get(index).cloned().flatten();
    let factory = match loaded {
        Some(factory) => factory,
        None => {
            let factory = load(bridge.ctx, &module.bytecode)?;
            if let Some(known) = fixtures.factories.borrow_mut().get_mut(index) {
                *known = Some(factory.clone());
            }
            factory
        }
    };
    let dependencies = rquickjs::Array::new(bridge.ctx.clone())?;
    for (position, dependency) in module.dependencies.iter().enumerate() {
        if let Some((_, exports)) = instances.iter().find(|(known, _)| known == dependency) {
            dependencies.set(position, exports.clone())?;
        }
    }
    factory.call((fixtures.library.clone(), dependencies, Rest(fixtures.helpers.clone())))
}

/// Puts what the code left in `ctx.stash` and `ctx.args` into the context.
fn write_back<'js>(bridge: &Bridge<'_, 'js>, target: &Object<'js>) -> Result<(), RunError> {
    for member in [Member::Stash, Member::Arguments] {
        if with_call(|call| call.loaded & member.bit() != 0) != Some(true) {
            continue;
        }
        let value = host::read_context_member(&mut Reader::new(bridge), target, member)?;
        with_call(|call| match member {
            Member::Stash => call.ctx.stash = value,
            _ => call.ctx.arguments = value,
        });
    }
    Ok(())
}

/// Why a run stopped before it returned.
enum RunError {
    Js(Error),
    Read(ReadError),
    Ended(Ending),
}

enum Ending {
    Returned(Returned),
    /// `util.error`, `util.unauthorized`.
    Raised(FieldError),
    /// `is_fatal`: the engine is not to be used again.
    Failed {
        error: FieldError,
        position: Option<(Str, Location)>,
        is_fatal: bool,
    },
}

impl From<Error> for RunError {
    fn from(error: Error) -> RunError {
        RunError::Js(error)
    }
}

impl From<ReadError> for RunError {
    fn from(error: ReadError) -> RunError {
        match error {
            ReadError::Js(error) => RunError::Js(error),
            error => RunError::Read(error),
        }
    }
}

/// What an error means to the author: an early return, an error that the code raised, or a failure with its place.
fn explain(ctx: &Ctx, program: &JsProgram, error: RunError) -> Ending {
    let exception = match error {
        RunError::Ended(ending) => return ending,
        RunError::Read(error) => return failed(natives::read_problem(&error), None, false),
        RunError::Js(Error::Allocation) => return out_of_memory(program.limits(), None),
        RunError::Js(Error::Exception) => ctx.catch(),
        RunError::Js(error) => return failed(error.to_string(), None, false),
    };
    let Some(object) = exception.as_object() else {
        if exception.is_null() {
            return out_of_memory(program.limits(), None); // QuickJS had no memory left for an exception
        }
        let text =
            exception.get::<rquickjs::Coerced<String>>().map_or_else(|_| "an exception".to_owned(), |text| text.0);
        return failed(text, None, false);
    };
    let stack = || object.get::<_, String>("stack").unwrap_or_default();
    let position = || program.position(&stack());
    if call::timed_out() {
        let limit = seconds(program.limits().handler_timeout);
        return failed(format!("code ran longer than {limit}"), position(), true);
    }
    if object.get::<_, Option<bool>>(THROWN).ok().flatten() == Some(true)
        && let Some(thrown) = with_call(|call| call.thrown.take()).flatten()
    {
        return match thrown {
            Thrown::Raised(error) => Ending::Raised(error),
            Thrown::EarlyReturn { value, skip_to } => Ending::Returned(Returned::EarlyReturn { value, skip_to }),
            Thrown::Failed(message) => {
                Ending::Failed { error: FieldError::code(message), position: position(), is_fatal: false }
            }
        };
    }
    let message = object.get::<_, rquickjs::Coerced<String>>("message").map_or_else(|_| String::new(), |text| text.0);
    match message.as_str() {
        "out of memory" => out_of_memory(program.limits(), position()),
        "Maximum call stack size exceeded" | "stack overflow" => failed("stack overflow", position(), false),
        "not a function" => failed(name_callee(program, &stack()), position(), false),
        _ => failed(message, position(), false),
    }
}

/// QuickJS says `not a function` without saying what: the author's text at the place of the call does.
fn name_callee(program: &JsProgram, stack: &str) -> String {
    let callee = program.find_frame(stack).and_then(|(module, offset)| {
        let (before, after) = module.file.text.split_at_checked(offset)?;
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '?');
        let start = before.rfind(|c| !is_part(c)).map_or(0, |at| at + 1);
        let start = before.ceil_char_boundary(start);
        let end =
            after.char_indices().find(|&(at, c)| !is_part(c) || (c == '.' && at > 0)).map_or(after.len(), |(at, _)| at);
        Some(format!("{}{}", &before[start..], &after[..end]))
    });
    match callee.filter(|callee| !callee.is_empty()) {
        Some(callee) => format!("`{callee}` is not a function"),
        None => "not a function".to_owned(),
    }
}

/// AppSync's message begins with `Runtime Error` (spec appsync-js 5, class `Code`); ours says which.
fn failed(what: impl std::fmt::Display, position: Option<(Str, Location)>, is_fatal: bool) -> Ending {
    let error = FieldError::code(format!("Runtime Error: {what}"));
    Ending::Failed { error, position, is_fatal }
}

fn out_of_memory(limits: &Limits, position: Option<(Str, Location)>) -> Ending {
    failed(format!("out of memory ({} MB)", limits.handler_memory_bytes / (1024 * 1024)), position, true)
}

fn seconds(duration: Duration) -> String {
    if duration.subsec_nanos() == 0 {
        format!("{} s", duration.as_secs())
    } else {
        format!("{} ms", duration.as_millis())
    }
}

/// Runs a call from start to end: takes an engine, lends it the context, gives both back.
pub(super) fn call_handler(
    program: &Arc<JsProgram>,
    entry: &Entry,
    function: Function,
    ctx: &mut Context,
) -> Result<Returned, Failure> {
    let engine = program.take_engine().map_err(|error| Failure {
        error: FieldError::code(format!("Runtime Error: no engine: {error}")),
        position: Some(program.beginning(entry)),
    })?;
    let deadline = Instant::now() + program.limits().handler_timeout;
    call::enter(program.clone(), std::mem::take(ctx), deadline);
    let (outcome, is_reusable) = engine.run(program, entry, function);
    if let Some(left) = call::leave() {
        *ctx = left;
    }
    if is_reusable {
        program.put_engine_back(engine);
    }
    outcome
}

#[cfg(test)]
impl Engine {
    /// Bytes that the engine has allocated.
    pub fn memory_bytes(&self) -> i64 {
        self.context.runtime().run_gc();
        self.context.runtime().memory_usage().malloc_size
    }
}
