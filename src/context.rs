//! What a handler sees as `ctx`: shapes as AppSync gives them (spec appsync-js 1.10).

mod effects;
mod identity;

use std::sync::Arc;

use crate::clock::Clock;
use crate::value::{Map, Str, Value, object};

pub use effects::{
    CacheEviction, Effects, FilterCondition, FilterOperator, Invalidations, LogLevel, LogLine, ResponseHeader,
    ResponseHeaders, SubscriptionFilter, SubscriptionInvalidation,
};
pub use identity::{AuthMode, IAM_MEMBERS, Identity, iam_identity, iam_members};

/// The context of one resolver run. Unit handlers and the stages of a pipeline share it one after the other.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Coerced field arguments; always an object.
    pub arguments: Value,
    /// The parent object as its resolver returned it; null on root fields.
    pub source: Value,
    pub identity: Identity,
    pub request: Arc<RequestInfo>,
    pub info: Info,
    pub field: FieldId,
    /// One mutable object per resolver run, shared by all its handlers; what a handler leaves in it, the next one sees.
    pub stash: Value,
    /// `ctx.prev.result`; `None` where there is no previous stage (`ctx.prev` is null then).
    pub prev_result: Option<Value>,
    /// The data source's result; null before it ran.
    pub result: Value,
    /// What the data source call just made failed with.
    pub error: Option<DataSourceError>,
    /// The API's environment variables, string to string.
    pub env: Arc<Map>,
    /// What kind of operation asks; `None` where nobody knows: `syncline eval`, and the event of a direct Lambda resolver.
    pub operation: Option<OperationType>,
    /// What handlers leave besides their return value.
    pub effects: Effects,
    pub clock: Clock,
}

/// A field of an operation, the same for all objects that it is asked of: equal under every item of a list, different for
/// two aliases. Where in the answer it stands only `execute` knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FieldId(pub usize);

/// The three kinds of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationType {
    Query,
    Mutation,
    Subscription,
}

impl OperationType {
    /// GraphQL's keyword: `query`, `mutation`, `subscription`.
    pub fn keyword(self) -> &'static str {
        match self {
            OperationType::Query => "query",
            OperationType::Mutation => "mutation",
            OperationType::Subscription => "subscription",
        }
    }
}

/// `ctx.error` of a response handler.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSourceError {
    pub message: Str,
    /// `ctx.error.type`, for example `DynamoDB:ConditionalCheckFailedException`.
    pub error_type: Str,
    /// What led to it, in words for the operator alone: addresses, and errors of the system. Empty where nothing is known,
    /// and by the time that handlers run.
    pub cause: Str,
}

impl DataSourceError {
    pub fn new(error_type: impl Into<Str>, message: impl Into<Str>) -> DataSourceError {
        DataSourceError { message: message.into(), error_type: error_type.into(), cause: Str::default() }
    }
}

/// `ctx.request`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestInfo {
    /// Client headers, names in lower case, without `cookie`; a header sent several times is a list.
    pub headers: Value,
    /// The custom domain used; null otherwise.
    pub domain_name: Value,
}

/// `ctx.info`.
#[derive(Clone, Debug, Default)]
pub struct Info {
    pub field_name: Str,
    pub parent_type_name: Str,
    /// The operation's variables as sent.
    pub variables: Value,
    /// `selectionSetList`, a list of strings.
    pub selection_set_list: Value,
    /// `selectionSetGraphQL`; empty for a leaf field.
    pub selection_set_graphql: Str,
}

impl Context {
    /// Reads a context as AppSync serialises it: the event of a direct Lambda resolver (spec appsync-service 7.1), or the
    /// `context` that EvaluateCode takes (spec appsync-js 5). Members that are missing have the values of a root field.
    pub fn from_json(json: &Value) -> Context {
        let member = |name: &str| json.get(name).filter(|value| !value.is_null());
        let object = |value: Option<&Value>| value.cloned().unwrap_or_else(Value::empty_object);
        let text = |value: Option<&Value>| Str::from(value.and_then(Value::as_str).unwrap_or(""));
        let info = member("info");
        let info_member = |name: &str| info.and_then(|info| info.get(name));
        let request = member("request");
        let error =
            member("error").map(|error| DataSourceError::new(text(error.get("type")), text(error.get("message"))));
        Context {
            arguments: object(member("arguments").or_else(|| member("args"))),
            source: member("source").cloned().unwrap_or_default(),
            identity: Identity::from_value(member("identity").cloned().unwrap_or_default()),
            request: Arc::new(RequestInfo {
                headers: object(request.and_then(|request| request.get("headers"))),
                domain_name: request.and_then(|request| request.get("domainName")).cloned().unwrap_or_default(),
            }),
            info: Info {
                field_name: text(info_member("fieldName")),
                parent_type_name: text(info_member("parentTypeName")),
                variables: object(info_member("variables")),
                selection_set_list: info_member("selectionSetList").cloned().unwrap_or_else(|| Vec::new().into()),
                selection_set_graphql: text(info_member("selectionSetGraphQL")),
            },
            stash: object(member("stash")),
            prev_result: member("prev").and_then(|prev| prev.get("result")).cloned(),
            result: member("result").cloned().unwrap_or_default(),
            error,
            env: Arc::new(member("env").and_then(Value::as_object).cloned().unwrap_or_default()),
            ..Context::default()
        }
    }

    /// The event of a direct Lambda resolver (spec appsync-service 7.1), which [`Context::from_json`] reads. Unlike what
    /// handlers see when they serialise `ctx`, it has both texts of the selection in `info`.
    pub fn to_event(&self) -> Value {
        let Info { field_name, parent_type_name, variables, selection_set_list, selection_set_graphql } = &self.info;
        let prev = self.prev_result.as_ref().map(|result| object! { "result" => result.clone() });
        object! {
            "arguments" => self.arguments.clone(),
            "identity" => self.identity.value.clone(),
            "source" => self.source.clone(),
            "request" => object! {
                "headers" => self.request.headers.clone(),
                "domainName" => self.request.domain_name.clone(),
            },
            "prev" => prev,
            "info" => object! {
                "fieldName" => field_name,
                "parentTypeName" => parent_type_name,
                "variables" => variables.clone(),
                "selectionSetList" => selection_set_list.clone(),
                "selectionSetGraphQL" => selection_set_graphql,
            },
            "stash" => self.stash.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_of_a_direct_resolver_has_exactly_appsyncs_members_and_reads_back_as_the_same() {
        let json = r#"{"arguments":{"id":"1"},"identity":{"sub":"ada"},"source":{"a":[1.50]},
            "request":{"headers":{"x-a":["1","2"]},"domainName":null},"prev":{"result":[1]},
            "info":{"fieldName":"price","parentTypeName":"Product","variables":{"v":null},
            "selectionSetList":["net","net/cents"],"selectionSetGraphQL":"{\n  net\n}"},"stash":{"s":1}}"#;
        let expected = Value::parse(json).unwrap();
        assert_eq!(Context::from_json(&expected).to_event().to_string(), expected.to_string());
        let root = object! { "request" => object! { "headers" => object! {}, "domainName" => Value::Null } };
        let event = Context::from_json(&root).to_event();
        let members: Vec<&str> = event.as_object().unwrap().keys().map(Str::as_str).collect();
        assert_eq!(members, ["arguments", "identity", "source", "request", "prev", "info", "stash"]);
        assert_eq!(event.get("prev"), Some(&Value::Null));
        assert_eq!(event.get("arguments"), Some(&Value::empty_object()));
    }
}
