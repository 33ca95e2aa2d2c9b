//! Lost answers below the SDK: what is sent again, what is not, and what the caller hears.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::config::{Credentials, SharedAsyncSleep, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;

use super::call_tests::Waits;
use super::tests::operation;
use super::*;
use crate::backend::faults::{Fault, FaultRates, FaultyDynamoDb};
use crate::backend::local::LocalDynamoDb;
use crate::value::object;

/// A connection to a DynamoDB in the process, which breaks where that one says `SdkClientException`.
#[derive(Clone)]
struct Wire(Arc<dyn DynamoDb>);

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wire")
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let dynamodb = self.0.clone();
        HttpConnectorFuture::new(async move {
            let target = request.headers().get("x-amz-target").unwrap();
            let operation = operation(target.strip_prefix("DynamoDB_20120810.").unwrap());
            let body = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
            let (status, body) = match dynamodb.call(operation, body).await {
                Ok(answer) => (200, answer.to_string()),
                Err(error) if error.status == 0 => return Err(broken(&error)),
                Err(error) => (error.status, error.body.to_string()),
            };
            Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body)))
        })
    }
}

fn broken(error: &ServiceError) -> ConnectorError {
    let text = error.to_string();
    let kind = match text.as_str() {
        text if text.contains("in time") => return ConnectorError::timeout(text.into()),
        text if text.contains("refused") => std::io::ErrorKind::ConnectionRefused,
        _ => std::io::ErrorKind::ConnectionReset,
    };
    ConnectorError::io(std::io::Error::new(kind, text).into())
}

