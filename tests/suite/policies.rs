//! Policies are not too narrow: every call that the cases of `tests/projects` make is allowed by the policy of the domain
//! whose resolver makes it. That they are not too wide is what `tests/policies` shows.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value as Json, json};
use syncline::backend::Operation;
use syncline::backend::files::read_project;
use syncline::backend::lambda::name_in_aws;
use syncline::loader::CallKind;
use syncline::package::policies_of;
use syncline::package::policy::Place;
use syncline::project::Project as Written;
use syncline::value::{Str, Value};

use crate::harness::Project;
use crate::harness::project::folder;
use crate::harness::recording::Call;
use crate::projects::{cases, run_steps};

const REGION: &str = "eu-central-1";
const ACCOUNT: &str = "123456789012";

/// Whether one of the statements allows an action on a resource, as IAM reads them: `*` and `?` in both.
fn allows(policy: &Json, action: &str, resource: &str) -> bool {
    let texts = |value: &Json| -> Vec<String> {
        match value {
            Json::String(text) => vec![text.clone()],
            Json::Array(items) => items.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    };
    let has = |value: &Json, sought: &str| texts(value).iter().any(|pattern| matches(pattern, sought));
    let statements = policy["Statement"].as_array().cloned().unwrap_or_default();
    statements.iter().any(|statement| {
        statement["Effect"] == "Allow"
            && statement.get("Condition").is_none()
            && has(&statement["Action"], action)
            && has(&statement["Resource"], resource)
    })
}

fn matches(pattern: &str, text: &str) -> bool {
    match (pattern.chars().next(), text.chars().next()) {
        (None, None) => true,
        (Some('*'), _) => {
            matches(&pattern[1..], text) || text.chars().next().is_some_and(|c| matches(pattern, &text[c.len_utf8()..]))
        }
        (Some(wanted), Some(c)) if wanted == c || wanted == '?' => {
            matches(&pattern[wanted.len_utf8()..], &text[c.len_utf8()..])
        }
        _ => false,
    }
}

/// What IAM checks for a call (AWS's service authorization reference): actions with the resources that they are done to.
fn needed(call: &Call, project: &Written) -> Vec<(String, String)> {
    match call.kind {
        CallKind::DynamoDb(operation) => needed_of_tables(operation, &call.request),
        // Nobody's resolvers ask an authorizer: the function's role has a policy of its own for that.
        CallKind::Invoke if call.request.get("authorizationToken").is_some() => Vec::new(),
        CallKind::Invoke => {
            let name: Str = call.target.split(' ').next().unwrap_or_default().into();
            let name = name_in_aws(project.config.functions.values(), &name);
            let arn = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}");
            vec![("lambda:InvokeFunction".to_owned(), if name.starts_with("arn:") { name.to_string() } else { arn })]
        }
        CallKind::PutEvents => {
            let events = call.request.get("Entries").and_then(Value::as_list).expect("events are a list");
            let bus = |event: &Value| event.get("EventBusName").and_then(Value::as_str).map(str::to_owned);
            events.iter().map(|event| ("events:PutEvents".to_owned(), bus(event).expect("events name a bus"))).collect()
        }
        // Most ask for nothing of AWS, and what a signed one does, only its author knows.
        CallKind::Http => Vec::new(),
    }
}

fn needed_of_tables(operation: Operation, request: &Value) -> Vec<(String, String)> {
    let arn = |table: &str| format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}");
    let table =
        |request: &Value| arn(request.get("TableName").and_then(Value::as_str).expect("a call names its table"));
    let action = |name: &str| format!("dynamodb:{name}");
    match operation {
        Operation::BatchGetItem | Operation::BatchWriteItem => {
            let tables = request.get("RequestItems").and_then(Value::as_object).expect("a batch has items");
            tables.keys().map(|name| (action(operation.name()), arn(name))).collect()
        }
        Operation::TransactGetItems | Operation::TransactWriteItems => {
            let items = request.get("TransactItems").and_then(Value::as_list).expect("a transaction has items");
            let needed = items.iter().map(|item| {
                let (kind, part) = item.as_object().and_then(|item| item.first()).expect("an element has a kind");
                let name = match kind.as_str() {
                    "ConditionCheck" => "ConditionCheckItem".to_owned(),
                    kind => format!("{kind}Item"),
                };
                (action(&name), table(part))
            });
            needed.collect()
        }
        _ => {
            let resource = match request.get("IndexName").and_then(Value::as_str) {
                Some(index) => format!("{}/index/{index}", table(request)),
                None => table(request),
            };
            vec![(action(operation.name()), resource)]
        }
    }
}

/// A project whose domains each have a role of their own, so that a call tells whose it is; and its policies by role.
fn with_roles(folder: &Path) -> (Written, BTreeMap<Option<Str>, Json>) {
    let files = read_project(folder, BTreeMap::new()).unwrap();
    let (mut project, _) = Written::load(&files);
    for (name, domain) in &mut project.config.domains {
        domain.role = Some(format!("arn:aws:iam::{ACCOUNT}:role/{name}").into());
    }
    let checked = syncline::api::check(&project).unwrap_or_else(|_| panic!("{} has problems", folder.display()));
    let place = Place { region: REGION.into(), account: ACCOUNT.into() };
    let policies = policies_of(&project, &checked).into_iter().map(|policy| {
        let document = place.document(&policy.statements()).to_string();
        (policy.role.clone(), serde_json::from_str(&document).unwrap())
    });
    let policies = policies.collect();
    (project, policies)
}

#[test]
fn every_call_of_every_case_is_allowed_by_the_policy_of_its_domain() {
    let mut built: BTreeMap<String, (Written, BTreeMap<Option<Str>, Json>)> = BTreeMap::new();
    let (mut calls, mut denied) = (0, Vec::new());
    for (name, case) in cases() {
        let folder = folder(&name);
        let (written, policies) = built.entry(name.clone()).or_insert_with(|| with_roles(&folder));
        let project = Project::build(&folder, written, true).unwrap_or_else(|_| panic!("{name} has problems"));
        let none = json!({});
        run_steps(&project, &case, |_, outcome| {
            for call in &outcome.calls {
                calls += 1;
                let role = &call.role;
                let policy = policies.get(role).unwrap_or(&none);
                for (action, resource) in needed(call, written) {
                    if !allows(policy, &action, &resource) {
                        denied.push(format!("{}: {role:?} may not {action} on {resource}", case.display()));
                    }
                }
            }
        })
        .unwrap();
    }
    assert!(denied.is_empty(), "{}", denied.join("\n"));
    assert!(calls > 200, "only {calls} calls were looked at");
}

#[test]
fn the_evaluator_refuses_what_no_statement_allows() {
    let policy = json!({ "Statement": [
        { "Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": ["arn:x:table/a", "arn:x:table/b/index/*"] },
        { "Effect": "Deny", "Action": "*", "Resource": "*" },
    ] });
    for (action, resource, expected) in [
        ("dynamodb:GetItem", "arn:x:table/a", true),
        ("dynamodb:GetItem", "arn:x:table/b/index/c", true),
        ("dynamodb:GetItem", "arn:x:table/b", false),
        ("dynamodb:GetItem", "arn:x:table/ab", false),
        ("dynamodb:PutItem", "arn:x:table/a", false),
    ] {
        assert_eq!(allows(&policy, action, resource), expected, "{action} {resource}");
    }
}
