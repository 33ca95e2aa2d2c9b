//! What browsers and caching clients ask of HTTP beyond AppSync: media types, compression, origins, documents by name.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::SocketAddr;

use serde_json::{Value, json};
use syncline::backend::files::read_project;
use syncline::error::SourceFile;

use crate::harness::Project;
use crate::harness::project::{folder, with_configuration};
use crate::harness::wire::{Reply, Served, send};

fn web() -> Served {
    Served::new(Project::named("web").api)
}

/// Posts a body with further headers.
#[track_caller]
fn ask(address: SocketAddr, headers: &[(&str, &str)], body: &Value) -> Reply {
    let mut all = vec![("content-type", "application/json")];
    all.extend(headers);
    send(address, "POST", "/graphql", &all, body.to_string().as_bytes()).unwrap()
}

#[track_caller]
fn error_of(reply: &Reply) -> String {
    reply.json()["errors"][0]["message"].as_str().unwrap_or_else(|| panic!("{}", reply.text())).to_owned()
}

const STANDARD: &[(&str, &str)] = &[("accept", "application/graphql-response+json")];

#[test]
fn a_client_of_the_standard_gets_its_media_type_and_status_codes() {
    let web = web();
    let type_of = |reply: &Reply| reply.header("content-type").map(str::to_owned);
    let good = ask(web.address, STANDARD, &json!({ "query": "{ hello }" }));
    assert_eq!((good.status, good.json()), (200, json!({ "data": { "hello": "hello" } })));
    assert_eq!(type_of(&good).as_deref(), Some("application/graphql-response+json;charset=UTF-8"));

    for document in ["{", "{ nothing }", "query ($a: String!) { echo(text: $a) }"] {
        let reply = ask(web.address, STANDARD, &json!({ "query": document }));
        assert_eq!(reply.status, 400, "{document}");
        assert_eq!(type_of(&reply), type_of(&good));
        let answer = reply.json();
        assert!(answer["errors"][0]["message"].is_string() && answer.get("data").is_none(), "{answer}");
    }

    // An error of execution is none of the request.
    let reply = ask(web.address, STANDARD, &json!({ "query": "{ echo(text: \"\") }" }));
    assert_eq!(reply.status, 200);
    assert!(reply.json().as_object().unwrap().contains_key("data"), "{}", reply.text());

    let reply = ask(web.address, STANDARD, &json!({}));
    assert_eq!((reply.status, type_of(&reply)), (400, type_of(&good)));
}

#[test]
fn answers_are_compressed_as_the_client_prefers_from_1000_bytes_on() {
    let web = web();
    let body = |length: usize| json!({ "query": "query ($a: String!) { echo(text: $a) }", "variables": { "a": "x".repeat(length) } });
    let plain = ask(web.address, &[], &body(5_000)).body;
    let decoded = |encoding: &str, bytes: &[u8]| -> Vec<u8> {
        let mut text = Vec::new();
        match encoding {
            "gzip" => flate2::read::GzDecoder::new(bytes).read_to_end(&mut text).unwrap(),
            "br" => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut text).unwrap(),
            "zstd" => zstd::stream::read::Decoder::new(bytes).unwrap().read_to_end(&mut text).unwrap(),
            other => panic!("{other}"),
        };
        text
    };
    for (accepted, expected) in [
        ("gzip", Some("gzip")),
        ("gzip, deflate", Some("gzip")),
        ("br;q=0.9, gzip;q=0.1", Some("br")),
        ("zstd", Some("zstd")),
        ("gzip, deflate, br, zstd", Some("zstd")),
        ("deflate", None),
        ("identity", None),
        ("gzip;q=0", None),
    ] {
        let reply = ask(web.address, &[("accept-encoding", accepted)], &body(5_000));
        assert_eq!(reply.header("content-encoding"), expected, "{accepted}");
        if let Some(encoding) = expected {
            assert!(reply.body.len() < plain.len() / 4, "{accepted}: {} bytes", reply.body.len());
            assert!(decoded(encoding, &unchunked(&reply)) == plain, "{accepted}");
        }
        assert!(reply.headers.iter().any(|(name, value)| name == "vary" && value.contains("accept-encoding")));
    }
    // `{"data":{"echo":"…"}}` has 20 bytes besides the text.
    for (length, expected) in [(979, None), (980, Some("gzip"))] {
        let reply = ask(web.address, &[("accept-encoding", "gzip")], &body(length));
        assert_eq!(reply.header("content-encoding"), expected, "{length}");
    }
}

