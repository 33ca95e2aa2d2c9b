//! `util.*`, written once for every handler language: plain functions on [`Value`].
//!
//! A missing argument is null, because AppSync does not tell null and undefined apart (spec appsync-js 1.5).

pub mod auth;
pub mod dynamodb;
pub mod encoding;
pub mod errors;
pub mod expression;
pub mod extensions;
pub mod http;
pub mod ids;
pub mod math;
pub mod pattern;
pub mod rds;
pub mod search;
pub mod subscription_filter;
pub mod text;
pub mod time;
pub mod xml;

use crate::clock::Clock;
use crate::context::Effects;
use crate::error::FieldError;
use crate::value::{Str, Value};

/// What a function may see and change besides its arguments.
pub struct Scope<'a> {
    pub clock: &'a Clock,
    /// `ctx.identity` as handlers see it.
    pub identity: &'a Value,
    pub effects: &'a mut Effects,
}

/// Why a function gives no value.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// `util.error` and its kin: the handler ends with this error.
    Raised(FieldError),
    /// The call itself was wrong: a failure of the running code, at the place of the call.
    Failed(String),
    /// Like `Failed`, with AppSync's own text, to which nothing is added.
    Worded(String),
}

impl Refusal {
    pub fn failed(message: impl Into<String>) -> Refusal {
        Refusal::Failed(message.into())
    }

    /// `message` is AppSync's own text.
    pub fn worded(message: impl Into<String>) -> Refusal {
        Refusal::Worded(message.into())
    }
}

/// One `util` function.
pub type Function = fn(&mut Scope, &[Value]) -> Result<Value, Refusal>;

/// Every function, by its path below `util`.
pub const FUNCTIONS: &[(&str, Function)] = &[
    ("error", errors::error),
    ("appendError", errors::append_error),
    ("unauthorized", errors::unauthorized),
    ("authType", auth::auth_type),
    ("autoId", ids::auto_id),
    ("autoUlid", ids::auto_ulid),
    ("autoKsuid", ids::auto_ksuid),
    ("urlEncode", encoding::url_encode),
    ("urlDecode", encoding::url_decode),
    ("base64Encode", encoding::base64_encode),
    ("base64Decode", encoding::base64_decode),
    ("matches", pattern::matches),
    ("escapeJavaScript", encoding::escape_javascript),
    ("time.nowISO8601", time::now_iso8601),
    ("time.nowEpochSeconds", time::now_epoch_seconds),
    ("time.nowEpochMilliSeconds", time::now_epoch_milliseconds),
    ("time.epochMilliSecondsToSeconds", time::epoch_milliseconds_to_seconds),
    ("time.nowFormatted", time::now_formatted),
    ("time.parseFormattedToEpochMilliSeconds", time::parse_formatted_to_epoch_milliseconds),
    ("time.epochMilliSecondsToFormatted", time::epoch_milliseconds_to_formatted),
    ("time.epochMilliSecondsToISO8601", time::epoch_milliseconds_to_iso8601),
    ("time.parseISO8601ToEpochMilliSeconds", time::parse_iso8601_to_epoch_milliseconds),
    ("dynamodb.toDynamoDB", dynamodb::to_dynamodb),
    ("dynamodb.toString", dynamodb::to_string),
    ("dynamodb.toStringSet", dynamodb::to_string_set),
    ("dynamodb.toNumber", dynamodb::to_number),
    ("dynamodb.toNumberSet", dynamodb::to_number_set),
    ("dynamodb.toBinary", dynamodb::to_binary),
    ("dynamodb.toBinarySet", dynamodb::to_binary_set),
    ("dynamodb.toBoolean", dynamodb::to_boolean),
    ("dynamodb.toNull", dynamodb::to_null),
    ("dynamodb.toList", dynamodb::to_list),
    ("dynamodb.toMap", dynamodb::to_map),
    ("dynamodb.toMapValues", dynamodb::to_map_values),
    ("dynamodb.toS3Object", dynamodb::to_s3_object),
    ("dynamodb.fromS3ObjectJson", dynamodb::from_s3_object_json),
    ("transform.toDynamoDBFilterExpression", expression::to_filter_expression),
    ("transform.toDynamoDBConditionExpression", expression::to_filter_expression),
    ("transform.toElasticsearchQueryDSL", search::to_query_dsl),
    ("transform.toSubscriptionFilter", subscription_filter::to_subscription_filter),
    ("http.copyHeaders", http::copy_headers),
    ("http.addResponseHeader", http::add_response_header),
    ("http.addResponseHeaders", http::add_response_headers),
    ("rds.toJsonObject", rds::to_json_object),
    ("xml.toMap", xml::to_map),
    ("xml.toJsonString", xml::to_json_string),
    ("str.normalize", text::normalize),
    ("math.roundNum", math::round_num),
    ("math.minVal", math::min_val),
    ("math.maxVal", math::max_val),
    ("math.randomDouble", math::random_double),
    ("math.randomWithinRange", math::random_within_range),
];

/// The functions that code may name, by their paths below `util`.
pub fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|(path, _)| *path)
}

/// The functions that code may name, by their paths below `extensions`.
pub fn extension_names() -> impl Iterator<Item = &'static str> {
    extensions::FUNCTIONS.iter().map(|(name, _)| *name)
}

static NULL: Value = Value::Null;

/// The argument at `index`; null where the call has none.
pub fn argument(arguments: &[Value], index: usize) -> &Value {
    arguments.get(index).unwrap_or(&NULL)
}

/// The argument at `index` as text: numbers and booleans as JSON writes them; `None` for null.
pub fn text(arguments: &[Value], index: usize) -> Option<Str> {
    match argument(arguments, index) {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string().into()),
    }
}

/// The argument at `index` as a number.
pub fn number(name: &str, arguments: &[Value], index: usize) -> Result<f64, Refusal> {
    let value = argument(arguments, index);
    value.as_f64().ok_or_else(|| Refusal::failed(format!("util.{name} expects a number, got {}", value.kind())))
}
