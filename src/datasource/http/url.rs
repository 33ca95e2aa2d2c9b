//! The URL of a call: the endpoint, the handler's `resourcePath` and its query. Handlers put into both what clients send, so
//! that nothing in them may change where the call goes:
//!
//! * The origin is the endpoint's, always: what a handler gives begins behind the first slash.
//! * `..` is resolved here, as servers do it; what would lead out of the endpoint's own path is refused, however it is
//!   written.
//! * Everything is percent-encoded that a URL cannot carry. An escape (`%2F`) that is there already stays: AWS's samples
//!   encode by themselves, with `util.urlEncode`. In a query's names and values all else is encoded that has a meaning there,
//!   `&` and `=` among it, except `+`, which `util.urlEncode` writes for a blank.
//!
//! Whether AppSync encodes anything is UNCONFIRMED (spec appsync-js 4.2). It is all in this file.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::limits;
use crate::project::HttpService;
use crate::value::Str;

/// All that is encoded in names and values of a query.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'+');

/// All that is encoded in a path: what RFC 3986 does not allow there.
const PATH: &AsciiSet = &COMPONENT
    .remove(b'/')
    .remove(b':')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b',')
    .remove(b';')
    .remove(b'=');

/// All that is encoded in a query that is written out in `resourcePath`.
const QUERY: &AsciiSet = &PATH.remove(b'?').add(b'\'');

/// The URL, or why there is none: the rest of a sentence about `resourcePath`.
pub(super) fn url(service: &HttpService, resource_path: &str, query: &[(Str, Str)]) -> Result<Str, String> {
    if resource_path.contains(char::is_control) {
        return Err("a path has no control characters".to_owned());
    }
    let (path, written_query) = match resource_path.split_once('?') {
        Some((path, query)) => (path, Some(encoded(query, QUERY))),
        None => (resource_path, None),
    };
    let mut url = format!("{}{}{}", service.origin, service.path, resolved(&encoded(path, PATH))?);
    let pair = |(name, value): &(Str, Str)| format!("{}={}", encoded(name, COMPONENT), encoded(value, COMPONENT));
    let parts: Vec<String> =
        written_query.filter(|query| !query.is_empty()).into_iter().chain(query.iter().map(pair)).collect();
    if !parts.is_empty() {
        let query = parts.join("&");
        url.push('?');
        // Signers and services do not agree on what `+` is; they agree on this.
        url.push_str(&if service.signing.is_some() { query.replace('+', "%20") } else { query });
    }
    if url.len() > limits::HTTP_URL_BYTES {
        return Err(format!("a URL has {} bytes at most, this one has {}", limits::HTTP_URL_BYTES, url.len()));
    }
    Ok(url.into())
}

/// Encodes what is in `set`, and leaves the escapes that are there.
fn encoded(text: &str, set: &'static AsciiSet) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.extend(utf8_percent_encode(&rest[..at], set));
        let is_escape = rest.as_bytes().get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
        out.push_str(if is_escape { "%" } else { "%25" });
        rest = &rest[at + 1..];
    }
    out.extend(utf8_percent_encode(rest, set));
    out
}

/// An encoded path without `.` and `..`, beginning with a slash.
fn resolved(path: &str) -> Result<String, String> {
    let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
    let mut kept: Vec<&str> = Vec::with_capacity(segments.len());
    for (index, segment) in segments.iter().enumerate() {
        let is_last = index + 1 == segments.len();
        match dots(segment)? {
            0 => kept.push(segment),
            1 if is_last => kept.push(""),
            1 => {}
            _ => {
                if kept.pop().is_none() {
                    return Err("it leads out of the endpoint's path".to_owned());
                }
                if is_last {
                    kept.push("");
                }
            }
        }
    }
    Ok(format!("/{}", kept.join("/")))
}

