//! What went wrong with a function, as `ctx.error` tells it (spec appsync-service 7.6, appsync-js 4.1 and 5).
//!
//! | what happened | type | message |
//! |---|---|---|
//! | the function threw an error of a class of its own | direct: the class; else `Lambda:Unhandled` | the error's |
//! | it threw any other error, or its process ended | `Lambda:Unhandled` | the error's |
//! | it threw `UnauthorizedException` | as above | `You are not authorized to make this call.` |
//! | it took longer than it may, or than the request has | `Lambda:ExecutionTimeoutException` | `Execution timed out.` |
//! | its list of answers does not fit | `MappingTemplate` | what was expected |
//! | Lambda refused the call | `Lambda:` and its exception | Lambda's |
//! | the call never came to Lambda | `Lambda:` and what failed | on a laptop why, else that it failed |

use crate::backend::ServiceError;
use crate::backend::lambda::batch::UNFIT_ANSWER;
use crate::context::DataSourceError;
use crate::datasource::service_failure;
use crate::value::{Str, Value};

const TIMED_OUT: &str = "ExecutionTimeoutException";
const NOT_CALLED: &str = "The function could not be called";

/// How a function failed, by its answer `{errorType, errorMessage}`. `kind`: Lambda's word for it, `Unhandled` today.
/// `is_direct`: there is no code for the request, and clients see the class of the error.
pub(super) fn of_function(payload: &[u8], kind: &str, is_direct: bool) -> DataSourceError {
    let answer = std::str::from_utf8(payload).ok().and_then(|text| Value::parse(text).ok()).unwrap_or_default();
    let text = |member: &str| answer.get(member).and_then(Value::as_str);
    let class = text("errorType").unwrap_or_default();
    let message = text("errorMessage").unwrap_or("The function failed without a message.");
    // Whether AppSync tells a function's own limit of time from its own is UNCONFIRMED; older runtimes name no class.
    if class == "Sandbox.Timedout" || (class.is_empty() && message.contains(" Task timed out after ")) {
        return timed_out();
    }
    let message = match class {
        // That code sees it like that too is UNCONFIRMED.
        "UnauthorizedException" => "You are not authorized to make this call.",
        _ => message,
    };
    let error_type = if is_direct && is_of_its_own(class) { class } else { &format!("Lambda:{kind}") };
    DataSourceError::new(error_type, message)
}

/// Whether an error's class is one that its author has named. Which ones AppSync takes for plain errors is UNCONFIRMED
/// (spec appsync-service 12): here it is the general classes of the languages, and what Lambda itself names in two parts.
fn is_of_its_own(class: &str) -> bool {
    const GENERAL: [&str; 6] =
        ["", "Error", "Exception", "RuntimeException", "java.lang.Exception", "java.lang.RuntimeException"];
    const LAMBDAS: [&str; 4] = ["Runtime.", "Function.", "Sandbox.", "Extension."];
    !GENERAL.contains(&class) && !LAMBDAS.iter().any(|prefix| class.starts_with(prefix))
}

/// Why there is no answer. What Lambda says is shown as AppSync shows it; what failed on this side of the wire names
/// addresses, roles and programs, which are nobody's business but the operator's.
pub(super) fn of_service(error: &ServiceError) -> DataSourceError {
    let error_type = match error.code.as_str() {
        TIMED_OUT => return timed_out(),
        UNFIT_ANSWER => return DataSourceError::new("MappingTemplate", error.message.clone()),
        code => format!("Lambda:{code}"),
    };
    // Texts and types of what Lambda refuses are UNCONFIRMED, those of payloads that are too large among them; they
    // follow what AppSync makes of DynamoDB's.
    let failure = service_failure(error, "Lambda", error_type);
    if error.status != 0 {
        return failure;
    }
    DataSourceError { message: Str::new_static(NOT_CALLED), cause: error.to_string().into(), ..failure }
}

/// An answer that only a function of an unusual runtime, or a stand-in for one, can give. How AppSync reads it is
/// UNCONFIRMED.
pub(super) fn no_json() -> DataSourceError {
    DataSourceError::new("Lambda:Unhandled", "The answer of the function is no JSON.")
}

