//! `syncline eval` of a mapping template: EvaluateMappingTemplate offline.

use std::path::Path;

use super::{Arguments, RESULT_CHARACTERS, out_errors, warn_about_size};
use crate::cli::Failure;
use crate::cli::setup::{print_exactly, print_json, print_problems, read_argument};
use crate::context::Context;
use crate::error::SourceFile;
use crate::handler;
use crate::handler::vtl::request::{Expected, parse_printed, returned};
use crate::handler::vtl::{Rendered, Template};
use crate::limits::Limits;
use crate::value::{Str, Value, object};

/// References that every template has.
const OWN_REFERENCES: [&str; 5] = ["ctx", "context", "util", "utils", "extensions"];

/// Whether the file is a template by its name.
pub(super) fn is_template(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "vtl")
}

/// Prints `{evaluationResult, error, logs, stash, outErrors}`, or with `--raw` the rendered text; fails when the template did.
pub(super) fn run(arguments: &Arguments, mut ctx: Context) -> Result<(), Failure> {
    let references = match &arguments.references {
        Some(path) => references(path)?,
        None => Value::empty_object(),
    };
    let name = Str::from(arguments.file.file_name().unwrap_or(arguments.file.as_os_str()).to_string_lossy().as_ref());
    let file = SourceFile::new(name, read_argument(&arguments.file)?);
    let (template, warnings) = match Template::parse(&file) {
        Ok(read) => read,
        Err(problems) => {
            if !arguments.raw {
                let message = problems.first().map_or(String::new(), |problem| problem.message.clone());
                print_json(&evaluation(Err(message), &ctx))?;
            }
            print_problems(&problems);
            return Err(Failure::Findings);
        }
    };
    print_problems(&warnings);
    let rendered = template.render_with(&references, &mut ctx, &Limits::default());
    let outcome = match rendered {
        Ok(rendered) => result(rendered, arguments),
        Err(failure) => Err(failure.error.message.to_string()),
    };
    if let Ok(result) = &outcome {
        warn_about_size("the result", result, RESULT_CHARACTERS);
    }
    if arguments.raw {
        return print_raw(outcome, &ctx);
    }
    let failed = outcome.is_err();
    print_json(&evaluation(outcome, &ctx))?;
    if failed { Err(Failure::Findings) } else { Ok(()) }
}

/// Prints what the template printed, to the character; what it logged and why it failed are talk.
fn print_raw(outcome: Result<String, String>, ctx: &Context) -> Result<(), Failure> {
    for line in &ctx.effects.logs {
        eprintln!("{line}");
    }
    match outcome {
        Ok(text) => print_exactly(&text),
        Err(message) => {
            eprintln!("error: {message}");
            Err(Failure::Findings)
        }
    }
}

/// The text of `evaluationResult`: the JSON that the template stands for, or with `--raw` what it printed.
fn result(rendered: Rendered, arguments: &Arguments) -> Result<String, String> {
    match rendered {
        Rendered::Text(text) if arguments.raw => Ok(text),
        Rendered::Returned(Value::String(text)) if arguments.raw => Ok(text.to_string()),
        Rendered::Text(text) => match parse_printed(&text, expected(arguments)) {
            Ok(value) => Ok(value.to_string()),
            Err(error) => Err(error.message.to_string()),
        },
        Rendered::Returned(value) => Ok(returned(value).to_string()),
    }
}

/// What the template is for: as `--function` says, else as its name does.
fn expected(arguments: &Arguments) -> Expected {
    let stem = arguments.file.file_stem().unwrap_or_default().to_string_lossy();
    let is_request = match arguments.function.map(handler::Function::from) {
        Some(function) => function == handler::Function::Request,
        None => [".req", ".request"].iter().any(|end| stem.ends_with(end)),
    };
    if is_request { Expected::Request } else { Expected::Response }
}

fn references(path: &Path) -> Result<Value, Failure> {
    let references = super::read_object(path, |_| {})?;
    let own =
        references.as_object().and_then(|members| OWN_REFERENCES.iter().find(|name| members.contains_key(**name)));
    match own {
        Some(name) => Err(Failure::Usage(format!(
            "`{}` holds `{name}`, which every template has; what `$ctx` holds belongs to --context",
            path.display()
        ))),
        None => Ok(references),
    }
}

/// The answer of EvaluateMappingTemplate.
fn evaluation(outcome: Result<String, String>, ctx: &Context) -> Value {
    let (result, error) = match outcome {
        Ok(result) => (Value::from(result), Value::Null),
        Err(message) => (Value::Null, object! { "message" => message }),
    };
    object! {
        "evaluationResult" => result,
        "error" => error,
        "logs" => ctx.effects.logs.iter().map(|line| Value::from(line.to_string())).collect::<Value>(),
        "stash" => ctx.stash.to_string(),
        "outErrors" => out_errors(ctx),
    }
}
