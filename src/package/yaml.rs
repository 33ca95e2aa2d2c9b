//! YAML as people write CloudFormation templates: block style, comments, short lists on one line, `!Ref` and its kin.
//!
//! Texts stand without quotes only where every reader of YAML takes them for texts, the older ones that CloudFormation and
//! its tools use included: to these `no` is false and `2012-10-17` a date.

use std::fmt::Write;

/// Longest line of a list that is written on one.
const WIDTH: usize = 110;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Yaml {
    Text(String),
    Number(i64),
    Boolean(bool),
    /// `!Tag value`
    Tagged(&'static str, Box<Yaml>),
    List(Vec<Yaml>),
    Map(Vec<Entry>),
}

/// One member of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: String,
    pub value: Yaml,
    /// Stands above it.
    pub comment: Option<String>,
    /// Whether an empty line stands above it.
    pub is_apart: bool,
}

impl From<&str> for Yaml {
    fn from(text: &str) -> Yaml {
        Yaml::Text(text.to_owned())
    }
}

impl From<String> for Yaml {
    fn from(text: String) -> Yaml {
        Yaml::Text(text)
    }
}

impl From<i64> for Yaml {
    fn from(number: i64) -> Yaml {
        Yaml::Number(number)
    }
}

impl From<bool> for Yaml {
    fn from(boolean: bool) -> Yaml {
        Yaml::Boolean(boolean)
    }
}

impl<const N: usize> From<[Yaml; N]> for Yaml {
    fn from(items: [Yaml; N]) -> Yaml {
        Yaml::List(items.into())
    }
}

/// A member of a map.
pub fn entry(key: impl Into<String>, value: impl Into<Yaml>) -> Entry {
    Entry { key: key.into(), value: value.into(), comment: None, is_apart: false }
}

impl Entry {
    pub fn comment(self, comment: impl Into<String>) -> Entry {
        Entry { comment: Some(comment.into()), ..self }
    }

    pub fn apart(self) -> Entry {
        Entry { is_apart: true, ..self }
    }
}

/// A map of such members.
pub fn map(entries: impl IntoIterator<Item = Entry>) -> Yaml {
    Yaml::Map(entries.into_iter().collect())
}

pub fn list(items: impl IntoIterator<Item = Yaml>) -> Yaml {
    Yaml::List(items.into_iter().collect())
}

/// `!Ref name`
pub fn reference(name: &str) -> Yaml {
    Yaml::Tagged("Ref", Box::new(name.into()))
}

/// `!GetAtt name.attribute`
pub fn attribute(name: &str, attribute: &str) -> Yaml {
    Yaml::Tagged("GetAtt", Box::new(format!("{name}.{attribute}").into()))
}

/// `!Sub "text with ${names}"`
pub fn sub(text: impl Into<String>) -> Yaml {
    Yaml::Tagged("Sub", Box::new(Yaml::Text(text.into())))
}

impl Yaml {
    /// The document, with a line end at its end.
    pub fn document(&self) -> String {
        let mut out = String::new();
        match self {
            Yaml::Map(entries) => write_map(entries, 0, false, &mut out),
            other => {
                out.push_str(&other.flow().unwrap_or_default());
                out.push('\n');
            }
        }
        out
    }

    /// On one line; `None` for what has members or comments.
    fn flow(&self) -> Option<String> {
        match self {
            Yaml::Text(text) => Some(scalar(text)),
            Yaml::Number(number) => Some(number.to_string()),
            Yaml::Boolean(boolean) => Some(boolean.to_string()),
            Yaml::Tagged(tag, value) => Some(format!("!{tag} {}", value.flow()?)),
            Yaml::List(items) => {
                let items: Vec<String> = items.iter().map(Yaml::flow).collect::<Option<_>>()?;
                Some(format!("[{}]", items.join(", ")))
            }
            Yaml::Map(entries) if entries.is_empty() => Some("{}".to_owned()),
            Yaml::Map(_) => None,
        }
    }
}

/// Writes the members of a map. `is_in_list`: the first one follows the dash of an item.
fn write_map(entries: &[Entry], indent: usize, is_in_list: bool, out: &mut String) {
    for (index, Entry { key, value, comment, is_apart }) in entries.iter().enumerate() {
        let follows_dash = is_in_list && index == 0;
        if *is_apart && !out.is_empty() && !follows_dash {
            out.push('\n');
        }
        let pad = if follows_dash { String::new() } else { " ".repeat(indent) };
        match comment {
            // Behind a dash there is no room above the first member.
            Some(comment) if !follows_dash => {
                comment.lines().for_each(|line| {
                    let _ = writeln!(out, "{pad}# {line}");
                });
            }
            _ => {}
        }
        let _ = write!(out, "{pad}{}:", scalar(key));
        write_value(value, indent, out);
    }
}

