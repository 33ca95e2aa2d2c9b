//! Changes that make QuickJS run code as AppSync does: the bound on loop rounds, and null equal to undefined.
//! Also what a call needs to know about the code: whether it may change objects at all, and where it writes log lines.

use std::ops::Range;

use oxc_ast::ast::*;
use oxc_ast_visit::{Visit, walk};
use oxc_span::GetSpan;

use super::edits::Edits;

/// Name of the factory parameter that the guard of a loop calls.
pub(super) const LOOP_LIMIT: &str = "$$loop";

/// Adds AppSync's semantics to `edits`.
pub(super) fn rewrite_for_appsync(program: &Program, text: &str, loop_rounds: u32, edits: &mut Edits) {
    Rewriter { text, loop_rounds, edits, loops: 0 }.visit_program(program);
}

struct Rewriter<'s> {
    text: &'s str,
    loop_rounds: u32,
    edits: &'s mut Edits,
    /// Loops seen so far: each counts in a variable of its own, because loops nest.
    loops: usize,
}

impl Rewriter<'_> {
    /// `for (…) body` becomes `{let n=0;for (…) {if(++n>limit)$$loop();body}}`.
    fn open_guard(&mut self, statement: u32, body: &Statement) {
        let counter = format!("$$round{}", self.loops);
        self.loops += 1;
        let statement = statement as usize;
        self.edits.insert(statement, format!("{{let {counter}=0;"));
        let check = format!("if(++{counter}>{}){LOOP_LIMIT}();", self.loop_rounds);
        match body {
            Statement::BlockStatement(block) => self.edits.insert_for(block.span.start as usize + 1, statement, check),
            _ => self.edits.insert_for(body.span().start as usize, statement, format!("{{{check}")),
        }
    }

    fn close_guard(&mut self, body: &Statement) {
        let end = body.span().end as usize;
        if !matches!(body, Statement::BlockStatement(_)) {
            self.edits.insert(end, "}");
        }
        self.edits.insert(end, "}");
    }
}

fn is_nullish(expression: &Expression) -> bool {
    match expression {
        Expression::NullLiteral(_) => true,
        Expression::Identifier(identifier) => identifier.name == "undefined",
        Expression::UnaryExpression(unary) => {
            unary.operator == UnaryOperator::Void && matches!(unary.argument, Expression::NumericLiteral(_))
        }
        _ => false,
    }
}

impl<'a> Visit<'a> for Rewriter<'_> {
    fn visit_for_of_statement(&mut self, it: &ForOfStatement<'a>) {
        self.open_guard(it.span.start, &it.body);
        walk::walk_for_of_statement(self, it);
        self.close_guard(&it.body);
    }

    fn visit_for_in_statement(&mut self, it: &ForInStatement<'a>) {
        self.open_guard(it.span.start, &it.body);
        walk::walk_for_in_statement(self, it);
        self.close_guard(&it.body);
    }

    /// `x === null` holds for undefined too (spec appsync-js 1.5): `===` loses its third character.
    fn visit_binary_expression(&mut self, it: &BinaryExpression<'a>) {
        let strict = match it.operator {
            BinaryOperator::StrictEquality => "===",
            BinaryOperator::StrictInequality => "!==",
            _ => "",
        };
        if !strict.is_empty() && (is_nullish(&it.left) || is_nullish(&it.right)) {
            let start = it.left.span().end as usize;
            let between = &self.text[start..it.right.span().start as usize];
            if let Some(at) = between.rfind(strict) {
                self.edits.blank(start + at + 2..start + at + 3);
            }
        }
        walk::walk_binary_expression(self, it);
    }
}

/// What a call needs to know about a module's code.
#[derive(Default)]
pub(super) struct Survey {
    /// Whether code may change an object: assigns to a member, deletes one, or names a built-in that changes its object.
    /// Code that does not cannot have changed `ctx.stash` or `ctx.args`.
    pub writes: bool,
    /// Where the calls of `console.*` stand. QuickJS reports the last argument's place, AppSync the call's.
    pub console_calls: Vec<Range<usize>>,
}

pub(super) fn survey(program: &Program) -> Survey {
    let mut survey = Survey::default();
    survey.visit_program(program);
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
];

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

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        self.writes |= matches!(it.callee.get_inner_expression(), Expression::ComputedMemberExpression(_));
        if let Expression::StaticMemberExpression(member) = &it.callee
            && matches!(&member.object, Expression::Identifier(object) if object.name == "console")
        {
            self.console_calls.push(it.span.start as usize..it.span.end as usize);
        }
        walk::walk_call_expression(self, it);
    }
}
