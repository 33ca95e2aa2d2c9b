//! URL, base64 and JavaScript encodings (spec appsync-js 2.1).

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::{Refusal, Scope, text};
use crate::value::Value;

/// `application/x-www-form-urlencoded` as Java's `URLEncoder` writes it: blank is `+`; `* - . _` stay.
pub fn url_encode(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    let Some(text) = text(arguments, 0) else { return Ok(Value::Null) };
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push('+'),
            b'*' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => encoded.push(byte as char),
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    Ok(encoded.into())
}

pub fn url_decode(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    let Some(text) = text(arguments, 0) else { return Ok(Value::Null) };
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => decoded.push(b' '),
            b'%' => {
                let digit = |byte: Option<u8>| byte.and_then(|byte| (byte as char).to_digit(16));
                match (digit(bytes.next()), digit(bytes.next())) {
                    (Some(high), Some(low)) => decoded.push((high << 4 | low) as u8),
                    _ => {
                        return Err(Refusal::failed(format!(
                            "util.urlDecode: `%` without two hexadecimal digits in `{text}`"
                        )));
                    }
                }
            }
            _ => decoded.push(byte),
        }
    }
    Ok(String::from_utf8_lossy(&decoded).into_owned().into())
}

pub fn base64_encode(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    Ok(text(arguments, 0).map(|text| STANDARD.encode(text.as_bytes())).into())
}

pub fn base64_decode(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    let Some(text) = text(arguments, 0) else { return Ok(Value::Null) };
    let bytes = STANDARD_NO_PAD
        .decode(text.trim_end_matches('='))
        .map_err(|error| Refusal::failed(format!("util.base64Decode: not base64: {error}")))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned().into())
}

/// As commons-lang's `escapeEcmaScript`. The exact set of characters on AWS is unconfirmed.
pub fn escape_javascript(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    let Some(text) = text(arguments, 0) else { return Ok(Value::Null) };
    let mut escaped = String::with_capacity(text.len() + 8);
    for unit in text.encode_utf16() {
        match char::from_u32(unit.into()) {
            Some(c @ ('\'' | '"' | '\\' | '/')) => {
                escaped.push('\\');
                escaped.push(c);
            }
            Some('\u{8}') => escaped.push_str("\\b"),
            Some('\n') => escaped.push_str("\\n"),
            Some('\t') => escaped.push_str("\\t"),
            Some('\u{c}') => escaped.push_str("\\f"),
            Some('\r') => escaped.push_str("\\r"),
            Some(c @ ' '..='~') => escaped.push(c),
            _ => {
                let _ = write!(escaped, "\\u{unit:04X}");
            }
        }
    }
    Ok(escaped.into())
}
