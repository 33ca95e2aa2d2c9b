//! Every way in which a call through the SDK can fail, as a [`ServiceError`]. Nothing of the SDK's own wording of a
//! service's answer is used: AppSync shows the service's.

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::backend::ServiceError;
use crate::value::{Str, Value, object};

/// What a failed call of `service` comes to. `role`: whose rights it was made with, where it is not the process's own.
pub(super) fn service_error<E>(error: &SdkError<E, HttpResponse>, service: &str, role: Option<&str>) -> ServiceError
where
    E: std::error::Error + 'static,
{
    if let Some(answered) = error.raw_response().and_then(error_answer) {
        return answered;
    }
    if let Some(problem) = credentials_error(error, role) {
        return problem;
    }
    let what = match error {
        SdkError::TimeoutError(_) => format!("{service} did not answer in time"),
        SdkError::ConstructionFailure(_) => format!("the call to {service} could not be prepared"),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => format!("{service} did not answer in time"),
        SdkError::ResponseError(_) | SdkError::ServiceError(_) => format!("the answer of {service} could not be read"),
        _ => format!("{service} could not be reached"),
    };
    let status = match error.raw_response().map(|response| response.status().as_u16()) {
        Some(status) if status >= 300 => format!("HTTP status {status}: "),
        _ => String::new(),
    };
    client_error(what).because(format!("{status}{}", causes(error)))
}

/// What the service said, if it was the service.
pub(super) fn error_answer(response: &HttpResponse) -> Option<ServiceError> {
    if response.status().is_success() {
        return None;
    }
    let body: Value = serde_json::from_slice(response.body().bytes()?).ok()?;
    // Proxies and emulators sometimes name the error in the header alone.
    let code = body.get("__type").and_then(Value::as_str).or_else(|| response.headers().get("x-amzn-errortype"))?;
    // The name may stand between a namespace and a link: `com.amazonaws…#Name:http://…`.
    let code = code.rsplit('#').next().unwrap_or(code);
    let code = code.split(':').next().unwrap_or(code);
    // Most errors say `message`, some `Message`; a few say nothing.
    let message =
        ["message", "Message"].iter().find_map(|member| body.get(member).and_then(Value::as_str)).unwrap_or_default();
    Some(ServiceError {
        code: code.into(),
        message: message.into(),
        status: response.status().as_u16(),
        // The Java SDK, and so AppSync, prints an id that did not come as `null`.
        request_id: response.headers().get("x-amzn-requestid").unwrap_or("null").into(),
        body,
        ..ServiceError::default()
    })
}

/// The call was never sent because nobody could sign it.
fn credentials_error(error: &(dyn std::error::Error + 'static), role: Option<&str>) -> Option<ServiceError> {
    let problem = chain(error).find_map(|cause| cause.downcast_ref::<CredentialsError>())?;
    let refusal = chain(problem).find_map(|cause| cause.downcast_ref::<AssumeRoleError>());
    let (Some(role), Some(refusal)) = (role, refusal) else {
        let causes = causes(problem);
        return Some(match role {
            Some(role) => client_error(format!("role `{role}` could not be assumed")).because(causes),
            None => client_error("no AWS credentials were found".to_owned())
                .because(format!("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE: {causes}")),
        });
    };
    let status = chain(problem)
        .find_map(|cause| cause.downcast_ref::<SdkError<AssumeRoleError, HttpResponse>>())
        .and_then(SdkError::raw_response)
        .map_or(0, |response| response.status().as_u16());
    let said = refusal.message().or(refusal.code()).unwrap_or("no reason was given");
    let message = format!(
        "role `{role}` could not be assumed: {said} (Service: Sts, Status Code: {status}, Request ID: {})",
        refusal.meta().request_id().unwrap_or("null")
    );
    // How AppSync words this is UNCONFIRMED; the type follows its rule, the class of the Java SDK's exception
    // (spec appsync-js 3.0).
    Some(ServiceError { code: Str::new_static("StsException"), ..client_error(message) })
}

/// The class that the Java SDK, and so AppSync, gives to what went wrong on this side of the wire.
pub(super) fn client_error(message: String) -> ServiceError {
    ServiceError {
        code: Str::new_static("SdkClientException"),
        body: object! { "message" => message.as_str() },
        message: message.into(),
        ..ServiceError::default()
    }
}

/// An error and what it comes from, outermost first.
pub(super) fn chain<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

/// The texts of the causes, outermost first. Their `Display` holds no credentials; their `Debug` might.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    for text in chain(error).skip(1).map(ToString::to_string) {
        // Wrappers often repeat what they wrap.
        if !texts.iter().any(|earlier| earlier.contains(&text)) {
            texts.push(text);
        }
    }
    if texts.is_empty() { error.to_string() } else { texts.join(": ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_types::body::SdkBody;

    fn answered(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> Option<ServiceError> {
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        for (name, value) in headers {
            response.headers_mut().insert(*name, *value);
        }
        error_answer(&response)
    }

    #[test]
    fn an_error_is_named_without_namespace_and_link_wherever_the_name_stands() {
        for (headers, body) in [
            (&[][..], r#"{"__type":"com.amazonaws.dynamodb.v20120810#LimitExceededException","message":"m"}"#),
            (&[], r#"{"__type":"LimitExceededException","Message":"m"}"#),
            (&[("x-amzn-errortype", "LimitExceededException:http://internal.amazon.com/")], r#"{"message":"m"}"#),
        ] {
            let error = answered(400, headers, body).unwrap();
            assert_eq!((error.code.as_str(), error.message.as_str()), ("LimitExceededException", "m"), "{body}");
            assert_eq!((error.status, error.request_id.as_str()), (400, "null"));
        }
        let id = [("x-amzn-requestid", "R1")];
        assert_eq!(answered(500, &id, r#"{"__type":"x#InternalServerError"}"#).unwrap().request_id, "R1");
    }

    #[test]
    fn what_names_no_error_is_none() {
        assert_eq!(answered(500, &[], "{}"), None);
        assert_eq!(answered(500, &[], "<html>"), None);
        assert_eq!(answered(200, &[], r#"{"__type":"x"}"#), None);
    }
}
