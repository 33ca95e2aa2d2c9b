//! Node as an independent judge of the part of JavaScript that AppSync has too.

pub mod program;

use std::io::Write;
use std::process::{Command, Stdio};

use syncline::clock::Clock;
use syncline::context::Context;
use syncline::error::SourceFile;
use syncline::handler::js::{Dialect, JsProgram, possible_request};
use syncline::handler::possible::Inputs;
use syncline::handler::{Function, Returned};
use syncline::limits::Limits;
use syncline::value::{Map, Str, Value, object};

use program::Random;

const PROGRAMS: usize = 4_000;

/// Programs of which it is also found out, without running them, what they can return.
const FORESEEN: usize = 1_000;

/// Reads `{args, programs}` on standard input; prints a list with the JSON text of each result, or null for a failure.
const NODE: &str = r#"
const { args, programs } = JSON.parse(require('fs').readFileSync(0, 'utf8'));
// Half a surrogate pair has no UTF-8 form: U+FFFD stands for it in our results.
const wellFormed = (value) => {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key.toWellFormed(), wellFormed(member)]));
};
const run = (source) => {
  try {
    const request = new Function(`'use strict';${source.replace(/^export /m, '')};return request;`)();
    return JSON.stringify(wellFormed(request({ args: JSON.parse(args) })));
  } catch (error) {
    if (error instanceof SyntaxError) throw new Error(`${error.message}\n${source}`);
    return null;
  }
};
console.log(JSON.stringify(programs.map(run)));
"#;

fn node_results(programs: &[String]) -> Vec<Option<String>> {
    let mut node = Command::new("node")
        .args(["-e", NODE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node is installed: the tests need it (README)");
    let input = serde_json::json!({ "args": program::ARGUMENTS, "programs": programs }).to_string();
    let mut stdin = node.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = node.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn generated_programs_give_what_node_gives() {
    let mut random = Random::new(20_261_122);
    let programs: Vec<String> = (0..PROGRAMS).map(|_| program::program(&mut random)).collect();
    let files: Vec<_> =
        programs.iter().enumerate().map(|(n, text)| SourceFile::new(format!("{n}.js"), text.as_str())).collect();
    let paths: Vec<Str> = files.iter().map(|file| file.path.clone()).collect();
    let compiled = JsProgram::compile(&files, &paths, Dialect::AppSync, &Limits::default())
        .unwrap_or_else(|problems| panic!("{} problems, first: {}", problems.len(), problems[0]));
    let arguments = Value::parse(program::ARGUMENTS).unwrap();
    let (mut succeeded, mut looked_into, mut foreseen, mut wrong) = (0, 0, 0, Vec::new());
    let inputs = Inputs::of_environment(&Map::default());
    for (((text, path), file), expected) in programs.iter().zip(&paths).zip(&files).zip(node_results(&programs)) {
        let mut ctx =
            Context { arguments: arguments.clone(), clock: Clock::fixed(0, 1), ..Context::from_json(&object! {}) };
        let result = match compiled.handler(path).unwrap().call(Function::Request, &mut ctx) {
            Ok(Returned::Value(value)) => {
                if looked_into < FORESEEN {
                    let file = std::slice::from_ref(file);
                    let possible = possible_request(file, path, Dialect::AppSync, &inputs, &Limits::default());
                    assert!(possible.covers(&value), "not foreseen: {value}\n{text}\n{possible:?}");
                    looked_into += 1;
                    foreseen += usize::from(!possible.anything);
                }
                Ok(value.to_string())
            }
            Ok(Returned::EarlyReturn { .. }) => Err("early return".to_owned()),
            Err(failure) => Err(failure.error.message.to_string()),
        };
        // Lists that double in a loop end at our limits, which Node has not.
        if expected.as_ref().is_some_and(|text| text.len() > 100_000) && result.is_err() {
            continue;
        }
        succeeded += usize::from(expected.is_some());
        // Both as values, and again as text: the order of members counts, the spelling of numbers does not.
        let normal = |text: &str| serde_json::from_str::<serde_json::Value>(text).map(|value| spelled(&value)).unwrap();
        if result.as_deref().ok().map(normal) != expected.as_deref().map(normal) {
            wrong.push(format!("{text}\n ours: {result:?}\n node: {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {PROGRAMS} differ\n\n{}", wrong.len(), wrong[..wrong.len().min(3)].join("\n\n"));
    assert!(succeeded > PROGRAMS / 2, "only {succeeded} programs ran to their end");
    assert!(foreseen > FORESEEN / 2, "only of {foreseen} of {looked_into} programs it was told what they can return");
}

/// JSON text with every number spelled as a double.
fn spelled(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Number(number) => format!("{:e}", number.as_f64().unwrap()),
        serde_json::Value::Array(items) => format!("[{}]", items.iter().map(spelled).collect::<Vec<_>>().join(",")),
        serde_json::Value::Object(map) => {
            let members = map.iter().map(|(key, member)| format!("{key:?}:{}", spelled(member)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        scalar => scalar.to_string(),
    }
}
