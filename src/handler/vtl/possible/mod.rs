//! What a request template can print, found by walking through it with sets of values (see
//! [`crate::handler::possible`]).
//!
//! Variables are followed from statement to statement, loops until nothing new comes; maps and lists are kept on a heap on
//! which nothing is forgotten, and the template is walked through again until that stays as it is. `natives` knows the
//! methods and functions, `printed` reads the JSON that comes out.
//!
//! A text from outside that is printed as it came may hold quotes and braces, and make the request another one:
//! `"$ctx.args.id"`. Then the request can be anything. `$util.toJson(…)` cannot do that.

mod natives;
mod printed;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use super::Template;
use super::ast::{Block, Expression, Foreach, Node, Operator, Reference, Set, Step};
use super::java::JavaValue;
use super::parse::slots;
use crate::handler::possible::heap::{Heap, Members, Site};
use crate::handler::possible::values::{Atom, Values};
use crate::handler::possible::{Inputs, Possible};
use crate::value::Str;
use printed::{Piece, read};

/// Statements and expressions walked through for one template. Ours: ordinary templates take hundreds.
const STEPS: usize = 200_000;

/// Rounds of the template, and of one loop in it, until nothing new may be found. Ours.
const ROUNDS: usize = 40;

/// Ways to put a text together that are told apart. Ours.
const TEXTS: usize = 64;

/// What the template can print, as the JSON that it stands for. `#return` hands nothing to the data source.
pub fn possible_request(template: &Template, inputs: &Inputs) -> Possible {
    walk_through(template, inputs).unwrap_or_else(|Unfollowed| Possible::anything())
}

fn walk_through(template: &Template, inputs: &Inputs) -> Walked<Possible> {
    let parsed = &template.0.parsed;
    if !parsed.macros.is_empty() {
        return Err(Unfollowed);
    }
    let mut walker = Walker { heap: Heap::default(), numbers: HashMap::new(), breaks: Vec::new(), steps: 0 };
    let mut first = vec![Values::nothing(); parsed.names.len()];
    let context = walker.context(inputs);
    for (slot, values) in [
        (slots::CTX, context.clone()),
        (slots::CONTEXT, context),
        (slots::UTIL, Atom::Native("util").into()),
        (slots::UTILS, Atom::Native("util").into()),
        (slots::EXTENSIONS, Atom::Native("extensions").into()),
    ] {
        first[slot] = values;
    }
    for _ in 0..ROUNDS {
        let pieces = walker.block(&parsed.block, &mut first.clone())?;
        walker.heap.settle();
        if !walker.heap.has_changed() {
            let read = read(&pieces, &mut walker.heap).ok_or(Unfollowed)?;
            return Ok(walker.heap.possible(&read));
        }
    }
    Err(Unfollowed)
}

/// The walk has come to something that it cannot follow.
struct Unfollowed;

type Walked<T> = Result<T, Unfollowed>;

/// What each variable can be at one point of the template.
type State = Vec<Values>;

struct Walker {
    heap: Heap,
    /// The number of each node that makes something, by its address.
    numbers: HashMap<usize, u32>,
    /// What variables can be where a `#break` leaves the loops around it, innermost last.
    breaks: Vec<State>,
    steps: usize,
}

/// Instead of a call, on the heap: the template itself, and what comes from outside.
const TEMPLATE: usize = 0;
const OUTSIDE: usize = 1;

impl Walker {
    fn step(&mut self) -> Walked<()> {
        self.steps += 1;
        if self.steps > STEPS { Err(Unfollowed) } else { Ok(()) }
    }

    fn number<T>(&mut self, node: &T) -> u32 {
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        *self.numbers.entry(std::ptr::from_ref(node) as usize).or_insert(next)
    }

    fn site<T>(&mut self, node: &T, part: u8) -> Site {
        Site { frame: TEMPLATE, place: self.number(node), part }
    }

