//! Who is asking, and may they: the five ways to sign in (spec appsync-service 3) and the rules of the schema's
//! directives (spec appsync-service 1.6.1).
//!
//! [`Authenticator`] decides which way a request goes and never tries a second one: `api_keys`, `iam` (with `sigv4` for
//! keys that are only known here), `issuer` (user pools and OpenID Connect: `jwt`, `keys`, `key_source`) and `lambda`.
//! [`rules`] says, per field, which of them are let in; [`check`] finds what cannot work before anything runs.

pub mod check;
pub mod jwt;
pub mod keys;
pub mod rules;
pub mod sigv4;

mod api_keys;
mod iam;
mod issuer;
mod kept;
mod key_source;
mod lambda;

use bytes::Bytes;

use crate::auth::api_keys::ApiKeys;
use crate::auth::iam::Iam;
use crate::auth::issuer::Issuer;
use crate::auth::lambda::Authorizer;
use crate::backend::http::HttpSend;
use crate::backend::lambda::LambdaInvoke;
use crate::clock::Clock;
use crate::context::{AuthMode, Identity};
use crate::handler::util::pattern::Pattern;
use crate::limits;
use crate::project::Authentication;
use crate::project::authentication::WrittenPattern;
use crate::project::authentication::providers::ProviderKind;
use crate::value::{Map, Str, Value};

pub use api_keys::local_api_key;

/// Lets requests in, or not.
#[derive(Default)]
pub struct Authenticator {
    /// Whether nobody is asked who they are.
    is_open: bool,
    api_keys: Option<ApiKeys>,
    iam: Option<Iam>,
    issuers: Vec<Issuer>,
    lambda: Option<Authorizer>,
    /// Who a request comes from that does not sign in.
    acts_as: Option<Identity>,
}

/// What exists on a laptop only. Where it is given, keys without a value get one that can be computed, the keys of
/// `localCredentials` are good, and requests need not sign in.
#[derive(Clone, Debug, Default)]
pub struct LocalSignIn {
    /// Name of the identity that requests have which do not sign in: `dev --as`.
    pub acts_as: Option<Str>,
}

/// What a request brings to sign in with, besides its headers.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Address of who sent it, without port.
    pub peer: Option<Str>,
    /// The IAM caller whose signature AWS has verified: [`iam_members`](crate::context::iam_members). Never out of
    /// anything that a client can write.
    pub verified_caller: Option<Map>,
    /// What a signature covers besides headers; `None` where there was no HTTP request.
    pub signed: Option<SignedParts>,
    pub request_id: Option<Str>,
    pub account_id: Option<Str>,
}

/// The parts of an HTTP request that Signature Version 4 covers.
#[derive(Clone, Debug, Default)]
pub struct SignedParts {
    pub method: Str,
    /// As sent, percent-encoded.
    pub path: Str,
    /// As sent, without `?`.
    pub query: Str,
    pub body: Bytes,
}

/// A request at the door.
pub struct Caller<'a> {
    /// `ctx.request.headers`: names in lower case, a repeated header as a list.
    pub headers: &'a Value,
    pub evidence: &'a Evidence,
    /// What it asks for, which a Lambda authorizer gets to see.
    pub query: &'a Str,
    pub operation_name: Option<&'a Str>,
    pub variables: &'a Value,
    /// The API's name.
    pub api_name: &'a Str,
}

/// What deciding needs of the world.
#[derive(Clone, Copy)]
pub struct Outside<'a> {
    pub http: &'a dyn HttpSend,
    pub lambda: &'a dyn LambdaInvoke,
    pub clock: &'a Clock,
}

/// A refusal of the whole request: HTTP 401, `UnauthorizedException` (spec appsync-service 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denial(pub &'static str);

impl Denial {
    /// Nothing to sign in with.
    pub const NO_CREDENTIALS: Denial = Denial("Valid authorization header not provided.");
    /// A wrong key, a way to sign in that is not configured, an authorizer that said no.
    pub const UNAUTHORIZED: Denial = Denial("You are not authorized to make this call.");
    pub const NO_TOKEN: Denial = Denial("Unable to parse JWT token.");
    /// The text is UNCONFIRMED (spec appsync-service 2.2).
    pub const EXPIRED: Denial = Denial("Token has expired.");
    /// AWS's text; that AppSync answers it with 401 and this type is UNCONFIRMED (spec appsync-service 2.2).
    pub const WRONG_SIGNATURE: Denial = Denial(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    );
}

