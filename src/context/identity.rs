//! Who is asking: the five ways to sign in, and `ctx.identity` as each of them gives it (spec appsync-service 3.7).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::value::{Map, Str, Value};

/// A way to sign in, which AppSync calls an authentication type (spec appsync-service 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AuthMode {
    ApiKey,
    Iam,
    UserPools,
    OpenIdConnect,
    Lambda,
}

impl AuthMode {
    pub const ALL: [AuthMode; 5] =
        [AuthMode::ApiKey, AuthMode::Iam, AuthMode::UserPools, AuthMode::OpenIdConnect, AuthMode::Lambda];

    /// As `authentication.type` has it.
    pub fn name(self) -> &'static str {
        match self {
            AuthMode::ApiKey => "API_KEY",
            AuthMode::Iam => "AWS_IAM",
            AuthMode::UserPools => "AMAZON_COGNITO_USER_POOLS",
            AuthMode::OpenIdConnect => "OPENID_CONNECT",
            AuthMode::Lambda => "AWS_LAMBDA",
        }
    }

    /// The directive that lets it in, without `@`.
    pub fn directive(self) -> &'static str {
        match self {
            AuthMode::ApiKey => "aws_api_key",
            AuthMode::Iam => "aws_iam",
            AuthMode::UserPools => "aws_cognito_user_pools",
            AuthMode::OpenIdConnect => "aws_oidc",
            AuthMode::Lambda => "aws_lambda",
        }
    }
}

/// Who is asking. The default is nobody in particular: what an API without `authentication` sees.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Identity {
    /// `ctx.identity`, whose members differ per mode: null with an API key and without authentication.
    pub value: Value,
    /// How the request signed in; `None` where nobody was asked to.
    pub mode: Option<AuthMode>,
    /// What a Lambda authorizer denies: `Type.field`, or the field's ARN (spec appsync-service 3.6).
    pub denied_fields: Arc<[Str]>,
}

impl Identity {
    /// As AppSync serialises it, where it alone knows how the caller signed in.
    pub fn from_value(value: Value) -> Identity {
        Identity { value, ..Identity::default() }
    }

    /// The groups of a user of a user pool.
    pub fn groups(&self) -> &[Value] {
        self.value.get("groups").and_then(Value::as_list).unwrap_or_default()
    }
}

/// The members of an IAM caller's `ctx.identity` apart from `sourceIp`, in its order.
pub const IAM_MEMBERS: [&str; 7] = [
    "accountId",
    "cognitoIdentityPoolId",
    "cognitoIdentityId",
    "username",
    "userArn",
    "cognitoIdentityAuthType",
    "cognitoIdentityAuthProvider",
];

/// [`IAM_MEMBERS`] with their values; those that `get` does not know are null.
pub fn iam_members(get: impl Fn(&str) -> Option<Str>) -> Map {
    IAM_MEMBERS.iter().map(|key| (Str::from(*key), get(key).map_or(Value::Null, Value::String))).collect()
}

/// `ctx.identity` of an IAM caller. `members`: what [`iam_members`] gives; `source_ip`: a list of addresses.
pub fn iam_identity(members: &Map, source_ip: Value) -> Value {
    let mut identity = Map::default();
    for (key, value) in members {
        if key == "username" {
            identity.insert("sourceIp".into(), source_ip.clone());
        }
        identity.insert(key.clone(), value.clone());
    }
    identity.into()
}
