//! `nextToken`: where a Query or Scan goes on, as an opaque text (spec appsync-js 3.15).
//!
//! AppSync encrypts its tokens, because a client must neither read the key of an item it was not shown nor start a page
//! at a place of its own choosing. Ours are sealed with HMAC-SHA256 alone, in the manner of SIV: the seal is the HMAC of
//! place and key, and it also seeds the key stream that hides the key. The same page has the same token.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::value::Value;

/// The secret that seals page tokens; whoever shares the secret accepts the tokens.
#[derive(Clone)]
pub struct TokenKey {
    sealing: [u8; 32],
    hiding: [u8; 32],
}

const SEAL_BYTES: usize = 32;

impl TokenKey {
    /// Derives a key from any secret text. All instances that serve one API need the same.
    pub fn derive(secret: &[u8]) -> TokenKey {
        TokenKey {
            sealing: hmac(secret, &[b"syncline page token: seal"]),
            hiding: hmac(secret, &[b"syncline page token: hide"]),
        }
    }

    /// Makes the token for `last_evaluated_key`, valid only at `place`.
    pub(super) fn seal(&self, place: &str, last_evaluated_key: &Value) -> String {
        let text = last_evaluated_key.to_string();
        let seal = self.seal_of(place, text.as_bytes());
        let mut bytes = seal.to_vec();
        bytes.extend(self.hide(&seal, text.as_bytes()));
        let token = URL_SAFE_NO_PAD.encode(bytes);
        URL_SAFE_NO_PAD.encode(format!(r#"{{"version":2,"token":"{token}"}}"#))
    }

    /// The key inside a token; `None` when the token was not made by [`TokenKey::seal`] at this place.
    pub(super) fn open(&self, place: &str, token: &str) -> Option<Value> {
        let envelope = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let token = envelope.strip_prefix(r#"{"version":2,"token":""#)?.strip_suffix(r#""}"#)?;
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (seal, hidden) = bytes.split_at_checked(SEAL_BYTES)?;
        let text = self.hide(seal, hidden);
        let expected = self.seal_of(place, &text);
        if !equal_in_constant_time(seal, &expected) {
            return None;
        }
        Value::parse(std::str::from_utf8(&text).ok()?).ok()
    }

    fn seal_of(&self, place: &str, text: &[u8]) -> [u8; SEAL_BYTES] {
        // The length keeps `place` and `text` apart, whatever they contain.
        hmac(&self.sealing, &[&(place.len() as u64).to_be_bytes(), place.as_bytes(), text])
    }

    /// Adds the key stream that belongs to `seal`; doing it twice gives the text back.
    fn hide(&self, seal: &[u8], text: &[u8]) -> Vec<u8> {
        let blocks = text.chunks(32).enumerate();
        blocks
            .flat_map(|(number, block)| {
                let stream = hmac(&self.hiding, &[seal, &(number as u64).to_be_bytes()]);
                block.iter().zip(stream).map(|(byte, mask)| byte ^ mask).collect::<Vec<u8>>()
            })
            .collect()
    }
}

/// Keys do not belong in logs.
impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey")
    }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

fn equal_in_constant_time(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
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
