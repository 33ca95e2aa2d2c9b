//! HTTP and EventBridge data sources over real sockets: with the real binary, and with the real client in process.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use syncline::api::{Answer, Api, ApiOptions, OperationRequest};
use syncline::backend::Backends;
use syncline::backend::files::read_project;
use syncline::backend::http::HttpClient;
use syncline::backend::local::LocalDynamoDb;

use crate::harness::service::{Request, Service, answer};
use crate::harness::{Folder, binary, run};

const STATE_MACHINE: &str = "arn:aws:states:eu-west-1:123456789012:stateMachine:pay";

/// Step Functions with one state machine: StartSyncExecution of whoever signs rightly, as its API reference has it.
fn step_functions(request: &Request) -> String {
    let json = |status: u16, error: &str, body: Json| {
        let headers =
            [("x-amzn-RequestId", "R1"), ("Content-Type", "application/x-amz-json-1.0"), ("x-amzn-ErrorType", error)];
        answer(status, &headers[..if error.is_empty() { 2 } else { 3 }], &body.to_string())
    };
    let refusal = |code: &str| json(400, code, json!({ "__type": code, "message": format!("told so: {code}") }));
    let secret_of = |key: &str| match key {
        "local" => Some("local"),
        "AKIABASE" => Some("base secret"),
        "ASIAPAYMENTS" => Some("role secret"),
        _ => None,
    };
    let Some(signer) = request.signed_by(secret_of) else { return refusal("InvalidSignatureException") };
    if request.header("x-amz-target") != "AWSStepFunctions.StartSyncExecution" {
        return refusal("UnknownOperationException");
    }
    let body: Json = serde_json::from_str(&request.body).unwrap();
    if body["stateMachineArn"] != STATE_MACHINE {
        return refusal("StateMachineDoesNotExist");
    }
    let input: Json = serde_json::from_str(body["input"].as_str().unwrap()).unwrap();
    let output = json!({ "signedBy": signer, "input": input, "token": request.header("x-amz-security-token") });
    json(200, "", json!({ "executionArn": "arn:x", "status": "SUCCEEDED", "output": output.to_string() }))
}

/// A domain whose resolver starts an execution.
fn workflow(endpoint: &str) -> Folder {
    Folder::new()
        .with(
            "syncline.yaml",
            &format!(
                "dataSources:\n  workflow:\n    type: HTTP\n    config:\n      endpoint: {endpoint}\n      \
                 authorizationConfig:\n        authorizationType: AWS_IAM\n        \
                 awsIamConfig: {{ signingRegion: eu-west-1, signingServiceName: states }}\n      \
                 allow: {{ private: [127.0.0.1] }}\n\
                 domains:\n  payments: {{ role: 'arn:aws:iam::1:role/payments' }}\n"
            ),
        )
        .with("schema.graphql", "type Query { hello: String }\ntype Mutation { execute(machine: String, id: ID!): AWSJSON }\n")
        .with(
            "resolvers/payments/Mutation.execute.[workflow].js",
            "import { util } from '@aws-appsync/utils';\n\
             export function request(ctx) {\n  return {\n    method: 'POST',\n    resourcePath: '/',\n    params: {\n      \
             headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AWSStepFunctions.StartSyncExecution' },\n      \
             body: { stateMachineArn: ctx.args.machine, input: JSON.stringify({ id: ctx.args.id }) },\n    },\n  };\n}\n\
             export function response(ctx) {\n  if (ctx.error) util.error(ctx.error.message, ctx.error.type);\n  \
             const body = JSON.parse(ctx.result.body);\n  \
             if (ctx.result.statusCode !== 200) util.error(body.message, ctx.result.headers['x-amzn-ErrorType']);\n  \
             return JSON.parse(body.output);\n}\n",
        )
}

