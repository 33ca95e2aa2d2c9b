//! What a call needs to know about a module's code before it runs.

use std::collections::HashSet;
use std::ops::Range;

use oxc_ast::ast::*;
use oxc_ast_visit::{Visit, walk};
use oxc_semantic::Scoping;
use oxc_syntax::reference::ReferenceId;
use oxc_syntax::symbol::SymbolId;

use super::functions::{Functions, takes_callback};

/// What a call needs to know about a module's code.
#[derive(Default)]
pub(super) struct Survey {
    /// Whether code may change an object: assigns to a member, deletes one, or names a built-in that changes its object.
    /// Code that does not cannot have changed `ctx.stash` or `ctx.args`.
    pub writes: bool,
    /// What an instance of the module could carry from one call to the next.
    pub state: ModuleState,
    /// Where the calls of `console.*` stand. QuickJS reports the last argument's place, AppSync the call's.
    pub console_calls: Vec<Range<usize>>,
    /// Identifiers that are called, handed to a method that takes a callback, or exported.
    plain_uses: HashSet<ReferenceId>,
}

/// What an instance of a module holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd)]
pub(crate) enum ModuleState {
    /// Functions that are only called, and values that cannot change: one instance serves all calls.
    #[default]
    None,
    /// Objects that stay as they are as long as no code around them writes to any object.
    Objects,
    /// Variables that change, or values that come from a call.
    Changing,
}

/// Surveys a module of the AppSync dialect. Modules of the other dialect have ways to change things that the survey does
/// not know: [`ModuleState::Changing`] is all that can be said of them.
pub(super) fn survey(program: &Program, scoping: &Scoping, functions: &Functions, is_appsync: bool) -> Survey {
    let mut survey = Survey::default();
    survey.visit_program(program);
    survey.state =
        if is_appsync { module_state(program, scoping, functions, &survey.plain_uses) } else { ModuleState::Changing };
    survey
}

const WRITING: &[&str] = &[
    "push",
    "pop",
    "shift",
    "unshift",
    "splice",
    "sort",
    "reverse",
    "fill",
    "copyWithin",
    "assign",
    "set",
    "defineProperty",
    "defineProperties",
    "deleteProperty",
    "setPrototypeOf",
    "__defineGetter__",
    "__defineSetter__",
    // Leads to `Object` from any value.
    "constructor",
];

fn note_reference(uses: &mut HashSet<ReferenceId>, expression: &Expression) {
    if let Expression::Identifier(identifier) = expression.get_inner_expression() {
        uses.extend(identifier.reference_id.get());
    }
}

impl<'a> Visit<'a> for Survey {
    fn visit_assignment_target(&mut self, it: &AssignmentTarget<'a>) {
        self.writes |= !matches!(it, AssignmentTarget::AssignmentTargetIdentifier(_));
        walk::walk_assignment_target(self, it);
    }

    fn visit_simple_assignment_target(&mut self, it: &SimpleAssignmentTarget<'a>) {
        self.writes |= !matches!(it, SimpleAssignmentTarget::AssignmentTargetIdentifier(_));
        walk::walk_simple_assignment_target(self, it);
    }

    fn visit_unary_expression(&mut self, it: &UnaryExpression<'a>) {
        self.writes |= it.operator == UnaryOperator::Delete;
        walk::walk_unary_expression(self, it);
    }

    fn visit_identifier_name(&mut self, it: &IdentifierName<'a>) {
        self.writes |= WRITING.contains(&it.name.as_str());
    }

    // `Object` has `assign`, which needs no name in the text to be reached: `const o = Object; o[name](…)`. Other
    // built-ins that write do so to their `this`: they are called as members, which shows.
    fn visit_identifier_reference(&mut self, it: &IdentifierReference<'a>) {
        self.writes |= it.name == "Object";
    }

    fn visit_static_member_expression(&mut self, it: &StaticMemberExpression<'a>) {
        if !matches!(&it.object, Expression::Identifier(object) if object.name == "Object") {
            self.visit_expression(&it.object);
        }
        self.visit_identifier_name(&it.property);
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        self.writes |= matches!(it.callee.get_inner_expression(), Expression::ComputedMemberExpression(_));
        if let Expression::StaticMemberExpression(member) = &it.callee
            && matches!(&member.object, Expression::Identifier(object) if object.name == "console")
        {
            self.console_calls.push(it.span.start as usize..it.span.end as usize);
        }
        note_reference(&mut self.plain_uses, &it.callee);
        if takes_callback(it)
            && let Some(callback) = it.arguments.first().and_then(Argument::as_expression)
        {
            note_reference(&mut self.plain_uses, callback);
        }
        walk::walk_call_expression(self, it);
    }

    fn visit_module_export_name(&mut self, it: &ModuleExportName<'a>) {
        if let ModuleExportName::IdentifierReference(reference) = it {
            self.plain_uses.extend(reference.reference_id.get());
        }
    }
}

