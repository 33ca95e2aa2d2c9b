//! Ours beside Apache Velocity 1.7.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Answer, answer, generator};
use crate::value::{Value, object};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vtl")
}

fn read(name: &str) -> Value {
    let path = folder().join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Value::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What Java prints of objects without a text of their own.
const IDENTITIES: [&str; 4] = ["[Ljava.lang.", "Oracle$Util@", "$Itr@", "Iterator@"];

/// Fails with all that differs.
fn compare<'a>(context: &Value, answers: impl IntoIterator<Item = (&'a str, Answer)>) {
    let mut report = String::new();
    let (mut count, mut different) = (0, 0);
    for (template, real) in answers {
        count += 1;
        // Where an object lies in Java's memory is nothing to compare.
        if matches!(&real, Answer::Text(text) if IDENTITIES.iter().any(|identity| text.contains(identity))) {
            continue;
        }
        let ours = answer(template, context);
        if !ours.is_like(&real) {
            different += 1;
            if different <= 60 {
                let template = Value::from(template);
                writeln!(report, "{template}\n  real: {real:?}\n  ours: {ours:?}").unwrap();
            }
        }
    }
    assert!(count > 0 && different == 0, "{different} of {count} differ:\n{report}");
}

#[test]
fn every_recorded_vector_has_the_answer_of_the_real_engine() {
    let recorded = read("vectors.json");
    let vectors = recorded.get("vectors").and_then(Value::as_list).unwrap();
    // `unstable` ones print where an object lies in Java's memory.
    let stable = vectors.iter().filter(|vector| vector.get("unstable").is_none());
    compare(
        recorded.get("context").unwrap(),
        stable.map(|vector| (vector.get("template").and_then(Value::as_str).unwrap(), Answer::recorded(vector))),
    );
}

#[test]
fn every_recorded_difference_test_has_the_answer_of_the_real_engine() {
    let context = read("context.json");
    let text = std::fs::read_to_string(folder().join("generated.jsonl")).unwrap();
    let recorded: Vec<Value> = text.lines().map(|line| Value::parse(line).unwrap()).collect();
    compare(
        &context,
        recorded.iter().map(|line| (line.get("template").and_then(Value::as_str).unwrap(), Answer::recorded(line))),
    );
}

/// Needs `VELOCITY_CLASSPATH`: the compiled oracle and the jars of Velocity. `VELOCITY_CASES` is how many templates are
/// made (3,000), `VELOCITY_SEED` what from; `VELOCITY_RECORD` writes the answers down.
#[test]
fn generated_templates_have_the_answer_of_the_real_engine() {
    let Ok(class_path) = std::env::var("VELOCITY_CLASSPATH") else { return };
    let number = |name: &str, otherwise: u64| {
        std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
    };
    let context = read("context.json");
    let templates = generator::templates(number("VELOCITY_SEED", 1), number("VELOCITY_CASES", 3_000) as usize);
    let answers = ask(&class_path, &templates);
    assert_eq!(answers.len(), templates.len());
    if std::env::var_os("VELOCITY_RECORD").is_some() {
        let mut lines = String::new();
        for (template, answer) in templates.iter().zip(&answers) {
            let mut line = object! { "template" => template.as_str() };
            for (key, value) in answer.as_object().unwrap() {
                let value = match value {
                    Value::String(text) if key == "expect_error" => text.lines().next().unwrap_or_default().into(),
                    value => value.clone(),
                };
                line.set(key.clone(), value);
            }
            writeln!(lines, "{line}").unwrap();
        }
        std::fs::write(folder().join("generated.jsonl"), lines).unwrap();
    }
    compare(&context, templates.iter().map(String::as_str).zip(answers.iter().map(Answer::recorded)));
}

/// The real engine's answers to templates.
fn ask(class_path: &str, templates: &[String]) -> Vec<Value> {
    let mut java = Command::new("java")
        .args(["-cp", class_path, "Oracle"])
        .arg(folder().join("context.json"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("java is installed");
    let mut input = java.stdin.take().unwrap();
    let lines: String = templates.iter().map(|template| format!("{}\n", Value::from(template.as_str()))).collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = java.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(|line| Value::parse(line).unwrap()).collect()
}
