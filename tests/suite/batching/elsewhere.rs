//! What a data source writes where the loader does not see it, as a function or a web service may.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use futures_util::future::{BoxFuture, join};
use syncline::backend::{DynamoDb, Operation, ServiceError, Unavailable};
use syncline::clock::Clock;
use syncline::context::Context;
use syncline::datasource::{DataSource, DomainRights, Invocation, Outcome, TokenKey};
use syncline::error::FieldError;
use syncline::loader::RequestLoader;
use syncline::resolver::{Pipeline, Resolver, Services, Stage};
use syncline::value::{Value, object};

use crate::harness::run;

/// A table with one item, which is slow to answer with what it held when it was asked.
#[derive(Clone, Default)]
struct Table(Arc<AtomicI64>);

impl DynamoDb for Table {
    fn call(&self, _: Operation, _: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        Box::pin(async move {
            let held = self.0.load(Ordering::SeqCst);
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
            Ok(object! { "Item" => held })
        })
    }
}

/// Reads the item.
struct Reads;

impl DataSource for Reads {
    fn invoke<'a>(&'a self, call: Invocation<'a>) -> BoxFuture<'a, Result<Outcome, FieldError>> {
        Box::pin(async move {
            let key = object! { "id" => object! { "S" => "1" } };
            let answer = call.dynamodb.call(Operation::GetItem, object! { "TableName" => "t", "Key" => key }).await;
            Ok(Outcome::success(answer.unwrap().get("Item").cloned().unwrap_or_default()))
        })
    }

    fn may_write_elsewhere(&self) -> bool {
        false
    }
}

/// Changes the item without the request's loader.
struct WritesElsewhere {
    table: Table,
    fails: bool,
}

impl DataSource for WritesElsewhere {
    fn invoke<'a>(&'a self, _: Invocation<'a>) -> BoxFuture<'a, Result<Outcome, FieldError>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.table.0.store(1, Ordering::SeqCst);
            if self.fails {
                Err(FieldError::new("Late", "it failed after it had written"))
            } else {
                Ok(Outcome::default())
            }
        })
    }
}

fn stage(data_source: impl DataSource + 'static) -> Stage {
    Stage {
        coordinate: "Query.any".into(),
        output_type: Default::default(),
        handler: None,
        data_source: Arc::new(data_source),
        rights: Arc::new(DomainRights::without_domain()),
    }
}

#[test]
fn a_read_after_a_function_sees_what_that_may_have_written() {
    for fails in [false, true] {
        let table = Table::default();
        let loader = RequestLoader::new(Arc::new(table.clone()));
        let services = Services {
            dynamodb: &loader,
            lambda: &Unavailable,
            http: &Unavailable,
            event_bus: &Unavailable,
            token_key: &TokenKey::derive(b"test"),
            clock: &Clock::fixed(0, 1),
            deadline: None,
            shows_internals: true,
        };
        let read = Resolver::Unit(stage(Reads));
        let write = Resolver::Unit(stage(WritesElsewhere { table: table.clone(), fails }));
        let write_in_steps = Resolver::Pipeline(Pipeline {
            handler: None,
            functions: vec![stage(WritesElsewhere { table: table.clone(), fails: false }), stage(Reads)],
        });
        let written_then_read = async {
            if fails {
                assert!(write.run(Context::default(), &services).await.value.is_err());
                read.run(Context::default(), &services).await
            } else {
                write_in_steps.run(Context::default(), &services).await
            }
        };
        let (before, after) = run(loader.drive(join(read.run(Context::default(), &services), written_then_read)));
        assert_eq!((before.value.unwrap(), after.value.unwrap()), (Value::from(0), Value::from(1)), "fails: {fails}");
    }
}
