//! Velocity's tokens. What a character means depends on the state: text, behind a `$`, behind a `#`, between the
//! parentheses of a directive or of a call. References open and close without marks of their own (`$a.b.` ends before the
//! second dot), so the states form a stack, and a reference ends at the first character that cannot go on with it.
//!
//! Some beginnings stay with the token that follows them, as `\\$` and `#` in `#$name`; the token's image starts there.

use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub kind: Kind,
    /// Bytes of the image.
    pub range: Range<usize>,
    pub position: Position,
    /// Images that ended a reference or directive just before this token, in order. Of these, `$` and `#` print.
    pub before: Vec<Range<usize>>,
}

/// A character that continues no token.
#[derive(Clone, Debug)]
pub(super) struct LexicalError {
    pub message: String,
    pub offset: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Text,
    /// Behind `$`.
    Reference,
    /// Behind the dot of a reference.
    Modifier,
    /// Inside `[…]` behind a reference.
    Index,
    /// Between the parentheses of a call.
    Arguments,
    /// Behind `#`.
    PreDirective,
    /// Between the parentheses of a directive.
    Directive,
    LineComment,
}

#[derive(Clone, Copy)]
struct Frame {
    state: State,
    open: u32,
    closed: u32,
}

pub(super) struct Lexer<'a> {
    pub source: &'a str,
    at: usize,
    state: State,
    stack: Vec<Frame>,
    /// Parentheses of the current state.
    open: u32,
    closed: u32,
    in_set: bool,
    /// Place of the next character.
    next: Position,
    /// Place of the last character.
    last: Position,
    /// In `"…"` a quote behind a backslash does not end the string; see [`super::Leniency`].
    pub takes_escaped_quotes: bool,
}

/// Deepest stack of states. Ours; each level is one reference, call or directive inside another.
const STATES: usize = 2_000;

