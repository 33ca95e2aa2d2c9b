//! Removes TypeScript's types by blanking them, so that every remaining character keeps its place.
//!
//! What is more than types is rewritten (enums) or refused (parameter properties, namespaces, decorators).

use std::sync::Arc;

use oxc_ast::ast::*;
use oxc_ast_visit::{Visit, walk};
use oxc_span::{GetSpan, Span};
use oxc_syntax::scope::ScopeFlags;

use super::edits::Edits;
use crate::error::{Diagnostic, SourceFile};

/// Adds to `edits` what turns the TypeScript of `file` into JavaScript.
pub(super) fn strip_types(
    program: &Program,
    file: &Arc<SourceFile>,
    edits: &mut Edits,
    problems: &mut Vec<Diagnostic>,
) {
    Types { file, edits, problems }.visit_program(program);
}

struct Types<'s> {
    file: &'s Arc<SourceFile>,
    edits: &'s mut Edits,
    problems: &'s mut Vec<Diagnostic>,
}

fn range(span: Span) -> std::ops::Range<usize> {
    span.start as usize..span.end as usize
}

impl Types<'_> {
    fn text(&self, from: u32, to: u32) -> &str {
        self.file.text.get(from as usize..to as usize).unwrap_or("")
    }

    fn refuse(&mut self, span: Span, what: &str, help: &str) {
        self.problems
            .push(Diagnostic::error(format!("{what} are not supported")).at(self.file, range(span)).help(help));
    }

    /// Blanks the first `mark` between two places, as the `?` of an optional parameter.
    fn blank_mark(&mut self, mark: char, from: u32, to: u32) {
        if let Some(at) = self.text(from, to).find(mark) {
            let at = from as usize + at;
            self.edits.blank(at..at + mark.len_utf8());
        }
    }

    /// Blanks the words of `words` that stand between two places, as the modifiers of a class member.
    fn blank_words(&mut self, words: &[&str], from: u32, to: u32) {
        let text = self.text(from, to);
        let mut found = Vec::new();
        let mut start = None;
        for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
            if c.is_alphanumeric() || c == '_' || c == '$' {
                start.get_or_insert(at);
            } else if let Some(start) = start.take()
                && words.contains(&&text[start..at])
            {
                found.push(from as usize + start..from as usize + at);
            }
        }
        found.into_iter().for_each(|range| self.edits.blank(range));
    }

    /// The `enum` becomes a `var` that a function fills, member by member on the same lines.
    fn rewrite_enum(&mut self, declaration: &TSEnumDeclaration) {
        let name = declaration.id.name.as_str();
        let head = declaration.span.start as usize;
        let body = declaration.body.span;
        self.edits.replace(head..body.start as usize + 1, format!("var {name}=(($$enum)=>{{"));
        let mut previous: Option<String> = None;
        for (index, member) in declaration.body.members.iter().enumerate() {
            let key = match &member.id {
                TSEnumMemberName::Identifier(id) => id.name.to_string(),
                TSEnumMemberName::String(text) | TSEnumMemberName::ComputedString(text) => text.value.to_string(),
                TSEnumMemberName::ComputedTemplateString(_) => {
                    self.refuse(member.span, "enum members with computed names", "write the name out");
                    continue;
                }
            };
            let is_identifier = matches!(&member.id, TSEnumMemberName::Identifier(_));
            let local = if is_identifier { key.clone() } else { format!("$$member{index}") };
            let quoted = serde_json::Value::from(key).to_string();
            let reverse = format!(";if(typeof {local}!==\"string\")$$enum[{local}]={quoted};");
            let start = member.span.start as usize;
            match &member.initializer {
                Some(value) => {
                    self.edits.replace(start..value.span().start as usize, format!("const {local}=$$enum[{quoted}]="));
                    self.visit_expression(value);
                }
                None => {
                    let value = previous.map_or("0".to_owned(), |previous| format!("{previous}+1"));
                    self.edits
                        .replace(start..member.span.end as usize, format!("const {local}=$$enum[{quoted}]={value}"));
                }
            }
            self.edits.insert(member.span.end as usize, reverse);
            let next = declaration.body.members.get(index + 1).map_or(body.end, |next| next.span.start);
            self.blank_mark(',', member.span.end, next);
            previous = Some(local);
        }
        let end = body.end as usize;
        self.edits.replace(end - 1..end, "return $$enum})({});");
    }

    fn is_type_only(declaration: &Declaration) -> bool {
        match declaration {
            Declaration::TSTypeAliasDeclaration(_) | Declaration::TSInterfaceDeclaration(_) => true,
            Declaration::VariableDeclaration(it) => it.declare,
            Declaration::FunctionDeclaration(it) => it.declare || it.body.is_none(),
            Declaration::ClassDeclaration(it) => it.declare,
            Declaration::TSEnumDeclaration(it) => it.declare,
            Declaration::TSExternalModuleDeclaration(_) | Declaration::TSGlobalDeclaration(_) => true,
            Declaration::TSNamespaceDeclaration(it) => it.declare,
            Declaration::TSImportEqualsDeclaration(_) => false,
        }
    }
}

