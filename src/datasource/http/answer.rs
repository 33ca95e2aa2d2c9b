//! What handlers see of an answer (spec appsync-js 4.2).

use std::borrow::Cow;

use crate::backend::http::HttpResponse;
use crate::value::{Map, Str, Value, object};

/// Beside all of `text/`: what AppSync takes.
const CONTENT_TYPES: [&str; 7] = [
    "application/xml",
    "application/json",
    "application/soap+xml",
    "application/x-amz-json-1.0",
    "application/x-amz-json-1.1",
    "application/vnd.api+json",
    "application/x-ndjson",
];

/// `{statusCode, headers, body}`, or why it cannot be shown: the rest of a sentence about the service. AppSync's own text is
/// UNCONFIRMED.
pub(super) fn result(answer: &HttpResponse) -> Result<Value, String> {
    let content_type = header(answer, "content-type").unwrap_or("text/plain");
    if !answer.body.is_empty() {
        let media_type = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        if !media_type.starts_with("text/") && !CONTENT_TYPES.contains(&media_type.as_str()) {
            return Err(format!("answers with content type `{media_type}`, which is not supported"));
        }
        let encoding = header(answer, "content-encoding").map(str::trim).filter(|encoding| !encoding.is_empty());
        if let Some(encoding) = encoding.filter(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
            return Err(format!("answers with content encoding `{encoding}`, which was not asked for"));
        }
    }
    Ok(object! {
        "statusCode" => i64::from(answer.status),
        "headers" => headers(answer),
        "body" => text(&answer.body, content_type).as_ref(),
    })
}

fn header<'a>(answer: &'a HttpResponse, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// The headers with the server's own names. One that comes several times is joined with commas, as RFC 9110 (section 5.3)
/// has it, except cookies, which cannot be joined: several are a list. What AppSync does is UNCONFIRMED.
fn headers(answer: &HttpResponse) -> Value {
    let mut headers = Map::default();
    for (name, value) in &answer.headers {
        match headers.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, earlier)) => *earlier = with_another(earlier, name, value),
            None => drop(headers.insert(name.clone(), value.into())),
        }
    }
    headers.into()
}

fn with_another(earlier: &Value, name: &str, value: &Str) -> Value {
    match earlier {
        Value::List(several) => several.iter().cloned().chain([value.into()]).collect(),
        first if name.eq_ignore_ascii_case("set-cookie") => vec![first.clone(), value.into()].into(),
        first => format!("{}, {value}", first.as_str().unwrap_or_default()).into(),
    }
}

/// The body as text: UTF-8 unless `charset` names Latin-1. What is neither becomes U+FFFD; AppSync's rule is UNCONFIRMED.
fn text<'a>(body: &'a [u8], content_type: &str) -> Cow<'a, str> {
    let charset = content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"').to_ascii_lowercase())
    });
    match charset.as_deref() {
        Some("iso-8859-1" | "latin1") => body.iter().map(|byte| char::from(*byte)).collect(),
        _ => String::from_utf8_lossy(body),
    }
}
