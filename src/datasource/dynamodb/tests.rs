//! Runs the cases of `tests/dynamodb/*.json` against the embedded DynamoDB, and what a single case cannot show.

use std::sync::Mutex;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::*;
use crate::backend::lambda::{LambdaAnswer, LambdaInvocation, LambdaInvoke};
use crate::backend::local::LocalDynamoDb;
use crate::backend::tables::{
    IndexDescription, KeyAttribute, KeyType, Projection, TableDescription, create_tables, seed_table,
};
use crate::backend::{DynamoDb, Unavailable};
use crate::clock::Clock;
use crate::context::Context;
use crate::datasource::{DomainRights, TokenKey};
use crate::project::ConflictHandler;
use crate::value::{Number, object};

/// 2026-03-04T12:00:00Z.
pub(super) const NOON: i64 = 1_772_625_600_000;

/// The embedded DynamoDB, with a note of every call.
pub(super) struct World {
    dynamodb: LocalDynamoDb,
    pub calls: Mutex<Vec<Operation>>,
    pub functions: AnsweringFunctions,
    pub ctx: Context,
    pub rights: DomainRights,
    pub token_key: TokenKey,
    pub clock: Clock,
}

impl DynamoDb for World {
    fn call(&self, operation: Operation, request: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        self.calls.lock().unwrap().push(operation);
        self.dynamodb.call(operation, request)
    }
}

/// Functions that answer what a case says, and note what they were asked.
#[derive(Default)]
pub(super) struct AnsweringFunctions {
    /// By name: the answer, or `{"functionError": message}`.
    pub answers: Map,
    pub asked: Mutex<Vec<Value>>,
}

impl LambdaInvoke for AnsweringFunctions {
    fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'_, Result<LambdaAnswer, ServiceError>> {
        let event = serde_json::from_slice(&invocation.payload).unwrap();
        self.asked.lock().unwrap().push(event);
        let answer = match self.answers.get(&invocation.function) {
            None => Err(ServiceError { code: "ResourceNotFoundException".into(), ..ServiceError::default() }),
            Some(answer) => Ok(match answer.get("functionError").and_then(Value::as_str) {
                Some(message) => LambdaAnswer::unhandled("Error", message),
                None => LambdaAnswer { payload: answer.to_string().into(), function_error: None },
            }),
        };
        Box::pin(async { answer })
    }
}

/// Who asks in every case.
fn asking() -> Context {
    let json = r#"{"arguments":{"id":"1"},"identity":{"sub":"ada"},"info":{"parentTypeName":"Mutation","fieldName":"change"}}"#;
    Context::from_json(&Value::parse(json).unwrap())
}

impl World {
    pub fn new() -> World {
        let key = |name: &str, ty| KeyAttribute { name: name.into(), ty };
        let table = |name: &str, partition: &str, sort: Option<&str>, indexes| TableDescription {
            name: name.into(),
            partition_key: key(partition, KeyType::S),
            sort_key: sort.map(|name| key(name, KeyType::S)),
            indexes,
            time_to_live_attribute: None,
        };
        let by_kind = IndexDescription {
            name: "byKind".into(),
            partition_key: key("kind", KeyType::S),
            sort_key: Some(key("rank", KeyType::N)),
            projection: Projection::All,
        };
        let by_day = IndexDescription {
            name: "byDay".into(),
            partition_key: key("gsi_ds_pk", KeyType::S),
            sort_key: Some(key("gsi_ds_sk", KeyType::S)),
            projection: Projection::All,
        };
        let dynamodb = LocalDynamoDb::open(None).unwrap();
        let tables = [
            table("things", "id", None, vec![by_kind]),
            table("orders", "customer", Some("order"), vec![]),
            table("names", "id", None, vec![]),
            table("locked", "id", None, vec![]),
            table("changes", "ds_pk", Some("ds_sk"), vec![by_day]),
        ];
        create_tables(&dynamodb, &tables).now_or_never().unwrap().unwrap();
        let rights = DomainRights::new("shop")
            .with_table("things", "things", Some(Access::Write))
            .with_table("orders", "orders", Some(Access::Write))
            .with_table("names", "people", Some(Access::Write))
            .with_table("nowhere", "nowhere", Some(Access::Write))
            .with_table("locked", "locked", Some(Access::Read));
        World {
            dynamodb,
            calls: Mutex::default(),
            functions: AnsweringFunctions::default(),
            ctx: asking(),
            rights,
            token_key: TokenKey::derive(b"test"),
            clock: Clock::fixed(NOON, 1),
        }
    }

