//! Host objects: `ctx` and the lazy objects behind large values.
//!
//! Each is a Proxy whose handler holds a slot number and inherits its traps from the engine's state (`prelude.js`). When
//! its members have been converted into the target the handler loses its traps, and the proxy is transparent.

use rquickjs::prelude::This;
use rquickjs::{Ctx, Exception, Object, Value as JsValue};

use super::call::{Call, with_call};
use super::convert::{Bridge, EAGER_MEMBERS, ReadError, Reader};
use crate::context::Context;
use crate::error::FieldError;
use crate::value::{Str, Value, object};

/// Member of a handler: the slot of its value.
pub(super) const SLOT: &str = "i";
/// Member of a list's handler: an object with the elements that were handed out one by one.
const PARTS: &str = "parts";
/// Elements that a list hands out one by one before it converts all.
const PARTS_MAX: i32 = 3;
/// The slot number of `ctx` itself.
const CONTEXT_SLOT: i32 = -1;

/// Members of `ctx`, in the order in which AppSync serialises them. `args` is the same object as `arguments`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Member {
    Identity,
    Result,
    Request,
    Info,
    Error,
    Prev,
    Stash,
    OutErrors,
    Arguments,
    Source,
    Env,
}

const MEMBERS: [(Member, &str); 11] = [
    (Member::Identity, "identity"),
    (Member::Result, "result"),
    (Member::Request, "request"),
    (Member::Info, "info"),
    (Member::Error, "error"),
    (Member::Prev, "prev"),
    (Member::Stash, "stash"),
    (Member::OutErrors, "outErrors"),
    (Member::Arguments, "arguments"),
    (Member::Source, "source"),
    (Member::Env, "env"),
];

impl Member {
    pub fn bit(self) -> u16 {
        1 << self as u16
    }

    fn find(name: &str) -> Option<(Member, &'static str)> {
        if name == "args" {
            return Some((Member::Arguments, "arguments"));
        }
        MEMBERS.iter().copied().find(|(_, known)| *known == name)
    }

    /// The member as data. Of `info` without the two members that `JSON.stringify` leaves out.
    fn value(self, ctx: &Context) -> Value {
        match self {
            Member::Identity => ctx.identity.value.clone(),
            Member::Result => ctx.result.clone(),
            Member::Request => object! {
                "headers" => ctx.request.headers.clone(),
                "domainName" => ctx.request.domain_name.clone(),
            },
            Member::Info => object! {
                "fieldName" => &ctx.info.field_name,
                "parentTypeName" => &ctx.info.parent_type_name,
                "variables" => ctx.info.variables.clone(),
            },
            Member::Error => match &ctx.error {
                Some(error) => object! { "message" => &error.message, "type" => &error.error_type },
                None => Value::Null,
            },
            Member::Prev => match &ctx.prev_result {
                Some(result) => object! { "result" => result.clone() },
                None => Value::Null,
            },
            Member::Stash => or_empty(&ctx.stash),
            Member::OutErrors => ctx.effects.errors.iter().map(out_error).collect(),
            Member::Arguments => or_empty(&ctx.arguments),
            Member::Source => ctx.source.clone(),
            Member::Env => Value::Object(ctx.env.clone()),
        }
    }

    /// How many members the value may have to become plain objects at once. What is mostly passed on whole stays lazy.
    fn eager_members(self) -> usize {
        match self {
            Member::Identity | Member::Result | Member::Source | Member::Env => 0,
            // Their own members at once, what these hold when it is needed.
            Member::Request => 2,
            Member::Prev => 1,
            _ => EAGER_MEMBERS,
        }
    }
}

fn or_empty(value: &Value) -> Value {
    if value.is_null() { Value::empty_object() } else { value.clone() }
}

fn out_error(error: &FieldError) -> Value {
    object! {
        "message" => &error.message,
        "errorType" => error.error_type.clone(),
        "data" => error.data.clone(),
        "errorInfo" => error.error_info.clone(),
    }
}

/// `ctx` for one call, with the object that its members are converted into.
pub(super) fn make_context<'js>(bridge: &Bridge<'_, 'js>) -> rquickjs::Result<(JsValue<'js>, Object<'js>)> {
    let target = Object::new(bridge.ctx.clone())?;
    let proxy = bridge.proxy(&bridge.fixtures.context_traps, target.clone(), CONTEXT_SLOT)?;
    Ok((proxy, target))
}

/// The `get` trap of `ctx`.
pub(super) fn context_get<'js>(
    ctx: Ctx<'js>,
    target: Object<'js>,
    key: JsValue<'js>,
) -> rquickjs::Result<JsValue<'js>> {
    if let Some(name) = key.as_string()
        && let Some((member, name)) = Member::find(&name.to_string().unwrap_or_default())
    {
        load_member(&Bridge::new(&ctx)?, &target, member, name)?;
    }
    target.get(key)
}

