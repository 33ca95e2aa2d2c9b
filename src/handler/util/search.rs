//! `util.transform.toElasticsearchQueryDSL`: a filter object to OpenSearch's query language (spec appsync-js 2.5).
//!
//! Recorded are a field with two operators, `eq`, `ne`, `range` and `wildcard`. The other operators, the joiners, and that
//! a field with one operator keeps its `bool.must`, are UNCONFIRMED: they follow the same pattern here.

use super::{Refusal, Scope, argument};
use crate::value::{Map, Value, object};

/// JSON text, or null for what is no filter.
pub fn to_query_dsl(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    Ok(argument(arguments, 0).as_object().and_then(query).map(|query| query.to_string()).into())
}

fn bool_query(occurrence: &str, clauses: impl Into<Value>) -> Value {
    object! { "bool" => object! { occurrence => clauses.into() } }
}

/// All members must hold. The depth is bounded where the value came in.
fn query(filter: &Map) -> Option<Value> {
    let mut clauses = Vec::with_capacity(filter.len());
    for (key, value) in filter {
        clauses.push(match key.as_str() {
            "and" => bool_query("must", members(value)?),
            "or" => bool_query("should", members(value)?),
            "not" => bool_query("must_not", query(value.as_object()?)?),
            field => {
                let operators = value.as_object()?;
                let clauses: Option<Vec<Value>> =
                    operators.iter().map(|(operator, value)| clause(field, operator, value)).collect();
                bool_query("must", clauses?)
            }
        });
    }
    Some(bool_query("must", clauses))
}

fn members(list: &Value) -> Option<Vec<Value>> {
    list.as_list()?.iter().map(|member| query(member.as_object()?)).collect()
}

fn clause(field: &str, operator: &str, value: &Value) -> Option<Value> {
    let of_field = |kind: &str| object! { kind => object! { field => value.clone() } };
    Some(match operator {
        "eq" => of_field("term"),
        "ne" => bool_query("must_not", of_field("term")),
        "gt" | "gte" | "lt" | "lte" => range(field, object! { operator => value.clone() }),
        "range" => {
            let [from, to, ..] = value.as_list()? else { return None };
            range(field, object! { "gte" => from.clone(), "lte" => to.clone() })
        }
        "wildcard" => of_field("wildcard"),
        "regexp" => of_field("regexp"),
        "match" => of_field("match"),
        "matchPhrase" => of_field("match_phrase"),
        "matchPhrasePrefix" => of_field("match_phrase_prefix"),
        "multiMatch" => {
            object! { "multi_match" => object! { "query" => value.clone(), "fields" => vec![Value::from(field)] } }
        }
        "exists" => {
            let exists = object! { "exists" => object! { "field" => field } };
            if value.as_bool()? { exists } else { bool_query("must_not", exists) }
        }
        _ => return None,
    })
}

fn range(field: &str, bounds: Value) -> Value {
    object! { "range" => object! { field => bounds } }
}
