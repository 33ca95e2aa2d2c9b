//! What a single case cannot show of versioned data sources: rivals, a delta table that fails, pages of a sync.

use std::sync::Mutex;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::backend::{DynamoDb, Operation, ServiceError, Unavailable};
use crate::datasource::dynamodb::DynamoDbSource;
use crate::datasource::dynamodb::tests::{NOON, World, versioning};
use crate::datasource::{DataSource, Invocation, Outcome};
use crate::value::{Value, object};

/// Changes the version of `things` 1 before the first `wins` conditional writes, as somebody faster would.
struct Rival {
    world: World,
    wins: Mutex<usize>,
}

impl DynamoDb for Rival {
    fn call(&self, operation: Operation, request: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        let mut wins = self.wins.lock().unwrap();
        if request.get("ConditionExpression").is_some() && *wins > 0 {
            *wins -= 1;
            let item = object! { "id" => "1", "_version" => 100 - *wins };
            self.world.seed("things", &vec![item].into());
        }
        drop(wins);
        self.world.call(operation, request)
    }
}

fn put_against_rival(wins: usize, handler: &str) -> (Outcome, Vec<String>) {
    let rival = Rival { world: World::new(), wins: Mutex::new(wins) };
    rival.world.seed("things", &vec![object! { "id" => "1", "_version" => 1 }].into());
    let attributes = object! { "a" => object! { "S" => "x" } };
    let key = object! { "id" => object! { "S" => "1" } };
    let request = object! { "operation" => "PutItem", "key" => key, "attributeValues" => attributes, "_version" => 1 };
    let call = Invocation {
        request: &request,
        has_request: true,
        has_response: true,
        dynamodb: &rival,
        lambda: &rival.world.functions,
        http: &Unavailable,
        event_bus: &Unavailable,
        ctx: &rival.world.ctx,
        output_type: "Thing",
        rights: &rival.world.rights,
        coordinate: "Mutation.x",
        token_key: &rival.world.token_key,
        clock: &rival.world.clock,
        shows_stored_item: false,
    };
    let source = DynamoDbSource::new("things").versioned(versioning(&object! { "versioned" => handler }));
    let outcome = source.invoke(call).now_or_never().unwrap().unwrap();
    (outcome, rival.world.items("things"))
}

