//! What was called, for whom, and what it cost: for `extensions.syncline` and `syncline query --explain`.
//!
//! Nothing here runs unless somebody asks. Then every call carries `ReturnConsumedCapacity`, and its answer loses what
//! DynamoDB says to that before a data source sees it.

use std::sync::Arc;

use super::{Read, is_write, locked};
use crate::backend::{Operation, ServiceError};
use crate::clock::Clock;
use crate::value::{Map, Str, Value};

/// Everything that one request asked of DynamoDB and of other services.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explanation {
    /// The calls that AppSync would have made, which gathers nothing but the items of BatchInvoke.
    pub asked: u32,
    /// Reads among them that needed no call of their own.
    pub coalesced: u32,
    /// The calls made, in the order in which they were sent.
    pub calls: Vec<Call>,
}

/// One call to the outside world.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub kind: CallKind,
    pub target: Target,
    /// How often resolvers asked for what this call brought.
    pub asked: u32,
    /// Who asked, as a resolver (`Query.user`) or pipeline step (`Mutation.placeOrder#2`), and how often; in the order of
    /// asking.
    pub resolvers: Vec<(Str, u32)>,
    /// 1, or more when earlier calls were answered without these keys or failed.
    pub attempt: u32,
    /// How the call failed: the name of the service's exception, `Unhandled` for a function that failed, a
    /// [`HttpFailureKind`](crate::backend::http::HttpFailureKind).
    pub error: Option<Str>,
    /// Whole milliseconds by the loader's clock; `None` when the request ended before the answer came.
    pub duration_milliseconds: Option<i64>,
}

/// What a call does, by the name that its service has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallKind {
    DynamoDb(Operation),
    /// Lambda's: of one event, or of a list of them.
    Invoke,
    /// To a web service. The one name that is no service's own.
    Http,
    /// EventBridge's.
    PutEvents,
}

impl CallKind {
    pub fn name(self) -> &'static str {
        match self {
            CallKind::DynamoDb(operation) => operation.name(),
            CallKind::Invoke => "Invoke",
            CallKind::Http => "HTTP",
            CallKind::PutEvents => "PutEvents",
        }
    }
}

impl From<Operation> for CallKind {
    fn from(operation: Operation) -> CallKind {
        CallKind::DynamoDb(operation)
    }
}

/// What a call is made to.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    Tables {
        /// By their physical names, in the order of the request.
        tables: Vec<TableUse>,
        /// The index that a Query or Scan reads.
        index: Option<Str>,
    },
    /// What has a name and nothing to count: a function, a method and address, a bus.
    Named(Str),
}

/// What a call did with one table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableUse {
    pub name: Str,
    /// Items named by their keys, to be read or written; `None` for Query and Scan, which name none.
    pub keys: Option<u32>,
    /// Items that a read brought.
    pub items: Option<u32>,
    /// Items that a Query or Scan looked at, before its filter.
    pub scanned: Option<u32>,
    /// Read or write units, whichever the operation uses; `None` when DynamoDB did not say, as with an error.
    pub capacity_units: Option<f64>,
}

impl Explanation {
    /// Read units of all calls that DynamoDB gave them for.
    pub fn read_units(&self) -> f64 {
        self.units(false)
    }

    /// Write units of all calls that DynamoDB gave them for.
    pub fn write_units(&self) -> f64 {
        self.units(true)
    }

    fn units(&self, of_writes: bool) -> f64 {
        let is_meant = |kind| matches!(kind, CallKind::DynamoDb(operation) if is_write(operation) == of_writes);
        let calls = self.calls.iter().filter(|call| is_meant(call.kind));
        calls.filter_map(Call::capacity_units).fold(0.0, |sum, units| sum + units)
    }
}

impl Call {
    /// The tables that it read or wrote; none for other services.
    pub fn tables(&self) -> &[TableUse] {
        match &self.target {
            Target::Tables { tables, .. } => tables,
            Target::Named(_) => &[],
        }
    }

