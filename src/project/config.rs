//! `syncline.yaml`: the keys at its top, their defaults, and what this version does not do.

use std::sync::Arc;

use crate::backend::files::ProjectFiles;
use crate::backend::lambda::FunctionDescription;
use crate::error::{Diagnostic, SourceFile};
use crate::limits::{ENVIRONMENT_NAME_CHARACTERS, ENVIRONMENT_VALUE_CHARACTERS, ENVIRONMENT_VARIABLES, Limits};
use crate::project::authentication::{Authentication, read_authentication};
use crate::project::cors::{Cors, read_cors};
use crate::project::data_sources::{DataSource, read_data_sources};
use crate::project::domains::{Domain, read_domains};
use crate::project::functions::read_functions;
use crate::project::payloads::{Payloads, read_payloads};
use crate::project::persisted::{PersistedQueries, read_persisted_queries};
use crate::project::quotas::{RateLimit, read_limits, read_rate_limit};
use crate::project::reader::{Reader, Section};
use crate::project::substitute::substitute;
use crate::project::tables::{Table, read_tables};
use crate::project::yaml::{Node, parse_yaml};
use crate::schema::NameMap;
use crate::value::{Map, Str, Value};

/// Names that `syncline.yaml` may have, the first of them that exists counts.
pub(crate) const FILE_NAMES: [&str; 2] = ["syncline.yaml", "syncline.yml"];

const KEYS: &[&str] = &[
    "name",
    "schema",
    "tables",
    "functions",
    "dataSources",
    "domains",
    "resolvers",
    "pipelineFunctions",
    "environment",
    "queryDepthLimit",
    "resolverCountLimit",
    "queryCostLimit",
    "rateLimit",
    "introspection",
    "runtime",
    "cors",
    "persistedQueries",
    "payloads",
    "authentication",
    "additionalAuthentications",
    "apiKeys",
    "identities",
    "localCredentials",
    "caching",
    "substitutions",
    "logging",
    "enhancedMetrics",
    "xrayEnabled",
    "visibility",
    "domain",
    "waf",
    "tags",
    "esbuild",
];

/// Keys of serverless-appsync-plugin that describe AWS's side of an API, not its behaviour.
const WITHOUT_EFFECT: &[&str] =
    &["logging", "enhancedMetrics", "xrayEnabled", "visibility", "domain", "waf", "tags", "esbuild"];

/// What `syncline.yaml` says, defaults filled in.
#[derive(Clone, Debug)]
pub struct Config {
    /// The API's name; the project folder's name where none is given.
    pub name: Str,
    /// Which JavaScript resolvers are written in.
    pub runtime: Runtime,
    /// Whether `__schema` and `__type` may be asked for.
    pub introspection: bool,
    /// AppSync's limits, lowered where `syncline.yaml` lowers them.
    pub limits: Limits,
    /// How often one caller may ask.
    pub rate_limit: Option<RateLimit>,
    /// Which pages of other origins may call.
    pub cors: Cors,
    /// Documents that clients name instead of sending them.
    pub persisted_queries: PersistedQueries,
    /// What payloads of AppSync's templates mean; `None`: there are none.
    pub payloads: Option<Payloads>,
    /// `ctx.env`: names to strings.
    pub environment: Arc<Map>,
    /// The tables described under `tables`, by the name that resolvers use.
    pub tables: NameMap<Table>,
    /// The Lambda functions described under `functions`, by the project's names.
    pub functions: NameMap<FunctionDescription>,
    /// Every data source that a resolver may name: the tables, what `dataSources` declares, and `NONE`.
    pub data_sources: NameMap<DataSource>,
    /// Every domain: those under `domains` and those that are only a folder of resolvers.
    pub domains: NameMap<Domain>,
    /// Whether there is a section `domains`. Without it a table that no domain owns by its name is everybody's.
    pub declares_domains: bool,
    /// How callers sign in.
    pub authentication: Authentication,
}

/// The dialect of JavaScript that resolvers are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Runtime {
    /// AppSync's `APPSYNC_JS`, with its restrictions and quirks.
    #[default]
    AppSync,
    /// The language as it is.
    Standard,
}

/// The configuration file's tree, for the parts that are read after everything else is known.
pub(crate) struct Document {
    pub file: Arc<SourceFile>,
    pub root: Option<Node>,
}

