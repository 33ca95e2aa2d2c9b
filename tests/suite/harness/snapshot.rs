//! Texts that are compared with files. `UPDATE=1 cargo test` writes the files anew; read what `git diff` says then.

use std::path::Path;

use serde_json::Value;

/// Compares `actual` with the file, or writes the file where `UPDATE=1` asks for it. The error says what differs.
pub fn compare(path: &Path, actual: &str) -> Result<(), String> {
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    if expected == actual {
        return Ok(());
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, actual).unwrap();
        return Ok(());
    }
    let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(path).display();
    Err(format!("{name} differs (UPDATE=1 accepts):\n{}", difference(&expected, actual)))
}

/// The lines between the first and the last that differ.
fn difference(expected: &str, actual: &str) -> String {
    let (expected, actual): (Vec<_>, Vec<_>) = (expected.lines().collect(), actual.lines().collect());
    let same = |(a, b): &(&&str, &&str)| a == b;
    let start = expected.iter().zip(&actual).take_while(same).count();
    let end = expected[start..].iter().rev().zip(actual[start..].iter().rev()).take_while(same).count();
    let lines = |sign: &str, lines: &[&str]| lines.iter().map(|line| format!("{sign} {line}\n")).collect::<String>();
    format!(
        "  line {}\n{}{}",
        start + 1,
        lines("-", &expected[start..expected.len() - end]),
        lines("+", &actual[start..actual.len() - end])
    )
}

/// Longest line that holds a whole list or object.
const WIDTH: usize = 110;

/// JSON for people: what fits stands on one line.
pub fn pretty(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, &mut text);
    text
}

fn write(value: &Value, indent: usize, out: &mut String) {
    let compact = value.to_string();
    let column = out.len() - out.rfind('\n').map_or(0, |newline| newline + 1);
    if column + compact.chars().count() <= WIDTH {
        out.push_str(&compact);
        return;
    }
    let pad = "  ".repeat(indent + 1);
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "[\n" } else { ",\n" });
                out.push_str(&pad);
                write(item, indent + 1, out);
            }
            out.push_str(&format!("\n{}]", "  ".repeat(indent)));
        }
        Value::Object(members) => {
            for (index, (key, member)) in members.iter().enumerate() {
                out.push_str(if index == 0 { "{\n" } else { ",\n" });
                out.push_str(&format!("{pad}{}: ", Value::from(key.as_str())));
                write(member, indent + 1, out);
            }
            out.push_str(&format!("\n{}}}", "  ".repeat(indent)));
        }
        _ => out.push_str(&compact),
    }
}
