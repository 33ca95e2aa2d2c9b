//! `syncline eval`: EvaluateCode offline (spec appsync-js 5), and EvaluateMappingTemplate (`template`).

mod template;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use crate::auth::local_identity;
use crate::backend::files::{process_environment, read_project};
use crate::cli::setup::{print_json, print_problems, read_argument, refuse_unknown_identity};
use crate::cli::{Common, Failure};
use crate::clock::Clock;
use crate::context::{Context, Identity, LogLine};
use crate::error::{Diagnostic, FieldError, SourceFile};
use crate::handler::js::{Dialect, JsProgram};
use crate::handler::{self, Returned};
use crate::limits::Limits;
use crate::project::{Project, Runtime};
use crate::value::{Str, Value, object};

#[derive(Args)]
#[command(after_help = MORE_HELP)]
pub struct Arguments {
    /// The resolver or function code, JavaScript or TypeScript, or a mapping template (`.vtl`)
    file: PathBuf,
    /// Which function to run; a template needs none
    #[arg(long, value_enum)]
    function: Option<Function>,
    /// A file with the context's JSON; `-` reads standard input; default: an empty context
    #[arg(long, value_name = "FILE")]
    context: Option<PathBuf>,
    /// What time it is: ISO 8601, or milliseconds since 1970; default: now
    #[arg(long, value_name = "TIME", value_parser = read_time, allow_hyphen_values = true)]
    now: Option<i64>,
    /// Draw ids and random numbers from this number, the same in every run; default: truly random
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// What util.autoId, autoUlid and autoKsuid give, in this order, separated by commas or one option for each; when all
    /// are used up a further call fails
    #[arg(long, value_name = "ID,ID", value_delimiter = ',')]
    ids: Vec<String>,
    /// Who asks, in place of the context's `identity`: a name of `identities` in the project's syncline.yaml
    #[arg(long = "as", value_name = "NAME")]
    acts_as: Option<String>,
    /// Print the text that a template renders, and nothing else, instead of reading it as JSON
    #[arg(long)]
    raw: bool,
    /// A file with a JSON object: its members are further references of a template, `$name` beside `$ctx`
    #[arg(long, value_name = "FILE")]
    references: Option<PathBuf>,
}

const MORE_HELP: &str = "\
Prints what EvaluateCode answers, as JSON: `evaluationResult`, `stash` and `outErrors` as texts of JSON, `logs` in
CloudWatch's format, and `error` where the code failed; for code that does not pass the checks with `codeErrors`.
The code stands as `code.js` in it. Of a template it prints what EvaluateMappingTemplate answers, with the same
members; there `evaluationResult` is the JSON that AppSync reads in the rendered text. With --raw that text alone is printed.
With --now and either --seed or --ids every run prints the same.

Example:
  echo '{ \"arguments\": { \"title\": \"First\" } }' |
    syncline eval resolvers/posts/Mutation.addPost.js --function request --context - \\
      --now 2026-01-01T00:00:00Z --ids post-1
  syncline eval resolvers/Query.post.request.vtl --context context.json

Exit codes: 0 the function or template ended well, 1 it failed or the code has errors, 2 usage.";

#[derive(Clone, Copy, ValueEnum)]
enum Function {
    Request,
    Response,
}

impl From<Function> for handler::Function {
    fn from(function: Function) -> handler::Function {
        match function {
            Function::Request => handler::Function::Request,
            Function::Response => handler::Function::Response,
        }
    }
}

/// The name that EvaluateCode gives the code in positions.
const CODE: &str = "code.js";

/// Characters of a context that AWS's EvaluateCode takes (spec appsync-js 1.6).
const CONTEXT_CHARACTERS: usize = 28_000;

/// Characters of a result that AWS's EvaluateCode gives (spec appsync-js 1.6).
const RESULT_CHARACTERS: usize = 65_536;

