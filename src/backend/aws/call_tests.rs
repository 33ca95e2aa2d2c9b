//! Signatures, connections, retries, time-outs and failures, on a stand-in for AWS.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_sdk_dynamodb::config::{AsyncSleep, Credentials, SharedAsyncSleep, SharedCredentialsProvider, Sleep};
use axum::http::StatusCode;

use super::stand_in::{StandIn, get, quick, refusal};
use super::*;

#[tokio::test]
async fn calls_are_signed_with_the_keys_and_for_the_region_that_were_given() {
    let aws = StandIn::start(|_, _| None).await;
    aws.dynamodb().call(Operation::GetItem, get("é")).await.unwrap();
    let seen = &aws.seen()[0];
    assert_eq!(seen.signed_by, Some(("AKIABASE".into(), "eu-central-1/dynamodb".into())));
    assert_eq!(seen.header("x-amz-security-token"), "base-token");
    assert_eq!(seen.body, r#"{"TableName":"things","Key":{"id":{"S":"é"}}}"#);
    // The check itself can tell.
    let forged = aws.config_for(Credentials::new("AKIABASE", "another secret", None, None, "test"));
    let error = AwsDynamoDb::new(forged, None, true, quick()).call(Operation::GetItem, get("1")).await.unwrap_err();
    assert_eq!(error.code, "InvalidSignatureException");
}

#[tokio::test]
async fn one_connection_serves_calls_that_follow_each_other_whoever_makes_them() {
    let aws = StandIn::start(|_, _| None).await;
    let dynamodb = aws.dynamodb();
    for number in 0..20 {
        dynamodb.clone().call(Operation::GetItem, get(&number.to_string())).await.unwrap();
    }
    assert_eq!(aws.connections.load(Ordering::SeqCst), 1);
    for role in ["orders", "users"] {
        let role = format!("arn:aws:iam::1:role/{role}");
        dynamodb.call_as(Some(&role), Operation::GetItem, get("1")).await.unwrap();
    }
    // Two more at most, for questions to STS: its time-outs are others.
    assert!(aws.connections.load(Ordering::SeqCst) <= 3);
}

/// Notes the waits between attempts and skips them; time-outs are longer and stay.
#[derive(Clone, Debug, Default)]
pub(super) struct Waits(Arc<Mutex<Vec<Duration>>>);

impl Waits {
    pub fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl AsyncSleep for Waits {
    fn sleep(&self, duration: Duration) -> Sleep {
        if duration > limits::DYNAMODB_LONGEST_BACKOFF {
            return Sleep::new(tokio::time::sleep(duration));
        }
        self.0.lock().unwrap().push(duration);
        Sleep::new(std::future::ready(()))
    }
}

/// The policy of production, with a note of its waits.
fn waiting(aws: &StandIn) -> (AwsDynamoDb, Waits) {
    let waits = Waits::default();
    let config = aws.config().into_builder().sleep_impl(SharedAsyncSleep::new(waits.clone())).build();
    let policy = CallPolicy { connect_timeout: Duration::from_secs(5), ..CallPolicy::dynamodb() };
    (AwsDynamoDb::new(config, None, true, policy), waits)
}

#[tokio::test]
async fn throttling_that_passes_is_no_error_and_is_waited_for_ever_longer() {
    let aws = StandIn::start(|before, _| match before {
        0 => Some(refusal("ProvisionedThroughputExceededException")),
        1 => Some(refusal("ThrottlingException")),
        2 => Some(refusal("RequestLimitExceeded")),
        3 => Some((StatusCode::SERVICE_UNAVAILABLE, "<html>later</html>".into())),
        _ => None,
    })
    .await;
    let (dynamodb, waits) = waiting(&aws);
    let answer = dynamodb.call(Operation::GetItem, get("1")).await.unwrap();
    assert_eq!(answer, Value::empty_object());
    let seen = aws.seen();
    assert_eq!(seen.len(), 5);
    assert!(seen.iter().all(|one| one.body == seen[0].body && one.signed_by.is_some()));
    let waits = waits.0.lock().unwrap();
    assert_eq!(waits.len(), 4, "{waits:?}");
    for (retry, wait) in waits.iter().enumerate() {
        assert!(*wait <= limits::DYNAMODB_FIRST_BACKOFF * 2_u32.pow(retry as u32), "{retry}: {waits:?}");
    }
}

#[tokio::test]
async fn throttling_that_lasts_is_reported_after_nine_attempts() {
    let aws = StandIn::start(|_, _| Some(refusal("ProvisionedThroughputExceededException"))).await;
    let (dynamodb, waits) = waiting(&aws);
    let error = dynamodb.call(Operation::GetItem, get("1")).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.message.as_str()), ("ProvisionedThroughputExceededException", "told so"));
    assert_eq!((error.status, error.request_id.as_str()), (400, "null"));
    assert_eq!(aws.operations().len(), limits::DYNAMODB_ATTEMPTS as usize);
    assert!(waits.0.lock().unwrap().iter().all(|wait| *wait <= limits::DYNAMODB_LONGEST_BACKOFF));
}

