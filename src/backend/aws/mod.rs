//! DynamoDB and Lambda in AWS, or behind any endpoint that speaks their protocol. The only folder that names `aws_*` crates.
//!
//! The SDK brings what is hard: credentials, signatures, endpoints, retries, connections. Its typed requests and answers
//! are of no use here, because [`DynamoDb`] speaks the JSON that travels. So each call goes out as one operation of the
//! SDK, DescribeTimeToLive, whose target and body `exchange` replaces before it is signed, and whose answer it reads as it
//! came. Nothing is translated member by member, nothing is lost that the SDK does not know yet, and the code of fifteen
//! operations is not in the binary. DescribeTimeToLive, because it names a table, as most do, and because what it looks for
//! in an answer is in no other one.
//!
//! `config` says where and how calls are made, `connector` over which connections, `repeat` which of them are sent again when no answer came, `roles` with
//! whose rights, `failure` what became of those that failed. `signed` makes what else is wanted of the same account: `lambda`
//! calls functions, `event_bus` puts events, `signed_http` signs for HTTP data sources.

mod config;
mod connector;
mod event_bus;
mod exchange;
mod failure;
mod lambda;
mod repeat;
mod roles;
mod signed;
mod signed_http;
mod trust;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use futures_util::future::{BoxFuture, join_all};

use crate::backend::aws::config::CallPolicy;
use crate::backend::aws::exchange::{Exchange, Greeting};
use crate::backend::aws::failure::{client_error, service_error};
use crate::backend::http::HttpSend;
use crate::backend::{DynamoDb, Operation, ServiceError};
use crate::clock::Clock;
use crate::limits;
use crate::value::{Str, Value};

pub use event_bus::AwsEventBus;
pub use lambda::{AddressedFunction, AwsLambda};
pub use signed_http::SignedHttp;

/// DynamoDB through the AWS SDK. Cloning shares connections and credentials.
#[derive(Clone)]
pub struct AwsDynamoDb(Arc<Inner>);

struct Inner {
    client: Client,
    /// What clients of roles are made from.
    config: SdkConfig,
    endpoint: Option<Str>,
    policy: CallPolicy,
    /// Whether there is an STS that could lend the rights of a role.
    has_roles: bool,
    /// By ARN, made at first use. The ARNs come from `syncline.yaml`, so there are few.
    roles: Mutex<HashMap<Str, RoleAccess>>,
}

/// What calls with the rights of a role are made with.
#[derive(Clone)]
struct RoleAccess {
    /// The account with the role's credentials, which all services share.
    config: SdkConfig,
    dynamodb: Client,
}

impl Inner {
    /// The account with the credentials of `role`, or its own.
    fn config_of(&self, role: Option<&str>) -> SdkConfig {
        role.map_or_else(|| self.config.clone(), |role| self.access(role).config)
    }

    fn access(&self, role: &str) -> RoleAccess {
        let mut roles = self.roles.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let config = roles::config(role, &self.config);
            RoleAccess { dynamodb: config::client(&config, self.endpoint.as_deref(), &self.policy), config }
        };
        roles.entry(role.into()).or_insert_with(make).clone()
    }
}

impl AwsDynamoDb {
    /// The account, region and credentials that the environment gives: variables, profiles, containers, instances, in
    /// the SDK's usual order; on Lambda its variables alone. `region` overrides. Credentials are looked up at the first
    /// call.
    ///
    /// # Errors
    /// `SdkClientException` when there is no region, or it cannot be one.
    pub async fn from_environment(region: Option<&str>) -> Result<AwsDynamoDb, ServiceError> {
        let config = config::from_environment(region).await?;
        Ok(AwsDynamoDb::new(config, None, true, CallPolicy::dynamodb()))
    }

    /// An emulator, or another service that speaks DynamoDB's protocol. Credentials and region come from the
    /// environment's variables; without them, invented credentials and `us-east-1` serve. An address of AWS itself (a
    /// VPC's endpoint) is used with the real ones, as [`AwsDynamoDb::from_environment`] finds them.
    ///
    /// # Errors
    /// `SdkClientException` when `url` is no `http` or `https` address.
    pub async fn with_endpoint(url: &str) -> Result<AwsDynamoDb, ServiceError> {
        let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
        let Some(host) = host.filter(|host| !host.is_empty() && !host.contains(char::is_whitespace)) else {
            return Err(client_error(format!("`{url}` is not an address such as http://localhost:8000")));
        };
        let is_aws = is_host_of_aws(host);
        let config = if is_aws { config::from_environment(None).await? } else { config::for_emulator(url) };
        Ok(AwsDynamoDb::new(config, Some(url.into()), is_aws, CallPolicy::dynamodb()))
    }

    fn new(config: SdkConfig, endpoint: Option<Str>, has_roles: bool, policy: CallPolicy) -> AwsDynamoDb {
        let client = config::client(&config, endpoint.as_deref(), &policy);
        AwsDynamoDb(Arc::new(Inner { client, config, endpoint, policy, has_roles, roles: Mutex::default() }))
    }

    /// Lambda in the same account, with the same credentials, roles and connections.
    pub fn lambda(&self) -> AwsLambda {
        AwsLambda::new(self.0.clone())
    }