/// Prints `{evaluationResult, error, logs, stash, outErrors}`; fails when the code did.
pub fn run(common: &Common, arguments: &Arguments) -> Result<(), Failure> {
    let context = match &arguments.context {
        Some(path) => read_object(path, |text| warn_about_size("the context", text, CONTEXT_CHARACTERS))?,
        None => Value::empty_object(),
    };
    let mut ctx = Context { clock: clock(arguments), ..Context::from_json(&context) };
    if let Some(name) = &arguments.acts_as {
        ctx.identity = identity(common, name)?;
    }
    if template::is_template(&arguments.file) {
        return template::run(arguments, ctx);
    }
    if arguments.raw || arguments.references.is_some() {
        let file = arguments.file.display();
        return Err(Failure::Usage(format!("--raw and --references are for mapping templates; `{file}` is none")));
    }
    let Some(function) = arguments.function.map(handler::Function::from) else {
        return Err(Failure::Usage("which function is to run? Add --function request or --function response".into()));
    };
    let code = Code::read(common, &arguments.file)?;
    let compiled = JsProgram::compile(&code.modules, std::slice::from_ref(&code.entry), code.dialect, &code.limits);
    let program = match compiled {
        Ok(program) => program,
        Err(problems) => {
            let error = object! {
                "message" => "The code contains one or more errors.",
                "codeErrors" => problems.iter().map(|problem| code_error(problem, &code.entry)).collect::<Value>(),
            };
            print_json(&evaluation(Err(error), &ctx, &code.entry))?;
            print_problems(&problems);
            return Err(Failure::Findings);
        }
    };
    let handler = program.handler(&code.entry).map(handler::Handler::Js);
    let handler = handler.ok_or_else(|| Failure::Usage(format!("`{}` is no script", arguments.file.display())))?;
    let is_exported = match function {
        handler::Function::Request => handler.has_request(),
        handler::Function::Response => handler.has_response(),
    };
    if !is_exported {
        return Err(Failure::Usage(format!("`{}` exports no `{}`", arguments.file.display(), function.name())));
    }
    let outcome = match handler.call(function, &mut ctx) {
        Ok(Returned::Value(value) | Returned::EarlyReturn { value, .. }) => Ok(value.to_string()),
        Err(failure) => Err(runtime_error(&failure, &code.entry)),
    };
    if let Ok(result) = &outcome {
        warn_about_size("the result", result, RESULT_CHARACTERS);
    }
    let failed = outcome.is_err();
    print_json(&evaluation(outcome, &ctx, &code.entry))?;
    if failed { Err(Failure::Findings) } else { Ok(()) }
}

/// A file's JSON object; `look` sees the text first.
fn read_object(path: &Path, look: impl FnOnce(&str)) -> Result<Value, Failure> {
    let text = read_argument(path)?;
    look(&text);
    let shown = path.display();
    match Value::parse(&text) {
        Ok(object @ Value::Object(_)) => Ok(object),
        Ok(other) => Err(Failure::Usage(format!("`{shown}` must hold a JSON object, not a {}", other.kind()))),
        Err(error) => Err(Failure::Usage(format!("`{shown}` is not JSON: {error}"))),
    }
}

/// An identity of the project, whatever else is wrong with it.
fn identity(common: &Common, name: &str) -> Result<Identity, Failure> {
    let files = read_project(&common.project, process_environment());
    let (project, _) = Project::load(&files.map_err(|problem| Failure::Environment(problem.message))?);
    refuse_unknown_identity(&project, Some(name))?;
    Ok(local_identity(&project.config.authentication, name).unwrap_or_default())
}

fn clock(arguments: &Arguments) -> Clock {
    let mut clock = Clock::system();
    if let Some(now) = arguments.now {
        clock = clock.standing_at(now);
    }
    if let Some(seed) = arguments.seed {
        clock = clock.seeded(seed);
    }
    if !arguments.ids.is_empty() {
        clock = clock.handing_out(arguments.ids.iter().map(Str::from));
    }
    clock
}

/// Milliseconds since 1970 out of either form.
fn read_time(text: &str) -> Result<i64, String> {
    let time = match text.parse() {
        Ok(milliseconds) => jiff::Timestamp::from_millisecond(milliseconds),
        Err(_) => text.parse(),
    };
    time.map(|time: jiff::Timestamp| time.as_millisecond())
        .map_err(|_| "expected a time like 2026-01-01T00:00:00Z, or milliseconds since 1970".to_owned())
}

/// AWS refuses what is larger. Here it is only said: a large context is a nuisance to AWS, and no reason not to look into
/// it on a machine of one's own.
fn warn_about_size(what: &str, text: &str, most_characters: usize) {
    let count = text.chars().count();
    if count > most_characters {
        eprintln!("warning: {what} has {count} characters; EvaluateCode on AWS takes at most {most_characters}");
    }
}