fn execute(machine: &str) -> String {
    format!(r#"mutation {{ execute(machine: "{machine}", id: "é 1") }}"#)
}

/// What the execution says of itself.
#[track_caller]
fn output(run: &binary::Run) -> Json {
    let answer = run.json();
    serde_json::from_str(answer["data"]["execute"].as_str().unwrap_or_else(|| panic!("{run:?}"))).unwrap()
}

#[test]
fn a_state_machine_runs_for_who_signs_with_invented_credentials_or_the_environments() {
    let service = Service::start(step_functions);
    let project = workflow(&format!("http://{}", service.address));
    let nothing = [("HOME", "/nonexistent".to_owned())];
    let run = binary::run_with_environment(project.path(), &["query", "--memory", &execute(STATE_MACHINE)], &nothing);
    let expected = json!({ "signedBy": "local/eu-west-1/states", "input": { "id": "é 1" }, "token": "" });
    assert_eq!(output(&run), expected);
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKIABASE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "base secret".to_owned()),
        ("AWS_SESSION_TOKEN", "a token/with=signs+".to_owned()),
        ("AWS_REGION", "eu-central-1".to_owned()),
    ];
    let run = binary::run_with_environment(project.path(), &["query", "--memory", &execute(STATE_MACHINE)], &keys);
    let expected =
        json!({ "signedBy": "AKIABASE/eu-west-1/states", "input": { "id": "é 1" }, "token": "a token/with=signs+" });
    assert_eq!(output(&run), expected);
}

