//! EventBridge's PutEvents, in AWS or behind any address that answers like it: one POST, which `signed` makes.
//!
//! Events must not be put twice, so that only what EventBridge surely has not taken is sent again: calls that found no
//! connection, and those that it turned away at the door (429, 503, throttling).

use std::fmt;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::backend::ServiceError;
use crate::backend::aws::Inner;
use crate::backend::aws::config::{self, CallPolicy, is_region};
use crate::backend::aws::connector::http_client;
use crate::backend::aws::failure::{client_error, error_answer, service_error};
use crate::backend::aws::repeat::is_refused;
use crate::backend::aws::signed::{self, Operations};
use crate::backend::aws::trust::Trust;
use crate::backend::event_bus::{EventBus, PutEvents, parts_of_arn};
use crate::value::{Str, Value};

/// In signatures and in host names.
const SERVICE: &str = "events";

/// The service's name in the SDKs' variables.
const SERVICE_ID: &str = "EventBridge";

/// EventBridge with an account's credentials and roles.
pub struct AwsEventBus {
    account: Account,
    policy: CallPolicy,
    /// By role and region.
    operations: Operations<(Option<Str>, Str), Call, Value, Refused>,
}

enum Account {
    Aws(Arc<Inner>),
    Emulator(Box<SdkConfig>),
}

/// What travels of one call.
struct Call(Bytes);

/// Events are the clients' own and do not belong in logs.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").finish_non_exhaustive()
    }
}

/// EventBridge answered that it has not done it, or what cannot be read; what it said is in the answer.
#[derive(Clone, Copy, Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is no answer to PutEvents")
    }
}

impl std::error::Error for Refused {}

impl AwsEventBus {
    pub(super) fn new(aws: Arc<Inner>, policy: CallPolicy) -> AwsEventBus {
        AwsEventBus { account: Account::Aws(aws), policy, operations: Operations::default() }
    }

    /// The emulator that the environment names (`AWS_ENDPOINT_URL_EVENTBRIDGE`, else `AWS_ENDPOINT_URL`), with the
    /// environment's credentials or invented ones; `None` where it names none.
    pub fn of_emulator() -> Option<AwsEventBus> {
        let url = config::endpoint_variable("AWS_ENDPOINT_URL_EVENTBRIDGE")?;
        let config = config::for_emulator(&url).into_builder().endpoint_url(url).build();
        let account = Account::Emulator(Box::new(config));
        Some(AwsEventBus { account, policy: CallPolicy::event_bridge(), operations: Operations::default() })
    }

    /// The emulator's address, where it is one.
    pub fn emulator_address(&self) -> Option<&str> {
        match &self.account {
            Account::Emulator(config) => config.endpoint_url(),
            Account::Aws(_) => None,
        }
    }

    async fn put(&self, request: PutEvents) -> Result<Value, ServiceError> {
        let region = match parts_of_arn(&request.bus) {
            Some((region, ..)) if is_region(region) => Str::from(region),
            _ => return Err(client_error(format!("`{}` is not the ARN of an event bus", request.bus))),
        };
        let role = match &self.account {
            Account::Aws(aws) => request.role.clone().filter(|_| aws.has_roles),
            Account::Emulator(_) => None,
        };
        let operation = self.operations.get_or_make((role.clone(), region), |(role, region)| {
            self.operation(&self.config(role.as_deref()), region)
        });
        let sent = operation.invoke(Call(request.into_request().to_string().into())).await;
        sent.map_err(|error| service_error(&error, "EventBridge", role.as_deref()))
    }

    fn config(&self, role: Option<&str>) -> SdkConfig {
        match &self.account {
            Account::Aws(aws) => aws.config_of(role),
            Account::Emulator(config) => config.as_ref().clone(),
        }
    }

    fn operation(&self, config: &SdkConfig, region: &str) -> Operation<Call, Value, Refused> {
        Operation::builder()
            .service_name(SERVICE_ID)
            .operation_name("PutEvents")
            .behavior_version(aws_config::BehaviorVersion::latest())
            .http_client(config.http_client().unwrap_or_else(|| http_client(Trust::System)))
            .timeout_config(self.policy.timeouts())
            .standard_retry(&self.policy.retries())
            .retry_classifier(OnlyWhatWasNotTaken)
            .serializer(|call: Call| {
                let mut request = HttpRequest::new(SdkBody::from(call.0.clone()));
                request.set_method("POST")?;
                request.set_uri("/")?;
                let headers = request.headers_mut();
                headers.insert("content-type", "application/x-amz-json-1.1");
                headers.insert("content-length", call.0.len().to_string());
                headers.insert("x-amz-target", "AWSEvents.PutEvents");
                Ok(request)
            })
            .deserializer(|response| answer(response).ok_or_else(|| OrchestratorError::operation(Refused)))
            .endpoint_url(&signed::endpoint(config, SERVICE_ID, SERVICE, region))
            .runtime_plugin(signed::signature(config, SERVICE, region))
            .build()
    }
}

fn answer(response: &HttpResponse) -> Option<Value> {
    if !response.status().is_success() {
        return None;
    }
    let answer: Value = serde_json::from_slice(response.body().bytes()?).ok()?;
    answer.get("Entries").is_some().then_some(answer)
}

impl EventBus for AwsEventBus {
    fn put_events(&self, request: PutEvents) -> BoxFuture<'_, Result<Value, ServiceError>> {
        Box::pin(self.put(request))
    }
}

/// Names that AWS's services have for "too many requests".
const THROTTLING: [&str; 4] = ["ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"];

#[derive(Debug)]
struct OnlyWhatWasNotTaken;

impl ClassifyRetry for OnlyWhatWasNotTaken {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else { return RetryAction::NoActionIndicated };
        let Some(response) = context.response() else {
            return match is_refused(error, None) {
                true => RetryAction::transient_error(),
                false => RetryAction::RetryForbidden,
            };
        };
        let is_named = || error_answer(response).is_some_and(|error| THROTTLING.contains(&error.code.as_str()));
        match response.status().as_u16() {
            429 | 503 => RetryAction::throttling_error(),
            400 if is_named() => RetryAction::throttling_error(),
            _ => RetryAction::RetryForbidden,
        }
    }

    fn name(&self) -> &'static str {
        "OnlyWhatWasNotTaken"
    }
}
