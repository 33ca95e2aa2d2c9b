//! An answer that would grow beyond its bounds ends where it reaches them, and an operation when its time is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::api::{acts, gives, messages, schema};

const SDL: &str =
    "type Query { item: Item } type Item { numbers: [Int] text: String misfits: [Int] self: Item must: String! }";

#[test]
fn items_of_a_list_count_as_fields_do() {
    let api = schema(SDL)
        .field("Query.item", gives(json!({ "numbers": vec![1; 20] })))
        .limits(|limits| limits.response_fields = 50);
    assert_eq!(api.query("{ item { a: numbers b: numbers } }").get("errors"), None);
    let answer = api.query("{ item { a: numbers b: numbers c: numbers } }");
    assert_eq!(messages(&answer), ["The answer has more than 50 fields; ask for fewer at once."]);
    assert_eq!(answer["data"], json!({ "item": null }));
}

#[test]
fn a_text_costs_its_bytes_under_every_alias() {
    let api = schema(SDL)
        .field("Query.item", gives(json!({ "text": "x".repeat(1_000_000) })))
        .limits(|limits| limits.response_bytes = 4 * 1024 * 1024);
    assert_eq!(api.query("{ item { a: text b: text } }").get("errors"), None);
    let answer = api.query("{ item { a: text b: text c: text d: text e: text } }");
    assert_eq!(messages(&answer), ["The answer is larger than 4 MB; ask for less at once."]);
}

#[test]
fn names_and_the_paths_of_errors_count_too() {
    let api = schema(SDL)
        .field("Query.item", gives(json!({ "misfits": vec!["no number"; 100], "self": {} })))
        .limits(|limits| limits.response_bytes = 1024 * 1024);
    let long = "x".repeat(50_000);
    let answer = api.query(&format!("{{ item {{ {long}: misfits }} }}"));
    let all = messages(&answer);
    assert_eq!(all.last(), Some(&"The answer is larger than 1 MB; ask for less at once."));
    assert!(all.len() < 25, "{} errors", all.len());
    assert_eq!(api.query(&format!("{{ item {{ {long}: text }} }}")).get("errors"), None);
}

/// The error about the size is the last one, however many more there would be.
#[test]
fn errors_that_are_too_many_end_with_one_that_says_so() {
    let api = schema(SDL)
        .field("Query.item", gives(json!({ "misfits": vec!["no number"; 10_000] })))
        .limits(|limits| limits.response_bytes = 100 * 1024);
    let answer = api.query("{ item { misfits } }");
    let all = messages(&answer);
    assert!((100..1_000).contains(&all.len()), "{} errors", all.len());
    assert!(all.iter().filter(|message| message.starts_with("The answer is larger")).count() == 1, "{:?}", all.last());
    assert_eq!(answer["data"], json!({ "item": null }));
}

/// Resolvers that compute and never wait do not let a timer have its turn.
#[test]
fn resolvers_that_never_wait_end_with_the_operation_too() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = runs.clone();
    let api = schema("type Query { slow: Int }").field(
        "Query.slow",
        acts(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            async {
                std::thread::sleep(Duration::from_millis(10));
                json!(1)
            }
        }),
    );
    let fields: String = (0..1_000).map(|index| format!("a{index}: slow ")).collect();
    let deadline = Duration::from_millis(50);
    let document = format!("{{ {fields} }}");
    let answer = crate::harness::run(api.execute(&document, None, Value::Null, Some(deadline)));
    let runs = runs.load(Ordering::Relaxed);
    assert!(runs < 1_000, "{runs} resolvers were run");
    let expired = messages(&answer).iter().filter(|message| **message == "Execution timed out.").count();
    assert!(expired > 0 && expired + runs >= 1_000, "{expired} expired, {runs} were run");
}

#[test]
fn introspection_that_multiplies_is_refused_and_the_usual_one_answered() {
    let api = schema(SDL).limits(|limits| limits.response_fields = 2_000);
    let usual = "{ __schema { types { name fields { name type { kind name ofType { name } } } } } }";
    assert_eq!(api.query(usual).get("errors"), None);
    let inner = "fields { type { ".repeat(5) + "a: fields { name } b: fields { name }" + &" } }".repeat(5);
    let inner = (0..60).map(|index| format!("f{index}: fields {{ type {{ {inner} }} }} ")).collect::<String>();
    for document in [
        format!("{{ __schema {{ types {{ {inner} }} }} }}"),
        format!("query ($name: String = \"Item\") {{ __type(name: $name) {{ {inner} }} }}"),
        format!("{{ __type(name: \"Item\") {{ ...F }} }} fragment F on __Type {{ {inner} }}"),
    ] {
        let answer = api.query(&document);
        assert_eq!(
            messages(&answer),
            ["The answer about the schema would be too large; ask for less at once."],
            "{document}"
        );
    }
}
