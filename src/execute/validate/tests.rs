//! The cases in `tests/validation/*.txt`, and what must hold for every document.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::*;
use crate::error::SourceFile;
use crate::execute::document::parse_document;
use crate::limits::Limits;
use crate::schema::parse_schema;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/validation")
}

pub(super) fn schema(sdl: &str) -> Schema {
    match parse_schema(&[SourceFile::new("schema.graphql", sdl)], &Limits::default()) {
        Ok(parsed) => parsed.schema,
        Err(problems) => panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

pub(super) fn shared_schema() -> Schema {
    schema(&std::fs::read_to_string(folder().join("schema.graphql")).unwrap())
}

/// One error a line: its places, its message; `ok` when there is none.
fn outcome(schema: &Schema, query: &str, introspection_enabled: bool) -> String {
    let errors = match parse_document(query, &Limits::default()) {
        Ok(document) => validate(schema, &document, introspection_enabled),
        Err(error) => vec![error],
    };
    let mut text = String::new();
    for error in &errors {
        let places: Vec<_> = error.locations.iter().flatten().map(|at| format!("{}:{}", at.line, at.column)).collect();
        let _ = writeln!(text, "{} {}", places.join(","), error.message);
    }
    if errors.is_empty() { "ok\n".to_owned() } else { text }
}

/// A file holds cases: a line `=== name`, the query, a line `---`, the outcome. A name that ends in
/// `[introspection off]` is run without introspection. `UPDATE=1` writes what came out into the files: read the diff.
#[test]
fn every_case_gives_the_engine_s_messages() {
    let schema = shared_schema();
    let mut files: Vec<_> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    let (mut count, mut wrong) = (0, String::new());
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut updated = String::new();
        for case in text.split("=== ").skip(1) {
            let (name, rest) = case.split_once('\n').unwrap();
            let (query, expected) = rest.split_once("---\n").unwrap_or((rest, ""));
            let actual = outcome(&schema, query, !name.contains("[introspection off]"));
            if actual.trim() != expected.trim() {
                let _ = writeln!(wrong, "{}: {name}\nexpected\n{expected}actual\n{actual}", path.display());
            }
            let _ = write!(updated, "=== {name}\n{}\n---\n{actual}\n", query.trim_end());
            count += 1;
        }
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, updated.trim_end().to_owned() + "\n").unwrap();
        }
    }
    assert!(wrong.is_empty() || std::env::var_os("UPDATE").is_some(), "{wrong}");
    assert!(count >= 80, "only {count} cases were found");
}

fn steps_and_errors(schema: &Schema, query: &str) -> (usize, Vec<GraphQLError>) {
    let limits = Limits::default();
    let document = parse_document(query, &limits).unwrap();
    let mut validator = Validator::new(Types { schema, introspection_enabled: true }, &document);
    validator.visit_document();
    (validator.steps, validator.errors)
}

#[test]
fn steps_grow_with_the_document_and_not_with_what_it_expands_to() {
    let schema = shared_schema();
    let mut doubling = "{ getPost(id: 1) { ...F0 } }".to_owned();
    for level in 0..30 {
        let next = level + 1;
        let _ = write!(
            doubling,
            " fragment F{level} on Post {{ a: related {{ ...F{next} }} b: related {{ ...F{next} }} }}"
        );
    }
    doubling += " fragment F30 on Post { id }";
    let aliases: String = (0..2_000).map(|index| format!(" a{index}: version")).collect();
    let shared: String = (0..400).map(|index| format!(" a{index}: getPost(id: 1) {{ ...F }}")).collect();
    let merging = format!(" getPost(id: 1) {{ {} id {} }}", "related { ".repeat(20), "}".repeat(20));
    let cases = [
        ("fragments that double at every level", doubling),
        ("aliases", format!("{{ {aliases} }}")),
        ("the same leaf over and over", format!("{{ {} }}", " version".repeat(10_000))),
        ("the same object over and over", format!("{{ {} }}", " getPost(id: 1) { id }".repeat(1_000))),
        ("nested objects that merge", format!("{{ {} }}", merging.repeat(40))),
        ("many spreads of one fragment", format!("{{ {shared} }} fragment F on Post {{ {} }}", " title".repeat(100))),
    ];
    for (name, query) in cases {
        let (steps, _) = steps_and_errors(&schema, &query);
        assert!(steps < 120_000, "{name}: {steps} steps");
    }
}

