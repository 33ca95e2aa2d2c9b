//! `nextToken`: where a Query or Scan goes on, as an opaque text (spec appsync-js 3.15).
//!
//! AppSync encrypts its tokens, because a client must neither read the key of an item it was not shown nor start a page
//! at a place of its own choosing. Ours are DynamoDB's `LastEvaluatedKey`, sealed with AES-256-GCM-SIV under a key that
//! HKDF-SHA256 derives from the API's secret, with the place (resolver, table, index) as associated data. GCM-SIV is made
//! for use without a fresh nonce: the same page has the same token, and all that tells an onlooker is that it is the same.
//!
//! What a client could do that knows the secret: read the keys in its tokens, those of items that a filter or a response
//! handler kept from it included; and make tokens that start a page elsewhere. It would gain no more than by following
//! pages: DynamoDB refuses a start outside of a Query's key condition, and a Scan goes through the whole table anyhow.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::value::Value;

/// The secrets that seal page tokens; whoever shares them accepts the tokens.
#[derive(Clone)]
pub struct TokenKey {
    /// The first seals, all open; never empty.
    keys: Arc<[LessSafeKey]>,
}

/// Longest token that is looked into. A key holds two attributes of a table and two of an index, of 2 KB and 1 KB each;
/// escaped as JSON and twice as base64 that is 66 KB at worst.
const TOKEN_BYTES: usize = 128 * 1024;

const PREFIX: &str = r#"{"version":2,"token":""#;
const SUFFIX: &str = r#""}"#;

impl TokenKey {
    /// Derives the keys from any secret text. All instances that serve one API need the same.
    ///
    /// A comma separates secrets: the first seals new tokens, all of them open tokens. To change the secret without
    /// breaking the pages under way, put the new one in front, and take the old one away when nobody pages any more.
    pub fn derive(secrets: &[u8]) -> TokenKey {
        let mut parts: Vec<&[u8]> = secrets.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).collect();
        parts.retain(|part| !part.is_empty());
        if parts.is_empty() {
            parts.push(secrets);
        }
        TokenKey { keys: parts.into_iter().map(derive_key).collect() }
    }

    /// Makes the token for `last_evaluated_key`, valid only at `place`.
    pub(super) fn seal(&self, place: &str, last_evaluated_key: &Value) -> String {
        let mut bytes = last_evaluated_key.to_string().into_bytes();
        self.keys[0]
            .seal_in_place_append_tag(nonce(), Aad::from(place), &mut bytes)
            .expect("only texts beyond 64 GB cannot be sealed");
        let token = URL_SAFE_NO_PAD.encode(bytes);
        URL_SAFE_NO_PAD.encode(format!("{PREFIX}{token}{SUFFIX}"))
    }

    /// The key inside a token; `None` when the token was not made by [`TokenKey::seal`] at this place.
    pub(super) fn open(&self, place: &str, token: &str) -> Option<Value> {
        if token.len() > TOKEN_BYTES {
            return None;
        }
        let envelope = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let token = envelope.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
        let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
        self.keys.iter().find_map(|key| {
            let mut bytes = sealed.clone();
            let text = key.open_in_place(nonce(), Aad::from(place), &mut bytes).ok()?;
            Value::parse(std::str::from_utf8(text).ok()?).ok()
        })
    }
}

fn derive_key(secret: &[u8]) -> LessSafeKey {
    let pseudo_random = Salt::new(HKDF_SHA256, b"syncline page token").extract(secret);
    let material =
        pseudo_random.expand(&[b"AES-256-GCM-SIV"], &AES_256_GCM_SIV).expect("32 bytes are within HKDF's reach");
    LessSafeKey::new(UnboundKey::from(material))
}

/// The nonce of every token; see the module's text.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

/// Keys do not belong in logs.
impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::object;
    use proptest::prelude::*;

    #[test]
    fn a_token_works_where_it_was_made_and_nowhere_else() {
        let key = TokenKey::derive(b"secret");
        let last = Value::parse(r#"{"id":{"S":"user@example.com"},"n":{"N":"1"}}"#).unwrap();
        let token = key.seal("Query.users", &last);
        assert!(token.starts_with("eyJ2ZXJzaW9uIjoyLCJ0b2tlbiI6I"), "{token}");
        assert_eq!(key.open("Query.users", &token), Some(last));
        assert_eq!(key.open("Query.others", &token), None);
        assert_eq!(TokenKey::derive(b"other").open("Query.users", &token), None);
    }

    #[test]
    fn a_token_shows_nothing_of_the_key() {
        let token = TokenKey::derive(b"secret").seal("Query.users", &Value::from("user@example.com"));
        let envelope = URL_SAFE_NO_PAD.decode(&token).unwrap();
        let inner = String::from_utf8(envelope).unwrap();
        let inner = inner.split('"').nth(5).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(inner).unwrap();
        assert!(!bytes.windows(4).any(|window| window == b"user" || window == b"exam"));
    }

    #[test]
    fn the_first_secret_seals_and_all_of_them_open() {
        let last = Value::from("u1");
        let [old, rotated, new] = [&b"old"[..], b" new , old,", b"new"].map(TokenKey::derive);
        let before = old.seal("Query.users", &last);
        assert_eq!(rotated.open("Query.users", &before), Some(last.clone()));
        let after = rotated.seal("Query.users", &last);
        assert_eq!(after, new.seal("Query.users", &last));
        assert_eq!(rotated.open("Query.users", &after), Some(last));
        assert_eq!(new.open("Query.users", &before), None);
        assert_eq!(old.open("Query.users", &after), None);
    }

    #[test]
    fn the_longest_key_of_dynamodb_fits_and_longer_tokens_are_not_looked_into() {
        let key = TokenKey::derive(b"secret");
        let attribute = |bytes: usize| object! { "S" => "\u{1}".repeat(bytes) };
        let last =
            object! { "a" => attribute(2048), "b" => attribute(1024), "c" => attribute(2048), "d" => attribute(1024) };
        assert_eq!(key.open("p", &key.seal("p", &last)), Some(last));
        let longer = key.seal("p", &Value::from("x".repeat(TOKEN_BYTES)));
        assert_eq!(key.open("p", &longer), None);
    }

    #[test]
    fn the_same_page_has_the_same_token_and_another_page_another() {
        let key = TokenKey::derive(b"secret");
        assert_eq!(key.seal("p", &Value::from(1)), key.seal("p", &Value::from(1)));
        assert_ne!(key.seal("p", &Value::from(1)), key.seal("p", &Value::from(2)));
    }

    proptest! {
        #[test]
        fn altered_and_invented_tokens_are_refused(position in 0usize..200, replacement in "[A-Za-z0-9_-]", invented in ".{0,60}") {
            let key = TokenKey::derive(b"secret");
            let token = key.seal("Query.users", &Value::from("u1"));
            let position = position % token.len();
            let altered = format!("{}{replacement}{}", &token[..position], &token[position + 1..]);
            prop_assert!(altered == token || key.open("Query.users", &altered).is_none());
            prop_assert!(key.open("Query.users", &invented).is_none());
        }
    }
}
