//! `syncline package`: what a project needs on AWS, in one folder: archive, template, policies.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::backend::files::{ProjectFiles, process_environment, read_project};
use crate::cli::setup::{self, LoadError, Loaded, plural};
use crate::cli::{Common, Failure};
use crate::context::AuthMode;
use crate::error::Diagnostic;
use crate::package::archive::{self, ArchiveFiles, UNPACKED_BYTES};
use crate::package::bootstrap::check_bootstrap;
use crate::package::policies_of;
use crate::package::policy::{Place, Policy, file_names};
use crate::package::template::{Architecture, Endpoint, InvokeMode, Template, TemplateOptions, template};
use crate::package::variables::{Variables, sort_variables};
use crate::project::{self, DataSourceKind};

const ARCHIVE: &str = "function.zip";
const TEMPLATE: &str = "template.yaml";
const POLICIES: &str = "policies";

#[derive(Args)]
pub struct Arguments {
    /// Folder to write to; default: `dist` in the project
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The binary that Lambda starts; default: this one, where it loads on provided.al2023
    #[arg(long, value_name = "FILE")]
    bootstrap: Option<PathBuf>,
    /// Lambda's processor; default: the one that the binary is for
    #[arg(long, value_enum, value_name = "PROCESSOR")]
    arch: Option<Processor>,
    /// How requests reach the function; `none`: AppSync calls it
    #[arg(long, value_enum, default_value_t = Door::FunctionUrl)]
    endpoint: Door,
    /// Whether the function URL sends answers whole or in parts
    #[arg(long, value_enum, default_value_t = Sending::Buffered)]
    invoke_mode: Sending,
    /// Whether the stack makes the tables, or finds those that exist
    #[arg(long, value_enum, default_value_t = Tables::Create)]
    tables: Tables,
    /// A variable of syncline.yaml that is a secret, although neither its place nor its name says so; may be repeated
    #[arg(long, value_name = "NAME")]
    secret: Vec<String>,
    /// Region in the ARNs of policies/; the template asks AWS
    #[arg(long, default_value = "us-east-1", value_parser = region)]
    region: String,
    /// Account in the ARNs of policies/; the template asks AWS
    #[arg(long, default_value = "123456789012", value_parser = account)]
    account: String,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Processor {
    Arm64,
    #[value(name = "x86_64")]
    X86_64,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Door {
    FunctionUrl,
    HttpApi,
    None,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Sending {
    Buffered,
    ResponseStream,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Tables {
    Create,
    Existing,
}

fn region(text: &str) -> Result<String, String> {
    let is_region = text.contains('-') && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_region { Ok(text.to_owned()) } else { Err("a region is written like `eu-central-1`".to_owned()) }
}

fn account(text: &str) -> Result<String, String> {
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_account { Ok(text.to_owned()) } else { Err("an account is a number of 12 digits".to_owned()) }
}

/// Writes archive, template and policies, and says how to deploy them.
pub fn run(common: &Common, arguments: &Arguments) -> Result<(), Failure> {
    let endpoint = endpoint(arguments)?;
    let mut files = read_project(&common.project, process_environment())
        .map_err(|problem| setup::report(LoadError::Unreadable(problem)))?;
    let variables = sort_variables(&project::variables(&files), &files.environment, &arguments.secret);
    refuse(&variables.problems)?;
    files.environment = variables.environment.clone();
    let loaded = setup::check(files).map_err(setup::report)?;
    if !loaded.checked.warnings.is_empty() {
        setup::print_problems(&loaded.checked.warnings);
    }
    setup::refuse_keys_without_value(&loaded.project, true)?;

    let (bootstrap, architecture) = bootstrap(arguments)?;
    let policies = policies_of(&loaded.project, &loaded.checked);
    let options = TemplateOptions {
        architecture,
        endpoint,
        creates_tables: arguments.tables == Tables::Create,
        settings: variables.settings.clone(),
    };
    let template = template(&loaded.project, &policies, &options).map_err(|problems| refused(&problems))?;
    let mut archive = archive::files(&loaded.project, &loaded.files, bootstrap);
    let Loaded { files, project, checked } = deployed(&archive, &loaded, &variables)?;
    let is_prepared = archive::add_prepared(&mut archive, &files, &project, &checked);
    refuse_too_large(&archive)?;
    let bytes =
        archive::write(&archive).map_err(|error| Failure::Environment(format!("cannot pack `{ARCHIVE}`: {error}")))?;

    let out = arguments.out.clone().unwrap_or_else(|| common.project.join("dist"));
    let out = out.strip_prefix(".").map(Path::to_path_buf).unwrap_or(out);
    let place = Place { region: arguments.region.as_str().into(), account: arguments.account.as_str().into() };
    write(&out.join(ARCHIVE), &bytes)?;
    write(&out.join(TEMPLATE), template.text.as_bytes())?;
    let names = write_policies(&out.join(POLICIES), &policies, &place)?;

    notes(&loaded, &policies, endpoint, is_prepared);
    eprint!("{}", summary(&out, &loaded, &archive, bytes.len(), &options, &names));
    eprint!("{}", next_command(&out, &loaded, &template));
    Ok(())
}

fn endpoint(arguments: &Arguments) -> Result<Endpoint, Failure> {
    let invoke_mode = match arguments.invoke_mode {
        Sending::Buffered => InvokeMode::Buffered,
        Sending::ResponseStream if arguments.endpoint == Door::FunctionUrl => InvokeMode::ResponseStream,
        Sending::ResponseStream => {
            return Err(Failure::Usage("only a function URL sends answers in parts; leave out `--invoke-mode`".into()));
        }
    };
    Ok(match arguments.endpoint {
        Door::FunctionUrl => Endpoint::FunctionUrl(invoke_mode),
        Door::HttpApi => Endpoint::HttpApi,
        Door::None => Endpoint::None,
    })
}

fn refused(problems: &[Diagnostic]) -> Failure {
    setup::print_problems(problems);
    Failure::Findings
}

fn refuse(problems: &[Diagnostic]) -> Result<(), Failure> {
    if problems.is_empty() { Ok(()) } else { Err(refused(problems)) }
}

/// The binary, and the processor that it is for.
fn bootstrap(arguments: &Arguments) -> Result<(Vec<u8>, Architecture), Failure> {
    let wanted = arguments.arch.map(|processor| match processor {
        Processor::Arm64 => Architecture::Arm64,
        Processor::X86_64 => Architecture::X86_64,
    });
    let (path, name) = match &arguments.bootstrap {
        Some(path) => (path.clone(), format!("`{}`", path.display())),
        None => {
            let path = std::env::current_exe()
                .map_err(|error| Failure::Environment(format!("cannot find this program's file: {error}")))?;
            (path, "this program".to_owned())
        }
    };
    let refused = |reason: String| {
        let here = if cfg!(target_arch = "aarch64") { Architecture::Arm64 } else { Architecture::X86_64 };
        let name_of = wanted.unwrap_or(here).name();
        Failure::Usage(format!(
            "{name} cannot be the function: it {reason}\nhelp: `scripts/bootstrap {name_of}` builds one that can; then \
             `--bootstrap target/bootstrap/{name_of}/bootstrap`"
        ))
    };
    let unreadable = |error: std::io::Error| Failure::Usage(format!("cannot read {name}: {error}"));
    let size = fs::metadata(&path).map_err(unreadable)?.len();
    if size > UNPACKED_BYTES as u64 {
        return Err(refused(format!("has {}, Lambda takes {}", megabytes(size as usize), megabytes(UNPACKED_BYTES))));
    }
    let bytes = fs::read(&path).map_err(unreadable)?;
    let architecture = check_bootstrap(&bytes).map_err(refused)?;
    match wanted {
        Some(wanted) if wanted != architecture => {
            Err(refused(format!("is for {}, not for {}", architecture.name(), wanted.name())))
        }
        _ => Ok((bytes, architecture)),
    }
}

fn unpacked_bytes(archive: &ArchiveFiles) -> usize {
    archive.values().map(|file| file.bytes.len()).sum()
}

fn refuse_too_large(archive: &ArchiveFiles) -> Result<(), Failure> {
    let bytes = unpacked_bytes(archive);
    if bytes <= UNPACKED_BYTES {
        return Ok(());
    }
    let (bytes, most) = (megabytes(bytes), megabytes(UNPACKED_BYTES));
    Err(Failure::Usage(format!("binary and project have {bytes} together, Lambda takes {most}")))
}

/// What is in the archive as the function will see it: with these files and these variables alone.
fn deployed(archive: &ArchiveFiles, loaded: &Loaded, variables: &Variables) -> Result<Loaded, Failure> {
    let files = loaded.files.files.iter().filter(|(path, _)| archive.contains_key(path.as_str()));
    let deployed = ProjectFiles {
        name: loaded.files.name.clone(),
        files: files.map(|(path, file)| (path.clone(), file.clone())).collect(),
        environment: variables.of_function(),
        is_deployed: true,
        ..ProjectFiles::default()
    };
    let there = setup::check(deployed).map_err(|error| {
        eprintln!("error: with the files and variables of the function, the project has mistakes\n");
        setup::report(error)
    })?;
    if there.project.resolvers == loaded.project.resolvers {
        return Ok(there);
    }
    Err(Failure::Environment("what is in the archive is another project, which is a mistake of Syncline's".into()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |error| Failure::Environment(format!("cannot write `{}`: {error}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, bytes).map_err(failed)
}

/// One file for each policy. Gives the files' names.
fn write_policies(folder: &Path, policies: &[Policy], place: &Place) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for (name, policy) in file_names(policies) {
        let document = place.document(&policy.statements());
        let text = serde_json::to_string_pretty(&document).unwrap_or_default() + "\n";
        write(&folder.join(&name), text.as_bytes())?;
        names.push(name);
    }
    let old = fs::read_dir(folder).into_iter().flatten().flatten();
    let old = old.filter_map(|entry| entry.file_name().into_string().ok());
    let old: BTreeSet<String> = old.filter(|name| name.ends_with(".json") && !names.contains(name)).collect();
    for name in old {
        eprintln!("note: `{}` is from an earlier time; no domain needs it now", folder.join(name).display());
    }
    Ok(names)
}

/// What somebody should know before it is deployed.
fn notes(loaded: &Loaded, policies: &[Policy], endpoint: Endpoint, is_prepared: bool) {
    let authentication = &loaded.project.config.authentication;
    if authentication.is_open() && endpoint != Endpoint::None {
        eprintln!("warning: syncline.yaml has no `authentication`: whoever reaches the function is let in");
    }
    if authentication.has_mode(AuthMode::Iam) && authentication.providers.len() > 1 && endpoint != Endpoint::None {
        eprintln!(
            "warning: only AWS verifies signatures of AWS_IAM, and not where others sign in as well: such callers are \
             refused here"
        );
    }
    if !is_prepared {
        eprintln!(
            "warning: the binary was built of other sources than this program: it checks and compiles the project at every \
             cold start; build both from one state of the repository"
        );
    }
    for note in policies.iter().flat_map(|policy| &policy.uses.unclear) {
        eprintln!("note: {note}; its policy allows all that its domain may");
    }
    for source in loaded.project.config.data_sources.values() {
        if let DataSourceKind::Http(service) = &source.kind
            && let (Some(signing), true) = (&service.signing, service.role_statements.is_empty())
        {
            eprintln!(
                "warning: data source `{}` signs requests for `{}`, and has no `iamRoleStatements` that allow any",
                source.name, signing.service
            );
        }
    }
    for policy in policies {
        if let (Some(domain), Some(role)) = (&policy.domain, &policy.role) {
            eprintln!("note: {role} of domain `{domain}` must trust the function's role, the output FunctionRoleArn");
        }
    }
}

/// What was written, aligned.
fn summary(
    out: &Path,
    loaded: &Loaded,
    archive: &ArchiveFiles,
    bytes: usize,
    options: &TemplateOptions,
    policies: &[String],
) -> String {
    let endpoint = match options.endpoint {
        Endpoint::FunctionUrl(_) => "function URL",
        Endpoint::HttpApi => "HTTP API",
        Endpoint::None => "called by AppSync",
    };
    let created = loaded.project.config.tables.values().filter(|table| options.creates(table)).count();
    let tables = match created {
        0 => "no tables".to_owned(),
        created => plural(created, "table"),
    };
    let unpacked = megabytes(unpacked_bytes(archive));
    let project_files = plural(archive.len().saturating_sub(1), "file");
    let rows = [
        (ARCHIVE.to_owned(), format!("{} ({unpacked} unpacked: bootstrap and {project_files})", megabytes(bytes))),
        (TEMPLATE.to_owned(), format!("{}, {endpoint}, {tables}", options.architecture.name())),
        (format!("{POLICIES}/"), if policies.is_empty() { "none are needed".to_owned() } else { policies.join(", ") }),
    ];
    let mut text = format!("\n  wrote {}\n", out.display());
    for (name, what) in rows {
        text.push_str(&format!("    {name:<14}  {what}\n"));
    }
    text
}

/// The command that deploys what was written.
fn next_command(out: &Path, loaded: &Loaded, template: &Template) -> String {
    let mut text = format!(
        "\n  next\n    sam deploy --template-file {} --stack-name {} --resolve-s3 --capabilities CAPABILITY_IAM",
        out.join(TEMPLATE).display(),
        stack_name(&loaded.project.config.name)
    );
    if !template.required.is_empty() {
        let values = template.required.iter().map(|(variable, parameter)| format!("{parameter}=\"${variable}\""));
        text.push_str(&format!(" \\\n      --parameter-overrides {}", values.collect::<Vec<_>>().join(" ")));
    }
    text + "\n\n"
}

/// A name that CloudFormation takes: letters, digits and hyphens, a letter first.
fn stack_name(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name: String = words.collect::<Vec<_>>().join("-").chars().take(100).collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("api-{name}") }
}

/// `6.2 MB`
fn megabytes(bytes: usize) -> String {
    let tenths = bytes.div_ceil(1024 * 1024 / 10);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}
