//! AWS Signature Version 4, verified with a secret that is known here: local work only (spec appsync-service 3.3,
//! [the scheme](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html)).

use aws_lc_rs::hmac;

use crate::auth::{Denial, SignedParts, digest};
use crate::limits;
use crate::value::Value;

/// The service that clients of AppSync sign for.
const SERVICE: &str = "appsync";

/// Headers that one signature may name. Ours.
const SIGNED_HEADERS: usize = 100;

/// `authorization` of a signed request, taken apart.
#[derive(Debug, PartialEq)]
pub struct Signature<'a> {
    pub access_key_id: &'a str,
    /// `YYYYMMDD`.
    date: &'a str,
    region: &'a str,
    service: &'a str,
    /// `date/region/service/aws4_request`.
    scope: &'a str,
    /// Names in lower case, sorted.
    signed_headers: &'a str,
    /// As bytes.
    signature: [u8; 32],
}

/// Reads `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`; `None` when something is missing or given twice.
pub fn parse(authorization: &str) -> Option<Signature<'_>> {
    let (mut credential, mut signed_headers, mut signature) = (None, None, None);
    for part in authorization.strip_prefix("AWS4-HMAC-SHA256")?.split(',') {
        let (name, value) = part.trim().split_once('=')?;
        let slot = match name {
            "Credential" => &mut credential,
            "SignedHeaders" => &mut signed_headers,
            "Signature" => &mut signature,
            _ => return None,
        };
        if slot.replace(value).is_some() {
            return None;
        }
    }
    let (access_key_id, scope) = credential?.split_once('/')?;
    let mut parts = scope.split('/');
    let (date, region, service) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next()? != "aws4_request" || parts.next().is_some() {
        return None;
    }
    let signature = from_hex(signature?)?;
    Some(Signature { access_key_id, date, region, service, scope, signed_headers: signed_headers?, signature })
}

/// `now_epoch_ms`: when the request arrived.
///
/// # Errors
/// [`Denial::WRONG_SIGNATURE`] when anything differs from what was signed, is not covered by the signature though it must
/// be, or is too old.
pub fn verify(
    signature: &Signature<'_>,
    secret: &str,
    parts: &SignedParts,
    headers: &Value,
    now_epoch_ms: i64,
) -> Result<(), Denial> {
    let wrong = Denial::WRONG_SIGNATURE;
    let time = header(headers, "x-amz-date").ok_or(wrong)?;
    let signed_epoch_ms = epoch_milliseconds(&time).ok_or(wrong)?;
    let is_fresh = signed_epoch_ms.abs_diff(now_epoch_ms) <= limits::SIGNATURE_AGE.as_millis() as u64;
    let covers = |name: &str| signature.signed_headers.split(';').any(|signed| signed == name);
    let is_for_us = signature.service == SERVICE && !signature.region.is_empty() && time.starts_with(signature.date);
    if !is_fresh || !is_for_us || !covers("host") || !covers("x-amz-date") {
        return Err(wrong);
    }
    let payload = hex(&digest(&parts.body));
    // A client that says what its body's digest is must be right, whether or not it signed that.
    if header(headers, "x-amz-content-sha256").is_some_and(|claimed| claimed != payload) {
        return Err(wrong);
    }
    let canonical = canonical_request(signature.signed_headers, parts, headers, &payload).ok_or(wrong)?;
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{}\n{}", signature.scope, hex(&digest(canonical.as_bytes())));
    let key = [signature.date, signature.region, signature.service, "aws4_request"]
        .iter()
        .fold(format!("AWS4{secret}").into_bytes(), |key, part| sign(&key, part.as_bytes()));
    // In constant time.
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key), to_sign.as_bytes(), &signature.signature).map_err(|_| wrong)
}

fn sign(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

fn canonical_request(signed_headers: &str, parts: &SignedParts, headers: &Value, payload: &str) -> Option<String> {
    let mut lines = String::new();
    let mut last = "";
    for (index, name) in signed_headers.split(';').enumerate() {
        // In order and each once, so that one set of headers has one text.
        if index == SIGNED_HEADERS || name <= last {
            return None;
        }
        last = name;
        lines.push_str(&format!("{name}:{}\n", header(headers, name)?));
    }
    // AWS encodes the path as sent once more, for every service but S3.
    let path = if parts.path.is_empty() { "/".to_owned() } else { encode(parts.path.as_bytes(), true) };
    let query = canonical_query(&parts.query);
    Some(format!("{}\n{path}\n{query}\n{lines}\n{signed_headers}\n{payload}", parts.method))
}

/// The pairs, encoded anew and sorted.
fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encoded_once(name), encoded_once(value))
        })
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// A part of a query as AWS encodes it, whichever way it was encoded before.
fn encoded_once(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let decoded = (byte == b'%')
            .then(|| tail.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()))
            .flatten();
        let (byte, after) = match decoded {
            Some(decoded) => (decoded, &tail[2..]),
            None => (byte, tail),
        };
        bytes.push(byte);
        rest = after;
    }
    encode(&bytes, false)
}

fn encode(bytes: &[u8], keeps_slashes: bool) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
            b'/' if keeps_slashes => text.push('/'),
            byte => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// A header's values with blanks as the scheme wants them, joined by commas.
fn header(headers: &Value, name: &str) -> Option<String> {
    let one = |value: &Value| Some(value.as_str()?.split_whitespace().collect::<Vec<_>>().join(" "));
    match headers.get(name)? {
        Value::List(values) => Some(values.iter().map(one).collect::<Option<Vec<_>>>()?.join(",")),
        value => one(value),
    }
}

/// `20260102T030405Z`.
fn epoch_milliseconds(text: &str) -> Option<i64> {
    let at = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    Some(at.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}
