//! Invoke over a real socket.

use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::config::SharedAsyncSleep;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use axum::http::StatusCode;

use super::call_tests::Waits;
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

const THROTTLED: &str =
    r#"{"__type":"TooManyRequestsException","Reason":"CallerRateLimitExceeded","message":"Rate exceeded"}"#;

/// Functions with production's policy, and a note of the waits between attempts, which take no time.
fn waiting(config: SdkConfig) -> (AwsLambda, Waits) {
    let waits = Waits::default();
    let config = config.into_builder().sleep_impl(SharedAsyncSleep::new(waits.clone())).build();
    let policy = CallPolicy { connect_timeout: std::time::Duration::from_secs(5), ..CallPolicy::dynamodb() };
    (AwsDynamoDb::new(config, None, true, policy).lambda(), waits)
}

#[tokio::test]
async fn a_throttled_call_has_not_run_and_is_made_again() {
    let aws = StandIn::start(|before, _| {
        Some(match before {
            0 | 1 => (StatusCode::TOO_MANY_REQUESTS, THROTTLED.into()),
            _ => (StatusCode::OK, "1".into()),
        })
    })
    .await;
    let (lambda, waits) = waiting(aws.config());
    assert_eq!(lambda.invoke(invocation("audit")).await.unwrap().payload, "1");
    let seen = aws.seen();
    assert_eq!((seen.len(), waits.count()), (3, 2));
    assert!(seen.iter().all(|one| one.body == seen[0].body && one.signed_by.is_some()), "{seen:?}");
}

#[tokio::test]
async fn throttling_that_lasts_is_reported_as_lambda_names_it() {
    let aws = StandIn::start(|_, _| Some((StatusCode::TOO_MANY_REQUESTS, THROTTLED.into()))).await;
    let (lambda, waits) = waiting(aws.config());
    let error = lambda.invoke(invocation("audit")).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("TooManyRequestsException", 429));
    assert_eq!(error.message, "Rate exceeded");
    assert_eq!(aws.operations().len(), limits::LAMBDA_ATTEMPTS as usize);
    assert_eq!(waits.count(), limits::LAMBDA_ATTEMPTS as usize - 1);
}

#[tokio::test]
async fn what_may_have_run_and_what_would_be_refused_again_is_called_once() {
    // The function's name says what the answer is.
    let aws = StandIn::start(|_, seen| {
        let status = seen.path.split("audit-").nth(1)?.get(..3)?.parse().ok()?;
        Some((StatusCode::from_u16(status).ok()?, r#"{"__type":"SomeException","Message":"no"}"#.into()))
    })
    .await;
    for (number, status) in [400_u16, 403, 404, 500, 502, 503, 504].into_iter().enumerate() {
        let (lambda, waits) = waiting(aws.config());
        let error = lambda.invoke(invocation(&format!("audit-{status}"))).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.status), ("SomeException", status));
        assert_eq!((aws.operations().len(), waits.count()), (number + 1, 0), "{status}");
    }
}

/// A connection that breaks in one way every time, and how often that was.
#[derive(Clone, Debug)]
struct Breaking(fn() -> ConnectorError, Arc<AtomicUsize>);

impl HttpConnector for Breaking {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        self.1.fetch_add(1, Ordering::SeqCst);
        HttpConnectorFuture::new(std::future::ready(Err((self.0)())))
    }
}

fn broken(kind: std::io::ErrorKind) -> ConnectorError {
    ConnectorError::io(std::io::Error::from(kind).into())
}

#[tokio::test]
async fn only_a_connection_that_never_came_about_is_tried_again() {
    let aws = StandIn::start(|_, _| None).await;
    let refused: fn() -> ConnectorError = || broken(std::io::ErrorKind::ConnectionRefused);
    let reset: fn() -> ConnectorError = || broken(std::io::ErrorKind::ConnectionReset);
    let late: fn() -> ConnectorError = || ConnectorError::timeout("no answer came".into());
    for (breaks, expected) in [(refused, limits::LAMBDA_ATTEMPTS as usize), (reset, 1), (late, 1)] {
        let attempts = Arc::new(AtomicUsize::new(0));
        let connector = SharedHttpConnector::new(Breaking(breaks, attempts.clone()));
        let config = aws.config().into_builder().http_client(http_client_fn(move |_, _| connector.clone())).build();
        let error = waiting(config).0.invoke(invocation("audit")).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.status), ("SdkClientException", 0));
        assert_eq!(attempts.load(Ordering::SeqCst), expected, "{}", error.message);
    }
}

#[tokio::test]
async fn without_a_connection_nothing_has_run_and_it_is_tried_again() {
    let aws = StandIn::start(|_, _| None).await;
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (lambda, waits) = waiting(aws.config().into_builder().endpoint_url(format!("http://{closed}")).build());
    let error = lambda.invoke(invocation("audit")).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("SdkClientException", 0));
    assert_eq!(error.message, "Lambda could not be reached");
    assert_eq!(waits.count(), limits::LAMBDA_ATTEMPTS as usize - 1);
}

#[tokio::test]
async fn what_is_no_lambda_and_what_is_nowhere_say_so() {
    let aws = StandIn::start(|_, _| Some((StatusCode::BAD_GATEWAY, "<html>".into()))).await;
    let error = aws.dynamodb().lambda().invoke(invocation("audit")).await.unwrap_err();
    assert_eq!(error.to_string(), "the answer of Lambda could not be read: HTTP status 502");
    let error =
        aws.dynamodb().lambda().invoke(invocation("arn:aws:lambda:evil.example/:1:function:audit")).await.unwrap_err();
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
    let said = format!("function `audit` at http://{closed}/ could not be reached: ");
    assert!(error.to_string().starts_with(&said), "{error}");
}
