//! Changes that make QuickJS run code as AppSync does: the bound on loop rounds, and null that is undefined.
//!
//! Text is only inserted around the author's, never moved, so that every piece of it keeps its place.

use std::fmt::Write;

use oxc_ast::ast::*;
use oxc_ast_visit::{Visit, walk};
use oxc_span::GetSpan;
use oxc_syntax::scope::ScopeFlags;

use super::defaults::Shape;
use super::edits::Edits;

/// Parameters of a module's factory, behind the library and the dependencies: the functions of the prelude that
/// rewritten code calls.
pub(super) const HELPERS: &str = "$$loop,$$same,$$lack,$$lackEach";

/// Adds AppSync's semantics to `edits`. Gives the declarations of what the changed code names, for the beginning of the
/// module's factory.
pub(super) fn rewrite_for_appsync(program: &Program, text: &str, loop_rounds: u32, edits: &mut Edits) -> String {
    let mut rewriter = Rewriter { text, loop_rounds, edits, loops: 0, shapes: 0, declarations: String::new() };
    rewriter.visit_program(program);
    rewriter.declarations
}

struct Rewriter<'s> {
    text: &'s str,
    loop_rounds: u32,
    edits: &'s mut Edits,
    /// Loops seen so far: each counts in a variable of its own, because loops nest.
    loops: usize,
    /// Patterns with defaults seen so far; each one's shape is a constant.
    shapes: usize,
    declarations: String,
}

impl Rewriter<'_> {
    /// `for (…) body` becomes `{let n=0;for (…) {if(++n>limit)$$loop();body}}`.
    fn open_guard(&mut self, statement: u32, body: &Statement) {
        let counter = format!("$$round{}", self.loops);
        self.loops += 1;
        let statement = statement as usize;
        self.edits.insert(statement, format!("{{let {counter}=0;"));
        let check = format!("if(++{counter}>{})$$loop();", self.loop_rounds);
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

    /// Declares the shape as a constant and gives its name.
    fn declare(&mut self, shape: &Shape) -> String {
        let name = format!("$$shape{}", self.shapes);
        self.shapes += 1;
        let _ = write!(self.declarations, "const {name}={shape};");
        name
    }

    /// The place of `token` between two places, outside of comments.
    fn find_token(&self, token: &str, from: u32, to: u32) -> Option<usize> {
        let (mut at, end) = (from as usize, to as usize);
        while let Some(rest) = self.text.get(at..end).filter(|rest| !rest.is_empty()) {
            if rest.starts_with(token) {
                return Some(at);
            }
            at += match rest {
                rest if rest.starts_with("//") => rest.find('\n')?,
                rest if rest.starts_with("/*") => rest.find("*/")? + 2,
                rest => rest.chars().next().map_or(1, char::len_utf8),
            };
        }
        None
    }

    /// `expression` becomes `before expression after`; what stands inside is changed too.
    fn wrap<'a>(&mut self, expression: &Expression<'a>, before: &str, after: String) {
        let span = expression.span();
        self.edits.insert(span.start as usize, before);
        self.visit_expression(expression);
        self.edits.insert(span.end as usize, after);
    }

    /// Makes defaults of parameters apply to null: `(a = 1) …` becomes `(...$$a) {var[a = 1]=$$lack($$a,…);…`.
    ///
    /// Gives false, and does nothing, for parameters without defaults.
    fn open_parameters(&mut self, params: &FormalParameters, arrow: &str) -> bool {
        let Some(shape) = Shape::of_parameters(params) else { return false };
        let shape = self.declare(&shape);
        let span = params.span;
        self.edits.insert(span.start as usize + 1, format!("...$$a){arrow}{{var["));
        self.edits.replace(span.end as usize - 1..span.end as usize, format!("]=$$lack($$a,{shape});"));
        true
    }
}

