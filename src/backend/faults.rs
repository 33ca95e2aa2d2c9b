//! Faults on purpose: a DynamoDB that throttles, loses answers, breaks connections, leaves out parts of batches and is
//! slow, as often as it is told and the same way for the same seed. For tests of what stands above it, ours and yours.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::BoxFuture;

use crate::backend::{DynamoDb, Operation, ServiceError};
use crate::clock::Clock;
use crate::value::{Map, Str, Value, object};

/// How many of 1,000 calls meet which fault. A call meets one of them at most, and may be slow besides. Default: none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultRates {
    /// Refused with one of DynamoDB's three exceptions for too many requests.
    pub throttled: u16,
    /// `InternalServerError`, HTTP status 500: half of the calls have taken place.
    pub failed: u16,
    /// The connection was refused: the call has not taken place.
    pub unreachable: u16,
    /// The connection broke before the answer: half of the calls have taken place.
    pub reset: u16,
    /// No answer in time: half of the calls have taken place.
    pub timed_out: u16,
    /// BatchGetItem and BatchWriteItem carry out a part and return the rest as unprocessed; no fault for other calls.
    pub partial: u16,
    /// Lets other tasks run up to [`SLOW_YIELDS`] times, before the call and after it.
    pub slow: u16,
}

/// Longest that a slow call takes, in turns of the runtime: slowness here costs no time and depends on none.
pub const SLOW_YIELDS: u64 = 16;

/// One kind of fault, as [`FaultyDynamoDb::injected`] counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Throttled,
    Failed,
    Unreachable,
    Reset,
    TimedOut,
    Partial,
    Slow,
}

/// A DynamoDB in front of another one, with faults. Calls that make and describe tables meet none.
///
/// What DynamoDB itself would answer has its code, message and status; what would never have come from it is an
/// `SdkClientException` with status 0, as from the way to AWS.
///
/// # Examples
/// ```
/// # use std::sync::Arc;
/// # use syncline::backend::faults::{Fault, FaultRates, FaultyDynamoDb};
/// # use syncline::backend::{DynamoDb, Operation, local::LocalDynamoDb};
/// # use syncline::clock::Clock;
/// # use syncline::value::object;
/// # futures_util::FutureExt::now_or_never(async {
/// let tables = Arc::new(LocalDynamoDb::open(None)?);
/// let always = FaultRates { throttled: 1000, ..FaultRates::default() };
/// let dynamodb = FaultyDynamoDb::new(tables, always, Clock::system().seeded(7));
/// let error = dynamodb.call(Operation::Scan, object! { "TableName" => "users" }).await.unwrap_err();
/// assert_eq!(error.status, 400);
/// assert_eq!(dynamodb.injected(Fault::Throttled), 1);
/// # Ok::<(), syncline::backend::ServiceError>(())
/// # }).unwrap().unwrap();
/// ```
pub struct FaultyDynamoDb {
    inner: Arc<dyn DynamoDb>,
    rates: FaultRates,
    clock: Clock,
    injected: [AtomicU64; 7],
}

impl FaultyDynamoDb {
    /// `clock`: where the dice come from. With [`Clock::seeded`] the n-th call meets the same fault in every run.
    pub fn new(inner: Arc<dyn DynamoDb>, rates: FaultRates, clock: Clock) -> FaultyDynamoDb {
        FaultyDynamoDb { inner, rates, clock, injected: Default::default() }
    }

    /// How often a fault was met so far.
    pub fn injected(&self, fault: Fault) -> u64 {
        self.injected[fault as usize].load(Ordering::Relaxed)
    }

