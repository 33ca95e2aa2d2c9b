//! The tables of `tests/auth/access`: every way to sign in against every place that a directive can stand.

use std::collections::BTreeMap;
use std::path::Path;

use syncline::auth::rules::{AccessRules, is_authorized};
use syncline::backend::files::ProjectFiles;
use syncline::context::{AuthMode, Identity};
use syncline::error::{Severity, SourceFile};
use syncline::limits::Limits;
use syncline::project::Project;
use syncline::schema::parse_schema;
use syncline::value::{Str, Value, object};

use crate::harness::snapshot::compare;
use crate::harness::tests_folder;

fn callers() -> BTreeMap<&'static str, Identity> {
    let caller = |mode, value| Identity { value, mode: Some(mode), ..Identity::default() };
    let user = |groups: &[&str]| {
        let groups: Value = groups.iter().map(|group| Value::from(*group)).collect();
        caller(AuthMode::UserPools, object! { "groups" => groups })
    };
    let lambda = || caller(AuthMode::Lambda, object! { "resolverContext" => Value::empty_object() });
    let denied = ["Query.secret", "arn:aws:appsync:eu-central-1:111122223333:apis/a/types/Note/fields/text"];
    let denied_fields = denied.iter().map(|field| Str::from(*field)).collect();
    BTreeMap::from([
        ("key", caller(AuthMode::ApiKey, Value::Null)),
        ("iam", caller(AuthMode::Iam, Value::empty_object())),
        ("user", caller(AuthMode::UserPools, object! { "groups" => Value::Null })),
        ("admin", user(&["admins"])),
        ("editor", user(&["editors", "readers"])),
        ("oidc", caller(AuthMode::OpenIdConnect, Value::empty_object())),
        ("lambda", lambda()),
        ("denied", Identity { denied_fields, ..lambda() }),
    ])
}

#[test]
fn the_tables_of_access_hold() {
    let mut files: Vec<_> =
        std::fs::read_dir(tests_folder("auth/access")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 8, "only {} tables", files.len());
    let failures: Vec<String> = files.iter().filter_map(|file| check(file).err()).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn check(file: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(file).unwrap();
    let [config, schema, table] = text.split("---\n").collect::<Vec<_>>()[..] else {
        return Err(format!("{} has not three parts", file.display()));
    };
    let sources = [("syncline.yaml", config), ("schema.graphql", schema)]
        .map(|(path, text)| (Str::from(path), SourceFile::new(path, text)));
    let sources = ProjectFiles { name: "test".into(), files: sources.into_iter().collect(), ..ProjectFiles::default() };
    let (project, problems) = Project::load(&sources);
    assert!(problems.iter().all(|problem| problem.severity != Severity::Error), "{problems:?}");
    let parsed =
        parse_schema(&project.schema_files, &Limits::default()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let rules = AccessRules::new(&parsed.schema.access_directives, &project.config.authentication);
    let callers = callers();
    let mut lines = table.lines();
    let head = lines.next().unwrap_or_default();
    let mut actual = format!("{config}---\n{schema}---\n{head}\n");
    for line in lines {
        let coordinate = line.split_whitespace().next().unwrap_or_default();
        let (type_name, field_name) = coordinate.split_once('.').unwrap();
        let fields = parsed.schema.types[type_name].fields().unwrap();
        assert!(fields.contains_key(field_name), "the schema has no {coordinate}");
        let mut row = format!("{coordinate:<23}");
        for caller in head.split_whitespace() {
            let rule = rules.rule(type_name, field_name);
            let is_let_in = is_authorized(rule, type_name, field_name, &callers[caller]);
            row.push_str(&format!("{:<7}", if is_let_in { "yes" } else { "-" }));
        }
        actual.push_str(&format!("{}\n", row.trim_end()));
    }
    compare(file, &actual)
}
