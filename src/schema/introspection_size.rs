//! How large the answer to an introspection request will be, counted before it is made: types lead to fields and fields
//! to types, so that a few hundred bytes can ask for more than any memory holds.

use apollo_compiler::collections::HashMap;
use apollo_compiler::executable::{Operation, Selection, SelectionSet};
use apollo_compiler::schema::{
    DirectiveDefinition, ExtendedType, FieldDefinition, Implementers, InputValueDefinition, Type,
};
use apollo_compiler::{ExecutableDocument, Name, Schema};

use crate::limits::{self, Limits};

/// Counts fields, list items and bytes as execution would make them. `@skip`, `@include` and `includeDeprecated` are
/// passed over, and what is selected twice counts twice.
pub struct Size<'a> {
    schema: &'a Schema,
    implementers: &'a HashMap<Name, Implementers>,
    document: &'a ExecutableDocument,
    limits: &'a Limits,
    fields: usize,
    bytes: usize,
}

/// What the selection of one introspection type is about.
#[derive(Clone, Copy)]
enum Node<'a> {
    Schema,
    Definition(&'a ExtendedType),
    /// A list or non-null.
    Wrapped(&'a Type),
    Field(&'a FieldDefinition),
    InputValue(&'a InputValueDefinition),
    EnumValue,
    Directive(&'a DirectiveDefinition),
}

impl<'a> Size<'a> {
    pub fn new(
        schema: &'a Schema,
        implementers: &'a HashMap<Name, Implementers>,
        document: &'a ExecutableDocument,
        limits: &'a Limits,
    ) -> Size<'a> {
        Size { schema, implementers, document, limits, fields: 0, bytes: 0 }
    }

    /// # Errors
    /// The answer would be larger than [`limits::INTROSPECTION_FIELDS`], [`Limits::response_fields`] or
    /// [`Limits::response_bytes`].
    pub fn check(mut self, operation: &'a Operation) -> Result<(), String> {
        self.selection(&operation.selection_set, None)
    }

    /// `node` is `None` at the root of the operation.
    fn selection(&mut self, selection_set: &'a SelectionSet, node: Option<Node<'a>>) -> Result<(), String> {
        for selection in &selection_set.selections {
            let field = match selection {
                Selection::Field(field) => field,
                Selection::InlineFragment(inline) => {
                    // Counts as a step: nothing else bounds fragments that spread others twice.
                    self.add(0)?;
                    self.selection(&inline.selection_set, node)?;
                    continue;
                }
                Selection::FragmentSpread(spread) => {
                    self.add(0)?;
                    if let Some(fragment) = self.document.fragments.get(&spread.fragment_name) {
                        self.selection(&fragment.selection_set, node)?;
                    }
                    continue;
                }
            };
            let name = field.name.as_str();
            let text = match (node, name) {
                (Some(node), "description") => description(node).map_or(0, str::len),
                _ => 0,
            };
            self.add(field.response_key().len() + text)?;
            for part in self.parts(node, name, field) {
                // An item of a list, and the object inside it.
                self.add(0)?;
                self.selection(&field.selection_set, Some(part))?;
            }
        }
        Ok(())
    }

    fn add(&mut self, bytes: usize) -> Result<(), String> {
        self.fields += 1;
        // Quotes, colon, comma, and a short value.
        self.bytes += bytes + 8;
        let most_fields = limits::INTROSPECTION_FIELDS.min(self.limits.response_fields);
        if self.fields > most_fields || self.bytes > self.limits.response_bytes {
            return Err("The answer about the schema would be too large; ask for less at once.".to_owned());
        }
        Ok(())
    }

    /// What the field leads to; nothing for a leaf.
    fn parts(&self, node: Option<Node<'a>>, field: &str, asked: &apollo_compiler::executable::Field) -> Vec<Node<'a>> {
        let named = |name: &Name| self.schema.types.get(name.as_str()).map(Node::Definition);
        match (node, field) {
            (None, "__schema") => vec![Node::Schema],
            (None, "__type") => match asked.specified_argument_by_name("name").and_then(|name| name.as_str()) {
                Some(name) => self.schema.types.get(name).map(Node::Definition).into_iter().collect(),
                // A variable: the type with most fields is no smaller.
                None => self.largest().map(Node::Definition).into_iter().collect(),
            },
            (Some(Node::Schema), "types") => self.schema.types.values().map(Node::Definition).collect(),
            (Some(Node::Schema), "directives") => {
                self.schema.directive_definitions.values().map(|directive| Node::Directive(directive)).collect()
            }
            (Some(Node::Schema), "queryType" | "mutationType" | "subscriptionType") => {
                let roots = &self.schema.schema_definition;
                let root = match field {
                    "queryType" => &roots.query,
                    "mutationType" => &roots.mutation,
                    _ => &roots.subscription,
                };
                root.iter().filter_map(|name| named(name)).collect()
            }
            (Some(Node::Definition(definition)), field) => self.parts_of_type(definition, field),
            (Some(Node::Wrapped(ty)), "ofType") => self.unwrapped(ty).into_iter().collect(),
            (Some(Node::Field(definition)), "type") => self.of_type(&definition.ty).into_iter().collect(),
            (Some(Node::Field(definition)), "args") => inputs(&definition.arguments),
            (Some(Node::Directive(definition)), "args") => inputs(&definition.arguments),
            (Some(Node::InputValue(definition)), "type") => self.of_type(&definition.ty).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn parts_of_type(&self, definition: &'a ExtendedType, field: &str) -> Vec<Node<'a>> {
        let named = |name: &Name| self.schema.types.get(name.as_str()).map(Node::Definition);
        match (field, definition) {
            ("fields", ExtendedType::Object(object)) => {
                object.fields.values().map(|field| Node::Field(field)).collect()
            }
            ("fields", ExtendedType::Interface(interface)) => {
                interface.fields.values().map(|field| Node::Field(field)).collect()
            }
            ("interfaces", ExtendedType::Object(object)) => {
                object.implements_interfaces.iter().filter_map(|name| named(name)).collect()
            }
            ("interfaces", ExtendedType::Interface(interface)) => {
                interface.implements_interfaces.iter().filter_map(|name| named(name)).collect()
            }
            ("possibleTypes", ExtendedType::Union(union)) => {
                union.members.iter().filter_map(|name| named(name)).collect()
            }
            ("possibleTypes", ExtendedType::Interface(interface)) => {
                let implementers = self.implementers.get(&interface.name);
                implementers.iter().flat_map(|known| known.objects.iter()).filter_map(named).collect()
            }
            ("enumValues", ExtendedType::Enum(definition)) => vec![Node::EnumValue; definition.values.len()],
            ("inputFields", ExtendedType::InputObject(definition)) => {
                definition.fields.values().map(|field| Node::InputValue(field)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn of_type(&self, ty: &'a Type) -> Option<Node<'a>> {
        match ty {
            Type::Named(name) => self.schema.types.get(name.as_str()).map(Node::Definition),
            wrapped => Some(Node::Wrapped(wrapped)),
        }
    }

    fn unwrapped(&self, ty: &'a Type) -> Option<Node<'a>> {
        match ty {
            Type::Named(_) => None,
            Type::NonNullNamed(name) => self.schema.types.get(name.as_str()).map(Node::Definition),
            // Counted as the list inside the non-null and then as its item: one level more than there is.
            Type::List(inner) | Type::NonNullList(inner) => self.of_type(inner),
        }
    }

    fn largest(&self) -> Option<&'a ExtendedType> {
        self.schema.types.values().max_by_key(|definition| match definition {
            ExtendedType::Object(object) => object.fields.len(),
            ExtendedType::Interface(interface) => interface.fields.len(),
            ExtendedType::InputObject(input) => input.fields.len(),
            _ => 0,
        })
    }
}

fn inputs(arguments: &[apollo_compiler::Node<InputValueDefinition>]) -> Vec<Node<'_>> {
    arguments.iter().map(|argument| Node::InputValue(argument)).collect()
}

fn description<'a>(node: Node<'a>) -> Option<&'a str> {
    match node {
        Node::Definition(definition) => definition.description().map(|text| text.as_str()),
        Node::Field(definition) => definition.description.as_deref(),
        Node::InputValue(definition) => definition.description.as_deref(),
        Node::Directive(definition) => definition.description.as_deref(),
        Node::Schema | Node::Wrapped(_) | Node::EnumValue => None,
    }
}
