//! An issuer's key set: fetched once for all requests that wait for it, kept, renewed when a key appears that it has not,
//! and good for a while when the issuer cannot be reached.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::auth::Outside;
use crate::auth::keys::KeySet;
use crate::backend::http::HttpRequest;
use crate::limits;
use crate::value::{Str, Value};

pub struct KeySource {
    place: KeyPlace,
    state: Mutex<State>,
    /// Held while one request fetches for all. It is the one lock that is held across an await: that is what it is for.
    fetching: tokio::sync::Mutex<()>,
}

/// Where the keys are.
pub enum KeyPlace {
    /// The address of the key set.
    KeySet(Str),
    /// The issuer, whose description names the address.
    Discovery(Str),
}

#[derive(Clone, Default)]
struct State {
    keys: Option<Arc<KeySet>>,
    fetched_epoch_ms: i64,
    /// The last attempt, whatever became of it.
    attempted_epoch_ms: Option<i64>,
}

/// What the keys that are there are good for.
enum Found {
    Good(Arc<KeySet>),
    /// Better ones may be had.
    Outdated(Arc<KeySet>),
    Nothing,
}

impl KeySource {
    pub fn new(place: KeyPlace) -> KeySource {
        KeySource { place, state: Mutex::default(), fetching: tokio::sync::Mutex::default() }
    }

    /// Keys among which `key_id` is looked for; `None` while there are none. Whether it is among them is still to be
    /// seen: a key that nobody knows makes the set be fetched anew, but not more often than
    /// [`limits::KEY_SET_RETRY`] says.
    pub async fn keys(&self, key_id: &str, outside: Outside<'_>) -> Option<Arc<KeySet>> {
        let now = || outside.clock.now_epoch_milliseconds();
        let is_fetching = || self.fetching.try_lock().is_err();
        match self.state().find(key_id, now()) {
            Found::Good(keys) => return Some(keys),
            // What is there serves while somebody fetches anew; who needs what is not there waits for it.
            Found::Outdated(keys) if keys.contains(key_id) && is_fetching() => return Some(keys),
            Found::Outdated(keys) if !self.state().may_fetch(now()) && !is_fetching() => return Some(keys),
            Found::Nothing if !self.state().may_fetch(now()) && !is_fetching() => return None,
            Found::Outdated(_) | Found::Nothing => {}
        }
        let _fetching = self.fetching.lock().await;
        // Whoever held the lock may have done it.
        if let Found::Good(keys) = self.state().find(key_id, now()) {
            return Some(keys);
        }
        if self.state().may_fetch(now()) {
            let fetched = self.fetch(outside).await;
            // Only an attempt that has come to its end counts: one that is given up with its request is no attempt.
            self.change(|state| state.attempted_epoch_ms = Some(now()));
            match fetched {
                Ok(keys) => self.change(|state| {
                    state.fetched_epoch_ms = now();
                    state.keys = Some(Arc::new(keys));
                }),
                Err(reason) => tracing::warn!(issuer = %self.place.address(), reason, "keys cannot be fetched"),
            }
        }
        match self.state().find(key_id, now()) {
            Found::Good(keys) | Found::Outdated(keys) => Some(keys),
            Found::Nothing => None,
        }
    }

    fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }

    async fn fetch(&self, outside: Outside<'_>) -> Result<KeySet, String> {
        let address = match &self.place {
            KeyPlace::KeySet(address) => address.clone(),
            KeyPlace::Discovery(issuer) => discover(issuer, outside).await?,
        };
        let body = get(&address, outside).await?;
        KeySet::parse(&body).ok_or_else(|| format!("{address} is no key set"))
    }
}

impl KeyPlace {
    fn address(&self) -> &str {
        match self {
            KeyPlace::KeySet(address) | KeyPlace::Discovery(address) => address,
        }
    }
}

impl State {
    fn find(&self, key_id: &str, now: i64) -> Found {
        let Some(keys) = &self.keys else { return Found::Nothing };
        let age = now.abs_diff(self.fetched_epoch_ms);
        if age > milliseconds(limits::KEY_SET_STALE) {
            Found::Nothing
        } else if age <= milliseconds(limits::KEY_SET_FRESH) && keys.contains(key_id) {
            Found::Good(keys.clone())
        } else {
            Found::Outdated(keys.clone())
        }
    }

    fn may_fetch(&self, now: i64) -> bool {
        self.attempted_epoch_ms.is_none_or(|attempted| now.abs_diff(attempted) >= milliseconds(limits::KEY_SET_RETRY))
    }
}

fn milliseconds(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

/// The address of the key set, out of the issuer's description
/// ([OpenID Connect Discovery](https://openid.net/specs/openid-connect-discovery-1_0.html), section 4).
async fn discover(issuer: &str, outside: Outside<'_>) -> Result<Str, String> {
    let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let body = get(&address, outside).await?;
    let description: Value = serde_json::from_slice(&body).map_err(|_| format!("{address} is no JSON"))?;
    let named = description.get("issuer").and_then(Value::as_str).unwrap_or("");
    if !is_same_issuer(named, issuer) {
        return Err(format!("{address} describes another issuer, `{named}`"));
    }
    let keys = description.get("jwks_uri").and_then(Value::as_str).unwrap_or("");
    // An issuer that is reached safely must not send us where anybody can answer.
    let is_as_safe = keys.starts_with("https://") || (keys.starts_with("http://") && issuer.starts_with("http://"));
    if !is_as_safe {
        return Err(format!("{address} names no `jwks_uri` that is as safe as itself"));
    }
    Ok(keys.into())
}

/// Whether two texts name the same issuer: some are written with a slash at the end, some without.
pub fn is_same_issuer(a: &str, b: &str) -> bool {
    a.strip_suffix('/').unwrap_or(a) == b.strip_suffix('/').unwrap_or(b)
}

async fn get(address: &str, outside: Outside<'_>) -> Result<bytes::Bytes, String> {
    let request = HttpRequest {
        method: "GET".into(),
        url: address.into(),
        headers: vec![("accept".into(), "application/json".into())],
        timeout: limits::KEY_SET_TIMEOUT,
        most_bytes: limits::KEY_SET_BYTES,
        ..HttpRequest::default()
    };
    let answer = outside.http.send(request).await.map_err(|failure| match failure.cause.as_str() {
        "" => format!("{address}: {}", failure.message),
        cause => format!("{address}: {}: {cause}", failure.message),
    })?;
    match answer.status {
        200 => Ok(answer.body),
        status => Err(format!("{address} answers with status {status}")),
    }
}