#[tokio::test]
async fn what_would_fail_again_is_tried_once() {
    let scripts: [super::stand_in::Script; 3] = [
        |_, _| Some(refusal("ValidationException")),
        |_, _| Some(refusal("ConditionalCheckFailedException")),
        |_, _| Some(refusal("AccessDeniedException")),
    ];
    for script in scripts {
        let aws = StandIn::start(script).await;
        let error = aws.dynamodb().call(Operation::GetItem, get("1")).await.unwrap_err();
        assert_eq!((error.status, aws.operations().len()), (400, 1), "{error:?}");
    }
}

#[tokio::test]
async fn a_retried_transaction_carries_one_token() {
    let aws = StandIn::start(|before, _| (before == 0).then(|| refusal("ThrottlingException"))).await;
    let request = r#"{"TransactItems":[{"Put":{"TableName":"things","Item":{"id":{"S":"1"}}}}]}"#;
    aws.dynamodb().call(Operation::TransactWriteItems, Value::parse(request).unwrap()).await.unwrap();
    let seen = aws.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].body, seen[1].body);
    let token = Value::parse(&seen[0].body).unwrap().get("ClientRequestToken").and_then(Value::as_str).map(str::len);
    assert_eq!(token, Some(36));
}

#[test]
fn all_attempts_of_a_call_fit_into_the_time_of_a_request() {
    let request = crate::limits::Limits::default().request_timeout;
    assert!(limits::DYNAMODB_OPERATION_TIMEOUT < request);
    assert!(limits::DYNAMODB_ATTEMPT_TIMEOUT * 2 < limits::DYNAMODB_OPERATION_TIMEOUT);
    assert!(limits::AWS_CONNECT_TIMEOUT + limits::DYNAMODB_READ_TIMEOUT <= limits::DYNAMODB_ATTEMPT_TIMEOUT);
    assert!(limits::STS_OPERATION_TIMEOUT < limits::DYNAMODB_ATTEMPT_TIMEOUT);
    let waits = (1..limits::DYNAMODB_ATTEMPTS)
        .map(|retry| (limits::DYNAMODB_FIRST_BACKOFF * 2_u32.pow(retry - 1)).min(limits::DYNAMODB_LONGEST_BACKOFF));
    assert!(waits.sum::<Duration>() < limits::DYNAMODB_ATTEMPT_TIMEOUT);
}

/// Accepts connections and never answers.
async fn silence() -> (tokio::net::TcpListener, String) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

#[tokio::test]
async fn who_does_not_answer_is_given_up_on_in_time() {
    let aws = StandIn::start(|_, _| None).await;
    let (_listener, url) = silence().await;
    let config = aws.config().into_builder().endpoint_url(url).build();
    let short = Duration::from_millis(30);
    let policies = [
        CallPolicy { attempts: 2, attempt_timeout: short, ..quick() },
        CallPolicy { attempts: 2, read_timeout: short, ..quick() },
        CallPolicy { operation_timeout: short, ..quick() },
    ];
    for policy in policies {
        let dynamodb = AwsDynamoDb::new(config.clone(), None, true, policy.clone());
        let error = dynamodb.call(Operation::GetItem, get("1")).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.status), ("SdkClientException", 0), "{policy:?}");
        assert!(error.message.starts_with("DynamoDB did not answer in time"), "{policy:?}: {}", error.message);
    }
}

#[tokio::test]
async fn answers_that_cannot_be_read_say_so() {
    let cases: [(super::stand_in::Script, &str); 4] = [
        (|_, _| Some((StatusCode::OK, "<html>".into())), "the answer of DynamoDB could not be read: "),
        (|_, _| Some((StatusCode::OK, String::new())), "the answer of DynamoDB could not be read: "),
        (
            |_, _| Some((StatusCode::FORBIDDEN, "no".into())),
            "the answer of DynamoDB could not be read: HTTP status 403: ",
        ),
        (
            |_, _| Some((StatusCode::BAD_GATEWAY, "{}".into())),
            "the answer of DynamoDB could not be read: HTTP status 502: ",
        ),
    ];
    for (script, expected) in cases {
        let aws = StandIn::start(script).await;
        let error = aws.dynamodb().call(Operation::GetItem, get("1")).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.status), ("SdkClientException", 0), "{expected}");
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