    /// Units of all tables; `None` when DynamoDB gave none.
    pub fn capacity_units(&self) -> Option<f64> {
        self.tables().iter().filter_map(|table| table.capacity_units).reduce(|sum, units| sum + units)
    }
}

/// For whom a call is made.
pub(super) enum Callers {
    /// Nobody joins it: so many runs of one resolver.
    Runs(Option<Str>, u32),
    /// Reads that others may join even while the call is under way.
    Reads(Vec<Arc<Read>>),
}

/// The calls of a request as they are made.
pub(super) struct Trace {
    clock: Clock,
    asked: u32,
    calls: Vec<Noted>,
}

struct Noted {
    /// Without its callers.
    call: Call,
    callers: Callers,
    started_epoch_milliseconds: i64,
}

impl Trace {
    pub fn new(clock: Clock) -> Trace {
        Trace { clock, asked: 0, calls: Vec::new() }
    }

    /// A resolver has asked for a read, which may be answered by a call that somebody else began.
    pub fn count_read(&mut self) {
        self.asked += 1;
    }

    /// Notes a call that is about to be made; gives its number.
    pub fn begin(&mut self, kind: CallKind, target: Target, attempt: u32, callers: Callers) -> usize {
        if let Callers::Runs(..) = callers {
            self.asked += 1;
        }
        let call =
            Call { kind, target, asked: 0, resolvers: Vec::new(), attempt, error: None, duration_milliseconds: None };
        self.calls.push(Noted { call, callers, started_epoch_milliseconds: self.clock.now_epoch_milliseconds() });
        self.calls.len() - 1
    }

    /// As [`Trace::begin`] for a call to DynamoDB, which is asked for its capacity.
    pub fn begin_on_tables(
        &mut self,
        operation: Operation,
        request: &mut Value,
        attempt: u32,
        callers: Callers,
    ) -> usize {
        request.set("ReturnConsumedCapacity", "TOTAL");
        let index = request.get("IndexName").and_then(Value::as_str).map(Str::from);
        let target = Target::Tables { tables: tables_of(request), index };
        self.begin(operation.into(), target, attempt, callers)
    }

    /// Notes what became of a call. `error`: how it failed.
    pub fn end(&mut self, number: usize, error: Option<Str>) {
        let now = self.clock.now_epoch_milliseconds();
        let Some(noted) = self.calls.get_mut(number) else { return };
        noted.call.duration_milliseconds = Some((now - noted.started_epoch_milliseconds).max(0));
        noted.call.error = error;
    }

    /// As [`Trace::end`], and gives the answer as it would have been without the question for capacity.
    pub fn end_on_tables(&mut self, number: usize, answer: Result<Value, ServiceError>) -> Result<Value, ServiceError> {
        self.end(number, answer.as_ref().err().map(|error| error.code.clone()));
        let mut answer = answer?;
        let consumed = take(&mut answer, "ConsumedCapacity");
        if let Some(Noted { call: Call { kind: CallKind::DynamoDb(operation), target, .. }, .. }) =
            self.calls.get_mut(number)
            && let Target::Tables { tables, .. } = target
        {
            note_items(*operation, tables, &answer);
            note_capacity(tables, consumed);
        }
        Ok(answer)
    }

    pub fn explanation(&self, coalesced: u32) -> Explanation {
        let calls = self.calls.iter().map(|noted| noted.callers.name(noted.call.clone())).collect();
        Explanation { asked: self.asked, coalesced, calls }
    }
}

impl Callers {
    /// Completes a call with those that it was made for.
    fn name(&self, mut call: Call) -> Call {
        match self {
            Callers::Runs(resolver, runs) => call.note_askers(resolver.as_ref(), *runs),
            Callers::Reads(reads) => {
                for read in reads {
                    locked(&read.askers).iter().for_each(|resolver| call.note_askers(resolver.as_ref(), 1));
                }
            }
        }
        call
    }
}

