//! What AppSync refuses when it saves code (spec appsync-js 1.2 to 1.4), with its wording where it is known.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use oxc_ast::ast::*;
use oxc_ast_visit::{Visit, walk};
use oxc_semantic::Scoping;
use oxc_span::{GetSpan, Span};
use oxc_syntax::scope::ScopeFlags;
use oxc_syntax::symbol::SymbolId;

use crate::error::{Diagnostic, SourceFile, nearest};

/// Names that code may use without declaring them (spec appsync-js 1.4).
pub(crate) const GLOBALS: &[&str] = &[
    "util",
    "extensions",
    "runtime",
    "console",
    "JSON",
    "Math",
    "Object",
    "Array",
    "String",
    "Number",
    "Boolean",
    "NaN",
    "Infinity",
    "undefined",
    "parseInt",
    "parseFloat",
    "isNaN",
    "isFinite",
];

/// Members of `Object` that AppSync's own linter refuses (spec appsync-js 1.4).
pub(crate) const REFUSED_OF_OBJECT: &[&str] = &[
    "create",
    "defineProperties",
    "defineProperty",
    "freeze",
    "getOwnPropertyDescriptor",
    "getOwnPropertyDescriptors",
    "getOwnPropertyNames",
    "getOwnPropertySymbols",
    "getPrototypeOf",
    "is",
    "isExtensible",
    "isFrozen",
    "isSealed",
    "preventExtensions",
    "seal",
    "setPrototypeOf",
];

/// Members of built-ins that AppSync's own linter refuses (spec appsync-js 1.4).
const REFUSED_STATIC: &[(&str, &[&str])] =
    &[("Object", REFUSED_OF_OBJECT), ("Array", &["from", "of"]), ("String", &["fromCharCode", "fromCodePoint"])];

/// Methods that AppSync's own linter refuses on any value (spec appsync-js 1.4), with the cure where there is one.
const REFUSED_METHODS: &[(&str, &str)] = &[
    ("hasOwnProperty", "write `Object.hasOwn(object, key)`"),
    ("isPrototypeOf", ""),
    ("propertyIsEnumerable", "write `Object.hasOwn(object, key)`"),
    ("charCodeAt", "compare with `charAt` instead"),
    ("localeCompare", "compare with `<` and `>` instead"),
    ("matchAll", "use `util.matches(pattern, text)` or `split`"),
    ("padEnd", "add the characters with `+`"),
    ("padStart", "add the characters with `+`"),
    ("repeat", "add the text with `+`"),
    ("toLocaleLowerCase", "write `toLowerCase()`"),
    ("toLocaleUpperCase", "write `toUpperCase()`"),
    ("copyWithin", ""),
];

/// Refuses what AppSync refuses.
pub(super) fn check_dialect<'a>(
    program: &Program<'a>,
    scoping: &Scoping,
    file: &Arc<SourceFile>,
    problems: &mut Vec<Diagnostic>,
) {
    let mut rules =
        Rules { scoping, file, problems, contexts: HashSet::new(), functions: Vec::new(), calls: HashMap::new() };
    rules.visit_program(program);
    rules.check_recursion();
}

fn range(span: Span) -> std::ops::Range<usize> {
    span.start as usize..span.end as usize
}

/// What a name that AppSync does not define may have been meant for.
fn cure_for_global(name: &str) -> String {
    match name {
        "Date" => "use `util.time.nowISO8601()` and the other functions of `util.time`".to_owned(),
        "fetch" | "XMLHttpRequest" => "give the resolver an HTTP data source".to_owned(),
        "setTimeout" | "setInterval" | "Promise" | "queueMicrotask" => "handlers run synchronously".to_owned(),
        "process" => "environment variables are in `ctx.env`".to_owned(),
        "require" => "write `import { name } from '…'`".to_owned(),
        "Map" | "Set" | "WeakMap" | "WeakSet" => "use a plain object or an array".to_owned(),
        "RegExp" => "use `util.matches(pattern, text)`".to_owned(),
        "crypto" => "use `util.autoId()`".to_owned(),
        _ if REFUSED_GLOBALS.contains(&name) => String::new(),
        _ => match nearest(name, GLOBALS.iter().copied()) {
            Some(known) => format!("did you mean `{known}`?"),
            None => "declare it, or import it".to_owned(),
        },
    }
}

