//! What an operation cost, as a table for people.

use crate::loader::{Call, Explanation, TableUse};

const HEAD: [&str; 7] = ["operation", "table", "keys", "items", "units", "asked", "by"];

/// Columns of figures, which are aligned to the right.
const FIGURES: std::ops::Range<usize> = 2..6;

/// One line for each call and table, and a last line that compares with a call for every read.
pub fn table(explanation: &Explanation) -> String {
    if explanation.calls.is_empty() {
        return "no calls to DynamoDB\n".to_owned();
    }
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(explanation.calls.iter().flat_map(rows_of));
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

/// A call's tables, the first with everything that is said of the call as a whole.
fn rows_of(call: &Call) -> Vec<[String; HEAD.len()]> {
    let nothing = TableUse::default();
    let tables = if call.tables.is_empty() { std::slice::from_ref(&nothing) } else { call.tables.as_slice() };
    let count = |count: Option<u32>| count.map_or(String::new(), |count| count.to_string());
    let rows = tables.iter().enumerate().map(|(index, table)| {
        let of_call = |text: String| if index == 0 { text } else { String::new() };
        let name = match &call.index {
            Some(index) => format!("{}.{index}", table.name),
            None => table.name.to_string(),
        };
        let items = match (table.items, table.scanned) {
            (Some(items), Some(scanned)) if scanned > items => format!("{items} of {scanned}"),
            (items, _) => count(items),
        };
        [
            of_call(call.operation.name().to_owned()),
            name,
            count(table.keys),
            items,
            table.capacity_units.map_or("-".to_owned(), units),
            of_call(call.asked.to_string()),
            of_call(callers(call)),
        ]
    });
    rows.collect()
}

/// `Order.product 75, Query.product`, and what was unusual.
fn callers(call: &Call) -> String {
    let names = call.resolvers.iter().map(|(name, times)| match times {
        1 => name.to_string(),
        times => format!("{name} {times}"),
    });
    let attempt = (call.attempt > 1).then(|| format!("attempt {}", call.attempt));
    let error = call.error.as_ref().map(|error| format!("failed: {error}"));
    let unfinished = call.duration_milliseconds.is_none().then(|| "unfinished".to_owned());
    let remarks: Vec<String> = attempt.into_iter().chain(error).chain(unfinished).collect();
    let names = names.collect::<Vec<_>>().join(", ");
    if remarks.is_empty() { names } else { format!("{names} ({})", remarks.join(", ")) }
}

fn line(row: &[String; HEAD.len()], widths: &[usize; HEAD.len()]) -> String {
    let cells = row.iter().zip(widths).enumerate().map(|(index, (cell, &width))| {
        if FIGURES.contains(&index) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
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
    let (read, write) = (units(explanation.read_units()), units(explanation.write_units()));
    text.push_str(&format!("; {read} read units, {write} write units\n"));
    text
}

fn units(units: f64) -> String {
    format!("{}", (units * 100.0).round() / 100.0)
}
