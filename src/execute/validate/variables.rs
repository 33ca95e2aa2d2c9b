//! Rules about variables: NoUndefinedVariables, NoUnusedVariables, VariableTypesMatch, VariablesAreInputTypes,
//! VariableDefaultValuesOfCorrectType.
//!
//! What a fragment uses is judged by each operation that spreads it. So every fragment is read once into a list of
//! [`Event`]s, and an operation goes through the lists instead of the fragments: thousands of operations may share one
//! large fragment.

use std::collections::{HashMap, HashSet};

use crate::error::Location;
use crate::execute::document::{
    Argument, Directive, Document, OperationDefinition, Selection, SelectionSet, VariableDefinition,
};
use crate::execute::validate::types::{Types, is_input, unwrapped_name};
use crate::execute::validate::values::AsJava;
use crate::execute::validate::{Kind, Validator, directives};
use crate::schema::{InputValueDefinition, Literal, Type, TypeDefinition};

/// What happens to variables on the way through a fragment.
enum Event<'a> {
    EnterField(&'a str),
    LeaveField,
    Variable(Usage<'a>),
    Spread(&'a str),
}

/// One variable in one argument.
#[derive(Clone, Copy)]
struct Usage<'a> {
    name: &'a str,
    /// The type that the place wants; unknown inside arguments that are themselves wrong.
    expected: Option<&'a Type>,
    /// Whether the place has a default of its own, so that a missing value does no harm.
    has_default: bool,
    location: Location,
}

/// What the fragments of the document do with variables, by name.
pub(super) struct Usages<'a> {
    events: HashMap<&'a str, Vec<Event<'a>>>,
}

/// The operation being walked.
pub(super) struct OperationScope<'a> {
    definitions: HashMap<&'a str, &'a VariableDefinition>,
    used: HashSet<&'a str>,
    visited_fragments: HashSet<&'a str>,
}

impl<'a> OperationScope<'a> {
    pub fn new(operation: &'a OperationDefinition) -> OperationScope<'a> {
        let definitions = operation.variables.iter().map(|variable| (variable.name.as_str(), variable)).collect();
        OperationScope { definitions, used: HashSet::new(), visited_fragments: HashSet::new() }
    }
}

impl<'a> Usages<'a> {
    pub fn new(types: Types<'a>, document: &'a Document) -> Usages<'a> {
        let events = document.fragments.iter().map(|(name, fragment)| {
            let mut events = Vec::new();
            collect_directives(types, &fragment.directives, &mut events);
            collect_selections(types, &fragment.selection_set, types.composite(&fragment.type_condition), &mut events);
            (name.as_str(), events)
        });
        Usages { events: events.collect() }
    }

    /// The fragments that `fragment` spreads itself, defined or not.
    pub fn spreads_of(&self, fragment: &str) -> impl Iterator<Item = &'a str> {
        self.events.get(fragment).into_iter().flatten().filter_map(|event| match event {
            Event::Spread(name) => Some(*name),
            _ => None,
        })
    }

    /// The fragments named, and all that they spread.
    pub fn reachable(&self, mut open: Vec<&'a str>) -> HashSet<&'a str> {
        let mut found = HashSet::new();
        while let Some(name) = open.pop() {
            if found.insert(name) {
                open.extend(self.spreads_of(name));
            }
        }
        found
    }
}

fn collect_selections<'a>(
    types: Types<'a>,
    selection_set: &'a SelectionSet,
    parent: Option<&'a TypeDefinition>,
    events: &mut Vec<Event<'a>>,
) {
    for selection in selection_set.iter() {
        match selection {
            Selection::Field(field) => {
                events.push(Event::EnterField(&field.name));
                let definition = parent.and_then(|parent| types.field(parent, &field.name));
                for argument in &field.arguments {
                    let definition = definition.and_then(|definition| definition.arguments.get(&argument.name));
                    collect_argument(types, argument, definition, events);
                }
                collect_directives(types, &field.directives, events);
                let ty = definition.and_then(|definition| types.composite(definition.ty.name()));
                collect_selections(types, &field.selection_set, ty, events);
                // Most fields use no variables; they leave no trace.
                match events.last() {
                    Some(Event::EnterField(_)) => drop(events.pop()),
                    _ => events.push(Event::LeaveField),
                }
            }
            Selection::InlineFragment(inline) => {
                collect_directives(types, &inline.directives, events);
                let target = inline.type_condition.as_ref().map_or(parent, |name| types.composite(name));
                collect_selections(types, &inline.selection_set, target, events);
            }
            Selection::FragmentSpread(spread) => {
                events.push(Event::Spread(&spread.fragment_name));
                collect_directives(types, &spread.directives, events);
            }
        }
    }
}

