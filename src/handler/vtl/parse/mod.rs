//! Text of a template to its [`ast`](super::ast), by the grammar of Velocity 1.7 (spec appsync-vtl 3 to 6).
//!
//! What Velocity accepts is read exactly as it reads it. Only a template that it refuses is read a second time with
//! [`Leniency`], so that no leniency changes what a valid template means; each use of one is a warning.

mod directive;
mod expression;
mod lexer;
mod reference;

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use lexer::{Kind, Lexer, LexicalError, Token};
use serde::{Deserialize, Serialize};

use super::ast::{Block, Macro, Names, Node};
use crate::error::{Diagnostic, SourceFile};
use crate::value::Str;

pub use lexer::Position;

/// Deepest nesting of blocks, brackets, calls and strings in one template. Ours: protects the stack of the parser, and of
/// the interpreter that walks the same tree.
const NESTING: usize = 64;

/// Variables with a fixed number, which the interpreter knows.
pub(super) mod slots {
    pub const CTX: usize = 0;
    pub const CONTEXT: usize = 1;
    pub const UTIL: usize = 2;
    pub const UTILS: usize = 3;
    pub const EXTENSIONS: usize = 4;
    pub const FOREACH: usize = 5;
    pub const VELOCITY_COUNT: usize = 6;
    pub const VELOCITY_HAS_NEXT: usize = 7;
    pub const BODY_CONTENT: usize = 8;
    pub const NAMES: [&str; 9] =
        ["ctx", "context", "util", "utils", "extensions", "foreach", "velocityCount", "velocityHasNext", "bodyContent"];
}

/// The names that every template knows.
pub(super) fn first_names() -> Names {
    slots::NAMES.into_iter().map(Str::from).collect()
}

/// A template that was read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Parsed {
    pub block: Block,
    pub macros: HashMap<Str, Arc<Macro>>,
    pub names: Names,
}

/// Why a template cannot be read, in Velocity's words, and the bytes that it is about.
#[derive(Clone, Debug)]
pub(super) struct ParseError {
    pub message: String,
    pub range: Range<usize>,
}

/// What is accepted although Velocity 1.7 refuses it: the simulators accept it, so templates that were never deployed have
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leniency {
    None,
    /// `null` as a value everywhere, `\"` inside `"…"`, bare words as keys of a map.
    Simulators,
}

/// Reads the file of a template. The diagnostics are warnings, and errors when there is no result.
pub(super) fn parse_file(file: &Arc<SourceFile>) -> Result<(Parsed, Vec<Diagnostic>), Vec<Diagnostic>> {
    if let Ok((parsed, findings)) = parse(&file.text, Leniency::None, first_names()) {
        return Ok((parsed, diagnostics(file, findings)));
    }
    match parse(&file.text, Leniency::Simulators, first_names()) {
        Ok((parsed, findings)) => Ok((parsed, diagnostics(file, findings))),
        Err(refused) => Err(vec![Diagnostic::error(refused.message).at(file, refused.range)]),
    }
}

fn diagnostics(file: &Arc<SourceFile>, findings: Vec<Finding>) -> Vec<Diagnostic> {
    let diagnostic = |finding: Finding| Diagnostic::warning(finding.message).at(file, finding.range).help(finding.help);
    findings.into_iter().map(diagnostic).collect()
}

/// Something that is accepted, but that AppSync would take otherwise.
#[derive(Debug)]
pub(super) struct Finding {
    message: String,
    help: String,
    range: Range<usize>,
}

/// Reads the text of a template that may use the variables `names`.
pub(super) fn parse(text: &str, leniency: Leniency, names: Names) -> Result<(Parsed, Vec<Finding>), ParseError> {
    let start = Position { line: 1, column: 1 };
    let mut parser = Parser::new(text, start, leniency, names, 0);
    let block = parser.template()?;
    Ok((Parsed { block, macros: parser.macros, names: parser.names }, parser.findings))
}

