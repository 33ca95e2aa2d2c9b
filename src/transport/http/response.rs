//! An answer as HTTP: status, media type, headers (spec appsync-service 2.2, 2.3; GraphQL over HTTP for the media type
//! that AppSync does not know).

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::api::Refusal;
use crate::context::{ResponseHeader, ResponseHeaders};
use crate::execute;

/// In which of its two JSON forms a client wants the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaType {
    /// AppSync's: 200 for whatever was read as an operation.
    Json,
    /// `application/graphql-response+json`: request errors are 400 and have no `data`.
    GraphQLResponse,
}

impl MediaType {
    /// What `accept` asks for: of those of the two that it names the one with the greater weight, of equal ones the first.
    /// AppSync's where it leaves the choice, and where it wants neither.
    pub fn accepted(headers: &HeaderMap) -> MediaType {
        let mut best = (0, MediaType::Json);
        let lines = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        for range in lines.flat_map(|line| line.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let media_type = match parts.next().unwrap_or("").to_ascii_lowercase().as_str() {
                "application/json" => MediaType::Json,
                "application/graphql-response+json" => MediaType::GraphQLResponse,
                _ => continue,
            };
            let quality = quality(parts);
            if quality > best.0 {
                best = (quality, media_type);
            }
        }
        best.1
    }

    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            MediaType::Json => "application/json;charset=UTF-8",
            MediaType::GraphQLResponse => "application/graphql-response+json;charset=UTF-8",
        })
    }
}

/// A range's weight in thousandths; one that cannot be read counts in full.
fn quality<'a>(mut parameters: impl Iterator<Item = &'a str>) -> u16 {
    let weight = parameters.find_map(|parameter| parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q=")));
    let thousandths = weight.and_then(|weight| weight.trim().parse::<f32>().ok()).unwrap_or(1.0) * 1000.0;
    thousandths.clamp(0.0, 1000.0) as u16
}

/// The answer to an operation that was read.
pub(super) fn executed(response: &execute::Response, media_type: MediaType) -> Response {
    let mut reply = match media_type {
        MediaType::Json => json(StatusCode::OK, media_type, response.to_json()),
        MediaType::GraphQLResponse => {
            let status = if response.is_request_error { StatusCode::BAD_REQUEST } else { StatusCode::OK };
            json(status, media_type, response.to_standard_json())
        }
    };
    add_headers(reply.headers_mut(), &response.headers);
    reply
}

/// What handlers add to the response. They cannot name the headers that are set here (spec appsync-js 2.7).
fn add_headers(headers: &mut HeaderMap, added: &ResponseHeaders) {
    for ResponseHeader { name, value } in added.iter() {
        // `util.http` has refused what is no name or no value.
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
}

/// An error body without `data` (spec 2.2).
pub(super) fn refused(refusal: &Refusal, media_type: MediaType) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = json(status, media_type, refusal.to_json());
    let headers = response.headers_mut();
    if status != StatusCode::OK {
        headers.insert(HeaderName::from_static("x-amzn-errortype"), HeaderValue::from_static(refusal.error_type));
    }
    if let Some(seconds) = refusal.retry_after_seconds {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static("GET, POST, OPTIONS"));
    }
    response
}

pub(super) fn json(status: StatusCode, media_type: MediaType, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, media_type.content_type());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_media_type_follows_accept() {
        let new = "application/graphql-response+json";
        let cases: &[(&[&str], MediaType)] = &[
            (&[], MediaType::Json),
            (&["*/*"], MediaType::Json),
            (&["text/html"], MediaType::Json),
            (&["application/json"], MediaType::Json),
            (&["application/*"], MediaType::Json),
            (&[new], MediaType::GraphQLResponse),
            (&["Application/GraphQL-Response+JSON; charset=utf-8"], MediaType::GraphQLResponse),
            (&["application/graphql-response+json, application/json;q=0.9"], MediaType::GraphQLResponse),
            (&["application/graphql-response+json, application/json"], MediaType::GraphQLResponse),
            (&["application/json, application/graphql-response+json"], MediaType::Json),
            (&[new, "application/json"], MediaType::GraphQLResponse),
            (&["application/json, application/graphql-response+json;q=0.5"], MediaType::Json),
            (&["application/graphql-response+json;q=0"], MediaType::Json),
            (&["application/graphql-response+json;q=much"], MediaType::GraphQLResponse),
        ];
        for (lines, expected) in cases {
            let mut headers = HeaderMap::new();
            for line in *lines {
                headers.append(header::ACCEPT, HeaderValue::from_str(line).unwrap());
            }
            assert_eq!(MediaType::accepted(&headers), *expected, "{lines:?}");
        }
    }
}
