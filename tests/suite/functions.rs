//! Lambda functions as the binary reaches them: by command, by address, in AWS.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};
use syncline::api::{Answer, Api, ApiOptions, OperationRequest};
use syncline::backend::Backends;
use syncline::backend::files::read_project;
use syncline::backend::lambda::Functions;
use syncline::backend::local::LocalDynamoDb;
use syncline::error::Severity;

use crate::harness::{Folder, binary, run};

/// A table whose updates are all refused by their condition, and a function that decides.
fn project(function: &str) -> Folder {
    Folder::new()
        .with(
            "syncline.yaml",
            &format!(
                "tables:\n  notes: {{ partitionKey: id, seed: seed.json }}\nfunctions:\n  keep: {function}\n\
                 environment: {{ KEEP: keep }}\ndomains:\n  notes: {{ role: 'arn:aws:iam::1:role/notes' }}\n"
            ),
        )
        .with("seed.json", r#"[{ "id": "1", "text": "stored" }]"#)
        .with(
            "schema.graphql",
            "type Query { hello: String }\ntype Mutation { save(id: ID!): Note }\ntype Note { id: ID! text: String }\n",
        )
        .with(
            "resolvers/notes/Mutation.save.js",
            "import { util } from '@aws-appsync/utils';\n\
             export const request = (ctx) => ({\n  operation: 'UpdateItem',\n  key: util.dynamodb.toMapValues({ id: ctx.args.id }),\n  \
             update: { expression: 'SET a = :a', expressionValues: { ':a': { N: 1 } } },\n  \
             condition: { expression: 'attribute_exists(gone)', conditionalCheckFailedHandler: { strategy: 'Custom', lambdaArn: ctx.env.KEEP } },\n});\n\
             export function response(ctx) {\n  if (ctx.error) util.error(ctx.error.message, ctx.error.type);\n  return ctx.result;\n}\n",
        )
}

const SAVE: &str = r#"mutation { save(id: "1") { id text } }"#;

fn kept() -> Json {
    json!({ "data": { "save": { "id": "1", "text": "stored" } } })
}

/// What was asked, in order: method or operation, path, who signed, body.
type Asked = Arc<Mutex<Vec<(String, String, Json)>>>;

/// A server that is DynamoDB, STS and Lambda. It lives as long as the tests' process.
fn server() -> (SocketAddr, Asked) {
    let asked = Asked::default();
    let (noted, (tell, told)) = (asked.clone(), std::sync::mpsc::channel());
    std::thread::spawn(move || {
        run(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            let handler = move |uri, headers, body| answer(noted.clone(), uri, headers, body);
            axum::serve(listener, axum::Router::new().fallback(handler)).await.unwrap();
        });
    });
    (told.recv().unwrap(), asked)
}