    /// `$ctx`: a map that templates can change.
    fn context(&mut self, inputs: &Inputs) -> Values {
        let site = |place, part| Site { frame: OUTSIDE, place, part };
        let stash = Members::of_any_name(&Values::anything());
        let mut members = Members::of_any_name(&Values::anything());
        members.set("env".into(), self.heap.load(&inputs.environment, site(1_000, 0)));
        let arguments = self.heap.load(&inputs.arguments, site(2_000, 0));
        members.set("args".into(), arguments.clone());
        members.set("arguments".into(), arguments);
        members.set("stash".into(), self.heap.make(site(0, 1), stash));
        self.heap.make(site(0, 2), members)
    }

    fn block(&mut self, block: &Block, state: &mut State) -> Walked<Vec<Piece>> {
        let mut pieces = Vec::new();
        for node in block {
            self.node(node, state, &mut pieces)?;
        }
        Ok(pieces)
    }

    fn node(&mut self, node: &Node, state: &mut State, pieces: &mut Vec<Piece>) -> Walked<()> {
        self.step()?;
        match node {
            Node::Text(text) => {
                let number = self.number(node);
                pieces.push(Piece::Text { text: Str::from(&**text), number });
            }
            Node::Reference(reference) => self.print(reference, state, pieces)?,
            Node::Set(set) => self.set(set, state)?,
            Node::If { branches, otherwise } => {
                let mut choices = Vec::new();
                let mut after: Option<State> = None;
                for (condition, block) in branches {
                    self.value(condition, state)?;
                    let mut inside = state.clone();
                    choices.push(self.block(block, &mut inside)?);
                    join(&mut after, inside);
                }
                choices.push(self.block(otherwise, state)?);
                join(&mut after, std::mem::take(state));
                *state = after.unwrap_or_default();
                pieces.push(Piece::Choice(choices));
            }
            Node::Foreach(foreach) => self.foreach(foreach, state, pieces)?,
            Node::Break => {
                if let Some(leaving) = self.breaks.last_mut() {
                    join_into(leaving, state);
                }
                pieces.push(Piece::Break);
            }
            Node::Stop => pieces.push(Piece::Stop),
            Node::Return(value) => {
                if let Some(value) = value {
                    self.value(value, state)?;
                }
                pieces.push(Piece::Return);
            }
            // No macro has the name, so that its source is printed.
            Node::MacroCall(call) => {
                let number = self.number(node);
                pieces.push(Piece::Text { text: call.literal.clone(), number });
            }
            Node::Define { .. } | Node::Evaluate(_) => return Err(Unfollowed),
        }
        Ok(())
    }

    fn foreach(&mut self, foreach: &Foreach, state: &mut State, pieces: &mut Vec<Piece>) -> Walked<()> {
        let source = self.value(&foreach.items, state)?;
        let items = self.items(&source);
        let before = state.clone();
        for _ in 0..ROUNDS {
            let mut inside = state.clone();
            inside[foreach.slot] = items.clone();
            inside[slots::FOREACH] = Atom::Native("foreach").into();
            inside[slots::VELOCITY_COUNT] = Atom::Scalar.into();
            inside[slots::VELOCITY_HAS_NEXT] = Atom::Scalar.into();
            self.breaks.push(inside.clone());
            let body = self.block(&foreach.block, &mut inside);
            let leaving = self.breaks.pop().unwrap_or_default();
            let body = body?;
            join_into(&mut inside, &leaving);
            let so_far = state.clone();
            join_into(state, &inside);
            if *state == so_far {
                for slot in [foreach.slot, slots::FOREACH, slots::VELOCITY_COUNT, slots::VELOCITY_HAS_NEXT] {
                    state[slot] = before[slot].clone();
                }
                pieces.push(Piece::Repeat(body));
                return Ok(());
            }
        }
        Err(Unfollowed)
    }

    /// What `#foreach` goes through.
    fn items(&self, source: &Values) -> Values {
        let mut items = Values::default();
        for atom in source.iter() {
            match atom {
                Atom::Object(id) => items.join(&self.heap.read_all(*id)),
                Atom::Nothing | Atom::Scalar => {}
                _ => items.add(Atom::Anything),
            }
        }
        items
    }

