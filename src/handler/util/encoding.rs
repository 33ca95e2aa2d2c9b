//! URL, base64 and JavaScript encodings (spec appsync-js 2.1).

use std::fmt::Write;

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

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

/// The inverse, as Java's `URLDecoder`; bytes that are no UTF-8 become U+FFFD.
pub fn url_decode(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    let Some(text) = text(arguments, 0) else { return Ok(Value::Null) };
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(byte) = rest.bytes().next() {
        match byte {
            b'+' => decoded.push(b' '),
            b'%' => {
                decoded.push(percent(rest).map_err(Refusal::Failed)?);
                rest = &rest[2..];
            }
            _ => decoded.push(byte),
        }
        // Bytes of a longer character go one by one.
        let length = rest.chars().next().map_or(0, char::len_utf8);
        decoded.extend(rest.bytes().take(length).skip(1));
        rest = &rest[length..];
    }
    Ok(String::from_utf8_lossy(&decoded).into_owned().into())
}

/// The byte that `%` and two digits at the beginning of a text stand for. Java reads a sign for a digit, too.
fn percent(text: &str) -> Result<u8, String> {
    let mut digits = text.chars().skip(1);
    let (Some(first), Some(second)) = (digits.next(), digits.next()) else {
        return Err("URLDecoder: Incomplete trailing escape (%) pattern".to_owned());
    };
    let problem = |what: &str| Err(format!("URLDecoder: Illegal hex characters in escape (%) pattern - {what}"));
    match (first, first.to_digit(16), second.to_digit(16)) {
        (_, Some(high), Some(low)) => Ok((high << 4 | low) as u8),
        ('-', _, Some(0)) => Ok(0),
        ('-', _, Some(_)) => problem("negative value"),
        ('+', _, Some(low)) => Ok(low as u8),
        (_, high, _) => {
            let index = usize::from(high.is_some() || matches!(first, '+' | '-'));
            problem(&format!("Error at index {index} in: \"{first}{second}\""))
        }
    }
}

pub fn base64_encode(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    Ok(text(arguments, 0).map(|text| STANDARD.encode(text.as_bytes())).into())
}

/// As Java's `Base64.getDecoder()`: padding may be missing, but not be wrong. Bytes that are no UTF-8 become U+FFFD.
/// UNCONFIRMED: which of Java's decoders AppSync uses.
pub fn base64_decode(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true);
    let Some(text) = text(arguments, 0) else { return Ok(Value::Null) };
    let digits = base64_digits(&text).map_err(Refusal::Failed)?;
    let decoded = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT).decode(digits);
    let bytes = decoded.map_err(|error| Refusal::failed(format!("Illegal base64: {error}")))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned().into())
}

/// The text without its padding; Java's text for what is wrong with it.
fn base64_digits(text: &str) -> Result<&str, String> {
    let is_digit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
    let end = text.find(|c| !is_digit(c)).unwrap_or(text.len());
    let (digits, padding) = text.split_at(end);
    if text.chars().count() == 1 {
        return Err("Input byte[] should at least have 2 bytes for base64 bytes".to_owned());
    }
    let unit = digits.len() % 4;
    if let Some(found) = padding.chars().next().filter(|c| *c != '=') {
        // Java's decoder sees `?` for what Latin-1 has not.
        let code = if found <= 'ÿ' { found as u32 } else { '?' as u32 };
        return Err(format!("Illegal base64 character {code:x}"));
    }
    let length = match (padding.is_empty(), unit) {
        (false, 0) => return Err("Input byte array has wrong 4-byte ending unit".to_owned()),
        (false, 2) if !padding.starts_with("==") => {
            return Err("Input byte array has wrong 4-byte ending unit".to_owned());
        }
        (_, 1) => return Err("Last unit does not have enough valid bits".to_owned()),
        (false, 2) => 2,
        (false, _) => 1,
        (true, _) => 0,
    };
    if padding.len() > length {
        return Err(format!("Input byte array has incorrect ending byte at {}", end + length));
    }
    Ok(digits)
}

/// As commons-lang's `escapeEcmaScript`. UNCONFIRMED: the exact set of characters (spec appsync-js 2.1).
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
            Some(c @ ' '..='\x7f') => escaped.push(c),
            _ => {
                let _ = write!(escaped, "\\u{unit:04X}");
            }
        }
    }
    Ok(escaped.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::context::Effects;

    /// Java 17's answers.
    #[test]
    fn texts_decode_as_java_decodes_them() {
        for line in include_str!("../../../tests/java/decode.tsv").lines().filter(|line| !line.starts_with('#')) {
            let columns: Vec<&str> = line.split('\t').collect();
            let [kind, input, expected] = columns[..] else { panic!("`{line}` has not three columns") };
            let function = if kind == "url" { url_decode } else { base64_decode };
            let clock = Clock::fixed(0, 0);
            let mut effects = Effects::default();
            let mut scope = Scope { clock: &clock, identity: &Value::Null, effects: &mut effects };
            let decoded = match function(&mut scope, &[input.replace("\\n", "\n").into()]) {
                Ok(value) => value.as_str().unwrap().escape_debug().to_string(),
                Err(Refusal::Failed(problem)) => format!("!{problem}"),
                Err(other) => panic!("{other:?}"),
            };
            assert_eq!(decoded, expected, "{kind} {input}");
        }
    }
}
