//! `#set`, `#if`, `#foreach` and the others, and what only looks like a directive.

use std::sync::Arc;

use super::lexer::{Kind, Token};
use super::{BlockBuilder, Leniency, ParseError, Parser};
use crate::handler::vtl::ast::{Argument, Block, Expression, Foreach, Macro, MacroCall, Node, Reference, Set};
use crate::value::Str;

/// Directives besides those of the grammar (`#set`, `#if`, `#else`, `#elseif`, `#end`).
const DIRECTIVES: [&str; 10] =
    ["foreach", "macro", "define", "evaluate", "break", "stop", "return", "include", "parse", "literal"];

/// An argument of a directive.
enum DirectiveArgument {
    Word(Token),
    Reference(Reference, Token),
    Value(Expression, Token),
}

impl DirectiveArgument {
    fn token(&self) -> &Token {
        match self {
            DirectiveArgument::Word(token)
            | DirectiveArgument::Reference(_, token)
            | DirectiveArgument::Value(_, token) => token,
        }
    }
}

impl Parser<'_> {
    /// `#set($target = value)`
    pub(super) fn set_directive(&mut self) -> Result<Node, ParseError> {
        self.take()?;
        self.skip(Kind::Whitespace)?;
        let token = self.peek(0)?.clone();
        if !matches!(token.kind, Kind::Identifier | Kind::ReferenceOpen) {
            return Err(self.unexpected());
        }
        let target = match self.reference_or_text()? {
            Ok(target) => target,
            Err(_) => return Err(self.error_at("Invalid target of #set", &token)),
        };
        let is_lost = target.steps.is_empty() && token.kind == Kind::ReferenceOpen
            || target.steps.is_empty() && target.literal.starts_with("$!");
        if is_lost {
            self.find(
                token.range.clone(),
                "AppSync assigns nothing to a variable that is written `${name}` or `$!name` in `#set`",
                "write `$name`",
            );
        }
        self.skip(Kind::Whitespace)?;
        self.expect(Kind::Assign)?;
        let value = self.expression()?;
        self.expect(Kind::ParenClose)?;
        self.lexer.leave_set();
        Ok(Node::Set(Box::new(Set { target, is_lost, value })))
    }

    /// `#if(condition) … #elseif(condition) … #else … #end`
    pub(super) fn if_directive(&mut self) -> Result<Node, ParseError> {
        let mut branches = Vec::new();
        let mut otherwise = Block::new();
        loop {
            self.take()?;
            self.skip(Kind::Whitespace)?;
            self.expect(Kind::ParenOpen)?;
            let condition = self.expression()?;
            self.expect(Kind::ParenClose)?;
            branches.push((condition, self.block()?));
            if self.kind(0)? != Kind::ElseIf {
                break;
            }
        }
        if self.skip(Kind::Else)? {
            otherwise = self.block()?;
        }
        self.expect(Kind::End)?;
        Ok(Node::If { branches, otherwise })
    }

    /// `\#if` without one backslash, when it names a directive.
    pub(super) fn escaped_directive(&self, image: &str) -> String {
        let last = image.rfind('\\').unwrap_or(0);
        let name = image[last + 1..].trim_start_matches('#').trim_matches(['{', '}']);
        let is_directive = matches!(name, "if" | "end" | "set" | "else" | "elseif") || self.is_directive(name);
        if is_directive { format!("{}{}", &image[..last / 2], &image[last + 1..]) } else { image.to_owned() }
    }

    /// `\\` before a directive is one backslash, elsewhere two.
    pub(super) fn escapes(&mut self, block: &mut BlockBuilder) -> Result<(), ParseError> {
        let mut count = 0;
        while self.kind(0)? == Kind::DoubleEscape {
            self.take()?;
            count += 1;
        }
        let next = self.peek(0)?.clone();
        let name = self.image(&next).get(1..).unwrap_or_default();
        let is_control =
            matches!(next.kind, Kind::If | Kind::Else | Kind::ElseIf | Kind::End) || self.is_directive(name);
        block.text(&"\\".repeat(if is_control { count } else { 2 * count }));
        Ok(())
    }

    fn is_directive(&self, name: &str) -> bool {
        DIRECTIVES.contains(&name) || self.macros.contains_key(name)
    }

    /// `#name`, `#{name}`, `#name(…)`, `#@name(…) … #end`.
    pub(super) fn directive(&mut self, block: &mut BlockBuilder) -> Result<(), ParseError> {
        let token = self.take()?;
        let image = self.image(&token);
        let name = match token.kind {
            Kind::BracketedWord => image.get(2..image.len() - 1),
            _ => image.get(1..),
        };
        let name = Str::from(name.unwrap_or_default());
        self.lexer.enter_directive();
        if !self.lexer.is_next('(') {
            self.lexer.pop();
            return self.bare_directive(&name, &token, block);
        }
        let (arguments, end) = self.directive_arguments()?;
        match name.as_str() {
            "foreach" => block.node(self.foreach(arguments, &token)?),
            "macro" => self.macro_definition(arguments, &token)?,
            "define" => {
                let slot = match arguments.first() {
                    Some(DirectiveArgument::Reference(reference, _)) => Some(reference.slot),
                    _ => None,
                };
                let Some(slot) = slot else {
                    return Err(self.error_at("parameter missing: block name", &token));
                };
                let body = Arc::new(self.directive_block()?);
                block.node(Node::Define { slot, block: body });
            }
            "evaluate" => {
                let mut arguments = arguments.into_iter();
                match (arguments.next(), arguments.next()) {
                    (Some(argument), None) => {
                        let value = self.argument_value(argument, 0, "evaluate")?;
                        block.node(Node::Evaluate(value));
                    }
                    (_, Some(_)) => return Err(self.error_at("#evaluate() has more than one argument", &token)),
                    (None, _) => return Err(self.error_at("#evaluate() requires exactly one argument", &token)),
                }
            }
            "break" => {
                self.no_words(&arguments, "break")?;
                block.node(Node::Break);
            }
            "stop" => {
                self.no_words(&arguments, "stop")?;
                block.node(Node::Stop);
            }
            "return" => {
                let mut arguments = arguments.into_iter().enumerate();
                let value = match arguments.next() {
                    Some((at, argument)) => Some(self.argument_value(argument, at, "return")?),
                    None => None,
                };
                for (at, argument) in arguments {
                    self.argument_value(argument, at, "return")?;
                }
                block.node(Node::Return(value));
            }
            "include" | "parse" => return Err(self.no_resources(&name, &token)),
            name => {
                let name = name.to_owned();
                self.macro_call(&name, arguments, &token, end, block)?;
            }
        }
        Ok(())
    }

    /// A directive without parentheses.
    fn bare_directive(&mut self, name: &str, token: &Token, block: &mut BlockBuilder) -> Result<(), ParseError> {
        match name {
            "break" => block.node(Node::Break),
            "stop" => block.node(Node::Stop),
            "return" => block.node(Node::Return(None)),
            "include" | "parse" => return Err(self.no_resources(name, token)),
            "macro" => {
                return Err(self.error_at("A macro declaration requires at least a name argument", token));
            }
            "foreach" | "define" | "evaluate" => {
                return Err(self.error_at(format!("#{name} needs parentheses"), token));
            }
            _ => {
                let before = self.terminated(token);
                block.text(&before);
                let literal = Str::from(self.image(token));
                block.node(Node::MacroCall(Box::new(MacroCall {
                    name: name.into(),
                    arguments: Arc::default(),
                    body: None,
                    literal,
                    position: token.position,
                })));
            }
        }
        Ok(())
    }

    fn no_resources(&self, name: &str, token: &Token) -> ParseError {
        self.error_at(format!("#{name} is not available: AppSync has no other templates"), token)
    }

    fn directive_arguments(&mut self) -> Result<(Vec<DirectiveArgument>, usize), ParseError> {
        self.skip(Kind::Whitespace)?;
        self.expect(Kind::ParenOpen)?;
        let mut arguments = Vec::new();
        loop {
            let has_blanks = self.skip(Kind::Whitespace)?;
            if self.kind(0)? == Kind::ParenClose {
                return Ok((arguments, self.take()?.range.end));
            }
            if self.kind(0)? == Kind::Comma && (has_blanks || self.begins_argument(1)?) {
                self.take()?;
                self.skip(Kind::Whitespace)?;
            }
            let token = self.peek(0)?.clone();
            arguments.push(match token.kind {
                Kind::Word => {
                    self.take()?;
                    DirectiveArgument::Word(token)
                }
                Kind::ReferenceOpen if !has_blanks && self.kind(1)? != Kind::Identifier => {
                    return Err(self.unexpected());
                }
                Kind::Identifier | Kind::ReferenceOpen => match self.reference_or_text()? {
                    Ok(reference) => DirectiveArgument::Reference(reference, token),
                    Err(_) => DirectiveArgument::Value(Expression::Null, token),
                },
                // Velocity looks one token ahead.
                Kind::ListOpen | Kind::MapOpen
                    if !has_blanks
                        && (!matches!(self.kind(1)?, Kind::ListClose | Kind::MapClose)
                            && !self.begins_argument(1)?
                            || self.kind(1)? == Kind::Word && self.leniency == Leniency::None) =>
                {
                    return Err(self.unexpected());
                }
                _ => DirectiveArgument::Value(self.nested(Self::value)?, token),
            });
        }
    }

    fn begins_argument(&mut self, ahead: usize) -> Result<bool, ParseError> {
        Ok(matches!(self.kind(ahead)?, Kind::Whitespace | Kind::Word) || self.begins_value(ahead)?)
    }

    /// Statements up to `#end`.
    fn directive_block(&mut self) -> Result<Block, ParseError> {
        let block = self.block()?;
        self.expect(Kind::End)?;
        Ok(block)
    }

    fn argument_value(
        &mut self,
        argument: DirectiveArgument,
        at: usize,
        directive: &str,
    ) -> Result<Expression, ParseError> {
        match argument {
            DirectiveArgument::Reference(reference, _) => Ok(Expression::Reference(Box::new(reference))),
            DirectiveArgument::Value(value, _) => Ok(value),
            DirectiveArgument::Word(token) if self.leniency == Leniency::Simulators && self.image(&token) == "null" => {
                self.null_finding(&token);
                Ok(Expression::Null)
            }
            DirectiveArgument::Word(token) => Err(self.invalid_argument(at, directive, &token)),
        }
    }

    fn invalid_argument(&self, at: usize, directive: &str, token: &Token) -> ParseError {
        self.error_at(format!("Invalid arg #{at} in directive #{directive}"), token)
    }

    fn no_words(&self, arguments: &[DirectiveArgument], directive: &str) -> Result<(), ParseError> {
        match arguments.iter().position(|argument| matches!(argument, DirectiveArgument::Word(_))) {
            Some(at) => Err(self.invalid_argument(at, directive, arguments[at].token())),
            None => Ok(()),
        }
    }

    /// `#foreach($item in items) … #end`
    fn foreach(&mut self, arguments: Vec<DirectiveArgument>, token: &Token) -> Result<Node, ParseError> {
        let mut arguments = arguments.into_iter();
        let slot = match arguments.next() {
            Some(DirectiveArgument::Reference(reference, _)) => reference.slot,
            Some(other) => return Err(self.invalid_argument(0, "foreach", &other.token().clone())),
            None => return Err(self.error_at("Too few arguments to the #foreach directive", token)),
        };
        // Velocity does not look at the word.
        let mut instead = None;
        let items = match (arguments.next(), arguments.next(), arguments.next()) {
            (Some(_), Some(items), None) => self.argument_value(items, 2, "foreach")?,
            (Some(_), None, _) => {
                self.find(
                    token.range.clone(),
                    "this loop has no rounds: `#foreach` goes through what stands behind `in`",
                    "write `#foreach($item in $items)`",
                );
                Expression::Null
            }
            (None, ..) => {
                // Velocity reads the block first.
                self.directive_block()?;
                return Err(self.error_at("Too few arguments to the #foreach directive", token));
            }
            // Velocity takes a further argument for the block.
            (Some(_), Some(items), Some(DirectiveArgument::Reference(reference, _))) => {
                instead = Some(vec![Node::Reference(reference)]);
                self.argument_value(items, 2, "foreach")?
            }
            (Some(_), Some(items), Some(_)) => {
                instead = Some(Vec::new());
                self.argument_value(items, 2, "foreach")?
            }
        };
        let block = self.directive_block()?;
        let block = instead.unwrap_or(block);
        Ok(Node::Foreach(Box::new(Foreach { slot, items, block, position: token.position })))
    }

    /// `#macro(name $a $b) … #end`. The first of two with one name counts, wherever it stands.
    fn macro_definition(&mut self, arguments: Vec<DirectiveArgument>, token: &Token) -> Result<(), ParseError> {
        let mut arguments = arguments.into_iter().enumerate();
        let name = match arguments.next() {
            Some((_, DirectiveArgument::Word(word))) => Str::from(self.image(&word)),
            Some((_, DirectiveArgument::Value(Expression::Value(_), word))) => {
                Str::from(self.image(&word).trim_matches(['"', '\'']))
            }
            _ => return Err(self.error_at("First argument to #macro() must be  macro name", token)),
        };
        let mut parameters = Vec::new();
        for (at, argument) in arguments {
            match argument {
                DirectiveArgument::Reference(reference, _) => parameters.push(reference.slot),
                other => return Err(self.invalid_argument(at, "macro", other.token())),
            }
        }
        let block = self.directive_block()?;
        self.macros.entry(name).or_insert_with(|| Arc::new(Macro { parameters, block }));
        Ok(())
    }

    fn macro_call(
        &mut self,
        name: &str,
        arguments: Vec<DirectiveArgument>,
        token: &Token,
        end: usize,
        block: &mut BlockBuilder,
    ) -> Result<(), ParseError> {
        let mut end = end;
        let (name, body) = match name.strip_prefix('@') {
            Some(name) => {
                let body = self.block()?;
                end = self.expect(Kind::End)?.range.end;
                (name, Some(Arc::new(body)))
            }
            None => (name, None),
        };
        let before = self.terminated(token);
        block.text(&before);
        let literal = self.literal_text(token.range.start..end);
        let argument = |argument: DirectiveArgument| match argument {
            DirectiveArgument::Reference(reference, _) => Argument {
                literal: reference.literal.clone(),
                value: Expression::Reference(Box::new(reference)),
                word: None,
            },
            DirectiveArgument::Value(value, token) => {
                Argument { literal: self.image(&token).into(), value, word: None }
            }
            DirectiveArgument::Word(token) => {
                let literal = Str::from(self.image(&token));
                let is_null = self.leniency == Leniency::Simulators && literal == "null";
                Argument { literal, value: Expression::Null, word: (!is_null).then_some(token.position) }
            }
        };
        let arguments = Arc::new(arguments.into_iter().map(argument).collect());
        block.node(Node::MacroCall(Box::new(MacroCall {
            name: name.into(),
            arguments,
            body,
            literal,
            position: token.position,
        })));
        Ok(())
    }
}
