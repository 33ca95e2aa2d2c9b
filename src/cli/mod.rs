//! The command line. One file per subcommand; what they share is in `setup`.
//!
//! stdout is data, stderr is talk. Exit codes: 0 fine, 1 findings or failures, 2 usage, 3 environment.

mod check;
mod dev;
mod eval;
mod invoke;
mod lambda;
#[cfg(feature = "package")]
mod package;
mod production;
mod query;
mod reload;
mod serve;
mod setup;
mod types;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Args, Parser, Subcommand};

pub use lambda::main as lambda;

/// Runs an AWS AppSync API without AppSync: a schema, resolvers, one binary.
#[derive(Parser)]
#[command(name = "syncline", version, about, after_help = EXIT_CODES)]
struct CommandLine {
    #[command(flatten)]
    common: Common,
    /// Default: dev
    #[command(subcommand)]
    command: Option<Command>,
}

const EXIT_CODES: &str = "Exit codes: 0 fine, 1 findings or failures, 2 usage, 3 environment.";

#[derive(Subcommand)]
enum Command {
    /// Serve the project: GraphQL, GraphiQL, embedded DynamoDB; reload on save
    Dev(dev::Arguments),
    /// Serve the project in production, on the real DynamoDB: what a container runs
    Serve(serve::Arguments),
    /// Report everything that can be wrong without running
    Check(check::Arguments),
    /// Run one operation in process and print the response JSON
    Query(query::Arguments),
    /// Run one handler function on a context and print what it returns (a local EvaluateCode)
    Eval(eval::Arguments),
    /// Run the Lambda handler once in process on an event and print what it returns
    Invoke(invoke::Arguments),
    #[cfg(feature = "package")]
    /// Write what a project needs on AWS Lambda: archive, SAM template, least-privilege policies
    Package(package::Arguments),
    /// Write TypeScript declarations of the schema for handlers
    Types(types::Arguments),
}

/// Options of every subcommand.
#[derive(Args, Clone)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Common {
    /// Folder of the project
    #[arg(long, global = true, value_name = "DIR", default_value = ".")]
    project: PathBuf,
    /// Port to serve on
    #[arg(long, global = true, default_value_t = 4000)]
    port: u16,
    /// Address to serve on; default: 127.0.0.1, for `serve` 0.0.0.0
    #[arg(long, global = true)]
    host: Option<String>,
    /// Folder for the embedded tables; default: `.syncline` in the project
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Keep the embedded tables in memory; they start from the seeds each time
    #[arg(long, global = true, conflicts_with_all = ["data", "dynamodb_endpoint", "aws"])]
    memory: bool,
    /// Use the DynamoDB at this URL, for example an emulator
    #[arg(long, global = true, value_name = "URL", conflicts_with = "aws")]
    dynamodb_endpoint: Option<String>,
    /// Use the real DynamoDB, Lambda and EventBridge with the credentials of the environment
    #[arg(long, global = true)]
    aws: bool,
}

/// Why a command ends without success; the text has been printed by then or is the message.
pub(crate) enum Failure {
    /// Findings in the project, or a failed operation: exit code 1.
    Findings,
    /// The caller's mistake: exit code 2.
    Usage(String),
    /// The machine's: exit code 3.
    Environment(String),
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let started = Instant::now();
    let CommandLine { common, command } = CommandLine::parse();
    let command = command.unwrap_or_else(|| Command::Dev(dev::Arguments::default()));
    let (format, level) = match command {
        Command::Serve(_) => (crate::telemetry::Format::Json, "info"),
        _ => (crate::telemetry::Format::Text, "warn"),
    };
    crate::telemetry::init(format, &std::env::var("SYNCLINE_LOG").unwrap_or_else(|_| level.into()));
    let outcome = match command {
        Command::Dev(arguments) => dev::run(&common, arguments, started),
        Command::Serve(arguments) => serve::run(&common, &arguments),
        Command::Check(arguments) => check::run(&common, &arguments),
        Command::Query(arguments) => query::run(&common, &arguments),
        Command::Eval(arguments) => eval::run(&common, &arguments),
        Command::Invoke(arguments) => invoke::run(&common, &arguments),
        #[cfg(feature = "package")]
        Command::Package(arguments) => package::run(&common, &arguments),
        Command::Types(arguments) => types::run(&common, &arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Findings) => ExitCode::from(1),
        Err(Failure::Usage(message)) => fail(&message, 2),
        Err(Failure::Environment(message)) => fail(&message, 3),
    }
}

fn fail(message: &str, code: u8) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::from(code)
}
