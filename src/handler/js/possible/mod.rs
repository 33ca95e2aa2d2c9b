//! What `request` of a script can return, found by walking through its code with sets of values (see
//! [`crate::handler::possible`]).
//!
//! Each call of a function is walked through on its own, told apart by the calls that lead to it, so that a helper which
//! takes a table's name is understood at each of its uses. Code is walked through again until no set grows any more.
//!
//! `statements` and `expressions` follow the language, `methods` what lists and texts can do, `natives` what AppSync's
//! library and the language's built-ins do. Code that they do not know may do anything with what it is given; where even
//! that cannot be said (classes, `this`, accessors), the walk ends and the answer is anything.

mod expressions;
mod methods;
mod natives;
mod statements;

use std::collections::HashMap;
use std::sync::Arc;

use oxc_allocator::Allocator;
use oxc_ast::ast::*;
use oxc_parser::Parser;
use oxc_semantic::{Scoping, SemanticBuilder};
use oxc_span::SourceType;
use oxc_syntax::scope::ScopeId;
use oxc_syntax::symbol::SymbolId;

use super::source::{Exported, Reached, Target, reach};
use super::{Dialect, stack};
use crate::error::SourceFile;
use crate::handler::possible::heap::{Heap, Members, Site};
use crate::handler::possible::values::{Atom, Values};
use crate::handler::possible::{Inputs, Possible};
use crate::limits::Limits;
use crate::value::Str;

/// Expressions and statements walked through for one handler. Ours: ordinary handlers take hundreds.
const STEPS: usize = 400_000;

/// Calls inside of one another. Ours.
const CALLS: usize = 48;

/// Rounds until nothing new may be found. Ours: each carries a value one assignment against the order of the text further.
const ROUNDS: usize = 60;

/// What the handler at `entry` can return for its data source. A handler without `request` asks with an empty document.
pub fn possible_request(
    files: &[Arc<SourceFile>],
    entry: &str,
    dialect: Dialect,
    inputs: &Inputs,
    limits: &Limits,
) -> Possible {
    let walk = || -> Option<Possible> {
        let reached = reach(files, entry, dialect, limits)?;
        walk_through(reached, dialect, inputs)
    };
    // Trees may nest as deep as the compiler takes them.
    stack::with_large_stack(walk).ok().flatten().unwrap_or_else(Possible::anything)
}

/// The paths of the files that the handler at `entry` consists of, itself included.
pub(crate) fn files_of(files: &[Arc<SourceFile>], entry: &str, dialect: Dialect, limits: &Limits) -> Vec<Str> {
    let reached = stack::with_large_stack(|| reach(files, entry, dialect, limits)).ok().flatten();
    reached.into_iter().flatten().map(|reached| reached.file.path.clone()).collect()
}

fn walk_through(reached: Vec<Reached>, dialect: Dialect, inputs: &Inputs) -> Option<Possible> {
    if !reached[0].exports.contains_key("request") && reached[0].star_exports.is_empty() {
        return Some(Possible::empty_object());
    }
    let allocator = Allocator::default();
    let sources: Vec<Arc<SourceFile>> = reached.iter().map(|reached| reached.file.clone()).collect();
    let programs: Vec<Program> = sources
        .iter()
        .map(|file| {
            let is_typescript = file.path.ends_with(".ts") || file.path.ends_with(".mts");
            let source_type = if is_typescript { SourceType::ts() } else { SourceType::mjs() };
            Parser::new(&allocator, &file.text, source_type).parse().program
        })
        .collect();
    let mut walker = Walker::new(reached, &programs, dialect);
    let context = walker.context(inputs);
    let mut returned = Values::default();
    for _ in 0..ROUNDS {
        let found = walker.round(&context).ok()?;
        walker.heap.grow(&mut returned, &found);
        walker.heap.settle();
        if !walker.heap.has_changed() {
            return Some(walker.heap.possible(&returned));
        }
    }
    None
}

/// The walk has come to code that it cannot follow.
struct Unfollowed;

type Walked<T> = Result<T, Unfollowed>;

type FrameId = usize;

/// Instead of a call: what comes from outside.
const OUTSIDE: FrameId = FrameId::MAX;

