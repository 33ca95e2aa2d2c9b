//! Walks a template's tree: statements print, expressions give values (spec appsync-vtl 4 to 8).

mod expression;
mod foreach;
mod macros;
mod reference;

use std::collections::HashMap;
use std::sync::Arc;

use super::ast::{Block, Macro, Names, Node, Slot};
use super::java::{Heap, JavaValue, Thrown};
use super::parse::{self, Leniency, ParseError, Position};
use crate::context::Context;
use crate::error::FieldError;
use crate::limits::Limits;
use crate::value::Str;

pub(super) use macros::Frame;

/// Why a statement does not go on with the next.
#[derive(Debug)]
pub(super) enum Interrupt {
    Break,
    Stop,
    Return(JavaValue),
    Failed(Box<Failed>),
}

/// A rendering that failed.
#[derive(Debug)]
pub(super) enum Failed {
    /// `$util.error` and its kin.
    Raised(FieldError),
    /// The message in Velocity's words, with the place at its end where there is one.
    Message { message: String, position: Option<Position> },
}

impl Interrupt {
    pub fn failed(message: impl std::fmt::Display, position: Position) -> Interrupt {
        let Position { line, column } = position;
        let message = format!("{message} at velocity[line {line}, column {column}]");
        Interrupt::Failed(Box::new(Failed::Message { message, position: Some(position) }))
    }
}

/// A bound of the heap, where no statement is to blame.
impl From<Thrown> for Interrupt {
    fn from(thrown: Thrown) -> Interrupt {
        let message = match thrown {
            Thrown::Raised(error) => return Interrupt::Failed(Box::new(Failed::Raised(error))),
            Thrown::Exception { class, message: None } => class.to_owned(),
            Thrown::Exception { class, message: Some(message) } => format!("{class}: {message}"),
            Thrown::Failed(message) | Thrown::Limit(message) => message,
        };
        Interrupt::Failed(Box::new(Failed::Message { message, position: None }))
    }
}

/// How deep statements, macros and blocks may run inside each other. Ours: protects the stack.
const DEPTH: usize = 128;

/// One rendering.
pub(super) struct Interpreter<'a> {
    pub heap: Heap,
    pub ctx: &'a mut Context,
    pub limits: &'a Limits,
    /// Where the call under way stands.
    pub position: Position,
    /// The file of the template, for log lines.
    pub path: &'a Str,
    variables: Vec<JavaValue>,
    /// The names of the variables, for templates that `#evaluate` reads.
    names: &'a Names,
    own_names: Option<Names>,
    macros: &'a HashMap<Str, Arc<Macro>>,
    own_macros: HashMap<Str, Arc<Macro>>,
    frames: Vec<Frame>,
    /// The frame of the macro that runs.
    frame: Option<usize>,
    loops: Vec<foreach::Loop>,
    /// Variables of loops whose item of this round is null: they stay null whatever `#set` says.
    held: Vec<Slot>,
    blocks: Vec<macros::Defined>,
    depth: usize,
    /// Bytes that may still be printed.
    output_left: usize,
}

