//! The binary and the Lambda Runtime API: start, events in turn, deadlines, errors, and the end.

use std::net::TcpListener;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use syncline::api::ApiOptions;
use syncline::backend::{Backends, DynamoDb, Operation, ServiceError};

use super::EventFile;
use crate::harness::function::Function;
use crate::harness::project::{folder, tables};
use crate::harness::recording::Recording;
use crate::harness::runtime_api::{Invocation, Outcome};
use crate::harness::{Folder, dynamodb, run};

/// A table's engine behind a socket, with the project's tables and seeds; gives the function's variable for it.
pub fn dynamodb_of(project: &str) -> (&'static str, String) {
    let files = syncline::backend::files::read_project(&folder(project), Default::default()).unwrap();
    let (project, _) = syncline::project::Project::load(&files);
    ("SYNCLINE_DYNAMODB_ENDPOINT", dynamodb::serve(tables(&project)))
}

/// An HTTP API event that asks for `query`.
pub fn http(query: &str) -> String {
    http_with(query, json!({}))
}

pub fn http_with(query: &str, variables: Value) -> String {
    let event = std::fs::read_to_string(crate::harness::tests_folder("events/http_api_v2_post.json")).unwrap();
    let mut event: Value = serde_json::from_str(&event).unwrap();
    event["body"] = json!({ "query": query, "variables": variables }).to_string().into();
    event.to_string()
}

/// The `data` or errors of an HTTP answer.
#[track_caller]
pub fn body(outcome: &Outcome) -> Value {
    let answer = outcome.json();
    serde_json::from_str(answer["body"].as_str().unwrap_or_else(|| panic!("{answer}"))).unwrap()
}

/// Sends every event for a project to a function and gives what is unlike its snapshot.
pub fn answer_events(project: &str, start: impl Fn() -> Function) -> Vec<String> {
    let mut failures = Vec::new();
    let mut function = start();
    for event in EventFile::all().iter().filter(|event| event.project == project) {
        // No event that Lambda can send: it is JSON always.
        let Ok(text) = serde_json::from_str::<Value>(&event.text()) else { continue };
        let text = text.to_string().to_ascii_lowercase();
        let (is_answered, answer) = match function.api.invoke(event.text()) {
            outcome @ Outcome::Answered { .. } => (true, outcome.json()),
            Outcome::Failed(failed) => (false, failed.body),
        };
        failures.extend(event.compare(is_answered, answer).err());
        if text.contains("mutation") {
            // The next one finds the tables as they were, as in process.
            let ended = std::mem::replace(&mut function, start());
            failures.extend(not_prepared(ended));
        }
    }
    failures.extend(not_prepared(function));
    failures
}

/// What a function has logged that could not use what `package` had prepared for it.
fn not_prepared(function: Function) -> Option<String> {
    Some(function.kill()).filter(|talk| talk.contains("the prepared project cannot be used"))
}

