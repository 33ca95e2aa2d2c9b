//! References: what they are worth, what they print, and what `#set` does with them.

use super::{Interpreter, Interrupt};
use crate::handler::vtl::ast::{Reference, Set, Slot, Step};
use crate::handler::vtl::java::{JavaValue, Namespace, Thrown};
use crate::handler::vtl::parse::Position;
use crate::handler::vtl::{methods, natives};

impl Interpreter<'_> {
    /// The value of a reference; null where one of its steps has none.
    pub fn reference(&mut self, reference: &Reference) -> Result<JavaValue, Interrupt> {
        self.heap.spend(1)?;
        let mut value = self.variable(reference.slot)?;
        for step in &reference.steps {
            if value.is_null() {
                return Ok(value);
            }
            value = self.step(&value, step)?;
        }
        Ok(value)
    }

    fn step(&mut self, target: &JavaValue, step: &Step) -> Result<JavaValue, Interrupt> {
        match step {
            Step::Property(name) => match target {
                JavaValue::Foreach(level) => Ok(self.loop_property(*level, name)),
                JavaValue::Namespace(Namespace::Util) => {
                    Ok(natives::below_util(name).map_or(JavaValue::Null, JavaValue::Namespace))
                }
                target => Ok(methods::property(&mut self.heap, target, name)?),
            },
            Step::Method { name, arguments, position } => {
                let arguments: Result<Vec<JavaValue>, Interrupt> =
                    arguments.iter().map(|argument| self.deeper(|interpreter| interpreter.value(argument))).collect();
                let arguments = arguments?;
                self.position = *position;
                let result = match target {
                    JavaValue::Namespace(namespace) => natives::call(self, *namespace, name, &arguments),
                    JavaValue::Foreach(level) => return Ok(self.loop_method(*level, name, &arguments)),
                    target => methods::call(&mut self.heap, target, name, &arguments),
                };
                result.map_err(|thrown| threw(thrown, target, name, *position))
            }
            Step::Index { index, position } => {
                let index = self.value(index)?;
                self.index(target, &index, *position)
            }
        }
    }

    fn index(&mut self, target: &JavaValue, index: &JavaValue, position: Position) -> Result<JavaValue, Interrupt> {
        match (target, index) {
            (JavaValue::Map(id), index) => Ok(self.heap.get(*id, index)?),
            (JavaValue::List(id) | JavaValue::Array(id), JavaValue::Integer(index)) => {
                match place(*index, self.heap.list_len(*id)) {
                    Some(at) => Ok(self.heap.items(*id)?[at].clone()),
                    None => {
                        let class = target.class();
                        let message = format!("Error invoking method 'get(java.lang.Integer)' in {class}");
                        Err(Interrupt::failed(message, position))
                    }
                }
            }
            // An index from the end needs a length.
            (JavaValue::View(..) | JavaValue::Foreach(_), _) => Ok(JavaValue::Null),
            (target, JavaValue::Integer(index)) if *index < 0 => {
                let class = target.class();
                let message =
                    format!("A 'size()' method required for negative value {index} does not exist for class '{class}'");
                Err(Interrupt::failed(message, position))
            }
            _ => Ok(JavaValue::Null),
        }
    }

    pub fn print_reference(&mut self, reference: &Reference, out: &mut String) -> Result<(), Interrupt> {
        let value = self.reference(reference)?;
        if reference.is_escaped {
            self.print(&reference.escapes, out)?;
            if value.is_null() {
                self.print("\\", out)?;
            }
            return self.print(&reference.null_text, out);
        }
        if let JavaValue::Block(block) = value {
            if !self.render_block(block, out)? {
                self.print(&reference.null_text, out)?;
            }
            return Ok(());
        }
        self.print(&reference.escapes, out)?;
        let before = out.len();
        match &value {
            JavaValue::Null => {
                // Backslashes before what is no reference do not escape each other.
                self.print(&reference.escapes, out)?;
                self.print(&reference.prefix, out)?;
                return match self.argument_literal(reference) {
                    Some(literal) => self.print(&literal, out),
                    None => self.print(&reference.null_text, out),
                };
            }
            JavaValue::String(text) => {
                self.print(&reference.prefix, out)?;
                return self.print(text, out);
            }
            value => {
                out.push_str(&reference.prefix);
                self.heap.write_text(value, out)?;
            }
        }
        self.count_output(out.len() - before)
    }

    /// `#set`: nothing happens where the value is null (UNCONFIRMED for AppSync, spec appsync-vtl 5), or where the target
    /// lies below what does not exist.
    pub fn set(&mut self, set: &Set) -> Result<(), Interrupt> {
        let value = self.value(&set.value)?;
        let target = &set.target;
        if value.is_null() {
            return Ok(());
        }
        let Some((last, steps)) = target.steps.split_last() else {
            if !set.is_lost {
                self.assign(target.slot, value);
            }
            return Ok(());
        };
        let mut parent = self.variable(target.slot)?;
        for step in steps {
            if parent.is_null() {
                return Ok(());
            }
            parent = self.step(&parent, step)?;
        }
        match (parent, last) {
            // Velocity takes the name of a call for that of a property.
            (JavaValue::Map(id), Step::Property(name) | Step::Method { name, .. }) => {
                self.heap.put(id, name.clone().into(), value)?;
            }
            (JavaValue::Map(id), Step::Index { index, .. }) => {
                let key = self.value(index)?;
                self.heap.put(id, key, value)?;
            }
            (JavaValue::List(id) | JavaValue::Array(id), Step::Index { index, position }) => {
                let JavaValue::Integer(index) = self.value(index)? else { return Ok(()) };
                match place(index, self.heap.list_len(id)) {
                    Some(at) => self.heap.items(id)?[at] = value,
                    None => {
                        let class = value.class();
                        let message = format!(
                            "Exception calling method 'set(java.lang.Integer,{class})' in  class java.util.ArrayList"
                        );
                        return Err(Interrupt::failed(message, *position));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What a variable holds, or what the argument of a macro is worth now.
    pub fn variable(&mut self, slot: Slot) -> Result<JavaValue, Interrupt> {
        match self.frame {
            None => Ok(self.global(slot)),
            Some(frame) => self.variable_in(frame, slot),
        }
    }

    /// What a variable holds outside of all macros.
    pub(super) fn global(&self, slot: Slot) -> JavaValue {
        if self.held.contains(&slot) { JavaValue::Null } else { self.variables[slot].clone() }
    }

    pub fn assign(&mut self, slot: Slot, value: JavaValue) {
        match self.frame {
            None => self.variables[slot] = value,
            Some(frame) => self.assign_in(frame, slot, value),
        }
    }
}

/// The place of an item, counted from the end where the index is negative.
fn place(index: i32, length: usize) -> Option<usize> {
    let at = if index < 0 { length as i64 + i64::from(index) } else { i64::from(index) };
    usize::try_from(at).ok().filter(|at| *at < length)
}

/// An exception that a method threw, in Velocity's words.
fn threw(thrown: Thrown, target: &JavaValue, name: &str, position: Position) -> Interrupt {
    match thrown {
        Thrown::Exception { class, message } => {
            let message = message.map_or_else(String::new, |message| format!(": {message}"));
            let target = target.class();
            let message = format!("Invocation of method '{name}' in  class {target} threw exception {class}{message}");
            Interrupt::failed(message, position)
        }
        Thrown::Failed(message) | Thrown::Limit(message) => Interrupt::failed(message, position),
        raised @ Thrown::Raised(_) => raised.into(),
    }
}
