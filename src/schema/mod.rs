//! The checked schema: what `schema.graphql` says, ready for execution.

mod access;
mod build;
mod coercion;
mod introspection;
mod introspection_size;
mod literal;
mod parse;
mod prepared;
mod scalars;
mod typescript;

use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

pub use access::{AccessDirective, AccessKind};
pub use introspection::Introspection;
pub use literal::Literal;
pub use parse::{Parsed, parse_schema};
pub use prepared::PreparedSchema;
pub use scalars::{Scalar, java_class, java_text};

use crate::value::{Str, Value};

pub type NameMap<T> = IndexMap<Str, T, foldhash::fast::RandomState>;

/// A schema that has passed every check. Built by [`parse_schema`].
pub struct Schema {
    /// Every type by name, the built-in and the AWS scalars included.
    pub types: NameMap<TypeDefinition>,
    pub query_type: Str,
    pub mutation_type: Option<Str>,
    pub subscription_type: Option<Str>,
    pub introspection: Introspection,
    /// Who may ask for what, in the order of files and places.
    pub access_directives: Vec<AccessDirective>,
}

#[derive(Clone, Serialize, Deserialize)]
pub enum TypeDefinition {
    Scalar(Scalar),
    Object(Arc<ObjectType>),
    Interface(Arc<InterfaceType>),
    Union(Arc<UnionType>),
    Enum(Arc<EnumType>),
    InputObject(Arc<InputObjectType>),
}

#[derive(Serialize, Deserialize)]
pub struct ObjectType {
    pub name: Str,
    pub fields: NameMap<Arc<FieldDefinition>>,
    /// Names of the interfaces it implements.
    pub interfaces: Vec<Str>,
}

#[derive(Serialize, Deserialize)]
pub struct InterfaceType {
    pub name: Str,
    pub fields: NameMap<Arc<FieldDefinition>>,
    /// Names of the object types that implement it.
    pub possible_types: Vec<Str>,
}

#[derive(Serialize, Deserialize)]
pub struct UnionType {
    pub name: Str,
    pub possible_types: Vec<Str>,
}

#[derive(Serialize, Deserialize)]
pub struct EnumType {
    pub name: Str,
    pub values: Vec<Str>,
}

#[derive(Serialize, Deserialize)]
pub struct InputObjectType {
    pub name: Str,
    pub fields: NameMap<InputValueDefinition>,
}

#[derive(Serialize, Deserialize)]
pub struct FieldDefinition {
    pub name: Str,
    pub arguments: NameMap<InputValueDefinition>,
    pub ty: Type,
}

/// An argument or an input object's field.
#[derive(Serialize, Deserialize)]
pub struct InputValueDefinition {
    pub name: Str,
    pub ty: Type,
    /// The default as written; `None` when there is none.
    pub default_literal: Option<Literal>,
    /// The default as resolvers see it.
    #[serde(with = "crate::value::prepared::value")]
    pub default_value: Option<Value>,
}

/// A reference to a type, as written: `[User!]!`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Type {
    Named(Str),
    List(Box<Type>),
    NonNull(Box<Type>),
}

impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Type::Named(name) => f.write_str(name),
            Type::List(item) => write!(f, "[{item}]"),
            Type::NonNull(inner) => write!(f, "{inner}!"),
        }
    }
}

impl Type {
    /// The name inside all lists and non-nulls.
    pub fn name(&self) -> &Str {
        match self {
            Type::Named(name) => name,
            Type::List(inner) | Type::NonNull(inner) => inner.name(),
        }
    }

    pub fn is_non_null(&self) -> bool {
        matches!(self, Type::NonNull(_))
    }

    /// The type without its outer non-null.
    pub fn nullable(&self) -> &Type {
        match self {
            Type::NonNull(inner) => inner,
            other => other,
        }
    }
}

impl TypeDefinition {
    /// The fields of an object or interface; `None` for every other kind.
    pub fn fields(&self) -> Option<&NameMap<Arc<FieldDefinition>>> {
        match self {
            TypeDefinition::Object(object) => Some(&object.fields),
            TypeDefinition::Interface(interface) => Some(&interface.fields),
            _ => None,
        }
    }

    /// The object types that a value of this type can have at run time; `None` for leaf and input types.
    pub fn possible_types(&self) -> Option<&[Str]> {
        match self {
            TypeDefinition::Object(object) => Some(std::slice::from_ref(&object.name)),
            TypeDefinition::Interface(interface) => Some(&interface.possible_types),
            TypeDefinition::Union(union) => Some(&union.possible_types),
            _ => None,
        }
    }

    pub fn is_leaf(&self) -> bool {
        matches!(self, TypeDefinition::Scalar(_) | TypeDefinition::Enum(_))
    }
}

#[cfg(test)]
mod tests;