/// Built-ins of JavaScript that AppSync does not have.
const REFUSED_GLOBALS: &[&str] = &[
    "Date",
    "Promise",
    "Map",
    "Set",
    "WeakMap",
    "WeakSet",
    "Symbol",
    "Proxy",
    "Reflect",
    "RegExp",
    "globalThis",
    "eval",
    "Function",
];

struct Rules<'s> {
    scoping: &'s Scoping,
    file: &'s Arc<SourceFile>,
    problems: &'s mut Vec<Diagnostic>,
    /// Parameters that hold the context: those named `ctx` or `context`, and the first one of a handler function.
    contexts: HashSet<SymbolId>,
    /// The named functions around the visited node, innermost last; `None` for one without a name.
    functions: Vec<Option<SymbolId>>,
    /// Which named function calls which, and where.
    calls: HashMap<SymbolId, Vec<(SymbolId, Span)>>,
}

impl<'a> Rules<'_> {
    fn refuse(&mut self, span: Span, message: impl Into<String>, help: &str) {
        let problem = Diagnostic::error(message).at(self.file, range(span));
        self.problems.push(if help.is_empty() { problem } else { problem.help(help) });
    }

    fn symbol(&self, reference: &IdentifierReference) -> Option<SymbolId> {
        self.scoping.get_reference(reference.reference_id.get()?).symbol_id()
    }

    fn is_context(&self, expression: &Expression) -> bool {
        match expression.get_inner_expression() {
            Expression::Identifier(identifier) => self.symbol(identifier).is_some_and(|id| self.contexts.contains(&id)),
            _ => false,
        }
    }

    fn note_context(&mut self, params: &FormalParameters) {
        let is_handler = |rules: &Self| {
            let name = rules.functions.last().copied().flatten().map(|id| rules.scoping.symbol_name(id));
            rules.functions.len() == 1 && matches!(name, Some("request" | "response"))
        };
        for (index, parameter) in params.items.iter().enumerate() {
            if let BindingPattern::BindingIdentifier(id) = &parameter.pattern
                && (matches!(id.name.as_str(), "ctx" | "context") || (index == 0 && is_handler(self)))
                && let Some(symbol) = id.symbol_id.get()
            {
                self.contexts.insert(symbol);
            }
        }
    }

    fn check_context_write(&mut self, object: &Expression<'a>, property: &str, span: Span) {
        if self.is_context(object) {
            let name = match object.get_inner_expression() {
                Expression::Identifier(identifier) => identifier.name.to_string(),
                _ => "ctx".to_owned(),
            };
            self.refuse(
                span,
                format!("{name} is readonly. Adding/Updating {property} is not supported."),
                "write to `ctx.stash`, or change what a member of the context holds",
            );
        }
    }

    fn check_write(&mut self, target: &SimpleAssignmentTarget<'a>) {
        match target {
            SimpleAssignmentTarget::AssignmentTargetIdentifier(identifier)
                if self.symbol(identifier).is_some_and(|id| self.contexts.contains(&id)) =>
            {
                let message = format!("{} is readonly and re-assignment is not supported.", identifier.name);
                self.refuse(identifier.span, message, "use another name");
            }
            SimpleAssignmentTarget::StaticMemberExpression(member) => {
                self.check_context_write(&member.object, &member.property.name, member.span);
            }
            SimpleAssignmentTarget::ComputedMemberExpression(member) => {
                let property = range(member.expression.span());
                let property = self.file.text.get(property).unwrap_or("member").to_owned();
                self.check_context_write(&member.object, &property, member.span);
            }
            _ => {}
        }
    }

