//! What the rules ask of types: the schema's own and introspection's together.

use crate::execute::document::OperationType;
use crate::execute::validate::introspection::{META_TYPES, SCHEMA_FIELD, TYPE_FIELD, TYPENAME_FIELD};
use crate::schema::{FieldDefinition, Schema, Type, TypeDefinition};

#[derive(Clone, Copy)]
pub(super) struct Types<'a> {
    pub schema: &'a Schema,
    /// Whether the query type has `__schema` and `__type` (spec appsync-service 1.9).
    pub introspection_enabled: bool,
}

impl<'a> Types<'a> {
    pub fn get(&self, name: &str) -> Option<&'a TypeDefinition> {
        self.schema.types.get(name).or_else(|| META_TYPES.get(name))
    }

    /// The type `name` if it has fields to select: an object, an interface or a union.
    pub fn composite(&self, name: &str) -> Option<&'a TypeDefinition> {
        self.get(name).filter(|definition| is_composite(definition))
    }

    pub fn root(&self, operation_type: OperationType) -> Option<&'a TypeDefinition> {
        let name = match operation_type {
            OperationType::Query => Some(&self.schema.query_type),
            OperationType::Mutation => self.schema.mutation_type.as_ref(),
            OperationType::Subscription => self.schema.subscription_type.as_ref(),
        };
        name.and_then(|name| self.schema.types.get(name))
    }

    /// A field of a composite type, the introspection fields included.
    pub fn field(&self, parent: &'a TypeDefinition, name: &str) -> Option<&'a FieldDefinition> {
        match name {
            "__typename" => Some(&TYPENAME_FIELD),
            "__schema" if self.is_introspectable(parent) => Some(&SCHEMA_FIELD),
            "__type" if self.is_introspectable(parent) => Some(&TYPE_FIELD),
            _ => parent.fields()?.get(name).map(|field| &**field),
        }
    }

    fn is_introspectable(&self, parent: &TypeDefinition) -> bool {
        self.introspection_enabled && name_of(parent) == self.schema.query_type
    }

    /// Whether some object type is both.
    pub fn overlap(&self, a: &TypeDefinition, b: &TypeDefinition) -> bool {
        if name_of(a) == name_of(b) {
            return true;
        }
        let possible = b.possible_types().unwrap_or_default();
        a.possible_types().unwrap_or_default().iter().any(|name| possible.contains(name))
    }
}

pub(super) fn name_of(definition: &TypeDefinition) -> &str {
    match definition {
        TypeDefinition::Scalar(scalar) => scalar.name(),
        TypeDefinition::Object(object) => &object.name,
        TypeDefinition::Interface(interface) => &interface.name,
        TypeDefinition::Union(union) => &union.name,
        TypeDefinition::Enum(definition) => &definition.name,
        TypeDefinition::InputObject(input) => &input.name,
    }
}

pub(super) fn is_composite(definition: &TypeDefinition) -> bool {
    matches!(definition, TypeDefinition::Object(_) | TypeDefinition::Interface(_) | TypeDefinition::Union(_))
}

pub(super) fn is_input(definition: &TypeDefinition) -> bool {
    matches!(definition, TypeDefinition::Scalar(_) | TypeDefinition::Enum(_) | TypeDefinition::InputObject(_))
}

/// How AppSync's engine prints a type in most messages: by a `getName()` that lists and non-nulls do not have. The
/// service is on record with `Sub selection required for type null of field custom_fields`.
pub(super) fn unwrapped_name(ty: &Type) -> &str {
    match ty {
        Type::Named(name) => name,
        Type::List(_) | Type::NonNull(_) => "null",
    }
}