/// `authorization` of a signed request begins with it.
const SIGNATURE: &str = "AWS4-HMAC-SHA256";

impl Authenticator {
    /// Makes ready what `syncline.yaml` says. `clock` is when the process starts, from which `expiresAfter` counts.
    ///
    /// Patterns that are none have been reported by [`check::check`]; what asks for one here lets nobody in.
    pub fn new(
        authentication: &Authentication,
        api_name: &str,
        local: Option<&LocalSignIn>,
        clock: &Clock,
    ) -> Authenticator {
        let mut authenticator = Authenticator { is_open: authentication.is_open(), ..Authenticator::default() };
        let issuers = authentication
            .providers
            .iter()
            .filter(|provider| matches!(provider.kind, ProviderKind::UserPool(_) | ProviderKind::OpenIdConnect(_)));
        // Where OpenID Connect is the only way to sign in, AppSync does not look at `iss` (spec appsync-service 3.5).
        let is_alone = authentication.providers.len() == 1;
        authenticator.issuers = issuers.filter_map(|provider| Issuer::new(&provider.kind, is_alone)).collect();
        for provider in &authentication.providers {
            match &provider.kind {
                ProviderKind::ApiKey => {
                    let keys = &authentication.api_keys;
                    authenticator.api_keys = Some(ApiKeys::new(keys, api_name, local.is_some(), clock));
                }
                ProviderKind::Iam => {
                    let credentials = local.map(|_| authentication.local_credentials.as_slice());
                    authenticator.iam = Some(Iam::new(credentials.unwrap_or_default()));
                }
                ProviderKind::Lambda(lambda) => authenticator.lambda = Some(Authorizer::new(lambda)),
                ProviderKind::UserPool(_) | ProviderKind::OpenIdConnect(_) => {}
            }
        }
        let name = local.and_then(|local| local.acts_as.as_deref());
        authenticator.acts_as = name.and_then(|name| local_identity(authentication, name));
        authenticator
    }

    /// Finds out who is asking (spec appsync-service 3.1). The first of these that a request brings counts, and no other
    /// is tried when it fails: a signature, an API key, a token of an issuer, anything else for the Lambda authorizer.
    ///
    /// # Errors
    /// [`Denial`]: nobody who is let in.
    pub async fn authenticate(&self, caller: &Caller<'_>, outside: Outside<'_>) -> Result<Identity, Denial> {
        // Some proxies send it empty.
        let authorization = header(caller.headers, "authorization")?.filter(|value| !value.is_empty());
        let api_key = header(caller.headers, "x-api-key")?;
        let has_none = authorization.is_none() && api_key.is_none() && caller.evidence.verified_caller.is_none();
        if let Some(identity) = self.acts_as.as_ref().filter(|_| has_none) {
            return Ok(identity.clone());
        }
        if self.is_open {
            return Ok(Identity::default());
        }
        let is_signed = authorization.is_some_and(|value| value.starts_with(SIGNATURE));
        if is_signed {
            let is_for_aws = caller.evidence.verified_caller.is_some();
            match &self.iam {
                Some(iam) => return iam.authenticate(caller, authorization.unwrap_or_default(), outside.clock),
                // Where the API does not take signatures, one that AWS has verified was for AWS: what stands in front of
                // the function (CloudFront, say) signs every request. The key is the caller's own.
                None if is_for_aws && api_key.is_some() => {}
                None => return Err(Denial::UNAUTHORIZED),
            }
        }
        if let Some(key) = api_key {
            let keys = self.api_keys.as_ref().ok_or(Denial::UNAUTHORIZED)?;
            return keys.authenticate(key, outside.clock);
        }
        match (authorization, &self.iam) {
            (Some(token), _) => self.authenticate_token(token, caller, outside).await,
            // A signature in the query string, which API Gateway takes too.
            (None, Some(iam)) if caller.evidence.verified_caller.is_some() => iam.authenticate_verified(caller),
            (None, _) => Err(Denial::NO_CREDENTIALS),
        }
    }

