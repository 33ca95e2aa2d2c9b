//! Invoke over a real socket.

use axum::http::StatusCode;

use super::stand_in::StandIn;
use super::*;
use crate::backend::aws::AddressedFunction;
use crate::backend::lambda::{LambdaAnswer, LambdaInvocation, LambdaInvocationType, LambdaInvoke};

fn invocation(function: &str) -> LambdaInvocation {
    LambdaInvocation { function: function.into(), payload: r#"{"a":"é"}"#.into(), ..LambdaInvocation::default() }
}

#[tokio::test]
async fn a_call_travels_signed_to_the_function_and_its_answer_comes_back_as_it_is() {
    let aws = StandIn::start(|_, seen| (seen.operation == "POST").then(|| (StatusCode::OK, "[1.50]".into()))).await;
    let lambda = aws.dynamodb().lambda();
    let answer = lambda.invoke(invocation("audit:live")).await.unwrap();
    assert_eq!(answer, LambdaAnswer { payload: "[1.50]".into(), function_error: None });
    let seen = &aws.seen()[0];
    assert_eq!(seen.path, "/2015-03-31/functions/audit%3Alive/invocations");
    assert_eq!(seen.body, r#"{"a":"é"}"#);
    assert_eq!(seen.header("x-amz-invocation-type"), "RequestResponse");
    assert_eq!(seen.signed_by, Some(("AKIABASE".into(), "eu-central-1/lambda".into())));
    assert_eq!(lambda.region().as_deref(), Some("eu-central-1"));
}

#[tokio::test]
async fn an_arn_names_the_region_and_a_role_signs() {
    let aws = StandIn::start(|_, seen| (seen.operation == "POST").then(|| (StatusCode::ACCEPTED, String::new()))).await;
    let lambda = aws.dynamodb().lambda();
    for _ in 0..2 {
        let event = LambdaInvocation {
            role: Some("arn:aws:iam::1:role/orders".into()),
            invocation_type: LambdaInvocationType::Event,
            ..invocation("arn:aws:lambda:us-west-2:123456789012:function:audit")
        };
        assert_eq!(lambda.invoke(event).await.unwrap(), LambdaAnswer::default());
    }
    assert_eq!(aws.operations(), ["AssumeRole", "POST", "POST"]);
    let seen = &aws.seen()[1];
    assert_eq!(seen.signed_by, Some(("ASIAORDERS".into(), "us-west-2/lambda".into())));
    assert_eq!(seen.header("x-amz-invocation-type"), "Event");
}

#[tokio::test]
async fn a_function_that_failed_is_an_answer() {
    const BODY: &str = r#"{"errorMessage":"too late","errorType":"Taken"}"#;
    let aws = StandIn::start(|_, seen| (seen.operation == "POST").then(|| (StatusCode::OK, BODY.into()))).await;
    let answer = aws.dynamodb().lambda().invoke(invocation("audit")).await.unwrap();
    assert_eq!(answer, LambdaAnswer { payload: BODY.into(), function_error: Some("Unhandled".into()) });
}

#[tokio::test]
async fn a_refusal_is_named_as_lambda_names_it_and_tried_once() {
    let aws = StandIn::start(|_, seen| {
        let body =
            r#"{"__type":"TooManyRequestsException","Reason":"CallerRateLimitExceeded","message":"Rate exceeded"}"#;
        (seen.operation == "POST").then(|| (StatusCode::TOO_MANY_REQUESTS, body.into()))
    })
    .await;
    let error = aws.dynamodb().lambda().invoke(invocation("audit")).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("TooManyRequestsException", 429));
    assert_eq!(error.message, "Rate exceeded");
    assert_eq!(aws.operations(), ["POST"]);
}

#[tokio::test]
async fn what_is_no_lambda_and_what_is_not_there_say_so() {
    let aws = StandIn::start(|_, _| Some((StatusCode::BAD_GATEWAY, "<html>".into()))).await;
    let error = aws.dynamodb().lambda().invoke(invocation("audit")).await.unwrap_err();
    assert_eq!(error.message, "the answer of Lambda could not be read: HTTP status 502");
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let config = aws.config().into_builder().endpoint_url(format!("http://{closed}")).build();
    let lambda = AwsDynamoDb::new(config, None, true, stand_in::quick()).lambda();
    let error = lambda.invoke(invocation("audit")).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("SdkClientException", 0));
    assert!(error.message.starts_with("Lambda could not be reached: "), "{}", error.message);
    let error = lambda.invoke(invocation("arn:aws:lambda:evil.example/:1:function:audit")).await.unwrap_err();
    assert!(error.message.contains("is not an AWS region"), "{}", error.message);
}

#[tokio::test]
async fn an_address_gets_the_payload_without_a_signature() {
    let aws = StandIn::start(|_, seen| (seen.operation == "POST").then(|| (StatusCode::OK, seen.body.clone()))).await;
    let function = AddressedFunction::default();
    let url = format!("{}/functions/audit?x=1", aws.url);
    let answer = function.call("audit", &url, invocation("audit")).await.unwrap();
    assert_eq!(answer, LambdaAnswer { payload: r#"{"a":"é"}"#.into(), function_error: None });
    let seen = &aws.seen()[0];
    assert_eq!((seen.path.as_str(), seen.header("authorization")), ("/functions/audit?x=1", ""));
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = function.call("audit", &format!("http://{closed}/"), invocation("audit")).await.unwrap_err();
    assert!(
        error.message.starts_with(&format!("function `audit` at http://{closed}/ could not be reached: ")),
        "{error:?}"
    );
}
