//! `extensions.*` (spec appsync-js 2.9): what a handler asks of the API cache and of subscriptions, checked and recorded in
//! [`Effects`](crate::context::Effects). Whoever runs the operation acts on it.

use super::{Refusal, argument};
use crate::context::{
    CacheEviction, Context, FilterCondition, FilterOperator, OperationType, SubscriptionFilter,
    SubscriptionInvalidation,
};
use crate::error::nearest;
use crate::handler::util::errors;
use crate::limits::CACHE_EVICTIONS;
use crate::value::{Str, Value};

/// One function of `extensions`. Unlike those of `util` it may depend on what kind of operation runs.
pub type Function = fn(&mut Context, &[Value]) -> Result<Value, Refusal>;

/// Every function, by its name in `extensions`.
pub const FUNCTIONS: &[(&str, Function)] = &[
    ("evictFromApiCache", evict_from_api_cache),
    ("setSubscriptionFilter", set_subscription_filter),
    ("setSubscriptionInvalidationFilter", set_subscription_invalidation_filter),
    ("invalidateSubscriptions", invalidate_subscriptions),
];

/// `evictFromApiCache(typeName, fieldName, {cachingKey: value})`
pub fn evict_from_api_cache(ctx: &mut Context, arguments: &[Value]) -> Result<Value, Refusal> {
    const NAME: &str = "extensions.evictFromApiCache";
    only_in_mutations(NAME, ctx)?;
    let keys = match argument(arguments, 2) {
        Value::Null => Default::default(),
        Value::Object(keys) => (**keys).clone(),
        other => return Err(expected(NAME, "an object of caching keys as its third argument", other)),
    };
    let eviction = CacheEviction {
        type_name: name_at(NAME, arguments, 0, "the name of a type as its first argument")?,
        field_name: name_at(NAME, arguments, 1, "the name of a field as its second argument")?,
        keys,
    };
    if ctx.effects.cache_evictions.len() >= CACHE_EVICTIONS {
        return Err(Refusal::failed(format!("{NAME} was called more than {CACHE_EVICTIONS} times")));
    }
    ctx.effects.cache_evictions.push(eviction);
    Ok(Value::Null)
}

/// `setSubscriptionFilter({filterGroup})`. What AppSync does with a call outside of a subscription is UNCONFIRMED; nothing
/// reads the filter there.
pub fn set_subscription_filter(ctx: &mut Context, arguments: &[Value]) -> Result<Value, Refusal> {
    ctx.effects.subscription_filter = Some(filter("extensions.setSubscriptionFilter", argument(arguments, 0))?);
    Ok(Value::Null)
}

/// `setSubscriptionInvalidationFilter({filterGroup})`
pub fn set_subscription_invalidation_filter(ctx: &mut Context, arguments: &[Value]) -> Result<Value, Refusal> {
    let filter = filter("extensions.setSubscriptionInvalidationFilter", argument(arguments, 0))?;
    ctx.effects.subscription_invalidation_filter = Some(filter);
    Ok(Value::Null)
}

/// `invalidateSubscriptions({subscriptionField, payload})`. AppSync documents it for response handlers; what it does in a
/// request handler is UNCONFIRMED, here the same.
pub fn invalidate_subscriptions(ctx: &mut Context, arguments: &[Value]) -> Result<Value, Refusal> {
    const NAME: &str = "extensions.invalidateSubscriptions";
    only_in_mutations(NAME, ctx)?;
    let invalidation = argument(arguments, 0);
    if invalidation.as_object().is_none() {
        return Err(expected(NAME, "an object with `subscriptionField` and `payload`", invalidation));
    }
    let field = invalidation.get("subscriptionField").cloned().unwrap_or_default();
    let invalidation = SubscriptionInvalidation {
        subscription_field: name_at(NAME, &[field], 0, "the name of a subscription as `subscriptionField`")?,
        payload: match invalidation.get("payload") {
            None | Some(Value::Null) => Value::empty_object(),
            Some(payload @ Value::Object(_)) => payload.clone(),
            Some(other) => return Err(expected(NAME, "an object as `payload`", other)),
        },
    };
    match ctx.effects.invalidations.add(invalidation) {
        Ok(()) => {}
        Err(error) => errors::append(&mut ctx.effects, error)?,
    }
    Ok(Value::Null)
}

/// Text and type of the error are UNCONFIRMED. Without an operation, in `syncline eval`, everything may be called.
fn only_in_mutations(name: &str, ctx: &Context) -> Result<(), Refusal> {
    match ctx.operation {
        None | Some(OperationType::Mutation) => Ok(()),
        Some(other) => {
            let keyword = other.keyword();
            Err(Refusal::failed(format!("{name} works in mutations only, and this operation is a {keyword}")))
        }
    }
}

fn expected(name: &str, what: &str, got: &Value) -> Refusal {
    Refusal::failed(format!("{name} expects {what}, got {}", got.kind()))
}

fn name_at(name: &str, arguments: &[Value], index: usize, what: &str) -> Result<Str, Refusal> {
    match argument(arguments, index) {
        Value::String(text) if !text.is_empty() => Ok(text.clone()),
        Value::String(_) => Err(Refusal::failed(format!("{name} expects {what}, got an empty string"))),
        other => Err(expected(name, what, other)),
    }
}

/// Limits of an enhanced filter (spec appsync-service 5.8).
const GROUP_FILTERS: usize = 10;
const GROUP_FIELDS: usize = 5;
const IN_VALUES: usize = 5;
const CONTAINS_ANY_VALUES: usize = 20;
const STRING_CHARACTERS: usize = 256;
/// Groups of one filter. Ours: AppSync documents none.
const GROUPS: usize = 1_000;
/// Characters of a wrong value that a message repeats.
const SHOWN_CHARACTERS: usize = 100;

