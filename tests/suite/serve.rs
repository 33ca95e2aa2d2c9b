//! `syncline serve`: what an orchestrator sees of a container from its start to its end.

use std::net::SocketAddr;

use serde_json::{Value as Json, json};

use crate::harness::binary::{self, Dev, wait_until};
use crate::harness::project::folder;
use crate::harness::wire::{post, send};
use crate::harness::{Folder, tests_folder};
use crate::roles::{ALL_DOMAINS, aws, project, surroundings};

/// Longer than any test: what ends before has another reason.
const FOREVER: &str = "3600";

/// Status and word of a probe.
fn probe(container: &Dev, name: &str) -> (u16, Json) {
    let reply = send(container.address, "GET", &format!("/health/{name}"), &[], b"").unwrap();
    (reply.status, reply.json()["status"].clone())
}

fn wait_for_readiness(container: &Dev, expected: (u16, &str)) {
    wait_until(|| {
        let (status, word) = probe(container, "ready");
        if (status, word.as_str().unwrap()) == expected { Ok(()) } else { Err(format!("{status} {word}")) }
    });
}

/// A container of a project that asks for nothing, beside a stand-in for AWS.
fn web(arguments: &[&str]) -> Dev {
    let (address, _) = aws();
    Dev::serve(&folder("web"), arguments, &surroundings(address))
}

#[test]
fn a_container_has_probes_and_the_api_but_nothing_for_laptops() {
    let container = web(&[]);
    wait_for_readiness(&container, (200, "ready"));
    assert_eq!(probe(&container, "live"), (200, json!("ok")));
    assert_eq!(send(container.address, "GET", "/health", &[], b"").unwrap().json()["name"], "web");
    for path in ["/", "/index.html", "/health/", "/health/other"] {
        assert_eq!(send(container.address, "GET", path, &[], b"").unwrap().status, 404, "{path}");
    }
    let headers = [("content-type", "application/json"), ("x-syncline-explain", "true")];
    let body = json!({ "query": "query Greeting { hello }" }).to_string();
    let reply = send(container.address, "POST", "/graphql", &headers, body.as_bytes()).unwrap();
    assert_eq!(reply.json(), json!({ "data": { "hello": "hello" } }));
}

#[test]
fn a_container_logs_json() {
    let mut container = web(&[]);
    post(container.address, "query Greeting { hello }");
    container.wait_for("Greeting");
    let talk = container.talk();
    let lines: Vec<Json> =
        talk.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{talk}"))).collect();
    let of = |message: &str| {
        let found = lines.iter().find(|line| line["message"].as_str().is_some_and(|text| text.starts_with(message)));
        found.unwrap_or_else(|| panic!("no {message}: {talk}"))
    };
    assert_eq!(of("SYNCLINE_SECRET is not set")["level"], "WARN");
    assert_eq!(of("syncline.yaml has no `authentication`")["level"], "WARN");
    assert_eq!(of("serving")["address"], container.address.to_string());
    let request = of("request");
    assert_eq!((&request["operation"], &request["status"]), (&json!("query Greeting"), &json!(200)));
}

#[test]
fn after_sigterm_it_wants_no_requests_but_serves_those_that_come() {
    let container = web(&["--drain", FOREVER]);
    wait_for_readiness(&container, (200, "ready"));
    container.terminate();
    wait_for_readiness(&container, (503, "stopping"));
    assert_eq!(probe(&container, "live"), (200, json!("ok")));
    assert_eq!(post(container.address, "{ hello }"), json!({ "data": { "hello": "hello" } }));
    container.terminate(); // is in a hurry
    let (code, talk) = container.end();
    assert_eq!(code, Some(0), "{talk}");
}

#[test]
fn without_a_drain_it_stops_at_once() {
    let container = web(&["--drain", "0"]);
    wait_for_readiness(&container, (200, "ready"));
    container.terminate();
    let (code, talk) = container.end();
    assert_eq!(code, Some(0), "{talk}");
}

#[test]
fn a_container_reads_as_the_roles_of_its_domains_and_makes_no_tables() {
    let (address, asked) = aws();
    let project = project("orders");
    let container = Dev::serve(project.path(), &[], &surroundings(address));
    wait_for_readiness(&container, (200, "ready"));
    let expected =
        json!({ "data": { "a": { "id": "1" }, "b": { "id": "2" }, "c": { "id": "1" }, "d": { "id": "1" } } });
    assert_eq!(post(container.address, ALL_DOMAINS), expected);
    let mut asked = asked.lock().unwrap().clone();
    asked.sort();
    assert_eq!(
        asked,
        [
            "AssumeRole orders",
            "AssumeRole users",
            "BatchGetItem by ASIAUSERS",
            "GET /",
            "GET /",
            "GET /",
            "GetItem by AKIABASE",
            "GetItem by ASIAORDERS"
        ]
    );
}

