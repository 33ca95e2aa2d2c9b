//! Measures the cold start: from the start of a process to the answer to its first event, through the Runtime API of the
//! tests, beside a bare `lambda_http` function in the same run.
//! `bench-cold BOOTSTRAP HELLO [--quick]` prints Markdown; `scripts/bench cold` makes what it needs.

#[path = "../../tests/suite/harness/dynamodb.rs"]
mod dynamodb;
mod generated;
// Tests ask it for more.
#[allow(dead_code)]
#[path = "../../tests/suite/harness/runtime_api.rs"]
mod runtime_api;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use syncline::api::prepared::{FILE_NAME, prepare};
use syncline::backend::files::read_project;
use syncline::backend::local::LocalDynamoDb;
use syncline::backend::tables::{create_tables, seed_table};
use syncline::value::Value;

use runtime_api::{Invocation, RuntimeApi};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Requests after which the memory is looked at again.
const REQUESTS: usize = 1_000;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [bootstrap, hello, rest @ ..] = arguments.as_slice() else {
        return Err("usage: bench-cold BOOTSTRAP HELLO [--quick]".into());
    };
    let rounds = if rest.iter().any(|word| word == "--quick") { 5 } else { 41 };
    let folders = Folders::make()?;
    let sample = "{ user(id: \"u-ada\") { id name } }";
    let contestants = [
        Contestant::hello(hello),
        Contestant::project("the sample shop", bootstrap, &folders.shop, sample)?,
        Contestant::project("400 resolvers", bootstrap, &folders.generated, generated::QUERY)?,
        Contestant::project("the sample shop, not prepared", bootstrap, &folders.shop.join(UNPREPARED), sample)?,
        Contestant::project(
            "400 resolvers, not prepared",
            bootstrap,
            &folders.generated.join(UNPREPARED),
            generated::QUERY,
        )?,
    ];
    measure(&contestants, rounds)
}

/// Below a function's folder, the same without its prepared form.
const UNPREPARED: &str = "unprepared";

/// What lies beside the program in the functions' environments. Gone when dropped.
struct Folders {
    all: PathBuf,
    shop: PathBuf,
    generated: PathBuf,
}

impl Folders {
    fn make() -> Result<Folders> {
        let all = std::env::temp_dir().join(format!("syncline-bench-cold-{}", std::process::id()));
        let folders = Folders { shop: all.join("shop"), generated: all.join("generated"), all };
        generated::write(&folders.all.join("sources"))?;
        lay_out(Path::new("."), &folders.shop)?;
        lay_out(&folders.all.join("sources"), &folders.generated)?;
        Ok(folders)
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.all);
    }
}

/// The files of the project in `from`, as a package has them.
fn lay_out(from: &Path, to: &Path) -> Result<()> {
    let files = read_project(from, Default::default()).map_err(|problem| problem.to_string())?;
    let (project, _) = syncline::project::Project::load(&files);
    let checked = syncline::api::check(&project).map_err(|problems| format!("{problems:?}"))?;
    let own = |path: &str| {
        path.starts_with("resolvers/")
            || path.starts_with("seed")
            || path.starts_with("schema")
            || path == "syncline.yaml"
    };
    for file in files.files.values().filter(|file| own(&file.path)) {
        for folder in [to.to_path_buf(), to.join(UNPREPARED)] {
            generated::put(&folder, &file.path, &file.text)?;
        }
    }
    Ok(std::fs::write(to.join(FILE_NAME), prepare(&files, &project, &checked))?)
}

/// A function that takes part.
struct Contestant {
    name: &'static str,
    program: PathBuf,
    folder: PathBuf,
    query: String,
    /// Where its tables are; empty for none.
    dynamodb: String,
}

impl Contestant {
    fn hello(program: &str) -> Contestant {
        let (query, dynamodb) = ("{ __typename }".to_owned(), String::new());
        Contestant { name: "bare `lambda_http`", program: program.into(), folder: ".".into(), query, dynamodb }
    }

    fn project(name: &'static str, program: &str, folder: &Path, query: &str) -> Result<Contestant> {
        let files = read_project(folder, Default::default()).map_err(|problem| problem.to_string())?;
        let (project, _) = syncline::project::Project::load(&files);
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
        let dynamodb = dynamodb::serve(Arc::new(engine));
        Ok(Contestant { name, program: program.into(), folder: folder.into(), query: query.to_owned(), dynamodb })
    }

