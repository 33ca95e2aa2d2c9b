//! The console page: GraphiQL, embedded when `console/dist` was built before the binary, else from its CDN.

use std::borrow::Cow;

use crate::api::Api;
use crate::value::object;

include!(concat!(env!("OUT_DIR"), "/console_files.rs"));

/// The page without `dist`: it loads GraphiQL from a CDN.
const FALLBACK: &str = include_str!("../../console/fallback.html");
const PLACEHOLDER: &str = "<!--syncline-config-->";

/// What `/` serves.
pub struct Console {
    /// The query of the first tab.
    default_query: String,
}

/// A file of the console, ready to send.
pub struct File {
    pub bytes: Cow<'static, [u8]>,
    pub content_type: &'static str,
    /// Whether its name changes with its content.
    pub is_immutable: bool,
}

impl Console {
    pub fn new(default_query: String) -> Console {
        Console { default_query }
    }

    /// Whether the page is part of the binary, and works without network.
    pub fn is_embedded() -> bool {
        !CONSOLE_FILES.is_empty()
    }

    pub(super) fn read(&self, path: &str, api: &Api) -> Option<File> {
        let name = match path.trim_start_matches('/') {
            "" | "index.html" => return Some(self.page(api)),
            name => name,
        };
        let (_, bytes) = CONSOLE_FILES.iter().find(|(file, _)| *file == name)?;
        let content_type = match name.rsplit('.').next().unwrap_or("") {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            "html" => "text/html; charset=utf-8",
            "md" => "text/markdown; charset=utf-8",
            _ => "application/octet-stream",
        };
        Some(File { bytes: Cow::Borrowed(bytes), content_type, is_immutable: name.starts_with("assets/") })
    }

    fn page(&self, api: &Api) -> File {
        let embedded = CONSOLE_FILES.iter().find(|(file, _)| *file == "index.html");
        let page = embedded.and_then(|(_, bytes)| std::str::from_utf8(bytes).ok()).unwrap_or(FALLBACK);
        let config = object! { "name" => api.name(), "defaultQuery" => self.default_query.as_str() };
        // A query may hold `</script>`.
        let config = config.to_string().replace('<', "\\u003c");
        let script = format!("<script>window.__SYNCLINE__ = {config}</script>");
        let page = page.replacen(PLACEHOLDER, &script, 1);
        File { bytes: Cow::Owned(page.into_bytes()), content_type: "text/html; charset=utf-8", is_immutable: false }
    }
}
