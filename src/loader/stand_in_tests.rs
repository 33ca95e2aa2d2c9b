//! What embedded tables do not do by themselves: full answers, keys in another spelling, writes beside reads.

use futures_util::FutureExt;
use futures_util::future::{join, join_all};

use super::*;
use crate::value::{Map, object};

/// DynamoDB with one rule: reads bring the key and how many writes there have been when the read was sent.
struct StandIn {
    writes: Mutex<u32>,
    calls: Mutex<Vec<(Operation, Value)>>,
    /// Most items in one answer of BatchGetItem, as with items so large that 16 MB hold no more.
    items_per_answer: usize,
    /// For how many turns of the executor a write is under way.
    write_turns: u32,
    /// How a key comes back.
    spelled: fn(&Value) -> Value,
}

impl StandIn {
    fn new(items_per_answer: usize) -> StandIn {
        StandIn {
            writes: Mutex::default(),
            calls: Mutex::default(),
            items_per_answer,
            write_turns: 1,
            spelled: Value::clone,
        }
    }

    fn operations(&self) -> Vec<Operation> {
        locked(&self.calls).iter().map(|(operation, _)| *operation).collect()
    }

    fn answer(&self, operation: Operation, request: &Value) -> Value {
        let mut writes = locked(&self.writes);
        let item = |key: &Value| {
            let mut item = (self.spelled)(key);
            item.set("writes", object! { "N" => writes.to_string() });
            item
        };
        let mut answer = match operation {
            Operation::GetItem => object! { "Item" => item(request.get("Key").unwrap()) },
            Operation::Query | Operation::Scan => {
                object! { "Items" => vec![item(&object! {})], "Count" => 1, "ScannedCount" => 3 }
            }
            Operation::BatchGetItem => {
                let (mut responses, mut unprocessed, mut room) =
                    (Map::default(), Map::default(), self.items_per_answer);
                for (table, asked) in request.get("RequestItems").unwrap().as_object().unwrap() {
                    let keys = asked.get("Keys").unwrap().as_list().unwrap();
                    let (now, later) = keys.split_at(room.min(keys.len()));
                    room -= now.len();
                    responses.insert(table.clone(), now.iter().map(item).collect());
                    if !later.is_empty() {
                        let mut rest = asked.clone();
                        rest.set("Keys", later.to_vec());
                        unprocessed.insert(table.clone(), rest);
                    }
                }
                object! { "Responses" => responses, "UnprocessedKeys" => unprocessed }
            }
            _ => {
                *writes += 1;
                object! {}
            }
        };
        if request.get("ReturnConsumedCapacity").is_some() {
            let names = request.get("RequestItems").and_then(Value::as_object).map(|tables| tables.keys().cloned());
            let of = |name: Value| object! { "TableName" => name, "CapacityUnits" => 1.5 };
            let consumed = match names {
                Some(names) => names.map(|name| of(name.into())).collect(),
                None => of(request.get("TableName").unwrap().clone()),
            };
            answer.set("ConsumedCapacity", consumed);
        }
        answer
    }
}

impl DynamoDb for StandIn {
    /// Reads answer on the fifth turn with what they saw on the first.
    fn call(&self, operation: Operation, request: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        Box::pin(async move {
            locked(&self.calls).push((operation, request.clone()));
            let answer = self.answer(operation, &request);
            turns(if is_write(operation) { self.write_turns } else { 4 }).await;
            Ok(answer)
        })
    }
}

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn get(table: &str, id: impl ToString) -> Value {
    object! { "TableName" => table, "Key" => object! { "id" => object! { "S" => id.to_string() } } }
}

fn with(mut request: Value, member: &str, value: impl Into<Value>) -> Value {
    request.set(member, value);
    request
}

/// The `writes` of the item in an answer.
fn writes_seen(answer: Result<Value, ServiceError>) -> String {
    let answer = answer.unwrap();
    let item = answer.get("Item").or_else(|| answer.get("Items")?.as_list()?.first());
    item.unwrap().get("writes").unwrap().get("N").unwrap().as_str().unwrap().to_owned()
}

fn id_of(answer: &Result<Value, ServiceError>) -> &str {
    answer.as_ref().unwrap().get("Item").unwrap().get("id").unwrap().get("S").unwrap().as_str().unwrap()
}

