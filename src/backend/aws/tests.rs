//! Calls over a real socket.

use std::sync::{Arc, Mutex};

use super::*;
use crate::backend::local::LocalDynamoDb;
use axum::body::Bytes as Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;

/// The embedded DynamoDB behind a real socket, answering as the service does; notes the headers of every call.
struct Server {
    url: String,
    headers: Arc<Mutex<Vec<HeaderMap>>>,
}

/// Answers instead of the tables, by number of the call.
type Script = fn(usize) -> Option<(StatusCode, &'static str)>;

async fn serve(script: Script) -> Server {
    let dynamodb = Arc::new(LocalDynamoDb::open(None).unwrap());
    let headers: Arc<Mutex<Vec<HeaderMap>>> = Arc::default();
    let noted = headers.clone();
    let handler = move |request_headers: HeaderMap, body: Body| {
        let (dynamodb, noted) = (dynamodb.clone(), noted.clone());
        async move {
            let target = request_headers["x-amz-target"].to_str().unwrap().to_owned();
            let number = {
                let mut noted = noted.lock().unwrap();
                noted.push(request_headers);
                noted.len()
            };
            if let Some(answer) = script(number) {
                return answer.into_response();
            }
            let operation = operation(target.strip_prefix("DynamoDB_20120810.").unwrap());
            match dynamodb.call(operation, serde_json::from_slice(&body).unwrap()).await {
                Ok(answer) => answer.to_string().into_response(),
                Err(error) => {
                    let id = [("x-amzn-requestid", error.request_id.to_string())];
                    (StatusCode::from_u16(error.status).unwrap(), id, error.body.to_string()).into_response()
                }
            }
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(handler)).await });
    Server { url, headers }
}

pub(super) fn operation(name: &str) -> Operation {
    use Operation::*;
    let all = [
        GetItem,
        PutItem,
        UpdateItem,
        DeleteItem,
        Query,
        Scan,
        BatchGetItem,
        BatchWriteItem,
        TransactGetItems,
        TransactWriteItems,
        CreateTable,
        UpdateTable,
        DescribeTable,
        UpdateTimeToLive,
    ];
    all.into_iter().find(|operation| operation.name() == name).unwrap()
}

fn parse(json: &str) -> Value {
    Value::parse(json).unwrap()
}

const TABLE: &str = r#"{"TableName":"things","BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
    "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}]}"#;

