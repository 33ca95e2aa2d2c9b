//! `syncline eval` as a test author uses it: the same answer in every run, in EvaluateCode's shape.

use serde_json::{Value, json};

use crate::harness::Folder;
use crate::harness::binary::{Run, run, run_with_input};

/// The answer of a request handler whose file is `name`.
#[track_caller]
fn request(name: &str, code: &str, arguments: &[&str], context: &Value) -> Run {
    let folder = Folder::new().with(name, code);
    let mut all = vec!["eval", name, "--function", "request", "--context", "-"];
    all.extend(arguments);
    run_with_input(folder.path(), &all, &context.to_string())
}

#[track_caller]
fn result(run: &Run) -> Value {
    assert_eq!(run.code, Some(0), "{run:?}");
    let answer = run.json();
    serde_json::from_str(answer["evaluationResult"].as_str().unwrap_or_else(|| panic!("{answer}"))).unwrap()
}

const MOMENT: &str = "export const request = () => [util.time.nowISO8601(), util.autoId(), util.autoUlid(), util.autoKsuid(), Math.random()];\n";

#[test]
fn now_is_a_moment_in_either_form() {
    for now in ["2026-01-01T00:00:00.5Z", "2026-01-01T01:00:00.500+01:00", "1767225600500"] {
        let first = result(&request("code.js", MOMENT, &["--now", now], &json!({})));
        assert_eq!(first[0], "2026-01-01T00:00:00.500Z", "{now}");
    }
    let before = result(&request("code.js", MOMENT, &["--now", "-1"], &json!({})));
    assert_eq!(before[0], "1969-12-31T23:59:59.999Z");
}

#[test]
fn a_seed_fixes_ids_and_random_numbers() {
    let draw = |seed: &str| {
        result(&request("code.js", MOMENT, &["--now", "2026-01-01T00:00:00Z", "--seed", seed], &json!({})))
    };
    assert_eq!(draw("7"), draw("7"));
    assert_ne!(draw("7"), draw("8"));
    let unseeded = || result(&request("code.js", MOMENT, &[], &json!({})))[1].clone();
    assert_ne!(unseeded(), unseeded());
}

#[test]
fn given_ids_come_in_order_whatever_their_kind_and_one_too_many_fails() {
    let code = "export const request = (ctx) => [util.autoId(), util.autoUlid(), util.autoKsuid()];\n";
    for arguments in [&["--ids", "a,b,c"][..], &["--ids", "a", "--ids", "b", "--ids", "c"]] {
        assert_eq!(result(&request("code.js", code, arguments, &json!({}))), json!(["a", "b", "c"]));
    }
    let failed = request("code.js", code, &["--ids", "a,b"], &json!({}));
    assert_eq!(failed.code, Some(1));
    let message = failed.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(
        message.starts_with("code.js:1:")
            && message.ends_with("util.autoKsuid: none of the given ids is left, there were 2"),
        "{message}"
    );
}

#[test]
fn a_time_that_is_none_is_a_mistake_in_usage() {
    for (option, value) in [("--now", "soon"), ("--now", "9223372036854775807"), ("--seed", "-1"), ("--seed", "x")] {
        let refused = request("code.js", MOMENT, &[option, value], &json!({}));
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.starts_with("error: ") && refused.stdout.is_empty(), "{refused:?}");
    }
}

/// The answer to code with findings: everything that AWS says, and the readable form beside it.
#[track_caller]
fn findings(run: &Run) -> Value {
    assert_eq!(run.code, Some(1), "{run:?}");
    let answer = run.json();
    assert_eq!(answer["error"]["message"], "The code contains one or more errors.");
    assert_eq!(
        (&answer["evaluationResult"], &answer["logs"], &answer["outErrors"]),
        (&Value::Null, &json!([]), &json!("[]"))
    );
    assert!(run.stderr.starts_with("error"), "{run:?}");
    answer["error"]["codeErrors"].clone()
}