#[test]
fn every_event_is_answered_over_the_runtime_api_as_in_process() {
    let projects: std::collections::BTreeSet<String> =
        EventFile::all().into_iter().map(|event| event.project).collect();
    let answer =
        |project: &String| answer_events(project, || Function::start(&folder(project), &[dynamodb_of(project)]));
    let failures: Vec<String> = projects.iter().flat_map(answer).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_project_with_mistakes_is_an_error_at_start_that_names_the_first() {
    let project = Folder::new()
        .with("schema.graphql", "type Query { a: Int }\n")
        .with("resolvers/Query.b.[NONE].js", "export const request = () => ({});\n")
        .with("syncline.yaml", "name: broken\n");
    let function = Function::start(project.path(), &[]);
    let failed = function.api.init_error();
    assert_eq!(failed.error_type, "Syncline.ProjectError");
    let message = failed.body["errorMessage"].as_str().unwrap();
    assert!(message.contains("resolver `Query.b` is for a field that the schema does not have"), "{message}");
    assert_eq!(function.api.nexts(), 0);
    let (status, talk) = function.end();
    assert!(!status.success());
    assert!(talk.contains("Query.b.[NONE].js"), "{talk}");
}

#[test]
fn without_a_region_the_error_at_start_says_so() {
    let function = Function::start(&folder("shop"), &[("AWS_REGION", String::new())]);
    let failed = function.api.init_error();
    assert_eq!(failed.error_type, "Syncline.EnvironmentError");
    assert!(failed.body["errorMessage"].as_str().unwrap().contains("no AWS region is configured"), "{failed:?}");
    assert!(!function.end().0.success());
}

#[test]
fn an_operation_that_would_outlast_the_function_is_answered_before_its_end() {
    let (url, _silent) = silent_server();
    let function = Function::start(&folder("shop"), &[("SYNCLINE_DYNAMODB_ENDPOINT", url)]);
    function.api.wait_for_start();
    let short = |event: String| Invocation { time_left: Duration::from_millis(700), ..Invocation::new(event) };

    let id = function.api.send(short(http("{ user(id: \"u-ada\") { name } }")));
    let errors = &body(&function.api.outcome(&id))["errors"];
    assert_eq!(errors[0]["errorType"], "ExecutionTimeout", "{errors}");

    let direct = std::fs::read_to_string(crate::harness::tests_folder("events/appsync_direct.json")).unwrap();
    let id = function.api.send(short(direct.clone()));
    assert_eq!(function.api.outcome(&id).error().body["errorType"], "ExecutionTimeout");

    let batch = format!("[{direct},{direct}]");
    let id = function.api.send(short(batch));
    let answer = function.api.outcome(&id).json();
    let expected = json!({ "data": null, "errorMessage": "Execution timed out.", "errorType": "ExecutionTimeout" });
    assert_eq!(answer, json!([expected, expected]));
}

/// A server that takes connections and requests and says nothing.
fn silent_server() -> (String, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let silent = std::thread::spawn(move || {
        let mut connections = Vec::new();
        for connection in listener.incoming() {
            connections.push(connection);
        }
    });
    (url, silent)
}

#[test]
fn the_trace_id_of_the_event_is_among_the_headers_that_resolvers_see() {
    let function = Function::start(&folder("layout"), &[dynamodb_of("layout")]);
    for trace_id in ["Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1", "Root=1-other;Sampled=0"] {
        let invocation = Invocation { trace_id: Some(trace_id.into()), ..Invocation::new(http("{ headers }")) };
        let id = function.api.send(invocation);
        let headers = body(&function.api.outcome(&id))["data"]["headers"].as_str().unwrap().to_owned();
        let headers: Value = serde_json::from_str(&headers).unwrap();
        assert_eq!(headers["x-amzn-trace-id"], trace_id);
    }
}

#[test]
fn a_connection_to_dynamodb_is_there_before_the_first_event_and_nobody_looks_for_an_instance() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = asked.clone();
    let handler = move |request: axum::extract::Request| {
        noted.lock().unwrap().push(format!("{} {}", request.method(), request.uri()));
        async { axum::http::StatusCode::BAD_REQUEST }
    };
    let dynamodb = dynamodb::on_a_thread(axum::Router::new().fallback(handler));
    let instance = TcpListener::bind("127.0.0.1:0").unwrap();
    let variables = [
        ("SYNCLINE_DYNAMODB_ENDPOINT", format!("http://{dynamodb}")),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", format!("http://{}", instance.local_addr().unwrap())),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1".to_owned()),
        ("AWS_ACCESS_KEY_ID", String::new()),
        ("AWS_SECRET_ACCESS_KEY", String::new()),
    ];
    let function = Function::start(&folder("shop"), &variables);
    function.api.wait_for_start();
    assert_eq!(asked.lock().unwrap().as_slice(), ["GET /"]);
    function.api.invoke(http("{ user(id: \"u-ada\") { name } }"));
    // Where there are no credentials at all either.
    let function = Function::start(&folder("shop"), &variables[1..]);
    let errors = &body(&function.api.invoke(http("{ user(id: \"u-ada\") { name } }")))["errors"];
    assert!(errors[0]["message"].as_str().unwrap().contains("no AWS credentials were found"), "{errors}");
    instance.set_nonblocking(true).unwrap();
    assert_eq!(instance.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn tables_are_not_made_by_a_function() {
    let engine: Arc<dyn DynamoDb> = Arc::new(syncline::backend::local::LocalDynamoDb::open(None).unwrap());
    let recording = Recording::of_tables(engine);
    let url = dynamodb::serve(recording.clone());
    let function = Function::start(&folder("shop"), &[("SYNCLINE_DYNAMODB_ENDPOINT", url)]);
    let errors = &body(&function.api.invoke(http("{ user(id: \"u-ada\") { name } }")))["errors"];
    assert_eq!(errors[0]["errorType"], "DynamoDB:ResourceNotFoundException", "{errors}");
    let calls: Vec<&str> = recording.take().iter().map(|call| call.kind.name()).collect();
    assert_eq!(calls, ["GetItem"]);
}

#[test]
fn a_function_that_waits_ends_at_once_when_it_is_told_to() {
    let function = Function::start(&folder("shop"), &[dynamodb_of("shop")]);
    function.api.invoke(http("{ __typename }"));
    function.terminate();
    let (status, talk) = function.end();
    assert!(status.success(), "{talk}");
}

#[test]
fn a_function_that_is_told_to_end_answers_first() {
    let files = syncline::backend::files::read_project(&folder("shop"), Default::default()).unwrap();
    let (project, _) = syncline::project::Project::load(&files);
    let recording = Recording::of_tables(tables(&project));
    let url = dynamodb::serve(recording.clone());
    let mut function = Function::start(&folder("shop"), &[("SYNCLINE_DYNAMODB_ENDPOINT", url)]);
    function.api.invoke(http("{ __typename }"));

    let (call_has_come, go_on) = recording.hold_next_call();
    let id = function.api.send(Invocation::new(http("mutation { restockProduct(id: \"p-sencha\") { id } }")));
    call_has_come.recv().unwrap();
    function.terminate();
    // The signal is taken while DynamoDB does not answer; the process is still there.
    assert!(function.is_running());
    go_on.send(()).unwrap();
    assert_eq!(body(&function.api.outcome(&id)), json!({ "data": { "restockProduct": { "id": "p-sencha" } } }));
    let (status, talk) = function.end();
    assert!(status.success(), "{talk}");
}

/// Fails as a bug of ours would.
struct Panicking;

impl DynamoDb for Panicking {
    fn call(
        &self,
        _: Operation,
        request: syncline::value::Value,
    ) -> BoxFuture<'_, Result<syncline::value::Value, ServiceError>> {
        Box::pin(async move { panic!("a bug with {request}") })
    }
}

/// What `a_panic_is_reported_and_the_next_event_is_answered` starts as a function.
#[test]
fn a_function_on_a_dynamodb_that_panics() {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        return;
    }
    let files = syncline::backend::files::read_project(&folder("shop"), Default::default()).unwrap();
    let (project, _) = syncline::project::Project::load(&files);
    let backends = Backends::new(Arc::new(Panicking));
    let api = Arc::new(syncline::api::Api::build(&project, backends, ApiOptions::default()).unwrap());
    let server = syncline::transport::http::Server::new(api.clone(), None, Arc::new(|_| {}));
    let function = syncline::transport::lambda::Function { api, server, invoke_mode: Default::default() };
    run(syncline::transport::lambda::run(function, std::future::pending())).unwrap();
}

