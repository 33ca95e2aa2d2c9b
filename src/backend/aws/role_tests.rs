//! Roles, on a stand-in for STS.

use axum::http::StatusCode;
use futures_util::future::join_all;

use super::stand_in::{StandIn, assumed, get};
use super::*;

const ORDERS: &str = "arn:aws:iam::1:role/orders";
const USERS: &str = "arn:aws:iam::1:role/users";

/// Who signed each DynamoDB call.
fn signers(aws: &StandIn) -> Vec<String> {
    let calls = aws.seen().into_iter().filter(|seen| seen.operation != "AssumeRole");
    calls.map(|seen| seen.signed_by.unwrap().0).collect()
}

fn count(aws: &StandIn, operation: &str) -> usize {
    aws.operations().iter().filter(|name| *name == operation).count()
}

#[tokio::test]
async fn a_role_is_assumed_once_and_its_credentials_sign_its_calls() {
    let aws = StandIn::start(|_, _| None).await;
    let dynamodb = aws.dynamodb();
    for role in [Some(ORDERS), None, Some(ORDERS), Some(USERS)] {
        dynamodb.call_as(role, Operation::GetItem, get("1")).await.unwrap();
    }
    assert_eq!(signers(&aws), ["ASIAORDERS", "AKIABASE", "ASIAORDERS", "ASIAUSERS"]);
    assert_eq!(count(&aws, "AssumeRole"), 2);
    let seen = aws.seen();
    let question = seen.iter().find(|seen| seen.operation == "AssumeRole").unwrap();
    assert_eq!(question.signed_by, Some(("AKIABASE".into(), "eu-central-1/sts".into())));
    assert!(question.body.contains("RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Forders"), "{}", question.body);
    assert!(question.body.contains("RoleSessionName=APPSYNC_ASSUME_ROLE"), "{}", question.body);
    let call = seen.iter().find(|seen| seen.operation == "GetItem").unwrap();
    assert_eq!(call.header("x-amz-security-token"), "ASIAORDERS-token");
}

#[tokio::test]
async fn calls_that_begin_together_assume_a_role_once() {
    let aws = StandIn::start(|_, _| None).await;
    let dynamodb = aws.dynamodb();
    let ids: Vec<Value> = (0..8).map(|id| get(&id.to_string())).collect();
    join_all(ids.into_iter().map(|key| dynamodb.call_as(Some(ORDERS), Operation::GetItem, key))).await;
    assert_eq!((count(&aws, "AssumeRole"), count(&aws, "GetItem")), (1, 8));
}

#[tokio::test]
async fn credentials_that_are_about_to_expire_are_fetched_anew() {
    // Past or within the margin is the same to the cache; only a time far ahead lasts.
    let aws = StandIn::start(|before, seen| {
        (seen.operation == "AssumeRole").then(|| match before {
            0 => assumed("ASIAFIRST", "2020-01-01T00:00:00Z"),
            _ => assumed("ASIASECOND", "2999-01-01T00:00:00Z"),
        })
    })
    .await;
    let dynamodb = aws.dynamodb();
    for _ in 0..3 {
        dynamodb.call_as(Some(ORDERS), Operation::GetItem, get("1")).await.unwrap();
    }
    assert_eq!(signers(&aws), ["ASIAFIRST", "ASIASECOND", "ASIASECOND"]);
}

#[tokio::test]
async fn sts_may_fail_as_long_as_the_last_credentials_are_valid() {
    let aws = StandIn::start(|before, seen| {
        (seen.operation == "AssumeRole").then(|| match before {
            // Within the margin, so that every call asks for new ones.
            0 => assumed("ASIAFIRST", &(jiff::Timestamp::now() + jiff::SignedDuration::from_secs(50)).to_string()),
            _ => (StatusCode::FORBIDDEN, "<html>down</html>".to_owned()),
        })
    })
    .await;
    let dynamodb = aws.dynamodb();
    for _ in 0..3 {
        dynamodb.call_as(Some(ORDERS), Operation::GetItem, get("1")).await.unwrap();
    }
    assert_eq!(signers(&aws), ["ASIAFIRST"; 3]);
    assert_eq!(count(&aws, "AssumeRole"), 3);
}

#[tokio::test]
async fn credentials_that_have_expired_are_not_used_when_sts_fails() {
    let aws = StandIn::start(|before, seen| {
        (seen.operation == "AssumeRole").then(|| match before {
            0 => assumed("ASIAFIRST", "2020-01-01T00:00:00Z"),
            _ => (StatusCode::FORBIDDEN, "<html>down</html>".to_owned()),
        })
    })
    .await;
    let dynamodb = aws.dynamodb();
    dynamodb.call_as(Some(ORDERS), Operation::GetItem, get("1")).await.unwrap();
    let error = dynamodb.call_as(Some(ORDERS), Operation::GetItem, get("1")).await.unwrap_err();
    let said = "could not be assumed: no reason was given (Service: Sts, Status Code: 403, Request ID: null)";
    assert_eq!(error.message, format!("role `{ORDERS}` {said}"));
}

#[tokio::test]
async fn a_role_that_cannot_be_assumed_fails_its_calls_and_nobody_elses() {
    let aws = StandIn::start(|_, seen| {
        let body = r#"<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
            <Code>AccessDenied</Code><Message>User: arn:aws:iam::1:user/dev is not authorized to perform: sts:AssumeRole</Message>
            </Error><RequestId>STS-1</RequestId></ErrorResponse>"#;
        (seen.operation == "AssumeRole").then(|| (StatusCode::FORBIDDEN, body.to_owned()))
    })
    .await;
    let dynamodb = aws.dynamodb();
    let error = dynamodb.call_as(Some(ORDERS), Operation::GetItem, get("1")).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("StsException", 0));
    assert_eq!(
        error.message,
        "role `arn:aws:iam::1:role/orders` could not be assumed: User: arn:aws:iam::1:user/dev is not authorized to perform: sts:AssumeRole (Service: Sts, Status Code: 403, Request ID: STS-1)"
    );
    assert_eq!(count(&aws, "GetItem"), 0, "a call with too many rights instead");
    dynamodb.call(Operation::GetItem, get("1")).await.unwrap();
}

#[tokio::test]
async fn sts_that_cannot_be_reached_is_named_with_the_role() {
    let aws = StandIn::start(|_, seen| {
        (seen.operation == "AssumeRole").then(|| (StatusCode::NOT_FOUND, "<html>not here</html>".to_owned()))
    })
    .await;
    let error = aws.dynamodb().call_as(Some(ORDERS), Operation::GetItem, get("1")).await.unwrap_err();
    let said = "could not be assumed: no reason was given (Service: Sts, Status Code: 404, Request ID: null)";
    assert_eq!(error.message, format!("role `{ORDERS}` {said}"));
}

#[tokio::test]
async fn an_emulator_knows_no_roles() {
    let aws = StandIn::start(|_, _| None).await;
    let dynamodb = AwsDynamoDb::new(aws.config(), Some(aws.url.as_str().into()), false, stand_in::quick());
    assert!(!dynamodb.has_roles());
    dynamodb.call_as(Some(ORDERS), Operation::GetItem, get("1")).await.unwrap();
    assert_eq!(signers(&aws), ["AKIABASE"]);
}
