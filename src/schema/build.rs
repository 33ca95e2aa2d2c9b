//! From apollo-compiler's checked schema to ours.

use std::sync::Arc;

use apollo_compiler::ast;
use apollo_compiler::schema::ExtendedType;

use crate::error::Diagnostic;
use crate::schema::introspection::Introspection;
use crate::schema::parse::Checked;
use crate::schema::{
    EnumType, FieldDefinition, InputObjectType, InputValueDefinition, InterfaceType, Literal, NameMap, ObjectType,
    Scalar, Schema, Type, TypeDefinition, UnionType,
};
use crate::value::{Number, Str};

/// Converts; what comes beside the schema are defaults that their own type does not take.
pub(super) fn build(checked: Checked) -> (Schema, Vec<Diagnostic>) {
    let implementers = checked.implementers_map();
    let mut types: NameMap<TypeDefinition> =
        Scalar::ALL.into_iter().map(|scalar| (scalar.name().into(), TypeDefinition::Scalar(scalar))).collect();
    for (name, definition) in &checked.types {
        if name.starts_with("__") {
            continue; // introspection is answered by apollo-compiler, not by our executor
        }
        let name = str_of(name);
        let definition = match definition {
            ExtendedType::Scalar(_) => continue,
            ExtendedType::Object(object) => TypeDefinition::Object(Arc::new(ObjectType {
                name: name.clone(),
                fields: object.fields.values().map(|field| field_definition(field)).collect(),
                interfaces: object.implements_interfaces.iter().map(|interface| str_of(&interface.name)).collect(),
            })),
            ExtendedType::Interface(interface) => {
                let mut possible_types: Vec<Str> = implementers
                    .get(&interface.name)
                    .map(|implementers| implementers.objects.iter().map(str_of).collect())
                    .unwrap_or_default();
                possible_types.sort();
                TypeDefinition::Interface(Arc::new(InterfaceType {
                    name: name.clone(),
                    fields: interface.fields.values().map(|field| field_definition(field)).collect(),
                    possible_types,
                }))
            }
            ExtendedType::Union(union) => TypeDefinition::Union(Arc::new(UnionType {
                name: name.clone(),
                possible_types: union.members.iter().map(|member| str_of(&member.name)).collect(),
            })),
            ExtendedType::Enum(definition) => TypeDefinition::Enum(Arc::new(EnumType {
                name: name.clone(),
                values: definition.values.keys().map(str_of).collect(),
            })),
            ExtendedType::InputObject(input) => TypeDefinition::InputObject(Arc::new(InputObjectType {
                name: name.clone(),
                fields: input.fields.values().map(|field| input_value(field)).collect(),
            })),
        };
        types.insert(name, definition);
    }
    let root = |name: &Option<apollo_compiler::schema::ComponentName>| name.as_ref().map(|name| str_of(&name.name));
    let definition = &checked.schema_definition;
    let mut schema = Schema {
        types,
        query_type: root(&definition.query).unwrap_or_else(|| "Query".into()),
        mutation_type: root(&definition.mutation),
        subscription_type: root(&definition.subscription),
        introspection: Introspection::new(checked),
        access_directives: Vec::new(),
    };
    let problems = coerce_defaults(&mut schema);
    (schema, problems)
}

