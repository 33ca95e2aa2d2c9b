//! A thousand objects of ten fields: how long an executor takes over an answer whose data is there already. Ours reads
//! plain values by a schema it has parsed; async-graphql's types are Rust structs known to the compiler.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;

use async_graphql::{EmptyMutation, EmptySubscription, ID, Object, SimpleObject};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use syncline::backend::{DynamoDb, Operation, ServiceError, Unavailable};
use syncline::clock::Clock;
use syncline::context::{Identity, RequestInfo};
use syncline::datasource::{DataSource, DomainRights, Invocation, Outcome, TokenKey};
use syncline::error::{FieldError, SourceFile};
use syncline::execute::prepare::{Prepared, PreparedOperation};
use syncline::execute::{ExecutableSchema, ExecutionRequest, Response, execute};
use syncline::limits::Limits;
use syncline::loader::RequestLoader;
use syncline::resolver::{Resolver, Services, Stage};
use syncline::schema::parse_schema;
use syncline::value::{Map, Value, object};

use crate::measure::{Effort, Sample, compare, microseconds};

const OBJECTS: usize = 1_000;
const QUERY: &str = "{ items { id name email city country quantity price weight active note } }";
const SCHEMA: &str = "
    type Query { items: [Item!]! }
    type Item {
      id: ID! name: String! email: String city: String! country: String!
      quantity: Int! price: Float! weight: Float active: Boolean! note: String
    }
";

pub fn run(effort: Effort) {
    let (ours, theirs) = (Ours::new(), Theirs::new());
    let answer = parsed(&ours.execute().to_json());
    assert_eq!(answer, parsed(&to_json(&theirs.execute())), "both must give the same answer");
    assert_eq!(answer["data"]["items"].as_array().map(Vec::len), Some(OBJECTS));

    let [our_execution, their_execution, our_answer, their_answer] = compare(
        effort.rounds,
        5,
        [
            &mut || drop(black_box(ours.execute())),
            &mut || drop(black_box(theirs.execute())),
            &mut || drop(black_box(ours.execute().to_json())),
            &mut || drop(black_box(to_json(&theirs.execute()))),
        ],
    );
    println!(
        "| 1,000 objects × 10 fields | Syncline µs (best) | static async-graphql µs (best) | time ratio | budget |"
    );
    println!("|---|---|---|---|---|");
    print_row("execution", our_execution, their_execution, "≤ 1");
    print_row("execution and writing the JSON", our_answer, their_answer, "");
}

fn print_row(label: &str, ours: Sample, theirs: Sample, budget: &str) {
    let time = |sample: Sample| format!("{} ({})", microseconds(sample.median), microseconds(sample.best));
    println!("| {label} | {} | {} | {:.2} | {budget} |", time(ours), time(theirs), ours.ratio(theirs));
}

fn parsed(json: &[u8]) -> serde_json::Value {
    serde_json::from_slice(json).expect("the answer is JSON")
}

// ---- Syncline

struct Ours {
    executable: ExecutableSchema,
    operation: PreparedOperation,
    token_key: TokenKey,
    clock: Clock,
    identity: Identity,
    request: Arc<RequestInfo>,
    loader: RequestLoader,
}

impl Ours {
    fn new() -> Ours {
        let limits = Limits::default();
        let parsed = parse_schema(&[SourceFile::new("schema.graphql", SCHEMA)], &limits);
        let schema = parsed.map_err(|problems| problems[0].to_string()).expect("the schema is valid").schema;
        let prepared = Prepared::new(&schema, QUERY, &limits, true).map_err(|_| "refused").expect("the query is valid");
        let operation = Arc::new(prepared).operation(None).expect("there is one operation");
        let stage = Stage {
            coordinate: "Query.items".into(),
            handler: None,
            data_source: Arc::new(Stored((0..OBJECTS).map(value).collect())),
            rights: Arc::new(DomainRights::without_domain()),
            output_type: Default::default(),
        };
        let fields = HashMap::from([("items".into(), Arc::new(Resolver::Unit(stage)))]);
        let resolvers = HashMap::from([("Query".into(), fields)]);
        Ours {
            executable: ExecutableSchema {
                schema,
                resolvers,
                access: Default::default(),
                limits,
                env: Arc::new(Map::default()),
            },
            operation,
            token_key: TokenKey::derive(b"bench"),
            clock: Clock::system(),
            identity: Identity::default(),
            request: Arc::default(),
            loader: RequestLoader::new(Arc::new(NoDynamoDb)),
        }
    }

