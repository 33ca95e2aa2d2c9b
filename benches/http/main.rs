//! Loads Syncline and the hand-written server over HTTP, in turns, and prints what both gave as a Markdown table.
//! `bench-http [--quick] [--simulator]`, or `bench-http --hold [--quick]` for many connections at once, from the top folder of the repository; see `benches/README.md`.

mod client;
mod hold;
mod machine;
mod server;
mod wrk;

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::server::{Ours, Pinning, Server, Storage};
use crate::wrk::{Load, Measured};

type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

/// How long it all takes.
struct Effort {
    /// How often each server takes its turn under each load.
    rounds: usize,
    seconds_per_round: u32,
}

const CONNECTIONS: [u32; 2] = [1, 16];

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let (mut effort, mut with_simulator, mut holds) = (Effort { rounds: 5, seconds_per_round: 4 }, false, false);
    let mut hold_seconds = hold::SECONDS;
    for argument in arguments {
        match argument.as_str() {
            "--quick" => (effort, hold_seconds) = (Effort { rounds: 1, seconds_per_round: 1 }, hold::QUICK_SECONDS),
            "--hold" => holds = true,
            "--simulator" => with_simulator = true,
            other => return Err(format!("unknown argument `{other}`").into()),
        }
    }
    let pinning = Pinning::of_this_machine();
    if holds {
        return hold::run(hold_seconds, &pinning);
    }
    check_dynamodb_calls(&pinning)?;

    let mut servers = vec![server::syncline(&pinning, Ours::Silent, Storage::Memory)?, server::handwritten(&pinning)?];
    check_answers(&servers[0], &servers[1])?;
    if with_simulator {
        servers.push(server::simulator(&pinning)?);
        check_list(&servers[2])?;
    }

    println!("{}", machine::describe(&pinning));
    println!(
        "{} rounds of {} s for each server and load, in turns; medians.\n",
        effort.rounds, effort.seconds_per_round
    );
    print_header();
    let mut memory = vec![memory_mib(&servers)];
    // Writes come last: every server reads the same tables before, and what they store is not counted as its memory.
    for load in Load::ALL {
        if matches!(load, Load::Create) {
            memory.push(memory_mib(&servers));
        }
        for connections in CONNECTIONS {
            print_rows(load, connections, &measure(&servers, load, connections, &effort, &pinning)?);
        }
    }
    memory.push(memory_mib(&servers));
    println!(
        "\n| resident memory, MiB | after the checks | after the reads | after the writes, which stay in memory |\n|---|---|---|---|"
    );
    for (index, server) in servers.iter().enumerate() {
        let figures: Vec<String> = memory.iter().map(|moment| format!("{:.0}", moment[index])).collect();
        println!("| {} | {} |", server.name, figures.join(" | "));
    }
    Ok(())
}

fn memory_mib(servers: &[Server]) -> Vec<f64> {
    servers.iter().map(Server::memory_mib).collect()
}

/// Every server under one load, round by round.
fn measure(
    servers: &[Server],
    load: Load,
    connections: u32,
    effort: &Effort,
    pinning: &Pinning,
) -> Result<Vec<(String, Measured)>> {
    let mut rounds: Vec<Vec<Measured>> = servers.iter().map(|_| Vec::new()).collect();
    for _ in 0..effort.rounds {
        for (server, measured) in servers.iter().zip(&mut rounds) {
            measured.push(wrk::load(server, load, connections, effort.seconds_per_round, pinning)?);
        }
    }
    Ok(servers.iter().zip(rounds).map(|(server, rounds)| (server.name.to_owned(), Measured::median(rounds))).collect())
}

