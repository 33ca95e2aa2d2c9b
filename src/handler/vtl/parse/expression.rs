//! Values: literals, references, lists, maps, ranges, and in directives operators between them.

use super::lexer::{Kind, Token};
use super::{Leniency, ParseError, Parser};
use crate::handler::vtl::ast::{Binary, Expression, Node, Operator};
use crate::handler::vtl::java::number;
use crate::value::Str;

/// How tightly operators bind.
fn operator(kind: Kind) -> Option<(Operator, u8)> {
    Some(match kind {
        Kind::Or => (Operator::Or, 1),
        Kind::And => (Operator::And, 2),
        Kind::Equal => (Operator::Equal, 3),
        Kind::NotEqual => (Operator::NotEqual, 3),
        Kind::Less => (Operator::Less, 4),
        Kind::LessOrEqual => (Operator::LessOrEqual, 4),
        Kind::Greater => (Operator::Greater, 4),
        Kind::GreaterOrEqual => (Operator::GreaterOrEqual, 4),
        Kind::Plus => (Operator::Plus, 5),
        Kind::Minus => (Operator::Minus, 5),
        Kind::Multiply => (Operator::Multiply, 6),
        Kind::Divide => (Operator::Divide, 6),
        Kind::Modulus => (Operator::Modulus, 6),
        _ => return None,
    })
}

/// Longest chain of operators; each makes the tree one level deeper. Ours.
const OPERATORS: usize = 200;

