//! Writes a [`Node`] in the syntax of the engine that runs it.

use std::fmt::Write;

use regex_syntax::hir::ClassUnicode;

use super::syntax::{Assertion, Kind, Node, Parsed};

/// What never matches.
const NEVER: &str = "[a&&b]";

/// The engine's text for a pattern: everything Java's flags mean is spelled out, so no flag is left. `last_match` is what
/// `\G` becomes.
pub(super) fn write(parsed: &Parsed, last_match: LastMatch) -> String {
    let mut writer = Writer { out: String::new(), groups: parsed.groups, last_match };
    writer.node(&parsed.node);
    writer.out
}

/// Where the last match ended.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum LastMatch {
    /// Where the search begins.
    Here,
    /// Before that: an empty match pushed the search one character further, and `\G` cannot match.
    Behind,
}

/// Whether a pattern uses `\G`.
pub(super) fn has_last_match(node: &Node) -> bool {
    match node {
        Node::Assertion(assertion) => *assertion == Assertion::LastMatch,
        Node::Concat(nodes) | Node::Alternate(nodes) => nodes.iter().any(has_last_match),
        Node::Repeat { node, .. } | Node::Capture { node, .. } | Node::Atomic(node) | Node::Look { node, .. } => {
            has_last_match(node)
        }
        Node::Empty | Node::Set(_) | Node::Char(_) | Node::Backreference { .. } => false,
    }
}

/// Whether what matches is empty in any case.
fn is_empty(node: &Node) -> bool {
    match node {
        Node::Empty | Node::Assertion(_) | Node::Look { .. } => true,
        Node::Concat(nodes) | Node::Alternate(nodes) => nodes.iter().all(is_empty),
        Node::Repeat { node, .. } | Node::Atomic(node) => is_empty(node),
        Node::Capture { .. } | Node::Set(_) | Node::Char(_) | Node::Backreference { .. } => false,
    }
}

struct Writer {
    out: String,
    /// Groups of the whole pattern.
    groups: usize,
    last_match: LastMatch,
}

impl Writer {
    fn node(&mut self, node: &Node) {
        match node {
            Node::Empty => {}
            Node::Set(set) => self.set(set),
            Node::Char(c) if c.is_ascii_alphanumeric() => self.out.push(*c),
            Node::Char(c) => self.code(*c),
            Node::Concat(nodes) => nodes.iter().for_each(|node| match node {
                Node::Alternate(_) => self.grouped("(?:", node),
                _ => self.node(node),
            }),
            Node::Alternate(nodes) => {
                for (index, node) in nodes.iter().enumerate() {
                    if index > 0 {
                        self.out.push('|');
                    }
                    self.node(node);
                }
            }
            Node::Repeat { node, min, max, kind } => self.repeat(node, (*min, *max), *kind),
            Node::Capture { node, .. } => self.grouped("(", node),
            Node::Atomic(node) => self.grouped("(?>", node),
            Node::Look { node, behind, negated } => {
                let open = match (behind, negated) {
                    (false, false) => "(?=",
                    (false, true) => "(?!",
                    (true, false) => "(?<=",
                    (true, true) => "(?<!",
                };
                self.grouped(open, node);
            }
            Node::Backreference { group, .. } if *group > self.groups => self.out.push_str(NEVER),
            Node::Backreference { group, fold } => {
                let _ = write!(self.out, "(?{}:\\{group})", if *fold { "i" } else { "" });
            }
            Node::Assertion(assertion) => self.out.push_str(match assertion {
                Assertion::Start => r"\A",
                Assertion::End => r"\z",
                Assertion::BeforeFinalTerminator { unix: true } => r"(?=\n?\z)",
                Assertion::BeforeFinalTerminator { unix: false } => {
                    r"(?:(?=(?:\r\n|[\r\x{85}\x{2028}\x{2029}])?\z)|(?<!\r)(?=\n\z))"
                }
                Assertion::LineStart { unix: true } => r"(?:\A|(?<=\n)(?!\z))",
                Assertion::LineStart { unix: false } => {
                    r"(?:\A|(?<=[\n\x{85}\x{2028}\x{2029}])(?!\z)|(?<=\r)(?!\n|\z))"
                }
                Assertion::LineEnd { unix: true } => r"(?=\n|\z)",
                Assertion::LineEnd { unix: false } => r"(?:(?=[\r\x{85}\x{2028}\x{2029}]|\z)|(?<!\r)(?=\n))",
                Assertion::WordBoundary => r"\b",
                Assertion::NotWordBoundary => r"\B",
                Assertion::LastMatch if self.last_match == LastMatch::Behind => NEVER,
                Assertion::LastMatch => r"\G",
            }),
        }
    }

    fn grouped(&mut self, open: &str, node: &Node) {
        self.out.push_str(open);
        self.node(node);
        self.out.push(')');
    }

    fn repeat(&mut self, node: &Node, (min, max): (u32, Option<u32>), kind: Kind) {
        if is_empty(node) {
            // The engine repeats nothing that is always empty; once, or perhaps once, says the same.
            let (open, close) = match (min, kind) {
                (0, Kind::Lazy) => ("(?:|", ")"),
                (0, Kind::Greedy) => ("(?:", "|)"),
                (0, Kind::Possessive) => ("(?>", "|)"),
                _ => ("(?>", ")"),
            };
            self.out.push_str(open);
            self.grouped("(?:", node);
            self.out.push_str(close);
            return;
        }
        if kind == Kind::Possessive {
            self.out.push_str("(?>");
        }
        match node {
            Node::Set(_) | Node::Char(_) => self.node(node),
            _ => self.grouped("(?:", node),
        }
        let _ = match (min, max) {
            (0, Some(1)) => write!(self.out, "?"),
            (0, None) => write!(self.out, "*"),
            (1, None) => write!(self.out, "+"),
            (min, None) => write!(self.out, "{{{min},}}"),
            (min, Some(max)) if min == max => write!(self.out, "{{{min}}}"),
            (min, Some(max)) => write!(self.out, "{{{min},{max}}}"),
        };
        match kind {
            Kind::Greedy => {}
            Kind::Lazy => self.out.push('?'),
            Kind::Possessive => self.out.push(')'),
        }
    }

    fn code(&mut self, c: char) {
        let _ = write!(self.out, "\\x{{{:x}}}", c as u32);
    }

    fn set(&mut self, set: &ClassUnicode) {
        if set.ranges().is_empty() {
            self.out.push_str(NEVER);
            return;
        }
        self.out.push('[');
        for range in set.iter() {
            self.code(range.start());
            if range.end() != range.start() {
                self.out.push('-');
                self.code(range.end());
            }
        }
        self.out.push(']');
    }
}
