//! Signing in at `syncline dev` and `syncline query`.

use serde_json::{Value, json};

use crate::harness::Folder;
use crate::harness::binary::{self, Dev};
use crate::harness::project::folder;
use crate::harness::wire::{Reply, send};

const HANDLER: &str =
    "export const request = (ctx) => ({ payload: ctx.identity });\nexport const response = (ctx) => ctx.result;\n";

fn project(config: &str) -> Folder {
    Folder::new()
        .with("syncline.yaml", config)
        .with("schema.graphql", "type Query { me: AWSJSON }")
        .with("resolvers/Query.me.[NONE].js", HANDLER)
}

fn ask(dev: &Dev, headers: &[(&str, &str)]) -> Reply {
    let headers = [&[("content-type", "application/json")], headers].concat();
    send(dev.address, "POST", "/graphql", &headers, br#"{"query":"{ me }"}"#).unwrap()
}

#[test]
fn dev_makes_up_a_key_says_it_and_takes_it() {
    let folder = project("name: keys\nauthentication: { type: API_KEY }\napiKeys: [web]\n");
    let dev = Dev::start(folder.path(), &["--memory"]);
    let talk = dev.talk();
    let key =
        talk.split_whitespace().find(|word| word.starts_with("da2-")).unwrap_or_else(|| panic!("no key in\n{talk}"));
    assert!(talk.contains("sign-in    API_KEY"), "{talk}");
    assert_eq!(ask(&dev, &[("x-api-key", key)]).json(), json!({ "data": { "me": null } }));
    let refused = ask(&dev, &[]);
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (401, Some("*")));
    assert_eq!(refused.json()["errors"][0]["message"], "Valid authorization header not provided.");
    let get = send(dev.address, "GET", "/graphql?query=%7B%20me%20%7D", &[], b"").unwrap();
    assert_eq!(get.status, 401);
    assert_eq!(send(dev.address, "GET", "/health", &[], b"").unwrap().status, 200);
    assert_eq!(send(dev.address, "OPTIONS", "/graphql", &[], b"").unwrap().status, 200);
}

#[test]
fn dev_as_somebody_is_for_requests_that_do_not_sign_in() {
    let dev = Dev::start(&folder("auth"), &["--memory", "--as", "ada"]);
    let body = json!({ "query": "{ me { authType identity } }" }).to_string();
    let ask = |headers: &[(&str, &str)]| {
        let headers = [&[("content-type", "application/json")], headers].concat();
        send(dev.address, "POST", "/graphql", &headers, body.as_bytes()).unwrap()
    };
    let me = ask(&[]).json()["data"]["me"].clone();
    assert_eq!(me["authType"], "User Pool Authorization");
    assert!(me["identity"].as_str().unwrap().contains("u-ada"));
    let me = ask(&[("x-api-key", "da2-web")]).json()["data"]["me"].clone();
    assert_eq!(me["authType"], "API Key Authorization");
    assert_eq!(ask(&[("x-api-key", "da2-no")]).status, 401);
    // Only AWS itself can say who called; a client that says so is not heard.
    let forged = json!({ "authorizer": { "iam": { "userArn": "arn:aws:iam::1:root" } } }).to_string();
    assert_eq!(ask(&[("x-amzn-request-context", &forged)]).json()["data"]["me"]["authType"], "User Pool Authorization");
}