fn collect_directives<'a>(types: Types<'a>, directives: &'a [Directive], events: &mut Vec<Event<'a>>) {
    for directive in directives {
        for argument in &directive.arguments {
            collect_argument(types, argument, directives::argument_definition(&directive.name, &argument.name), events);
        }
    }
}

fn collect_argument<'a>(
    types: Types<'a>,
    argument: &'a Argument,
    definition: Option<&'a InputValueDefinition>,
    events: &mut Vec<Event<'a>>,
) {
    each_variable(types, argument, definition, &mut |usage| events.push(Event::Variable(usage)));
}

/// Calls `found` for every variable in an argument, with what the schema wants in its place.
fn each_variable<'a>(
    types: Types<'a>,
    argument: &'a Argument,
    definition: Option<&'a InputValueDefinition>,
    found: &mut dyn FnMut(Usage<'a>),
) {
    let expected = definition.map(|definition| &definition.ty);
    let has_default = definition.is_some_and(|definition| definition.default_literal.is_some());
    each_in_literal(types, &argument.value, expected, has_default, &mut |name, expected, has_default| {
        found(Usage { name, expected, has_default, location: argument.location });
    });
}

fn each_in_literal<'a>(
    types: Types<'a>,
    literal: &'a Literal,
    expected: Option<&'a Type>,
    has_default: bool,
    found: &mut dyn FnMut(&'a str, Option<&'a Type>, bool),
) {
    match literal {
        Literal::Variable(name) => found(name, expected, has_default),
        Literal::List(items) => {
            let item_type = match expected.map(Type::nullable) {
                Some(Type::List(item)) => Some(&**item),
                _ => None,
            };
            items.iter().for_each(|item| each_in_literal(types, item, item_type, false, found));
        }
        Literal::Object(members) => {
            let definition = match expected.and_then(|ty| types.get(ty.name())) {
                Some(TypeDefinition::InputObject(definition)) => Some(definition),
                _ => None,
            };
            for (name, member) in members {
                let field = definition.and_then(|definition| definition.fields.get(name));
                let has_default = field.is_some_and(|field| field.default_literal.is_some());
                each_in_literal(types, member, field.map(|field| &field.ty), has_default, found);
            }
        }
        _ => {}
    }
}

impl<'a> Validator<'a> {
    /// The variables of one argument of the operation itself.
    pub(super) fn check_variables(&mut self, argument: &'a Argument, definition: Option<&'a InputValueDefinition>) {
        if self.operation.is_some() {
            let mut usages = Vec::new();
            each_variable(self.types, argument, definition, &mut |usage| usages.push(usage));
            usages.into_iter().for_each(|usage| self.check_usage(usage));
        }
    }

    /// The variables of a fragment that the operation spreads, and of all that it spreads in turn.
    pub(super) fn check_variables_of_fragment(&mut self, name: &'a str) {
        if self.operation.is_none() {
            return;
        }
        let usages = std::mem::replace(&mut self.usages, Usages { events: HashMap::new() });
        let mut open = Vec::new();
        self.enter_fragment(&usages, name, &mut open);
        while let Some(events) = open.last_mut() {
            self.steps += 1;
            match events.next() {
                None => {
                    open.pop();
                    self.path.pop();
                }
                Some(Event::EnterField(name)) => self.path.push(name),
                Some(Event::LeaveField) => drop(self.path.pop()),
                Some(Event::Variable(usage)) => self.check_usage(*usage),
                Some(Event::Spread(name)) => self.enter_fragment(&usages, name, &mut open),
            }
        }
        self.usages = usages;
    }

