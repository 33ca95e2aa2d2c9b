//! The answer and its wire shape (spec appsync-service 4). Nothing else knows it.

use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::context::ResponseHeaders;
use crate::error::{FieldError, GraphQLError, Location};
use crate::loader::{Call, Explanation, TableUse, Target};
use crate::value::{Map, Str, Value, object};

/// The answer to one operation. `Serialize` writes AppSync's JSON: `data`, then `errors` and
/// `extensions` when there are any (spec appsync-service 4.1).
#[derive(Debug, Default)]
pub struct Response {
    /// `None` prints as null: nothing ran, or a non-null violation reached the root.
    pub data: Option<Node>,
    /// Nothing ran, because the request itself was wrong: a request error in the words of the GraphQL specification.
    pub is_request_error: bool,
    pub errors: Vec<ErrorEntry>,
    /// How many entries of the API cache mutations deleted; `None` when none asked for it. Written as
    /// `extensions.apiCacheEntriesDeleted`.
    pub cache_entries_deleted: Option<u64>,
    /// What the operation cost, for a client that asked to see it and may. Written as `extensions.syncline`.
    pub explanation: Option<Explanation>,
    /// What handlers add to the HTTP response; no part of the JSON. Of several with the same name the last counts.
    pub headers: ResponseHeaders,
}

impl Response {
    /// The answer to a request that was refused before anything ran: `data` is null, HTTP status 200.
    pub fn refused(errors: Vec<GraphQLError>) -> Response {
        let entry =
            |error: GraphQLError| ErrorEntry::Engine { path: None, locations: error.locations, message: error.message };
        Response { errors: errors.into_iter().map(entry).collect(), is_request_error: true, ..Response::default() }
    }

    /// As JSON bytes.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_else(|_| br#"{"data":null}"#.to_vec())
    }

    /// As JSON bytes for a client that goes by the GraphQL specification: a request error has no `data`
    /// (specification, section 7.1).
    pub fn to_standard_json(&self) -> Vec<u8> {
        if self.is_request_error {
            serde_json::to_vec(&serde_json::json!({ "errors": self.errors })).unwrap_or_default()
        } else {
            self.to_json()
        }
    }

    /// As a value, for callers in the same process.
    pub fn to_value(&self) -> Value {
        serde_json::from_slice(&self.to_json()).unwrap_or_default()
    }
}

/// A part of the answer. Objects share their keys with the plan that made them.
#[derive(Clone, Debug)]
pub enum Node {
    Leaf(Value),
    List {
        items: Vec<Node>,
        state: State,
    },
    Object {
        keys: Arc<[Str]>,
        fields: Vec<Node>,
        state: State,
    },
    /// The value of a resolver field that is still running; gone when the answer is settled.
    Slot(usize),
    /// A non-null violation on its way to the nearest nullable parent; gone when the answer is settled.
    Bubble,
}

/// What settling has to know about a list or object.
#[derive(Clone, Copy, Debug, Default)]
pub struct State {
    /// Whether a slot stands anywhere inside.
    pub pending: bool,
    /// Whether null may stand here, so that a violation inside ends here.
    pub is_nullable: bool,
}

impl Node {
    pub const NULL: Node = Node::Leaf(Value::Null);

    pub fn is_pending(&self) -> bool {
        match self {
            Node::Slot(_) => true,
            Node::List { state, .. } | Node::Object { state, .. } => state.pending,
            Node::Leaf(_) | Node::Bubble => false,
        }
    }

    /// A list or object whose parts are known, or what a violation inside makes of it.
    pub fn container(parts: &[Node], is_nullable: bool) -> Result<State, Node> {
        let mut pending = false;
        for part in parts {
            match part {
                Node::Bubble => return Err(if is_nullable { Node::NULL } else { Node::Bubble }),
                part => pending |= part.is_pending(),
            }
        }
        Ok(State { pending, is_nullable })
    }

