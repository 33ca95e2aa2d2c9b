//! Callers whom AWS in front of the function has verified: `tests/auth/events`, through `syncline invoke`.

use serde_json::Value;

use crate::harness::binary::run;
use crate::harness::project::folder;
use crate::harness::snapshot::{compare, pretty};
use crate::harness::tests_folder;

#[test]
fn callers_whom_aws_has_verified_are_who_their_snapshots_say() {
    let mut events: Vec<_> =
        std::fs::read_dir(tests_folder("auth/events")).unwrap().map(|entry| entry.unwrap().path()).collect();
    events.retain(|event| event.extension().is_some_and(|extension| extension == "json"));
    events.sort();
    assert!(events.len() >= 4, "only {} events", events.len());
    let mut failures = Vec::new();
    for event in events {
        let invoked = run(&folder("auth"), &["invoke", "--memory", "--event", event.to_str().unwrap()]);
        let answer = invoked.json();
        let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        let mut text = format!("status {}\n{}\n", answer["statusCode"], pretty(&body));
        // What is JSON inside JSON once more, for people.
        if let Some(identity) = body["data"]["me"]["identity"].as_str() {
            let identity: Value = serde_json::from_str(identity).unwrap();
            text.push_str(&format!("identity\n{}\n", pretty(&identity)));
        }
        failures.extend(compare(&event.with_extension("snap"), &text).err());
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
