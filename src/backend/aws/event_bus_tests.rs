//! PutEvents over a real socket.

use axum::http::StatusCode;

use super::stand_in::{StandIn, quick};
use super::*;
use crate::backend::event_bus::{EventBus, PutEvents};

const TAKEN: &str = r#"{"FailedEntryCount":0,"Entries":[{"EventId":"e-1"}]}"#;

fn request(role: Option<&str>) -> PutEvents {
    let entry = Value::parse(r#"{"Source":"shop","DetailType":"placed","Detail":"{\"id\":\"é\"}"}"#).unwrap();
    PutEvents {
        bus: "arn:aws:events:us-west-2:123456789012:event-bus/orders".into(),
        role: role.map(Str::from),
        entries: vec![entry],
    }
}

/// The bus with production's policy and short waits.
fn bus(aws: &StandIn) -> AwsEventBus {
    let policy = CallPolicy { first_backoff: quick().first_backoff, ..CallPolicy::event_bridge() };
    AwsEventBus::new(aws.dynamodb().0, policy)
}

#[tokio::test]
async fn events_travel_signed_to_the_region_of_the_bus_with_the_rights_of_a_role() {
    let aws = StandIn::start(|_, seen| (seen.operation == "PutEvents").then(|| (StatusCode::OK, TAKEN.into()))).await;
    let bus = bus(&aws);
    for role in [None, Some("arn:aws:iam::1:role/orders")] {
        assert_eq!(bus.put_events(request(role)).await.unwrap().to_string(), TAKEN);
    }
    assert_eq!(aws.operations(), ["PutEvents", "AssumeRole", "PutEvents"]);
    let seen = aws.seen();
    assert_eq!(seen[0].signed_by, Some(("AKIABASE".into(), "us-west-2/events".into())));
    assert_eq!(seen[2].signed_by, Some(("ASIAORDERS".into(), "us-west-2/events".into())));
    assert_eq!((seen[0].path.as_str(), seen[0].header("x-amz-target")), ("/", "AWSEvents.PutEvents"));
    assert_eq!(seen[0].header("content-type"), "application/x-amz-json-1.1");
    assert_eq!(
        seen[0].body,
        r#"{"Entries":[{"Source":"shop","DetailType":"placed","Detail":"{\"id\":\"é\"}","EventBusName":"arn:aws:events:us-west-2:123456789012:event-bus/orders"}]}"#
    );
}

#[tokio::test]
async fn what_eventbridge_turned_away_is_sent_again() {
    let aws = StandIn::start(|before, _| {
        let throttled = r#"{"__type":"com.amazonaws.events#ThrottlingException","message":"Rate exceeded"}"#.to_owned();
        Some(match before {
            0 => (StatusCode::BAD_REQUEST, throttled),
            1 => (StatusCode::TOO_MANY_REQUESTS, throttled),
            2 => (StatusCode::SERVICE_UNAVAILABLE, "<html>".to_owned()),
            _ => (StatusCode::OK, TAKEN.to_owned()),
        })
    })
    .await;
    assert_eq!(bus(&aws).put_events(request(None)).await.unwrap().to_string(), TAKEN);
    assert_eq!(aws.operations().len(), 4);
}

#[tokio::test]
async fn it_is_given_up_after_five_attempts_with_what_was_said() {
    let aws = StandIn::start(|_, _| {
        Some((StatusCode::BAD_REQUEST, r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#.into()))
    })
    .await;
    let error = bus(&aws).put_events(request(None)).await.unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.message.as_str(), error.status),
        ("ThrottlingException", "Rate exceeded", 400)
    );
    assert_eq!(aws.operations().len(), 5);
}

#[tokio::test]
async fn what_may_have_been_taken_is_not_sent_again() {
    for (status, body, code) in [
        (StatusCode::INTERNAL_SERVER_ERROR, r#"{"__type":"InternalException"}"#, "InternalException"),
        (StatusCode::BAD_GATEWAY, "<html>", "SdkClientException"),
        (StatusCode::OK, "{}", "SdkClientException"),
        (StatusCode::OK, "", "SdkClientException"),
        (StatusCode::FORBIDDEN, r#"{"__type":"AccessDeniedException"}"#, "AccessDeniedException"),
    ] {
        static ANSWER: std::sync::Mutex<(StatusCode, String)> = std::sync::Mutex::new((StatusCode::OK, String::new()));
        *ANSWER.lock().unwrap() = (status, body.to_owned());
        let aws = StandIn::start(|_, _| Some(ANSWER.lock().unwrap().clone())).await;
        let error = bus(&aws).put_events(request(None)).await.unwrap_err();
        assert_eq!((error.code.as_str(), aws.operations().len()), (code, 1), "{status} {body}");
    }
}

#[tokio::test]
async fn a_bus_that_is_not_there_says_so() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let aws = StandIn::start(|_, _| None).await;
    let config = aws.config().into_builder().endpoint_url(format!("http://{closed}")).build();
    let inner = AwsDynamoDb::new(config, None, true, quick()).0;
    let policy = CallPolicy { first_backoff: quick().first_backoff, ..CallPolicy::event_bridge() };
    let error = AwsEventBus::new(inner, policy).put_events(request(None)).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("SdkClientException", 0));
    assert_eq!(error.message, "EventBridge could not be reached");
    let elsewhere = PutEvents { bus: "arn:aws:events:evil.example/:1:event-bus/x".into(), ..request(None) };
    let error = bus(&aws).put_events(elsewhere).await.unwrap_err();
    assert!(error.message.ends_with("is not the ARN of an event bus"), "{}", error.message);
    assert_eq!(aws.operations().len(), 0);
}
