//! AWS for tests: a server on a real socket that checks signatures by itself, answers DynamoDB's operations from the
//! embedded engine and STS's from invented credentials, and notes what it was asked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::*;
use crate::backend::local::LocalDynamoDb;

/// The secret of every key that the stand-in knows or hands out.
pub(super) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// One request as it came.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// The operation's name for DynamoDB and EventBridge, `AssumeRole` for STS, the method for anything else.
    pub operation: String,
    /// With the query.
    pub path: String,
    pub headers: HeaderMap,
    pub body: String,
    /// Access key id and scope (`region/service`) of a signature that is right.
    pub signed_by: Option<(String, String)>,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Answers in place of the tables, by how many requests for the same operation came before.
pub(super) type Script = fn(usize, &Seen) -> Option<(StatusCode, String)>;

pub(super) struct StandIn {
    pub url: String,
    pub seen: Arc<Mutex<Vec<Seen>>>,
    /// Connections accepted so far.
    pub connections: Arc<AtomicUsize>,
}

impl StandIn {
    pub async fn start(script: Script) -> StandIn {
        let dynamodb = Arc::new(LocalDynamoDb::open(None).unwrap());
        let table = r#"{"TableName":"things","BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
            "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}]}"#;
        dynamodb.call(Operation::CreateTable, Value::parse(table).unwrap()).await.unwrap();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let noted = seen.clone();
        let handler = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let (dynamodb, noted) = (dynamodb.clone(), noted.clone());
            async move { answer(script, &dynamodb, &noted, Seen::of(&method, &uri, headers, &body)).await }
        };
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = connections.clone();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let listener = listener.tap_io(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
        });
        tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(handler)).await });
        StandIn { url, seen, connections }
    }

    /// What was asked, in order.
    pub fn operations(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|seen| seen.operation.clone()).collect()
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The SDK's configuration for an account that lives here.
    pub fn config(&self) -> SdkConfig {
        self.config_for(Credentials::new("AKIABASE", SECRET, Some("base-token".into()), None, "test"))
    }

    pub fn config_for(&self, credentials: Credentials) -> SdkConfig {
        config::config("eu-central-1".into(), SharedCredentialsProvider::new(credentials))
            .into_builder()
            .endpoint_url(&self.url)
            .build()
    }

    /// The account with the time-outs of production and waits that tests can afford.
    pub fn dynamodb(&self) -> AwsDynamoDb {
        AwsDynamoDb::new(self.config(), None, true, quick())
    }
}

/// Production's policy with short waits between attempts.
pub(super) fn quick() -> CallPolicy {
    CallPolicy { first_backoff: std::time::Duration::from_millis(1), ..CallPolicy::dynamodb() }
}

pub(super) fn get(id: &str) -> Value {
    Value::parse(&format!(r#"{{"TableName":"things","Key":{{"id":{{"S":"{id}"}}}}}}"#)).unwrap()
}

/// A DynamoDB error body.
pub(super) fn refusal(code: &str) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"told so"}}"#))
}

/// STS's answer to AssumeRole.
pub(super) fn assumed(key_id: &str, expiration: &str) -> (StatusCode, String) {
    let body = format!(
        r#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
        <AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/r/s</Arn><AssumedRoleId>A:s</AssumedRoleId></AssumedRoleUser>
        <Credentials><AccessKeyId>{key_id}</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey>
        <SessionToken>{key_id}-token</SessionToken><Expiration>{expiration}</Expiration></Credentials></AssumeRoleResult>
        <ResponseMetadata><RequestId>STS-1</RequestId></ResponseMetadata></AssumeRoleResponse>"#
    );
    (StatusCode::OK, body)
}

