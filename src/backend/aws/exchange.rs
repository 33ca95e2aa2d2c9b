//! What travels: our own operation and body in place of the SDK's, and the answer as it came.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use bytes::Bytes;

use crate::backend::aws::failure::client_error;
use crate::backend::aws::repeat::Unanswered;
use crate::backend::{Operation, ServiceError};
use crate::value::Value;

/// The version of DynamoDB's API, as its requests name it.
const TARGET: &str = "DynamoDB_20120810";

/// Makes the SDK's request that of one call, keeps the body of the answer and notes the attempts without one.
#[derive(Clone, Debug)]
pub(super) struct Exchange {
    operation: Operation,
    body: Bytes,
    answer: Arc<Mutex<Option<Bytes>>>,
    unanswered: Arc<Unanswered>,
}

impl Exchange {
    pub fn new(operation: Operation, request: &Value) -> Exchange {
        Exchange { operation, body: request.to_string().into(), answer: Arc::default(), unanswered: Arc::default() }
    }

    pub fn unanswered(&self) -> &Unanswered {
        &self.unanswered
    }

    /// The answer of a call that succeeded.
    ///
    /// # Errors
    /// `SdkClientException` when it is no JSON.
    pub fn answer(&self) -> Result<Value, ServiceError> {
        let bytes = self.answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let unreadable = |why: &dyn std::fmt::Display| {
            client_error("the answer of DynamoDB could not be read".to_owned()).because(why.to_string())
        };
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
        let headers = request.headers_mut();
        headers.insert("x-amz-target", format!("{TARGET}.{}", self.operation.name()));
        headers.insert("content-length", self.body.len().to_string());
        *request.body_mut() = SdkBody::from(self.body.clone());
        Ok(())
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.unanswered.sent();
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.unanswered.ended(context.output_or_error().and_then(Result::err), context.response());
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

/// Turns a call into an anonymous `GET /`, which DynamoDB answers without looking at rights: all that is wanted is the
/// connection, and the credentials that the SDK has fetched by the time it signs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Greeting;

#[dyn_dispatch_hint]
impl Intercept for Greeting {
    fn name(&self) -> &'static str {
        "Greeting"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        request.set_method("GET")?;
        *request.body_mut() = SdkBody::empty();
        for header in ["authorization", "x-amz-security-token", "x-amz-target", "content-type", "content-length"] {
            request.headers_mut().remove(header);
        }
        Ok(())
    }
}
