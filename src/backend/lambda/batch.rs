//! AppSync's BatchInvoke: several payloads become one list, and the answer is taken apart again.

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::backend::ServiceError;
use crate::backend::lambda::{LambdaAnswer, LambdaInvocationType};
use crate::context::FieldId;
use crate::value::Str;

/// What an item of a list says about the others.
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    /// The field that asks. Items of different fields never share a list.
    pub field: FieldId,
    /// Most items in one list.
    pub most_items: usize,
}

/// The code of a call whose answer is no list with one element for each item.
pub const UNFIT_ANSWER: &str = "UnfitBatchAnswer";

/// One payload that is the list of all.
pub fn join<'a>(payloads: impl IntoIterator<Item = &'a Bytes>) -> Bytes {
    let mut list = vec![b'['];
    for payload in payloads {
        if list.len() > 1 {
            list.push(b',');
        }
        list.extend_from_slice(payload);
    }
    list.push(b']');
    list.into()
}

/// The answer for each of `items` payloads. A function that failed has failed for all of them; of an event nobody hears.
///
/// # Errors
/// [`UNFIT_ANSWER`] where the answer is no list, or one of another length. That all items fail then, and the text, are
/// UNCONFIRMED (spec appsync-service 7.4).
pub fn split(
    answer: &LambdaAnswer,
    invocation_type: LambdaInvocationType,
    items: usize,
) -> Result<Vec<LambdaAnswer>, ServiceError> {
    if answer.function_error.is_some() || invocation_type == LambdaInvocationType::Event {
        return Ok(vec![answer.clone(); items]);
    }
    let elements: Vec<&RawValue> =
        serde_json::from_slice(&answer.payload).map_err(|_| unfit(items, "something else".to_owned()))?;
    if elements.len() != items {
        return Err(unfit(items, counted(elements.len())));
    }
    let part = |element: &RawValue| answer.payload.slice_ref(element.get().as_bytes());
    Ok(elements.into_iter().map(|element| LambdaAnswer { payload: part(element), function_error: None }).collect())
}

fn unfit(items: usize, got: String) -> ServiceError {
    let expected = counted(items);
    let message = format!("The function must answer BatchInvoke with a list of {expected} but gave {got}.");
    ServiceError { code: Str::new_static(UNFIT_ANSWER), message: message.into(), ..ServiceError::default() }
}

fn counted(elements: usize) -> String {
    format!("{elements} element{}", if elements == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(payload: &'static str, items: usize) -> Result<Vec<String>, String> {
        let answer = LambdaAnswer { payload: payload.into(), function_error: None };
        let text = |part: LambdaAnswer| String::from_utf8(part.payload.to_vec()).unwrap();
        match split(&answer, LambdaInvocationType::RequestResponse, items) {
            Ok(parts) => Ok(parts.into_iter().map(text).collect()),
            Err(error) => Err(error.message.to_string()),
        }
    }

    #[test]
    fn payloads_are_joined_in_order_and_answers_taken_apart_without_being_touched() {
        let payloads = ["1", r#"{"a":[2]}"#, "null"].map(Bytes::from);
        assert_eq!(join(&payloads), r#"[1,{"a":[2]},null]"#);
        assert_eq!(join(&payloads[..1]), "[1]");
        assert_eq!(parts(r#" [ 1.50 , {"a": [2]}, null ]"#, 3).unwrap(), ["1.50", r#"{"a": [2]}"#, "null"]);
    }

    #[test]
    fn an_answer_that_does_not_fit_is_refused_as_a_whole() {
        for (payload, got) in [("[1]", "1 element"), ("[1,2,3]", "3 elements"), ("[]", "0 elements")] {
            let said = format!("The function must answer BatchInvoke with a list of 2 elements but gave {got}.");
            assert_eq!(parts(payload, 2), Err(said));
        }
        for payload in ["", "null", r#"{"0":1,"1":2}"#, "[1,", "[1,2] 3"] {
            assert!(parts(payload, 2).unwrap_err().ends_with("but gave something else."), "{payload}");
        }
    }

    #[test]
    fn a_failure_is_that_of_every_item_and_an_event_has_no_answer() {
        let failed = LambdaAnswer::unhandled("Taken", "too late");
        let parts = split(&failed, LambdaInvocationType::RequestResponse, 2).unwrap();
        assert_eq!(parts, [failed.clone(), failed]);
        let accepted = LambdaAnswer::default();
        assert_eq!(split(&accepted, LambdaInvocationType::Event, 2).unwrap(), [accepted.clone(), accepted]);
    }
}