async fn turns(count: u32) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

async fn put(loader: &RequestLoader) {
    loader.call(Operation::PutItem, object! { "TableName" => "t", "Item" => object! {} }).await.unwrap();
}

#[test]
fn answers_that_are_full_are_followed_by_calls_for_the_rest_at_once() {
    let inner = Arc::new(StandIn::new(7));
    let options = LoaderOptions { sleep: |_| panic!("a full answer is no reason to wait"), ..LoaderOptions::default() };
    let loader = RequestLoader::with_options(Backends::new(inner.clone()), options);
    let requests: Vec<Value> = (0..15).map(|id| get("a", id)).chain((0..15).map(|id| get("b", id))).collect();
    let answers = run(loader.drive(join_all(requests.into_iter().map(|read| loader.call(Operation::GetItem, read)))));
    let ids: Vec<&str> = answers.iter().map(id_of).collect();
    let expected: Vec<String> = (0..15).chain(0..15).map(|id: i32| id.to_string()).collect();
    assert_eq!(ids, expected);
    assert_eq!(loader.stats(), Stats { calls: vec![(Operation::BatchGetItem.into(), 5)], coalesced: 25 });
}

#[test]
fn reads_with_other_projections_or_consistency_are_other_calls_and_ask_for_what_they_want() {
    let inner = Arc::new(StandIn::new(100));
    let loader = RequestLoader::new(inner.clone());
    let options: [fn(Value) -> Value; 4] = [
        |read| read,
        |read| with(read, "ConsistentRead", true),
        |read| with(read, "ProjectionExpression", "id, n"),
        |read| with(with(read, "ProjectionExpression", "id, n"), "ConsistentRead", true),
    ];
    let mut requests: Vec<Value> = (0..8).map(|id| options[id % 4](get("a", id))).collect();
    // `false` is what reads are without being told.
    requests.push(with(get("a", 8), "ConsistentRead", false));
    run(loader.drive(join_all(requests.into_iter().map(|read| loader.call(Operation::GetItem, read)))));
    let calls: Vec<String> = locked(&inner.calls)
        .iter()
        .map(|(_, request)| request.get("RequestItems").unwrap().get("a").unwrap().to_string())
        .collect();
    assert_eq!(
        calls,
        [
            r#"{"Keys":[{"id":{"S":"0"}},{"id":{"S":"4"}},{"id":{"S":"8"}}]}"#,
            r#"{"ConsistentRead":true,"Keys":[{"id":{"S":"1"}},{"id":{"S":"5"}}]}"#,
            r#"{"ProjectionExpression":"id, n","Keys":[{"id":{"S":"2"}},{"id":{"S":"6"}}]}"#,
            r#"{"ConsistentRead":true,"ProjectionExpression":"id, n","Keys":[{"id":{"S":"3"}},{"id":{"S":"7"}}]}"#,
        ]
    );
}

#[test]
fn keys_that_come_back_in_another_spelling_are_not_taken_for_missing() {
    let inner = StandIn {
        spelled: |key| match key.get("id").and_then(|id| id.get("B")).and_then(Value::as_str) {
            Some("AB==") => object! { "id" => object! { "B" => "AA==" } },
            _ => key.clone(),
        },
        ..StandIn::new(100)
    };
    let inner = Arc::new(inner);
    let loader = RequestLoader::new(inner.clone());
    let read = |bytes: &str| {
        let key = object! { "id" => object! { "B" => bytes } };
        loader.call(Operation::GetItem, object! { "TableName" => "a", "Key" => key })
    };
    let answers = run(loader.drive(join_all([read("AB=="), read("BB==")])));
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap().get("Item").is_some()), "{answers:?}");
    assert_eq!(inner.operations(), [Operation::BatchGetItem, Operation::GetItem]);
}

#[test]
fn identical_scans_are_one_and_different_scans_are_not() {
    let inner = Arc::new(StandIn::new(100));
    let loader = RequestLoader::new(inner.clone());
    let scan = |limit: i32| loader.call(Operation::Scan, object! { "TableName" => "a", "Limit" => limit });
    run(loader.drive(join_all([scan(1), scan(2), scan(1), scan(1)])));
    assert_eq!(loader.stats(), Stats { calls: vec![(Operation::Scan.into(), 2)], coalesced: 2 });
}

