//! Reads the syntax of `java.util.regex.Pattern` into a [`Node`].
//!
//! Error texts are Java's, with its place: `Unclosed group near index 1`, the pattern, and a caret below.

mod escape;

use super::class::{self, Fold};
use super::syntax::{Assertion, Kind, Node, Parsed, has_longest};

/// How deep groups and classes may nest. Ours: Java overflows its stack instead.
const NESTING: usize = 40;

#[derive(Clone, Copy, Default)]
struct Flags {
    ignore_case: bool,
    multi_line: bool,
    dot_all: bool,
    unicode_case: bool,
    comments: bool,
    unix_lines: bool,
    unicode_classes: bool,
}

/// Reads a pattern.
///
/// # Errors
/// Java's text for what Java refuses; our own for what Java has and this engine has not.
pub(super) fn parse(pattern: &str) -> Result<Parsed, String> {
    let mut parser =
        Parser { chars: unquote(pattern), at: 0, flags: Flags::default(), groups: 0, names: Vec::new(), depth: 0 };
    let node = parser.alternatives()?;
    if parser.peek().is_some() {
        // Only a `)` ends the alternatives before the end of the pattern.
        return Err(parser.error_at("Unmatched closing ')'", parser.at.checked_sub(1)));
    }
    Ok(Parsed { node, groups: parser.groups, names: parser.names })
}

/// Takes `\Q…\E` apart: what stands between becomes single escaped characters, so that a quantifier behind it repeats
/// only the last one, as in Java.
fn unquote(pattern: &str) -> Vec<char> {
    let mut chars = Vec::with_capacity(pattern.len());
    let mut rest = pattern.chars().peekable();
    let mut quoting = false;
    while let Some(c) = rest.next() {
        match (quoting, c, rest.peek()) {
            (false, '\\', Some('Q')) => {
                rest.next();
                quoting = true;
            }
            (true, '\\', Some('E')) => {
                rest.next();
                quoting = false;
            }
            (false, '\\', Some(&next)) => {
                rest.next();
                chars.extend(['\\', next]);
            }
            // A digit is written as \x3N so that it does not lengthen an escape before the quotation.
            (true, '0'..='9', _) => chars.extend(['\\', 'x', '3', c]),
            (true, c, _) if c.is_ascii() && !c.is_ascii_alphabetic() => chars.extend(['\\', c]),
            (_, c, _) => chars.push(c),
        }
    }
    chars
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    flags: Flags,
    groups: usize,
    names: Vec<(String, usize)>,
    depth: usize,
}