#[tokio::test]
async fn every_operation_travels_signed_and_comes_back_as_json() {
    let server = serve(|_| None).await;
    let dynamodb = AwsDynamoDb::with_endpoint(&server.url).await.unwrap();
    let number = "12345678901234567890123456789012345678";
    let item = format!(r#"{{"id":{{"S":"é"}},"n":{{"N":"{number}"}},"m":{{"M":{{"b":{{"B":"AAE="}}}}}}}}"#);
    let put_two = format!(
        r#"{{"RequestItems":{{"things":[{{"PutRequest":{{"Item":{item}}}}},{{"PutRequest":{{"Item":{{"id":{{"S":"2"}}}}}}}}]}}}}"#
    );
    for (operation, request, member, expected) in [
        (Operation::CreateTable, TABLE, "", ""),
        (Operation::DescribeTable, r#"{"TableName":"things"}"#, "", ""),
        (
            Operation::UpdateTimeToLive,
            r#"{"TableName":"things","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"ttl"}}"#,
            "TimeToLiveSpecification",
            r#"{"Enabled":true,"AttributeName":"ttl"}"#,
        ),
        (Operation::BatchWriteItem, &put_two, "UnprocessedItems", "{}"),
        (Operation::GetItem, r#"{"TableName":"things","Key":{"id":{"S":"é"}}}"#, "Item", &item),
        (Operation::PutItem, r#"{"TableName":"things","Item":{"id":{"S":"3"}},"ReturnValues":"ALL_OLD"}"#, "", ""),
        (
            Operation::UpdateItem,
            r#"{"TableName":"things","Key":{"id":{"S":"3"}},"UpdateExpression":"SET a = :a","ExpressionAttributeValues":{":a":{"BOOL":true}},"ReturnValues":"UPDATED_NEW"}"#,
            "Attributes",
            r#"{"a":{"BOOL":true}}"#,
        ),
        (
            Operation::Query,
            r#"{"TableName":"things","KeyConditionExpression":"id = :i","ExpressionAttributeValues":{":i":{"S":"2"}}}"#,
            "Items",
            r#"[{"id":{"S":"2"}}]"#,
        ),
        (Operation::Scan, r#"{"TableName":"things"}"#, "Count", "3"),
        (
            Operation::BatchGetItem,
            r#"{"RequestItems":{"things":{"Keys":[{"id":{"S":"2"}}]}}}"#,
            "Responses",
            r#"{"things":[{"id":{"S":"2"}}]}"#,
        ),
        (
            Operation::TransactWriteItems,
            r#"{"TransactItems":[{"Delete":{"TableName":"things","Key":{"id":{"S":"2"}}}}]}"#,
            "",
            "",
        ),
        (
            Operation::TransactGetItems,
            r#"{"TransactItems":[{"Get":{"TableName":"things","Key":{"id":{"S":"2"}}}}]}"#,
            "Responses",
            "[{}]",
        ),
        (
            Operation::DeleteItem,
            r#"{"TableName":"things","Key":{"id":{"S":"3"}},"ReturnValues":"ALL_OLD"}"#,
            "Attributes",
            r#"{"a":{"BOOL":true},"id":{"S":"3"}}"#,
        ),
    ] {
        let answer =
            dynamodb.call(operation, parse(request)).await.unwrap_or_else(|error| panic!("{operation:?}: {error:?}"));
        if !member.is_empty() {
            assert_eq!(answer.get(member), Some(&parse(expected)), "{operation:?}");
        }
    }
    let headers = server.headers.lock().unwrap();
    assert_eq!(headers.len(), 13);
    for headers in headers.iter() {
        let authorization = headers["authorization"].to_str().unwrap();
        assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential="), "{authorization}");
        assert!(authorization.contains("/dynamodb/aws4_request"), "{authorization}");
    }
}

#[tokio::test]
async fn errors_arrive_whole() {
    let server = serve(|_| None).await;
    let dynamodb = AwsDynamoDb::with_endpoint(&server.url).await.unwrap();
    dynamodb.call(Operation::CreateTable, parse(TABLE)).await.unwrap();
    let put = r#"{"TableName":"things","Item":{"id":{"S":"1"}},"ConditionExpression":"attribute_not_exists(id)",
        "ReturnValuesOnConditionCheckFailure":"ALL_OLD"}"#;
    dynamodb.call(Operation::PutItem, parse(put)).await.unwrap();
    let error = dynamodb.call(Operation::PutItem, parse(put)).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("ConditionalCheckFailedException", 400));
    assert_eq!(error.message, "The conditional request failed");
    assert_eq!(error.body.get("Item"), Some(&parse(r#"{"id":{"S":"1"}}"#)));
    assert_eq!(error.request_id.len(), 36);
    let transaction = r#"{"TransactItems":[{"Put":{"TableName":"things","Item":{"id":{"S":"1"}},"ConditionExpression":"attribute_not_exists(id)"}}]}"#;
    let error = dynamodb.call(Operation::TransactWriteItems, parse(transaction)).await.unwrap_err();
    assert_eq!(error.code, "TransactionCanceledException");
    assert!(error.message.contains("[ConditionalCheckFailed]"));
    assert_eq!(error.body.get("CancellationReasons").unwrap().as_list().unwrap().len(), 1);
}

#[tokio::test]
async fn throttling_is_retried_with_the_whole_body() {
    let server = serve(|number| {
        let throttled = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}"#;
        (number == 2).then_some((StatusCode::BAD_REQUEST, throttled))
    })
    .await;
    let dynamodb = AwsDynamoDb::with_endpoint(&server.url).await.unwrap();
    dynamodb.call(Operation::CreateTable, parse(TABLE)).await.unwrap();
    dynamodb.call(Operation::PutItem, parse(r#"{"TableName":"things","Item":{"id":{"S":"1"}}}"#)).await.unwrap();
    assert_eq!(server.headers.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn what_is_no_dynamodb_is_a_client_error_that_says_so() {
    let server = serve(|_| Some((StatusCode::NOT_FOUND, "<html>nothing here</html>"))).await;
    let error = AwsDynamoDb::with_endpoint(&server.url)
        .await
        .unwrap()
        .call(Operation::Scan, parse(r#"{"TableName":"things"}"#))
        .await
        .unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("SdkClientException", 0));
    assert_eq!(error.message, "the answer of DynamoDB could not be read");
    assert!(error.cause.starts_with("HTTP status 404: "), "{error}");

    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let unreachable = AwsDynamoDb::with_endpoint(&format!("http://{closed}")).await.unwrap();
    let error = unreachable.call(Operation::Scan, parse(r#"{"TableName":"things"}"#)).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.status), ("SdkClientException", 0));
    assert_eq!(error.message, "DynamoDB could not be reached");
    assert!(error.cause.to_lowercase().contains("connection refused"), "{error}");

    let error = AwsDynamoDb::with_endpoint("localhost:8000").await.err().unwrap();
    assert_eq!(error.message, "`localhost:8000` is not an address such as http://localhost:8000");
}
