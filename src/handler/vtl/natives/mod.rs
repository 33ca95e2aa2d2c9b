//! `$util` and `$extensions` (spec appsync-vtl 11): tables of names and numbers of arguments. What is not in them, or is
//! called with another number of arguments, does not exist: the call is null.

mod collections;
mod flow;
mod json;
mod misuse;
mod nulls;

pub(super) use misuse::misuse;

use super::interpret::Interpreter;
use super::java::{JavaValue, Namespace, Thrown};
use super::methods::VOID;
use crate::handler::util::{
    self, Refusal, Scope, auth, dynamodb, encoding, errors, expression, extensions, http, ids, math, pattern, rds,
    search, subscription_filter, text, time, xml,
};
use crate::value::Value;

/// How a function is carried out.
#[derive(Clone, Copy)]
enum Native {
    /// As in every handler language.
    Shared(util::Function),
    /// The same, with the result as JSON text.
    SharedJson(util::Function),
    /// The same, without a result.
    SharedVoid(util::Function),
    Extension(extensions::Function),
    /// On Java's values.
    Own(fn(&mut Interpreter, &[JavaValue]) -> Result<JavaValue, Thrown>),
}

use Native::{Extension, Own, Shared, SharedJson, SharedVoid};

/// A function's name, and the fewest and most arguments that it takes.
type Entry = (&'static str, usize, usize, Native);

const UTIL: &[Entry] = &[
    ("qr", 1, 1, Own(flow::quiet)),
    ("quiet", 1, 1, Own(flow::quiet)),
    ("toJson", 1, 1, Own(json::to_json)),
    ("defaultIfNull", 2, 2, Own(nulls::default_if_null)),
    ("isNull", 1, 1, Own(nulls::is_null)),
    ("unauthorized", 0, 0, Shared(errors::unauthorized)),
    ("authType", 0, 0, Shared(auth::auth_type)),
    ("isNullOrEmpty", 1, 1, Own(nulls::is_null_or_empty)),
    ("error", 1, 4, Shared(errors::error)),
    ("parseJson", 1, 1, Own(json::parse_json)),
    ("isNullOrBlank", 1, 1, Own(nulls::is_null_or_blank)),
    ("isList", 1, 1, Own(nulls::is_list)),
    ("autoId", 0, 0, Shared(ids::auto_id)),
    ("isString", 1, 1, Own(nulls::is_string)),
    ("defaultIfNullOrBlank", 2, 2, Own(nulls::default_if_null_or_blank)),
    ("defaultIfNullOrEmpty", 2, 2, Own(nulls::default_if_null_or_empty)),
    ("matches", 2, 2, Shared(pattern::matches)),
    ("appendError", 1, 4, SharedVoid(errors::append_error)),
    ("validate", 2, 4, Own(flow::validate)),
    ("isNumber", 1, 1, Own(nulls::is_number)),
    ("isBoolean", 1, 1, Own(nulls::is_boolean)),
    ("isMap", 1, 1, Own(nulls::is_map)),
    ("typeOf", 1, 1, Own(nulls::type_of)),
    ("autoUlid", 0, 0, Shared(ids::auto_ulid)),
    ("autoKsuid", 0, 0, Shared(ids::auto_ksuid)),
    ("urlEncode", 1, 1, Shared(encoding::url_encode)),
    ("urlDecode", 1, 1, Shared(encoding::url_decode)),
    ("base64Encode", 1, 1, Shared(encoding::base64_encode)),
    ("base64Decode", 1, 1, Shared(encoding::base64_decode)),
    ("escapeJavaScript", 1, 1, Shared(encoding::escape_javascript)),
    #[cfg(test)]
    ("typeName", 1, 1, Own(nulls::type_name)),
];

const DYNAMODB: &[Entry] = &[
    ("toDynamoDB", 1, 1, Shared(dynamodb::to_dynamodb)),
    ("toDynamoDBJson", 1, 1, SharedJson(dynamodb::to_dynamodb)),
    ("toString", 1, 1, Shared(dynamodb::to_string)),
    ("toStringJson", 1, 1, SharedJson(dynamodb::to_string)),
    ("toStringSet", 1, 1, Shared(dynamodb::to_string_set)),
    ("toStringSetJson", 1, 1, SharedJson(dynamodb::to_string_set)),
    ("toNumber", 1, 1, Shared(dynamodb::to_number)),
    ("toNumberJson", 1, 1, SharedJson(dynamodb::to_number)),
    ("toNumberSet", 1, 1, Shared(dynamodb::to_number_set)),
    ("toNumberSetJson", 1, 1, SharedJson(dynamodb::to_number_set)),
    ("toBinary", 1, 1, Shared(dynamodb::to_binary)),
    ("toBinaryJson", 1, 1, SharedJson(dynamodb::to_binary)),
    ("toBinarySet", 1, 1, Shared(dynamodb::to_binary_set)),
    ("toBinarySetJson", 1, 1, SharedJson(dynamodb::to_binary_set)),
    ("toBoolean", 1, 1, Shared(dynamodb::to_boolean)),
    ("toBooleanJson", 1, 1, SharedJson(dynamodb::to_boolean)),
    ("toNull", 0, 1, Shared(dynamodb::to_null)),
    ("toNullJson", 0, 1, SharedJson(dynamodb::to_null)),
    ("toList", 1, 1, Shared(dynamodb::to_list)),
    ("toListJson", 1, 1, SharedJson(dynamodb::to_list)),
    ("toMap", 1, 1, Shared(dynamodb::to_map)),
    ("toMapJson", 1, 1, SharedJson(dynamodb::to_map)),
    ("toMapValues", 1, 1, Shared(dynamodb::to_map_values)),
    ("toMapValuesJson", 1, 1, SharedJson(dynamodb::to_map_values)),
    ("toS3Object", 3, 4, Shared(dynamodb::to_s3_object)),
    ("toS3ObjectJson", 3, 4, SharedJson(dynamodb::to_s3_object)),
    ("fromS3ObjectJson", 1, 1, Shared(dynamodb::from_s3_object_json)),
];

const TRANSFORM: &[Entry] = &[
    ("toDynamoDBFilterExpression", 1, 1, Shared(expression::to_filter_expression)),
    ("toDynamoDBConditionExpression", 1, 1, Shared(expression::to_filter_expression)),
    ("toElasticsearchQueryDSL", 1, 1, Shared(search::to_query_dsl)),
    ("toSubscriptionFilter", 1, 3, Shared(subscription_filter::to_subscription_filter)),
];

const LIST: &[Entry] = &[
    ("copyAndRetainAll", 2, 2, Own(collections::copy_and_retain_all)),
    ("copyAndRemoveAll", 2, 2, Own(collections::copy_and_remove_all)),
    ("sortList", 3, 3, Own(collections::sort_list)),
];

const MAP: &[Entry] = &[
    ("copyAndRetainAllKeys", 2, 2, Own(collections::copy_and_retain_all_keys)),
    ("copyAndRemoveAllKeys", 2, 2, Own(collections::copy_and_remove_all_keys)),
];

const STR: &[Entry] = &[
    ("toUpper", 1, 1, Own(collections::to_upper)),
    ("toLower", 1, 1, Own(collections::to_lower)),
    ("toReplace", 3, 3, Own(collections::to_replace)),
    ("normalize", 2, 2, Shared(text::normalize)),
];

const MATH: &[Entry] = &[
    ("roundNum", 1, 1, Shared(math::round_num)),
    ("minVal", 2, 2, Shared(math::min_val)),
    ("maxVal", 2, 2, Shared(math::max_val)),
    ("randomDouble", 0, 0, Shared(math::random_double)),
    ("randomWithinRange", 2, 2, Shared(math::random_within_range)),
];

const TIME: &[Entry] = &[
    ("nowISO8601", 0, 0, Shared(time::now_iso8601)),
    ("nowEpochSeconds", 0, 0, Shared(time::now_epoch_seconds)),
    ("nowEpochMilliSeconds", 0, 0, Shared(time::now_epoch_milliseconds)),
    ("nowFormatted", 1, 2, Shared(time::now_formatted)),
    ("parseFormattedToEpochMilliSeconds", 2, 3, Shared(time::parse_formatted_to_epoch_milliseconds)),
    ("parseISO8601ToEpochMilliSeconds", 1, 1, Shared(time::parse_iso8601_to_epoch_milliseconds)),
    ("epochMilliSecondsToSeconds", 1, 1, Shared(time::epoch_milliseconds_to_seconds)),
    ("epochMilliSecondsToISO8601", 1, 1, Shared(time::epoch_milliseconds_to_iso8601)),
    ("epochMilliSecondsToFormatted", 2, 3, Shared(time::epoch_milliseconds_to_formatted)),
];

const RDS: &[Entry] =
    &[("toJsonString", 1, 1, SharedJson(rds::to_json_object)), ("toJsonObject", 1, 1, Shared(rds::to_json_object))];

const HTTP: &[Entry] = &[
    ("copyHeaders", 1, 1, Shared(http::copy_headers)),
    ("addResponseHeader", 2, 2, SharedVoid(http::add_response_header)),
    ("addResponseHeaders", 1, 1, SharedVoid(http::add_response_headers)),
];

const XML: &[Entry] = &[("toMap", 1, 1, Shared(xml::to_map)), ("toJsonString", 1, 1, Shared(xml::to_json_string))];

const LOG: &[Entry] = &[
    ("info", 1, usize::MAX, Own(flow::log_info)),
    ("debug", 1, usize::MAX, Own(flow::log_debug)),
    ("error", 1, usize::MAX, Own(flow::log_error)),
];

const EXTENSIONS: &[Entry] = &[
    ("setSubscriptionFilter", 1, 1, Extension(extensions::set_subscription_filter)),
    ("setSubscriptionInvalidationFilter", 1, 1, Extension(extensions::set_subscription_invalidation_filter)),
    ("invalidateSubscriptions", 1, 1, Extension(extensions::invalidate_subscriptions)),
    ("evictFromApiCache", 2, 3, Extension(extensions::evict_from_api_cache)),
];

/// What `$util.name` is.
pub(super) fn below_util(name: &str) -> Option<Namespace> {
    Some(match name {
        "dynamodb" => Namespace::Dynamodb,
        "http" => Namespace::Http,
        "list" => Namespace::List,
        "log" => Namespace::Log,
        "map" => Namespace::Map,
        "math" => Namespace::Math,
        "rds" => Namespace::Rds,
        "str" => Namespace::Str,
        "time" => Namespace::Time,
        "transform" => Namespace::Transform,
        "xml" => Namespace::Xml,
        _ => return None,
    })
}

fn functions(namespace: Namespace) -> &'static [Entry] {
    match namespace {
        Namespace::Util => UTIL,
        Namespace::Dynamodb => DYNAMODB,
        Namespace::Extensions => EXTENSIONS,
        Namespace::Http => HTTP,
        Namespace::List => LIST,
        Namespace::Log => LOG,
        Namespace::Map => MAP,
        Namespace::Math => MATH,
        Namespace::Rds => RDS,
        Namespace::Str => STR,
        Namespace::Time => TIME,
        Namespace::Transform => TRANSFORM,
        Namespace::Xml => XML,
    }
}

