//! A call of a handler: whatever the code does, the call ends, gives something that can be written, and leaves nothing for
//! the next one.

use std::sync::Arc;
use std::time::Duration;

use syncline::clock::Clock;
use syncline::context::Context;
use syncline::error::{Location, SourceFile};
use syncline::handler::js::{Dialect, JsHandler, JsProgram};
use syncline::handler::{Failure, Function, Returned};
use syncline::limits::Limits;
use syncline::value::{Value, object};

use super::input::Input;

/// Looks at what calls before it could have changed. It runs in the engine that they left.
const PROBE: &str = r#"
import { get } from '@aws-appsync/utils/dynamodb';
const seen = [];
let calls = 0;
export function request(ctx) {
  calls += 1;
  seen.push(calls);
  const shared = [Object, Array, String, Number, Math, JSON, util, util.time, util.dynamodb, runtime, extensions, console, get,
    Object.prototype, Array.prototype, String.prototype, [].map, 'a'.trim];
  const members = shared.map((object) => Object.keys(object).length);
  const names = [];
  for (const name in {}) names.push(name);
  return {
    calls, seen, members, names,
    id: util.autoId(), now: util.time.nowISO8601(), random: Math.random(),
    request: get({ key: { id: 'a' } }),
    text: `${[3, 1, 2].map((n) => n + 1).sort().join('-')}${'a-b'.split('-').reverse()}${JSON.stringify({ a: [null] })}`,
    stash: ctx.stash, args: ctx.args, errors: ctx.outErrors,
  };
}
"#;

/// Where the probe's file stands; inputs that bring one of their own are left alone.
const PROBE_PATH: &str = "the probe.js";

fn limits() -> Limits {
    Limits { handler_timeout: Duration::from_millis(100), handler_memory_bytes: 8 * 1024 * 1024, ..Limits::default() }
}

pub fn run(data: &[u8]) {
    let input = Input::read(data);
    let path = match input.text("file") {
        Some(path) if path.ends_with(".ts") => "code.ts",
        _ => "code.js",
    };
    let mut files = input.files(path);
    if files.iter().any(|file| file.path == PROBE_PATH) {
        return;
    }
    files.push(SourceFile::new(PROBE_PATH, PROBE));
    let dialect = if input.header.get("dialect").is_some() { Dialect::Standard } else { Dialect::AppSync };
    let Ok(program) = JsProgram::compile(&files, &[path.into(), PROBE_PATH.into()], dialect, &limits()) else { return };
    let handler = program.handler(path).expect("the program has this entry");
    let probe = program.handler(PROBE_PATH).expect("the program has this entry");
    let context = input.header.get("context").cloned().unwrap_or(Value::empty_object());
    let untouched = Call::run(&probe, Function::Request, &object! {}, &files);
    assert!(untouched.outcome.is_ok(), "the probe failed: {:?}", untouched.outcome);
    for function in [Function::Request, Function::Response].into_iter().filter(|&function| handler.exports(function)) {
        let first = Call::run(&handler, function, &context, &files);
        let probed = Call::run(&probe, Function::Request, &object! {}, &files);
        assert!(probed == untouched, "a call left something behind: {probed:?}, before it: {untouched:?}");
        let second = Call::run(&handler, function, &context, &files);
        // How far code comes within its time differs from run to run.
        if !first.reached_a_limit() && !second.reached_a_limit() {
            assert!(first == second, "two calls differ: {first:?} and {second:?}");
        }
    }
}

/// What a call did.
#[derive(Debug, PartialEq)]
struct Call {
    outcome: Result<Returned, Failure>,
    stash: Value,
    arguments: Value,
    effects: String,
}

impl Call {
    fn run(handler: &JsHandler, function: Function, context: &Value, files: &[Arc<SourceFile>]) -> Call {
        let mut ctx = Context { clock: Clock::fixed(1_700_000_000_123, 1), ..Context::from_json(context) };
        let outcome = handler.call(function, &mut ctx);
        match &outcome {
            Ok(Returned::Value(value) | Returned::EarlyReturn { value, .. }) => {
                let bytes = check_written(value);
                // The limit counts a number as few bytes; JSON may write 25, and an escaped character as 6.
                assert!(bytes <= 6 * limits().handler_output_bytes + check_written(context), "{bytes} bytes returned");
            }
            Err(failure) => {
                check_written(&failure.error.data);
                check_written(&failure.error.error_info);
                if let Some((path, at)) = &failure.position {
                    check_place(path, *at, files);
                }
            }
        }
        for line in &ctx.effects.logs {
            check_place(&line.file, line.location, files);
        }
        check_written(&ctx.stash);
        check_written(&ctx.arguments);
        let effects = format!("{:?}", ctx.effects);
        assert!(effects.len() <= 16 * limits().handler_memory_bytes, "{} bytes of effects", effects.len());
        Call { outcome, stash: ctx.stash, arguments: ctx.arguments, effects }
    }

    fn reached_a_limit(&self) -> bool {
        self.outcome.as_ref().is_err_and(|failure| {
            ["code ran longer", "out of memory"].iter().any(|text| failure.error.message.contains(text))
        })
    }
}

/// The bytes of a value's JSON, which must be JSON.
fn check_written(value: &Value) -> usize {
    let text = value.to_string();
    let read = serde_json::from_str::<serde::de::IgnoredAny>(&text);
    assert!(read.is_ok(), "no JSON: {text}");
    text.len()
}

fn check_place(path: &str, at: Location, files: &[Arc<SourceFile>]) {
    let file = files.iter().find(|file| file.path == *path);
    // A source map leads to files that are not here.
    if file.is_none() && files.iter().any(|file| file.text.contains("sourceMappingURL=data:")) {
        return;
    }
    let line = file.and_then(|file| file.text.split('\n').nth(at.line as usize - 1));
    let is_inside = line.is_some_and(|line| (1..=line.chars().count() + 1).contains(&(at.column as usize)));
    assert!(is_inside, "{path}:{}:{} is no place", at.line, at.column);
}