impl<'a> Lexer<'a> {
    pub fn new(source: &'a str, start: Position) -> Lexer<'a> {
        Lexer {
            source,
            at: 0,
            state: State::Text,
            stack: Vec::new(),
            open: 0,
            closed: 0,
            in_set: false,
            next: start,
            last: Position { line: start.line, column: start.column.saturating_sub(1) },
            takes_escaped_quotes: false,
        }
    }

    fn push(&mut self, state: State) {
        self.stack.push(Frame { state: self.state, open: self.open, closed: self.closed });
        (self.state, self.open, self.closed) = (state, 0, 0);
    }

    /// Back to the state before; false at the bottom, which is text.
    pub fn pop(&mut self) -> bool {
        match self.stack.pop() {
            Some(frame) => {
                (self.state, self.open, self.closed) = (frame.state, frame.open, frame.closed);
                true
            }
            None => {
                self.state = State::Text;
                false
            }
        }
    }

    /// The name of a directive has been read, and parentheses follow.
    pub fn enter_directive(&mut self) {
        self.state = State::Directive;
    }

    /// The closing parenthesis of `#set` has been read.
    pub fn leave_set(&mut self) {
        self.in_set = false;
    }

    /// Whether the next character that is not blank is `sought`.
    pub fn is_next(&self, sought: char) -> bool {
        self.source[self.at..].trim_start_matches([' ', '\t', '\n', '\r']).starts_with(sought)
    }

    fn advance(&mut self, to: usize) {
        for c in self.source[self.at..to].chars() {
            self.last = self.next;
            match c {
                '\n' => self.next = Position { line: self.next.line + 1, column: 1 },
                '\r' if !self.source[self.at..].starts_with("\r\n") => {
                    self.next = Position { line: self.next.line + 1, column: 1 }
                }
                '\t' => {
                    // The tab itself stands at the stop that it goes to.
                    let column = self.next.column - 1 + (8 - (self.next.column - 1) % 8);
                    self.last.column = column;
                    self.next.column = column + 1;
                }
                c => self.next.column += c.len_utf16() as u32,
            }
            self.at += c.len_utf8();
        }
    }

    pub fn next_token(&mut self) -> Result<Token, LexicalError> {
        let mut before = Vec::new();
        let mut start = self.at;
        let mut position = self.next;
        loop {
            if self.at >= self.source.len() {
                if start < self.at {
                    return Err(self.error(self.at, self.at));
                }
                return Ok(Token { kind: Kind::Eof, range: self.at..self.at, position: self.last, before });
            }
            if self.stack.len() > STATES {
                let message = format!("references and directives nest more than {STATES} levels deep");
                return Err(LexicalError { message, offset: self.at });
            }
            match self.scan()? {
                Scanned::Token(kind, end) => {
                    if kind == Kind::Comment {
                        // Of a comment only its end is a token.
                        self.advance(end - 2);
                        (start, position) = (self.at, self.next);
                    }
                    self.advance(end);
                    self.act(kind);
                    return Ok(Token { kind, range: start..end, position, before });
                }
                Scanned::Prefix(end, state) => {
                    self.advance(end);
                    if state == State::PreDirective {
                        if matches!(self.state, State::Reference | State::Modifier) {
                            self.pop();
                        }
                    } else if self.state == State::Reference {
                        self.pop();
                    }
                    self.push(state);
                }
                Scanned::Terminator => {
                    let end = self.at + self.source[self.at..].chars().next().map_or(0, char::len_utf8);
                    before.push(start..end);
                    self.pop();
                    (start, position) = (self.at, self.next);
                }
                Scanned::Skip(end) => {
                    self.advance(end);
                    (start, position) = (self.at, self.next);
                }
            }
        }
    }

    /// What a token does to the state.
    fn act(&mut self, kind: Kind) {
        match kind {
            Kind::IndexOpen => self.push(State::Index),
            Kind::IndexClose | Kind::ReferenceClose | Kind::End | Kind::Else | Kind::LineCommentEnd => {
                self.pop();
            }
            Kind::ParenOpen => {
                self.open += 1;
                if self.state == State::Modifier {
                    self.state = State::Arguments;
                }
            }
            Kind::ParenClose => self.close_parenthesis(),
            Kind::CallClose => self.state = State::Reference,
            Kind::Set => {
                self.push(State::Directive);
                self.in_set = true;
                self.open += 1;
            }
            Kind::LineComment => {
                if self.state == State::Reference {
                    self.pop();
                }
                self.push(State::LineComment);
            }
            Kind::StringLiteral if self.state == State::Directive && !self.in_set && self.open == 0 => {
                self.pop();
            }
            Kind::Integer | Kind::Float
                if !self.in_set && self.open == 0 && !matches!(self.state, State::Arguments | State::Index) =>
            {
                self.pop();
            }
            Kind::If | Kind::ElseIf => self.state = State::Directive,
            Kind::Dot => self.state = State::Modifier,
            _ => {}
        }
    }

    /// Closes the innermost state that has a parenthesis open.
    fn close_parenthesis(&mut self) {
        loop {
            if self.open > 0 {
                if self.open == self.closed + 1 {
                    self.pop();
                } else {
                    self.closed += 1;
                }
                return;
            }
            if !self.pop() {
                return;
            }
        }
    }

    /// The longest token of the current state that begins here.
    fn scan(&self) -> Result<Scanned, LexicalError> {
        let (rest, at) = (&self.source[self.at..], self.at);
        let bytes = rest.as_bytes();
        if self.state == State::LineComment {
            let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
            if end > 0 {
                // Velocity waits for what a `$` or `#` begins, also in a comment.
                let comment = rest.trim_end_matches('!');
                if end == rest.len() && comment.ends_with(['$', '#']) {
                    return Err(self.error(self.source.len(), self.source.len()));
                }
                return Ok(Scanned::Skip(at + end));
            }
            return Ok(Scanned::Token(Kind::LineCommentEnd, at + line_end(bytes)));
        }
        if let Some(found) = self.scan_beginning(rest) {
            return found;
        }
        let token = |kind, length: usize| Ok(Scanned::Token(kind, at + length));
        let first = bytes[0];
        match self.state {
            State::Text => match first {
                b'\\' if bytes.get(1) == Some(&b'\\') => token(Kind::DoubleEscape, 2),
                b'\\' => token(Kind::Escape, 1),
                _ => token(Kind::Text, rest.find(['$', '#', '\\']).unwrap_or(rest.len())),
            },
            State::Reference | State::Modifier => match first {
                b'[' => token(Kind::IndexOpen, 1),
                b'{' => token(Kind::ReferenceOpen, 1),
                b'}' => token(Kind::ReferenceClose, 1),
                b'(' if self.state == State::Modifier => token(Kind::ParenOpen, 1),
                b'.' if bytes.get(1).is_some_and(u8::is_ascii_alphabetic) => token(Kind::Dot, 1),
                _ if is_identifier_start(first) => token(Kind::Identifier, identifier(bytes)),
                _ => Ok(Scanned::Terminator),
            },
            State::Arguments => match first {
                b'[' => token(Kind::ListOpen, 1),
                b']' => token(Kind::ListClose, 1),
                b',' => token(Kind::Comma, 1),
                b':' => token(Kind::Colon, 1),
                b'{' => token(Kind::MapOpen, 1),
                b'}' => token(Kind::MapClose, 1),
                b')' => token(Kind::CallClose, 1),
                b'.' if bytes.get(1) == Some(&b'.') => token(Kind::DoubleDot, 2),
                b'.' if bytes.get(1).is_some_and(u8::is_ascii_alphabetic) => token(Kind::Dot, 1),
                _ if is_identifier_start(first) => {
                    let length = identifier(bytes);
                    token(word_kind(&rest[..length]).unwrap_or(Kind::Identifier), length)
                }
                _ => self.scan_value(rest),
            },
            State::Index => match first {
                b']' => token(Kind::IndexClose, 1),
                _ => match ["true", "false"].iter().find(|word| rest.starts_with(**word)) {
                    Some(word) => token(word_kind(word).unwrap_or(Kind::True), word.len()),
                    None => self.scan_value(rest),
                },
            },
            State::PreDirective => match first {
                _ if is_word_start(first) => {
                    let length = word(bytes);
                    Ok(directive_name(rest, length, &rest[..length], at))
                }
                b'{' => match bracketed_word(rest) {
                    Some(length) => Ok(directive_name(rest, length, &rest[1..length - 1], at)),
                    None => Ok(Scanned::Terminator),
                },
                b'0'..=b'9' | b'-' | b'.' => match number(bytes) {
                    Some((kind, length)) => token(kind, length),
                    None => Ok(Scanned::Terminator),
                },
                _ => Ok(Scanned::Terminator),
            },
            State::Directive => self.scan_directive(rest),
            State::LineComment => Ok(Scanned::Terminator),
        }
    }

    /// What begins something in every state: references, directives, comments, and in text also escapes.
    fn scan_beginning(&self, rest: &str) -> Option<Result<Scanned, LexicalError>> {
        let at = self.at;
        let bytes = rest.as_bytes();
        let first = bytes[0];
        let blanks = bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let takes_set = matches!(self.state, State::Text | State::Reference | State::Modifier);
        if takes_set
            && bytes.get(blanks) == Some(&b'#')
            && let Some(length) = set_directive(&rest[blanks..])
        {
            return Some(Ok(Scanned::Token(Kind::Set, at + blanks + length)));
        }
        match first {
            b'$' | b'\\' => {
                let escapes = bytes.iter().take_while(|byte| **byte == b'\\').count();
                if self.state == State::Text && bytes.get(escapes) == Some(&b'#') && escapes % 2 == 1 {
                    let name = &rest[escapes + 1..];
                    let length = match name.as_bytes().first() {
                        Some(b'{') => bracketed_word(name),
                        Some(&byte) if is_word_start(byte) => Some(word(name.as_bytes())),
                        _ => None,
                    };
                    if let Some(length) = length {
                        return Some(Ok(Scanned::Token(Kind::EscapedDirective, at + escapes + 1 + length)));
                    }
                }
                if bytes.get(escapes) != Some(&b'$') {
                    return match self.state {
                        State::Text | State::Reference | State::Modifier | State::PreDirective => None,
                        _ => Some(Err(self.error(at, at + escapes))),
                    };
                }
                // `$[` and `$.` are text.
                if matches!(self.state, State::Text | State::Reference | State::Modifier)
                    && escapes == 0
                    && let Some(beginning) = ["$[", "$![", "$\\![", "$."].iter().find(|text| rest.starts_with(**text))
                {
                    return Some(Ok(Scanned::Token(Kind::NoReference, at + beginning.len())));
                }
                let inner = bytes[escapes + 1..].iter().take_while(|byte| **byte == b'\\').count();
                let bang = escapes + 1 + inner;
                let length = if bytes.get(bang) == Some(&b'!') { bang + 1 } else { escapes + 1 };
                Some(Ok(Scanned::Prefix(at + length, State::Reference)))
            }
            b'#' => Some(if rest.starts_with("#[[") {
                match rest[3..].find("]]#") {
                    Some(end) => Ok(Scanned::Token(Kind::RawBlock, at + end + 6)),
                    None => Err(self.error_at_end()),
                }
            } else if rest.starts_with("#*") {
                match rest[2..].find("*#") {
                    Some(end) => Ok(Scanned::Token(Kind::Comment, at + end + 4)),
                    // A comment that is not closed takes the rest of the template.
                    None if rest.len() > 2 && !rest.ends_with(['#', '$']) => Ok(Scanned::Skip(self.source.len())),
                    None => Err(self.error_at_end()),
                }
            } else if rest.starts_with("##") && !matches!(self.state, State::Modifier | State::Arguments | State::Index)
            {
                Ok(Scanned::Token(Kind::LineComment, at + 2))
            } else {
                Ok(Scanned::Prefix(at + 1, State::PreDirective))
            }),
            _ => None,
        }
    }

    /// Blanks, strings and numbers, which mean the same inside all parentheses and brackets.
    fn scan_value(&self, rest: &str) -> Result<Scanned, LexicalError> {
        let (bytes, at) = (rest.as_bytes(), self.at);
        match bytes[0] {
            b' ' | b'\t' | b'\n' | b'\r' => {
                let length = bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
                Ok(Scanned::Token(Kind::Whitespace, at + length))
            }
            b'"' | b'\'' => match self.string(rest) {
                Some(length) => Ok(Scanned::Token(Kind::StringLiteral, at + length)),
                None => Err(self.error_at_end()),
            },
            b'0'..=b'9' | b'-' | b'.' => match number(bytes) {
                Some((kind, length)) => Ok(Scanned::Token(kind, at + length)),
                None => Err(self.error(at, at + 1)),
            },
            _ => Err(self.error(at, at)),
        }
    }

    fn scan_directive(&self, rest: &str) -> Result<Scanned, LexicalError> {
        let bytes = rest.as_bytes();
        let at = self.at;
        let token = |kind, length: usize| Ok(Scanned::Token(kind, at + length));
        let next = bytes.get(1).copied().unwrap_or_default();
        match (bytes[0], next) {
            (b'[', _) => token(Kind::ListOpen, 1),
            (b']', _) => token(Kind::ListClose, 1),
            (b',', _) => token(Kind::Comma, 1),
            (b':', _) => token(Kind::Colon, 1),
            (b'}', _) => token(Kind::MapClose, 1),
            (b'(', _) => token(Kind::ParenOpen, 1),
            (b')', _) => token(Kind::ParenClose, 1 + trailing_line(&bytes[1..])),
            (b'.', b'.') => token(Kind::DoubleDot, 2),
            (b'+', _) => token(Kind::Plus, 1),
            (b'*', _) => token(Kind::Multiply, 1),
            (b'/', _) => token(Kind::Divide, 1),
            (b'%', _) => token(Kind::Modulus, 1),
            (b'&', b'&') => token(Kind::And, 2),
            (b'|', b'|') => token(Kind::Or, 2),
            (b'<', b'=') => token(Kind::LessOrEqual, 2),
            (b'<', _) => token(Kind::Less, 1),
            (b'>', b'=') => token(Kind::GreaterOrEqual, 2),
            (b'>', _) => token(Kind::Greater, 1),
            (b'=', b'=') => token(Kind::Equal, 2),
            (b'=', _) => token(Kind::Assign, 1),
            (b'!', b'=') => token(Kind::NotEqual, 2),
            (b'!', _) => token(Kind::Not, 1),
            (b'&' | b'|', _) => Err(self.error(at, at + 1)),
            (b'-', _) if number(bytes).is_none() => token(Kind::Minus, 1),
            (b'{', _) => match bracketed_word(rest) {
                Some(length) => token(Kind::BracketedWord, length),
                None => token(Kind::MapOpen, 1),
            },
            (first, _) if is_word_start(first) => {
                let length = word(bytes);
                let kind = word_kind(&rest[..length]).or(operator_word(&rest[..length]));
                token(kind.unwrap_or(Kind::Word), length)
            }
            _ => self.scan_value(rest),
        }
    }

    /// The length of a string literal: quotes inside are doubled.
    fn string(&self, rest: &str) -> Option<usize> {
        let bytes = rest.as_bytes();
        let quote = bytes[0];
        let mut at = 1;
        let mut closed = None;
        while at < bytes.len() {
            if quote == b'"' && self.takes_escaped_quotes && bytes[at] == b'\\' && bytes.get(at + 1) == Some(&quote) {
                at += 2;
            } else if bytes[at] == quote {
                closed = Some(at + 1);
                if bytes.get(at + 1) != Some(&quote) {
                    break;
                }
                at += 2;
            } else {
                at += 1;
            }
        }
        closed
    }

    fn error_at_end(&self) -> LexicalError {
        self.error(self.at, self.source.len())
    }

    /// The text between `start` and `found` began a token that what stands at `found` does not continue.
    fn error(&self, start: usize, found: usize) -> LexicalError {
        let mut lexer = Lexer { source: self.source, stack: Vec::new(), ..*self };
        lexer.advance(found);
        let after = self.source[start..found].escape_debug();
        let encountered = match self.source[found..].chars().next() {
            None => "<EOF>".to_owned(),
            Some(c) => format!("\"{}\" ({})", c.escape_debug(), c as u32),
        };
        let Position { line, column } = lexer.next;
        LexicalError {
            message: format!(
                "Lexical error,   Encountered: {encountered} after : \"{after}\" at velocity[line {line}, column {column}]"
            ),
            offset: found,
        }
    }
}

enum Scanned {
    Token(Kind, usize),
    /// Belongs to the image of the token that follows, which is read in another state.
    Prefix(usize, State),
    /// The character here ends the state, and is read again.
    Terminator,
    Skip(usize),
}

fn is_identifier_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

fn identifier(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')).count()
}

fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'@')
}

