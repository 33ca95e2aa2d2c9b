use futures_util::FutureExt;
use futures_util::future::join_all;
use proptest::prelude::*;

use super::*;
use crate::backend::local::LocalDynamoDb;
use crate::backend::tables::{KeyAttribute, KeyType, TableDescription, create_tables, seed_table};
use crate::value::{Number, object};

fn tables() -> Arc<LocalDynamoDb> {
    let dynamodb = LocalDynamoDb::open(None).unwrap();
    let key = |name: &str, ty| KeyAttribute { name: name.into(), ty };
    let table = |name: &str, partition_key, sort_key| TableDescription {
        name: name.into(),
        partition_key,
        sort_key,
        indexes: vec![],
        time_to_live_attribute: None,
    };
    let descriptions = [
        table("things", key("id", KeyType::S), None),
        table("orders", key("customer", KeyType::S), Some(key("number", KeyType::N))),
    ];
    create_tables(&dynamodb, &descriptions).now_or_never().unwrap().unwrap();
    let things: Vec<Value> =
        (0..200).map(|id| object! { "id" => id.to_string(), "n" => id, "next" => (id + 1).to_string() }).collect();
    let orders: Vec<Value> =
        (0..4).map(|number| object! { "customer" => "c", "number" => number, "n" => number }).collect();
    seed_table(&dynamodb, "things", &things).now_or_never().unwrap().unwrap();
    seed_table(&dynamodb, "orders", &orders).now_or_never().unwrap().unwrap();
    Arc::new(dynamodb)
}

/// Runs a future to its end; futures that only let others run are polled again.
fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn thing(id: impl ToString) -> Value {
    object! { "TableName" => "things", "Key" => object! { "id" => object! { "S" => id.to_string() } } }
}

fn order(number: &str) -> Value {
    let key = object! { "number" => object! { "N" => number }, "customer" => object! { "S" => "c" } };
    object! { "TableName" => "orders", "Key" => key }
}

fn no_sleep(_: Duration) -> BoxFuture<'static, ()> {
    Box::pin(std::future::ready(()))
}

/// Reads everything at once, through a loader, and says what it cost.
fn read_all(dynamodb: Arc<dyn DynamoDb>, requests: &[Value]) -> (Vec<Result<Value, ServiceError>>, Stats) {
    let loader = RequestLoader::with_options(
        Backends::new(dynamodb),
        LoaderOptions { sleep: no_sleep, ..LoaderOptions::default() },
    );
    let answers =
        run(loader.drive(join_all(requests.iter().map(|request| loader.call(Operation::GetItem, request.clone())))));
    (answers, loader.stats())
}

fn n_of(answer: &Result<Value, ServiceError>) -> Option<i64> {
    let number = answer.as_ref().unwrap().get("Item")?.get("n")?.get("N")?.as_str()?;
    Number::parse(number)?.as_i64()
}

#[test]
fn fifty_reads_are_one_call_and_every_reader_gets_its_own_item() {
    let requests: Vec<Value> = (0..50).map(thing).collect();
    let (answers, stats) = read_all(tables(), &requests);
    assert_eq!(answers.iter().map(n_of).collect::<Vec<_>>(), (0..50).map(Some).collect::<Vec<_>>());
    assert_eq!(stats, Stats { calls: vec![(Operation::BatchGetItem.into(), 1)], coalesced: 49 });
}

#[test]
fn a_hundred_and_fifty_keys_are_two_calls() {
    let requests: Vec<Value> = (0..150).map(thing).collect();
    let (answers, stats) = read_all(tables(), &requests);
    assert_eq!(answers.iter().filter_map(n_of).sum::<i64>(), (0..150i64).sum::<i64>());
    assert_eq!(stats.calls, [(Operation::BatchGetItem.into(), 2)]);
}

#[test]
fn a_lone_read_stays_a_get_item_however_many_ask_for_it() {
    let (answers, stats) = read_all(tables(), &[thing(7), thing(7), thing(7)]);
    assert_eq!(answers.iter().map(n_of).collect::<Vec<_>>(), [Some(7); 3]);
    assert_eq!(stats, Stats { calls: vec![(Operation::GetItem.into(), 1)], coalesced: 2 });
}

