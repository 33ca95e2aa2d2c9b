//! YAML with the place of every key and value, so that a problem in `syncline.yaml` can be pointed at.
//!
//! Built from the parser's events rather than from a ready-made tree: those drop repeated keys silently and recurse
//! as deep as the document does.

use std::ops::Range;
use std::sync::Arc;

use indexmap::map::Entry as MapEntry;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

use crate::error::{Diagnostic, SourceFile};
use crate::schema::NameMap;
use crate::value::Str;

/// How deep lists and maps may nest. Ours: nothing in `syncline.yaml` needs more than eight.
const NESTING: usize = 64;
/// Values in one document, those that aliases repeat included. Ours: ten nested aliases can stand for 10^10 values.
const VALUES: usize = 20_000;

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub data: Data,
    /// Where it stands in the file, in bytes. A value that was left out has the place of its key.
    pub range: Range<usize>,
}

#[derive(Clone, Debug)]
pub(crate) enum Data {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(NameMap<Entry>),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Scalar {
    pub text: Str,
    /// Quoted text is a string, whatever it looks like.
    pub is_quoted: bool,
    /// Text that came from the environment serves as a string as well as a number or a boolean.
    pub is_substituted: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub key_range: Range<usize>,
    pub value: Node,
}

impl Node {
    /// What kind of value this is, in the words of our messages.
    pub fn kind(&self) -> &'static str {
        match &self.data {
            Data::List(_) => "a list",
            Data::Map(_) => "a map",
            Data::Scalar(scalar) => scalar.kind(),
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(&self.data, Data::Scalar(scalar) if scalar.kind() == "nothing")
    }
}

impl Scalar {
    fn kind(&self) -> &'static str {
        if self.is_quoted {
            return "a string";
        }
        match self.text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => "nothing",
            "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => "a boolean",
            text if is_number(text) => "a number",
            _ => "a string",
        }
    }
}

/// Numbers of YAML's core schema, without infinities.
fn is_number(text: &str) -> bool {
    let is_radix = |prefix: &str, radix: u32| {
        text.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_digit(radix)))
    };
    let starts_like_one = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
    is_radix("0x", 16) || is_radix("0o", 8) || (starts_like_one && text.parse::<f64>().is_ok_and(f64::is_finite))
}

/// Reads one YAML document; `None` when it is empty or cannot be read, which `problems` tells apart.
pub(crate) fn parse_yaml(file: &Arc<SourceFile>, problems: &mut Vec<Diagnostic>) -> Option<Node> {
    let mut builder = Builder::new(file);
    match builder.read() {
        Ok(root) => {
            problems.append(&mut builder.problems);
            root
        }
        Err(problem) => {
            problems.push(*problem);
            None
        }
    }
}

/// A list or map whose end has not come yet.
struct Open {
    data: Data,
    range: Range<usize>,
    anchor: usize,
    /// The key whose value comes next.
    key: Option<(Str, Range<usize>)>,
}

struct Builder<'a> {
    file: &'a Arc<SourceFile>,
    /// Byte offset of each character, because the parser counts characters; empty when all are one byte.
    offsets: Vec<usize>,
    open: Vec<Open>,
    root: Option<Node>,
    /// What `*name` stands for, and how many values that is; by the parser's number of the anchor.
    anchors: Vec<(usize, Node, usize)>,
    values: usize,
    problems: Vec<Diagnostic>,
}

type Refusal = Box<Diagnostic>;

