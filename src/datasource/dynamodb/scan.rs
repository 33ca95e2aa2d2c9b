//! Scan: all items of a table or index, or one segment of them (spec appsync-js 3.6).

use crate::backend::Operation;
use crate::datasource::Outcome;
use crate::datasource::document::Element;
use crate::datasource::dynamodb::expression::Placeholders;
use crate::datasource::dynamodb::{Call, page};
use crate::error::FieldError;
use crate::project::Access;

/// `{items, nextToken, scannedCount}`.
pub(super) async fn scan(call: &Call<'_>, document: &Element<'_>) -> Result<Outcome, FieldError> {
    document.allow_only(&[
        "operation",
        "version",
        "filter",
        "index",
        "nextToken",
        "limit",
        "consistentRead",
        "select",
        "projection",
        "totalSegments",
        "segment",
    ])?;
    let mut request = call.request(Access::Read)?;
    for (member, parameter) in [("totalSegments", "TotalSegments"), ("segment", "Segment")] {
        if let Some(number) = document.member(member) {
            request.insert(parameter.into(), number.whole_number()?.into());
        }
    }
    page::read_page(call, document, Operation::Scan, request, Placeholders::default()).await
}