    fn check_recursion(&mut self) {
        let mut reported = HashSet::new();
        let mut starts: Vec<SymbolId> = self.calls.keys().copied().collect();
        starts.sort_by_key(|&id| self.scoping.symbol_span(id).start);
        for start in starts {
            let mut path = vec![start];
            if let Some(span) = self.find_cycle(start, start, &mut path, &mut HashSet::new())
                && reported.insert(span.start)
                && path.iter().all(|id| self.scoping.symbol_span(*id).start >= self.scoping.symbol_span(start).start)
            {
                path.push(start);
                let names: Vec<&str> = path.iter().map(|&id| self.scoping.symbol_name(id)).collect();
                let message =
                    format!("recursive function calls not supported, detected cycle in {}", names.join(" -> "));
                self.refuse(span, message, "unroll it to the depth that the data has");
            }
        }
    }

    /// Where the last call of a chain of calls from `at` back to `start` stands; `path` then holds the chain.
    fn find_cycle(
        &self,
        start: SymbolId,
        at: SymbolId,
        path: &mut Vec<SymbolId>,
        seen: &mut HashSet<SymbolId>,
    ) -> Option<Span> {
        for &(callee, span) in self.calls.get(&at)? {
            if callee == start {
                return Some(span);
            }
            if seen.insert(callee) {
                path.push(callee);
                if let Some(span) = self.find_cycle(start, callee, path, seen) {
                    return Some(span);
                }
                path.pop();
            }
        }
        None
    }

    fn in_function(&mut self, name: Option<SymbolId>, params: &FormalParameters<'a>, walk: impl FnOnce(&mut Self)) {
        self.functions.push(name);
        self.note_context(params);
        walk(self);
        self.functions.pop();
    }
}

