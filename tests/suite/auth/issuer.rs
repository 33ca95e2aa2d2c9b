//! A local issuer with keys of its own, asked by the real HTTP client: what `syncline dev` does with a token.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{self, KeyPair as _};
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value as Json, json};
use syncline::api::{Api, ApiOptions};
use syncline::auth::LocalSignIn;
use syncline::backend::Backends;
use syncline::backend::files::read_project;
use syncline::backend::http::{HttpClient, HttpFailureKind, HttpRequest, HttpSend};
use syncline::backend::local::LocalDynamoDb;

use crate::harness::wire::{Reply, Served, send};
use crate::harness::{Folder, run};

type Pages = Arc<Mutex<HashMap<String, String>>>;

/// Pages at an address of its own, as long as the tests' process lives. Status 503 for what is not there; `/slow` never
/// answers, `/redirect` leads elsewhere.
fn web() -> (SocketAddr, Pages) {
    let pages = Pages::default();
    let (served, (tell, told)) = (pages.clone(), std::sync::mpsc::channel());
    std::thread::spawn(move || {
        run(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            let handler = move |uri: Uri| {
                let page = served.lock().unwrap().get(uri.path()).cloned();
                async move {
                    match uri.path() {
                        "/slow" => std::future::pending().await,
                        "/redirect" => (StatusCode::FOUND, [("location", "/page")], "").into_response(),
                        _ => match page {
                            Some(page) => ([("X-Page", "yes")], page).into_response(),
                            None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
                        },
                    }
                }
            };
            axum::serve(listener, axum::Router::new().fallback(handler)).await.unwrap();
        });
    });
    (told.recv().unwrap(), pages)
}

struct Signer(KeyPair);

impl Signer {
    fn new() -> Signer {
        Signer(KeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    fn key_set(&self, key_id: &str) -> String {
        // RFC 8017's DER of a key of 2,048 bits: two heads and a zero, the modulus, a head, the exponent.
        let der = self.0.public_key().as_ref();
        assert_eq!((der.len(), &der[265..267]), (270, &[2, 3][..]));
        let (n, e) = (BASE64.encode(&der[9..265]), BASE64.encode(&der[267..]));
        json!({ "keys": [{ "kty": "RSA", "kid": key_id, "n": n, "e": e }] }).to_string()
    }

    fn token(&self, key_id: &str, claims: Json) -> String {
        let header = json!({ "alg": "RS256", "kid": key_id });
        let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        let mut made = vec![0; self.0.public_modulus_len()];
        self.0.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut made).unwrap();
        format!("{signed}.{}", BASE64.encode(made))
    }
}

fn soon() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 600
}

/// A project that takes tokens of this issuer and of a user pool at the same address.
fn api(address: SocketAddr) -> Served {
    let config = format!(
        "authentication: {{ type: OPENID_CONNECT, config: {{ issuer: 'http://{address}' }} }}\n\
         additionalAuthentications:\n  - type: AMAZON_COGNITO_USER_POOLS\n    config: {{ userPoolId: local_Pool, endpoint: 'http://{address}' }}\n"
    );
    let handler =
        "export const request = (ctx) => ({ payload: ctx.identity });\nexport const response = (ctx) => ctx.result;\n";
    let folder = Folder::new()
        .with("syncline.yaml", &config)
        .with("schema.graphql", "type Query @aws_oidc @aws_cognito_user_pools { me: AWSJSON }")
        .with("resolvers/Query.me.[NONE].js", handler);
    let (project, problems) =
        syncline::project::Project::load(&read_project(folder.path(), Default::default()).unwrap());
    assert!(problems.is_empty(), "{problems:?}");
    let dynamodb = Arc::new(LocalDynamoDb::open(None).unwrap());
    let backends = Backends { http: Arc::new(HttpClient::new()), ..Backends::new(dynamodb) };
    let options = ApiOptions { local: Some(LocalSignIn::default()), ..ApiOptions::default() };
    Served::new(Arc::new(Api::build(&project, backends, options).unwrap_or_else(|problems| panic!("{problems:?}"))))
}

