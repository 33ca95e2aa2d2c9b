//! `syncline check`: everything that can be wrong without running.

use clap::{Args, ValueEnum};

use crate::cli::setup::{self, LoadError, load, tally};
use crate::cli::{Common, Failure};
use crate::error::{Diagnostic, Severity};

#[derive(Args)]
pub struct Arguments {
    /// How to print what was found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Also report what works here but AppSync refuses
    #[arg(long)]
    strict: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Prints the findings to stdout; fails when one of them is an error.
pub fn run(common: &Common, arguments: &Arguments) -> Result<(), Failure> {
    let (problems, resolvers) = match load(common) {
        Ok(loaded) => {
            let mut problems = loaded.checked.warnings;
            if arguments.strict {
                problems.extend(loaded.checked.strict);
            }
            (problems, loaded.project.resolvers.len())
        }
        Err(LoadError::Findings(problems)) => (problems, 0),
        Err(unreadable) => return Err(setup::report(unreadable)),
    };
    match arguments.format {
        Format::Text => setup::print(&text(&problems, resolvers))?,
        Format::Json => setup::print_json(&problems)?,
    }
    if problems.iter().any(|problem| problem.severity == Severity::Error) { Err(Failure::Findings) } else { Ok(()) }
}

fn text(problems: &[Diagnostic], resolvers: usize) -> String {
    if problems.is_empty() {
        return format!("no problems: {}", setup::plural(resolvers, "resolver"));
    }
    let mut text: String = problems.iter().map(|problem| format!("{problem}\n\n")).collect();
    text.push_str(&tally(problems));
    text
}
