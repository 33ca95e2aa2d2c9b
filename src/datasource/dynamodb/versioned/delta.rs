//! The delta table: one record for each write, by day, in the order of time.

use jiff::Timestamp;

use crate::backend::{Operation, ServiceError};
use crate::datasource::document::Element;
use crate::datasource::dynamodb::Call;
use crate::error::FieldError;
use crate::project::Versioning;
use crate::value::{Map, Str, Value, object};

/// Key attributes of the delta table.
pub(super) const PARTITION_KEY: &str = "ds_pk";
pub(super) const SORT_KEY: &str = "ds_sk";

/// Key attributes of an index over all of the delta table, for records with keys of their own.
pub(super) const INDEX_PARTITION_KEY: &str = "gsi_ds_pk";
pub(super) const INDEX_SORT_KEY: &str = "gsi_ds_sk";

/// Milliseconds of a day: records of one day share a partition.
pub(super) const DAY: i64 = 24 * 60 * 60 * 1000;

/// `customPartitionKey` of a write: the day's records are split by an attribute of the items.
pub(super) struct CustomKeys {
    /// AWS: the name of the base table's partition key. What any other text means is UNCONFIRMED; it stands for itself.
    partition_key: Str,
    /// `populateIndexFields`: whether the keys of the index are written, too.
    populates_index: bool,
}

impl CustomKeys {
    /// `None` without `customPartitionKey`, which alone makes `populateIndexFields` count.
    pub fn read(document: &Element<'_>) -> Result<Option<CustomKeys>, FieldError> {
        let populates_index = document.member("populateIndexFields").map_or(Ok(false), |flag| flag.boolean())?;
        let Some(partition_key) = document.member("customPartitionKey") else { return Ok(None) };
        Ok(Some(CustomKeys { partition_key: partition_key.string()?.clone(), populates_index }))
    }
}

/// Records `item` as it is after a write at `now`.
pub(super) async fn record(
    versioning: &Versioning,
    call: &Call<'_>,
    key: &Map,
    custom: Option<&CustomKeys>,
    item: &Map,
    version: i64,
    now: i64,
) -> Result<(), ServiceError> {
    let mut record = item.clone();
    for (name, value) in keys(call.table, key, custom, item, version, now) {
        record.insert(name.into(), object! { "S" => value });
    }
    record.insert("_ttl".into(), expiry(now, versioning.delta_table_ttl));
    // The data source's own table: no right of the calling domain is asked for beyond that on the base table.
    let request = Map::from_iter([
        ("TableName".into(), Value::from(&versioning.delta_table_name)),
        ("Item".into(), record.into()),
    ]);
    call.send(Operation::PutItem, request).await.map(drop)
}

/// The record's keys by attribute (AWS's page on versioned data sources).
fn keys(
    table: &str,
    key: &Map,
    custom: Option<&CustomKeys>,
    item: &Map,
    version: i64,
    now: i64,
) -> Vec<(&'static str, String)> {
    let (day, time) = (partition(table, now), time(now));
    let Some(custom) = custom else {
        let values = joined(key, |_| true, ":");
        return vec![(PARTITION_KEY, day), (SORT_KEY, format!("{time}:{values}:{version}"))];
    };
    let name = custom.partition_key.as_str();
    let value = key.get(name).or_else(|| item.get(name)).map_or_else(|| custom.partition_key.clone(), text);
    let others = joined(key, |other| other != name, ":");
    let mut keys = vec![(PARTITION_KEY, format!("{day}:{value}")), (SORT_KEY, format!("{time}:{others}:{version}"))];
    if custom.populates_index {
        let mut values = joined(key, |other| other == name, "#");
        if !values.is_empty() && !others.is_empty() {
            values.push('#');
        }
        values.push_str(&joined(key, |other| other != name, "#"));
        keys.push((INDEX_PARTITION_KEY, day));
        keys.push((INDEX_SORT_KEY, format!("{time}:{values}:{version}")));
    }
    keys
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

/// The values of the key's attributes that are `wanted`, in the order in which the request names them.
fn joined(key: &Map, wanted: impl Fn(&str) -> bool, separator: &str) -> String {
    let values: Vec<Str> = key.iter().filter(|(name, _)| wanted(name)).map(|(_, value)| text(value)).collect();
    values.join(separator)
}

/// What a string, number or binary says.
pub(super) fn text(value: &Value) -> Str {
    let payload = value.as_object().and_then(|value| value.values().next());
    payload.and_then(Value::as_str).map_or(Str::default(), Str::from)
}
