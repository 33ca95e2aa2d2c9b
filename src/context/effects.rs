//! What handlers leave besides their return value: errors, log lines, and what they ask of the response, the API cache
//! and the subscriptions.

use crate::error::{FieldError, Location};
use crate::limits;
use crate::value::{Map, Str, Value};

/// Side results of the handlers of one resolver run, in the order in which they arose.
///
/// The limits that AppSync counts per request are kept by the collections themselves, so that `execute` can gather the
/// effects of all resolvers with the same check and the same error.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// `util.appendError` calls and refused headers; `ctx.outErrors` shows them to later handlers.
    pub errors: Vec<FieldError>,
    /// `console.log` lines.
    pub logs: Vec<LogLine>,
    /// `util.http.addResponseHeader`.
    pub response_headers: ResponseHeaders,
    /// `extensions.evictFromApiCache`. This version has no API cache: `execute` answers that nothing was deleted.
    pub cache_evictions: Vec<CacheEviction>,
    /// `extensions.setSubscriptionFilter`, the last call. Recorded only: this version does not run subscriptions, and
    /// what a registration does with it is theirs to say.
    pub subscription_filter: Option<SubscriptionFilter>,
    /// `extensions.setSubscriptionInvalidationFilter`, the last call. Recorded only, as the filter above.
    pub subscription_invalidation_filter: Option<SubscriptionFilter>,
    /// `extensions.invalidateSubscriptions`. Recorded and counted only: there is no subscription to end yet.
    pub invalidations: Invalidations,
}

/// One header that a handler adds to the HTTP response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHeader {
    /// As the handler wrote it.
    pub name: Str,
    pub value: Str,
}

/// Headers in the order in which they were added, within AppSync's size for all of them.
///
/// One that comes twice stands here twice: the last counts, but all are counted (spec appsync-js 2.7).
#[derive(Clone, Debug, Default)]
pub struct ResponseHeaders {
    headers: Vec<ResponseHeader>,
    size_bytes: usize,
}

impl ResponseHeaders {
    /// # Errors
    /// What the client hears instead, where the header does not fit any more.
    pub fn add(&mut self, header: ResponseHeader) -> Result<(), FieldError> {
        // Whether AppSync counts the `: ` and the line's end as well is UNCONFIRMED.
        let size_bytes = self.size_bytes + header.name.len() + header.value.len();
        if size_bytes > limits::RESPONSE_HEADER_BYTES {
            let reason = format!("custom headers have at most {} bytes together", limits::RESPONSE_HEADER_BYTES);
            return Err(ResponseHeaders::refused(&header.name, &reason));
        }
        self.size_bytes = size_bytes;
        self.headers.push(header);
        Ok(())
    }

    /// The error for a header that is not added. AppSync's message is UNCONFIRMED (spec appsync-js 2.7).
    pub fn refused(name: &str, reason: &str) -> FieldError {
        /// Characters of a name that the message repeats.
        const SHOWN: usize = 100;
        let name: String = name.chars().take(SHOWN).flat_map(char::escape_debug).collect();
        FieldError::new("ResponseHeaderError", format!("response header `{name}` was not added: {reason}"))
    }

    pub fn is_empty(&self) -> bool {
        self.headers.is_empty()
    }

    pub fn iter(&self) -> std::slice::Iter<'_, ResponseHeader> {
        self.headers.iter()
    }
}

impl IntoIterator for ResponseHeaders {
    type Item = ResponseHeader;
    type IntoIter = std::vec::IntoIter<ResponseHeader>;

    fn into_iter(self) -> Self::IntoIter {
        self.headers.into_iter()
    }
}

/// One entry of the API cache that is to go.
#[derive(Clone, Debug, PartialEq)]
pub struct CacheEviction {
    pub type_name: Str,
    pub field_name: Str,
    /// Caching key (`context.arguments.id`) to value, in the order of the cached resolver's `cachingKeys`.
    pub keys: Map,
}

