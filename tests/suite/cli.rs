//! The binary as a user runs it: what it prints, how it exits, what survives its end.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::harness::binary::{Dev, Run, run, run_with_input, wait_until};
use crate::harness::project::folder;
use crate::harness::snapshot::compare;
use crate::harness::wire::{post, post_with, send, try_post};
use crate::harness::{Folder, tests_folder};

/// A project with one table, and a field that says hello.
fn notes() -> Folder {
    Folder::new()
        .with("syncline.yaml", "name: notes\ntables:\n  notes: { partitionKey: id, seed: seed.json }\n")
        .with("seed.json", r#"[{ "id": "seed", "text": "from the seed" }]"#)
        .with(
            "schema.graphql",
            "type Query {\n  hello: String\n  note(id: ID!): Note\n}\ntype Mutation {\n  save(id: ID!, text: String): Note\n}\n\
             type Note {\n  id: ID!\n  text: String\n}\n",
        )
        .with("resolvers/Query.hello.[NONE].js", &hello("hello"))
        .with(
            "resolvers/Query.note.js",
            "import { get } from '@aws-appsync/utils/dynamodb';\n\
             export const request = (ctx) => get({ key: { id: ctx.args.id } });\nexport const response = (ctx) => ctx.result;\n",
        )
        .with(
            "resolvers/Mutation.save.js",
            "import { put } from '@aws-appsync/utils/dynamodb';\n\
             export const request = (ctx) => put({ key: { id: ctx.args.id }, item: { text: ctx.args.text } });\n\
             export const response = (ctx) => ctx.result;\n",
        )
}

fn hello(text: &str) -> String {
    format!("export const request = () => ({{ payload: '{text}' }});\nexport const response = (ctx) => ctx.result;\n")
}

/// A project with a mistake in every kind of file.
fn broken() -> Folder {
    Folder::new()
        .with("syncline.yaml", "name: broken\ntabels: {}\ntables:\n  notes: { partitionKey: id, seed: seed.json }\n")
        .with("seed.json", r#"[{ "text": "has no id" }]"#)
        .with("schema.graphql", "type Query {\n  a: Strin\n  b: Int\n}\n")
        .with("resolvers/Query.a.[nowhere].js", "export const request = () => ({});\n")
        .with("resolvers/Query.b.[NONE].js", "export function request() {\n  while (true) {}\n}\n")
}

#[track_caller]
fn assert_exit(run: &Run, code: i32) {
    assert_eq!(run.code, Some(code), "{run:?}");
}

#[test]
fn check_of_a_good_project_says_so() {
    let checked = run(notes().path(), &["check"]);
    assert_exit(&checked, 0);
    assert_eq!(checked.stdout, "no problems: 3 resolvers\n");
}

#[test]
fn check_reports_the_mistakes_of_all_files_at_once_with_place_excerpt_and_help() {
    let checked = run(broken().path(), &["check"]);
    assert_exit(&checked, 1);
    for (what, place) in [
        (
            "error: resolver `Query.a` names data source `nowhere`, which is not defined",
            "--> resolvers/Query.a.[nowhere].js:1:1",
        ),
        ("error: unknown key `tabels`", "--> syncline.yaml:2:1"),
        ("help: did you mean `tables`?", "2 | tabels: {}"),
        ("error: cannot find type `Strin`", "--> schema.graphql:2:6"),
        ("help: did you mean `String`?", "2 |   a: Strin\n  |      ^^^^^\n"),
        ("error[@aws-appsync/no-while]: While statements are not supported.", "--> resolvers/Query.b.[NONE].js:2:3"),
        ("seed.json", "--> seed.json:1:"),
    ] {
        assert!(
            checked.stdout.contains(what) && checked.stdout.contains(place),
            "{what}\n{place}\nin:\n{}",
            checked.stdout
        );
    }
    assert!(checked.stdout.ends_with("5 errors\n"), "{}", checked.stdout);
    assert_eq!(checked.stderr, "");
}

#[test]
fn check_speaks_json() {
    let checked = run(broken().path(), &["check", "--format", "json"]);
    assert_exit(&checked, 1);
    let problems = checked.json();
    let schema =
        problems.as_array().unwrap().iter().find(|problem| problem["file"] == "schema.graphql").unwrap().clone();
    assert_eq!(
        schema,
        json!({
            "severity": "error", "code": null, "message": "cannot find type `Strin` in this document", "file": "schema.graphql",
            "line": 2, "column": 6, "endLine": 2, "endColumn": 11, "help": "did you mean `String`?",
        })
    );
    assert_eq!(run(notes().path(), &["check", "--format", "json"]).json(), json!([]));
}

#[test]
fn check_strict_tells_what_appsync_would_refuse() {
    let project = Folder::new()
        .with("syncline.yaml", "name: strict\n")
        .with("schema.graphql", "type Query { a: A }\ninterface A { a: Int }\ninterface B implements A { a: Int }\ntype C implements A & B { a: Int }\n");
    assert_exit(&run(project.path(), &["check"]), 0);
    let strict = run(project.path(), &["check", "--strict"]);
    assert!(strict.stdout.contains("schema.graphql:3:"), "{strict:?}");
}

#[test]
fn every_command_refuses_a_broken_project_with_all_its_mistakes_and_starts_nothing() {
    let event = Folder::new().with("event.json", "{}");
    let event = event.path().join("event.json");
    for command in [
        &["dev", "--port", "0"][..],
        &["--port", "0"],
        &["query", "{ b }"],
        &["invoke", "--event", event.to_str().unwrap()],
    ] {
        let project = broken();
        let started = run(project.path(), command);
        assert_exit(&started, 1);
        assert!(started.stderr.ends_with("5 errors\n"), "{command:?}: {started:?}");
        assert_eq!(started.stdout, "");
        assert!(!project.path().join(".syncline").exists(), "{command:?} has made tables");
    }
}

#[test]
fn query_prints_the_answer_and_fails_when_it_has_errors() {
    let project = notes();
    let answered = run(
        project.path(),
        &["query", "--memory", "query ($id: ID!) { note(id: $id) { text } }", "--variables", r#"{"id":"seed"}"#],
    );
    assert_exit(&answered, 0);
    assert_eq!(answered.json(), json!({ "data": { "note": { "text": "from the seed" } } }));

    let refused = run(project.path(), &["query", "--memory", "{ nothing }"]);
    assert_exit(&refused, 1);
    assert_eq!(refused.json()["data"], Value::Null);

    let several =
        run(project.path(), &["query", "--memory", "query A { hello } query B { hello }", "--operation", "B"]);
    assert_eq!(several.json(), json!({ "data": { "hello": "hello" } }));
    assert_exit(&run(project.path(), &["query", "--memory", "query A { hello } query B { hello }"]), 1);
}

#[test]
fn query_shows_resolvers_the_headers_it_is_given() {
    let answered = run(
        &folder("layout"),
        &["query", "--memory", "{ headers }", "--header", "X-Tenant: blue", "--header", "x-other:1"],
    );
    assert_eq!(answered.json()["data"]["headers"], r#"{"x-tenant":"blue","x-other":"1"}"#);
}

#[test]
fn query_explain_tells_on_stderr_what_was_called_and_leaves_the_answer_alone() {
    for (name, document) in [
        (
            "batched",
            "{ user(id: \"u-ada\") { orders(limit: 50) { items { customer { name } lines { product { name } } } } } }",
        ),
        ("writes", "mutation { rename(id: \"p-01\", name: \"one\") { name again { name } } }"),
        ("several_tables", "{ orders { product { maker { name } again { name } } first { name } } }"),
        ("nothing", "{ __typename }"),
    ] {
        let project = folder(if name == "batched" { "shop" } else { "batching" });
        let plain = run(&project, &["query", "--memory", document]);
        let explained = run(&project, &["query", "--memory", "--explain", document]);
        assert_exit(&explained, 0);
        assert_eq!(explained.stdout, plain.stdout);
        assert_eq!(plain.stderr, "");
        compare(&tests_folder("explain").join(format!("{name}.txt")), &explained.stderr).unwrap();
    }
}

#[test]
fn query_explain_tells_of_an_operation_that_failed_too() {
    let document = "{ node(id: \"n-1\") { a: mistyped { id } b: empty { id } children(limit: 2) { label } } }";
    let explained = run(&folder("trees"), &["query", "--memory", "--explain", document]);
    assert_exit(&explained, 1);
    compare(&tests_folder("explain").join("errors.txt"), &explained.stderr).unwrap();
}

#[test]
fn query_explain_tells_of_functions_beside_tables() {
    let document =
        "{ products(ids: [\"1\", \"2\", \"7\"]) { rating price { net } element } handledFault(how: \"plain\") }";
    let explained = run(&folder("functions"), &["query", "--memory", "--explain", document]);
    assert_exit(&explained, 1);
    compare(&tests_folder("explain").join("functions.txt"), &explained.stderr).unwrap();
}

#[test]
fn query_explain_tells_of_web_services_and_of_events_and_keeps_queries_to_itself() {
    let project = Folder::new()
        .with(
            "syncline.yaml",
            "dataSources:\n  nobody:\n    type: HTTP\n    \
             config: { endpoint: 'http://127.0.0.1:1/v1', allow: { private: [127.0.0.1] } }\n  \
             orders:\n    type: AMAZON_EVENTBRIDGE\n    \
             config: { eventBusArn: 'arn:aws:events:eu-central-1:123456789012:event-bus/orders' }\n",
        )
        .with("schema.graphql", "type Query { thing(id: ID!): ID tell: ID }\n")
        .with(
            "resolvers/Query.thing.[nobody].js",
            "export const request = (ctx) => ({ method: 'GET', resourcePath: `/things/${ctx.args.id}`, \
             params: { query: { key: 'a secret' } } });\nexport const response = (ctx) => ctx.error.type;\n",
        )
        .with(
            "resolvers/Query.tell.[orders].js",
            "export const request = () => ({ operation: 'PutEvents', \
             events: [{ source: 'shop', detailType: 'told', detail: {} }] });\n\
             export const response = (ctx) => ctx.result.FailedEntryCount;\n",
        );
    let document = "{ first: thing(id: 1) second: thing(id: 2) tell }";
    let explained = run(project.path(), &["query", "--memory", "--explain", document]);
    assert_exit(&explained, 0);
    let (log, table) = explained.stderr.split_once("operation ").unwrap();
    assert!(log.contains("     event on bus orders {"), "{log}");
    compare(&tests_folder("explain").join("web_services.txt"), &format!("operation {table}")).unwrap();
}

#[test]
fn query_keeps_what_was_written_unless_in_memory() {
    let project = notes();
    let save = "mutation { save(id: \"1\", text: \"kept\") { id } }";
    let read = || run(project.path(), &["query", "{ note(id: \"1\") { text } }"]).json();
    run(project.path(), &["query", "--memory", save]);
    assert_eq!(read(), json!({ "data": { "note": null } }));
    run(project.path(), &["query", save]);
    assert_eq!(read(), json!({ "data": { "note": { "text": "kept" } } }));
    assert!(project.path().join(".syncline").is_dir());
}

#[test]
fn log_lines_are_talk_and_answers_are_data() {
    let project = notes();
    project.write(
        "resolvers/Query.hello.[NONE].js",
        "export function request(ctx) {\n  console.log('called', ctx.args);\n  return { payload: 'hello' };\n}\nexport const response = (ctx) => ctx.result;\n",
    );
    let answered = run(project.path(), &["query", "--memory", "{ hello }"]);
    assert_eq!(answered.json(), json!({ "data": { "hello": "hello" } }));
    assert_eq!(answered.stderr, "INFO - resolvers/Query.hello.[NONE].js:2:3: \"called\" {}\n");
}

#[test]
fn eval_runs_one_function_on_a_context_as_evaluate_code_does() {
    let project = Folder::new().with(
        "code.js",
        "import { util } from '@aws-appsync/utils';\n\
         export function request(ctx) {\n  console.log('id', ctx.args.id);\n  ctx.stash.seen = true;\n  util.appendError('soft', 'Warn');\n  return { payload: ctx.args };\n}\n\
         export function response(ctx) {\n  if (ctx.error) {\n    util.error(ctx.error.message, ctx.error.type);\n  }\n  return ctx.result.name;\n}\n",
    );
    project.write("request.json", r#"{ "arguments": { "id": "1" } }"#);
    project.write("error.json", r#"{ "error": { "message": "broken", "type": "DynamoDB:Whatever" } }"#);
    let eval = |function: &str, context: &str| {
        run(project.path(), &["eval", "code.js", "--function", function, "--context", context])
    };

    let request = eval("request", "request.json");
    assert_exit(&request, 0);
    assert_eq!(
        request.json(),
        json!({
            "evaluationResult": r#"{"payload":{"id":"1"}}"#,
            "error": null,
            "logs": [r#"INFO - code.js:3:3: "id" "1""#],
            "stash": r#"{"seen":true}"#,
            "outErrors": r#"[{"message":"soft","errorType":"Warn","data":null,"errorInfo":null}]"#,
        })
    );

    let failed = eval("response", "error.json");
    assert_exit(&failed, 1);
    assert_eq!(failed.json()["error"]["message"], "broken");
    assert_eq!(failed.json()["evaluationResult"], Value::Null);

    let crashed = eval("response", "request.json");
    assert_exit(&crashed, 1);
    let message = crashed.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("code.js:12:") && message.contains("name"), "{message}");

    let piped = run_with_input(
        project.path(),
        &["eval", "code.js", "--function", "response", "--context", "-"],
        r#"{"result":{"name":"Ada"}}"#,
    );
    assert_eq!(piped.json()["evaluationResult"], r#""Ada""#);
}

#[test]
fn eval_of_code_that_appsync_refuses_reports_it() {
    let project =
        Folder::new().with("code.js", "export function request(ctx) {\n  let i = 0;\n  i++;\n  return i;\n}\n");
    let refused = run(project.path(), &["eval", "code.js", "--function", "request"]);
    assert_exit(&refused, 1);
    assert!(refused.stderr.contains("code.js:3:"), "{refused:?}");
}

#[test]
fn eval_of_a_projects_resolver_brings_its_imports_along() {
    let layout = folder("layout");
    let arguments = ["eval", "resolvers/Query.flat.[NONE].js", "--function", "request", "--context", "-"];
    let request = run_with_input(&layout, &arguments, r#"{"arguments":{"text":"hi"}}"#);
    assert_eq!(request.json()["evaluationResult"], r#"{"payload":"HI!"}"#);
}

#[test]
fn mistakes_in_usage_exit_with_2_and_those_of_the_machine_with_3() {
    let project = notes();
    for arguments in [
        &["nonsense"][..],
        &["query"],
        &["--memory", "--data", "x", "check"],
        &["query", "--memory", "{ hello }", "--variables", "[]"],
        &["query", "--memory", "{ hello }", "--variables", "{"],
        &["query", "--memory", "{ hello }", "--header", "no colon"],
        &["eval", "resolvers/Query.hello.[NONE].js"],
        &["eval", "missing.js", "--function", "request"],
        &["eval", "resolvers/Query.hello.[NONE].js", "--function", "request", "--context", "missing.json"],
        &["invoke", "--event", "missing.json", "--memory"],
    ] {
        let refused = run(project.path(), arguments);
        assert_exit(&refused, 2);
        assert!(refused.stdout.is_empty() && refused.stderr.starts_with("error: "), "{arguments:?}: {refused:?}");
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().port().to_string();
    project.write("a-file", "");
    for arguments in [
        &["check", "--project", "missing"][..],
        &["dev", "--memory", "--port", &taken],
        &["query", "--data", "a-file", "{ hello }"],
        &["query", "--data", "a-file/deeper", "{ hello }"],
    ] {
        let failed = run(project.path(), arguments);
        assert_exit(&failed, 3);
        assert!(failed.stdout.is_empty() && failed.stderr.starts_with("error: "), "{arguments:?}: {failed:?}");
    }
}

#[test]
fn help_names_every_command_and_the_exit_codes() {
    let help = run(notes().path(), &["--help"]);
    assert_exit(&help, 0);
    for word in ["dev", "check", "query", "eval", "invoke", "types", "--project", "--memory", "Exit codes: 0"] {
        assert!(help.stdout.contains(word), "{word} is missing in:\n{}", help.stdout);
    }
}

#[test]
fn dev_prints_a_summary_and_one_line_for_each_request() {
    let project = notes();
    let mut dev = Dev::start(project.path(), &["--memory"]);
    let address = dev.address;
    dev.wait_for(" ms\n");
    let summary = dev.talk();
    for line in [
        "notes".to_owned(),
        "resolvers  3".to_owned(),
        "1 item".to_owned(),
        format!("http://{address}/graphql"),
        format!("http://{address}/health"),
    ] {
        assert!(summary.contains(&line), "{line:?} is missing in:\n{summary}");
    }
    post(address, "query Both { hello note(id: \"seed\") { text } }");
    dev.wait_for("200  query Both");
    dev.wait_for("2 resolvers  GetItem 1\n");
    post(address, "{ nothing }");
    dev.wait_for("invalid operation");
    send(address, "POST", "/graphql", &[], b"").unwrap();
    dev.wait_for("400  refused");
}

#[test]
fn dev_serves_graphql_console_and_health() {
    let project = notes();
    let dev = Dev::start(project.path(), &["--memory"]);
    assert_eq!(post(dev.address, "{ hello }"), json!({ "data": { "hello": "hello" } }));
    assert_eq!(send(dev.address, "GET", "/health", &[], b"").unwrap().json()["status"], "ok");
    assert!(send(dev.address, "GET", "/", &[], b"").unwrap().text().contains("__SYNCLINE__"));
}

/// Waits until the running server says `expected` to `{ hello }`.
#[track_caller]
fn wait_for_hello(dev: &Dev, expected: &str) {
    wait_until(|| match post(dev.address, "{ hello }") {
        answer if answer == json!({ "data": { "hello": expected } }) => Ok(()),
        answer => Err(format!("it still says {answer}:\n{}", dev.talk())),
    });
}

#[test]
fn a_saved_resolver_is_served_and_a_broken_one_leaves_the_last_good_version() {
    let project = notes();
    let mut dev = Dev::start(project.path(), &["--memory"]);
    post(dev.address, "mutation { save(id: \"1\", text: \"kept\") { id } }");

    project.write("resolvers/Query.hello.[NONE].js", &hello("changed"));
    wait_for_hello(&dev, "changed");

    project.write("resolvers/Query.hello.[NONE].js", "export const request = () => { while (true) {} };\n");
    dev.wait_for("While statements are not supported.");
    dev.wait_for("still serving the last version that worked");
    assert_eq!(post(dev.address, "{ hello }"), json!({ "data": { "hello": "changed" } }));

    project.write("resolvers/Query.hello.[NONE].js", &hello("repaired"));
    wait_for_hello(&dev, "repaired");
    assert_eq!(post(dev.address, "{ note(id: \"1\") { text } }"), json!({ "data": { "note": { "text": "kept" } } }));
}

#[test]
fn schema_configuration_and_new_files_are_reloaded_as_well() {
    let project = notes();
    let dev = Dev::start(project.path(), &["--memory"]);
    project.write("resolvers/lib/greeting.js", "export const greeting = 'imported';\n");
    project.write(
        "resolvers/Query.hello.[NONE].js",
        "import { greeting } from './lib/greeting.js';\nexport const request = () => ({ payload: greeting });\nexport const response = (ctx) => ctx.result;\n",
    );
    wait_for_hello(&dev, "imported");

    project.write(
        "schema.graphql",
        "type Query {\n  hello: [String]\n}\ntype Mutation {\n  save(id: ID!): Note\n}\ntype Note {\n  id: ID\n}\n",
    );
    std::fs::remove_file(project.path().join("resolvers/Query.note.js")).unwrap();
    wait_until(|| match post(dev.address, "{ __type(name: \"Query\") { fields { name } } }") {
        answer if answer["data"]["__type"]["fields"] == json!([{ "name": "hello" }]) => Ok(()),
        answer => Err(format!("{answer}\n{}", dev.talk())),
    });
}

#[test]
fn a_file_that_an_editor_replaces_is_reloaded() {
    let project = notes();
    let dev = Dev::start(project.path(), &["--memory"]);
    for text in ["once", "twice"] {
        project.write("resolvers/hello.tmp", &hello(text));
        let path = project.path().join("resolvers");
        std::fs::rename(path.join("hello.tmp"), path.join("Query.hello.[NONE].js")).unwrap();
        wait_for_hello(&dev, text);
    }
}

#[test]
fn folders_that_appear_while_the_server_runs_are_noticed() {
    let project = Folder::new()
        .with("syncline.yaml", "name: young\n")
        .with("schema.graphql", "type Query {\n  hello: String\n}\n");
    let dev = Dev::start(project.path(), &["--memory"]);
    assert_eq!(post(dev.address, "{ hello }"), json!({ "data": { "hello": null } }));
    project.write("resolvers/Query.hello.[NONE].js", &hello("first"));
    wait_for_hello(&dev, "first");
    project.write("resolvers/deep/Query.more.[NONE].js", &hello("more"));
    project.write("schema.graphql", "type Query {\n  hello: String\n  more: String\n}\n");
    wait_until(|| match post(dev.address, "{ more }") {
        answer if answer == json!({ "data": { "more": "more" } }) => Ok(()),
        answer => Err(format!("{answer}\n{}", dev.talk())),
    });
}

#[test]
fn a_table_that_is_added_while_the_server_runs_is_made_and_seeded() {
    let project = notes();
    let dev = Dev::start(project.path(), &["--memory"]);
    project.write("more.json", r#"[{ "id": "1", "text": "from the second seed" }]"#);
    project.write(
        "syncline.yaml",
        "name: notes\ntables:\n  notes: { partitionKey: id, seed: seed.json }\n  more: { partitionKey: id, seed: more.json }\n",
    );
    let note = std::fs::read_to_string(project.path().join("resolvers/Query.note.js")).unwrap();
    std::fs::remove_file(project.path().join("resolvers/Query.note.js")).unwrap();
    project.write("resolvers/Query.note.[more].js", &note);
    let save = std::fs::read_to_string(project.path().join("resolvers/Mutation.save.js")).unwrap();
    std::fs::remove_file(project.path().join("resolvers/Mutation.save.js")).unwrap();
    project.write("resolvers/Mutation.save.[notes].js", &save);
    wait_until(|| match post(dev.address, "{ note(id: \"1\") { text } }") {
        answer if answer == json!({ "data": { "note": { "text": "from the second seed" } } }) => Ok(()),
        answer => Err(format!("{answer}\n{}", dev.talk())),
    });
}

#[test]
fn killing_the_server_at_any_moment_loses_no_acknowledged_write() {
    const ROUNDS: usize = 4;
    let project = notes();
    let data = Folder::new();
    let arguments = ["--data", data.path().to_str().unwrap()];
    let acknowledged = Mutex::new(Vec::<String>::new());
    let next = AtomicUsize::new(0);
    for round in 1..=ROUNDS {
        let dev = Dev::start(project.path(), &arguments);
        let address = dev.address;
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    loop {
                        let id = format!("n{}", next.fetch_add(1, Ordering::Relaxed));
                        let save = "mutation ($id: ID!) { save(id: $id, text: $id) { id } }";
                        let save = save.replace("text: $id", &format!("text: \"text of {id}\""));
                        match try_post(address, &save, json!({ "id": id })) {
                            Ok(reply)
                                if reply.status == 200
                                    && reply.json() == json!({ "data": { "save": { "id": id } } }) =>
                            {
                                acknowledged.lock().unwrap().push(id);
                            }
                            _ => return, // the server is gone
                        }
                    }
                });
            }
            wait_until(|| match acknowledged.lock().unwrap().len() {
                count if count >= round * 25 => Ok(()),
                count => Err(format!("only {count} writes were acknowledged")),
            });
            dev.kill(); // in the middle of everybody's writing
        });
    }
    let dev = Dev::start(project.path(), &arguments);
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(acknowledged.len() >= ROUNDS * 25);
    for id in &acknowledged {
        let answer = post_with(dev.address, "query ($id: ID!) { note(id: $id) { text } }", json!({ "id": id }));
        assert_eq!(answer, json!({ "data": { "note": { "text": format!("text of {id}") } } }));
    }
    // Seeds are loaded once.
    assert_eq!(
        post(dev.address, "{ note(id: \"seed\") { text } }"),
        json!({ "data": { "note": { "text": "from the seed" } } })
    );
}

#[test]
fn a_server_killed_while_it_starts_starts_again_with_all_its_seeds() {
    let project = notes();
    let seeds: Vec<_> = (0..500).map(|id| json!({ "id": format!("s{id}"), "text": "seed" })).collect();
    project.write("seed.json", &Value::from(seeds).to_string());
    let data = Folder::new();
    let arguments = ["--data", data.path().to_str().unwrap()];
    // Whenever the file of the tables has appeared and grown a little, the power fails.
    for size in [1, 20_000, 60_000] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_syncline"));
        command.current_dir(project.path()).args(["dev", "--port", "0"]).args(arguments);
        let mut child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
        wait_until(|| {
            let files = std::fs::read_dir(data.path())
                .unwrap()
                .map(|entry| entry.unwrap().metadata().map_or(0, |data| data.len()));
            if files.sum::<u64>() >= size { Ok(()) } else { Err("no tables appeared".into()) }
        });
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let dev = Dev::start(project.path(), &arguments);
    let missing: Vec<_> = (0..500)
        .filter(|id| post(dev.address, &format!("{{ note(id: \"s{id}\") {{ id }} }}"))["data"]["note"].is_null())
        .collect();
    assert!(missing.is_empty(), "{} seed items are missing: {missing:?}", missing.len());
}

#[test]
fn types_are_written_beside_the_schema_and_only_when_they_change() {
    let project = notes();
    let declarations = project.path().join("syncline.d.ts");
    let written = run(project.path(), &["types"]);
    assert_exit(&written, 0);
    assert_eq!((written.stdout.as_str(), written.stderr.as_str()), ("", "wrote syncline.d.ts\n"));
    let text = std::fs::read_to_string(&declarations).unwrap();
    assert!(
        text.contains("'Query.note': { arguments: QueryNoteArgs; source: undefined; result: Note | null };"),
        "{text}"
    );
    assert_eq!(run(project.path(), &["types"]).stderr, "syncline.d.ts is up to date\n");
    assert_eq!(run(project.path(), &["types", "--out", "-"]).stdout, text);
    // It counts neither as a resolver nor as a module.
    assert_eq!(run(project.path(), &["check"]).stdout, "no problems: 3 resolvers\n");

    let elsewhere = run(project.path(), &["types", "--out", "resolvers/types.d.ts"]);
    assert_eq!(elsewhere.stderr, "wrote resolvers/types.d.ts\n");
    assert_eq!(run(project.path(), &["check"]).stdout, "no problems: 3 resolvers\n");
}

#[test]
fn types_check_fails_as_long_as_the_file_is_not_up_to_date() {
    let project = notes();
    let missing = run(project.path(), &["types", "--check"]);
    assert_exit(&missing, 1);
    assert_eq!(missing.stderr, "error: `syncline.d.ts` is not up to date\nhelp: run `syncline types`\n");
    assert!(!project.path().join("syncline.d.ts").exists());
    assert_exit(&run(project.path(), &["types"]), 0);
    assert_exit(&run(project.path(), &["types", "--check"]), 0);

    // Line ends as Git for Windows writes them change nothing.
    let text = std::fs::read_to_string(project.path().join("syncline.d.ts")).unwrap();
    project.write("syncline.d.ts", &text.replace('\n', "\r\n"));
    assert_exit(&run(project.path(), &["types", "--check"]), 0);

    // A field that gets a resolver need no longer come from its parent.
    let text_field = "  text?: string | null;\n";
    assert!(text.contains(text_field), "{text}");
    project.write("resolvers/Note.text.[NONE].js", &hello("text"));
    assert_exit(&run(project.path(), &["types", "--check"]), 1);
    assert_exit(&run(project.path(), &["types", "--check", "--out", "-"]), 2);
}

#[test]
fn types_need_a_schema_but_no_working_resolvers() {
    let project = notes().with("resolvers/Query.hello.[NONE].js", "export function request( {");
    assert_exit(&run(project.path(), &["types"]), 0);

    let refused = run(broken().path(), &["types"]);
    assert_exit(&refused, 1);
    assert!(refused.stderr.contains("error: cannot find type `Strin`"), "{refused:?}");
    let nothing = run(Folder::new().path(), &["types"]);
    assert_exit(&nothing, 1);
    assert!(nothing.stderr.contains("the project has no schema"), "{nothing:?}");
    assert_exit(&run(notes().path(), &["types", "--out", "no/such/folder/x.d.ts"]), 3);
}

#[test]
fn the_declarations_of_the_sample_are_the_snapshot() {
    let printed = run(&folder("shop"), &["types", "--out", "-"]);
    assert_exit(&printed, 0);
    compare(&tests_folder("types/shop.d.ts"), &printed.stdout).unwrap();
}

#[test]
fn handlers_may_import_the_declarations() {
    let project = notes().with(
        "resolvers/Mutation.save.ts",
        "import { util } from '@aws-appsync/utils';\nimport type { Context, Result } from '../syncline';\n\
         export const request = () => util.error('x') as never;\n\
         export function response(ctx: Context<'Mutation.save', { result: { id: string } }>): Result<'Mutation.save'> {\n  return ctx.result;\n}\n",
    );
    std::fs::remove_file(project.path().join("resolvers/Mutation.save.js")).unwrap();
    for written in [false, true] {
        assert_eq!(run(project.path(), &["check"]).stdout, "no problems: 3 resolvers\n", "{written}");
        assert_exit(&run(project.path(), &["types"]), 0);
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let project = notes();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_syncline"));
    command.current_dir(project.path()).args(["types", "--out", "-"]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