struct Parser<'a> {
    source: &'a str,
    lexer: Lexer<'a>,
    tokens: VecDeque<Token>,
    names: Names,
    macros: HashMap<Str, Arc<Macro>>,
    leniency: Leniency,
    /// Backslashes and the like before references, which are no part of what prints for them and around them.
    prefixes: Vec<Range<usize>>,
    findings: Vec<Finding>,
    depth: usize,
    /// For the text of a string literal, the bytes of the literal in the file.
    place: Option<Range<usize>>,
}

impl<'a> Parser<'a> {
    fn new(source: &'a str, start: Position, leniency: Leniency, names: Names, depth: usize) -> Parser<'a> {
        let mut lexer = Lexer::new(source, start);
        lexer.takes_escaped_quotes = leniency == Leniency::Simulators;
        Parser {
            source,
            lexer,
            tokens: VecDeque::new(),
            names,
            macros: HashMap::new(),
            leniency,
            prefixes: Vec::new(),
            findings: Vec::new(),
            depth,
            place: None,
        }
    }

    fn template(&mut self) -> Result<Block, ParseError> {
        let block = self.block()?;
        match self.peek(0)?.kind {
            Kind::Eof => Ok(block),
            _ => Err(self.unexpected()),
        }
    }

    /// The token `ahead` of the next one. Tokens are read no earlier than Velocity reads them, because the names of
    /// directives change how the characters behind them are read.
    fn peek(&mut self, ahead: usize) -> Result<&Token, ParseError> {
        while self.tokens.len() <= ahead {
            let token = self.lexer.next_token().map_err(|error| self.lexical(error))?;
            self.tokens.push_back(token);
        }
        Ok(&self.tokens[ahead])
    }

    fn kind(&mut self, ahead: usize) -> Result<Kind, ParseError> {
        Ok(self.peek(ahead)?.kind)
    }

    fn take(&mut self) -> Result<Token, ParseError> {
        self.peek(0)?;
        Ok(self.tokens.pop_front().expect("it was just read"))
    }

    fn expect(&mut self, kind: Kind) -> Result<Token, ParseError> {
        if self.kind(0)? == kind { self.take() } else { Err(self.unexpected()) }
    }

    fn skip(&mut self, kind: Kind) -> Result<bool, ParseError> {
        let is_there = self.kind(0)? == kind;
        if is_there {
            self.take()?;
        }
        Ok(is_there)
    }

    fn image(&self, token: &Token) -> &'a str {
        match token.kind {
            // A `$!` before it is lost.
            Kind::Dot => ".",
            _ => &self.source[token.range.clone()],
        }
    }

    /// The source as Velocity repeats it: without what stands before the `$` of references inside.
    fn literal_text(&self, range: Range<usize>) -> Str {
        let mut out = String::new();
        let mut copied = range.start;
        for prefix in self.prefixes.iter().filter(|prefix| prefix.start >= range.start && prefix.end <= range.end) {
            if prefix.start >= copied {
                out.push_str(&self.source[copied..prefix.start]);
                copied = prefix.end;
            }
        }
        out.push_str(&self.source[copied..range.end]);
        out.into()
    }

    fn slot(&mut self, name: &str) -> usize {
        match self.names.get_index_of(name) {
            Some(slot) => slot,
            None => self.names.insert_full(Str::from(name)).0,
        }
    }