    pub fn seed(&self, table: &str, items: &Value) {
        seed_table(&self.dynamodb, table, items.as_list().unwrap()).now_or_never().unwrap().unwrap();
    }

    fn invoke_at(&self, coordinate: &str, table: &str, request: &Value) -> Result<Outcome, FieldError> {
        self.invoke_source(DynamoDbSource::new(table), coordinate, request)
    }

    pub fn invoke_source(
        &self,
        source: DynamoDbSource,
        coordinate: &str,
        request: &Value,
    ) -> Result<Outcome, FieldError> {
        let call = Invocation {
            request,
            has_request: true,
            has_response: true,
            dynamodb: self,
            lambda: &self.functions,
            http: &Unavailable,
            event_bus: &Unavailable,
            ctx: &self.ctx,
            output_type: "Thing",
            rights: &self.rights,
            coordinate,
            token_key: &self.token_key,
            clock: &self.clock,
            shows_stored_item: false,
        };
        source.invoke(call).now_or_never().expect("the embedded engine answers at once")
    }

    fn invoke(&self, table: &str, request: &Value) -> Result<Outcome, FieldError> {
        self.invoke_at("Query.things", table, request)
    }

    pub fn items(&self, table: &str) -> Vec<String> {
        let answer =
            self.dynamodb.call(Operation::Scan, object! { "TableName" => table }).now_or_never().unwrap().unwrap();
        sorted_texts(&typed::plain_items(answer.get("Items")))
    }
}

fn sorted_texts(items: &Value) -> Vec<String> {
    let text = |item: &Value| {
        let mut map = item.as_object().unwrap().clone();
        map.sort_unstable_keys();
        Value::from(map).to_string()
    };
    let mut texts: Vec<String> = items.as_list().unwrap().iter().map(text).collect();
    texts.sort();
    texts
}

/// Spells out numbers that JSON's reader would round, as the cases do: `{"$decimal": "…"}`.
fn spelled_out(value: &Value) -> Value {
    match value {
        Value::Number(Number::Decimal(digits)) => object! { "$decimal" => digits },
        Value::List(items) => items.iter().map(spelled_out).collect(),
        Value::Object(map) => {
            map.iter().map(|(name, value)| (name.clone(), spelled_out(value))).collect::<Map>().into()
        }
        other => other.clone(),
    }
}

/// `… Request ID: 0000-…)` reads `… Request ID: X)`.
fn without_request_id(message: &str) -> String {
    match message.split_once("Request ID: ") {
        Some((before, _)) => format!("{before}Request ID: X)"),
        None => message.to_owned(),
    }
}

/// What `versioned` of a case says: the conflict handler of a data source whose delta table is `changes`.
pub(super) fn versioning(case: &Value) -> Option<Versioning> {
    let conflict_handler = match case.get("versioned")?.as_str()? {
        "NONE" => ConflictHandler::None,
        "OPTIMISTIC_CONCURRENCY" => ConflictHandler::OptimisticConcurrency,
        "AUTOMERGE" => ConflictHandler::Automerge,
        // Any other text is a function.
        function => ConflictHandler::Lambda(function.into()),
    };
    let partition_key = match case.get("table").and_then(Value::as_str) {
        Some("orders") => "customer",
        _ => "id",
    };
    let minutes = |minutes: u64| std::time::Duration::from_secs(minutes * 60);
    Some(Versioning {
        delta_table_name: "changes".into(),
        base_table_ttl: minutes(43_200),
        delta_table_ttl: minutes(1_440),
        conflict_handler,
        partition_key: Some(KeyAttribute { name: partition_key.into(), ty: KeyType::S }),
    })
}

fn expected_result(case: &Value, actual: &Value) -> Value {
    let mut expected = case.get("result").cloned().unwrap_or_default();
    if expected.get("nextToken").and_then(Value::as_str) == Some("<token>")
        && let Some(token @ Value::String(_)) = actual.get("nextToken")
    {
        expected.set("nextToken", token.clone());
    }
    expected
}