fn load_member<'js>(
    bridge: &Bridge<'_, 'js>,
    target: &Object<'js>,
    member: Member,
    name: &'static str,
) -> rquickjs::Result<()> {
    let load = |call: &mut Call| {
        // `outErrors` grows while the handler runs.
        if call.loaded & member.bit() != 0 && member != Member::OutErrors {
            return None;
        }
        call.loaded |= member.bit();
        Some(member.value(&call.ctx))
    };
    let Some(value) = with_call(load).flatten() else { return Ok(()) };
    if member == Member::OutErrors && with_call(|call| call.hold_value(&value)).flatten().is_none() {
        return Err(out_of_memory(bridge.ctx));
    }
    let given = bridge.give(&value, member.eager_members())?;
    if member == Member::Info {
        add_selection_set(bridge, &given)?;
    }
    if member == Member::Arguments {
        target.prop("args", rquickjs::object::Property::from(given.clone()).configurable().writable())?;
    }
    match member {
        Member::Env => target.prop(name, rquickjs::object::Property::from(given).configurable().writable()),
        _ => target.set(name, given),
    }
}

/// The two members of `ctx.info` that do not enumerate (spec appsync-js 1.10).
fn add_selection_set<'js>(bridge: &Bridge<'_, 'js>, info: &JsValue<'js>) -> rquickjs::Result<()> {
    let parts =
        with_call(|call| (call.ctx.info.selection_set_list.clone(), call.ctx.info.selection_set_graphql.clone()));
    let (Some(info), Some((list, graphql))) = (info.as_object(), parts) else { return Ok(()) };
    let list = if list.is_null() { Value::from(Vec::new()) } else { list };
    for (name, value) in [("selectionSetList", list), ("selectionSetGraphQL", Value::String(graphql))] {
        let given = bridge.give(&value, 0)?;
        info.prop(name, rquickjs::object::Property::from(given).configurable().writable())?;
    }
    Ok(())
}

/// Converts every member of `ctx`, in AppSync's order, and lets the proxy answer from them.
pub(super) fn load_context<'js>(ctx: Ctx<'js>, handler: Object<'js>, target: Object<'js>) -> rquickjs::Result<()> {
    let bridge = Bridge::new(&ctx)?;
    for (member, name) in MEMBERS {
        load_member(&bridge, &target, member, name)?;
        if member != Member::Env {
            // Written again so that members come in this order, whichever was used first.
            let value: JsValue = target.get(name)?;
            target.remove(name)?;
            target.set(name, value)?;
        }
    }
    handler.set_prototype(Some(&bridge.fixtures.context_write_traps))
}

/// Converts the members of a lazy object or list into its proxy's target.
pub(super) fn touch<'js>(ctx: Ctx<'js>, handler: Object<'js>, target: Object<'js>) -> rquickjs::Result<()> {
    let slot: usize = handler.get(SLOT)?;
    let Some(value) = with_call(|call| call.touch_slot(slot)).flatten() else { return Ok(()) };
    let bridge = Bridge::new(&ctx)?;
    match &value {
        Value::Object(map) => {
            for (key, member) in map.iter() {
                target.set(key.as_str(), bridge.give(member, EAGER_MEMBERS)?)?;
            }
        }
        Value::List(items) => {
            let parts: Option<Object> = handler.get(PARTS)?;
            for (index, item) in items.iter().enumerate() {
                let index = index as u32;
                let part = parts.as_ref().map(|parts| parts.get::<_, JsValue>(index)).transpose()?;
                match part.filter(|part| !part.is_undefined()) {
                    Some(part) => target.set(index, part)?,
                    None => target.set(index, bridge.give(item, EAGER_MEMBERS)?)?,
                }
            }
        }
        _ => {}
    }
    handler.set_prototype(None)
}

/// The `get` trap of a lazy object: methods and absent members need no conversion.
pub(super) fn object_get<'js>(
    ctx: Ctx<'js>,
    handler: This<Object<'js>>,
    target: Object<'js>,
    key: JsValue<'js>,
) -> rquickjs::Result<JsValue<'js>> {
    let handler = handler.0;
    if let Some(name) = key.as_string() {
        let name = name.to_string().unwrap_or_default();
        let slot: usize = handler.get(SLOT)?;
        let is_member = with_call(|call| call.slot(slot).is_some_and(|(value, _)| value.get(&name).is_some()));
        if is_member.unwrap_or_default() {
            touch(ctx, handler, target.clone())?;
        }
    }
    target.get(key)
}

