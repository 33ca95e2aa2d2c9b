//! The Lambda authorizer, with a function that can be watched (spec appsync-service 3.6).

use crate::auth::stand_ins::{Door, Function};
use crate::auth::{Denial, Evidence};
use crate::context::AuthMode;
use crate::value::{Value, object};

fn door(config: &str, answer: &str) -> Door {
    let config = format!("authentication: {{ type: AWS_LAMBDA, config: {{ functionName: door, {config} }} }}");
    let mut door = Door::new(&config);
    door.function = Function::answering(answer);
    door
}

#[tokio::test]
async fn the_function_sees_the_token_as_it_came_and_what_is_asked_for() {
    let door = door("", r#"{"isAuthorized":true,"resolverContext":{"tenant":"blue","level":7}}"#);
    let headers = object! { "authorization" => "Bearer abc", "host" => "api.test" };
    let evidence =
        Evidence { request_id: Some("r-1".into()), account_id: Some("111122223333".into()), ..Evidence::default() };
    let identity = door.ask_with(&headers, &evidence).await.unwrap();
    assert_eq!(identity.value.to_string(), r#"{"resolverContext":{"tenant":"blue","level":7}}"#);
    assert_eq!(identity.mode, Some(AuthMode::Lambda));
    let events = door.function.events.lock().unwrap();
    assert_eq!(
        events[0].to_string(),
        r#"{"authorizationToken":"Bearer abc","requestContext":{"apiId":"test","accountId":"111122223333","requestId":"r-1","queryString":"query Q { me }","operationName":"Q","variables":{}},"requestHeaders":{"authorization":"Bearer abc","host":"api.test"}}"#
    );
}

#[tokio::test]
async fn only_a_clear_yes_lets_in() {
    for (answer, is_let_in) in [
        (r#"{"isAuthorized":true}"#, true),
        (r#"{"isAuthorized":true,"resolverContext":null,"deniedFields":null,"ttlOverride":null}"#, true),
        (r#"{"isAuthorized":true,"unknown":1}"#, true),
        (r#"{"isAuthorized":false}"#, false),
        (r#"{"isAuthorized":"true"}"#, false),
        (r#"{"isAuthorized":1}"#, false),
        (r#"{"isAuthorized":null}"#, false),
        ("{}", false),
        ("null", false),
        ("[]", false),
        ("true", false),
        ("", false),
        ("{", false),
        (r#"{"isAuthorized":true,"resolverContext":{"a":{"b":1}}}"#, false),
        (r#"{"isAuthorized":true,"resolverContext":{"a":[]}}"#, false),
        (r#"{"isAuthorized":true,"resolverContext":"a"}"#, false),
        (r#"{"isAuthorized":true,"deniedFields":"Query.me"}"#, false),
        (r#"{"isAuthorized":true,"deniedFields":["Query.me",7]}"#, false),
        (r#"{"isAuthorized":true,"ttlOverride":-1}"#, false),
        (r#"{"isAuthorized":true,"ttlOverride":"10"}"#, false),
    ] {
        let outcome = door("", answer).with_token("abc").await;
        assert_eq!(outcome.is_ok(), is_let_in, "{answer}");
        assert!(is_let_in || outcome == Err(Denial::UNAUTHORIZED), "{answer}");
    }
    let door = door("", r#"{"isAuthorized":true}"#);
    *door.function.fails.lock().unwrap() = true;
    assert_eq!(door.with_token("abc").await, Err(Denial::UNAUTHORIZED));
}

#[tokio::test]
async fn without_a_resolver_context_handlers_see_an_empty_one() {
    let identity = door("", r#"{"isAuthorized":true}"#).with_token("abc").await.unwrap();
    assert_eq!(identity.value, object! { "resolverContext" => Value::empty_object() });
}

#[tokio::test]
async fn nothing_is_kept_unless_it_is_asked_for() {
    let door = door("", r#"{"isAuthorized":true}"#);
    door.with_token("abc").await.unwrap();
    door.with_token("abc").await.unwrap();
    assert_eq!(door.function.calls(), 2);
}

#[tokio::test]
async fn an_answer_is_kept_for_its_token_until_its_time_is_over() {
    let mut door = door("authorizerResultTtlInSeconds: 300", r#"{"isAuthorized":true}"#);
    door.with_token("abc").await.unwrap();
    *door.function.answer.lock().unwrap() = r#"{"isAuthorized":false}"#.into();
    door.at(299_999).with_token("abc").await.unwrap();
    assert_eq!(door.with_token("other").await, Err(Denial::UNAUTHORIZED));
    assert_eq!(door.function.calls(), 2);
    assert_eq!(door.at(300_000).with_token("abc").await, Err(Denial::UNAUTHORIZED));
    // A no is an answer like any other.
    *door.function.answer.lock().unwrap() = r#"{"isAuthorized":true}"#.into();
    assert_eq!(door.with_token("abc").await, Err(Denial::UNAUTHORIZED));
    assert_eq!(door.function.calls(), 3);
}

#[tokio::test]
async fn the_function_may_say_how_long_its_answer_is_good() {
    let mut longer = door("authorizerResultTtlInSeconds: 1", r#"{"isAuthorized":true,"ttlOverride":60}"#);
    longer.with_token("abc").await.unwrap();
    longer.at(59_999).with_token("abc").await.unwrap();
    assert_eq!(longer.function.calls(), 1);
    let never = door("authorizerResultTtlInSeconds: 300", r#"{"isAuthorized":true,"ttlOverride":0}"#);
    never.with_token("abc").await.unwrap();
    never.with_token("abc").await.unwrap();
    assert_eq!(never.function.calls(), 2);
}

#[tokio::test]
async fn failures_and_large_answers_are_not_kept() {
    let broken = door("authorizerResultTtlInSeconds: 300", "{}");
    assert!(broken.with_token("abc").await.is_err());
    assert!(broken.with_token("abc").await.is_err());
    assert_eq!(broken.function.calls(), 2);
    let large = format!(r#"{{"isAuthorized":true,"resolverContext":{{"a":"{}"}}}}"#, "x".repeat(1_048_576));
    let large = door("authorizerResultTtlInSeconds: 300", &large);
    large.with_token("abc").await.unwrap();
    large.with_token("abc").await.unwrap();
    assert_eq!(large.function.calls(), 2);
}

#[tokio::test]
async fn tokens_that_the_expression_does_not_find_never_reach_the_function() {
    let door = door("identityValidationExpression: '^custom-[0-9]+$'", r#"{"isAuthorized":true}"#);
    for token in ["custom-", "x custom-1", "custom-1x", "eyJhbGciOiJub25lIn0.e30."] {
        assert_eq!(door.with_token(token).await, Err(Denial::UNAUTHORIZED), "{token}");
    }
    assert_eq!(door.function.calls(), 0);
    door.with_token("custom-12").await.unwrap();
}

#[tokio::test]
async fn denied_fields_come_with_the_identity() {
    let answer = r#"{"isAuthorized":true,"deniedFields":["Query.secret","arn:aws:appsync:eu-central-1:1:apis/a/types/User/fields/email"]}"#;
    let identity = door("", answer).with_token("abc").await.unwrap();
    let rules = crate::auth::rules::AccessRules::default();
    let may_ask = |type_name: &str, field_name: &str| {
        crate::auth::rules::is_authorized(rules.rule(type_name, field_name), type_name, field_name, &identity)
    };
    assert!(!may_ask("Query", "secret") && !may_ask("User", "email"));
    assert!(may_ask("Query", "secrets") && may_ask("User", "secret") && may_ask("Query", "email"));
}

#[tokio::test]
async fn a_function_that_takes_too_long_lets_nobody_in() {
    let mut door = door("authorizerResultTtlInSeconds: 300", "");
    door.function.is_silent = true;
    let authorizer = door.authenticator.lambda.take().unwrap();
    door.authenticator.lambda = Some(authorizer.within(std::time::Duration::from_millis(1)));
    assert_eq!(door.with_token("abc").await, Err(Denial::UNAUTHORIZED));
    // That is no answer to be kept.
    door.function = Function::answering(r#"{"isAuthorized":true}"#);
    let authorizer = door.authenticator.lambda.take().unwrap();
    door.authenticator.lambda = Some(authorizer.within(crate::limits::AUTHORIZER_TIMEOUT));
    assert!(door.with_token("abc").await.is_ok());
}
