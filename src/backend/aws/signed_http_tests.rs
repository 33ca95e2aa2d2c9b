//! Signatures of HTTP calls, against AWS's own signer, and over a real socket.

use std::sync::Mutex;
use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_async::time::{SharedTimeSource, StaticTimeSource};
use axum::http::StatusCode;

use super::stand_in::{SECRET, StandIn};
use super::*;
use crate::backend::http::{HttpClient, HttpFailure, HttpFailureKind, HttpRequest, HttpResponse, HttpSend, Signing};

/// Keeps what it is to send.
#[derive(Default)]
struct Kept(Mutex<Vec<HttpRequest>>);

impl HttpSend for Kept {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, HttpFailure>> {
        self.0.lock().unwrap().push(request);
        Box::pin(async { Ok(HttpResponse::default()) })
    }
}

fn text<'a>(case: &'a Value, member: &str) -> &'a str {
    case.get(member).and_then(Value::as_str).unwrap()
}

fn request_of(case: &Value) -> HttpRequest {
    let headers = case.get("headers").and_then(Value::as_list).unwrap();
    let signing = Signing { service: text(case, "service").into(), region: text(case, "region").into(), role: None };
    HttpRequest {
        method: text(case, "method").into(),
        url: text(case, "url").into(),
        headers: headers
            .iter()
            .map(|header| header.as_list().unwrap())
            .map(|pair| (pair[0].as_str().unwrap().into(), pair[1].as_str().unwrap().into()))
            .collect(),
        body: text(case, "body").to_owned().into(),
        signing: Some(signing),
        ..HttpRequest::default()
    }
}

#[tokio::test]
async fn signatures_are_those_of_aws_s_own_signer() {
    let cases = Value::parse(include_str!("../../../tests/http/signatures.json")).unwrap();
    let cases = cases.as_list().unwrap();
    assert!(cases.len() >= 14);
    let mut wrong = String::new();
    for case in cases {
        let token = case.get("token").and_then(Value::as_str).map(str::to_owned);
        let credentials = Credentials::new("AKIABASE", SECRET, token, None, "test");
        let noon = StaticTimeSource::new(UNIX_EPOCH + Duration::from_millis(1_795_348_800_000));
        let config = config::config("eu-west-1".into(), SharedCredentialsProvider::new(credentials))
            .into_builder()
            .time_source(SharedTimeSource::new(noon))
            .build();
        let kept = Arc::new(Kept::default());
        let aws = AwsDynamoDb::new(config, None, true, CallPolicy::dynamodb());
        aws.signed_http(kept.clone()).send(request_of(case)).await.unwrap();
        let sent = kept.0.lock().unwrap().pop().unwrap();
        assert_eq!((sent.signing, sent.body), (None, request_of(case).body));
        // What was there stays; what the signer adds is the same.
        let given = request_of(case).headers;
        let mut expected: Vec<(Str, Str)> = given;
        let made = case.get("made").and_then(Value::as_object).unwrap();
        expected.extend(made.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().into())));
        let mut headers = sent.headers;
        headers.sort();
        expected.sort();
        if headers != expected {
            wrong.push_str(&format!("{}:\n  {headers:?}\n  {expected:?}\n", text(case, "name")));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn to(url: &str, role: Option<&str>) -> HttpRequest {
    let signing = Signing { service: "states".into(), region: "us-west-2".into(), role: role.map(Str::from) };
    HttpRequest {
        method: "POST".into(),
        url: format!("{url}/x%20y?a=1&b=%C3%A9").into(),
        headers: vec![("Content-Type".into(), "application/x-amz-json-1.0".into())],
        body: "{\"a\":\"é\"}".into(),
        timeout: Duration::from_secs(60),
        most_bytes: 100,
        signing: Some(signing),
        ..HttpRequest::default()
    }
}

#[tokio::test]
async fn a_role_signs_and_its_credentials_are_those_of_all_services() {
    let aws = StandIn::start(|_, seen| (seen.operation == "POST").then(|| (StatusCode::OK, "done".into()))).await;
    let dynamodb = aws.dynamodb();
    let http = dynamodb.signed_http(Arc::new(HttpClient::new()));
    let role = "arn:aws:iam::1:role/orders";
    for role in [None, Some(role), Some(role)] {
        assert_eq!(http.send(to(&aws.url, role)).await.unwrap().body, "done");
    }
    let _ = dynamodb.call_as(Some(role), Operation::GetItem, super::stand_in::get("1")).await;
    assert_eq!(aws.operations(), ["POST", "AssumeRole", "POST", "POST", "GetItem"]);
    let signers: Vec<_> = aws.seen().into_iter().map(|seen| seen.signed_by).collect();
    let by = |key: &str, scope: &str| Some((key.to_owned(), scope.to_owned()));
    assert_eq!(signers[0], by("AKIABASE", "us-west-2/states"));
    assert_eq!(signers[2], by("ASIAORDERS", "us-west-2/states"));
    assert_eq!(signers[3], by("ASIAORDERS", "us-west-2/states"));
    assert_eq!(signers[4], by("ASIAORDERS", "eu-central-1/dynamodb"));
}

#[tokio::test]
async fn a_role_that_cannot_be_assumed_leaves_the_call_unsent() {
    let aws = StandIn::start(|_, seen| {
        let body = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
            <Code>AccessDenied</Code><Message>not authorized</Message></Error></ErrorResponse>";
        (seen.operation == "AssumeRole").then(|| (StatusCode::FORBIDDEN, body.into()))
    })
    .await;
    let http = aws.dynamodb().signed_http(Arc::new(HttpClient::new()));
    let failure = http.send(to(&aws.url, Some("arn:aws:iam::1:role/orders"))).await.unwrap_err();
    assert_eq!(failure.kind, HttpFailureKind::Unsigned);
    assert_eq!(failure.message, "the request cannot be signed");
    let expected = "role `arn:aws:iam::1:role/orders` could not be assumed: not authorized";
    assert!(failure.cause.starts_with(expected), "{}", failure.cause);
    assert!(!aws.operations().contains(&"POST".to_owned()));
}

#[tokio::test]
async fn emulators_know_no_roles() {
    let aws = StandIn::start(|_, seen| (seen.operation == "POST").then(|| (StatusCode::OK, String::new()))).await;
    let http =
        AwsDynamoDb::new(aws.config(), None, false, CallPolicy::dynamodb()).signed_http(Arc::new(HttpClient::new()));
    http.send(to(&aws.url, Some("arn:aws:iam::1:role/orders"))).await.unwrap();
    assert_eq!(aws.operations(), ["POST"]);
}

#[tokio::test]
async fn what_is_not_to_be_signed_is_sent_as_it_is() {
    let kept = Arc::new(Kept::default());
    let http = SignedHttp::on_laptop(kept.clone());
    http.send(HttpRequest { signing: None, ..to("http://a.test", None) }).await.unwrap();
    assert_eq!(kept.0.lock().unwrap()[0].headers, to("http://a.test", None).headers);
}