#[test]
fn tables_at_an_endpoint_are_read_and_not_made() {
    for by_variable in [true, false] {
        let (address, asked) = aws();
        let url = format!("http://{address}");
        let (arguments, variables) = match by_variable {
            true => (vec![], vec![("SYNCLINE_DYNAMODB_ENDPOINT", url.clone())]),
            false => (vec!["--dynamodb-endpoint", url.as_str()], vec![]),
        };
        let project = project("orders");
        let container = Dev::serve(project.path(), &arguments, &variables);
        assert_eq!(post(container.address, r#"{ log(id: "1") { id } }"#), json!({ "data": { "log": { "id": "1" } } }));
        let asked = asked.lock().unwrap().clone();
        let calls: Vec<&String> = asked.iter().filter(|call| *call != "GET /").collect();
        assert!(matches!(&calls[..], [call] if call.starts_with("GetItem by ")), "{asked:?}");
    }
}

#[test]
fn seeds_need_not_be_in_the_image() {
    let (address, _) = aws();
    let project = Folder::new()
        .with("syncline.yaml", "tables: { notes: { partitionKey: id, seed: seed.json } }\n")
        .with("schema.graphql", "type Query { hello: String }\n");
    let container = Dev::serve(project.path(), &[], &surroundings(address));
    assert_eq!(post(container.address, "{ hello }"), json!({ "data": { "hello": null } }));
    // Where they are for tables of a laptop, they are missed.
    assert_eq!(binary::run(project.path(), &["check"]).code, Some(1));
}

#[test]
fn what_cannot_be_served_is_said() {
    let web = folder("web");
    for options in [&["--memory"][..], &["--data", "x"]] {
        let run = binary::run(&web, &[&["serve"], options].concat());
        assert_eq!(run.code, Some(2));
        assert_eq!(
            run.stderr,
            "error: `serve` has no tables of its own, so that `--memory` and `--data` mean nothing; `dev` has\n"
        );
    }
    let run = binary::run(&tests_folder("check/api_keys"), &["serve"]);
    assert_eq!(run.code, Some(1), "{run:?}");
}

/// A project with a field for every kind of data source that needs a network, at an address where nobody listens.
fn unreachable(address: SocketAddr) -> (Folder, Vec<(&'static str, String)>) {
    let handler = |request: &str| {
        format!(
            "import {{ util }} from '@aws-appsync/utils';\nexport const request = () => ({request});\n\
             export function response(ctx) {{\n  if (ctx.error) util.error(ctx.error.message, ctx.error.type);\n  return 'reached';\n}}\n"
        )
    };
    let project = Folder::new()
        .with(
            "syncline.yaml",
            &format!(
                "tables:\n  notes: {{ partitionKey: id }}\nfunctions:\n  pricing: {{ name: pricing }}\ndataSources:\n  \
                 bus: {{ type: AMAZON_EVENTBRIDGE, config: {{ eventBusArn: 'arn:aws:events:eu-west-1:123456789012:event-bus/orders' }} }}\n  \
                 price: {{ type: AWS_LAMBDA, config: {{ function: pricing }} }}\n  \
                 page: {{ type: HTTP, config: {{ endpoint: 'http://{address}', allow: {{ private: [127.0.0.1] }} }} }}\n"
            ),
        )
        .with("schema.graphql", "type Query { item: String price: String page: String event: String }\n")
        .with(
            "resolvers/notes/Query.item.js",
            &handler("{ operation: 'GetItem', key: util.dynamodb.toMapValues({ id: '1' }) }"),
        )
        .with("resolvers/Query.price.[price].js", &handler("{ operation: 'Invoke', payload: 1 }"))
        .with("resolvers/Query.page.[page].js", &handler("{ method: 'GET', resourcePath: '/secret-path' }"))
        .with(
            "resolvers/Query.event.[bus].js",
            &handler("{ operation: 'PutEvents', events: [{ source: 's', detailType: 't', detail: {} }] }"),
        );
    let url = format!("http://{address}");
    let surroundings = vec![
        ("AWS_ACCESS_KEY_ID", "AKIABASE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "base secret".to_owned()),
        ("AWS_REGION", "eu-west-1".to_owned()),
        ("AWS_ENDPOINT_URL", url),
        ("HOME", "/nonexistent".to_owned()),
    ];
    (project, surroundings)
}

#[test]
fn what_led_to_a_failure_is_the_operators_to_know() {
    // Ours as long as the test runs, and nobody listens there.
    let reserved = tokio::net::TcpSocket::new_v4().unwrap();
    reserved.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let closed = reserved.local_addr().unwrap();
    let (project, surroundings) = unreachable(closed);
    let fields = ["item", "price", "page", "event"];
    let query = format!("{{ {} }}", fields.join(" "));
    let errors = |answer: &Json| -> Vec<(String, String, String)> {
        let text = |value: &Json| value.as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        let error = |error: &Json| (text(&error["path"][0]), text(&error["errorType"]), text(&error["message"]));
        let mut errors: Vec<_> = answer["errors"].as_array().unwrap().iter().map(error).collect();
        errors.sort_by_key(|(field, ..)| fields.iter().position(|name| name == field));
        errors
    };
    let told = [
        ("item", "DynamoDB:SdkClientException", "DynamoDB could not be reached"),
        ("price", "Lambda:SdkClientException", "The function could not be called"),
        ("page", "HttpDataSourceError", &format!("http://{closed} cannot be reached")),
        ("event", "EventBridge:SdkClientException", "EventBridge could not be reached"),
    ];

    let container = Dev::serve(project.path(), &[], &surroundings);
    let answer = post(container.address, &query);
    let heard = errors(&answer);
    let heard: Vec<_> =
        heard.iter().map(|(field, kind, text)| (field.as_str(), kind.as_str(), text.as_str())).collect();
    assert_eq!(heard, told);
    let talk = container.kill();
    for field in fields {
        let line = talk.lines().find(|line| line.contains(&format!("\"resolver\":\"Query.{field}\"")));
        let line: Json = serde_json::from_str(line.unwrap_or_else(|| panic!("{field}: {talk}"))).unwrap();
        assert!(line["cause"].as_str().is_some_and(|cause| cause.contains("refused")), "{line}");
    }

    let run = binary::run_with_environment(project.path(), &["query", "--aws", &query], &surroundings);
    for ((field, kind, text), (_, _, told)) in errors(&run.json()).into_iter().zip(told) {
        assert!(text.starts_with(&format!("{told}: ")) && text.contains("refused"), "{field}: {kind}: {text}");
    }
}