#[test]
fn a_panic_is_reported_and_the_next_event_is_answered() {
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args(["--exact", "lambda::protocol::a_function_on_a_dynamodb_that_panics", "--nocapture"]);
    let mut function = Function::start_program(program, &folder("shop"), &[]);
    let direct = std::fs::read_to_string(crate::harness::tests_folder("events/appsync_direct.json")).unwrap();

    let failed = function.api.invoke(direct.clone()).error().clone();
    let internal = json!({ "errorType": "InternalFailure", "errorMessage": "An internal error occurred." });
    assert_eq!(failed.body, internal);

    // A write, which waits for no others: the panic is that of its own field.
    let batch =
        std::fs::read_to_string(crate::harness::tests_folder("events/appsync_batch_of_mutations.json")).unwrap();
    let mut batch: Value = serde_json::from_str(&batch).unwrap();
    batch[1]["info"]["fieldName"] = "nonsense".into();
    let answer = function.api.invoke(batch.to_string()).json();
    assert_eq!(answer[0]["errorType"], "InternalFailure", "{answer}");
    assert_eq!(answer[1]["errorType"], "UnknownField", "one panic takes no others with it: {answer}");

    let answer = function.api.invoke(http("{ user(id: \"u-ada\") { name } }")).json();
    assert_eq!(answer["statusCode"], 500, "{answer}");
    assert!(!answer.to_string().contains("a bug"), "{answer}");

    assert_eq!(body(&function.api.invoke(http("{ __typename }"))), json!({ "data": { "__typename": "Query" } }));
    function.wait_for("a bug with");
}