#[test]
fn findings_are_answered_as_code_errors_with_their_places() {
    let code = "export function request(ctx) {\n  let i = 0;\n  i++;\n  while (i) {}\n  return i;\n}\n";
    let errors = findings(&request("resolver.js", code, &[], &json!({})));
    let places: Vec<_> =
        errors.as_array().unwrap().iter().map(|error| (&error["errorType"], &error["location"])).collect();
    assert_eq!(
        places,
        [
            (&json!("LINT_ERROR"), &json!({ "line": 3, "column": 3, "span": 3 })),
            (&json!("LINT_ERROR"), &json!({ "line": 4, "column": 3, "span": 5 })),
        ]
    );
    let values: Vec<_> = errors.as_array().unwrap().iter().map(|error| error["value"].as_str().unwrap()).collect();
    assert_eq!(
        values,
        [
            "@aws-appsync/no-disallowed-unary-operators: The operator ++ is not supported",
            "@aws-appsync/no-while: While statements are not supported.",
        ]
    );
}

#[test]
fn a_member_that_the_library_lacks_is_reported_as_the_type_checker_does() {
    let code = "import * as ddb from '@aws-appsync/utils/dynamodb';\nexport const request = () => ddb.snc({});\n";
    let errors = findings(&request("resolver.js", code, &[], &json!({})));
    let value = "code.js(2,34): error TS2339: Property 'snc' does not exist on `ddb`";
    assert_eq!((&errors[0]["errorType"], &errors[0]["value"]), (&json!("LINT_ERROR"), &json!(value)));
}

#[test]
fn syntax_errors_are_the_parsers() {
    let errors = findings(&request("code.js", "export function request(ctx) {\n  return {;\n}\n", &[], &json!({})));
    assert_eq!(errors[0]["errorType"], "PARSER_ERROR");
    assert_eq!(errors[0]["location"]["line"], 2);
    assert!(!errors[0]["value"].as_str().unwrap().starts_with("syntax error"), "{errors}");
}

#[test]
fn a_finding_in_an_imported_file_names_that_file() {
    let project = Folder::new()
        .with("syncline.yaml", "name: imports\n")
        .with("schema.graphql", "type Query {\n  a: Int\n}\n")
        .with("resolvers/lib.js", "export const count = (n) => {\n  n++;\n  return n;\n};\n")
        .with(
            "resolvers/Query.a.[NONE].js",
            "import { count } from './lib.js';\nexport const request = () => ({ payload: count(1) });\n",
        );
    let run = run(project.path(), &["eval", "resolvers/Query.a.[NONE].js", "--function", "request"]);
    let errors = findings(&run);
    assert!(errors[0]["value"].as_str().unwrap().starts_with("resolvers/lib.js(2,3): "), "{errors}");
}

