//! Random trees of resolvers, once with batching and once without, on equal tables: nobody can tell the answers apart.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use syncline::api::{Answer, Api, ApiOptions, EXPLAIN_HEADER, OperationRequest};
use syncline::backend::Backends;
use syncline::backend::files::read_project;
use syncline::clock::Clock;
use syncline::context::RequestInfo;
use syncline::loader::CallKind;
use syncline::value::{Value, object};

use super::restless::Restless;
use crate::harness::project::{folder, tables};
use crate::harness::{NOON, run};

const CASES: u32 = 160;

/// Deepest nesting below a root field, and most fields in one selection.
const DEPTH: u32 = 4;
const WIDTH: usize = 4;

/// A field with its arguments as text, and what is selected of it; a leaf without.
#[derive(Clone, Debug)]
struct Field {
    call: String,
    selection: Vec<Field>,
}

impl Field {
    fn leaf(name: &str) -> Field {
        Field { call: name.to_owned(), selection: Vec::new() }
    }

    /// Every field has an alias of its own, so that any two can stand side by side.
    fn write(fields: &[Field], out: &mut String) {
        out.push('{');
        for (index, field) in fields.iter().enumerate() {
            out.push_str(&format!(" f{index}: {}", field.call));
            if !field.selection.is_empty() {
                out.push(' ');
                Field::write(&field.selection, out);
            }
        }
        out.push_str(" }");
    }
}

fn any_id() -> impl Strategy<Value = String> {
    // n-9 and n-10 are pointed to and do not exist.
    prop_oneof![12 => (0..11i32).prop_map(|id| format!("n-{id}")), 1 => Just(String::new())]
}

fn any_how() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        6 => Just("PLAIN"),
        2 => Just("CONSISTENT"),
        2 => Just("LABELS"),
        1 => Just("CONSISTENT_LABELS"),
        1 => Just("KEYS"),
        1 => Just("EARLY"),
        1 => Just("REFUSED"),
        1 => Just("RAISED"),
        1 => Just("APPENDED"),
    ]
}

/// Calls of fields that give a node or several, of any object's.
fn any_node_call() -> impl Strategy<Value = String> {
    let read =
        (prop_oneof![4 => Just("next"), 2 => Just("root"), 1 => Just("sure"), 2 => Just("afterNext")], any_how());
    prop_oneof![
        10 => read.prop_map(|(name, how)| format!("{name}(how: {how})")),
        1 => prop_oneof![Just("empty"), Just("mistyped"), Just("misnamed"), Just("nothing")].prop_map(str::to_owned),
        3 => (1..3i32).prop_map(|limit| format!("children(limit: {limit})")),
        1 => prop_oneof![Just("red"), Just("none")].prop_map(|label| format!("labelled(label: \"{label}\")")),
        1 => proptest::collection::vec(any_id(), 0..3).prop_map(|ids| format!("some(ids: {ids:?})")),
        1 => Just("both".to_owned()),
        4 => prop_oneof![
            1 => Just("asked".to_owned()),
            2 => (1..3i32).prop_map(|times| format!("listed(times: {times})")),
            2 => (1..3i32).prop_map(|times| format!("direct(times: {times})")),
            1 => Just("listedAfterNext".to_owned()),
        ],
    ]
}

fn any_leaf() -> impl Strategy<Value = Field> {
    let note = (0..3i32, any::<bool>()).prop_map(|(number, exactly)| Field {
        call: format!("note(number: {number}, exactly: {exactly})"),
        selection: vec![Field::leaf("text"), Field::leaf("number")],
    });
    let notes = any_how().prop_map(|how| Field {
        call: "notes".to_owned(),
        selection: vec![
            Field::leaf("text"),
            Field { call: format!("of(how: {how})"), selection: vec![Field::leaf("label")] },
        ],
    });
    let plain = prop_oneof![Just("label"), Just("rank"), Just("id"), Just("__typename")].prop_map(Field::leaf);
    prop_oneof![6 => plain, 2 => note, 1 => notes]
}

fn any_selection() -> impl Strategy<Value = Vec<Field>> {
    let leaves = proptest::collection::vec(any_leaf(), 1..3);
    leaves.prop_recursive(DEPTH, 120, WIDTH as u32, |inner| {
        let nested = (any_node_call(), inner).prop_map(|(call, selection)| Field { call, selection });
        proptest::collection::vec(prop_oneof![1 => any_leaf(), 4 => nested], 1..=WIDTH)
    })
}

fn any_document() -> impl Strategy<Value = String> {
    let node = (any_id(), any_how()).prop_map(|(id, how)| format!("node(id: \"{id}\", how: {how})"));
    let root = prop_oneof![
        6 => node,
        2 => (1..4i32).prop_map(|limit| format!("all(limit: {limit})")),
        1 => Just("nothing".to_owned()),
    ];
    let label = || prop_oneof![Just("red"), Just("new")];
    let step = prop_oneof![
        (any_id(), label()).prop_map(|(id, label)| format!("rename(id: \"{id}\", label: \"{label}\")")),
        (any_id(), label(), any::<bool>())
            .prop_map(|(id, label, fails)| format!("rewrite(id: \"{id}\", label: \"{label}\", fails: {fails})")),
        any_id().prop_map(|id| format!("erase(id: \"{id}\")")),
    ];
    let fields = |root: BoxedStrategy<String>| {
        proptest::collection::vec((root, any_selection()), 1..4)
            .prop_map(|roots| roots.into_iter().map(|(call, selection)| Field { call, selection }).collect::<Vec<_>>())
    };
    let of = |keyword: &'static str, fields: Vec<Field>| {
        let mut document = format!("{keyword} ");
        Field::write(&fields, &mut document);
        document
    };
    prop_oneof![
        2 => fields(root.boxed()).prop_map(move |fields| of("query", fields)),
        1 => fields(step.boxed()).prop_map(move |fields| of("mutation", fields)),
    ]
}

