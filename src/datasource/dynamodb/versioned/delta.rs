//! The delta table: one record for each write, by day, in the order of time.

use jiff::Timestamp;

use crate::backend::{Operation, ServiceError};
use crate::datasource::dynamodb::Call;
use crate::project::Versioning;
use crate::value::{Map, Str, Value, object};

/// Key attributes of the delta table.
pub(super) const PARTITION_KEY: &str = "ds_pk";
pub(super) const SORT_KEY: &str = "ds_sk";

/// Milliseconds of a day: records of one day share a partition.
pub(super) const DAY: i64 = 24 * 60 * 60 * 1000;

/// Records `item` as it is after a write at `now`.
pub(super) async fn record(
    versioning: &Versioning,
    call: &Call<'_>,
    key: &Map,
    item: &Map,
    version: i64,
    now: i64,
) -> Result<(), ServiceError> {
    let mut record = item.clone();
    record.insert(PARTITION_KEY.into(), object! { "S" => partition(call.table, now) });
    record.insert(SORT_KEY.into(), object! { "S" => format!("{}:{}:{version}", time(now), key_text(key)) });
    record.insert("_ttl".into(), expiry(now, versioning.delta_table_ttl));
    // The data source's own table: no right of the calling domain is asked for beyond that on the base table.
    let request = object! { "TableName" => &versioning.delta_table_name, "Item" => record };
    call.invocation.dynamodb.call(Operation::PutItem, request).await.map(drop)
}

/// The partition of the day in which `now` lies. Its exact text is UNCONFIRMED (spec appsync-js 3.17).
pub(super) fn partition(table: &str, now: i64) -> String {
    let text = instant(now);
    format!("AppSync-delta-sync-pk:{table}:{}", text.split('T').next().unwrap_or_default())
}

/// The time of day, `20:15:00.123`, with which sort keys begin.
pub(super) fn time(now: i64) -> String {
    let text = instant(now);
    text.split_once('T').map_or("", |(_, time)| time.trim_end_matches('Z')).to_owned()
}

/// An epoch second as `_ttl` holds it.
pub(super) fn expiry(now: i64, ttl: std::time::Duration) -> Value {
    let seconds = now.div_euclid(1000).saturating_add(i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX));
    object! { "N" => seconds.to_string() }
}

fn instant(milliseconds: i64) -> String {
    Timestamp::from_millisecond(milliseconds).map_or(String::new(), |timestamp| format!("{timestamp:.3}"))
}

/// The key's values, in the order in which the request names them.
fn key_text(key: &Map) -> String {
    let text = |value: &Value| {
        let payload = value.as_object().and_then(|value| value.values().next());
        payload.and_then(Value::as_str).map_or(Str::default(), Str::from)
    };
    key.values().map(text).collect::<Vec<_>>().join(":")
}