    fn set(&mut self, set: &Set, state: &mut State) -> Walked<()> {
        let values = self.value(&set.value, state)?;
        let target = &set.target;
        let given = values.without(|atom| *atom == Atom::Nothing);
        let Some((last, steps)) = target.steps.split_last() else {
            if !set.is_lost {
                // Nothing happens where the value is null.
                let kept = if values.may_be_nothing() { state[target.slot].clone() } else { Values::default() };
                state[target.slot] = kept.joined(&given);
            }
            return Ok(());
        };
        let mut parent = state[target.slot].clone();
        for step in steps {
            parent = self.follow(&parent, step, state)?;
        }
        let names = match last {
            Step::Property(name) | Step::Method { name, .. } => Values::text(name.clone()),
            Step::Index { index, .. } => self.value(index, state)?,
        };
        self.write(&parent, &names, &given);
        Ok(())
    }

    /// Puts values into maps and lists.
    fn write(&mut self, targets: &Values, names: &Values, values: &Values) {
        for atom in targets.iter() {
            match atom {
                Atom::Object(id) => match names.only_texts() {
                    Some(names) => names.iter().for_each(|name| self.heap.write(*id, name, values)),
                    None if names.iter().all(|name| *name == Atom::Scalar) => self.heap.push(*id, values),
                    None => self.heap.write_any(*id, values),
                },
                // It can be found there again as something from outside.
                _ => self.heap.escape(values),
            }
        }
    }

    fn value(&mut self, expression: &Expression, state: &mut State) -> Walked<Values> {
        self.step()?;
        Ok(match expression {
            Expression::Null => Values::nothing(),
            Expression::Boolean(_) | Expression::Not(_) => {
                if let Expression::Not(operand) = expression {
                    self.value(operand, state)?;
                }
                Atom::Scalar.into()
            }
            Expression::Value(JavaValue::String(text)) => Values::text(text.clone()),
            Expression::Value(value) if value.is_number() => Atom::Scalar.into(),
            Expression::Value(_) => Values::anything(),
            Expression::Interpolated(block) => {
                let pieces = self.block(block, state)?;
                self.text_of(&pieces)
            }
            Expression::Reference(reference) => self.reference(reference, state)?,
            Expression::List(items) => {
                let mut members = Members::default();
                for item in items {
                    members.push(&self.value(item, state)?);
                }
                let site = self.site(expression, 0);
                self.heap.make(site, members)
            }
            Expression::Map(pairs) => {
                let mut members = Members::default();
                for (name, value) in pairs {
                    let (name, value) = (self.value(name, state)?, self.value(value, state)?);
                    members.set_one_of(&name, &value);
                }
                let site = self.site(expression, 0);
                self.heap.make(site, members)
            }
            Expression::Range(bounds) => {
                self.value(&bounds.0, state)?;
                self.value(&bounds.1, state)?;
                let mut members = Members::default();
                members.push(&Atom::Scalar.into());
                let site = self.site(expression, 0);
                self.heap.make(site, members)
            }
            Expression::Binary(binary) => {
                let (left, right) = (self.value(&binary.left, state)?, self.value(&binary.right, state)?);
                match binary.operator {
                    Operator::Plus => sum(&left, &right),
                    // Arithmetic with what is no number gives null.
                    _ => Values::nothing().joined(&Atom::Scalar.into()),
                }
            }
        })
    }

    fn reference(&mut self, reference: &Reference, state: &mut State) -> Walked<Values> {
        let mut values = state[reference.slot].clone();
        for step in &reference.steps {
            values = self.follow(&values, step, state)?;
        }
        Ok(values)
    }

    fn follow(&mut self, values: &Values, step: &Step, state: &mut State) -> Walked<Values> {
        self.step()?;
        match step {
            Step::Property(name) => Ok(self.property(values, name)),
            Step::Method { name, arguments, .. } => {
                let arguments: Vec<Values> =
                    arguments.iter().map(|argument| self.value(argument, state)).collect::<Walked<_>>()?;
                let place = self.number(step);
                self.call(values, name, &arguments, place)
            }
            Step::Index { index, .. } => {
                let names = self.value(index, state)?;
                Ok(self.read_at(values, &names))
            }
        }
    }

    /// `$map[name]`, `$list[0]`
    fn read_at(&self, values: &Values, names: &Values) -> Values {
        let mut found = Values::default();
        for atom in values.iter() {
            match atom {
                Atom::Object(id) => match names.only_texts() {
                    Some(names) => names.iter().for_each(|name| found.join(&self.heap.read(*id, name))),
                    None => found.join(&self.heap.read_all(*id).or_nothing()),
                },
                Atom::Anything => found.add(Atom::Anything),
                _ => found.add(Atom::Nothing),
            }
        }
        found
    }