/// What one run came to.
struct Ran {
    data: String,
    /// In an order of their own: siblings fail in any order.
    errors: Vec<String>,
    /// To DynamoDB.
    calls: u32,
    repeated: u32,
    /// Of the function.
    invoked: u32,
    /// What `extensions.syncline` says was asked of tables and made, and how often the function was called, where the run
    /// was explained.
    explained: Option<(u32, u32, u32)>,
}

/// The project on tables that can be replaced.
struct Trees {
    project: syncline::project::Project,
    dynamodb: Arc<Restless>,
    api: Api,
}

impl Trees {
    fn new(batches: bool) -> Trees {
        let files = read_project(&folder("trees"), BTreeMap::new()).unwrap();
        let (project, problems) = syncline::project::Project::load(&files);
        assert!(problems.is_empty(), "{problems:?}");
        let dynamodb = Arc::new(Restless::new(tables(&project)));
        let options = ApiOptions {
            clock: Clock::fixed(NOON, 1),
            token_secret: b"the secret of all tests".to_vec(),
            batches,
            shows_internals: true,
            ..ApiOptions::default()
        };
        let backends = Backends { lambda: dynamodb.clone(), ..Backends::new(dynamodb.clone()) };
        let api = Api::build(&project, backends, options).expect("the project is sound");
        Trees { project, dynamodb, api }
    }

    /// Runs a document on fresh tables. `seed`: of the order in which they answer; `None`: at once.
    fn run(&self, document: &str, seed: Option<u64>, is_explained: bool) -> Ran {
        self.dynamodb.restart(tables(&self.project), seed);
        let headers = if is_explained {
            object! { EXPLAIN_HEADER => "true" }
        } else {
            object! {}
        };
        let request = OperationRequest {
            query: document.into(),
            request: Arc::new(RequestInfo { headers, domain_name: Value::Null }),
            ..OperationRequest::default()
        };
        let Answer::Executed { mut response, report } = run(self.api.execute(request)) else { panic!("{document}") };
        let explanation = response.explanation.take();
        assert_eq!(explanation, report.explanation);
        assert_eq!(explanation.is_some(), is_explained);
        let mut errors: Vec<String> =
            response.errors.iter().map(|error| serde_json::to_string(error).unwrap()).collect();
        errors.sort_unstable();
        Ran {
            data: serde_json::to_string(&response.data).unwrap(),
            errors,
            calls: self.dynamodb.calls.load(Ordering::Relaxed),
            repeated: self.dynamodb.repeated.load(Ordering::Relaxed),
            invoked: self.dynamodb.invoked.load(Ordering::Relaxed),
            explained: explanation.map(|explanation| {
                let made = explanation.calls.len() as u32;
                let invoked = explanation.calls.iter().filter(|call| call.kind == CallKind::Invoke).count() as u32;
                (explanation.asked - invoked, made - invoked, invoked)
            }),
        }
    }
}

#[test]
fn random_trees_give_the_same_data_and_errors_batched_and_unbatched_with_no_more_calls() {
    let (batched, unbatched) = (Trees::new(true), Trees::new(false));
    let config = ProptestConfig {
        cases: CASES,
        rng_seed: RngSeed::Fixed(20_261_122),
        failure_persistence: None,
        ..Default::default()
    };
    // Which of what can happen did: a test that reads nothing proves nothing.
    let (mut asked, mut made, mut failed, mut repeated, mut items, mut lists) = (0, 0, 0, 0, 0, 0);
    let totals = std::cell::RefCell::new((&mut asked, &mut made, &mut failed, &mut repeated, &mut items, &mut lists));
    let outcome = TestRunner::new(config).run(&(any_document(), any::<u64>()), |(document, seed)| {
        let alone = unbatched.run(&document, None, false);
        for seed in [None, Some(seed)] {
            let together = batched.run(&document, seed, true);
            prop_assert_eq!(&together.data, &alone.data);
            prop_assert_eq!(&together.errors, &alone.errors);
            // What is asked for is what is called without batching.
            prop_assert_eq!(together.explained, Some((alone.calls, together.calls, together.invoked)));
            prop_assert!(together.invoked <= alone.invoked, "{} > {}", together.invoked, alone.invoked);
            prop_assert!(together.calls <= alone.calls + together.repeated, "{} > {}", together.calls, alone.calls);
            let mut totals = totals.borrow_mut();
            *totals.0 += alone.calls;
            *totals.1 += together.calls;
            *totals.2 += together.errors.len();
            *totals.3 += together.repeated;
            *totals.4 += alone.invoked;
            *totals.5 += together.invoked;
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    let totals = format!(
        "{asked} asked, {made} made, {failed} errors, {repeated} repeated; {items} items, {lists} calls of functions"
    );
    println!("{totals}");
    assert!(made < asked && failed > 100 && repeated > 10 && items > 100 && lists < items, "{totals}");
}
