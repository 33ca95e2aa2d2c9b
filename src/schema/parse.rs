//! `schema.graphql` -> [`Schema`]. apollo-compiler reads the text and finds every error with its place; this file
//! makes room for what AppSync allows beyond the specification, and refuses what AppSync refuses (spec
//! appsync-service 1.6 to 1.8).

use std::collections::BTreeSet;
use std::sync::Arc;

use apollo_compiler::ast::{self, Definition};
use apollo_compiler::schema::SchemaBuilder;
use apollo_compiler::validation::DiagnosticList;
use apollo_compiler::{Node, Schema as ApolloSchema};

use crate::error::{Diagnostic, SourceFile, nearest};
use crate::limits::Limits;
use crate::schema::access::access_directives;
use crate::schema::{Scalar, Schema, build};

/// AppSync's directives as its introspection reports them (spec appsync-service 1.6). Group lists take nullable
/// elements, because the tools differ in what they declare.
const DIRECTIVES: &str = r#"
directive @aws_subscribe(mutations: [String]) on FIELD_DEFINITION
directive @aws_publish(subscriptions: [String]) on FIELD_DEFINITION
directive @aws_auth(cognito_groups: [String]) on FIELD_DEFINITION | OBJECT
directive @aws_cognito_user_pools(cognito_groups: [String]) on OBJECT | FIELD_DEFINITION
directive @aws_api_key on OBJECT | FIELD_DEFINITION
directive @aws_iam on OBJECT | FIELD_DEFINITION
directive @aws_oidc on OBJECT | FIELD_DEFINITION
directive @aws_lambda on OBJECT | FIELD_DEFINITION
directive @aws_delta_sync on OBJECT
directive @canonical on OBJECT | FIELD_DEFINITION
directive @hidden on OBJECT | FIELD_DEFINITION
directive @renamed(to: String!) on OBJECT | FIELD_DEFINITION
directive @defer on FIELD
"#;

const KNOWN_DIRECTIVES: &[&str] = &[
    "aws_subscribe",
    "aws_publish",
    "aws_auth",
    "aws_cognito_user_pools",
    "aws_api_key",
    "aws_iam",
    "aws_oidc",
    "aws_lambda",
    "aws_delta_sync",
    "canonical",
    "hidden",
    "renamed",
    "defer",
    "deprecated",
    "include",
    "skip",
];

/// What reading a schema gives: the schema, and what AppSync itself would refuse although it works here.
pub struct Parsed {
    pub schema: Schema,
    /// Shown by `check --strict`.
    pub strict: Vec<Diagnostic>,
}

/// Reads and checks the schema files as one document; `extend type` works across them.
///
/// # Errors
/// Every problem of every file, in the order of the files.
pub fn parse_schema(files: &[Arc<SourceFile>], limits: &Limits) -> Result<Parsed, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let mut strict = Vec::new();
    let size: usize = files.iter().map(|file| file.text.len()).sum();
    if size > limits.schema_bytes {
        problems.push(Diagnostic::error(format!(
            "the schema has {size} bytes, more than the {} that AppSync takes",
            limits.schema_bytes
        )));
        return Err(problems);
    }
    let mut documents = Vec::with_capacity(files.len());
    for file in files {
        match ast::Document::parse(rewrite_implements(&file.text), file.path.as_str()) {
            Ok(document) => documents.push((file, document)),
            Err(failure) => problems.extend(diagnostics(&failure.errors, files, &[])),
        }
    }
    let mut names = Names::default();
    // A syntax error hides definitions, so that everything that follows from it would be noise.
    if !problems.is_empty() {
        return Err(problems);
    }
    for (file, document) in &mut documents {
        prepare(document, file, &mut names, &mut problems, &mut strict);
    }
    let mut builder = SchemaBuilder::new()
        .adopt_orphan_extensions()
        .ignore_builtin_redefinitions()
        .parse(prelude(&names), "appsync.graphql");
    for (_, document) in &documents {
        builder = builder.add_ast(document);
    }
    let known: Vec<String> =
        Scalar::ALL.iter().map(|scalar| scalar.name().to_owned()).chain(names.defined.iter().cloned()).collect();
    let built = match builder.build() {
        Ok(built) => built,
        Err(failure) => {
            problems.extend(diagnostics(&failure.errors, files, &known));
            failure.partial // what could be built still has its own errors to tell
        }
    };
    let first_line = |problem: Diagnostic| match files.first() {
        Some(file) if problem.place.is_none() => problem.at(file, 0..0),
        _ => problem,
    };
    if built.schema_definition.query.is_none() {
        // AppSync's text (spec appsync-service 1.8).
        problems.push(first_line(
            Diagnostic::error("a schema must have a `query` operation defined")
                .help("add `type Query { … }`, or name the type in `schema { query: … }`"),
        ));
        return Err(problems);
    }
    let valid = match built.validate() {
        Ok(valid) => valid,
        Err(failure) => {
            problems.extend(diagnostics(&failure.errors, files, &known));
            return Err(problems);
        }
    };
    let (mut schema, wrong_defaults) = build::build(valid);
    schema.access_directives =
        documents.iter().flat_map(|(file, document)| access_directives(document, file)).collect();
    problems.extend(wrong_defaults.into_iter().map(first_line));
    if problems.is_empty() { Ok(Parsed { schema, strict }) } else { Err(problems) }
}

