//! Functions: which items share a list, in which order, and what becomes of answers that do not fit.

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{join, join_all};

use super::*;
use crate::backend::Unavailable;
use crate::backend::lambda::batch::UNFIT_ANSWER;
use crate::backend::lambda::{Batch, Functions, LambdaAnswer, LambdaInvocation, LambdaInvocationType, LambdaInvoke};
use crate::context::FieldId;
use crate::limits;
use crate::value::object;

type Answered = Result<LambdaAnswer, ServiceError>;

/// Functions that note their events, let others run and answer as `answers` says.
struct StandIn {
    events: Mutex<Vec<String>>,
    answers: fn(&LambdaInvocation) -> Answered,
    /// Every call waits until so many are under way.
    barrier: tokio::sync::Barrier,
}

impl StandIn {
    fn new(answers: fn(&LambdaInvocation) -> Answered) -> Arc<StandIn> {
        StandIn::meeting(1, answers)
    }

    fn meeting(calls: usize, answers: fn(&LambdaInvocation) -> Answered) -> Arc<StandIn> {
        Arc::new(StandIn { events: Mutex::default(), answers, barrier: tokio::sync::Barrier::new(calls) })
    }

    fn events(&self) -> Vec<String> {
        locked(&self.events).clone()
    }
}

impl LambdaInvoke for StandIn {
    fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'_, Answered> {
        locked(&self.events).push(text(&invocation.payload));
        Box::pin(async move {
            self.barrier.wait().await;
            tokio::task::yield_now().await;
            (self.answers)(&invocation)
        })
    }
}

/// Gives the event back.
fn echoes(invocation: &LambdaInvocation) -> Answered {
    Ok(LambdaAnswer { payload: invocation.payload.clone(), function_error: None })
}

fn text(payload: &Bytes) -> String {
    String::from_utf8(payload.to_vec()).unwrap()
}

/// No table is read where functions are all that is asked.
fn before(functions: &Arc<StandIn>, options: LoaderOptions) -> RequestLoader {
    let dynamodb = Arc::new(NoTables);
    RequestLoader::with_options(Backends { lambda: functions.clone(), ..Backends::new(dynamodb) }, options)
}

fn loader(functions: &Arc<StandIn>) -> RequestLoader {
    before(functions, LoaderOptions::default())
}

struct NoTables;

impl DynamoDb for NoTables {
    fn call(&self, operation: Operation, _: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        panic!("{operation:?} was called, and there are no tables here")
    }
}

/// Runs a future to its end. Calls that must meet and never do fail after a while, whatever the machine's speed.
fn run<F: Future>(future: F) -> F::Output {
    let bounded = async { tokio::time::timeout(Duration::from_secs(60), future).await.expect("it came to no end") };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(bounded)
}

fn item(payload: impl ToString) -> LambdaInvocation {
    LambdaInvocation { function: "pricing".into(), payload: payload.to_string().into(), ..LambdaInvocation::default() }
}

fn of_field(field: usize, most_items: usize) -> Batch {
    Batch { field: FieldId(field), most_items }
}

/// The answer as text, or the failure's code.
fn shown(answer: &Answered) -> String {
    match answer {
        Ok(LambdaAnswer { payload, function_error: None }) => text(payload),
        Ok(LambdaAnswer { payload, function_error: Some(kind) }) => format!("{kind} {}", text(payload)),
        Err(error) => error.code.to_string(),
    }
}

#[test]
fn two_hundred_siblings_travel_in_groups_of_five_in_the_order_of_asking_and_all_at_once() {
    let functions = StandIn::meeting(40, echoes);
    let loader = loader(&functions);
    let answers = run(loader.drive(join_all((0..200).map(|id| loader.batch_invoke(item(id), of_field(1, 5))))));
    let expected: Vec<String> = (0..200).map(|id| id.to_string()).collect();
    assert_eq!(answers.iter().map(shown).collect::<Vec<_>>(), expected);
    let groups: Vec<String> = expected.chunks(5).map(|group| format!("[{}]", group.join(","))).collect();
    assert_eq!(functions.events(), groups);
    assert_eq!(loader.stats(), Stats { calls: vec![(CallKind::Invoke, 40)], coalesced: 0 });
}