#[test]
fn a_change_between_reading_and_writing_is_seen_as_a_conflict() {
    let (outcome, items) = put_against_rival(1, "OPTIMISTIC_CONCURRENCY");
    assert_eq!(outcome.error.unwrap().error_type, "ConflictUnhandled");
    assert_eq!(outcome.result, object! { "id" => "1", "_version" => 100 });
    assert_eq!(items, [r#"{"_version":100,"id":"1"}"#]);
}

#[test]
fn without_conflict_detection_a_change_in_between_is_tried_again_a_bounded_number_of_times() {
    let (outcome, _) = put_against_rival(4, "NONE");
    assert_eq!(outcome.error, None);
    assert_eq!(outcome.result.get("_version"), Some(&Value::from(101)));
    let (outcome, _) = put_against_rival(5, "NONE");
    assert_eq!(outcome.error.unwrap().error_type, "MaxConflicts");
}

#[test]
fn a_function_that_resolves_is_asked_again_when_others_were_faster() {
    let mut rival = Rival { world: World::new(), wins: Mutex::new(1) };
    let answer = object! { "action" => "RESOLVE", "item" => object! { "id" => "1", "a" => "resolved" } };
    rival.world.functions.answers.insert("resolve".into(), answer);
    rival.world.seed("things", &vec![object! { "id" => "1", "_version" => 3 }].into());
    let key = object! { "id" => object! { "S" => "1" } };
    let request = object! { "operation" => "PutItem", "key" => key, "_version" => 1 };
    let call = Invocation {
        request: &request,
        has_request: true,
        has_response: true,
        dynamodb: &rival,
        lambda: &rival.world.functions,
        http: &Unavailable,
        event_bus: &Unavailable,
        ctx: &rival.world.ctx,
        output_type: "Thing",
        rights: &rival.world.rights,
        coordinate: "Mutation.x",
        token_key: &rival.world.token_key,
        clock: &rival.world.clock,
        shows_stored_item: false,
    };
    let source = DynamoDbSource::new("things").versioned(versioning(&object! { "versioned" => "resolve" }));
    let outcome = source.invoke(call).now_or_never().unwrap().unwrap();
    assert_eq!((outcome.error, outcome.result.get("_version")), (None, Some(&Value::from(101))));
    let asked = rival.world.functions.asked.lock().unwrap();
    let versions: Vec<_> =
        asked.iter().map(|event| event.get("existingItem").unwrap().get("_version").cloned()).collect();
    assert_eq!(versions, [Some(Value::from(3)), Some(Value::from(100))]);
}

#[test]
fn a_tombstone_that_lives_for_no_time_is_only_in_the_delta_table() {
    let world = World::new();
    world.seed("things", &vec![object! { "id" => "1", "a" => "x", "_version" => 3 }].into());
    let mut versioning = versioning(&object! { "versioned" => "OPTIMISTIC_CONCURRENCY" }).unwrap();
    versioning.base_table_ttl = std::time::Duration::ZERO;
    let delete = |version: i64| {
        let key = object! { "id" => object! { "S" => "1" } };
        let request = object! { "operation" => "DeleteItem", "key" => key, "_version" => version };
        let source = DynamoDbSource::new("things").versioned(Some(versioning.clone()));
        world.invoke_source(source, "Mutation.x", &request).unwrap()
    };
    assert_eq!(delete(2).error.unwrap().error_type, "ConflictUnhandled");
    assert_eq!(world.items("things").len(), 1);
    let outcome = delete(3);
    let expected = object! { "id" => "1", "a" => "x", "_version" => 4, "_lastChangedAt" => NOON, "_deleted" => true };
    assert_eq!((outcome.error, outcome.result), (None, expected));
    assert!(world.items("things").is_empty());
    assert!(world.items("changes")[0].contains(r#""_deleted":true"#), "{:?}", world.items("changes"));
    assert_eq!(delete(4), Outcome::default());
}

#[test]
fn a_write_that_cannot_be_recorded_is_done_and_says_so() {
    let world = World::new();
    let mut versioning = versioning(&object! { "versioned" => "NONE" }).unwrap();
    versioning.delta_table_name = "nowhere".into();
    let source = DynamoDbSource::new("things").versioned(Some(versioning));
    let put = object! { "operation" => "PutItem", "key" => object! { "id" => object! { "S" => "1" } } };
    let outcome = world.invoke_source(source, "Mutation.x", &put).unwrap();
    assert_eq!(outcome.error.unwrap().error_type, "DeltaSyncWriteError");
    assert_eq!(world.items("things").len(), 1);
}

#[test]
fn following_tokens_of_sync_reads_each_change_once_over_days_and_keeps_started_at() {
    let world = World::new();
    let change = |day: &str, time: &str, id: &str| {
        let partition = format!("AppSync-delta-sync-pk:things:2026-03-{day}");
        object! { "ds_pk" => partition, "ds_sk" => format!("{time}:{id}:1"), "id" => id, "_version" => 1 }
    };
    let changes = vec![
        change("03", "10:00:00.000", "too old"),
        change("03", "20:00:00.000", "1"),
        change("03", "21:00:00.000", "2"),
        change("03", "22:00:00.000", "3"),
        change("04", "01:00:00.000", "4"),
        change("04", "02:00:00.000", "5"),
    ];
    world.seed("changes", &changes.into());
    let (mut token, mut seen) = (Value::Null, Vec::new());
    for page_number in 0.. {
        assert!(page_number < 10, "sync does not end");
        let request =
            object! { "operation" => "Sync", "lastSync" => NOON - 20 * 3_600_000, "limit" => 2, "nextToken" => token };
        let source = DynamoDbSource::new("things").versioned(versioning(&object! { "versioned" => "NONE" }));
        let page = world.invoke_source(source, "Query.sync", &request).unwrap().result;
        assert_eq!(page.get("startedAt"), Some(&Value::from(NOON)));
        let items = page.get("items").unwrap().as_list().unwrap();
        seen.extend(items.iter().map(|item| item.get("id").unwrap().as_str().unwrap().to_owned()));
        token = page.get("nextToken").unwrap().clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(seen, ["1", "2", "3", "4", "5"]);
}

#[test]
fn a_token_of_sync_works_only_for_the_partition_and_index_that_made_it() {
    let world = World::new();
    let order = |customer: &str, n: i32| object! { "customer" => customer, "order" => n.to_string() };
    world.seed("orders", &(0..3).flat_map(|n| [order("c", n), order("d", n)]).collect());
    let sync = |partition: &str, index: Value, token: Value| {
        let request = object! {
            "operation" => "Sync", "limit" => 1, "basePartitionKey" => partition, "deltaIndexName" => index, "nextToken" => token
        };
        let case = object! { "versioned" => "NONE", "table" => "orders" };
        world.invoke_source(DynamoDbSource::new("orders").versioned(versioning(&case)), "Query.sync", &request).unwrap()
    };
    let token = sync("c", Value::Null, Value::Null).result.get("nextToken").unwrap().clone();
    let next = sync("c", Value::Null, token.clone());
    assert_eq!(next.result.get("items"), Some(&vec![order("c", 1)].into()));
    for (partition, index) in [("d", Value::Null), ("c", "byDay".into())] {
        let error = sync(partition, index, token.clone()).error.unwrap();
        assert_eq!(error.error_type, "DynamoDB:UserIllegalArgumentException");
    }
}
