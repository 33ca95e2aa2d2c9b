//! Users whom somebody else has signed in: a Cognito user pool or an OpenID Connect issuer (spec appsync-service 3.4 and
//! 3.5). Only the issuer's keys are asked for what is not known yet.

use std::sync::Arc;

use crate::auth::jwt::{Algorithm, Jwt};
use crate::auth::kept::Kept;
use crate::auth::key_source::{KeyPlace, KeySource, is_same_issuer};
use crate::auth::keys::KeySet;
use crate::auth::{Caller, Denial, Outside, digest, identity, pattern, source_ip};
use crate::context::{AuthMode, Identity};
use crate::handler::util::pattern::Pattern;
use crate::limits;
use crate::project::authentication::WrittenPattern;
use crate::project::authentication::providers::{DefaultAction, OpenIdConnect, ProviderKind, UserPool};
use crate::value::{Str, Value};

pub struct Issuer {
    address: Str,
    keys: KeySource,
    /// Clients that tokens may be made for; `None`: all.
    client: Option<Pattern>,
    kind: Kind,
    /// Whether tokens of any issuer are read with these keys.
    ignores_issuer: bool,
    /// Tokens whose signature has been verified, with the keys that did it: other keys, and it is verified again.
    verified: Kept<Arc<KeySet>>,
}

enum Kind {
    UserPool(DefaultAction),
    OpenIdConnect {
        /// Milliseconds.
        issued_at_ttl: Option<f64>,
        /// Milliseconds.
        auth_time_ttl: Option<f64>,
    },
}

impl Issuer {
    /// `is_alone`: there is no other way to sign in. `None` for what is no issuer, and for patterns that are none, which
    /// are reported before a project starts.
    pub fn new(kind: &ProviderKind, is_alone: bool) -> Option<Issuer> {
        let (address, client, place, kind, ignores_issuer) = match kind {
            ProviderKind::UserPool(UserPool { issuer, client, default_action }) => {
                let keys = KeyPlace::KeySet(format!("{issuer}/.well-known/jwks.json").into());
                (issuer, client, keys, Kind::UserPool(*default_action), false)
            }
            ProviderKind::OpenIdConnect(OpenIdConnect { issuer, client, issued_at_ttl, auth_time_ttl }) => {
                let milliseconds = |ttl: &Option<std::time::Duration>| ttl.map(|ttl| ttl.as_millis() as f64);
                let (issued_at_ttl, auth_time_ttl) = (milliseconds(issued_at_ttl), milliseconds(auth_time_ttl));
                let kind = Kind::OpenIdConnect { issued_at_ttl, auth_time_ttl };
                (issuer, client, KeyPlace::Discovery(issuer.clone()), kind, is_alone)
            }
            _ => return None,
        };
        let compile = |written: &WrittenPattern| pattern(written).ok();
        let client = match client {
            Some(written) => Some(compile(written)?),
            None => None,
        };
        Some(Issuer {
            address: address.clone(),
            keys: KeySource::new(place),
            client,
            kind,
            ignores_issuer,
            verified: Kept::new(limits::VERIFIED_TOKENS_BYTES),
        })
    }

    /// Whether the token says that it is this issuer's.
    pub fn is_issuer_of(&self, token: &Jwt<'_>) -> bool {
        let issuer = token.claims.get("iss").and_then(Value::as_str).unwrap_or("");
        self.ignores_issuer || is_same_issuer(issuer, &self.address)
    }

    /// Fetches the keys before somebody needs them.
    pub async fn warm_up(&self, outside: Outside<'_>) {
        self.keys.keys("", outside).await;
    }

    /// # Errors
    /// A token that this issuer has not signed, or not for us, or not for now.
    pub async fn authenticate(
        &self,
        token: &Jwt<'_>,
        caller: &Caller<'_>,
        outside: Outside<'_>,
    ) -> Result<Identity, Denial> {
        self.verify(token, outside).await?;
        // From here on the claims are the issuer's word.
        let now = outside.clock.now_epoch_milliseconds() as f64;
        self.check_times(&token.claims, now)?;
        match &self.kind {
            Kind::UserPool(default_action) => self.pool_user(&token.claims, *default_action, caller),
            Kind::OpenIdConnect { .. } => self.user(&token.claims),
        }
    }

