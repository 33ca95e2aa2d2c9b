//! Velocity's tokens. What a character means depends on the state: text, behind a `$`, behind a `#`, between the
//! parentheses of a directive or of a call. References open and close without marks of their own (`$a.b.` ends before the
//! second dot), so the states form a stack, and a reference ends at the first character that cannot go on with it.
//!
//! Some beginnings stay with the token that follows them, as `\\$` and `#` in `#$name`; the token's image starts there.

mod scan;
mod shapes;
mod token;

pub use token::Position;
pub(super) use token::{Kind, Token};

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
