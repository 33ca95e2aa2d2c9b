//! `toString` of values.

use std::fmt::Write;

use super::{Heap, JavaValue, Thrown, View, number};
use crate::value::Value;

impl Heap {
    /// The text that a value prints as.
    ///
    /// # Errors
    /// A value that nests too deep, and text that takes more memory than there is.
    pub fn text(&mut self, value: &JavaValue) -> Result<crate::value::Str, Thrown> {
        match value {
            JavaValue::String(text) => Ok(text.clone()),
            value => {
                let mut out = String::new();
                self.write_text(value, &mut out)?;
                Ok(out.into())
            }
        }
    }

    /// Appends the text that a value prints as.
    pub fn write_text(&mut self, value: &JavaValue, out: &mut String) -> Result<(), Thrown> {
        self.write_nested(value, out, self.nesting)
    }

    fn write_nested(&mut self, value: &JavaValue, out: &mut String, levels: usize) -> Result<(), Thrown> {
        self.spend(1)?;
        if levels == 0 {
            return Err(self.too_deep());
        }
        match value {
            JavaValue::Null => out.push_str("null"),
            JavaValue::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
            JavaValue::Integer(value) => {
                let _ = write!(out, "{value}");
            }
            JavaValue::Long(value) => {
                let _ = write!(out, "{value}");
            }
            JavaValue::BigInteger(value) => {
                self.spend(value.bits() as usize)?;
                let _ = write!(out, "{value}");
            }
            JavaValue::Double(value) => out.push_str(&number::double_text(*value)),
            JavaValue::BigDecimal(text) => out.push_str(text),
            JavaValue::String(text) => {
                // Texts inside a list may be the same one many times.
                self.hold(text.len())?;
                out.push_str(text);
            }
            JavaValue::Character(unit) => out.push_str(&String::from_utf16_lossy(&[*unit])),
            JavaValue::List(id) => {
                out.push('[');
                for at in 0..self.list_len(*id) {
                    if at > 0 {
                        out.push_str(", ");
                    }
                    match self.items(*id)?[at].clone() {
                        JavaValue::List(inner) if inner == *id => out.push_str("(this Collection)"),
                        item => self.write_nested(&item, out, levels - 1)?,
                    }
                }
                out.push(']');
            }
            // What an array prints is where it lies in the memory.
            JavaValue::Array(_) => out.push_str("[Ljava.lang.String;@0"),
            JavaValue::Map(id) => {
                out.push('{');
                for at in 0..self.map_len(*id) {
                    if at > 0 {
                        out.push_str(", ");
                    }
                    let member = self.members(*id)?.get_index(at).map(|(key, value)| (key.clone(), value.clone()));
                    let Some((key, member)) = member else { break };
                    self.write_nested(&key.0, out, levels - 1)?;
                    out.push('=');
                    match member {
                        JavaValue::Map(inner) if inner == *id => out.push_str("(this Map)"),
                        member => self.write_nested(&member, out, levels - 1)?,
                    }
                }
                out.push('}');
            }
            JavaValue::View(..) => {
                let items = self.collect(value)?.unwrap_or_default();
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push_str(", ");
                    }
                    self.write_nested(item, out, levels - 1)?;
                }
                out.push(']');
            }
            JavaValue::Entry(entry) => {
                let (key, value) = (self.entry_key(*entry), self.entry_value(*entry)?);
                self.write_nested(&key, out, levels - 1)?;
                out.push('=');
                self.write_nested(&value, out, levels - 1)?;
            }
            JavaValue::Iterator(_) => out.push_str("java.util.ArrayList$Itr@0"),
            JavaValue::Namespace(_) | JavaValue::Foreach(_) => out.push_str("{}"),
            JavaValue::Block(_) => out.push_str("org.apache.velocity.runtime.directive.Block$Reference@0"),
        }
        Ok(())
    }

    /// Java's `hashCode`.
    pub fn hash_code(&mut self, value: &JavaValue) -> Result<i32, Thrown> {
        self.hash_nested(value, self.nesting)
    }

    fn hash_nested(&mut self, value: &JavaValue, levels: usize) -> Result<i32, Thrown> {
        self.spend(1)?;
        if levels == 0 {
            return Err(self.too_deep());
        }
        let long = |value: i64| (value ^ ((value as u64) >> 32) as i64) as i32;
        Ok(match value {
            JavaValue::Null => 0,
            JavaValue::Boolean(value) => {
                if *value {
                    1231
                } else {
                    1237
                }
            }
            JavaValue::Integer(value) => *value,
            JavaValue::Character(unit) => i32::from(*unit),
            JavaValue::Long(value) => long(*value),
            JavaValue::Double(value) => long(value.to_bits() as i64),
            JavaValue::String(text) => {
                self.spend(text.len())?;
                text.encode_utf16().fold(0_i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
            }
            JavaValue::List(id) => {
                let mut hash = 1_i32;
                for at in 0..self.list_len(*id) {
                    let item = self.items(*id)?[at].clone();
                    hash = hash.wrapping_mul(31).wrapping_add(self.hash_nested(&item, levels - 1)?);
                }
                hash
            }
            JavaValue::Map(id) | JavaValue::View(id, View::Entries) => {
                let mut hash = 0_i32;
                for at in 0..self.map_len(*id) {
                    let member = self.members(*id)?.get_index(at).map(|(key, value)| (key.clone(), value.clone()));
                    let Some((key, member)) = member else { break };
                    let key = self.hash_nested(&key.0, levels - 1)?;
                    hash = hash.wrapping_add(key ^ self.hash_nested(&member, levels - 1)?);
                }
                hash
            }
            _ => 0,
        })
    }

    /// A value for the outside. What was never looked into goes out as it came in.
    ///
    /// # Errors
    /// A value that nests too deep, or takes more memory than there is.
    pub fn take(&mut self, value: &JavaValue) -> Result<Value, Thrown> {
        super::convert::to_value(self, value, self.nesting)
    }
}