impl Call {
    fn note_askers(&mut self, resolver: Option<&Str>, runs: u32) {
        self.asked += runs;
        let Some(resolver) = resolver else { return };
        match self.resolvers.iter_mut().find(|(name, _)| name == resolver) {
            Some((_, times)) => *times += runs,
            None => self.resolvers.push((resolver.clone(), runs)),
        }
    }
}

fn note_items(operation: Operation, tables: &mut [TableUse], answer: &Value) {
    let number = |member| answer.get(member).and_then(Value::as_i64).and_then(|number| number.try_into().ok());
    let length = |list: Option<&Value>| list.and_then(Value::as_list).map_or(0, <[Value]>::len) as u32;
    match (operation, tables) {
        (Operation::GetItem, [table]) => table.items = Some(answer.get("Item").is_some().into()),
        (Operation::Query | Operation::Scan, [table]) => {
            table.items = number("Count");
            table.scanned = number("ScannedCount");
        }
        (Operation::BatchGetItem, tables) => {
            for table in tables {
                let found = answer.get("Responses").and_then(|responses| responses.get(&table.name));
                table.items = Some(length(found));
            }
        }
        // Answers of TransactGetItems do not say which table they are from; their order does.
        _ => {}
    }
}

/// `consumed`: DynamoDB's `ConsumedCapacity`, one object or a list with one for each table.
fn note_capacity(tables: &mut [TableUse], consumed: Option<Value>) {
    let Some(consumed) = consumed else { return };
    let one = std::slice::from_ref(&consumed);
    for entry in consumed.as_list().unwrap_or(one) {
        let name = entry.get("TableName").and_then(Value::as_str).unwrap_or_default();
        let Some(units) = entry.get("CapacityUnits").and_then(Value::as_f64) else { continue };
        // DynamoDB answers with the name although the request may have named the table by its ARN.
        let position = match tables.iter().position(|table| table.name == name) {
            None if tables.len() == 1 => Some(0),
            position => position,
        };
        if let Some(table) = position.and_then(|position| tables.get_mut(position)) {
            table.capacity_units = Some(table.capacity_units.unwrap_or(0.0) + units);
        }
    }
}

/// The tables that a request names, with the number of keys for each.
fn tables_of(request: &Value) -> Vec<TableUse> {
    let mut tables: Vec<TableUse> = Vec::new();
    let mut add = |name: &str, keys: Option<usize>| {
        let keys = keys.map(|keys| keys as u32);
        match tables.iter_mut().find(|table| table.name == name) {
            Some(table) => table.keys = Some(table.keys.unwrap_or(0) + keys.unwrap_or(0)),
            None => tables.push(TableUse { name: name.into(), keys, ..TableUse::default() }),
        }
    };
    if let Some(name) = request.get("TableName").and_then(Value::as_str) {
        let names_one = ["Key", "Item"].into_iter().any(|member| request.get(member).is_some());
        add(name, names_one.then_some(1));
    }
    for (name, asked) in request.get("RequestItems").and_then(Value::as_object).into_iter().flatten() {
        let list = asked.get("Keys").unwrap_or(asked).as_list();
        add(name, Some(list.map_or(0, <[Value]>::len)));
    }
    for item in request.get("TransactItems").and_then(Value::as_list).unwrap_or_default() {
        let action = item.as_object().and_then(|item| item.values().next());
        if let Some(name) = action.and_then(|action| action.get("TableName")).and_then(Value::as_str) {
            add(name, Some(1));
        }
    }
    tables
}

/// Takes a member out of an object.
fn take(object: &mut Value, member: &str) -> Option<Value> {
    let Value::Object(map) = &*object else { return None };
    let taken = map.get(member)?.clone();
    let rest: Map =
        map.iter().filter(|(key, _)| *key != member).map(|(key, value)| (key.clone(), value.clone())).collect();
    *object = rest.into();
    Some(taken)
}
