//! The two versions of a unit resolver's mapping templates (spec appsync-vtl 9). Scripts and the functions of pipelines know
//! only the younger one's rules, whatever their requests say.

use crate::error::FieldError;
use crate::value::Value;

/// What a request template's `version` says. Versions differ in what follows on the data source's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// `2017-02-28`: an error of the data source is the field's.
    V2017,
    /// `2018-05-29`: the response template says what becomes of an error.
    V2018,
}

impl Version {
    /// The version of a unit resolver's request. `needs_2018`: its data source came with the younger one.
    ///
    /// # Errors
    /// `MappingTemplate` where there is none or an unknown one, or where the data source or the operation is younger than it.
    /// That AppSync says it in these words is UNCONFIRMED.
    pub fn of(request: &Value, needs_2018: bool) -> Result<Version, FieldError> {
        // The data source says what is wrong with a request that is no object.
        let Value::Object(members) = request else { return Ok(Version::V2018) };
        match members.get("version") {
            None | Some(Value::Null) => Err(FieldError::mapping_template("Value for field '$[version]' not found.")),
            Some(version) if version.as_str() == Some("2018-05-29") => Ok(Version::V2018),
            Some(version) if version.as_str() == Some("2017-02-28") => {
                if needs_2018 {
                    let message = "Unsupported version '2017-02-28' for this data source: write '2018-05-29'.";
                    return Err(FieldError::mapping_template(message));
                }
                let operation = members.get("operation").and_then(Value::as_str).unwrap_or_default();
                if YOUNGER_OPERATIONS.contains(&operation) {
                    let message =
                        format!("Unsupported operation '{operation}' in version '2017-02-28': write '2018-05-29'.");
                    return Err(FieldError::mapping_template(message));
                }
                Ok(Version::V2017)
            }
            Some(_) => Err(FieldError::mapping_template(
                "Unsupported value for field '$[version]': expected '2017-02-28' or '2018-05-29'.",
            )),
        }
    }
}

/// DynamoDB's operations of several items need the younger version. Lambda's BatchInvoke does not: AWS's documents and
/// tools write it with either.
const YOUNGER_OPERATIONS: &[&str] =
    &["BatchGetItem", "BatchPutItem", "BatchDeleteItem", "TransactGetItems", "TransactWriteItems"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::object;

    fn of(request: &str) -> Result<Version, String> {
        Version::of(&Value::parse(request).unwrap(), false).map_err(|error| error.message.to_string())
    }

    #[test]
    fn a_unit_resolver_s_request_says_its_version() {
        assert_eq!(of(r#"{"version":"2017-02-28","operation":"GetItem"}"#), Ok(Version::V2017));
        assert_eq!(of(r#"{"version":"2018-05-29","operation":"BatchGetItem"}"#), Ok(Version::V2018));
        assert_eq!(of(r#"{"version":"2017-02-28","operation":"BatchInvoke"}"#), Ok(Version::V2017));
        assert_eq!(of(r#"{"operation":"GetItem"}"#), Err("Value for field '$[version]' not found.".into()));
        assert!(of(r#"{"version":"2018-05-30"}"#).unwrap_err().contains("expected '2017-02-28' or '2018-05-29'"));
        assert!(of(r#"{"version":20180529}"#).unwrap_err().contains("$[version]"));
    }

    #[test]
    fn a_data_source_may_be_younger_than_the_first_version() {
        let of = |version: &str| Version::of(&object! { "version" => version }, true);
        assert!(of("2017-02-28").unwrap_err().message.contains("for this data source: write '2018-05-29'"));
        assert_eq!(of("2018-05-29"), Ok(Version::V2018));
    }

    #[test]
    fn operations_of_several_items_are_younger_than_the_first_version() {
        for operation in YOUNGER_OPERATIONS {
            let request = format!(r#"{{"version":"2017-02-28","operation":"{operation}"}}"#);
            assert!(of(&request).unwrap_err().contains(operation));
        }
    }
}
