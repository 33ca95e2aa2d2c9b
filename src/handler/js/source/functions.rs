//! Which names of a module are functions.

use std::collections::HashSet;

use oxc_ast::ast::*;
use oxc_ast_visit::{Visit, walk};
use oxc_semantic::Scoping;
use oxc_syntax::scope::ScopeFlags;
use oxc_syntax::symbol::SymbolId;

/// Array methods that take a function (spec appsync-js 1.3); nothing else does.
const CALLBACK_METHODS: &[&str] = &[
    "map",
    "find",
    "filter",
    "findIndex",
    "findLast",
    "findLastIndex",
    "forEach",
    "reduce",
    "reduceRight",
    "every",
    "some",
    "flatMap",
];

/// The names that a module's own text binds to functions: declared ones, and variables that start as one.
#[derive(Default)]
pub(super) struct Functions(HashSet<SymbolId>);

impl Functions {
    pub fn of(program: &Program) -> Functions {
        let mut functions = Functions::default();
        functions.visit_program(program);
        functions
    }

    pub fn contains(&self, symbol: SymbolId) -> bool {
        self.0.contains(&symbol)
    }

    /// Whether an expression is a function, or names one.
    pub fn is_function(&self, expression: &Expression, scoping: &Scoping) -> bool {
        match expression.get_inner_expression() {
            Expression::ArrowFunctionExpression(_) | Expression::FunctionExpression(_) => true,
            Expression::Identifier(identifier) => {
                let symbol = identifier.reference_id.get().and_then(|id| scoping.get_reference(id).symbol_id());
                symbol.is_some_and(|symbol| self.contains(symbol))
            }
            _ => false,
        }
    }
}

impl<'a> Visit<'a> for Functions {
    fn visit_function(&mut self, it: &oxc_ast::ast::Function<'a>, flags: ScopeFlags) {
        self.0.extend(it.id.as_ref().and_then(|id| id.symbol_id.get()));
        walk::walk_function(self, it, flags);
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        if let (BindingPattern::BindingIdentifier(id), Some(init)) = (&it.id, &it.init)
            && matches!(
                init.get_inner_expression(),
                Expression::ArrowFunctionExpression(_) | Expression::FunctionExpression(_)
            )
        {
            self.0.extend(id.symbol_id.get());
        }
        walk::walk_variable_declarator(self, it);
    }
}

/// Whether a call is one of an array method that takes a function as its first argument.
pub(super) fn takes_callback(call: &CallExpression) -> bool {
    let method = match call.callee.get_inner_expression() {
        Expression::StaticMemberExpression(member) => member.property.name.as_str(),
        Expression::ComputedMemberExpression(member) => match &member.expression {
            Expression::StringLiteral(text) => text.value.as_str(),
            _ => return false,
        },
        _ => return false,
    };
    CALLBACK_METHODS.contains(&method)
}