/// A compressed body has no length beforehand, so that it comes in chunks.
fn unchunked(reply: &Reply) -> Vec<u8> {
    if reply.header("transfer-encoding") != Some("chunked") {
        return reply.body.clone();
    }
    let (mut rest, mut body) = (reply.body.as_slice(), Vec::new());
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n").expect("a chunk's length");
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            return body;
        }
        body.extend(&rest[end + 2..end + 2 + length]);
        rest = &rest[end + 4 + length..];
    }
}

#[test]
fn a_listed_origin_may_call_and_is_named() {
    let web = web();
    for origin in ["https://shop.example", "http://localhost:5173"] {
        let preflight = send(
            web.address,
            "OPTIONS",
            "/graphql",
            &[("origin", origin), ("access-control-request-method", "POST")],
            b"",
        )
        .unwrap();
        let reply = ask(web.address, &[("origin", origin)], &json!({ "query": "{ hello }" }));
        for reply in [&preflight, &reply] {
            assert_eq!(reply.status, 200);
            assert_eq!(reply.header("access-control-allow-origin"), Some(origin));
            assert_eq!(reply.header("access-control-allow-credentials"), Some("true"));
            assert_eq!(reply.header("access-control-expose-headers"), Some("x-amzn-RequestId"));
            assert!(reply.headers.iter().any(|(name, value)| name == "vary" && value == "origin"));
        }
        assert_eq!(preflight.header("access-control-allow-headers"), Some("authorization,content-type,x-api-key"));
        assert_eq!(preflight.header("access-control-max-age"), Some("600"));
    }
}

#[test]
fn what_a_foreign_page_sends_is_refused_before_it_runs() {
    let web = web();
    for origin in ["https://evil.example", "http://shop.example", "https://shop.example.evil.example", "null"] {
        for (method, path, body) in [
            ("POST", "/graphql", r#"{"query":"mutation { greet(name: \"x\") }"}"#),
            ("GET", "/graphql?query={hello}", ""),
            ("OPTIONS", "/graphql", ""),
        ] {
            let headers = [("origin", origin), ("content-type", "application/json")];
            let reply = send(web.address, method, path, &headers, body.as_bytes()).unwrap();
            assert_eq!((reply.status, reply.header("x-amzn-errortype")), (403, Some("ForbiddenException")), "{origin}");
            assert_eq!(reply.header("access-control-allow-origin"), None);
        }
    }
    // The server's own page, and programs, which send no origin.
    let own = format!("http://{}", web.address);
    assert_eq!(ask(web.address, &[("origin", &own)], &json!({ "query": "{ hello }" })).status, 200);
    assert_eq!(ask(web.address, &[], &json!({ "query": "{ hello }" })).status, 200);
}

/// Of `{ hello }`.
const HELLO: &str = "001c3174e099bd72b729d0c0a529ba9f5a740c446e2a6e1d71b283cb84ec3065";

fn persisted(hash: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } })
}

#[test]
fn a_document_is_registered_by_its_first_sender_and_then_run_by_its_hash() {
    let web = web();
    let by_hash = json!({ "extensions": persisted(HELLO) });
    let reply = ask(web.address, &[], &by_hash);
    assert_eq!(
        (reply.status, reply.json()),
        (
            200,
            json!({ "errors": [{
                "message": "PersistedQueryNotFound",
                "errorType": "PersistedQueryNotFound",
                "extensions": { "code": "PERSISTED_QUERY_NOT_FOUND" },
            }] })
        )
    );
    let both = json!({ "query": "{ hello }", "extensions": persisted(HELLO) });
    let hello = json!({ "data": { "hello": "hello" } });
    assert_eq!(ask(web.address, &[], &both).json(), hello);
    assert_eq!(ask(web.address, &[], &by_hash).json(), hello);
    let path =
        format!("/graphql?extensions={{%22persistedQuery%22:{{%22version%22:1,%22sha256Hash%22:%22{HELLO}%22}}}}");
    assert_eq!(send(web.address, "GET", &path, &[], b"").unwrap().json(), hello);
}

#[test]
fn a_hash_that_belongs_to_another_document_is_refused_and_an_invalid_document_not_kept() {
    let web = web();
    let reply = ask(web.address, &[], &json!({ "query": "{ other }", "extensions": persisted(HELLO) }));
    assert_eq!((reply.status, error_of(&reply).as_str()), (400, "provided sha does not match query"));
    // The hash of `{ nothing }`.
    let nothing = "919c0b7aa452b0b2fb42688461501bb8b0c3ef3b9d05ce7b9afd4f28bbe96ceb";
    let reply = ask(web.address, &[], &json!({ "query": "{ nothing }", "extensions": persisted(nothing) }));
    assert!(error_of(&reply).contains("FieldUndefined"), "{}", reply.text());
    let reply = ask(web.address, &[], &json!({ "extensions": persisted(nothing) }));
    assert_eq!(error_of(&reply), "PersistedQueryNotFound");
}

