//! When something breaks, what is not concerned goes on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::json;
use syncline::api::{Answer, Api, ApiOptions, OperationRequest};
use syncline::backend::files::read_project;
use syncline::backend::{Backends, DynamoDb, Operation, ServiceError};
use syncline::value::{Value, object};

use crate::harness::project::folder;
use crate::harness::wire::{Served, post, send};
use crate::harness::{Project, run};

/// A DynamoDB that answers as a function says.
struct Answering<F>(F);

impl<F: Fn(Operation, Value) -> Result<Value, ServiceError> + Send + Sync> DynamoDb for Answering<F> {
    fn call(&self, operation: Operation, request: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        std::future::ready((self.0)(operation, request)).boxed()
    }
}

/// The project `batching` on a DynamoDB that answers as a function says.
fn batching(answer: impl Fn(Operation, Value) -> Result<Value, ServiceError> + Send + Sync + 'static) -> Api {
    let (project, _) = syncline::project::Project::load(&read_project(&folder("batching"), BTreeMap::new()).unwrap());
    let backends = Backends::new(Arc::new(Answering(answer)));
    Api::build(&project, backends, ApiOptions::default()).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn query(api: &Api, document: &str) -> serde_json::Value {
    match run(api.execute(OperationRequest { query: document.into(), ..OperationRequest::default() })) {
        Answer::Executed { response, .. } => serde_json::from_slice(&response.to_json()).unwrap(),
        Answer::Refused(refusal) => panic!("{refusal:?}"),
    }
}

fn service_error(code: &str, message: &str) -> ServiceError {
    ServiceError {
        code: code.into(),
        message: message.into(),
        status: 400,
        request_id: "R1".into(),
        ..ServiceError::default()
    }
}

/// The answer of a BatchGetItem that finds every key it is asked for, and the keys.
fn found(request: &Value) -> Vec<Value> {
    let keys =
        request.get("RequestItems").and_then(|tables| tables.get("products")).and_then(|table| table.get("Keys"));
    keys.and_then(Value::as_list).unwrap_or_default().to_vec()
}

#[test]
fn a_failing_batch_fails_every_field_that_it_was_for_as_a_lone_read_would() {
    let api = batching(|_, _| Err(service_error("ResourceNotFoundException", "Requested resource not found")));
    let together = query(&api, "{ a: product(id: \"1\") { id } b: product(id: \"2\") { id } }");
    let alone = query(&api, "{ a: product(id: \"1\") { id } }");
    // These resolvers do not look at ctx.error: the failure disappears, as on AppSync.
    assert_eq!(together, json!({ "data": { "a": null, "b": null } }));
    assert_eq!(alone, json!({ "data": { "a": null } }));
}

#[test]
fn keys_that_a_throttled_table_left_out_are_asked_for_again() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let api = batching(move |operation, request| {
        assert_eq!(operation, Operation::BatchGetItem);
        let keys = found(&request);
        let first = counter.fetch_add(1, Ordering::Relaxed) == 0;
        let (now, later) = if first { keys.split_at(1) } else { keys.split_at(keys.len()) };
        let left = if later.is_empty() {
            object! {}
        } else {
            object! { "products" => object! { "Keys" => later.to_vec() } }
        };
        Ok(object! { "Responses" => object! { "products" => now.to_vec() }, "UnprocessedKeys" => left })
    });
    let answer =
        query(&api, "{ a: product(id: \"1\") { id } b: product(id: \"2\") { id } c: product(id: \"3\") { id } }");
    assert_eq!(answer, json!({ "data": { "a": { "id": "1" }, "b": { "id": "2" }, "c": { "id": "3" } } }));
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

#[test]
fn answers_of_a_dynamodb_that_has_lost_its_mind_are_errors_and_not_panics() {
    for nonsense in [
        "null",
        "[]",
        "7",
        "{}",
        r#"{"Responses":7}"#,
        r#"{"Responses":{"products":[7,{}]}}"#,
        r#"{"Item":7}"#,
        r#"{"Item":{"id":7}}"#,
        r#"{"Item":{"id":{"S":7}}}"#,
        r#"{"Item":{"id":{"N":"x"}}}"#,
        r#"{"Item":{"id":{"Z":"x"}}}"#,
        r#"{"Items":7}"#,
        r#"{"Items":[{"id":{"S":"1"}}],"LastEvaluatedKey":7}"#,
        r#"{"Attributes":[]}"#,
    ] {
        let api = batching(move |_, _| Ok(Value::parse(nonsense).unwrap()));
        for document in [
            "{ product(id: \"1\") { id } }",
            "{ a: product(id: \"1\") { id } b: product(id: \"2\") { id } }",
            "{ orders { id } }",
            "mutation { rename(id: \"1\", name: \"x\") { id } }",
        ] {
            let answer = query(&api, document);
            assert!(answer.get("data").is_some(), "{nonsense}: {answer}");
        }
    }
}

#[test]
fn a_handler_that_never_ends_leaves_the_server_and_other_requests_alive() {
    let limits = Served::new(Project::named("limits").api);
    let address = limits.address;
    std::thread::scope(|scope| {
        for field in ["endlessLoop", "endlessRecursion", "endlessText", "endlessList"] {
            scope.spawn(move || {
                let answer = post(address, &format!("{{ fine {field} }}"));
                assert_eq!(answer["data"], json!({ "fine": "fine", field: null }));
                assert_eq!(answer["errors"][0]["path"], json!([field]));
            });
        }
        for _ in 0..4 {
            scope.spawn(move || {
                for _ in 0..10 {
                    assert_eq!(post(address, "{ fine }"), json!({ "data": { "fine": "fine" } }));
                }
            });
        }
    });
    assert_eq!(send(address, "GET", "/health", &[], b"").unwrap().status, 200);
}

#[test]
fn clients_in_production_do_not_see_what_went_wrong_inside_a_handler() {
    let files = read_project(&folder("errors"), BTreeMap::new()).unwrap();
    let outcome = Project::start(&files, false).unwrap().query("{ crash { id } typed { id } }");
    let error = &outcome.answer["errors"][0];
    assert_eq!((&error["message"], &error["errorType"]), (&json!("Runtime Error"), &json!("Code")));
    assert_eq!(outcome.answer["errors"][1]["message"], "Not yours.", "what util.error says is meant for clients");
    assert!(outcome.logs[0].contains("resolvers/Query.crash.[NONE].js:2:21"), "{:?}", outcome.logs);
    assert!(!outcome.answer.to_string().contains("resolvers/"), "{}", outcome.answer);
}

#[test]
fn limits_too_keep_their_place_to_themselves_in_production() {
    let files = read_project(&folder("limits"), BTreeMap::new()).unwrap();
    let project = Project::start(&files, false).unwrap();
    for field in ["endlessRecursion", "endlessList", "tooLarge", "tooDeep"] {
        let outcome = project.query(&format!("{{ {field} }}"));
        assert_eq!(outcome.answer["errors"][0]["message"], "Runtime Error", "{field}");
        let place = format!("resolvers/Query.{field}.[NONE].js:");
        assert!(outcome.logs.iter().any(|line| line.contains(&place)), "{field} is not in the log: {:?}", outcome.logs);
    }
}

#[test]
fn a_domain_that_may_only_read_cannot_write() {
    let files = read_project(&folder("shop"), BTreeMap::new()).unwrap();
    let mut files = files.clone();
    // `users` may read the catalog; here its resolver tries to write there.
    let text = "import { put } from '@aws-appsync/utils/dynamodb';\n\
                export const request = (ctx) => put({ key: { id: 'p-sencha' }, item: { name: 'stolen' } });\n\
                export const response = (ctx) => ctx.result;\n";
    let path = "resolvers/users/User.wishlist.[catalog].js";
    files.files.insert(path.into(), syncline::error::SourceFile::new(path, text));
    let outcome = Project::start(&files, true).unwrap().query("{ user(id: \"u-ada\") { name wishlist { id } } }");
    assert_eq!(outcome.answer["data"], json!({ "user": { "name": "Ada Byrne", "wishlist": null } }));
    assert_eq!(outcome.answer["errors"][0]["errorType"], "DomainAccess");
    assert_eq!(outcome.call_counts(), "GetItem 1");
}
