//! Which reads travel together, and how a BatchGetItem is made to look like the GetItems it stands for.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};

use super::explain::Callers;
use super::{Read, Shared};
use crate::backend::batch_get::{KeyedProjection, item_identity, key_identity};
use crate::backend::{Operation, ServiceError};
use crate::value::{Map, Str, Value, object};

/// DynamoDB's bound on one BatchGetItem.
const KEYS_PER_CALL: usize = 100;

/// Calls in a row that bring nothing new before the rest is given up; with the delays below, within two seconds.
const FRUITLESS_CALLS: u32 = 6;
const FIRST_DELAY: Duration = Duration::from_millis(25);

/// What a key attribute may have in bytes of text at least under every schema: DynamoDB's bound on sort keys.
const SURE_KEY_BYTES: usize = 1024;

/// Equal for reads that may share an answer.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Identity {
    /// Whose rights the read is made with: what one role may see, another may not.
    role: Option<Str>,
    /// Equal for GetItems that may travel as one table of a BatchGetItem.
    group: String,
    /// Of the key; the whole request of reads that travel alone.
    key: String,
    travels_alone: bool,
}

impl Identity {
    pub fn of(role: Option<Str>, operation: Operation, request: &Value) -> Identity {
        match (operation, GetItem::of(request)) {
            (Operation::GetItem, Some(get)) => {
                Identity { role, group: get.group(), key: key_identity(get.key), travels_alone: false }
            }
            _ => Identity { role, group: operation.name().to_owned(), key: request.to_string(), travels_alone: true },
        }
    }
}

/// A GetItem request that a BatchGetItem can express.
struct GetItem<'a> {
    table: &'a Str,
    key: &'a Map,
    request: &'a Map,
}

