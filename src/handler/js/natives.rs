//! The functions that `prelude.js` builds `util`, `runtime`, `console` and the builders from.

use rquickjs::function::Rest;
use rquickjs::{Ctx, Error, Exception, Function, IntoJs, Object, Value as JsValue};

use super::call::{Thrown, with_call};
use super::convert::{Bridge, ReadError, Reader};
use super::markers::Builder;
use super::{ai, dynamodb, host, rds, source};
use crate::context::{LogLevel, LogLine};
use crate::handler::SkipTo;
use crate::handler::util::{self, Refusal};
use crate::value::Value;

/// Member that marks an exception which stands for [`Call::thrown`](super::call::Call::thrown).
pub(super) const THROWN: &str = "$$thrown";

/// The object that the prelude receives.
pub(super) fn natives<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    let natives = Object::new(ctx.clone())?;
    let library = Object::new(ctx.clone())?;
    for module in ["util", "runtime", "extensions", "dynamodb", "rds", "ai"] {
        library.set(module, Object::new(ctx.clone())?)?;
    }
    for &(path, function) in util::FUNCTIONS {
        let native = move |ctx: Ctx<'js>, arguments: Rest<JsValue<'js>>| call_util(&ctx, function, &arguments.0);
        place(&library, "util", path, Function::new(ctx.clone(), native)?)?;
    }
    for (module, builders) in [("dynamodb", dynamodb::BUILDERS), ("rds", rds::BUILDERS), ("ai", ai::BUILDERS)] {
        // The requests of the AI module carry what they are given: a member that is not there is left out.
        let undefined = if module == "ai" { Undefined::Absent } else { Undefined::Null };
        for &(path, builder) in builders {
            let native = move |ctx: Ctx<'js>, arguments: Rest<JsValue<'js>>| {
                call_builder(&ctx, builder, undefined, &arguments.0)
            };
            place(&library, module, path, Function::new(ctx.clone(), native)?)?;
        }
    }
    for &(name, function) in util::extensions::FUNCTIONS {
        let native = move |ctx: Ctx<'js>, arguments: Rest<JsValue<'js>>| call_extension(&ctx, function, &arguments.0);
        place(&library, "extensions", name, Function::new(ctx.clone(), native)?)?;
    }
    place(&library, "runtime", "earlyReturn", Function::new(ctx.clone(), early_return)?)?;
    natives.set("library", library)?;
    natives.set("globals", names(ctx, source::GLOBALS)?)?;
    natives.set("refusedOfObject", source::REFUSED_OF_OBJECT.to_vec().into_js(ctx)?)?;
    natives.set("ofMath", names(ctx, source::OF_MATH)?)?;
    for (name, function) in
        [("replace", util::pattern::replace as util::Function), ("replaceAll", util::pattern::replace_all)]
    {
        let native = move |ctx: Ctx<'js>, arguments: Rest<JsValue<'js>>| call_util(&ctx, function, &arguments.0);
        natives.set(name, Function::new(ctx.clone(), native)?)?;
    }
    natives.set("log", Function::new(ctx.clone(), log)?)?;
    natives.set("random", Function::new(ctx.clone(), random)?)?;
    natives.set("now", Function::new(ctx.clone(), now)?)?;
    natives.set("loopLimit", Function::new(ctx.clone(), loop_limit)?)?;
    natives.set("touch", Function::new(ctx.clone(), host::touch)?)?;
    natives.set("loadContext", Function::new(ctx.clone(), host::load_context)?)?;
    natives.set("contextGet", Function::new(ctx.clone(), host::context_get)?)?;
    natives.set("objectGet", Function::new(ctx.clone(), host::object_get)?)?;
    natives.set("listGet", Function::new(ctx.clone(), host::list_get)?)?;
    Ok(natives)
}

/// Puts a function where `path`, names with dots between them, says below a module; makes the objects on the way.
fn place<'js>(library: &Object<'js>, module: &str, path: &str, function: Function<'js>) -> rquickjs::Result<()> {
    let mut at: Object<'js> = library.get(module)?;
    let mut names = path.split('.').peekable();
    while let Some(name) = names.next() {
        if names.peek().is_none() {
            return at.set(name, function);
        }
        let inner = match at.get::<_, Option<Object<'js>>>(name)? {
            Some(inner) => inner,
            None => {
                let inner = Object::new(at.ctx().clone())?;
                at.set(name, inner.clone())?;
                inner
            }
        };
        at = inner;
    }
    Ok(())
}

