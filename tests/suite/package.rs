//! `syncline package`: the cases of `tests/package`, what is in the archive, what is refused, and what `cfn-lint` says.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use syncline::api::prepared::{MARK, PreparedProject, sources};
use syncline::value::Str;

use crate::harness::binary::{Dev, Run, run, run_with_environment, start_with_environment};
use crate::harness::snapshot::compare;
use crate::harness::wire::post;
use crate::harness::{Folder, tests_folder};
use crate::roles::{aws, surroundings_of_lambda, wait_for_next_event};

/// Names the command `cfn-lint`; `scripts/test` installs it. Without it templates are compared, but not linted.
const CFN_LINT: &str = "SYNCLINE_CFN_LINT";

/// The least that Linux takes for a program: it is linked statically, and has nothing in it but the name of our sources.
fn program(architecture: &str) -> Vec<u8> {
    let machine = if architecture == "arm64" { 183_u16 } else { 62 };
    let mut header = b"\x7fELF\x02\x01\x01".to_vec();
    header.resize(16, 0);
    header.extend(2_u16.to_le_bytes());
    header.extend(machine.to_le_bytes());
    header.extend(1_u32.to_le_bytes());
    header.resize(64, 0);
    header.extend(format!("{MARK}{}\n", sources()).into_bytes());
    header
}

/// A folder to write to, and beside it a binary for each processor.
struct Outcome {
    folder: Folder,
    run: Run,
}

impl Outcome {
    /// `options`: those of the command, and `NAME=value` for variables.
    fn of(project: &Path, options: &[&str]) -> Outcome {
        let folder = Folder::new();
        let (variables, options): (Vec<&str>, Vec<&str>) =
            options.iter().partition(|option| !option.starts_with('-') && option.contains('='));
        let variables: Vec<(&str, String)> = variables
            .iter()
            .filter_map(|text| text.split_once('='))
            .map(|(name, value)| (name, value.into()))
            .collect();
        let architecture = if options.contains(&"arm64") { "arm64" } else { "x86_64" };
        let bootstrap = folder.path().join("bootstrap");
        std::fs::write(&bootstrap, program(architecture)).unwrap();
        let out = folder.path().join("out");
        let mut arguments = vec!["package", "--out", out.to_str().unwrap()];
        arguments.extend(&options);
        if !options.contains(&"--bootstrap") {
            arguments.extend(["--bootstrap", bootstrap.to_str().unwrap()]);
        }
        let run = run_with_environment(project, &arguments, &variables);
        Outcome { folder, run }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("out").join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}: {:?}", self.run))
    }

    /// The archive's files with their modes.
    fn archive(&self) -> BTreeMap<String, (u32, Vec<u8>)> {
        let bytes = std::fs::read(self.path("function.zip")).unwrap_or_else(|error| panic!("{error}: {:?}", self.run));
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut files = BTreeMap::new();
        for index in 0..archive.len() {
            let mut file = archive.by_index(index).unwrap();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            files.insert(file.name().to_owned(), (file.unix_mode().unwrap() & 0o777, bytes));
        }
        files
    }

    fn policies(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path("policies")).into_iter().flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn cases() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(tests_folder("package")).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(!folders.is_empty());
    folders
}

