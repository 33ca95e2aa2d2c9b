//! BatchPutItem: writes up to 25 items of any tables, each for itself (spec appsync-js 3.9).

use crate::datasource::Outcome;
use crate::datasource::document::Element;
use crate::datasource::dynamodb::batch_write::{BatchWrite, WriteKind};
use crate::datasource::dynamodb::{Call, typed};
use crate::error::FieldError;
use crate::project::Access;

/// `{data: {table: [item or null]}, unprocessedItems: {table: [item]}}`; null stands for what was not written.
pub(super) async fn batch_put_item(call: &Call<'_>, document: &Element<'_>) -> Result<Outcome, FieldError> {
    document.allow_only(&["operation", "version", "tables"])?;
    let mut batch = BatchWrite::new(WriteKind::Put);
    for (table, items) in document.required("tables")?.members()? {
        call.check(table, Access::Write)?;
        batch.add(table, items.items()?.map(|item| typed::attribute_map(&item)).collect::<Result<_, _>>()?);
    }
    Ok(batch.send(call).await)
}