fn timed_out() -> DataSourceError {
    DataSourceError::new(format!("Lambda:{TIMED_OUT}"), "Execution timed out.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(payload: &str, is_direct: bool) -> (String, String) {
        let DataSourceError { message, error_type, .. } = of_function(payload.as_bytes(), "Unhandled", is_direct);
        (error_type.to_string(), message.to_string())
    }

    #[test]
    fn only_direct_resolvers_show_the_class_of_an_error_and_only_one_that_has_a_name() {
        for (class, shown) in [
            ("PriceUnknown", "PriceUnknown"),
            ("com.example.PriceUnknown", "com.example.PriceUnknown"),
            ("TypeError", "TypeError"),
            ("Error", "Lambda:Unhandled"),
            ("Exception", "Lambda:Unhandled"),
            ("java.lang.RuntimeException", "Lambda:Unhandled"),
            ("Runtime.ExitError", "Lambda:Unhandled"),
            ("Function.ResponseSizeTooLarge", "Lambda:Unhandled"),
        ] {
            let payload = format!(r#"{{"errorType":"{class}","errorMessage":"no price"}}"#);
            assert_eq!(failed(&payload, true), (shown.into(), "no price".into()));
            assert_eq!(failed(&payload, false), ("Lambda:Unhandled".into(), "no price".into()));
        }
    }

    #[test]
    fn a_function_that_says_little_is_understood_all_the_same() {
        let silent = ("Lambda:Unhandled".to_owned(), "The function failed without a message.".to_owned());
        for payload in ["", "null", "{}", "<html>", r#"{"errorType":null,"errorMessage":7}"#] {
            assert_eq!(failed(payload, true), silent, "{payload}");
        }
        assert_eq!(failed(r#"{"errorMessage":"m"}"#, true), ("Lambda:Unhandled".into(), "m".into()));
    }

    #[test]
    fn who_is_not_let_in_hears_appsyncs_words() {
        let payload = r#"{"errorType":"UnauthorizedException","errorMessage":"tenant 7 is blocked"}"#;
        let said = "You are not authorized to make this call.".to_owned();
        assert_eq!(failed(payload, true), ("UnauthorizedException".into(), said.clone()));
        assert_eq!(failed(payload, false), ("Lambda:Unhandled".into(), said));
    }

    #[test]
    fn every_limit_of_time_reads_the_same() {
        let timed_out = ("Lambda:ExecutionTimeoutException".to_owned(), "Execution timed out.".to_owned());
        for payload in [
            r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: 1 Error: Task timed out after 3.00 seconds"}"#,
            r#"{"errorMessage":"2026-11-22T12:00:00.000Z 1 Task timed out after 3.00 seconds"}"#,
        ] {
            assert_eq!(failed(payload, true), timed_out);
            assert_eq!(failed(payload, false), timed_out);
        }
        let late = ServiceError { code: TIMED_OUT.into(), message: "any".into(), ..ServiceError::default() };
        let DataSourceError { message, error_type, .. } = of_service(&late);
        assert_eq!((error_type.to_string(), message.to_string()), timed_out);
    }

    #[test]
    fn what_lambda_says_is_told_and_what_failed_before_it_is_a_cause() {
        let throttled = ServiceError {
            code: "TooManyRequestsException".into(),
            message: "Rate Exceeded.".into(),
            status: 429,
            request_id: "R1".into(),
            ..ServiceError::default()
        };
        let told = "Rate Exceeded. (Service: Lambda, Status Code: 429, Request ID: R1)";
        assert_eq!(of_service(&throttled), DataSourceError::new("Lambda:TooManyRequestsException", told));
        let unreachable = ServiceError {
            code: "SdkClientException".into(),
            message: "function `pricing` at http://10.0.0.7/ could not be reached".into(),
            cause: "connection refused".into(),
            ..ServiceError::default()
        };
        let cause = "function `pricing` at http://10.0.0.7/ could not be reached: connection refused".into();
        let told = DataSourceError::new("Lambda:SdkClientException", "The function could not be called");
        assert_eq!(of_service(&unreachable), DataSourceError { cause, ..told });
    }

    #[test]
    fn a_list_that_does_not_fit_is_a_mistake_of_the_resolver() {
        let unfit = ServiceError { code: UNFIT_ANSWER.into(), message: "m".into(), ..ServiceError::default() };
        let DataSourceError { message, error_type, .. } = of_service(&unfit);
        assert_eq!((error_type.as_str(), message.as_str()), ("MappingTemplate", "m"));
    }
}
