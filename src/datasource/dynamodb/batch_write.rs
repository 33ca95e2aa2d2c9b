//! BatchWriteItem, on which AppSync's BatchPutItem and BatchDeleteItem both rest.

use crate::backend::{Operation, ServiceError};
use crate::datasource::Outcome;
use crate::datasource::dynamodb::{Call, data_source_error, failed, typed};
use crate::value::{Map, Str, Value, object};

#[derive(Clone, Copy, PartialEq)]
pub(super) enum WriteKind {
    Put,
    Delete,
}

impl WriteKind {
    /// DynamoDB's name of one request, of its content, and AppSync's name of what was left over.
    fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            WriteKind::Put => ("PutRequest", "Item", "unprocessedItems"),
            WriteKind::Delete => ("DeleteRequest", "Key", "unprocessedKeys"),
        }
    }
}

/// Items or keys by table, in the order of the request document.
pub(super) struct BatchWrite {
    kind: WriteKind,
    tables: Vec<(Str, Vec<Map>)>,
}

impl BatchWrite {
    pub fn new(kind: WriteKind) -> BatchWrite {
        BatchWrite { kind, tables: Vec::new() }
    }

    pub fn add(&mut self, table: &Str, contents: Vec<Map>) {
        self.tables.push((table.clone(), contents));
    }

    /// Writes, asks a second time for what DynamoDB left out, and shapes the result.
    pub async fn send(&self, call: &Call<'_>) -> Outcome {
        let mut wanted: Value = self
            .tables
            .iter()
            .map(|(table, contents)| (table.clone(), self.requests(contents)))
            .collect::<Map>()
            .into();
        let mut unprocessed = Map::default();
        let mut error = None;
        for attempt in 1..=2 {
            match call.send(Operation::BatchWriteItem, Map::from_iter([("RequestItems".into(), wanted.clone())])).await
            {
                Ok(answer) => {
                    unprocessed = answer.get("UnprocessedItems").and_then(Value::as_object).cloned().unwrap_or_default()
                }
                Err(failure) if attempt == 1 => return failed(&failure),
                Err(failure) => {
                    error = Some(data_source_error(&failure));
                    break;
                }
            }
            if unprocessed.is_empty() {
                break;
            }
            wanted = unprocessed.clone().into();
        }
        if !unprocessed.is_empty() && error.is_none() {
            error = Some(data_source_error(&ServiceError::throttled()));
        }
        Outcome { result: self.result(&unprocessed), error }
    }

    fn requests(&self, contents: &[Map]) -> Value {
        let (request, content_name, _) = self.kind.names();
        contents.iter().map(|content| object! { request => object! { content_name => content.clone() } }).collect()
    }

    fn result(&self, unprocessed: &Map) -> Value {
        let (request, content_name, left_over_name) = self.kind.names();
        let mut data = Map::default();
        let mut left_over = Map::default();
        for (table, contents) in &self.tables {
            let left: Vec<&Map> = unprocessed
                .get(table)
                .and_then(Value::as_list)
                .unwrap_or_default()
                .iter()
                .filter_map(|entry| entry.get(request)?.get(content_name)?.as_object())
                .collect();
            let written = |content: &Map| !left.iter().any(|left| typed::is_same_map(left, content, &[]));
            let results =
                contents.iter().map(|content| Value::from(written(content).then(|| typed::plain_map(content))));
            data.insert(table.clone(), results.collect());
            left_over.insert(table.clone(), left.into_iter().map(|left| Value::from(typed::plain_map(left))).collect());
        }
        object! { "data" => data, left_over_name => left_over }
    }
}