/// The state of a module, from its top-level statements: everything that they bind must be accounted for.
fn module_state(
    program: &Program,
    scoping: &Scoping,
    functions: &Functions,
    plain_uses: &HashSet<ReferenceId>,
) -> ModuleState {
    let mut state = ModuleState::None;
    for statement in &program.body {
        let found = match statement {
            Statement::FunctionDeclaration(_) | Statement::TSTypeAliasDeclaration(_) => ModuleState::None,
            Statement::TSInterfaceDeclaration(_) | Statement::ImportDeclaration(_) => ModuleState::None,
            Statement::TSEnumDeclaration(_) => ModuleState::Objects,
            Statement::VariableDeclaration(it) => state_of_variables(it, scoping),
            Statement::ExportAllDeclaration(_)
            | Statement::ExportFromDeclaration(_)
            | Statement::ExportNamedDeclaration(_) => ModuleState::None,
            Statement::ExportDeclaration(it) => match &it.declaration {
                Declaration::VariableDeclaration(it) => state_of_variables(it, scoping),
                Declaration::TSEnumDeclaration(_) => ModuleState::Objects,
                Declaration::FunctionDeclaration(_)
                | Declaration::TSTypeAliasDeclaration(_)
                | Declaration::TSInterfaceDeclaration(_) => ModuleState::None,
                _ => ModuleState::Changing,
            },
            Statement::ExportDefaultDeclaration(it) => match &it.declaration {
                ExportDefaultDeclarationKind::FunctionDeclaration(_)
                | ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => ModuleState::None,
                _ => ModuleState::Changing,
            },
            Statement::EmptyStatement(_) => ModuleState::None,
            _ => ModuleState::Changing,
        };
        if found == ModuleState::Changing {
            return found;
        }
        if found > state {
            state = found;
        }
    }
    for symbol in scoping.iter_bindings_in(scoping.root_scope_id()) {
        if scoping.symbol_is_mutated(symbol) {
            return ModuleState::Changing;
        }
        // A function is an object too: one that goes anywhere else than into a call could be written to.
        let is_plain = |&id: &ReferenceId| !scoping.get_reference(id).is_value() || plain_uses.contains(&id);
        if functions.contains(symbol) && !scoping.get_resolved_reference_ids(symbol).iter().all(is_plain) {
            state = ModuleState::Objects;
        }
    }
    state
}

fn state_of_variables(declaration: &VariableDeclaration, scoping: &Scoping) -> ModuleState {
    let mut state = ModuleState::None;
    for declarator in &declaration.declarations {
        let found = match (&declarator.id, &declarator.init) {
            (BindingPattern::BindingIdentifier(_), Some(init)) => state_of_value(init, scoping),
            _ => ModuleState::Changing,
        };
        if found > state {
            state = found;
        }
    }
    state
}

/// What a variable that starts with this value holds.
fn state_of_value(value: &Expression, scoping: &Scoping) -> ModuleState {
    let worst = |states: &mut dyn Iterator<Item = ModuleState>| {
        states.fold(ModuleState::Objects, |worst, state| if state > worst { state } else { worst })
    };
    match value.get_inner_expression() {
        Expression::StringLiteral(_)
        | Expression::NumericLiteral(_)
        | Expression::BooleanLiteral(_)
        | Expression::NullLiteral(_)
        | Expression::ArrowFunctionExpression(_)
        | Expression::FunctionExpression(_) => ModuleState::None,
        Expression::TemplateLiteral(it) if it.expressions.is_empty() => ModuleState::None,
        Expression::UnaryExpression(it) if it.operator != UnaryOperator::Delete => {
            match it.argument.get_inner_expression() {
                Expression::NumericLiteral(_) | Expression::BooleanLiteral(_) => ModuleState::None,
                _ => ModuleState::Changing,
            }
        }
        Expression::ArrayExpression(it) => worst(&mut it.elements.iter().map(|element| match element {
            ArrayExpressionElement::Elision(_) => ModuleState::None,
            element => {
                element.as_expression().map_or(ModuleState::Changing, |element| state_of_value(element, scoping))
            }
        })),
        Expression::ObjectExpression(it) => worst(&mut it.properties.iter().map(|property| match property {
            ObjectPropertyKind::ObjectProperty(it) if !it.computed && it.kind == PropertyKind::Init => {
                state_of_value(&it.value, scoping)
            }
            _ => ModuleState::Changing,
        })),
        // A member of the library, which is frozen: `ddb.operations`, `util.error`.
        Expression::StaticMemberExpression(member) => state_of_library(&member.object, scoping),
        Expression::Identifier(_) => state_of_library(value, scoping),
        _ => ModuleState::Changing,
    }
}

fn state_of_library(object: &Expression, scoping: &Scoping) -> ModuleState {
    match object.get_inner_expression() {
        Expression::StaticMemberExpression(member) => state_of_library(&member.object, scoping),
        Expression::Identifier(identifier) => {
            let symbol = identifier.reference_id.get().and_then(|id| scoping.get_reference(id).symbol_id());
            match (symbol, identifier.name.as_str()) {
                (None, "util" | "runtime" | "extensions" | "undefined" | "NaN" | "Infinity") => ModuleState::None,
                _ => ModuleState::Changing,
            }
        }
        _ => ModuleState::Changing,
    }
}

/// Whether the only thing that changes a symbol is its declaration, or code that runs while the module starts.
pub(super) fn changes_later(symbol: SymbolId, scoping: &Scoping) -> bool {
    let is_inside_function = |reference: &oxc_semantic::Reference| {
        scoping.scope_ancestors(reference.scope_id()).any(|scope| scoping.scope_flags(scope).is_function())
    };
    scoping.get_resolved_references(symbol).any(|reference| reference.is_write() && is_inside_function(reference))
}
