//! Domains' roles and the start on Lambda, with the real binary and a stand-in for DynamoDB, STS and Lambda's runtime.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};

use crate::harness::{Folder, binary, run};

/// What the stand-in was asked, in order: `GetItem by ASIAUSERS`.
pub type Asked = Arc<Mutex<Vec<String>>>;

/// AWS at an address of its own. It lives as long as the tests' process.
pub fn aws() -> (SocketAddr, Asked) {
    let asked = Asked::default();
    let (noted, (tell, told)) = (asked.clone(), std::sync::mpsc::channel());
    std::thread::spawn(move || {
        run(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            let handler = move |method, uri, headers, body| answer(noted.clone(), method, uri, headers, body);
            axum::serve(listener, axum::Router::new().fallback(handler)).await.unwrap();
        });
    });
    (told.recv().unwrap(), asked)
}

async fn answer(asked: Asked, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let note = |what: &str| asked.lock().unwrap().push(what.to_owned());
    let text = String::from_utf8(body.to_vec()).unwrap();
    if uri.path().ends_with("/invocation/next") {
        note("next event");
        return std::future::pending().await;
    }
    if text.contains("Action=AssumeRole") {
        let role = text.split("role%2F").nth(1).unwrap().split('&').next().unwrap();
        note(&format!("AssumeRole {role}"));
        return assume_role(role);
    }
    let Some(target) = headers.get("x-amz-target") else {
        note(&format!("{method} {}", uri.path()));
        return "healthy".into_response();
    };
    let operation = target.to_str().unwrap().strip_prefix("DynamoDB_20120810.").unwrap();
    let authorization = headers["authorization"].to_str().unwrap();
    let key_id = authorization.split("Credential=").nth(1).unwrap().split('/').next().unwrap();
    note(&format!("{operation} by {key_id}"));
    let request: Json = serde_json::from_str(&text).unwrap();
    let answer = match operation {
        "GetItem" => json!({ "Item": request["Key"] }),
        "BatchGetItem" => {
            let tables = request["RequestItems"].as_object().unwrap();
            let found = tables.iter().map(|(table, asked)| (table.clone(), asked["Keys"].clone()));
            json!({ "Responses": found.collect::<serde_json::Map<_, _>>() })
        }
        other => panic!("{other} was not expected"),
    };
    answer.to_string().into_response()
}

fn assume_role(role: &str) -> Response {
    if role == "forbidden" {
        let body = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
            <Code>AccessDenied</Code><Message>not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>";
        return (StatusCode::FORBIDDEN, [("x-amzn-requestid", "STS-1")], body).into_response();
    }
    let key_id = format!("ASIA{}", role.to_uppercase());
    format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
         <AccessKeyId>{key_id}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
         <Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
    )
    .into_response()
}

/// Two domains with a role each, and one without.
pub fn project(orders_role: &str) -> Folder {
    let read = "import { util } from '@aws-appsync/utils';\n\
        export const request = (ctx) => ({ operation: 'GetItem', key: util.dynamodb.toMapValues({ id: ctx.args.id }) });\n\
        export function response(ctx) {\n  if (ctx.error) util.error(ctx.error.message, ctx.error.type);\n  return ctx.result;\n}\n";
    let folder = Folder::new()
        .with(
            "schema.graphql",
            "type Query { user(id: ID!): Thing order(id: ID!): Thing log(id: ID!): Thing }\ntype Thing { id: ID! }\n",
        )
        .with(
            "syncline.yaml",
            &format!(
                "tables:\n  users: {{ partitionKey: id }}\n  orders: {{ partitionKey: id }}\n  logs: {{ partitionKey: id }}\n\
                 domains:\n  users: {{ role: 'arn:aws:iam::1:role/users', uses: {{ orders: read }} }}\n  \
                 orders: {{ owns: [orders], role: 'arn:aws:iam::1:role/{orders_role}' }}\n  logs: {{}}\n"
            ),
        );
    for (domain, field) in [("users", "user"), ("orders", "order"), ("logs", "log")] {
        folder.write(&format!("resolvers/{domain}/Query.{field}.js"), read);
    }
    folder
}

pub fn surroundings(address: SocketAddr) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ACCESS_KEY_ID", "AKIABASE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "s".to_owned()),
        ("AWS_REGION", "eu-central-1".to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", format!("http://{address}")),
        ("AWS_ENDPOINT_URL_STS", format!("http://{address}")),
        // Where no profile lies.
        ("HOME", "/nonexistent".to_owned()),
    ]
}