/// Calls a function; null where there is none of the name for so many arguments.
///
/// # Errors
/// What the function raises or refuses, and the bounds of the heap.
pub(super) fn call(
    interpreter: &mut Interpreter,
    namespace: Namespace,
    name: &str,
    arguments: &[JavaValue],
) -> Result<JavaValue, Thrown> {
    interpreter.heap.spend(1)?;
    let count = arguments.len();
    let known =
        functions(namespace).iter().find(|(known, least, most, _)| *known == name && (*least..=*most).contains(&count));
    let Some((_, _, _, native)) = known else { return Ok(JavaValue::Null) };
    match native {
        Own(function) => function(interpreter, arguments),
        Shared(function) => {
            let value = call_shared(interpreter, *function, arguments)?;
            Ok(interpreter.heap.give(&value))
        }
        SharedJson(function) => {
            let text = call_shared(interpreter, *function, arguments)?.to_string();
            interpreter.heap.hold(text.len())?;
            Ok(text.into())
        }
        SharedVoid(function) => call_shared(interpreter, *function, arguments).map(|_| VOID),
        Extension(function) => {
            let arguments = take_all(interpreter, arguments)?;
            function(interpreter.ctx, &arguments).map_err(thrown)?;
            Ok(VOID)
        }
    }
}

