//! Whose AWS: region, credentials, endpoint; and how calls to it are made: retries, time-outs, connections.

use std::time::Duration;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_async::time::SharedTimeSource;

use crate::backend::ServiceError;
use crate::backend::aws::connector::http_client;
use crate::backend::aws::failure::client_error;
use crate::backend::aws::trust::Trust;
use crate::limits;

/// Where emulators are asked when nobody names a region; every one of them accepts it.
const DEFAULT_REGION: &str = "us-east-1";

/// Variables that change more than region and credentials. Where one is set, the SDK's own reading of the surroundings
/// is used, which knows them all.
const UNUSUAL: [&str; 11] = [
    "AWS_PROFILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_EVENTBRIDGE",
    "AWS_ENDPOINT_URL_LAMBDA",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE",
    "AWS_DEFAULTS_MODE",
];

/// How one call is made. The values and their reasons are in [`limits`]; tests shorten them.
#[derive(Clone, Debug)]
pub(super) struct CallPolicy {
    pub attempts: u32,
    pub first_backoff: Duration,
    pub longest_backoff: Duration,
    pub connect_timeout: Duration,
    pub read_timeout: Duration,
    pub attempt_timeout: Duration,
    pub operation_timeout: Duration,
}

impl CallPolicy {
    pub fn dynamodb() -> CallPolicy {
        CallPolicy {
            attempts: limits::DYNAMODB_ATTEMPTS,
            first_backoff: limits::DYNAMODB_FIRST_BACKOFF,
            longest_backoff: limits::DYNAMODB_LONGEST_BACKOFF,
            connect_timeout: limits::AWS_CONNECT_TIMEOUT,
            read_timeout: limits::DYNAMODB_READ_TIMEOUT,
            attempt_timeout: limits::DYNAMODB_ATTEMPT_TIMEOUT,
            operation_timeout: limits::DYNAMODB_OPERATION_TIMEOUT,
        }
    }

    pub fn sts() -> CallPolicy {
        CallPolicy {
            attempts: limits::STS_ATTEMPTS,
            read_timeout: limits::STS_ATTEMPT_TIMEOUT,
            attempt_timeout: limits::STS_ATTEMPT_TIMEOUT,
            operation_timeout: limits::STS_OPERATION_TIMEOUT,
            ..CallPolicy::dynamodb()
        }
    }

    /// Of functions, in an account whose other calls are made so. What is tried again there is `repeat`'s to say too.
    pub fn lambda(&self) -> CallPolicy {
        CallPolicy {
            attempts: limits::LAMBDA_ATTEMPTS,
            first_backoff: limits::LAMBDA_FIRST_BACKOFF,
            read_timeout: limits::LAMBDA_TIMEOUT,
            attempt_timeout: limits::LAMBDA_TIMEOUT,
            operation_timeout: limits::LAMBDA_TIMEOUT + limits::AWS_CONNECT_TIMEOUT,
            ..self.clone()
        }
    }

    pub fn event_bridge() -> CallPolicy {
        CallPolicy {
            attempts: limits::EVENT_BRIDGE_ATTEMPTS,
            first_backoff: limits::EVENT_BRIDGE_FIRST_BACKOFF,
            read_timeout: limits::EVENT_BRIDGE_ATTEMPT_TIMEOUT,
            attempt_timeout: limits::EVENT_BRIDGE_ATTEMPT_TIMEOUT,
            ..CallPolicy::dynamodb()
        }
    }

    /// Retries of AWS's standard mode: throttling, time-outs, broken connections and 5xx, exponential with full jitter,
    /// and a budget per process so that an outage is not made worse. What must not be repeated is `repeat`'s to say.
    pub fn retries(&self) -> RetryConfig {
        RetryConfig::standard()
            .with_max_attempts(self.attempts)
            .with_initial_backoff(self.first_backoff)
            .with_max_backoff(self.longest_backoff)
    }

    pub fn timeouts(&self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(self.connect_timeout)
            .read_timeout(self.read_timeout)
            .operation_attempt_timeout(self.attempt_timeout)
            .operation_timeout(self.operation_timeout)
            .build()
    }
}