#[test]
fn a_list_is_as_long_as_its_items_allow_and_one_item_is_a_list_too() {
    for (items, most_items, expected) in [(3, 2000, "[0,1,2]"), (3, 2, "[0,1] [2]"), (1, 5, "[0]"), (2, 1, "[0] [1]")] {
        let functions = StandIn::new(echoes);
        let loader = loader(&functions);
        run(loader.drive(join_all((0..items).map(|id| loader.batch_invoke(item(id), of_field(1, most_items))))));
        assert_eq!(functions.events().join(" "), expected);
    }
}

#[test]
fn what_differs_in_field_step_function_role_or_kind_of_call_never_shares_a_list() {
    let functions = StandIn::new(echoes);
    let loader = loader(&functions);
    let (price, step) = (Str::from("Product.price"), Str::from("Product.price#2"));
    let (plain, in_step) = (loader.named(&price), loader.named(&step));
    let asked = |number: i32| {
        let (item, batch) = (item(number), of_field(1, 5));
        async move {
            match number % 6 {
                0 => plain.batch_invoke(item, batch).await,
                1 => plain.batch_invoke(item, of_field(2, 5)).await,
                2 => in_step.batch_invoke(item, batch).await,
                3 => plain.batch_invoke(LambdaInvocation { function: "other".into(), ..item }, batch).await,
                4 => plain.batch_invoke(LambdaInvocation { role: Some("arn:role".into()), ..item }, batch).await,
                _ => {
                    let event = LambdaInvocation { invocation_type: LambdaInvocationType::Event, ..item };
                    plain.batch_invoke(event, batch).await
                }
            }
        }
    };
    let answers = run(loader.drive(join_all((0..12).map(asked))));
    assert_eq!(functions.events(), ["[0,6]", "[1,7]", "[2,8]", "[3,9]", "[4,10]", "[5,11]"]);
    for (number, answer) in answers.iter().enumerate().filter(|(number, _)| number % 6 < 5) {
        assert_eq!(shown(answer), number.to_string());
    }
}

#[test]
fn a_call_that_is_no_item_travels_alone_and_at_once() {
    let functions = StandIn::new(echoes);
    let loader = loader(&functions);
    let answers = run(loader.drive(join_all((0..3).map(|id| loader.invoke(item(id))))));
    assert_eq!(answers.iter().map(shown).collect::<Vec<_>>(), ["0", "1", "2"]);
    assert_eq!(functions.events(), ["0", "1", "2"]);
}

#[test]
fn steps_that_become_ready_at_different_moments_travel_with_those_of_their_moment() {
    let functions = StandIn::new(echoes);
    let loader = loader(&functions);
    // Every third run takes a call more before it asks.
    let steps = |id: i32| {
        let loader = &loader;
        async move {
            if id % 3 == 0 {
                loader.invoke(item(format!("\"first {id}\""))).await.unwrap();
            }
            loader.batch_invoke(item(id), of_field(1, 5)).await
        }
    };
    let answers = run(loader.drive(join_all((0..6).map(steps))));
    assert_eq!(answers.iter().map(shown).collect::<Vec<_>>(), ["0", "1", "2", "3", "4", "5"]);
    assert_eq!(functions.events(), ["\"first 0\"", "\"first 3\"", "[1,2,4,5]", "[0,3]"]);
}

