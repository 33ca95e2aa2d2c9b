//! HTTP calls with AWS's signature: what an HTTP data source with `AWS_IAM` sends to Step Functions, API Gateway and others.
//!
//! The SDK's machinery signs, with the credentials and roles of all other calls, and is then given its own request back in
//! place of an answer: the call itself is made by the one HTTP client, which looks at addresses and keeps connections.

use std::fmt;
use std::sync::{Arc, OnceLock};

use aws_config::SdkConfig;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest as SdkRequest, HttpResponse as SdkResponse};
use aws_smithy_types::body::SdkBody;
use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use crate::backend::ServiceError;
use crate::backend::aws::config::{self, CallPolicy};
use crate::backend::aws::failure::service_error;
use crate::backend::aws::signed::{self, Operations};
use crate::backend::aws::{Inner, is_host_of_aws};
use crate::backend::http::{HttpFailure, HttpFailureKind, HttpRequest, HttpResponse, HttpSend, Signing};
use crate::value::Str;

type Headers = Vec<(Str, Str)>;

/// An HTTP client that signs the requests which want it.
pub struct SignedHttp {
    client: Arc<dyn HttpSend>,
    account: Account,
    signers: Operations<Signer, ToSign, Headers>,
}

/// Whose credentials sign.
enum Account {
    Aws(Arc<Inner>),
    Laptop(Box<Laptop>),
}

/// What is there without `--aws`, each found at its first use. Roles have no effect.
#[derive(Default)]
struct Laptop {
    /// The environment's credentials, for AWS's own hosts.
    aws: OnceCell<SdkConfig>,
    /// The same from variables, else invented ones: for stand-ins, which mostly take any.
    emulator: OnceLock<SdkConfig>,
}

/// What decides about a signature.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Signer {
    role: Option<Str>,
    service: Str,
    region: Str,
    /// `https://` and the host.
    origin: Str,
    is_aws: bool,
}

/// The parts of a request that are signed.
struct ToSign {
    method: Str,
    path: Str,
    headers: Headers,
    body: bytes::Bytes,
}

/// Headers and bodies do not belong in logs.
impl fmt::Debug for ToSign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToSign").field("method", &self.method).finish_non_exhaustive()
    }
}

impl SignedHttp {
    pub(super) fn in_aws(client: Arc<dyn HttpSend>, aws: Arc<Inner>) -> SignedHttp {
        SignedHttp { client, account: Account::Aws(aws), signers: Operations::default() }
    }

    /// Signs calls of AWS's own hosts with the credentials that the environment gives, and those of any other host with its
    /// variables or with invented ones.
    pub fn on_laptop(client: Arc<dyn HttpSend>) -> SignedHttp {
        SignedHttp { client, account: Account::Laptop(Box::default()), signers: Operations::default() }
    }

    async fn call(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpFailure> {
        if let Some(signing) = request.signing.take() {
            request.headers = self.sign(&request, signing).await.map_err(|error| {
                HttpFailure::new(HttpFailureKind::Unsigned, "the request cannot be signed").because(error.to_string())
            })?;
        }
        self.client.send(request).await
    }

    /// The headers of the signed request.
    async fn sign(&self, request: &HttpRequest, signing: Signing) -> Result<Headers, ServiceError> {
        let Signing { service, region, role } = signing;
        let host = request.url.find("://").map_or(0, |at| at + 3);
        let (origin, path) = match request.url[host..].find(['/', '?']) {
            Some(end) => request.url.split_at(host + end),
            None => (request.url.as_str(), "/"),
        };
        let signer = Signer { role, service, region, origin: origin.into(), is_aws: is_host_of_aws(&origin[host..]) };
        let (config, role) = self.config(&signer).await?;
        let operation = self.signers.get_or_make(signer, |signer| operation(&config, signer));
        let HttpRequest { method, headers, body, .. } = request.clone();
        let signed = operation.invoke(ToSign { method, path: path.into(), headers, body }).await;
        signed.map_err(|error| service_error(&error, "the signer", role.as_deref()))
    }

    /// The account, and the role whose rights its credentials have.
    async fn config(&self, signer: &Signer) -> Result<(SdkConfig, Option<Str>), ServiceError> {
        let laptop = match &self.account {
            Account::Aws(aws) => {
                let role = signer.role.clone().filter(|_| aws.has_roles);
                return Ok((aws.config_of(role.as_deref()), role));
            }
            Account::Laptop(laptop) => laptop,
        };
        if !signer.is_aws {
            return Ok((laptop.emulator.get_or_init(|| config::for_emulator(&signer.origin)).clone(), None));
        }
        // Any region will do: the signature's own is the data source's.
        let config = laptop.aws.get_or_try_init(|| config::from_environment(Some(&signer.region))).await?;
        Ok((config.clone(), None))
    }
}

impl HttpSend for SignedHttp {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, HttpFailure>> {
        Box::pin(self.call(request))
    }
}

fn operation(config: &SdkConfig, signer: &Signer) -> Operation<ToSign, Headers, std::convert::Infallible> {
    Operation::builder()
        .service_name("HTTP")
        .operation_name("Sign")
        .behavior_version(aws_config::BehaviorVersion::latest())
        .http_client(echo())
        // Those for the credentials are their own.
        .timeout_config(CallPolicy::dynamodb().lambda().timeouts())
        .no_retry()
        .serializer(|request: ToSign| {
            let mut sdk = SdkRequest::new(SdkBody::from(request.body));
            sdk.set_method(&request.method)?;
            sdk.set_uri(request.path.as_str())?;
            for (name, value) in request.headers {
                sdk.headers_mut().try_append(name.to_string(), value.to_string())?;
            }
            Ok(sdk)
        })
        .deserializer(|echo: &SdkResponse| {
            Ok(echo.headers().iter().map(|(name, value)| (name.into(), value.into())).collect())
        })
        .endpoint_url(&signer.origin)
        .runtime_plugin(signed::signature(config, &signer.service, &signer.region))
        .build()
}

/// Answers every request with its own headers.
fn echo() -> SharedHttpClient {
    http_client_fn(|_, _| SharedHttpConnector::new(Echo))
}

#[derive(Clone, Copy, Debug)]
struct Echo;

impl HttpConnector for Echo {
    fn call(&self, request: SdkRequest) -> HttpConnectorFuture {
        let ok = aws_smithy_runtime_api::http::StatusCode::try_from(200).expect("200 is a status");
        let mut answer = SdkResponse::new(ok, SdkBody::empty());
        for (name, value) in request.headers() {
            answer.headers_mut().append(name.to_owned(), value.to_owned());
        }
        HttpConnectorFuture::ready(Ok(answer))
    }
}