#[test]
fn missing_items_are_missing_and_equal_keys_are_asked_for_once() {
    let requests = [order("1"), order("1.0"), thing("none"), thing(3), thing(3)];
    let (answers, stats) = read_all(tables(), &requests);
    assert_eq!(answers.iter().map(n_of).collect::<Vec<_>>(), [Some(1), Some(1), None, Some(3), Some(3)]);
    assert_eq!(answers[2], Ok(object! {}));
    assert_eq!(stats.calls, [(Operation::BatchGetItem.into(), 1)], "both tables travel in one call");
}

#[test]
fn a_projection_without_the_key_returns_no_key() {
    let projected = |id: i32| {
        let mut request = thing(id);
        request.set("ProjectionExpression", "#n");
        request.set("ExpressionAttributeNames", object! { "#n" => "n" });
        request
    };
    let (answers, stats) = read_all(tables(), &[projected(1), projected(2), thing(3)]);
    assert_eq!(answers[1], Ok(object! { "Item" => object! { "n" => object! { "N" => "2" } } }));
    assert_eq!(
        stats.calls,
        [(Operation::GetItem.into(), 1), (Operation::BatchGetItem.into(), 1)],
        "other projections are other calls"
    );
}

#[test]
fn one_bad_key_spoils_nobody_elses_answer() {
    let (answers, stats) = read_all(tables(), &[thing(1), thing(""), thing(2)]);
    assert_eq!((n_of(&answers[0]), n_of(&answers[2])), (Some(1), Some(2)));
    assert!(answers[1].as_ref().unwrap_err().message.contains("empty string value"), "{:?}", answers[1]);
    assert_eq!(
        stats.calls,
        [(Operation::GetItem.into(), 1), (Operation::BatchGetItem.into(), 1)],
        "that it is bad can be seen"
    );

    let (answers, stats) = read_all(tables(), &[order("1"), order("x"), order("2")]);
    assert_eq!((n_of(&answers[0]), n_of(&answers[2])), (Some(1), Some(2)));
    assert!(answers[1].is_err());
    assert_eq!(
        stats.calls,
        [(Operation::BatchGetItem.into(), 1), (Operation::GetItem.into(), 3)],
        "that it is bad shows later"
    );
}

#[test]
fn a_bad_table_costs_the_others_one_call() {
    let nowhere = |id: i32| {
        let mut request = thing(id);
        request.set("TableName", "nowhere");
        request
    };
    let requests: Vec<Value> = (0..30).map(thing).chain((0..3).map(nowhere)).collect();
    let (answers, stats) = read_all(tables(), &requests);
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 30);
    assert!(answers[30..].iter().all(|answer| answer.as_ref().unwrap_err().code == "ResourceNotFoundException"));
    assert_eq!(stats.calls, [(Operation::BatchGetItem.into(), 3), (Operation::GetItem.into(), 3)]);
}

#[test]
fn what_answers_lead_to_is_batched_again() {
    let loader = RequestLoader::new(tables());
    let follow = |id: i32| {
        let loader = &loader;
        async move {
            let first = loader.call(Operation::GetItem, thing(id)).await.unwrap();
            let next = first.get("Item").unwrap().get("next").unwrap().get("S").unwrap().as_str().unwrap().to_owned();
            n_of(&loader.call(Operation::GetItem, thing(next)).await)
        }
    };
    let answers = run(loader.drive(join_all((0..40).map(follow))));
    assert_eq!(answers, (1..41).map(Some).collect::<Vec<_>>());
    assert_eq!(loader.stats().calls, [(Operation::BatchGetItem.into(), 2)]);
}

#[test]
fn nested_joins_that_let_others_run_do_not_tear_a_batch_apart() {
    let loader = RequestLoader::new(tables());
    let row = |row: i32| {
        join_all(
            (0..40)
                .map(move |column| (row, column))
                .map(|(row, column)| loader.call(Operation::GetItem, thing((row * 40 + column) % 200))),
        )
    };
    run(loader.drive(join_all((0..40).map(row))));
    assert_eq!(loader.stats(), Stats { calls: vec![(Operation::BatchGetItem.into(), 2)], coalesced: 1598 });
}

