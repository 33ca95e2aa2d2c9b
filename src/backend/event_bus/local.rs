//! A bus without subscribers: it takes events by EventBridge's rules, gives them ids, and shows them.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::backend::ServiceError;
use crate::backend::event_bus::{EventBus, PutEvents, parts_of_arn};
use crate::clock::Clock;
use crate::limits;
use crate::value::{Str, Value, object};

/// Called with each event that was taken, in the form in which EventBridge's targets see it, and the name of its bus.
pub type Witness = Arc<dyn Fn(&str, &Value) + Send + Sync>;

/// An event bus on a laptop.
pub struct LocalEventBus {
    clock: Clock,
    witness: Witness,
}

impl LocalEventBus {
    pub fn new(clock: Clock, witness: Witness) -> LocalEventBus {
        LocalEventBus { clock, witness }
    }

    fn put(&self, request: &PutEvents) -> Result<Value, ServiceError> {
        let size: usize = request.entries.iter().map(size).sum();
        if size > limits::EVENT_BRIDGE_ENTRIES_BYTES {
            return Err(ServiceError {
                code: Str::new_static("ValidationException"),
                message: Str::new_static("Total size of the entries in the request is over the limit."),
                status: 400,
                request_id: self.clock.uuid().into(),
                ..ServiceError::default()
            });
        }
        let mut failed = 0;
        let answers: Vec<Value> = request
            .entries
            .iter()
            .map(|entry| match refusal(entry) {
                Some((code, message)) => {
                    failed += 1;
                    object! { "ErrorCode" => code, "ErrorMessage" => message }
                }
                None => {
                    let id = self.clock.uuid();
                    let (bus, event) = self.event(&request.bus, &id, entry);
                    (self.witness)(bus, &event);
                    object! { "EventId" => id }
                }
            })
            .collect();
        Ok(object! { "FailedEntryCount" => failed, "Entries" => answers })
    }

    /// The event as a target of the bus gets it.
    fn event<'a>(&self, bus: &'a str, id: &str, entry: &Value) -> (&'a str, Value) {
        let (region, account, name) = parts_of_arn(bus).unwrap_or(("", "", bus));
        let seconds = match entry.get("Time").and_then(Value::as_f64) {
            Some(time) => time as i64,
            None => self.clock.now_epoch_milliseconds().div_euclid(1000),
        };
        let member = |key: &str| entry.get(key).cloned();
        let event = object! {
            "version" => "0",
            "id" => id,
            "detail-type" => member("DetailType").unwrap_or_default(),
            "source" => member("Source").unwrap_or_default(),
            "account" => account,
            "time" => Timestamp::from_second(seconds).unwrap_or_default().to_string(),
            "region" => region,
            "resources" => member("Resources").unwrap_or_else(|| Vec::new().into()),
            "detail" => Value::parse(text(entry, "Detail")).unwrap_or_default(),
        };
        (name, event)
    }
}

impl EventBus for LocalEventBus {
    fn put_events(&self, request: PutEvents) -> BoxFuture<'_, Result<Value, ServiceError>> {
        let answer = self.put(&request);
        Box::pin(std::future::ready(answer))
    }
}

fn text<'a>(entry: &'a Value, key: &str) -> &'a str {
    entry.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Bytes of an entry as EventBridge counts them: a time is 14.
fn size(entry: &Value) -> usize {
    let texts: usize = ["Source", "DetailType", "Detail"].iter().map(|key| text(entry, key).len()).sum();
    let resources = entry.get("Resources").and_then(Value::as_list).unwrap_or_default();
    let resources: usize = resources.iter().filter_map(Value::as_str).map(str::len).sum();
    texts + resources + if entry.get("Time").is_some() { 14 } else { 0 }
}