impl<'a> Interpreter<'a> {
    pub fn new(
        names: &'a Names,
        macros: &'a HashMap<Str, Arc<Macro>>,
        path: &'a Str,
        ctx: &'a mut Context,
        limits: &'a Limits,
    ) -> Interpreter<'a> {
        Interpreter {
            heap: Heap::new(limits, &ctx.clock),
            ctx,
            limits,
            position: Position { line: 1, column: 1 },
            path,
            variables: vec![JavaValue::Null; names.len()],
            names,
            own_names: None,
            macros,
            own_macros: HashMap::new(),
            frames: Vec::new(),
            frame: None,
            loops: Vec::new(),
            held: Vec::new(),
            blocks: Vec::new(),
            depth: 0,
            output_left: limits.handler_output_bytes,
        }
    }

    /// Sets a variable before the rendering begins.
    pub fn define(&mut self, slot: Slot, value: JavaValue) {
        self.variables[slot] = value;
    }

    /// Sets a variable by its name, which the template need not have.
    pub fn define_named(&mut self, name: &Str, value: JavaValue) {
        let names = self.own_names.get_or_insert_with(|| self.names.clone());
        let (slot, is_new) = names.insert_full(name.clone());
        if is_new {
            self.variables.push(JavaValue::Null);
        }
        self.variables[slot] = value;
    }

    pub fn block(&mut self, block: &Block, out: &mut String) -> Result<(), Interrupt> {
        self.deeper(|interpreter| block.iter().try_for_each(|node| interpreter.node(node, out)))
    }

    /// Counts a level for as long as `run` runs.
    fn deeper<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T, Interrupt>) -> Result<T, Interrupt> {
        if self.depth >= DEPTH {
            return Err(Thrown::Limit(format!("the template runs more than {DEPTH} levels deep")).into());
        }
        self.depth += 1;
        let result = run(self);
        self.depth -= 1;
        result
    }

    fn node(&mut self, node: &Node, out: &mut String) -> Result<(), Interrupt> {
        self.heap.spend(1)?;
        match node {
            Node::Text(text) => self.print(text, out),
            Node::Reference(reference) => self.print_reference(reference, out),
            Node::Set(set) => self.set(set),
            Node::If { branches, otherwise } => {
                for (condition, block) in branches {
                    if self.is_true(condition)? {
                        return self.block(block, out);
                    }
                }
                self.block(otherwise, out)
            }
            Node::Foreach(foreach) => self.foreach(foreach, out),
            Node::Break => Err(Interrupt::Break),
            Node::Stop => Err(Interrupt::Stop),
            Node::Return(value) => {
                let value = match value {
                    Some(value) => self.value(value)?,
                    None => JavaValue::Null,
                };
                Err(Interrupt::Return(value))
            }
            Node::MacroCall(call) => self.call_macro(call, out),
            Node::Define { slot, block } => self.define_block(*slot, block),
            Node::Evaluate(text) => self.evaluate(text, out),
        }
    }

    fn print(&mut self, text: &str, out: &mut String) -> Result<(), Interrupt> {
        self.count_output(text.len())?;
        out.push_str(text);
        Ok(())
    }

    fn count_output(&mut self, bytes: usize) -> Result<(), Interrupt> {
        match self.output_left.checked_sub(bytes) {
            Some(left) => {
                self.output_left = left;
                Ok(())
            }
            None => {
                let limit = self.limits.handler_output_bytes >> 20;
                Err(Thrown::Limit(format!("the template printed more than {limit} MB")).into())
            }
        }
    }

    /// `#evaluate`: a text as a template with the same variables.
    fn evaluate(&mut self, text: &super::ast::Expression, out: &mut String) -> Result<(), Interrupt> {
        let text = match self.value(text)? {
            JavaValue::Null => return Ok(()),
            text => self.text(&text)?,
        };
        let names = self.own_names.as_ref().map_or(self.names.len(), Names::len);
        self.heap.spend(text.len() + names)?;
        self.heap.hold(8 * text.len())?;
        let names = self.own_names.take().unwrap_or_else(|| self.names.clone());
        let parsed = parse::parse(&text, Leniency::None, names.clone());
        let parsed = match parsed {
            Ok((parsed, _)) => parsed,
            Err(ParseError { message, .. }) => {
                self.own_names = Some(names);
                return Err(Interrupt::Failed(Box::new(Failed::Message { message, position: None })));
            }
        };
        self.variables.resize(parsed.names.len(), JavaValue::Null);
        self.own_names = Some(parsed.names);
        for (name, body) in parsed.macros {
            self.own_macros.entry(name).or_insert(body);
        }
        match self.block(&parsed.block, out) {
            Err(Interrupt::Break) => Ok(()),
            other => other,
        }
    }

    /// The text of a value, also of what `#define` gives.
    pub fn text(&mut self, value: &JavaValue) -> Result<Str, Interrupt> {
        match value {
            JavaValue::Block(_) => {
                let mut out = String::new();
                self.write_text(value, &mut out)?;
                Ok(out.into())
            }
            value => Ok(self.heap.text(value)?),
        }
    }

    fn write_text(&mut self, value: &JavaValue, out: &mut String) -> Result<(), Interrupt> {
        match value {
            JavaValue::Block(block) => {
                self.render_block(*block, out)?;
                Ok(())
            }
            value => Ok(self.heap.write_text(value, out)?),
        }
    }
}