struct Module<'a> {
    program: &'a Program<'a>,
    scoping: Scoping,
    imported: HashMap<SymbolId, (Target, Option<String>)>,
    exports: std::collections::BTreeMap<String, Exported>,
    star_exports: Vec<Target>,
    frame: FrameId,
    /// What `export default` of an expression gives.
    default_export: Values,
}

/// The variables of one call, or of a module.
struct Frame {
    module: usize,
    /// Around it.
    parent: Option<FrameId>,
    scope: ScopeId,
    variables: HashMap<SymbolId, Values>,
    returns: Values,
}

#[derive(Clone, Copy)]
enum Code<'a> {
    Function(&'a Function<'a>),
    Arrow(&'a ArrowFunctionExpression<'a>),
}

/// A function with the variables around it.
#[derive(Clone, Copy)]
struct Closure<'a> {
    code: Code<'a>,
    module: usize,
    frame: FrameId,
}

impl Closure<'_> {
    /// Where its text begins, which tells functions of a module apart.
    fn place(&self) -> u32 {
        match self.code {
            Code::Function(function) => function.span.start,
            Code::Arrow(function) => function.span.start,
        }
    }
}

/// Where a call stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct CallSite {
    frame: FrameId,
    place: u32,
}

/// Calls by code that is not followed.
const FROM_OUTSIDE: CallSite = CallSite { frame: OUTSIDE, place: u32::MAX };

struct Walker<'a> {
    modules: Vec<Module<'a>>,
    heap: Heap,
    frames: Vec<Frame>,
    calls: HashMap<(usize, CallSite), FrameId>,
    closures: Vec<Closure<'a>>,
    closure_numbers: HashMap<(usize, u32, FrameId), usize>,
    /// Functions being called, each by the one before it, with the variables of the call.
    active: Vec<((usize, u32), FrameId)>,
    steps: usize,
    is_appsync: bool,
}

