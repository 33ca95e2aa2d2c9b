//! What an event is, told by its top-level members alone (spec appsync-service 7.7, "Event sniffing"). Events have up to
//! 6 MB, so nothing is read that the answer does not depend on.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

/// The doors that a request can come through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// AppSync asks for the same field of several parents.
    ResolverBatch,
    /// AppSync asks for one field.
    Resolver,
    /// AppSync asks who somebody is.
    Authorizer,
    /// API Gateway with its payload format 1.0: a REST API, or an HTTP API that was told so.
    Rest,
    /// API Gateway with its payload format 2.0, or a Function URL.
    Http {
        is_function_url: bool,
    },
    LoadBalancer,
    /// API Gateway's WebSocket API.
    WebSocket,
    /// Nobody wants anything but that the function is there.
    WarmUp,
    /// What a mapping template made: an object, or a list of them.
    Payload,
}

/// Members that decide. Any of them may be of any type in somebody's own payload, so none is read before it is needed.
type Members<'a> = HashMap<&'a str, &'a RawValue>;

impl Event {
    /// `None` for anything but a JSON object or list.
    pub fn of(event: &str) -> Option<Event> {
        let event = event.trim_ascii_start();
        if event.starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(event).ok()?;
            let is_context = items.first().is_some_and(|item| members(item.get()).is_some_and(|item| is_field(&item)));
            return Some(if is_context { Event::ResolverBatch } else { Event::Payload });
        }
        Some(Event::of_object(&members(event)?))
    }

    fn of_object(event: &Members<'_>) -> Event {
        if is_field(event) {
            return Event::Resolver;
        }
        let context = event.get("requestContext").and_then(|context| members(context.get()));
        if let Some(context) = &context {
            let is_appsyncs = context.contains_key("queryString") || context.contains_key("apiId");
            if event.contains_key("authorizationToken") && is_appsyncs {
                return Event::Authorizer;
            }
            if context.contains_key("connectionId") && context.contains_key("eventType") {
                return Event::WebSocket;
            }
            if text(event, "version") == Some("2.0") && context.contains_key("http") {
                let domain = text(context, "domainName").unwrap_or_default();
                return Event::Http { is_function_url: domain.contains(".lambda-url.") };
            }
        }
        if event.contains_key("httpMethod") {
            let is_load_balancers = context.is_some_and(|context| context.contains_key("elb"));
            return if is_load_balancers { Event::LoadBalancer } else { Event::Rest };
        }
        if is_warm_up(event) { Event::WarmUp } else { Event::Payload }
    }
}

fn members(text: &str) -> Option<Members<'_>> {
    #[derive(Deserialize)]
    struct Object<'a>(#[serde(borrow)] Members<'a>);
    serde_json::from_str::<Object<'_>>(text).ok().map(|Object(members)| members)
}

/// Whether AppSync says which field it wants.
fn is_field(event: &Members<'_>) -> bool {
    let info = event.get("info").and_then(|info| members(info.get()));
    info.is_some_and(|info| info.contains_key("fieldName") && info.contains_key("parentTypeName"))
}

/// Schedules of EventBridge, and what the usual tools send that keep functions warm.
fn is_warm_up(event: &Members<'_>) -> bool {
    matches!(text(event, "source"), Some("aws.events" | "aws.scheduler" | "serverless-plugin-warmup"))
        || text(event, "detail-type") == Some("Scheduled Event")
        || ["warmer", "warmup", "ping"].iter().any(|name| event.get(name).is_some_and(|value| value.get() == "true"))
}

/// A member that is a text without escapes, as all of those are that decide.
fn text<'a>(event: &Members<'a>, name: &str) -> Option<&'a str> {
    serde_json::from_str(event.get(name)?.get()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_told_by_its_members() {
        let cases = [
            (r#"{"info":{"fieldName":"a","parentTypeName":"Query"},"arguments":{}}"#, Event::Resolver),
            (r#" [{"info":{"fieldName":"a","parentTypeName":"Post"}}]"#, Event::ResolverBatch),
            ("[]", Event::Payload),
            (r#"[{"field":"a"}]"#, Event::Payload),
            (r#"[1]"#, Event::Payload),
            (r#"{"authorizationToken":"t","requestContext":{"apiId":"x"}}"#, Event::Authorizer),
            (r#"{"authorizationToken":"t","requestContext":{"queryString":"{ a }"}}"#, Event::Authorizer),
            (r#"{"requestContext":{"connectionId":"c","eventType":"CONNECT","apiId":"x"}}"#, Event::WebSocket),
            (
                r#"{"version":"2.0","requestContext":{"http":{"method":"POST"},"domainName":"x.lambda-url.eu-central-1.on.aws"}}"#,
                Event::Http { is_function_url: true },
            ),
            (
                r#"{"version":"2.0","requestContext":{"http":{"method":"POST"},"apiId":"x"}}"#,
                Event::Http { is_function_url: false },
            ),
            (r#"{"version":"1.0","httpMethod":"GET","requestContext":{"apiId":"x"}}"#, Event::Rest),
            (r#"{"httpMethod":"GET","requestContext":{"elb":{}}}"#, Event::LoadBalancer),
            (r#"{"httpMethod":"GET"}"#, Event::Rest),
            (r#"{"source":"aws.events","detail-type":"Scheduled Event","detail":{}}"#, Event::WarmUp),
            (r#"{"source":"serverless-plugin-warmup"}"#, Event::WarmUp),
            (r#"{"warmer":true,"concurrency":3}"#, Event::WarmUp),
            (r#"{"warmer":false}"#, Event::Payload),
            (r#"{"field":"getPost","source":{"id":1}}"#, Event::Payload),
            (r#"{"info":"fieldName"}"#, Event::Payload),
            (r#"{"info":{"fieldName":"a"}}"#, Event::Payload),
            (r#"{"requestContext":"http"}"#, Event::Payload),
            ("{}", Event::Payload),
        ];
        for (event, expected) in cases {
            assert_eq!(Event::of(event), Some(expected), "{event}");
        }
    }

    #[test]
    fn what_is_no_object_and_no_list_is_no_event() {
        for event in ["", "null", "1", "\"a\"", "{", "[", "{} x"] {
            assert_eq!(Event::of(event), None, "{event}");
        }
    }
}