#[test]
fn identical_queries_are_one_and_different_queries_are_not() {
    let loader = RequestLoader::new(tables());
    let query = |from: &str| {
        let values = object! { ":c" => object! { "S" => "c" }, ":n" => object! { "N" => from } };
        let request = object! { "TableName" => "orders", "KeyConditionExpression" => "customer = :c AND #n >= :n",
        "ExpressionAttributeNames" => object! { "#n" => "number" }, "ExpressionAttributeValues" => values };
        loader.call(Operation::Query, request)
    };
    let answers = run(loader.drive(join_all([query("0"), query("2"), query("0")])));
    let counts: Vec<_> =
        answers.iter().map(|answer| answer.as_ref().unwrap().get("Count").unwrap().as_i64().unwrap()).collect();
    assert_eq!(counts, [4, 2, 4]);
    assert_eq!(loader.stats(), Stats { calls: vec![(Operation::Query.into(), 2)], coalesced: 1 });
}

#[test]
fn nothing_is_remembered_after_its_call() {
    let loader = RequestLoader::new(tables());
    run(loader.drive(async {
        let before = n_of(&loader.call(Operation::GetItem, thing(1)).await);
        let item = object! { "id" => object! { "S" => "1" }, "n" => object! { "N" => "1000" } };
        loader.call(Operation::PutItem, object! { "TableName" => "things", "Item" => item }).await.unwrap();
        assert_eq!((before, n_of(&loader.call(Operation::GetItem, thing(1)).await)), (Some(1), Some(1000)));
    }));
    assert_eq!(loader.stats().calls, [(Operation::GetItem.into(), 2), (Operation::PutItem.into(), 1)]);
}

#[test]
fn outside_drive_calls_are_made_at_once() {
    let loader = RequestLoader::new(tables());
    assert_eq!(n_of(&loader.call(Operation::GetItem, thing(5)).now_or_never().unwrap()), Some(5));
}

/// DynamoDB whose writes take one turn of the executor and whose reads take five, and whose batches return at most
/// `keys` keys.
struct Slow {
    tables: Arc<LocalDynamoDb>,
    keys: usize,
}

impl Slow {
    fn new(keys: usize) -> Arc<Slow> {
        Arc::new(Slow { tables: tables(), keys })
    }
}

impl DynamoDb for Slow {
    fn call(&self, operation: Operation, mut request: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        Box::pin(async move {
            let mut left = Vec::new();
            if operation == Operation::BatchGetItem {
                let mut table = request.get("RequestItems").unwrap().get("things").unwrap().clone();
                let mut keys = table.get("Keys").unwrap().as_list().unwrap().to_vec();
                left = keys.split_off(self.keys.min(keys.len()));
                table.set("Keys", keys);
                request = object! { "RequestItems" => object! { "things" => table } };
            }
            let answer = if operation == Operation::BatchGetItem && self.keys == 0 {
                Ok(object! {})
            } else {
                self.tables.call(operation, request).await
            };
            for _ in 0..if operation == Operation::PutItem { 1 } else { 5 } {
                tokio::task::yield_now().await;
            }
            let mut answer = answer?;
            if !left.is_empty() {
                answer.set("UnprocessedKeys", object! { "things" => object! { "Keys" => left } });
            }
            Ok(answer)
        })
    }
}

#[test]
fn unprocessed_keys_are_asked_for_again_until_none_is_left() {
    let requests: Vec<Value> = (0..21).map(thing).collect();
    let (answers, stats) = read_all(Slow::new(10), &requests);
    assert_eq!(answers.iter().map(n_of).collect::<Vec<_>>(), (0..21).map(Some).collect::<Vec<_>>());
    assert_eq!(
        stats.calls,
        [(Operation::BatchGetItem.into(), 2), (Operation::GetItem.into(), 1)],
        "what is left is one key"
    );
}

#[test]
fn keys_that_stay_unprocessed_fail_as_a_throttled_get_item_does() {
    let (answers, stats) = read_all(Slow::new(0), &[thing(1), thing(2)]);
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap_err().code == "ProvisionedThroughputExceededException"));
    assert_eq!(stats.calls, [(Operation::BatchGetItem.into(), 6)]);
}