impl Parser<'_> {
    /// An expression of a directive, with the blanks around it.
    pub(super) fn expression(&mut self) -> Result<Expression, ParseError> {
        self.nested(|parser| parser.operation(1))
    }

    /// Operators that bind at least as tightly as `level`.
    fn operation(&mut self, level: u8) -> Result<Expression, ParseError> {
        let start = self.start_of_operand()?;
        let mut left = self.unary()?;
        let mut count = 0;
        loop {
            let left_end = self.end_before_blanks(start)?;
            let Some((operator, binds)) = operator(self.kind(0)?).filter(|(_, binds)| *binds >= level) else {
                return Ok(left);
            };
            count += 1;
            if count > OPERATORS {
                let token = self.take()?;
                return Err(self.error_at(format!("an expression has at most {OPERATORS} operators in a row"), &token));
            }
            self.take()?;
            let right_start = self.start_of_operand()?;
            let right = self.nested(|parser| parser.operation(binds + 1))?;
            let right_end = self.end_before_blanks(right_start)?;
            let literal = |range: std::ops::Range<usize>| match operator {
                Operator::Plus => self.literal_text(range).trim_end().into(),
                _ => Str::default(),
            };
            let literals = (literal(start..left_end), literal(right_start..right_end));
            left = Expression::Binary(Box::new(Binary { operator, left, right, literals }));
        }
    }

    /// Where the operand begins that follows, after blanks.
    fn start_of_operand(&mut self) -> Result<usize, ParseError> {
        let blanks = usize::from(self.kind(0)? == Kind::Whitespace);
        Ok(self.peek(blanks)?.range.start)
    }

    /// Whether the token `ahead` can begin a value.
    pub(super) fn begins_value(&mut self, ahead: usize) -> Result<bool, ParseError> {
        Ok(matches!(
            self.kind(ahead)?,
            Kind::StringLiteral
                | Kind::Integer
                | Kind::Float
                | Kind::True
                | Kind::False
                | Kind::Identifier
                | Kind::ReferenceOpen
                | Kind::ListOpen
                | Kind::MapOpen
        ))
    }

    /// Where the next token begins.
    fn end_before_blanks(&mut self, start: usize) -> Result<usize, ParseError> {
        Ok(self.peek(0)?.range.start.max(start))
    }

    fn unary(&mut self) -> Result<Expression, ParseError> {
        let has_blanks = self.skip(Kind::Whitespace)?;
        if self.kind(0)? == Kind::Not {
            let is_operator = matches!(self.kind(1)?, Kind::Whitespace | Kind::Not | Kind::ParenOpen)
                || self.begins_value(1)?
                || self.kind(1)? == Kind::Word && self.leniency == Leniency::Simulators;
            if !is_operator && !has_blanks {
                return Err(self.unexpected());
            }
            self.take()?;
            let operand = self.nested(Self::unary)?;
            return Ok(Expression::Not(Box::new(operand)));
        }
        let value = match self.kind(0)? {
            Kind::ParenOpen => {
                self.take()?;
                let inner = self.expression()?;
                self.expect(Kind::ParenClose)?;
                inner
            }
            _ => self.value()?,
        };
        self.skip(Kind::Whitespace)?;
        Ok(value)
    }

    /// A value inside a list, map or call, with the blanks around it.
    pub(super) fn parameter(&mut self) -> Result<Expression, ParseError> {
        self.skip(Kind::Whitespace)?;
        let value = self.value()?;
        self.skip(Kind::Whitespace)?;
        Ok(value)
    }

    pub(super) fn value(&mut self) -> Result<Expression, ParseError> {
        match self.kind(0)? {
            Kind::StringLiteral | Kind::Integer | Kind::Float | Kind::True | Kind::False => self.literal(),
            Kind::Identifier | Kind::ReferenceOpen => self.reference_value(),
            Kind::ListOpen => self.nested(Self::list),
            Kind::MapOpen => self.nested(Self::map),
            Kind::Word if self.leniency == Leniency::Simulators && self.is_null_word()? => {
                let token = self.take()?;
                self.null_finding(&token);
                Ok(Expression::Null)
            }
            _ => Err(self.unexpected()),
        }
    }

    pub(super) fn is_null_word(&mut self) -> Result<bool, ParseError> {
        let token = self.peek(0)?.clone();
        Ok(self.image(&token) == "null")
    }

    pub(super) fn null_finding(&mut self, token: &Token) {
        self.find(
            token.range.clone(),
            "AppSync does not accept `null` here, although its simulators do",
            "there, only arguments of a call may be null; ask `$util.isNull($value)`, or put a variable in its place that is not set",
        );
    }

    pub(super) fn literal(&mut self) -> Result<Expression, ParseError> {
        let token = self.take()?;
        let image = self.image(&token);
        if matches!(token.kind, Kind::Integer | Kind::Float) && image.starts_with(['#', '$', '\\']) {
            return Err(self.error_at(format!("For input string: \"{}\"", image.escape_debug()), &token));
        }
        Ok(match token.kind {
            Kind::True => Expression::Boolean(true),
            Kind::False => Expression::Boolean(false),
            Kind::Integer => Expression::Value(number::parse_integer(image)),
            Kind::Float => Expression::Value(number::parse_double(image)),
            _ => self.string(&token)?,
        })
    }

    /// `'…'` as it is; `"…"` is a template of its own.
    fn string(&mut self, token: &Token) -> Result<Expression, ParseError> {
        let image = self.image(token);
        let image = &image[image.find(['"', '\'']).unwrap_or(0)..];
        let (quote, inner) = (&image[..1], &image[1..image.len() - 1]);
        let text = |text: &str| Expression::Value(Str::from(text).into());
        if quote == "'" {
            return Ok(text(&inner.replace("''", "'")));
        }
        let mut inner = inner.replace("\"\"", "\"");
        if self.leniency == Leniency::Simulators && inner.contains("\\\"") {
            inner = inner.replace("\\\"", "\"");
            self.find(
                token.range.clone(),
                "AppSync does not accept `\\\"` inside a string, although its simulators do",
                "double the quote, `\"\"`, or put the string between single quotes",
            );
        }
        if !inner.contains(['$', '#']) {
            return Ok(text(&inner));
        }
        // With a blank behind it a `$` or `#` at the end is text; a comment would swallow the blank.
        let is_padded = !inner.contains("##");
        if is_padded {
            inner.push(' ');
        }
        let mut block = self.nested(|parser| parser.string_template(&inner, token))?;
        if is_padded && let Some(Node::Text(last)) = block.last_mut() {
            let mut shorter = std::mem::take(last).into_string();
            shorter.pop();
            *last = shorter.into_boxed_str();
        }
        Ok(Expression::Interpolated(block))
    }

    fn string_template(&mut self, inner: &str, token: &Token) -> Result<Vec<Node>, ParseError> {
        let mut start = token.position;
        start.column += 1;
        let names = std::mem::take(&mut self.names);
        let mut parser = Parser::new(inner, start, self.leniency, names, self.depth);
        parser.macros = std::mem::take(&mut self.macros);
        parser.findings = std::mem::take(&mut self.findings);
        parser.place = Some(self.range(token.range.clone()));
        let block = parser.template();
        self.names = parser.names;
        self.macros = parser.macros;
        self.findings = parser.findings;
        block.map_err(|_| self.error_at("Failed to parse String literal", token))
    }

    /// A reference as a value; a bare word inside a call is null.
    pub(super) fn reference_value(&mut self) -> Result<Expression, ParseError> {
        let token = self.peek(0)?.clone();
        Ok(match self.reference_or_text()? {
            Ok(reference) => Expression::Reference(Box::new(reference)),
            Err(word) => {
                if word != "null" {
                    self.find(
                        token.range,
                        "a word without `$` or quotes is null",
                        "write `null` where null is meant, or put quotes around the word",
                    );
                }
                Expression::Null
            }
        })
    }

    /// `[a, b]` or `[1..5]`.
    fn list(&mut self) -> Result<Expression, ParseError> {
        self.expect(Kind::ListOpen)?;
        if self.skip(Kind::ListClose)? {
            return Ok(Expression::List(Vec::new()));
        }
        let mut items = vec![self.parameter()?];
        if self.kind(0)? == Kind::DoubleDot
            && matches!(
                items[0],
                Expression::Null
                    | Expression::Reference(_)
                    | Expression::Value(super::super::java::JavaValue::Integer(_))
            )
        {
            self.take()?;
            self.skip(Kind::Whitespace)?;
            let last = match self.kind(0)? {
                Kind::Integer => self.literal()?,
                Kind::Identifier | Kind::ReferenceOpen => self.reference_value()?,
                _ => return Err(self.unexpected()),
            };
            self.skip(Kind::Whitespace)?;
            self.expect(Kind::ListClose)?;
            let first = items.pop().expect("one was just read");
            return Ok(Expression::Range(Box::new((first, last))));
        }
        while self.skip(Kind::Comma)? {
            items.push(self.parameter()?);
        }
        self.expect(Kind::ListClose)?;
        Ok(Expression::List(items))
    }

    /// `{"key": value}`
    fn map(&mut self) -> Result<Expression, ParseError> {
        self.expect(Kind::MapOpen)?;
        let mut members = Vec::new();
        let has_blanks = self.skip(Kind::Whitespace)?;
        // A value of one token that no colon follows is no key.
        let is_single = matches!(
            self.kind(0)?,
            Kind::StringLiteral | Kind::Integer | Kind::Float | Kind::True | Kind::False | Kind::Identifier
        );
        if is_single && !has_blanks {
            let is_key = match self.kind(1)? {
                Kind::Colon | Kind::Whitespace => true,
                Kind::Dot | Kind::IndexOpen => self.kind(0)? == Kind::Identifier,
                _ => false,
            };
            if !is_key {
                return Err(self.unexpected());
            }
        }
        if !matches!(self.kind(0)?, Kind::MapClose | Kind::ReferenceClose) {
            loop {
                let key = self.key()?;
                self.expect(Kind::Colon)?;
                members.push((key, self.parameter()?));
                if !self.skip(Kind::Comma)? {
                    break;
                }
            }
        }
        if !self.skip(Kind::ReferenceClose)? {
            self.expect(Kind::MapClose)?;
        }
        Ok(Expression::Map(members))
    }

    fn key(&mut self) -> Result<Expression, ParseError> {
        self.skip(Kind::Whitespace)?;
        if self.leniency == Leniency::Simulators && self.kind(0)? == Kind::Word {
            let token = self.take()?;
            self.find(
                token.range.clone(),
                "AppSync does not accept a key without quotes, although a sample in its documentation has one",
                "put quotes around the key",
            );
            self.skip(Kind::Whitespace)?;
            return Ok(Expression::Value(Str::from(self.image(&token)).into()));
        }
        self.parameter()
    }
}
