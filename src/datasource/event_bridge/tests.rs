//! Runs the cases of `tests/event_bridge/*.json`.

use std::sync::Mutex;

use super::*;
use crate::backend::Unavailable;
use crate::datasource::stand_ins::{Bus, invoke, kind};
use crate::project::DataSourceKind;
use crate::value::Map;

const ARN: &str = "arn:aws:events:eu-central-1:123456789012:event-bus/orders";

/// `{code, message, status, requestId}` is a failure of the service, anything else its answer.
fn answer(case: &Value) -> Result<Value, ServiceError> {
    let answer =
        case.get("answer").cloned().unwrap_or_else(|| object! { "FailedEntryCount" => 0, "Entries" => Vec::new() });
    let Some(code) = answer.get("code").and_then(Value::as_str) else { return Ok(answer) };
    let text = |key: &str| Str::from(answer.get(key).and_then(Value::as_str).unwrap_or_default());
    let status = answer.get("status").and_then(Value::as_i64).unwrap_or(0) as u16;
    let (message, request_id) = (text("message"), text("requestId"));
    Err(ServiceError { code: code.into(), message, status, request_id, ..ServiceError::default() })
}

const MEMBERS: [&str; 8] = ["name", "role", "request", "answer", "sent", "result", "error", "refused"];

fn run(case: &Value) -> Map {
    let DataSourceKind::EventBridge { event_bus_arn } = kind("AMAZON_EVENTBRIDGE", &object! { "eventBusArn" => ARN })
    else {
        panic!("it is an event bus")
    };
    let bus = Bus { answer: answer(case), asked: Mutex::default() };
    let role = case.get("role").and_then(Value::as_str);
    let source = EventBridgeSource::new(event_bus_arn);
    let outcome = invoke(&source, case.get("request").unwrap(), role, &Unavailable, &bus);
    let mut actual = Map::default();
    let asked = std::mem::take(&mut *bus.asked.lock().unwrap());
    for request in asked {
        assert_eq!((request.bus.as_str(), request.role.as_deref()), (ARN, role));
        actual.insert("sent".into(), request.entries.into());
    }
    match outcome {
        Ok(Outcome { result, error }) => {
            actual.insert("result".into(), result);
            if let Some(DataSourceError { message, error_type, .. }) = error {
                actual.insert("error".into(), object! { "type" => error_type, "message" => message });
            }
        }
        Err(FieldError { message, error_type, .. }) => {
            actual.insert("refused".into(), object! { "errorType" => error_type, "message" => message });
        }
    }
    // A case that shows one half of a call need not say the other.
    for half in ["sent", "result"] {
        if case.get(half).is_none() && !actual.contains_key("refused") {
            actual.shift_remove(half);
        }
    }
    actual
}

#[test]
fn every_case_of_every_file_holds() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/event_bridge");
    let (mut wrong, mut count) = (String::new(), 0);
    for file in ["documents", "events"] {
        let cases = std::fs::read_to_string(folder.join(format!("{file}.json"))).unwrap();
        let cases = Value::parse(&cases).unwrap_or_else(|error| panic!("{file}: {error}"));
        for case in cases.as_list().unwrap() {
            let name = case.get("name").and_then(Value::as_str).unwrap();
            let members = case.as_object().unwrap();
            let is_known = |key: &Str| MEMBERS.contains(&key.as_str());
            assert!(members.keys().all(is_known), "{file}, {name}: an unknown member");
            let is_outcome = |key: &Str| ["sent", "result", "error", "refused"].contains(&key.as_str());
            let expected =
                members.iter().filter(|(key, _)| is_outcome(key)).map(|(key, value)| (key.clone(), value.clone()));
            let (actual, expected) = (Value::from(run(case)), expected.collect::<Value>());
            if actual != expected {
                wrong.push_str(&format!("{file}, {name}:\n  {actual}\n  {expected}\n"));
            }
            count += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 30, "only {count} cases");
}
