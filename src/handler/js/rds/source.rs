//! What a statement reads and gives: tables, joins, lists of columns.

use super::super::markers::Markers;
use super::condition::Conditions;
use super::fragment::Fragment;
use super::{Kind, Marker, aggregate_text};
use crate::handler::util::Refusal;
use crate::value::{Map, Value};

/// The member of an object; `None` when it is null.
pub(super) fn member<'v>(map: &'v Map, key: &str) -> Option<&'v Value> {
    map.get(key).filter(|value| !value.is_null())
}

/// The table of `insert`, `update` and `remove`, which know no `from`.
pub(super) fn table(markers: &Markers, payload: &Map) -> Result<Fragment, Refusal> {
    match member(payload, "table") {
        Some(table) => named_table(markers, table),
        None => Err(Refusal::worded("'table' or 'from' key is required.")),
    }
}

/// What `select` and its joins read: `table` or `from`.
pub(super) fn table_or_from(markers: &Markers, payload: &Map) -> Result<Fragment, Refusal> {
    let (table, from) = (member(payload, "table"), member(payload, "from"));
    let Some(from) = from else { return self::table(markers, payload) };
    if table.is_some() {
        return Err(Refusal::worded("'from' and 'table' keys cannot be used together"));
    }
    if let Some(statement) = markers.statement(from).filter(|statement| statement.kind != Kind::Write) {
        let mut nested = Fragment::default();
        nested.append_nested(statement)?;
        return Ok(nested);
    }
    match from {
        Value::String(_) | Value::Object(_) => named_table(markers, from),
        _ => Err(Refusal::worded("'from' value is expected to be string or object.")),
    }
}

/// A name, or `{alias: name}`.
fn named_table(markers: &Markers, table: &Value) -> Result<Fragment, Refusal> {
    let mut fragment = Fragment::default();
    match table {
        Value::String(name) => fragment.name(name),
        Value::Object(alias) if markers.find(table).is_none() => {
            if alias.len() > 1 {
                return Err(Refusal::worded("table alias is allowed only one key-value pair."));
            }
            // AppSync's own failure shows through here.
            let first = alias.first().ok_or_else(|| Refusal::worded("java.util.NoSuchElementException"))?;
            match (markers.statement(first.1), first.1) {
                (Some(statement), _) if statement.kind != Kind::Write => fragment.append_nested(statement)?,
                (None, Value::String(name)) => fragment.name(name),
                _ => return Err(Refusal::worded("Table alias value is expected to be a string.")),
            }
            fragment.text(" as ");
            fragment.name(first.0);
        }
        _ => return Err(Refusal::worded("table name is expected to be a string or alias.")),
    }
    Ok(fragment)
}

/// `columns` and `returning`: `*` or a list.
pub(super) fn columns(markers: &Markers, columns: &Value) -> Result<Fragment, Refusal> {
    match columns {
        Value::String(all) if all == "*" => Ok(Fragment::of("*")),
        Value::List(columns) => {
            let columns: Vec<Fragment> = columns.iter().map(|item| column(markers, item)).collect::<Result<_, _>>()?;
            Ok(Fragment::join(columns, ", "))
        }
        _ => Err(Refusal::worded("Expected column to be * or an array.")),
    }
}

/// A column, an aggregate, a sub-select, or one of these with an alias. The text of all but the first is UNCONFIRMED.
fn column(markers: &Markers, item: &Value) -> Result<Fragment, Refusal> {
    let wrong = || Refusal::worded("Invalid type in column array.");
    let mut fragment = Fragment::default();
    match (markers.sql(item), item) {
        (Some(_), _) => plain_column(markers, item, &mut fragment)?,
        (None, Value::Object(alias)) if markers.find(item).is_none() && alias.len() == 1 => {
            let (alias, of) = alias.first().ok_or_else(wrong)?;
            plain_column(markers, of, &mut fragment)?;
            fragment.text(" as ");
            fragment.name(alias);
        }
        _ => plain_column(markers, item, &mut fragment)?,
    }
    Ok(fragment)
}

fn plain_column(markers: &Markers, item: &Value, fragment: &mut Fragment) -> Result<(), Refusal> {
    match (markers.sql(item), item) {
        (Some(Marker::Statement(statement)), _) if statement.kind != Kind::Write => {
            fragment.append_nested(statement)?
        }
        (Some(Marker::Aggregate { function, column }), _) => {
            fragment.text(aggregate_text(function).unwrap_or_default());
            fragment.name(column);
            fragment.text(")");
        }
        (None, Value::String(name)) => fragment.name(name),
        _ => return Err(Refusal::worded("Invalid type in column array.")),
    }
    Ok(())
}

/// The kinds of joins, by their keys. Their texts are UNCONFIRMED.
const JOINS: &[(&str, &str)] = &[
    ("join", "JOIN "),
    ("innerJoin", "INNER JOIN "),
    ("leftJoin", "LEFT JOIN "),
    ("leftOuterJoin", "LEFT OUTER JOIN "),
    ("rightJoin", "RIGHT JOIN "),
    ("rightOuterJoin", "RIGHT OUTER JOIN "),
    ("fullOuterJoin", "FULL OUTER JOIN "),
    ("crossJoin", "CROSS JOIN "),
    ("joinNatural", "NATURAL JOIN "),
    ("innerJoinNatural", "NATURAL INNER JOIN "),
    ("leftJoinNatural", "NATURAL LEFT JOIN "),
    ("leftOuterJoinNatural", "NATURAL LEFT OUTER JOIN "),
    ("rightJoinNatural", "NATURAL RIGHT JOIN "),
    ("rightOuterJoinNatural", "NATURAL RIGHT OUTER JOIN "),
    ("fullOuterJoinNatural", "NATURAL FULL OUTER JOIN "),
];

/// Every join of a `select`, in the order in which its keys are written.
pub(super) fn joins(markers: &Markers, payload: &Map) -> Result<Vec<Fragment>, Refusal> {
    let mut clauses = Vec::new();
    for (key, value) in payload {
        let Some((key, text)) = JOINS.iter().find(|(known, _)| known == key) else { continue };
        if value.is_null() {
            continue;
        }
        let wrong = || Refusal::failed(format!("select expects a list of objects in `{key}`"));
        for join in value.as_list().ok_or_else(wrong)? {
            clauses.push(self::join(markers, key, text, join.as_object().ok_or_else(wrong)?)?);
        }
    }
    Ok(clauses)
}

fn join(markers: &Markers, key: &str, text: &'static str, join: &Map) -> Result<Fragment, Refusal> {
    let mut fragment = Fragment::of(text);
    fragment.append(table_or_from(markers, join)?);
    match (member(join, "using"), member(join, "on")) {
        (Some(_), Some(_)) => {
            return Err(Refusal::failed(format!("select: a join in `{key}` has `using` or `on`, not both")));
        }
        (Some(names), None) => {
            fragment.text(" USING (");
            fragment.append(columns(markers, names)?);
            fragment.text(")");
        }
        (None, Some(on)) => {
            let condition = Conditions { markers, has_aggregates: false }.clause(on)?;
            if !condition.is_empty() {
                fragment.text(" ON ");
                fragment.append(condition);
            }
        }
        (None, None) => {}
    }
    Ok(fragment)
}