/// The answer of EvaluateCode: results as JSON texts.
fn evaluation(outcome: Result<String, Value>, ctx: &Context, entry: &str) -> Value {
    let (result, error) = match outcome {
        Ok(result) => (Value::from(result), Value::Null),
        Err(error) => (Value::Null, error),
    };
    let log = |line: &LogLine| {
        let line = LogLine { file: shown(&line.file, entry).into(), ..line.clone() };
        Value::from(line.to_string())
    };
    object! {
        "evaluationResult" => result,
        "error" => error,
        "logs" => ctx.effects.logs.iter().map(log).collect::<Value>(),
        "stash" => ctx.stash.to_string(),
        "outErrors" => out_errors(ctx),
    }
}

/// A failure of the running code has its place before the message; one that the code raised has none.
fn runtime_error(failure: &handler::Failure, entry: &str) -> Value {
    let message = match &failure.position {
        Some((file, at)) => format!("{}:{}:{}: {}", shown(file, entry), at.line, at.column, failure.error.message),
        None => failure.error.message.to_string(),
    };
    object! { "message" => message, "codeErrors" => Vec::<Value>::new() }
}

/// A finding of the checks in AWS's form (spec appsync-js 1.2). One in an imported file names that file as AWS names
/// files in texts: `lib.js(5,14): …`.
fn code_error(problem: &Diagnostic, entry: &str) -> Value {
    // How handlers' checks begin what their parser says.
    let (error_type, message) = match problem.message.strip_prefix("syntax error: ") {
        Some(message) => ("PARSER_ERROR", message),
        None => ("LINT_ERROR", problem.message.as_str()),
    };
    let Some(place) = &problem.place else {
        // AWS's location of what has none (spec appsync-js 1.2).
        let location = object! { "line" => 0, "column" => 0, "span" => -1 };
        return object! { "errorType" => error_type, "value" => message, "location" => location };
    };
    let at = place.file.location(place.start);
    let file = shown(&place.file.path, entry);
    let value = match (problem.code, place.file.path.as_str()) {
        // The type checker's findings name the file, the linter's rules stand before what they say.
        (Some(code), _) if code.starts_with("TS") => {
            format!("{file}({},{}): error {code}: {message}", at.line, at.column)
        }
        (Some(code), path) if path == entry => format!("{code}: {message}"),
        (Some(code), path) => format!("{path}({},{}): {code}: {message}", at.line, at.column),
        (None, path) if path == entry => message.to_owned(),
        (None, path) => format!("{path}({},{}): {message}", at.line, at.column),
    };
    let span = place.file.text.get(place.start..place.end).map_or(0, |text| text.chars().count());
    let location = object! { "line" => at.line as i64, "column" => at.column as i64, "span" => span };
    object! { "errorType" => error_type, "value" => value, "location" => location }
}

fn shown<'a>(file: &'a str, entry: &str) -> &'a str {
    if file == entry { CODE } else { file }
}

/// Appended errors as a text of JSON.
fn out_errors(ctx: &Context) -> String {
    ctx.effects.errors.iter().map(out_error).collect::<Value>().to_string()
}

fn out_error(error: &FieldError) -> Value {
    object! {
        "message" => &error.message,
        "errorType" => error.error_type.clone(),
        "data" => error.data.clone(),
        "errorInfo" => error.error_info.clone(),
    }
}

/// A script with what it may import.
struct Code {
    entry: Str,
    modules: Vec<Arc<SourceFile>>,
    dialect: Dialect,
    limits: Limits,
}

impl Code {
    /// A script of the project brings the project's other scripts along; any other stands alone.
    fn read(common: &Common, file: &Path) -> Result<Code, Failure> {
        if let Some(code) = Code::of_project(common, file) {
            return Ok(code);
        }
        let entry = Str::from(file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().as_ref());
        let source = SourceFile::new(entry.clone(), read_argument(file)?);
        Ok(Code { entry, modules: vec![source], dialect: Dialect::AppSync, limits: Limits::default() })
    }

    fn of_project(common: &Common, file: &Path) -> Option<Code> {
        let root = common.project.canonicalize().ok()?;
        let inside = file.canonicalize().ok()?;
        let entry = Str::from(inside.strip_prefix(&root).ok()?.to_str()?.replace('\\', "/"));
        let files = read_project(&root, process_environment()).ok()?;
        let (project, _) = Project::load(&files);
        let dialect = match project.config.runtime {
            Runtime::AppSync => Dialect::AppSync,
            Runtime::Standard => Dialect::Standard,
        };
        let is_known = project.modules.iter().any(|module| module.path == entry);
        let limits = project.limits();
        is_known.then_some(Code { entry, modules: project.modules, dialect, limits })
    }
}