async fn answer(script: Script, dynamodb: &LocalDynamoDb, noted: &Mutex<Vec<Seen>>, seen: Seen) -> Response {
    let before = {
        let mut noted = noted.lock().unwrap();
        noted.push(seen.clone());
        noted.iter().filter(|other| other.operation == seen.operation).count() - 1
    };
    if let Some((status, body)) = script(before, &seen) {
        let id = (seen.operation == "AssumeRole").then_some(("x-amzn-requestid", "STS-1"));
        // As Lambda marks the answer of a function that failed.
        let is_thrown = seen.operation == "POST" && body.contains("errorMessage");
        let id = if is_thrown { Some(("x-amz-function-error", "Unhandled")) } else { id };
        return (status, axum::response::AppendHeaders(id), body).into_response();
    }
    match seen.operation.as_str() {
        "GET" => "healthy".into_response(),
        "AssumeRole" => {
            let role = seen.body.split("role%2F").nth(1).and_then(|rest| rest.split('&').next()).unwrap();
            assumed(&format!("ASIA{}", role.to_uppercase()), "2999-01-01T00:00:00Z").into_response()
        }
        _ if seen.signed_by.is_none() => refusal("InvalidSignatureException").into_response(),
        name => match dynamodb.call(operation(name), Value::parse(&seen.body).unwrap()).await {
            Ok(answer) => answer.to_string().into_response(),
            Err(error) => {
                let id = [("x-amzn-requestid", error.request_id.to_string())];
                (StatusCode::from_u16(error.status).unwrap(), id, error.body.to_string()).into_response()
            }
        },
    }
}

fn operation(name: &str) -> Operation {
    use Operation::*;
    let all = [GetItem, PutItem, Query, Scan, BatchGetItem, TransactWriteItems];
    all.into_iter().find(|operation| operation.name() == name).unwrap()
}

impl Seen {
    fn of(method: &Method, uri: &Uri, headers: HeaderMap, body: &[u8]) -> Seen {
        let text = String::from_utf8(body.to_vec()).unwrap();
        let target = headers.get("x-amz-target").map(|target| target.to_str().unwrap().to_owned());
        let operation = match target {
            Some(target) => target.rsplit('.').next().unwrap().to_owned(),
            None if text.contains("Action=AssumeRole") => "AssumeRole".to_owned(),
            None => method.to_string(),
        };
        let signed_by = signer(method, uri, &headers, body);
        Seen { operation, path: uri.to_string(), headers, body: text, signed_by }
    }
}

/// Verifies a Signature Version 4, written after AWS's description of it and not after the SDK.
fn signer(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Option<(String, String)> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let authorization = text("authorization")?.strip_prefix("AWS4-HMAC-SHA256 ")?;
    let part = |name: &str| authorization.split(", ").find_map(|part| part.strip_prefix(name));
    let (credential, signed, signature) = (part("Credential=")?, part("SignedHeaders=")?, part("Signature=")?);
    let [key_id, date, region, service, "aws4_request"] = credential.split('/').collect::<Vec<_>>()[..] else {
        return None;
    };
    // What decides who calls and what is called must not be left out of the signature.
    for needed in ["host", "x-amz-date", "x-amz-target", "x-amz-security-token", "x-amz-invocation-type"] {
        if headers.contains_key(needed) && !signed.split(';').any(|name| name == needed) {
            return None;
        }
    }
    // What is encoded once to travel is encoded twice to be signed.
    let path = uri.path().replace('%', "%25");
    let mut canonical = format!("{method}\n{path}\n{}\n", uri.query().unwrap_or(""));
    for name in signed.split(';') {
        canonical.push_str(&format!("{name}:{}\n", text(name)?.trim()));
    }
    canonical.push_str(&format!("\n{signed}\n{}", hex(&Sha256::digest(body))));
    let timestamp = text("x-amz-date")?;
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{timestamp}\n{date}/{region}/{service}/aws4_request\n{}",
        hex(&Sha256::digest(canonical.as_bytes()))
    );
    let mut key = mac(format!("AWS4{SECRET}").as_bytes(), date);
    for step in [region, service, "aws4_request"] {
        key = mac(&key, step);
    }
    let is_right = hex(&mac(&key, &to_sign)) == signature && timestamp.starts_with(date);
    is_right.then(|| (key_id.to_owned(), format!("{region}/{service}")))
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
