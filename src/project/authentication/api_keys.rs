//! `apiKeys`: names, or `{ name, description, expiresAfter, expiresAt, wafRules, value }` (spec appsync-service 3.2, 8.1).
//!
//! AppSync makes up a key's text; here nobody deploys, so it comes from the environment (`value: "${API_KEY}"`, ours).

use std::ops::Range;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::error::{Diagnostic, Place};
use crate::limits::API_KEYS;
use crate::project::authentication::{place, read_secret};
use crate::project::reader::Reader;
use crate::project::yaml::{Data, Node};
use crate::value::Str;

const HOUR_SECONDS: i64 = 60 * 60;
const DAY_SECONDS: i64 = 24 * HOUR_SECONDS;

/// Longest life of a key. AppSync: 365 days (spec appsync-service 3.2); the plugin's `1y` may be a leap year.
const LONGEST_SECONDS: i64 = 366 * DAY_SECONDS;

/// What the plugin gives a key that says nothing (spec appsync-service 8.1).
const DEFAULT_LIFE: Expiry = Expiry::AfterSeconds(365 * DAY_SECONDS);

/// One key.
#[derive(Clone, PartialEq)]
pub struct ApiKey {
    pub name: Str,
    /// What clients send as `x-api-key`; `None` where the file does not say: a laptop makes one up.
    pub value: Option<Str>,
    pub expiry: Expiry,
    pub place: Place,
}

/// Without the key itself, which belongs in no log.
impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiKey")
            .field("name", &self.name)
            .field("has_value", &self.value.is_some())
            .field("expiry", &self.expiry)
            .finish()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// After the process has started: AppSync counts from the deployment, which is not known here.
    AfterSeconds(i64),
    AtEpochSeconds(i64),
}

impl Expiry {
    /// The first second in which the key is no longer good. AppSync rounds down to the hour (spec appsync-service 3.2).
    ///
    /// # Examples
    /// ```
    /// use syncline::project::Expiry;
    /// assert_eq!(Expiry::AfterSeconds(7_200).epoch_seconds(3_599), 7_200);
    /// assert_eq!(Expiry::AtEpochSeconds(7_199).epoch_seconds(0), 3_600);
    /// ```
    pub fn epoch_seconds(self, started_epoch_seconds: i64) -> i64 {
        let exact = match self {
            Expiry::AfterSeconds(seconds) => started_epoch_seconds.saturating_add(seconds),
            Expiry::AtEpochSeconds(seconds) => seconds,
        };
        exact.div_euclid(HOUR_SECONDS) * HOUR_SECONDS
    }
}

pub(super) fn read_api_keys(node: Option<&Node>, reader: &mut Reader) -> Vec<ApiKey> {
    let Some(node) = node else { return Vec::new() };
    let items = match &node.data {
        Data::List(items) => items.as_slice(),
        _ if node.is_null() => &[],
        _ => {
            let error = Diagnostic::error(format!("expected a list for `apiKeys`, found {}", node.kind()))
                .help("`apiKeys: [{ name: web, value: \"${API_KEY}\" }]`");
            reader.report(error, &node.range);
            &[]
        }
    };
    if let Some(excess) = items.get(API_KEYS) {
        reader.error(format!("an API has at most {API_KEYS} keys, found {}", items.len()), &excess.range);
    }
    let mut keys: Vec<ApiKey> = Vec::new();
    for item in items {
        let Some(key) = read_api_key(item, reader) else { continue };
        if keys.iter().any(|known| known.name == key.name) {
            reader.error(format!("API key `{}` is given twice", key.name), &item.range);
        } else if key.value.is_some() && keys.iter().any(|known| known.value == key.value) {
            reader.error(format!("API key `{}` has the value of another one", key.name), &item.range);
        } else {
            keys.push(key);
        }
    }
    keys
}