#[test]
fn a_failure_is_that_of_every_item_of_its_list_and_of_no_other() {
    // Lists of two; what the first element of a list is decides what becomes of it.
    let functions = StandIn::new(|invocation| match text(&invocation.payload).as_str() {
        "[0,1]" => Ok(LambdaAnswer::unhandled("Taken", "too late")),
        "[2,3]" => Err(ServiceError { code: "TooManyRequestsException".into(), ..ServiceError::default() }),
        "[4,5]" => Ok(LambdaAnswer { payload: "[4]".into(), function_error: None }),
        "[6,7]" => Ok(LambdaAnswer { payload: "{}".into(), function_error: None }),
        _ => Ok(LambdaAnswer { payload: "[null,{\"n\":9}]".into(), function_error: None }),
    });
    let loader = loader(&functions);
    let answers = run(loader.drive(join_all((0..10).map(|id| loader.batch_invoke(item(id), of_field(1, 2))))));
    let thrown = r#"Unhandled {"errorType":"Taken","errorMessage":"too late"}"#;
    let throttled = "TooManyRequestsException";
    let expected = [[thrown; 2], [throttled; 2], [UNFIT_ANSWER; 2], [UNFIT_ANSWER; 2], ["null", r#"{"n":9}"#]];
    assert_eq!(answers.iter().map(shown).collect::<Vec<_>>(), expected.concat());
    let said: Vec<_> = answers[4..8].iter().map(|answer| answer.as_ref().unwrap_err().message.as_str()).collect();
    assert!(said[0].ends_with("list of 2 elements but gave 1 element."), "{said:?}");
    assert!(said[2].ends_with("but gave something else."), "{said:?}");
}

#[test]
fn nobody_is_waited_for_where_nothing_gathers() {
    let functions = StandIn::new(echoes);
    let alone = loader(&functions);
    assert_eq!(shown(&run(alone.batch_invoke(item(1), of_field(1, 5)))), "1");
    let unbatched = before(&functions, LoaderOptions { batches: false, ..LoaderOptions::default() });
    let both = join(unbatched.batch_invoke(item(2), of_field(1, 5)), unbatched.batch_invoke(item(3), of_field(1, 5)));
    let (first, second) = run(unbatched.drive(both));
    assert_eq!((shown(&first), shown(&second)), ("2".into(), "3".into()));
    assert_eq!(functions.events(), ["[1]", "[2]", "[3]"]);
}

#[test]
fn a_function_that_does_not_answer_is_given_up_while_there_is_time_to_say_so() {
    struct Silent;
    impl LambdaInvoke for Silent {
        fn invoke(&self, _: LambdaInvocation) -> BoxFuture<'_, Answered> {
            Box::pin(std::future::pending())
        }
    }
    let (one, items) = run(async {
        // What is left of the request is less than the grace.
        let options = LoaderOptions { deadline: Some(tokio::time::Instant::now()), ..LoaderOptions::default() };
        let backends = Backends { lambda: Arc::new(Silent), ..Backends::new(Arc::new(NoTables)) };
        let loader = RequestLoader::with_options(backends, options);
        let items = join_all((0..2).map(|id| loader.batch_invoke(item(id), of_field(1, 5))));
        loader.drive(join(loader.invoke(item(1)), items)).await
    });
    for answer in std::iter::once(&one).chain(&items) {
        let error = answer.as_ref().unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.message.as_str()),
            ("ExecutionTimeoutException", "Execution timed out.")
        );
    }
}

#[test]
fn one_request_has_a_bounded_number_of_calls_under_way_and_the_others_follow() {
    /// Notes how many calls were under way at most.
    #[derive(Default)]
    struct Counting(Mutex<(usize, usize)>);
    impl LambdaInvoke for Counting {
        fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'_, Answered> {
            Box::pin(async move {
                {
                    let (under_way, most) = &mut *locked(&self.0);
                    *under_way += 1;
                    *most = (*most).max(*under_way);
                }
                for _ in 0..3 {
                    tokio::task::yield_now().await;
                }
                locked(&self.0).0 -= 1;
                echoes(&invocation)
            })
        }
    }
    let functions = Arc::new(Counting::default());
    let backends = Backends { lambda: functions.clone(), ..Backends::new(Arc::new(NoTables)) };
    let loader = RequestLoader::with_options(backends, LoaderOptions::default());
    let calls = limits::FUNCTION_CALLS_AT_ONCE * 3;
    let single = join_all((0..calls).map(|id| loader.invoke(item(id))));
    let lists = join_all((0..calls).map(|id| loader.batch_invoke(item(id), of_field(1, 1))));
    let (single, lists) = run(loader.drive(join(single, lists)));
    let expected: Vec<String> = (0..calls).map(|id| id.to_string()).collect();
    assert_eq!(single.iter().map(shown).collect::<Vec<_>>(), expected);
    assert_eq!(lists.iter().map(shown).collect::<Vec<_>>(), expected);
    assert_eq!(locked(&functions.0).1, limits::FUNCTION_CALLS_AT_ONCE);
}