/// A filter on the payloads that a subscription delivers: any group, and of that group all conditions. Without groups it
/// lets everything pass (UNCONFIRMED, spec appsync-js 2.9).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SubscriptionFilter {
    pub groups: Vec<Vec<FilterCondition>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FilterCondition {
    /// Up to five levels, separated by dots.
    pub field_name: Str,
    pub operator: FilterOperator,
    /// Of a kind that the operator takes.
    pub value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterOperator {
    Eq,
    Ne,
    Le,
    Lt,
    Ge,
    Gt,
    Contains,
    NotContains,
    BeginsWith,
    In,
    NotIn,
    Between,
    ContainsAny,
}

impl FilterOperator {
    pub const ALL: [FilterOperator; 13] = [
        FilterOperator::Eq,
        FilterOperator::Ne,
        FilterOperator::Le,
        FilterOperator::Lt,
        FilterOperator::Ge,
        FilterOperator::Gt,
        FilterOperator::Contains,
        FilterOperator::NotContains,
        FilterOperator::BeginsWith,
        FilterOperator::In,
        FilterOperator::NotIn,
        FilterOperator::Between,
        FilterOperator::ContainsAny,
    ];

    /// AppSync's word for it.
    pub fn name(self) -> &'static str {
        match self {
            FilterOperator::Eq => "eq",
            FilterOperator::Ne => "ne",
            FilterOperator::Le => "le",
            FilterOperator::Lt => "lt",
            FilterOperator::Ge => "ge",
            FilterOperator::Gt => "gt",
            FilterOperator::Contains => "contains",
            FilterOperator::NotContains => "notContains",
            FilterOperator::BeginsWith => "beginsWith",
            FilterOperator::In => "in",
            FilterOperator::NotIn => "notIn",
            FilterOperator::Between => "between",
            FilterOperator::ContainsAny => "containsAny",
        }
    }
}

/// One request to end the subscriptions of a field whose invalidation filter matches the payload.
#[derive(Clone, Debug, PartialEq)]
pub struct SubscriptionInvalidation {
    pub subscription_field: Str,
    pub payload: Value,
}

/// Invalidations, no more than AppSync allows.
#[derive(Clone, Debug, Default)]
pub struct Invalidations(Vec<SubscriptionInvalidation>);

impl Invalidations {
    /// # Errors
    /// What the client hears instead of the sixth. Text, type, and that the handler goes on are UNCONFIRMED (spec
    /// appsync-js 2.9 has only `a GraphQL error`).
    pub fn add(&mut self, invalidation: SubscriptionInvalidation) -> Result<(), FieldError> {
        if self.0.len() >= limits::SUBSCRIPTION_INVALIDATIONS {
            return Err(FieldError::code(format!(
                "extensions.invalidateSubscriptions was called more than {} times in one request",
                limits::SUBSCRIPTION_INVALIDATIONS
            )));
        }
        self.0.push(invalidation);
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> std::slice::Iter<'_, SubscriptionInvalidation> {
        self.0.iter()
    }
}

impl IntoIterator for Invalidations {
    type Item = SubscriptionInvalidation;
    type IntoIter = std::vec::IntoIter<SubscriptionInvalidation>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// One `console.log`, `console.error` or `console.debug` call.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    pub level: LogLevel,
    /// File of the author's source, relative to the project.
    pub file: Str,
    pub location: Location,
    /// The arguments as JSON, separated by one blank.
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    Debug,
    Info,
    Error,
}

/// The line format that AppSync writes and EvaluateCode returns (spec appsync-js 1.7): `INFO - code.js:5:3: "x" 1`.
impl std::fmt::Display for LogLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let level = match self.level {
            LogLevel::Debug => "DEBUG",
            LogLevel::Info => "INFO",
            LogLevel::Error => "ERROR",
        };
        write!(f, "{level} - {}:{}:{}: {}", self.file, self.location.line, self.location.column, self.message)
    }
}
