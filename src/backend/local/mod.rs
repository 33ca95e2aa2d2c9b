//! DynamoDB inside the process: tests, `syncline dev`, no Java, no port.
//!
//! The engine is `dynoxide`, whose only appearance this folder is. It answers synchronously under one lock, so every
//! call is complete when its future is first polled. [`Value`]s go into its request structs and come back from its
//! answers directly (`read`, [`write`]), without JSON text in between.

mod read;
mod write;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use dynoxide::{Database, DynoxideError};
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::backend::batch_get::KeyedProjection;
use crate::backend::{DynamoDb, Operation, ServiceError};
use crate::value::{Map, Str, Value, object};

/// An embedded DynamoDB, in memory or in one file.
///
/// # Examples
/// ```
/// # use syncline::backend::{DynamoDb, Operation, local::LocalDynamoDb};
/// # use syncline::value::{Value, object};
/// # futures_util::FutureExt::now_or_never(async {
/// let dynamodb = LocalDynamoDb::open(None)?;
/// let missing = dynamodb.call(Operation::DescribeTable, object! { "TableName" => "users" }).await;
/// assert_eq!(missing.unwrap_err().code, "ResourceNotFoundException");
/// # Ok::<(), syncline::backend::ServiceError>(())
/// # }).unwrap().unwrap();
/// ```
pub struct LocalDynamoDb {
    database: Database,
    /// Numbers the request ids, which therefore repeat from run to run.
    requests: AtomicU64,
}

impl LocalDynamoDb {
    /// Opens the database file at `path`, creating it and its folder where missing; `None` keeps everything in memory.
    ///
    /// A file is written ahead (WAL): whatever was answered survives the end of the process at any moment.
    ///
    /// # Errors
    /// `InternalServerError` naming the file when it cannot be created or is no database.
    pub fn open(path: Option<&Path>) -> Result<LocalDynamoDb, ServiceError> {
        let database = match path {
            None => Database::memory().map_err(|error| could_not_open("in memory", &error))?,
            Some(path) => {
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder)
                        .map_err(|error| could_not_open(&path.display().to_string(), &error))?;
                }
                let text = path
                    .to_str()
                    .ok_or_else(|| could_not_open(&path.display().to_string(), &"its path is not UTF-8"))?;
                Database::new(text).map_err(|error| could_not_open(text, &error))?
            }
        };
        let opened = LocalDynamoDb { database, requests: AtomicU64::new(0) };
        if path.is_some() {
            opened.remove_half_made_tables()?;
        }
        Ok(opened)
    }

    /// The engine makes a table in several steps: first its description, then what holds the items. A process that was
    /// killed in between left a description of nothing, which would stand in the way of making the table. Only tables
    /// without items go.
    fn remove_half_made_tables(&self) -> Result<(), ServiceError> {
        let failed = |error: DynoxideError| service_error(&error, "".into());
        let listed = run(&object! {}, |request| self.database.list_tables(request)).map_err(failed)?;
        for table in listed.get("TableNames").and_then(Value::as_list).unwrap_or_default() {
            let name = object! { "TableName" => table.clone() };
            let described = self.answer(Operation::DescribeTable, &name).map_err(failed)?;
            let indexes = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"]
                .into_iter()
                .filter_map(|kind| described.get("Table")?.get(kind)?.as_list())
                .flatten()
                .filter_map(|index| index.get("IndexName").cloned());
            let is_there = |index: Option<Value>| {
                let mut scan = object! { "TableName" => table.clone(), "Limit" => 1 };
                if let Some(index) = index {
                    scan.set("IndexName", index);
                }
                self.answer(Operation::Scan, &scan)
            };
            let has_items = match is_there(None) {
                Ok(page) => page.get("Items").and_then(Value::as_list).is_some_and(|items| !items.is_empty()),
                Err(error) if error.to_string().contains("no such table") => false,
                Err(_) => continue,
            };
            let is_whole = is_there(None).is_ok() && indexes.map(Some).all(|index| is_there(index).is_ok());
            if !has_items && !is_whole {
                run(&name, |request| self.database.delete_table(request)).map_err(failed)?;
            }
        }
        Ok(())
    }

    /// How many items each table holds, for the summary at start.
    ///
    /// # Errors
    /// `InternalServerError` when the file cannot be read.
    pub fn item_counts(&self) -> Result<Vec<(Str, u64)>, ServiceError> {
        let tables = self.database.table_stats().map_err(|error| service_error(&error, "".into()))?;
        Ok(tables.into_iter().map(|table| (table.table_name.into(), table.item_count.max(0) as u64)).collect())
    }

    /// Deletes the items whose time to live has passed and returns how many there were. DynamoDB does so within days;
    /// here it happens when somebody calls this.
    ///
    /// # Errors
    /// `InternalServerError` when the file cannot be written.
    pub fn delete_expired(&self) -> Result<usize, ServiceError> {
        self.database.sweep_ttl().map_err(|error| service_error(&error, "".into()))
    }

    fn answer(&self, operation: Operation, request: &Value) -> Result<Value, DynoxideError> {
        let database = &self.database;
        match operation {
            Operation::GetItem => run(request, |request| database.get_item(request)),
            Operation::PutItem => run(request, |request| database.put_item(request)).map_err(enveloped),
            Operation::UpdateItem => run(request, |request| database.update_item(request)).map_err(enveloped),
            Operation::DeleteItem => run(request, |request| database.delete_item(request)).map_err(enveloped),
            Operation::Query => run(request, |request| database.query(request)),
            Operation::Scan => run(request, |request| database.scan(request)),
            Operation::BatchGetItem => run(request, |request| database.batch_get_item(request)),
            Operation::BatchWriteItem => run(request, |request| database.batch_write_item(request)),
            Operation::TransactGetItems => run(request, |request| database.transact_get_items(request))
                .map(|answer| without_unasked_keys(request, answer)),
            Operation::TransactWriteItems => run(request, |request| database.transact_write_items(request)),
            Operation::CreateTable => run(request, |request| database.create_table(request)),
            Operation::UpdateTable => run(request, |request| database.update_table(request)),
            Operation::DescribeTable => run(request, |request| database.describe_table(request)),
            Operation::UpdateTimeToLive => run(request, |request| database.update_time_to_live(request)),
        }
    }
}