impl<'a> GetItem<'a> {
    fn of(request: &'a Value) -> Option<GetItem<'a>> {
        const MEMBERS: [&str; 5] =
            ["TableName", "Key", "ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames"];
        let request = request.as_object()?;
        let (Some(Value::String(table)), Some(Value::Object(key))) = (request.get("TableName"), request.get("Key"))
        else {
            return None;
        };
        let is_expressible = request.keys().all(|member| MEMBERS.contains(&member.as_str()));
        // A key that no table accepts would spoil the call for all.
        let is_acceptable = !key.is_empty() && key.values().all(|value| key_type(value).is_some());
        (is_expressible && is_acceptable).then_some(GetItem { table, key, request })
    }

    /// Reads of one group differ in the key's values only. Keys with other attribute names or types are kept apart: at
    /// most one of the two groups can be right, and it must not suffer for the other.
    fn group(&self) -> String {
        let mut names: Vec<(&str, Option<&str>)> =
            self.key.iter().map(|(name, value)| (name.as_str(), key_type(value))).collect();
        names.sort_unstable();
        let mut group = format!("{:?} {names:?}", self.table.as_str());
        for option in ["ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames"] {
            group.push(' ');
            // `false` is the default.
            if let Some(value) = self.request.get(option).filter(|value| **value != Value::Bool(false)) {
                group.push_str(&value.to_string());
            }
        }
        group
    }
}

/// `S`, `N` or `B`; `None` for what cannot be the value of a key, and for what perhaps cannot.
fn key_type(value: &Value) -> Option<&str> {
    let value = value.as_object().filter(|value| value.len() == 1)?;
    let (ty, text) = value.iter().next()?;
    let is_sure = ["S", "N", "B"].contains(&ty.as_str()) && (1..=SURE_KEY_BYTES).contains(&text.as_str()?.len());
    is_sure.then_some(ty.as_str())
}

/// Reads of one table with the same rights and options.
struct TableReads {
    role: Option<Str>,
    table: Str,
    key_names: Vec<Str>,
    /// `ConsistentRead` and the projection, as the call wants them.
    options: Map,
    projection: Option<KeyedProjection>,
    reads: Vec<Arc<Read>>,
}

/// One BatchGetItem call.
pub(super) struct Batch {
    role: Option<Str>,
    tables: Vec<TableReads>,
    /// The number that its next call has among those made for the same reads.
    attempt: u32,
}

/// Sorts reads into as few calls as can be: full ones first, several tables in one call, a lone read for itself.
pub(super) fn plan(queue: Vec<Arc<Read>>) -> (Vec<Batch>, Vec<Arc<Read>>) {
    let mut alone = Vec::new();
    let mut groups: Vec<TableReads> = Vec::new();
    let mut positions: HashMap<(Option<Str>, String), usize> = HashMap::new();
    for read in queue {
        let get = if read.identity.travels_alone { None } else { GetItem::of(&read.request) };
        let Some(get) = get else {
            alone.push(read);
            continue;
        };
        let group = (read.role.clone(), read.identity.group.clone());
        let position = match positions.get(&group) {
            Some(position) => *position,
            None => {
                positions.insert(group, groups.len());
                groups.push(TableReads::new(read.role.clone(), &get));
                groups.len() - 1
            }
        };
        groups[position].reads.push(read);
    }
    let mut batches: Vec<Batch> = Vec::new();
    for group in groups {
        place(group, &mut batches);
    }
    let (lone, batches): (Vec<Batch>, Vec<Batch>) = batches.into_iter().partition(|batch| batch.len() == 1);
    alone.extend(lone.into_iter().flat_map(Batch::into_reads));
    (batches, alone)
}

/// Fills the calls of the same role that have room and lack the table (a call names a table once), then opens new ones.
fn place(mut group: TableReads, batches: &mut Vec<Batch>) {
    let mut next = 0;
    while !group.reads.is_empty() {
        if next == batches.len() {
            batches.push(Batch { role: group.role.clone(), tables: Vec::new(), attempt: 1 });
        }
        let batch = &mut batches[next];
        next += 1;
        let room = KEYS_PER_CALL.saturating_sub(batch.len());
        if batch.role != group.role || room == 0 || batch.tables.iter().any(|other| other.table == group.table) {
            continue;
        }
        let rest = group.reads.split_off(room.min(group.reads.len()));
        let part = TableReads { reads: std::mem::replace(&mut group.reads, rest), ..group.without_reads() };
        batch.tables.push(part);
    }
}

impl TableReads {
    fn new(role: Option<Str>, get: &GetItem<'_>) -> TableReads {
        let key_names: Vec<Str> = get.key.keys().cloned().collect();
        let mut options = Map::default();
        if get.request.get("ConsistentRead") == Some(&Value::Bool(true)) {
            options.insert("ConsistentRead".into(), true.into());
        }
        let names = get.request.get("ExpressionAttributeNames").and_then(Value::as_object).cloned().unwrap_or_default();
        let projection = get
            .request
            .get("ProjectionExpression")
            .and_then(Value::as_str)
            .map(|expression| KeyedProjection::new(expression, &names, &key_names));
        let names = projection.as_ref().map_or(names, |projection| projection.names.clone());
        if let Some(projection) = &projection {
            options.insert("ProjectionExpression".into(), projection.expression.as_str().into());
        }
        if !names.is_empty() {
            options.insert("ExpressionAttributeNames".into(), names.into());
        }
        TableReads { role, table: get.table.clone(), key_names, options, projection, reads: Vec::new() }
    }

    fn without_reads(&self) -> TableReads {
        TableReads {
            role: self.role.clone(),
            table: self.table.clone(),
            key_names: self.key_names.clone(),
            options: self.options.clone(),
            projection: self.projection.clone(),
            reads: Vec::new(),
        }
    }

    fn request(&self) -> Value {
        let keys: Value = self.reads.iter().filter_map(|read| read.request.get("Key").cloned()).collect();
        let mut request = self.options.clone();
        request.insert("Keys".into(), keys);
        request.into()
    }

    /// Answers every read that the call settled and keeps the others; returns how many it answered, and those that
    /// must be asked for alone.
    fn settle(&mut self, answer: &Value, shared: &Shared) -> (usize, Vec<Arc<Read>>) {
        let list = |member: &str, list_of: &dyn Fn(&Value) -> Option<Value>| {
            let list = answer.get(member).and_then(|tables| tables.get(&self.table)).and_then(list_of);
            list.as_ref().and_then(Value::as_list).unwrap_or_default().to_vec()
        };
        let returned = list("Responses", &|items| Some(items.clone()));
        let items: HashMap<String, &Value> = returned
            .iter()
            .filter_map(|item| Some((item_identity(item.as_object()?, &self.key_names)?, item)))
            .collect();
        let unprocessed: HashSet<String> = list("UnprocessedKeys", &|left| left.get("Keys").cloned())
            .iter()
            .filter_map(|key| key.as_object().map(key_identity))
            .collect();
        let (left, settled): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.reads).into_iter().partition(|read| unprocessed.contains(&read.identity.key));
        self.reads = left;
        let (found, missing): (Vec<_>, Vec<_>) =
            settled.into_iter().partition(|read| items.contains_key(&read.identity.key));
        let count = found.len();
        for read in &found {
            let item = items.get(&read.identity.key).map(|item| self.as_get_item_returns(item));
            shared.settle(read, Ok(item.map_or_else(Value::empty_object, |item| object! { "Item" => item })));
        }
        if returned.len() > count {
            // An item came back under a key that nobody wrote that way, so that what seems missing may be there.
            return (count, missing);
        }
        missing.iter().for_each(|read| shared.settle(read, Ok(Value::empty_object())));
        (count + missing.len(), Vec::new())
    }

