//! `syncline types`: TypeScript declarations for handlers, from the schema.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::backend::files::{process_environment, read_project};
use crate::cli::setup::{self, LoadError};
use crate::cli::{Common, Failure};
use crate::project::Project;
use crate::schema::parse_schema;

/// Where the declarations go: beside the schema, where it is no resolver and every handler reaches it.
const DEFAULT: &str = "syncline.d.ts";

#[derive(Args)]
pub struct Arguments {
    /// File to write; `-` prints to standard output; default: `syncline.d.ts` in the project
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write nothing, and fail when the file is not up to date
    #[arg(long)]
    check: bool,
}

/// Writes the declarations, or looks whether they are there.
pub fn run(common: &Common, arguments: &Arguments) -> Result<(), Failure> {
    let is_stdout = arguments.out.as_deref() == Some(Path::new("-"));
    if is_stdout && arguments.check {
        return Err(Failure::Usage("`--check` compares with a file, and `--out -` names none".into()));
    }
    let declarations = declarations(common)?;
    if is_stdout {
        return setup::print(declarations.trim_end());
    }
    let path = arguments.out.clone().unwrap_or_else(|| common.project.join(DEFAULT));
    let shown = path.strip_prefix(".").unwrap_or(&path).display();
    // Git may have changed the line ends.
    let is_current = std::fs::read_to_string(&path).is_ok_and(|text| text.replace("\r\n", "\n") == declarations);
    match (arguments.check, is_current) {
        (_, true) => eprintln!("{shown} is up to date"),
        (true, false) => {
            eprintln!("error: `{shown}` is not up to date\nhelp: run `syncline types`");
            return Err(Failure::Findings);
        }
        (false, false) => {
            std::fs::write(&path, &declarations)
                .map_err(|error| Failure::Environment(format!("cannot write `{shown}`: {error}")))?;
            eprintln!("wrote {shown}");
        }
    }
    Ok(())
}

/// The declarations of a project. Handlers may be broken, or not written yet; only the schema must be right.
fn declarations(common: &Common) -> Result<String, Failure> {
    let files = read_project(&common.project, process_environment())
        .map_err(|problem| setup::report(LoadError::Unreadable(problem)))?;
    let (project, mut problems) = Project::load(&files);
    if project.schema_files.is_empty() {
        return Err(setup::report(LoadError::Findings(problems)));
    }
    let parsed = parse_schema(&project.schema_files, &project.limits()).map_err(|found| {
        problems.extend(found);
        setup::report(LoadError::Findings(problems))
    })?;
    let resolved: HashSet<(&str, &str)> =
        project.resolvers.iter().map(|resolver| (resolver.type_name.as_str(), resolver.field_name.as_str())).collect();
    let paths: Vec<&str> = project.schema_files.iter().map(|file| file.path.as_str()).collect();
    let from = match paths.as_slice() {
        [path] => (*path).to_owned(),
        paths => format!("{} schema files", paths.len()),
    };
    Ok(parsed.schema.typescript(&from, |type_name, field| resolved.contains(&(type_name, field))))
}
