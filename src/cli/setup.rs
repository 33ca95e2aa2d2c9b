//! From a folder to a running API: what most commands begin with.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use crate::api::prepared::{self, PreparedProject};
use crate::api::{self, Api, ApiOptions, Checked};
use crate::auth::LocalSignIn;
use crate::backend::aws::{AwsDynamoDb, AwsEventBus, SignedHttp};
use crate::backend::event_bus::LocalEventBus;
use crate::backend::files::{ProjectFiles, process_environment, read_project};
use crate::backend::http::HttpClient;
use crate::backend::lambda::Functions;
use crate::backend::tables::{create_tables, seed_table};
use crate::backend::{Backends, DynamoDb};
use crate::cli::{Common, Failure};
use crate::clock::Clock;
use crate::error::{Diagnostic, Severity};
use crate::project::{ApiKey, Project};
use crate::value::{Str, Value};

/// Handlers run on the workers themselves; one that loops until its limit must leave others to serve.
const LEAST_WORKERS: usize = 2;

/// A project that has passed every check.
pub struct Loaded {
    pub project: Project,
    pub checked: Checked,
    pub files: ProjectFiles,
}

/// Reads and checks the project.
///
/// # Errors
/// Every problem, warnings included; or why the folder cannot be read.
pub fn load(common: &Common) -> Result<Loaded, LoadError> {
    check(read_project(&common.project, process_environment()).map_err(LoadError::Unreadable)?)
}

/// Checks a project that was read.
///
/// # Errors
/// As [`load`].
pub fn check(files: ProjectFiles) -> Result<Loaded, LoadError> {
    let (project, mut problems) = Project::load(&files);
    let has_errors = |problems: &[Diagnostic]| problems.iter().any(|problem| problem.severity == Severity::Error);
    match api::check(&project) {
        Ok(mut checked) if !has_errors(&problems) => {
            checked.warnings.splice(0..0, problems);
            Ok(Loaded { project, checked, files })
        }
        Ok(_) => Err(LoadError::Findings(problems)),
        Err(found) => {
            problems.extend(found);
            Err(LoadError::Findings(problems))
        }
    }
}

/// As [`load`] where the project is deployed: what is for a laptop only need not be there. What `syncline package` has worked
/// out ahead is taken where it lies in the project's folder and fits. It need not: then the log says why, and everything is
/// done again.
///
/// # Errors
/// As [`load`].
pub fn load_deployed(common: &Common) -> Result<Loaded, LoadError> {
    let path = common.project.join(prepared::FILE_NAME);
    let reason = match std::fs::read(&path) {
        Ok(bytes) => match take_up(&bytes.into()) {
            Ok(loaded) => return Ok(loaded),
            Err(reason) => Some(reason),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => Some(error.to_string()),
    };
    if let Some(reason) = reason {
        tracing::warn!(reason, "the prepared project cannot be used; the start takes longer");
    }
    let files = read_project(&common.project, process_environment()).map_err(LoadError::Unreadable)?;
    check(ProjectFiles { is_deployed: true, ..files })
}

fn take_up(bytes: &Bytes) -> Result<Loaded, String> {
    let prepared = PreparedProject::read(bytes, process_environment())?;
    let files = prepared.files.clone();
    let (project, problems) = Project::load(&files);
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Err("with the variables of this environment it has mistakes".to_owned());
    }
    let checked = prepared.check(&project).ok_or("with the variables of this environment it is another project")?;
    let mut checked = checked.map_err(|_| "with the variables of this environment it has mistakes")?;
    checked.warnings.splice(0..0, problems);
    Ok(Loaded { project, checked, files })
}

pub enum LoadError {
    Unreadable(Diagnostic),
    Findings(Vec<Diagnostic>),
}

/// Prints what is wrong with the project and says how to go on.
pub fn report(error: LoadError) -> Failure {
    match error {
        LoadError::Unreadable(problem) => Failure::Environment(problem.message),
        LoadError::Findings(problems) => {
            print_problems(&problems);
            Failure::Findings
        }
    }
}

