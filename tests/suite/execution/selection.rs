//! Which fields an operation asks for: merging, aliases, fragments, `@skip` and `@include`, and which operation it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::assert_answer;
use crate::harness::api::{Action, acts, gives, messages, schema};

/// Answers with `value` and counts how often it was asked.
fn counts(counter: &Arc<AtomicUsize>, value: Value) -> Action {
    let counter = counter.clone();
    acts(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        std::future::ready(value.clone())
    })
}

#[test]
fn fields_with_one_response_key_are_merged_and_run_once() {
    let runs = Arc::new(AtomicUsize::new(0));
    let api = schema("type Query { user: User } type User { id: Int name: String mail: String }")
        .field("Query.user", counts(&runs, json!({ "id": 1, "name": "Ada", "mail": "a@example.com" })));
    assert_answer(
        api.query("{ user { id } ... { user { name } } ...More } fragment More on Query { user { id mail } }"),
        json!({ "data": { "user": { "id": 1, "name": "Ada", "mail": "a@example.com" } } }),
    );
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

#[test]
fn a_merged_mutation_runs_once() {
    let runs = Arc::new(AtomicUsize::new(0));
    let api = schema("type Query { a: Int } type Mutation { pay(n: Int): Paid } type Paid { id: Int sum: Int }")
        .field("Mutation.pay", counts(&runs, json!({ "id": 1, "sum": 5 })));
    assert_answer(
        api.query("mutation { pay(n: 5) { id } pay(n: 5) { sum } }"),
        json!({ "data": { "pay": { "id": 1, "sum": 5 } } }),
    );
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

#[test]
fn one_field_under_two_aliases_runs_twice() {
    let runs = Arc::new(AtomicUsize::new(0));
    let api = schema("type Query { a: Int }").field("Query.a", counts(&runs, json!(1)));
    assert_answer(api.query("{ x: a y: a }"), json!({ "data": { "x": 1, "y": 1 } }));
    assert_eq!(runs.load(Ordering::Relaxed), 2);
}

#[test]
fn keys_come_in_the_order_in_which_the_document_first_names_them() {
    let api = schema("type Query { a: Int b: Int c: Int }");
    let answer = api.query("{ c ...F a } fragment F on Query { b a }");
    assert_answer(answer, json!({ "data": { "c": null, "b": null, "a": null } }));
}

#[test]
fn different_fields_under_one_key_are_refused() {
    let api = schema("type Query { a: Int b: Int }");
    assert_eq!(
        messages(&api.query("{ x: a x: b }")),
        ["Validation error of type FieldsConflict: x: a and b are different fields"]
    );
}

const ANIMALS: &str = "type Query { pets: [Pet] any: [Any] }
    interface Pet { name: String }
    type Dog implements Pet { name: String barks: Boolean }
    type Cat implements Pet { name: String lives: Int }
    union Any = Dog | Cat";

fn animals() -> Value {
    json!([{ "__typename": "Dog", "name": "Rex", "barks": true }, { "__typename": "Cat", "name": "Tom", "lives": 9 }])
}

#[test]
fn fragments_choose_by_the_concrete_type_of_an_interface_or_union() {
    let api = schema(ANIMALS).field("Query.pets", gives(animals())).field("Query.any", gives(animals()));
    assert_answer(
        api.query(
            "{ pets { name ... on Dog { barks } ...C } any { __typename ... on Pet { name } ...C } }
             fragment C on Cat { lives }",
        ),
        json!({ "data": {
            "pets": [{ "name": "Rex", "barks": true }, { "name": "Tom", "lives": 9 }],
            "any": [{ "__typename": "Dog", "name": "Rex" }, { "__typename": "Cat", "name": "Tom", "lives": 9 }],
        } }),
    );
}

#[test]
fn a_fragment_that_fits_no_type_gives_an_empty_object() {
    let api = schema(ANIMALS).field("Query.any", gives(animals()));
    assert_answer(api.query("{ any { ... on Cat { lives } } }"), json!({ "data": { "any": [{}, { "lives": 9 }] } }));
}

#[test]
fn resolvers_of_a_concrete_type_run_for_its_objects_only() {
    let runs = Arc::new(AtomicUsize::new(0));
    let api = schema(ANIMALS)
        .field("Query.pets", gives(animals()))
        .field("Cat.name", counts(&runs, json!("from the resolver")));
    assert_answer(
        api.query("{ pets { name } }"),
        json!({ "data": { "pets": [{ "name": "Rex" }, { "name": "from the resolver" }] } }),
    );
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

#[test]
fn an_object_without_or_with_an_unknown_type_name_is_null_and_an_error() {
    let api = schema(ANIMALS)
        .field("Query.any", gives(json!([{ "lives": 9 }, { "__typename": "Cow" }, { "__typename": "Cat" }])));
    let answer = api.query("{ any { __typename } }");
    assert_eq!(answer["data"], json!({ "any": [null, null, { "__typename": "Cat" }] }));
    assert_eq!(
        messages(&answer)[0],
        "Can't resolve '/any[0]'. Abstract type 'Any' must resolve to an Object type at runtime for field 'Query.any'. \
         Could not determine the exact type of 'Any'"
    );
    assert_eq!(messages(&answer).len(), 2);
}

#[test]
fn type_name_is_answered_on_every_level_and_under_an_alias() {
    let api = schema("type Query { user: User } type User { id: Int }").field("Query.user", gives(json!({ "id": 1 })));
    assert_answer(
        api.query("{ __typename user { kind: __typename } }"),
        json!({ "data": { "__typename": "Query", "user": { "kind": "User" } } }),
    );
}

#[test]
fn skip_and_include_follow_their_variables_each_time() {
    let runs = Arc::new(AtomicUsize::new(0));
    let api = schema("type Query { a: Int b: Int }").field("Query.a", counts(&runs, json!(1)));
    let document =
        "query ($skip: Boolean! $include: Boolean = false) { a @skip(if: $skip) ... @include(if: $include) { b } }";
    for (variables, data) in [
        (json!({ "skip": true }), json!({})),
        (json!({ "skip": false }), json!({ "a": 1 })),
        (json!({ "skip": true, "include": true }), json!({ "b": null })),
        (json!({ "skip": false, "include": true }), json!({ "a": 1, "b": null })),
        (json!({ "skip": true }), json!({})),
    ] {
        assert_answer(api.query_with(document, variables), json!({ "data": data }));
    }
    assert_eq!(runs.load(Ordering::Relaxed), 2, "a skipped field is not run");
}

#[test]
fn a_field_is_left_out_when_skip_says_so_or_include_does_not() {
    let api = schema("type Query { a: Int }");
    for (directives, is_there) in [
        ("@skip(if: true) @include(if: true)", false),
        ("@skip(if: false) @include(if: false)", false),
        ("@skip(if: false) @include(if: true)", true),
    ] {
        let data = if is_there { json!({ "a": null }) } else { json!({}) };
        assert_answer(api.query(&format!("{{ a {directives} }}")), json!({ "data": data }));
    }
}

#[test]
fn the_named_operation_runs() {
    let runs = Arc::new(AtomicUsize::new(0));
    let api = schema("type Query { a: Int } type Mutation { b: Int }").field("Mutation.b", counts(&runs, json!(2)));
    let document = "query A { a } mutation B { b }";
    assert_answer(api.query_named(document, "A"), json!({ "data": { "a": null } }));
    assert_eq!(runs.load(Ordering::Relaxed), 0);
    assert_answer(api.query_named(document, "B"), json!({ "data": { "b": 2 } }));
    assert_eq!(api.query_named(document, "C"), "unknown operation name");
    assert_eq!(api.query(document), "missing operation name");
}

#[test]
fn a_document_of_one_operation_needs_no_name() {
    let api = schema("type Query { a: Int }");
    assert_answer(api.query("query A { a }"), json!({ "data": { "a": null } }));
}

#[test]
fn a_field_without_a_resolver_reads_its_parents_property_and_a_root_field_is_null() {
    let api = schema("type Query { user: User nothing: Int } type User { id: Int }")
        .field("Query.user", gives(json!({ "id": 1, "secret": "kept" })));
    assert_answer(api.query("{ user { id } nothing }"), json!({ "data": { "user": { "id": 1 }, "nothing": null } }));
}

#[test]
fn subscriptions_are_refused_over_request_and_response() {
    let api = schema(
        "type Query { a: Int } type Mutation { b: Int } type Subscription { c: Int @aws_subscribe(mutations: [\"b\"]) }",
    );
    let answer = api.query("subscription { c }");
    assert_eq!(answer["data"], json!(null));
    assert_eq!(messages(&answer).len(), 1);
}

#[test]
fn introspection_and_data_share_one_answer() {
    let api = schema("type Query { a: Int }").field("Query.a", gives(json!(1)));
    assert_answer(
        api.query(
            "{ a t: __type(name: \"Query\") { name fields { name type { name } } } __schema { queryType { name } } }",
        ),
        json!({ "data": {
            "a": 1,
            "t": { "name": "Query", "fields": [{ "name": "a", "type": { "name": "Int" } }] },
            "__schema": { "queryType": { "name": "Query" } },
        } }),
    );
}

#[test]
fn exponentially_many_fragments_are_answered_in_time() {
    let mut document = String::from("{ a { ...F0 } }");
    for level in 0..40 {
        document.push_str(&format!(" fragment F{level} on A {{ x: a {{ ...F{0} }} y: a {{ ...F{0} }} }}", level + 1));
    }
    document.push_str(" fragment F40 on A { n }");
    let api =
        schema("type Query { a: A } type A { a: A n: Int }").field("Query.a", gives(json!({ "a": { "a": null } })));
    let x = json!({ "x": null, "y": null });
    assert_answer(api.query(&document), json!({ "data": { "a": { "x": x, "y": x } } }));
}