#[test]
fn the_payloads_of_one_request_have_a_bound_together_and_make_room_again() {
    let functions = StandIn::new(|_| Ok(LambdaAnswer { payload: "[1]".into(), function_error: None }));
    let loader = loader(&functions);
    let megabytes = 4;
    let fit = limits::FUNCTION_PAYLOADS_BYTES / (megabytes * 1024 * 1024);
    let payload = Bytes::from(vec![b' '; megabytes * 1024 * 1024]);
    let large = || LambdaInvocation { payload: payload.clone(), ..item(0) };
    for _ in 0..2 {
        let single = join_all((0..fit / 2).map(|_| loader.invoke(large())));
        let lists = join_all((0..fit).map(|_| loader.batch_invoke(large(), of_field(1, 1))));
        let (single, lists) = run(loader.drive(join(single, lists)));
        assert!(single.iter().all(Result::is_ok));
        let (answered, refused) = lists.split_at(fit - fit / 2);
        assert_eq!(answered.iter().map(shown).collect::<Vec<_>>(), vec!["1"; answered.len()]);
        assert_eq!(refused.iter().map(shown).collect::<Vec<_>>(), vec!["RequestTooLargeException"; refused.len()]);
    }
}

#[test]
fn a_list_that_is_too_large_fails_as_lambda_lets_it_fail() {
    // The way to a project's functions, of which there are none: the size is looked at first.
    let functions = Arc::new(Functions::local([], "."));
    let backends = Backends { lambda: functions, ..Backends::new(Arc::new(NoTables)) };
    let loader = RequestLoader::with_options(backends, LoaderOptions::default());
    let half = || item(format!("\"{}\"", "x".repeat(limits::LAMBDA_PAYLOAD_BYTES / 2)));
    let too_large = join_all((0..2).map(|_| loader.batch_invoke(half(), of_field(1, 5))));
    let (too_large, alone) = run(loader.drive(join(too_large, loader.batch_invoke(half(), of_field(2, 5)))));
    assert_eq!(too_large.iter().map(shown).collect::<Vec<_>>(), ["RequestTooLargeException"; 2]);
    assert_eq!(shown(&alone), "ResourceNotFoundException");
}

#[test]
fn without_a_way_to_functions_every_item_hears_so() {
    let backends = Backends { lambda: Arc::new(Unavailable), ..Backends::new(Arc::new(NoTables)) };
    let loader = RequestLoader::with_options(backends, LoaderOptions::default());
    let answers = run(loader.drive(join_all((0..2).map(|id| loader.batch_invoke(item(id), of_field(1, 5))))));
    assert_eq!(answers.iter().map(shown).collect::<Vec<_>>(), ["SdkClientException"; 2]);
}

#[test]
fn a_read_after_a_function_sees_what_that_wrote_whatever_was_under_way_meanwhile() {
    /// Reads take some turns and bring what was there at first; functions write at once.
    #[derive(Clone, Default)]
    struct World(Arc<Mutex<i64>>);
    impl DynamoDb for World {
        fn call(&self, _: Operation, _: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
            let writes = *locked(&self.0);
            Box::pin(async move {
                for _ in 0..6 {
                    tokio::task::yield_now().await;
                }
                Ok(object! { "Item" => object! { "writes" => writes } })
            })
        }
    }
    impl LambdaInvoke for World {
        fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'_, Answered> {
            *locked(&self.0) += 1;
            Box::pin(async move { echoes(&invocation) })
        }
    }
    let read = || object! { "TableName" => "t", "Key" => object! { "id" => object! { "S" => "1" } } };
    let writes = |answer: Result<Value, ServiceError>| {
        answer.unwrap().get("Item").and_then(|item| item.get("writes")).and_then(Value::as_i64).unwrap()
    };
    for is_item in [false, true] {
        let world = World::default();
        let backends = Backends { lambda: Arc::new(world.clone()), ..Backends::new(Arc::new(world)) };
        let loader = RequestLoader::with_options(backends, LoaderOptions::default());
        let written_then_read = async {
            tokio::task::yield_now().await; // until the read beside is under way
            let invoked = match is_item {
                true => loader.batch_invoke(item(1), of_field(1, 5)).await,
                false => loader.invoke(item(1)).await,
            };
            invoked.unwrap();
            writes(loader.call(Operation::GetItem, read()).await)
        };
        let (before, after) = run(loader.drive(join(loader.call(Operation::GetItem, read()), written_then_read)));
        assert_eq!((writes(before), after), (0, 1), "{is_item}");
    }
}

