//! Mapping templates where a project's answers say too little: what `check` finds, and what clients do not hear.

use std::collections::BTreeMap;

use serde_json::json;
use syncline::backend::files::read_project;

use crate::harness::binary::{Run, run};
use crate::harness::project::folder;
use crate::harness::{Folder, Project};

/// What `check` says about a project with one template.
fn check(template: &str) -> Run {
    let project = Folder::new()
        .with("schema.graphql", "type Query {\n  a: Int\n}\n")
        .with("resolvers/Query.a.[NONE].req.vtl", template);
    run(project.path(), &["check"])
}

#[test]
fn check_reads_every_template() {
    let broken = check("{\n  #if($ctx.args.a) }\n");
    assert_eq!(broken.code, Some(1), "{broken:?}");
    assert!(broken.stdout.starts_with("error: Encountered \"<EOF>\""), "{}", broken.stdout);
    assert!(broken.stdout.contains("--> resolvers/Query.a.[NONE].req.vtl:"), "{}", broken.stdout);
    assert!(check("{ \"version\": \"2018-05-29\" }\n").stdout.starts_with("no problems: 1 resolver\n"));
}

#[test]
fn check_warns_of_calls_that_lead_nowhere() {
    for (template, warning, help) in [
        ("$util.toJsn(1)", "`$util` has no function `toJsn`", "did you mean `$util.toJson`?"),
        ("#set($a = $utils.dynamdb.toMap({}))", "`$utils` has no `dynamdb`", "did you mean `$utils.dynamodb`?"),
        ("$util.dynamodb.toMapp({})", "`$util.dynamodb` has no function `toMapp`", "`$util.dynamodb.toMap`?"),
        ("$util.qr(1, 2)", "`$util.qr` was given 2 arguments", "that it takes: 1"),
        ("$util.error()", "`$util.error` was given 0 arguments", "that it takes: 1 to 4"),
        ("$extensions.evict(1)", "`$extensions` has no function `evict`", "functions of `$extensions`: "),
        ("#if($util.isNul($ctx.args.a))\n#end", "`$util` has no function `isNul`", "did you mean `$util.isNull`?"),
    ] {
        let found = check(template);
        assert_eq!(found.code, Some(0), "{found:?}");
        assert!(found.stdout.starts_with(&format!("warning: {warning}")), "{}", found.stdout);
        assert!(found.stdout.contains(help), "{}", found.stdout);
    }
    for fine in ["$util.log.info(\"a\", 1, 2, 3)", "\\$util.toJsn(1)", "$ctx.util.toJsn(1)", "$util.toJson($util)"] {
        assert!(check(fine).stdout.starts_with("no problems"), "{fine}");
    }
}

#[test]
fn a_template_longer_than_appsync_takes_is_refused() {
    let long = check(&"x".repeat(64 * 1024 + 1));
    assert!(long.code == Some(1) && long.stdout.contains("the template is longer than 65536 bytes"), "{long:?}");
    assert_eq!(check(&"x".repeat(64 * 1024)).code, Some(0));
}

#[test]
fn what_a_failed_template_printed_is_not_told_to_clients_in_production() {
    let files = read_project(&folder("vtl"), BTreeMap::new()).unwrap();
    let project = Project::start(&files, false).unwrap();
    for how in ["method", "no json request", "no json", "blank"] {
        let outcome = project.query(&format!("{{ fails(how: \"{how}\") {{ id }} }}"));
        let error = &outcome.answer["errors"][0];
        assert_eq!(
            (&error["message"], &error["errorType"]),
            (&json!("The mapping template failed."), &json!("MappingTemplate")),
            "{how}"
        );
        assert!(outcome.logs[0].starts_with("ERROR - resolvers/Query.fails.[NONE].re"), "{:?}", outcome.logs);
    }
    let raised = project.query("{ fails(how: \"untyped\") { id } }");
    assert_eq!(raised.answer["errors"][0]["message"], "only a message", "what $util.error says is meant for clients");
}