impl<'a> Builder<'a> {
    fn new(file: &'a Arc<SourceFile>) -> Builder<'a> {
        let offsets =
            if file.text.is_ascii() { Vec::new() } else { file.text.char_indices().map(|(at, _)| at).collect() };
        Builder { file, offsets, open: Vec::new(), root: None, anchors: Vec::new(), values: 0, problems: Vec::new() }
    }

    fn read(&mut self) -> Result<Option<Node>, Refusal> {
        let file = self.file;
        let mut parser = Parser::new_from_str(&file.text);
        let mut documents = 0;
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|error| self.syntax_error(error.info(), error.marker()))?;
            match event {
                Event::DocumentStart(_) => {
                    documents += 1;
                    if documents > 1 {
                        return Err(self.refuse("a second YAML document in one file", self.range(&span)));
                    }
                }
                Event::MappingStart(anchor, _) => self.open(Data::Map(NameMap::default()), anchor, &span)?,
                Event::SequenceStart(anchor, _) => self.open(Data::List(Vec::new()), anchor, &span)?,
                Event::MappingEnd | Event::SequenceEnd => self.close(&span)?,
                Event::Scalar(text, style, anchor, _) => {
                    let range = self.scalar_range(&text, style, &span);
                    let is_quoted = style != ScalarStyle::Plain;
                    let scalar = Scalar { text: Str::from(text.as_ref()), is_quoted, is_substituted: false };
                    self.add(Node { data: Data::Scalar(scalar), range }, anchor, 1)?;
                }
                Event::Alias(anchor) => {
                    let known = self.anchors.iter().rev().find(|(id, ..)| *id == anchor);
                    let Some((_, node, values)) = known else {
                        return Err(self.refuse("an alias inside of what it stands for", self.range(&span)));
                    };
                    // Keeps the place of what it repeats: that is the text to be mended.
                    let (node, values) = (node.clone(), *values);
                    self.add(node, 0, values)?;
                }
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            }
        }
        Ok(self.root.take().filter(|root| !root.is_null()))
    }

    fn open(&mut self, data: Data, anchor: usize, span: &Span) -> Result<(), Refusal> {
        let range = self.range(span);
        if self.open.len() == NESTING {
            return Err(self.refuse(format!("more than {NESTING} levels of nesting"), range));
        }
        if let Some(Open { data: Data::Map(_), key: None, .. }) = self.open.last() {
            return Err(self.refuse("expected a name as key, found a list or map", range));
        }
        self.open.push(Open { data, range, anchor, key: None });
        Ok(())
    }

    fn close(&mut self, span: &Span) -> Result<(), Refusal> {
        let Some(Open { data, mut range, anchor, .. }) = self.open.pop() else { return Ok(()) };
        let end = self.range(span);
        let is_flow = self.file.text.get(end.clone()).is_some_and(|text| text == "}" || text == "]");
        let last = match &data {
            Data::Map(entries) => entries.last().map(|(_, entry)| entry.value.range.end.max(entry.key_range.end)),
            Data::List(items) => items.last().map(|item| item.range.end),
            Data::Scalar(_) => None,
        };
        // A block ends where its last value ends; the parser reports where the next thing begins.
        range.end = if is_flow { end.end } else { last.unwrap_or(range.end) }.max(range.start);
        self.add(Node { data, range }, anchor, 1)
    }

    /// Puts a complete value where it belongs: as key, into the list or map around it, or as the document.
    fn add(&mut self, mut node: Node, anchor: usize, values: usize) -> Result<(), Refusal> {
        self.values += values;
        if self.values > VALUES {
            return Err(self.refuse(format!("more than {VALUES} values in one file"), node.range));
        }
        if anchor > 0 {
            self.anchors.push((anchor, node.clone(), count(&node)));
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open { data: Data::List(items), .. }) => items.push(node),
            Some(Open { data: Data::Map(entries), key, .. }) => match key.take() {
                None => match node.data {
                    Data::Scalar(scalar) => *key = Some((scalar.text, node.range)),
                    _ => return Err(self.refuse("expected a name as key, found a list or map", node.range)),
                },
                Some((name, key_range)) => {
                    if node.range.is_empty() {
                        node.range = key_range.clone();
                    }
                    match entries.entry(name) {
                        MapEntry::Vacant(slot) => {
                            slot.insert(Entry { key_range, value: node });
                        }
                        MapEntry::Occupied(slot) => {
                            let line = self.file.location(slot.get().key_range.start).line;
                            self.problems.push(
                                Diagnostic::error(format!("key `{}` is given twice", slot.key()))
                                    .at(self.file, key_range)
                                    .help(format!("the first one is in line {line}; keep one of the two")),
                            );
                        }
                    }
                }
            },
            Some(Open { data: Data::Scalar(_), .. }) => {}
        }
        Ok(())
    }

    fn range(&self, span: &Span) -> Range<usize> {
        let start = self.byte_offset(&span.start);
        start..self.byte_offset(&span.end).max(start)
    }

    /// Empty for a value that was left out: the parser then reports the token that follows.
    fn scalar_range(&self, text: &str, style: ScalarStyle, span: &Span) -> Range<usize> {
        let range = self.range(span);
        let written = self.file.text.get(range.clone()).unwrap_or("");
        let is_left_out =
            style == ScalarStyle::Plain && (text.is_empty() || (text == "~" && !written.starts_with('~')));
        let trimmed = written.trim_end().len();
        if is_left_out { range.start..range.start } else { range.start..range.start + trimmed }
    }

    fn byte_offset(&self, marker: &Marker) -> usize {
        let length = self.file.text.len();
        let offset =
            if self.offsets.is_empty() { Some(marker.index()) } else { self.offsets.get(marker.index()).copied() };
        offset.unwrap_or(length).min(length)
    }

    fn refuse(&self, message: impl Into<String>, range: Range<usize>) -> Refusal {
        Box::new(Diagnostic::error(message).at(self.file, range))
    }

    fn syntax_error(&self, info: &str, marker: &Marker) -> Refusal {
        let at = self.byte_offset(marker);
        let diagnostic =
            Diagnostic::error(format!("not valid YAML: {}", info.replace('\'', "`"))).at(self.file, at..at);
        let line_start = self.file.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let line = self.file.text[line_start..].lines().next().unwrap_or("");
        Box::new(if line.contains("${") && line.contains('{') {
            diagnostic.help("inside `{ }` and `[ ]`, `${…}` needs quotes: `{ name: \"${TABLE}\" }`")
        } else if line.contains('\t') {
            diagnostic.help("YAML is indented with spaces, not with tabs")
        } else {
            diagnostic
        })
    }
}

fn count(node: &Node) -> usize {
    1 + match &node.data {
        Data::Scalar(_) => 0,
        Data::List(items) => items.iter().map(count).sum(),
        Data::Map(entries) => entries.values().map(|entry| count(&entry.value)).sum(),
    }
}