    fn count(&self, fault: Fault) {
        self.injected[fault as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// The fault that a number below 1,000 stands for.
    fn fault(&self, operation: Operation, mut draw: u16) -> Option<Fault> {
        let rates = &self.rates;
        let is_batch = matches!(operation, Operation::BatchGetItem | Operation::BatchWriteItem);
        for (fault, rate) in [
            (Fault::Throttled, rates.throttled),
            (Fault::Failed, rates.failed),
            (Fault::Unreachable, rates.unreachable),
            (Fault::Reset, rates.reset),
            (Fault::TimedOut, rates.timed_out),
            (Fault::Partial, if is_batch { rates.partial } else { 0 }),
        ] {
            if draw < rate {
                return Some(fault);
            }
            draw -= rate;
        }
        None
    }

    async fn answer(&self, role: Option<&str>, operation: Operation, request: Value) -> Result<Value, ServiceError> {
        let is_about_tables = matches!(
            operation,
            Operation::CreateTable | Operation::UpdateTable | Operation::DescribeTable | Operation::UpdateTimeToLive
        );
        if is_about_tables {
            return self.inner.call_as(role, operation, request).await;
        }
        let dice = Dice(self.clock.random_bytes());
        let is_slow = dice.below(3, 1000) < u64::from(self.rates.slow);
        if is_slow {
            self.count(Fault::Slow);
            yield_times(dice.below(1, SLOW_YIELDS + 1)).await;
        }
        let answer = self.answer_at_once(role, operation, request, dice).await;
        if is_slow {
            yield_times(dice.below(2, SLOW_YIELDS + 1)).await;
        }
        answer
    }

    async fn answer_at_once(
        &self,
        role: Option<&str>,
        operation: Operation,
        request: Value,
        dice: Dice,
    ) -> Result<Value, ServiceError> {
        let Some(fault) = self.fault(operation, dice.below(0, 1000) as u16) else {
            return self.inner.call_as(role, operation, request).await;
        };
        self.count(fault);
        match fault {
            Fault::Partial => {
                let (member, left_member) = batch_members(operation);
                let (now, left) = split(request.get("RequestItems").unwrap_or(&Value::Null), member, dice);
                let mut answer = if now.is_empty() {
                    object! { "Responses" => object! {} }
                } else {
                    self.inner.call_as(role, operation, object! { "RequestItems" => now }).await?
                };
                answer.set(left_member, left);
                Ok(answer)
            }
            Fault::Throttled => Err(throttled(dice)),
            Fault::Unreachable => Err(lost("DynamoDB could not be reached", "connection refused")),
            Fault::Failed | Fault::Reset | Fault::TimedOut | Fault::Slow => {
                if dice.below(1, 2) == 0 {
                    // The answer, whatever it is, never arrives.
                    let _ = self.inner.call_as(role, operation, request).await;
                }
                Err(match fault {
                    Fault::Failed => refused("InternalServerError", "Internal server error", 500),
                    Fault::Reset => lost("the connection to DynamoDB broke off", "connection reset"),
                    _ => lost("DynamoDB did not answer in time", "injected"),
                })
            }
        }
    }
}

impl DynamoDb for FaultyDynamoDb {
    fn call(&self, operation: Operation, request: Value) -> BoxFuture<'_, Result<Value, ServiceError>> {
        Box::pin(self.answer(None, operation, request))
    }

    fn call_as<'a>(
        &'a self,
        role: Option<&'a str>,
        operation: Operation,
        request: Value,
    ) -> BoxFuture<'a, Result<Value, ServiceError>> {
        Box::pin(self.answer(role, operation, request))
    }
}

/// The random bytes of one call: four numbers that do not depend on each other.
#[derive(Clone, Copy)]
struct Dice([u8; 16]);

impl Dice {
    /// The `index`-th number, 0 to 3, from 0 up to but not including `end`.
    fn below(self, index: usize, end: u64) -> u64 {
        let bytes = self.0[index * 4..][..4].try_into().expect("a call draws sixteen bytes");
        (u64::from(u32::from_be_bytes(bytes)) * end) >> 32
    }
}

/// What holds a table's entries in a request, and what the answer calls those that were left out.
fn batch_members(operation: Operation) -> (Option<&'static str>, &'static str) {
    match operation {
        Operation::BatchGetItem => (Some("Keys"), "UnprocessedKeys"),
        _ => (None, "UnprocessedItems"),
    }
}

/// The entries to carry out now, and those that are left out: the last ones of each table, all of them at times.
fn split(tables: &Value, member: Option<&str>, dice: Dice) -> (Map, Map) {
    let (mut now, mut left) = (Map::default(), Map::default());
    for (index, (table, content)) in tables.as_object().into_iter().flatten().enumerate() {
        let entries = match member {
            Some(member) => content.get(member),
            None => Some(content),
        };
        let entries = entries.and_then(Value::as_list).unwrap_or_default();
        let done = dice.below(1 + index % 2, entries.len().max(1) as u64) as usize;
        let with = |entries: &[Value]| match member {
            Some(member) => {
                let mut content = content.clone();
                content.set(member, entries.to_vec());
                content
            }
            None => entries.to_vec().into(),
        };
        let (first, last) = entries.split_at(done);
        for (part, entries) in [(&mut now, first), (&mut left, last)] {
            if !entries.is_empty() {
                part.insert(table.clone(), with(entries));
            }
        }
    }
    (now, left)
}

fn throttled(dice: Dice) -> ServiceError {
    let (code, message) = match dice.below(1, 3) {
        0 => ("ProvisionedThroughputExceededException", "The level of configured provisioned throughput was exceeded."),
        1 => ("ThrottlingException", "Rate of requests exceeds the allowed throughput."),
        _ => ("RequestLimitExceeded", "Throughput exceeds the current throughput limit for your account."),
    };
    refused(code, message, 400)
}

fn refused(code: &'static str, message: &'static str, status: u16) -> ServiceError {
    ServiceError {
        code: Str::new_static(code),
        message: Str::new_static(message),
        status,
        request_id: Str::new_static("null"),
        body: object! { "__type" => format!("com.amazonaws.dynamodb.v20120810#{code}"), "message" => message },
        ..ServiceError::default()
    }
}

fn lost(message: &'static str, cause: &'static str) -> ServiceError {
    let (request_id, cause) = (Str::default(), Str::new_static(cause));
    ServiceError { request_id, cause, ..refused("SdkClientException", message, 0) }
}

async fn yield_times(times: u64) {
    for _ in 0..times {
        tokio::task::yield_now().await;
    }
}

#[cfg(all(test, feature = "local"))]
mod tests {
    use super::*;
    use crate::backend::local::LocalDynamoDb;
    use crate::backend::tables::{KeyAttribute, KeyType, TableDescription, create_tables};