/// Variables by which the binary takes a server for AWS.
fn aws_at(address: SocketAddr) -> [(&'static str, String); 7] {
    [
        ("AWS_ACCESS_KEY_ID", "AKIABASE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "s".to_owned()),
        ("AWS_REGION", "eu-central-1".to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", format!("http://{address}")),
        ("AWS_ENDPOINT_URL_LAMBDA", format!("http://{address}")),
        ("AWS_ENDPOINT_URL_STS", format!("http://{address}")),
        ("HOME", "/nonexistent".to_owned()),
    ]
}

async fn answer(asked: Asked, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    if String::from_utf8_lossy(&body).contains("Action=AssumeRole") {
        return "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
            <AccessKeyId>ASIANOTES</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
            <Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
            .into_response();
    }
    let signer = headers.get("authorization").and_then(|value| value.to_str().ok());
    let signer = signer.and_then(|text| text.split("Credential=").nth(1)).and_then(|text| text.split('/').next());
    let body = serde_json::from_slice(&body).unwrap();
    let note = (uri.path().to_owned(), signer.unwrap_or_default().to_owned(), body);
    asked.lock().unwrap().push(note);
    if headers.contains_key("x-amz-target") {
        let refusal = json!({ "__type": "x#ConditionalCheckFailedException", "message": "The conditional request failed",
            "Item": { "id": { "S": "1" }, "text": { "S": "stored" } } });
        return (StatusCode::BAD_REQUEST, refusal.to_string()).into_response();
    }
    json!({ "action": "discard" }).to_string().into_response()
}

#[test]
fn a_command_runs_in_the_projects_folder_wherever_syncline_was_started() {
    let project = project("{ command: [cat, decision.json] }").with("decision.json", r#"{ "action": "discard" }"#);
    let path = project.path().to_str().unwrap();
    let elsewhere = Folder::new();
    let run = binary::run(elsewhere.path(), &["query", "--memory", "--project", path, SAVE]);
    assert_eq!(run.json(), kept(), "{run:?}");
}

#[test]
fn an_address_is_asked_with_what_appsync_would_send() {
    let (address, asked) = server();
    let project = project(&format!("{{ url: 'http://{address}/functions/keep' }}"));
    let run = binary::run(project.path(), &["query", "--memory", SAVE]);
    assert_eq!(run.json(), kept(), "{run:?}");
    let asked = asked.lock().unwrap();
    let (path, signer, event) = &asked[0];
    assert_eq!((path.as_str(), signer.as_str()), ("/functions/keep", ""));
    assert_eq!(event["currentValue"], json!({ "id": "1", "text": "stored" }));
    assert_eq!(event["arguments"], json!({ "id": "1" }));
    assert_eq!(
        event["resolver"],
        json!({ "tableName": "notes", "awsRegion": "us-east-1", "parentType": "Mutation", "field": "save", "outputType": "Note" })
    );
}

#[test]
fn a_function_that_nothing_stands_for_leaves_the_error_and_the_log_says_why() {
    let project = project("{ name: shop-keep }");
    let run = binary::run(project.path(), &["query", "--memory", SAVE]);
    assert_eq!(run.json()["errors"][0]["errorType"], "DynamoDB:ConditionalCheckFailedException", "{run:?}");
    assert!(run.stderr.contains("function `keep` has nothing that stands for it here"), "{run:?}");
}

#[test]
fn in_aws_a_function_is_called_by_its_name_with_the_domains_role() {
    let (address, asked) = server();
    // What stands for it on a laptop is not used there.
    let project = project("{ name: shop-keep, command: [\"false\"] }");
    let run = binary::run_with_environment(project.path(), &["query", "--aws", SAVE], &aws_at(address));
    assert_eq!(run.json(), kept(), "{run:?}");
    let asked = asked.lock().unwrap();
    let calls: Vec<_> = asked.iter().map(|(path, signer, _)| (path.as_str(), signer.as_str())).collect();
    assert_eq!(calls, [("/", "ASIANOTES"), ("/2015-03-31/functions/shop-keep/invocations", "ASIANOTES")]);
    assert_eq!(asked[1].2["resolver"]["awsRegion"], "eu-central-1");
}

/// A direct resolver of a function that a domain owns.
fn direct(function: &str) -> Folder {
    Folder::new()
        .with(
            "syncline.yaml",
            &format!(
                "functions:\n  pricing: {function}\n\
                 dataSources:\n  pricing: {{ type: AWS_LAMBDA, config: {{ functionName: pricing, functionAlias: live }} }}\n\
                 domains:\n  pricing: {{ role: 'arn:aws:iam::1:role/notes' }}\n\
                 resolvers:\n  Query.price: {{ kind: UNIT, dataSource: pricing }}\n"
            ),
        )
        .with("schema.graphql", "type Query { price(id: ID!): AWSJSON }\n")
}

const PRICE: &str = r#"{ price(id: "7") }"#;

#[test]
fn a_direct_resolver_is_called_in_aws_by_name_and_alias_with_the_role_of_the_domain_that_owns_its_data_source() {
    let (address, asked) = server();
    let project = direct("{ name: shop-pricing }");
    let run = binary::run_with_environment(project.path(), &["query", "--aws", PRICE], &aws_at(address));
    assert_eq!(run.json(), json!({ "data": { "price": r#"{"action":"discard"}"# } }), "{run:?}");
    let asked = asked.lock().unwrap();
    let (path, signer, event) = &asked[0];
    let expected = ("/2015-03-31/functions/shop-pricing%3Alive/invocations", "ASIANOTES");
    assert_eq!((path.as_str(), signer.as_str()), expected);
    assert_eq!((&event["arguments"], &event["source"]), (&json!({ "id": "7" }), &Json::Null));
}

#[test]
fn a_direct_resolver_asks_an_address_and_hears_why_it_cannot_be_reached_on_a_laptop() {
    let (address, asked) = server();
    let run =
        binary::run(direct(&format!("{{ url: 'http://{address}/price' }}")).path(), &["query", "--memory", PRICE]);
    assert_eq!(run.json(), json!({ "data": { "price": r#"{"action":"discard"}"# } }), "{run:?}");
    assert_eq!(asked.lock().unwrap()[0].2["info"]["fieldName"], "price");
    // Nobody listens on a port that was just given back.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let run = binary::run(direct(&format!("{{ url: 'http://{closed}/price' }}")).path(), &["query", "--memory", PRICE]);
    let error = &run.json()["errors"][0];
    assert_eq!(error["errorType"], "Lambda:SdkClientException", "{run:?}");
    let said =
        format!("The function could not be called: function `pricing` at http://{closed}/price could not be reached: ");
    assert!(error["message"].as_str().unwrap().starts_with(&said), "{run:?}");
}

#[test]
fn a_domain_that_may_not_use_a_function_is_refused_even_where_nobody_looked_at_the_problems() {
    let folder = Folder::new()
        .with("schema.graphql", "type Query { mine: String theirs: String free: String }\n")
        .with(
            "syncline.yaml",
            "functions: { any: { command: [cat] } }\n\
             dataSources:\n  pricing: { type: AWS_LAMBDA, config: { function: any } }\n  \
             mail: { type: AWS_LAMBDA, config: { function: any } }\n\
             domains: { pricing: {}, orders: {} }\n\
             resolvers: { Query.free: { dataSource: pricing, code: src/free.js } }\n",
        )
        .with("resolvers/orders/Query.mine.[mail].js", ASKS)
        .with("resolvers/orders/Query.theirs.[pricing].js", ASKS)
        .with("src/free.js", ASKS);
    let files = read_project(folder.path(), Default::default()).unwrap();
    let (project, problems) = syncline::project::Project::load(&files);
    assert_eq!(problems.iter().filter(|problem| problem.severity == Severity::Error).count(), 2, "{problems:?}");
    let functions = Functions::local(project.config.functions.values().cloned(), folder.path());
    let dynamodb = Arc::new(LocalDynamoDb::open(None).unwrap());
    let backends = Backends { lambda: Arc::new(functions), ..Backends::new(dynamodb) };
    let api = Api::build(&project, backends, ApiOptions::default()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let request = OperationRequest { query: "{ mine theirs free }".into(), ..OperationRequest::default() };
    let Answer::Executed { response, .. } = run(api.execute(request)) else { panic!("it was refused") };
    let answer: Json = serde_json::from_slice(&response.to_json()).unwrap();
    assert_eq!(answer["data"], json!({ "mine": "asked", "theirs": null, "free": null }));
    let said: Vec<_> =
        answer["errors"].as_array().unwrap().iter().map(|error| (&error["errorType"], &error["message"])).collect();
    let denied = json!("DomainAccess");
    let theirs = json!(
        "domain `orders` may not use data source `pricing`; add `uses: { pricing: write }` to `domains.orders` in syncline.yaml"
    );
    let free = json!(
        "data source `pricing` belongs to a domain; a resolver that uses it must lie in the folder of a domain that may"
    );
    assert_eq!(said, [(&denied, &theirs), (&denied, &free)]);
}

const ASKS: &str = "export const request = () => ({ operation: 'Invoke', payload: 'asked' });\n\
                    export const response = (ctx) => ctx.result;\n";

#[test]
fn strict_says_that_appsync_does_not_fill_pages() {
    let project = project("{}");
    project
        .write("resolvers/notes/Query.hello.js", "export const request = () => ({ operation: 'Scan', limit: 1 });\n");
    let yaml = std::fs::read_to_string(project.path().join("syncline.yaml")).unwrap();
    project.write("syncline.yaml", &format!("{yaml}resolvers:\n  Query.hello: {{ fillPage: true }}\n"));
    let check = binary::run(project.path(), &["check"]);
    assert_eq!((check.code, check.stdout.as_str()), (Some(0), "no problems: 2 resolvers\n"));
    let strict = binary::run(project.path(), &["check", "--strict"]);
    assert_eq!(strict.code, Some(1), "{strict:?}");
    let said = "error: resolver `Query.hello` fills its pages, which AppSync does not\n --> syncline.yaml:9:18";
    assert!(strict.stdout.starts_with(said), "{strict:?}");
}
