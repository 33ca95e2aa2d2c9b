//! Being the Lambda authorizer of an AppSync API (spec appsync-service 3.6): the project's own ways to sign in decide about
//! the token, and its directives about fields.

use crate::api::{Api, OperationRequest, Refusal};
use crate::auth::rules::is_authorized;
use crate::context::{AuthMode, Identity, RequestInfo};
use crate::schema::TypeDefinition;
use crate::value::{Map, Str, Value};

/// Longest that AppSync may keep an answer. AppSync: `authorizerResultTtlInSeconds` ends there.
const LONGEST_TTL_SECONDS: i64 = 3_600;

/// What AppSync hears about somebody who is let in.
#[derive(Clone, Debug, PartialEq)]
pub struct Authorization {
    /// `ctx.identity.resolverContext`: flat, string to string.
    pub resolver_context: Map,
    /// `Type.field` of everything that the caller may not ask for.
    pub denied_fields: Vec<Str>,
    /// How long the answer is good, where the token says so itself; `None`: as AppSync is configured.
    pub ttl_seconds: Option<i64>,
}

impl Api {
    /// Decides about a token that AppSync was sent. `request` is the operation that it was sent with.
    ///
    /// The token may be an API key, a token of an issuer, or what the project's own Lambda authorizer knows. Signatures
    /// cannot be checked here: they cover AppSync's address.
    ///
    /// # Errors
    /// Nobody who is let in; or a project without `authentication`, which would let everybody in.
    pub async fn authorize(&self, token: &Str, mut request: OperationRequest) -> Result<Authorization, Refusal> {
        if self.authentication.is_open() {
            let message = "syncline.yaml has no `authentication`, by which a token could be judged";
            return Err(Refusal::new(401, "UnauthorizedException", message));
        }
        let headers = request.request.headers.as_object().cloned().unwrap_or_default();
        let domain_name = request.request.domain_name.clone();
        let mut outcome = Err(Refusal::new(401, "UnauthorizedException", "You are not authorized to make this call."));
        for name in ["x-api-key", "authorization"] {
            let mut headers = headers.clone();
            headers.retain(|header, _| !matches!(header.as_str(), "x-api-key" | "authorization"));
            headers.insert(name.into(), Value::String(token.clone()));
            request.request = RequestInfo { headers: headers.into(), domain_name: domain_name.clone() }.into();
            outcome = self.authenticate(&request).await;
            if outcome.is_ok() {
                break;
            }
        }
        let identity = outcome?;
        Ok(Authorization {
            resolver_context: resolver_context(&identity),
            denied_fields: self.denied_fields(&identity),
            ttl_seconds: self.ttl_seconds(&identity),
        })
    }

    fn denied_fields(&self, identity: &Identity) -> Vec<Str> {
        let mut denied = Vec::new();
        for (type_name, definition) in &self.executable.schema.types {
            let TypeDefinition::Object(object) = definition else { continue };
            let is_denied = |field: &&Str| {
                let rule = self.executable.access.rule(type_name, field);
                !is_authorized(rule, type_name, field, identity)
            };
            let names = object.fields.keys().filter(is_denied);
            denied.extend(names.map(|field| Str::from(format!("{type_name}.{field}"))));
        }
        denied
    }

    /// As long as the token itself is good.
    fn ttl_seconds(&self, identity: &Identity) -> Option<i64> {
        let expiry = identity.value.get("claims")?.get("exp")?.as_f64()?;
        let now = self.clock().now_epoch_milliseconds().div_euclid(1_000);
        Some((expiry as i64).saturating_sub(now).clamp(0, LONGEST_TTL_SECONDS))
    }
}

/// What resolvers are told of the caller, in the only form that AppSync hands on: `mode`, members of `ctx.identity` and
/// claims that are single values, and the groups with commas between them.
fn resolver_context(identity: &Identity) -> Map {
    let mut context = Map::default();
    if let Some(mode) = identity.mode {
        context.insert("mode".into(), mode.name().into());
    }
    let members = match identity.mode {
        Some(AuthMode::Lambda) => identity.value.get("resolverContext").and_then(Value::as_object),
        _ => identity.value.as_object(),
    };
    let claims = identity.value.get("claims").and_then(Value::as_object);
    for (name, value) in members.into_iter().flatten().chain(claims.into_iter().flatten()) {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) => value.to_string().into(),
            Value::List(items) if name == "groups" => {
                items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",").into()
            }
            Value::Null | Value::List(_) | Value::Object(_) => continue,
        };
        context.entry(name.clone()).or_insert(Value::String(text));
    }
    context
}
