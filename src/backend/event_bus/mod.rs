//! EventBridge as AppSync uses it: events are put on a bus.
//!
//! [`EventBus`] is the way there. `backend::aws` goes to EventBridge or to what speaks its protocol; [`LocalEventBus`] takes
//! events on a laptop and hands them to whoever wants to see them.

mod local;

use futures_util::future::BoxFuture;

use crate::backend::ServiceError;
use crate::value::{Str, Value};

pub use local::{LocalEventBus, Witness};

/// EventBridge's PutEvents.
pub trait EventBus: Send + Sync {
    /// The answer as EventBridge gives it: `{"Entries", "FailedEntryCount"}`. Entries that were not taken are no failure of
    /// the call.
    ///
    /// # Errors
    /// [`ServiceError`]: none of the events was taken, or nobody knows.
    fn put_events(&self, request: PutEvents) -> BoxFuture<'_, Result<Value, ServiceError>>;
}

/// Events for one bus.
#[derive(Clone, Debug, PartialEq)]
pub struct PutEvents {
    /// The bus's ARN.
    pub bus: Str,
    /// Whose rights the call is made with: a role's ARN, or the process's own.
    pub role: Option<Str>,
    /// As the API has them, one to ten: `Source`, `DetailType`, `Detail` (a text of JSON), `Resources`, `Time` (seconds since
    /// 1970). The bus's name is added.
    pub entries: Vec<Value>,
}

impl PutEvents {
    /// The request as it travels.
    pub fn into_request(self) -> Value {
        let with_bus = |mut entry: Value| {
            entry.set("EventBusName", &self.bus);
            entry
        };
        crate::value::object! { "Entries" => self.entries.into_iter().map(with_bus).collect::<Value>() }
    }
}

/// The parts of an event bus's ARN: region, account and name.
///
/// # Examples
/// ```
/// use syncline::backend::event_bus::parts_of_arn;
/// let arn = "arn:aws:events:eu-central-1:123456789012:event-bus/orders";
/// assert_eq!(parts_of_arn(arn), Some(("eu-central-1", "123456789012", "orders")));
/// assert_eq!(parts_of_arn("orders"), None);
/// ```
pub fn parts_of_arn(arn: &str) -> Option<(&str, &str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let (prefix, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let (region, account, name) = (parts.next()?, parts.next()?, parts.next()?.strip_prefix("event-bus/")?);
    let is_bus = prefix == "arn" && partition.starts_with("aws") && service == "events";
    (is_bus && !region.is_empty() && !name.is_empty()).then_some((region, account, name))
}
