//! Lambda's Invoke, in AWS or behind any address that answers like it.
//!
//! One POST is all there is to it, which `signed` makes. Nothing is tried twice that may have run, because nobody knows what a
//! function has done before the connection broke; `repeat` says what that leaves.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_runtime::client::orchestrator::operation::{Operation, OperationBuilder};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_types::region::Region;
use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::backend::ServiceError;
use crate::backend::aws::Inner;
use crate::backend::aws::config::{CallPolicy, is_region};
use crate::backend::aws::connector::http_client;
use crate::backend::aws::failure::{client_error, error_answer, service_error};
use crate::backend::aws::repeat::OnlyIfNotRun;
use crate::backend::aws::signed::{self, Operations};
use crate::backend::aws::trust::Trust;
use crate::backend::lambda::{LambdaAnswer, LambdaInvocation, LambdaInvocationType, LambdaInvoke};
use crate::limits;
use crate::value::Str;

/// In signatures and in host names.
const SERVICE: &str = "lambda";

type Invoke = Operation<Call, Result<LambdaAnswer, ServiceError>, Infallible>;

/// AWS Lambda with the account, region, credentials and roles of an [`AwsDynamoDb`](crate::backend::aws::AwsDynamoDb).
pub struct AwsLambda {
    aws: Arc<Inner>,
    /// By role and region.
    operations: Operations<(Option<Str>, Str), Call, Result<LambdaAnswer, ServiceError>>,
}

/// What travels of one call.
struct Call {
    path: String,
    invocation_type: LambdaInvocationType,
    payload: Bytes,
}

/// Payloads are the clients' own and do not belong in logs.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("path", &self.path).finish_non_exhaustive()
    }
}

impl AwsLambda {
    pub(super) fn new(aws: Arc<Inner>) -> AwsLambda {
        AwsLambda { aws, operations: Operations::default() }
    }

    async fn send(&self, invocation: LambdaInvocation) -> Result<LambdaAnswer, ServiceError> {
        let LambdaInvocation { function, role, invocation_type, payload } = invocation;
        let region = self.region_of(&function)?;
        let role = role.filter(|_| self.aws.has_roles);
        let path = format!("/2015-03-31/functions/{}/invocations", percent_encoded(&function));
        let operation = self.operation(role.clone(), region);
        let sent = operation.invoke(Call { path, invocation_type, payload }).await;
        sent.unwrap_or_else(|error| Err(service_error(&error, "Lambda", role.as_deref())))
    }

    /// Where a function lives: the region of its ARN, else the API's own.
    fn region_of(&self, function: &str) -> Result<Str, ServiceError> {
        match function.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(2)) {
            Some(region) if is_region(region) => Ok(region.into()),
            Some(region) => Err(client_error(format!("`{region}` in `{function}` is not an AWS region"))),
            None => Ok(self.aws.config.region().map_or("", Region::as_ref).into()),
        }
    }

    fn operation(&self, role: Option<Str>, region: Str) -> Invoke {
        let policy = self.aws.policy.lambda();
        self.operations
            .get_or_make((role, region), |(role, region)| signed(&self.aws.config_of(role.as_deref()), region, &policy))
    }
}

impl LambdaInvoke for AwsLambda {
    fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'_, Result<LambdaAnswer, ServiceError>> {
        Box::pin(self.send(invocation))
    }

    fn region(&self) -> Option<Str> {
        self.aws.config.region().map(|region| region.as_ref().into())
    }
}

/// Functions behind addresses of their own, which want no signature: a container's emulator, a server under test.
pub struct AddressedFunction {
    http_client: SharedHttpClient,
}

impl Default for AddressedFunction {
    fn default() -> AddressedFunction {
        AddressedFunction { http_client: http_client(Trust::System) }
    }
}