fn write_value(value: &Yaml, indent: usize, out: &mut String) {
    let column = out.len() - out.rfind('\n').map_or(0, |newline| newline + 1);
    match value.flow() {
        Some(flow) if !matches!(value, Yaml::List(_)) || column + flow.chars().count() < WIDTH => {
            let _ = writeln!(out, " {flow}");
            return;
        }
        _ => {}
    }
    match value {
        Yaml::Map(entries) => {
            out.push('\n');
            write_map(entries, indent + 2, false, out);
        }
        Yaml::List(items) => {
            out.push('\n');
            write_items(items, indent + 2, out);
        }
        Yaml::Tagged(tag, inner) => {
            let _ = write!(out, " !{tag}");
            write_value(inner, indent, out);
        }
        // These have a form on one line.
        Yaml::Text(_) | Yaml::Number(_) | Yaml::Boolean(_) => {}
    }
}

fn write_items(items: &[Yaml], indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    for item in items {
        match item {
            Yaml::Map(entries) if !entries.is_empty() => {
                let _ = write!(out, "{pad}- ");
                write_map(entries, indent + 2, true, out);
            }
            item => {
                let _ = write!(out, "{pad}-");
                write_value(item, indent, out);
            }
        }
    }
}

/// A text, in quotes where it needs them.
fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// Whether every reader takes it for this text without quotes.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '/';
    let is_other = |c: char| c.is_ascii_alphanumeric() || "_-./:".contains(c);
    text.starts_with(is_first)
        && text.chars().all(is_other)
        && !text.ends_with(':')
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::SourceFile;
    use crate::project::yaml::{Data, Node, parse_yaml};
    use proptest::prelude::*;

    #[test]
    fn a_document_reads_as_people_write_it() {
        let document = map([
            entry("Version", "2012-10-17").comment("Two lines,\nif need be."),
            entry(
                "Resources",
                map([
                    entry(
                        "Table",
                        map([
                            entry("Name", sub("${Prefix}-a")),
                            entry(
                                "Keys",
                                list([map([entry("A", "x").comment("lost"), entry("B", 1)]), map([entry("A", true)])]),
                            ),
                        ]),
                    ),
                    entry("Other", map([entry("Ref", reference("Table")), entry("Empty", map([]))])).apart(),
                ]),
            ),
            entry("Long", list((0..9).map(|n| Yaml::from(format!("arn:aws:a-{n}-{n}"))))),
            entry("Choice", Yaml::Tagged("If", Box::new(Yaml::from(["A".into(), list([reference("B")])])))),
            entry("no", "no"),
        ]);
        assert_eq!(
            document.document(),
            r##"# Two lines,
# if need be.
Version: "2012-10-17"
Resources:
  Table:
    Name: !Sub "${Prefix}-a"
    Keys:
      - A: x
        B: 1
      - A: true

  Other:
    Ref: !Ref Table
    Empty: {}
Long:
  - arn:aws:a-0-0
  - arn:aws:a-1-1
  - arn:aws:a-2-2
  - arn:aws:a-3-3
  - arn:aws:a-4-4
  - arn:aws:a-5-5
  - arn:aws:a-6-6
  - arn:aws:a-7-7
  - arn:aws:a-8-8
Choice: !If [A, [!Ref B]]
"no": "no"
"##
        );
    }

    fn any_yaml() -> impl Strategy<Value = Yaml> {
        let text =
            prop_oneof!["[a-z]{0,6}", "\\PC{0,12}", "(yes|No|null|~|1e3|0x1f|-|- a|a: b|#|1:30|2012-10-17|'|\")"];
        let leaf = prop_oneof![
            text.clone().prop_map(Yaml::Text),
            any::<i64>().prop_map(Yaml::Number),
            any::<bool>().prop_map(Yaml::Boolean)
        ];
        leaf.prop_recursive(4, 40, 5, move |inner| {
            let entries = prop::collection::btree_map(text.clone(), inner.clone(), 0..5);
            let entries = entries
                .prop_map(|entries| map(entries.into_iter().map(|(key, value)| entry(key, value).comment("why"))));
            prop_oneof![entries, prop::collection::vec(inner, 0..5).prop_map(list)]
        })
    }

    fn is_same(yaml: &Yaml, node: &Node) -> bool {
        match (yaml, &node.data) {
            (Yaml::Text(text), Data::Scalar(_)) => {
                node.kind() == "a string" && matches!(&node.data, Data::Scalar(scalar) if scalar.text == *text)
            }
            (Yaml::Number(number), Data::Scalar(scalar)) => {
                node.kind() == "a number" && scalar.text == number.to_string()
            }
            (Yaml::Boolean(boolean), Data::Scalar(scalar)) => {
                node.kind() == "a boolean" && scalar.text == boolean.to_string()
            }
            (Yaml::List(items), Data::List(nodes)) => {
                items.len() == nodes.len() && items.iter().zip(nodes).all(|(item, node)| is_same(item, node))
            }
            (Yaml::Map(entries), Data::Map(nodes)) => {
                entries.len() == nodes.len()
                    && entries.iter().all(|entry| {
                        nodes.get(entry.key.as_str()).is_some_and(|node| is_same(&entry.value, &node.value))
                    })
            }
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_as_what_it_was(value in any_yaml()) {
            let document = map([entry("root", value)]);
            let text = document.document();
            let mut problems = Vec::new();
            let read = parse_yaml(&SourceFile::new("t.yaml", text.as_str()), &mut problems);
            prop_assert!(problems.is_empty(), "{}\n{text}", problems[0]);
            prop_assert!(is_same(&document, &read.expect("it has a member")), "{text}");
        }
    }
}
