//! What a request document becomes, and an answer, where no process is needed to see it.

use std::sync::Mutex;

use futures_util::FutureExt;

use super::*;
use crate::backend::lambda::LambdaInvoke;
use crate::backend::{ServiceError, Unavailable};
use crate::clock::Clock;
use crate::context::{Context, FieldId};
use crate::datasource::stand_ins::NoTables;
use crate::datasource::{DomainRights, TokenKey};
use crate::value::object;

/// Answers every call alike and notes what it was asked, with the length of lists.
struct Function {
    answer: Result<LambdaAnswer, ServiceError>,
    asked: Mutex<Vec<(LambdaInvocation, Option<Batch>)>>,
}

impl Function {
    fn answering(payload: &'static str) -> Function {
        Function::new(Ok(LambdaAnswer { payload: payload.into(), function_error: None }))
    }

    fn new(answer: Result<LambdaAnswer, ServiceError>) -> Function {
        Function { answer, asked: Mutex::default() }
    }

    fn note(
        &self,
        invocation: LambdaInvocation,
        batch: Option<Batch>,
    ) -> BoxFuture<'_, Result<LambdaAnswer, ServiceError>> {
        self.asked.lock().unwrap().push((invocation, batch));
        std::future::ready(self.answer.clone()).boxed()
    }

    /// The only call so far.
    fn asked(&self) -> (LambdaInvocation, Option<Batch>) {
        let [asked] = <[_; 1]>::try_from(std::mem::take(&mut *self.asked.lock().unwrap())).unwrap();
        asked
    }
}

impl LambdaInvoke for Function {
    fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'_, Result<LambdaAnswer, ServiceError>> {
        self.note(invocation, None)
    }

    fn batch_invoke(&self, item: LambdaInvocation, batch: Batch) -> BoxFuture<'_, Result<LambdaAnswer, ServiceError>> {
        self.note(item, Some(batch))
    }
}

/// Which handlers there are.
#[derive(Clone, Copy)]
struct Stage {
    has_request: bool,
    has_response: bool,
}

const HANDLED: Stage = Stage { has_request: true, has_response: true };
const DIRECT: Stage = Stage { has_request: false, has_response: false };

fn invoke(
    source: &LambdaSource,
    lambda: &dyn LambdaInvoke,
    request: &str,
    stage: Stage,
) -> Result<Outcome, FieldError> {
    let ctx = Context { arguments: object! { "id" => "1" }, field: FieldId(7), ..Context::default() };
    let rights = DomainRights::new("pricing").with_role(Some("arn:role".into()));
    let call = Invocation {
        request: &Value::parse(request).unwrap(),
        has_request: stage.has_request,
        has_response: stage.has_response,
        dynamodb: &NoTables,
        lambda,
        http: &Unavailable,
        event_bus: &Unavailable,
        ctx: &ctx,
        output_type: "Price",
        rights: &rights,
        coordinate: "Product.price",
        token_key: &TokenKey::derive(b"test"),
        clock: &Clock::fixed(0, 1),
        shows_stored_item: false,
    };
    source.invoke(call).now_or_never().expect("functions answer at once here")
}

fn text(payload: &[u8]) -> &str {
    std::str::from_utf8(payload).unwrap()
}

