//! Refuses operations that cannot run, with the messages of AppSync's engine, graphql-java of about version 13
//! (spec appsync-service 1.5).
//!
//! One walk in document order calls the rules of each node in the engine's order, so that the errors of a request come
//! in the order in which AppSync gives them. Two rules look further than one node and prepare before the walk:
//! variables, because fragments use them for each operation anew, and overlapping fields.
//!
//! Where we differ on purpose:
//! * The engine walks a fragment again at every spread; we once per operation, so a wrong variable inside is one error.
//! * A conflict names the pair of fields that proves it, not every pair of a larger group.
//! * An interface's field and its covariant implementation may be merged; the engine compared composite types by name.
//! * Errors end at `MAX_ERRORS`; merging fields ends at `overlapping::MAX_STEPS`. Hostile documents need an end.

mod cycles;
mod directives;
mod fields;
mod fragments;
mod introspection;
mod overlapping;
mod types;
mod values;
mod variables;

#[cfg(test)]
mod differential;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;

use crate::error::{GraphQLError, Location};
use crate::execute::document::{
    Document, Field, FragmentDefinition, OperationDefinition, OperationType, Selection, SelectionSet,
};
use crate::execute::validate::directives::Place;
use crate::execute::validate::types::Types;
use crate::execute::validate::variables::{OperationScope, Usages};
use crate::schema::{FieldDefinition, Schema, TypeDefinition};

/// Errors of one document that are told. graphql-java stops at 100 too, since its version 16.
const MAX_ERRORS: usize = 100;

/// Bytes that their messages may take together. Ours: a message repeats names and values of the request, and a request
/// can hold names of megabytes.
const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// Checks an operation document against the schema; no error means that every operation in it can run.
///
/// `introspection_enabled` is AppSync's IntrospectionConfig (spec appsync-service 1.9): without it `__schema` and
/// `__type` are undefined fields.
pub fn validate(schema: &Schema, document: &Document, introspection_enabled: bool) -> Vec<GraphQLError> {
    let mut validator = Validator::new(Types { schema, introspection_enabled }, document);
    validator.visit_document();
    validator.errors
}

/// What is wrong, in the engine's words: the `<Kind>` of `Validation error of type <Kind>: …`.
#[derive(Clone, Copy, Debug)]
enum Kind {
    BadValueForDefaultArg,
    DefaultForNonNullArgument,
    DuplicateDirectiveName,
    FieldUndefined,
    FieldsConflict,
    FragmentCycle,
    InlineFragmentTypeConditionInvalid,
    InvalidFragmentType,
    MisplacedDirective,
    MissingDirectiveArgument,
    MissingFieldArgument,
    NonInputTypeOnVariable,
    SubSelectionNotAllowed,
    SubSelectionRequired,
    UndefinedFragment,
    UndefinedVariable,
    UnknownArgument,
    UnknownDirective,
    UnknownType,
    UnusedFragment,
    UnusedVariable,
    VariableTypeMismatch,
    WrongType,
}

/// Where the walk stands, and what it has found.
struct Validator<'a> {
    types: Types<'a>,
    document: &'a Document,
    errors: Vec<GraphQLError>,
    message_bytes: usize,
    /// The engine's query path: names of the fields walked through, below the name of the fragment definition if the
    /// walk is inside one.
    path: Vec<&'a str>,
    /// Variables and spreads inside each fragment.
    usages: Usages<'a>,
    /// The operation being walked; none inside a fragment definition, whose variables belong to who spreads it.
    operation: Option<OperationScope<'a>>,
    /// Fields that cannot be merged, by the selection set where the walk reports them.
    conflicts: overlapping::Conflicts<'a>,
    /// Whether two composite types have an object type in common, asked once per pair of names.
    overlaps: HashMap<(&'a str, &'a str), bool>,
    /// Nodes looked at. Tests hold it against the size of hostile documents.
    steps: usize,
}