impl<'a> Visit<'a> for Rules<'_> {
    fn visit_try_statement(&mut self, it: &TryStatement<'a>) {
        let head = Span::new(it.span.start, it.span.start + 3);
        self.refuse(
            head,
            "try/catch is not supported",
            "check values before use; a failed data source call is in `ctx.error`",
        );
        walk::walk_try_statement(self, it);
    }

    fn visit_throw_statement(&mut self, it: &ThrowStatement<'a>) {
        self.refuse(it.span, "throw is not supported", "use `util.error(message, type)`");
        walk::walk_throw_statement(self, it);
    }

    fn visit_for_statement(&mut self, it: &ForStatement<'a>) {
        let head = Span::new(it.span.start, it.span.start + 3);
        self.refuse(head, "C-style `for` loops are not supported", "use `for (const item of list)`");
        walk::walk_for_statement(self, it);
    }

    fn visit_while_statement(&mut self, it: &WhileStatement<'a>) {
        let head = Span::new(it.span.start, it.span.start + 5);
        self.refuse(head, "`while` loops are not supported", "use `for (const item of list)`");
        walk::walk_while_statement(self, it);
    }

    fn visit_do_while_statement(&mut self, it: &DoWhileStatement<'a>) {
        let head = Span::new(it.span.start, it.span.start + 2);
        self.refuse(head, "`do` loops are not supported", "use `for (const item of list)`");
        walk::walk_do_while_statement(self, it);
    }

    fn visit_continue_statement(&mut self, it: &ContinueStatement<'a>) {
        self.refuse(it.span, "continue statements are not supported", "put the rest of the loop's body into an `if`");
    }

    fn visit_labeled_statement(&mut self, it: &LabeledStatement<'a>) {
        self.refuse(it.label.span, "labels are not supported", "");
        walk::walk_labeled_statement(self, it);
    }

    fn visit_for_of_statement(&mut self, it: &ForOfStatement<'a>) {
        if it.r#await {
            self.refuse(it.span, "the `await` keyword is not supported", "handlers run synchronously");
        }
        walk::walk_for_of_statement(self, it);
    }

    fn visit_update_expression(&mut self, it: &UpdateExpression<'a>) {
        let (operator, cure) = match it.operator {
            UpdateOperator::Increment => ("++", "write `+= 1`"),
            UpdateOperator::Decrement => ("--", "write `-= 1`"),
        };
        self.refuse(it.span, format!("the operator `{operator}` is not supported"), cure);
        self.check_write(&it.argument);
        walk::walk_update_expression(self, it);
    }

    fn visit_unary_expression(&mut self, it: &UnaryExpression<'a>) {
        match it.operator {
            UnaryOperator::BitwiseNot => self.refuse(it.span, "the operator `~` is not supported", "write `-x - 1`"),
            UnaryOperator::Delete => match it.argument.get_inner_expression() {
                Expression::StaticMemberExpression(member) => {
                    self.check_context_write(&member.object, &member.property.name, it.span);
                }
                Expression::ComputedMemberExpression(member) => {
                    self.check_context_write(&member.object, "members", it.span)
                }
                _ => {}
            },
            _ => {}
        }
        walk::walk_unary_expression(self, it);
    }

    fn visit_binary_expression(&mut self, it: &BinaryExpression<'a>) {
        match it.operator {
            BinaryOperator::In => {
                self.refuse(it.span, "the operator `in` is not supported", "write `Object.hasOwn(object, key)`");
            }
            BinaryOperator::Instanceof => {
                self.refuse(it.span, "the operator `instanceof` is not supported", "use `typeof` or `Array.isArray`");
            }
            _ => {}
        }
        walk::walk_binary_expression(self, it);
    }

    fn visit_new_expression(&mut self, it: &NewExpression<'a>) {
        self.refuse(it.span, "the operator `new` is not supported", "use object and array literals");
        walk::walk_new_expression(self, it);
    }

    fn visit_class(&mut self, it: &Class<'a>) {
        let head = Span::new(it.span.start, it.span.start + 5);
        self.refuse(head, "classes are not supported", "use functions and object literals");
        walk::walk_class(self, it);
    }

    fn visit_this_expression(&mut self, it: &ThisExpression) {
        self.refuse(it.span, "the `this` keyword is not supported", "pass the object as an argument");
    }

    fn visit_yield_expression(&mut self, it: &YieldExpression<'a>) {
        self.refuse(it.span, "yield statements are not supported", "");
        walk::walk_yield_expression(self, it);
    }

    fn visit_reg_exp_literal(&mut self, it: &RegExpLiteral<'a>) {
        self.refuse(
            it.span,
            "regex literals are not supported",
            "use `util.matches(pattern, text)`, or a string pattern in `replace`",
        );
    }

    fn visit_function(&mut self, it: &oxc_ast::ast::Function<'a>, flags: ScopeFlags) {
        if it.generator {
            let head = Span::new(it.span.start, it.body.as_ref().map_or(it.span.end, |body| body.span.start));
            self.refuse(head, "generators are not supported", "return an array");
        }
        let declared = it.id.as_ref().and_then(|id| id.symbol_id.get());
        // `const f = function () {}` was entered by its declarator with the name that calls use.
        match declared {
            Some(name) => self.in_function(Some(name), &it.params, |rules| walk::walk_function(rules, it, flags)),
            None => self.in_function(None, &it.params, |rules| walk::walk_function(rules, it, flags)),
        }
    }

    fn visit_arrow_function_expression(&mut self, it: &ArrowFunctionExpression<'a>) {
        self.in_function(None, &it.params, |rules| walk::walk_arrow_function_expression(rules, it));
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        if let (BindingPattern::BindingIdentifier(id), Some(init)) = (&it.id, &it.init) {
            let name = id.symbol_id.get();
            match init.get_inner_expression() {
                Expression::ArrowFunctionExpression(function) => {
                    return self.in_function(name, &function.params, |rules| {
                        walk::walk_arrow_function_expression(rules, function)
                    });
                }
                Expression::FunctionExpression(function) if !function.generator => {
                    let flags = ScopeFlags::Function;
                    return self
                        .in_function(name, &function.params, |rules| walk::walk_function(rules, function, flags));
                }
                _ => {}
            }
        }
        walk::walk_variable_declarator(self, it);
    }

    fn visit_identifier_reference(&mut self, it: &IdentifierReference<'a>) {
        let name = it.name.as_str();
        let Some(reference) = it.reference_id.get().map(|id| self.scoping.get_reference(id)) else { return };
        // A type reference may name a type of TypeScript's own library.
        if reference.symbol_id().is_none() && reference.is_value() && !GLOBALS.contains(&name) {
            let what = if REFUSED_GLOBALS.contains(&name) { "supported" } else { "defined" };
            self.refuse(it.span, format!("`{name}` is not {what}"), &cure_for_global(name));
        }
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        match it.callee.get_inner_expression() {
            Expression::Identifier(identifier) => {
                if let Some(callee) = self.symbol(identifier) {
                    for caller in self.functions.iter().copied().flatten().collect::<Vec<_>>() {
                        self.calls.entry(caller).or_default().push((callee, it.span));
                    }
                }
            }
            Expression::StaticMemberExpression(member) => {
                let method = member.property.name.as_str();
                if method == "sort" && !it.arguments.is_empty() {
                    let help =
                        "`sort()` orders by the elements' text; sort in the data source where another order is needed";
                    self.refuse(it.arguments[0].span(), "`sort` takes no comparator", help);
                }
                if let Some((_, cure)) = REFUSED_METHODS.iter().find(|(name, _)| *name == method) {
                    self.refuse(member.property.span, format!("method `{method}` is not implemented"), cure);
                }
            }
            _ => {}
        }
        walk::walk_call_expression(self, it);
    }

    fn visit_static_member_expression(&mut self, it: &StaticMemberExpression<'a>) {
        if let Expression::Identifier(object) = &it.object
            && self.symbol(object).is_none()
            && let Some((_, refused)) = REFUSED_STATIC.iter().find(|(name, _)| *name == object.name.as_str())
            && refused.contains(&it.property.name.as_str())
        {
            let message = format!("method `{}.{}` is not implemented", object.name, it.property.name);
            self.refuse(it.span, message, "");
        }
        walk::walk_static_member_expression(self, it);
    }

    fn visit_assignment_expression(&mut self, it: &AssignmentExpression<'a>) {
        if let Some(target) = it.left.as_simple_assignment_target() {
            self.check_write(target);
        }
        walk::walk_assignment_expression(self, it);
    }

    // Types have no behaviour: `this` types and the like are fine.
    fn visit_ts_type(&mut self, _: &TSType<'a>) {}
    fn visit_ts_interface_declaration(&mut self, _: &TSInterfaceDeclaration<'a>) {}
    fn visit_ts_type_alias_declaration(&mut self, _: &TSTypeAliasDeclaration<'a>) {}
}

/// Refuses what no dialect of Syncline runs: handlers are synchronous, and all code is known when the project loads.
pub(super) fn check_synchronous(program: &Program, file: &Arc<SourceFile>, problems: &mut Vec<Diagnostic>) {
    Synchronous { file, problems }.visit_program(program);
}

struct Synchronous<'s> {
    file: &'s Arc<SourceFile>,
    problems: &'s mut Vec<Diagnostic>,
}

impl Synchronous<'_> {
    fn refuse(&mut self, span: Span, message: &str, help: &str) {
        self.problems.push(Diagnostic::error(message).at(self.file, range(span)).help(help));
    }

    fn refuse_async(&mut self, start: u32) {
        let span = Span::new(start, start + 5);
        self.refuse(
            span,
            "the `async` keyword is not supported",
            "handlers run synchronously; data source calls happen between them",
        );
    }
}

impl<'a> Visit<'a> for Synchronous<'_> {
    fn visit_await_expression(&mut self, it: &AwaitExpression<'a>) {
        let span = Span::new(it.span.start, it.span.start + 5);
        self.refuse(
            span,
            "the `await` keyword is not supported",
            "handlers run synchronously; data source calls happen between them",
        );
        walk::walk_await_expression(self, it);
    }

    fn visit_import_expression(&mut self, it: &ImportExpression<'a>) {
        self.refuse(
            it.span,
            "dynamic `import()` is not supported",
            "write `import { name } from '…'` at the top of the file",
        );
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
