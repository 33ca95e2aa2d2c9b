//! Requests that the SDK's machinery signs and sends although we have no crate of its for the service: credentials,
//! signature, connections and time-outs have come along with DynamoDB, and a generated crate would add all operations of its
//! service to every build. Lambda and EventBridge are called this way, each with its one operation, and HTTP data sources are
//! signed.

use std::collections::HashMap;
use std::convert::Infallible;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use aws_config::SdkConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_sdk_dynamodb::config::IdentityCache;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::identity::SharedIdentityResolver;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::config_bag::Layer;
use aws_types::SigningName;
use aws_types::region::{Region, SigningRegion};
use aws_types::service_config::ServiceConfigKey;

/// Kept operations of one kind; beyond that they are made anew. Roles, regions and hosts come from `syncline.yaml`: there
/// are few.
const MOST_OPERATIONS: usize = 64;

/// The operations of one kind, each made at its first use, by what makes them differ: whose rights, where.
pub(super) struct Operations<K, I, O, E = Infallible>(Mutex<HashMap<K, Operation<I, O, E>>>);

impl<K, I, O, E> Default for Operations<K, I, O, E> {
    fn default() -> Self {
        Operations(Mutex::default())
    }
}

impl<K: Eq + Hash, I, O, E> Operations<K, I, O, E> {
    pub fn get_or_make(&self, key: K, make: impl FnOnce(&K) -> Operation<I, O, E>) -> Operation<I, O, E> {
        let mut operations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(operation) = operations.get(&key) {
            return operation.clone();
        }
        if operations.len() >= MOST_OPERATIONS {
            operations.clear();
        }
        let operation = make(&key);
        operations.entry(key).or_insert(operation).clone()
    }
}

/// Signs with the credentials of `config`.
pub(super) fn signature(config: &SdkConfig, service: &str, region: &str) -> StaticRuntimePlugin {
    let mut layer = Layer::new("signature");
    layer.store_put(AuthSchemeOptionResolverParams::new(()));
    layer.store_put(SigV4OperationSigningConfig {
        region: Some(SigningRegion::from(Region::new(region.to_owned()))),
        name: Some(SigningName::from(service.to_owned())),
        signing_options: options(service),
        ..SigV4OperationSigningConfig::default()
    });
    let cache = config.identity_cache().unwrap_or_else(|| IdentityCache::lazy().build());
    let mut components = RuntimeComponentsBuilder::new("signature")
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
    StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components)
}

/// S3 alone takes paths as they are, and wants the body's hash in a header.
fn options(service: &str) -> SigningOptions {
    let mut options = SigningOptions::default();
    if service == "s3" {
        options.double_uri_encode = false;
        options.normalize_uri_path = false;
        options.content_sha256_header = true;
    }
    options
}

/// The service's address: what the environment overrides it with, else AWS's.
///
/// `id`: the service's name in the SDKs' variables, `AWS_ENDPOINT_URL_…`; `host`: the first label of its host names.
pub(super) fn endpoint(config: &SdkConfig, id: &str, host: &str, region: &str) -> String {
    let key = ServiceConfigKey::builder().service_id(id).env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
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
    format!("https://{host}{fips}.{region}.{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::aws::config;
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
            assert_eq!(endpoint(&config, "Lambda", "lambda", region), url);
        }
        let fips = config.into_builder().use_fips(true).build();
        assert_eq!(endpoint(&fips, "Lambda", "lambda", "us-east-1"), "https://lambda-fips.us-east-1.amazonaws.com");
        let dual = fips.into_builder().use_fips(false).use_dual_stack(true).build();
        assert_eq!(endpoint(&dual, "EventBridge", "events", "us-east-1"), "https://events.us-east-1.api.aws");
    }
}
