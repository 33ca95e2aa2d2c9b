//! `syncline eval`: EvaluateCode offline (spec appsync-js 5).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use crate::backend::files::{process_environment, read_project};
use crate::cli::setup::{print_problems, read_argument};
use crate::cli::{Common, Failure};
use crate::clock::Clock;
use crate::context::{Context, LogLine};
use crate::error::{FieldError, SourceFile};
use crate::handler::js::{Dialect, JsProgram};
use crate::handler::{self, Returned};
use crate::limits::Limits;
use crate::project::{Project, Runtime};
use crate::value::{Str, Value, object};

#[derive(Args)]
pub struct Arguments {
    /// The resolver or function code
    file: PathBuf,
    /// Which function to run
    #[arg(long, value_enum)]
    function: Function,
    /// A file with the context's JSON; `-` reads standard input; default: an empty context
    #[arg(long, value_name = "FILE")]
    context: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Function {
    Request,
    Response,
}

/// The name that EvaluateCode gives the code in positions.
const CODE: &str = "code.js";

/// Prints `{evaluationResult, error, logs, stash, outErrors}`; fails when the code did.
pub fn run(common: &Common, arguments: &Arguments) -> Result<(), Failure> {
    let context = match &arguments.context {
        Some(path) => Value::parse(&read_argument(path)?)
            .map_err(|error| Failure::Usage(format!("`{}` is not JSON: {error}", path.display())))?,
        None => Value::empty_object(),
    };
    let code = Code::read(common, &arguments.file)?;
    let program =
        JsProgram::compile(&code.modules, std::slice::from_ref(&code.entry), code.dialect, &Limits::default())
            .map_err(|problems| {
                print_problems(&problems);
                Failure::Findings
            })?;
    let handler = program.handler(&code.entry).map(handler::Handler::Js);
    let handler = handler.ok_or_else(|| Failure::Usage(format!("`{}` is no script", arguments.file.display())))?;
    let (function, is_exported) = match arguments.function {
        Function::Request => (handler::Function::Request, handler.has_request()),
        Function::Response => (handler::Function::Response, handler.has_response()),
    };
    if !is_exported {
        return Err(Failure::Usage(format!("`{}` exports no `{}`", arguments.file.display(), function.name())));
    }
    let mut ctx = Context { clock: Clock::system(), ..Context::from_json(&context) };
    let outcome = handler.call(function, &mut ctx);
    let failed = outcome.is_err();
    println!("{}", serde_json::to_string_pretty(&evaluation(outcome, &ctx, &code.entry)).unwrap_or_default());
    if failed { Err(Failure::Findings) } else { Ok(()) }
}

/// The answer of EvaluateCode: results as JSON texts.
fn evaluation(outcome: Result<Returned, handler::Failure>, ctx: &Context, entry: &str) -> Value {
    let (result, error) = match outcome {
        Ok(Returned::Value(value) | Returned::EarlyReturn { value, .. }) => {
            (Value::from(value.to_string()), Value::Null)
        }
        Err(failure) => {
            let message = match &failure.position {
                Some((file, at)) => {
                    format!("{}:{}:{}: {}", shown(file, entry), at.line, at.column, failure.error.message)
                }
                None => failure.error.message.to_string(),
            };
            (Value::Null, object! { "message" => message, "codeErrors" => Vec::<Value>::new() })
        }
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
        "outErrors" => ctx.effects.errors.iter().map(out_error).collect::<Value>().to_string(),
    }
}

fn shown<'a>(file: &'a str, entry: &str) -> &'a str {
    if file == entry { CODE } else { file }
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
}

impl Code {
    /// A script of the project brings the project's other scripts along; any other stands alone.
    fn read(common: &Common, file: &Path) -> Result<Code, Failure> {
        if let Some(code) = Code::of_project(common, file) {
            return Ok(code);
        }
        let entry = Str::from(file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().as_ref());
        let source = SourceFile::new(entry.clone(), read_argument(file)?);
        Ok(Code { entry, modules: vec![source], dialect: Dialect::AppSync })
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
        is_known.then_some(Code { entry, modules: project.modules, dialect })
    }
}