#[test]
fn a_users_addresses_are_what_proxies_say_and_who_sends() {
    let dev = Dev::start(&folder("auth"), &["--memory"]);
    // The answer to a token would need keys; a signature needs a credential: neither is here, so an identity stands in.
    let refused = send(
        dev.address,
        "POST",
        "/graphql",
        &[("content-type", "application/json")],
        br#"{"query":"{ me { authType } }"}"#,
    );
    assert_eq!(refused.unwrap().status, 401);
    let signed = project(
        "name: signed\nauthentication: { type: AWS_IAM }\nlocalCredentials: [{ accessKeyId: AKIALOCAL, secretAccessKey: \"${SECRET:-local}\" }]\n",
    );
    let dev = Dev::start(signed.path(), &["--memory"]);
    let (date, authorization) = signature(dev.address.to_string().as_str(), br#"{"query":"{ me }"}"#);
    let reply = ask(
        &dev,
        &[("x-amz-date", &date), ("authorization", &authorization), ("x-forwarded-for", "203.0.113.1, 198.51.100.2")],
    );
    let me: Value =
        serde_json::from_str(reply.json()["data"]["me"].as_str().unwrap_or_else(|| panic!("{reply:?}"))).unwrap();
    assert_eq!(me["sourceIp"], json!(["203.0.113.1", "198.51.100.2", "127.0.0.1"]));
    assert_eq!(me["userArn"], "arn:aws:iam::123456789012:user/AKIALOCAL");
}

/// The headers of a request that is signed now with the secret `local`, by the crates that RustCrypto keeps.
fn signature(host: &str, body: &[u8]) -> (String, String) {
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::{Digest, Sha256};
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let sign = |key: &[u8], text: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let date = jiff::Timestamp::from_second(now.as_secs() as i64).unwrap().strftime("%Y%m%dT%H%M%SZ").to_string();
    let scope = format!("{}/eu-central-1/appsync/aws4_request", &date[..8]);
    let canonical =
        format!("POST\n/graphql\n\nhost:{host}\nx-amz-date:{date}\n\nhost;x-amz-date\n{}", hex(&Sha256::digest(body)));
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical.as_bytes())));
    let key = scope.split('/').fold(b"AWS4local".to_vec(), |key, part| sign(&key, part));
    let made = hex(&sign(&key, &text));
    let header =
        format!("AWS4-HMAC-SHA256 Credential=AKIALOCAL/{scope}, SignedHeaders=host;x-amz-date, Signature={made}");
    (date, header)
}

#[test]
fn query_signs_in_as_over_http_or_as_somebody() {
    let auth = folder("auth");
    let query = |more: &[&str]| binary::run(&auth, &[&["query", "--memory", "{ me { authType } }"], more].concat());
    let mode = |more: &[&str]| query(more).json()["data"]["me"]["authType"].clone();
    assert_eq!(mode(&["--as", "robot"]), "IAM Authorization");
    assert_eq!(mode(&["--header", "x-api-key: da2-web"]), "API Key Authorization");
    let refused = query(&[]);
    assert_eq!(refused.code, Some(1));
    assert_eq!(refused.json()["errors"][0]["errorType"], "UnauthorizedException");
    assert!(refused.stderr.contains("help: sign in with --header"), "{}", refused.stderr);
    let unknown = query(&["--as", "nobody"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("syncline.yaml has no identity `nobody`"), "{}", unknown.stderr);
}

#[test]
fn dev_refuses_an_identity_that_is_not_there_and_says_which_are() {
    let run = binary::run(&folder("auth"), &["dev", "--memory", "--port", "0", "--as", "nobody"]);
    assert_eq!(run.code, Some(2));
    assert!(
        run.stderr.contains("syncline.yaml has no identity `nobody`; there are `visitor`, `robot`"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_key_that_is_made_up_is_not_for_real_data() {
    let folder = project("name: keys\nauthentication: { type: API_KEY }\napiKeys: [web]\n");
    let run = binary::run(folder.path(), &["query", "--aws", "{ me }"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("error: API key `web` has no value\n --> syncline.yaml:3:11"), "{}", run.stderr);
}

#[test]
fn eval_takes_an_identity_of_the_project() {
    let auth = folder("auth");
    let eval = |name: &str| {
        let file = "resolvers/Query.me.[NONE].js";
        binary::run(&auth, &["eval", file, "--function", "request", "--as", name])
    };
    let result: Value = serde_json::from_str(eval("partner").json()["evaluationResult"].as_str().unwrap()).unwrap();
    assert_eq!(result["payload"]["identity"], json!({ "resolverContext": { "tenant": "blue" } }));
    assert_eq!(result["payload"]["authType"], "Lambda Authorization");
    let unknown = eval("nobody");
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("syncline.yaml has no identity `nobody`; there are"), "{}", unknown.stderr);
}
