//! What answers tell browsers about pages of other origins (Fetch standard, "CORS protocol").

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use crate::project::Cors;

/// Whether a page from elsewhere sent this that may not. A browser would hide the answer from it, but only after the
/// request was carried out.
pub(super) fn is_forbidden(cors: &Cors, headers: &HeaderMap) -> bool {
    if cors.allow_origins.is_none() {
        return false;
    }
    let is_good = |origin: &str| cors.allows(origin) || is_same_origin(origin, headers);
    headers.get_all(header::ORIGIN).iter().any(|origin| !origin.to_str().is_ok_and(is_good))
}

/// A page that this server itself delivered: the console. Only at an address or at `localhost`: a name can be made to lead
/// here by whoever owns it (DNS rebinding), and a good one can be listed.
fn is_same_origin(origin: &str, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    origin.split_once("://").is_some_and(|(_, own)| Some(own) == host && is_address(own))
}

fn is_address(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name);
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || address.parse::<std::net::IpAddr>().is_ok()
}

/// The answer to a preflight. Where any header is allowed, a browser that asks for certain ones hears their names: to it,
/// `*` does not mean `authorization`
/// ([Fetch](https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name)).
pub(super) fn preflight(cors: &Cors, asked: &HeaderMap) -> Response {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    let lists = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, cors.allow_methods.as_str()),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, cors.allow_headers.as_str()),
    ];
    for (name, value) in lists {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    if cors.allow_headers == "*"
        && let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS)
    {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from(cors.max_age));
    response
}

/// Adds what every answer says.
pub(super) fn add_headers(cors: &Cors, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
    let allowed = match (&cors.allow_origins, origin) {
        (None, _) => Some(HeaderValue::from_static("*")),
        (Some(_), origin) => {
            headers.append(header::VARY, HeaderValue::from_static("origin"));
            origin.filter(|origin| origin.to_str().is_ok_and(|origin| cors.allows(origin))).cloned()
        }
    };
    let Some(allowed) = allowed else { return };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    if let Ok(names) = HeaderValue::from_str(&cors.expose_headers)
        && !names.is_empty()
    {
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, names);
    }
    if cors.allow_credentials {
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
}
