//! Roles: the rights that a domain's calls have instead of the process's own, as an AppSync data source has its service
//! role's.

use std::sync::{Mutex, PoisonError};

use aws_config::SdkConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use aws_sdk_dynamodb::config::{IdentityCache, SharedCredentialsProvider};
use tokio::sync::OnceCell;

use crate::backend::aws::config::CallPolicy;
use crate::clock::Clock;
use crate::limits;

/// AppSync's name for its sessions. It is part of the caller's ARN in DynamoDB's refusals and in CloudTrail, and policies
/// may match on it.
const SESSION_NAME: &str = "APPSYNC_ASSUME_ROLE";

/// The account with the rights of a role. Its credentials are fetched at the first call, shared by all calls of all
/// services, and fetched anew before they expire. Connections are those of `config`.
pub(super) fn config(role_arn: &str, config: &SdkConfig) -> SdkConfig {
    let credentials = AssumedRole {
        role_arn: role_arn.to_owned(),
        config: config.clone(),
        provider: OnceCell::new(),
        last: Mutex::default(),
    };
    let cache = IdentityCache::lazy()
        .buffer_time(limits::ROLE_REFRESH_AHEAD)
        .load_timeout(limits::STS_OPERATION_TIMEOUT + limits::AWS_CONNECT_TIMEOUT)
        .build();
    config.to_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).identity_cache(cache).build()
}

/// STS's credentials for a role.
#[derive(Debug)]
struct AssumedRole {
    role_arn: String,
    /// Who assumes the role, and in which region STS is asked.
    config: SdkConfig,
    /// Its builder is async, [`client`] is not.
    provider: OnceCell<AssumeRoleProvider>,
    /// What STS gave last. It is asked a while before that expires, and need not answer the first time.
    last: Mutex<Option<Credentials>>,
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

    async fn credentials(&self) -> provider::Result {
        let credentials = self.provider().await.provide_credentials().await;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match credentials {
            Ok(credentials) => Ok(last.insert(credentials).clone()),
            Err(error) => last.clone().filter(is_valid).ok_or(error),
        }
    }
}

fn is_valid(credentials: &Credentials) -> bool {
    let expiry = credentials.expiry().and_then(|expiry| expiry.duration_since(std::time::UNIX_EPOCH).ok());
    expiry.is_some_and(|expiry| expiry.as_millis() > Clock::system().now_epoch_milliseconds().max(0) as u128)
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}
