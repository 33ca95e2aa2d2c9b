//! What a DynamoDB data source costs on top of the call that it makes: from request document to result, beside the same
//! call made directly, on the embedded engine and through the AWS SDK.

use std::hint::black_box;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use futures_util::future::{BoxFuture, join_all};
use syncline::backend::aws::AwsDynamoDb;
use syncline::backend::local::LocalDynamoDb;
use syncline::backend::tables::{KeyAttribute, KeyType, TableDescription, create_tables};
use syncline::backend::{Backends, DynamoDb, Operation, ServiceError};
use syncline::clock::Clock;
use syncline::datasource::dynamodb::DynamoDbSource;
use syncline::datasource::{DataSource, DomainRights, Invocation, TokenKey};
use syncline::loader::RequestLoader;
use syncline::value::{Value, object};

use crate::dynamodb::serve;
use crate::measure::{Effort, Sample, compare, microseconds};
use crate::sdk::BareClient;

/// Runs in one round.
const REPEATS: u32 = 5;

pub fn run(effort: Effort) {
    let engine = Arc::new(LocalDynamoDb::open(None).expect("memory is there"));
    fill(&engine);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let url = serve(engine.clone());
    let bare = BareClient::new(&url);
    let ours = Arc::new(runtime.block_on(AwsDynamoDb::with_endpoint(&url)).expect("the address is one"));

    println!(
        "| operation | calls | engine µs | data source µs | overhead µs | ratio | SDK µs | data source µs | overhead µs | ratio |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for kind in kinds() {
        let caller = Caller::new(&kind);
        let calls = caller.calls(&engine);
        let [(operation, request)] = calls.as_slice() else { panic!("{} makes {} calls", kind.name, calls.len()) };
        let prepared = bare.prepare(*operation, request);
        let [direct, on_engine, bare_sdk, through_sdk] = compare(
            effort.rounds.div_ceil(2),
            REPEATS,
            [
                &mut || {
                    black_box(finish(engine.call(*operation, request.clone())).expect("the call is right"));
                },
                &mut || drop(black_box(finish(caller.run(engine.clone())))),
                &mut || runtime.block_on(prepared.send()),
                &mut || drop(black_box(runtime.block_on(caller.run(ours.clone())))),
            ],
        );
        println!(
            "| {} | {} | {} | {} |",
            kind.name,
            calls.len(),
            columns(direct, on_engine),
            columns(bare_sdk, through_sdk)
        );
    }
}

fn columns(bare: Sample, ours: Sample) -> String {
    let overhead = (ours.median.as_secs_f64() - bare.median.as_secs_f64()) * 1e6;
    format!("{} | {} | {overhead:+.1} | {:.2}", microseconds(bare.median), microseconds(ours.median), ours.ratio(bare))
}

/// Runs a future that waits for nothing, but may let others go first.
fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

/// One kind of operation: the request documents of one request.
struct Kind {
    name: &'static str,
    table: &'static str,
    documents: Vec<Value>,
}

/// Runs the documents of a kind as one request does.
struct Caller<'a> {
    documents: &'a [Value],
    source: DynamoDbSource,
    rights: DomainRights,
    token_key: TokenKey,
    clock: Clock,
}