/// Whether the value may be null or undefined, as far as the code alone shows.
fn may_be_nullish(expression: &Expression) -> bool {
    match expression.get_inner_expression() {
        Expression::StringLiteral(_)
        | Expression::NumericLiteral(_)
        | Expression::BooleanLiteral(_)
        | Expression::BigIntLiteral(_)
        | Expression::TemplateLiteral(_)
        | Expression::ArrayExpression(_)
        | Expression::ObjectExpression(_)
        | Expression::BinaryExpression(_) => false,
        Expression::UnaryExpression(unary) => unary.operator == UnaryOperator::Void,
        _ => true,
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
        self.visit_for_statement_left(&it.left);
        let shape = match &it.left {
            ForStatementLeft::VariableDeclaration(declaration) => {
                declaration.declarations.first().and_then(|declarator| Shape::of_pattern(&declarator.id))
            }
            left => left.as_assignment_target().and_then(Shape::of_target),
        };
        match shape {
            Some(shape) => {
                let shape = self.declare(&shape);
                self.wrap(&it.right, "$$lackEach(", format!(",{shape})"));
            }
            None => self.visit_expression(&it.right),
        }
        self.visit_statement(&it.body);
        self.close_guard(&it.body);
    }

    fn visit_for_in_statement(&mut self, it: &ForInStatement<'a>) {
        self.open_guard(it.span.start, &it.body);
        walk::walk_for_in_statement(self, it);
        self.close_guard(&it.body);
    }

    /// Null and undefined are one value (spec appsync-js 1.5): `x === null` holds for undefined too, and so does
    /// `x === y` where both are either.
    fn visit_binary_expression(&mut self, it: &BinaryExpression<'a>) {
        let operator = match it.operator {
            BinaryOperator::StrictEquality => "===",
            BinaryOperator::StrictInequality => "!==",
            _ => return walk::walk_binary_expression(self, it),
        };
        let at = self.find_token(operator, it.left.span().end, it.right.span().start);
        let Some(at) = at.filter(|_| may_be_nullish(&it.left) && may_be_nullish(&it.right)) else {
            return walk::walk_binary_expression(self, it);
        };
        if is_nullish(&it.left) || is_nullish(&it.right) {
            self.edits.blank(at + 2..at + 3); // `==` is what `===` means here
            return walk::walk_binary_expression(self, it);
        }
        let negation = if operator == "!==" { "!" } else { "" };
        self.edits.insert(it.span.start as usize, format!("{negation}$$same("));
        self.visit_expression(&it.left);
        self.edits.replace(at..at + 3, ",");
        self.visit_expression(&it.right);
        self.edits.insert(it.span.end as usize, ")");
    }

    /// `switch` compares as `===` does.
    fn visit_switch_statement(&mut self, it: &SwitchStatement<'a>) {
        let is_plain = |case: &SwitchCase| case.test.as_ref().is_none_or(|test| !may_be_nullish(test));
        if it.cases.iter().all(is_plain) {
            return walk::walk_switch_statement(self, it);
        }
        self.wrap(&it.discriminant, "(", ")??null".to_owned());
        for case in &it.cases {
            match &case.test {
                Some(test) if may_be_nullish(test) => self.wrap(test, "(", ")??null".to_owned()),
                Some(test) => self.visit_expression(test),
                None => {}
            }
            self.visit_statements(&case.consequent);
        }
    }

    /// A default applies to null as it does to undefined. AWS does not say so; it follows from the two being one
    /// value, and is UNCONFIRMED (spec appsync-js 1.13).
    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        let (Some(shape), Some(init)) = (Shape::of_pattern(&it.id), &it.init) else {
            return walk::walk_variable_declarator(self, it);
        };
        self.visit_binding_pattern(&it.id);
        let shape = self.declare(&shape);
        self.wrap(init, "$$lack(", format!(",{shape})"));
    }

    fn visit_assignment_expression(&mut self, it: &AssignmentExpression<'a>) {
        let Some(shape) = Shape::of_target(&it.left) else { return walk::walk_assignment_expression(self, it) };
        self.visit_assignment_target(&it.left);
        let shape = self.declare(&shape);
        self.wrap(&it.right, "$$lack(", format!(",{shape})"));
    }

    fn visit_object_property(&mut self, it: &ObjectProperty<'a>) {
        match &it.value {
            // A setter takes exactly one parameter, so its parameters stay as they are.
            Expression::FunctionExpression(function) if it.kind == PropertyKind::Set => {
                self.visit_property_key(&it.key);
                walk::walk_function(self, function, ScopeFlags::Function);
            }
            _ => walk::walk_object_property(self, it),
        }
    }

    fn visit_function(&mut self, it: &oxc_ast::ast::Function<'a>, flags: ScopeFlags) {
        let opened = it.body.is_some() && self.open_parameters(&it.params, "");
        walk::walk_function(self, it, flags);
        if opened {
            self.edits.insert(it.span.end as usize, "}");
        }
    }

    fn visit_arrow_function_expression(&mut self, it: &ArrowFunctionExpression<'a>) {
        let body = it.body.span();
        let after_parameters = it.return_type.as_ref().map_or(it.params.span.end, |annotation| annotation.span.end);
        let arrow = self.find_token("=>", after_parameters, body.start);
        let Some(arrow) = arrow.filter(|_| self.open_parameters(&it.params, "=>")) else {
            return walk::walk_arrow_function_expression(self, it);
        };
        self.edits.blank(arrow..arrow + 2);
        let is_block = matches!(it.body, ArrowFunctionBody::FunctionBody(_));
        if !is_block {
            self.edits.insert(body.start as usize, "return(");
        }
        walk::walk_arrow_function_expression(self, it);
        self.edits.insert(body.end as usize, if is_block { "}" } else { ")}" });
    }
}
