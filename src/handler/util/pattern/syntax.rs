//! What patterns are made of.

use regex_syntax::hir::ClassUnicode;

/// What a pattern says, without the flags that it was said with.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Empty,
    /// One character of a set.
    Set(ClassUnicode),
    /// One certain character.
    Char(char),
    Concat(Vec<Node>),
    /// The first branch that leads to a match wins.
    Alternate(Vec<Node>),
    Repeat {
        node: Box<Node>,
        min: u32,
        max: Option<u32>,
        kind: Kind,
    },
    Capture {
        node: Box<Node>,
        index: usize,
    },
    /// `(?>…)`
    Atomic(Box<Node>),
    Look {
        node: Box<Node>,
        behind: bool,
        negated: bool,
    },
    /// What a group matched. A group that did not match, or is not there, never does.
    Backreference {
        group: usize,
        fold: bool,
    },
    Assertion(Assertion),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Greedy,
    Lazy,
    Possessive,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Assertion {
    /// `\A`, and `^` without `(?m)`.
    Start,
    /// `\z`
    End,
    /// `\Z`, and `$` without `(?m)`: the end, or before a line terminator that ends the text.
    BeforeFinalTerminator {
        unix: bool,
    },
    /// `^` with `(?m)`.
    LineStart {
        unix: bool,
    },
    /// `$` with `(?m)`.
    LineEnd {
        unix: bool,
    },
    WordBoundary,
    NotWordBoundary,
    /// `\G`
    LastMatch,
}

/// A pattern that was read.
#[derive(Debug)]
pub(super) struct Parsed {
    pub node: Node,
    /// Capturing groups, the whole match not counted.
    pub groups: usize,
    pub names: Vec<(String, usize)>,
}

/// Whether Java finds a longest text for what stands in a lookbehind. A repeated single character passes without one.
pub(super) fn has_longest(node: &Node) -> bool {
    match node {
        Node::Repeat { node, max: None, kind, .. } => {
            *kind != Kind::Possessive && matches!(**node, Node::Set(_) | Node::Char(_))
        }
        Node::Repeat { node, .. } | Node::Capture { node, .. } | Node::Atomic(node) => has_longest(node),
        Node::Concat(nodes) | Node::Alternate(nodes) => nodes.iter().all(has_longest),
        Node::Backreference { .. } => false,
        _ => true,
    }
}
