//! Cold starts: from the start of a process to the answer to its first event.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::function::{Distant, Folder, Function, UNPREPARED, check, event, package};
use crate::runtime_api::{Invocation, RuntimeApi};
use crate::{Result, generated};

/// Requests after which the memory is looked at again.
const REQUESTS: usize = 1_000;

/// A function that takes part.
struct Contestant {
    name: &'static str,
    function: Function,
    event: String,
}

impl Contestant {
    fn project(name: &'static str, folder: &Path, tables: &Path, query: &str) -> Result<Contestant> {
        let dynamodb = Distant::of_project(tables, Duration::ZERO)?;
        Ok(Contestant { name, function: Function::packaged(folder, dynamodb), event: event(query, &Json::Null) })
    }
}

/// Prints two tables and the size of the program.
pub fn measure(bootstrap: &str, hello: &str, is_quick: bool) -> Result<()> {
    let rounds = if is_quick { 5 } else { 41 };
    let folder = Folder::make()?;
    let [shop, generated, sources] = ["shop", "generated", "sources"].map(|name| folder.0.join(name));
    generated::write(&sources)?;
    package(Path::new("."), bootstrap, &shop)?;
    package(&sources, bootstrap, &generated)?;
    let sample = "{ user(id: \"u-ada\") { id name } }";
    let large = generated::QUERY;
    let contestants = [
        Contestant {
            name: "bare `lambda_http`",
            function: Function::bare(hello),
            event: event("{ __typename }", &Json::Null),
        },
        Contestant::project("the sample shop", &shop, Path::new("."), sample)?,
        Contestant::project("400 resolvers", &generated, &sources, large)?,
        Contestant::project("the sample shop, not prepared", &shop.join(UNPREPARED), Path::new("."), sample)?,
        Contestant::project("400 resolvers, not prepared", &generated.join(UNPREPARED), &sources, large)?,
    ];
    cold(&contestants, rounds)?;
    warm(&contestants)?;
    println!(
        "\nThe program has {:.1} MB; {rounds} starts of each, in turn, with the programs in the page cache.",
        contestants[1].function.size()? as f64 / 1e6
    );
    Ok(())
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
    let id = api.send(Invocation::new(contestant.event.clone()));
    let started = Instant::now();
    let process = contestant.function.start(&api)?;
    let asked = api.wait_for_start();
    let outcome = api.outcome(&id);
    let answer = started.elapsed();
    check(contestant.name, &outcome.json())?;
    Ok(Start { init: asked - started, answer, peak_kib: process.memory("VmHWM") })
}

fn cold(contestants: &[Contestant], rounds: usize) -> Result<()> {
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
    Ok(())
}

fn warm(contestants: &[Contestant]) -> Result<()> {
    println!("\n| function | warm answer, ms (best) | memory after {REQUESTS} requests, MiB (peak) |");
    println!("|---|---|---|");
    for contestant in contestants {
        let api = RuntimeApi::start();
        let process = contestant.function.start(&api)?;
        let mut times = Vec::with_capacity(REQUESTS);
        for _ in 0..REQUESTS {
            let started = Instant::now();
            let outcome = api.invoke(contestant.event.clone());
            times.push(started.elapsed());
            check(contestant.name, &outcome.json())?;
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