    async fn things() -> Arc<LocalDynamoDb> {
        let dynamodb = Arc::new(LocalDynamoDb::open(None).unwrap());
        let table = TableDescription {
            name: "things".into(),
            partition_key: KeyAttribute { name: "id".into(), ty: KeyType::S },
            sort_key: None,
            indexes: Vec::new(),
            time_to_live_attribute: None,
        };
        create_tables(dynamodb.as_ref(), &[table]).await.unwrap();
        dynamodb
    }

    fn put(id: usize) -> Value {
        object! { "TableName" => "things", "Item" => object! { "id" => object! { "S" => id.to_string() } } }
    }

    fn count(tables: &LocalDynamoDb) -> u64 {
        tables.item_counts().unwrap()[0].1
    }

    const ALL: FaultRates = FaultRates {
        throttled: 100,
        failed: 100,
        unreachable: 100,
        reset: 100,
        timed_out: 100,
        partial: 100,
        slow: 500,
    };

    #[tokio::test]
    async fn the_same_seed_gives_the_same_faults_and_another_one_others() {
        let mut runs = Vec::new();
        for seed in [5, 5, 6] {
            let dynamodb = FaultyDynamoDb::new(things().await, ALL, Clock::system().seeded(seed));
            let mut answers = Vec::new();
            for id in 0..200 {
                answers.push(dynamodb.call(Operation::PutItem, put(id)).await.map_err(|error| error.message));
            }
            runs.push(answers);
        }
        assert_eq!(runs[0], runs[1]);
        assert_ne!(runs[0], runs[2]);
    }

    #[tokio::test]
    async fn what_was_refused_has_not_taken_place_and_half_of_what_was_lost_has() {
        const CALLS: usize = 400;
        for (rates, fault, at_least, at_most) in [
            (FaultRates { throttled: 1000, ..FaultRates::default() }, Fault::Throttled, 0, 0),
            (FaultRates { unreachable: 1000, ..FaultRates::default() }, Fault::Unreachable, 0, 0),
            (FaultRates { failed: 1000, ..FaultRates::default() }, Fault::Failed, 150, 250),
            (FaultRates { reset: 1000, ..FaultRates::default() }, Fault::Reset, 150, 250),
            (FaultRates { timed_out: 1000, ..FaultRates::default() }, Fault::TimedOut, 150, 250),
        ] {
            let tables = things().await;
            let dynamodb = FaultyDynamoDb::new(tables.clone(), rates, Clock::system().seeded(1));
            for id in 0..CALLS {
                let error = dynamodb.call(Operation::PutItem, put(id)).await.unwrap_err();
                assert_eq!(error.status == 0, error.code == "SdkClientException", "{error:?}");
            }
            assert_eq!(dynamodb.injected(fault), CALLS as u64);
            let done = count(&tables);
            assert!((at_least..=at_most).contains(&done), "{fault:?}: {done}");
        }
    }

    #[tokio::test]
    async fn a_partial_batch_does_what_it_does_not_return() {
        let tables = things().await;
        let rates = FaultRates { partial: 1000, slow: 1000, ..FaultRates::default() };
        let dynamodb = FaultyDynamoDb::new(tables.clone(), rates, Clock::system().seeded(1));
        let mut left_over = 0;
        for batch in 0..20 {
            let puts: Vec<Value> = (0..10)
                .map(|id| object! { "PutRequest" => object! { "Item" => put(batch * 10 + id).get("Item").unwrap().clone() } })
                .collect();
            let request = object! { "RequestItems" => object! { "things" => puts } };
            let answer = dynamodb.call(Operation::BatchWriteItem, request).await.unwrap();
            let left = answer.get("UnprocessedItems").and_then(|tables| tables.get("things")).unwrap();
            left_over += left.as_list().unwrap().len() as u64;
        }
        assert!(left_over > 20);
        assert_eq!(count(&tables), 200 - left_over);

        let keys: Vec<Value> = (0..10).map(|id| put(id).get("Item").unwrap().clone()).collect();
        let request =
            object! { "RequestItems" => object! { "things" => object! { "Keys" => keys, "ConsistentRead" => true } } };
        let answer = dynamodb.call(Operation::BatchGetItem, request).await.unwrap();
        let left = answer.get("UnprocessedKeys").and_then(|tables| tables.get("things")).unwrap();
        assert_eq!(left.get("ConsistentRead"), Some(&Value::from(true)));
        assert!(!left.get("Keys").and_then(Value::as_list).unwrap().is_empty());
    }

    #[tokio::test]
    async fn without_rates_it_is_the_dynamodb_behind_it() {
        let dynamodb = FaultyDynamoDb::new(things().await, FaultRates::default(), Clock::system().seeded(1));
        for id in 0..50 {
            dynamodb.call(Operation::PutItem, put(id)).await.unwrap();
        }
        for fault in [Fault::Throttled, Fault::Reset, Fault::TimedOut, Fault::Partial, Fault::Slow] {
            assert_eq!(dynamodb.injected(fault), 0);
        }
    }
}