/// The `get` trap of a lazy list: hands out the length and the first elements without converting the rest.
pub(super) fn list_get<'js>(
    ctx: Ctx<'js>,
    handler: This<Object<'js>>,
    target: Object<'js>,
    key: JsValue<'js>,
) -> rquickjs::Result<JsValue<'js>> {
    let handler = handler.0;
    let Some(name) = key.as_string() else { return target.get(key) };
    let name = name.to_string().unwrap_or_default();
    let slot: usize = handler.get(SLOT)?;
    let Some(Value::List(items)) = with_call(|call| call.slot(slot).map(|(value, _)| value.clone())).flatten() else {
        return target.get(key);
    };
    if name == "length" {
        return Ok(JsValue::new_number(ctx, items.len() as f64));
    }
    let Some((index, item)) = name.parse::<u32>().ok().and_then(|index| Some((index, items.get(index as usize)?)))
    else {
        return target.get(key);
    };
    let parts = match handler.get::<_, Option<Object>>(PARTS)? {
        Some(parts) => parts,
        None => {
            let parts = Object::new_proto(ctx.clone(), None)?;
            handler.set(PARTS, parts.clone())?;
            parts
        }
    };
    let part: JsValue = parts.get(index)?;
    if !part.is_undefined() {
        return Ok(part);
    }
    let count: i32 = parts.get::<_, Option<i32>>("count")?.unwrap_or(0);
    if count >= PARTS_MAX {
        touch(ctx, handler, target.clone())?;
        return target.get(index);
    }
    let part = Bridge::new(&ctx)?.give(item, EAGER_MEMBERS)?;
    parts.set(index, part.clone())?;
    parts.set("count", count + 1)?;
    Ok(part)
}

/// The Rust value of a host object: the one that it was made from, unless its members have been converted.
pub(super) fn read_proxy<'js>(reader: &mut Reader<'_, 'js>, proxy: &Object<'js>) -> Result<Value, ReadError> {
    let proxy = proxy.as_proxy().ok_or(ReadError::Js(rquickjs::Error::Unknown))?;
    let handler = proxy.handler()?;
    let slot: i32 = handler.get(SLOT)?;
    if slot == CONTEXT_SLOT {
        return read_context(reader, &proxy.target()?);
    }
    let slot = slot as usize;
    let (value, touched) = with_call(|call| match call.slot(slot) {
        Some((value, touched)) => (value.clone(), touched && call.markers.find(value).is_none()),
        None => (Value::Null, false),
    })
    .unwrap_or_default();
    if touched {
        return reader.read_plain(&proxy.target()?, Some(&value));
    }
    reader.check_levels(&value)?;
    let (value, bytes) = with_call(|call| call.use_slot(slot)).flatten().unwrap_or_default();
    reader.spend(bytes)?;
    match (&value, handler.get::<_, Option<Object>>(PARTS)?) {
        (Value::List(items), Some(parts)) => read_parts(reader, items, &parts),
        _ => Ok(value),
    }
}

/// A list of which some elements were handed out: those may have changed.
fn read_parts<'js>(reader: &mut Reader<'_, 'js>, items: &[Value], parts: &Object<'js>) -> Result<Value, ReadError> {
    let mut list = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let part: JsValue = parts.get(index as u32)?;
        list.push(if part.is_undefined() { item.clone() } else { reader.read(&part, Some(item))? });
    }
    Ok(list.into())
}

/// `ctx` as data, for handlers that pass all of it on.
fn read_context<'js>(reader: &mut Reader<'_, 'js>, target: &Object<'js>) -> Result<Value, ReadError> {
    let mut members = Vec::with_capacity(MEMBERS.len());
    for (member, name) in MEMBERS {
        if member == Member::Env {
            continue; // does not enumerate
        }
        members.push((Str::from(name), read_context_member(reader, target, member)?));
    }
    Ok(members.into_iter().collect())
}

/// One member of `ctx` as the handler left it.
pub(super) fn read_context_member<'js>(
    reader: &mut Reader<'_, 'js>,
    target: &Object<'js>,
    member: Member,
) -> Result<Value, ReadError> {
    let (original, loaded) =
        with_call(|call| (member.value(&call.ctx), call.loaded & member.bit() != 0)).unwrap_or_default();
    if !loaded {
        return Ok(original);
    }
    let name = MEMBERS.iter().find(|(known, _)| *known == member).map_or("", |(_, name)| name);
    let value: JsValue = target.get(name)?;
    reader.read(&value, Some(&original))
}

/// The exception of a call whose values outside of the engine take too much memory, as QuickJS words it for those inside.
pub(super) fn out_of_memory(ctx: &Ctx) -> rquickjs::Error {
    throw(ctx, "out of memory")
}

/// The exception of a native function that was called wrongly.
pub(super) fn throw(ctx: &Ctx, message: &str) -> rquickjs::Error {
    let (Ok(error) | Err(error)) = Exception::from_message(ctx.clone(), message).map(Exception::throw);
    error
}
