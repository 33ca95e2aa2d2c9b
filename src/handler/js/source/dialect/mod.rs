//! What AppSync refuses when it saves code (spec appsync-js 1.2 to 1.4), with its wording and its linter's rule names
//! where they are known.

mod builtins;
mod library;
mod recursion;
mod synchronous;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use oxc_ast::ast::*;
use oxc_ast_visit::{Visit, walk};
use oxc_semantic::Scoping;
use oxc_span::{GetSpan, Span};
use oxc_syntax::scope::ScopeFlags;
use oxc_syntax::symbol::SymbolId;

pub(crate) use builtins::{GLOBALS, OF_MATH, REFUSED_OF_OBJECT};
pub(super) use synchronous::check_synchronous;

use super::PROBLEMS_MAX;
use super::functions::{Functions, takes_callback};
use super::survey::changes_later;
use crate::error::{Diagnostic, SourceFile, nearest};
use recursion::Calls;

/// Refuses what AppSync refuses.
pub(super) fn check_dialect<'a>(
    program: &Program<'a>,
    scoping: &Scoping,
    known_functions: &Functions,
    file: &Arc<SourceFile>,
    problems: &mut Vec<Diagnostic>,
) {
    let mut rules = Rules {
        scoping,
        known_functions,
        file,
        problems,
        contexts: HashSet::new(),
        sql_tags: HashSet::new(),
        library: HashMap::new(),
        functions: Vec::new(),
        calls: Calls::default(),
    };
    rules.visit_program(program);
    for cycle in rules.calls.cycles(scoping) {
        let message = format!("Recursive function calls not supported. Detected cycle in {}", cycle.path);
        rules.refuse("no-recursion", cycle.span, message, "unroll it to the depth that the data has");
    }
    for symbol in scoping.iter_bindings_in(scoping.root_scope_id()) {
        rules.check_exported_variable(program, symbol);
    }
}

fn range(span: Span) -> std::ops::Range<usize> {
    span.start as usize..span.end as usize
}

/// The first `length` bytes of a node, as the keyword of a statement.
fn head(span: Span, length: u32) -> Span {
    Span::new(span.start, span.start + length)
}

struct Rules<'s> {
    scoping: &'s Scoping,
    known_functions: &'s Functions,
    file: &'s Arc<SourceFile>,
    problems: &'s mut Vec<Diagnostic>,
    /// Parameters that hold the context: those named `ctx` or `context`, and the first one of a handler function.
    contexts: HashSet<SymbolId>,
    /// Names under which `sql` of the rds module, or the whole module, is imported: the only template tag.
    sql_tags: HashSet<SymbolId>,
    /// Names under which parts of AppSync's library are imported, with the parts.
    library: HashMap<SymbolId, library::Part>,
    /// The named functions around the visited node, innermost last; `None` for one without a name.
    functions: Vec<Option<SymbolId>>,
    calls: Calls,
}