    /// What a reference prints, one way for each value that it can have.
    fn print(&mut self, reference: &Reference, state: &mut State, pieces: &mut Vec<Piece>) -> Walked<()> {
        let values = self.reference(reference, state)?;
        let number = self.number(reference);
        let text = |text: String| Piece::Text { text: text.into(), number };
        let (escapes, prefix) = (reference.escapes.as_str(), reference.prefix.as_str());
        if reference.is_escaped {
            let backslash = if values.may_be_nothing() { "\\" } else { "" };
            pieces.push(text(format!("{escapes}{backslash}{}", reference.null_text)));
            return Ok(());
        }
        let mut choices = Vec::new();
        for atom in values.iter() {
            let value = match atom {
                Atom::Nothing => {
                    choices.push(vec![text(format!("{escapes}{escapes}{prefix}{}", reference.null_text))]);
                    continue;
                }
                Atom::Text(value) => text(value.to_string()),
                Atom::Scalar => Piece::Scalar,
                Atom::Word => Piece::Word,
                Atom::Escaped => Piece::Escaped,
                Atom::Json(id) => Piece::Json(self.heap.read_all(*id)),
                _ => Piece::Unknown,
            };
            choices.push(vec![text(format!("{escapes}{prefix}")), value]);
        }
        pieces.push(Piece::Choice(choices));
        Ok(())
    }

    /// The text that printed pieces are.
    fn text_of(&mut self, pieces: &[Piece]) -> Values {
        let mut texts = vec![String::new()];
        for piece in pieces {
            let more: Vec<String> = match piece {
                Piece::Text { text, .. } => vec![text.to_string()],
                Piece::Choice(choices) => {
                    let mut all = Values::default();
                    for choice in choices {
                        all.join(&self.text_of(choice));
                    }
                    match all.only_texts() {
                        Some(texts) => texts.iter().map(Str::to_string).collect(),
                        None => return unknown_text(pieces),
                    }
                }
                _ => return unknown_text(pieces),
            };
            texts = texts.iter().flat_map(|text| more.iter().map(move |more| format!("{text}{more}"))).collect();
            if texts.len() > TEXTS {
                return Values::anything();
            }
        }
        texts.into_iter().map(|text| Atom::Text(text.into())).collect()
    }
}

/// A text of pieces that are not all known: harmless where all of them are.
fn unknown_text(pieces: &[Piece]) -> Values {
    fn is_harmless(piece: &Piece) -> bool {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || "-_.:+".contains(c);
        match piece {
            Piece::Text { text, .. } => text.chars().all(is_letter),
            Piece::Word | Piece::Scalar => true,
            Piece::Choice(choices) => choices.iter().flatten().all(is_harmless),
            Piece::Repeat(body) => body.iter().all(is_harmless),
            Piece::Break | Piece::Stop | Piece::Return => true,
            Piece::Escaped | Piece::Json(_) | Piece::Unknown => false,
        }
    }
    if pieces.iter().all(is_harmless) { Atom::Word.into() } else { Values::anything() }
}

/// `left + right`: texts are joined, null prints its source.
fn sum(left: &Values, right: &Values) -> Values {
    let mut result = Values::default();
    for left in left.iter() {
        for right in right.iter() {
            result.add(match (left, right) {
                (Atom::Text(left), Atom::Text(right)) => Atom::Text(format!("{left}{right}").into()),
                (Atom::Scalar, Atom::Scalar) => Atom::Scalar,
                (Atom::Nothing | Atom::Scalar, Atom::Nothing | Atom::Scalar) => Atom::Nothing,
                _ => Atom::Anything,
            });
        }
    }
    result
}

fn join(all: &mut Option<State>, state: State) {
    match all {
        Some(all) => join_into(all, &state),
        None => *all = Some(state),
    }
}

fn join_into(state: &mut State, other: &State) {
    state.iter_mut().zip(other).for_each(|(values, other)| values.join(other));
}