/// Coerces every default once, so that no operation has to.
fn coerce_defaults(schema: &mut Schema) -> Vec<Diagnostic> {
    type Path = (Str, Str, Option<Str>);
    let mut coerced: Vec<(Path, Option<crate::value::Value>)> = Vec::new();
    for (type_name, definition) in &schema.types {
        let mut visit = |path: Path, input: &InputValueDefinition| {
            if let Some(literal) = &input.default_literal {
                coerced.push((path, schema.coerce_constant(&input.ty, literal)));
            }
        };
        match definition {
            TypeDefinition::InputObject(input) => {
                for (name, field) in &input.fields {
                    visit((type_name.clone(), name.clone(), None), field);
                }
            }
            TypeDefinition::Object(_) | TypeDefinition::Interface(_) => {
                for (name, field) in definition.fields().into_iter().flatten() {
                    for (argument, input) in &field.arguments {
                        visit((type_name.clone(), name.clone(), Some(argument.clone())), input);
                    }
                }
            }
            _ => {}
        }
    }
    let mut problems = Vec::new();
    for ((type_name, field, argument), value) in coerced {
        let Some(value) = value else {
            let what = argument
                .map_or_else(|| format!("{type_name}.{field}"), |argument| format!("{type_name}.{field}({argument}:)"));
            problems.push(Diagnostic::error(format!("the default of `{what}` is not a value of its type")));
            continue;
        };
        let slot = match schema.types.get_mut(&type_name) {
            Some(TypeDefinition::InputObject(input)) => {
                Arc::get_mut(input).and_then(|input| input.fields.get_mut(&field))
            }
            Some(TypeDefinition::Object(object)) => {
                Arc::get_mut(object).and_then(|object| argument_slot(&mut object.fields, &field, argument))
            }
            Some(TypeDefinition::Interface(interface)) => {
                Arc::get_mut(interface).and_then(|interface| argument_slot(&mut interface.fields, &field, argument))
            }
            _ => None,
        };
        if let Some(slot) = slot {
            slot.default_value = Some(value);
        }
    }
    problems
}

fn argument_slot<'a>(
    fields: &'a mut NameMap<Arc<FieldDefinition>>,
    field: &Str,
    argument: Option<Str>,
) -> Option<&'a mut InputValueDefinition> {
    Arc::get_mut(fields.get_mut(field)?)?.arguments.get_mut(&argument?)
}

fn field_definition(field: &ast::FieldDefinition) -> (Str, Arc<FieldDefinition>) {
    let name = str_of(&field.name);
    let definition = FieldDefinition {
        name: name.clone(),
        arguments: field.arguments.iter().map(|argument| input_value(argument)).collect(),
        ty: type_of(&field.ty),
    };
    (name, Arc::new(definition))
}

fn input_value(input: &ast::InputValueDefinition) -> (Str, InputValueDefinition) {
    let name = str_of(&input.name);
    let definition = InputValueDefinition {
        name: name.clone(),
        ty: type_of(&input.ty),
        default_literal: input.default_value.as_deref().map(literal),
        default_value: None,
    };
    (name, definition)
}

fn type_of(ty: &ast::Type) -> Type {
    let non_null = |inner| Type::NonNull(Box::new(inner));
    match ty {
        ast::Type::Named(name) => Type::Named(str_of(name)),
        ast::Type::NonNullNamed(name) => non_null(Type::Named(str_of(name))),
        ast::Type::List(item) => Type::List(Box::new(type_of(item))),
        ast::Type::NonNullList(item) => non_null(Type::List(Box::new(type_of(item)))),
    }
}

fn literal(value: &ast::Value) -> Literal {
    let number = |text: &str| Number::parse(text).unwrap_or(Number::Int(0));
    match value {
        ast::Value::Null => Literal::Null,
        ast::Value::Enum(name) => Literal::Enum(str_of(name)),
        ast::Value::Variable(name) => Literal::Variable(str_of(name)),
        ast::Value::String(text) => Literal::String(text.as_str().into()),
        ast::Value::Float(float) => Literal::Float(number(float.as_str())),
        ast::Value::Int(int) => Literal::Int(number(int.as_str())),
        ast::Value::Boolean(value) => Literal::Boolean(*value),
        ast::Value::List(items) => Literal::List(items.iter().map(|item| literal(item)).collect()),
        ast::Value::Object(members) => {
            Literal::Object(members.iter().map(|(name, value)| (str_of(name), literal(value))).collect())
        }
    }
}

fn str_of(name: &apollo_compiler::Name) -> Str {
    name.as_str().into()
}
