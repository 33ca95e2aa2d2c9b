//! The keys of an issuer ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517), RFC 7518) and the signatures that they made.
//!
//! Verified with `aws-lc-rs`, which TLS has brought along: it knows all twelve algorithms, where the libraries for tokens
//! lack ES512. The kind of a key decides which algorithms it is good for, so that no token can have a public key taken for a secret.

use std::collections::HashMap;

use aws_lc_rs::hmac;
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{self, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::auth::jwt::{Algorithm, Jwt};
use crate::limits;
use crate::value::{Str, Value};

/// Keys by their `kid`.
#[derive(Debug, Default)]
pub struct KeySet(HashMap<Str, Vec<Key>>);

struct Key {
    material: Material,
    /// `alg`: the only one that it is for.
    algorithm: Option<Algorithm>,
}

/// Without what it is made of, which for some is a secret.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

enum Material {
    Rsa(PublicKeyComponents<Vec<u8>>),
    /// The point, uncompressed.
    Ec(Curve, Vec<u8>),
    Secret(Vec<u8>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Curve {
    P256,
    P384,
    P521,
}

impl KeySet {
    /// Reads `{ "keys": [ … ] }`. Keys without `kty` or `kid`, and those that are not for signatures or not understood, are
    /// left out (spec appsync-service 3.5); `None` when it is no key set at all.
    pub fn parse(json: &[u8]) -> Option<KeySet> {
        let json: Value = serde_json::from_slice(json).ok()?;
        let mut keys: HashMap<Str, Vec<Key>> = HashMap::new();
        for json in json.get("keys")?.as_list()?.iter().take(limits::KEY_SET_KEYS) {
            if let Some((key_id, key)) = read_key(json) {
                keys.entry(key_id).or_default().push(key);
            }
        }
        Some(KeySet(keys))
    }

    pub fn contains(&self, key_id: &str) -> bool {
        self.0.contains_key(key_id)
    }

    /// Whether one of the keys that the token names has signed it.
    pub fn verifies(&self, token: &Jwt<'_>) -> bool {
        let (Some(algorithm), Some(key_id)) = (token.algorithm, token.key_id.as_ref()) else { return false };
        let keys = self.0.get(key_id).map(Vec::as_slice).unwrap_or_default();
        keys.iter().any(|key| {
            key.algorithm.is_none_or(|only| only == algorithm)
                && key.material.verifies(algorithm, token.signed.as_bytes(), &token.signature)
        })
    }
}

fn read_key(json: &Value) -> Option<(Str, Key)> {
    let text = |name: &str| json.get(name).and_then(Value::as_str);
    let bytes = |name: &str| text(name).and_then(|text| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok());
    if text("use").is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let algorithm = match text("alg") {
        Some(name) => Some(Algorithm::from_name(name)?),
        None => None,
    };
    let material = match text("kty")? {
        "RSA" => Material::Rsa(PublicKeyComponents { n: bytes("n")?, e: bytes("e")? }),
        "EC" => {
            let (curve, length) = match text("crv")? {
                "P-256" => (Curve::P256, 32),
                "P-384" => (Curve::P384, 48),
                "P-521" => (Curve::P521, 66),
                _ => return None,
            };
            let (x, y) = (bytes("x")?, bytes("y")?);
            if x.len() != length || y.len() != length {
                return None;
            }
            Material::Ec(curve, [&[4], x.as_slice(), y.as_slice()].concat())
        }
        "oct" => Material::Secret(bytes("k")?),
        _ => return None,
    };
    Some((text("kid")?.into(), Key { material, algorithm }))
}

impl Material {
    fn verifies(&self, algorithm: Algorithm, message: &[u8], made: &[u8]) -> bool {
        match self {
            Material::Rsa(components) => {
                // 2,048 bits at least, as RFC 7518 wants it.
                let parameters = match algorithm {
                    Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
                    Algorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
                    Algorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
                    Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
                    Algorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
                    Algorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
                    _ => return false,
                };
                components.verify(parameters, message, made).is_ok()
            }
            Material::Ec(curve, point) => {
                let verification = match (algorithm, curve) {
                    (Algorithm::Es256, Curve::P256) => &signature::ECDSA_P256_SHA256_FIXED,
                    (Algorithm::Es384, Curve::P384) => &signature::ECDSA_P384_SHA384_FIXED,
                    (Algorithm::Es512, Curve::P521) => &signature::ECDSA_P521_SHA512_FIXED,
                    _ => return false,
                };
                UnparsedPublicKey::new(verification, point).verify(message, made).is_ok()
            }
            Material::Secret(secret) => {
                let (hash, least_bytes) = match algorithm {
                    Algorithm::Hs256 => (hmac::HMAC_SHA256, 32),
                    Algorithm::Hs384 => (hmac::HMAC_SHA384, 48),
                    Algorithm::Hs512 => (hmac::HMAC_SHA512, 64),
                    _ => return false,
                };
                // A secret shorter than its hash is too weak (RFC 7518, section 3.2).
                secret.len() >= least_bytes && hmac::verify(&hmac::Key::new(hash, secret), message, made).is_ok()
            }
        }
    }
}