/// The SDK with production's attempts on such a connection; it waits for nothing.
fn through_sdk(dynamodb: Arc<dyn DynamoDb>) -> AwsDynamoDb {
    let connector = SharedHttpConnector::new(Wire(dynamodb));
    let credentials = SharedCredentialsProvider::new(Credentials::new("AKIABASE", "secret", None, None, "test"));
    // The budget for retries is one per region: what is spent here must not be missing elsewhere.
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let region = format!("test-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let config = config::config(region, credentials)
        .into_builder()
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .sleep_impl(SharedAsyncSleep::new(Waits::default()))
        .build();
    AwsDynamoDb::new(config, None, false, patient())
}

/// Production's policy with a limit for connections that cannot be mistaken for a wait.
fn patient() -> CallPolicy {
    CallPolicy { connect_timeout: std::time::Duration::from_secs(5), ..CallPolicy::dynamodb() }
}

async fn things() -> Arc<LocalDynamoDb> {
    let dynamodb = Arc::new(LocalDynamoDb::open(None).unwrap());
    let table = r#"{"TableName":"things","BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
        "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}]}"#;
    dynamodb.call(Operation::CreateTable, Value::parse(table).unwrap()).await.unwrap();
    dynamodb
}

fn parse(json: &str) -> Value {
    Value::parse(json).unwrap()
}

fn get() -> Value {
    parse(r#"{"TableName":"things","Key":{"id":{"S":"1"}}}"#)
}

fn put(more: &str) -> Value {
    parse(&format!(r#"{{"TableName":"things","Item":{{"id":{{"S":"1"}},"by":{{"S":"us"}}}}{more}}}"#))
}

fn update(expression: &str, more: &str) -> Value {
    parse(&format!(
        r#"{{"TableName":"things","Key":{{"id":{{"S":"1"}}}},"UpdateExpression":"{expression}",
            "ExpressionAttributeValues":{{":one":{{"N":"1"}}}}{more}}}"#
    ))
}

const UNKNOWN: &str = "; it is not known whether the write took place";

#[tokio::test]
async fn only_what_may_happen_twice_is_sent_again_after_a_lost_answer() {
    let attempts = u64::from(limits::DYNAMODB_ATTEMPTS);
    let none = FaultRates::default;
    for (rates, fault, is_lost) in [
        (FaultRates { reset: 1000, ..none() }, Fault::Reset, true),
        (FaultRates { timed_out: 1000, ..none() }, Fault::TimedOut, true),
        (FaultRates { failed: 1000, ..none() }, Fault::Failed, true),
        (FaultRates { throttled: 1000, ..none() }, Fault::Throttled, false),
        (FaultRates { unreachable: 1000, ..none() }, Fault::Unreachable, false),
    ] {
        for (operation, request, may_happen_twice) in [
            (Operation::GetItem, get(), true),
            (Operation::PutItem, put(""), true),
            (Operation::UpdateItem, update("SET n = :one", ""), true),
            (Operation::UpdateItem, update("ADD n :one", ""), false),
        ] {
            let faulty = Arc::new(FaultyDynamoDb::new(things().await, rates, Clock::system().seeded(3)));
            let error = through_sdk(faulty.clone()).call(operation, request.clone()).await.unwrap_err();
            let expected = if is_lost && !may_happen_twice { 1 } else { attempts };
            assert_eq!(faulty.injected(fault), expected, "{fault:?} {operation:?} {request}: {error:?}");
            // A 500 speaks for itself.
            let is_unknown = is_lost && operation != Operation::GetItem && fault != Fault::Failed;
            assert_eq!(error.message.ends_with(UNKNOWN), is_unknown, "{fault:?} {operation:?}: {error:?}");
            assert!(!is_unknown || (error.code == "SdkClientException" && error.status == 0), "{error:?}");
        }
    }
}

/// Carries out the first call, or not, and loses its answer.
struct LosingTheFirst {
    tables: Arc<LocalDynamoDb>,
    takes_place: bool,
    calls: AtomicUsize,
}

impl DynamoDb for LosingTheFirst {
    fn call(&self, operation: Operation, request: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        Box::pin(async move {
            if self.calls.fetch_add(1, Ordering::SeqCst) > 0 {
                return self.tables.call(operation, request).await;
            }
            if self.takes_place {
                self.tables.call(operation, request).await.unwrap();
            }
            Err(client_error("connection reset".into()))
        })
    }
}

/// What a call comes to whose first answer was lost, how often it was sent, and what is in the table then.
async fn losing_the_first(
    takes_place: bool,
    before: Option<Value>,
    operation: Operation,
    request: Value,
) -> (Result<Value, String>, usize, String) {
    let tables = things().await;
    if let Some(before) = before {
        tables.call(Operation::PutItem, before).await.unwrap();
    }
    let dynamodb = Arc::new(LosingTheFirst { tables: tables.clone(), takes_place, calls: AtomicUsize::new(0) });
    let answer = through_sdk(dynamodb.clone()).call(operation, request).await;
    let stored = tables.call(Operation::GetItem, get()).await.unwrap();
    let answer = answer.map_err(|error| match error.message.ends_with(UNKNOWN) {
        true => "unknown".to_owned(),
        false => error.code.to_string(),
    });
    (answer, dynamodb.calls.load(Ordering::SeqCst), stored.get("Item").map_or(String::new(), Value::to_string))
}

#[tokio::test]
async fn a_write_whose_first_answer_was_lost_takes_place_once() {
    const OURS: &str = r#"{"by":{"S":"us"},"id":{"S":"1"}}"#;
    const THEIRS: &str = r#"{"by":{"S":"them"},"id":{"S":"1"}}"#;
    const ONE: &str = r#"{"id":{"S":"1"},"n":{"N":"1"}}"#;
    let if_new = r#","ConditionExpression":"attribute_not_exists(id)""#;
    let if_new_with_item =
        r#","ConditionExpression":"attribute_not_exists(id)","ReturnValuesOnConditionCheckFailure":"ALL_OLD""#;
    let add = update("ADD n :one", "");
    let set_if_new = update("SET n = :one", if_new);
    let transaction = parse(
        r#"{"TransactItems":[{"Update":{"TableName":"things","Key":{"id":{"S":"1"}},"UpdateExpression":"ADD n :one",
            "ExpressionAttributeValues":{":one":{"N":"1"}}}}]}"#,
    );
    let delete = parse(
        r#"{"TableName":"things","Key":{"id":{"S":"1"}},"ConditionExpression":"attribute_exists(id)",
            "ReturnValuesOnConditionCheckFailure":"ALL_OLD"}"#,
    );
    let theirs = parse(&format!(r#"{{"TableName":"things","Item":{THEIRS}}}"#));
    let done = || Ok(Value::empty_object());
    let failed = |what: &str| Err(what.to_owned());
    use Operation::{DeleteItem, PutItem, TransactWriteItems, UpdateItem};
    for (takes_place, before, operation, request, answer, sent, stored) in [
        (true, None, PutItem, put(""), done(), 2, OURS),
        (false, None, PutItem, put(""), done(), 2, OURS),
        // Its own first attempt is in its way, and it knows its own.
        (true, None, PutItem, put(if_new_with_item), done(), 2, OURS),
        (false, None, PutItem, put(if_new_with_item), done(), 2, OURS),
        // An emulator that does not show the item.
        (true, None, PutItem, put(if_new), failed("unknown"), 2, OURS),
        // Somebody else's, but perhaps written over ours.
        (false, Some(theirs.clone()), PutItem, put(if_new_with_item), failed("unknown"), 2, THEIRS),
        (true, None, UpdateItem, set_if_new.clone(), failed("unknown"), 2, ONE),
        (true, None, UpdateItem, add.clone(), failed("unknown"), 1, ONE),
        (false, None, UpdateItem, add, failed("unknown"), 1, ""),
        (true, None, TransactWriteItems, transaction.clone(), done(), 2, ONE),
        (false, None, TransactWriteItems, transaction, done(), 2, ONE),
        // The data source above finds nothing there, which is what was wanted.
        (true, Some(theirs.clone()), DeleteItem, delete.clone(), failed("ConditionalCheckFailedException"), 2, ""),
        (false, Some(theirs), DeleteItem, delete, done(), 2, ""),
    ] {
        let what = format!("{takes_place} {operation:?} {request}");
        assert_eq!(
            losing_the_first(takes_place, before, operation, request).await,
            (answer, sent, stored.into()),
            "{what}"
        );
    }
}

/// A put on the condition that there is no such item.
fn create(id: &str) -> Value {
    parse(&format!(
        r#"{{"TableName":"things","Item":{{"id":{{"S":"{id}"}}}},"ConditionExpression":"attribute_not_exists(id)",
            "ReturnValuesOnConditionCheckFailure":"ALL_OLD"}}"#
    ))
}

