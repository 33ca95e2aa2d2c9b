//! BatchDeleteItem: removes up to 25 items of any tables, each for itself (spec appsync-js 3.10).

use crate::datasource::Outcome;
use crate::datasource::document::Element;
use crate::datasource::dynamodb::batch_write::{BatchWrite, WriteKind};
use crate::datasource::dynamodb::{Call, typed};
use crate::error::FieldError;
use crate::project::Access;

/// `{data: {table: [key or null]}, unprocessedKeys: {table: [key]}}`; null stands for what was not deleted.
pub(super) async fn batch_delete_item(call: &Call<'_>, document: &Element<'_>) -> Result<Outcome, FieldError> {
    document.allow_only(&["operation", "version", "tables"])?;
    let mut batch = BatchWrite::new(WriteKind::Delete);
    for (table, element) in document.required("tables")?.members()? {
        call.check(table, Access::Write)?;
        // A bare list by the documentation; one of AWS's samples wraps it as BatchGetItem does (UNCONFIRMED).
        let keys = match element.value.as_object() {
            Some(_) => {
                element.allow_only(&["keys"])?;
                read_keys(&element.required("keys")?)?
            }
            None => read_keys(&element)?,
        };
        batch.add(table, keys);
    }
    Ok(batch.send(call).await)
}

fn read_keys(list: &Element<'_>) -> Result<Vec<crate::value::Map>, FieldError> {
    list.items()?.map(|key| typed::attribute_map(&key)).collect()
}
