//! JSON Web Tokens in the compact form ([RFC 7515](https://www.rfc-editor.org/rfc/rfc7515), RFC 7519), read strictly and
//! not yet believed: who signed them is [`KeySet`](crate::auth::keys::KeySet)'s to say.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::limits;
use crate::value::{Str, Value};

/// A token as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Jwt<'t> {
    /// What the signature covers: header, point, payload.
    pub signed: &'t str,
    pub signature: Vec<u8>,
    /// `None` for `none` and everything else that is no signature of ours.
    pub algorithm: Option<Algorithm>,
    /// `kid`: which key.
    pub key_id: Option<Str>,
    /// An object.
    pub claims: Value,
}

/// What AppSync takes (spec appsync-service 3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    Es512,
    Hs256,
    Hs384,
    Hs512,
}

impl Algorithm {
    /// By the name that `alg` has ([RFC 7518](https://www.rfc-editor.org/rfc/rfc7518), section 3.1), case included.
    pub fn from_name(name: &str) -> Option<Algorithm> {
        Some(match name {
            "RS256" => Algorithm::Rs256,
            "RS384" => Algorithm::Rs384,
            "RS512" => Algorithm::Rs512,
            "PS256" => Algorithm::Ps256,
            "PS384" => Algorithm::Ps384,
            "PS512" => Algorithm::Ps512,
            "ES256" => Algorithm::Es256,
            "ES384" => Algorithm::Es384,
            "ES512" => Algorithm::Es512,
            "HS256" => Algorithm::Hs256,
            "HS384" => Algorithm::Hs384,
            "HS512" => Algorithm::Hs512,
            _ => return None,
        })
    }
}

/// Reads three parts of base64url without padding, of which the first two are JSON objects; `None` for anything else.
///
/// # Examples
/// ```
/// use syncline::auth::jwt::parse;
/// assert!(parse("e30.e30.").is_some_and(|token| token.algorithm.is_none()));
/// assert_eq!(parse("e30.e30"), None);
/// assert_eq!(parse("da2-key"), None);
/// ```
pub fn parse(token: &str) -> Option<Jwt<'_>> {
    if token.len() > limits::TOKEN_BYTES {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    if payload.contains('.') {
        return None;
    }
    let header = object(header)?;
    let claims = object(payload)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    // What `crit` names must be understood, and nothing of it is (RFC 7515, section 4.1.11). `b64` would change what is
    // signed (RFC 7797).
    let is_understood = header.get("crit").is_none() && header.get("b64").is_none();
    let algorithm = header.get("alg").and_then(Value::as_str).and_then(Algorithm::from_name);
    let key_id = match header.get("kid") {
        Some(Value::String(key_id)) => Some(key_id.clone()),
        _ => None,
    };
    Some(Jwt { signed, signature, algorithm: algorithm.filter(|_| is_understood), key_id, claims })
}

fn object(part: &str) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&bytes).ok().filter(|value| matches!(value, Value::Object(_)))
}
