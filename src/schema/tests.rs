use super::*;
use crate::error::SourceFile;
use crate::limits::Limits;

fn schema(sdl: &str) -> Schema {
    match parse_schema(&[SourceFile::new("schema.graphql", sdl)], &Limits::default()) {
        Ok(parsed) => parsed.schema,
        Err(problems) => panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

fn problems(sdl: &str) -> String {
    match parse_schema(&[SourceFile::new("schema.graphql", sdl)], &Limits::default()) {
        Ok(_) => String::from("no problem"),
        Err(problems) => problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
    }
}

#[test]
fn aws_scalars_and_directives_may_be_used_and_declared_again() {
    let schema = schema(
        "scalar AWSDate directive @aws_api_key on OBJECT\n\
         directive @aws_auth(cognito_groups: [String!]!) on FIELD_DEFINITION\n\
         type Query @aws_api_key { day: AWSDate at: AWSDateTime @aws_auth(cognito_groups: [\"A\"]) }",
    );
    assert!(schema.types.contains_key("AWSDate"));
}

#[test]
fn files_are_merged_and_extensions_apply_across_them() {
    let files = [
        SourceFile::new("schema/users.graphql", "extend type Query { user: User } type User { id: ID! }"),
        SourceFile::new(
            "schema/orders.graphql",
            "extend type Query { order: Order } type Order { id: ID! } extend type User { orders: [Order!] }",
        ),
    ];
    let Ok(Parsed { schema, .. }) = parse_schema(&files, &Limits::default()) else { panic!("extensions are adopted") };
    let fields =
        |name: &str| schema.types[name].fields().unwrap().keys().map(|key| key.to_string()).collect::<Vec<_>>();
    assert_eq!(fields("Query"), ["user", "order"]);
    assert_eq!(fields("User"), ["id", "orders"]);
}

#[test]
fn every_problem_is_reported_at_once_with_a_suggestion() {
    let text = problems(
        "type Query {\n  user: Usr\n  a: Int @aws_nope\n  a: String\n}\ntype User { id: ID! }\nscalar AWSDat\n",
    );
    assert!(text.contains("custom scalar `AWSDat`") && text.contains("did you mean `AWSDate`?"), "{text}");
    assert!(text.contains("schema.graphql:2:9") && text.contains("did you mean `User`?"), "{text}");
    assert!(text.contains("aws_nope"), "{text}");
}

#[test]
fn lists_of_interfaces_may_be_written_in_all_three_historic_forms() {
    for list in ["A & B", "A, B", "A B"] {
        let schema = schema(&format!(
            "interface A {{ a: Int }} interface B {{ b: Int }} type T implements {list} {{ a: Int b: Int }} type Query {{ t: T }}"
        ));
        let TypeDefinition::Object(object) = &schema.types["T"] else { panic!("T is an object") };
        assert_eq!(object.interfaces, ["A", "B"], "{list}");
    }
}

#[test]
fn a_comment_directly_above_becomes_the_description() {
    let schema = schema("# only cat\ntype Query {\n  # how many\n  n: Int\n\n  # far away\n\n  m: Int\n}\n");
    let query = r#"{ __type(name: "Query") { description fields { name description } } }"#;
    let answer = schema.introspection.answer(query, None, &Value::empty_object(), &Limits::default()).unwrap();
    assert_eq!(
        answer.to_string(),
        r#"{"__type":{"description":" only cat","fields":[{"name":"n","description":" how many"},{"name":"m","description":null}]}}"#
    );
}

#[test]
fn defaults_are_coerced_once_nested_ones_included() {
    let schema = schema(
        "enum Order { ASC DESC } input Page { size: Int = 20 order: Order = ASC tags: [String!] = \"x\" }\n\
         type Query { items(page: Page = { size: 5 }): Int }",
    );
    let field = &schema.types["Query"].fields().unwrap()["items"];
    assert_eq!(
        field.arguments["page"].default_value.as_ref().unwrap().to_string(),
        r#"{"size":5,"order":"ASC","tags":["x"]}"#
    );
}

#[test]
fn a_default_that_is_no_value_of_its_type_or_goes_in_circles_is_refused() {
    assert!(
        problems("type Query { f(d: AWSDate = \"never\"): Int }")
            .contains("the default of `Query.f(d:)` is not a value of its type")
    );
    assert!(problems("input A { a: A = {} } type Query { f(a: A): Int }").contains("`A.a`"));
}

#[test]
fn an_interface_that_implements_an_interface_works_and_is_reported_by_strict() {
    let file = SourceFile::new(
        "schema.graphql",
        "interface A { a: Int } interface B implements A { a: Int b: Int } type T implements A & B { a: Int b: Int } type Query { t: T }",
    );
    let Ok(parsed) = parse_schema(&[file], &Limits::default()) else { panic!("accepted") };
    assert_eq!(parsed.strict.len(), 1);
    assert!(parsed.strict[0].to_string().contains("interface `B` implements an interface"));
}

#[test]
fn introspection_lists_only_the_aws_scalars_that_are_used() {
    let schema = schema("type Query { at: AWSDateTime }");
    let answer = schema
        .introspection
        .answer("{ __schema { types { name } directives { name } } }", None, &Value::empty_object(), &Limits::default())
        .unwrap()
        .to_string();
    assert!(
        answer.contains("AWSDateTime") && !answer.contains("AWSPhone") && answer.contains("aws_subscribe"),
        "{answer}"
    );
}