fn call_shared(
    interpreter: &mut Interpreter,
    function: util::Function,
    arguments: &[JavaValue],
) -> Result<Value, Thrown> {
    interpreter.heap.look_at_the_clock()?;
    let arguments = take_all(interpreter, arguments)?;
    let ctx = &mut *interpreter.ctx;
    let mut scope = Scope { clock: &ctx.clock, identity: &ctx.identity.value, effects: &mut ctx.effects };
    let value = function(&mut scope, &arguments).map_err(thrown)?;
    interpreter.heap.hold(size_of_value(&value))?;
    Ok(value)
}

/// Memory that a value made by a function takes, at least.
fn size_of_value(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::List(items) => items.iter().map(|item| size_of::<Value>() + size_of_value(item)).sum(),
        Value::Object(map) => {
            map.iter().map(|(key, value)| 2 * size_of::<Value>() + key.len() + size_of_value(value)).sum()
        }
        _ => 0,
    }
}

fn take_all(interpreter: &mut Interpreter, arguments: &[JavaValue]) -> Result<Vec<Value>, Thrown> {
    arguments.iter().map(|argument| interpreter.heap.take(argument)).collect()
}

fn thrown(refusal: Refusal) -> Thrown {
    match refusal {
        Refusal::Raised(error) => Thrown::Raised(error),
        Refusal::Failed(message) | Refusal::Worded(message) => Thrown::Failed(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_of_the_other_handler_language_exists_here_too() {
        let known = |path: &str| {
            let (namespace, name) = match path.split_once('.') {
                Some((namespace, name)) => (below_util(namespace), name),
                None => (Some(Namespace::Util), path),
            };
            namespace.is_some_and(|namespace| functions(namespace).iter().any(|(known, ..)| *known == name))
        };
        let missing: Vec<&str> = util::names().filter(|path| !known(path)).collect();
        assert_eq!(missing, [] as [&str; 0]);
        let extensions = |name: &&str| !EXTENSIONS.iter().any(|(known, ..)| known == name);
        assert_eq!(util::extension_names().filter(extensions).count(), 0);
    }
}
