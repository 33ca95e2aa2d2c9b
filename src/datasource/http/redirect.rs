//! Redirects, where a data source allows their target (`allow.redirects`): at most [`limits::HTTP_REDIRECTS`]
//! one after the other, each to an address that is judged like any other. Those of signed requests are not followed: the
//! signature is for one host. Whether AppSync follows any is UNCONFIRMED; here none is followed that is not allowed.
//!
//! [`limits::HTTP_REDIRECTS`]: crate::limits::HTTP_REDIRECTS

use bytes::Bytes;

use crate::backend::http::{HttpRequest, HttpResponse, Origin};
use crate::project::HttpService;
use crate::value::Str;

/// Headers that say who calls: they stay with the origin that they were meant for.
const CREDENTIALS: [&str; 4] = ["authorization", "cookie", "x-amz-security-token", "x-api-key"];

/// The request that an answer leads to; `None` where the answer is the result.
pub(super) fn next(service: &HttpService, request: &HttpRequest, answer: &HttpResponse) -> Option<HttpRequest> {
    if service.redirects.is_empty() || request.signing.is_some() {
        return None;
    }
    let method = method(answer.status, &request.method)?;
    let (_, location) = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("location"))?;
    let (target, url) = Origin::follow(&request.url, location)?;
    if !service.redirects.contains(&target) {
        return None;
    }
    let mut next = HttpRequest { url, ..request.clone() };
    if method != request.method {
        next.method = method.into();
        next.body = Bytes::new();
        next.headers.retain(|(name, _)| !name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-")));
    }
    if Origin::split(&request.url).map(|(origin, _)| origin).ok().as_ref() != Some(&target) {
        next.headers.retain(|(name, _): &(Str, Str)| !CREDENTIALS.iter().any(|known| name.eq_ignore_ascii_case(known)));
    }
    Some(next)
}

/// The method of the next request (RFC 9110, section 15.4, and what all browsers make of it).
fn method(status: u16, method: &str) -> Option<&str> {
    match (status, method) {
        (301 | 302, "POST") => Some("GET"),
        (303, "HEAD") => Some("HEAD"),
        (303, _) => Some("GET"),
        (301 | 302 | 307 | 308, method) => Some(method),
        _ => None,
    }
}
