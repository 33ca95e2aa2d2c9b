//! Objects that mean more to the builders than their members say: `operations.*`, typed sets, statements, type hints.

use std::collections::HashMap;
use std::sync::Arc;

use super::{dynamodb, rds};
use crate::handler::util::Refusal;
use crate::value::{Map, Value};

/// What an object that a builder made means to other builders.
#[derive(Clone, Debug)]
pub(super) enum Marker {
    /// A typed value of DynamoDB that stays as it is where others are converted.
    Typed(Value),
    /// A change of an attribute. Operands are typed already.
    Operation(dynamodb::Operation),
    /// A part of SQL.
    Sql(rds::Marker),
}

/// A function of one of AppSync's modules.
pub(super) type Builder = fn(&mut Markers, &[Value]) -> Result<Value, Refusal>;

/// The markers that one call has made. A marker is known by the identity of its object, which client data cannot forge.
#[derive(Default)]
pub(super) struct Markers(HashMap<usize, (Arc<Map>, Marker), foldhash::fast::RandomState>);

impl Markers {
    pub fn find(&self, value: &Value) -> Option<&Marker> {
        let Value::Object(map) = value else { return None };
        if self.0.is_empty() {
            return None;
        }
        self.0.get(&address(map)).map(|(_, marker)| marker)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Remembers what `visible`, the object that the code sees, means.
    pub fn mark(&mut self, visible: Map, marker: Marker) -> Value {
        let map = Arc::new(visible);
        self.0.insert(address(&map), (map.clone(), marker));
        Value::Object(map)
    }
}

/// Stays one object's own as long as `Markers` holds it.
fn address(map: &Arc<Map>) -> usize {
    Arc::as_ptr(map).addr()
}
