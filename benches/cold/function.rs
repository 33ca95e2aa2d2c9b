//! A function that is measured: what `syncline package` ships of a project, unpacked as Lambda does it, or another program
//! to compare with, and the tables that it reads.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::{Value as Json, json};
use syncline::api::prepared::FILE_NAME;
use syncline::backend::files::read_project;
use syncline::backend::local::LocalDynamoDb;
use syncline::backend::tables::{create_tables, seed_table};
use syncline::backend::{DynamoDb, Operation, ServiceError};
use syncline::project::Project;
use syncline::value::Value;

use crate::runtime_api::RuntimeApi;
use crate::{Result, dynamodb};

/// Below a function's folder, the same without its prepared form.
pub const UNPREPARED: &str = "unprepared";

/// A folder for functions. Gone when dropped.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn make() -> Result<Folder> {
        let path = std::env::temp_dir().join(format!("syncline-bench-cold-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Packages the project in `from` with the `syncline` beside this program and unpacks its archive to `to`, and once more
/// below [`UNPREPARED`].
pub fn package(from: &Path, bootstrap: &str, to: &Path) -> Result<()> {
    let out = to.with_extension("package");
    let output = Command::new(std::env::current_exe()?.with_file_name("syncline"))
        .arg("package")
        .args([Path::new("--project"), from, Path::new("--bootstrap"), Path::new(bootstrap), Path::new("--out"), &out])
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    for folder in [to.to_path_buf(), to.join(UNPREPARED)] {
        zip::ZipArchive::new(std::fs::File::open(out.join("function.zip"))?)?.extract(folder)?;
    }
    // Without it the benchmark would measure something else and not notice.
    let prepared = to.join(FILE_NAME);
    if !prepared.exists() {
        return Err(format!("`{bootstrap}` was built of other sources than `syncline`").into());
    }
    Ok(std::fs::remove_file(to.join(UNPREPARED).join(FILE_NAME))?)
}

/// The embedded DynamoDB as if it were some way off.
pub struct Distant {
    engine: LocalDynamoDb,
    /// Time that each call takes longer.
    delay: Duration,
    pub calls: AtomicUsize,
}

impl Distant {
    /// With the tables and seeds of the project in `folder`.
    pub fn of_project(folder: &Path, delay: Duration) -> Result<Arc<Distant>> {
        let files = read_project(folder, Default::default()).map_err(|problem| problem.to_string())?;
        let (project, _) = Project::load(&files);
        let engine = LocalDynamoDb::open(None).map_err(|error| error.message.to_string())?;
        let descriptions: Vec<_> = project.config.tables.values().map(|table| table.description()).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            create_tables(&engine, &descriptions).await.map_err(|problems| format!("{problems:?}"))?;
            for table in project.config.tables.values() {
                let Some(seed) = &table.seed else { continue };
                let items = Value::parse(&seed.text).unwrap_or_default();
                let items = items.as_list().unwrap_or_default();
                seed_table(&engine, &table.physical_name, items).await.map_err(|error| error.message.to_string())?;
            }
            Ok::<_, String>(())
        })?;
        Ok(Arc::new(Distant { engine, delay, calls: AtomicUsize::new(0) }))
    }
}

impl DynamoDb for Distant {
    fn call(&self, operation: Operation, request: Value) -> BoxFuture<'_, std::result::Result<Value, ServiceError>> {
        Box::pin(async move {
            self.calls.fetch_add(1, Ordering::Relaxed);
            if !self.delay.is_zero() {
                tokio::time::sleep(self.delay).await;
            }
            self.engine.call(operation, request).await
        })
    }
}

/// A program that Lambda could start.
pub struct Function {
    program: PathBuf,
    folder: PathBuf,
    /// Where its tables are; empty for none.
    dynamodb: String,
}

impl Function {
    /// One that needs nothing besides.
    pub fn bare(program: &str) -> Function {
        Function { program: program.into(), folder: ".".into(), dynamodb: String::new() }
    }

    /// What [`package`] unpacked to `folder`.
    pub fn packaged(folder: &Path, dynamodb: Arc<Distant>) -> Function {
        Function { program: folder.join("bootstrap"), folder: folder.into(), dynamodb: dynamodb::serve(dynamodb) }
    }

    pub fn start(&self, api: &RuntimeApi) -> Result<Running> {
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .current_dir(&self.folder)
            .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "bench")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "g")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "s")
            .env("LAMBDA_TASK_ROOT", &self.folder)
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", "AKIATEST")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("SYNCLINE_SECRET", "a secret of the benchmarks")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if !self.dynamodb.is_empty() {
            command.env("SYNCLINE_DYNAMODB_ENDPOINT", &self.dynamodb);
        }
        Ok(Running(command.spawn()?))
    }

    /// The size of the program, bytes.
    pub fn size(&self) -> Result<u64> {
        Ok(std::fs::metadata(&self.program)?.len())
    }
}

/// Ended when dropped.
pub struct Running(Child);

impl Running {
    /// A figure in KiB out of what the kernel says about the process.
    pub fn memory(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.trim_start_matches(':').trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or(0)
    }

    /// Processor time of all its threads so far.
    pub fn processor_time(&self) -> Result<Duration> {
        let mut nanoseconds = 0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.0.id()))? {
            let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
            nanoseconds += text.split_whitespace().next().unwrap_or_default().parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The event of API Gateway's HTTP API that asks for `query`.
pub fn event(query: &str, variables: &Json) -> String {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/graphql", "rawQueryString": "",
        "headers": { "content-type": "application/json", "host": "api123.execute-api.eu-west-1.amazonaws.com" },
        "requestContext": {
            "accountId": "111122223333", "apiId": "api123", "routeKey": "$default", "stage": "$default",
            "domainName": "api123.execute-api.eu-west-1.amazonaws.com", "requestId": "r",
            "http": { "method": "POST", "path": "/graphql", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "bench" },
            "timeEpoch": 0
        },
        "body": json!({ "query": query, "variables": variables }).to_string(), "isBase64Encoded": false
    })
    .to_string()
}

/// A fast error would win every race.
///
/// # Errors
/// The answer, if it is one or has one.
pub fn check(name: &str, answer: &Json) -> Result<()> {
    let body = answer["body"].as_str().unwrap_or_default();
    if answer["statusCode"] != 200 || body.contains("\"errors\"") {
        return Err(format!("{name} answers {answer}").into());
    }
    Ok(())
}
