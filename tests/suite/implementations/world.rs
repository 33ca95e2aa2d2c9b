//! The tables of the cases on one implementation, and what becomes of a case there.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use syncline::backend::lambda::{LambdaAnswer, LambdaInvocation, LambdaInvoke};
use syncline::backend::tables::{
    IndexDescription, KeyAttribute, KeyType, Projection, TableDescription, create_tables, seed_table,
};
use syncline::backend::{DynamoDb, Operation, ServiceError, Unavailable};
use syncline::clock::Clock;
use syncline::context::Context;
use syncline::datasource::dynamodb::DynamoDbSource;
use syncline::datasource::{DataSource, DomainRights, Invocation, Outcome, TokenKey};
use syncline::project::Access;
use syncline::value::{Map, Number, Value, object};

/// 2026-03-04T12:00:00Z, as in the data source's own tests.
const NOON: i64 = 1_772_625_600_000;

/// Each table with its key attributes.
const TABLES: [(&str, &[&str]); 4] =
    [("things", &["id"]), ("orders", &["customer", "order"]), ("names", &["id"]), ("locked", &["id"])];

/// One implementation of DynamoDB with a note of every call that a case makes.
pub struct World {
    dynamodb: Arc<dyn DynamoDb>,
    calls: Mutex<Vec<Operation>>,
    ctx: Context,
    rights: DomainRights,
    token_key: TokenKey,
    clock: Clock,
}

impl DynamoDb for World {
    fn call(&self, operation: Operation, request: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        self.calls.lock().unwrap().push(operation);
        self.dynamodb.call(operation, request)
    }
}

impl World {
    pub fn new(dynamodb: Arc<dyn DynamoDb>) -> World {
        let rights = DomainRights::new("shop")
            .with_table("things", "things", Some(Access::Write))
            .with_table("orders", "orders", Some(Access::Write))
            .with_table("names", "people", Some(Access::Write))
            .with_table("nowhere", "nowhere", Some(Access::Write))
            .with_table("locked", "locked", Some(Access::Read));
        World {
            dynamodb,
            calls: Mutex::default(),
            ctx: Context::default(),
            rights,
            token_key: TokenKey::derive(b"test"),
            clock: Clock::fixed(NOON, 1),
        }
    }

    pub async fn create_tables(&self) {
        let key = |name: &str, ty| KeyAttribute { name: name.into(), ty };
        let descriptions = TABLES.map(|(name, keys)| TableDescription {
            name: name.into(),
            partition_key: key(keys[0], KeyType::S),
            sort_key: keys.get(1).map(|name| key(name, KeyType::S)),
            indexes: match name {
                "things" => vec![IndexDescription {
                    name: "byKind".into(),
                    partition_key: key("kind", KeyType::S),
                    sort_key: Some(key("rank", KeyType::N)),
                    projection: Projection::All,
                }],
                _ => vec![],
            },
            time_to_live_attribute: None,
        });
        create_tables(self.dynamodb.as_ref(), &descriptions).await.unwrap_or_else(|problems| panic!("{problems:?}"));
    }

    /// Runs a case on tables that hold what it says, and tells what happened: the members that a case may promise.
    pub async fn outcome(&self, case: &Value) -> Map {
        for (table, keys) in TABLES {
            self.clear(table, keys).await;
        }
        for (table, items) in case.get("stored").and_then(Value::as_object).into_iter().flatten() {
            seed_table(self.dynamodb.as_ref(), table, items.as_list().unwrap()).await.unwrap();
        }
        self.calls.lock().unwrap().clear();
        let mut outcome = self.invoke(case).await;
        if case.get("calls").is_some() {
            let calls: Value =
                self.calls.lock().unwrap().iter().map(|operation| Value::from(operation.name())).collect();
            outcome.insert("calls".into(), calls);
        }
        if let Some(then) = case.get("then").and_then(Value::as_object) {
            let mut tables = object! {};
            for table in then.keys() {
                tables.set(table.clone(), self.plain_items(table).await);
            }
            outcome.insert("then".into(), spelled_out(&sorted_tables(&tables)));
        }
        outcome
    }

    async fn invoke(&self, case: &Value) -> Map {
        let fill_page = case.get("fillPage").and_then(Value::as_i64).map(|units| u32::try_from(units).unwrap());
        let source = DynamoDbSource::new(case.get("table").and_then(Value::as_str).unwrap_or("things"));
        let source = source.filling_pages(fill_page);
        let functions = Functions(case.get("functions").and_then(Value::as_object).cloned().unwrap_or_default());
        let call = self.invocation(case.get("request").unwrap(), "Query.things");
        let call = Invocation { lambda: &functions, ..call };
        let mut outcome = Map::default();
        match source.invoke(call).await {
            Err(error) => {
                let refused = object! { "errorType" => error.error_type, "message" => error.message };
                outcome.insert("refused".into(), refused);
            }
            Ok(Outcome { mut result, error }) => {
                let is_token = |value: Option<&Value>| value.is_some_and(|token| matches!(token, Value::String(_)));
                if is_token(case.get("result").and_then(|result| result.get("nextToken")))
                    && is_token(result.get("nextToken"))
                {
                    result.set("nextToken", "<token>");
                }
                let error = error.map(|error| {
                    object! { "type" => error.error_type, "message" => without_request_id(&error.message) }
                });
                outcome.insert("result".into(), spelled_out(&result));
                outcome.insert("error".into(), error.into());
            }
        }
        outcome
    }

