//! Lambda's Invoke, in AWS or behind any address that answers like it.
//!
//! One POST is all there is to it, so the SDK's machinery (credentials, signature, connections, time-outs), which DynamoDB
//! has brought along anyhow, sends it by itself: the generated crate for Lambda would add its 70 operations to every
//! build. Nothing is tried twice that may have run, because nobody knows what a function has done before the connection
//! broke; `repeat` says what that leaves.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_config::SdkConfig;
use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_sdk_dynamodb::config::{IdentityCache, SharedHttpClient};
use aws_smithy_runtime::client::orchestrator::operation::{Operation, OperationBuilder};
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::identity::SharedIdentityResolver;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_types::SigningName;
use aws_types::region::{Region, SigningRegion};
use aws_types::service_config::ServiceConfigKey;
use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::backend::ServiceError;
use crate::backend::aws::Inner;
use crate::backend::aws::config::{self, CallPolicy, is_region};
use crate::backend::aws::failure::{client_error, error_answer, service_error};
use crate::backend::aws::repeat::OnlyIfNotRun;
use crate::backend::aws::trust::Trust;
use crate::backend::lambda::{LambdaAnswer, LambdaInvocation, LambdaInvocationType, LambdaInvoke};
use crate::limits;
use crate::value::Str;

/// Kept operations; beyond that they are made anew. Roles come from `syncline.yaml`, regions from ARNs: there are few.
const MOST_OPERATIONS: usize = 64;

type Invoke = Operation<Call, Result<LambdaAnswer, ServiceError>, Infallible>;

/// AWS Lambda with the account, region, credentials and roles of an [`AwsDynamoDb`](crate::backend::aws::AwsDynamoDb).
pub struct AwsLambda {
    aws: Arc<Inner>,
    /// By role and region, made at first use.
    operations: Mutex<HashMap<(Option<Str>, Str), Invoke>>,
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
        AwsLambda { aws, operations: Mutex::default() }
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
        let mut operations = self.operations.lock().unwrap_or_else(PoisonError::into_inner);
        if operations.len() >= MOST_OPERATIONS {
            operations.clear();
        }
        let policy = || self.aws.policy.lambda();
        let make =
            |(role, region): &(Option<Str>, Str)| signed(&self.aws.config_of(role.as_deref()), region, &policy());
        let key = (role, region);
        match operations.get(&key) {
            Some(operation) => operation.clone(),
            None => operations.entry(key.clone()).or_insert(make(&key)).clone(),
        }
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
        AddressedFunction { http_client: config::http_client(Trust::System) }
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
    let mut layer = Layer::new("lambda");
    layer.store_put(AuthSchemeOptionResolverParams::new(()));
    layer.store_put(SigV4OperationSigningConfig {
        region: Some(SigningRegion::from(Region::new(region.to_owned()))),
        name: Some(SigningName::from_static("lambda")),
        ..SigV4OperationSigningConfig::default()
    });
    let cache = config.identity_cache().unwrap_or_else(|| IdentityCache::lazy().build());
    let mut components = RuntimeComponentsBuilder::new("lambda")
        .with_auth_scheme(SigV4AuthScheme::new())
        .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID])))
        .with_identity_cache(Some(cache))
        .with_time_source(config.time_source());
    if let Some(sleep) = config.sleep_impl() {
        components = components.with_sleep_impl(Some(sleep));
    }
    if let Some(credentials) = config.credentials_provider() {
        components = components.with_identity_resolver(SCHEME_ID, SharedIdentityResolver::new(credentials));
    }
    let plugin = StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components);
    let http_client = config.http_client().unwrap_or_else(|| config::http_client(Trust::System));
    common(Operation::builder(), http_client, policy)
        .endpoint_url(&endpoint(config, region))
        .standard_retry(&policy.retries())
        .retry_classifier(OnlyIfNotRun)
        .runtime_plugin(plugin)
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
            client_error(format!("the answer of Lambda could not be read: HTTP status {}", status.as_u16()))
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

/// The service's address: what the environment overrides it with, else AWS's.
fn endpoint(config: &SdkConfig, region: &str) -> String {
    let key = ServiceConfigKey::builder().service_id("Lambda").env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let own = key.ok().and_then(|key| config.service_config()?.load_config(key));
    if let Some(url) = own.or_else(|| config.endpoint_url().map(str::to_owned)) {
        return url;
    }
    let fips = if config.use_fips() == Some(true) { "-fips" } else { "" };
    let domain = match (region, config.use_dual_stack() == Some(true)) {
        (region, true) if region.starts_with("cn-") => "api.amazonwebservices.com.cn",
        (_, true) => "api.aws",
        (region, false) if region.starts_with("cn-") => "amazonaws.com.cn",
        (region, false) if region.starts_with("eusc-") => "amazonaws.eu",
        _ => "amazonaws.com",
    };
    format!("https://lambda{fips}.{region}.{domain}")
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
    use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};

    #[test]
    fn every_partition_has_its_domain() {
        let credentials = SharedCredentialsProvider::new(Credentials::new("a", "b", None, None, "test"));
        let config = config::config("eu-central-1".into(), credentials);
        for (region, url) in [
            ("eu-central-1", "https://lambda.eu-central-1.amazonaws.com"),
            ("us-gov-west-1", "https://lambda.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", "https://lambda.cn-north-1.amazonaws.com.cn"),
            ("eusc-de-east-1", "https://lambda.eusc-de-east-1.amazonaws.eu"),
        ] {
            assert_eq!(endpoint(&config, region), url);
        }
        let fips = config.into_builder().use_fips(true).build();
        assert_eq!(endpoint(&fips, "us-east-1"), "https://lambda-fips.us-east-1.amazonaws.com");
    }

    #[test]
    fn a_name_stays_within_its_segment_of_the_path() {
        assert_eq!(percent_encoded("arn:aws:lambda:x:1:function:a"), "arn%3Aaws%3Alambda%3Ax%3A1%3Afunction%3Aa");
        assert_eq!(percent_encoded("../x?y#é"), "..%2Fx%3Fy%23%C3%A9");
    }
}
