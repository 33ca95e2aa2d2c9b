//! API keys (spec appsync-service 3.2).

use aws_lc_rs::constant_time::verify_slices_are_equal;

use crate::auth::{Denial, digest, epoch_seconds, identity};
use crate::clock::Clock;
use crate::context::{AuthMode, Identity};
use crate::project::ApiKey;
use crate::value::{Str, Value};

pub struct ApiKeys(Vec<Known>);

struct Known {
    /// SHA-256 of the key: of one length for all keys, and no secret in memory.
    digest: [u8; 32],
    /// The first second in which it is no longer good.
    expires_epoch_seconds: i64,
}

impl ApiKeys {
    /// `is_local`: keys without a value get [`local_api_key`]; elsewhere they let nobody in.
    pub fn new(keys: &[ApiKey], api_name: &str, is_local: bool, clock: &Clock) -> ApiKeys {
        let started = epoch_seconds(clock);
        let known = keys.iter().filter_map(|key| {
            let value = match &key.value {
                Some(value) => value.clone(),
                None if is_local => local_api_key(api_name, &key.name),
                None => return None,
            };
            Some(Known { digest: digest(value.as_bytes()), expires_epoch_seconds: key.expiry.epoch_seconds(started) })
        });
        ApiKeys(known.collect())
    }

    /// # Errors
    /// Unknown keys and expired ones, with the same text.
    pub fn authenticate(&self, key: &str, clock: &Clock) -> Result<Identity, Denial> {
        let digest = digest(key.as_bytes());
        let now = epoch_seconds(clock);
        // Every key is compared, and each in constant time: how long it takes tells nothing.
        let is_good = self.0.iter().fold(false, |is_good, known| {
            let is_equal = verify_slices_are_equal(&known.digest, &digest).is_ok();
            is_good | (is_equal & (now < known.expires_epoch_seconds))
        });
        if is_good { Ok(identity(AuthMode::ApiKey, Value::Null)) } else { Err(Denial::UNAUTHORIZED) }
    }
}

/// The key that a laptop uses where `syncline.yaml` gives none: the same at every start, in AppSync's form (`da2-` and 26
/// characters). Whoever knows the two names can compute it, so it is good on a laptop only.
pub fn local_api_key(api_name: &str, key_name: &str) -> Str {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let digest = digest(format!("syncline local key\0{api_name}\0{key_name}").as_bytes());
    let text: String = digest[..26].iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    format!("da2-{text}").into()
}
