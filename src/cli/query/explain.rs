//! What an operation cost, as a table for people.

use crate::loader::{Call, CallKind, Explanation, TableUse, Target};
use crate::value::Str;

const HEAD: [&str; 8] = ["operation", "calls", "target", "keys", "items", "units", "asked", "by"];

/// Columns of figures, which are aligned to the right.
const FIGURES: [usize; 5] = [1, 3, 4, 5, 6];

type Row = [String; HEAD.len()];

/// One line for each table, or other target, of calls that are alike, in the order of the first of them, and a last line
/// that compares with a call for every read.
pub fn table(explanation: &Explanation) -> String {
    if explanation.calls.is_empty() {
        return "no calls\n".to_owned();
    }
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(alike(&explanation.calls).iter().flat_map(|calls| rows_of(calls)));
    let mut widths = [0; HEAD.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text: String = rows.iter().map(|row| line(row, &widths)).collect();
    text.push('\n');
    text.push_str(&sum(explanation));
    text
}

/// Puts calls together that differ only in figures.
fn alike(calls: &[Call]) -> Vec<Vec<&Call>> {
    let mut groups: Vec<Vec<&Call>> = Vec::new();
    for call in calls {
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| is_like(first, call))) {
            Some(group) => group.push(call),
            None => groups.push(vec![call]),
        }
    }
    groups
}

fn is_like(a: &Call, b: &Call) -> bool {
    a.kind == b.kind
        && is_of_same(&a.target, &b.target)
        && a.error == b.error
        && (a.attempt > 1) == (b.attempt > 1)
        && a.duration_milliseconds.is_some() == b.duration_milliseconds.is_some()
        && a.resolvers.iter().map(|(name, _)| name).eq(b.resolvers.iter().map(|(name, _)| name))
}

fn is_of_same(a: &Target, b: &Target) -> bool {
    match (a, b) {
        (Target::Tables { tables: a, index: a_index }, Target::Tables { tables: b, index: b_index }) => {
            a_index == b_index && a.iter().map(|table| &table.name).eq(b.iter().map(|table| &table.name))
        }
        (a, b) => a == b,
    }
}

/// The targets of calls that are alike, the first with everything that is said of the calls as a whole.
fn rows_of(calls: &[&Call]) -> Vec<Row> {
    let Some(first) = calls.first() else { return Vec::new() };
    let mut rows = match &first.target {
        Target::Tables { tables, index } => {
            let row = |(position, table)| table_row(calls, position, table, index.as_ref());
            tables.iter().enumerate().map(row).collect()
        }
        Target::Named(name) => vec![["", "", name.as_str(), "", "", "", "", ""].map(str::to_owned)],
    };
    if let Some([operation, made, _, _, _, _, asked, by]) = rows.first_mut() {
        *operation = first.kind.name().to_owned();
        *made = calls.len().to_string();
        *asked = calls.iter().map(|call| call.asked).sum::<u32>().to_string();
        *by = callers(calls);
    }
    rows
}

/// What all calls did with one of their tables.
fn table_row(calls: &[&Call], position: usize, table: &TableUse, index: Option<&Str>) -> Row {
    let uses = || calls.iter().filter_map(|call| call.tables().get(position));
    let figure =
        |of: fn(&TableUse) -> Option<u32>| uses().filter_map(of).reduce(|sum, figure| sum.saturating_add(figure));
    let name = match index {
        Some(index) => format!("{}.{index}", table.name),
        None => table.name.to_string(),
    };
    let items = match (figure(|table| table.items), figure(|table| table.scanned)) {
        (Some(items), Some(scanned)) if scanned > items => format!("{items} of {scanned}"),
        (items, _) => shown(items),
    };
    let capacity = uses().filter_map(|table| table.capacity_units).reduce(|sum, units| sum + units);
    let empty = String::new;
    [
        empty(),
        empty(),
        name,
        shown(figure(|table| table.keys)),
        items,
        capacity.map_or("-".to_owned(), units),
        empty(),
        empty(),
    ]
}

fn shown(figure: Option<u32>) -> String {
    figure.map_or(String::new(), |figure| figure.to_string())
}

/// `Order.product 75, Query.product`, and what was unusual.
fn callers(calls: &[&Call]) -> String {
    let mut resolvers: Vec<(&Str, u32)> = Vec::new();
    for (name, times) in calls.iter().flat_map(|call| &call.resolvers) {
        match resolvers.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum += times,
            None => resolvers.push((name, *times)),
        }
    }
    let names = resolvers.iter().map(|(name, times)| match times {
        1 => name.to_string(),
        times => format!("{name} {times}"),
    });
    let names = names.collect::<Vec<_>>().join(", ");
    let Some(first) = calls.first() else { return names };
    let mut remarks = Vec::new();
    if first.attempt > 1 {
        remarks.push("again".to_owned());
    }
    if let Some(error) = &first.error {
        remarks.push(format!("failed: {error}"));
    }
    if first.duration_milliseconds.is_none() {
        remarks.push("unfinished".to_owned());
    }
    if remarks.is_empty() { names } else { format!("{names} ({})", remarks.join(", ")) }
}

fn line(row: &Row, widths: &[usize; HEAD.len()]) -> String {
    let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, &width))| {
        if FIGURES.contains(&column) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
    });
    format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
}

/// `2 calls; AppSync would make 76 (74 reads shared a call); 25.5 read units, 0 write units`
fn sum(explanation: &Explanation) -> String {
    let made = explanation.calls.len();
    let mut text = format!("{made} call{}; AppSync would make {}", if made == 1 { "" } else { "s" }, explanation.asked);
    match explanation.coalesced {
        0 => {}
        1 => text.push_str(" (1 read shared a call)"),
        shared => text.push_str(&format!(" ({shared} reads shared a call)")),
    }
    if explanation.calls.iter().any(|call| matches!(call.kind, CallKind::DynamoDb(_))) {
        let (read, write) = (units(explanation.read_units()), units(explanation.write_units()));
        text.push_str(&format!("; {read} read units, {write} write units"));
    }
    text.push('\n');
    text
}

fn units(units: f64) -> String {
    format!("{}", (units * 100.0).round() / 100.0)
}