    /// Fetches the issuers' keys before the first request needs them. What fails here is tried again by that request.
    pub async fn warm_up(&self, outside: Outside<'_>) {
        futures_util::future::join_all(self.issuers.iter().map(|issuer| issuer.warm_up(outside))).await;
    }

    async fn authenticate_token(
        &self,
        token: &str,
        caller: &Caller<'_>,
        outside: Outside<'_>,
    ) -> Result<Identity, Denial> {
        if token.len() > limits::TOKEN_BYTES {
            return Err(Denial::UNAUTHORIZED);
        }
        let mut denial = Denial::UNAUTHORIZED;
        if !self.issuers.is_empty() {
            match jwt::parse(without_bearer(token)) {
                // By the issuer alone: a token of ours that was made for somebody else is no token for the function.
                Some(parsed) => {
                    if let Some(issuer) = self.issuers.iter().find(|issuer| issuer.is_issuer_of(&parsed)) {
                        return issuer.authenticate(&parsed, caller, outside).await;
                    }
                }
                None => denial = Denial::NO_TOKEN,
            }
        }
        match &self.lambda {
            Some(lambda) => lambda.authenticate(token, caller, outside).await,
            None => Err(denial),
        }
    }
}

/// The identity of that name, as `--as` gives it to requests.
pub fn local_identity(authentication: &Authentication, name: &str) -> Option<Identity> {
    let identity = authentication.identities.get(name)?;
    // Without `authentication` there is no mode that a rule could ask for.
    let mode = (!authentication.is_open()).then_some(identity.mode);
    Some(Identity { value: identity.value.clone(), mode, denied_fields: identity.denied_fields.clone().into() })
}

/// A header that may come once. Of two different credentials nobody can say which one counts.
fn header<'a>(headers: &'a Value, name: &str) -> Result<Option<&'a str>, Denial> {
    match headers.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(value)) => Ok(Some(value.trim())),
        Some(_) => Err(Denial::UNAUTHORIZED),
    }
}

/// `Bearer`, in any case, may stand before a JWT (spec appsync-service 2.3).
fn without_bearer(token: &str) -> &str {
    match token.split_at_checked(7) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer ") => rest.trim_start(),
        _ => token,
    }
}

/// `sourceIp`: what `x-forwarded-for` says, and who really sent the request (spec appsync-service 3.7). A gateway has put
/// its peer at the end of the header already.
fn source_ip(caller: &Caller<'_>) -> Value {
    let forwarded = match caller.headers.get("x-forwarded-for") {
        Some(Value::String(text)) => vec![text.as_str()],
        Some(Value::List(lines)) => lines.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let mut addresses: Vec<&str> =
        forwarded.iter().flat_map(|line| line.split(',')).map(str::trim).filter(|text| !text.is_empty()).collect();
    if let Some(peer) = caller.evidence.peer.as_deref()
        && addresses.last() != Some(&peer)
    {
        addresses.push(peer);
    }
    addresses.into_iter().map(Value::from).collect()
}

/// A pattern of `syncline.yaml`; one that is none has been reported before the project started.
fn pattern(written: &WrittenPattern) -> Result<Pattern, String> {
    Pattern::new(&written.text)
}

/// A SHA-256 digest.
fn digest(bytes: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let mut array = [0; 32];
    array.copy_from_slice(digest.as_ref());
    array
}

fn epoch_seconds(clock: &Clock) -> i64 {
    clock.now_epoch_milliseconds().div_euclid(1_000)
}

/// An identity of `mode`.
fn identity(mode: AuthMode, value: Value) -> Identity {
    Identity { value, mode: Some(mode), ..Identity::default() }
}

#[cfg(test)]
mod authorizer_tests;
#[cfg(test)]
mod issuer_tests;
#[cfg(test)]
mod sign_in_tests;
#[cfg(test)]
mod signature_tests;
#[cfg(test)]
mod stand_ins;
