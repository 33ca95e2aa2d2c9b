//! What was called, for whom, and what it cost: for `extensions.syncline` and `syncline query --explain`.
//!
//! Nothing here runs unless somebody asks. Then every call carries `ReturnConsumedCapacity`, and its answer loses what
//! DynamoDB says to that before a data source sees it.

use std::sync::Arc;

use super::{Read, locked};
use crate::backend::{Operation, ServiceError};
use crate::clock::Clock;
use crate::value::{Map, Str, Value};

/// Everything that one request asked of DynamoDB.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explanation {
    /// What resolvers asked for: the calls that AppSync, which batches nothing, would have made.
    pub asked: u32,
    /// Reads among them that needed no call of their own.
    pub coalesced: u32,
    /// The calls made, in the order in which they were sent.
    pub calls: Vec<Call>,
}

/// One call to DynamoDB.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub operation: Operation,
    /// The tables by their physical names, in the order of the request.
    pub tables: Vec<TableUse>,
    /// The index that a Query or Scan reads.
    pub index: Option<Str>,
    /// How often resolvers asked for what this call brought.
    pub asked: u32,
    /// Who asked, as a resolver (`Query.user`) or pipeline step (`Mutation.placeOrder#2`), and how often; in the order of
    /// asking.
    pub resolvers: Vec<(Str, u32)>,
    /// 1, or more when earlier calls were answered without these keys or failed.
    pub attempt: u32,
    /// How the call failed: the name of DynamoDB's exception.
    pub error: Option<Str>,
    /// Whole milliseconds by the loader's clock; `None` when the request ended before the answer came.
    pub duration_milliseconds: Option<i64>,
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
        let calls = self.calls.iter().filter(|call| super::is_write(call.operation) == of_writes);
        calls.filter_map(Call::capacity_units).fold(0.0, |sum, units| sum + units)
    }
}

impl Call {
    /// Units of all tables; `None` when DynamoDB gave none.
    pub fn capacity_units(&self) -> Option<f64> {
        self.tables.iter().filter_map(|table| table.capacity_units).reduce(|sum, units| sum + units)
    }
}

/// For whom a call is made.
pub(super) enum Callers {
    /// A call that waits for no others, in the name of a resolver.
    One(Option<Str>),
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

    /// Notes a call that is about to be sent, and asks for its capacity; gives its number.
    pub fn begin(&mut self, operation: Operation, request: &mut Value, attempt: u32, callers: Callers) -> usize {
        if let Callers::One(_) = callers {
            self.asked += 1;
        }
        request.set("ReturnConsumedCapacity", "TOTAL");
        let call = Call {
            operation,
            tables: tables_of(request),
            index: request.get("IndexName").and_then(Value::as_str).map(Str::from),
            asked: 0,
            resolvers: Vec::new(),
            attempt,
            error: None,
            duration_milliseconds: None,
        };
        self.calls.push(Noted { call, callers, started_epoch_milliseconds: self.clock.now_epoch_milliseconds() });
        self.calls.len() - 1
    }

    /// Notes what became of a call, and gives the answer as it would have been without the question for capacity.
    pub fn end(&mut self, number: usize, answer: Result<Value, ServiceError>) -> Result<Value, ServiceError> {
        let now = self.clock.now_epoch_milliseconds();
        let Some(noted) = self.calls.get_mut(number) else { return answer };
        let call = &mut noted.call;
        call.duration_milliseconds = Some((now - noted.started_epoch_milliseconds).max(0));
        match answer {
            Ok(mut answer) => {
                call.note_items(&answer);
                call.note_capacity(take(&mut answer, "ConsumedCapacity"));
                Ok(answer)
            }
            Err(error) => {
                call.error = Some(error.code.clone());
                Err(error)
            }
        }
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
            Callers::One(resolver) => call.note_asker(resolver.as_ref()),
            Callers::Reads(reads) => {
                for read in reads {
                    locked(&read.slot).askers.iter().for_each(|resolver| call.note_asker(resolver.as_ref()));
                }
            }
        }
        call
    }
}

impl Call {
    fn note_asker(&mut self, resolver: Option<&Str>) {
        self.asked += 1;
        let Some(resolver) = resolver else { return };
        match self.resolvers.iter_mut().find(|(name, _)| name == resolver) {
            Some((_, times)) => *times += 1,
            None => self.resolvers.push((resolver.clone(), 1)),
        }
    }

    fn note_items(&mut self, answer: &Value) {
        let number = |member| answer.get(member).and_then(Value::as_i64).and_then(|number| number.try_into().ok());
        let length = |list: Option<&Value>| list.and_then(Value::as_list).map_or(0, <[Value]>::len) as u32;
        match (self.operation, self.tables.as_mut_slice()) {
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
    fn note_capacity(&mut self, consumed: Option<Value>) {
        let Some(consumed) = consumed else { return };
        let one = std::slice::from_ref(&consumed);
        for entry in consumed.as_list().unwrap_or(one) {
            let name = entry.get("TableName").and_then(Value::as_str).unwrap_or_default();
            let Some(units) = entry.get("CapacityUnits").and_then(Value::as_f64) else { continue };
            // DynamoDB answers with the name although the request may have named the table by its ARN.
            let position = match self.tables.iter().position(|table| table.name == name) {
                None if self.tables.len() == 1 => Some(0),
                position => position,
            };
            if let Some(table) = position.and_then(|position| self.tables.get_mut(position)) {
                table.capacity_units = Some(table.capacity_units.unwrap_or(0.0) + units);
            }
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