/// An object that inherits nothing, in which names are found with `in`.
fn names<'js>(ctx: &Ctx<'js>, names: &[&str]) -> rquickjs::Result<Object<'js>> {
    let object = Object::new(ctx.clone())?;
    object.set_prototype(None)?;
    for name in names {
        object.set(*name, true)?;
    }
    Ok(object)
}

/// What a function makes of members that are undefined.
#[derive(Clone, Copy)]
enum Undefined {
    /// They are left out, as `JSON.stringify` does.
    Absent,
    /// They are null, which is the same value on AppSync: `{ name: undefined }` is an attribute that is NULL, and a
    /// condition on a value that is undefined does not vanish. UNCONFIRMED (spec appsync-js 2.3).
    Null,
}

fn read_arguments<'js>(
    bridge: &Bridge<'_, 'js>,
    undefined: Undefined,
    arguments: &[JsValue<'js>],
) -> rquickjs::Result<Vec<Value>> {
    let mut reader = Reader::new(bridge);
    reader.keeps_undefined = matches!(undefined, Undefined::Null);
    arguments
        .iter()
        .map(|argument| reader.read(argument, None).map_err(|error| throw_read(bridge.ctx, error)))
        .collect()
}

/// A value that cannot be taken out of the engine, as an exception inside it.
pub(super) fn throw_read(ctx: &Ctx, error: ReadError) -> Error {
    match error {
        ReadError::Js(error) => error,
        ReadError::TooLarge | ReadError::TooDeep => host::throw(ctx, &read_problem(&error)),
    }
}

/// What is wrong with a value that is too large or too deep.
pub(super) fn read_problem(error: &ReadError) -> String {
    let limits = with_call(|call| (call.program.limits().handler_output_bytes, call.program.limits().value_nesting));
    let (bytes, levels) = limits.unwrap_or_default();
    match error {
        ReadError::TooLarge => format!("the value is larger than {} MB", bytes / (1024 * 1024)),
        ReadError::TooDeep => format!("the value nests deeper than {levels} levels, or contains itself"),
        ReadError::Js(error) => error.to_string(),
    }
}

fn call_util<'js>(
    ctx: &Ctx<'js>,
    function: util::Function,
    arguments: &[JsValue<'js>],
) -> rquickjs::Result<JsValue<'js>> {
    let bridge = Bridge::new(ctx)?;
    let arguments = read_arguments(&bridge, Undefined::Null, arguments)?;
    let result = with_call(|call| {
        let errors = call.ctx.effects.errors.len();
        let result = function(&mut call.scope(), &arguments);
        if call.ctx.effects.errors.len() > errors
            && arguments.iter().try_for_each(|argument| call.hold_value(argument)).is_none()
        {
            call.ctx.effects.errors.truncate(errors);
            return None;
        }
        Some(result)
    });
    match result {
        Some(None) => Err(host::out_of_memory(ctx)),
        result => give_result(&bridge, result.flatten()),
    }
}

fn call_extension<'js>(
    ctx: &Ctx<'js>,
    function: util::extensions::Function,
    arguments: &[JsValue<'js>],
) -> rquickjs::Result<JsValue<'js>> {
    let bridge = Bridge::new(ctx)?;
    let arguments = read_arguments(&bridge, Undefined::Null, arguments)?;
    let result = with_call(|call| function(&mut call.ctx, &arguments));
    give_result(&bridge, result)
}

fn call_builder<'js>(
    ctx: &Ctx<'js>,
    builder: Builder,
    undefined: Undefined,
    arguments: &[JsValue<'js>],
) -> rquickjs::Result<JsValue<'js>> {
    let bridge = Bridge::new(ctx)?;
    let arguments = read_arguments(&bridge, undefined, arguments)?;
    match with_call(|call| builder(&mut call.markers, &arguments)) {
        // A marker is known by the identity of its object, which only a lazy object keeps.
        Some(Ok(value)) => give_made(&bridge, &value, |bridge, value| bridge.give_lazy(value)),
        other => give_result(&bridge, other),
    }
}

