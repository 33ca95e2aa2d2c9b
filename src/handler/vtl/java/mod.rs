//! Java's values as templates see them: numbers with their types, and maps and lists that are shared by reference.
//!
//! Maps and lists live in the [`Heap`] of one rendering and are named by numbers. Nothing is freed before the rendering
//! ends, so that a map inside itself is no leak and an endless chain of lists needs no deep stack to be dropped; the
//! bounds of the heap keep that small. What came in as a [`Value`] stays shared until something inside it is touched.

pub(super) mod convert;
mod equality;
mod heap;
pub(super) mod json;
pub(super) mod number;
mod text;

use std::hash::{Hash, Hasher};

use num_bigint::BigInt;

pub(super) use heap::{Heap, Iteration, ListId, MapId, View};

use crate::error::FieldError;
use crate::value::Str;

/// One value of a template. Cloning shares.
#[derive(Clone, Debug, Default)]
pub(super) enum JavaValue {
    #[default]
    Null,
    Boolean(bool),
    Integer(i32),
    Long(i64),
    BigInteger(Box<BigInt>),
    Double(f64),
    /// Decimal text that no other number holds exactly.
    BigDecimal(Str),
    String(Str),
    /// A UTF-16 unit, which `charAt` gives.
    Character(u16),
    List(ListId),
    /// What `split` gives: a fixed number of items.
    Array(ListId),
    Map(MapId),
    /// `keySet()`, `values()`, `entrySet()` of a map: they change with it.
    View(MapId, View),
    /// A member of a map.
    Entry(usize),
    Iterator(usize),
    /// `$util` and what lies below it, `$extensions`.
    Namespace(Namespace),
    /// `$foreach`: the loop at this depth.
    Foreach(usize),
    /// What `#define` gives.
    Block(usize),
}

/// An object whose methods are the functions of [`crate::handler::util`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Namespace {
    Util,
    Dynamodb,
    Extensions,
    Http,
    List,
    Log,
    Map,
    Math,
    Rds,
    Str,
    Time,
    Transform,
    Xml,
}

/// Why a method gives no value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Thrown {
    /// A Java exception: its class, and its message where it has one.
    Exception { class: &'static str, message: Option<String> },
    /// `$util.error` and its kin.
    Raised(FieldError),
    /// A function of `$util` refused its arguments.
    Failed(String),
    /// A bound was reached.
    Limit(String),
}

impl Thrown {
    pub fn exception(class: &'static str, message: impl Into<String>) -> Thrown {
        Thrown::Exception { class, message: Some(message.into()) }
    }

    pub fn null_pointer(message: &str) -> Thrown {
        Thrown::exception("java.lang.NullPointerException", message)
    }
}

impl JavaValue {
    pub fn is_null(&self) -> bool {
        matches!(self, JavaValue::Null)
    }

    /// False is only null and `false` itself.
    pub fn is_true(&self) -> bool {
        !matches!(self, JavaValue::Null | JavaValue::Boolean(false))
    }

