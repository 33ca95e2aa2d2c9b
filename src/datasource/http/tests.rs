//! Runs the cases of `tests/http/*.json`, and what a single case cannot show.

use std::sync::Mutex;

use bytes::Bytes;

use super::*;
use crate::backend::Unavailable;
use crate::backend::http::{PrivatePlace, Reach, Signing};
use crate::datasource::stand_ins::{Web, invoke, kind};
use crate::project::{DataSourceKind, SigningScope};
use crate::value::{Map, object};

fn source(config: &Value) -> HttpSource {
    match kind("HTTP", config) {
        DataSourceKind::Http(service) => HttpSource::new(service),
        other => panic!("{other:?}"),
    }
}

fn text<'a>(value: &'a Value, member: &str) -> Option<&'a str> {
    value.get(member).and_then(Value::as_str)
}

/// `{status, headers: [[name, value]], body}`, its body also as `latin1`, or `{failure}`.
fn answer(case: &Value) -> Result<HttpResponse, HttpFailure> {
    if let Some(message) = text(case, "failure") {
        return Err(HttpFailure::new(HttpFailureKind::Unreachable, message));
    }
    let pairs = case.get("headers").and_then(Value::as_list).unwrap_or_default();
    let pair = |pair: &Value| {
        let [name, value] = pair.as_list().unwrap() else { panic!("{pair} is no pair") };
        (Str::from(name.as_str().unwrap()), Str::from(value.as_str().unwrap()))
    };
    let body = match text(case, "latin1") {
        Some(text) => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect(),
        None => text(case, "body").unwrap_or_default().as_bytes().to_vec(),
    };
    let status = case.get("status").and_then(Value::as_i64).unwrap_or(200) as u16;
    Ok(HttpResponse { status, headers: pairs.iter().map(pair).collect(), body: Bytes::from(body) })
}

/// A request as cases have it; the name that we give ourselves is in every one and shown in none.
fn sent(request: &HttpRequest) -> Value {
    assert!(request.headers.contains(&("user-agent".into(), "syncline/0.1.0".into())), "{:?}", request.headers);
    let headers = request.headers.iter().filter(|(name, _)| name != "user-agent");
    let mut value = object! { "method" => &request.method, "url" => &request.url };
    let headers: Vec<Value> = headers.map(|(name, value)| vec![name.into(), value.into()].into()).collect();
    if !headers.is_empty() {
        value.set("headers", headers);
    }
    if !request.body.is_empty() {
        value.set("body", std::str::from_utf8(&request.body).unwrap());
    }
    if let Some(Signing { service, region, role }) = &request.signing {
        value.set("signing", object! { "service" => service, "region" => region, "role" => role.clone() });
    }
    value
}

fn outcome(outcome: Result<Outcome, FieldError>) -> Map {
    let mut members = Map::default();
    match outcome {
        Ok(Outcome { result, error }) => {
            if !result.is_null() {
                members.insert("result".into(), result);
            }
            if let Some(DataSourceError { message, error_type, .. }) = error {
                members.insert("error".into(), object! { "type" => error_type, "message" => message });
            }
        }
        Err(FieldError { message, error_type, .. }) => {
            members.insert("refused".into(), object! { "errorType" => error_type, "message" => message });
        }
    }
    members
}

const MEMBERS: [&str; 9] = ["name", "config", "role", "request", "answers", "sent", "result", "error", "refused"];

/// What becomes of a case, in the members with which it says so.
fn run(case: &Value) -> Map {
    let default = object! { "endpoint" => "https://api.example.com" };
    let source = source(case.get("config").unwrap_or(&default));
    let one = vec![Value::empty_object()].into();
    let answers = case.get("answers").unwrap_or(&one).as_list().unwrap().iter().map(answer).collect();
    let web = Web { answers: Mutex::new(answers), ..Web::default() };
    let mut actual = outcome(invoke(&source, case.get("request").unwrap(), text(case, "role"), &web, &Unavailable));
    let asked: Vec<Value> = web.asked.lock().unwrap().iter().map(sent).collect();
    // What was not sent need not be shown, nor what was, by a case about the answer.
    if case.get("sent").is_some() || actual.contains_key("refused") && !asked.is_empty() {
        actual.insert("sent".into(), asked.into());
    }
    if case.get("result").is_none() && case.get("sent").is_some() {
        actual.shift_remove("result");
    }
    actual
}

#[test]
fn every_case_of_every_file_holds() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http");
    let (mut wrong, mut count) = (String::new(), 0);
    for file in ["documents", "requests", "answers", "redirects"] {
        let cases = std::fs::read_to_string(folder.join(format!("{file}.json"))).unwrap();
        let cases = Value::parse(&cases).unwrap_or_else(|error| panic!("{file}: {error}"));
        for case in cases.as_list().unwrap() {
            let name = text(case, "name").unwrap();
            let members = case.as_object().unwrap();
            assert!(members.keys().all(|key| MEMBERS.contains(&key.as_str())), "{file}, {name}: an unknown member");
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
    assert!(count > 70, "only {count} cases");
}

#[test]
fn a_request_is_bounded_and_reaches_what_its_data_source_says() {
    let config = r#"{ "endpoint": "https://api.example.com", "allow": { "private": ["10.0.0.0/8", "a.internal"] } }"#;
    let web = Web {
        answers: Mutex::new(vec![Ok(HttpResponse { status: 200, ..HttpResponse::default() })]),
        ..Web::default()
    };
    let request = object! { "method" => "GET", "resourcePath" => "/" };
    invoke(&source(&Value::parse(config).unwrap()), &request, None, &web, &Unavailable).unwrap();
    let asked = web.asked.lock().unwrap();
    assert_eq!((asked[0].timeout <= limits::HTTP_TIMEOUT, asked[0].most_bytes), (true, limits::HTTP_ANSWER_BYTES));
    let places = ["10.0.0.0/8", "a.internal"].map(|place| PrivatePlace::parse(place).unwrap());
    assert_eq!(asked[0].reach, Reach::Public { except: places.into() });
}

#[test]
fn redirects_end() {
    let config = r#"{ "endpoint": "https://api.example.com", "allow": { "redirects": ["https://api.example.com"] } }"#;
    let lost = HttpResponse { status: 302, headers: vec![("Location".into(), "/".into())], ..HttpResponse::default() };
    let web = Web { answers: Mutex::new(vec![Ok(lost); 100]), ..Web::default() };
    let request = object! { "method" => "GET", "resourcePath" => "/" };
    let outcome = invoke(&source(&Value::parse(config).unwrap()), &request, None, &web, &Unavailable).unwrap();
    assert_eq!(outcome.result.get("statusCode"), Some(&Value::from(302)));
    assert_eq!(web.asked.lock().unwrap().len(), 1 + limits::HTTP_REDIRECTS);
}

#[test]
fn redirects_of_signed_requests_are_results() {
    let config = r#"{ "endpoint": "https://api.example.com", "allow": { "redirects": ["https://api.example.com"] } }"#;
    let mut source = source(&Value::parse(config).unwrap());
    source.service.signing = Some(SigningScope { region: "eu-central-1".into(), service: "states".into() });
    let moved =
        HttpResponse { status: 307, headers: vec![("Location".into(), "/b".into())], ..HttpResponse::default() };
    let web = Web { answers: Mutex::new(vec![Ok(moved)]), ..Web::default() };
    let request = object! { "method" => "GET", "resourcePath" => "/a" };
    let outcome = invoke(&source, &request, None, &web, &Unavailable).unwrap();
    assert_eq!(outcome.result.get("statusCode"), Some(&Value::from(307)));
}
