//! `util.http` (spec appsync-js 2.7).

use super::{Refusal, Scope, argument};
use crate::value::{Map, Value};

const RESTRICTED: &[&str] = &[
    "transfer-encoding",
    "connection",
    "host",
    "expect",
    "keep-alive",
    "upgrade",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "content-length",
];

/// The headers without those that belong to one connection.
pub fn copy_headers(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    let Some(headers) = argument(arguments, 0).as_object() else { return Ok(Value::empty_object()) };
    let is_free = |name: &str| !RESTRICTED.iter().any(|restricted| name.eq_ignore_ascii_case(restricted));
    let kept = headers.iter().filter(|(name, _)| is_free(name)).map(|(name, value)| (name.clone(), value.clone()));
    Ok(kept.collect::<Map>().into())
}