/// `{filterGroup: [{filters: [{fieldName, operator, value}]}]}`. Null and no groups mean that nothing is filtered:
/// UNCONFIRMED (spec appsync-js 2.9).
fn filter(name: &str, filter: &Value) -> Result<SubscriptionFilter, Refusal> {
    let groups = match (filter, filter.get("filterGroup")) {
        (Value::Null, _) => return Ok(SubscriptionFilter::default()),
        (Value::Object(members), None) if members.is_empty() => return Ok(SubscriptionFilter::default()),
        (_, Some(Value::List(groups))) => groups,
        (Value::Object(_), Some(other)) => return Err(expected(name, "a list as `filterGroup`", other)),
        (Value::Object(_), None) => return Err(Refusal::failed(format!("{name} expects the member `filterGroup`"))),
        // JSON text comes from the habit of stringifying what `util.transform` gives.
        (other, _) => return Err(expected(name, "an object with `filterGroup`", other)),
    };
    if groups.len() > GROUPS {
        return Err(Refusal::failed(format!("{name} takes at most {GROUPS} groups, got {}", groups.len())));
    }
    let group = |group: &Value| {
        let filters = group.get("filters").and_then(Value::as_list);
        let filters = filters.ok_or_else(|| Refusal::failed(format!("{name}: a group is `{{filters: […]}}`")))?;
        if filters.len() > GROUP_FILTERS {
            let count = filters.len();
            return Err(Refusal::failed(format!("{name}: a group takes at most {GROUP_FILTERS} filters, got {count}")));
        }
        let conditions: Vec<_> = filters.iter().map(|filter| condition(name, filter)).collect::<Result<_, _>>()?;
        let mut fields: Vec<&str> = conditions.iter().map(|condition| condition.field_name.as_str()).collect();
        fields.sort_unstable();
        fields.dedup();
        if fields.len() > GROUP_FIELDS {
            let count = fields.len();
            return Err(Refusal::failed(format!("{name}: a group takes at most {GROUP_FIELDS} fields, got {count}")));
        }
        Ok(conditions)
    };
    Ok(SubscriptionFilter { groups: groups.iter().map(group).collect::<Result<_, _>>()? })
}

fn condition(name: &str, filter: &Value) -> Result<FilterCondition, Refusal> {
    let member = |key: &str| std::slice::from_ref(filter.get(key).unwrap_or(&Value::Null));
    let field_name = name_at(name, member("fieldName"), 0, "the name of a field as `fieldName`")?;
    let word = name_at(name, member("operator"), 0, "an operator as `operator`")?;
    let operator = FilterOperator::ALL.into_iter().find(|operator| operator.name() == word).ok_or_else(|| {
        let known = nearest(&word, FilterOperator::ALL.map(FilterOperator::name));
        let meant = known.map_or_else(String::new, |known| format!("; did you mean `{known}`?"));
        Refusal::failed(format!("{name}: `{field_name}` has the operator `{word}`, which does not exist{meant}"))
    })?;
    let value = argument(member("value"), 0);
    let what = match operand(operator) {
        Operand::Scalar if is_scalar(value) || value.is_null() => None,
        Operand::Scalar => Some("a string, number or boolean".to_owned()),
        Operand::Ordered if is_ordered(value) => None,
        Operand::Ordered => Some("a string or number".to_owned()),
        Operand::Text if value.as_str().is_some() => None,
        Operand::Text => Some("a string".to_owned()),
        Operand::List(most)
            if value.as_list().is_some_and(|list| list.len() <= most && list.iter().all(is_ordered)) =>
        {
            None
        }
        Operand::List(most) => Some(format!("a list of at most {most} strings or numbers")),
        Operand::Pair if value.as_list().is_some_and(|list| list.len() == 2 && list.iter().all(is_ordered)) => None,
        Operand::Pair => Some("a list of two strings or numbers".to_owned()),
    };
    if let Some(what) = what {
        let got: String = value.to_string().chars().take(SHOWN_CHARACTERS).collect();
        return Err(Refusal::failed(format!("{name}: `{field_name}` with `{word}` expects {what}, got `{got}`")));
    }
    let texts = value.as_list().unwrap_or(std::slice::from_ref(value)).iter().filter_map(Value::as_str);
    if texts.map(|text| text.chars().count()).max().is_some_and(|longest| longest > STRING_CHARACTERS) {
        let message = format!("{name}: `{field_name}` has a string of more than {STRING_CHARACTERS} characters");
        return Err(Refusal::Failed(message));
    }
    Ok(FilterCondition { field_name, operator, value: value.clone() })
}

/// What an operator compares with.
enum Operand {
    /// Null, too: what `ne` makes of it is UNCONFIRMED.
    Scalar,
    Ordered,
    Text,
    List(usize),
    Pair,
}

fn operand(operator: FilterOperator) -> Operand {
    match operator {
        FilterOperator::Eq | FilterOperator::Ne => Operand::Scalar,
        FilterOperator::Le | FilterOperator::Lt | FilterOperator::Ge | FilterOperator::Gt => Operand::Ordered,
        FilterOperator::Contains | FilterOperator::NotContains => Operand::Ordered,
        FilterOperator::BeginsWith => Operand::Text,
        FilterOperator::In | FilterOperator::NotIn => Operand::List(IN_VALUES),
        FilterOperator::ContainsAny => Operand::List(CONTAINS_ANY_VALUES),
        FilterOperator::Between => Operand::Pair,
    }
}

fn is_scalar(value: &Value) -> bool {
    is_ordered(value) || value.as_bool().is_some()
}

fn is_ordered(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Number(_))
}