/// Every kind of read that may be shared.
fn kinds() -> [(Operation, Value); 4] {
    [
        (Operation::GetItem, get("t", 1)),
        (Operation::GetItem, with(get("t", 1), "ConsistentRead", true)),
        (Operation::Query, object! { "TableName" => "t", "KeyConditionExpression" => "id = :i" }),
        (Operation::Scan, object! { "TableName" => "t" }),
    ]
}

#[test]
fn a_read_after_a_write_sees_it_whatever_was_under_way_meanwhile() {
    for (operation, read) in kinds() {
        let inner = Arc::new(StandIn::new(100));
        let loader = RequestLoader::new(inner.clone());
        let before = loader.call(operation, read.clone());
        let write_then_read = async {
            turns(1).await;
            put(&loader).await;
            writes_seen(loader.call(operation, read.clone()).await)
        };
        let (before, after) = run(loader.drive(join(before, write_then_read)));
        assert_eq!((writes_seen(before).as_str(), after.as_str()), ("0", "1"), "{operation:?}");
        assert_eq!(inner.operations(), [operation, Operation::PutItem, operation]);
    }
}

#[test]
fn a_read_beside_a_write_may_join_one_from_before_it() {
    // Whoever asks before the write is answered cannot know of it.
    let inner = Arc::new(StandIn::new(100));
    let loader = RequestLoader::new(inner.clone());
    let read = || loader.call(Operation::GetItem, get("t", 1));
    let late = async {
        turns(1).await;
        join(put(&loader), read()).await.1
    };
    let (early, late) = run(loader.drive(join(read(), late)));
    assert_eq!(early, late);
    assert_eq!(loader.stats().coalesced, 1);
}

#[test]
fn a_read_that_is_still_queued_when_a_write_is_answered_is_sent_after_it_and_may_be_joined() {
    let inner = Arc::new(StandIn { write_turns: 0, ..StandIn::new(100) });
    let loader = RequestLoader::new(inner.clone());
    // The write is answered before anybody has to wait, which is when the queue is sent.
    let queued = loader.call(Operation::GetItem, get("t", 1));
    let busy = async {
        put(&loader).await;
        writes_seen(loader.call(Operation::GetItem, get("t", 1)).await)
    };
    let (queued, after) = run(loader.drive(join(queued, busy)));
    assert_eq!((writes_seen(queued).as_str(), after.as_str()), ("1", "1"));
    assert_eq!(inner.operations(), [Operation::PutItem, Operation::GetItem]);
}

#[test]
fn a_read_after_a_write_that_the_loader_does_not_see_is_a_read_of_its_own() {
    for (operation, read) in kinds() {
        let inner = Arc::new(StandIn::new(100));
        let loader = RequestLoader::new(inner.clone());
        let before = loader.call(operation, read.clone());
        let elsewhere_then_read = async {
            turns(1).await;
            *locked(&inner.writes) += 1;
            loader.forget_reads_under_way();
            writes_seen(loader.call(operation, read.clone()).await)
        };
        let (before, after) = run(loader.drive(join(before, elsewhere_then_read)));
        assert_eq!((writes_seen(before).as_str(), after.as_str()), ("0", "1"), "{operation:?}");
    }
}

#[test]
fn without_batching_every_read_is_a_call_of_its_own() {
    let inner = Arc::new(StandIn::new(100));
    let options = LoaderOptions { batches: false, ..LoaderOptions::default() };
    let loader = RequestLoader::with_options(Backends::new(inner.clone()), options);
    let reads = kinds().into_iter().chain(kinds());
    run(loader.drive(join_all(reads.map(|(operation, read)| loader.call(operation, read)))));
    assert_eq!(inner.operations().len(), 8);
    assert_eq!(loader.stats().coalesced, 0);
    assert_eq!(loader.explanation(), None);
}

