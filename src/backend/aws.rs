//! DynamoDB in AWS, or behind any endpoint that speaks its protocol. The only file that names the SDK's crates.
//!
//! The SDK brings what is hard: credentials, signatures, endpoints, retries, connections. Its typed requests and answers
//! are of no use here, because [`DynamoDb`] speaks the JSON that travels. So each call goes out as the SDK's own
//! operation with an empty input whose body `Exchange` replaces before it is signed, and whose answer it reads as it
//! came. Nothing is translated member by member, and nothing is lost that the SDK does not know yet.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::error::SdkError;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::backend::{DynamoDb, Operation, ServiceError};
use crate::clock::Clock;
use crate::value::{Str, Value, object};

/// Longest to wait for a connection. A table in the same region answers within milliseconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest one attempt may take; a page of 1 MB from a cold table takes about a second.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// Attempts of one call, the first included: AWS's standard.
const ATTEMPTS: u32 = 3;
/// Where emulators are asked when nobody names a region; every one of them accepts it.
const DEFAULT_REGION: &str = "us-east-1";

/// DynamoDB through the AWS SDK. Cloning shares connections and credentials.
#[derive(Clone)]
pub struct AwsDynamoDb {
    client: Client,
    config: SdkConfig,
}

impl AwsDynamoDb {
    /// The account, region and credentials that the environment gives: variables, profiles, containers, instances, in
    /// the SDK's usual order. `region` overrides. Credentials are looked up at the first call.
    pub async fn from_environment(region: Option<&str>) -> AwsDynamoDb {
        if let Some(config) = config_from_variables(region) {
            return AwsDynamoDb::new(config);
        }
        let loader = aws_config::defaults(BehaviorVersion::latest());
        AwsDynamoDb::new(match region {
            Some(region) => loader.region(Region::new(region.to_owned())).load().await,
            None => loader.load().await,
        })
    }

    /// An emulator, or another service that speaks DynamoDB's protocol. Credentials and region come from the
    /// environment's variables; without them, invented credentials and `us-east-1` serve.
    ///
    /// # Errors
    /// `SdkClientException` when `url` is no `http` or `https` address.
    pub fn with_endpoint(url: &str) -> Result<AwsDynamoDb, ServiceError> {
        let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
        if host.is_none_or(|host| host.is_empty() || host.contains(char::is_whitespace)) {
            return Err(client_error(format!("`{url}` is not an address such as http://localhost:8000")));
        }
        let config = config_from_variables(None).unwrap_or_else(|| {
            let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
            let credentials = Credentials::new("local", "local", None, None, "syncline");
            config(region.unwrap_or_else(|| DEFAULT_REGION.to_owned()), SharedCredentialsProvider::new(credentials))
        });
        Ok(AwsDynamoDb::new(config.into_builder().endpoint_url(url).build()))
    }

    /// The same DynamoDB with the rights of another role, as a domain's data sources have them.
    pub async fn assuming_role(&self, role_arn: &str) -> AwsDynamoDb {
        let provider =
            AssumeRoleProvider::builder(role_arn).session_name("syncline").configure(&self.config).build().await;
        AwsDynamoDb::new(
            self.config.to_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build(),
        )
    }

    fn new(config: SdkConfig) -> AwsDynamoDb {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .build();
        let client_config = aws_sdk_dynamodb::config::Builder::from(&config)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(timeouts)
            // Guards long transfers of other services; here it would only cost a task per call.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        AwsDynamoDb { client: Client::from_conf(client_config), config }
    }