    /// The event of API Gateway's HTTP API that asks for the query.
    fn event(&self) -> String {
        json!({
            "version": "2.0", "routeKey": "$default", "rawPath": "/graphql", "rawQueryString": "",
            "headers": { "content-type": "application/json", "host": "api123.execute-api.eu-west-1.amazonaws.com" },
            "requestContext": {
                "accountId": "111122223333", "apiId": "api123", "routeKey": "$default", "stage": "$default",
                "domainName": "api123.execute-api.eu-west-1.amazonaws.com", "requestId": "r",
                "http": { "method": "POST", "path": "/graphql", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "bench" },
                "timeEpoch": 0
            },
            "body": json!({ "query": self.query }).to_string(), "isBase64Encoded": false
        })
        .to_string()
    }

    fn start(&self, api: &RuntimeApi) -> Result<Running> {
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
            .env("SYNCLINE_SECRET", "bench")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if !self.dynamodb.is_empty() {
            command.env("SYNCLINE_DYNAMODB_ENDPOINT", &self.dynamodb);
        }
        Ok(Running(command.spawn()?))
    }
}

struct Running(Child);

impl Running {
    /// A figure in KiB out of what the kernel says about the process.
    fn memory(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.trim_start_matches(':').trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or(0)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One cold start.
struct Start {
    /// Until the function asked for its first event: Lambda's init.
    init: Duration,
    /// Until its first answer was there.
    answer: Duration,
    peak_kib: u64,
}

fn cold_start(contestant: &Contestant) -> Result<Start> {
    let api = RuntimeApi::start();
    let id = api.send(Invocation::new(contestant.event()));
    let started = Instant::now();
    let process = contestant.start(&api)?;
    let asked = api.wait_for_start();
    let outcome = api.outcome(&id);
    let answer = started.elapsed();
    check(contestant, &outcome.json())?;
    Ok(Start { init: asked - started, answer, peak_kib: process.memory("VmHWM") })
}

/// A fast error would win every race.
fn check(contestant: &Contestant, answer: &Json) -> Result<()> {
    let body = answer["body"].as_str().unwrap_or_default();
    if answer["statusCode"] != 200 || body.contains("\"errors\"") {
        return Err(format!("{} answers {answer}", contestant.name).into());
    }
    Ok(())
}

fn measure(contestants: &[Contestant], rounds: usize) -> Result<()> {
    let mut starts: Vec<Vec<Start>> = contestants.iter().map(|_| Vec::new()).collect();
    for round in 0..=rounds {
        for (contestant, starts) in contestants.iter().zip(&mut starts) {
            let start = cold_start(contestant)?;
            // The first one reads the program from the disk.
            if round > 0 {
                starts.push(start);
            }
        }
    }
    println!("| function | init, ms (best) | first answer, ms (best) | ratio | peak memory, MiB |");
    println!("|---|---|---|---|---|");
    let base = median(&starts[0], |start| start.answer);
    for (contestant, starts) in contestants.iter().zip(&starts) {
        let peak = starts.iter().map(|start| start.peak_kib).max().unwrap_or(0);
        let answer = median(starts, |start| start.answer);
        println!(
            "| {} | {:.2} ({:.2}) | {:.2} ({:.2}) | **{:.2}x** | {:.1} |",
            contestant.name,
            milliseconds(median(starts, |start| start.init)),
            milliseconds(least(starts, |start| start.init)),
            milliseconds(answer),
            milliseconds(least(starts, |start| start.answer)),
            answer.as_secs_f64() / base.as_secs_f64(),
            peak as f64 / 1024.0,
        );
    }
    println!("\n| function | warm answer, ms (best) | memory after {REQUESTS} requests, MiB (peak) |");
    println!("|---|---|---|");
    for contestant in contestants {
        let api = RuntimeApi::start();
        let process = contestant.start(&api)?;
        let mut times = Vec::with_capacity(REQUESTS);
        for _ in 0..REQUESTS {
            let started = Instant::now();
            let outcome = api.invoke(contestant.event());
            times.push(started.elapsed());
            check(contestant, &outcome.json())?;
        }
        times.sort_unstable();
        println!(
            "| {} | {:.3} ({:.3}) | {:.1} ({:.1}) |",
            contestant.name,
            milliseconds(times[REQUESTS / 2]),
            milliseconds(times[0]),
            process.memory("VmRSS") as f64 / 1024.0,
            process.memory("VmHWM") as f64 / 1024.0,
        );
    }
    let size = std::fs::metadata(&contestants[1].program)?.len();
    println!(
        "\nThe program has {:.1} MB; {rounds} starts of each, in turn, with the programs in the page cache.",
        size as f64 / 1e6
    );
    Ok(())
}

fn median(starts: &[Start], of: impl Fn(&Start) -> Duration) -> Duration {
    let mut times: Vec<Duration> = starts.iter().map(of).collect();
    times.sort_unstable();
    times[times.len() / 2]
}

fn least(starts: &[Start], of: impl Fn(&Start) -> Duration) -> Duration {
    starts.iter().map(of).min().unwrap_or_default()
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
