//! Values between Rust and JavaScript.
//!
//! Small values become plain objects at once. Larger ones become lazy host objects (`host.rs`) that turn into plain
//! members when first looked into, and give the same Rust value back when they are returned untouched.

use rquickjs::object::Filter;
use rquickjs::proxy::ProxyHandler;
use rquickjs::runtime::UserDataGuard;
use rquickjs::{Array, Atom, Coerced, Ctx, Object, Proxy, String as JsString, Value as JsValue};

use super::call::with_call;
use super::fixtures::Fixtures;
use super::host;
use crate::value::{Map, Number, Str, Value};

/// How many members a value that is handed out may have, over all levels, to become plain objects at once.
pub(super) const EAGER_MEMBERS: usize = 24;

/// The way between the two worlds inside one engine.
pub(super) struct Bridge<'a, 'js> {
    pub ctx: &'a Ctx<'js>,
    pub fixtures: UserDataGuard<'a, Fixtures<'js>>,
}

impl<'a, 'js> Bridge<'a, 'js> {
    pub fn new(ctx: &'a Ctx<'js>) -> rquickjs::Result<Bridge<'a, 'js>> {
        Ok(Bridge { ctx, fixtures: Fixtures::of(ctx)? })
    }

    /// The JavaScript form of a value. Objects and lists with more than `members` members in all are lazy.
    pub fn give(&self, value: &Value, members: usize) -> rquickjs::Result<JsValue<'js>> {
        let mut left = members;
        self.give_within(value, &mut left)
    }

    fn give_within(&self, value: &Value, left: &mut usize) -> rquickjs::Result<JsValue<'js>> {
        match value {
            Value::Null => Ok(JsValue::new_null(self.ctx.clone())),
            Value::Bool(value) => Ok(JsValue::new_bool(self.ctx.clone(), *value)),
            Value::Number(number) => Ok(self.give_number(number)),
            Value::String(text) => Ok(JsString::from_str(self.ctx.clone(), text)?.into_value()),
            Value::List(items) => {
                // A number that a double cannot hold keeps its digits only behind a lazy object.
                if items.len() > *left || items.iter().any(is_beyond_double) {
                    return self.give_lazy(value);
                }
                *left -= items.len();
                let array = Array::new(self.ctx.clone())?;
                for (index, item) in items.iter().enumerate() {
                    array.set(index, self.give_within(item, left)?)?;
                }
                Ok(array.into_value())
            }
            Value::Object(map) => {
                if map.len() > *left || map.values().any(is_beyond_double) {
                    return self.give_lazy(value);
                }
                *left -= map.len();
                let object = Object::new(self.ctx.clone())?;
                for (key, member) in map.iter() {
                    object.set(key.as_str(), self.give_within(member, left)?)?;
                }
                Ok(object.into_value())
            }
        }
    }

    fn give_number(&self, number: &Number) -> JsValue<'js> {
        match number {
            Number::Int(value) => match i32::try_from(*value) {
                Ok(value) => JsValue::new_int(self.ctx.clone(), value),
                Err(_) => JsValue::new_float(self.ctx.clone(), *value as f64),
            },
            other => JsValue::new_float(self.ctx.clone(), other.as_f64()),
        }
    }

    /// A host object that converts its members when they are first looked at.
    pub fn give_lazy(&self, value: &Value) -> rquickjs::Result<JsValue<'js>> {
        let slot = with_call(|call| call.add_slot(value.clone())).flatten();
        let slot = slot.ok_or_else(|| host::out_of_memory(self.ctx))? as i32;
        match value {
            Value::List(_) => self.proxy(&self.fixtures.list_traps, Array::new(self.ctx.clone())?.into_object(), slot),
            Value::Object(_) => self.proxy(&self.fixtures.object_traps, Object::new(self.ctx.clone())?, slot),
            scalar => self.give(scalar, 0),
        }
    }

    pub fn proxy(&self, traps: &Object<'js>, target: Object<'js>, slot: i32) -> rquickjs::Result<JsValue<'js>> {
        let handler = Object::new_proto(self.ctx.clone(), Some(traps))?;
        handler.set(host::SLOT, slot)?;
        Ok(Proxy::new(self.ctx.clone(), target, ProxyHandler::from_object(handler)?)?.into_value())
    }
}

fn is_beyond_double(value: &Value) -> bool {
    match value {
        Value::Number(Number::Decimal(_)) => true,
        Value::Number(Number::Int(value)) => value.unsigned_abs() > 1 << f64::MANTISSA_DIGITS,
        _ => false,
    }
}

/// Why a value cannot be taken out of the engine.
#[derive(Debug)]
pub(super) enum ReadError {
    Js(rquickjs::Error),
    TooLarge,
    TooDeep,
}

impl From<rquickjs::Error> for ReadError {
    fn from(error: rquickjs::Error) -> ReadError {
        ReadError::Js(error)
    }
}

/// Takes values out of the engine, within the limits on what a handler returns.
pub(super) struct Reader<'b, 'js> {
    bridge: &'b Bridge<'b, 'js>,
    bytes_left: usize,
    levels_left: usize,
    /// How many objects and lists are being read, each inside the one before it.
    level: usize,
    /// Whether members that are undefined are kept as null, not left out.
    pub keeps_undefined: bool,
}

impl<'b, 'js> Reader<'b, 'js> {
    pub fn new(bridge: &'b Bridge<'b, 'js>) -> Reader<'b, 'js> {
        let limits =
            with_call(|call| (call.program.limits().handler_output_bytes, call.program.limits().value_nesting));
        let (bytes_left, levels_left) = limits.unwrap_or((usize::MAX, 200));
        Reader { bridge, bytes_left, levels_left, level: 0, keeps_undefined: false }
    }