    async fn send(&self, operation: Operation, request: Value) -> Result<Value, ServiceError> {
        let exchange = Exchange::new(&request);
        // The table's name decides the endpoint where it is an ARN, so the operations on one table are told it.
        let table = request.get("TableName").and_then(Value::as_str).map(str::to_owned);
        macro_rules! send {
            ($operation:expr) => {
                $operation.customize().interceptor(exchange.clone()).send().await.map(drop).map_err(service_error)
            };
        }
        let client = &self.client;
        match operation {
            Operation::GetItem => send!(client.get_item().set_table_name(table)),
            Operation::PutItem => send!(client.put_item().set_table_name(table)),
            Operation::UpdateItem => send!(client.update_item().set_table_name(table)),
            Operation::DeleteItem => send!(client.delete_item().set_table_name(table)),
            Operation::Query => send!(client.query().set_table_name(table)),
            Operation::Scan => send!(client.scan().set_table_name(table)),
            Operation::BatchGetItem => send!(client.batch_get_item()),
            Operation::BatchWriteItem => send!(client.batch_write_item()),
            Operation::TransactGetItems => send!(client.transact_get_items()),
            Operation::TransactWriteItems => send!(client.transact_write_items()),
            Operation::CreateTable => send!(client.create_table().set_table_name(table)),
            Operation::UpdateTable => send!(client.update_table().set_table_name(table)),
            Operation::DescribeTable => send!(client.describe_table().set_table_name(table)),
            Operation::UpdateTimeToLive => send!(client.update_time_to_live().set_table_name(table)),
        }?;
        exchange.answer()
    }
}

impl DynamoDb for AwsDynamoDb {
    fn call(&self, operation: Operation, mut request: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        // A retried transaction must not happen twice; the SDK would add the token to the body that we replace.
        if operation == Operation::TransactWriteItems && request.get("ClientRequestToken").is_none() {
            request.set("ClientRequestToken", Clock::system().uuid());
        }
        Box::pin(self.send(operation, request))
    }
}

/// Region and credentials from variables alone. The usual chain would come to the same result, after reading profile
/// files, which a Lambda has not and which cost its cold start.
fn config_from_variables(region: Option<&str>) -> Option<SdkConfig> {
    if variable("AWS_PROFILE").is_some() {
        return None;
    }
    variable("AWS_ACCESS_KEY_ID").and(variable("AWS_SECRET_ACCESS_KEY"))?;
    let region = region.map(str::to_owned).or_else(|| variable("AWS_REGION"))?;
    Some(config(region, SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new())))
}

fn config(region: String, credentials: SharedCredentialsProvider) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(credentials)
        .build()
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Our body in place of the SDK's, and the answer as it came.
#[derive(Clone, Debug)]
struct Exchange {
    body: Bytes,
    answer: Arc<Mutex<Option<Bytes>>>,
}

impl Exchange {
    fn new(request: &Value) -> Exchange {
        Exchange { body: request.to_string().into(), answer: Arc::default() }
    }

    fn answer(&self) -> Result<Value, ServiceError> {
        let bytes = self.answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let unreadable =
            |why: &dyn std::fmt::Display| client_error(format!("the answer of DynamoDB could not be read: {why}"));
        serde_json::from_slice(&bytes.ok_or_else(|| unreadable(&"it is empty"))?).map_err(|error| unreadable(&error))
    }
}

#[dyn_dispatch_hint]
impl Intercept for Exchange {
    fn name(&self) -> &'static str {
        "Exchange"
    }

    // Once for all attempts: each starts from the request as it is after this hook.
    fn modify_before_retry_loop(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        request.headers_mut().insert("content-length", self.body.len().to_string());
        *request.body_mut() = SdkBody::from(self.body.clone());
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        if response.status().is_success() {
            let body = response.body().bytes().map(Bytes::copy_from_slice);
            *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = body;
        }
        Ok(())
    }
}

fn service_error<E>(error: SdkError<E, HttpResponse>) -> ServiceError
where
    E: std::error::Error + 'static,
{
    let answered = error.raw_response().and_then(error_answer);
    answered.unwrap_or_else(|| {
        let what = match &error {
            SdkError::TimeoutError(_) => "DynamoDB did not answer in time",
            SdkError::ConstructionFailure(_) => "the call to DynamoDB could not be prepared",
            SdkError::ResponseError(_) | SdkError::ServiceError(_) => "the answer of DynamoDB could not be read",
            _ => "DynamoDB could not be reached",
        };
        client_error(format!("{what}: {}", causes(&error)))
    })
}