impl DynamoDb for LocalDynamoDb {
    fn call(&self, operation: Operation, request: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        Box::pin(async move {
            let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
            self.answer(operation, &request)
                .map_err(|error| service_error(&error, format!("00000000-0000-4000-8000-{number:012x}").into()))
        })
    }
}

fn run<Request, Answer>(
    request: &Value,
    operation: impl FnOnce(Request) -> dynoxide::Result<Answer>,
) -> Result<Value, DynoxideError>
where
    Request: DeserializeOwned,
    Answer: Serialize,
{
    let answer =
        operation(Request::deserialize(read::ValueReader(request)).map_err(|error| unreadable(&error.to_string()))?)?;
    answer.serialize(write::ValueWriter).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// The engine's request structs report what DynamoDB would say as a serde message; its HTTP front end, which would sort
/// them, is private, so the sorting is repeated here.
fn unreadable(message: &str) -> DynoxideError {
    const REFUSALS: [&str; 2] = ["VALIDATION:", "VALIDATION_AS_READ:"];
    if let Some(text) = message.strip_prefix("VALIDATION_REQUEST:") {
        return DynoxideError::EnvelopedValidation(text.to_owned());
    }
    if let Some(text) = REFUSALS.iter().find_map(|marker| message.strip_prefix(marker)) {
        return DynoxideError::ValidationException(text.to_owned());
    }
    if message.contains("empty AttributeValue") {
        return DynoxideError::ValidationException(
            "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes".to_owned(),
        );
    }
    if ["Supplied AttributeValue", "missing field", "unknown variant", "invalid type: unit"]
        .iter()
        .any(|part| message.contains(part))
    {
        return DynoxideError::ValidationException(message.to_owned());
    }
    let text = ["SERIALIZATION:", "SERIALIZATION_AS_READ:"]
        .iter()
        .find_map(|marker| message.strip_prefix(marker))
        .unwrap_or(message);
    DynoxideError::SerializationException(text.to_owned())
}

/// The engine adds the key to what a projection of TransactGetItems selects; DynamoDB does not.
fn without_unasked_keys(request: &Value, mut answer: Value) -> Value {
    let gets = request.get("TransactItems").and_then(Value::as_list).unwrap_or_default();
    let responses = answer.get("Responses").and_then(Value::as_list).unwrap_or_default();
    let stripped =
        gets.iter().zip(responses).map(|(get, response)| strip_key(get, response).unwrap_or_else(|| response.clone()));
    let responses: Value = stripped.collect();
    answer.set("Responses", responses);
    answer
}

fn strip_key(get: &Value, response: &Value) -> Option<Value> {
    let get = get.get("Get")?;
    let key_names: Vec<Str> = get.get("Key")?.as_object()?.keys().cloned().collect();
    let names = get.get("ExpressionAttributeNames").and_then(Value::as_object).cloned().unwrap_or_default();
    let projection = KeyedProjection::new(get.get("ProjectionExpression")?.as_str()?, &names, &key_names);
    let item = projection.strip(response.get("Item")?.as_object()?.clone());
    Some(Value::from(Map::from_iter([("Item".into(), item.into())])))
}

/// The three single-item writes wrap one family of their refusals; the engine leaves that to its front end.
fn enveloped(error: DynoxideError) -> DynoxideError {
    match error {
        DynoxideError::EnvelopedValidation(message) => {
            DynoxideError::ValidationException(format!("1 validation error detected: {message}"))
        }
        other => other,
    }
}

fn service_error(error: &DynoxideError, request_id: Str) -> ServiceError {
    let code = error.error_type();
    ServiceError {
        code: code.rsplit('#').next().unwrap_or(code).into(),
        message: error.to_string().into(),
        status: error.status_code(),
        request_id,
        body: Value::parse(&error.to_json()).unwrap_or_default(),
        ..ServiceError::default()
    }
}

fn could_not_open(what: &str, error: &dyn std::fmt::Display) -> ServiceError {
    ServiceError {
        code: "InternalServerError".into(),
        message: format!("could not open the embedded tables ({what})").into(),
        cause: error.to_string().into(),
        ..ServiceError::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::object;
    use futures_util::FutureExt;

    fn call(dynamodb: &LocalDynamoDb, operation: Operation, request: &str) -> Result<Value, ServiceError> {
        dynamodb.call(operation, Value::parse(request).unwrap()).now_or_never().expect("calls complete inline")
    }

    fn with_table(path: Option<&Path>) -> LocalDynamoDb {
        let dynamodb = LocalDynamoDb::open(path).unwrap();
        let request = r#"{"TableName":"things","BillingMode":"PAY_PER_REQUEST",
            "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
            "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}]}"#;
        call(&dynamodb, Operation::CreateTable, request).unwrap();
        dynamodb
    }

    #[test]
    fn every_type_comes_back_as_it_was_written_with_attributes_in_order() {
        let dynamodb = with_table(None);
        let item = r#"{"binary":{"B":"AAE="},"id":{"S":"1"},"list":{"L":[{"NULL":true},{"BOOL":false}]},
            "map":{"M":{"a":{"N":"12345678901234567890123456789012345678"},"b":{"S":""}}},"numbers":{"NS":["1","2.5"]}}"#;
        call(&dynamodb, Operation::PutItem, &format!(r#"{{"TableName":"things","Item":{item}}}"#)).unwrap();
        let answer = call(&dynamodb, Operation::GetItem, r#"{"TableName":"things","Key":{"id":{"S":"1"}}}"#).unwrap();
        assert_eq!(answer.get("Item").unwrap().to_string(), Value::parse(item).unwrap().to_string());
        assert_eq!(dynamodb.item_counts().unwrap(), [("things".into(), 1)]);
    }

    #[test]
    fn errors_carry_code_status_message_body_and_request_id() {
        let dynamodb = with_table(None);
        let put = r#"{"TableName":"things","Item":{"id":{"S":"1"}},"ConditionExpression":"attribute_not_exists(id)",
            "ReturnValuesOnConditionCheckFailure":"ALL_OLD"}"#;
        call(&dynamodb, Operation::PutItem, put).unwrap();
        let error = call(&dynamodb, Operation::PutItem, put).unwrap_err();
        assert_eq!((error.code.as_str(), error.status), ("ConditionalCheckFailedException", 400));
        assert_eq!(error.message, "The conditional request failed");
        assert_eq!(error.body.get("Item"), Some(&Value::parse(r#"{"id":{"S":"1"}}"#).unwrap()));
        assert_eq!(error.request_id.len(), 36);
    }

    #[test]
    fn malformed_requests_are_validation_errors_not_panics() {
        let dynamodb = with_table(None);
        for (operation, request) in [
            (Operation::GetItem, r#"{}"#),
            (Operation::GetItem, r#"{"TableName":"things","Key":{"id":{}}}"#),
            (Operation::GetItem, r#"{"TableName":"things","Key":{"id":{"S":"a","N":"1"}}}"#),
            (Operation::PutItem, r#"{"TableName":"things","Item":{"id":{"S":"1"},"n":{"N":"x"}}}"#),
            (Operation::PutItem, r#"{"TableName":"things","Item":{"id":{"S":""}}}"#),
            (Operation::Query, r#"{"TableName":"things"}"#),
            (Operation::BatchGetItem, r#"{"RequestItems":{}}"#),
            (Operation::TransactWriteItems, r#"{"TransactItems":[]}"#),
        ] {
            let error = call(&dynamodb, operation, request).unwrap_err();
            assert_eq!(error.code, "ValidationException", "{operation:?} {request}: {error:?}");
            assert!(!error.message.contains("VALIDATION"), "{error:?}");
        }
        let error = call(&dynamodb, Operation::GetItem, r#"{"TableName":7}"#).unwrap_err();
        assert_eq!(error.code, "SerializationException");
        assert!(call(&dynamodb, Operation::GetItem, "[1]").is_err());
        assert!(dynamodb.call(Operation::Scan, object! {}).now_or_never().unwrap().is_err());
    }

    #[test]
    fn a_file_keeps_what_was_answered_even_when_nobody_closes_it() {
        let folder = std::env::temp_dir().join(format!("syncline-local-{}", std::process::id()));
        let path = folder.join("data").join("tables.db");
        let dynamodb = with_table(Some(&path));
        call(&dynamodb, Operation::PutItem, r#"{"TableName":"things","Item":{"id":{"S":"1"}}}"#).unwrap();
        // A killed process runs no destructors.
        std::mem::forget(dynamodb);
        let reopened = LocalDynamoDb::open(Some(&path)).unwrap();
        assert_eq!(reopened.item_counts().unwrap(), [("things".into(), 1)]);
        drop(reopened);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_table_that_a_killed_process_left_half_made_is_made_again() {
        let folder = std::env::temp_dir().join(format!("syncline-half-made-{}", std::process::id()));
        let path = folder.join("tables.db");
        drop(with_table(Some(&path)));
        rusqlite::Connection::open(&path).unwrap().execute_batch("DROP TABLE things").unwrap();
        let reopened = LocalDynamoDb::open(Some(&path)).unwrap();
        let described = call(&reopened, Operation::DescribeTable, r#"{"TableName":"things"}"#);
        assert_eq!(described.unwrap_err().code, "ResourceNotFoundException");
        drop(reopened);
        let remade = with_table(Some(&path));
        call(&remade, Operation::PutItem, r#"{"TableName":"things","Item":{"id":{"S":"1"}}}"#).unwrap();
        drop(remade);
        assert_eq!(LocalDynamoDb::open(Some(&path)).unwrap().item_counts().unwrap(), [("things".into(), 1)]);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_is_no_database_is_named_in_the_error() {
        let path = std::env::temp_dir().join(format!("syncline-not-a-database-{}", std::process::id()));
        std::fs::write(
            &path,
            "these are not the tables you are looking for, at least a hundred bytes of them ...............",
        )
        .unwrap();
        let error = LocalDynamoDb::open(Some(&path)).err().unwrap();
        assert!(error.message.contains("syncline-not-a-database"), "{error:?}");
        std::fs::remove_file(path).unwrap();
    }
}
