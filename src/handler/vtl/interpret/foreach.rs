//! `#foreach` and `$foreach`.

use super::{Interpreter, Interrupt};
use crate::handler::vtl::ast::Foreach;
use crate::handler::vtl::java::{Iteration, JavaValue, Thrown};
use crate::handler::vtl::parse::slots;

/// A loop that runs, or ran.
pub(super) struct Loop {
    index: i32,
    has_next: bool,
    /// `$foreach` around it.
    parent: JavaValue,
}

/// What is gone through.
enum Source {
    Own(Iteration),
    Iterator(usize),
}

impl Interpreter<'_> {
    /// Runs the block for each item; what has no items has no rounds.
    pub fn foreach(&mut self, foreach: &Foreach, out: &mut String) -> Result<(), Interrupt> {
        let items = self.value(&foreach.items)?;
        let mut source = match items {
            JavaValue::Iterator(iterator) => Source::Iterator(iterator),
            items => match self.heap.iterate(&items) {
                Some(iteration) => Source::Own(iteration),
                None => return Ok(()),
            },
        };
        const KEPT: [usize; 3] = [slots::FOREACH, slots::VELOCITY_COUNT, slots::VELOCITY_HAS_NEXT];
        let item_before = self.variable(foreach.slot)?;
        let before = [self.variable(KEPT[0])?, self.variable(KEPT[1])?, self.variable(KEPT[2])?];
        let level = self.loops.len();
        self.loops.push(Loop { index: -1, has_next: false, parent: before[0].clone() });
        self.assign(slots::FOREACH, JavaValue::Foreach(level));
        let result = self.rounds(foreach, &mut source, level, out);
        self.loops.truncate(level);
        for (slot, value) in KEPT.into_iter().zip(before) {
            self.assign(slot, value);
        }
        self.assign(foreach.slot, item_before);
        match result {
            Err(Interrupt::Break) => Ok(()),
            other => other,
        }
    }

    fn rounds(
        &mut self,
        foreach: &Foreach,
        source: &mut Source,
        level: usize,
        out: &mut String,
    ) -> Result<(), Interrupt> {
        let most = self.limits.loop_rounds;
        let mut round = 0;
        while self.source_has_next(source) {
            // That more rounds are an error, and do not just end the loop, is UNCONFIRMED.
            if round == most {
                let message = format!("#foreach ran for more than {most} rounds");
                return Err(Interrupt::failed(message, foreach.position));
            }
            round += 1;
            let item = match source {
                Source::Own(iteration) => self.heap.next(iteration),
                Source::Iterator(iterator) => self.heap.iterator_next(*iterator),
            };
            let item = item.map_err(|thrown| match thrown {
                Thrown::Exception { class, .. } => Interrupt::failed(class, foreach.position),
                other => other.into(),
            })?;
            let has_next = self.source_has_next(source);
            let state = &mut self.loops[level];
            state.index += 1;
            state.has_next = has_next;
            self.assign(slots::VELOCITY_COUNT, JavaValue::Integer(round as i32));
            self.assign(slots::VELOCITY_HAS_NEXT, has_next.into());
            let is_null = item.is_null();
            self.assign(foreach.slot, item);
            if is_null {
                self.held.push(foreach.slot);
            }
            let result = self.block(&foreach.block, out);
            if is_null {
                self.held.pop();
            }
            result?;
        }
        Ok(())
    }

    fn source_has_next(&self, source: &Source) -> bool {
        match source {
            Source::Own(iteration) => self.heap.has_next(iteration),
            Source::Iterator(iterator) => self.heap.iterator_has_next(*iterator),
        }
    }

    /// `$foreach.index` and the like.
    pub(super) fn loop_property(&self, level: usize, name: &str) -> JavaValue {
        let Some(state) = self.loops.get(level) else { return JavaValue::Null };
        match name {
            "index" => state.index.into(),
            "count" => (state.index + 1).into(),
            "hasNext" => state.has_next.into(),
            "first" => (state.index < 1).into(),
            "last" => (!state.has_next).into(),
            "parent" => state.parent.clone(),
            "topmost" => {
                let mut topmost = level;
                while let Some(JavaValue::Foreach(parent)) = self.loops.get(topmost).map(|state| &state.parent) {
                    topmost = *parent;
                }
                JavaValue::Foreach(topmost)
            }
            _ => JavaValue::Null,
        }
    }

    /// `$foreach.hasNext()` and the getters.
    pub(super) fn loop_method(&self, level: usize, name: &str, arguments: &[JavaValue]) -> JavaValue {
        if !arguments.is_empty() {
            return JavaValue::Null;
        }
        let property = match name {
            "hasNext" | "getHasNext" => "hasNext",
            "getIndex" => "index",
            "getCount" => "count",
            "isFirst" | "getFirst" => "first",
            "isLast" | "getLast" => "last",
            "getParent" => "parent",
            "getTopmost" => "topmost",
            _ => return JavaValue::Null,
        };
        self.loop_property(level, property)
    }
}