/// [`surroundings`], and what Lambda sets for a function whose files are in a folder.
pub fn surroundings_of_lambda(address: SocketAddr, folder: &Path) -> Vec<(&'static str, String)> {
    let mut surroundings = surroundings(address);
    surroundings.extend([
        ("AWS_LAMBDA_RUNTIME_API", address.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", "shop".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128".to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1".to_owned()),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "s".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "g".to_owned()),
        ("LAMBDA_TASK_ROOT", folder.display().to_string()),
    ]);
    surroundings
}

/// Waits until a function has started. Gives what was asked by then.
#[track_caller]
pub fn wait_for_next_event(asked: &Asked) -> Vec<String> {
    binary::wait_until(|| {
        let asked = asked.lock().unwrap().clone();
        if asked.last().is_some_and(|last| last == "next event") { Ok(asked) } else { Err(format!("{asked:?}")) }
    })
}

pub const ALL_DOMAINS: &str =
    r#"{ a: user(id: "1") { id } b: user(id: "2") { id } c: order(id: "1") { id } d: log(id: "1") { id } }"#;

#[test]
fn each_domain_reads_as_its_role_and_no_read_as_anothers() {
    let (address, asked) = aws();
    let project = project("orders");
    let run = binary::run_with_environment(project.path(), &["query", "--aws", ALL_DOMAINS], &surroundings(address));
    let expected =
        json!({ "data": { "a": { "id": "1" }, "b": { "id": "2" }, "c": { "id": "1" }, "d": { "id": "1" } } });
    assert_eq!(run.json(), expected, "{run:?}");
    let mut asked = asked.lock().unwrap().clone();
    asked.sort();
    assert_eq!(
        asked,
        [
            "AssumeRole orders",
            "AssumeRole users",
            "BatchGetItem by ASIAUSERS",
            "GetItem by AKIABASE",
            "GetItem by ASIAORDERS"
        ]
    );
}

#[test]
fn a_role_that_cannot_be_assumed_is_an_error_with_a_type_at_its_fields_alone() {
    let (address, asked) = aws();
    let project = project("forbidden");
    let run = binary::run_with_environment(project.path(), &["query", "--aws", ALL_DOMAINS], &surroundings(address));
    let answer = run.json();
    assert_eq!(
        answer["data"],
        json!({ "a": { "id": "1" }, "b": { "id": "2" }, "c": null, "d": { "id": "1" } }),
        "{run:?}"
    );
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1);
    assert_eq!(answer["errors"][0]["errorType"], "DynamoDB:StsException");
    assert_eq!(
        answer["errors"][0]["message"],
        "role `arn:aws:iam::1:role/forbidden` could not be assumed: not authorized to perform: sts:AssumeRole (Service: Sts, Status Code: 403, Request ID: STS-1)"
    );
    assert!(!asked.lock().unwrap().contains(&"GetItem by ASIAFORBIDDEN".to_owned()));
}

#[test]
fn embedded_tables_know_no_roles_and_say_so() {
    let project = project("orders");
    let run = binary::run(project.path(), &["query", "--memory", r#"{ user(id: "1") { id } }"#]);
    assert_eq!(run.json(), json!({ "data": { "user": null } }), "{run:?}");
    assert_eq!(
        run.stderr.lines().next(),
        Some("note: the roles of `users`, `orders` have no effect on embedded tables; --aws assumes them")
    );
}

#[test]
fn without_a_region_the_start_says_what_to_set() {
    let project = project("orders");
    let mut surroundings = surroundings("127.0.0.1:1".parse().unwrap());
    surroundings.retain(|(name, _)| *name != "AWS_REGION");
    surroundings.push(("AWS_EC2_METADATA_DISABLED", "true".to_owned()));
    let run = binary::run_with_environment(project.path(), &["query", "--aws", "{ __typename }"], &surroundings);
    assert_eq!(run.code, Some(3), "{run:?}");
    let expected = "error: no AWS region is configured; set AWS_REGION, or `region` in your AWS profile\n";
    assert_eq!(run.stderr, expected);
}

#[test]
fn on_lambda_connections_and_credentials_are_there_before_the_first_event() {
    let (address, asked) = aws();
    let project = project("forbidden");
    let _lambda = binary::start_with_environment(project.path(), &surroundings_of_lambda(address, project.path()));
    let asked = wait_for_next_event(&asked);
    let mut before = asked[..asked.len() - 1].to_vec();
    before.sort();
    // The role that cannot be assumed does not keep the function from starting.
    assert_eq!(before, ["AssumeRole forbidden", "AssumeRole users", "GET /", "GET /"]);
}
