//! Tokens that OpenSSL has signed (`tests/auth/tokens.json`), and how an issuer's keys are fetched, kept and renewed.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use crate::auth::stand_ins::{Door, NOON, data};
use crate::auth::{Denial, Outside, jwt};
use crate::context::AuthMode;
use crate::value::{Value, object};

const ISSUER: &str = "https://issuer.test";
const CONFIG: &str = "authentication: { type: OPENID_CONNECT, config: { issuer: 'https://issuer.test' } }";

fn describe(door: &Door, keys: &str) {
    door.web.put(
        "https://issuer.test/.well-known/openid-configuration",
        r#"{"issuer":"https://issuer.test","jwks_uri":"https://issuer.test/keys"}"#,
    );
    door.web.put("https://issuer.test/keys", keys);
}

#[tokio::test]
async fn tokens_are_taken_and_refused_as_the_file_says() {
    let data = data("tokens.json");
    let mut wrong = Vec::new();
    let cases = data.get("cases").and_then(Value::as_list).unwrap();
    assert!(cases.len() > 90, "only {} cases", cases.len());
    for case in cases {
        let text = |name: &str| case.get(name).and_then(Value::as_str).unwrap();
        let door = Door::new(&case.get("config").unwrap().to_string());
        for pages in ["keySets", "descriptions"] {
            for (address, page) in data.get(pages).and_then(Value::as_object).unwrap() {
                door.web.put(address, &page.to_string());
            }
        }
        // Twice: a token that is known as verified is judged like any other.
        for turn in 1..=2 {
            let outcome = door.with_token(text("authorization")).await;
            let expected = match case.get("identity") {
                Some(identity) => Ok(identity.to_string()),
                None => Err(text("denied").to_owned()),
            };
            let actual = outcome.map(|identity| identity.value.to_string()).map_err(|denial| denial.0.to_owned());
            if actual != expected {
                wrong.push(format!("{} ({turn}):\n  expected {expected:?}\n  but      {actual:?}", text("name")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A key pair of the test's own.
struct Signer {
    pair: EcdsaKeyPair,
    key_id: &'static str,
}

impl Signer {
    fn new(key_id: &'static str) -> Signer {
        Signer { pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(), key_id }
    }

    fn token(&self, expires_ms: i64) -> String {
        let header = object! { "alg" => "ES256", "kid" => self.key_id };
        let claims = object! { "iss" => ISSUER, "sub" => self.key_id, "exp" => expires_ms / 1_000 };
        let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64.encode(signature))
    }

    fn key(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        object! {
            "kty" => "EC", "crv" => "P-256", "kid" => self.key_id,
            "x" => BASE64.encode(&point[1..33]), "y" => BASE64.encode(&point[33..]),
        }
    }
}

fn key_set(signers: &[&Signer]) -> String {
    object! { "keys" => signers.iter().map(|signer| signer.key()).collect::<Value>() }.to_string()
}

const HOUR: i64 = 3_600_000;

#[tokio::test]
async fn keys_are_fetched_once_and_kept_for_an_hour() {
    let signer = Signer::new("one");
    let mut door = Door::new(CONFIG);
    describe(&door, &key_set(&[&signer]));
    let token = signer.token(NOON + 10 * HOUR);
    assert_eq!(door.with_token(&token).await.unwrap().mode, Some(AuthMode::OpenIdConnect));
    door.with_token(&token).await.unwrap();
    door.at(HOUR).with_token(&token).await.unwrap();
    assert_eq!(door.web.asked(), 2, "the description and the key set");
    door.at(HOUR + 1).with_token(&token).await.unwrap();
    assert_eq!(door.web.asked(), 4);
}

#[tokio::test]
async fn a_new_key_is_learnt_at_once_and_an_old_one_that_is_withdrawn_is_forgotten() {
    let (old, new) = (Signer::new("old"), Signer::new("new"));
    let mut door = Door::new(CONFIG);
    describe(&door, &key_set(&[&old]));
    let expires = NOON + 10 * HOUR;
    door.with_token(&old.token(expires)).await.unwrap();
    describe(&door, &key_set(&[&new]));
    door.at(10_000).with_token(&new.token(expires)).await.unwrap();
    assert_eq!(door.web.asked(), 4);
    // Its signature was verified before, and that counts no longer.
    assert_eq!(door.with_token(&old.token(expires)).await, Err(Denial::UNAUTHORIZED));
}

#[tokio::test]
async fn a_verified_token_counts_no_longer_when_its_key_is_withdrawn() {
    let (old, new) = (Signer::new("old"), Signer::new("new"));
    let mut door = Door::new(CONFIG);
    describe(&door, &key_set(&[&old, &new]));
    let token = old.token(NOON + 10 * HOUR);
    door.with_token(&token).await.unwrap();
    describe(&door, &key_set(&[&new]));
    assert!(door.at(HOUR).with_token(&token).await.is_ok());
    assert_eq!(door.at(HOUR + 1).with_token(&token).await, Err(Denial::UNAUTHORIZED));
}

#[tokio::test]
async fn keys_that_nobody_knows_do_not_become_requests_to_the_issuer() {
    let (known, unknown) = (Signer::new("known"), Signer::new("unknown"));
    let mut door = Door::new(CONFIG);
    describe(&door, &key_set(&[&known]));
    let expires = NOON + 10 * HOUR;
    door.with_token(&known.token(expires)).await.unwrap();
    for milliseconds in [0, 1, 9_999] {
        let outcome = door.at(milliseconds).with_token(&unknown.token(expires)).await;
        assert_eq!(outcome, Err(Denial::UNAUTHORIZED));
    }
    assert_eq!(door.web.asked(), 2);
    assert_eq!(door.at(10_000).with_token(&unknown.token(expires)).await, Err(Denial::UNAUTHORIZED));
    assert_eq!(door.web.asked(), 4);
    door.with_token(&known.token(expires)).await.unwrap();
}

#[tokio::test]
async fn while_the_issuer_is_out_its_keys_are_good_for_a_day() {
    let signer = Signer::new("one");
    let mut door = Door::new(CONFIG);
    describe(&door, &key_set(&[&signer]));
    let token = signer.token(NOON + 48 * HOUR);
    door.with_token(&token).await.unwrap();
    door.web.pages.lock().unwrap().clear();
    door.at(2 * HOUR).with_token(&token).await.unwrap();
    door.at(24 * HOUR).with_token(&token).await.unwrap();
    assert_eq!(door.at(24 * HOUR + 1).with_token(&token).await, Err(Denial::UNAUTHORIZED));
    describe(&door, &key_set(&[&signer]));
    assert_eq!(door.at(24 * HOUR + 2).with_token(&token).await, Err(Denial::UNAUTHORIZED), "not tried again yet");
    door.at(24 * HOUR + 10_001).with_token(&token).await.unwrap();
}

#[tokio::test]
async fn an_issuer_that_was_never_there_is_asked_now_and_then() {
    let signer = Signer::new("one");
    let mut door = Door::new(CONFIG);
    let token = signer.token(NOON + HOUR);
    for milliseconds in [0, 5_000, 9_999] {
        assert_eq!(door.at(milliseconds).with_token(&token).await, Err(Denial::UNAUTHORIZED));
    }
    assert_eq!(door.web.asked(), 1);
    describe(&door, &key_set(&[&signer]));
    door.at(10_000).with_token(&token).await.unwrap();
}

#[tokio::test]
async fn what_is_no_key_set_is_none() {
    let signer = Signer::new("one");
    let token = signer.token(NOON + HOUR);
    for keys in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[]}"#, r#"{"keys":[null,7,{"kty":"EC","kid":"one"}]}"#] {
        let door = Door::new(CONFIG);
        describe(&door, keys);
        assert_eq!(door.with_token(&token).await, Err(Denial::UNAUTHORIZED), "{keys}");
    }
}

#[tokio::test]
async fn a_description_must_be_the_issuers_own_and_its_keys_as_safe_as_it_is() {
    let signer = Signer::new("one");
    let token = signer.token(NOON + HOUR);
    for description in [
        r#"{"issuer":"https://evil.test","jwks_uri":"https://issuer.test/keys"}"#,
        r#"{"jwks_uri":"https://issuer.test/keys"}"#,
        r#"{"issuer":"https://issuer.test"}"#,
        r#"{"issuer":"https://issuer.test","jwks_uri":"http://issuer.test/keys"}"#,
        r#"{"issuer":"https://issuer.test","jwks_uri":"file:///keys"}"#,
    ] {
        let door = Door::new(CONFIG);
        for address in ["https://issuer.test/keys", "http://issuer.test/keys", "file:///keys"] {
            door.web.put(address, &key_set(&[&signer]));
        }
        door.web.put("https://issuer.test/.well-known/openid-configuration", description);
        assert_eq!(door.with_token(&token).await, Err(Denial::UNAUTHORIZED), "{description}");
    }
}

#[tokio::test]
async fn requests_that_need_the_same_keys_wait_for_one_fetch() {
    let (signer, gate) = (Signer::new("one"), Arc::new(tokio::sync::Semaphore::new(0)));
    let mut door = Door::new(CONFIG);
    describe(&door, &key_set(&[&signer]));
    door.web.gate = Some(gate.clone());
    let token = signer.token(NOON + HOUR);
    let requests = futures_util::future::join_all((0..20).map(|_| door.with_token(&token)));
    // The gate is opened only after every request has come as far as it can.
    let open = async { gate.add_permits(1_000) };
    let (outcomes, ()) = tokio::join!(requests, open);
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(door.web.asked(), 2);
}

#[tokio::test]
async fn a_key_that_is_new_to_many_requests_is_fetched_once_for_all_of_them() {
    let (old, new) = (Signer::new("old"), Signer::new("new"));
    let mut door = Door::new(CONFIG);
    describe(&door, &key_set(&[&old]));
    door.with_token(&old.token(NOON + HOUR)).await.unwrap();
    describe(&door, &key_set(&[&old, &new]));
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    door.web.gate = Some(gate.clone());
    door.at(20_000);
    let tokens = [new.token(NOON + HOUR), old.token(NOON + HOUR)];
    let newcomers = futures_util::future::join_all((0..20).map(|_| door.with_token(&tokens[0])));
    let others = async {
        // Who needs none of it does not wait: the gate is still shut.
        let outcome = door.with_token(&tokens[1]).await;
        gate.add_permits(1_000);
        outcome
    };
    let (outcomes, other) = tokio::join!(newcomers, others);
    assert!(outcomes.iter().all(Result::is_ok) && other.is_ok());
    assert_eq!(door.web.asked(), 4);
}

#[tokio::test]
async fn a_fetch_that_is_given_up_does_not_keep_the_next_request_from_trying() {
    let (signer, gate) = (Signer::new("one"), Arc::new(tokio::sync::Semaphore::new(0)));
    let mut door = Door::new(CONFIG);
    describe(&door, &key_set(&[&signer]));
    door.web.gate = Some(gate.clone());
    let token = signer.token(NOON + HOUR);
    let outcome = futures_util::FutureExt::now_or_never(door.with_token(&token));
    assert!(outcome.is_none(), "the gate is shut");
    gate.add_permits(1_000);
    door.with_token(&token).await.unwrap();
}

#[tokio::test]
async fn keys_that_were_fetched_ahead_are_there_for_the_first_request() {
    let signer = Signer::new("one");
    let door = Door::new(CONFIG);
    describe(&door, &key_set(&[&signer]));
    door.authenticator.warm_up(Outside { http: &door.web, lambda: &door.function, clock: &door.clock }).await;
    door.with_token(&signer.token(NOON + HOUR)).await.unwrap();
    assert_eq!(door.web.asked(), 2);
}

#[test]
fn a_token_is_read_without_copying_what_is_signed() {
    let text = format!("{}.{}.", BASE64.encode(r#"{"alg":"RS256","kid":"a"}"#), BASE64.encode("{}"));
    let token = jwt::parse(&text).unwrap();
    assert_eq!(token.signed.as_ptr(), text.as_ptr());
}
