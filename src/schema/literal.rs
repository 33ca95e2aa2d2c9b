//! Values as GraphQL text writes them, in a schema's defaults and in an operation's arguments.

use serde::{Deserialize, Serialize};

use crate::value::{Number, Str, Value};

/// A value as written, variables included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Literal {
    Variable(Str),
    Null,
    Int(#[serde(with = "crate::value::prepared::number")] Number),
    Float(#[serde(with = "crate::value::prepared::number")] Number),
    String(Str),
    Boolean(bool),
    Enum(Str),
    List(Vec<Literal>),
    Object(Vec<(Str, Literal)>),
}

impl Literal {
    /// The literal as plain JSON: enum names become strings, variables null.
    pub fn to_value(&self) -> Value {
        match self {
            Literal::Variable(_) | Literal::Null => Value::Null,
            Literal::Int(number) | Literal::Float(number) => Value::Number(number.clone()),
            Literal::String(text) | Literal::Enum(text) => Value::String(text.clone()),
            Literal::Boolean(value) => Value::Bool(*value),
            Literal::List(items) => items.iter().map(Literal::to_value).collect(),
            Literal::Object(members) => members.iter().map(|(name, value)| (name.clone(), value.to_value())).collect(),
        }
    }

    /// Whether a variable stands anywhere inside.
    pub fn has_variables(&self) -> bool {
        match self {
            Literal::Variable(_) => true,
            Literal::List(items) => items.iter().any(Literal::has_variables),
            Literal::Object(members) => members.iter().any(|(_, value)| value.has_variables()),
            _ => false,
        }
    }
}
