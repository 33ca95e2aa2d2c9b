//! `select`, `insert`, `update`, `remove`. The order of the clauses is the order of the checks.

use super::super::markers::Markers;
use super::Kind;
use super::condition::Conditions;
use super::fragment::Fragment;
use super::source::{columns, joins, member, table, table_or_from};
use crate::handler::util::Refusal;
use crate::value::{Map, Number, Value};

pub(super) fn select(markers: &mut Markers, arguments: &[Value]) -> Result<Value, Refusal> {
    let payload = payload("select", markers, arguments)?;
    let mut from = Fragment::of("FROM ");
    from.append(table_or_from(markers, payload)?);
    let listed = match member(payload, "columns") {
        Some(listed) => columns(markers, listed)?,
        None => Fragment::of("*"),
    };
    let mut clauses = vec![Fragment::of("SELECT"), listed, from];
    clauses.extend(joins(markers, payload)?);
    clauses.push(condition(markers, payload, "where")?);
    clauses.push(group_by(payload)?);
    clauses.push(condition(markers, payload, "having")?);
    clauses.push(order_by(payload)?);
    clauses.push(row_count(payload, "limit", "LIMIT ")?);
    clauses.push(row_count(payload, "offset", "OFFSET ")?);
    let statement = Fragment::of_clauses(clauses)?;
    Ok(markers.mark_statement("SELECT", Kind::Select, statement))
}

pub(super) fn insert(markers: &mut Markers, arguments: &[Value]) -> Result<Value, Refusal> {
    let payload = payload("insert", markers, arguments)?;
    let mut into = Fragment::of("INSERT INTO ");
    into.append(table(markers, payload)?);
    let values = values("insert", markers, payload)?;
    let mut bound = Vec::with_capacity(values.len());
    for value in values.values() {
        let mut text = Fragment::default();
        text.value(markers, value)?;
        bound.push(text);
    }
    let mut row = Fragment::of("(");
    row.append(Fragment::join(values.keys().map(|key| named(key)), ", "));
    row.text(") VALUES (");
    row.append(Fragment::join(bound, ", "));
    row.text(")");
    let statement = Fragment::of_clauses(vec![into, row, returning(markers, payload)?])?;
    Ok(markers.mark_statement("INSERT", Kind::Write, statement))
}

pub(super) fn update(markers: &mut Markers, arguments: &[Value]) -> Result<Value, Refusal> {
    let payload = payload("update", markers, arguments)?;
    let mut head = Fragment::of("UPDATE ");
    head.append(table(markers, payload)?);
    let mut changes = Vec::new();
    for (key, value) in values("update", markers, payload)? {
        let mut change = named(key);
        change.text(" = ");
        change.value(markers, value)?;
        changes.push(change);
    }
    let clauses = vec![
        head,
        Fragment::of("SET"),
        Fragment::join(changes, ", "),
        condition(markers, payload, "where")?,
        // No recording has it, but AppSync's guide for RDS shows `returning` of an update.
        returning(markers, payload)?,
    ];
    let statement = Fragment::of_clauses(clauses)?;
    Ok(markers.mark_statement("UPDATE", Kind::Write, statement))
}

pub(super) fn remove(markers: &mut Markers, arguments: &[Value]) -> Result<Value, Refusal> {
    let payload = payload("remove", markers, arguments)?;
    let mut head = Fragment::of("DELETE FROM ");
    head.append(table(markers, payload)?);
    let clauses = vec![head, condition(markers, payload, "where")?, returning(markers, payload)?];
    let statement = Fragment::of_clauses(clauses)?;
    Ok(markers.mark_statement("DELETE", Kind::Write, statement))
}

fn payload<'v>(function: &str, markers: &Markers, arguments: &'v [Value]) -> Result<&'v Map, Refusal> {
    let argument = arguments.first();
    let argument =
        argument.ok_or_else(|| Refusal::worded(format!("An argument is expected to be passed to {function}")))?;
    let payload = argument.as_object().filter(|_| markers.find(argument).is_none());
    payload.ok_or_else(|| Refusal::worded("Expected payload to be an Object."))
}

fn named(name: &str) -> Fragment {
    let mut fragment = Fragment::default();
    fragment.name(name);
    fragment
}

