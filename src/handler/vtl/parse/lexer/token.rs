//! Tokens, and where they stand.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::handler::vtl::parse) enum Kind {
    Eof,
    /// `[` and `]` of an index behind a reference.
    IndexOpen,
    IndexClose,
    /// `[` and `]` of a list.
    ListOpen,
    ListClose,
    Comma,
    DoubleDot,
    Colon,
    /// `{` and `}` of a map.
    MapOpen,
    MapClose,
    ParenOpen,
    /// Of a directive, with blanks and the line's end behind it.
    ParenClose,
    /// Of a call.
    CallClose,
    EscapedDirective,
    Set,
    LineComment,
    LineCommentEnd,
    Comment,
    RawBlock,
    DoubleEscape,
    Escape,
    Text,
    /// `$[` and the like.
    NoReference,
    Whitespace,
    StringLiteral,
    True,
    False,
    Minus,
    Plus,
    Multiply,
    Divide,
    Modulus,
    And,
    Or,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    Not,
    Assign,
    End,
    If,
    ElseIf,
    Else,
    Integer,
    Float,
    Word,
    BracketedWord,
    Identifier,
    Dot,
    /// `{` and `}` of a reference.
    ReferenceOpen,
    ReferenceClose,
}

/// 1-based place in a template, as Velocity counts: a tab goes on to the next multiple of eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

#[derive(Clone, Debug)]
pub(in crate::handler::vtl::parse) struct Token {
    pub kind: Kind,
    /// Bytes of the image.
    pub range: Range<usize>,
    pub position: Position,
    /// Images that ended a reference or directive just before this token, in order. Of these, `$` and `#` print.
    pub before: Vec<Range<usize>>,
}
