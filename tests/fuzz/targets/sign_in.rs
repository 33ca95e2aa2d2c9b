//! What a client signs in with: tokens, key sets, signatures. Nothing is believed that was not signed as it stands.

use std::collections::HashSet;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use syncline::auth::keys::KeySet;
use syncline::auth::{SignedParts, jwt, sigv4};
use syncline::value::{Str, Value};

/// 2026-11-22T12:00:00.000Z, for which the signatures are made.
const NOON: i64 = 1_795_348_800_000;

struct Known {
    keys: KeySet,
    /// What the keys have signed.
    signed: HashSet<String>,
    token: String,
    /// What AWS's signer has made.
    authorizations: Vec<String>,
    headers: Value,
    parts: SignedParts,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let parse = |json: &str| Value::parse(json).expect("the file is JSON");
    let tokens = parse(include_str!("../../auth/tokens.json"));
    let key_set = tokens.get("keySets").and_then(|sets| sets.get("https://issuer.test/keys")).expect("there are keys");
    let keys = KeySet::parse(key_set.to_string().as_bytes()).expect("the keys can be read");
    let cases = tokens.get("cases").and_then(Value::as_list).expect("there are cases");
    let tokens = cases.iter().filter_map(|case| case.get("authorization")?.as_str());
    let tokens = tokens.map(|token| token.trim_start_matches("Bearer ").to_owned());
    let good: Vec<String> =
        tokens.filter(|token| jwt::parse(token).is_some_and(|token| keys.verifies(&token))).collect();
    assert!(good.len() > 30, "only {} good tokens", good.len());
    let signed = good.iter().filter_map(|token| Some(jwt::parse(token)?.signed.to_owned())).collect();
    let signatures = parse(include_str!("../../auth/signatures.json"));
    let cases = signatures.get("cases").and_then(Value::as_list).expect("there are cases");
    let authorization =
        |case: &Value| case.get("request")?.get("headers")?.get("authorization")?.as_str().map(String::from);
    let authorizations = cases.iter().filter_map(authorization).collect();
    let request = cases[0].get("request").cloned();
    let request = request.expect("there is a request");
    let text = |name: &str| Str::from(request.get(name).and_then(Value::as_str).unwrap_or_default());
    let parts = SignedParts {
        method: text("method"),
        path: text("path"),
        query: text("query"),
        body: text("body").as_bytes().to_vec().into(),
    };
    let headers = request.get("headers").cloned().unwrap_or_default();
    Known { keys, signed, token: good[0].clone(), authorizations, headers, parts }
});

pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let known = &*KNOWN;
    // Three lines are header, payload and signature of a token; what is inside of the first two changes more easily so.
    let lines: Vec<&str> = text.splitn(3, '\n').collect();
    let token = match lines[..] {
        [header, payload, signature] => format!("{}.{}.{signature}", BASE64.encode(header), BASE64.encode(payload)),
        _ => text.to_string(),
    };
    if let Some(read) = jwt::parse(&token) {
        assert!(matches!(read.claims, Value::Object(_)));
        assert!(!known.keys.verifies(&read) || known.signed.contains(read.signed), "{token} is believed");
    }
    if let Some(keys) = KeySet::parse(data) {
        let token = jwt::parse(&known.token).expect("it was read before");
        keys.verifies(&token);
    }
    if let Some(signature) = sigv4::parse(&text) {
        let outcome = sigv4::verify(&signature, "a secret for tests", &known.parts, &known.headers, NOON);
        let is_real = known.authorizations.iter().filter_map(|real| sigv4::parse(real)).any(|mut real| {
            // It is not signed: it says which secret is asked, and here there is one.
            real.access_key_id = signature.access_key_id;
            real == signature
        });
        assert!(outcome.is_err() || is_real, "{text} is believed");
        assert!(sigv4::verify(&signature, "a third secret", &known.parts, &known.headers, NOON).is_err());
    }
}