fn is_unknown(error: &ServiceError) -> bool {
    error.message.ends_with(UNKNOWN) || error.code == "InternalServerError"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn under_faults_nothing_acknowledged_is_missing_and_nothing_happens_twice() {
    const TASKS: usize = 16;
    const CALLS: usize = 45;
    let rates =
        FaultRates { throttled: 60, failed: 20, unreachable: 30, reset: 30, timed_out: 30, partial: 100, slow: 300 };
    for seed in [1, 2] {
        let tables = things().await;
        let faulty = Arc::new(FaultyDynamoDb::new(tables.clone(), rates, Clock::system().seeded(seed)));
        let dynamodb = through_sdk(faulty);
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| {
                let dynamodb = dynamodb.clone();
                tokio::spawn(async move {
                    // How often the counter (raised alone, in a transaction) was raised, and may have been.
                    let (mut raised, mut perhaps) = ([0, 0], [0, 0]);
                    let mut written = Vec::new();
                    for call in 0..CALLS {
                        let which = call % 3;
                        let (operation, request) = match which {
                            0 => (Operation::UpdateItem, update("ADD alone :one", "")),
                            1 => {
                                let update = update("ADD together :one", "");
                                let update = object! { "Update" => update };
                                (Operation::TransactWriteItems, object! { "TransactItems" => vec![update] })
                            }
                            _ => (Operation::PutItem, create(&format!("{task}-{call}"))),
                        };
                        let answer = dynamodb.call(operation, request).await;
                        let is_unknown = answer.as_ref().is_err_and(is_unknown);
                        match which {
                            2 => written.push((format!("{task}-{call}"), answer.is_ok(), is_unknown)),
                            counter if answer.is_ok() => raised[counter] += 1,
                            counter if is_unknown => perhaps[counter] += 1,
                            _ => {}
                        }
                    }
                    (raised, perhaps, written)
                })
            })
            .collect();
        let (mut raised, mut perhaps) = ([0, 0], [0, 0]);
        for task in tasks {
            let ended = tokio::time::timeout(std::time::Duration::from_secs(120), task).await;
            let (task_raised, task_perhaps, written) = ended.expect("nothing hangs").unwrap();
            for counter in 0..2 {
                raised[counter] += task_raised[counter];
                perhaps[counter] += task_perhaps[counter];
            }
            for (id, is_acknowledged, is_unknown) in written {
                let key = parse(&format!(r#"{{"TableName":"things","Key":{{"id":{{"S":"{id}"}}}}}}"#));
                let is_there = tables.call(Operation::GetItem, key).await.unwrap().get("Item").is_some();
                assert!(is_unknown || is_there == is_acknowledged, "seed {seed}, item {id}: {is_there}");
            }
        }
        let counters = tables.call(Operation::GetItem, get()).await.unwrap();
        for (counter, name) in ["alone", "together"].into_iter().enumerate() {
            let value = counters.get("Item").and_then(|item| item.get(name)?.get("N")?.as_str()).unwrap_or("0");
            let value: usize = value.parse().unwrap();
            let possible = raised[counter]..=raised[counter] + perhaps[counter];
            assert!(
                raised[counter] > TASKS && possible.contains(&value),
                "seed {seed}, {name}: {value} in {possible:?}"
            );
        }
    }
}

/// A server that reads each request to its end and hangs up; counts them.
fn hanging_up() -> (String, Arc<AtomicUsize>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = requests.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut text, mut buffer) = (String::new(), [0; 4096]);
            while !text.ends_with("}}") {
                match stream.read(&mut buffer) {
                    Ok(length) if length > 0 => text.push_str(&String::from_utf8_lossy(&buffer[..length])),
                    _ => break,
                }
            }
            if text.ends_with("}}") {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    (url, requests)
}

/// A server that hangs up on everybody at once, by an address that asks for TLS.
fn inhospitable() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || listener.incoming().for_each(drop));
    url
}