    /// Counts a level for as long as `read` runs.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, ParseError>) -> Result<T, ParseError> {
        if self.depth >= NESTING {
            let range = self.tokens.front().map_or(0..0, |token| token.range.clone());
            let message = format!("the template nests more than {NESTING} levels deep");
            return Err(ParseError { message, range: self.range(range) });
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn range(&self, range: Range<usize>) -> Range<usize> {
        self.place.clone().unwrap_or(range)
    }

    fn find(&mut self, range: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        let range = self.range(range);
        self.findings.push(Finding { message: message.into(), help: help.into(), range });
    }

    fn lexical(&self, error: LexicalError) -> ParseError {
        let end = self.source[error.offset..].chars().next().map_or(0, char::len_utf8);
        ParseError { message: error.message, range: self.range(error.offset..error.offset + end) }
    }

    /// The error for a next token that does not belong here.
    fn unexpected(&mut self) -> ParseError {
        let token = match self.peek(0) {
            Ok(token) => token.clone(),
            Err(error) => return error,
        };
        let image = match token.kind {
            Kind::Eof => "<EOF>".to_owned(),
            _ => self.image(&token).escape_debug().to_string(),
        };
        let message = format!("Encountered \"{image}\"");
        self.error_at(message, &token)
    }

    fn error_at(&self, message: impl std::fmt::Display, token: &Token) -> ParseError {
        let Position { line, column } = token.position;
        ParseError {
            message: format!("{message} at velocity[line {line}, column {column}]"),
            range: self.range(token.range.clone()),
        }
    }

    /// Statements up to one that belongs to what is around them, or to what is none.
    fn block(&mut self) -> Result<Block, ParseError> {
        let mut block = BlockBuilder::default();
        loop {
            match self.kind(0)? {
                Kind::Identifier => self.reference_statement(&mut block)?,
                Kind::ReferenceOpen if self.kind(1)? == Kind::Identifier => self.reference_statement(&mut block)?,
                Kind::Text
                | Kind::NoReference
                | Kind::Dot
                | Kind::ParenOpen
                | Kind::ParenClose
                | Kind::Integer
                | Kind::Float
                | Kind::StringLiteral
                | Kind::Escape
                | Kind::ReferenceOpen
                | Kind::ReferenceClose => {
                    let token = self.take()?;
                    block.text(&self.terminated(&token));
                    block.text(self.image(&token));
                }
                Kind::LineComment => {
                    // A `$` before the comment belongs to its token.
                    let token = self.take()?;
                    let image = self.image(&token);
                    block.text(&image[..image.len() - 2]);
                    self.skip(Kind::LineCommentEnd)?;
                }
                Kind::Comment => {
                    self.take()?;
                }
                Kind::RawBlock => {
                    let token = self.take()?;
                    let image = self.image(&token);
                    let start = image.find("#[[").unwrap_or(0);
                    block.text(&image[..start]);
                    block.text(&image[start + 3..image.len() - 3]);
                }
                Kind::Set => block.node(self.set_directive()?),
                Kind::If => block.node(self.nested(Self::if_directive)?),
                Kind::EscapedDirective => {
                    let token = self.take()?;
                    let text = self.escaped_directive(self.image(&token));
                    block.text(&text);
                }
                Kind::DoubleEscape => self.escapes(&mut block)?,
                Kind::Word | Kind::BracketedWord => self.nested(|parser| parser.directive(&mut block))?,
                _ => return Ok(block.nodes),
            }
        }
    }

    /// What prints of the images before a token: the `$` or `#` that turned out to begin nothing, and backslashes before
    /// a `$`. An exclamation mark behind the `$` is lost.
    fn terminated(&self, token: &Token) -> String {
        let Some(last) = token.before.last() else { return String::new() };
        if self.source[last.clone()].starts_with("##") {
            return String::new();
        }
        let mut out = String::new();
        for range in &token.before {
            let image = &self.source[range.clone()];
            let mut escapes = 0;
            for c in image.chars() {
                match c {
                    '\\' => escapes += 1,
                    '$' => {
                        out.extend(std::iter::repeat_n('\\', escapes));
                        out.push('$');
                        escapes = 0;
                    }
                    '#' => out.push('#'),
                    _ => escapes = 0,
                }
            }
        }
        out
    }
}

/// Nodes with neighbouring texts joined.
#[derive(Default)]
struct BlockBuilder {
    nodes: Block,
}

impl BlockBuilder {
    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.nodes.last_mut() {
            Some(Node::Text(last)) => {
                let mut joined = std::mem::take(last).into_string();
                joined.push_str(text);
                *last = joined.into_boxed_str();
            }
            _ => self.nodes.push(Node::Text(text.into())),
        }
    }

    fn node(&mut self, node: Node) {
        self.nodes.push(node);
    }
}