    /// Puts finished slots in place and lets violations rise.
    pub fn settle(&mut self, slots: &mut [Node]) {
        match self {
            Node::Slot(index) => {
                let mut node = std::mem::replace(&mut slots[*index], Node::Bubble);
                node.settle(slots);
                *self = node;
            }
            Node::List { items: parts, state } | Node::Object { fields: parts, state, .. } if state.pending => {
                for part in parts.iter_mut() {
                    part.settle(slots);
                }
                match Node::container(parts, state.is_nullable) {
                    Ok(settled) => *state = settled,
                    Err(risen) => *self = risen,
                }
            }
            _ => {}
        }
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Node::Leaf(value) => value.serialize(serializer),
            Node::List { items, .. } => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(item))?;
                list.end()
            }
            Node::Object { keys, fields, .. } => {
                let mut object = serializer.serialize_map(Some(fields.len()))?;
                keys.iter().zip(fields).try_for_each(|(key, field)| object.serialize_entry(key.as_str(), field))?;
                object.end()
            }
            Node::Slot(_) | Node::Bubble => serializer.serialize_unit(),
        }
    }
}

/// A step from the root of the answer to a value in it.
#[derive(Clone, Debug, PartialEq)]
pub enum PathSegment {
    Key(Str),
    Index(usize),
}

/// An entry of `errors`, in one of AppSync's two shapes.
#[derive(Clone, Debug, PartialEq)]
pub enum ErrorEntry {
    /// Raised by a resolver, a data source or authorization: six keys, all always present (spec 4.2).
    Resolver { path: Vec<PathSegment>, location: Location, error: FieldError },
    /// Raised by the engine: three keys (spec 4.3).
    Engine { path: Option<Vec<PathSegment>>, locations: Option<Vec<Location>>, message: String },
}

impl ErrorEntry {
    pub fn path(&self) -> Option<&Vec<PathSegment>> {
        match self {
            ErrorEntry::Resolver { path, .. } => Some(path),
            ErrorEntry::Engine { path, .. } => path.as_ref(),
        }
    }

    pub fn message(&self) -> &str {
        match self {
            ErrorEntry::Resolver { error, .. } => &error.message,
            ErrorEntry::Engine { message, .. } => message,
        }
    }
}

impl Serialize for PathSegment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            PathSegment::Key(key) => serializer.serialize_str(key),
            PathSegment::Index(index) => serializer.serialize_u64(*index as u64),
        }
    }
}

impl Serialize for ErrorEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            ErrorEntry::Resolver { path, location, error } => {
                let mut map = serializer.serialize_map(Some(7))?;
                map.serialize_entry("path", path)?;
                map.serialize_entry("data", &error.data)?;
                map.serialize_entry("errorType", &error.error_type)?;
                map.serialize_entry("errorInfo", &error.error_info)?;
                map.serialize_entry("locations", &[location])?;
                map.serialize_entry("message", &error.message)?;
                map.serialize_entry("extensions", &Extensions(error))?;
                map.end()
            }
            ErrorEntry::Engine { path, locations, message } => {
                let mut map = serializer.serialize_map(Some(3))?;
                map.serialize_entry("path", path)?;
                map.serialize_entry("locations", locations)?;
                map.serialize_entry("message", message)?;
                map.end()
            }
        }
    }
}

/// AppSync has no `extensions`; we repeat the two there for clients that read only the specification's place.
struct Extensions<'a>(&'a FieldError);

impl Serialize for Extensions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("errorType", &self.0.error_type)?;
        map.serialize_entry("errorInfo", &self.0.error_info)?;
        map.end()
    }
}

impl Serialize for Response {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("data", &self.data)?;
        if !self.errors.is_empty() {
            map.serialize_entry("errors", &self.errors)?;
        }
        let mut extensions = Map::default();
        if let Some(deleted) = self.cache_entries_deleted {
            extensions.insert("apiCacheEntriesDeleted".into(), deleted.into());
        }
        if let Some(explanation) = &self.explanation {
            extensions.insert("syncline".into(), explained(explanation));
        }
        if !extensions.is_empty() {
            map.serialize_entry("extensions", &extensions)?;
        }
        map.end()
    }
}