    /// Whether one of the issuer's keys has signed the token.
    async fn verify(&self, token: &Jwt<'_>, outside: Outside<'_>) -> Result<(), Denial> {
        // Cognito signs with RS256 and nothing else (spec appsync-service 3.4).
        if matches!(self.kind, Kind::UserPool(_)) && token.algorithm != Some(Algorithm::Rs256) {
            return Err(Denial::UNAUTHORIZED);
        }
        if token.algorithm.is_none() {
            return Err(Denial::UNAUTHORIZED);
        }
        let key_id = token.key_id.as_deref().ok_or(Denial::UNAUTHORIZED)?;
        let keys = self.keys.keys(key_id, outside).await.ok_or(Denial::UNAUTHORIZED)?;
        let digest = digest(&[token.signed.as_bytes(), &[0], &token.signature].concat());
        if self.verified.get(&digest).is_some_and(|known| Arc::ptr_eq(&known, &keys)) {
            return Ok(());
        }
        if !keys.verifies(token) {
            return Err(Denial::UNAUTHORIZED);
        }
        self.verified.insert(digest, keys, 0);
        Ok(())
    }

    /// `now` in milliseconds. A token that never expires is none of ours.
    fn check_times(&self, claims: &Value, now: f64) -> Result<(), Denial> {
        let time = |name: &str| claims.get(name).and_then(Value::as_f64).map(|seconds| seconds * 1_000.0);
        match time("exp") {
            None => return Err(Denial::UNAUTHORIZED),
            Some(expires) if now >= expires => return Err(Denial::EXPIRED),
            Some(_) => {}
        }
        if time("nbf").is_some_and(|begins| now < begins) {
            return Err(Denial::UNAUTHORIZED);
        }
        if let Kind::OpenIdConnect { issued_at_ttl, auth_time_ttl } = self.kind {
            for (ttl, name) in [(issued_at_ttl, "iat"), (auth_time_ttl, "auth_time")] {
                let Some(ttl) = ttl else { continue };
                let since = time(name).ok_or(Denial::UNAUTHORIZED)?;
                if now > since + ttl {
                    return Err(Denial::EXPIRED);
                }
            }
        }
        Ok(())
    }

    /// A user of a user pool, by an id token or an access token.
    fn pool_user(&self, claims: &Value, action: DefaultAction, caller: &Caller<'_>) -> Result<Identity, Denial> {
        let (client, username) = match claims.get("token_use").and_then(Value::as_str) {
            Some("id") => ("aud", "cognito:username"),
            Some("access") => ("client_id", "username"),
            _ => return Err(Denial::UNAUTHORIZED),
        };
        self.check_client(claims, &[client])?;
        let claim = |name: &str| claims.get(name).cloned().unwrap_or_default();
        let sub = claim("sub");
        // A machine's token names no user; that AppSync gives its `sub` then is UNCONFIRMED.
        let username = claims.get(username).cloned().unwrap_or_else(|| sub.clone());
        let groups = match claim("cognito:groups") {
            groups @ Value::List(_) => groups,
            _ => Value::Null,
        };
        let value = crate::value::object! {
            "sub" => sub, "issuer" => claim("iss"), "username" => username, "claims" => claims.clone(),
            "sourceIp" => source_ip(caller), "defaultAuthStrategy" => action.name(), "groups" => groups,
        };
        Ok(identity(AuthMode::UserPools, value))
    }

    fn user(&self, claims: &Value) -> Result<Identity, Denial> {
        self.check_client(claims, &["aud", "azp"])?;
        let claim = |name: &str| claims.get(name).cloned().unwrap_or_default();
        let value =
            crate::value::object! { "sub" => claim("sub"), "issuer" => claim("iss"), "claims" => claims.clone() };
        Ok(identity(AuthMode::OpenIdConnect, value))
    }

    /// One of these claims must name a client that is let in. AppSync's pattern must match the whole name; UNCONFIRMED.
    fn check_client(&self, claims: &Value, names: &[&str]) -> Result<(), Denial> {
        let Some(pattern) = &self.client else { return Ok(()) };
        let is_let_in = |value: &Value| value.as_str().is_some_and(|name| pattern.matches(name).unwrap_or(false));
        let is_named = names.iter().filter_map(|name| claims.get(name)).any(|claim| match claim {
            Value::List(items) => items.iter().any(is_let_in),
            single => is_let_in(single),
        });
        if is_named { Ok(()) } else { Err(Denial::UNAUTHORIZED) }
    }
}
