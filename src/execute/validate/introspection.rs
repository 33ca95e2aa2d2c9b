//! The types behind `__schema` and `__type`, which no schema declares.
//!
//! Wider than the service's own: newer clients ask for `specifiedByURL`, `isRepeatable` and deprecated arguments.

use std::sync::{Arc, LazyLock};

use crate::schema::{
    EnumType, FieldDefinition, InputValueDefinition, Literal, NameMap, ObjectType, Type, TypeDefinition,
};

/// One field: its name, its type, and whether it takes `includeDeprecated: Boolean = false`.
type MetaField = (&'static str, &'static str, bool);

const OBJECTS: &[(&str, &[MetaField])] = &[
    (
        "__Schema",
        &[
            ("description", "String", false),
            ("types", "[__Type!]!", false),
            ("queryType", "__Type!", false),
            ("mutationType", "__Type", false),
            ("subscriptionType", "__Type", false),
            ("directives", "[__Directive!]!", false),
        ],
    ),
    (
        "__Type",
        &[
            ("kind", "__TypeKind!", false),
            ("name", "String", false),
            ("description", "String", false),
            ("fields", "[__Field!]", true),
            ("interfaces", "[__Type!]", false),
            ("possibleTypes", "[__Type!]", false),
            ("enumValues", "[__EnumValue!]", true),
            ("inputFields", "[__InputValue!]", true),
            ("ofType", "__Type", false),
            ("specifiedByURL", "String", false),
        ],
    ),
    (
        "__Field",
        &[
            ("name", "String!", false),
            ("description", "String", false),
            ("args", "[__InputValue!]!", true),
            ("type", "__Type!", false),
            ("isDeprecated", "Boolean!", false),
            ("deprecationReason", "String", false),
        ],
    ),
    (
        "__InputValue",
        &[
            ("name", "String!", false),
            ("description", "String", false),
            ("type", "__Type!", false),
            ("defaultValue", "String", false),
            ("isDeprecated", "Boolean!", false),
            ("deprecationReason", "String", false),
        ],
    ),
    (
        "__EnumValue",
        &[
            ("name", "String!", false),
            ("description", "String", false),
            ("isDeprecated", "Boolean!", false),
            ("deprecationReason", "String", false),
        ],
    ),
    (
        "__Directive",
        &[
            ("name", "String!", false),
            ("description", "String", false),
            ("locations", "[__DirectiveLocation!]!", false),
            ("args", "[__InputValue!]!", true),
            ("isRepeatable", "Boolean!", false),
        ],
    ),
];

// Their values never occur in an operation, because no argument takes these enums.
const ENUMS: &[&str] = &["__TypeKind", "__DirectiveLocation"];

/// `__Schema`, `__Type` and the others, by name.
pub(super) static META_TYPES: LazyLock<NameMap<TypeDefinition>> = LazyLock::new(|| {
    let objects = OBJECTS.iter().map(|(name, fields)| {
        let fields = fields.iter().map(|&(field, ty, has_deprecated)| {
            let argument =
                has_deprecated.then(|| argument("includeDeprecated", "Boolean", Some(Literal::Boolean(false))));
            (field.into(), Arc::new(self::field(field, ty, argument)))
        });
        let object = ObjectType { name: (*name).into(), fields: fields.collect(), interfaces: Vec::new() };
        ((*name).into(), TypeDefinition::Object(Arc::new(object)))
    });
    let enums = ENUMS.iter().map(|name| {
        ((*name).into(), TypeDefinition::Enum(Arc::new(EnumType { name: (*name).into(), values: Vec::new() })))
    });
    objects.chain(enums).collect()
});

/// `__schema: __Schema!`, a field of the query type.
pub(super) static SCHEMA_FIELD: LazyLock<FieldDefinition> = LazyLock::new(|| field("__schema", "__Schema!", None));

/// `__type(name: String!): __Type`, a field of the query type.
pub(super) static TYPE_FIELD: LazyLock<FieldDefinition> =
    LazyLock::new(|| field("__type", "__Type", Some(argument("name", "String!", None))));

/// `__typename: String!`, a field of every composite type.
pub(super) static TYPENAME_FIELD: LazyLock<FieldDefinition> = LazyLock::new(|| field("__typename", "String!", None));

fn field(name: &str, ty: &str, argument: Option<InputValueDefinition>) -> FieldDefinition {
    let arguments = argument.into_iter().map(|argument| (argument.name.clone(), argument)).collect();
    FieldDefinition { name: name.into(), arguments, ty: type_of(ty) }
}

fn argument(name: &str, ty: &str, default_literal: Option<Literal>) -> InputValueDefinition {
    let default_value = default_literal.as_ref().map(Literal::to_value);
    InputValueDefinition { name: name.into(), ty: type_of(ty), default_literal, default_value }
}

/// Reads a type reference of the tables above.
fn type_of(text: &str) -> Type {
    if let Some(inner) = text.strip_suffix('!') {
        Type::NonNull(Box::new(type_of(inner)))
    } else if let Some(item) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Type::List(Box::new(type_of(item)))
    } else {
        Type::Named(text.into())
    }
}
