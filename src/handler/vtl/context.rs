//! `$ctx`: one Java map per rendering, whose members are the parts of [`Context`] (spec appsync-vtl 10).

use super::interpret::{Interpreter, Interrupt};
use super::java::{JavaValue, MapId, Namespace, Thrown};
use super::parse::slots;
use crate::context::Info;
use crate::value::{Value, object};

/// The maps that are read back after the rendering.
pub(super) struct Members {
    ctx: MapId,
    arguments: JavaValue,
}

/// Sets `$ctx`, `$context`, `$util`, `$utils` and `$extensions`.
pub(super) fn define(interpreter: &mut Interpreter) -> Result<Members, Interrupt> {
    let heap = &mut interpreter.heap;
    let context = &*interpreter.ctx;
    let ctx = heap.new_map(Default::default())?;
    let arguments = heap.give(&context.arguments);
    let put = |heap: &mut super::java::Heap, name: &'static str, value: JavaValue| {
        heap.put(ctx, crate::value::Str::new_static(name).into(), value)
    };
    put(heap, "arguments", arguments.clone())?;
    put(heap, "args", arguments.clone())?;
    for (name, value) in [
        ("source", &context.source),
        ("identity", &context.identity.value),
        ("result", &context.result),
        ("stash", &context.stash),
    ] {
        let value = heap.give(value);
        put(heap, name, value)?;
    }
    let error = match &context.error {
        Some(error) => {
            object! { "message" => error.message.clone(), "type" => error.error_type.clone() }
        }
        None => Value::Null,
    };
    let prev = match &context.prev_result {
        Some(result) => object! { "result" => result.clone() },
        None => Value::Null,
    };
    let request = object! {
        "headers" => context.request.headers.clone(), "domainName" => context.request.domain_name.clone(),
    };
    for (name, value) in [("error", error), ("prev", prev), ("request", request)] {
        let value = heap.give(&value);
        put(heap, name, value)?;
    }
    let info = heap.give(&info(&context.info));
    if let JavaValue::Map(id) = info {
        heap.mark_info(id);
    }
    put(heap, "info", info)?;
    let env = heap.give(&Value::Object(context.env.clone()));
    put(heap, "env", env)?;
    let errors: Vec<Value> = context.effects.errors.iter().map(appended).collect();
    let errors = heap.give(&errors.into());
    put(heap, "outErrors", errors)?;
    for (slot, value) in [
        (slots::CTX, JavaValue::Map(ctx)),
        (slots::CONTEXT, JavaValue::Map(ctx)),
        (slots::UTIL, JavaValue::Namespace(Namespace::Util)),
        (slots::UTILS, JavaValue::Namespace(Namespace::Util)),
        (slots::EXTENSIONS, JavaValue::Namespace(Namespace::Extensions)),
    ] {
        interpreter.define(slot, value);
    }
    Ok(Members { ctx, arguments })
}

/// An appended error as `$ctx.outErrors` shows it.
fn appended(error: &crate::error::FieldError) -> Value {
    object! {
        "message" => error.message.clone(),
        "type" => error.error_type.clone().map_or(Value::Null, Value::from),
        "data" => error.data.clone(),
        "errorInfo" => error.error_info.clone(),
    }
}

fn info(info: &Info) -> Value {
    object! {
        "fieldName" => info.field_name.clone(),
        "parentTypeName" => info.parent_type_name.clone(),
        "variables" => info.variables.clone(),
        "selectionSetList" => info.selection_set_list.clone(),
        "selectionSetGraphQL" => info.selection_set_graphql.clone(),
    }
}

/// Puts arguments and stash back, as the template left them.
pub(super) fn keep(interpreter: &mut Interpreter, members: &Members) -> Result<(), Thrown> {
    let arguments = interpreter.heap.take(&members.arguments)?;
    let stash = interpreter.heap.get_text(members.ctx, "stash")?;
    if let JavaValue::Map(_) = stash {
        interpreter.ctx.stash = interpreter.heap.take(&stash)?;
    }
    interpreter.ctx.arguments = arguments;
    Ok(())
}
