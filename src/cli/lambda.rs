//! The Lambda function itself: what the binary is where Lambda starts it. The project lies beside it.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::production::{self, Production, StartError};
use crate::cli::setup::{self, LoadError};
use crate::cli::{Common, Failure};
use crate::error::{Diagnostic, Severity};
use crate::transport::lambda::{self, Function, HandlerError, InvokeMode};

/// Serves events until Lambda ends the process. What keeps it from that is reported as an error at start.
pub fn main() -> ExitCode {
    crate::telemetry::init(crate::telemetry::Format::Json, "info");
    let started = setup::block_on(async {
        let function = match start().await {
            Ok(function) => function,
            Err(error) => {
                eprintln!("error: {}", error.message);
                lambda::report_init_error(error).await;
                return ExitCode::FAILURE;
            }
        };
        match lambda::run(function, setup::stop_signal()).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        }
    });
    started.unwrap_or(ExitCode::FAILURE)
}

async fn start() -> Result<Function, HandlerError> {
    let invoke_mode = invoke_mode()?;
    let project = std::env::var_os("LAMBDA_TASK_ROOT").map_or_else(|| PathBuf::from("."), PathBuf::from);
    let common = Common {
        project,
        port: 0,
        host: None,
        data: None,
        memory: false,
        aws: false,
        dynamodb_endpoint: production::dynamodb_endpoint(),
    };
    // Lambda's init has a whole core; the first request would do the same on a fraction of one.
    let production = Production::start_warm(&common).await.map_err(|error| match error {
        StartError::Project(error) => unloadable(error),
        StartError::Surroundings(failure) => environment_error(failure),
    })?;
    let Production { api, server, .. } = production;
    Ok(Function { api, server, invoke_mode })
}

/// `SYNCLINE_INVOKE_MODE`: how the function's URL takes answers, which no event tells.
fn invoke_mode() -> Result<InvokeMode, HandlerError> {
    let Ok(name) = std::env::var("SYNCLINE_INVOKE_MODE") else { return Ok(InvokeMode::Buffered) };
    InvokeMode::from_name(&name).ok_or_else(|| {
        let message = format!("`SYNCLINE_INVOKE_MODE` must be `BUFFERED` or `RESPONSE_STREAM`, found `{name}`");
        HandlerError::new("Syncline.EnvironmentError", message)
    })
}

fn unloadable(error: LoadError) -> HandlerError {
    match error {
        LoadError::Unreadable(problem) => HandlerError::new("Syncline.EnvironmentError", problem.message),
        LoadError::Findings(problems) => {
            setup::print_problems(&problems);
            project_error(&problems)
        }
    }
}

/// The first of the problems; the log has all of them.
fn project_error(problems: &[Diagnostic]) -> HandlerError {
    let first = problems.iter().find(|problem| problem.severity == Severity::Error);
    let message = first.map_or_else(|| "the project has problems".to_owned(), ToString::to_string);
    let more = match problems.len().saturating_sub(1) {
        0 => String::new(),
        more => format!("\n(and {more} more, which the log has)"),
    };
    HandlerError::new("Syncline.ProjectError", format!("{message}{more}"))
}

fn environment_error(failure: Failure) -> HandlerError {
    let message = match failure {
        Failure::Usage(message) | Failure::Environment(message) => message,
        Failure::Findings => "the log says what is wrong".to_owned(),
    };
    HandlerError::new("Syncline.EnvironmentError", message)
}