    pub fn is_number(&self) -> bool {
        matches!(
            self,
            JavaValue::Integer(_)
                | JavaValue::Long(_)
                | JavaValue::BigInteger(_)
                | JavaValue::Double(_)
                | JavaValue::BigDecimal(_)
        )
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            JavaValue::String(text) => Some(text),
            _ => None,
        }
    }

    /// The name of the value's Java class, as messages show it.
    pub fn class(&self) -> &'static str {
        match self {
            JavaValue::Null => "null",
            JavaValue::Boolean(_) => "java.lang.Boolean",
            JavaValue::Integer(_) => "java.lang.Integer",
            JavaValue::Long(_) => "java.lang.Long",
            JavaValue::BigInteger(_) => "java.math.BigInteger",
            JavaValue::Double(_) => "java.lang.Double",
            JavaValue::BigDecimal(_) => "java.math.BigDecimal",
            JavaValue::String(_) => "java.lang.String",
            JavaValue::Character(_) => "java.lang.Character",
            JavaValue::List(_) => "java.util.ArrayList",
            JavaValue::Array(_) => "[Ljava.lang.String;",
            JavaValue::Map(_) => "java.util.LinkedHashMap",
            JavaValue::View(_, View::Keys) => "java.util.LinkedHashMap$LinkedKeySet",
            JavaValue::View(_, View::Values) => "java.util.LinkedHashMap$LinkedValues",
            JavaValue::View(_, View::Entries) => "java.util.LinkedHashMap$LinkedEntrySet",
            JavaValue::Entry(_) => "java.util.LinkedHashMap$Entry",
            JavaValue::Iterator(_) => "java.util.ArrayList$Itr",
            JavaValue::Namespace(_) => "util",
            JavaValue::Foreach(_) => "org.apache.velocity.runtime.directive.ForeachScope",
            JavaValue::Block(_) => "org.apache.velocity.runtime.directive.Block$Reference",
        }
    }
}

impl From<Str> for JavaValue {
    fn from(text: Str) -> JavaValue {
        JavaValue::String(text)
    }
}

impl From<String> for JavaValue {
    fn from(text: String) -> JavaValue {
        JavaValue::String(text.into())
    }
}

impl From<&str> for JavaValue {
    fn from(text: &str) -> JavaValue {
        JavaValue::String(text.into())
    }
}

impl From<bool> for JavaValue {
    fn from(value: bool) -> JavaValue {
        JavaValue::Boolean(value)
    }
}

impl From<i32> for JavaValue {
    fn from(value: i32) -> JavaValue {
        JavaValue::Integer(value)
    }
}

/// A count or an index, which Java has as `int`.
impl From<usize> for JavaValue {
    fn from(value: usize) -> JavaValue {
        JavaValue::Integer(i32::try_from(value).unwrap_or(i32::MAX))
    }
}

/// A key of a map: equal by Java's `equals`, but lists and maps only to themselves.
#[derive(Clone, Debug)]
pub(super) struct Key(pub JavaValue);

impl Key {
    /// What two keys must share to be equal: their kind, and what they hold.
    fn parts(&self) -> (u8, u64) {
        match &self.0 {
            JavaValue::Null => (0, 0),
            JavaValue::Boolean(value) => (1, u64::from(*value)),
            JavaValue::Integer(value) => (2, *value as u64),
            JavaValue::Long(value) => (3, *value as u64),
            JavaValue::Double(value) => (4, value.to_bits()),
            JavaValue::BigInteger(value) => (5, value.iter_u64_digits().next().unwrap_or(0)),
            JavaValue::BigDecimal(text) => (6, text.len() as u64),
            JavaValue::String(text) => (7, text.len() as u64),
            JavaValue::List(id) | JavaValue::Array(id) => (8, id.0 as u64),
            JavaValue::Map(id) => (9, id.0 as u64),
            JavaValue::View(id, view) => (10, (id.0 as u64) << 2 | *view as u64),
            JavaValue::Entry(id) => (11, *id as u64),
            JavaValue::Iterator(id) => (12, *id as u64),
            JavaValue::Namespace(namespace) => (13, *namespace as u64),
            JavaValue::Foreach(id) => (14, *id as u64),
            JavaValue::Block(id) => (15, *id as u64),
            JavaValue::Character(unit) => (16, u64::from(*unit)),
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        match (&self.0, &other.0) {
            (JavaValue::String(one), JavaValue::String(two)) => one == two,
            (JavaValue::BigDecimal(one), JavaValue::BigDecimal(two)) => one == two,
            (JavaValue::BigInteger(one), JavaValue::BigInteger(two)) => one == two,
            _ => self.parts() == other.parts(),
        }
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            JavaValue::String(text) => text.as_str().hash(state),
            _ => self.parts().hash(state),
        }
    }
}
