//! What no dialect of Syncline runs: handlers are synchronous, and all code is known when the project loads.

use std::sync::Arc;

use oxc_ast::ast::*;
use oxc_ast_visit::{Visit, walk};
use oxc_span::{GetSpan, Span};
use oxc_syntax::scope::ScopeFlags;

use super::range;
use crate::error::{Diagnostic, SourceFile};

pub(crate) fn check_synchronous(program: &Program, file: &Arc<SourceFile>, problems: &mut Vec<Diagnostic>) {
    Synchronous { file, problems }.visit_program(program);
}

struct Synchronous<'s> {
    file: &'s Arc<SourceFile>,
    problems: &'s mut Vec<Diagnostic>,
}

const CURE: &str = "handlers run synchronously; data source calls happen between them";

impl Synchronous<'_> {
    fn refuse(&mut self, span: Span, message: &str, help: &str) -> &mut Diagnostic {
        self.problems.push(Diagnostic::error(message).at(self.file, range(span)).help(help));
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }

    fn refuse_async(&mut self, start: u32) {
        self.refuse(Span::new(start, start + 5), "Async functions are not supported.", CURE).code =
            Some("@aws-appsync/no-async");
    }
}

impl<'a> Visit<'a> for Synchronous<'_> {
    fn visit_await_expression(&mut self, it: &AwaitExpression<'a>) {
        let span = Span::new(it.span.start, it.span.start + 5);
        self.refuse(span, "The `await` keyword is not supported", CURE).code = Some("@aws-appsync/no-await");
        walk::walk_await_expression(self, it);
    }

    fn visit_for_of_statement(&mut self, it: &ForOfStatement<'a>) {
        if it.r#await {
            let head = Span::new(it.span.start, it.left.span().start);
            self.refuse(head, "The `await` keyword is not supported", CURE).code = Some("@aws-appsync/no-await");
        }
        walk::walk_for_of_statement(self, it);
    }

    fn visit_import_expression(&mut self, it: &ImportExpression<'a>) {
        let help = "write `import { name } from '…'` at the top of the file";
        self.refuse(it.span, "dynamic `import()` is not supported", help);
    }

    fn visit_import_meta(&mut self, it: &ImportMeta) {
        self.refuse(it.span, "`import.meta` is not supported", "environment variables are in `ctx.env`");
    }

    fn visit_function(&mut self, it: &oxc_ast::ast::Function<'a>, flags: ScopeFlags) {
        if it.r#async {
            self.refuse_async(it.span.start);
        }
        walk::walk_function(self, it, flags);
    }

    fn visit_arrow_function_expression(&mut self, it: &ArrowFunctionExpression<'a>) {
        if it.r#async {
            self.refuse_async(it.span.start);
        }
        walk::walk_arrow_function_expression(self, it);
    }
}