#[test]
fn typescript_and_its_positions_work_alike() {
    let code = "type Args = { id: string };\nexport function request(ctx: { args: Args }): { payload: string } {\n  \
                console.log('id', ctx.args.id as string);\n  return { payload: ctx.args.id };\n}\n";
    let answered = request("code.ts", code, &[], &json!({ "arguments": { "id": "1" } }));
    assert_eq!(result(&answered), json!({ "payload": "1" }));
    assert_eq!(answered.json()["logs"], json!([r#"INFO - code.js:3:3: "id" "1""#]));
}

#[test]
fn stash_out_errors_and_an_early_return_are_texts_of_json() {
    let code = "export function request(ctx) {\n  ctx.stash.a = [1];\n  util.appendError('soft', 'Warn', { a: 1 }, [2]);\n  \
                console.error('last words', null);\n  runtime.earlyReturn({ early: true });\n}\n";
    let answered = request("code.js", code, &[], &json!({ "stash": { "b": 2 } }));
    assert_eq!(answered.code, Some(0));
    assert_eq!(
        answered.json(),
        json!({
            "evaluationResult": r#"{"early":true}"#,
            "error": null,
            "logs": [r#"ERROR - code.js:4:3: "last words" null"#],
            "stash": r#"{"b":2,"a":[1]}"#,
            "outErrors": r#"[{"message":"soft","errorType":"Warn","data":{"a":1},"errorInfo":[2]}]"#,
        })
    );
}

#[test]
fn unauthorized_is_only_that_where_there_is_no_field() {
    let failed = request("code.js", "export const request = () => util.unauthorized();\n", &[], &json!({}));
    assert_eq!(failed.code, Some(1));
    assert_eq!(failed.json()["error"], json!({ "message": "Unauthorized", "codeErrors": [] }));
}

#[test]
fn extensions_and_headers_need_no_operation() {
    let code = "export function request(ctx) {\n  extensions.evictFromApiCache('Query', 'a', {});\n  \
                extensions.invalidateSubscriptions({ subscriptionField: 'onA', payload: {} });\n  \
                extensions.setSubscriptionFilter(util.transform.toSubscriptionFilter({ a: { eq: 1 } }));\n  \
                util.http.addResponseHeader('x-a', 1);\n  return 'fine';\n}\n";
    let answered = request("code.js", code, &[], &json!({ "info": { "parentTypeName": "Query", "fieldName": "a" } }));
    assert_eq!(result(&answered), "fine");
    assert_eq!(answered.json()["outErrors"], "[]");
}

#[test]
fn what_aws_would_not_take_is_said_and_done() {
    let code = "export const request = (ctx) => [ctx.args.text, ctx.args.text, ctx.args.text];\n";
    let answered = request("code.js", code, &[], &json!({ "arguments": { "text": "x".repeat(30_000) } }));
    assert_eq!(result(&answered)[2].as_str().map(str::len), Some(30_000));
    let warnings: Vec<&str> = answered.stderr.lines().collect();
    assert_eq!(
        warnings,
        [
            "warning: the context has 30025 characters; EvaluateCode on AWS takes at most 28000",
            "warning: the result has 90010 characters; EvaluateCode on AWS takes at most 65536",
        ]
    );
    let small = request("code.js", code, &[], &json!({ "arguments": { "text": "x" } }));
    assert_eq!(small.stderr, "");
}

#[test]
fn a_context_that_is_no_object_is_a_mistake_in_usage() {
    for context in [json!([]), json!("text"), json!(null)] {
        let refused = request("code.js", MOMENT, &[], &context);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains("must hold a JSON object"), "{refused:?}");
    }
}

#[test]
fn help_shows_every_option_and_an_example() {
    let help = run(Folder::new().path(), &["eval", "--help"]);
    assert_eq!(help.code, Some(0));
    for word in [
        "--function",
        "--context",
        "--now",
        "--seed",
        "--ids",
        "Example:",
        "code.js",
        "codeErrors",
        "used up",
        "--raw",
        "--references",
    ] {
        assert!(help.stdout.contains(word), "{word} is missing in:\n{}", help.stdout);
    }
}

/// The answer to a template whose file is `name`.
#[track_caller]
fn template(name: &str, text: &str, arguments: &[&str], context: &Value) -> Run {
    let folder = Folder::new().with(name, text).with("references.json", r#"{ "tenant": { "id": "t1" } }"#);
    let mut all = vec!["eval", name, "--context", "-"];
    all.extend(arguments);
    run_with_input(folder.path(), &all, &context.to_string())
}

const GET: &str = "#set($key = $ctx.args.id)\n$util.log.info(\"key {}\", $key)\n$util.qr($ctx.stash.put(\"b\", 2))\n\
                   $util.appendError(\"soft\", \"Warn\")\n{ operation: \"GetItem\", \"id\": \"$key\", }\n";

#[test]
fn a_template_is_answered_as_evaluate_mapping_template_does() {
    let answered =
        template("Query.post.req.vtl", GET, &[], &json!({ "arguments": { "id": "7" }, "stash": { "a": 1 } }));
    assert_eq!(answered.code, Some(0), "{answered:?}");
    assert_eq!(
        answered.json(),
        json!({
            "evaluationResult": r#"{"operation":"GetItem","id":"7"}"#,
            "error": null,
            "logs": ["INFO - Query.post.req.vtl:2:11: key 7"],
            "stash": r#"{"a":1,"b":2}"#,
            "outErrors": r#"[{"message":"soft","errorType":"Warn","data":null,"errorInfo":null}]"#,
        })
    );
}

#[test]
fn raw_is_the_text_that_a_template_prints() {
    let text = "## a comment\nno JSON: $ctx.args.id\n";
    let context = json!({ "arguments": { "id": "7" } });
    let raw = template("any.vtl", text, &["--raw"], &context);
    assert_eq!((raw.code, raw.stdout.as_str()), (Some(0), "no JSON: 7\n"));
    assert_eq!(template("any.vtl", "$ctx.args.id", &["--raw"], &context).stdout, "7", "and nothing after it");
    let failed = template("any.vtl", "a$util.error(\"no\", \"T\")", &["--raw"], &context);
    assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""));
    assert!(failed.stderr.contains("no"), "{failed:?}");
    let read = template("any.vtl", text, &[], &context);
    assert_eq!(read.code, Some(1));
    assert_eq!(read.json()["error"], json!({ "message": "Unable to convert no JSON: 7\n to Object." }));
    assert_eq!(read.json()["evaluationResult"], Value::Null);
}

#[test]
fn references_stand_beside_ctx() {
    let text = "{ \"tenant\": \"$tenant.id\", \"nope\": \"$nope\" }";
    let answered = template("any.res.vtl", text, &["--references", "references.json"], &json!({}));
    assert_eq!(result(&answered), json!({ "tenant": "t1", "nope": "$nope" }));
    let folder = Folder::new().with("any.vtl", "1").with("references.json", r#"{ "ctx": {} }"#);
    let refused = run(folder.path(), &["eval", "any.vtl", "--references", "references.json"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.stderr.contains("holds `ctx`, which every template has"), "{refused:?}");
}

#[test]
fn a_template_s_own_errors_and_returned_values_are_answered() {
    let raised = template("any.vtl", "$util.error(\"not so\", \"Refused\")", &[], &json!({}));
    assert_eq!((raised.code, &raised.json()["error"]), (Some(1), &json!({ "message": "not so" })));
    let returned = template("any.vtl", "#return({ \"a\": [1] }) no JSON", &[], &json!({}));
    assert_eq!(result(&returned), json!({ "a": [1] }));
    let thrown = template("any.vtl", "#set($l = [1])\n$l.get(4)", &[], &json!({}));
    let message = thrown.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(thrown.code == Some(1) && message.ends_with("at velocity[line 2, column 4]"), "{message}");
    let broken = template("any.vtl", "#if($a)\n", &[], &json!({}));
    let message = broken.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(broken.code == Some(1) && message.starts_with("Encountered \"<EOF>\""), "{message}");
    assert!(broken.stderr.contains("any.vtl:"), "{broken:?}");
}

#[test]
fn only_a_blank_response_is_called_empty() {
    let message = |name: &str, arguments: &[&str]| {
        template(name, "## nothing\n", arguments, &json!({})).json()["error"]["message"].clone()
    };
    let empty = json!("Template transformation yielded an empty response.");
    assert_eq!(message("any.res.vtl", &[]), empty);
    assert_eq!(message("any.vtl", &["--function", "response"]), empty);
    assert_eq!(message("any.request.vtl", &[]), json!("Unable to convert  to Object."));
}

#[test]
fn a_script_needs_a_function_and_takes_no_option_of_templates() {
    let folder = Folder::new().with("code.js", MOMENT);
    for (arguments, message) in [
        (&["eval", "code.js"][..], "which function is to run"),
        (&["eval", "code.js", "--function", "request", "--raw"], "are for mapping templates"),
    ] {
        let refused = run(folder.path(), arguments);
        assert!(refused.code == Some(2) && refused.stderr.contains(message), "{refused:?}");
    }
}
