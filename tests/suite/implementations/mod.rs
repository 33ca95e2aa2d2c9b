//! The cases of `tests/dynamodb` on every DynamoDB at hand: the embedded engine in process and over HTTP, dynalite and
//! moto, which share no code with it or with each other. Where one of them differs, `differences/<name>.json` says how.

mod servers;
mod world;

use std::path::Path;

use syncline::value::{Map, Value, object};

use crate::harness::{run, tests_folder};
use servers::Server;
use world::World;

/// A case with the name that it goes by.
struct Case {
    title: String,
    case: Value,
}

fn cases() -> Vec<Case> {
    let folder = tests_folder("dynamodb");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    // Versions are the data source's own: the calls that they consist of are in the other files.
    files.retain(|file| file.file_stem().is_none_or(|name| name != "versioned"));
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        for case in read(&file).as_list().unwrap() {
            let title = format!("{name}: {}", case.get("name").and_then(Value::as_str).unwrap());
            cases.push(Case { title, case: case.clone() });
        }
    }
    cases
}

/// As [`Value`], which keeps every digit of a number.
fn read(file: &Path) -> Value {
    Value::parse(&std::fs::read_to_string(file).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// What a case promises, in the form in which [`World::outcome`] tells what happened.
fn promised(case: &Value) -> Map {
    let mut promised = Map::default();
    let mut promise = |name: &str, value: Value| drop(promised.insert(name.into(), value));
    match case.get("refused") {
        Some(refused) => promise("refused", refused.clone()),
        None => {
            promise("result", case.get("result").cloned().unwrap_or_default());
            promise("error", case.get("error").cloned().unwrap_or_default());
        }
    }
    if let Some(then) = case.get("then") {
        promise("then", world::sorted_tables(then));
    }
    if let Some(calls) = case.get("calls") {
        promise("calls", calls.clone());
    }
    promised
}

/// The members of `actual` that are not as promised.
fn difference(promised: &Map, actual: &Map) -> Map {
    let names = promised.keys().chain(actual.keys().filter(|name| !promised.contains_key(*name)));
    names
        .filter(|name| promised.get(*name) != actual.get(*name))
        .map(|name| (name.clone(), actual.get(name).cloned().unwrap_or_else(|| "absent".into())))
        .collect()
}

/// One case a line, so that a change to one of them is a change to one line.
fn lines(differences: &Map) -> String {
    let lines: Vec<String> =
        differences.iter().map(|(title, difference)| format!("  {}: {difference}", Value::from(title))).collect();
    format!("{{\n{}\n}}\n", lines.join(",\n"))
}

/// Runs every case and compares what differs with what is known to differ.
#[track_caller]
fn check(name: &str, world: &World) {
    let file = tests_folder("dynamodb").join(format!("differences/{name}.json"));
    let known = if file.exists() { read(&file).as_object().unwrap().clone() } else { Map::default() };
    let mut found = Map::default();
    let cases = cases();
    assert!(cases.len() > 120, "only {} cases were found", cases.len());
    run(async {
        world.create_tables().await;
        for Case { title, case } in &cases {
            let difference = difference(&promised(case), &world.outcome(case).await);
            if !difference.is_empty() {
                found.insert(title.into(), difference.into());
            }
        }
    });
    run(check_pages(world));
    if std::env::var_os("UPDATE").is_some() && name != EXEMPLARY {
        std::fs::write(&file, lines(&found)).unwrap();
        return;
    }
    let mut wrong = Vec::new();
    for (title, difference) in &found {
        if known.get(title) != Some(difference) {
            wrong.push(format!("{title}: {difference}"));
        }
    }
    for title in known.keys().filter(|title| !found.contains_key(*title)) {
        wrong.push(format!("{title}: no longer differs; remove it from {}", file.display()));
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// Pages and segments show every item once, whoever keeps it. A single case cannot tell: its table is read once.
async fn check_pages(world: &World) {
    world.fill_orders().await;
    let numbers = |range: std::ops::Range<i32>| range.map(|number| format!("{number:02}")).collect::<Vec<_>>();
    let query =
        object! { "expression" => "customer = :c", "expressionValues" => object! { ":c" => object! { "S" => "b" } } };
    let request = object! { "operation" => "Query", "query" => query, "limit" => 3 };
    assert_eq!(world.follow(request.clone()).await, numbers(10..20));
    let mut backwards = request;
    backwards.set("scanIndexForward", false);
    assert_eq!(world.follow(backwards).await, numbers(10..20).into_iter().rev().collect::<Vec<_>>());
    let filter = object! { "expression" => "n >= :n", "expressionValues" => object! { ":n" => object! { "N" => 7 } } };
    let mut seen = Vec::new();
    for segment in 0..3 {
        let scan = object! { "operation" => "Scan", "limit" => 2, "segment" => segment, "totalSegments" => 3, "filter" => filter.clone() };
        seen.extend(world.follow(scan).await);
    }
    seen.sort();
    assert_eq!(seen, numbers(7..20));
}

/// The one whose answers are the cases: it has no list of differences.
const EXEMPLARY: &str = "embedded";

#[test]
fn the_embedded_engine_keeps_every_promise() {
    check(EXEMPLARY, &World::new(servers::embedded()));
}

#[test]
fn calls_through_the_sdk_cannot_be_told_from_calls_in_process() {
    let server = Server::embedded();
    check(EXEMPLARY, &World::new(server.dynamodb()));
}

#[test]
fn dynalite_differs_only_where_it_is_known_to() {
    if let Some(server) = Server::dynalite() {
        check("dynalite", &World::new(server.dynamodb()));
    }
}

#[test]
fn moto_differs_only_where_it_is_known_to() {
    if let Some(server) = Server::moto() {
        check("moto", &World::new(server.dynamodb()));
    }
}
