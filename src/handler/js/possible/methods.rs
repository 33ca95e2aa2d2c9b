//! Methods: of lists that the program makes, and of values from outside.

use super::{CallSite, Walked, Walker};
use crate::handler::possible::heap::Site;
use crate::handler::possible::values::{Atom, ObjectId, Values};

/// Methods that any object or list has. Taken along without being called, they are functions that are not followed.
const METHODS: &[&str] = &[
    "apply",
    "at",
    "bind",
    "call",
    "concat",
    "copyWithin",
    "entries",
    "every",
    "fill",
    "filter",
    "find",
    "findIndex",
    "findLast",
    "findLastIndex",
    "flat",
    "flatMap",
    "forEach",
    "hasOwnProperty",
    "includes",
    "indexOf",
    "isPrototypeOf",
    "join",
    "keys",
    "lastIndexOf",
    "map",
    "pop",
    "propertyIsEnumerable",
    "push",
    "reduce",
    "reduceRight",
    "reverse",
    "shift",
    "slice",
    "some",
    "sort",
    "splice",
    "toLocaleString",
    "toReversed",
    "toSorted",
    "toSpliced",
    "toString",
    "unshift",
    "valueOf",
    "values",
    "with",
];

/// Whether objects have a method of that name without anybody writing it.
pub(super) fn exists(name: &str) -> bool {
    METHODS.contains(&name)
}