fn print_header() {
    println!(
        "| load | connections | server | requests/s | p50 ms | p99 ms | CPU µs per request | Syncline's throughput | Syncline's CPU |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
}

fn print_rows(load: Load, connections: u32, servers: &[(String, Measured)]) {
    let ours = &servers[0].1;
    for (index, (name, measured)) in servers.iter().enumerate() {
        let ratio = |value: f64| if index == 0 { String::new() } else { format!("**{value:.2}×**") };
        println!(
            "| {} | {connections} | {name} | {:.0} | {:.2} | {:.2} | {:.0} | {} | {} |",
            load.label(),
            measured.requests_per_second,
            measured.p50_ms,
            measured.p99_ms,
            measured.cpu_us_per_request,
            ratio(ours.requests_per_second / measured.requests_per_second),
            ratio(ours.cpu_us_per_request / measured.cpu_us_per_request),
        );
    }
}

const LIST: &str = "{ orders(limit: 50) { items { id userId productId quantity status createdAt product { id name price stock } } nextToken } }";

/// A list of orders with their products costs one read of each table, however many orders there are.
fn check_dynamodb_calls(pinning: &Pinning) -> Result<()> {
    let mut server = server::syncline(pinning, Ours::Talking, Storage::Memory)?;
    server.ask(LIST, json!({}))?;
    let talk = server.stop_and_read_talk()?;
    let line = talk.lines().rfind(|line| line.contains("BatchGetItem")).unwrap_or_default();
    if line.contains("Scan 1, BatchGetItem 1") {
        return Ok(());
    }
    Err(format!("a list with products should cost one Scan and one BatchGetItem; the log says `{}`", line.trim())
        .into())
}

/// How much of two different answers is shown.
const SHOWN_CHARACTERS: usize = 2_000;

/// Both servers must do the same work, or their speeds say nothing.
fn check_answers(ours: &Server, theirs: &Server) -> Result<()> {
    let create = "mutation($input: CreateOrderInput!) { createOrder(input: $input) { id userId productId quantity status createdAt product { name } } }";
    let operations = [
        ("query($id: ID!) { user(id: $id) { id name email createdAt } }", json!({ "id": "u0042" })),
        ("query($id: ID!) { user(id: $id) { id name } }", json!({ "id": "nobody" })),
        (
            "{ users(limit: 5) { items { id orders(limit: 3) { items { id createdAt product { name } } nextToken } } nextToken } }",
            json!({}),
        ),
        (LIST, json!({})),
        (create, json!({ "input": { "userId": "u0001", "productId": "p0002", "quantity": 3 } })),
    ];
    for (query, variables) in operations {
        let mut answers = [ours.ask(query, variables.clone())?, theirs.ask(query, variables)?];
        answers.iter_mut().for_each(normalise);
        let [ours, theirs] = answers;
        if ours != theirs || ours["data"].is_null() {
            let start = |answer: Value| answer.to_string().chars().take(SHOWN_CHARACTERS).collect::<String>();
            return Err(format!("the servers differ on `{query}`:\n{}\n{}", start(ours), start(theirs)).into());
        }
    }
    check_list(ours)
}

fn check_list(server: &Server) -> Result<()> {
    let answer = server.ask(LIST, json!({}))?;
    let items = answer["data"]["orders"]["items"].as_array().map_or(&[][..], Vec::as_slice);
    if items.len() == 50 && items.iter().all(|order| order["product"]["name"].is_string()) {
        return Ok(());
    }
    Err(format!("{} should list 50 orders with their products, but says {answer}", server.name).into())
}

/// Page tokens are opaque, a new order's id and time are the server's own, and 50 is 50.0.
fn normalise(answer: &mut Value) {
    match answer {
        Value::Array(items) => items.iter_mut().for_each(normalise),
        Value::Object(members) => {
            for (key, value) in members {
                match key.as_str() {
                    "nextToken" if value.is_string() => *value = json!("…"),
                    "createOrder" => (value["id"], value["createdAt"]) = (json!("…"), json!("…")),
                    _ => normalise(value),
                }
            }
        }
        Value::Number(number) => *answer = json!(number.as_f64()),
        _ => {}
    }
}