/// Reads `syncline.yaml`; everything has its default when there is none.
pub(crate) fn read_config(files: &ProjectFiles, problems: &mut Vec<Diagnostic>) -> (Config, Document) {
    let document = read_document(files, problems);
    let empty = Node { data: crate::project::yaml::Data::Map(NameMap::default()), range: 0..0 };
    let root = document.root.as_ref().unwrap_or(&empty);
    let mut reader = Reader { file: &document.file, problems };
    let top = reader.section(root, "syncline.yaml", "`syncline.yaml`", KEYS);

    refuse_what_is_missing(&top, &mut reader);
    warn_of_keys_without_effect(&top, &mut reader);
    let tables = read_tables(top.get("tables"), files, &mut reader);
    let functions = read_functions(top.get("functions"), &mut reader);
    let data_sources = read_data_sources(top.get("dataSources"), &tables, &functions, &mut reader);
    let domains = read_domains(top.get("domains"), &data_sources, &mut reader);
    let authentication = read_authentication(&top, &mut reader);
    let mut text = |key| top.get(key).and_then(|node| reader.text(node, key)).map(|name| name.value);
    let name = text("name").unwrap_or_else(|| files.name.clone());
    let runtimes = [("appsync", Runtime::AppSync), ("standard", Runtime::Standard)];
    let runtime = top.get("runtime").and_then(|node| reader.choice(node, "runtime", &runtimes)).unwrap_or_default();
    let introspection = top.get("introspection").and_then(|node| reader.boolean(node, "introspection"));
    let limits = read_limits(&top, &mut reader);
    let rate_limit = read_rate_limit(top.get("rateLimit"), &mut reader);
    let environment = read_environment(top.get("environment"), &mut reader);
    let cors = read_cors(top.get("cors"), &mut reader);
    let payloads = read_payloads(top.get("payloads"), &mut reader);
    let persisted_queries = read_persisted_queries(top.get("persistedQueries"), files, &mut reader);

    let config = Config {
        name,
        runtime,
        introspection: introspection.unwrap_or(true),
        limits,
        rate_limit,
        cors,
        persisted_queries,
        payloads,
        environment: Arc::new(environment),
        tables,
        functions,
        data_sources,
        domains,
        declares_domains: top.get("domains").is_some(),
        authentication,
    };
    (config, document)
}

fn read_document(files: &ProjectFiles, problems: &mut Vec<Diagnostic>) -> Document {
    let mut found = FILE_NAMES.iter().filter_map(|name| files.get(name));
    let Some(file) = found.next() else {
        return Document { file: SourceFile::new(FILE_NAMES[0], ""), root: None };
    };
    if let Some(second) = found.next() {
        let message = format!("`{}` and `{}` are both there", file.path, second.path);
        problems.push(Diagnostic::error(message).at(second, 0..0).help("keep one of the two"));
    }
    let mut root = parse_yaml(file, problems);
    if let Some(root) = &mut root {
        substitute(root, file, &files.environment, problems);
    }
    Document { file: file.clone(), root }
}

/// The configuration file's tree as it is written, with the references in it; `None` where there is none to be read.
pub(crate) fn read_tree(files: &ProjectFiles) -> Option<Node> {
    let file = FILE_NAMES.iter().find_map(|name| files.get(name))?;
    parse_yaml(file, &mut Vec::new())
}

/// Keys that promise a behaviour that is not there yet: ignoring them would be dangerous.
fn refuse_what_is_missing(top: &Section, reader: &mut Reader) {
    if let Some(entry) = top.entry("caching") {
        let message = "`caching` is not supported by this version yet: every resolver runs every time";
        reader.report(Diagnostic::error(message).help("remove `caching`"), &entry.key_range);
    }
    if let Some(entry) = top.entry("substitutions") {
        let message = "`substitutions` is not supported by this version yet";
        let help = "put the values into `environment` and read them from `ctx.env`";
        reader.report(Diagnostic::error(message).help(help), &entry.key_range);
    }
}

fn warn_of_keys_without_effect(top: &Section, reader: &mut Reader) {
    for key in WITHOUT_EFFECT {
        if let Some(entry) = top.entry(key) {
            reader.report(Diagnostic::warning(format!("`{key}` has no effect here")), &entry.key_range);
        }
    }
}

fn read_environment(node: Option<&Node>, reader: &mut Reader) -> Map {
    let mut environment = Map::default();
    let Some(node) = node else { return environment };
    let members = reader.named(node, "environment");
    if let Some(member) = members.get(ENVIRONMENT_VARIABLES) {
        let message = format!("more than {ENVIRONMENT_VARIABLES} environment variables, found {}", members.len());
        reader.error(message, &member.range);
    }
    for member in members {
        if !is_environment_name(member.name) {
            let message = format!("`{}` cannot be the name of an environment variable", member.name);
            let help = "a letter first, then letters, digits and `_`, 2 to 64 characters";
            reader.report(Diagnostic::error(message).help(help), &member.range);
        }
        let Some(value) = reader.string(member.value, member.name) else { continue };
        let characters = value.value.chars().count();
        if characters > ENVIRONMENT_VALUE_CHARACTERS {
            let name = member.name;
            let message = format!(
                "environment variable `{name}` has {characters} characters, {ENVIRONMENT_VALUE_CHARACTERS} are allowed"
            );
            reader.error(message, &value.range);
        }
        environment.insert(member.name.clone(), Value::String(value.value));
    }
    environment
}

/// AppSync's pattern `[A-Za-z]+\w*` (spec appsync-service 9.1).
fn is_environment_name(name: &str) -> bool {
    ENVIRONMENT_NAME_CHARACTERS.contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
