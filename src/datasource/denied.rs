//! What a resolver is given in place of a data source that its domain may not use.

use futures_util::future::BoxFuture;

use crate::datasource::{DataSource, Invocation, Outcome};
use crate::error::FieldError;
use crate::value::Str;

/// Refuses every call. `syncline check` and the start refuse such wiring before; this is for those who ignore them.
/// Tables are not refused here: batches and transactions name them as they go, so every call is checked by itself.
#[derive(Clone, Debug)]
pub struct DeniedSource {
    message: Str,
}

impl DeniedSource {
    /// `domain`: that of the resolver, where it has one.
    pub fn new(data_source: &str, domain: Option<&str>) -> DeniedSource {
        let message = match domain {
            Some(domain) => format!(
                "domain `{domain}` may not use data source `{data_source}`; add `uses: {{ {data_source}: write }}` to `domains.{domain}` in syncline.yaml"
            ),
            None => format!(
                "data source `{data_source}` belongs to a domain; a resolver that uses it must lie in the folder of a domain that may"
            ),
        };
        DeniedSource { message: message.into() }
    }
}

impl DataSource for DeniedSource {
    fn invoke<'a>(&'a self, _: Invocation<'a>) -> BoxFuture<'a, Result<Outcome, FieldError>> {
        Box::pin(std::future::ready(Err(FieldError::new("DomainAccess", self.message.clone()))))
    }

    fn may_write_elsewhere(&self) -> bool {
        false
    }
}