/// Names that the documents use and define, for the prelude and for suggestions.
#[derive(Default)]
struct Names {
    used: BTreeSet<String>,
    defined: BTreeSet<String>,
}

/// The directives, and those AWS scalars that the schema names: introspection lists a scalar only when it is used.
fn prelude(names: &Names) -> String {
    let mut text = DIRECTIVES.to_owned();
    for scalar in Scalar::ALL.iter().filter(|scalar| names.used.contains(scalar.name())) {
        if scalar.name().starts_with("AWS") {
            let description = format!("The `{0}` scalar type provided by AWS AppSync.", scalar.name());
            text.push_str(&format!("\"{description}\"\nscalar {}\n", scalar.name()));
        }
    }
    text
}

/// AppSync takes `implements A, B` and `implements A B` as well as `implements A & B`. Replaces one separator
/// character by `&`, so that every place in the text stays where it was.
fn rewrite_implements(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut from = 0;
    while let Some(found) = text[from..].find("implements") {
        let start = from + found + "implements".len();
        from = start;
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let is_word = text[..start - "implements".len()].ends_with(char::is_whitespace)
            && text[start..].starts_with(char::is_whitespace);
        let line = &text[line_start..start];
        if !is_word || line.contains('#') || line.contains('"') {
            continue;
        }
        let end = text[start..].find(['{', '@', '\n', '#', '"']).map_or(text.len(), |at| start + at);
        let list = &text[start..end];
        if list.contains('&') {
            continue;
        }
        let names: Vec<(usize, &str)> = list
            .split(|c: char| c.is_whitespace() || c == ',')
            .filter(|name| !name.is_empty())
            .map(|name| (name.as_ptr() as usize - text.as_ptr() as usize, name))
            .collect();
        // A name that starts a definition of its own ends the list (`type A implements B type C {`).
        let keyword =
            |name: &str| matches!(name, "type" | "interface" | "union" | "enum" | "input" | "extend" | "schema");
        for pair in names.windows(2).take_while(|pair| !keyword(pair[1].1)) {
            bytes[pair[0].0 + pair[0].1.len()] = b'&';
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// Takes AWS redeclarations out, refuses what AppSync refuses, and turns `#` comments into descriptions.
fn prepare(
    document: &mut ast::Document,
    file: &Arc<SourceFile>,
    names: &mut Names,
    problems: &mut Vec<Diagnostic>,
    strict: &mut Vec<Diagnostic>,
) {
    let place = |name: &apollo_compiler::Name| name.location().map_or(0..0, |span| span.offset()..span.end_offset());
    document.definitions.retain(|definition| match definition {
        Definition::ScalarTypeDefinition(scalar) if Scalar::from_name(&scalar.name).is_some() => false,
        Definition::ScalarTypeDefinition(scalar) => {
            let name = scalar.name.as_str();
            let aws = Scalar::ALL.iter().map(|scalar| scalar.name()).filter(|name| name.starts_with("AWS"));
            problems.push(
                Diagnostic::error(format!(
                    "custom scalar `{name}` is not supported: AppSync has a fixed list of scalars"
                ))
                .at(file, place(&scalar.name))
                .help(match nearest(name, aws) {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => format!(
                        "use one of {}",
                        Scalar::ALL.iter().map(|scalar| format!("`{}`", scalar.name())).collect::<Vec<_>>().join(", ")
                    ),
                }),
            );
            true
        }
        Definition::DirectiveDefinition(directive) if KNOWN_DIRECTIVES.contains(&directive.name.as_str()) => false,
        Definition::DirectiveDefinition(directive) => {
            problems.push(
                Diagnostic::error(format!(
                    "custom directive `@{}` is not supported: AppSync refuses it",
                    directive.name
                ))
                .at(file, place(&directive.name))
                .help(format!("AppSync knows {}", directive_names())),
            );
            true
        }
        _ => true,
    });
    for definition in &document.definitions {
        if let Some(name) = definition.name() {
            names.defined.insert(name.to_string());
            let is_input_or_output_type = !matches!(
                definition,
                Definition::OperationDefinition(_)
                    | Definition::FragmentDefinition(_)
                    | Definition::DirectiveDefinition(_)
                    | Definition::ScalarTypeDefinition(_)
            );
            if is_input_or_output_type && (name.starts_with("__") || name.starts_with("AWS")) {
                problems.push(
                    Diagnostic::error(format!(
                        "type name `{name}` is reserved: AppSync refuses names that start with `__` or `AWS`"
                    ))
                    .at(file, place(name)),
                );
            }
        }
        if let Definition::InterfaceTypeDefinition(interface) = definition
            && let Some(parent) = interface.implements_interfaces.first()
        {
            // AppSync: "Failed to parse schema document - ensure it's a valid SDL-formatted document." (spec 1.8)
            strict.push(
                Diagnostic::error(format!(
                    "interface `{}` implements an interface, which AppSync refuses",
                    interface.name
                ))
                .at(file, place(parent))
                .help("to deploy this schema to AppSync, let the object types implement both interfaces"),
            );
        }
    }
    describe(document, file, names);
}

fn directive_names() -> String {
    KNOWN_DIRECTIVES.iter().map(|name| format!("`@{name}`")).collect::<Vec<_>>().join(", ")
}

/// Gives every definition without description the `#` comment that stands directly above it (spec appsync-service 1.8).
fn describe(document: &mut ast::Document, file: &SourceFile, names: &mut Names) {
    macro_rules! each_field {
        ($definition:expr) => {{
            let definition = $definition.make_mut();
            for field in &mut definition.fields {
                names.used.insert(field.ty.inner_named_type().to_string());
                for argument in &field.arguments {
                    names.used.insert(argument.ty.inner_named_type().to_string());
                }
                let comment = comment_above(file, field.location(), field.description.is_some());
                if comment.is_some() {
                    field.make_mut().description = comment;
                }
            }
        }};
    }
    macro_rules! own {
        ($definition:expr) => {{
            let comment = comment_above(file, $definition.location(), $definition.description.is_some());
            if comment.is_some() {
                $definition.make_mut().description = comment;
            }
        }};
    }
    for definition in &mut document.definitions {
        match definition {
            Definition::ObjectTypeDefinition(definition) => {
                own!(definition);
                each_field!(definition);
            }
            Definition::ObjectTypeExtension(definition) => each_field!(definition),
            Definition::InterfaceTypeDefinition(definition) => {
                own!(definition);
                each_field!(definition);
            }
            Definition::InterfaceTypeExtension(definition) => each_field!(definition),
            Definition::UnionTypeDefinition(definition) => own!(definition),
            Definition::EnumTypeDefinition(definition) => {
                own!(definition);
                for value in &mut definition.make_mut().values {
                    own!(value);
                }
            }
            Definition::InputObjectTypeDefinition(definition) => {
                own!(definition);
                for field in &mut definition.make_mut().fields {
                    names.used.insert(field.ty.inner_named_type().to_string());
                    own!(field);
                }
            }
            Definition::InputObjectTypeExtension(definition) => {
                for field in &mut definition.make_mut().fields {
                    names.used.insert(field.ty.inner_named_type().to_string());
                    own!(field);
                }
            }
            _ => {}
        }
    }
}

fn comment_above(
    file: &SourceFile,
    location: Option<apollo_compiler::parser::SourceSpan>,
    has_description: bool,
) -> Option<Node<str>> {
    if has_description {
        return None;
    }
    let start = location?.offset();
    let before = file.text.get(..start)?;
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    if !before[line_start..].trim().is_empty() {
        return None;
    }
    let mut lines: Vec<&str> =
        before[..line_start].lines().rev().map_while(|line| line.trim().strip_prefix('#')).collect();
    if lines.is_empty() {
        return None;
    }
    lines.reverse();
    Some(Node::new_str(&lines.join("\n")))
}

/// apollo-compiler's findings as ours.
fn diagnostics(list: &DiagnosticList, files: &[Arc<SourceFile>], known: &[String]) -> Vec<Diagnostic> {
    use apollo_compiler::diagnostic::ToCliReport;
    list.iter()
        .map(|finding| {
            let message = finding.error.to_string();
            let mut diagnostic = Diagnostic::error(message.clone());
            if let Some(span) = finding.error.location()
                && let Some(source) = finding.sources.get(&span.file_id())
                && let Some(file) = files.iter().find(|file| source.path() == std::path::Path::new(file.path.as_str()))
            {
                diagnostic = diagnostic.at(file, span.offset()..span.end_offset());
            }
            match help(&message, known) {
                Some(help) => diagnostic.help(help),
                None => diagnostic,
            }
        })
        .collect()
}

fn help(message: &str, known: &[String]) -> Option<String> {
    let name = message.split('`').nth(1)?;
    if message.starts_with("cannot find type") {
        return nearest(name, known.iter().map(String::as_str)).map(|close| format!("did you mean `{close}`?"));
    }
    if message.starts_with("cannot find directive") {
        return Some(match nearest(name.trim_start_matches('@'), KNOWN_DIRECTIVES.iter().copied()) {
            Some(close) => format!("did you mean `@{close}`?"),
            None => format!("AppSync knows {}", directive_names()),
        });
    }
    None
}

/// The schema that apollo-compiler checked, kept for introspection.
pub(super) type Checked = apollo_compiler::validation::Valid<ApolloSchema>;