enum Definition<'a> {
    Operation(&'a OperationDefinition),
    Fragment(&'a FragmentDefinition),
}

impl<'a> Validator<'a> {
    fn new(types: Types<'a>, document: &'a Document) -> Validator<'a> {
        Validator {
            types,
            document,
            errors: Vec::new(),
            message_bytes: 0,
            path: Vec::new(),
            usages: Usages::new(types, document),
            operation: None,
            conflicts: overlapping::Conflicts::default(),
            overlaps: HashMap::new(),
            steps: 0,
        }
    }

    fn visit_document(&mut self) {
        let cyclic = cycles::fragments_on_cycles(self.document, &self.usages);
        if cyclic.is_empty() {
            self.conflicts = overlapping::find_conflicts(self.types, self.document);
            self.steps += self.conflicts.steps;
        }
        let operations =
            self.document.operations.iter().map(|operation| (operation.location, Definition::Operation(operation)));
        let fragments =
            self.document.fragments.values().map(|fragment| (fragment.location, Definition::Fragment(fragment)));
        let mut definitions: Vec<_> = operations.chain(fragments).collect();
        definitions.sort_by_key(|(location, _)| *location);
        for (_, definition) in definitions {
            match definition {
                Definition::Operation(operation) => self.visit_operation(operation),
                Definition::Fragment(fragment) => {
                    self.visit_fragment(fragment, cyclic.contains(fragment.name.as_str()))
                }
            }
        }
        self.no_unused_fragments();
        if self.conflicts.is_incomplete {
            self.refuse(GraphQLError::new("the document merges too many fields with each other to be checked"));
        }
    }

    fn visit_operation(&mut self, operation: &'a OperationDefinition) {
        let root = self.types.root(operation.operation_type);
        if root.is_none() {
            // The engine finds this only when it runs the operation; the text is its `MissingRootTypeException`.
            let what = match operation.operation_type {
                OperationType::Query => "queries",
                OperationType::Mutation => "mutations",
                OperationType::Subscription => "subscriptions",
            };
            self.refuse(GraphQLError::at(format!("Schema is not configured for {what}."), operation.location));
        }
        self.operation = Some(OperationScope::new(operation));
        self.unique_directive_names(&operation.directives, "OperationDefinition");
        for variable in &operation.variables {
            self.variable_default_values_of_correct_type(variable);
            self.variables_are_input_types(variable);
            self.known_type_name(variable.ty.name(), variable.location);
        }
        self.visit_directives(&operation.directives, Place::Operation);
        self.visit_selection_set(&operation.selection_set, root);
        self.no_unused_variables(operation);
        self.operation = None;
    }

    fn visit_fragment(&mut self, fragment: &'a FragmentDefinition, is_on_cycle: bool) {
        self.path.push(&fragment.name);
        self.fragment_on_composite_type(fragment);
        if is_on_cycle {
            self.report(Kind::FragmentCycle, fragment.location, format_args!("Fragment cycles not allowed"));
        }
        self.unique_directive_names(&fragment.directives, "FragmentDefinition");
        self.known_type_name(&fragment.type_condition, fragment.location);
        self.visit_directives(&fragment.directives, Place::FragmentDefinition);
        let parent = self.types.composite(&fragment.type_condition);
        self.visit_selection_set(&fragment.selection_set, parent);
        self.path.pop();
    }

    /// `parent` is unknown inside a field or fragment that is itself wrong; its fields are not judged then.
    fn visit_selection_set(&mut self, selection_set: &'a SelectionSet, parent: Option<&'a TypeDefinition>) {
        for selection in selection_set.iter() {
            self.steps += 1;
            match selection {
                Selection::Field(field) => {
                    self.path.push(&field.name);
                    let definition = parent.and_then(|parent| self.types.field(parent, &field.name));
                    self.visit_field(field, parent, definition);
                    self.path.pop();
                }
                Selection::InlineFragment(inline) => {
                    let target = match &inline.type_condition {
                        Some(name) => self.types.composite(name),
                        None => parent,
                    };
                    self.inline_fragment_on_composite_type(inline);
                    self.possible_inline_fragment(inline, parent, target);
                    self.unique_directive_names(&inline.directives, "InlineFragment");
                    if let Some(name) = &inline.type_condition {
                        self.known_type_name(name, inline.location);
                    }
                    self.visit_directives(&inline.directives, Place::InlineFragment);
                    self.visit_selection_set(&inline.selection_set, target);
                }
                Selection::FragmentSpread(spread) => {
                    self.known_fragment_name(spread);
                    self.possible_fragment_spread(spread, parent);
                    self.unique_directive_names(&spread.directives, "FragmentSpread");
                    self.check_variables_of_fragment(&spread.fragment_name);
                    self.visit_directives(&spread.directives, Place::FragmentSpread);
                }
            }
        }
        self.overlapping_fields_can_be_merged(selection_set);
    }

    fn visit_field(
        &mut self,
        field: &'a Field,
        parent: Option<&'a TypeDefinition>,
        definition: Option<&'a FieldDefinition>,
    ) {
        self.field_on_correct_type(field, parent, definition);
        self.provided_non_null_arguments(field, definition);
        self.scalar_leafs(field, definition);
        self.unique_directive_names(&field.directives, "Field");
        for argument in &field.arguments {
            self.steps += 1;
            let argument_definition = definition.and_then(|definition| definition.arguments.get(&argument.name));
            self.argument_of_correct_type(argument, argument_definition);
            if definition.is_some() && argument_definition.is_none() {
                self.report(
                    Kind::UnknownArgument,
                    argument.location,
                    format_args!("Unknown field argument {}", argument.name),
                );
            }
            self.check_variables(argument, argument_definition);
        }
        self.visit_directives(&field.directives, Place::Field);
        let ty = definition.and_then(|definition| self.types.composite(definition.ty.name()));
        self.visit_selection_set(&field.selection_set, ty);
    }

    fn overlapping_fields_can_be_merged(&mut self, selection_set: &SelectionSet) {
        for conflict in self.conflicts.take(selection_set) {
            self.report_at(Kind::FieldsConflict, conflict.locations(), format_args!("{}", conflict.reason()));
        }
    }

    fn report(&mut self, kind: Kind, location: Location, description: fmt::Arguments<'_>) {
        self.report_at(kind, vec![location], description);
    }

    fn report_at(&mut self, kind: Kind, locations: Vec<Location>, description: fmt::Arguments<'_>) {
        if self.is_full() {
            return;
        }
        let mut message = format!("Validation error of type {kind:?}: {description}");
        if !self.path.is_empty() {
            message.push_str(" @ '");
            message.push_str(&self.path.join("/"));
            message.push('\'');
        }
        self.refuse(GraphQLError { message, locations: Some(locations) });
    }

    fn refuse(&mut self, error: GraphQLError) {
        if !self.is_full() {
            self.message_bytes += error.message.len();
            self.errors.push(error);
        }
    }

    fn is_full(&self) -> bool {
        self.errors.len() >= MAX_ERRORS || self.message_bytes >= MAX_MESSAGE_BYTES
    }
}