/// Why EventBridge does not take an entry: its code and its words, as an emulator has them (UNCONFIRMED).
fn refusal(entry: &Value) -> Option<(&'static str, String)> {
    let missing = ["Source", "DetailType", "Detail"].into_iter().find(|key| text(entry, key).is_empty());
    if let Some(key) = missing {
        let message = format!("Parameter {key} is not valid. Reason: {key} is a required argument.");
        return Some(("InvalidArgument", message));
    }
    if text(entry, "Source").starts_with("aws.") {
        return Some(("NotAuthorizedForSourceException", "Not authorized for the source.".to_owned()));
    }
    let is_object = Value::parse(text(entry, "Detail")).is_ok_and(|detail| detail.as_object().is_some());
    (!is_object).then(|| ("MalformedDetail", "Detail is malformed.".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    const BUS: &str = "arn:aws:events:eu-central-1:123456789012:event-bus/orders";

    fn put(entries: &str) -> (Result<Value, ServiceError>, Vec<String>) {
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = heard.clone();
        let witness: Witness = Arc::new(move |bus, event| noted.lock().unwrap().push(format!("{bus} {event}")));
        let bus = LocalEventBus::new(Clock::fixed(1_795_348_800_000, 1), witness);
        let entries = Value::parse(entries).unwrap().as_list().unwrap().to_vec();
        let answer = bus.put(&PutEvents { bus: BUS.into(), role: None, entries });
        let heard = heard.lock().unwrap().clone();
        (answer, heard)
    }

    #[test]
    fn an_event_gets_an_id_and_is_seen_as_targets_see_it() {
        let (answer, heard) = put(r#"[{"Source":"shop","DetailType":"placed","Detail":"{\"id\":1}"},
            {"Source":"shop","DetailType":"paid","Detail":"{}","Time":1700000000.5,"Resources":["arn:x"]}]"#);
        let answer = answer.unwrap();
        assert_eq!(answer.get("FailedEntryCount"), Some(&Value::from(0)));
        let ids: Vec<&str> = answer
            .get("Entries")
            .and_then(Value::as_list)
            .unwrap()
            .iter()
            .map(|entry| text(entry, "EventId"))
            .collect();
        assert!(ids[0] != ids[1] && ids[0].len() == 36);
        assert_eq!(
            heard[0],
            format!(
                r#"orders {{"version":"0","id":"{}","detail-type":"placed","source":"shop","account":"123456789012","time":"2026-11-22T12:00:00Z","region":"eu-central-1","resources":[],"detail":{{"id":1}}}}"#,
                ids[0]
            )
        );
        assert!(heard[1].contains(r#""time":"2023-11-14T22:13:20Z""#) && heard[1].contains(r#""resources":["arn:x"]"#));
    }

    #[test]
    fn entries_that_are_not_taken_leave_the_others_alone() {
        let (answer, heard) =
            put(r#"[{"Source":"","DetailType":"t","Detail":"{}"},{"Source":"s","DetailType":"","Detail":"{}"},
            {"Source":"aws.s3","DetailType":"t","Detail":"{}"},{"Source":"s","DetailType":"t","Detail":"[]"},
            {"Source":"s","DetailType":"t","Detail":"{"},{"Source":"s","DetailType":"t","Detail":"{}"}]"#);
        let answer = answer.unwrap();
        assert_eq!((answer.get("FailedEntryCount"), heard.len()), (Some(&Value::from(5)), 1));
        let codes: Vec<&str> = answer
            .get("Entries")
            .and_then(Value::as_list)
            .unwrap()
            .iter()
            .map(|entry| text(entry, "ErrorCode"))
            .collect();
        let expected = [
            "InvalidArgument",
            "InvalidArgument",
            "NotAuthorizedForSourceException",
            "MalformedDetail",
            "MalformedDetail",
            "",
        ];
        assert_eq!(codes, expected);
    }

    #[test]
    fn a_request_of_more_than_the_limit_is_refused_as_a_whole() {
        let entries = |bytes: usize| {
            let detail = format!("{{\\\"a\\\":\\\"{}\\\"}}", "x".repeat(bytes - 8 - 2));
            format!(r#"[{{"Source":"s","DetailType":"t","Detail":"{detail}"}}]"#)
        };
        let (answer, heard) = put(&entries(limits::EVENT_BRIDGE_ENTRIES_BYTES));
        assert_eq!((answer.is_ok(), heard.len()), (true, 1));
        let (answer, heard) = put(&entries(limits::EVENT_BRIDGE_ENTRIES_BYTES + 1));
        assert_eq!((answer.unwrap_err().code.as_str(), heard.len()), ("ValidationException", 0));
    }
}
