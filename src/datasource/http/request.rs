//! Reading the request document (spec appsync-js 4.2).

use bytes::Bytes;

use crate::backend::http::{HttpRequest, Signing};
use crate::datasource::document::Element;
use crate::datasource::http::url::url;
use crate::error::{FieldError, nearest};
use crate::limits;
use crate::project::HttpService;
use crate::value::{Str, Value};

const METHODS: [&str; 5] = ["PUT", "POST", "GET", "DELETE", "PATCH"];

/// Headers that a handler cannot set: AppSync's six (spec appsync-js 4.2), what else belongs to one connection, and
/// `accept-encoding`, because nobody could read a compressed answer. They are left out and not refused, because
/// `util.http.copyHeaders` copies some of them from a browser's request. Many servers take `_` for `-`.
const OURS: [&str; 15] = [
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "expectation",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// And those that a signature brings.
const OF_SIGNATURES: [&str; 3] = ["authorization", "x-amz-date", "x-amz-security-token"];

const USER_AGENT: &str = concat!("syncline/", env!("CARGO_PKG_VERSION"));

/// The request that a document asks for.
///
/// # Errors
/// `MappingTemplate` in AppSync's words.
pub(super) fn read(
    document: &Element<'_>,
    service: &HttpService,
    role: Option<&str>,
) -> Result<HttpRequest, FieldError> {
    document.allow_only(&["version", "method", "resourcePath", "params"])?;
    let method = document.required("method")?.string()?;
    if !METHODS.contains(&method.as_str()) {
        let hint = nearest(&method.to_ascii_uppercase(), METHODS)
            .map_or(String::new(), |near| format!(" Did you mean '{near}'?"));
        return Err(FieldError::mapping_template(format!("Unsupported method '{method}'.{hint}")));
    }
    let params = document.member("params");
    if let Some(params) = &params {
        params.allow_only(&["query", "headers", "body"])?;
    }
    let member = |key| params.as_ref().and_then(|params| params.member(key));
    let query = member("query").map_or(Ok(Vec::new()), |query| pairs(&query))?;
    let resource_path = document.required("resourcePath")?;
    let url = url(service, resource_path.string()?, &query).map_err(|why| resource_path.refused(why))?;
    let mut headers = member("headers").map_or(Ok(Vec::new()), |headers| read_headers(&headers, service))?;
    let body = match member("body").map(|body| body.value) {
        None => Bytes::new(),
        Some(Value::String(text)) => text.to_string().into(),
        // That JSON is announced where the handler does not say what it is, is UNCONFIRMED.
        Some(json) => {
            if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                headers.push(("content-type".into(), "application/json".into()));
            }
            json.to_string().into()
        }
    };
    headers.push(("user-agent".into(), USER_AGENT.into()));
    let signing = service.signing.as_ref().map(|scope| Signing {
        service: scope.service.clone(),
        region: scope.region.clone(),
        role: role.map(Str::from),
    });
    Ok(HttpRequest {
        method: method.clone(),
        url,
        headers,
        body,
        timeout: limits::HTTP_TIMEOUT,
        most_bytes: limits::HTTP_ANSWER_BYTES,
        reach: service.reach.clone(),
        signing,
    })
}

fn read_headers(headers: &Element<'_>, service: &HttpService) -> Result<Vec<(Str, Str)>, FieldError> {
    for (name, header) in headers.members()? {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(header.refused("it is no name of a header"));
        }
        let texts = if header.value.is_null() { Vec::new() } else { texts(&header)? };
        if texts.iter().any(|text| text.contains(|c: char| c.is_control() && c != '\t')) {
            return Err(header.refused("a header has no control characters"));
        }
    }
    let is_ours = |name: &str| {
        let name = name.to_ascii_lowercase().replace('_', "-");
        let is_one_of = |names: &[&str]| names.contains(&name.as_str());
        is_one_of(&OURS) || (service.signing.is_some() && is_one_of(&OF_SIGNATURES))
    };
    let kept: Vec<(Str, Str)> = pairs(headers)?.into_iter().filter(|(name, _)| !is_ours(name)).collect();
    let bytes: usize = kept.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > limits::HTTP_HEADER_BYTES {
        let most = limits::HTTP_HEADER_BYTES;
        return Err(headers.refused(format!("headers have {most} bytes at most, these have {bytes}")));
    }
    Ok(kept)
}

/// The members of a map of texts, in order. A list gives its name once for each of its items, as repeated headers of a
/// client come in lists (spec appsync-js 1.10); null gives none.
fn pairs(map: &Element<'_>) -> Result<Vec<(Str, Str)>, FieldError> {
    let mut pairs = Vec::new();
    for (name, member) in map.members()? {
        if !member.value.is_null() {
            pairs.extend(texts(&member)?.into_iter().map(|text| (name.clone(), text)));
        }
    }
    Ok(pairs)
}

/// AppSync documents texts alone; that numbers and booleans are taken too, and lists of all these, is UNCONFIRMED.
fn texts(member: &Element<'_>) -> Result<Vec<Str>, FieldError> {
    if member.value.as_list().is_some() {
        return member.items()?.map(|item| text(&item)).collect();
    }
    Ok(vec![text(member)?])
}

fn text(element: &Element<'_>) -> Result<Str, FieldError> {
    match element.value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string().into()),
        Value::Bool(value) => Ok(if *value { "true" } else { "false" }.into()),
        _ => Err(element.expected("a string")),
    }
}