/// Writes a command's answer to standard output. A reader that has gone away has what it wanted: `syncline eval … | head`.
///
/// # Errors
/// [`Failure::Environment`] when the output cannot be written for another reason.
pub fn print(text: &str) -> Result<(), Failure> {
    write(&[text, "\n"])
}

/// As [`print`], with nothing after the text but on a terminal, where the prompt would follow it on its line.
///
/// # Errors
/// As [`print`].
pub fn print_exactly(text: &str) -> Result<(), Failure> {
    let is_on_terminal = std::io::stdout().is_terminal() && !text.ends_with('\n');
    write(&[text, if is_on_terminal { "\n" } else { "" }])
}

fn write(parts: &[&str]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match parts.iter().try_for_each(|part| out.write_all(part.as_bytes())).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::Environment(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// [`print`] for JSON, indented.
///
/// # Errors
/// As [`print`].
pub fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    print(&serde_json::to_string_pretty(value).unwrap_or_default())
}

pub fn print_problems(problems: &[Diagnostic]) {
    for problem in problems {
        eprintln!("{problem}\n");
    }
    eprintln!("{}", tally(problems));
}

/// `2 errors, 1 warning`
pub fn tally(problems: &[Diagnostic]) -> String {
    let count = |severity| problems.iter().filter(|problem| problem.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    match warnings {
        0 => plural(errors, "error"),
        warnings => format!("{}, {}", plural(errors, "error"), plural(warnings, "warning")),
    }
}

/// `1 table`, `2 tables`
pub fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Where the tables are.
pub struct Storage {
    pub backends: Backends,
    /// For the summary: `embedded, .syncline/dynamodb.sqlite`.
    pub description: String,
    /// For the summary: where events of event buses go.
    pub events: String,
    /// Items by physical table name; empty where counting would cost.
    pub item_counts: BTreeMap<Str, u64>,
    /// The file that remembers which tables have been seeded.
    pub seeded: Option<PathBuf>,
    /// Deletes what has outlived its time, where nobody else does.
    pub delete_expired: Option<Arc<dyn Fn() + Send + Sync>>,
    /// DynamoDB over the network, which can be warmed up.
    pub remote: Option<AwsDynamoDb>,
}

impl Storage {
    fn remote(dynamodb: AwsDynamoDb, description: String) -> Storage {
        let (backends, events) = backends(Arc::new(dynamodb.clone()), Some(&dynamodb));
        Storage {
            backends,
            description,
            events,
            item_counts: BTreeMap::new(),
            seeded: None,
            delete_expired: None,
            remote: Some(dynamodb),
        }
    }

    /// Makes the project's functions reachable: AWS's where the tables are AWS's, else what stands for them here.
    pub fn connect_functions(&mut self, common: &Common, project: &Project) {
        let described = project.config.functions.values().cloned();
        let functions = match self.remote.as_ref().filter(|aws| aws.has_roles()) {
            Some(aws) => Functions::in_aws(described, Arc::new(aws.lambda())),
            None => Functions::local(described, common.project.clone()),
        };
        self.backends.lambda = Arc::new(functions);
    }

    /// Says so where nobody is there to lend the rights of a project's roles.
    pub fn note_roles(&self, common: &Common, project: &Project) {
        if self.remote.as_ref().is_some_and(|dynamodb| !dynamodb.has_roles()) {
            note_roles(project, common.dynamodb_endpoint.as_deref().unwrap_or_default());
        }
    }

    /// Opens a connection and fetches credentials before the first request comes.
    pub async fn warm_up(&self) {
        if let Some(dynamodb) = &self.remote {
            dynamodb.warm_up().await;
        }
    }

    /// The same for the roles of domains.
    pub async fn warm_up_roles(&self, project: &Project) {
        if let Some(dynamodb) = &self.remote {
            dynamodb.warm_up_roles(&roles(project)).await;
        }
    }
}

/// Everything that a process may reach besides its DynamoDB: AWS's where the tables are AWS's, else the web with whatever
/// credentials there are, and events go to an emulator or no further than this process.
/// The second result says where events go.
fn backends(dynamodb: Arc<dyn DynamoDb>, remote: Option<&AwsDynamoDb>) -> (Backends, String) {
    let client = Arc::new(HttpClient::new());
    let backends = Backends::new(dynamodb);
    if let Some(aws) = remote.filter(|aws| aws.has_roles()) {
        let (http, event_bus) = (Arc::new(aws.signed_http(client)), Arc::new(aws.event_bus()));
        return (Backends { http, event_bus, ..backends }, "Amazon EventBridge".to_owned());
    }
    let http = Arc::new(SignedHttp::on_laptop(client));
    match AwsEventBus::of_emulator() {
        Some(emulator) => {
            let events = format!("EventBridge at {}", emulator.emulator_address().unwrap_or_default());
            (Backends { http, event_bus: Arc::new(emulator), ..backends }, events)
        }
        None => {
            let bus = LocalEventBus::new(Clock::system(), Arc::new(show_event));
            (Backends { http, event_bus: Arc::new(bus), ..backends }, "shown here, and go no further".to_owned())
        }
    }
}

/// `     event on bus orders {"version":"0",…}`, above the line of the request that put it.
fn show_event(bus: &str, event: &Value) {
    eprintln!("     event on bus {bus} {event}");
}

/// Opens DynamoDB as the options say, creates what is missing, and loads the seeds of new tables.
///
/// # Errors
/// [`Failure::Environment`] with the reason.
pub async fn storage(common: &Common, project: &Project) -> Result<Storage, Failure> {
    let mut storage = tables(common, project).await?;
    storage.connect_functions(common, project);
    Ok(storage)
}

async fn tables(common: &Common, project: &Project) -> Result<Storage, Failure> {
    if !common.aws && common.dynamodb_endpoint.is_none() {
        note_roles(project, "embedded tables");
        return embedded(common, project).await;
    }
    let storage = remote(common).await?;
    storage.note_roles(common, project);
    if !common.aws
        && let Some(dynamodb) = &storage.remote
    {
        prepare_tables(dynamodb, project, None).await?;
    }
    Ok(storage)
}

/// The DynamoDB of AWS, or of the endpoint that the options name, whose tables are somebody else's to make.
///
/// # Errors
/// [`Failure`] with the reason.
pub async fn remote(common: &Common) -> Result<Storage, Failure> {
    let Some(url) = common.dynamodb_endpoint.as_deref().filter(|_| !common.aws) else {
        let dynamodb =
            AwsDynamoDb::from_environment(None).await.map_err(|error| Failure::Environment(error.to_string()))?;
        return Ok(Storage::remote(dynamodb, "Amazon DynamoDB".to_owned()));
    };
    let dynamodb = AwsDynamoDb::with_endpoint(url).await.map_err(|error| Failure::Usage(error.to_string()))?;
    Ok(Storage::remote(dynamodb, format!("DynamoDB at {url}")))
}

/// The roles that domains name, each once.
fn roles(project: &Project) -> Vec<Str> {
    let mut roles: Vec<Str> = project.config.domains.values().filter_map(|domain| domain.role.clone()).collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}

/// Says that nobody is there to lend a role's rights, where a domain names one.
fn note_roles(project: &Project, tables: &str) {
    let domains = project.config.domains.values().filter(|domain| domain.role.is_some());
    let names: Vec<String> = domains.map(|domain| format!("`{}`", domain.name)).collect();
    if !names.is_empty() {
        eprintln!("note: the roles of {} have no effect on {tables}; --aws assumes them", names.join(", "));
    }
}

#[cfg(feature = "local")]
async fn embedded(common: &Common, project: &Project) -> Result<Storage, Failure> {
    use crate::backend::local::LocalDynamoDb;

    let folder = if common.memory { None } else { Some(data_folder(common)?) };
    let path = folder.as_ref().map(|folder| folder.join("dynamodb.sqlite"));
    let database = LocalDynamoDb::open(path.as_deref()).map_err(|error| Failure::Environment(error.to_string()))?;
    let database = Arc::new(database);
    let seeded = folder.map(|folder| folder.join("seeded.json"));
    prepare_tables(database.as_ref(), project, seeded.as_deref()).await?;
    let item_counts = database.item_counts().map(|counts| counts.into_iter().collect()).unwrap_or_default();
    let description = match &path {
        Some(path) => format!("embedded DynamoDB in {}", path.strip_prefix(".").unwrap_or(path).display()),
        None => "embedded DynamoDB in memory".to_owned(),
    };
    let expiry = database.clone();
    let delete_expired = Arc::new(move || {
        if let Err(error) = expiry.delete_expired() {
            tracing::warn!(%error, "expired items stay");
        }
    });
    let (backends, events) = backends(database, None);
    let delete_expired = Some(delete_expired as Arc<dyn Fn() + Send + Sync>);
    Ok(Storage { backends, description, events, item_counts, seeded, delete_expired, remote: None })
}

#[cfg(not(feature = "local"))]
async fn embedded(_: &Common, _: &Project) -> Result<Storage, Failure> {
    Err(Failure::Usage("this binary has no embedded DynamoDB; say --aws or --dynamodb-endpoint URL".into()))
}

#[cfg(feature = "local")]
fn data_folder(common: &Common) -> Result<PathBuf, Failure> {
    let folder = common.data.clone().unwrap_or_else(|| common.project.join(".syncline"));
    std::fs::create_dir_all(&folder)
        .map_err(|error| Failure::Environment(format!("cannot create `{}`: {error}", folder.display())))?;
    Ok(folder)
}

/// Creates the tables that are missing and loads the seeds of those that never had theirs.
///
/// `seeded` is the file that remembers which tables have been seeded; without one, tables are seeded when they are
/// created. The file is written after the items, so that a process killed in between seeds again.
///
/// # Errors
/// [`Failure::Environment`] with the reason.
pub async fn prepare_tables(dynamodb: &dyn DynamoDb, project: &Project, seeded: Option<&Path>) -> Result<(), Failure> {
    let tables: Vec<_> = project.config.tables.values().map(|table| table.description()).collect();
    let created = create_tables(dynamodb, &tables).await.map_err(|problems| {
        print_problems(&problems);
        Failure::Environment(match seeded {
            Some(_) => "the tables do not fit the project; delete the data folder to start from the seeds".into(),
            None => "the tables could not be prepared".into(),
        })
    })?;
    let mut done: Vec<Str> = match seeded {
        Some(path) => std::fs::read(path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default(),
        None => tables.iter().map(|table| table.name.clone()).filter(|name| !created.contains(name)).collect(),
    };
    let before = done.len();
    for table in project.config.tables.values() {
        if done.contains(&table.physical_name) {
            continue;
        }
        if let Some(seed) = &table.seed {
            let items = Value::parse(&seed.text).unwrap_or_default(); // checked when the project was loaded
            seed_table(dynamodb, &table.physical_name, items.as_list().unwrap_or_default())
                .await
                .map_err(|error| Failure::Environment(format!("cannot load `{}`: {error}", seed.path)))?;
        }
        done.push(table.physical_name.clone());
    }
    match seeded {
        Some(path) if done.len() > before => remember(path, &done)
            .map_err(|error| Failure::Environment(format!("cannot write `{}`: {error}", path.display()))),
        _ => Ok(()),
    }
}

/// Replaces the file as a whole: half a list would seed some tables twice.
fn remember(path: &Path, tables: &[Str]) -> std::io::Result<()> {
    let new = path.with_extension("new");
    std::fs::write(&new, serde_json::to_vec(tables)?)?;
    std::fs::rename(new, path)
}

/// The running API of a command that answers one request.
///
/// # Errors
/// Findings in the project, or a storage that cannot be opened.
pub async fn api(common: &Common) -> Result<Api, Failure> {
    let loaded = load(common).map_err(report)?;
    refuse_keys_without_value(&loaded.project, common.aws)?;
    let storage = storage(common, &loaded.project).await?;
    let options = local_options(&loaded.project, None);
    Ok(Api::from_checked(&loaded.project, loaded.checked, storage.backends, options))
}

/// As in production: nothing is shown or let in that is meant for a laptop.
pub fn options(project: &Project) -> ApiOptions {
    let secret = token_secret().unwrap_or_else(|| format!("syncline {}", project.config.name).into_bytes());
    ApiOptions { token_secret: secret, ..ApiOptions::default() }
}

/// As on a laptop. `acts_as`: whose requests those are that do not sign in.
pub fn local_options(project: &Project, acts_as: Option<&str>) -> ApiOptions {
    let local = LocalSignIn { acts_as: acts_as.map(Str::from) };
    ApiOptions { shows_internals: true, local: Some(local), ..options(project) }
}

/// Refuses a name that `identities` has not.
///
/// # Errors
/// [`Failure::Usage`] with the names that there are.
pub fn refuse_unknown_identity(project: &Project, name: Option<&str>) -> Result<(), Failure> {
    let identities = &project.config.authentication.identities;
    let Some(name) = name.filter(|name| !identities.contains_key(*name)) else { return Ok(()) };
    let known: Vec<String> = identities.keys().map(|name| format!("`{name}`")).collect();
    let cure = match known.is_empty() {
        true => "describe it below `identities:`".to_owned(),
        false => format!("there are {}", known.join(", ")),
    };
    Err(Failure::Usage(format!("syncline.yaml has no identity `{name}`; {cure}")))
}

/// Refuses API keys that only a laptop can make up where real data is reached.
///
/// # Errors
/// [`Failure::Findings`], after each of them has been printed.
pub fn refuse_keys_without_value(project: &Project, is_real: bool) -> Result<(), Failure> {
    match keys_without_value(project) {
        Err(problems) if is_real => {
            print_problems(&problems);
            Err(Failure::Findings)
        }
        _ => Ok(()),
    }
}

/// API keys that only a laptop can make up.
///
/// # Errors
/// One for each of them.
pub fn keys_without_value(project: &Project) -> Result<(), Vec<Diagnostic>> {
    let problem = |key: &ApiKey| {
        Diagnostic::error(format!("API key `{}` has no value", key.name))
            .at(&key.place.file, key.place.start..key.place.end)
            .help(format!("give it one: `{{ name: {}, value: \"${{API_KEY}}\" }}`; only `dev` makes keys up", key.name))
    };
    let problems: Vec<Diagnostic> = project.config.authentication.keys_without_value().map(problem).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// What seals page tokens, if the environment says so: one secret, or several with commas between them (see
/// [`TokenKey::derive`](crate::datasource::TokenKey::derive)).
pub fn token_secret() -> Option<Vec<u8>> {
    let secret = std::env::var_os("SYNCLINE_SECRET")?.into_encoded_bytes();
    secret.iter().any(|byte| !byte.is_ascii_whitespace() && *byte != b',').then_some(secret)
}

/// A runtime for commands that answer one request.
pub fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Environment(format!("cannot start: {error}")))?;
    Ok(runtime.block_on(future))
}

/// A runtime for commands that serve.
pub fn block_on_all_cores<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.max(LEAST_WORKERS))
        .enable_all()
        .build()
        .map_err(|error| Failure::Environment(format!("cannot start: {error}")))?;
    Ok(runtime.block_on(future))
}

/// Ctrl-C, or the signal with which containers are stopped.
pub async fn stop_signal() {
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// Reads a file that an option names; `-` is standard input.
pub fn read_argument(path: &Path) -> Result<String, Failure> {
    let text =
        if path == Path::new("-") { std::io::read_to_string(std::io::stdin()) } else { std::fs::read_to_string(path) };
    text.map_err(|error| Failure::Usage(format!("cannot read `{}`: {error}", path.display())))
}
