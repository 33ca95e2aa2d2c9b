//! Runs the cases of `tests/policies/*.txt` (see `tests/policies/README.md`).

use std::fmt::Write as _;
use std::path::Path;

use crate::backend::files::ProjectFiles;
use crate::error::{Severity, SourceFile};
use crate::package::policy::{Place, policies};
use crate::package::uses::uses_by_domain;
use crate::project::Project;
use crate::schema::parse_schema;
use crate::value::Str;

/// Files of a part of a case: `--- path`, then the text.
fn files(part: &str) -> Vec<(&str, &str)> {
    let parts = part.split("--- ").skip(1);
    parts.map(|part| part.split_once('\n').unwrap_or((part, ""))).collect()
}

fn project(common: &[(&str, &str)], own: &[(&str, &str)]) -> ProjectFiles {
    let mut files = ProjectFiles { name: "case".into(), ..ProjectFiles::default() };
    for (path, text) in common.iter().chain(own) {
        files.files.insert(Str::from(*path), SourceFile::new(*path, *text));
    }
    files
}

/// The policies of a project, one line for each statement, and what could not be told.
fn describe(files: &ProjectFiles) -> String {
    let (project, problems) = Project::load(files);
    let errors: Vec<String> =
        problems.iter().filter(|problem| problem.severity == Severity::Error).map(ToString::to_string).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    let schema = parse_schema(&project.schema_files, &project.limits()).expect("the schema is one").schema;
    let uses = uses_by_domain(&project, &schema);
    let unclear: Vec<String> = uses.values().flat_map(|uses| uses.unclear.iter().cloned()).collect();
    let place = Place { region: "r".into(), account: "1".into() };
    let mut out = String::new();
    for policy in policies(&project, uses) {
        let domain = policy.domain.as_deref().unwrap_or("-");
        let role = policy.role.as_ref().map_or(String::new(), |role| format!(" as {role}"));
        writeln!(out, "{domain}{role}").unwrap();
        for statement in policy.statements() {
            let actions: Vec<&str> = statement.actions.iter().map(|action| action.as_str()).collect();
            let resources: Vec<String> = statement
                .resources
                .iter()
                .map(|resource| place.arn(resource))
                .map(|arn| arn.replace("arn:aws:dynamodb:r:1:", "").replace("arn:aws:lambda:r:1:", ""))
                .collect();
            writeln!(out, "  {} on {}", actions.join(", "), resources.join(", ")).unwrap();
        }
    }
    for note in unclear {
        writeln!(out, "unclear: {note}").unwrap();
    }
    if out.is_empty() { "nothing\n".to_owned() } else { out }
}

#[test]
fn every_resolver_gets_the_rights_that_it_needs_and_no_others() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies");
    let is_update = std::env::var_os("UPDATE").is_some();
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    let (mut count, mut report) = (0, String::new());
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut parts = text.split("\n=== ");
        let head = parts.next().unwrap();
        let common = files(head);
        let mut written = head.to_owned();
        for case in parts {
            count += 1;
            let (input, expected) = case.split_once("--- needs\n").unwrap_or((case, ""));
            let (name, own) = input.split_once('\n').unwrap();
            let actual = describe(&project(&common, &files(own)));
            if actual.trim_end() != expected.trim_end() {
                let file = path.file_name().unwrap_or_default().display();
                writeln!(report, "{file}: {name}\n--- expected\n{expected}\n--- actual\n{actual}").unwrap();
            }
            write!(written, "\n=== {}\n--- needs\n{actual}", input.trim_end()).unwrap();
        }
        if is_update && written != text {
            std::fs::write(&path, written).unwrap();
        }
    }
    assert!(count > 0, "there are no cases");
    assert!(report.is_empty() || is_update, "{report}");
}

#[test]
fn a_project_without_resolvers_needs_nothing() {
    let files = project(
        &[("syncline.yaml", "tables: { notes: { partitionKey: id } }"), ("schema.graphql", "type Query { a: Int }")],
        &[],
    );
    assert_eq!(describe(&files), "nothing\n");
}
