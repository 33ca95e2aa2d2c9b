//! `util.transform.toSubscriptionFilter`: a filter object to groups of filters (spec appsync-js 2.6, exact in content and
//! order).

use super::{Refusal, Scope, argument};
use crate::limits::SUBSCRIPTION_FILTERS;
use crate::value::{Map, Str, Value, object};

/// Filters that must all hold.
type Group = Vec<Filter>;

/// `{fieldName, operator, value}`; neither is checked here, `extensions.setSubscriptionFilter` does that.
#[derive(Clone)]
struct Filter {
    field_name: Str,
    operator: Str,
    value: Value,
}

/// Why there is no filter.
enum Unusable {
    /// AppSync answers null.
    NotAFilter,
    TooMany,
}

pub fn to_subscription_filter(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    let ignored: Vec<&str> =
        argument(arguments, 1).as_list().unwrap_or_default().iter().filter_map(Value::as_str).collect();
    match groups(argument(arguments, 0), &ignored, argument(arguments, 2)) {
        Ok(groups) => {
            let groups = groups.into_iter().filter(|group| !group.is_empty());
            Ok(object! { "filterGroup" => groups.map(group_value).collect::<Value>() })
        }
        Err(Unusable::NotAFilter) => Ok(Value::Null),
        Err(Unusable::TooMany) => Err(Refusal::failed(format!(
            "util.transform.toSubscriptionFilter: the filter has more than {SUBSCRIPTION_FILTERS} filters when its alternatives are multiplied"
        ))),
    }
}

fn group_value(group: Group) -> Value {
    let filter = |filter: Filter| {
        object! { "fieldName" => filter.field_name, "operator" => filter.operator, "value" => filter.value }
    };
    object! { "filters" => group.into_iter().map(filter).collect::<Value>() }
}

fn groups(filter: &Value, ignored: &[&str], rules: &Value) -> Result<Vec<Group>, Unusable> {
    let groups = expand(filter.as_object().ok_or(Unusable::NotAFilter)?, ignored)?;
    let Some(rules) = rules.as_object() else { return Ok(groups) };
    let mut alternatives = Vec::new();
    for (field, operators) in rules {
        alternatives.extend(field_alternatives(field, operators)?);
    }
    // Rules without an operator are none; at least one of the others must hold.
    if alternatives.is_empty() { Ok(groups) } else { multiplied(groups, &alternatives) }
}

/// The groups of one filter object. Its depth is bounded where the value came in.
fn expand(filter: &Map, ignored: &[&str]) -> Result<Vec<Group>, Unusable> {
    let mut groups = vec![Group::new()];
    for (key, value) in filter {
        match key.as_str() {
            "and" => {
                for member in members(value)? {
                    groups = multiplied(groups, &expand(member?, ignored)?)?;
                }
            }
            "or" => {
                let (mut alternatives, mut total) = (Vec::new(), 0);
                for member in members(value)? {
                    let groups = expand(member?, ignored)?;
                    total += size(&groups);
                    within_bounds(total)?;
                    alternatives.extend(groups);
                }
                groups = multiplied(groups, &alternatives)?;
            }
            key if ignored.contains(&key) => {}
            // Two operators of one field are alternatives: OR, unlike in every other filter of AppSync.
            field => groups = multiplied(groups, &field_alternatives(field, value)?)?,
        }
    }
    Ok(groups)
}

fn members(list: &Value) -> Result<impl Iterator<Item = Result<&Map, Unusable>>, Unusable> {
    let members = list.as_list().ok_or(Unusable::NotAFilter)?;
    Ok(members.iter().map(|member| member.as_object().ok_or(Unusable::NotAFilter)))
}

/// One group with one filter per operator. A field without an object of operators is UNCONFIRMED; as elsewhere, that is no
/// filter.
fn field_alternatives(field: &str, operators: &Value) -> Result<Vec<Group>, Unusable> {
    let operators = operators.as_object().ok_or(Unusable::NotAFilter)?;
    let filter = |(operator, value): (&Str, &Value)| {
        vec![Filter { field_name: field.into(), operator: operator.clone(), value: value.clone() }]
    };
    Ok(operators.iter().map(filter).collect())
}

/// Every group with every alternative: the alternatives of the first group first.
fn multiplied(groups: Vec<Group>, alternatives: &[Group]) -> Result<Vec<Group>, Unusable> {
    // Members that ask for nothing must not cost a copy of all groups each.
    if let [only] = alternatives
        && only.is_empty()
    {
        return Ok(groups);
    }
    let filters = |groups: &[Group]| groups.iter().map(Vec::len).sum::<usize>();
    let product = groups.len() * alternatives.len();
    within_bounds(product + filters(&groups) * alternatives.len() + filters(alternatives) * groups.len())?;
    let mut product = Vec::with_capacity(product);
    for group in &groups {
        product.extend(alternatives.iter().map(|alternative| [group.as_slice(), alternative].concat()));
    }
    Ok(product)
}

/// What groups count against the limit: their filters, and themselves.
fn size(groups: &[Group]) -> usize {
    groups.iter().map(|group| group.len() + 1).sum()
}

fn within_bounds(size: usize) -> Result<(), Unusable> {
    if size > SUBSCRIPTION_FILTERS { Err(Unusable::TooMany) } else { Ok(()) }
}