impl<'a> Visit<'a> for Types<'_> {
    fn visit_declaration(&mut self, it: &Declaration<'a>) {
        if Self::is_type_only(it) {
            return self.edits.blank_statement(range(it.span()));
        }
        match it {
            Declaration::TSEnumDeclaration(it) => self.rewrite_enum(it),
            Declaration::TSNamespaceDeclaration(it) => {
                self.refuse(it.span, "TypeScript namespaces", "export the members from a module of their own");
            }
            Declaration::TSImportEqualsDeclaration(it) => {
                self.refuse(it.span, "`import … =` declarations", "write `import { name } from '…'`");
            }
            _ => walk::walk_declaration(self, it),
        }
    }

    fn visit_export_declaration(&mut self, it: &ExportDeclaration<'a>) {
        if Self::is_type_only(&it.declaration) {
            return self.edits.blank_statement(range(it.span));
        }
        walk::walk_export_declaration(self, it);
    }

    fn visit_export_default_declaration(&mut self, it: &ExportDefaultDeclaration<'a>) {
        match &it.declaration {
            ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => self.edits.blank_statement(range(it.span)),
            ExportDefaultDeclarationKind::FunctionDeclaration(function) if function.body.is_none() => {
                self.edits.blank_statement(range(it.span));
            }
            _ => walk::walk_export_default_declaration(self, it),
        }
    }

    fn visit_import_declaration(&mut self, _: &ImportDeclaration<'a>) {} // `module.rs` removes it whole

    fn visit_ts_export_assignment(&mut self, it: &TSExportAssignment<'a>) {
        self.refuse(it.span, "`export =` assignments", "write `export { name }`");
    }

    fn visit_ts_namespace_export_declaration(&mut self, it: &TSNamespaceExportDeclaration<'a>) {
        self.edits.blank_statement(range(it.span));
    }

    fn visit_ts_type_annotation(&mut self, it: &TSTypeAnnotation<'a>) {
        // The colon belongs to the annotation, whether or not the parser counts it in.
        let mut start = it.span.start as usize;
        if !self.file.text[start..].starts_with(':')
            && let Some(colon) = self.file.text[..start].trim_end().strip_suffix(':')
        {
            start = colon.len();
        }
        self.edits.blank(start..it.span.end as usize);
    }

    fn visit_ts_type_parameter_declaration(&mut self, it: &TSTypeParameterDeclaration<'a>) {
        self.edits.blank(range(it.span));
    }

    fn visit_ts_type_parameter_instantiation(&mut self, it: &TSTypeParameterInstantiation<'a>) {
        self.edits.blank(range(it.span));
    }

    fn visit_ts_as_expression(&mut self, it: &TSAsExpression<'a>) {
        self.visit_expression(&it.expression);
        self.edits.blank(it.expression.span().end as usize..it.span.end as usize);
    }

    fn visit_ts_satisfies_expression(&mut self, it: &TSSatisfiesExpression<'a>) {
        self.visit_expression(&it.expression);
        self.edits.blank(it.expression.span().end as usize..it.span.end as usize);
    }

    fn visit_ts_non_null_expression(&mut self, it: &TSNonNullExpression<'a>) {
        self.visit_expression(&it.expression);
        self.edits.blank(it.expression.span().end as usize..it.span.end as usize);
    }

    fn visit_ts_type_assertion(&mut self, it: &TSTypeAssertion<'a>) {
        self.edits.blank(it.span.start as usize..it.expression.span().start as usize);
        self.visit_expression(&it.expression);
    }

    fn visit_function(&mut self, it: &oxc_ast::ast::Function<'a>, flags: ScopeFlags) {
        if let Some(this) = &it.this_param {
            let end = it.params.items.first().map_or(it.params.span.end.saturating_sub(1), |first| first.span.start);
            self.edits.blank(this.span.start as usize..end.max(this.span.end) as usize);
            if let Some(parameters) = &it.type_parameters {
                self.visit_ts_type_parameter_declaration(parameters);
            }
            self.visit_formal_parameters(&it.params);
            if let Some(annotation) = &it.return_type {
                self.visit_ts_type_annotation(annotation);
            }
            if let Some(body) = &it.body {
                self.visit_function_body(body);
            }
            return;
        }
        walk::walk_function(self, it, flags);
    }

    fn visit_formal_parameter(&mut self, it: &FormalParameter<'a>) {
        if it.accessibility.is_some() || it.readonly || it.r#override {
            self.refuse(
                it.span,
                "parameter properties",
                "declare the property in the class and assign it in the constructor",
            );
        }
        if it.optional {
            let end = it.type_annotation.as_ref().map_or(it.span.end, |annotation| annotation.span.start);
            self.blank_mark('?', it.pattern.span().end, end.max(it.pattern.span().end + 1));
        }
        walk::walk_formal_parameter(self, it);
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        if it.definite {
            self.blank_mark('!', it.id.span().end, it.span.end);
        }
        walk::walk_variable_declarator(self, it);
    }

    fn visit_decorator(&mut self, it: &Decorator<'a>) {
        self.refuse(it.span, "decorators", "call the function where it is needed");
    }

    fn visit_class(&mut self, it: &Class<'a>) {
        if it.declare {
            return self.edits.blank_statement(range(it.span));
        }
        let head_end = it.id.as_ref().map_or(it.body.span.start, |id| id.span.start);
        if it.r#abstract {
            self.blank_words(&["abstract"], it.span.start, head_end);
        }
        if let Some(last) = it.implements.last() {
            let from = it.heritage.as_ref().map(|heritage| heritage.span().end);
            let from = from.or(it.type_parameters.as_ref().map(|parameters| parameters.span.end));
            let from = from.or(it.id.as_ref().map(|id| id.span.end)).unwrap_or(it.span.start);
            if let Some(at) = self.text(from, last.span.start).find("implements") {
                self.edits.blank(from as usize + at..last.span.end as usize);
            }
        }
        it.decorators.iter().for_each(|decorator| self.visit_decorator(decorator));
        if let Some(parameters) = &it.type_parameters {
            self.visit_ts_type_parameter_declaration(parameters);
        }
        if let Some(heritage) = &it.heritage {
            self.visit_class_heritage(heritage);
        }
        self.visit_class_body(&it.body);
    }

    fn visit_class_element(&mut self, it: &ClassElement<'a>) {
        const MODIFIERS: &[&str] = &["public", "private", "protected", "override", "readonly"];
        match it {
            ClassElement::TSIndexSignature(it) => self.edits.blank_statement(range(it.span)),
            ClassElement::MethodDefinition(method) if method.value.body.is_none() => {
                self.edits.blank_statement(range(method.span));
            }
            ClassElement::MethodDefinition(method) => {
                self.blank_words(MODIFIERS, method.span.start, method.key.span().start);
                if method.optional {
                    self.blank_mark('?', method.key.span().end, method.value.span.start);
                }
                walk::walk_class_element(self, it);
            }
            ClassElement::PropertyDefinition(property)
                if property.declare || property.r#type == PropertyDefinitionType::TSAbstractPropertyDefinition =>
            {
                self.edits.blank_statement(range(property.span));
            }
            ClassElement::PropertyDefinition(property) => {
                self.blank_words(MODIFIERS, property.span.start, property.key.span().start);
                let end = property.type_annotation.as_ref().map(|annotation| annotation.span.start);
                let end = end.or(property.value.as_ref().map(|value| value.span().start)).unwrap_or(property.span.end);
                if property.optional {
                    self.blank_mark('?', property.key.span().end, end);
                }
                if property.definite {
                    self.blank_mark('!', property.key.span().end, end);
                }
                walk::walk_class_element(self, it);
            }
            _ => walk::walk_class_element(self, it),
        }
    }

    // Types that the blanking above does not cover stand inside blanked text: there is nothing to do in them.
    fn visit_ts_type(&mut self, _: &TSType<'a>) {}
}