/// As a machine without any credentials.
#[derive(Debug)]
struct Nobody;

impl ProvideCredentials for Nobody {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("nothing is set")))
    }
}

#[tokio::test]
async fn missing_credentials_are_named_with_the_cure() {
    let aws = StandIn::start(|_, _| None).await;
    let config = aws.config().into_builder().credentials_provider(SharedCredentialsProvider::new(Nobody)).build();
    let dynamodb = AwsDynamoDb::new(config, None, true, quick());
    let error = dynamodb.call(Operation::GetItem, get("1")).await.unwrap_err();
    assert_eq!(error.code, "SdkClientException");
    assert_eq!(
        error.to_string(),
        "no AWS credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE: nothing is set"
    );
    assert_eq!(error.message, "no AWS credentials were found");
    assert!(aws.operations().is_empty());
}

#[tokio::test]
async fn a_call_that_cannot_be_prepared_says_so() {
    let credentials = SharedCredentialsProvider::new(Credentials::new("AKIABASE", "s", None, None, "test"));
    let dynamodb = AwsDynamoDb::new(config::config("not a region".into(), credentials), None, true, quick());
    let error = dynamodb.call(Operation::GetItem, get("1")).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("SdkClientException", 0));
    assert_eq!(error.message, "the call to DynamoDB could not be prepared");
    assert!(!error.cause.is_empty());
}

#[tokio::test]
async fn what_is_no_region_is_refused_before_any_call() {
    let error = AwsDynamoDb::from_environment(Some("Ireland 1")).await.err().unwrap();
    assert_eq!(error.message, "`Ireland 1` is not an AWS region such as eu-central-1");
}

#[test]
fn only_hosts_of_aws_get_real_credentials_for_a_named_endpoint() {
    for host in [
        "dynamodb.eu-west-1.amazonaws.com",
        "vpce-1.dynamodb.us-east-1.vpce.amazonaws.com:443/",
        "dynamodb.eu-west-1.api.aws",
    ] {
        assert!(is_host_of_aws(host), "{host}");
    }
    for host in ["localhost:8000", "amazonaws.com.example.org", "notamazonaws.com", "localhost/amazonaws.com"] {
        assert!(!is_host_of_aws(host), "{host}");
    }
}

#[tokio::test]
async fn a_warm_start_leaves_a_connection_and_credentials_behind() {
    let aws = StandIn::start(|_, _| None).await;
    let dynamodb = aws.dynamodb();
    let role = Str::from("arn:aws:iam::1:role/orders");
    dynamodb.warm_up().await;
    dynamodb.warm_up_roles(std::slice::from_ref(&role)).await;
    let warm = aws.seen();
    let mut operations = aws.operations();
    operations.sort();
    assert_eq!(operations, ["AssumeRole", "GET", "GET"]);
    for greeting in warm.iter().filter(|seen| seen.operation == "GET") {
        assert_eq!((greeting.header("authorization"), greeting.header("x-amz-security-token")), ("", ""));
    }
    let connections = aws.connections.load(Ordering::SeqCst);
    dynamodb.call(Operation::GetItem, get("1")).await.unwrap();
    dynamodb.call_as(Some(&role), Operation::GetItem, get("1")).await.unwrap();
    assert_eq!(aws.connections.load(Ordering::SeqCst), connections);
    assert_eq!(aws.operations()[3..], ["GetItem", "GetItem"]);
}

#[tokio::test]
async fn a_warm_start_that_fails_is_no_failure_of_the_start() {
    let (listener, url) = silence().await;
    drop(listener);
    let aws = StandIn::start(|_, _| None).await;
    let dynamodb = AwsDynamoDb::new(aws.config().into_builder().endpoint_url(url).build(), None, true, quick());
    dynamodb.warm_up().await;
    dynamodb.warm_up_roles(&["arn:aws:iam::1:role/orders".into()]).await;
    assert!(aws.operations().is_empty());
}

#[test]
fn the_table_that_a_request_names_first_decides_its_endpoint() {
    for (request, expected) in [
        (r#"{"TableName":"a"}"#, "a"),
        (r#"{"RequestItems":{"b":{},"c":{}}}"#, "b"),
        (r#"{"TransactItems":[{"Put":{"TableName":"d"}},{"Delete":{"TableName":"e"}}]}"#, "d"),
        (r#"{"TransactItems":[]}"#, NO_TABLE),
        ("{}", NO_TABLE),
    ] {
        assert_eq!(table_of(&Value::parse(request).unwrap()), expected, "{request}");
    }
}