/// 1 for `.`, 2 for `..`, 0 for any other segment. Two dots that only some servers take for `..` are refused, as nobody can
/// say where they lead: beside an encoded slash, with a parameter (`..;a`), encoded twice.
fn dots(segment: &str) -> Result<usize, String> {
    let plain = segment.replace("%2e", ".").replace("%2E", ".");
    match plain.as_str() {
        "." => return Ok(1),
        ".." => return Ok(2),
        _ => {}
    }
    let mut text = Cow::Borrowed(segment);
    // Servers that decode more often than this decode whatever they are given.
    for _ in 0..3 {
        let is_up = |part: &str| part.split(';').next().is_some_and(|name| name.trim() == "..");
        if text.split(['/', '\\']).any(is_up) {
            return Err("it may lead out of the endpoint's path".to_owned());
        }
        text = Cow::Owned(percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned());
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use hyper::Uri;
    use proptest::prelude::*;

    use super::*;
    use crate::backend::http::{Origin, Reach};
    use crate::project::SigningScope;

    fn service(endpoint: &str) -> HttpService {
        let (origin, path) = Origin::split(endpoint).unwrap();
        let path = path.trim_end_matches('/').into();
        HttpService {
            origin,
            path,
            signing: None,
            role_statements: Arc::default(),
            reach: Reach::Anywhere,
            redirects: Arc::default(),
            allowed: None,
        }
    }

    /// Every line of the table is an endpoint, a `resourcePath`, a query as JSON, and the URL or `refused: ` with the reason.
    #[test]
    fn the_table_of_paths_says_which_url_is_called() {
        let mut wrong = String::new();
        let mut count = 0;
        for line in include_str!("../../../tests/http/paths.tsv").lines().filter(|line| !line.starts_with('#')) {
            let [endpoint, path, query, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{line:?}")
            };
            let path: String = serde_json::from_str(&format!("\"{path}\"")).unwrap();
            let query: Vec<(Str, Str)> = serde_json::from_str(query).unwrap();
            let actual = url(&service(endpoint), &path, &query).unwrap_or_else(|why| format!("refused: {why}").into());
            if actual != expected {
                wrong.push_str(&format!("{line}\n  {actual}\n"));
            }
            count += 1;
        }
        assert!(wrong.is_empty(), "{wrong}");
        assert!(count > 60);
    }

    #[test]
    fn a_signed_query_has_no_plus() {
        let signing = Some(SigningScope { region: "eu-central-1".into(), service: "states".into() });
        let signed = HttpService { signing, ..service("https://a.example") };
        let query = [("q".into(), "a+b%2Bc".into())];
        assert_eq!(url(&signed, "/x?y=1+2", &query).unwrap(), "https://a.example/x?y=1%202&q=a%20b%2Bc");
    }

    #[test]
    fn urls_end() {
        let service = service("https://a.example");
        let longest = "x".repeat(limits::HTTP_URL_BYTES - "https://a.example/".len());
        assert!(url(&service, &longest, &[]).is_ok());
        assert!(url(&service, &format!("{longest}x"), &[]).unwrap_err().contains("at most"));
    }

    /// What clients may send, with all that has a meaning in URLs more often than chance would have it.
    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("/".to_owned()),
            Just("..".to_owned()),
            Just("%2e".to_owned()),
            Just("%2F".to_owned()),
            Just("%5c".to_owned()),
            Just("%25".to_owned()),
            Just("\\".to_owned()),
            Just("@evil.example".to_owned()),
            Just("//evil.example".to_owned()),
            Just(":80".to_owned()),
            Just("?a=b&".to_owned()),
            Just("#".to_owned()),
            Just("%".to_owned()),
            Just(" ".to_owned()),
            Just("\r\nhost: evil.example\r\n".to_owned()),
            Just("http://evil.example/".to_owned()),
            Just(";".to_owned()),
            any::<char>().prop_map(String::from),
            "[a-z0-9._~-]{1,8}",
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 768, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_call_goes_to_the_endpoint_and_is_one_request(
            path in hostile(),
            query in prop::collection::vec((hostile(), hostile()), 0..3),
            endpoint in prop::sample::select(&["https://a.example", "http://[::1]:9000/v1", "https://a.example:444/v1/x"][..]),
        ) {
            let service = service(endpoint);
            let query: Vec<(Str, Str)> = query.iter().map(|(name, value)| (name.into(), value.into())).collect();
            let Ok(url) = url(&service, &path, &query) else { return Ok(()) };
            // What is written on the wire, and what a browser or a server makes of it.
            prop_assert!(url.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"<>^`{|}#".contains(&byte)), "{}", url);
            let uri: Uri = url.parse().expect("hyper takes it");
            let written = format!("{}://{}", uri.scheme_str().unwrap(), uri.authority().unwrap());
            prop_assert_eq!(written.as_str(), service.origin.as_str());
            let (origin, read) = Origin::follow(&url, "").expect("a browser takes it");
            prop_assert_eq!(&origin, &service.origin);
            // Nobody who resolves dots finds any.
            prop_assert_eq!(read.as_str(), url.as_str());
            let below = format!("{}{}/", service.origin, service.path);
            prop_assert!(url.starts_with(&below), "{}", url);
            // Names and values come out as they went in, and none beside them.
            let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
            let sent: Vec<(String, String)> = uri.query().unwrap_or("").split('&').rev().take(query.len()).map(|pair| {
                let (name, value) = pair.split_once('=').expect("every pair has its sign");
                (decoded(name), decoded(value))
            }).collect();
            let given: Vec<(String, String)> =
                query.iter().rev().map(|(name, value)| (decoded(name), decoded(value))).collect();
            prop_assert_eq!(sent, given);
        }
    }
}