impl<'a> Rules<'_> {
    /// Reports what a rule of AppSync's linter says; `rule` is empty where the linter has none.
    fn refuse(&mut self, rule: &str, span: Span, message: impl Into<String>, help: &str) {
        let mut problem = Diagnostic::error(message).at(self.file, range(span));
        problem.code = code(rule);
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
            let message = format!("{name} is readonly. Adding/Updating {property} is not supported.");
            let help = "write to `ctx.stash`, or change what a member of the context holds";
            self.refuse("no-disallowed-re-assignment", span, message, help);
        }
    }

    fn check_write(&mut self, target: &SimpleAssignmentTarget<'a>) {
        match target {
            SimpleAssignmentTarget::AssignmentTargetIdentifier(identifier)
                if self.symbol(identifier).is_some_and(|id| self.contexts.contains(&id)) =>
            {
                let message = format!("{} is readonly and re-assignment is not supported.", identifier.name);
                self.refuse("no-disallowed-re-assignment", identifier.span, message, "use another name");
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

    fn is_function(&self, expression: &Expression) -> bool {
        self.known_functions.is_function(expression, self.scoping)
    }

    fn check_returned(&mut self, value: &Expression<'a>) {
        if self.is_function(value) {
            let help = "return a value, or call the function";
            self.refuse("no-function-return", value.span(), "returning a function is not allowed", help);
        }
    }

    /// A function under a second name: `const b = a`.
    fn check_reassigned(&mut self, value: &Expression<'a>) {
        if matches!(value.get_inner_expression(), Expression::Identifier(_)) && self.is_function(value) {
            let help = "call the function by its own name";
            self.refuse("no-function-reassign", value.span(), "re-assigning function is not allowed", help);
        }
    }

    fn check_arguments(&mut self, call: &CallExpression<'a>) {
        let allowed = usize::from(takes_callback(call));
        for argument in call.arguments.iter().skip(allowed) {
            let Some(value) = argument.as_expression().filter(|value| self.is_function(value)) else { continue };
            let is_sort = matches!(call.callee.get_inner_expression(),
                Expression::StaticMemberExpression(member) if member.property.name == "sort");
            let help = match is_sort {
                true => "`sort()` orders by the elements' text; sort in the data source where another order is needed",
                false => "pass a value; only array methods such as `map` and `filter` take functions",
            };
            self.refuse("no-function-passing", value.span(), "Functions can not be passed as an argument", help);
        }
    }

    /// Importers receive a variable's value once, when the module has started.
    fn check_exported_variable(&mut self, program: &Program<'a>, symbol: SymbolId) {
        let name = self.scoping.symbol_name(symbol);
        let is_exported = program.body.iter().any(|statement| match statement {
            Statement::ExportDeclaration(it) => it.span.contains_inclusive(self.scoping.symbol_span(symbol)),
            Statement::ExportNamedDeclaration(it) => {
                it.specifiers.iter().any(|specifier| specifier.local.name().as_str() == name)
            }
            _ => false,
        });
        if is_exported && changes_later(symbol, self.scoping) {
            let message = format!("exported variable `{name}` changes after its module has started");
            let help = "export a function that returns it";
            self.refuse("", self.scoping.symbol_span(symbol), message, help);
        }
    }

    fn in_function(&mut self, name: Option<SymbolId>, params: &FormalParameters<'a>, walk: impl FnOnce(&mut Self)) {
        self.functions.push(name);
        self.note_context(params);
        walk(self);
        self.functions.pop();
    }
}

/// The full name of a linter's rule, as AppSync reports it.
fn code(rule: &str) -> Option<&'static str> {
    const RULES: &[&str] = &[
        "@aws-appsync/no-classes",
        "@aws-appsync/no-continue",
        "@aws-appsync/no-disallowed-binary-operators",
        "@aws-appsync/no-disallowed-methods",
        "@aws-appsync/no-disallowed-re-assignment",
        "@aws-appsync/no-disallowed-unary-operators",
        "@aws-appsync/no-for",
        "@aws-appsync/no-function-passing",
        "@aws-appsync/no-function-reassign",
        "@aws-appsync/no-function-return",
        "@aws-appsync/no-generators",
        "@aws-appsync/no-in-operator",
        "@aws-appsync/no-labels",
        "@aws-appsync/no-promise",
        "@aws-appsync/no-recursion",
        "@aws-appsync/no-regex",
        "@aws-appsync/no-this",
        "@aws-appsync/no-try",
        "@aws-appsync/no-while",
        "@aws-appsync/no-yield",
        "TS2304",
        "TS2339",
    ];
    RULES.iter().copied().find(|known| known.strip_prefix("@aws-appsync/").unwrap_or(known) == rule)
}

impl<'a> Visit<'a> for Rules<'_> {
    fn visit_import_declaration(&mut self, it: &ImportDeclaration<'a>) {
        for specifier in it.specifiers.iter().flatten() {
            if let Some(part) = library::imported(&it.source.value, specifier) {
                self.library.extend(specifier.local().symbol_id.get().map(|symbol| (symbol, part)));
            }
            let symbol = match specifier {
                _ if it.source.value != "@aws-appsync/utils/rds" => None,
                ImportDeclarationSpecifier::ImportSpecifier(it) if it.imported.name() == "sql" => {
                    it.local.symbol_id.get()
                }
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(it) => it.local.symbol_id.get(),
                _ => None,
            };
            self.sql_tags.extend(symbol);
        }
    }

    fn visit_tagged_template_expression(&mut self, it: &TaggedTemplateExpression<'a>) {
        let tag = match it.tag.get_inner_expression() {
            Expression::StaticMemberExpression(member) if member.property.name == "sql" => &member.object,
            tag => tag,
        };
        let is_sql = matches!(tag, Expression::Identifier(identifier)
            if self.symbol(identifier).is_some_and(|symbol| self.sql_tags.contains(&symbol)));
        if !is_sql {
            let help = "only `sql` of `@aws-appsync/utils/rds` may stand before a template";
            self.refuse("", it.tag.span(), "tagged templates are not supported", help);
        }
        walk::walk_tagged_template_expression(self, it);
    }

    fn visit_try_statement(&mut self, it: &TryStatement<'a>) {
        let help = "check values before use; a failed data source call is in `ctx.error`";
        self.refuse("no-try", head(it.span, 3), "Try statements are not supported.", help);
        walk::walk_try_statement(self, it);
    }

    fn visit_throw_statement(&mut self, it: &ThrowStatement<'a>) {
        self.refuse("", it.span, "throw statements are not supported", "use `util.error(message, type)`");
        walk::walk_throw_statement(self, it);
    }

    fn visit_for_statement(&mut self, it: &ForStatement<'a>) {
        self.refuse("no-for", head(it.span, 3), "For statements are not supported.", "use `for (const item of list)`");
        walk::walk_for_statement(self, it);
    }

    fn visit_while_statement(&mut self, it: &WhileStatement<'a>) {
        let help = "use `for (const item of list)`";
        self.refuse("no-while", head(it.span, 5), "While statements are not supported.", help);
        walk::walk_while_statement(self, it);
    }

    fn visit_do_while_statement(&mut self, it: &DoWhileStatement<'a>) {
        let help = "use `for (const item of list)`";
        self.refuse("no-while", head(it.span, 2), "do...while statements are not supported.", help);
        walk::walk_do_while_statement(self, it);
    }

    fn visit_continue_statement(&mut self, it: &ContinueStatement<'a>) {
        let help = "put the rest of the loop's body into an `if`";
        self.refuse("no-continue", it.span, "Continue statements are not supported", help);
    }

    fn visit_labeled_statement(&mut self, it: &LabeledStatement<'a>) {
        let help = "leave nested loops with a variable that the outer one checks";
        self.refuse("no-labels", it.label.span, "Labeled statements are not supported.", help);
        walk::walk_labeled_statement(self, it);
    }

    fn visit_update_expression(&mut self, it: &UpdateExpression<'a>) {
        let (operator, help) = match it.operator {
            UpdateOperator::Increment => ("++", "write `+= 1`"),
            UpdateOperator::Decrement => ("--", "write `-= 1`"),
        };
        let message = format!("The operator {operator} is not supported");
        self.refuse("no-disallowed-unary-operators", it.span, message, help);
        self.check_write(&it.argument);
        walk::walk_update_expression(self, it);
    }

    fn visit_unary_expression(&mut self, it: &UnaryExpression<'a>) {
        match it.operator {
            UnaryOperator::BitwiseNot => {
                let message = "The operator ~ is not supported";
                self.refuse("no-disallowed-unary-operators", it.span, message, "write `-x - 1`");
            }
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
                let message = "in operator is not supported. Use Object.hasOwn().";
                self.refuse("no-in-operator", it.span, message, "write `Object.hasOwn(object, key)`");
            }
            BinaryOperator::Instanceof => {
                let message = "The operator instanceof is not supported";
                let help = "use `typeof` or `Array.isArray`";
                self.refuse("no-disallowed-binary-operators", it.span, message, help);
            }
            _ => {}
        }
        walk::walk_binary_expression(self, it);
    }

    fn visit_new_expression(&mut self, it: &NewExpression<'a>) {
        // `new Date()` and `new Promise()` are told what they need at the name.
        let is_known = matches!(it.callee.get_inner_expression(), Expression::Identifier(identifier)
            if self.symbol(identifier).is_none() && !GLOBALS.contains(&identifier.name.as_str()));
        if !is_known {
            self.refuse("", it.span, "The operator new is not supported", "use object and array literals");
        }
        walk::walk_new_expression(self, it);
    }

    fn visit_class(&mut self, it: &Class<'a>) {
        let help = "use functions and object literals";
        self.refuse("no-classes", head(it.span, 5), "Class declarations are not supported.", help);
        walk::walk_class(self, it);
    }

    fn visit_this_expression(&mut self, it: &ThisExpression) {
        self.refuse("no-this", it.span, "This expressions are not supported.", "pass the object as an argument");
    }

    fn visit_yield_expression(&mut self, it: &YieldExpression<'a>) {
        self.refuse("no-yield", it.span, "Yield statements are not supported", "return an array");
        walk::walk_yield_expression(self, it);
    }

    fn visit_reg_exp_literal(&mut self, it: &RegExpLiteral<'a>) {
        let help = "use `util.matches(pattern, text)`, or a string pattern in `replace`";
        self.refuse("no-regex", it.span, "Regex literals are not supported.", help);
    }

    fn visit_function(&mut self, it: &oxc_ast::ast::Function<'a>, flags: ScopeFlags) {
        if it.generator {
            let head = Span::new(it.span.start, it.body.as_ref().map_or(it.span.end, |body| body.span.start));
            self.refuse("no-generators", head, "Generator functions are not supported.", "return an array");
        }
        let declared = it.id.as_ref().and_then(|id| id.symbol_id.get());
        self.in_function(declared, &it.params, |rules| walk::walk_function(rules, it, flags));
    }

    fn visit_arrow_function_expression(&mut self, it: &ArrowFunctionExpression<'a>) {
        if let Some(value) = it.body.as_expression() {
            self.check_returned(value);
        }
        self.in_function(None, &it.params, |rules| walk::walk_arrow_function_expression(rules, it));
    }

    fn visit_return_statement(&mut self, it: &ReturnStatement<'a>) {
        if let Some(value) = &it.argument {
            self.check_returned(value);
        }
        walk::walk_return_statement(self, it);
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        if let (BindingPattern::BindingIdentifier(id), Some(init)) = (&it.id, &it.init) {
            let name = id.symbol_id.get();
            self.check_reassigned(init);
            // The function is entered with the name that calls use.
            match init.get_inner_expression() {
                Expression::ArrowFunctionExpression(function) => {
                    if let Some(value) = function.body.as_expression() {
                        self.check_returned(value);
                    }
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
        if reference.symbol_id().is_some() || !reference.is_value() || GLOBALS.contains(&name) {
            return;
        }
        if name == "Promise" {
            return self.refuse("no-promise", it.span, "Promise is not supported", "handlers run synchronously");
        }
        let is_shown = self.problems.len() < PROBLEMS_MAX;
        let known = GLOBALS.iter().copied().chain(self.scoping.symbol_names()).filter(|_| is_shown);
        let help = match (builtins::cure_for_global(name), nearest(name, known)) {
            (Some(cure), _) => cure.to_owned(),
            (None, Some(known)) => format!("did you mean `{known}`?"),
            (None, None) => "declare it, or import it".to_owned(),
        };
        self.refuse("TS2304", it.span, format!("Cannot find name '{name}'."), &help);
    }

    fn visit_call_expression(&mut self, it: &CallExpression<'a>) {
        match it.callee.get_inner_expression() {
            Expression::Identifier(identifier) => {
                if let Some(callee) = self.symbol(identifier) {
                    for &caller in self.functions.iter().flatten() {
                        self.calls.add(caller, callee, it.span);
                    }
                }
            }
            Expression::StaticMemberExpression(member) => {
                let method = member.property.name.as_str();
                if method == "sort"
                    && let Some(argument) = it.arguments.first()
                    && !argument.as_expression().is_some_and(|argument| self.is_function(argument))
                {
                    let help = "`sort()` orders by the elements' text";
                    self.refuse("", argument.span(), "`sort` takes no comparator", help);
                }
                let refused = builtins::REFUSED_METHODS.iter().find(|(_, name, _)| *name == method);
                if let Some((owner, _, help)) = refused {
                    let message = format!("Method {owner}.{method} is not implemented");
                    self.refuse("no-disallowed-methods", member.property.span, message, help);
                }
            }
            _ => {}
        }
        self.check_arguments(it);
        walk::walk_call_expression(self, it);
    }

    fn visit_static_member_expression(&mut self, it: &StaticMemberExpression<'a>) {
        if let Some((root, names)) = library::chain(it) {
            let part = match self.symbol(root) {
                Some(symbol) => self.library.get(&symbol).copied(),
                None => library::global(root.name.as_str()),
            };
            if let Some(unknown) = part.and_then(|part| part.check_path(root.name.as_str(), &names)) {
                self.refuse("TS2339", it.property.span, unknown.message, &unknown.help);
                return; // what stands before is part of the same mistake
            }
            let refused = builtins::refused_static(root.name.as_str(), names[0]);
            if let Some(help) = refused.filter(|_| names.len() == 1 && self.symbol(root).is_none()) {
                let message = format!("Method {}.{} is not implemented", root.name, names[0]);
                self.refuse("no-disallowed-methods", it.span, message, help);
            }
        }
        walk::walk_static_member_expression(self, it);
    }

    fn visit_assignment_expression(&mut self, it: &AssignmentExpression<'a>) {
        if let Some(target) = it.left.as_simple_assignment_target() {
            self.check_write(target);
        }
        self.check_reassigned(&it.right);
        walk::walk_assignment_expression(self, it);
    }

    // Types have no behaviour: `this` types and the like are fine.
    fn visit_ts_type(&mut self, _: &TSType<'a>) {}
    fn visit_ts_interface_declaration(&mut self, _: &TSInterfaceDeclaration<'a>) {}
    fn visit_ts_type_alias_declaration(&mut self, _: &TSTypeAliasDeclaration<'a>) {}
}
