//! A whole project, in process, on embedded tables in memory and a clock that stands still.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value as Json, json};
use syncline::api::prepared::{PreparedProject, prepare};
use syncline::api::{Answer, Api, ApiOptions, OperationReport, OperationRequest};
use syncline::auth::LocalSignIn;
use syncline::backend::files::{ProjectFiles, read_project};
use syncline::backend::lambda::Functions;
use syncline::backend::local::LocalDynamoDb;
use syncline::backend::tables::{create_tables, seed_table};
use syncline::backend::{Backends, DynamoDb};
use syncline::clock::Clock;
use syncline::context::RequestInfo;
use syncline::error::{Diagnostic, Severity, SourceFile};
use syncline::loader::CallKind;
use syncline::value::{Map, Value};

use super::recording::{Call, Recording};
use super::web::Web;
use super::{NOON, run, tests_folder};

/// A running API of a project.
pub struct Project {
    pub api: Arc<Api>,
    outside: Arc<Recording>,
}

/// One operation that a client sends.
#[derive(Clone, Default)]
pub struct Step {
    pub document: String,
    pub variables: Json,
    pub operation_name: Option<String>,
    pub headers: Vec<(String, String)>,
    /// A name of the project's `identities`.
    pub acts_as: Option<String>,
}

/// What became of a step, on both wires.
pub struct Outcome {
    /// Calls that left the API, in order.
    pub calls: Vec<Call>,
    /// What handlers logged, as lines.
    pub logs: Vec<String>,
    /// Headers that handlers added to the response, as lines.
    pub headers: Vec<String>,
    /// The body of the answer; for a refused request `{"refused": status, "errors": …}`.
    pub answer: Json,
    pub report: OperationReport,
}

/// The folder of a project below `tests/projects`; a file named `project` there says where else it lies.
pub fn folder(name: &str) -> PathBuf {
    let folder = tests_folder("projects").join(name);
    match std::fs::read_to_string(folder.join("project")) {
        Ok(path) => folder.join(path.trim()),
        Err(_) => folder,
    }
}

/// The project in `folder` with another `syncline.yaml`.
///
/// # Errors
/// What `syncline check` would print.
pub fn with_configuration(folder: &Path, configuration: &str) -> Result<Project, String> {
    let mut files = read_project(folder, BTreeMap::new()).map_err(|problem| problem.to_string())?;
    files.files.insert("syncline.yaml".into(), SourceFile::new("syncline.yaml", configuration));
    Project::start(&files, true)
}

impl Project {
    /// The project `tests/projects/<name>`, which must be free of errors, with its seeds loaded.
    pub fn named(name: &str) -> Project {
        Project::load(&folder(name)).unwrap_or_else(|problems| panic!("{name} has problems:\n{problems}"))
    }

    /// # Errors
    /// What `syncline check` would print.
    pub fn load(folder: &Path) -> Result<Project, String> {
        let files = read_project(folder, BTreeMap::new()).map_err(|problem| problem.to_string())?;
        Project::start_in(folder, &files, true)
    }

    /// As [`Project::load`] from files that need not be on disk. `shows_internals`: as on a laptop.
    pub fn start(files: &ProjectFiles, shows_internals: bool) -> Result<Project, String> {
        Project::start_in(Path::new("."), files, shows_internals)
    }

    /// `folder`: where the commands of its functions run, and its web lies.
    fn start_in(folder: &Path, files: &ProjectFiles, shows_internals: bool) -> Result<Project, String> {
        let (project, mut problems) = syncline::project::Project::load(files);
        match Project::build(folder, &project, shows_internals) {
            Ok(built) if problems.iter().all(|problem| problem.severity != Severity::Error) => Ok(built),
            Ok(_) => Err(text(&problems)),
            Err(found) => {
                problems.extend(found);
                Err(text(&problems))
            }
        }
    }

    /// A project that has been read, with commands that run in `folder`.
    ///
    /// # Errors
    /// What is wrong with its schema and its code.
    pub fn build(
        folder: &Path,
        project: &syncline::project::Project,
        shows_internals: bool,
    ) -> Result<Project, Vec<Diagnostic>> {
        let (outside, backends, options) = surroundings(folder, project, shows_internals);
        Ok(Project { api: Arc::new(Api::build(project, backends, options)?), outside })
    }

    /// As [`Project::load`], by way of the prepared form.
    pub fn load_prepared(folder: &Path) -> Result<Project, String> {
        let files = read_project(folder, BTreeMap::new()).map_err(|problem| problem.to_string())?;
        let (project, _) = syncline::project::Project::load(&files);
        let checked = syncline::api::check(&project).map_err(|problems| text(&problems))?;
        let (outside, backends, options) = surroundings(folder, &project, true);

        let bytes = prepare(&files, &project, &checked);
        let prepared = PreparedProject::read(&bytes.into(), BTreeMap::new())?;
        let (project, _) = syncline::project::Project::load(&prepared.files);
        let checked = prepared.check(&project).ok_or("the prepared project is another one")?;
        let checked = checked.map_err(|problems| text(&problems))?;
        Ok(Project { api: Arc::new(Api::from_checked(&project, checked, backends, options)), outside })
    }

