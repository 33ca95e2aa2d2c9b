//! What `syncline check` says about directives and patterns that cannot work.

use crate::harness::Folder;
use crate::harness::binary::run;

#[track_caller]
fn check(config: &str, schema: &str, code: i32, expected: &[&str]) {
    let folder = Folder::new().with("syncline.yaml", config).with("schema.graphql", schema);
    let run = run(folder.path(), &["check"]);
    assert_eq!(run.code, Some(code), "{run:?}");
    for text in expected {
        assert!(run.stdout.contains(text), "{text:?} is not in\n{}", run.stdout);
    }
    let count = run.stdout.matches("warning: ").count() + run.stdout.matches("error: ").count();
    assert_eq!(count, expected.len(), "{}", run.stdout);
}

#[test]
fn directives_without_authentication_are_pointed_out_once() {
    check(
        "name: open",
        "type Query @aws_iam {\n  a: ID @aws_api_key\n}\n",
        0,
        &[
            "warning: `@aws_iam` has no effect: `syncline.yaml` has no `authentication`, and everybody is let in\n --> schema.graphql:1:12",
        ],
    );
    check("name: open", "type Query {\n  a: ID\n}\n", 0, &[]);
}

#[test]
fn directives_of_modes_that_are_not_configured_let_nobody_in() {
    check(
        "authentication: { type: AWS_IAM }",
        "type Query {\n  a: ID @aws_api_key @aws_iam\n}\n",
        0,
        &["warning: `@aws_api_key` lets nobody in: no way to sign in is `API_KEY`\n --> schema.graphql:2:9"],
    );
}

#[test]
fn directives_on_an_interfaces_fields_and_old_ones_have_no_effect() {
    check(
        "authentication: { type: AWS_IAM }",
        "type Query {\n  a: I @aws_auth(cognito_groups: [\"a\"])\n}\ninterface I {\n  b: ID @aws_iam\n}\ntype T implements I {\n  b: ID\n}\n",
        0,
        &[
            "warning: `@aws_auth` has no effect: it counts only where user pools are the one way to sign in\n --> schema.graphql:2:8",
            "warning: `@aws_iam` has no effect on an interface's field\n --> schema.graphql:5:9",
        ],
    );
}

#[test]
fn patterns_that_are_none_are_refused() {
    check(
        "authentication: { type: AWS_LAMBDA, config: { functionName: f, identityValidationExpression: '(' } }\n\
         additionalAuthentications:\n  - { type: OPENID_CONNECT, config: { issuer: 'https://a.test', clientId: '[a' } }",
        "type Query {\n  a: ID\n}\n",
        1,
        &["error: `(` is no regular expression: ", "error: `[a` is no regular expression: "],
    );
}