fn read_api_key(node: &Node, reader: &mut Reader) -> Option<ApiKey> {
    if !matches!(node.data, Data::Map(_)) {
        let name = reader.text(node, "apiKeys")?;
        let place = place(reader, &name.range);
        return Some(ApiKey { name: name.value, value: None, expiry: DEFAULT_LIFE, place });
    }
    let known = ["name", "description", "expiresAfter", "expiresAt", "wafRules", "value"];
    let section = reader.section(node, "apiKeys", "`apiKeys`", &known);
    let Some(name) = section.get("name") else {
        reader.error("`name` is missing in `apiKeys`", &node.range);
        return None;
    };
    let name = reader.text(name, "name")?;
    if let Some(entry) = section.entry("wafRules") {
        reader.report(Diagnostic::warning("`wafRules` has no effect here"), &entry.key_range);
    }
    let after = section.get("expiresAfter").and_then(|node| read_expires_after(node, reader));
    let at = section.get("expiresAt").and_then(|node| read_expires_at(node, reader));
    let value = section.get("value").and_then(|node| read_secret(node, "value", reader));
    let expiry = after.or(at).unwrap_or(DEFAULT_LIFE);
    Some(ApiKey { name: name.value, value, expiry, place: place(reader, &name.range) })
}

/// `24h`, `30d`, `3M`, `1y`, or a number of hours. A month has 30 days here, a year 365.
fn read_expires_after(node: &Node, reader: &mut Reader) -> Option<Expiry> {
    let text = match &node.data {
        Data::Scalar(scalar) => scalar.text.as_str(),
        _ => "",
    };
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let unit = match &text[digits..] {
        "" | "h" => Some(HOUR_SECONDS),
        "d" => Some(DAY_SECONDS),
        "M" => Some(30 * DAY_SECONDS),
        "y" => Some(365 * DAY_SECONDS),
        _ => None,
    };
    let seconds = unit.zip(text[..digits].parse::<i64>().ok()).and_then(|(unit, count)| unit.checked_mul(count));
    match seconds {
        Some(seconds @ 1..=LONGEST_SECONDS) => {
            let warning = Diagnostic::warning(
                "`expiresAfter` counts from each start of the process, so that a function may never reach it",
            )
            .help("`expiresAt: 2027-01-31T00:00:00Z` ends a key for good");
            reader.report(warning, &node.range);
            Some(Expiry::AfterSeconds(seconds))
        }
        Some(_) => {
            reader.error("`expiresAfter` must be more than nothing and at most 365 days", &node.range);
            None
        }
        None => {
            let error = Diagnostic::error(format!("`{text}` is no duration")).help("`24h`, `30d`, `3M`, `1y`");
            reader.report(error, &node.range);
            None
        }
    }
}

fn read_expires_at(node: &Node, reader: &mut Reader) -> Option<Expiry> {
    let text = reader.text(node, "expiresAt")?;
    match epoch_seconds(&text.value) {
        Some(seconds) => Some(Expiry::AtEpochSeconds(seconds)),
        None => {
            refuse_time(&text.value, &text.range, reader);
            None
        }
    }
}

/// ISO 8601: a day, or a day and time with or without an offset; UTC where none is given.
fn epoch_seconds(text: &str) -> Option<i64> {
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Some(timestamp.as_second());
    }
    let at = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(DateTime::from)).ok()?;
    at.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp().as_second())
}

fn refuse_time(text: &str, range: &Range<usize>, reader: &mut Reader) {
    let error = Diagnostic::error(format!("`{text}` is no point in time")).help("`2027-01-31T00:00:00Z`");
    reader.report(error, range);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_in_time_are_read_with_and_without_offset() {
        assert_eq!(epoch_seconds("1970-01-02"), Some(86_400));
        assert_eq!(epoch_seconds("1970-01-01T01:00:00"), Some(3_600));
        assert_eq!(epoch_seconds("1970-01-01T01:00:00Z"), Some(3_600));
        assert_eq!(epoch_seconds("1970-01-01T01:00:00+01:00"), Some(0));
        assert_eq!(epoch_seconds("soon"), None);
    }

    #[test]
    fn no_key_is_printed() {
        let place = Place { file: crate::error::SourceFile::new("syncline.yaml", ""), start: 0, end: 0 };
        let key = ApiKey { name: "web".into(), value: Some("da2-secret".into()), expiry: DEFAULT_LIFE, place };
        assert!(!format!("{key:?}").contains("secret"));
    }
}
