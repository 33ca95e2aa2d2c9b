//! `util.http` (spec appsync-js 2.7).

use super::{Refusal, Scope, argument, errors, text};
use crate::context::{ResponseHeader, ResponseHeaders};
use crate::value::{Map, Str, Value};

/// Names that belong to one connection.
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

/// Further names of a response that AppSync keeps for itself.
const RESERVED: &[&str] = &[
    "access-control-allow-credentials",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "vary",
    "content-type",
];

/// And the beginnings of such names.
const RESERVED_PREFIXES: &[&str] = &["x-amzn-", "x-amz-"];

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// The headers without those that belong to one connection.
pub fn copy_headers(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    let Some(headers) = argument(arguments, 0).as_object() else { return Ok(Value::empty_object()) };
    let is_free = |name: &str| !is_one_of(name, RESTRICTED);
    let kept = headers.iter().filter(|(name, _)| is_free(name)).map(|(name, value)| (name.clone(), value.clone()));
    Ok(kept.collect::<Map>().into())
}

/// Adds one header to the HTTP response.
pub fn add_response_header(scope: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    add(scope, &text(arguments, 0).unwrap_or_default(), argument(arguments, 1))?;
    Ok(Value::Null)
}

/// Adds every member of an object, in order.
pub fn add_response_headers(scope: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    let headers = argument(arguments, 0);
    match headers.as_object() {
        Some(headers) => headers.iter().try_for_each(|(name, value)| add(scope, name, value))?,
        None => {
            let message = format!("util.http.addResponseHeaders expects an object, got {}", headers.kind());
            return Err(Refusal::Failed(message));
        }
    }
    Ok(Value::Null)
}

/// What may not be added is left out, and the client hears of it: AppSync goes on (spec appsync-js 2.7).
fn add(scope: &mut Scope, name: &str, value: &Value) -> Result<(), Refusal> {
    let added = legal(name, value)
        .map_err(|reason| ResponseHeaders::refused(name, reason))
        .and_then(|header| scope.effects.response_headers.add(header));
    match added {
        Ok(()) => Ok(()),
        Err(error) => errors::append(scope.effects, error),
    }
}

/// The header, or why it is none.
fn legal(name: &str, value: &Value) -> Result<ResponseHeader, &'static str> {
    let begins_with = |prefix: &&str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    if name.is_empty() {
        return Err("its name is empty");
    }
    if is_one_of(name, RESTRICTED) || is_one_of(name, RESERVED) || RESERVED_PREFIXES.iter().any(begins_with) {
        return Err("its name is reserved");
    }
    if !name.bytes().all(is_token) {
        return Err("its name has characters that a header's name may not have");
    }
    let value = match value {
        Value::Null => return Err("its value is null"),
        Value::String(text) => text.clone(),
        // How AppSync writes lists and objects is UNCONFIRMED; here as JSON.
        other => Str::from(other.to_string()),
    };
    // A line break would begin another header. What AppSync does with letters beyond ASCII is UNCONFIRMED; Lambda's HTTP
    // answers cannot carry them.
    if !value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)) {
        return Err("its value has characters that a header may not carry");
    }
    Ok(ResponseHeader { name: name.into(), value })
}

/// A character of a header's name (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
