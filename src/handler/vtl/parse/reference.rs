//! `$name.property.method(…)[index]`.

use std::ops::Range;

use super::lexer::{Kind, Token};
use super::{BlockBuilder, ParseError, Parser};
use crate::handler::vtl::ast::{Node, Reference, Step};
use crate::handler::vtl::natives::misuse;
use crate::value::Str;

/// How the beginning of a reference reads.
enum Beginning<'a> {
    /// No reference after all: prints as it stands here.
    Text(String),
    Reference {
        escapes: String,
        prefix: String,
        is_escaped: bool,
        /// From the last `$` on.
        mark: &'a str,
        name: Str,
    },
}

impl<'a> Parser<'a> {
    /// A reference that stands in the text.
    pub(super) fn reference_statement(&mut self, block: &mut BlockBuilder) -> Result<(), ParseError> {
        match self.reference_or_text()? {
            Ok(reference) => block.node(Node::Reference(reference)),
            Err(text) => block.text(&text),
        }
        Ok(())
    }

    /// The reference that begins here; what is none by its beginning is the text that it prints.
    pub(super) fn reference_or_text(&mut self) -> Result<Result<Reference, String>, ParseError> {
        let first = self.take()?;
        let is_formal = first.kind == Kind::ReferenceOpen;
        let root = if is_formal { self.expect(Kind::Identifier)? } else { first.clone() };
        let steps = self.nested(Self::steps)?;
        let mut end = match steps.1 {
            0 => root.range.end,
            end => end,
        };
        if is_formal {
            end = self.expect(Kind::ReferenceClose)?.range.end;
        }
        match beginning(self.image(&first), self.image(&root)) {
            Beginning::Text(text) => Ok(Err(text)),
            Beginning::Reference { escapes, prefix, is_escaped, mark, name } => {
                let start = first.range.end - mark.len();
                let literal = self.literal_text(start..end);
                if first.range.start < start {
                    self.prefixes.push(first.range.start..start);
                    // Those inside were read first.
                    self.prefixes.sort_by_key(|prefix| prefix.start);
                }
                if !is_escaped {
                    self.warn_of_misuse(&name, &steps.0, start..end);
                }
                let is_quiet = mark.starts_with("$!");
                let slot = self.slot(&name);
                Ok(Ok(Reference {
                    slot,
                    steps: steps.0,
                    escapes: escapes.into(),
                    prefix: prefix.into(),
                    is_escaped,
                    null_text: if is_quiet && !is_escaped { Str::default() } else { literal.clone() },
                    literal,
                }))
            }
        }
    }

    /// Finds calls of functions that AppSync does not have.
    fn warn_of_misuse(&mut self, root: &str, steps: &[Step], range: Range<usize>) {
        let found = match steps {
            [Step::Method { name, arguments, .. }, ..] => misuse(root, None, name, arguments.len()),
            [Step::Property(namespace), Step::Method { name, arguments, .. }, ..] => {
                misuse(root, Some(namespace.as_str()), name, arguments.len())
            }
            _ => None,
        };
        if let Some((message, help)) = found {
            self.find(range, message, help);
        }
    }

    /// Properties, calls and indexes, and where the last of them ends.
    fn steps(&mut self) -> Result<(Vec<Step>, usize), ParseError> {
        let mut steps = Vec::new();
        let mut end = 0;
        loop {
            match self.kind(0)? {
                Kind::Dot if self.kind(1)? == Kind::Identifier => {
                    self.take()?;
                    let name = self.take()?;
                    end = name.range.end;
                    let text = Str::from(self.image(&name));
                    if self.is_call()? {
                        let (arguments, close) = self.arguments()?;
                        end = close;
                        steps.push(Step::Method { name: text, arguments, position: name.position });
                    } else {
                        steps.push(Step::Property(text));
                    }
                }
                Kind::IndexOpen => {
                    let open = self.take()?;
                    self.skip(Kind::Whitespace)?;
                    let index = match self.kind(0)? {
                        Kind::StringLiteral | Kind::Integer | Kind::True | Kind::False => self.literal()?,
                        Kind::Identifier | Kind::ReferenceOpen => self.reference_value()?,
                        _ => return Err(self.unexpected()),
                    };
                    self.skip(Kind::Whitespace)?;
                    end = self.expect(Kind::IndexClose)?.range.end;
                    steps.push(Step::Index { index, position: open.position });
                }
                _ => return Ok((steps, end)),
            }
        }
    }

    /// Whether parentheses follow that can be those of a call; others are text.
    fn is_call(&mut self) -> Result<bool, ParseError> {
        if self.kind(0)? != Kind::ParenOpen {
            return Ok(false);
        }
        Ok(matches!(
            self.kind(1)?,
            Kind::Whitespace
                | Kind::StringLiteral
                | Kind::Integer
                | Kind::Float
                | Kind::ListOpen
                | Kind::MapOpen
                | Kind::True
                | Kind::False
                | Kind::Identifier
                | Kind::ReferenceOpen
                | Kind::CallClose
        ))
    }

    fn arguments(&mut self) -> Result<(Vec<super::super::ast::Expression>, usize), ParseError> {
        self.expect(Kind::ParenOpen)?;
        let mut arguments = Vec::new();
        if self.kind(0)? != Kind::CallClose {
            loop {
                arguments.push(self.nested(Self::parameter)?);
                if !self.skip(Kind::Comma)? {
                    break;
                }
            }
        }
        let close: Token = self.expect(Kind::CallClose)?;
        Ok((arguments, close.range.end))
    }
}

/// Takes the image of a reference's first token apart: `\\#$!{` and the like.
fn beginning<'a>(image: &'a str, root: &'a str) -> Beginning<'a> {
    // `$\!name` is no reference; it loses one backslash.
    if let Some(slash) = image.find("\\!") {
        let dollar = image.find('$').unwrap_or(0);
        let start = image[dollar..].find('\\').map_or(slash, |at| dollar + at);
        let count = image[start..].bytes().take_while(|byte| *byte == b'\\').count();
        return Beginning::Text(format!("{}{}", &image[..start + count - 1], &image[start + count..]));
    }
    let escapes = image.bytes().take_while(|byte| *byte == b'\\').count();
    let rest = &image[escapes..];
    let dollar = rest.rfind('$').unwrap_or(0);
    let prefix = rest[..dollar].to_owned();
    let mark = &rest[dollar..];
    let name = match mark {
        "${" | "$!{" => root,
        _ if mark.starts_with("$!") => &mark[2..],
        _ if mark.starts_with('$') => &mark[1..],
        // A name without a `$`, behind the brace of another reference.
        _ => return Beginning::Text(mark.to_owned()),
    };
    let is_escaped = escapes % 2 == 1;
    Beginning::Reference { escapes: "\\".repeat(escapes / 2), prefix, is_escaped, mark, name: name.into() }
}
