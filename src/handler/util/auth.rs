//! `util.authType`: inferred from the members of the identity, as EvaluateCode does (spec appsync-js 2.1).

use super::{Refusal, Scope};
use crate::value::Value;

struct Mode {
    name: &'static str,
    allowed: &'static [&'static str],
    required: &'static [&'static str],
}

const MODES: &[Mode] = &[
    Mode {
        name: "IAM Authorization",
        allowed: &[
            "accountId",
            "cognitoIdentityPoolId",
            "cognitoIdentityId",
            "sourceIp",
            "username",
            "userArn",
            "cognitoIdentityAuthType",
            "cognitoIdentityAuthProvider",
        ],
        required: &["accountId", "sourceIp", "username", "userArn"],
    },
    Mode {
        name: "User Pool Authorization",
        allowed: &["sourceIp", "username", "groups", "sub", "issuer", "claims", "defaultAuthStrategy"],
        required: &["sourceIp", "username", "sub", "issuer", "claims", "defaultAuthStrategy"],
    },
    Mode {
        name: "Open ID Connect Authorization",
        allowed: &["sub", "issuer", "claims"],
        required: &["sub", "issuer", "claims"],
    },
    Mode { name: "Lambda Authorization", allowed: &["resolverContext"], required: &[] },
];

pub fn auth_type(scope: &mut Scope, _: &[Value]) -> Result<Value, Refusal> {
    let Some(identity) = scope.identity.as_object() else { return Ok("API Key Authorization".into()) };
    let mode = MODES.iter().find(|mode| {
        identity.keys().all(|key| mode.allowed.contains(&key.as_str()))
            && mode.required.iter().all(|key| identity.get(*key).is_some_and(|value| !value.is_null()))
    });
    Ok(mode.map_or("API Key Authorization", |mode| mode.name).into())
}
