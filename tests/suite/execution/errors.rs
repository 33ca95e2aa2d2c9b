//! The two shapes of an error (spec appsync-service 4.2, 4.3), and which errors there are.

use serde_json::json;

use super::assert_answer;
use crate::harness::api::{fails, gives, messages, schema};

#[test]
fn a_resolvers_error_has_six_keys_in_appsyncs_order_and_repeats_two_for_other_clients() {
    let api = schema("type Query { a: Int b: Int }")
        .field("Query.a", fails("DynamoDB:ValidationException", "no such table"))
        .field("Query.b", gives(json!(2)));
    assert_answer(
        api.query("{\n  first: a\n  b\n}"),
        json!({
            "data": { "first": null, "b": 2 },
            "errors": [{
                "path": ["first"],
                "data": null,
                "errorType": "DynamoDB:ValidationException",
                "errorInfo": null,
                "locations": [{ "line": 2, "column": 3, "sourceName": null }],
                "message": "no such table",
                "extensions": { "errorType": "DynamoDB:ValidationException", "errorInfo": null },
            }],
        }),
    );
}

#[test]
fn the_engines_error_about_a_value_has_a_path_and_no_locations() {
    let api = schema("type Query { a: Int }").field("Query.a", gives(json!("twelve")));
    assert_answer(
        api.query("{ a }"),
        json!({
            "data": { "a": null },
            "errors": [{
                "path": ["a"],
                "locations": null,
                "message": "Can't serialize value (/a) : Expected type 'Int' but was 'String'.",
            }],
        }),
    );
}

#[test]
fn a_refused_document_has_locations_and_no_path() {
    let api = schema("type Query { a: Int }");
    assert_answer(
        api.query("{\n  a\n  b\n}"),
        json!({
            "data": null,
            "errors": [{
                "path": null,
                "locations": [{ "line": 3, "column": 3, "sourceName": null }],
                "message": "Validation error of type FieldUndefined: Field 'b' in type 'Query' is undefined @ 'b'",
            }],
        }),
    );
}

#[test]
fn a_document_is_refused_with_all_its_errors_and_nothing_runs() {
    let api = schema("type Query { a(x: Int!): Int }").field("Query.a", gives(json!(1)));
    let answer = api.query("{ a b ...F }");
    assert_eq!(answer["data"], json!(null));
    assert!(messages(&answer).len() >= 3, "{answer}");
}

#[test]
fn text_that_is_no_graphql_is_refused_with_its_place() {
    let api = schema("type Query { a: Int }");
    for document in ["", "   ", "{", "{ a", "{ a } }", "query { a(x: ) }", "{ a \u{0} }", "# nothing", "🦀"] {
        let answer = api.query(document);
        assert_eq!(answer["data"], json!(null), "{document:?}");
        assert_eq!(messages(&answer).len(), 1, "{document:?}: {answer}");
        assert!(messages(&answer)[0].starts_with("Invalid Syntax"), "{document:?}: {answer}");
    }
}

#[test]
fn errors_of_list_items_carry_their_index() {
    let api = schema("type Query { items: [Item] } type Item { n: Int }")
        .field("Query.items", gives(json!([{}, {}])))
        .field("Item.n", fails("Broken", "broken"));
    let answer = api.query("{ items { n } }");
    assert_eq!(answer["data"], json!({ "items": [{ "n": null }, { "n": null }] }));
    let paths: Vec<_> = answer["errors"].as_array().unwrap().iter().map(|error| error["path"].clone()).collect();
    assert_eq!(paths, [json!(["items", 0, "n"]), json!(["items", 1, "n"])]);
}

#[test]
fn a_scalar_where_a_list_belongs_and_an_object_where_a_list_belongs_are_null_and_an_error() {
    let api = schema("type Query { numbers: [Int] things: [Thing] } type Thing { id: Int }")
        .field("Query.numbers", gives(json!(5)))
        .field("Query.things", gives(json!({ "id": 1 })));
    let answer = api.query("{ numbers things { id } }");
    assert_eq!(answer["data"], json!({ "numbers": null, "things": null }));
    let mut messages = messages(&answer);
    messages.sort_unstable();
    assert_eq!(
        messages[0].split(", got").next(),
        Some("Can't resolve value (/numbers) : type mismatch error, expected type LIST")
    );
    assert_eq!(messages[1], "Can't resolve value (/things) : type mismatch error, expected type LIST, got OBJECT");
}

#[test]
fn a_mismatch_of_a_non_null_list_rises() {
    let api = schema("type Query { page: Page } type Page { items: [Int]! }")
        .field("Query.page", gives(json!({ "items": 5 })));
    assert_eq!(api.query("{ page { items } }")["data"], json!({ "page": null }));
}

#[test]
fn a_scalar_where_an_object_belongs_has_no_properties() {
    let api = schema("type Query { thing: Thing } type Thing { id: Int }").field("Query.thing", gives(json!(5)));
    assert_eq!(api.query("{ thing { id } }")["data"], json!({ "thing": { "id": null } }));
}

#[test]
fn errors_appear_in_the_order_in_which_fields_failed_and_each_once() {
    let api = schema("type Query { a: Int b: Int c: Int }")
        .field("Query.a", fails("A", "a"))
        .field("Query.b", fails("B", "b"))
        .field("Query.c", fails("C", "c"));
    assert_eq!(messages(&api.query("{ a b c }")), ["a", "b", "c"]);
}

#[test]
fn errors_are_absent_when_there_are_none() {
    let api = schema("type Query { a: Int }").field("Query.a", gives(json!(null)));
    assert_answer(api.query("{ a }"), json!({ "data": { "a": null } }));
}

#[test]
fn a_field_deeper_than_the_limit_is_null_and_says_so() {
    let api = schema("type Query { a: A } type A { a: A n: Int }")
        .field("Query.a", gives(json!({ "n": 1, "a": { "n": 2, "a": { "n": 3 } } })))
        .limits(|limits| limits.query_depth = 3);
    let answer = api.query("{ a { n a { n a { n } } } }");
    assert_eq!(answer["data"], json!({ "a": { "n": 1, "a": { "n": 2, "a": { "n": null } } } }));
    assert_eq!(answer["errors"][0]["errorType"], "QueryDepthLimitReached");
    assert_eq!(answer["errors"][0]["path"], json!(["a", "a", "a", "n"]));
}

#[test]
fn resolvers_beyond_the_limit_are_null_and_say_so() {
    let api = schema("type Query { items: [Item] } type Item { n: Int }")
        .field("Query.items", gives(json!([{}, {}, {}])))
        .field("Item.n", gives(json!(1)))
        .limits(|limits| limits.resolver_count = 3);
    let answer = api.query("{ items { n } }");
    assert_eq!(answer["data"], json!({ "items": [{ "n": 1 }, { "n": 1 }, { "n": null }] }));
    assert_eq!(answer["errors"][0]["errorType"], "ResolverExecutionLimitReached");
}

#[test]
fn an_answer_that_would_grow_beyond_all_bounds_is_stopped() {
    let api = schema("type Query { items: [Item] } type Item { n: Int }")
        .field("Query.items", gives(json!(vec![json!({ "n": 1 }); 100])))
        .limits(|limits| limits.response_fields = 50);
    let answer = api.query("{ items { a: n b: n } }");
    assert_eq!(messages(&answer), ["The answer has more than 50 fields; ask for fewer at once."]);
}