#[test]
fn lists_and_reads_that_are_ready_at_the_same_moment_are_sent_at_the_same_moment() {
    /// Neither answers before the other was asked.
    struct Meeting(tokio::sync::Barrier);
    impl DynamoDb for Meeting {
        fn call(&self, _: Operation, _: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
            Box::pin(async move {
                self.0.wait().await;
                Ok(object! {})
            })
        }
    }
    impl LambdaInvoke for Meeting {
        fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'_, Answered> {
            Box::pin(async move {
                self.0.wait().await;
                echoes(&invocation)
            })
        }
    }
    let meeting = Arc::new(Meeting(tokio::sync::Barrier::new(2)));
    let backends = Backends { lambda: meeting.clone(), ..Backends::new(meeting) };
    let loader = RequestLoader::with_options(backends, LoaderOptions::default());
    let query = object! { "TableName" => "t", "KeyConditionExpression" => "id = :i" };
    let both = join(loader.call(Operation::Query, query), loader.batch_invoke(item(1), of_field(1, 5)));
    let (read, invoked) = run(loader.drive(both));
    assert_eq!((read.is_ok(), shown(&invoked).as_str()), (true, "1"));
}

#[test]
fn an_explanation_tells_which_function_was_called_how_often_and_for_whom() {
    let functions = StandIn::new(|invocation| match invocation.function.as_str() {
        "audit" => Ok(LambdaAnswer::unhandled("Error", "no")),
        _ => echoes(invocation),
    });
    let options = LoaderOptions { explains: Some(Clock::fixed(0, 1)), ..LoaderOptions::default() };
    let loader = before(&functions, options);
    let (price, audit) = (Str::from("Product.price"), Str::from("Query.audit"));
    run(loader.drive(async {
        let named = loader.named(&price);
        join_all((0..3).map(|id| named.batch_invoke(item(id), of_field(1, 2)))).await;
        let event = LambdaInvocation { function: "audit".into(), ..item(1) };
        loader.named(&audit).invoke(event).await.unwrap();
    }));
    let call = |target: &str, asked, resolver: &Str, error: Option<&str>| Call {
        kind: CallKind::Invoke,
        target: Target::Named(target.into()),
        asked,
        resolvers: vec![(resolver.clone(), asked)],
        attempt: 1,
        error: error.map(Str::from),
        duration_milliseconds: Some(0),
    };
    // Three calls are what AppSync makes too.
    let expected = Explanation {
        asked: 3,
        coalesced: 0,
        calls: vec![
            call("pricing", 2, &price, None),
            call("pricing", 1, &price, None),
            call("audit", 1, &audit, Some("Unhandled")),
        ],
    };
    assert_eq!(loader.explanation(), Some(expected));
    assert_eq!(loader.stats().calls, [(CallKind::Invoke, 3)]);
}

#[test]
fn what_a_dropped_request_left_behind_is_sent_to_nobody() {
    let functions = StandIn::new(echoes);
    let loader = loader(&functions);
    assert!(loader.drive(loader.batch_invoke(item(1), of_field(1, 5))).now_or_never().is_none());
    assert_eq!(shown(&run(loader.drive(loader.batch_invoke(item(2), of_field(1, 5))))), "2");
    assert_eq!(functions.events(), ["[1]", "[2]"]);
}
