//! Rules about one field: FieldsOnCorrectType, ProvidedNonNullArguments, ScalarLeafs.

use crate::execute::document::Field;
use crate::execute::validate::types::{name_of, unwrapped_name};
use crate::execute::validate::{Kind, Validator};
use crate::schema::{FieldDefinition, InputValueDefinition, TypeDefinition};

impl<'a> Validator<'a> {
    /// <https://spec.graphql.org/June2018/#sec-Field-Selections-on-Objects-Interfaces-and-Unions-Types>
    pub(super) fn field_on_correct_type(
        &mut self,
        field: &Field,
        parent: Option<&TypeDefinition>,
        definition: Option<&FieldDefinition>,
    ) {
        if let (Some(parent), None) = (parent, definition) {
            let parent = name_of(parent);
            self.report(
                Kind::FieldUndefined,
                field.location,
                format_args!("Field '{}' in type '{parent}' is undefined", field.name),
            );
        }
    }

    /// <https://spec.graphql.org/June2018/#sec-Required-Arguments>
    pub(super) fn provided_non_null_arguments(&mut self, field: &Field, definition: Option<&'a FieldDefinition>) {
        let Some(definition) = definition else { return };
        for required in definition.arguments.values().filter(|argument| is_required(argument)) {
            if !field.arguments.iter().any(|argument| argument.name == required.name) {
                self.report(
                    Kind::MissingFieldArgument,
                    field.location,
                    format_args!("Missing field argument {}", required.name),
                );
            }
        }
    }

    /// <https://spec.graphql.org/June2018/#sec-Leaf-Field-Selections>
    pub(super) fn scalar_leafs(&mut self, field: &Field, definition: Option<&FieldDefinition>) {
        let Some(definition) = definition else { return };
        let is_leaf = self.types.get(definition.ty.name()).is_none_or(TypeDefinition::is_leaf);
        let ty = unwrapped_name(&definition.ty);
        if is_leaf && !field.selection_set.is_empty() {
            self.report(
                Kind::SubSelectionNotAllowed,
                field.location,
                format_args!("Sub selection not allowed on leaf type {ty} of field {}", field.name),
            );
        } else if !is_leaf && field.selection_set.is_empty() {
            self.report(
                Kind::SubSelectionRequired,
                field.location,
                format_args!("Sub selection required for type {ty} of field {}", field.name),
            );
        }
    }
}

/// Whether leaving it out is a mistake.
pub(super) fn is_required(input: &InputValueDefinition) -> bool {
    input.ty.is_non_null() && input.default_literal.is_none()
}
