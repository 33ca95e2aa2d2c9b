//! `NONE`: answers with what it was given.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::datasource::document::Element;
use crate::datasource::{DataSource, Invocation, Outcome};
use crate::error::FieldError;
use crate::value::Value;

/// The data source without a resource (spec appsync-js 4.4): `{payload: x}` gives `x`, no payload gives null.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoneSource;

impl DataSource for NoneSource {
    fn invoke<'a>(&'a self, call: Invocation<'a>) -> BoxFuture<'a, Result<Outcome, FieldError>> {
        std::future::ready(payload(call.request).map(Outcome::success)).boxed()
    }

    fn may_write_elsewhere(&self) -> bool {
        false
    }
}

fn payload(request: &Value) -> Result<Value, FieldError> {
    // A handler that returns nothing has nothing to say; AppSync's own samples return `{}`.
    if request.is_null() {
        return Ok(Value::Null);
    }
    let document = Element::root(request);
    document.allow_only(&["payload", "version"])?;
    Ok(document.member("payload").map_or(Value::Null, |payload| payload.value.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_is_the_result_and_its_absence_is_null() {
        for (request, result) in [
            (r#"{"payload":{"a":[1]}}"#, r#"{"a":[1]}"#),
            (r#"{"version":"2018-05-29","payload":0}"#, "0"),
            (r#"{"payload":null}"#, "null"),
            ("{}", "null"),
            ("null", "null"),
        ] {
            assert_eq!(payload(&Value::parse(request).unwrap()), Ok(Value::parse(result).unwrap()), "{request}");
        }
    }

    #[test]
    fn other_members_are_refused_as_appsync_refuses_them() {
        let error = payload(&Value::parse(r#"{"playload":1}"#).unwrap()).unwrap_err();
        assert_eq!(error, FieldError::mapping_template("Unsupported element '$[playload]'."));
        assert!(payload(&Value::from("text")).is_err());
    }
}