fn give_result<'js>(
    bridge: &Bridge<'_, 'js>,
    result: Option<Result<Value, Refusal>>,
) -> rquickjs::Result<JsValue<'js>> {
    match result {
        // Mostly placed into a request as it is: lazy, so that it is not converted twice.
        Some(Ok(value)) => give_made(bridge, &value, |bridge, value| bridge.give(value, 0)),
        Some(Err(Refusal::Failed(message))) => Err(host::throw(bridge.ctx, &message)),
        Some(Err(Refusal::Worded(message))) => Err(throw_thrown(bridge.ctx, Thrown::Failed(message))),
        Some(Err(Refusal::Raised(error))) => Err(throw_thrown(bridge.ctx, Thrown::Raised(error))),
        None => Err(host::throw(bridge.ctx, "not inside a handler")),
    }
}

/// Gives a value that was made for the call and stays until it ends.
fn give_made<'js>(
    bridge: &Bridge<'_, 'js>,
    value: &Value,
    give: impl FnOnce(&Bridge<'_, 'js>, &Value) -> rquickjs::Result<JsValue<'js>>,
) -> rquickjs::Result<JsValue<'js>> {
    let is_kept = matches!(value, Value::List(_) | Value::Object(_));
    if is_kept && with_call(|call| call.hold_value(value)).flatten().is_none() {
        return Err(host::out_of_memory(bridge.ctx));
    }
    give(bridge, value)
}

/// Throws an exception that ends the handler and stands for `thrown`.
fn throw_thrown(ctx: &Ctx, thrown: Thrown) -> Error {
    let message = match &thrown {
        Thrown::Raised(error) => error.message.to_string(),
        Thrown::EarlyReturn { .. } => "early return".to_owned(),
        Thrown::Failed(message) => message.clone(),
    };
    with_call(|call| call.thrown = Some(thrown));
    match Exception::from_message(ctx.clone(), &message) {
        Ok(exception) => match exception.as_object().set(THROWN, true) {
            Ok(()) => exception.throw(),
            Err(error) => error,
        },
        Err(error) => error,
    }
}

fn early_return<'js>(ctx: Ctx<'js>, arguments: Rest<JsValue<'js>>) -> rquickjs::Result<JsValue<'js>> {
    let bridge = Bridge::new(&ctx)?;
    let arguments = read_arguments(&bridge, Undefined::Absent, &arguments.0)?;
    let skip_to = match util::argument(&arguments, 1).get("skipTo").and_then(Value::as_str) {
        None | Some("NEXT") => SkipTo::Next,
        Some("END") => SkipTo::End,
        Some(other) => {
            let message = format!("runtime.earlyReturn: `skipTo` is `END` or `NEXT`, got `{other}`");
            return Err(host::throw(&ctx, &message));
        }
    };
    let value = util::argument(&arguments, 0).clone();
    Err(throw_thrown(&ctx, Thrown::EarlyReturn { value, skip_to }))
}

fn loop_limit(ctx: Ctx) -> rquickjs::Result<()> {
    let rounds = with_call(|call| call.program.limits().loop_rounds).unwrap_or_default();
    Err(host::throw(&ctx, &format!("a loop ran for more than {rounds} rounds")))
}

fn random() -> f64 {
    with_call(|call| util::math::random(&mut call.scope())).unwrap_or_default()
}

fn now() -> f64 {
    with_call(|call| call.ctx.clock.now_epoch_milliseconds() as f64).unwrap_or_default()
}

/// `console.*`: `stack` tells where the call stands.
fn log<'js>(ctx: Ctx<'js>, level: i32, stack: String, values: Vec<JsValue<'js>>) -> rquickjs::Result<()> {
    let bridge = Bridge::new(&ctx)?;
    let values = read_arguments(&bridge, Undefined::Absent, &values)?;
    let message = values.iter().map(Value::to_string).collect::<Vec<_>>().join(" ");
    let level = match level {
        0 => LogLevel::Debug,
        1 => LogLevel::Info,
        _ => LogLevel::Error,
    };
    let is_held = with_call(|call| {
        call.hold(size_of::<LogLine>() + message.len())?;
        if let Some((file, location)) = call.program.console_position(&stack) {
            call.ctx.effects.logs.push(LogLine { level, file, location, message });
        }
        Some(())
    });
    if is_held.flatten().is_none() { Err(host::out_of_memory(&ctx)) } else { Ok(()) }
}