    /// Holds the next call to DynamoDB; see [`Recording::hold_next_call`].
    pub fn hold_next_call(&self) -> (std::sync::mpsc::Receiver<()>, tokio::sync::oneshot::Sender<()>) {
        self.outside.hold_next_call()
    }

    /// The calls to DynamoDB since this was last asked or an operation was run.
    pub fn take_calls(&self) -> Vec<Call> {
        self.outside.take()
    }

    pub fn query(&self, document: &str) -> Outcome {
        self.run(&Step { document: document.to_owned(), ..Step::default() })
    }

    pub fn run(&self, step: &Step) -> Outcome {
        run(self.execute(step))
    }

    pub async fn execute(&self, step: &Step) -> Outcome {
        let mut headers = Map::default();
        for (name, value) in &step.headers {
            headers.insert(name.to_ascii_lowercase().into(), Value::from(value.as_str()));
        }
        let request = OperationRequest {
            query: step.document.as_str().into(),
            variables: value(&step.variables),
            operation_name: step.operation_name.as_deref().map(Into::into),
            request: Arc::new(RequestInfo { headers: headers.into(), domain_name: Value::Null }),
            identity: step.acts_as.as_deref().map(|name| {
                self.api.local_identity(name).unwrap_or_else(|| panic!("the project has no identity `{name}`"))
            }),
            ..OperationRequest::default()
        };
        self.outside.take();
        let answer = self.api.execute(request).await;
        let calls = self.outside.take();
        match answer {
            Answer::Executed { response, report } => {
                let answer = serde_json::from_slice(&response.to_json()).expect("an answer is JSON");
                let logs = report.logs.iter().map(ToString::to_string).collect();
                let headers =
                    response.headers.iter().map(|header| format!("{}: {}", header.name, header.value)).collect();
                Outcome { calls, logs, headers, answer, report }
            }
            Answer::Refused(refusal) => {
                let body: Json = serde_json::from_slice(&refusal.to_json()).expect("a refusal is JSON");
                let answer = json!({ "refused": refusal.status, "errors": body["errors"] });
                Outcome { calls, logs: Vec::new(), headers: Vec::new(), answer, report: OperationReport::default() }
            }
        }
    }
}

impl Outcome {
    /// How often what was called: `Query 1, BatchGetItem 1, Invoke 2`.
    pub fn call_counts(&self) -> String {
        let mut counts: Vec<(CallKind, usize)> = Vec::new();
        for call in &self.calls {
            match counts.iter_mut().find(|(counted, _)| *counted == call.kind) {
                Some((_, count)) => *count += 1,
                None => counts.push((call.kind, 1)),
            }
        }
        counts.iter().map(|(kind, count)| format!("{} {count}", kind.name())).collect::<Vec<_>>().join(", ")
    }
}

/// What a project in process runs on. `folder`: where the commands of its functions run, and its web lies.
fn surroundings(
    folder: &Path,
    project: &syncline::project::Project,
    shows_internals: bool,
) -> (Arc<Recording>, Backends, ApiOptions) {
    let functions = Functions::local(project.config.functions.values().cloned(), folder);
    let outside = Recording::new(tables(project), functions, Web::of(folder));
    let (lambda, http, event_bus) = (outside.clone(), outside.clone(), outside.clone());
    let backends = Backends { lambda, http, event_bus, ..Backends::new(outside.clone()) };
    let options = ApiOptions {
        clock: Clock::fixed(NOON, 1),
        shows_internals,
        token_secret: b"the secret of all tests".to_vec(),
        local: Some(LocalSignIn::default()),
        ..ApiOptions::default()
    };
    (outside, backends, options)
}

/// The project's tables in memory, with its seeds.
pub fn tables(project: &syncline::project::Project) -> Arc<dyn DynamoDb> {
    let dynamodb = LocalDynamoDb::open(None).unwrap();
    let descriptions: Vec<_> = project.config.tables.values().map(|table| table.description()).collect();
    run(async {
        create_tables(&dynamodb, &descriptions).await.unwrap();
        for table in project.config.tables.values() {
            let Some(seed) = &table.seed else { continue };
            let items = Value::parse(&seed.text).unwrap_or_default();
            let _ = seed_table(&dynamodb, &table.physical_name, items.as_list().unwrap_or_default()).await;
        }
    });
    Arc::new(dynamodb)
}

fn text(problems: &[Diagnostic]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

/// The library's value of a JSON value.
pub fn value(json: &Json) -> Value {
    Value::parse(&json.to_string()).unwrap()
}