    /// EventBridge in the same account, with the same credentials, roles and connections.
    pub fn event_bus(&self) -> AwsEventBus {
        AwsEventBus::new(self.0.clone(), CallPolicy::event_bridge())
    }

    /// `client` with the signatures of the same account, with its credentials and roles.
    pub fn signed_http(&self, client: Arc<dyn HttpSend>) -> SignedHttp {
        SignedHttp::in_aws(client, self.0.clone())
    }

    /// Whether calls can be made with the rights of a role. Emulators know none; there, all calls have the same rights.
    pub fn has_roles(&self) -> bool {
        self.0.has_roles
    }

    /// Opens a connection and fetches credentials, so that the first request need not wait for them. Waits
    /// [`limits::WARM_UP_TIMEOUT`] at most. What fails here is tried again by the first call, which reports it to those whom
    /// it concerns.
    pub async fn warm_up(&self) {
        self.greet(std::iter::once(self.client(None))).await;
    }

    /// As [`AwsDynamoDb::warm_up`], with the credentials of roles, all at the same time.
    pub async fn warm_up_roles(&self, roles: &[Str]) {
        if self.0.has_roles {
            self.greet(roles.iter().map(|role| self.client(Some(role)))).await;
        }
    }

    async fn greet(&self, clients: impl Iterator<Item = Client>) {
        let greetings = clients.map(|client| async move {
            let only_once =
                aws_sdk_dynamodb::config::Builder::new().retry_config(aws_config::retry::RetryConfig::disabled());
            let greeting = client
                .describe_time_to_live()
                .table_name(NO_TABLE)
                .customize()
                .interceptor(Greeting)
                .config_override(only_once);
            // The answer is no answer to the operation, whose name is all that was borrowed.
            drop(greeting.send().await);
        });
        let _ = tokio::time::timeout(limits::WARM_UP_TIMEOUT, join_all(greetings)).await;
    }

    fn client(&self, role: Option<&str>) -> Client {
        match role.filter(|_| self.0.has_roles) {
            Some(role) => self.0.access(role).dynamodb,
            None => self.0.client.clone(),
        }
    }

    async fn send(&self, role: Option<&str>, operation: Operation, request: Value) -> Result<Value, ServiceError> {
        let exchange = Exchange::new(operation, &request);
        let is_repeatable = repeat::is_repeatable(operation, &request);
        let client = self.client(role);
        let call = client.describe_time_to_live().table_name(table_of(&request));
        let mut call = call.customize().interceptor(exchange.clone());
        if !is_repeatable {
            let careful = aws_sdk_dynamodb::config::Builder::new().retry_classifier(repeat::OnlyIfRefused);
            call = call.config_override(careful);
        }
        match call.send().await {
            Ok(_) => exchange.answer(),
            Err(error) => {
                let error = service_error(&error, "DynamoDB", role);
                exchange.unanswered().judge(operation, &request, error)
            }
        }
    }
}

/// What stands for a table where a request names none.
const NO_TABLE: &str = "-";

/// The table that a request names first: where it is an ARN, it decides the endpoint.
fn table_of(request: &Value) -> &str {
    fn name(request: &Value) -> Option<&str> {
        request.get("TableName")?.as_str()
    }
    let of_batch = || Some(request.get("RequestItems")?.as_object()?.keys().next()?.as_str());
    let of_transaction = || request.get("TransactItems")?.as_list()?.first()?.as_object()?.values().find_map(name);
    name(request).or_else(of_batch).or_else(of_transaction).unwrap_or(NO_TABLE)
}

/// Whether a URL's host, with what may follow it, belongs to AWS.
fn is_host_of_aws(host: &str) -> bool {
    let host = host.split(['/', ':', '?', '#']).next().unwrap_or(host).to_ascii_lowercase();
    ["amazonaws.com", "amazonaws.com.cn", "api.aws"]
        .iter()
        .any(|domain| host.strip_suffix(domain).is_some_and(|before| before.ends_with('.')))
}

impl DynamoDb for AwsDynamoDb {
    fn call(&self, operation: Operation, request: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        self.call_as(None, operation, request)
    }

    fn call_as<'a>(
        &'a self,
        role: Option<&'a str>,
        operation: Operation,
        mut request: Value,
    ) -> BoxFuture<'a, Result<Value, ServiceError>> {
        // A retried transaction must not happen twice; the SDK would add the token to the body that we replace.
        if operation == Operation::TransactWriteItems && request.get("ClientRequestToken").is_none() {
            request.set("ClientRequestToken", Clock::system().uuid());
        }
        Box::pin(self.send(role, operation, request))
    }
}

#[cfg(all(test, feature = "local"))]
mod call_tests;
#[cfg(all(test, feature = "local"))]
mod event_bus_tests;
#[cfg(all(test, feature = "local"))]
mod lambda_tests;
#[cfg(all(test, feature = "local"))]
mod repeat_tests;
#[cfg(all(test, feature = "local"))]
mod role_tests;
#[cfg(all(test, feature = "local"))]
mod signed_http_tests;
#[cfg(all(test, feature = "local"))]
mod stand_in;
#[cfg(all(test, feature = "local"))]
mod tests;