    fn execute(&self) -> Response {
        let services = Services {
            dynamodb: &self.loader,
            lambda: &Unavailable,
            http: &Unavailable,
            event_bus: &Unavailable,
            token_key: &self.token_key,
            clock: &self.clock,
            deadline: None,
            shows_internals: false,
        };
        let request = ExecutionRequest {
            operation: &self.operation,
            variables: &Value::Null,
            identity: &self.identity,
            request: &self.request,
        };
        execute(&self.executable, request, &services).now_or_never().expect("nothing waits").response
    }
}

fn value(number: usize) -> Value {
    let item = Item::new(number);
    object! {
        "id" => item.id.as_str(), "name" => item.name, "email" => item.email, "city" => item.city, "country" => item.country,
        "quantity" => i64::from(item.quantity), "price" => item.price, "weight" => item.weight, "active" => item.active,
        "note" => Value::Null,
    }
}

/// A data source that has its answer already.
struct Stored(Value);

impl DataSource for Stored {
    fn invoke<'a>(&'a self, _: Invocation<'a>) -> BoxFuture<'a, Result<Outcome, FieldError>> {
        Box::pin(async { Ok(Outcome::success(self.0.clone())) })
    }
}

struct NoDynamoDb;

impl DynamoDb for NoDynamoDb {
    fn call(&self, operation: Operation, _: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        unreachable!("nothing asks DynamoDB for {operation:?}")
    }
}

// ---- async-graphql

struct Theirs {
    schema: async_graphql::Schema<Items, EmptyMutation, EmptySubscription>,
    document: async_graphql::parser::types::ExecutableDocument,
}

impl Theirs {
    fn new() -> Theirs {
        let items = Items((0..OBJECTS).map(Item::new).collect());
        let schema = async_graphql::Schema::new(items, EmptyMutation, EmptySubscription);
        Theirs { schema, document: async_graphql::parser::parse_query(QUERY).expect("the query is valid") }
    }

    fn execute(&self) -> async_graphql::Response {
        let mut request = async_graphql::Request::new(QUERY);
        request.set_parsed_query(self.document.clone()); // ours does not parse either
        self.schema.execute(request).now_or_never().expect("nothing waits")
    }
}

fn to_json(response: &async_graphql::Response) -> Vec<u8> {
    serde_json::to_vec(response).expect("an answer can be written")
}

struct Items(Vec<Item>);

#[Object]
impl Items {
    async fn items(&self) -> &[Item] {
        &self.0
    }
}

#[derive(SimpleObject)]
struct Item {
    id: ID,
    name: String,
    email: Option<String>,
    city: String,
    country: String,
    quantity: i32,
    price: f64,
    weight: Option<f64>,
    active: bool,
    note: Option<String>,
}

impl Item {
    fn new(number: usize) -> Item {
        Item {
            id: format!("item-{number:05}").into(),
            name: format!("The item with number {number}"),
            email: Some(format!("item{number}@example.com")),
            city: "Reykjavík".into(),
            country: "IS".into(),
            quantity: number as i32 % 40,
            price: 2.25 + number as f64,
            weight: Some(0.125 * (number + 1) as f64 + 0.01),
            active: number.is_multiple_of(3),
            note: None,
        }
    }
}
