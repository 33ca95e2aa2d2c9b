//! `#macro` and `#define`. Whether AppSync has them is UNCONFIRMED (spec appsync-vtl 5).

use std::sync::Arc;

use super::{Interpreter, Interrupt};
use crate::handler::vtl::ast::{Argument, Block, MacroCall, Reference, Slot};
use crate::handler::vtl::java::JavaValue;
use crate::handler::vtl::parse::slots;
use crate::value::Str;

/// How deep macros may call each other; Velocity's default.
const MACRO_DEPTH: usize = 20;

/// How often a block of `#define` may be inside itself; Velocity's default.
const DEFINE_DEPTH: usize = 2;

/// A macro that runs. Its parameters are the expressions of the call, worth at each use what they are worth then.
pub(in crate::handler::vtl) struct Frame {
    parameters: Vec<Slot>,
    arguments: Arc<Vec<Argument>>,
    /// What `#set` put in place of a parameter.
    own: Vec<(Slot, JavaValue)>,
    /// The frame of the call, and its depth.
    parent: Option<usize>,
    depth: usize,
}

/// What `#define` gave.
pub(super) struct Defined {
    block: Arc<Block>,
    frame: Option<usize>,
    running: usize,
}

impl Interpreter<'_> {
    pub(super) fn call_macro(&mut self, call: &MacroCall, out: &mut String) -> Result<(), Interrupt> {
        let known = self.own_macros.get(&call.name).or_else(|| self.macros.get(&call.name)).cloned();
        let Some(body) = known else { return self.print(&call.literal, out) };
        let word = call.arguments.iter().find_map(|argument| Some((argument, argument.word?)));
        if let Some((argument, position)) = word {
            let message = format!("Invalid arg '{}' in macro #{}", argument.literal, call.name);
            return Err(Interrupt::failed(message, position));
        }
        let depth = self.frame.map_or(1, |frame| self.frames[frame].depth + 1);
        if depth > MACRO_DEPTH {
            let message = format!("Max calling depth of {MACRO_DEPTH} was exceeded in macro '{}'", call.name);
            return Err(Interrupt::failed(message, call.position));
        }
        let mut own = Vec::new();
        if let Some(block) = &call.body {
            own.push((slots::BODY_CONTENT, self.new_block(block, self.frame)?));
        }
        self.heap.hold(size_of::<Frame>() + 8 * body.parameters.len())?;
        let parameters = body.parameters.iter().copied().take(call.arguments.len()).collect();
        self.frames.push(Frame { parameters, arguments: call.arguments.clone(), own, parent: self.frame, depth });
        let before = self.frame.replace(self.frames.len() - 1);
        let result = self.block(&body.block, out);
        self.frame = before;
        left(result)
    }

    pub(super) fn define_block(&mut self, slot: Slot, block: &Arc<Block>) -> Result<(), Interrupt> {
        let value = self.new_block(block, self.frame)?;
        self.assign(slot, value);
        Ok(())
    }

    fn new_block(&mut self, block: &Arc<Block>, frame: Option<usize>) -> Result<JavaValue, Interrupt> {
        self.heap.hold(size_of::<Defined>())?;
        self.blocks.push(Defined { block: block.clone(), frame, running: 0 });
        Ok(JavaValue::Block(self.blocks.len() - 1))
    }

    /// Renders a block; false, and nothing, where it is inside itself.
    pub(super) fn render_block(&mut self, at: usize, out: &mut String) -> Result<bool, Interrupt> {
        let defined = &mut self.blocks[at];
        if defined.running >= DEFINE_DEPTH {
            return Ok(false);
        }
        defined.running += 1;
        let (block, frame) = (defined.block.clone(), defined.frame);
        let before = std::mem::replace(&mut self.frame, frame);
        let result = self.block(&block, out);
        self.frame = before;
        self.blocks[at].running -= 1;
        left(result).map(|()| true)
    }

    /// What a variable is worth inside a macro.
    pub(super) fn variable_in(&mut self, frame: usize, slot: Slot) -> Result<JavaValue, Interrupt> {
        let mut at = Some(frame);
        while let Some(index) = at {
            self.heap.spend(1)?;
            let frame = &self.frames[index];
            if let Some((_, value)) = frame.own.iter().find(|(own, _)| *own == slot) {
                return Ok(value.clone());
            }
            if let Some(parameter) = frame.parameters.iter().position(|parameter| *parameter == slot) {
                let (arguments, parent) = (frame.arguments.clone(), frame.parent);
                let before = std::mem::replace(&mut self.frame, parent);
                let value = self.deeper(|interpreter| interpreter.value(&arguments[parameter].value));
                self.frame = before;
                return value;
            }
            at = frame.parent;
        }
        Ok(self.global(slot))
    }

    /// Sets a variable inside a macro: a parameter only there, any other one everywhere.
    pub(super) fn assign_in(&mut self, frame: usize, slot: Slot, value: JavaValue) {
        let mut at = Some(frame);
        while let Some(index) = at {
            let frame = &mut self.frames[index];
            if let Some((_, own)) = frame.own.iter_mut().find(|(own, _)| *own == slot) {
                *own = value;
                return;
            }
            if frame.parameters.contains(&slot) {
                frame.own.push((slot, value));
                return;
            }
            at = frame.parent;
        }
        self.variables[slot] = value;
    }

    /// What a parameter prints when its argument is null: the source of the argument.
    pub(super) fn argument_literal(&self, reference: &Reference) -> Option<Str> {
        let frame = &self.frames[self.frame?];
        if !reference.steps.is_empty() || reference.literal.starts_with("${") || reference.literal.starts_with("$!") {
            return None;
        }
        let parameter = frame.parameters.iter().position(|parameter| *parameter == reference.slot)?;
        Some(frame.arguments[parameter].literal.clone())
    }
}

/// `#break` leaves a macro and a block.
fn left(result: Result<(), Interrupt>) -> Result<(), Interrupt> {
    match result {
        Err(Interrupt::Break) => Ok(()),
        other => other,
    }
}