/// `extensions.syncline`: what resolvers asked of data sources, and the calls that answered them. AppSync has no such
/// thing.
///
/// ```json
/// { "asked": 77, "made": 3, "coalesced": 74, "capacityUnits": { "read": 25.5, "write": 0 },
///   "calls": [
///     { "operation": "Query", "tables": { "orders": { "items": 50, "scanned": 50, "capacityUnits": 0.5 } },
///       "capacityUnits": 0.5, "asked": 1, "resolvers": { "Query.orders": 1 }, "durationMs": 3 },
///     { "operation": "BatchGetItem", "tables": { "products": { "keys": 50, "items": 50, "capacityUnits": 25 } },
///       "capacityUnits": 25, "asked": 75, "resolvers": { "Order.product": 75 }, "durationMs": 4 },
///     { "operation": "Invoke", "target": "pricing", "asked": 50, "resolvers": { "Product.price": 50 },
///       "durationMs": 9 } ] }
/// ```
///
/// * `asked`: the calls that AppSync would have made; `coalesced`: reads among them without a call of their own.
/// * `calls`: in the order of sending; tables by their physical names, each with the number of `keys` that the call named
///   and of `items` that it brought (of `scanned` ones before the filter). `asked` may exceed `keys`: several asked for
///   the same. `resolvers` are fields, or steps of a pipeline (`Mutation.placeOrder#2`), with how often they asked.
/// * `target` is what was called where that is no table: a function, whose `asked` is the length of its list.
/// * `index` stands in calls that read one, `attempt` in calls that repeat what an earlier one left out or failed to
///   bring, `error` in failed ones. `capacityUnits` is null where DynamoDB gave none, which are failed calls; `durationMs`
///   is null where the operation ended before the answer came.
fn explained(explanation: &Explanation) -> Value {
    let units = object! { "read" => number(explanation.read_units()), "write" => number(explanation.write_units()) };
    object! {
        "asked" => u64::from(explanation.asked),
        "made" => explanation.calls.len(),
        "coalesced" => u64::from(explanation.coalesced),
        "capacityUnits" => units,
        "calls" => explanation.calls.iter().map(explained_call).collect::<Value>(),
    }
}

fn explained_call(call: &Call) -> Value {
    let mut map = Map::default();
    map.insert("operation".into(), call.kind.name().into());
    match &call.target {
        Target::Tables { tables, index } => {
            if let Some(index) = index {
                map.insert("index".into(), index.into());
            }
            let tables: Map = tables.iter().map(|table| (table.name.clone(), explained_table(table))).collect();
            map.insert("tables".into(), tables.into());
            map.insert("capacityUnits".into(), call.capacity_units().map_or(Value::Null, number));
        }
        Target::Named(name) => {
            map.insert("target".into(), name.into());
        }
    }
    map.insert("asked".into(), u64::from(call.asked).into());
    let resolvers: Map = call.resolvers.iter().map(|(name, times)| (name.clone(), u64::from(*times).into())).collect();
    map.insert("resolvers".into(), resolvers.into());
    if call.attempt > 1 {
        map.insert("attempt".into(), u64::from(call.attempt).into());
    }
    if let Some(error) = &call.error {
        map.insert("error".into(), error.into());
    }
    map.insert("durationMs".into(), call.duration_milliseconds.map_or(Value::Null, Value::from));
    map.into()
}

fn explained_table(table: &TableUse) -> Value {
    let counts = [("keys", table.keys), ("items", table.items), ("scanned", table.scanned)];
    let mut map: Map = counts
        .into_iter()
        .filter_map(|(name, count)| Some((Str::new_static(name), u64::from(count?).into())))
        .collect();
    map.insert("capacityUnits".into(), table.capacity_units.map_or(Value::Null, number));
    map.into()
}

/// Whole numbers without `.0`.
fn number(units: f64) -> Value {
    if units.fract() == 0.0 && units.abs() < 9e15 { Value::from(units as i64) } else { Value::from(units) }
}
