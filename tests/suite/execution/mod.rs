//! How an operation is executed, whatever its resolvers do. Resolvers are made by hand here; what scripts and tables
//! add is in `tests/projects`.

mod bounds;
mod concurrency;
mod errors;
mod nulls;
mod oracle;
mod selection;

use serde_json::Value;

use crate::harness::snapshot::pretty;

/// Fails with both answers written for people.
#[track_caller]
fn assert_answer(actual: Value, expected: Value) {
    // As texts, because the order of keys matters.
    let (actual, expected) = (pretty(&actual), pretty(&expected));
    assert!(actual == expected, "answer:\n{actual}\nexpected:\n{expected}");
}