    fn enter_fragment<'u>(
        &mut self,
        usages: &'u Usages<'a>,
        name: &'a str,
        open: &mut Vec<std::slice::Iter<'u, Event<'a>>>,
    ) {
        let is_new = self.operation.as_mut().is_some_and(|operation| operation.visited_fragments.insert(name));
        if let (true, Some(events)) = (is_new, usages.events.get(name)) {
            self.path.push(name);
            open.push(events.iter());
        }
    }

    /// <https://spec.graphql.org/June2018/#sec-All-Variable-Uses-Defined> and
    /// <https://spec.graphql.org/June2018/#sec-All-Variable-Usages-are-Allowed>
    fn check_usage(&mut self, usage: Usage<'a>) {
        let Some(operation) = self.operation.as_mut() else { return };
        operation.used.insert(usage.name);
        let Some(definition) = operation.definitions.get(usage.name).copied() else {
            self.report(Kind::UndefinedVariable, usage.location, format_args!("Undefined variable {}", usage.name));
            return;
        };
        let Some(expected) = usage.expected else { return };
        if !self.types.get(definition.ty.name()).is_some_and(is_input) {
            return; // said at the definition
        }
        let has_value = definition.default_value.as_ref().is_some_and(|default| *default != Literal::Null);
        let effective = match (&definition.ty, has_value) {
            (ty @ Type::NonNull(_), _) | (ty, false) => ty.clone(),
            (ty, true) => Type::NonNull(Box::new(ty.clone())),
        };
        let place = if usage.has_default { expected.nullable() } else { expected };
        if !fits(&effective, place) {
            self.report(
                Kind::VariableTypeMismatch,
                usage.location,
                format_args!("Variable type '{effective}' doesn't match expected type '{expected}'"),
            );
        }
    }

    /// <https://spec.graphql.org/June2018/#sec-All-Variables-Used>
    pub(super) fn no_unused_variables(&mut self, operation: &'a OperationDefinition) {
        for variable in &operation.variables {
            let is_used = self.operation.as_ref().is_some_and(|scope| scope.used.contains(variable.name.as_str()));
            if !is_used {
                self.report(Kind::UnusedVariable, variable.location, format_args!("Unused variable {}", variable.name));
            }
        }
    }

    /// <https://spec.graphql.org/June2018/#sec-Variables-Are-Input-Types>
    pub(super) fn variables_are_input_types(&mut self, variable: &VariableDefinition) {
        if self.types.get(variable.ty.name()).is_some_and(|definition| !is_input(definition)) {
            self.report(Kind::NonInputTypeOnVariable, variable.location, format_args!("Wrong type for a variable"));
        }
    }

    /// A default on a non-null variable is refused too: the engine keeps the rule of GraphQL before 2018.
    pub(super) fn variable_default_values_of_correct_type(&mut self, variable: &'a VariableDefinition) {
        let Some(default) = &variable.default_value else { return };
        if !self.types.get(variable.ty.name()).is_some_and(is_input) {
            return;
        }
        if variable.ty.is_non_null() {
            self.report(
                Kind::DefaultForNonNullArgument,
                variable.location,
                format_args!("Missing value for non null type"),
            );
        }
        if self.types.check_literal(&variable.ty, default).is_err() {
            self.report(
                Kind::BadValueForDefaultArg,
                variable.location,
                format_args!("Bad default value {} for type {}", AsJava(default), unwrapped_name(&variable.ty)),
            );
        }
    }
}

/// Whether a variable of type `actual` may stand where `expected` is wanted. A single value is not wrapped into a list.
fn fits(actual: &Type, expected: &Type) -> bool {
    match (actual, expected) {
        (Type::NonNull(actual), Type::NonNull(expected)) => fits(actual, expected),
        (_, Type::NonNull(_)) => false,
        (Type::NonNull(actual), expected) => fits(actual, expected),
        (Type::List(actual), Type::List(expected)) => fits(actual, expected),
        (Type::Named(actual), Type::Named(expected)) => actual == expected,
        _ => false,
    }
}
