//! Large answers and streamed ones, over the Runtime API.

use serde_json::{Value, json};

use super::protocol::{body, http_with};
use crate::harness::Folder;
use crate::harness::function::Function;
use crate::harness::runtime_api::Outcome;

/// A project that answers with what it is asked.
fn echo() -> Folder {
    Folder::new()
        .with("syncline.yaml", "name: echo\n")
        .with("schema.graphql", "type Query { echo(text: String!): String }\n")
        .with("resolvers/Query.echo.[NONE].js", "export const request = (ctx) => ({ payload: ctx.args.text });\n")
}

fn function_url(query: &str, variables: Value) -> String {
    let mut event: Value = serde_json::from_str(&http_with(query, variables)).unwrap();
    event["requestContext"]["domainName"] = "abcdefghij.lambda-url.eu-west-1.on.aws".into();
    event.to_string()
}

const TWICE: &str = "query ($text: String!) { a: echo(text: $text) b: echo(text: $text) }";
const ONCE: &str = "query ($text: String!) { echo(text: $text) }";

#[test]
fn a_request_of_nearly_six_megabytes_is_read_and_answered() {
    let project = echo();
    let function = Function::start(project.path(), &[]);
    // JSON inside of JSON: the event has less than 6 MB.
    let text = "x".repeat(4_900_000);
    let answer = body(&function.api.invoke(http_with(ONCE, json!({ "text": text }))));
    assert_eq!(answer, json!({ "data": { "echo": text } }));
}

#[test]
fn an_answer_that_lambda_would_not_take_is_an_error_that_says_so() {
    let project = echo();
    let function = Function::start(project.path(), &[]);
    let outcome = function.api.invoke(http_with(TWICE, json!({ "text": "x".repeat(3_200_000) })));
    assert_eq!(outcome.json()["statusCode"], 500);
    let error = body(&outcome)["errors"][0].clone();
    let expected = "The answer is larger than the 6 MB that a Lambda function can give; ask for fewer items or fields.";
    assert_eq!(error, json!({ "message": expected, "errorType": "ResponseTooLargeException" }));

    // Below the bound, the same operation.
    let text = "x".repeat(3_000_000);
    let answer = body(&function.api.invoke(http_with(TWICE, json!({ "text": text }))));
    assert_eq!(answer, json!({ "data": { "a": text, "b": text } }));
}

#[test]
fn a_field_that_lambda_would_not_take_fails_in_lambdas_words() {
    let project = echo();
    let function = Function::start(project.path(), &[]);
    // A list of two, as AppSync gathers them: each is small enough, both together are not.
    let context = json!({
        "arguments": { "text": "\u{1}".repeat(600_000) }, "source": null, "identity": null, "stash": {}, "prev": null,
        "info": { "fieldName": "echo", "parentTypeName": "Query", "variables": {} },
    });
    let failed = function.api.invoke(json!([context, context]).to_string()).error().clone();
    assert_eq!(failed.body["errorType"], "Function.ResponseSizeTooLarge");
    assert_eq!(
        body(&function.api.invoke(http_with(ONCE, json!({ "text": "next" })))),
        json!({ "data": { "echo": "next" } })
    );
}

/// The parts of a streamed HTTP answer
/// ([AWS](https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming)).
fn streamed(outcome: Outcome) -> (Value, Vec<u8>) {
    let Outcome::Answered { body, headers, trailers, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(headers["lambda-runtime-function-response-mode"], "streaming");
    assert_eq!(headers["content-type"], "application/vnd.awslambda.http-integration-response");
    assert!(trailers.get("lambda-runtime-function-error-type").is_none(), "{trailers:?}");
    let end = body.windows(8).position(|window| window == [0; 8]).expect("eight zeros end the head");
    (serde_json::from_slice(&body[..end]).unwrap(), body[end + 8..].to_vec())
}

#[test]
fn a_function_url_that_streams_gets_more_than_six_megabytes() {
    let project = echo();
    let streaming = [("SYNCLINE_INVOKE_MODE", "RESPONSE_STREAM".to_owned())];
    let function = Function::start(project.path(), &streaming);
    let text = "x".repeat(4_500_000);
    let (head, body) = streamed(function.api.invoke(function_url(TWICE, json!({ "text": text }))));
    assert_eq!(
        (&head["statusCode"], &head["headers"]["content-type"]),
        (&json!(200), &json!("application/json;charset=UTF-8"))
    );
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), json!({ "data": { "a": text, "b": text } }));

    let (head, body) = streamed(function.api.invoke(function_url("{", json!({}))));
    assert_eq!(head["statusCode"], 200);
    assert!(serde_json::from_slice::<Value>(&body).unwrap()["errors"].is_array());

    // Only a Function URL can stream; other doors of the same function do not.
    let answer = function.api.invoke(http_with(ONCE, json!({ "text": "a" })));
    assert_eq!(answer.json()["statusCode"], 200);
}

#[test]
fn headers_that_browsers_read_are_the_same_in_a_stream_as_in_one_piece() {
    let project = echo();
    project.write("syncline.yaml", "name: echo\ncors: { allowOrigins: [https://shop.example] }\n");
    let mut event: Value = serde_json::from_str(&function_url(ONCE, json!({ "text": "x".repeat(2_000) }))).unwrap();
    event["headers"]["origin"] = "https://shop.example".into();
    event["headers"]["accept-encoding"] = "gzip".into();
    let buffered = Function::start(project.path(), &[]).api.invoke(event.to_string()).json();
    let streaming = [("SYNCLINE_INVOKE_MODE", "RESPONSE_STREAM".to_owned())];
    let (head, _) = streamed(Function::start(project.path(), &streaming).api.invoke(event.to_string()));
    let without_id = |mut headers: Value| {
        headers.as_object_mut().unwrap().remove("x-amzn-requestid").expect("every answer has an id");
        headers
    };
    let headers = without_id(head["headers"].clone());
    assert_eq!(headers, without_id(buffered["headers"].clone()));
    assert_eq!(headers["vary"], "origin, accept-encoding");
    assert_eq!(headers["content-encoding"], "gzip");
}

#[test]
fn an_invoke_mode_that_lambda_does_not_know_is_an_error_at_start() {
    let project = echo();
    let function = Function::start(project.path(), &[("SYNCLINE_INVOKE_MODE", "STREAM".to_owned())]);
    let failed = function.api.init_error();
    let message = failed.body["errorMessage"].as_str().unwrap();
    assert_eq!(message, "`SYNCLINE_INVOKE_MODE` must be `BUFFERED` or `RESPONSE_STREAM`, found `STREAM`");
}