/// A client of its own retry budget and credentials, on the connections of `config`.
pub(super) fn client(config: &SdkConfig, endpoint: Option<&str>, policy: &CallPolicy) -> Client {
    let builder = aws_sdk_dynamodb::config::Builder::from(config)
        .retry_config(policy.retries())
        .timeout_config(policy.timeouts())
        // Guards long transfers of other services; here it would only cost a task per call.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    let builder = match endpoint {
        Some(url) => builder.endpoint_url(url),
        None => builder,
    };
    Client::from_conf(builder.build())
}

/// The account, region and credentials that the environment gives.
pub(super) async fn from_environment(region: Option<&str>) -> Result<SdkConfig, ServiceError> {
    let config = match from_variables(region) {
        Some(config) => config,
        None => from_surroundings(region).await,
    };
    let Some(region) = config.region() else {
        return Err(client_error(
            "no AWS region is configured; set AWS_REGION, or `region` in your AWS profile".into(),
        ));
    };
    let name = region.as_ref();
    if !is_region(name) {
        return Err(client_error(format!("`{name}` is not an AWS region such as eu-central-1")));
    }
    Ok(config)
}

/// Whether a name can be that of a region: it becomes part of host names.
pub(super) fn is_region(name: &str) -> bool {
    let is_label = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&name.len()) && name.chars().all(is_label)
}

/// What serves for a service that is not AWS: the environment's variables where they are set, invented values where not.
pub(super) fn for_emulator(url: &str) -> SdkConfig {
    let config = from_variables(None).unwrap_or_else(|| {
        let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
        let credentials = Credentials::new("local", "local", None, None, "syncline");
        config(region.unwrap_or_else(|| DEFAULT_REGION.to_owned()), SharedCredentialsProvider::new(credentials))
    });
    match url.starts_with("https://") {
        true => config.into_builder().http_client(http_client(Trust::System)).build(),
        false => config,
    }
}

/// Region and credentials from variables alone. The usual chain would come to the same result, after reading profile
/// files, which a Lambda has not and which cost its cold start.
fn from_variables(region: Option<&str>) -> Option<SdkConfig> {
    if UNUSUAL.iter().any(|name| variable(name).is_some()) {
        return None;
    }
    variable("AWS_ACCESS_KEY_ID").and(variable("AWS_SECRET_ACCESS_KEY"))?;
    let region =
        region.map(str::to_owned).or_else(|| variable("AWS_REGION")).or_else(|| variable("AWS_DEFAULT_REGION"))?;
    Some(config(region, SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new())))
}

/// Variables, profiles, containers, instances, in the SDK's usual order.
async fn from_surroundings(region: Option<&str>) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client(Trust::System));
    if let Some(region) = region {
        loader = loader.region(Region::new(region.to_owned()));
    } else if is_lambda() {
        loader = loader.region(EnvironmentVariableRegionProvider::new());
    }
    if is_lambda() {
        // A Lambda is no instance: asking for an instance's metadata would only wait for a time-out.
        loader = loader.credentials_provider(
            CredentialsProviderChain::first_try("Environment", EnvironmentVariableCredentialsProvider::new())
                .or_else("Container", EcsCredentialsProvider::builder().build()),
        );
    }
    loader.load().await
}

fn is_lambda() -> bool {
    variable("AWS_LAMBDA_RUNTIME_API").is_some()
}

pub(super) fn config(region: String, credentials: SharedCredentialsProvider) -> SdkConfig {
    let trust = if is_lambda() { Trust::for_aws(variable) } else { Trust::System };
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(credentials)
        .http_client(http_client(trust))
        .time_source(SharedTimeSource::default())
        .build()
}

/// The address that the environment gives a service, by the variable of its own or that of all.
pub(super) fn endpoint_variable(name: &str) -> Option<String> {
    let is_ignored =
        variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    variable(name).or_else(|| variable("AWS_ENDPOINT_URL")).filter(|_| !is_ignored)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