impl Walker<'_> {
    /// `receiver.name(…)`
    pub(super) fn call_method(
        &mut self,
        receivers: &Values,
        name: &str,
        arguments: &[Values],
        site: CallSite,
    ) -> Walked<Values> {
        let mut returned = Values::default();
        for atom in receivers.iter() {
            let found = match atom {
                Atom::Object(id) => {
                    let own = self.heap.read(*id, name);
                    let mut found = self.call(&own, arguments, site)?;
                    if !self.heap.may_have(*id, name) {
                        found.join(&self.call_list_method(*id, name, arguments, site)?);
                    }
                    found
                }
                Atom::Native(_) | Atom::Module(_) => {
                    let callee = self.member(&Values::from(atom.clone()), name)?;
                    self.call(&callee, arguments, site)?
                }
                Atom::Nothing
                | Atom::Scalar
                | Atom::Text(_)
                | Atom::Word
                | Atom::Escaped
                | Atom::Json(_)
                | Atom::Anything => self.call_outside(name, arguments, site)?,
                // `call`, `apply`, `bind`
                Atom::Function(_) => {
                    self.heap.escape(&Values::from(atom.clone()));
                    arguments.iter().for_each(|argument| self.heap.escape(argument));
                    Values::anything()
                }
            };
            returned.join(&found);
        }
        Ok(returned)
    }

    fn call_list_method(&mut self, list: ObjectId, name: &str, arguments: &[Values], site: CallSite) -> Walked<Values> {
        let items = self.heap.read_all(list);
        let itself = Values::from(Atom::Object(list));
        let new_list = |walker: &mut Self, items: &Values| walker.list_of(site.frame, site.place, 1, items);
        let first = arguments.first().cloned().unwrap_or_default();
        match name {
            "map" | "flatMap" | "filter" | "find" | "findLast" | "forEach" | "some" | "every" | "findIndex"
            | "findLastIndex" => {
                let results = self.call(&first, &[items.clone(), Atom::Scalar.into(), itself], site)?;
                Ok(match name {
                    "map" => new_list(self, &results),
                    "flatMap" => {
                        let inner = self.items(&results).joined(&without_lists(&results));
                        new_list(self, &inner)
                    }
                    "filter" => new_list(self, &items),
                    "find" | "findLast" => items.or_nothing(),
                    "forEach" => Values::nothing(),
                    _ => Atom::Scalar.into(),
                })
            }
            "reduce" | "reduceRight" => self.reduce(&items, Some(&itself), arguments, site),
            "sort" | "toSorted" => {
                self.call(&first, &[items.clone(), items.clone()], site)?;
                Ok(if name == "sort" { itself } else { new_list(self, &items) })
            }
            "reverse" | "copyWithin" => Ok(itself),
            "slice" | "toReversed" | "values" => Ok(new_list(self, &items)),
            "concat" | "with" | "toSpliced" => {
                let added = arguments.iter().fold(items, |all, argument| {
                    let inner = self.items(argument);
                    all.joined(argument).joined(&inner)
                });
                Ok(new_list(self, &added))
            }
            "flat" => {
                let inner = self.items(&items);
                let deeper = self.items(&inner);
                Ok(new_list(self, &items.joined(&inner).joined(&deeper).joined(&Values::anything())))
            }
            "push" | "unshift" => {
                arguments.iter().for_each(|argument| self.heap.push(list, argument));
                Ok(Atom::Scalar.into())
            }
            "splice" => {
                arguments.iter().skip(2).for_each(|argument| self.heap.push(list, argument));
                Ok(new_list(self, &items))
            }
            "fill" => {
                self.heap.push(list, &first);
                Ok(itself)
            }
            "pop" | "shift" | "at" => Ok(items.or_nothing()),
            "includes" | "indexOf" | "lastIndexOf" | "hasOwnProperty" | "propertyIsEnumerable" => {
                Ok(Atom::Scalar.into())
            }
            "keys" => Ok(Values::anything()),
            "entries" => {
                let pair = self.list_of(site.frame, site.place, 2, &items.joined(&Atom::Scalar.into()));
                Ok(new_list(self, &pair))
            }
            "join" | "toString" | "toLocaleString" => Ok(Values::anything()),
            // Not a method that is known: it may do anything with what it gets.
            _ => {
                self.heap.escape(&itself);
                arguments.iter().for_each(|argument| self.heap.escape(argument));
                Ok(Values::anything())
            }
        }
    }

    /// `reduce`: what one round gives is what the next one begins with.
    fn reduce(
        &mut self,
        items: &Values,
        list: Option<&Values>,
        arguments: &[Values],
        site: CallSite,
    ) -> Walked<Values> {
        let cell = self.heap.at(Site { frame: site.frame, place: site.place, part: 3 });
        let start = arguments.get(1).cloned().unwrap_or_else(|| items.clone());
        self.heap.push(cell, &start);
        let so_far = self.heap.read_all(cell);
        let callback = arguments.first().cloned().unwrap_or_default();
        let list = list.cloned().unwrap_or_else(Values::anything);
        let result = self.call(&callback, &[so_far, items.clone(), Atom::Scalar.into(), list], site)?;
        self.heap.push(cell, &result);
        Ok(self.heap.read_all(cell))
    }

    /// A method of a value that is not one of the program's objects: a text, a list of arguments.
    fn call_outside(&mut self, name: &str, arguments: &[Values], site: CallSite) -> Walked<Values> {
        let anything = Values::anything;
        match name {
            "map" | "flatMap" => {
                let callback = arguments.first().cloned().unwrap_or_default();
                let results = self.call(&callback, &[anything(), Atom::Scalar.into(), anything()], site)?;
                let results = match name {
                    "map" => results,
                    _ => self.items(&results).joined(&without_lists(&results)),
                };
                Ok(self.list_of(site.frame, site.place, 1, &results))
            }
            "filter" | "find" | "findLast" | "forEach" | "some" | "every" | "findIndex" | "findLastIndex" => {
                let callback = arguments.first().cloned().unwrap_or_default();
                self.call(&callback, &[anything(), Atom::Scalar.into(), anything()], site)?;
                Ok(match name {
                    "filter" | "find" | "findLast" => anything(),
                    "forEach" => Values::nothing(),
                    _ => Atom::Scalar.into(),
                })
            }
            "reduce" | "reduceRight" => self.reduce(&anything(), None, arguments, site),
            "concat" => {
                let items = arguments.iter().fold(anything(), |all, argument| {
                    let inner = self.items(argument);
                    all.joined(argument).joined(&inner)
                });
                // Of a text it makes a text.
                Ok(self.list_of(site.frame, site.place, 1, &items).joined(&anything()))
            }
            "includes" | "indexOf" | "lastIndexOf" | "startsWith" | "endsWith" | "hasOwnProperty" | "localeCompare"
            | "charCodeAt" | "codePointAt" => Ok(Atom::Scalar.into()),
            _ => {
                arguments.iter().for_each(|argument| self.heap.escape(argument));
                Ok(anything())
            }
        }
    }
}

/// What `flatMap` takes as an item itself: everything but lists, which cannot be told from other objects here.
fn without_lists(values: &Values) -> Values {
    values.clone()
}