fn check_case(case: &Value, title: &str) {
    let mut world = World::new();
    world.functions.answers = case.get("functions").and_then(Value::as_object).cloned().unwrap_or_default();
    let table = case.get("table").and_then(Value::as_str).unwrap_or("things");
    for (table, items) in case.get("stored").and_then(Value::as_object).into_iter().flat_map(|stored| stored.iter()) {
        world.seed(table, items);
    }
    let request = case.get("request").expect("a case has a request");
    let fill_page = case.get("fillPage").and_then(Value::as_i64).map(|units| u32::try_from(units).unwrap());
    let source = DynamoDbSource::new(table).versioned(versioning(case)).filling_pages(fill_page);
    match (world.invoke_source(source, "Query.things", request), case.get("refused")) {
        (Err(error), Some(refused)) => {
            let actual = object! { "errorType" => error.error_type, "message" => error.message };
            assert_eq!(&actual, refused, "{title}");
        }
        (Ok(outcome), None) => {
            let expected = expected_result(case, &outcome.result);
            assert_eq!(spelled_out(&outcome.result), expected, "{title}");
            let error = outcome
                .error
                .map(|error| object! { "type" => error.error_type, "message" => without_request_id(&error.message) });
            assert_eq!(Value::from(error), case.get("error").cloned().unwrap_or_default(), "{title}");
        }
        (actual, expected) => panic!("{title}: expected refusal {expected:?}, got {actual:?}"),
    }
    for (table, items) in case.get("then").and_then(Value::as_object).into_iter().flat_map(|then| then.iter()) {
        assert_eq!(world.items(table), sorted_texts(items), "{title}: table {table} afterwards");
    }
    let asked: Value = world.functions.asked.lock().unwrap().iter().cloned().collect();
    assert_eq!(asked, case.get("asked").cloned().unwrap_or_else(|| Vec::new().into()), "{title}: asked");
    if let Some(expected) = case.get("calls") {
        let calls: Value = world.calls.lock().unwrap().iter().map(|operation| Value::from(operation.name())).collect();
        assert_eq!(&calls, expected, "{title}: calls");
    }
}

#[test]
fn every_case_file_holds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dynamodb");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut failures = Vec::new();
    let mut count = 0;
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "json")) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let cases =
            Value::parse(&std::fs::read_to_string(file).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
        for case in cases.as_list().unwrap() {
            count += 1;
            let title = format!("{name}: {}", case.get("name").and_then(Value::as_str).unwrap());
            if std::panic::catch_unwind(|| check_case(case, &title)).is_err() {
                failures.push(title);
            }
        }
    }
    assert!(failures.is_empty(), "{} of {count} cases failed:\n{}", failures.len(), failures.join("\n"));
    assert!(count >= 350, "only {count} cases were found");
}

#[test]
fn numbers_of_38_digits_survive_writing_and_reading() {
    let world = World::new();
    let number = crate::value::Number::parse("1234567890123456789.0123456789012345678").unwrap();
    let key = object! { "id" => object! { "S" => "1" } };
    let attributes = object! { "n" => object! { "N" => number.clone() } };
    let put = object! { "operation" => "PutItem", "key" => key.clone(), "attributeValues" => attributes };
    let written = world.invoke("things", &put).unwrap();
    let read = world.invoke("things", &object! { "operation" => "GetItem", "key" => key }).unwrap();
    assert_eq!(read.result, object! { "id" => "1", "n" => number });
    assert_eq!(read, written);
}

fn query_orders(token: Value, limit: i64) -> Value {
    let query =
        object! { "expression" => "customer = :c", "expressionValues" => object! { ":c" => object! { "S" => "c" } } };
    object! { "operation" => "Query", "query" => query, "limit" => limit, "nextToken" => token }
}

