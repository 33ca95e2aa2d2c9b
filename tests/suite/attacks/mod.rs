//! Attacks over a real socket on an API as in production. `tests/attacks/*.txt` are requests as text, `inputs` makes those
//! that are too large for a file.
//!
//! Whatever a client sends: the process lives, other clients are answered meanwhile, an answer has one of AppSync's shapes,
//! and nothing in it tells about the inside.

mod inputs;
mod large;
mod requests;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use syncline::backend::files::read_project;

use crate::harness::Project;
use crate::harness::wire::{Reply, Served, try_post};

/// A project behind a socket that keeps to itself what goes wrong inside.
fn served(folder: &Path) -> Served {
    let files = read_project(folder, BTreeMap::new()).expect("the project can be read");
    Served::new(Project::start(&files, false).unwrap_or_else(|problems| panic!("{problems}")).api)
}

/// What no client may see: places in the code of the project or of the server, words of its machinery.
const INTERNALS: &[&str] = &[
    ".rs",
    "src/",
    "panicked",
    "syncline::",
    "async_graphql",
    "apollo_",
    "serde",
    "hyper",
    "rquickjs",
    "QuickJS",
    "stack backtrace",
    "RUST_",
    ".js",
    ".ts",
    "resolvers/",
    "thread '",
    "/home",
    "/root",
    "/tmp",
    "TypeError",
    "undefined is",
    "cannot read prop",
    "unwrap",
    "Option::",
    "Result::",
];

/// Fails when a reply tells about the inside, or is an error in no shape of AppSync's.
fn check_reply(attack: &str, reply: &Reply) {
    let text = String::from_utf8_lossy(&reply.body);
    let start = || text.chars().take(2_000).collect::<String>();
    let root = env!("CARGO_MANIFEST_DIR");
    for word in INTERNALS.iter().chain([&root]) {
        assert!(!text.contains(word), "{attack}: the answer has `{word}` in it: {}", start());
    }
    // What is refused before anybody knows a path has no body.
    if reply.body.is_empty() || reply.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
        return;
    }
    let answer: Value = match serde_json::from_slice(&reply.body) {
        Ok(answer) => answer,
        // Answers may nest deeper than this reader goes.
        Err(error) if error.to_string().contains("recursion limit") => return,
        Err(error) => panic!("{attack}: {error}: {}", start()),
    };
    let members = answer.as_object().unwrap_or_else(|| panic!("{attack}: no object: {}", start()));
    if members.contains_key("status") {
        return; // `/health`
    }
    let errors = members.get("errors").and_then(Value::as_array);
    for error in errors.into_iter().flatten() {
        assert!(error["message"].is_string(), "{attack}: an error without a message: {}", start());
    }
    let has_errors = errors.is_some_and(|errors| !errors.is_empty());
    assert!(members.contains_key("data") || has_errors, "{attack}: neither data nor errors: {}", start());
    if reply.status != 200 {
        assert!(errors.is_some_and(|errors| errors[0]["errorType"].is_string()), "{attack}: {}", start());
        assert!(reply.header("x-amzn-errortype").is_some(), "{attack}: {reply:?}");
    }
}

/// Runs `attack` while another client asks again and again, and fails unless that one gets every answer.
fn beside_an_honest_client<T>(address: SocketAddr, attack: impl FnOnce() -> T) -> T {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let honest = scope.spawn(|| {
            loop {
                let was_over = is_over.load(Ordering::Acquire);
                let reply = try_post(address, "{ __typename }", Value::Null).expect("others are served meanwhile");
                assert_eq!(reply.json(), json!({ "data": { "__typename": "Query" } }));
                if was_over {
                    return;
                }
            }
        });
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(attack));
        is_over.store(true, Ordering::Release);
        honest.join().expect("the honest client was served");
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