fn at(url: &str, waits: &Waits) -> AwsDynamoDb {
    let credentials = SharedCredentialsProvider::new(Credentials::new("AKIABASE", "secret", None, None, "test"));
    let config = config::config("ap-south-2".into(), credentials)
        .into_builder()
        .endpoint_url(url)
        .sleep_impl(SharedAsyncSleep::new(waits.clone()))
        .build();
    AwsDynamoDb::new(config, None, false, patient())
}

#[tokio::test]
async fn real_connections_tell_a_lost_answer_from_a_call_that_was_never_sent() {
    let (url, requests) = hanging_up();
    let error = at(&url, &Waits::default()).call(Operation::UpdateItem, update("ADD n :one", "")).await.unwrap_err();
    assert!(error.message.ends_with(UNKNOWN), "{error:?}");
    assert_eq!(requests.load(Ordering::SeqCst), 1);
    let error = at(&url, &Waits::default()).call(Operation::UpdateItem, update("SET n = :one", "")).await.unwrap_err();
    assert!(error.message.ends_with(UNKNOWN), "{error:?}");
    assert_eq!(requests.load(Ordering::SeqCst), 1 + limits::DYNAMODB_ATTEMPTS as usize);

    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // The second is there and hangs up before the two have agreed on a cipher.
    for url in [format!("http://{closed}"), inhospitable()] {
        let waits = Waits::default();
        let error = at(&url, &waits).call(Operation::UpdateItem, update("ADD n :one", "")).await.unwrap_err();
        assert_eq!(error.message, "DynamoDB could not be reached");
        assert_eq!(waits.count(), limits::DYNAMODB_ATTEMPTS as usize - 1, "{url}");
    }
}