#[test]
fn trusted_documents_run_by_their_ids() {
    let web = web();
    let reply = ask(web.address, &[], &json!({ "documentId": "hello" }));
    assert_eq!(reply.json(), json!({ "data": { "hello": "hello" } }));
    let greeting = json!({ "documentId": "greeting", "variables": { "name": "Ada" } });
    assert_eq!(ask(web.address, &[], &greeting).json(), json!({ "data": { "greet": "hello Ada" } }));
    assert_eq!(error_of(&ask(web.address, &[], &json!({ "documentId": "other" }))), "PersistedQueryNotFound");
    assert_eq!(
        send(web.address, "GET", "/graphql?documentId=hello", &[], b"").unwrap().json(),
        json!({ "data": { "hello": "hello" } })
    );
    let reply =
        send(web.address, "GET", "/graphql?documentId=greeting&variables={%22name%22:%22x%22}", &[], b"").unwrap();
    assert_eq!(reply.status, 405, "a mutation stays a mutation");
}

#[test]
fn with_only_trusted_documents_nothing_else_runs() {
    let configuration = "persistedQueries: { documents: persisted-documents.json, only: true }";
    let served = Served::new(with_configuration(&folder("web"), configuration).unwrap().api);
    for body in [
        json!({ "query": "{ echo(text: \"a\") }" }),
        json!({ "query": "{ __schema { types { name } } }" }),
        json!({ "query": "{ hello }", "extensions": persisted(HELLO), "documentId": "unknown" }),
        json!({ "query": "{ echo(text: \"a\") }", "documentId": "unknown" }),
    ] {
        let reply = ask(served.address, &[], &body);
        let is_hello = body["query"] == "{ hello }";
        assert_eq!(reply.status, if is_hello { 200 } else { 400 }, "{body}");
        if !is_hello {
            assert_eq!(reply.header("x-amzn-errortype"), Some("UntrustedDocumentException"));
        }
    }
    assert_eq!(
        ask(served.address, &[], &json!({ "documentId": "hello" })).json(),
        json!({ "data": { "hello": "hello" } })
    );
}

#[test]
fn heads_and_addresses_beyond_their_bounds_are_refused() {
    let web = web();
    let long = "x".repeat(100_000);
    assert_eq!(ask(web.address, &[("x-long", &long)], &json!({ "query": "{ hello }" })).status, 431);
    let many: Vec<(String, String)> = (0..250).map(|index| (format!("x-{index}"), "1".into())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(ask(web.address, &many, &json!({ "query": "{ hello }" })).status, 431);
    let path = format!("/graphql?query={{hello}}&x={}", "x".repeat(9_000));
    let reply = send(web.address, "GET", &path, &[], b"").unwrap();
    assert_eq!((reply.status, reply.header("x-amzn-errortype")), (414, Some("UriTooLongException")));
    assert_eq!(ask(web.address, &[], &json!({ "query": "{ hello }" })).status, 200);
}

#[test]
fn trusted_documents_that_could_never_run_are_found_before_anybody_asks() {
    let mut files = read_project(&folder("web"), BTreeMap::new()).unwrap();
    let documents = r#"{"format":"apollo-persisted-query-manifest","version":1,"operations":[
  {"id":"good","type":"query","name":null,"body":"{ hello }"},
  {"id":"old","type":"query","name":null,"body":"{ goodbye }"},
  {"id":"broken","type":"query","name":null,"body":"{"}
]}"#;
    let path = "persisted-documents.json";
    files.files.insert(path.into(), SourceFile::new(path, documents));
    let problems = Project::start(&files, true).err().expect("two documents are wrong");
    assert!(problems.contains("trusted document `old`: Validation error of type FieldUndefined"), "{problems}");
    assert!(problems.contains("persisted-documents.json:3:"), "{problems}");
    assert!(problems.contains("trusted document `broken`: Invalid Syntax"), "{problems}");
    assert!(!problems.contains("`good`"), "{problems}");
}

#[test]
fn one_caller_may_ask_as_often_as_the_rate_limit_says() {
    let configuration = "rateLimit: { requestsPerSecond: 2, burst: 3 }";
    let served = Served::new(with_configuration(&folder("web"), configuration).unwrap().api);
    let statuses: Vec<u16> =
        (0..5).map(|_| ask(served.address, &[], &json!({ "query": "{ hello }" })).status).collect();
    assert_eq!(statuses, [200, 200, 200, 429, 429], "the clock of the tests stands still");
    let reply = ask(served.address, &[], &json!({ "query": "{ hello }" }));
    assert_eq!(reply.json(), json!({ "errors": [{ "message": "Rate exceeded", "errorType": "ThrottlingException" }] }));
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert_eq!(send(served.address, "GET", "/health", &[], b"").unwrap().status, 200);
}
