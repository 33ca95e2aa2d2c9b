//! Where a URL leads, read as browsers read URLs (the WHATWG's standard), so that two spellings of one host are one.

use std::fmt;

use url::Url;

use crate::value::Str;

/// Scheme, host and port.
///
/// # Examples
/// ```
/// use syncline::backend::http::Origin;
/// let (origin, path) = Origin::split("HTTPS://API.example.com:443/v1").unwrap();
/// assert_eq!((origin.as_str(), path.as_str()), ("https://api.example.com", "/v1"));
/// assert_eq!(Origin::split("http://127.1").unwrap().0.host(), "127.0.0.1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Without the scheme's usual port: `https://api.example.com`, `http://[::1]:9000`.
    text: Str,
    host: Str,
}

/// Why a text is not the address of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginError {
    /// No `http` or `https` URL.
    NoUrl,
    /// A user or a password stands in it.
    UserInfo,
    Query,
    Fragment,
}

impl Origin {
    /// Takes the URL of a service apart: its origin and its path, which is `/` at least.
    ///
    /// # Errors
    /// [`OriginError`]: what the address of a service must not have.
    pub fn split(text: &str) -> Result<(Origin, Str), OriginError> {
        // Browsers mend what is almost a URL; here it is a mistake.
        let has_scheme = ["http://", "https://"].iter().any(|scheme| {
            text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
                && !text[scheme.len()..].starts_with('/')
        });
        let is_odd = |c: char| c.is_whitespace() || c.is_control() || c == '\\';
        if !has_scheme || text.contains(is_odd) {
            return Err(OriginError::NoUrl);
        }
        let url = Url::parse(text).map_err(|_| OriginError::NoUrl)?;
        let origin = Origin::of(&url)?;
        match url {
            url if url.query().is_some() => Err(OriginError::Query),
            url if url.fragment().is_some() => Err(OriginError::Fragment),
            url => Ok((origin, url.path().into())),
        }
    }

    /// The URL that a reference in an answer from `base` leads to, without its fragment; `None` where it is nothing that
    /// could be called.
    pub fn follow(base: &str, reference: &str) -> Option<(Origin, Str)> {
        let mut url = Url::parse(base).ok()?.join(reference).ok()?;
        url.set_fragment(None);
        Some((Origin::of(&url).ok()?, url.as_str().into()))
    }

    fn of(url: &Url) -> Result<Origin, OriginError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(OriginError::NoUrl);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OriginError::UserInfo);
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(OriginError::NoUrl)?;
        Ok(Origin { text: url.origin().ascii_serialization().into(), host: host.into() })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// In lower case; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_origin_are_one() {
        for (text, origin, path) in [
            ("http://localhost:9000", "http://localhost:9000", "/"),
            ("http://API.example.com.:80/", "http://api.example.com.", "/"),
            ("https://api.example.com:443/v1/", "https://api.example.com", "/v1/"),
            ("https://api.example.com:8443/a/../v1", "https://api.example.com:8443", "/v1"),
            ("http://2130706433/", "http://127.0.0.1", "/"),
            ("http://0x7f.0.0.1/", "http://127.0.0.1", "/"),
            ("http://[0:0::1]:80/", "http://[::1]", "/"),
            ("http://[::ffff:7f00:1]", "http://[::ffff:7f00:1]", "/"),
            ("https://münchen.example", "https://xn--mnchen-3ya.example", "/"),
        ] {
            let (found, at) = Origin::split(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
            assert_eq!((found.as_str(), at.as_str()), (origin, path), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_of_a_service_is_refused_with_its_reason() {
        for (text, error) in [
            ("", OriginError::NoUrl),
            ("api.example.com", OriginError::NoUrl),
            ("//api.example.com", OriginError::NoUrl),
            ("ftp://api.example.com", OriginError::NoUrl),
            ("https:api.example.com", OriginError::NoUrl),
            ("https:///api.example.com", OriginError::NoUrl),
            ("https:\\\\api.example.com", OriginError::NoUrl),
            ("https://", OriginError::NoUrl),
            ("https://a b.example", OriginError::NoUrl),
            ("https://a.example\n", OriginError::NoUrl),
            ("https://a.example:99999", OriginError::NoUrl),
            ("https://a.example/\\b", OriginError::NoUrl),
            ("https://user@a.example", OriginError::UserInfo),
            ("https://user:word@a.example", OriginError::UserInfo),
            ("https://:word@a.example", OriginError::UserInfo),
            ("https://a.example/?x=1", OriginError::Query),
            ("https://a.example?", OriginError::Query),
            ("https://a.example/#x", OriginError::Fragment),
        ] {
            assert_eq!(Origin::split(text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn a_reference_leads_where_a_browser_would_go() {
        let base = "https://a.example/x/y?q=1";
        for (reference, url) in [
            ("/z", "https://a.example/z"),
            ("z", "https://a.example/x/z"),
            ("?r=2#f", "https://a.example/x/y?r=2"),
            ("//b.example/z", "https://b.example/z"),
            ("\\\\b.example\\z", "https://b.example/z"),
            ("http://c.example", "http://c.example/"),
        ] {
            let (origin, found) = Origin::follow(base, reference).unwrap_or_else(|| panic!("{reference}"));
            assert_eq!(found, url, "{reference}");
            assert!(url.starts_with(origin.as_str()));
        }
        for reference in ["ftp://b.example", "file:///etc/passwd", "https://u@b.example", "https://", "javascript:1"] {
            assert_eq!(Origin::follow(base, reference), None, "{reference}");
        }
    }
}