/// What DynamoDB said, if it was DynamoDB.
fn error_answer(response: &HttpResponse) -> Option<ServiceError> {
    let body: Value = serde_json::from_slice(response.body().bytes()?).ok()?;
    let code = body.get("__type")?.as_str()?;
    // Most errors say `message`, some `Message`; a few say nothing.
    let message =
        ["message", "Message"].iter().find_map(|member| body.get(member).and_then(Value::as_str)).unwrap_or_default();
    Some(ServiceError {
        code: code.rsplit('#').next().unwrap_or(code).into(),
        message: message.into(),
        status: response.status().as_u16(),
        request_id: response.headers().get("x-amzn-requestid").unwrap_or_default().into(),
        body,
    })
}

/// The class that the Java SDK, and so AppSync, gives to what went wrong on this side of the wire.
fn client_error(message: String) -> ServiceError {
    ServiceError {
        code: Str::new_static("SdkClientException"),
        body: object! { "message" => message.as_str() },
        message: message.into(),
        ..ServiceError::default()
    }
}

/// The chain of causes, outermost first. Their `Display` holds no credentials; their `Debug` might.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let chain = std::iter::successors(error.source(), |error| error.source()).map(ToString::to_string);
    let mut texts: Vec<String> = Vec::new();
    for text in chain {
        // Wrappers often repeat what they wrap.
        if !texts.iter().any(|earlier| earlier.contains(&text)) {
            texts.push(text);
        }
    }
    if texts.is_empty() { error.to_string() } else { texts.join(": ") }
}

#[cfg(all(test, feature = "local"))]
mod tests {
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

    fn operation(name: &str) -> Operation {
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
        let dynamodb = AwsDynamoDb::with_endpoint(&server.url).unwrap();
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
            let answer = dynamodb
                .call(operation, parse(request))
                .await
                .unwrap_or_else(|error| panic!("{operation:?}: {error:?}"));
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
        let dynamodb = AwsDynamoDb::with_endpoint(&server.url).unwrap();
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
        let dynamodb = AwsDynamoDb::with_endpoint(&server.url).unwrap();
        dynamodb.call(Operation::CreateTable, parse(TABLE)).await.unwrap();
        dynamodb.call(Operation::PutItem, parse(r#"{"TableName":"things","Item":{"id":{"S":"1"}}}"#)).await.unwrap();
        assert_eq!(server.headers.lock().unwrap().len(), 3);
    }

    #[tokio::test]
    async fn what_is_no_dynamodb_is_a_client_error_that_says_so() {
        let server = serve(|_| Some((StatusCode::NOT_FOUND, "<html>nothing here</html>"))).await;
        let error = AwsDynamoDb::with_endpoint(&server.url)
            .unwrap()
            .call(Operation::Scan, parse(r#"{"TableName":"things"}"#))
            .await
            .unwrap_err();
        assert_eq!((error.code.as_str(), error.status), ("SdkClientException", 0));
        assert!(error.message.starts_with("the answer of DynamoDB could not be read: "), "{}", error.message);

        let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let unreachable = AwsDynamoDb::with_endpoint(&format!("http://{closed}")).unwrap();
        let error = unreachable.call(Operation::Scan, parse(r#"{"TableName":"things"}"#)).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.status), ("SdkClientException", 0));
        assert!(error.message.starts_with("DynamoDB could not be reached: "), "{}", error.message);
        assert!(error.message.to_lowercase().contains("connection refused"), "{}", error.message);

        let error = AwsDynamoDb::with_endpoint("localhost:8000").err().unwrap();
        assert_eq!(error.message, "`localhost:8000` is not an address such as http://localhost:8000");
    }
}