fn ask(api: &Served, token: &str) -> Reply {
    let headers = [("content-type", "application/json"), ("authorization", token)];
    send(api.address, "POST", "/graphql", &headers, br#"{"query":"{ me }"}"#).unwrap()
}

#[test]
fn users_of_a_local_issuer_and_of_a_local_user_pool_are_let_in_and_others_are_not() {
    let (address, pages) = web();
    let (issuer, pool, other) = (Signer::new(), Signer::new(), Signer::new());
    let put = |path: &str, page: String| drop(pages.lock().unwrap().insert(path.to_owned(), page));
    let base = format!("http://{address}");
    put("/.well-known/openid-configuration", json!({ "issuer": base, "jwks_uri": format!("{base}/keys") }).to_string());
    put("/keys", issuer.key_set("a"));
    put("/local_Pool/.well-known/jwks.json", pool.key_set("a"));
    let api = api(address);

    let claims = json!({ "iss": base, "sub": "u-1", "exp": soon() });
    let reply = ask(&api, &format!("Bearer {}", issuer.token("a", claims.clone())));
    assert_eq!(reply.status, 200);
    let me: Json = serde_json::from_str(reply.json()["data"]["me"].as_str().unwrap()).unwrap();
    assert_eq!(me, json!({ "sub": "u-1", "issuer": base, "claims": claims }));

    let pool_issuer = format!("{base}/local_Pool");
    let claims = json!({ "iss": pool_issuer, "sub": "u-2", "exp": soon(), "token_use": "access", "username": "ada", "client_id": "web" });
    let me = ask(&api, &pool.token("a", claims.clone())).json();
    let me: Json = serde_json::from_str(me["data"]["me"].as_str().unwrap()).unwrap();
    assert_eq!((&me["username"], &me["groups"]), (&json!("ada"), &Json::Null));

    // Each key is good for its own issuer only.
    for token in [issuer.token("a", claims), other.token("a", json!({ "iss": base, "sub": "u-1", "exp": soon() }))] {
        let reply = ask(&api, &token);
        assert_eq!(reply.status, 401);
        let error =
            json!({ "message": "You are not authorized to make this call.", "errorType": "UnauthorizedException" });
        assert_eq!(reply.json(), json!({ "errors": [error] }));
        assert_eq!(reply.header("x-amzn-errortype"), Some("UnauthorizedException"));
    }
    let reply = ask(&api, "garbage");
    assert_eq!((reply.status, &reply.json()["errors"][0]["message"]), (401, &json!("Unable to parse JWT token.")));
}

#[test]
fn the_http_client_is_bounded_in_time_and_size_and_follows_nothing() {
    let (address, pages) = web();
    pages.lock().unwrap().insert("/page".into(), "0123456789".into());
    let client = HttpClient::new();
    let get = |path: &str, most_bytes: usize, timeout: Duration| {
        let url = format!("http://{address}{path}").into();
        let request = HttpRequest { method: "GET".into(), url, timeout, most_bytes, ..HttpRequest::default() };
        run(client.send(request))
    };
    let patience = Duration::from_secs(60);
    let page = get("/page?secret=1", 10, patience).unwrap();
    assert_eq!((page.status, page.body.as_ref()), (200, &b"0123456789"[..]));
    assert!(page.headers.contains(&("x-page".into(), "yes".into())), "{:?}", page.headers);
    assert_eq!(get("/nowhere", 10, patience).unwrap().status, 503);
    assert_eq!(get("/redirect", 10, patience).unwrap().status, 302);
    let error = get("/page?secret=1", 9, patience).unwrap_err();
    assert_eq!(error.kind, HttpFailureKind::TooLarge);
    assert_eq!(error.message, format!("the answer of http://{address} has more than 9 bytes"));
    let error = get("/slow", 10, Duration::from_millis(50)).unwrap_err();
    assert_eq!(error.message, format!("http://{address} takes more than 50 ms"));
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{closed}/").into();
    let request = HttpRequest { method: "GET".into(), url, timeout: patience, most_bytes: 1, ..HttpRequest::default() };
    let error = run(HttpClient::new().send(request)).unwrap_err();
    assert_eq!(error.message, format!("http://{closed} cannot be reached"));
    for url in ["ftp://a.test/", "a.test", ""] {
        assert!(
            run(client.send(HttpRequest { method: "GET".into(), url: url.into(), ..HttpRequest::default() })).is_err()
        );
    }
}