fn word(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@')).count()
}

/// The length of `{word}`.
fn bracketed_word(rest: &str) -> Option<usize> {
    let inner = rest.as_bytes().get(1..)?;
    let length = word(inner);
    (length > 0 && is_word_start(inner[0]) && inner.get(length) == Some(&b'}')).then_some(length + 2)
}

/// The length of `#set (` or `#{set}(`.
fn set_directive(rest: &str) -> Option<usize> {
    let name = ["#set", "#{set}"].into_iter().find(|name| rest.starts_with(name))?;
    let blanks = rest[name.len()..].bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    (rest.as_bytes().get(name.len() + blanks) == Some(&b'(')).then_some(name.len() + blanks + 1)
}

fn word_kind(word: &str) -> Option<Kind> {
    match word {
        "true" => Some(Kind::True),
        "false" => Some(Kind::False),
        _ => None,
    }
}

fn operator_word(word: &str) -> Option<Kind> {
    Some(match word {
        "and" => Kind::And,
        "or" => Kind::Or,
        "lt" => Kind::Less,
        "le" => Kind::LessOrEqual,
        "gt" => Kind::Greater,
        "ge" => Kind::GreaterOrEqual,
        "eq" => Kind::Equal,
        "ne" => Kind::NotEqual,
        "not" => Kind::Not,
        _ => return None,
    })
}