/// Sizes change with everything that is prepared.
fn without_sizes(said: &str) -> String {
    let words = said.split(' ').map(|word| {
        let bare = word.trim_start_matches('(');
        if bare.parse::<f64>().is_ok() && bare.contains('.') { word.replace(bare, "N") } else { word.to_owned() }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn of_case(folder: &Path) -> Outcome {
    let options = std::fs::read_to_string(folder.join("options.txt")).unwrap();
    Outcome::of(folder, &options.split_whitespace().collect::<Vec<_>>())
}

#[test]
fn templates_and_policies_are_those_of_the_cases() {
    let mut report = String::new();
    for folder in cases() {
        let outcome = of_case(&folder);
        let said = without_sizes(&outcome.run.stderr.replace(&outcome.folder.path().display().to_string(), ""));
        assert_eq!(outcome.run.code, Some(0), "{}: {said}", folder.display());
        let expected = folder.join("expected");
        std::fs::create_dir_all(expected.join("policies")).unwrap();
        let mut texts =
            vec![("said.txt".to_owned(), said), ("template.yaml".to_owned(), outcome.read("template.yaml"))];
        let policies = outcome.policies().into_iter().map(|name| format!("policies/{name}"));
        texts.extend(policies.map(|name| (name.clone(), outcome.read(&name))));
        for (name, text) in &texts {
            if let Err(difference) = compare(&expected.join(name), text) {
                report.push_str(&difference);
            }
        }
        for old in std::fs::read_dir(expected.join("policies")).unwrap() {
            let name = format!("policies/{}", old.unwrap().file_name().into_string().unwrap());
            if !texts.iter().any(|(new, _)| *new == name) {
                report.push_str(&format!("{}: {name} is not written\n", folder.display()));
            }
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn the_archive_holds_the_binary_and_what_the_project_runs_on() {
    let outcome = of_case(&tests_folder("package/shop"));
    let files = outcome.archive();
    assert_eq!(files["bootstrap"], (0o755, program("x86_64")));
    assert!(files.iter().all(|(name, (mode, _))| name == "bootstrap" || *mode == 0o644));
    // Neither seeds nor tests, not the console's query, nothing that was made here.
    let others: Vec<&String> = files.keys().filter(|name| !name.starts_with("resolvers/")).collect();
    assert_eq!(others, ["bootstrap", "schema.graphql", "syncline.prepared", "syncline.yaml"]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let made = ["bootstrap", "syncline.prepared"];
    for (name, (_, bytes)) in files.iter().filter(|(name, _)| !made.contains(&name.as_str())) {
        assert_eq!(std::fs::read(root.join(name)).unwrap(), *bytes, "{name}");
    }
    let prepared = PreparedProject::read(&files["syncline.prepared"].1.clone().into(), BTreeMap::new()).unwrap();
    let inside: Vec<&str> = prepared.files.files.keys().map(Str::as_str).collect();
    let own: Vec<&str> = files.keys().map(String::as_str).filter(|name| !made.contains(name)).collect();
    assert_eq!(own, inside);
}

#[test]
fn code_that_nothing_runs_stays_behind_and_imported_code_does_not() {
    let handler = "import { hello } from './lib/hello.js';\nexport const request = () => ({ payload: hello });\n\
                   export const response = (ctx) => ctx.result;\n";
    let folder = Folder::new()
        .with(
            "syncline.yaml",
            "tables:\n  notes: { partitionKey: id, seed: seed.json }\npersistedQueries: { documents: trusted.json }\n",
        )
        .with("seed.json", "[]")
        .with("trusted.json", "{}")
        .with("schema.graphql", "type Query { hello: String }\n")
        .with("resolvers/Query.hello.[NONE].js", handler)
        .with("resolvers/lib/hello.js", "export { hello } from './deep.js';\n")
        .with("resolvers/lib/deep.js", "export const hello = 'hello';\n")
        .with("resolvers/lib/left.js", "export const hello = 'bye';\n")
        .with("tests/hello.test.js", "")
        .with(".syncline/seeded.json", "[]")
        .with("dist/policies/old.json", "{}");
    let outcome = Outcome::of(folder.path(), &[]);
    let names: Vec<String> = outcome.archive().into_keys().collect();
    assert_eq!(
        names,
        [
            "bootstrap",
            "resolvers/Query.hello.[NONE].js",
            "resolvers/lib/deep.js",
            "resolvers/lib/hello.js",
            "schema.graphql",
            "syncline.prepared",
            "syncline.yaml",
            "trusted.json"
        ]
    );
    assert_eq!(outcome.policies(), [""; 0]);
}

/// The archive's files in a folder, as Lambda has them.
fn unpacked(outcome: &Outcome) -> Folder {
    let folder = Folder::new();
    for (name, (_, bytes)) in outcome.archive() {
        folder.write(&name, "");
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

#[test]
fn what_is_in_the_archive_starts_as_a_function_and_as_a_container() {
    for project in ["batching", "layout", "pipelines", "versions", "vtl", "web"] {
        let folder = unpacked(&Outcome::of(&tests_folder(&format!("projects/{project}")), &[]));
        let (address, asked) = aws();
        let surroundings = surroundings_of_lambda(address, folder.path());
        let _lambda = start_with_environment(folder.path(), &surroundings);
        wait_for_next_event(&asked);
        let surroundings: Vec<_> =
            surroundings.into_iter().filter(|(name, _)| !name.starts_with("AWS_LAMBDA")).collect();
        let container = Dev::serve(folder.path(), &[], &surroundings);
        assert_eq!(
            post(container.address, "{ __typename }"),
            json!({ "data": { "__typename": "Query" } }),
            "{project}"
        );
    }
}

#[test]
fn the_same_project_gives_the_same_bytes() {
    for (case, policy) in [("http_api", "notes"), ("shop", "orders")] {
        let folder = tests_folder(&format!("package/{case}"));
        let (first, second) = (of_case(&folder), of_case(&folder));
        for name in ["function.zip", "template.yaml", &format!("policies/{policy}.json")] {
            let read = |outcome: &Outcome| std::fs::read(outcome.path(name)).unwrap();
            assert!(read(&first) == read(&second), "{case}: {name}");
        }
    }
}

#[test]
fn a_binary_of_other_sources_gets_the_project_as_it_was_written() {
    let project = Folder::new().with("schema.graphql", "type Query { hello: String }\n");
    let mut other = program("x86_64");
    other.truncate(64);
    std::fs::write(project.path().join("program"), other).unwrap();
    let outcome = Outcome::of(project.path(), &["--bootstrap", "program"]);
    assert_eq!(outcome.run.code, Some(0), "{:?}", outcome.run);
    assert!(outcome.run.stderr.contains("warning: the binary was built of other sources"), "{:?}", outcome.run);
    assert_eq!(outcome.archive().into_keys().collect::<Vec<_>>(), ["bootstrap", "schema.graphql"]);
}

#[test]
fn no_secret_is_written() {
    let outcome = of_case(&tests_folder("package/http_api"));
    let mut written = outcome.run.stderr.clone() + &outcome.read("template.yaml");
    for (_, bytes) in outcome.archive().values() {
        written.push_str(&String::from_utf8_lossy(bytes));
    }
    assert!(written.contains("notes-prod"));
    for secret in ["sk_live", "da2-web"] {
        assert!(!written.contains(secret), "{secret}");
    }
}

#[test]
fn a_policy_of_an_earlier_time_is_mentioned_and_left_there() {
    let folder = Folder::new()
        .with("schema.graphql", "type Query { hello: String }\n")
        .with("program", "")
        .with("dist/policies/old.json", "{}");
    std::fs::write(folder.path().join("program"), program("x86_64")).unwrap();
    let run = run(folder.path(), &["package", "--bootstrap", "program"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let old = Path::new("dist/policies/old.json");
    assert!(run.stderr.contains(&format!("note: `{}` is from an earlier time", old.display())), "{run:?}");
    assert!(folder.path().join(old).exists() && folder.path().join("dist/function.zip").exists());
}

#[test]
fn what_cannot_be_deployed_is_refused_before_anything_is_written() {
    let good = || Folder::new().with("schema.graphql", "type Query { hello: String }\n");
    let with = |yaml: &str| good().with("syncline.yaml", yaml);
    let long = format!("environment: {{ LONG: '{}${{STAGE}}' }}\n", "x".repeat(10));
    for (project, options, code, expected) in [
        (
            good().with("no-program", "#!/bin/sh\n"),
            &["--bootstrap", "no-program"][..],
            2,
            "error: `no-program` cannot be the function: it is no 64-bit ELF file",
        ),
        (good(), &["--bootstrap", "nothing"], 2, "error: cannot read `nothing`: "),
        (good().with("schema.graphql", "type Query {"), &[], 1, "error: syntax error: "),
        (
            good(),
            &["--endpoint", "http-api", "--invoke-mode", "response-stream"],
            2,
            "error: only a function URL sends answers in parts",
        ),
        (good(), &["--secret", "NOBODY"], 1, "error: syncline.yaml does not refer to `${NOBODY}`"),
        (good(), &["--account", "1"], 2, "an account is a number of 12 digits"),
        (good(), &["--region", "Frankfurt"], 2, "a region is written like `eu-central-1`"),
        (with("apiKeys: [web]\nauthentication: { type: API_KEY }\n"), &[], 1, "error: API key `web` has no value"),
        (
            with("tables: { notes: { name: '${NOTES}', partitionKey: id } }\n"),
            &[],
            1,
            "error: environment variable `NOTES` is not set",
        ),
        (
            with("tables: { notes: { name: '${NOTES}', partitionKey: id } }\n"),
            &["NOTES=n", "--secret", "NOTES"],
            1,
            "error: `NOTES` cannot be a secret",
        ),
        (with(&long), &[&*format!("STAGE={}", "x".repeat(5_000))], 1, "Lambda takes 4096"),
    ] {
        let outcome = Outcome::of(project.path(), options);
        assert_eq!(outcome.run.code, Some(code), "{expected}: {:?}", outcome.run);
        assert!(outcome.run.stderr.contains(expected), "{expected}: {:?}", outcome.run);
        assert!(!outcome.folder.path().join("out").exists(), "{expected}");
    }
}

#[test]
fn a_binary_for_another_processor_is_refused_with_the_command_that_builds_one() {
    let project = Folder::new().with("schema.graphql", "type Query { hello: String }\n");
    std::fs::write(project.path().join("program"), program("x86_64")).unwrap();
    let run = run(project.path(), &["package", "--bootstrap", "program", "--arch", "arm64"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert_eq!(
        run.stderr,
        "error: `program` cannot be the function: it is for x86_64, not for arm64\n\
         help: `scripts/bootstrap arm64` builds one that can; then `--bootstrap target/bootstrap/arm64/bootstrap`\n"
    );
}

/// More domains than IAM attaches managed policies to a role.
fn crowded() -> Folder {
    let (mut yaml, mut schema) = ("tables:\n".to_owned(), "type Query {\n".to_owned());
    let folder = Folder::new();
    for number in 0..11 {
        yaml.push_str(&format!("  things{number}: {{ partitionKey: id }}\n"));
        schema.push_str(&format!("  thing{number}: String\n"));
        let scan = "export const request = () => ({ operation: 'Scan' });\nexport const response = () => null;\n";
        folder.write(&format!("resolvers/things{number}/Query.thing{number}.js"), scan);
    }
    folder.with("syncline.yaml", &yaml).with("schema.graphql", &(schema + "}\n"))
}

#[test]
fn policies_of_more_domains_than_iam_attaches_stand_inside_of_the_role() {
    let outcome = Outcome::of(crowded().path(), &[]);
    let template = outcome.read("template.yaml");
    assert!(!template.contains("AWS::IAM::ManagedPolicy"), "{template}");
    for number in 0..11 {
        let policy = format!(
            "        - PolicyName: Things{number}Policy\n          PolicyDocument:\n            Version: \"2012-10-17\"\n            \
             Statement:\n              - Effect: Allow\n                Action: dynamodb:Scan\n                Resource: \
             !GetAtt Things{number}Table.Arn\n"
        );
        assert!(template.contains(&policy), "{template}");
    }
}

#[test]
fn templates_please_cfn_lint() {
    let Some(lint) = std::env::var_os(CFN_LINT) else {
        eprintln!("skipped: cfn-lint; set {CFN_LINT} to its path");
        return;
    };
    let mut templates: Vec<PathBuf> = cases().iter().map(|folder| folder.join("expected/template.yaml")).collect();
    let mut outcomes = vec![Outcome::of(crowded().path(), &[])];
    templates.push(outcomes[0].path("template.yaml"));
    for architecture in ["arm64", "x86_64"] {
        for endpoint in ["function-url", "http-api", "none"] {
            for project in ["package/shop", "package/http_api", "package/many_ways"] {
                let folder = tests_folder(project);
                let options = std::fs::read_to_string(folder.join("options.txt")).unwrap();
                let mut options: Vec<&str> = options.split_whitespace().collect();
                for (name, value) in [("--arch", architecture), ("--endpoint", endpoint)] {
                    match options.iter().position(|option| *option == name) {
                        Some(at) => options[at + 1] = value,
                        None => options.extend([name, value]),
                    }
                }
                let outcome = Outcome::of(&folder, &options);
                templates.push(outcome.path("template.yaml"));
                outcomes.push(outcome);
            }
        }
    }
    let output = Command::new(lint).arg("--").args(&templates).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.trim().is_empty(), "{} of {templates:?}\n{said}", output.status);
}