impl<'a> Caller<'a> {
    fn new(kind: &'a Kind) -> Caller<'a> {
        Caller {
            documents: &kind.documents,
            source: DynamoDbSource::new(kind.table),
            rights: DomainRights::without_domain(),
            token_key: TokenKey::derive(b"bench"),
            clock: Clock::system(),
        }
    }

    async fn run(&self, dynamodb: Arc<dyn DynamoDb>) -> Vec<Value> {
        let Backends { dynamodb, lambda, http, event_bus } = Backends::new(dynamodb);
        let loader = RequestLoader::new(dynamodb);
        let ctx = syncline::context::Context::default();
        let invocations = self.documents.iter().map(|document| {
            self.source.invoke(Invocation {
                request: document,
                has_request: true,
                has_response: true,
                dynamodb: &loader,
                lambda: lambda.as_ref(),
                http: http.as_ref(),
                event_bus: event_bus.as_ref(),
                ctx: &ctx,
                output_type: "Post",
                rights: &self.rights,
                coordinate: "Query.bench",
                token_key: &self.token_key,
                clock: &self.clock,
                shows_stored_item: false,
            })
        });
        let outcomes = loader.drive(join_all(invocations)).await;
        let result = |outcome: Result<syncline::datasource::Outcome, _>| match outcome {
            Ok(outcome) if outcome.error.is_none() => outcome.result,
            Ok(outcome) => panic!("{:?}", outcome.error),
            Err(_) => panic!("a document is malformed"),
        };
        outcomes.into_iter().map(result).collect()
    }

    /// The calls that the engine gets.
    fn calls(&self, engine: &Arc<LocalDynamoDb>) -> Vec<(Operation, Value)> {
        let noting = Arc::new(Noting { engine: engine.clone(), calls: Mutex::default() });
        finish(self.run(noting.clone()));
        std::mem::take(&mut noting.calls.lock().expect("nobody panicked"))
    }
}

struct Noting {
    engine: Arc<LocalDynamoDb>,
    calls: Mutex<Vec<(Operation, Value)>>,
}

impl DynamoDb for Noting {
    fn call(&self, operation: Operation, request: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        self.calls.lock().expect("nobody panicked").push((operation, request.clone()));
        self.engine.call(operation, request)
    }
}

fn kinds() -> Vec<Kind> {
    let one = |name, document| Kind { name, table: "items", documents: vec![document] };
    let list = |count: usize, entry: &dyn Fn(usize) -> Value| (0..count).map(entry).collect::<Value>();
    let values = || object! { ":k" => text("k") };
    vec![
        one("GetItem", object! { "operation" => "GetItem", "key" => key(1) }),
        one("PutItem", object! { "operation" => "PutItem", "key" => key(200), "attributeValues" => attributes(1) }),
        one(
            "UpdateItem",
            object! {
                "operation" => "UpdateItem", "key" => key(2),
                "update" => object! {
                    "expression" => "SET #s = :s, note = :n",
                    "expressionNames" => object! { "#s" => "status" },
                    "expressionValues" => object! { ":s" => text("PAID"), ":n" => text("ring twice") },
                },
            },
        ),
        one(
            "UpdateItem that adds",
            object! {
                "operation" => "UpdateItem", "key" => key(3),
                "update" => object! {
                    "expression" => "ADD seen :one", "expressionValues" => object! { ":one" => number(1) },
                },
            },
        ),
        one("DeleteItem", object! { "operation" => "DeleteItem", "key" => key(300) }),
        Kind {
            name: "Query, 20 items",
            table: "lists",
            documents: vec![object! {
                "operation" => "Query", "limit" => 50,
                "query" => object! { "expression" => "kind = :k", "expressionValues" => values() },
            }],
        },
        one("Scan, 20 items and a token", object! { "operation" => "Scan", "limit" => 20 }),
        one(
            "BatchGetItem, 50 keys",
            object! {
                "operation" => "BatchGetItem",
                "tables" => object! { "items" => object! { "keys" => list(50, &key) } },
            },
        ),
        one(
            "BatchPutItem, 25 items",
            object! { "operation" => "BatchPutItem", "tables" => object! { "items" => list(25, &|n| item(400 + n)) } },
        ),
        one(
            "BatchDeleteItem, 25 keys",
            object! { "operation" => "BatchDeleteItem", "tables" => object! { "items" => list(25, &|n| key(500 + n)) } },
        ),
        one(
            "TransactGetItems, 10 keys",
            object! {
                "operation" => "TransactGetItems",
                "transactItems" => list(10, &|n| object! { "table" => "items", "key" => key(n) }),
            },
        ),
        one(
            "TransactWriteItems, 10 puts",
            object! {
                "operation" => "TransactWriteItems",
                "transactItems" => list(10, &|n| object! {
                    "table" => "items", "operation" => "PutItem", "key" => key(600 + n), "attributeValues" => attributes(n),
                }),
            },
        ),
        Kind {
            name: "50 × GetItem in one request",
            table: "items",
            documents: (0..50).map(|n| object! { "operation" => "GetItem", "key" => key(n) }).collect(),
        },
    ]
}

/// 60 items in one table, and a partition of 20 in another.
fn fill(engine: &LocalDynamoDb) {
    let attribute = |name: &str| KeyAttribute { name: name.into(), ty: KeyType::S };
    let table = |name: &str, partition: &str, sort: Option<&str>| TableDescription {
        name: name.into(),
        partition_key: attribute(partition),
        sort_key: sort.map(attribute),
        indexes: Vec::new(),
        time_to_live_attribute: None,
    };
    let tables = [table("items", "id", None), table("lists", "kind", Some("id"))];
    finish(create_tables(engine, &tables)).expect("the tables are new");
    let put = |table: &str, item: Value| {
        let request = object! { "TableName" => table, "Item" => item };
        finish(engine.call(Operation::PutItem, request)).expect("it fits");
    };
    for n in 0..60 {
        put("items", item(n));
    }
    for n in 0..20 {
        let mut item = item(n);
        item.set("kind", text("k"));
        put("lists", item);
    }
}

fn text(text: &str) -> Value {
    object! { "S" => text }
}

fn number(number: usize) -> Value {
    object! { "N" => number.to_string() }
}

fn key(n: usize) -> Value {
    object! { "id" => text(&format!("o{n:04}")) }
}

fn attributes(n: usize) -> Value {
    object! {
        "customerId" => text("c1017"),
        "placedAt" => text("2025-01-02T10:00:00.000Z"),
        "status" => text("PAID"),
        "currency" => text("EUR"),
        "isGift" => object! { "BOOL" => n.is_multiple_of(2) },
        "weightGrams" => number(250 * n),
        "lines" => object! { "L" => (0..3).map(|line| object! {
            "M" => object! { "productId" => text(&format!("p{line:02}")), "quantity" => number(line + 1) }
        }).collect::<Vec<_>>() },
    }
}

fn item(n: usize) -> Value {
    let mut item = attributes(n);
    item.set("id", text(&format!("o{n:04}")));
    item
}