/// The name behind a `#`: `#else` and `#end` take the rest of a blank line with them.
fn directive_name(rest: &str, length: usize, name: &str, at: usize) -> Scanned {
    let with_line = length + trailing_line(&rest.as_bytes()[length..]);
    match name {
        "if" => Scanned::Token(Kind::If, at + length),
        "elseif" => Scanned::Token(Kind::ElseIf, at + length),
        "else" => Scanned::Token(Kind::Else, at + with_line),
        "end" => Scanned::Token(Kind::End, at + with_line),
        _ if rest.starts_with('{') => Scanned::Token(Kind::BracketedWord, at + length),
        _ => Scanned::Token(Kind::Word, at + length),
    }
}

/// Blanks and the end of the line; 0 where something else comes first.
fn trailing_line(bytes: &[u8]) -> usize {
    let blanks = bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    match line_end(&bytes[blanks..]) {
        0 => 0,
        length => blanks + length,
    }
}

fn line_end(bytes: &[u8]) -> usize {
    match bytes {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

/// A number's kind and length. Of `1..3` only the `1`.
fn number(bytes: &[u8]) -> Option<(Kind, usize)> {
    let digits =
        |from: usize| bytes.get(from..).map_or(0, |rest| rest.iter().take_while(|b| b.is_ascii_digit()).count());
    let sign = usize::from(bytes.first() == Some(&b'-'));
    let whole = digits(sign);
    let mut end = sign + whole;
    let mut kind = Kind::Integer;
    if bytes.get(end) == Some(&b'.') {
        if whole > 0 && bytes.get(end + 1) == Some(&b'.') {
            return Some((kind, end));
        }
        let fraction = digits(end + 1);
        if whole > 0 || fraction > 0 {
            end += 1 + fraction;
            kind = Kind::Float;
        }
    }
    if kind == Kind::Integer && whole == 0 {
        return None;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent > 0 {
            end += 1 + sign + exponent;
            kind = Kind::Float;
        }
    }
    Some((kind, end))
}
