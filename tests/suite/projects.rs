//! Runs `tests/projects/*/cases/*.graphql` and compares what happens on both wires with the snapshot beside each.

use std::path::{Path, PathBuf};

use serde_json::Value;
use syncline::loader::CallKind;

use crate::harness::project::{Outcome, folder};
use crate::harness::recording::Call;
use crate::harness::snapshot::{compare, pretty};
use crate::harness::{Project, Step, tests_folder};

#[test]
fn every_case_of_every_project_answers_as_its_snapshot_says() {
    let wanted = std::env::var("CASE").unwrap_or_default();
    let mut cases = cases();
    cases.retain(|(_, case)| case.to_string_lossy().contains(&wanted));
    assert!(!cases.is_empty(), "no case is called {wanted:?}");
    let failures: Vec<String> = std::thread::scope(|scope| {
        let (front, back) = cases.split_at(cases.len() / 2); // as many threads as the smallest machine has
        let run = |cases: &[(String, PathBuf)]| {
            cases.iter().filter_map(|(project, case)| run_case(project, case).err()).collect()
        };
        let back = scope.spawn(move || -> Vec<String> { run(back) });
        let mut failures: Vec<String> = run(front);
        failures.extend(back.join().unwrap());
        failures
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_snapshot_belongs_to_a_case() {
    for project in files(&tests_folder("projects")) {
        for snapshot in
            files(&project.join("cases")).into_iter().filter(|file| file.extension().is_some_and(|e| e == "snap"))
        {
            assert!(snapshot.with_extension("graphql").exists(), "{} has no case", snapshot.display());
        }
    }
}

/// Every case with the name of its project.
pub fn cases() -> Vec<(String, PathBuf)> {
    files(&tests_folder("projects"))
        .into_iter()
        .flat_map(|project| files(&project.join("cases")).into_iter().map(move |case| (name(&project), case)))
        .filter(|(_, case)| case.extension().is_some_and(|extension| extension == "graphql"))
        .collect()
}

/// Runs one case on fresh tables, from the project's folder and from its prepared form, and compares.
fn run_case(project: &str, case: &Path) -> Result<(), String> {
    for load in [Project::load, Project::load_prepared] {
        let loaded = load(&folder(project)).map_err(|problems| format!("{project} has problems:\n{problems}"))?;
        let mut snapshot = String::new();
        run_steps(&loaded, case, |index, outcome| {
            snapshot.push_str(&format!("── {}\n{}\n", index + 1, both_wires(outcome)));
        })?;
        compare(&case.with_extension("snap"), &snapshot)?;
    }
    Ok(())
}

/// Runs the steps of one case, and shows what became of each.
pub fn run_steps(project: &Project, case: &Path, mut show: impl FnMut(usize, &Outcome)) -> Result<(), String> {
    let text = std::fs::read_to_string(case).unwrap();
    let mut answers: Vec<Value> = Vec::new();
    for (index, text) in text.split("\n# ---\n").enumerate() {
        let step = read_step(text, &answers).map_err(|problem| format!("{}: {problem}", case.display()))?;
        let outcome = project.run(&step);
        show(index, &outcome);
        answers.push(outcome.answer);
    }
    Ok(())
}

/// A step is a document with `# variables: {json}`, `# operationName: X`, `# header: name: value` and `# as: name` lines in it.
fn read_step(text: &str, answers: &[Value]) -> Result<Step, String> {
    let mut step = Step { document: text.to_owned(), ..Step::default() };
    for line in text.lines() {
        if let Some(json) = line.strip_prefix("# variables: ") {
            step.variables = serde_json::from_str(json).map_err(|error| format!("{error} in {line}"))?;
            refer(&mut step.variables, answers)?;
        } else if let Some(name) = line.strip_prefix("# operationName: ") {
            step.operation_name = Some(name.trim().to_owned());
        } else if let Some(name) = line.strip_prefix("# as: ") {
            step.acts_as = Some(name.trim().to_owned());
        } else if let Some(header) = line.strip_prefix("# header: ") {
            let (name, value) = header.split_once(": ").ok_or_else(|| format!("`name: value` is missing in {line}"))?;
            step.headers.push((name.to_owned(), value.to_owned()));
        }
    }
    Ok(step)
}

/// Replaces `"$2/data/user/id"` by what the second step's answer has there.
fn refer(value: &mut Value, answers: &[Value]) -> Result<(), String> {
    match value {
        Value::Array(items) => items.iter_mut().try_for_each(|item| refer(item, answers)),
        Value::Object(members) => members.values_mut().try_for_each(|member| refer(member, answers)),
        Value::String(text) => {
            let Some((number, path)) = text.strip_prefix('$').and_then(|text| text.split_once('/')) else {
                return Ok(());
            };
            let answer = number.parse::<usize>().ok().and_then(|number| answers.get(number.checked_sub(1)?));
            let found = answer
                .and_then(|answer| answer.pointer(&format!("/{path}")))
                .ok_or_else(|| format!("there is no {text} yet"))?;
            *value = found.clone();
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Every call of DynamoDB and of functions, every HTTP call and event, every log line, every added header, and
/// the answer.
fn both_wires(outcome: &Outcome) -> String {
    let mut text = String::new();
    for Call { kind, role, target, request } in &outcome.calls {
        // Every call to tables of a domain has its role; snapshots would be full of them.
        let role = role.as_ref().map_or(String::new(), |role| format!(" as {role}"));
        text.push_str(&match kind {
            CallKind::DynamoDb(operation) => format!("{} {request}\n", operation.name()),
            // Events may be whole contexts.
            CallKind::Invoke => format!("Invoke {target}{role} {}\n", pretty(&json(request))),
            CallKind::Http => format!("HTTP{role} {target}\n"),
            CallKind::PutEvents => format!("PutEvents{role} {request}\n"),
        });
    }
    for line in &outcome.logs {
        text.push_str(&format!("log {line}\n"));
    }
    for line in &outcome.headers {
        text.push_str(&match line.len() {
            0..200 => format!("header {line}\n"),
            length => format!("header {}: … ({length} bytes)\n", line.split(':').next().unwrap_or_default()),
        });
    }
    text.push_str(&pretty(&outcome.answer));
    text.push('\n');
    text
}

fn json(value: &syncline::value::Value) -> Value {
    serde_json::from_str(&value.to_string()).unwrap()
}

/// What a folder holds, in order; nothing when there is no such folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}