#[test]
fn an_explanation_names_callers_keys_units_and_attempts_and_leaves_answers_alone() {
    let reads = |loader: &RequestLoader| {
        let requests = [get("a", 1), get("a", 2), get("a", 3), get("b", 1), get("a", 3)];
        let names = [Str::from("Query.one"), Str::from("Query.two")];
        let name = |index: usize| names[index % 2].clone();
        run(loader.drive(join_all(requests.into_iter().enumerate().map(|(index, read)| {
            let name = name(index);
            async move { loader.named(&name).call(Operation::GetItem, read).await }
        }))))
    };
    let explained = |explains| {
        let loader = RequestLoader::with_options(
            Backends::new(Arc::new(StandIn::new(2))),
            LoaderOptions { explains, ..LoaderOptions::default() },
        );
        (reads(&loader), loader.stats(), loader.explanation())
    };
    let (answers, stats, nothing) = explained(None);
    let (same_answers, same_stats, explanation) = explained(Some(Clock::fixed(0, 1)));
    assert_eq!((&answers, &stats, nothing), (&same_answers, &same_stats, None));
    let table = |name: &str, keys, items| TableUse {
        name: name.into(),
        keys: Some(keys),
        items: Some(items),
        scanned: None,
        capacity_units: Some(1.5),
    };
    let call = |tables, asked, resolvers: &[(&str, u32)], attempt| Call {
        kind: Operation::BatchGetItem.into(),
        target: Target::Tables { tables, index: None },
        asked,
        resolvers: resolvers.iter().map(|(name, times)| (Str::from(*name), *times)).collect(),
        attempt,
        error: None,
        duration_milliseconds: Some(0),
    };
    let expected = Explanation {
        asked: 5,
        coalesced: 3,
        calls: vec![
            call(vec![table("a", 3, 2), table("b", 1, 0)], 5, &[("Query.one", 3), ("Query.two", 2)], 1),
            call(vec![table("a", 1, 1), table("b", 1, 1)], 3, &[("Query.one", 2), ("Query.two", 1)], 2),
        ],
    };
    assert_eq!(explanation, Some(expected));
}

#[test]
fn an_explanation_tells_of_calls_that_were_given_up_and_of_those_that_failed() {
    let explained = LoaderOptions { explains: Some(Clock::fixed(0, 1)), ..LoaderOptions::default() };
    let loader = RequestLoader::with_options(Backends::new(Arc::new(StandIn::new(100))), explained);
    let name = Str::from("Query.one");
    let named = loader.named(&name);
    let reads =
        join(named.call(Operation::GetItem, get("a", 1)), named.call(Operation::Scan, object! { "TableName" => "b" }));
    assert!(loader.drive(reads).now_or_never().is_none());
    let explanation = loader.explanation().unwrap();
    assert_eq!((explanation.asked, explanation.calls.len()), (2, 2));
    for call in &explanation.calls {
        assert_eq!((call.duration_milliseconds, call.capacity_units(), call.asked), (None, None, 1));
        assert_eq!(call.resolvers, [("Query.one".into(), 1)]);
    }
    assert_eq!((explanation.read_units(), explanation.write_units()), (0.0, 0.0));

    let explained = LoaderOptions { explains: Some(Clock::fixed(0, 1)), ..LoaderOptions::default() };
    let loader = RequestLoader::with_options(Backends::new(Arc::new(Refusing)), explained);
    let error =
        run(loader.drive(loader.call(Operation::PutItem, object! { "TableName" => "a", "Item" => object! {} })));
    assert_eq!(error.unwrap_err().code, "AccessDeniedException");
    let call = loader.explanation().unwrap().calls.remove(0);
    assert_eq!((call.error.as_deref(), call.capacity_units()), (Some("AccessDeniedException"), None));
}

/// DynamoDB for a role that may do nothing.
struct Refusing;

impl DynamoDb for Refusing {
    fn call(&self, _: Operation, _: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        let code = "AccessDeniedException".into();
        Box::pin(async { Err(ServiceError { code, status: 400, ..ServiceError::default() }) })
    }
}

#[test]
fn where_batches_are_not_allowed_every_read_is_answered_for_itself() {
    let loader = RequestLoader::new(Arc::new(Refusing));
    let reads = (0..3).map(|id| loader.call(Operation::GetItem, get("a", id)));
    let answers = run(loader.drive(join_all(reads)));
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap_err().code == "AccessDeniedException"));
    assert_eq!(
        loader.stats(),
        Stats { calls: vec![(Operation::BatchGetItem.into(), 1), (Operation::GetItem.into(), 3)], coalesced: 0 }
    );
}
