//! Prepared projects, as `syncline package` ships them: that they answer like others is shown by every case of
//! `suite/projects.rs`.

use std::collections::BTreeMap;

use syncline::api::prepared::{FILE_NAME, PreparedProject, prepare, sources};
use syncline::backend::files::{ProjectFiles, read_project};
use syncline::project::Project;

use crate::harness::function::Function;
use crate::harness::project::folder;
use crate::harness::{Folder, tests_folder};
use crate::lambda::protocol::{body, http};

fn environment(variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn prepared(files: &ProjectFiles) -> Vec<u8> {
    let (project, _) = Project::load(files);
    let checked = syncline::api::check(&project).unwrap_or_else(|problems| panic!("{problems:?}"));
    prepare(files, &project, &checked)
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn variables_are_read_where_the_project_runs_and_their_values_stay_out_of_the_file() {
    let files = read_project(&folder("shop"), environment(&[("USERS_TABLE", "of-the-build-machine")])).unwrap();
    let bytes = prepared(&files);
    assert!(!contains(&bytes, "of-the-build-machine"));
    for (variables, expected) in [(&[("USERS_TABLE", "of-production")][..], "of-production"), (&[], "shop-users")] {
        let read = PreparedProject::read(&bytes.clone().into(), environment(variables)).unwrap();
        let (project, _) = Project::load(&read.files);
        assert_eq!(project.config.tables["users"].physical_name, expected);
        assert_eq!(project.config.environment["USERS_TABLE"].as_str(), Some(expected));
    }
}

#[test]
fn the_same_project_gives_the_same_bytes() {
    for project in ["shop", "vtl", "types", "auth"] {
        let files = read_project(&folder(project), BTreeMap::new()).unwrap();
        assert!(prepared(&files) == prepared(&files), "{project}");
    }
}

#[test]
fn what_was_made_by_other_sources_or_is_damaged_is_refused_with_the_reason() {
    let bytes = prepared(&read_project(&folder("vtl"), BTreeMap::new()).unwrap());
    let read = |bytes: &[u8]| PreparedProject::read(&bytes.to_vec().into(), BTreeMap::new()).err();
    assert_eq!(read(&bytes), None);

    let other = String::from_utf8_lossy(&bytes[..60]).replace(sources(), &"0".repeat(32));
    let other = [other.as_bytes(), &bytes[60..]].concat();
    let expected = format!("it was made by sources `{}`, this program was built of `{}`", "0".repeat(32), sources());
    assert_eq!(read(&other), Some(expected));
    assert_eq!(read(b"PK"), Some("it is no prepared project".to_owned()));
    assert_eq!(read(b""), Some("it is no prepared project".to_owned()));
    for length in (60..bytes.len()).step_by(997) {
        let reason = read(&bytes[..length]).expect("a part of it is no whole");
        assert!(reason.starts_with("it is damaged: "), "{reason}");
    }
}

#[test]
fn another_dialect_or_other_schema_files_need_another_preparation() {
    let project = Folder::new()
        .with("syncline.yaml", "schema: ${SCHEMA:-a.graphql} # or b.graphql\nruntime: ${RUNTIME:-appsync}\n")
        .with("a.graphql", "type Query { a: Int }\n")
        .with("b.graphql", "type Query { a: Int b: Int }\n")
        .with("resolvers/Query.a.[NONE].js", "export const request = () => ({ payload: 1 });\n");
    let bytes = prepared(&read_project(project.path(), BTreeMap::new()).unwrap());
    for (variables, is_the_same) in
        [(&[][..], true), (&[("SCHEMA", "b.graphql")], false), (&[("RUNTIME", "standard")], false)]
    {
        let read = PreparedProject::read(&bytes.clone().into(), environment(variables)).unwrap();
        let (project, problems) = Project::load(&read.files);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(read.check(&project).is_some(), is_the_same, "{variables:?}");
    }
}

/// A function's folder with the project and its prepared form.
fn packaged(bytes: &[u8]) -> Folder {
    let project = Folder::new()
        .with("syncline.yaml", "name: ${NAME:-packaged}\nenvironment: { NAME: \"${NAME:-packaged}\" }\n")
        .with("schema.graphql", "type Query { name: String }\n")
        .with("resolvers/Query.name.[NONE].js", "export const request = (ctx) => ({ payload: ctx.env.NAME });\n");
    let bytes = if bytes.is_empty() {
        prepared(&read_project(project.path(), BTreeMap::new()).unwrap())
    } else {
        bytes.to_vec()
    };
    std::fs::write(project.path().join(FILE_NAME), bytes).unwrap();
    project
}

#[test]
fn a_function_takes_up_what_was_prepared() {
    let project = packaged(b"");
    // Were it not taken up, the function would find this.
    project.write("resolvers/Query.name.[NONE].js", "export const request = () => ({ payload: 'compiled again' });\n");
    for name in ["", "of-production"] {
        let function = Function::start(project.path(), &[("NAME", name.to_owned())]);
        let answer = body(&function.api.invoke(http("{ name }")));
        let expected = if name.is_empty() { "packaged" } else { name };
        assert_eq!(answer, serde_json::json!({ "data": { "name": expected } }), "{}", function.talk());
        let introspection = body(&function.api.invoke(http("{ __type(name: \"Query\") { fields { name } } }")));
        assert_eq!(introspection["data"]["__type"]["fields"][0]["name"], "name");
    }
}

#[test]
fn a_function_that_cannot_use_what_was_prepared_does_it_again_and_says_why() {
    let old = format!("syncline sources {}\nold", "0".repeat(32));
    let project = packaged(old.as_bytes());
    let function = Function::start(project.path(), &[]);
    assert_eq!(body(&function.api.invoke(http("{ name }"))), serde_json::json!({ "data": { "name": "packaged" } }));
    let talk = function.kill();
    let said = "the prepared project cannot be used; the start takes longer";
    assert!(talk.contains(said) && talk.contains("it was made by sources `000"), "{talk}");
}

#[test]
fn every_project_of_the_tests_can_be_prepared() {
    for entry in std::fs::read_dir(tests_folder("projects")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let files = read_project(&folder(&name), BTreeMap::new()).unwrap();
        let read = PreparedProject::read(&prepared(&files).into(), BTreeMap::new())
            .unwrap_or_else(|reason| panic!("{name}: {reason}"));
        let (project, _) = Project::load(&read.files);
        assert!(read.check(&project).is_some_and(|checked| checked.is_ok()), "{name}");
    }
}