fn values<'v>(function: &str, markers: &Markers, payload: &'v Map) -> Result<&'v Map, Refusal> {
    let values = member(payload, "values");
    let values = values.ok_or_else(|| Refusal::worded(format!("values are expected to be passed to {function}")))?;
    let map = values.as_object().filter(|_| markers.find(values).is_none());
    map.ok_or_else(|| Refusal::worded("Expected values to an Object."))
}

/// `WHERE …` or `HAVING …`; nothing without conditions.
fn condition(markers: &Markers, payload: &Map, key: &str) -> Result<Fragment, Refusal> {
    let Some(condition) = member(payload, key) else { return Ok(Fragment::default()) };
    let has_aggregates = key == "having";
    let condition = Conditions { markers, has_aggregates }.clause(condition)?;
    if condition.is_empty() {
        return Ok(condition);
    }
    let mut clause = Fragment::of(if has_aggregates { "HAVING " } else { "WHERE " });
    clause.append(condition);
    Ok(clause)
}

/// Columns by name or by their number in the list of columns. The text is UNCONFIRMED.
fn group_by(payload: &Map) -> Result<Fragment, Refusal> {
    let Some(items) = member(payload, "groupBy") else { return Ok(Fragment::default()) };
    let wrong = || Refusal::failed("select expects a list of column names and numbers in `groupBy`");
    let mut texts = Vec::new();
    for item in items.as_list().ok_or_else(wrong)? {
        texts.push(match item {
            Value::String(name) => named(name),
            other => Fragment::of(other.as_i64().ok_or_else(wrong)?.to_string()),
        });
    }
    Ok(listed("GROUP BY ", texts))
}

fn order_by(payload: &Map) -> Result<Fragment, Refusal> {
    let Some(items) = member(payload, "orderBy") else { return Ok(Fragment::default()) };
    let items = items.as_list().ok_or_else(|| Refusal::worded("orderBy expects an array."))?;
    let mut texts = Vec::with_capacity(items.len());
    for item in items {
        let item = item.as_object().ok_or_else(|| Refusal::worded("orderBy item expected to be an object."))?;
        let column = item.get("column").and_then(Value::as_str);
        let mut text = named(column.ok_or_else(|| Refusal::worded("orderBy item expected to have property column."))?);
        // Only strings are looked at; everything else means ascending.
        text.text(match item.get("dir").and_then(Value::as_str) {
            None => " ASC",
            Some(dir) if dir.eq_ignore_ascii_case("asc") => " ASC",
            Some(dir) if dir.eq_ignore_ascii_case("desc") => " DESC",
            Some(dir) => {
                return Err(Refusal::worded(format!("orderBy dir can have either ASC or DESC found {dir}.")));
            }
        });
        texts.push(text);
    }
    Ok(listed("ORDER BY ", texts))
}

/// A keyword with its list; nothing when the list is empty.
fn listed(keyword: &'static str, items: Vec<Fragment>) -> Fragment {
    if items.is_empty() {
        return Fragment::default();
    }
    let mut clause = Fragment::of(keyword);
    clause.append(Fragment::join(items, ", "));
    clause
}

/// `limit`, `offset`: a number, or text that is one.
fn row_count(payload: &Map, key: &str, keyword: &'static str) -> Result<Fragment, Refusal> {
    let Some(count) = member(payload, key) else { return Ok(Fragment::default()) };
    let number = match count {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) => Number::parse(text.trim()),
        _ => None,
    };
    let number = number.ok_or_else(|| Refusal::worded(format!("{key} expects a number.")))?;
    let mut clause = Fragment::of(keyword);
    clause.bind(number.into(), None);
    Ok(clause)
}

/// `RETURNING …`, for Postgres. The columns are checked first.
fn returning(markers: &Markers, payload: &Map) -> Result<Fragment, Refusal> {
    let Some(listed) = member(payload, "returning") else { return Ok(Fragment::default()) };
    let listed = columns(markers, listed)?;
    let mut clause = Fragment::default();
    clause.not_in_mysql("returning is not supported in MySQL.");
    clause.text("RETURNING ");
    clause.append(listed);
    Ok(clause)
}
