//! One source file: parsed and checked once, its imports and exports taken out, the rest turned into the body of a function.

use std::collections::BTreeMap;
use std::sync::Arc;

use oxc_allocator::Allocator;
use oxc_ast::ast::*;
use oxc_diagnostics::OxcDiagnostic;
use oxc_parser::Parser;
use oxc_semantic::{Scoping, SemanticBuilder};
use oxc_span::{GetSpan, SourceType, Span};

use super::super::Dialect;
use super::edits::Edits;
use super::functions::Functions;
use super::nesting::too_deep_at;
use super::survey::{Survey, survey};
use super::{dialect, rewrite, types};
use crate::error::{Diagnostic, SourceFile};
use crate::limits::Limits;

/// A checked source file, not yet connected to the files that it imports.
pub(super) struct SourceModule {
    pub file: Arc<SourceFile>,
    pub imports: Vec<Import>,
    /// Exported name → where its value comes from.
    pub exports: BTreeMap<String, Export>,
    /// `export * from`: indexes into `imports`.
    pub star_exports: Vec<usize>,
    pub survey: Survey,
    pub edits: Edits,
    /// Constants that the changed text names.
    pub declarations: String,
}

/// One `import … from` or `export … from`.
pub(super) struct Import {
    pub specifier: String,
    pub range: std::ops::Range<usize>,
    pub bindings: Vec<Binding>,
}

/// `import { name as local }`; without a name `import * as local`.
pub(super) struct Binding {
    pub name: Option<String>,
    pub local: String,
    pub range: std::ops::Range<usize>,
}

pub(super) enum Export {
    /// A variable of the module.
    Local(String),
    /// `export { name } from`, or the whole namespace: index into `imports`.
    From { import: usize, name: Option<String>, range: std::ops::Range<usize> },
}

fn range(span: Span) -> std::ops::Range<usize> {
    span.start as usize..span.end as usize
}

/// Reads and checks one file; everything that is wrong with it goes to `problems`. `None` where it cannot be understood
/// at all; what its imports lead to is then not known.
pub(super) fn read_module(
    file: &Arc<SourceFile>,
    dialect: Dialect,
    limits: &Limits,
    problems: &mut Vec<Diagnostic>,
) -> Option<SourceModule> {
    if dialect == Dialect::AppSync && file.text.chars().count() > limits.code_characters {
        let message = format!("the code is longer than {} characters", limits.code_characters);
        problems.push(
            Diagnostic::error(message).at(file, 0..0).help("move parts into files that this one imports, or minify it"),
        );
        return None;
    }
    if file.text.len() > limits.code_bytes {
        let message = format!("the code is longer than {} bytes", limits.code_bytes);
        problems.push(Diagnostic::error(message).at(file, 0..0).help("move parts into files that this one imports"));
        return None;
    }
    let is_typescript = file.path.ends_with(".ts") || file.path.ends_with(".mts");
    if let Some(at) = too_deep_at(&file.text, is_typescript, limits.code_nesting) {
        let message = format!("the code nests deeper than {} levels of brackets and operators", limits.code_nesting);
        let problem = Diagnostic::error(message).at(file, at..at);
        problems.push(problem.help("end statements with `;`, and split long expressions and chains of `else if`"));
        return None;
    }
    let allocator = Allocator::default();
    let source_type = if is_typescript { SourceType::ts() } else { SourceType::mjs() };
    let parsed = Parser::new(&allocator, &file.text, source_type).parse();
    if !parsed.diagnostics.is_empty() {
        problems.extend(parsed.diagnostics.into_vec().into_iter().map(|problem| syntax_problem(problem, file)));
        return None;
    }
    let built = SemanticBuilder::new().with_check_syntax_error(true).build(&parsed.program);
    problems.extend(built.diagnostics.into_iter().map(|problem| syntax_problem(problem, file)));
    let semantic = built.semantic;
    let program = &parsed.program;
    dialect::check_synchronous(program, file, problems);
    let mut edits = Edits::default();
    let functions = Functions::of(program);
    let is_appsync = dialect == Dialect::AppSync;
    let mut declarations = String::new();
    if is_appsync {
        dialect::check_dialect(program, semantic.scoping(), &functions, file, problems);
        declarations = rewrite::rewrite_for_appsync(program, &file.text, limits.loop_rounds, &mut edits);
    }
    if is_typescript {
        types::strip_types(program, file, &mut edits, problems);
    }
    let mut module = SourceModule {
        file: file.clone(),
        imports: Vec::new(),
        exports: BTreeMap::new(),
        star_exports: Vec::new(),
        survey: survey(program, semantic.scoping(), &functions, is_appsync),
        edits,
        declarations,
    };
    Links { module: &mut module, scoping: semantic.scoping(), is_typescript }.take_out(program);
    Some(module)
}

