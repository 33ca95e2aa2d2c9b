//! Roles: the rights that a domain's calls have instead of the process's own, as an AppSync data source has its service
//! role's.

use aws_config::SdkConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{IdentityCache, SharedCredentialsProvider};
use tokio::sync::OnceCell;

use crate::backend::aws::config::{self, CallPolicy};
use crate::limits;

/// AppSync's name for its sessions. It is part of the caller's ARN in DynamoDB's refusals and in CloudTrail, and policies
/// may match on it.
const SESSION_NAME: &str = "APPSYNC_ASSUME_ROLE";

/// A client with the rights of a role. Its credentials are fetched at the first call, shared by all calls, and fetched
/// anew before they expire. Connections are those of `config`; the retry budget is DynamoDB's for the process.
pub(super) fn client(role_arn: &str, config: &SdkConfig, endpoint: Option<&str>, policy: &CallPolicy) -> Client {
    let credentials = AssumedRole { role_arn: role_arn.to_owned(), config: config.clone(), provider: OnceCell::new() };
    let cache = IdentityCache::lazy()
        .buffer_time(limits::ROLE_REFRESH_AHEAD)
        .load_timeout(limits::STS_OPERATION_TIMEOUT + limits::AWS_CONNECT_TIMEOUT)
        .build();
    let config = config
        .to_builder()
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .identity_cache(cache)
        .build();
    config::client(&config, endpoint, policy)
}

/// STS's credentials for a role.
#[derive(Debug)]
struct AssumedRole {
    role_arn: String,
    /// Who assumes the role, and in which region STS is asked.
    config: SdkConfig,
    /// Its builder is async, [`client`] is not.
    provider: OnceCell<AssumeRoleProvider>,
}

impl AssumedRole {
    async fn provider(&self) -> &AssumeRoleProvider {
        self.provider
            .get_or_init(|| {
                let policy = CallPolicy::sts();
                let config =
                    self.config.to_builder().retry_config(policy.retries()).timeout_config(policy.timeouts()).build();
                AssumeRoleProvider::builder(&self.role_arn).session_name(SESSION_NAME).configure(&config).build()
            })
            .await
    }
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async move { self.provider().await.provide_credentials().await })
    }
}
