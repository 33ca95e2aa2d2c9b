//! Reads of one operation become as few DynamoDB calls as can be, and nobody can tell from the answers.

use std::collections::BTreeMap;

use serde_json::json;
use syncline::backend::files::read_project;

use crate::harness::project::folder;
use crate::harness::{Project, Step};

mod elsewhere;
mod restless;
mod trees;

#[test]
fn fifty_orders_with_their_products_are_one_query_and_one_batch() {
    let outcome = Project::named("batching").query("{ orders { id product { id name } } }");
    let orders = outcome.answer["data"]["orders"].as_array().unwrap();
    assert_eq!(orders.len(), 50);
    assert!(orders.iter().all(|order| order["product"]["name"].is_string()), "{}", outcome.answer);
    assert_eq!(outcome.call_counts(), "Query 1, BatchGetItem 1");
    assert_eq!(outcome.report.resolver_count, 51);
}

#[test]
fn two_levels_of_reads_are_two_batches() {
    let outcome = Project::named("batching").query("{ orders { product { maker { name } } } }");
    assert_eq!(outcome.call_counts(), "Query 1, BatchGetItem 2");
}

#[test]
fn fifty_orders_of_one_product_are_one_read() {
    let outcome = Project::named("batching").query("{ orders { first { name } } }");
    assert_eq!(outcome.call_counts(), "Query 1, GetItem 1");
}

#[test]
fn identical_queries_of_one_operation_are_one_call() {
    let outcome = Project::named("batching").query("{ a: orders { id } b: orders { id } }");
    assert_eq!(outcome.answer["data"]["a"], outcome.answer["data"]["b"]);
    assert_eq!(outcome.call_counts(), "Query 1");
}

#[test]
fn reads_of_several_root_fields_share_a_batch_and_a_missing_item_is_null() {
    let outcome = Project::named("batching")
        .query("{ a: product(id: \"p-01\") { id } b: product(id: \"none\") { id } c: product(id: \"p-03\") { id } }");
    assert_eq!(outcome.answer, json!({ "data": { "a": { "id": "p-01" }, "b": null, "c": { "id": "p-03" } } }));
    assert_eq!(outcome.call_counts(), "BatchGetItem 1");
}

#[test]
fn the_steps_of_a_mutation_share_nothing() {
    let outcome = Project::named("batching").query(
        "mutation { first: rename(id: \"p-01\", name: \"one\") { name again { name } } \
                    second: rename(id: \"p-01\", name: \"two\") { name again { name } } }",
    );
    let step = |name: &str| json!({ "name": name, "again": { "name": name } });
    assert_eq!(outcome.answer, json!({ "data": { "first": step("one"), "second": step("two") } }));
    assert_eq!(outcome.call_counts(), "UpdateItem 2, GetItem 2");
}

#[test]
fn batched_answers_equal_those_of_one_read_at_a_time() {
    let project = Project::named("batching");
    let together = project.query("{ orders { productId product { id name price maker { name } } } }").answer;
    for order in together["data"]["orders"].as_array().unwrap() {
        let id = order["productId"].as_str().unwrap();
        let alone = project.query(&format!("{{ product(id: \"{id}\") {{ id name price maker {{ name }} }} }}"));
        assert_eq!(alone.answer["data"]["product"], order["product"]);
        assert_eq!(alone.call_counts(), "GetItem 2");
    }
}

#[test]
fn fifty_orders_of_the_shop_with_everything_nested_need_two_reads_besides_their_queries() {
    let outcome = Project::named("shop").query(
        "{ user(id: \"u-ada\") { orders(limit: 50) { items { customer { name } lines { product { name } } } } } }",
    );
    assert_eq!(outcome.answer["data"]["user"]["orders"]["items"].as_array().map(Vec::len), Some(50));
    // The user, the orders and the lines of each; then the customers, who are all one, and every product at once.
    assert_eq!(outcome.call_counts(), "GetItem 2, Query 51, BatchGetItem 1");
}

#[test]
fn in_production_the_header_that_asks_for_an_explanation_is_a_header_like_any_other() {
    let step = Step {
        document: "{ product(id: \"p-01\") { name } }".to_owned(),
        headers: vec![("x-syncline-explain".to_owned(), "true".to_owned())],
        ..Step::default()
    };
    let files = read_project(&folder("batching"), BTreeMap::new()).unwrap();
    for shows_internals in [true, false] {
        let outcome = Project::start(&files, shows_internals).unwrap().run(&step);
        assert_eq!(outcome.answer["extensions"].is_object(), shows_internals);
        assert_eq!(outcome.answer["data"], json!({ "product": { "name": "Product 1" } }));
        let asks_for_capacity = outcome.calls[0].request.get("ReturnConsumedCapacity").is_some();
        assert_eq!(asks_for_capacity, shows_internals, "{}", outcome.calls[0].request);
    }
    let headers = Step { document: "{ headers }".to_owned(), ..step };
    let files = read_project(&folder("layout"), BTreeMap::new()).unwrap();
    let seen = |shows_internals| Project::start(&files, shows_internals).unwrap().run(&headers).answer["data"].clone();
    assert_eq!(seen(true), json!({ "headers": "{}" }), "resolvers see what they see without it");
    assert_eq!(seen(false), json!({ "headers": r#"{"x-syncline-explain":"true"}"# }));
}