fn syntax_problem(problem: OxcDiagnostic, file: &Arc<SourceFile>) -> Diagnostic {
    let inner = problem.inner_owned();
    let span =
        inner.labels.first().map(|label| label.offset() as usize..label.offset() as usize + label.len() as usize);
    let mut message = inner.message.trim_end_matches('.').to_owned();
    if let Some(first) = message.get(0..1) {
        // Our messages begin in lower case; a quoted token keeps its spelling.
        message = first.to_lowercase() + &message[1..];
    }
    let diagnostic = Diagnostic::error(format!("syntax error: {message}")).at(file, span.unwrap_or(0..0));
    match inner.help {
        Some(help) => diagnostic.help(help.into_owned()),
        None => diagnostic,
    }
}

/// Takes imports and exports out of a module.
struct Links<'s> {
    module: &'s mut SourceModule,
    scoping: &'s Scoping,
    is_typescript: bool,
}

impl Links<'_> {
    fn take_out(&mut self, program: &Program) {
        if let Some(hashbang) = &program.hashbang {
            self.module.edits.blank_statement(range(hashbang.span));
        }
        for statement in &program.body {
            if let Some(declaration) = statement.as_module_declaration() {
                self.take_out_declaration(declaration);
            }
        }
    }

    fn take_out_declaration(&mut self, declaration: &ModuleDeclaration) {
        match declaration {
            ModuleDeclaration::ImportDeclaration(it) => self.import(it),
            ModuleDeclaration::ExportAllDeclaration(it) => {
                self.module.edits.blank_statement(range(it.span));
                if it.export_kind.is_type() {
                    return;
                }
                let import = self.add_import(&it.source, Vec::new());
                match &it.exported {
                    None => self.module.star_exports.push(import),
                    Some(name) => {
                        let export = Export::From { import, name: None, range: range(it.span) };
                        self.module.exports.insert(name.name().to_string(), export);
                    }
                }
            }
            ModuleDeclaration::ExportFromDeclaration(it) => {
                self.module.edits.blank_statement(range(it.span));
                if it.export_kind.is_type() {
                    return;
                }
                let import = self.add_import(&it.source, Vec::new());
                for specifier in it.specifiers.iter().filter(|specifier| !specifier.export_kind.is_type()) {
                    let name = Some(specifier.local.name().to_string());
                    let export = Export::From { import, name, range: range(specifier.span) };
                    self.module.exports.insert(specifier.exported.name().to_string(), export);
                }
            }
            ModuleDeclaration::ExportNamedDeclaration(it) => {
                self.module.edits.blank_statement(range(it.span));
                if it.export_kind.is_type() {
                    return;
                }
                for specifier in it.specifiers.iter().filter(|specifier| !specifier.export_kind.is_type()) {
                    let local = specifier.local.name().to_string();
                    if self.is_type(&specifier.local) {
                        continue;
                    }
                    self.module.exports.insert(specifier.exported.name().to_string(), Export::Local(local));
                }
            }
            ModuleDeclaration::ExportDeclaration(it) => self.export_declaration(it),
            ModuleDeclaration::ExportDefaultDeclaration(it) => self.export_default(it),
            ModuleDeclaration::TSExportAssignment(_) | ModuleDeclaration::TSNamespaceExportDeclaration(_) => {}
        }
    }

    /// Whether an exported name is a type: TypeScript allows `export { SomeInterface }`.
    fn is_type(&self, name: &ModuleExportName) -> bool {
        let ModuleExportName::IdentifierReference(reference) = name else { return false };
        let symbol = reference.reference_id.get().and_then(|id| self.scoping.get_reference(id).symbol_id());
        self.is_typescript
            && symbol.is_some_and(|symbol| !self.scoping.symbol_flags(symbol).can_be_referenced_by_value())
    }

    fn import(&mut self, it: &ImportDeclaration) {
        self.module.edits.blank_statement(range(it.span));
        if it.import_kind.is_type() {
            return;
        }
        let mut bindings = Vec::new();
        let mut elided = 0;
        let specifiers = it.specifiers.iter().flatten();
        for specifier in specifiers {
            let (name, local, is_type) = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(it) => {
                    (Some(it.imported.name().to_string()), &it.local, it.import_kind.is_type())
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(it) => {
                    (Some("default".to_owned()), &it.local, false)
                }
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(it) => (None, &it.local, false),
            };
            // TypeScript drops imports that no value refers to: they are types, or of no use.
            let is_used = local.symbol_id.get().is_some_and(|symbol| {
                self.scoping.get_resolved_references(symbol).any(|reference| reference.is_value())
            });
            if is_type || (self.is_typescript && !is_used) {
                elided += 1;
                continue;
            }
            bindings.push(Binding { name, local: local.name.to_string(), range: range(specifier.span()) });
        }
        if elided == 0 || !bindings.is_empty() {
            self.add_import(&it.source, bindings);
        }
    }

    fn add_import(&mut self, source: &StringLiteral, bindings: Vec<Binding>) -> usize {
        self.module.imports.push(Import { specifier: source.value.to_string(), range: range(source.span), bindings });
        self.module.imports.len() - 1
    }

    fn export_declaration(&mut self, it: &ExportDeclaration) {
        let mut names = Vec::new();
        match &it.declaration {
            Declaration::VariableDeclaration(it) if !it.declare => {
                it.declarations.iter().for_each(|declarator| binding_names(&declarator.id, &mut names));
            }
            Declaration::FunctionDeclaration(it) if it.body.is_some() && !it.declare => {
                names.extend(it.id.as_ref().map(|id| id.name.to_string()));
            }
            Declaration::ClassDeclaration(it) if !it.declare => {
                names.extend(it.id.as_ref().map(|id| id.name.to_string()))
            }
            Declaration::TSEnumDeclaration(it) if !it.declare => names.push(it.id.name.to_string()),
            _ => return, // a type, which `types.rs` removes, or something that it refuses
        }
        self.module.edits.blank(it.span.start as usize..it.declaration.span().start as usize);
        for name in names {
            self.module.exports.insert(name.clone(), Export::Local(name));
        }
    }

    fn export_default(&mut self, it: &ExportDefaultDeclaration) {
        let id = match &it.declaration {
            ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => return,
            ExportDefaultDeclarationKind::FunctionDeclaration(it) if it.body.is_none() => return,
            ExportDefaultDeclarationKind::FunctionDeclaration(it) => it.id.as_ref(),
            ExportDefaultDeclarationKind::ClassDeclaration(it) => it.id.as_ref(),
            _ => None,
        };
        let head = it.span.start as usize..it.declaration.span().start as usize;
        let local = match id {
            Some(id) => {
                self.module.edits.blank(head);
                id.name.to_string()
            }
            None => {
                self.module.edits.replace(head, "const $$default=");
                "$$default".to_owned()
            }
        };
        self.module.exports.insert("default".to_owned(), Export::Local(local));
    }
}

fn binding_names(pattern: &BindingPattern, names: &mut Vec<String>) {
    match pattern {
        BindingPattern::BindingIdentifier(id) => names.push(id.name.to_string()),
        BindingPattern::ObjectPattern(it) => {
            it.properties.iter().for_each(|property| binding_names(&property.value, names));
            it.rest.iter().for_each(|rest| binding_names(&rest.argument, names));
        }
        BindingPattern::ArrayPattern(it) => {
            it.elements.iter().flatten().for_each(|element| binding_names(element, names));
            it.rest.iter().for_each(|rest| binding_names(&rest.argument, names));
        }
        BindingPattern::AssignmentPattern(it) => binding_names(&it.left, names),
    }
}
