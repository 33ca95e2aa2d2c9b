//! A field's arguments as far as the schema says what they can be: what clients send has been checked by then.

use std::collections::BTreeSet;

use crate::handler::possible::Possible;
use crate::schema::{InputValueDefinition, NameMap, Scalar, Schema, Type, TypeDefinition};

/// Input objects inside of one another that are looked into. Ours: they may contain themselves.
const LEVELS: usize = 4;

/// `ctx.args` of a field.
pub(super) fn of_field(schema: &Schema, type_name: &str, field_name: &str) -> Possible {
    let fields = schema.types.get(type_name).and_then(TypeDefinition::fields);
    match fields.and_then(|fields| fields.get(field_name)) {
        Some(field) => members(schema, &field.arguments, LEVELS),
        None => Possible::anything(),
    }
}

fn members(schema: &Schema, definitions: &NameMap<InputValueDefinition>, levels: usize) -> Possible {
    let member = |definition: &InputValueDefinition| (definition.name.clone(), value(schema, &definition.ty, levels));
    Possible::object(definitions.values().map(member))
}

fn value(schema: &Schema, ty: &Type, levels: usize) -> Possible {
    let possible = match ty.nullable() {
        Type::List(item) => Possible::list(value(schema, item, levels)),
        named => match schema.types.get(named.name()) {
            Some(TypeDefinition::Scalar(Scalar::Int | Scalar::Float | Scalar::Boolean | Scalar::AwsTimestamp)) => {
                Possible::scalar()
            }
            Some(TypeDefinition::Enum(definition)) => {
                let texts: BTreeSet<_> = definition.values.iter().cloned().collect();
                Possible { texts, ..Possible::default() }
            }
            Some(TypeDefinition::InputObject(definition)) if levels > 0 => {
                members(schema, &definition.fields, levels - 1)
            }
            _ => Possible::anything(),
        },
    };
    if ty.is_non_null() { possible } else { possible.or_nothing() }
}
