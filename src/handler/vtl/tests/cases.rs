//! The cases of `tests/vtl/*.txt`.

use std::fmt::Write as _;
use std::path::Path;

use super::context;
use crate::error::SourceFile;
use crate::handler::vtl::{Rendered, Template};
use crate::limits::Limits;
use crate::value::{Map, Value, object};

struct Case<'a> {
    name: &'a str,
    header: &'a str,
    template: &'a str,
    expected: &'a str,
}

fn split(text: &str) -> Vec<Case<'_>> {
    text.split("\n=== ")
        .map(|part| part.strip_prefix("=== ").unwrap_or(part))
        .filter(|part| !part.trim().is_empty())
        .map(|part| {
            let (name, rest) = part.split_once('\n').unwrap();
            let sections: Vec<&str> = rest.split("---\n").collect();
            let [header, template, expected] = sections[..] else {
                panic!("case `{name}` has {} sections, not 3", sections.len())
            };
            let template = template.strip_suffix('\n').unwrap_or(template);
            Case { name, header, template, expected: expected.trim_end() }
        })
        .collect()
}

/// What a template did, as JSON with one member per line; what did not happen is left out.
fn run(case: &Case) -> String {
    let header = if case.header.trim().is_empty() { "{}" } else { case.header };
    let header = Value::parse(header).unwrap_or_else(|error| panic!("case `{}`: {error}", case.name));
    let before = context(header.get("context").unwrap_or(&Value::empty_object()));
    let variables = header.get("variables").cloned().unwrap_or_default();
    let file = SourceFile::new("template.vtl", case.template);
    let mut out = String::new();
    let (template, warnings) = match Template::parse(&file) {
        Ok(read) => read,
        Err(problems) => return problems.iter().map(|problem| format!("{problem}\n")).collect::<String>(),
    };
    for warning in warnings {
        writeln!(out, "{warning}").unwrap();
    }
    let mut ctx = before.clone();
    let mut members = Map::default();
    match template.render_with(&variables, &mut ctx, &Limits::default()) {
        Ok(Rendered::Text(text)) => {
            // Variables are what only tests have.
            if variables.is_null() {
                super::assert_foreseen(&template, &before, &text);
            }
            members.insert("text".into(), text.into())
        }
        Ok(Rendered::Returned(value)) => members.insert("returned".into(), value),
        Err(failure) => {
            let error = failure.error;
            let mut value = object! { "message" => error.message, "errorType" => error.error_type.map_or(Value::Null, Value::from) };
            for (key, part) in [("data", error.data), ("errorInfo", error.error_info)] {
                if !part.is_null() {
                    value.set(key, part);
                }
            }
            if let Some((path, at)) = failure.position {
                value.set("at", format!("{path}:{}:{}", at.line, at.column));
            }
            members.insert("error".into(), value)
        }
    };
    if ctx.stash != before.stash {
        members.insert("stash".into(), ctx.stash.clone());
    }
    if ctx.arguments != before.arguments {
        members.insert("arguments".into(), ctx.arguments.clone());
    }
    let effects = &ctx.effects;
    for error in &effects.errors {
        let error = object! { "message" => &error.message, "errorType" => error.error_type.clone().map_or(Value::Null, Value::from), "data" => error.data.clone() };
        members.insert("appended".into(), error);
    }
    if !effects.logs.is_empty() {
        let logs: Value = effects.logs.iter().map(|line| Value::from(line.to_string())).collect();
        members.insert("logs".into(), logs);
    }
    for header in effects.response_headers.iter() {
        members.insert(format!("header {}", header.name).into(), header.value.clone().into());
    }
    if let Some(filter) = &effects.subscription_filter {
        members.insert("subscriptionFilter".into(), format!("{:?}", filter.groups).into());
    }
    out.push('{');
    for (at, (key, value)) in members.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        write!(out, "{comma}\n  \"{key}\": {value}").unwrap();
    }
    out.push_str("\n}");
    out.trim_end().to_owned()
}

#[test]
fn every_case_of_a_template_does_what_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vtl");
    let is_update = std::env::var_os("UPDATE").is_some();
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    let (mut count, mut report) = (0, String::new());
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut written = String::new();
        for case in split(&text) {
            count += 1;
            let actual = run(&case);
            let actual = actual.trim_end();
            if actual != case.expected && !is_update {
                let file = path.file_name().unwrap_or_default().display();
                writeln!(report, "{file}: {}\n--- expected\n{}\n--- actual\n{actual}\n", case.name, case.expected)
                    .unwrap();
            }
            let separator = if written.is_empty() { "" } else { "\n" };
            write!(written, "{separator}=== {}\n{}---\n{}\n---\n{actual}\n", case.name, case.header, case.template)
                .unwrap();
        }
        if is_update && written != text {
            std::fs::write(&path, written).unwrap();
        }
    }
    assert!(count > 0, "there are no cases");
    assert!(report.is_empty(), "{report}");
}