impl AddressedFunction {
    /// Posts the payload to `url`.
    ///
    /// # Errors
    /// [`ServiceError`] as Lambda would answer, or why no answer came.
    pub async fn call(
        &self,
        name: &str,
        url: &str,
        invocation: LambdaInvocation,
    ) -> Result<LambdaAnswer, ServiceError> {
        let (origin, path) = split(url);
        // Whoever answers there is not Lambda, which says "too many" only of what has not run.
        let operation = common(Operation::builder(), self.http_client.clone(), &CallPolicy::dynamodb().lambda());
        let operation = operation.endpoint_url(origin).no_auth().no_retry().build();
        let LambdaInvocation { invocation_type, payload, .. } = invocation;
        let sent = operation.invoke(Call { path: path.to_owned(), invocation_type, payload }).await;
        sent.unwrap_or_else(|error| Err(service_error(&error, &format!("function `{name}` at {url}"), None)))
    }
}

/// An address as its host and what follows.
fn split(url: &str) -> (&str, &str) {
    let host = url.find("://").map_or(0, |at| at + 3);
    match url[host..].find(['/', '?']) {
        Some(end) => url.split_at(host + end),
        None => (url, "/"),
    }
}

fn signed(config: &SdkConfig, region: &str, policy: &CallPolicy) -> Invoke {
    let http_client = config.http_client().unwrap_or_else(|| http_client(Trust::System));
    let endpoint = signed::endpoint(config, "Lambda", SERVICE, region);
    let signature = signed::signature(config, SERVICE, region);
    common(Operation::builder(), http_client, policy)
        .endpoint_url(&endpoint)
        .standard_retry(&policy.retries())
        .retry_classifier(OnlyIfNotRun)
        .runtime_plugin(signature)
        .build()
}

fn common(
    builder: OperationBuilder,
    http_client: SharedHttpClient,
    policy: &CallPolicy,
) -> OperationBuilder<Call, Result<LambdaAnswer, ServiceError>, Infallible> {
    builder
        .service_name("Lambda")
        .operation_name("Invoke")
        .behavior_version(aws_config::BehaviorVersion::latest())
        .http_client(http_client)
        .timeout_config(policy.timeouts())
        .serializer(|call: Call| {
            let mut request = HttpRequest::new(SdkBody::from(call.payload.clone()));
            request.set_method("POST")?;
            request.set_uri(call.path.as_str())?;
            let headers = request.headers_mut();
            headers.insert("content-type", "application/json");
            headers.insert("content-length", call.payload.len().to_string());
            headers.insert(
                "x-amz-invocation-type",
                match call.invocation_type {
                    LambdaInvocationType::RequestResponse => "RequestResponse",
                    LambdaInvocationType::Event => "Event",
                },
            );
            Ok(request)
        })
        .deserializer(|response| Ok(answer(response)))
}

/// Reads the answer here and not in `service_error`, because statuses that are failures to HTTP are answers to us.
fn answer(response: &HttpResponse) -> Result<LambdaAnswer, ServiceError> {
    let status = response.status();
    if !status.is_success() {
        return Err(error_answer(response).unwrap_or_else(|| {
            client_error("the answer of Lambda could not be read".to_owned())
                .because(format!("HTTP status {}", status.as_u16()))
        }));
    }
    let payload = response.body().bytes().map(Bytes::copy_from_slice).unwrap_or_default();
    if payload.len() > limits::LAMBDA_PAYLOAD_BYTES {
        let most = limits::LAMBDA_PAYLOAD_BYTES;
        let message = format!("Response payload size exceeded maximum allowed payload size ({most} bytes).");
        return Ok(LambdaAnswer::unhandled("Function.ResponseSizeTooLarge", &message));
    }
    Ok(LambdaAnswer { payload, function_error: response.headers().get("x-amz-function-error").map(Str::from) })
}

/// One segment of a path, as AWS's SDKs write it.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_within_its_segment_of_the_path() {
        assert_eq!(percent_encoded("arn:aws:lambda:x:1:function:a"), "arn%3Aaws%3Alambda%3Ax%3A1%3Afunction%3Aa");
        assert_eq!(percent_encoded("../x?y#é"), "..%2Fx%3Fy%23%C3%A9");
    }
}
