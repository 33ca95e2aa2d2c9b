//! `cors` in `syncline.yaml`: which pages of other origins may call the API from a browser. AppSync lets all of them and
//! cannot be told otherwise (spec appsync-service 2.3); the keys are those of API Gateway's and Lambda's own settings.

use crate::error::Diagnostic;
use crate::project::reader::{Reader, Spanned};
use crate::project::yaml::Node;
use crate::value::Str;

/// What answers say to browsers. Lists are ready to be sent, joined by commas.
#[derive(Clone, Debug, PartialEq)]
pub struct Cors {
    /// `None` is any origin.
    pub allow_origins: Option<Vec<Str>>,
    /// Request headers; `*` is any.
    pub allow_headers: Str,
    pub allow_methods: Str,
    /// Response headers that a page may read.
    pub expose_headers: Str,
    /// Whether cookies and the like may come along.
    pub allow_credentials: bool,
    /// Seconds for which a browser remembers the answer to a preflight.
    pub max_age: usize,
}

impl Default for Cors {
    /// AppSync's; the lists of a preflight are UNCONFIRMED (spec appsync-service 2.3).
    fn default() -> Cors {
        Cors {
            allow_origins: None,
            allow_headers: "*".into(),
            allow_methods: "POST,GET,OPTIONS".into(),
            expose_headers: DEFAULT_EXPOSE_HEADERS.into(),
            allow_credentials: false,
            max_age: 7200,
        }
    }
}

const DEFAULT_EXPOSE_HEADERS: &str =
    "x-amzn-RequestId,x-amzn-ErrorType,x-amz-user-agent,x-amzn-ErrorMessage,Date,x-amz-schema-version";

/// Browsers remember a preflight no longer than this, whatever they are told.
const MOST_SECONDS: usize = 86_400;

impl Cors {
    /// Whether a page of this origin may call.
    pub fn allows(&self, origin: &str) -> bool {
        self.allow_origins.as_ref().is_none_or(|origins| origins.iter().any(|allowed| allowed == origin))
    }
}

pub(crate) fn read_cors(node: Option<&Node>, reader: &mut Reader) -> Cors {
    const KEYS: &[&str] =
        &["allowOrigins", "allowHeaders", "allowMethods", "exposeHeaders", "allowCredentials", "maxAge"];
    let mut cors = Cors::default();
    let Some(node) = node else { return cors };
    let section = reader.section(node, "cors", "`cors`", KEYS);
    if let Some(node) = section.get("allowOrigins") {
        let origins = reader.strings(node, "allowOrigins");
        for origin in origins.iter().filter(|origin| origin.value != "*" && !is_origin(&origin.value)) {
            let problem = Diagnostic::error(format!("`{}` is no origin", origin.value));
            reader.report(
                problem.help("an origin has no path: `https://shop.example`, `http://localhost:5173`"),
                &origin.range,
            );
        }
        let is_any = origins.iter().any(|origin| origin.value == "*");
        cors.allow_origins = (!is_any).then(|| origins.into_iter().map(|origin| origin.value).collect());
    }
    let mut list = |key: &str, into: &mut Str| {
        let Some(node) = section.get(key) else { return };
        let names = reader.strings(node, key);
        for name in names.iter().filter(|name| !is_token(&name.value)) {
            reader.error(format!("`{}` cannot be in `{key}`", name.value), &name.range);
        }
        *into = joined(&names);
    };
    list("allowHeaders", &mut cors.allow_headers);
    list("allowMethods", &mut cors.allow_methods);
    list("exposeHeaders", &mut cors.expose_headers);
    if let Some(node) = section.get("maxAge") {
        cors.max_age = reader.integer(node, "maxAge", 0..=MOST_SECONDS).unwrap_or(cors.max_age);
    }
    if let Some(entry) = section.entry("allowCredentials") {
        cors.allow_credentials = reader.boolean(&entry.value, "allowCredentials").unwrap_or(false);
        if cors.allow_credentials && cors.allow_origins.is_none() {
            let problem = Diagnostic::error("`allowCredentials` cannot be combined with every origin");
            reader.report(problem.help("list the origins in `allowOrigins`"), &entry.key_range);
        }
    }
    cors
}

fn joined(names: &[Spanned<Str>]) -> Str {
    names.iter().map(|name| name.value.as_str()).collect::<Vec<_>>().join(",").into()
}

/// `scheme://host[:port]`, or `null`, which is what sandboxed pages have.
fn is_origin(text: &str) -> bool {
    if text == "null" {
        return true;
    }
    let Some((scheme, host)) = text.split_once("://") else { return false };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    !scheme.is_empty()
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && !host.is_empty()
        && host.bytes().all(is_plain)
}

/// What HTTP calls a token, of which names of headers and methods consist.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