    /// Follows a document's pages to the last and returns the members `order` of the items, in order.
    pub async fn follow(&self, mut request: Value) -> Vec<String> {
        let mut seen = Vec::new();
        loop {
            let outcome =
                DynamoDbSource::new("orders").invoke(self.invocation(&request, "Query.orders")).await.unwrap();
            assert_eq!(outcome.error, None);
            let items = outcome.result.get("items").and_then(Value::as_list).unwrap();
            seen.extend(items.iter().map(|item| item.get("order").and_then(Value::as_str).unwrap().to_owned()));
            match outcome.result.get("nextToken") {
                Some(Value::Null) => return seen,
                Some(token) if seen.len() < 100 => request.set("nextToken", token.clone()),
                other => panic!("{other:?} after {seen:?}"),
            }
        }
    }

    /// Fills `orders` with customers `a` and `b`, who have ten orders each, numbered from 0 over both.
    pub async fn fill_orders(&self) {
        self.clear("orders", TABLES[1].1).await;
        let order = |number: i32| object! { "customer" => if number < 10 { "a" } else { "b" }, "order" => format!("{number:02}"), "n" => number };
        let items: Vec<Value> = (0..20).map(order).collect();
        seed_table(self.dynamodb.as_ref(), "orders", &items).await.unwrap();
    }

    fn invocation<'a>(&'a self, request: &'a Value, coordinate: &'a str) -> Invocation<'a> {
        Invocation {
            request,
            has_request: true,
            has_response: true,
            dynamodb: self,
            lambda: &Unavailable,
            http: &Unavailable,
            event_bus: &Unavailable,
            ctx: &self.ctx,
            output_type: "Thing",
            rights: &self.rights,
            coordinate,
            token_key: &self.token_key,
            clock: &self.clock,
            shows_stored_item: false,
        }
    }

    /// What a table holds, as a resolver sees it.
    async fn plain_items(&self, table: &str) -> Value {
        let request = object! { "operation" => "Scan", "consistentRead" => true };
        let call = self.invocation(&request, "Query.all");
        let outcome = DynamoDbSource::new(table).invoke(call).await.unwrap();
        outcome.result.get("items").unwrap().clone()
    }

    async fn clear(&self, table: &str, keys: &[&str]) {
        let answer = self.dynamodb.call(Operation::Scan, object! { "TableName" => table }).await.unwrap();
        for item in answer.get("Items").and_then(Value::as_list).unwrap() {
            let key: Map = keys.iter().map(|name| ((*name).into(), item.get(name).unwrap().clone())).collect();
            let request = object! { "TableName" => table, "Key" => key };
            self.dynamodb.call(Operation::DeleteItem, request).await.unwrap();
        }
    }
}

/// Functions that answer what a case says. What they are asked is the data source's own tests' to look at.
struct Functions(Map);

impl LambdaInvoke for Functions {
    fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'_, Result<LambdaAnswer, ServiceError>> {
        let answer = match self.0.get(&invocation.function) {
            None => Err(ServiceError { code: "ResourceNotFoundException".into(), ..ServiceError::default() }),
            Some(answer) => Ok(match answer.get("functionError").and_then(Value::as_str) {
                Some(message) => LambdaAnswer::unhandled("Error", message),
                None => LambdaAnswer { payload: answer.to_string().into(), function_error: None },
            }),
        };
        Box::pin(async { answer })
    }
}

/// Items in an order of their own: a table has none. Attributes too, so that the order can be told from texts.
pub fn sorted_tables(tables: &Value) -> Value {
    let sorted = |items: &Value| {
        let mut items: Vec<Value> = items.as_list().unwrap().to_vec();
        items.sort_by_cached_key(|item| {
            let mut members = item.as_object().unwrap().clone();
            members.sort_unstable_keys();
            Value::from(members).to_string()
        });
        Value::from(items)
    };
    tables.as_object().unwrap().iter().map(|(table, items)| (table.clone(), sorted(items))).collect::<Map>().into()
}

/// Spells out numbers that JSON's reader would round, as the cases do: `{"$decimal": "…"}`.
fn spelled_out(value: &Value) -> Value {
    match value {
        Value::Number(Number::Decimal(digits)) => object! { "$decimal" => digits },
        Value::List(items) => items.iter().map(spelled_out).collect(),
        Value::Object(map) => {
            map.iter().map(|(name, value)| (name.clone(), spelled_out(value))).collect::<Map>().into()
        }
        other => other.clone(),
    }
}

/// `… Request ID: 0000-…)` reads `… Request ID: X)`.
fn without_request_id(message: &str) -> String {
    match message.split_once("Request ID: ") {
        Some((before, _)) => format!("{before}Request ID: X)"),
        None => message.to_owned(),
    }
}
