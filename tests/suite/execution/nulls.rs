//! Null propagation: <https://spec.graphql.org/October2021/#sec-Handling-Field-Errors>, with AppSync's messages.

use serde_json::{Value, json};

use super::assert_answer;
use crate::harness::api::{fails, gives, schema};

/// The engine's error for a null that may not be.
fn null_error(path: Value, type_name: &str, parent: &str, place: &str) -> Value {
    let message = format!("Cannot return null for non-nullable type: '{type_name}' within parent '{parent}' ({place})");
    json!({ "path": path, "locations": null, "message": message })
}

#[test]
fn null_from_a_non_null_field_rises_to_the_nearest_nullable_parent() {
    let api = schema("type Query { user: User other: Int } type User { name: String! age: Int }")
        .field("Query.user", gives(json!({ "age": 36 })))
        .field("Query.other", gives(json!(1)));
    assert_answer(
        api.query("{ user { age name } other }"),
        json!({
            "data": { "user": null, "other": 1 },
            "errors": [null_error(json!(["user", "name"]), "String", "User", "/user/name")],
        }),
    );
}

#[test]
fn null_rises_through_every_non_null_parent() {
    let api = schema("type Query { a: A } type A { b: B! } type B { c: C! } type C { d: Int! }")
        .field("Query.a", gives(json!({ "b": { "c": { "d": null } } })));
    assert_answer(
        api.query("{ a { b { c { d } } } }"),
        json!({ "data": { "a": null }, "errors": [null_error(json!(["a", "b", "c", "d"]), "Int", "C", "/a/b/c/d")] }),
    );
}

#[test]
fn null_that_rises_to_the_root_leaves_no_data() {
    let api = schema("type Query { a: Int! b: Int }").field("Query.b", gives(json!(1)));
    assert_answer(
        api.query("{ a b }"),
        json!({ "data": null, "errors": [null_error(json!(["a"]), "Int", "Query", "/a")] }),
    );
}

#[test]
fn a_null_item_stays_where_items_are_nullable() {
    let api = schema("type Query { items: [Item] } type Item { id: Int! }")
        .field("Query.items", gives(json!([{ "id": 1 }, { "id": null }, null, { "id": 4 }])));
    assert_answer(
        api.query("{ items { id } }"),
        json!({
            "data": { "items": [{ "id": 1 }, null, null, { "id": 4 }] },
            "errors": [null_error(json!(["items", 1, "id"]), "Int", "Item", "/items[1]/id")],
        }),
    );
}

#[test]
fn a_null_item_takes_the_list_with_it_where_items_are_not_nullable() {
    let api = schema("type Query { items: [Item!] } type Item { id: Int }")
        .field("Query.items", gives(json!([{ "id": 1 }, null])));
    assert_answer(
        api.query("{ items { id } }"),
        json!({ "data": { "items": null }, "errors": [null_error(json!(["items", 1]), "Item", "Query", "/items[1]")] }),
    );
}

#[test]
fn a_null_in_a_list_of_lists_takes_only_the_inner_list() {
    let api = schema("type Query { grid: [[Int!]] }").field("Query.grid", gives(json!([[1, 2], [3, null], [5]])));
    assert_answer(
        api.query("{ grid }"),
        json!({
            "data": { "grid": [[1, 2], null, [5]] },
            "errors": [null_error(json!(["grid", 1, 1]), "Int", "Query", "/grid[1][1]")],
        }),
    );
}

#[test]
fn every_failing_place_is_reported() {
    let api = schema("type Query { user: User } type User { name: String! mail: String! }")
        .field("Query.user", gives(json!({})));
    assert_answer(
        api.query("{ user { name mail } }"),
        json!({
            "data": { "user": null },
            "errors": [
                null_error(json!(["user", "name"]), "String", "User", "/user/name"),
                null_error(json!(["user", "mail"]), "String", "User", "/user/mail"),
            ],
        }),
    );
}

#[test]
fn a_failing_resolver_of_a_non_null_field_takes_its_parent_with_it() {
    let api = schema("type Query { user: User } type User { id: Int orders: [Int]! }")
        .field("Query.user", gives(json!({ "id": 1 })))
        .field("User.orders", fails("Broken", "no orders today"));
    let answer = api.query("{ user { id orders } }");
    assert_eq!(answer["data"], json!({ "user": null }));
    assert_eq!(answer["errors"][0]["message"], "no orders today");
    assert_eq!(answer["errors"][0]["path"], json!(["user", "orders"]));
}

#[test]
fn a_violation_in_one_item_leaves_the_others_and_their_resolvers_alone() {
    let api = schema("type Query { items: [Item] } type Item { id: Int! detail: Int! }")
        .field("Query.items", gives(json!([{ "id": null }, { "id": 2 }])))
        .field("Item.detail", gives(json!(7)));
    let answer = api.query("{ items { id detail } }");
    assert_eq!(answer["data"], json!({ "items": [null, { "id": 2, "detail": 7 }] }));
}

#[test]
fn messages_name_fields_by_their_alias() {
    let api = schema("type Query { user: User } type User { name: String! }").field("Query.user", gives(json!({})));
    assert_answer(
        api.query("{ me: user { called: name } }"),
        json!({
            "data": { "me": null },
            "errors": [null_error(json!(["me", "called"]), "String", "User", "/me/called")],
        }),
    );
}

#[test]
fn an_empty_list_is_not_null() {
    let api = schema("type Query { items: [Int!]! }").field("Query.items", gives(json!([])));
    assert_answer(api.query("{ items }"), json!({ "data": { "items": [] } }));
}
