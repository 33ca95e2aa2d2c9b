//! Our events beside the samples of the crate `aws_lambda_events`, which come from AWS's documentation and from real
//! functions: an event of ours has no member that no sample of its kind has, and every sample is understood.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use super::EventFile;
use crate::harness::binary::run_with_input;
use crate::harness::project::folder;

/// Samples by the beginning of the names that our events of the kind have. Function URLs send what HTTP APIs send.
const SAMPLES: [(&str, &[&str]); 6] = [
    (
        "rest_api_v1",
        &[
            "apigw-request",
            "apigw-request-multi-value-parameters",
            "apigw-sam-rest-request",
            "apigw-console-test-request",
        ],
    ),
    (
        "http_api_v2",
        &[
            "apigw-v2-request-iam",
            "apigw-v2-request-jwt-authorizer",
            "apigw-v2-request-multi-value-parameters",
            "apigw-v2-request-no-authorizer",
            "apigw-sam-http-request",
        ],
    ),
    (
        "function_url",
        &["apigw-v2-request-iam", "apigw-v2-request-multi-value-parameters", "apigw-v2-request-no-authorizer"],
    ),
    ("load_balancer", &["alb-lambda-target-request-headers-only", "alb-lambda-target-request-multivalue-headers"]),
    ("appsync_direct", &["appsync-direct-resolver"]),
    ("authorizer", &["appsync-lambda-auth-request"]),
];

/// Members whose own members are names of the sender: headers, arguments and so on.
const FREE: [&str; 14] = [
    "headers",
    "multiValueHeaders",
    "queryStringParameters",
    "multiValueQueryStringParameters",
    "pathParameters",
    "stageVariables",
    "arguments",
    "source",
    "stash",
    "variables",
    "requestHeaders",
    "claims",
    "prev",
    "identity",
];

/// What AWS's documentation has and the samples have not (spec appsync-service 3.6).
const MISSING_IN_SAMPLES: [(&str, &str); 1] = [("authorizer", "requestHeaders")];

/// The folder of samples in the crate's sources.
fn samples() -> PathBuf {
    let package = crate::licences::packages().into_iter().find(|package| package["name"] == "aws_lambda_events");
    let package = package.expect("it is a dependency");
    let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
    manifest.with_file_name("src").join("fixtures")
}

fn sample(folder: &std::path::Path, name: &str) -> Value {
    let path = folder.join(format!("example-{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// The places of all members, as `requestContext.http.method`.
fn members(value: &Value, place: &str, into: &mut BTreeSet<String>) {
    let Some(object) = value.as_object() else { return };
    for (name, value) in object {
        let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
        into.insert(place.clone());
        if !FREE.contains(&name.as_str()) {
            members(value, &place, into);
        }
    }
}

#[test]
fn no_event_of_ours_has_a_member_that_no_sample_has() {
    let folder = samples();
    let mut problems = Vec::new();
    for event in EventFile::all() {
        let Some((kind, names)) = SAMPLES.iter().find(|(kind, _)| event.name().starts_with(kind)) else { continue };
        let missing = MISSING_IN_SAMPLES.iter().filter(|(of, _)| of == kind);
        let mut known: BTreeSet<String> = missing.map(|(_, member)| (*member).to_owned()).collect();
        for name in *names {
            members(&sample(&folder, name), "", &mut known);
        }
        let mut own = BTreeSet::new();
        members(&serde_json::from_str(&event.text()).unwrap(), "", &mut own);
        let strange: Vec<&String> = own.difference(&known).collect();
        if !strange.is_empty() {
            problems.push(format!("{}: {strange:?}", event.path.display()));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn there_are_several_events_of_each_kind() {
    let events = EventFile::all();
    for (kind, _) in SAMPLES {
        let count = events.iter().filter(|event| event.name().starts_with(kind)).count();
        assert!(count >= 3, "only {count} events of {kind}");
    }
}

#[test]
fn every_sample_is_understood() {
    let samples_folder = samples();
    for (kind, names) in SAMPLES {
        for name in names {
            let event = sample(&samples_folder, name).to_string();
            let invoked = run_with_input(&folder("shop"), &["invoke", "--memory", "--event", "-"], &event);
            let answer = invoked.json();
            assert_ne!(answer["errorType"], "UnknownEvent", "{kind} {name}: {answer}");
            match kind {
                // None of them is for a field of the shop.
                "appsync_direct" => assert_eq!(answer["errorType"], "UnknownField", "{name}: {answer}"),
                "authorizer" => assert_eq!(answer["isAuthorized"], false, "{name}: {answer}"),
                // They ask for paths that are not ours.
                _ => assert!([404, 400, 405].contains(&answer["statusCode"].as_i64().unwrap()), "{name}: {answer}"),
            }
        }
    }
}