#[test]
fn a_read_joins_one_under_way() {
    let loader = RequestLoader::new(Slow::new(100));
    let get = || loader.call(Operation::GetItem, thing(1));
    let late = async {
        tokio::task::yield_now().await;
        get().await
    };
    let answers = run(loader.drive(futures_util::future::join(get(), late)));
    assert_eq!(answers.0, answers.1);
    assert_eq!(loader.stats(), Stats { calls: vec![(Operation::GetItem.into(), 1)], coalesced: 1 });
}

#[test]
fn a_read_after_a_write_does_not_join_one_from_before() {
    let loader = RequestLoader::new(Slow::new(100));
    let put = object! { "TableName" => "things", "Item" => object! { "id" => object! { "S" => "1" }, "n" => object! { "N" => "9" } } };
    let write_then_read = async {
        tokio::task::yield_now().await;
        loader.call(Operation::PutItem, put).await.unwrap();
        n_of(&loader.call(Operation::GetItem, thing(1)).await)
    };
    let (before, after) =
        run(loader.drive(futures_util::future::join(loader.call(Operation::GetItem, thing(1)), write_then_read)));
    assert_eq!((n_of(&before), after), (Some(1), Some(9)));
    assert_eq!(loader.stats().calls, [(Operation::GetItem.into(), 2), (Operation::PutItem.into(), 1)]);
}

#[test]
fn dropping_a_request_midway_leaves_the_loader_usable() {
    let loader = RequestLoader::new(Slow::new(100));
    assert!(loader.drive(loader.call(Operation::GetItem, thing(1))).now_or_never().is_none());
    assert_eq!(n_of(&run(loader.drive(loader.call(Operation::GetItem, thing(1))))), Some(1));
}

/// Any read, good or bad.
fn any_read() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        8 => (0..12i32).prop_map(thing),
        4 => (0..6i32).prop_map(|number| order(&number.to_string())),
        1 => Just(thing("")),
        1 => Just(order("x")),
        1 => Just(object! { "TableName" => "things", "Key" => object! { "wrong" => object! { "S" => "1" } } }),
        1 => Just(object! { "TableName" => "things", "Key" => object! {} }),
        1 => Just(object! { "TableName" => "nowhere", "Key" => object! { "id" => object! { "S" => "1" } } }),
        1 => Just(object! { "TableName" => "things" }),
    ];
    let projection = prop_oneof![
        4 => Just(None),
        1 => Just(Some("n")),
        1 => Just(Some("id")),
        1 => Just(Some("#n, missing")),
        1 => Just(Some("missing")),
        1 => Just(Some("#undefined")),
        1 => Just(Some("id, id")),
    ];
    (key, projection, any::<bool>()).prop_map(|(mut request, projection, consistent)| {
        if let Some(projection) = projection {
            request.set("ProjectionExpression", projection);
        }
        if projection.is_some_and(|projection| projection.contains("#n")) {
            request.set("ExpressionAttributeNames", object! { "#n" => "n" });
        }
        if consistent {
            request.set("ConsistentRead", true);
        }
        request
    })
}

fn without_request_id(answer: Result<Value, ServiceError>) -> Result<Value, ServiceError> {
    answer.map_err(|error| ServiceError { request_id: "".into(), ..error })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn batched_reads_answer_and_fail_as_unbatched_ones(requests in proptest::collection::vec(any_read(), 0..40)) {
        static TABLES: std::sync::LazyLock<Arc<LocalDynamoDb>> = std::sync::LazyLock::new(tables);
        let (batched, stats) = read_all(TABLES.clone(), &requests);
        let has_errors = batched.iter().any(Result::is_err);
        for (request, answer) in requests.iter().zip(batched) {
            let alone = TABLES.call(Operation::GetItem, request.clone()).now_or_never().unwrap();
            prop_assert_eq!(without_request_id(answer), without_request_id(alone), "{}", request);
        }
        let calls: u32 = stats.calls.iter().map(|(_, count)| count).sum();
        // A batch that fails is made a second time, table by table, and then read by read.
        let batches = stats.calls.iter().filter(|(operation, _)| *operation == Operation::BatchGetItem.into());
        let wasted: u32 = if has_errors { batches.map(|(_, count)| count).sum() } else { 0 };
        prop_assert!(calls <= requests.len() as u32 + wasted, "{} calls for {} reads", calls, requests.len());
    }
}
