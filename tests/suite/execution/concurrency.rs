//! Who waits for whom. Nothing here measures time: resolvers meet at a barrier, or note the order in which they ran.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::sync::Barrier;

use super::assert_answer;
use crate::harness::api::{Action, acts, gives, meets, schema};

/// What happened, in order.
type Events = Arc<Mutex<Vec<String>>>;

/// Notes its start and its end, with many chances in between for others to run.
fn notes(events: &Events, name: &'static str, value: Value) -> Action {
    let events = events.clone();
    acts(move || {
        let (events, value) = (events.clone(), value.clone());
        async move {
            events.lock().unwrap().push(format!("{name} starts"));
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            events.lock().unwrap().push(format!("{name} ends"));
            value
        }
    })
}

#[test]
fn sibling_fields_run_at_the_same_time() {
    let barrier = Arc::new(Barrier::new(3));
    let api = schema("type Query { a: Int b: Int c: Int }")
        .field("Query.a", meets(&barrier, json!(1)))
        .field("Query.b", meets(&barrier, json!(2)))
        .field("Query.c", meets(&barrier, json!(3)));
    assert_answer(api.query("{ a b c }"), json!({ "data": { "a": 1, "b": 2, "c": 3 } }));
}

#[test]
fn list_items_run_at_the_same_time() {
    let barrier = Arc::new(Barrier::new(3));
    let api = schema("type Query { items: [Item] } type Item { id: Int detail: Int }")
        .field("Query.items", gives(json!([{ "id": 1 }, { "id": 2 }, { "id": 3 }])))
        .field("Item.detail", meets(&barrier, json!(7)));
    let item = |id: i32| json!({ "id": id, "detail": 7 });
    assert_answer(api.query("{ items { id detail } }"), json!({ "data": { "items": [item(1), item(2), item(3)] } }));
}

#[test]
fn cousins_and_a_late_sibling_run_at_the_same_time() {
    let barrier = Arc::new(Barrier::new(3));
    let api = schema("type Query { left: Side right: Side slow: Int } type Side { deep: Int }")
        .field("Query.left", gives(json!({})))
        .field("Query.right", gives(json!({})))
        .field("Side.deep", meets(&barrier, json!(1)))
        .field("Query.slow", meets(&barrier, json!(2)));
    assert_answer(
        api.query("{ left { deep } right { deep } slow }"),
        json!({ "data": { "left": { "deep": 1 }, "right": { "deep": 1 }, "slow": 2 } }),
    );
}

#[test]
fn fields_of_a_mutations_result_run_at_the_same_time() {
    let barrier = Arc::new(Barrier::new(2));
    let api = schema("type Query { a: Int } type Mutation { save: Saved } type Saved { a: Int b: Int }")
        .field("Mutation.save", gives(json!({})))
        .field("Saved.a", meets(&barrier, json!(1)))
        .field("Saved.b", meets(&barrier, json!(2)));
    assert_answer(api.query("mutation { save { a b } }"), json!({ "data": { "save": { "a": 1, "b": 2 } } }));
}

#[test]
fn a_mutations_root_fields_run_one_after_the_other_each_to_its_end() {
    let events = Events::default();
    let api = schema("type Query { a: Int } type Mutation { first: Saved second: Saved } type Saved { child: Int }")
        .field("Mutation.first", notes(&events, "first", json!({})))
        .field("Mutation.second", notes(&events, "second", json!({})))
        .field("Saved.child", notes(&events, "child", json!(1)));
    assert_answer(
        api.query("mutation { first { child } again: first { child } second { child } }"),
        json!({ "data": { "first": { "child": 1 }, "again": { "child": 1 }, "second": { "child": 1 } } }),
    );
    let root =
        |name: &str| vec![format!("{name} starts"), format!("{name} ends"), "child starts".into(), "child ends".into()];
    assert_eq!(*events.lock().unwrap(), [root("first"), root("first"), root("second")].concat());
}

#[test]
fn a_failed_mutation_does_not_stop_the_next_one() {
    let events = Events::default();
    let api = schema("type Query { a: Int } type Mutation { first: Int! second: Int }")
        .field("Mutation.first", notes(&events, "first", json!(null)))
        .field("Mutation.second", notes(&events, "second", json!(2)));
    let answer = api.query("mutation { first second }");
    assert_eq!(answer["data"], json!(null));
    assert_eq!(*events.lock().unwrap(), ["first starts", "first ends", "second starts", "second ends"]);
}

#[test]
fn an_operation_that_takes_too_long_answers_what_is_finished() {
    let api = schema("type Query { quick: Int slow: Int strict: Strict } type Strict { slow: Int! }")
        .field("Query.quick", gives(json!(1)))
        .field("Query.slow", acts(std::future::pending))
        .field("Query.strict", gives(json!({})))
        .field("Strict.slow", acts(std::future::pending));
    let deadline = std::time::Duration::from_millis(50);
    let answer = crate::harness::run(api.execute("{ quick slow strict { slow } }", None, Value::Null, Some(deadline)));
    assert_eq!(answer["data"], json!({ "quick": 1, "slow": null, "strict": null }));
    assert_eq!(answer["errors"][0]["errorType"], "ExecutionTimeout");
    assert_eq!(answer["errors"][0]["path"], json!(["slow"]));
}

#[test]
fn a_mutation_that_is_out_of_time_begins_no_further_write() {
    let events = Events::default();
    let api = schema("type Query { a: Int } type Mutation { first: Int slow: Int second: Int third: Int! }")
        .field("Mutation.first", notes(&events, "first", json!(1)))
        .field("Mutation.slow", acts(std::future::pending))
        .field("Mutation.second", notes(&events, "second", json!(2)))
        .field("Mutation.third", notes(&events, "third", json!(3)));
    let deadline = std::time::Duration::from_millis(50);
    let ask = |document: &str| crate::harness::run(api.execute(document, None, Value::Null, Some(deadline)));
    let answer = ask("mutation { first slow second }");
    assert_eq!(answer["data"], json!({ "first": 1, "slow": null, "second": null }));
    let errors: Vec<_> = answer["errors"].as_array().unwrap().iter().map(|error| &error["path"][0]).collect();
    assert_eq!(errors, ["slow", "second"]);
    assert_eq!(answer["errors"][1]["errorType"], "ExecutionTimeout");
    assert_eq!(ask("mutation { slow third }")["data"], json!(null));
    assert_eq!(*events.lock().unwrap(), ["first starts", "first ends"]);
}