#[test]
fn a_refusal_is_a_result_whose_headers_have_the_services_own_spelling() {
    let service = Service::start(step_functions);
    let project = workflow(&format!("http://{}", service.address));
    let run =
        binary::run(project.path(), &["query", "--memory", &execute("arn:aws:states:eu-west-1:1:stateMachine:other")]);
    let error = &run.json()["errors"][0];
    assert_eq!(
        (error["errorType"].as_str(), error["message"].as_str()),
        (Some("StateMachineDoesNotExist"), Some("told so: StateMachineDoesNotExist")),
        "{run:?}"
    );
    let wrong = [
        ("AWS_ACCESS_KEY_ID", "AKIABASE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "another secret".to_owned()),
        ("AWS_REGION", "eu-central-1".to_owned()),
    ];
    let run = binary::run_with_environment(project.path(), &["query", "--memory", &execute(STATE_MACHINE)], &wrong);
    assert_eq!(run.json()["errors"][0]["errorType"], "InvalidSignatureException", "{run:?}");
}

#[test]
fn no_credentials_are_invented_for_awss_own_hosts() {
    let project = workflow("https://sync-states.eu-west-1.amazonaws.com");
    let nothing = [("HOME", "/nonexistent".to_owned()), ("AWS_EC2_METADATA_DISABLED", "true".to_owned())];
    let run = binary::run_with_environment(project.path(), &["query", "--memory", &execute(STATE_MACHINE)], &nothing);
    let error = &run.json()["errors"][0];
    assert_eq!(error["errorType"], "HttpDataSourceError", "{run:?}");
    let cause = "no AWS credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE: ";
    assert!(
        error["message"].as_str().unwrap().starts_with(&format!("the request cannot be signed: {cause}")),
        "{run:?}"
    );
    assert!(run.stderr.contains(cause) && run.stderr.contains("Mutation.execute"), "{run:?}");
}

fn sts(request: &Request) -> Option<String> {
    request.body.contains("Action=AssumeRole").then(|| {
        answer(
            200,
            &[("Content-Type", "text/xml")],
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
             <AccessKeyId>ASIAPAYMENTS</AccessKeyId><SecretAccessKey>role secret</SecretAccessKey><SessionToken>t</SessionToken>\
             <Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>",
        )
    })
}

/// The account of a function whose services are all at one address.
fn account(service: &Service) -> Vec<(&'static str, String)> {
    let url = format!("http://{}", service.address);
    vec![
        ("AWS_ACCESS_KEY_ID", "AKIABASE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "base secret".to_owned()),
        ("AWS_REGION", "eu-central-1".to_owned()),
        ("AWS_ENDPOINT_URL_STS", url.clone()),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", url),
        ("HOME", "/nonexistent".to_owned()),
    ]
}

#[test]
fn in_aws_the_domains_role_signs() {
    let service = Service::start(|request| sts(request).unwrap_or_else(|| step_functions(request)));
    let project = workflow(&format!("http://{}", service.address));
    let run =
        binary::run_with_environment(project.path(), &["query", "--aws", &execute(STATE_MACHINE)], &account(&service));
    let expected = json!({ "signedBy": "ASIAPAYMENTS/eu-west-1/states", "input": { "id": "é 1" }, "token": "t" });
    assert_eq!(output(&run), expected);
}

/// A project that puts events, and one that reads a page.
fn events() -> Folder {
    Folder::new()
        .with(
            "syncline.yaml",
            "dataSources:\n  bus:\n    type: AMAZON_EVENTBRIDGE\n    \
             config: { eventBusArn: 'arn:aws:events:eu-west-1:123456789012:event-bus/orders' }\n\
             domains:\n  payments: { role: 'arn:aws:iam::1:role/payments' }\n",
        )
        .with("schema.graphql", "type Query { hello: String }\ntype Mutation { tell(id: ID!): AWSJSON }\n")
        .with(
            "resolvers/payments/Mutation.tell.[bus].js",
            "import { util } from '@aws-appsync/utils';\n\
             export const request = (ctx) => ({ operation: 'PutEvents', events: [{ source: 'shop', detailType: 'paid', detail: ctx.args }] });\n\
             export function response(ctx) {\n  if (ctx.error) util.error(ctx.error.message, ctx.error.type);\n  return ctx.result;\n}\n",
        )
}

const TELL: &str = r#"mutation { tell(id: "1") }"#;

#[test]
fn on_a_laptop_events_get_ids_and_are_shown() {
    let run = binary::run(events().path(), &["query", "--memory", TELL]);
    let result: Json = serde_json::from_str(run.json()["data"]["tell"].as_str().unwrap()).unwrap();
    assert_eq!(result["FailedEntryCount"], 0, "{run:?}");
    let id = result["Entries"][0]["EventId"].as_str().unwrap();
    let shown = run.stderr.lines().find_map(|line| line.strip_prefix("     event on bus orders ")).unwrap();
    let mut event: Json = serde_json::from_str(shown).unwrap();
    assert!(event["time"].take().as_str().unwrap().ends_with('Z'));
    assert_eq!(
        event,
        json!({ "version": "0", "id": id, "detail-type": "paid", "source": "shop", "account": "123456789012", "time": null,
            "region": "eu-west-1", "resources": [], "detail": { "id": "1" } })
    );
}

/// EventBridge that takes what is signed, and says by whom.
fn event_bridge(request: &Request) -> String {
    let secret_of = |key: &str| match key {
        "local" => Some("local"),
        "ASIAPAYMENTS" => Some("role secret"),
        _ => None,
    };
    let signer = request.signed_by(secret_of).unwrap_or_default();
    let is_put = request.header("x-amz-target") == "AWSEvents.PutEvents" && request.path == "/";
    match is_put && !signer.is_empty() {
        true => answer(200, &[], &json!({ "FailedEntryCount": 0, "Entries": [{ "EventId": signer }] }).to_string()),
        false => answer(400, &[], &json!({ "__type": "InvalidSignatureException", "message": "no" }).to_string()),
    }
}

#[test]
fn an_emulator_that_the_environment_names_gets_the_events_and_so_does_eventbridge() {
    let service = Service::start(|request| sts(request).unwrap_or_else(|| event_bridge(request)));
    let url = format!("http://{}", service.address);
    for (arguments, surroundings, signer) in [
        (["query", "--memory", TELL], vec![("AWS_ENDPOINT_URL_EVENTBRIDGE", url.clone())], "local/eu-west-1/events"),
        (["query", "--memory", TELL], vec![("AWS_ENDPOINT_URL", url.clone())], "local/eu-west-1/events"),
        (["query", "--aws", TELL], account(&service), "ASIAPAYMENTS/eu-west-1/events"),
    ] {
        let run = binary::run_with_environment(events().path(), &arguments, &surroundings);
        let result: Json = serde_json::from_str(run.json()["data"]["tell"].as_str().unwrap()).unwrap();
        assert_eq!(result, json!({ "Entries": [{ "EventId": signer }], "FailedEntryCount": 0 }), "{run:?}");
        assert!(!run.stderr.contains("event on bus"), "{run:?}");
    }
    let put = service.requests().into_iter().find(|request| request.body.contains("Entries")).unwrap();
    assert_eq!(
        serde_json::from_str::<Json>(&put.body).unwrap(),
        json!({ "Entries": [{ "Source": "shop", "DetailType": "paid", "Detail": "{\"id\":\"1\"}",
            "EventBusName": "arn:aws:events:eu-west-1:123456789012:event-bus/orders" }] })
    );
}

/// A project with the real client in process: two data sources at one address, and one at another that leads to the first.
fn pages(first: &Service, second: &Service) -> Api {
    let (first, second) = (first.address, second.address.port());
    let handler = "import { util } from '@aws-appsync/utils';\n\
        export const request = (ctx) => ({ method: 'GET', resourcePath: ctx.args.path });\n\
        export function response(ctx) {\n  if (ctx.error) util.error(ctx.error.message, ctx.error.type);\n  return ctx.result.body;\n}\n";
    let folder = Folder::new()
        .with(
            "syncline.yaml",
            &format!(
                "dataSources:\n  a: {{ type: HTTP, config: {{ endpoint: 'http://{first}', allow: {{ private: [127.0.0.1] }} }} }}\n  \
                 b: {{ type: HTTP, config: {{ endpoint: 'http://{first}/b', allow: {{ private: [127.0.0.1] }} }} }}\n  \
                 c: {{ type: HTTP, config: {{ endpoint: 'http://localhost:{second}', allow: {{ private: [localhost], redirects: ['http://{first}'] }} }} }}\n"
            ),
        )
        .with("schema.graphql", "type Query { a(path: String!): String b(path: String!): String c(path: String!): String }\n")
        .with("resolvers/Query.a.[a].js", handler)
        .with("resolvers/Query.b.[b].js", handler)
        .with("resolvers/Query.c.[c].js", handler);
    let (project, problems) =
        syncline::project::Project::load(&read_project(folder.path(), Default::default()).unwrap());
    assert!(problems.is_empty(), "{problems:?}");
    // A busy machine must not lose idle connections.
    let backends = Backends {
        http: Arc::new(HttpClient::with_idle_timeout(Duration::from_secs(3600))),
        ..Backends::new(Arc::new(LocalDynamoDb::open(None).unwrap()))
    };
    Api::build(&project, backends, ApiOptions::default()).unwrap_or_else(|problems| panic!("{problems:?}"))
}

async fn ask(api: &Api, document: &str) -> Json {
    match api.execute(OperationRequest { query: document.into(), ..OperationRequest::default() }).await {
        Answer::Executed { response, .. } => serde_json::from_slice(&response.to_json()).unwrap(),
        Answer::Refused(refusal) => panic!("{refusal:?}"),
    }
}

#[test]
fn data_sources_share_the_connections_of_a_process() {
    let service = Service::start(|request| answer(200, &[("Content-Type", "text/plain")], &request.path));
    let api = pages(&service, &service);
    run(async {
        for number in 0..25 {
            let asked = ask(&api, &format!(r#"{{ a(path: "/{number}") }}"#)).await;
            assert_eq!(asked, json!({ "data": { "a": format!("/{number}") } }));
            let asked = ask(&api, &format!(r#"{{ b(path: "/{number}") }}"#)).await;
            assert_eq!(asked, json!({ "data": { "b": format!("/b/{number}") } }));
        }
    });
    assert_eq!((service.requests().len(), service.connections()), (50, 1));
}

#[test]
fn a_redirect_to_a_private_address_that_is_listed_as_a_place_but_not_as_private_is_refused() {
    let inside = Service::start(|_| answer(200, &[("Content-Type", "text/plain")], "secret"));
    let target = format!("http://{}/latest/meta-data", inside.address);
    let outside = Service::start(move |_| answer(302, &[("Location", &target)], ""));
    let api = pages(&inside, &outside);
    let asked = run(ask(&api, r#"{ c(path: "/") }"#));
    assert_eq!(asked["data"], json!({ "c": null }));
    assert_eq!(asked["errors"][0]["errorType"], "HttpDataSourceError");
    let expected =
        format!("http://{} has a private address, which `allow` of the data source does not include", inside.address);
    assert_eq!(asked["errors"][0]["message"], json!(expected));
    assert_eq!((inside.connections(), outside.requests().len()), (0, 1));
}

#[test]
fn check_tells_of_a_private_endpoint_before_anything_is_called() {
    let project = Folder::new()
        .with("schema.graphql", "type Query { me: String }")
        .with("syncline.yaml", "dataSources:\n  web: { type: HTTP, config: { endpoint: 'http://localhost:9000' } }\n")
        .with("resolvers/Query.me.[web].js", "export const request = () => ({ method: 'GET', resourcePath: '/' });\nexport const response = (ctx) => ctx.result.body;\n");
    let check = binary::run(project.path(), &["check"]);
    assert_eq!(check.code, Some(1), "{check:?}");
    assert!(check.stdout.contains("help: say that it may be reached: `allow: { private: [localhost] }`"), "{check:?}");
    let allowed = "dataSources:\n  web: { type: HTTP, config: { endpoint: 'http://localhost:9000', allow: { private: [localhost] } } }\n";
    project.write("syncline.yaml", allowed);
    assert_eq!(binary::run(project.path(), &["check"]).code, Some(0));
    let strict = binary::run(project.path(), &["check", "--strict"]);
    let expected = "error: data source `web` has `allow`, which AppSync has not\n --> syncline.yaml:2:67";
    assert!(strict.code == Some(1) && strict.stdout.starts_with(expected), "{strict:?}");
}
