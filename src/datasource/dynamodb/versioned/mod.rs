//! Versioned data sources: every item carries a version that mutations must know, deletions leave tombstones, and each
//! write is recorded in a delta table that Sync reads (spec appsync-js 3.7 and 3.17).
//!
//! UNCONFIRMED, because AWS documents it loosely, and decided here: the keys of delta records (`delta`); that a
//! `_version` for an item which is not there does no harm; that an update of a tombstone leaves it a tombstone while a put
//! revives it; that deleting what is not there gives null; that AUTOMERGE cannot save a deletion; what Sync reads where
//! both `basePartitionKey` and `deltaIndexName` are given.

mod conflict;
mod delta;
mod merge;
mod preview;
mod sync;
mod write;

use crate::datasource::Outcome;
use crate::datasource::document::Element;
use crate::datasource::dynamodb::{
    Call, OPERATIONS, batch_get_item, conditional, get_item, query, scan, transact_get_items, unknown_operation,
};
use crate::error::FieldError;
use crate::project::Versioning;
use crate::value::{Map, Value};

pub(super) use write::write;

/// The attributes that the data source manages.
const METADATA: [&str; 4] = ["_version", "_lastChangedAt", "_deleted", "_ttl"];

/// Carries out what a versioned data source can do.
pub(super) async fn invoke(
    versioning: &Versioning,
    call: &Call<'_>,
    document: &Element<'_>,
    operation: &str,
) -> Result<Outcome, FieldError> {
    match operation {
        "GetItem" => get_item::get_item(call, document).await,
        "Query" => query::query(call, document).await,
        "Scan" => scan::scan(call, document).await,
        "BatchGetItem" => batch_get_item::batch_get_item(call, document).await,
        "TransactGetItems" => transact_get_items::transact_get_items(call, document).await,
        "PutItem" | "UpdateItem" | "DeleteItem" => {
            conditional::write(call, document, operation, Some(versioning)).await
        }
        "Sync" => sync::sync(versioning, call, document).await,
        other if OPERATIONS.contains(&other) => {
            Err(FieldError::new("UnsupportedOperation", format!("a versioned data source does not support {other}")))
        }
        unknown => Err(unknown_operation(unknown)),
    }
}

/// The version of a stored item; `None` for one that was written without.
fn version_of(item: &Map) -> Option<i64> {
    item.get("_version")?.get("N").and_then(Value::as_str)?.parse().ok()
}

#[cfg(all(test, feature = "local"))]
mod tests;