#[test]
fn the_payload_is_the_event_and_goes_out_with_the_domains_role() {
    let source = LambdaSource::new("pricing:live").with_max_batch_size(Some(10));
    let function = Function::answering("[1.50]");
    let outcome = invoke(&source, &function, r#"{"operation":"Invoke","payload":{"n":1.50}}"#, HANDLED);
    assert_eq!(outcome, Ok(Outcome::success(Value::parse("[1.50]").unwrap())));
    let (asked, batch) = function.asked();
    assert_eq!((asked.function.as_str(), asked.role.as_deref()), ("pricing:live", Some("arn:role")));
    assert_eq!(text(&asked.payload), Value::parse(r#"{"n":1.50}"#).unwrap().to_string());
    assert_eq!((asked.invocation_type, batch.is_none()), (LambdaInvocationType::RequestResponse, true));
}

#[test]
fn lists_have_appsyncs_five_items_unless_it_says_otherwise_and_direct_ones_are_lists_only_then() {
    let batch_invoke = r#"{"operation":"BatchInvoke","payload":1}"#;
    for (size, of_code, direct) in
        [(None, 5, None), (Some(0), 5, None), (Some(1), 1, Some(1)), (Some(2000), 2000, Some(2000))]
    {
        let source = LambdaSource::new("pricing").with_max_batch_size(size);
        let asked = |request, stage| {
            let function = Function::answering("null");
            invoke(&source, &function, request, stage).unwrap();
            function.asked().1.map(|Batch { field, most_items }| {
                assert_eq!(field, FieldId(7));
                most_items
            })
        };
        assert_eq!(asked(batch_invoke, HANDLED), Some(of_code), "{size:?}");
        assert_eq!(asked("{}", DIRECT), direct, "{size:?}");
        assert_eq!(asked(r#"{"operation":"Invoke"}"#, HANDLED), None, "{size:?}");
    }
}

#[test]
fn a_direct_resolver_sends_its_context_whatever_the_document() {
    let function = Function::answering("null");
    invoke(&LambdaSource::new("pricing"), &function, "{}", DIRECT).unwrap();
    let event = Value::parse(text(&function.asked().0.payload)).unwrap();
    assert_eq!(event.get("arguments"), Some(&object! { "id" => "1" }));
}

#[test]
fn an_element_of_a_direct_list_is_data_or_an_error_and_otherwise_nothing() {
    let source = LambdaSource::new("pricing").with_max_batch_size(Some(2));
    let error = |message: &str, error_type: Option<&str>, data: Value| {
        Err(FieldError {
            message: message.into(),
            error_type: error_type.map(Str::from),
            data,
            ..FieldError::default()
        })
    };
    for (element, expected) in [
        (r#"{"data":{"net":1},"other":2}"#, Ok(object! { "net" => 1 })),
        (r#"{"data":1,"errorMessage":null,"errorType":"T"}"#, Ok(1.into())),
        (r#"{"data":1,"errorMessage":false}"#, Ok(1.into())),
        (r#"{"net":1}"#, Ok(Value::Null)),
        ("null", Ok(Value::Null)),
        ("7", Ok(Value::Null)),
        (r#"{"data":1,"errorMessage":"m","errorType":"T"}"#, error("m", Some("T"), 1.into())),
        (r#"{"errorMessage":""}"#, error("", None, Value::Null)),
        (r#"{"errorMessage":404,"errorType":4}"#, error("404", Some("4"), Value::Null)),
    ] {
        let function = Function::answering(element);
        assert_eq!(invoke(&source, &function, "{}", DIRECT), expected.map(Outcome::success), "{element}");
    }
    // With a handler of either kind the element is that handler's business.
    for stage in [HANDLED, Stage { has_response: true, ..DIRECT }, Stage { has_response: false, ..HANDLED }] {
        let element = r#"{"data":1,"errorMessage":"m"}"#;
        let function = Function::answering(element);
        let outcome = invoke(&source, &function, r#"{"operation":"BatchInvoke"}"#, stage);
        assert_eq!(outcome, Ok(Outcome::success(Value::parse(element).unwrap())));
    }
}

#[test]
fn an_answer_that_is_no_json_is_a_failure_and_none_at_all_is_null() {
    for (payload, result) in [("", Value::Null), (" null ", Value::Null), ("\"a\"", "a".into())] {
        let function = Function::answering(payload);
        let outcome = invoke(&LambdaSource::new("pricing"), &function, "{}", DIRECT);
        assert_eq!(outcome, Ok(Outcome::success(result)));
    }
    let function = Function::answering("<html>");
    let outcome = invoke(&LambdaSource::new("pricing"), &function, "{}", DIRECT).unwrap();
    let error = outcome.error.unwrap();
    assert_eq!(
        (error.error_type.as_str(), error.message.as_str()),
        ("Lambda:Unhandled", "The answer of the function is no JSON.")
    );
}

#[test]
fn an_event_has_no_result_whatever_comes_back() {
    for operation in ["Invoke", "BatchInvoke"] {
        let function = Function::answering("accepted");
        let request = format!(r#"{{"operation":"{operation}","invocationType":"Event","payload":1}}"#);
        assert_eq!(invoke(&LambdaSource::new("audit"), &function, &request, HANDLED), Ok(Outcome::default()));
        let (asked, batch) = function.asked();
        assert_eq!((asked.invocation_type, batch.is_some()), (LambdaInvocationType::Event, operation == "BatchInvoke"));
    }
}

#[test]
fn nothing_is_sent_for_a_document_that_is_refused() {
    for request in [
        "null",
        "{}",
        r#"{"operation":1}"#,
        r#"{"operation":"GetItem"}"#,
        r#"{"operation":"Invoke","key":1}"#,
        r#"{"operation":"Invoke","invocationType":"DryRun"}"#,
    ] {
        let function = Function::answering("1");
        let error = invoke(&LambdaSource::new("pricing"), &function, request, HANDLED).unwrap_err();
        assert_eq!(error.error_type.as_deref(), Some("MappingTemplate"), "{request}");
        assert!(function.asked.lock().unwrap().is_empty());
    }
}