    /// The Rust form of a value; undefined and functions are null. Where the value came from `original`, numbers that
    /// are still the same keep its digits.
    pub fn read(&mut self, value: &JsValue<'js>, original: Option<&Value>) -> Result<Value, ReadError> {
        Ok(self.read_member(value, original)?.unwrap_or_default())
    }

    /// Like [`Reader::read`]; `None` for what an object leaves out: undefined, functions and symbols.
    fn read_member(&mut self, value: &JsValue<'js>, original: Option<&Value>) -> Result<Option<Value>, ReadError> {
        if let Some(text) = value.as_string() {
            let text = self.read_string(text)?;
            self.spend(text.len() + 3)?;
            return Ok(Some(Value::String(text)));
        }
        self.spend(5)?;
        if value.is_undefined() {
            return Ok(self.keeps_undefined.then_some(Value::Null));
        }
        if let Some(number) = value.as_int() {
            return Ok(Some(exact(f64::from(number), original).unwrap_or_else(|| number.into())));
        }
        if let Some(number) = value.as_float() {
            return Ok(Some(exact(number, original).unwrap_or_else(|| number.into())));
        }
        if let Some(value) = value.as_bool() {
            return Ok(Some(Value::Bool(value)));
        }
        match value.as_object() {
            Some(object) => self.read_nested(object, original),
            None if value.is_big_int() => {
                let text: Coerced<String> = value.get()?;
                Ok(Number::parse(&text.0).map(Value::Number))
            }
            None if value.is_symbol() => Ok(None),
            None => Ok(Some(Value::Null)),
        }
    }

    fn read_nested(&mut self, object: &Object<'js>, original: Option<&Value>) -> Result<Option<Value>, ReadError> {
        if object.is_proxy() {
            return host::read_proxy(self, object).map(Some);
        }
        if object.is_function() {
            return Ok(None);
        }
        self.read_plain(object, original).map(Some)
    }

    /// The members of an object or array that is no lazy one, or no longer.
    pub fn read_plain(&mut self, object: &Object<'js>, original: Option<&Value>) -> Result<Value, ReadError> {
        self.levels_left = self.levels_left.checked_sub(1).ok_or(ReadError::TooDeep)?;
        self.level += 1;
        let value =
            if object.is_array() { self.read_list(object, original)? } else { self.read_object(object, original)? };
        self.levels_left += 1;
        self.level -= 1;
        Ok(value)
    }

    fn read_list(&mut self, array: &Object<'js>, original: Option<&Value>) -> Result<Value, ReadError> {
        // `Array::len` panics on lengths above 2^31, which sparse arrays can have.
        let length: f64 = array.get("length")?;
        let original = original.and_then(Value::as_list);
        let mut items = Vec::with_capacity((length as usize).min(1024));
        let mut index = 0;
        while f64::from(index) < length {
            let item: JsValue = array.get(index)?;
            items.push(self.read(&item, original.and_then(|items| items.get(index as usize)))?);
            index += 1;
        }
        Ok(items.into())
    }

    fn read_object(&mut self, object: &Object<'js>, original: Option<&Value>) -> Result<Value, ReadError> {
        let original = original.and_then(Value::as_object);
        let keys = object.own_keys::<Atom>(Filter::default());
        let mut map = Map::with_capacity_and_hasher(keys.len(), Default::default());
        for atom in keys {
            let atom = atom?;
            let key = self.read_string(&atom.to_js_string()?)?;
            let member: JsValue = object.get(atom)?;
            if let Some(member) = self.read_member(&member, original.and_then(|map| map.get(&key)))? {
                self.spend(key.len())?;
                map.insert(key, member);
            }
        }
        Ok(map.into())
    }

    pub fn read_string(&self, text: &JsString<'js>) -> Result<Str, ReadError> {
        let bytes = text.clone().to_cstring()?;
        // SAFETY: pointer and length are those of the text that `bytes` owns. Its own `as_str` trusts the text to be
        // UTF-8, which it is not where half of a surrogate pair stands in it.
        let checked = std::str::from_utf8(unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast(), bytes.len()) });
        match checked {
            Ok(text) => Ok(text.into()),
            // Half of a surrogate pair has no UTF-8 form: U+FFFD stands for it, as in `toWellFormed`.
            Err(_) => Ok(self.bridge.fixtures.to_well_formed.call::<_, String>((text.clone(),))?.into()),
        }
    }

    /// Whether a value that is taken over as it is may stand here. What is returned whole, or as a member of the result,
    /// is not looked through: it came in the same way, and one level more does no harm.
    pub fn check_levels(&self, value: &Value) -> Result<(), ReadError> {
        if self.level > 1 && nests_deeper(value, self.levels_left) { Err(ReadError::TooDeep) } else { Ok(()) }
    }

    pub fn spend(&mut self, bytes: usize) -> Result<(), ReadError> {
        self.bytes_left = self.bytes_left.checked_sub(bytes).ok_or(ReadError::TooLarge)?;
        Ok(())
    }
}

fn nests_deeper(value: &Value, levels: usize) -> bool {
    let is_deeper = |value: &Value| levels.checked_sub(1).is_none_or(|levels| nests_deeper(value, levels));
    match value {
        Value::List(items) => levels == 0 || items.iter().any(is_deeper),
        Value::Object(map) => levels == 0 || map.values().any(is_deeper),
        _ => false,
    }
}

/// The original number, when it is one that a double rounds to `number`.
fn exact(number: f64, original: Option<&Value>) -> Option<Value> {
    match original {
        Some(value @ Value::Number(exact)) if is_beyond_double(value) && exact.as_f64() == number => original.cloned(),
        _ => None,
    }
}
