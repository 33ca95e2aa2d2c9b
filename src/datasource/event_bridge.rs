//! EventBridge as AppSync's resolvers use it (spec appsync-js 4.3): events in, `{Entries, FailedEntryCount}` out. Events that
//! the bus did not take are part of the result and no error.

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::backend::ServiceError;
use crate::backend::event_bus::PutEvents;
use crate::context::DataSourceError;
use crate::datasource::document::Element;
use crate::datasource::{DataSource, Invocation, Outcome, service_failure};
use crate::error::{FieldError, nearest};
use crate::limits;
use crate::value::{Number, Str, Value, object};

/// An event bus.
#[derive(Clone, Debug)]
pub struct EventBridgeSource {
    /// ARN.
    bus: Str,
}

impl EventBridgeSource {
    pub fn new(event_bus_arn: impl Into<Str>) -> EventBridgeSource {
        EventBridgeSource { bus: event_bus_arn.into() }
    }
}

impl DataSource for EventBridgeSource {
    fn invoke<'a>(&'a self, call: Invocation<'a>) -> BoxFuture<'a, Result<Outcome, FieldError>> {
        Box::pin(async move {
            let entries = entries(&Element::root(call.request))?;
            let role = call.rights.role().map(Str::from);
            let sent = call.event_bus.put_events(PutEvents { bus: self.bus.clone(), role, entries }).await;
            Ok(match sent {
                Ok(answer) => Outcome::success(result(&answer)),
                Err(error) => Outcome { result: Value::Null, error: Some(data_source_error(&error)) },
            })
        })
    }

    fn is_younger_than_2017(&self) -> bool {
        true
    }
}

/// The entries of the API's request.
fn entries(document: &Element<'_>) -> Result<Vec<Value>, FieldError> {
    document.allow_only(&["version", "operation", "events"])?;
    let operation = document.required("operation")?.string()?;
    if operation != "PutEvents" {
        let hint = nearest(operation, ["PutEvents"]).map_or(String::new(), |name| format!(" Did you mean '{name}'?"));
        return Err(FieldError::mapping_template(format!("Unsupported operation '{operation}'.{hint}")));
    }
    let events = document.required("events")?;
    let entries: Vec<Value> = events.items()?.map(|event| entry(&event)).collect::<Result<_, _>>()?;
    let most = limits::EVENT_BRIDGE_ENTRIES;
    match entries.len() {
        0 => Err(events.refused(format!("there must be one to {most} events, here is none"))),
        count if count > most => Err(events.refused(format!("there must be one to {most} events, here are {count}"))),
        _ => Ok(entries),
    }
}

fn entry(event: &Element<'_>) -> Result<Value, FieldError> {
    event.allow_only(&["source", "detail", "detailType", "resources", "time"])?;
    let detail = event.required("detail")?;
    detail.object()?;
    let mut entry = object! {
        "Source" => event.required("source")?.string()?,
        "DetailType" => event.required("detailType")?.string()?,
        "Detail" => detail.value.to_string(),
    };
    if let Some(resources) = event.member("resources") {
        let resources = resources.items()?.map(|item| item.string().map(Value::from)).collect::<Result<Value, _>>()?;
        entry.set("Resources", resources);
    }
    if let Some(time) = event.member("time") {
        entry.set("Time", seconds(&time)?);
    }
    Ok(entry)
}

/// A time as the API has it, seconds since 1970: AppSync documents a text of ISO 8601 (`util.time.nowISO8601()`). That seconds
/// are taken too (`util.time.nowEpochSeconds()`) is UNCONFIRMED.
fn seconds(time: &Element<'_>) -> Result<Value, FieldError> {
    match time.value {
        Value::Number(number) if (0.0..=253_402_300_799.0).contains(&number.as_f64()) => Ok(time.value.clone()),
        Value::Number(_) => Err(time.refused("it is no number of seconds since 1970")),
        _ => {
            let timestamp: Timestamp = time.string()?.parse().map_err(|_| {
                time.refused("it is no time of ISO 8601 with its offset, such as '2026-11-22T12:00:00Z'")
            })?;
            let milliseconds = timestamp.as_millisecond();
            Ok(match milliseconds % 1000 {
                0 => (milliseconds / 1000).into(),
                _ => Number::from_f64(milliseconds as f64 / 1000.0).map_or(Value::Null, Value::Number),
            })
        }
    }
}

/// Both members in the order of AppSync's documentation; entries as EventBridge has them. Whether AppSync fills what an entry
/// has not with null is UNCONFIRMED.
fn result(answer: &Value) -> Value {
    let member = |key| answer.get(key).cloned();
    object! {
        "Entries" => member("Entries").unwrap_or_default(),
        "FailedEntryCount" => member("FailedEntryCount").unwrap_or_else(|| 0.into()),
    }
}

/// Names a failure by AppSync's rule for DynamoDB, after the class of the Java SDK that carries it (spec appsync-js 3.0). That
/// it holds here too is UNCONFIRMED.
fn data_source_error(error: &ServiceError) -> DataSourceError {
    let class = match error.code.as_str() {
        "InternalException" | "StsException" | "SdkClientException" => error.code.as_str(),
        // All others arrive as the base class.
        _ => "EventBridgeException",
    };
    service_failure(error, "EventBridge", format!("EventBridge:{class}"))
}

#[cfg(test)]
mod tests;