#[test]
fn a_chain_of_fragments_may_be_as_long_as_a_document() {
    let schema = shared_schema();
    let mut query = "query($v: Int) { getPost(id: 1) { ...F0 ...F0 } }".to_owned();
    for level in 0..1_000 {
        let _ = write!(query, " fragment F{level} on Post {{ related {{ ...F{} }} }}", level + 1);
    }
    query += " fragment F1000 on Post { comments(first: $v) { id } comments(first: 1) { id } }";
    let (steps, errors) = steps_and_errors(&schema, &query);
    assert!(steps < 50_000, "{steps} steps");
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(
        errors[0]
            .message
            .starts_with("Validation error of type FieldsConflict: comments: they have differing arguments")
    );
}

#[test]
fn operations_that_share_a_large_fragment_do_not_walk_it_each() {
    let schema = shared_schema();
    let operations: String = (0..500).map(|index| format!("query Q{index} {{ getPost(id: 1) {{ ...F }} }} ")).collect();
    let (steps, errors) =
        steps_and_errors(&schema, &format!("{operations} fragment F on Post {{ {} }}", "title ".repeat(5_000)));
    assert!(steps < 50_000 && errors.is_empty(), "{steps} steps, {errors:?}");
}

/// Each level lets the set of merged fields differ by the alias taken there: the subset construction of a finite
/// automaton, which no algorithm of this kind survives without a bound.
#[test]
fn fields_that_merge_in_exponentially_many_ways_are_refused() {
    let schema = shared_schema();
    let mut query = "{ getPost(id: 1) { ...F0 } }".to_owned();
    for level in 0..28 {
        let next = level + 1;
        let _ = write!(
            query,
            " fragment F{level} on Post {{ a: related {{ ...F{next} ...G{level}x0 }} b: related {{ ...F{next} }} }}"
        );
        for rest in 0..28 - level {
            let _ = write!(
                query,
                " fragment G{level}x{rest} on Post {{ a: related {{ ...G{level}x{0} }} b: related {{ ...G{level}x{0} }} }}",
                rest + 1
            );
        }
        let _ = write!(query, " fragment G{level}x{} on Post {{ id }}", 28 - level);
    }
    query += " fragment F28 on Post { id }";
    let (steps, errors) = steps_and_errors(&schema, &query);
    assert!(steps < 2 * overlapping::MAX_STEPS, "{steps} steps");
    assert_eq!(errors.len(), 1, "{:?}", errors.first());
    assert_eq!(errors[0].message, "the document merges too many fields with each other to be checked");
}

#[test]
fn errors_are_bounded_in_number_and_length() {
    let schema = shared_schema();
    let unknown: String = (0..3_000).map(|index| format!(" x{index}")).collect();
    assert_eq!(steps_and_errors(&schema, &format!("{{ {unknown} }}")).1.len(), MAX_ERRORS);
    let name = "F".repeat(100_000);
    let (_, errors) = steps_and_errors(&schema, &format!("{{ ...{name} }} fragment {name} on Query {{ {unknown} }}"));
    let bytes: usize = errors.iter().map(|error| error.message.len()).sum();
    assert!(bytes < 2 * MAX_MESSAGE_BYTES, "{bytes} bytes");
}

#[test]
fn an_operation_needs_its_root_type() {
    let schema = schema("type Query { a: Int }");
    assert_eq!(outcome(&schema, "mutation { a }", true), "1:1 Schema is not configured for mutations.\n");
    assert_eq!(outcome(&schema, "subscription S { a }", true), "1:1 Schema is not configured for subscriptions.\n");
}