    fn as_get_item_returns(&self, item: &Value) -> Value {
        match (&self.projection, item) {
            (Some(projection), Value::Object(item)) => projection.strip(item.as_ref().clone()).into(),
            _ => item.clone(),
        }
    }
}

impl Batch {
    fn len(&self) -> usize {
        self.tables.iter().map(|table| table.reads.len()).sum()
    }

    fn into_reads(self) -> impl Iterator<Item = Arc<Read>> {
        self.tables.into_iter().flat_map(|table| table.reads)
    }

    fn reads(&self) -> Vec<Arc<Read>> {
        self.tables.iter().flat_map(|table| table.reads.iter().cloned()).collect()
    }

    /// Makes the call, and further ones for what DynamoDB leaves out, until every read has its answer.
    pub fn send(self, shared: Arc<Shared>) -> BoxFuture<'static, ()> {
        Box::pin(self.send_until_settled(shared))
    }

    async fn send_until_settled(mut self, shared: Arc<Shared>) {
        let mut fruitless = 0;
        let mut delay = FIRST_DELAY;
        let mut unclear: Vec<Arc<Read>> = Vec::new();
        while self.len() > 1 {
            let tables: Map = self.tables.iter().map(|table| (table.table.clone(), table.request())).collect();
            let request = object! { "RequestItems" => tables };
            let callers = || Callers::Reads(self.reads());
            let answer =
                shared.send(self.role.as_deref(), Operation::BatchGetItem, request, self.attempt, callers).await;
            self.attempt += 1;
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) if is_transient(&error) => {
                    self.fail(&shared, &error);
                    break;
                }
                Err(_) if self.tables.len() > 1 => {
                    // One of the tables is at fault; the others need not pay for it.
                    let Batch { role, tables, attempt } = self;
                    let parts =
                        tables.into_iter().map(|table| Batch { role: role.clone(), tables: vec![table], attempt });
                    join_all(parts.map(|part| part.send(shared.clone()))).await;
                    return send_all_alone(unclear, &shared, attempt).await;
                }
                Err(_) => break,
            };
            let (asked, mut settled) = (self.len(), 0);
            for table in &mut self.tables {
                let (count, unclear_of_table) = table.settle(&answer, &shared);
                settled += count;
                unclear.extend(unclear_of_table);
            }
            self.tables.retain(|table| !table.reads.is_empty());
            shared.state().stats.coalesced += settled.saturating_sub(1) as u32;
            if self.len() < asked {
                // A full answer (16 MB) leaves keys out without being throttled.
                fruitless = 0;
                continue;
            }
            fruitless += 1;
            if fruitless == FRUITLESS_CALLS {
                self.fail(&shared, &ServiceError::throttled());
                break;
            }
            (shared.sleep)(delay).await;
            delay *= 2;
        }
        // One of the keys, or the right to batch, is at fault: alone, each read gets its own answer or its own error.
        let attempt = self.attempt;
        unclear.extend(self.into_reads());
        send_all_alone(unclear, &shared, attempt).await;
    }

    fn fail(&mut self, shared: &Shared, error: &ServiceError) {
        let tables = std::mem::take(&mut self.tables);
        tables.iter().flat_map(|table| &table.reads).for_each(|read| shared.settle(read, Err(error.clone())));
    }
}

async fn send_all_alone(reads: Vec<Arc<Read>>, shared: &Arc<Shared>, attempt: u32) {
    join_all(reads.into_iter().map(|read| shared.clone().send_alone(read, attempt))).await;
}

/// Errors that every read of the batch would have met alone. Trying them one by one would make the trouble worse.
fn is_transient(error: &ServiceError) -> bool {
    let is_throttled = ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"]
        .contains(&error.code.as_str());
    is_throttled || error.status == 0 || error.status >= 500
}