impl Parser {
    /// The next character that means something; with `(?x)` blanks and comments mean nothing.
    fn peek(&mut self) -> Option<char> {
        if self.flags.comments {
            while let Some(&c) = self.chars.get(self.at) {
                match c {
                    '\t'..='\r' | ' ' => self.at += 1,
                    '#' => {
                        let is_end = |c: &char| {
                            *c == '\n'
                                || !self.flags.unix_lines && matches!(c, '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
                        };
                        self.at += self.chars[self.at..].iter().take_while(|c| !is_end(c)).count();
                    }
                    _ => break,
                }
            }
        }
        self.chars.get(self.at).copied()
    }

    /// Takes the next character as it stands.
    fn read(&mut self) -> Option<char> {
        let c = self.chars.get(self.at).copied();
        self.at += 1;
        c
    }

    /// Takes `c` if it comes next.
    fn eat(&mut self, c: char) -> bool {
        let is_next = self.peek() == Some(c);
        self.at += usize::from(is_next);
        is_next
    }

    fn error<T>(&self, text: &str) -> Result<T, String> {
        Err(self.error_at(text, self.at.checked_sub(1)))
    }

    /// Java's `PatternSyntaxException`: text, place, pattern, caret. Java counts UTF-16 units, and so does the place.
    fn error_at(&self, text: &str, index: Option<usize>) -> String {
        let pattern: String = self.chars.iter().collect();
        let Some(index) = index else { return format!("{text}\n{pattern}") };
        let units: usize = self.chars.iter().take(index).map(|c| c.len_utf16()).sum();
        let units = units + index.saturating_sub(self.chars.len());
        let caret = if index < self.chars.len() { format!("\n{}^", " ".repeat(units)) } else { String::new() };
        format!("{text} near index {units}\n{pattern}{caret}")
    }

    fn alternatives(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > NESTING {
            return self.error(&format!("groups nest deeper than {NESTING} levels"));
        }
        let mut branches = vec![self.sequence()?];
        while self.eat('|') {
            branches.push(self.sequence()?);
        }
        self.depth -= 1;
        Ok(if branches.len() == 1 { branches.remove(0) } else { Node::Alternate(branches) })
    }

    fn sequence(&mut self) -> Result<Node, String> {
        let mut nodes = Vec::new();
        while let Some(c) = self.peek() {
            let atom = match c {
                '|' | ')' => break,
                '(' => match self.group()? {
                    Some(group) => group,
                    None => continue, // only flags
                },
                '[' => {
                    self.at += 1;
                    Node::Set(self.class(true)?)
                }
                '\\' => self.escaped_atom()?,
                '?' | '*' | '+' => {
                    self.at += 1;
                    return self.error(&format!("Dangling meta character '{c}'"));
                }
                // A quantifier without anything before it repeats nothing, in Java too.
                '{' => Node::Empty,
                _ => {
                    self.at += 1;
                    self.plain_atom(c)
                }
            };
            let quantified = self.quantified(atom)?;
            nodes.push(quantified);
        }
        Ok(match nodes.len() {
            0 => Node::Empty,
            1 => nodes.remove(0),
            _ => Node::Concat(nodes),
        })
    }

    /// A character that is no escape, no group and no class.
    fn plain_atom(&self, c: char) -> Node {
        let unix = self.flags.unix_lines;
        match c {
            '^' if self.flags.multi_line => Node::Assertion(Assertion::LineStart { unix }),
            '^' => Node::Assertion(Assertion::Start),
            '$' if self.flags.multi_line => Node::Assertion(Assertion::LineEnd { unix }),
            '$' => Node::Assertion(Assertion::BeforeFinalTerminator { unix }),
            '.' if self.flags.dot_all => Node::Set(class::all()),
            '.' if unix => Node::Set(class::negated(class::chars("\n"))),
            '.' => Node::Set(class::negated(class::chars("\n\r\u{85}\u{2028}\u{2029}"))),
            _ => self.char(c),
        }
    }

    /// One certain character, in both cases where the flags say so.
    fn char(&self, c: char) -> Node {
        if self.fold() == Fold::None {
            return Node::Char(c);
        }
        let set = class::fold(class::chars(c.encode_utf8(&mut [0; 4])), self.fold());
        if set.ranges().len() == 1 && set.ranges()[0].len() == 1 { Node::Char(c) } else { Node::Set(set) }
    }

    fn fold(&self) -> Fold {
        match (self.flags.ignore_case, self.flags.unicode_case) {
            (false, _) => Fold::None,
            (true, false) => Fold::Ascii, // without (?u) Java ignores the case of ASCII letters only
            (true, true) => Fold::Unicode,
        }
    }

    /// An atom with the quantifier behind it, if there is one.
    fn quantified(&mut self, atom: Node) -> Result<Node, String> {
        let (min, max) = match self.peek() {
            Some('?') => (0, Some(1)),
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('{') => {
                let counts = self.counts()?;
                return self.repeat(atom, counts);
            }
            _ => return Ok(atom),
        };
        self.at += 1;
        self.repeat(atom, (min, max))
    }

    /// `{n}`, `{n,}` or `{n,m}`.
    fn counts(&mut self) -> Result<(u32, Option<u32>), String> {
        self.at += 1;
        if !self.chars.get(self.at).is_some_and(char::is_ascii_digit) {
            self.at += 1;
            return self.error("Illegal repetition");
        }
        let min = self.count()?;
        let max = match self.chars.get(self.at) {
            Some(',') => {
                self.at += 1;
                match self.chars.get(self.at) {
                    Some('}') => None,
                    _ => Some(self.count()?),
                }
            }
            _ => Some(min),
        };
        if self.chars.get(self.at) != Some(&'}') {
            return Err(self.error_at("Unclosed counted closure", Some(self.at)));
        }
        if max.is_some_and(|max| max < min) {
            return Err(self.error_at("Illegal repetition range", Some(self.at)));
        }
        self.at += 1;
        Ok((min, max))
    }

    fn count(&mut self) -> Result<u32, String> {
        let mut count: u32 = 0;
        while let Some(digit) = self.chars.get(self.at).and_then(|c| c.to_digit(10)) {
            self.at += 1;
            let next = count.checked_mul(10).and_then(|count| count.checked_add(digit));
            match next.filter(|count| *count <= i32::MAX as u32) {
                Some(next) => count = next,
                None => return self.error("Illegal repetition range"),
            }
        }
        Ok(count)
    }

    fn repeat(&mut self, atom: Node, (min, max): (u32, Option<u32>)) -> Result<Node, String> {
        let kind = match self.peek() {
            Some('?') => Kind::Lazy,
            Some('+') => Kind::Possessive,
            _ => Kind::Greedy,
        };
        self.at += usize::from(kind != Kind::Greedy);
        Ok(Node::Repeat { node: Box::new(atom), min, max, kind })
    }

    /// A group from its parenthesis on; `None` for flags that last to the end of the group around them.
    fn group(&mut self) -> Result<Option<Node>, String> {
        self.at += 1;
        let flags = self.flags;
        let wrap: fn(Box<Node>, usize) -> Node;
        let mut index = 0;
        if self.peek() == Some('?') {
            self.at += 1;
            match self.read() {
                Some(':') => wrap = |node, _| *node,
                Some('=') => wrap = |node, _| Node::Look { node, behind: false, negated: false },
                Some('!') => wrap = |node, _| Node::Look { node, behind: false, negated: true },
                Some('>') => wrap = |node, _| Node::Atomic(node),
                Some('<') => match self.chars.get(self.at) {
                    Some('=') => {
                        self.at += 1;
                        wrap = |node, _| Node::Look { node, behind: true, negated: false };
                    }
                    Some('!') => {
                        self.at += 1;
                        wrap = |node, _| Node::Look { node, behind: true, negated: true };
                    }
                    _ => {
                        let name = self.group_name()?;
                        if self.names.iter().any(|(taken, _)| *taken == name) {
                            return self.error(&format!("Named capturing group <{name}> is already defined"));
                        }
                        self.groups += 1;
                        index = self.groups;
                        self.names.push((name, index));
                        wrap = |node, index| Node::Capture { node, index };
                    }
                },
                Some('$' | '@') => return self.error("Unknown group type"),
                _ => {
                    self.at -= 1;
                    self.read_flags()?;
                    match self.read() {
                        Some(')') => return Ok(None),
                        Some(':') => wrap = |node, _| *node,
                        _ => return self.error("Unknown inline modifier"),
                    }
                }
            }
        } else {
            self.groups += 1;
            index = self.groups;
            wrap = |node, index| Node::Capture { node, index };
        }
        let node = self.alternatives()?;
        if !self.eat(')') {
            self.at += 1;
            return self.error("Unclosed group");
        }
        self.flags = flags;
        let is_behind = matches!(wrap(Box::new(Node::Empty), 0), Node::Look { behind: true, .. });
        if is_behind && !has_longest(&node) {
            return self.error("Look-behind group does not have an obvious maximum length");
        }
        Ok(Some(wrap(Box::new(node), index)))
    }

    fn read_flags(&mut self) -> Result<(), String> {
        let mut on = true;
        while let Some(c) = self.peek() {
            match c {
                'i' => self.flags.ignore_case = on,
                'm' => self.flags.multi_line = on,
                's' => self.flags.dot_all = on,
                'd' => self.flags.unix_lines = on,
                'u' => self.flags.unicode_case = on,
                'x' => self.flags.comments = on,
                'U' => {
                    self.flags.unicode_classes = on;
                    self.flags.unicode_case = on;
                }
                'c' => return self.error("the flag `c` (canonical equivalence) is not supported"),
                '-' if on => on = false,
                _ => break,
            }
            self.at += 1;
        }
        Ok(())
    }

    fn group_name(&mut self) -> Result<String, String> {
        let mut name = String::new();
        loop {
            match self.read() {
                Some(c) if c.is_ascii_alphabetic() || (!name.is_empty() && c.is_ascii_digit()) => name.push(c),
                Some('>') if !name.is_empty() => return Ok(name),
                _ if name.is_empty() => {
                    return self.error("capturing group name does not start with a Latin letter");
                }
                _ => return self.error("named capturing group is missing trailing '>'"),
            }
        }
    }
}