#[test]
fn following_tokens_visits_every_item_once() {
    let world = World::new();
    let orders: Value = (0..7).map(|number| object! { "customer" => "c", "order" => number.to_string() }).collect();
    world.seed("orders", &orders);
    let (mut token, mut seen) = (Value::Null, Vec::new());
    loop {
        let page = world.invoke("orders", &query_orders(token, 3)).unwrap().result;
        seen.extend(
            page.get("items")
                .unwrap()
                .as_list()
                .unwrap()
                .iter()
                .map(|item| item.get("order").unwrap().as_str().unwrap().to_owned()),
        );
        token = page.get("nextToken").unwrap().clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(seen, ["0", "1", "2", "3", "4", "5", "6"]);
}

#[test]
fn a_token_works_only_in_the_resolver_and_table_that_made_it() {
    let world = World::new();
    for table in ["orders", "things"] {
        let items: Value = (0..3)
            .map(|number| object! { "customer" => "c", "order" => number.to_string(), "id" => number.to_string() })
            .collect();
        world.seed(table, &items);
    }
    let scan = |token: Value| object! { "operation" => "Scan", "limit" => 1, "nextToken" => token };
    let token =
        world.invoke_at("Query.orders", "orders", &scan(Value::Null)).unwrap().result.get("nextToken").unwrap().clone();
    assert!(world.invoke_at("Query.orders", "orders", &scan(token.clone())).unwrap().error.is_none());
    for (coordinate, table) in [("Query.others", "orders"), ("Query.orders", "things")] {
        let error = world.invoke_at(coordinate, table, &scan(token.clone())).unwrap().error.unwrap();
        assert_eq!(error.error_type, "DynamoDB:UserIllegalArgumentException");
    }
}

#[test]
fn a_token_of_another_partition_is_refused_by_dynamodb_and_reads_nothing() {
    let world = World::new();
    let order = |customer: &str, number: i32| object! { "customer" => customer, "order" => number.to_string() };
    world.seed("orders", &(0..3).flat_map(|number| [order("c", number), order("d", number)]).collect());
    let query = |customer: &str, token: Value| {
        let values = object! { ":c" => object! { "S" => customer } };
        let query = object! { "expression" => "customer = :c", "expressionValues" => values };
        let request = object! { "operation" => "Query", "query" => query, "limit" => 1, "nextToken" => token };
        world.invoke("orders", &request).unwrap()
    };
    let token = query("c", Value::Null).result.get("nextToken").unwrap().clone();
    assert_eq!(query("c", token.clone()).result.get("items"), Some(&vec![order("c", 1)].into()));
    let foreign = query("d", token);
    assert_eq!(foreign.result, Value::Null);
    assert_eq!(foreign.error.unwrap().error_type, "DynamoDB:DynamoDbException");
}

#[test]
fn a_token_of_an_index_does_not_work_on_the_table() {
    let world = World::new();
    world.seed("things", &(0..3).map(|n| object! { "id" => n.to_string(), "kind" => "a", "rank" => n }).collect());
    let scan = |index: Value, token: Value| {
        let request = object! { "operation" => "Scan", "limit" => 1, "index" => index, "nextToken" => token };
        world.invoke("things", &request).unwrap()
    };
    let token = scan("byKind".into(), Value::Null).result.get("nextToken").unwrap().clone();
    assert!(scan("byKind".into(), token.clone()).error.is_none());
    assert_eq!(scan(Value::Null, token).error.unwrap().error_type, "DynamoDB:UserIllegalArgumentException");
}

#[test]
fn batches_find_keys_whose_numbers_are_written_in_another_way() {
    let world = World::new();
    let key = KeyAttribute { name: "n".into(), ty: KeyType::N };
    let table = TableDescription {
        name: "things2".into(),
        partition_key: key,
        sort_key: None,
        indexes: vec![],
        time_to_live_attribute: None,
    };
    create_tables(&world.dynamodb, &[table]).now_or_never().unwrap().unwrap();
    let source = DynamoDbSource::new("things2");
    let invoke = |request: Value| {
        let rights = DomainRights::without_domain();
        let call = Invocation {
            request: &request,
            has_request: true,
            has_response: true,
            dynamodb: &world,
            lambda: &world.functions,
            http: &Unavailable,
            event_bus: &Unavailable,
            ctx: &world.ctx,
            output_type: "Thing",
            rights: &rights,
            coordinate: "Query.x",
            token_key: &world.token_key,
            clock: &world.clock,
            shows_stored_item: false,
        };
        source.invoke(call).now_or_never().unwrap().unwrap()
    };
    let texts = ["1e20", "12345678901234567890.50", "7.0"];
    let keys: Vec<Value> = texts.iter().map(|text| object! { "n" => object! { "N" => *text } }).collect();
    invoke(object! { "operation" => "BatchPutItem", "tables" => object! { "things2" => keys.clone() } });
    let got = invoke(
        object! { "operation" => "BatchGetItem", "tables" => object! { "things2" => object! { "keys" => keys } } },
    );
    assert_eq!(
        got.result.to_string(),
        r#"{"data":{"things2":[{"n":100000000000000000000},{"n":12345678901234567890.5},{"n":7}]},"unprocessedKeys":{"things2":[]}}"#
    );
}

#[test]
fn more_than_25_writes_are_the_validation_error_of_dynamodb() {
    let world = World::new();
    let keys: Vec<Value> = (0..26).map(|number| object! { "id" => object! { "S" => number.to_string() } }).collect();
    for operation in ["BatchPutItem", "BatchDeleteItem"] {
        let tables = object! { "things" => keys.clone() };
        let outcome = world.invoke("things", &object! { "operation" => operation, "tables" => tables }).unwrap();
        assert_eq!(outcome.result, Value::Null);
        assert_eq!(outcome.error.unwrap().error_type, "DynamoDB:DynamoDbException");
    }
    assert!(world.items("things").is_empty());
}

/// Answers BatchGetItem and BatchWriteItem as DynamoDB does under load: the second half of each table is left out.
struct Throttled(World);

impl DynamoDb for Throttled {
    fn call(&self, operation: Operation, request: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        let mut wanted = request.get("RequestItems").unwrap().clone();
        let mut left = Map::default();
        for (table, asked) in request.get("RequestItems").unwrap().as_object().unwrap() {
            let list = asked.get("Keys").unwrap_or(asked).as_list().unwrap();
            let (now, later) = list.split_at(list.len() / 2);
            let half = |list: &[Value]| match asked.get("Keys") {
                Some(_) => object! { "Keys" => list.to_vec() },
                None => Value::from(list.to_vec()),
            };
            wanted.set(table.clone(), half(now));
            left.insert(table.clone(), half(later));
        }
        Box::pin(async move {
            let mut answer = match wanted
                .as_object()
                .unwrap()
                .values()
                .any(|half| half.get("Keys").unwrap_or(half).as_list().unwrap().is_empty())
            {
                true => object! {},
                false => self.0.call(operation, object! { "RequestItems" => wanted }).await?,
            };
            let name = if operation == Operation::BatchGetItem { "UnprocessedKeys" } else { "UnprocessedItems" };
            answer.set(name, left);
            Ok(answer)
        })
    }
}

#[test]
fn what_is_still_unprocessed_after_a_second_attempt_is_reported_beside_an_error() {
    let throttled = Throttled(World::new());
    let ids: Vec<Value> = (0..4).map(|number| object! { "id" => object! { "S" => number.to_string() } }).collect();
    let invoke = |request: Value| {
        let world = &throttled.0;
        let source = DynamoDbSource::new("things");
        let call = Invocation {
            request: &request,
            has_request: true,
            has_response: true,
            dynamodb: &throttled,
            lambda: &world.functions,
            http: &Unavailable,
            event_bus: &Unavailable,
            ctx: &world.ctx,
            output_type: "Thing",
            rights: &world.rights,
            coordinate: "Query.x",
            token_key: &world.token_key,
            clock: &world.clock,
            shows_stored_item: false,
        };
        source.invoke(call).now_or_never().unwrap().unwrap()
    };
    let put = invoke(object! { "operation" => "BatchPutItem", "tables" => object! { "things" => ids.clone() } });
    assert_eq!(
        put.result.to_string(),
        r#"{"data":{"things":[{"id":"0"},{"id":"1"},{"id":"2"},null]},"unprocessedItems":{"things":[{"id":"3"}]}}"#
    );
    assert_eq!(put.error.unwrap().error_type, "DynamoDB:ProvisionedThroughputExceededException");
    let get = invoke(
        object! { "operation" => "BatchGetItem", "tables" => object! { "things" => object! { "keys" => ids } } },
    );
    assert_eq!(
        get.result.to_string(),
        r#"{"data":{"things":[{"id":"0"},{"id":"1"},{"id":"2"},null]},"unprocessedKeys":{"things":[{"id":"3"}]}}"#
    );
    assert_eq!(get.error.unwrap().error_type, "DynamoDB:ProvisionedThroughputExceededException");
}

#[test]
fn failures_are_named_after_the_sdk_class_that_carries_them() {
    let named = |code: &str, status| {
        let error = ServiceError {
            code: code.into(),
            message: "m".into(),
            status,
            request_id: "R".into(),
            ..ServiceError::default()
        };
        let error = data_source_error(&error);
        (error.error_type.to_string(), error.message.to_string())
    };
    let tail = "m (Service: DynamoDb, Status Code: 400, Request ID: R)".to_owned();
    for (code, class) in [
        ("ValidationException", "DynamoDB:DynamoDbException"),
        ("AccessDeniedException", "DynamoDB:DynamoDbException"),
        ("ThrottlingException", "DynamoDB:DynamoDbException"),
        ("RequestLimitExceeded", "DynamoDB:RequestLimitExceededException"),
        ("TransactionConflictException", "DynamoDB:TransactionConflictException"),
    ] {
        assert_eq!(named(code, 400), (class.to_owned(), tail.clone()));
    }
    assert_eq!(named("StsException", 0), ("DynamoDB:StsException".to_owned(), "m".to_owned()));
    assert_eq!(named("SdkClientException", 0), ("DynamoDB:SdkClientException".to_owned(), "m".to_owned()));
}
