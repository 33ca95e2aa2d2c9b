//! Query: the items of one partition, in order of the sort key (spec appsync-js 3.5).

use crate::backend::Operation;
use crate::datasource::Outcome;
use crate::datasource::document::Element;
use crate::datasource::dynamodb::expression::Placeholders;
use crate::datasource::dynamodb::{Call, page};
use crate::error::FieldError;
use crate::project::Access;

/// `{items, nextToken, scannedCount}`.
pub(super) async fn query(call: &Call<'_>, document: &Element<'_>) -> Result<Outcome, FieldError> {
    document.allow_only(&[
        "operation",
        "version",
        "query",
        "filter",
        "index",
        "nextToken",
        "limit",
        "scanIndexForward",
        "consistentRead",
        "select",
        "projection",
    ])?;
    let mut request = call.request(Access::Read)?;
    let mut placeholders = Placeholders::default();
    request.insert("KeyConditionExpression".into(), placeholders.take(&document.required("query")?, &[])?.into());
    if let Some(flag) = document.member("scanIndexForward") {
        request.insert("ScanIndexForward".into(), flag.boolean()?.into());
    }
    page::read_page(call, document, Operation::Query, request, placeholders).await
}
