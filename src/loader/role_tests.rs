//! What one role may see, another must not be given.

use futures_util::future::join_all;

use super::*;
use crate::value::{Map, object};

const ROLES: [Option<&str>; 3] = [None, Some("arn:aws:iam::1:role/orders"), Some("arn:aws:iam::1:role/users")];

/// Answers with the role that asked, and notes who asked what.
#[derive(Default)]
struct Whoami(Mutex<Vec<(Option<Str>, Operation)>>);

impl DynamoDb for Whoami {
    fn call(&self, operation: Operation, request: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        self.call_as(None, operation, request)
    }

    fn call_as<'a>(
        &'a self,
        role: Option<&'a str>,
        operation: Operation,
        request: Value,
    ) -> BoxFuture<'a, Result<Value, ServiceError>> {
        locked(&self.0).push((role.map(Str::from), operation));
        let marked = |key: &Value| {
            let mut item = key.clone();
            item.set("role", object! { "S" => role.unwrap_or("own") });
            item
        };
        let answer = match (request.get("RequestItems").and_then(Value::as_object), request.get("Key")) {
            (Some(tables), _) => {
                let found =
                    |asked: &Value| asked.get("Keys").unwrap().as_list().unwrap().iter().map(marked).collect::<Value>();
                let responses: Map = tables.iter().map(|(table, asked)| (table.clone(), found(asked))).collect();
                object! { "Responses" => responses }
            }
            (None, Some(key)) => object! { "Item" => marked(key) },
            (None, None) => object! { "Items" => vec![marked(&object! {})] },
        };
        Box::pin(async move {
            tokio::task::yield_now().await;
            Ok(answer)
        })
    }
}

fn get(id: i32, table: &str) -> Value {
    object! { "TableName" => table, "Key" => object! { "id" => object! { "S" => id.to_string() } } }
}

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Who asked, and what was answered.
type Answered = (Option<&'static str>, Value);

/// Asks as every role in turn, all at once; returns who was answered in whose name, and the calls made, sorted.
fn ask(reads: &[(Operation, Value)]) -> (Vec<Answered>, Vec<(Option<Str>, Operation)>) {
    let inner = Arc::new(Whoami::default());
    let loader = RequestLoader::new(inner.clone());
    let asked: Vec<_> = reads.iter().flat_map(|(operation, read)| ROLES.map(|role| (role, *operation, read))).collect();
    let calls = asked.iter().map(|(role, operation, read)| loader.call_as(*role, *operation, (*read).clone()));
    let answers = run(loader.drive(join_all(calls)));
    let answers = asked.iter().zip(answers).map(|((role, ..), answer)| (*role, answer.unwrap())).collect();
    let mut calls = locked(&inner.0).clone();
    calls.sort();
    (answers, calls)
}

fn role_in(answer: &Value) -> &str {
    let item = answer.get("Item").or_else(|| answer.get("Items").and_then(Value::as_list).map(|items| &items[0]));
    item.unwrap().get("role").unwrap().get("S").unwrap().as_str().unwrap()
}

#[test]
fn reads_with_different_rights_never_share_a_batch() {
    let reads =
        [(Operation::GetItem, get(1, "a")), (Operation::GetItem, get(2, "a")), (Operation::GetItem, get(1, "b"))];
    let (answers, calls) = ask(&reads);
    for (role, answer) in &answers {
        assert_eq!(role_in(answer), role.unwrap_or("own"));
    }
    let expected = ROLES.map(|role| (role.map(Str::from), Operation::BatchGetItem));
    assert_eq!(calls, expected, "one for each role, with both tables in it");
}

#[test]
fn equal_reads_with_different_rights_are_not_one_read() {
    for (operation, read) in [
        (Operation::GetItem, get(1, "a")),
        (Operation::Query, object! { "TableName" => "a", "KeyConditionExpression" => "id = :i" }),
        (Operation::Scan, object! { "TableName" => "a" }),
    ] {
        // Twice, so that those with equal rights do share.
        let (answers, calls) = ask(&[(operation, read.clone()), (operation, read)]);
        for (role, answer) in &answers {
            assert_eq!(role_in(answer), role.unwrap_or("own"), "{operation:?}");
        }
        assert_eq!(calls, ROLES.map(|role| (role.map(Str::from), operation)));
    }
}