impl<'a> Walker<'a> {
    fn new(reached: Vec<Reached>, programs: &'a [Program<'a>], dialect: Dialect) -> Walker<'a> {
        let mut frames = Vec::new();
        let modules = reached.into_iter().zip(programs).enumerate().map(|(number, (reached, program))| {
            let scoping = SemanticBuilder::new().build(program).semantic.into_scoping();
            let scope = scoping.root_scope_id();
            frames.push(Frame {
                module: number,
                parent: None,
                scope,
                variables: HashMap::new(),
                returns: Values::default(),
            });
            let binding = |name: &str| scoping.get_root_binding(name.into());
            let imported =
                reached.imported.into_iter().filter_map(|(name, target)| Some((binding(&name)?, target))).collect();
            Module {
                program,
                imported,
                exports: reached.exports,
                star_exports: reached.star_exports,
                frame: frames.len() - 1,
                default_export: Values::default(),
                scoping,
            }
        });
        let modules = modules.collect();
        Walker {
            modules,
            heap: Heap::default(),
            frames,
            calls: HashMap::new(),
            closures: Vec::new(),
            closure_numbers: HashMap::new(),
            active: Vec::new(),
            steps: 0,
            is_appsync: dialect == Dialect::AppSync,
        }
    }

    /// `ctx`: environment and arguments are known as far as they are, everything else comes from outside.
    fn context(&mut self, inputs: &Inputs) -> Values {
        let site = |part| Site { frame: OUTSIDE, place: 0, part };
        let stash = Members::of_any_name(&Values::anything());
        let mut members = Members::of_any_name(&Values::anything());
        members.set("env".into(), self.heap.load(&inputs.environment, Site { place: 1_000, ..site(0) }));
        let arguments = self.heap.load(&inputs.arguments, Site { place: 2_000, ..site(0) });
        members.set("args".into(), arguments.clone());
        members.set("arguments".into(), arguments);
        members.set("stash".into(), self.heap.make(site(1), stash));
        self.heap.make(site(2), members)
    }

    /// Walks through all modules and the handler once.
    fn round(&mut self, context: &Values) -> Walked<Values> {
        for number in (0..self.modules.len()).rev() {
            let Module { program, frame, .. } = self.modules[number];
            for statement in &program.body {
                self.statement(frame, statement)?;
            }
        }
        let handler = self.export(0, "request", 0)?;
        let returned = self.call(&handler, std::slice::from_ref(context), CallSite { frame: 0, place: 0 })?;
        for number in self.heap.escaped_functions() {
            let found = self.call_closure(number, None, FROM_OUTSIDE)?;
            self.heap.escape(&found);
        }
        Ok(returned)
    }

    fn step(&mut self) -> Walked<()> {
        self.steps += 1;
        if self.steps > STEPS { Err(Unfollowed) } else { Ok(()) }
    }

    /// What a module exports under a name. `depth` ends re-exports in a circle.
    fn export(&mut self, module: usize, name: &str, depth: usize) -> Walked<Values> {
        if depth > self.modules.len() {
            return Ok(Values::default());
        }
        match self.modules[module].exports.get(name).cloned() {
            Some(Exported::Local(local)) if local == "$$default" => Ok(self.modules[module].default_export.clone()),
            Some(Exported::Local(local)) => {
                let Module { scoping, frame, .. } = &self.modules[module];
                let (symbol, frame) = (scoping.get_root_binding(local.as_str().into()), *frame);
                match symbol {
                    Some(symbol) => self.variable(frame, symbol, depth + 1),
                    None => Err(Unfollowed),
                }
            }
            Some(Exported::From(target, name)) => self.exported_by(target, name.as_deref(), depth + 1),
            None => {
                let mut found = Values::default();
                for target in self.modules[module].star_exports.clone() {
                    found.join(&self.exported_by(target, Some(name), depth + 1)?);
                }
                Ok(found)
            }
        }
    }

    fn exported_by(&mut self, target: Target, name: Option<&str>, depth: usize) -> Walked<Values> {
        match (target, name) {
            (Target::Library(library), Some(name)) => Ok(natives::member(library, name)),
            (Target::Library(library), None) => Ok(Atom::Native(library).into()),
            (Target::File(number), Some(name)) => self.export(number, name, depth),
            (Target::File(number), None) => Ok(Atom::Module(number).into()),
        }
    }

    /// What a variable can be, as code in `frame` sees it.
    fn variable(&mut self, frame: FrameId, symbol: SymbolId, depth: usize) -> Walked<Values> {
        let module = self.frames[frame].module;
        if let Some((target, name)) = self.modules[module].imported.get(&symbol).cloned() {
            return self.exported_by(target, name.as_deref(), depth);
        }
        let home = self.home(frame, symbol)?;
        Ok(self.frames[home].variables.get(&symbol).cloned().unwrap_or_default())
    }

    fn assign(&mut self, frame: FrameId, symbol: SymbolId, values: &Values) -> Walked<()> {
        let home = self.home(frame, symbol)?;
        let variable = self.frames[home].variables.entry(symbol).or_default();
        self.heap.grow(variable, values);
        Ok(())
    }

    /// The call, or the module, that a variable belongs to.
    fn home(&self, frame: FrameId, symbol: SymbolId) -> Walked<FrameId> {
        let scoping = &self.modules[self.frames[frame].module].scoping;
        let mut scopes = scoping.scope_ancestors(scoping.symbol_scope_id(symbol));
        let root = scoping.root_scope_id();
        let owner = scopes.find(|scope| *scope == root || scoping.scope_flags(*scope).is_function());
        let mut at = Some(frame);
        while let Some(frame) = at {
            if owner == Some(self.frames[frame].scope) {
                return Ok(frame);
            }
            at = self.frames[frame].parent;
        }
        Err(Unfollowed)
    }

    fn function(&mut self, frame: FrameId, code: Code<'a>) -> Values {
        let closure = Closure { code, module: self.frames[frame].module, frame };
        let next = self.closures.len();
        let number = *self.closure_numbers.entry((closure.module, closure.place(), frame)).or_insert(next);
        if number == next {
            self.closures.push(closure);
        }
        Atom::Function(number).into()
    }

    /// Calls whatever `callee` can be.
    fn call(&mut self, callee: &Values, arguments: &[Values], site: CallSite) -> Walked<Values> {
        let mut returned = Values::default();
        for atom in callee.iter() {
            match atom {
                Atom::Function(number) => returned.join(&self.call_closure(*number, Some(arguments), site)?),
                Atom::Native(path) => returned.join(&self.call_native(path, arguments, site)?),
                Atom::Anything | Atom::Object(_) | Atom::Module(_) => {
                    arguments.iter().for_each(|argument| self.heap.escape(argument));
                    returned.add(Atom::Anything);
                }
                // No function: the code fails here.
                Atom::Nothing | Atom::Scalar | Atom::Word | Atom::Escaped | Atom::Text(_) | Atom::Json(_) => {}
            }
        }
        Ok(returned)
    }

    /// Calls a function of the program; without arguments with anything.
    fn call_closure(&mut self, number: usize, arguments: Option<&[Values]>, site: CallSite) -> Walked<Values> {
        self.step()?;
        let closure = self.closures[number];
        let identity = (closure.module, closure.place());
        let running = self.active.iter().find(|(active, _)| *active == identity).map(|(_, frame)| *frame);
        let frame = match running {
            // Recursion: one set of variables for all levels.
            Some(frame) => frame,
            None => self.frame_of_call(number, site)?,
        };
        let (parameters, scope_owner) = match closure.code {
            Code::Function(function) => (&*function.params, Some(function)),
            Code::Arrow(function) => (&*function.params, None),
        };
        if let Some(function) = scope_owner {
            if function.generator || function.r#async {
                return Err(Unfollowed);
            }
            if let Some(id) = function.id.as_ref().and_then(|id| id.symbol_id.get())
                && function.r#type == FunctionType::FunctionExpression
            {
                self.assign(frame, id, &Atom::Function(number).into())?;
            }
        }
        self.bind_parameters(frame, parameters, arguments)?;
        if running.is_some() {
            return Ok(self.frames[frame].returns.clone());
        }
        if self.active.len() >= CALLS {
            return Err(Unfollowed);
        }
        self.active.push((identity, frame));
        let walked = self.body(frame, closure.code);
        self.active.pop();
        walked?;
        Ok(self.frames[frame].returns.clone())
    }

    fn frame_of_call(&mut self, number: usize, site: CallSite) -> Walked<FrameId> {
        if let Some(frame) = self.calls.get(&(number, site)) {
            return Ok(*frame);
        }
        let closure = self.closures[number];
        let scope = match closure.code {
            Code::Function(function) => function.scope_id.get(),
            Code::Arrow(function) => function.scope_id.get(),
        };
        let frame = Frame {
            module: closure.module,
            parent: Some(closure.frame),
            scope: scope.ok_or(Unfollowed)?,
            variables: HashMap::new(),
            returns: Values::default(),
        };
        self.frames.push(frame);
        self.calls.insert((number, site), self.frames.len() - 1);
        self.heap.note_change();
        Ok(self.frames.len() - 1)
    }

    fn body(&mut self, frame: FrameId, code: Code<'a>) -> Walked<()> {
        match code {
            Code::Function(function) => {
                let Some(body) = &function.body else { return Err(Unfollowed) };
                self.function_body(frame, body)
            }
            Code::Arrow(function) => match &function.body {
                ArrowFunctionBody::FunctionBody(body) => self.function_body(frame, body),
                body => {
                    let expression = body.as_expression().ok_or(Unfollowed)?;
                    let values = self.expression(frame, expression)?;
                    self.returns(frame, &values);
                    Ok(())
                }
            },
        }
    }

    fn function_body(&mut self, frame: FrameId, body: &'a FunctionBody<'a>) -> Walked<()> {
        if !statements::always_returns(&body.statements) {
            self.returns(frame, &Values::nothing());
        }
        body.statements.iter().try_for_each(|statement| self.statement(frame, statement))
    }

    fn returns(&mut self, frame: FrameId, values: &Values) {
        self.heap.grow(&mut self.frames[frame].returns, values);
    }

    fn site(&self, frame: FrameId, place: u32, part: u8) -> Site {
        Site { frame, place, part }
    }
}

#[cfg(test)]
mod tests;
