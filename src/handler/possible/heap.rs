//! The objects that a program makes: one for each place that makes objects, which stands for all that are made there.
//!
//! Nothing is ever taken out of a set, so that walking through a program again and again comes to an end
//! ([`Heap::has_changed`]).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::handler::possible::values::{Atom, ObjectId, Values};
use crate::handler::possible::{Possible, PossibleObject};
use crate::value::Str;

/// How deep a document is looked into. Ours: what decides about a call lies four levels deep.
const LEVELS: usize = 6;

/// Objects that are looked into for one document. Ours: objects that contain one another have endless many places.
const LOOKS: usize = 2_000;

/// The members of an object, or the items of a list, that one place of a program makes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::handler) struct Members {
    named: BTreeMap<Str, Values>,
    /// Of members whose names are not known.
    others: Values,
    items: Values,
}

impl Members {
    /// A list of such items.
    pub fn list(items: &Values) -> Members {
        Members { items: items.clone(), ..Members::default() }
    }

    /// An object whose members can be such values under any name.
    pub fn of_any_name(values: &Values) -> Members {
        Members { others: values.clone(), ..Members::default() }
    }

    /// Sets a member in the order of the text: it stands in the place of one that was there before.
    pub fn set(&mut self, name: Str, values: Values) {
        self.named.insert(name, values);
    }

    /// A member whose name is one of those that `names` can be.
    pub fn set_one_of(&mut self, names: &Values, values: &Values) {
        match names.only_texts().as_deref() {
            Some([name]) => self.set(name.clone(), values.clone()),
            Some(names) => names.iter().for_each(|name| self.write(name, values)),
            None => self.write_any(values),
        }
    }

    pub fn push(&mut self, values: &Values) {
        self.items.join(values);
    }

    fn read(&self, name: &str) -> Values {
        let member = self.named.get(name).cloned().unwrap_or_else(|| self.others.clone().or_nothing());
        let is_index = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        if is_index { member.joined(&self.items) } else { member }
    }

    /// A member that may have been set: it keeps what it was, too.
    fn write(&mut self, name: &str, values: &Values) {
        let before = self.read(name);
        self.named.insert(name.into(), before.joined(values));
    }

    /// A member of any name, or an item.
    fn write_any(&mut self, values: &Values) {
        self.named.values_mut().for_each(|member| member.join(values));
        self.others.join(values);
        self.items.join(values);
    }

    fn all(&self) -> Values {
        self.named.values().fold(self.others.clone().joined(&self.items), |all, member| all.joined(member))
    }

    /// What may be there where it is one of two.
    fn join(&mut self, other: &Members) {
        let names: BTreeSet<Str> = self.named.keys().chain(other.named.keys()).cloned().collect();
        let named = names.into_iter().map(|name| {
            let joined = self.read(&name).joined(&other.read(&name));
            (name, joined)
        });
        self.named = named.collect();
        self.others.join(&other.others);
        self.items.join(&other.items);
    }
}

#[derive(Debug, Default)]
struct Object {
    members: Option<Members>,
    /// Whether code that is not followed has it, and may have changed it.
    has_escaped: bool,
}

/// Where an object is made: in whose run of which place, and which one of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::handler) struct Site {
    /// The call of a function in which it is made, or the module.
    pub frame: usize,
    /// Bytes into the text.
    pub place: u32,
    pub part: u8,
}

#[derive(Debug, Default)]
pub(in crate::handler) struct Heap {
    objects: Vec<Object>,
    by_site: HashMap<Site, ObjectId>,
    /// Functions that code has which is not followed: it may call them with anything.
    escaped_functions: BTreeSet<usize>,
    has_changed: bool,
}

impl Heap {
    /// Whether anything was added since this was last asked.
    pub fn has_changed(&mut self) -> bool {
        std::mem::take(&mut self.has_changed)
    }

    pub fn note_change(&mut self) {
        self.has_changed = true;
    }

    /// Adds to a set, and notes whether it grew.
    pub fn grow(&mut self, set: &mut Values, more: &Values) {
        let before = set.len();
        let had_anything = set.may_be_anything();
        set.join(more);
        self.has_changed |= set.len() != before || set.may_be_anything() != had_anything;
    }

    /// The object that is made at a place, with at least these members.
    pub fn make(&mut self, site: Site, members: Members) -> Values {
        let id = self.at(site);
        let object = &mut self.objects[id];
        match &mut object.members {
            None => {
                object.members = Some(members);
                self.has_changed = true;
            }
            Some(known) => {
                let before = known.clone();
                known.join(&members);
                self.has_changed |= before != *known;
            }
        }
        Atom::Object(id).into()
    }

    /// An object of the same place that is asked for before anybody has made it: a cell of an interpreter.
    pub fn at(&mut self, site: Site) -> ObjectId {
        let next = self.objects.len();
        let id = *self.by_site.entry(site).or_insert(next);
        if id == next {
            self.objects.push(Object::default());
        }
        id
    }

    /// The JSON text of a value.
    pub fn json_of(&mut self, site: Site, values: &Values) -> Values {
        let made = self.make(site, Members::list(values));
        made.objects().map(Atom::Json).collect()
    }

    pub fn members(&self, id: ObjectId) -> Members {
        self.objects[id].members.clone().unwrap_or_default()
    }

    pub fn read(&self, id: ObjectId, name: &str) -> Values {
        let object = &self.objects[id];
        let Some(members) = &object.members else { return Values::default() };
        let values = members.read(name);
        if object.has_escaped { values.joined(&Values::anything()) } else { values }
    }

    /// Whether the object has a member of that name, or may have one of any name.
    pub fn may_have(&self, id: ObjectId, name: &str) -> bool {
        let object = &self.objects[id];
        object.has_escaped || object.members.as_ref().is_some_and(|members| members.named.contains_key(name))
    }

    /// Every member and item.
    pub fn read_all(&self, id: ObjectId) -> Values {
        let object = &self.objects[id];
        let values = object.members.as_ref().map(Members::all).unwrap_or_default();
        if object.has_escaped { values.joined(&Values::anything()) } else { values }
    }

    pub fn write(&mut self, id: ObjectId, name: &str, values: &Values) {
        self.change(id, |members| members.write(name, values));
    }

    pub fn push(&mut self, id: ObjectId, values: &Values) {
        self.change(id, |members| members.push(values));
    }

    /// Writes a member of any name, or an item.
    pub fn write_any(&mut self, id: ObjectId, values: &Values) {
        self.change(id, |members| members.write_any(values));
    }

    /// An object of another place with members of the same names, whose values are not known.
    pub fn make_with_names_of(&mut self, site: Site, objects: &Values) -> Values {
        let mut made = Values::default();
        for atom in objects.iter() {
            let Atom::Object(id) = atom else {
                made.add(atom.clone());
                continue;
            };
            let object = &self.objects[*id];
            let mut members = object.members.clone().unwrap_or_default();
            let is_open = object.has_escaped || !members.others.is_empty();
            members.named.values_mut().for_each(|values| values.add(Atom::Anything));
            if is_open {
                members.others.add(Atom::Anything);
            }
            made.join(&self.make(site, members));
        }
        made
    }

    /// Adds what an object may have become.
    pub fn merge(&mut self, id: ObjectId, members: Members) {
        self.change(id, |known| known.join(&members));
    }

    fn change(&mut self, id: ObjectId, change: impl FnOnce(&mut Members)) {
        let members = self.objects[id].members.get_or_insert_default();
        let before = members.clone();
        change(members);
        self.has_changed |= before != *members;
    }

    /// Takes the members of `values` over, as `...values` in an object does.
    pub fn spread(&self, into: &mut Members, values: &Values) {
        let before = into.clone();
        let mut results: Vec<Members> = Vec::new();
        for atom in values.iter() {
            let mut result = before.clone();
            match atom {
                Atom::Object(id) => {
                    let object = &self.objects[*id];
                    let members = object.members.clone().unwrap_or_default();
                    // What it has under other names than those known may stand for any that is there already.
                    let is_other = |name: &Str| !members.named.contains_key(name);
                    let overwritten = result.named.iter_mut().filter(|(name, _)| is_other(name));
                    overwritten.for_each(|(_, values)| values.join(&members.others));
                    result.others.join(&members.others);
                    for (name, values) in &members.named {
                        if values.may_be_nothing() {
                            // It may not be there at all.
                            result.write(name, values);
                        } else {
                            result.set(name.clone(), values.clone());
                        }
                    }
                    result.push(&members.items);
                    if object.has_escaped {
                        result.write_any(&Values::anything());
                    }
                }
                Atom::Anything => result.write_any(&Values::anything()),
                Atom::Text(_) | Atom::Word | Atom::Escaped | Atom::Json(_) => result.write_any(&Atom::Word.into()),
                Atom::Module(_) => result.write_any(&Values::anything()),
                Atom::Nothing | Atom::Scalar | Atom::Function(_) | Atom::Native(_) => {}
            }
            results.push(result);
        }
        let mut results = results.into_iter();
        if let Some(first) = results.next() {
            *into = results.fold(first, |mut all, result| {
                all.join(&result);
                all
            });
        }
    }

    /// Hands a value to code that is not followed.
    pub fn escape(&mut self, values: &Values) {
        let mut rest: Vec<Atom> = values.iter().cloned().collect();
        while let Some(atom) = rest.pop() {
            match atom {
                Atom::Object(id) | Atom::Json(id) if !self.objects[id].has_escaped => {
                    self.objects[id].has_escaped = true;
                    self.has_changed = true;
                    let members = self.objects[id].members.as_ref().map(Members::all).unwrap_or_default();
                    rest.extend(members.iter().cloned());
                }
                Atom::Function(number) => self.has_changed |= self.escaped_functions.insert(number),
                _ => {}
            }
        }
    }

    /// What was put into objects that have escaped has escaped, too.
    pub fn settle(&mut self) {
        for id in 0..self.objects.len() {
            if self.objects[id].has_escaped {
                let members = self.objects[id].members.as_ref().map(Members::all).unwrap_or_default();
                self.escape(&members);
            }
        }
    }

    pub fn escaped_functions(&self) -> Vec<usize> {
        self.escaped_functions.iter().copied().collect()
    }

    /// What comes from outside and is known as far as `possible` says; `site` stands for it.
    pub fn load(&mut self, possible: &Possible, site: Site) -> Values {
        let mut next = site.place;
        self.load_below(possible, site.frame, &mut next)
    }

    fn load_below(&mut self, possible: &Possible, frame: usize, next: &mut u32) -> Values {
        let mut values: Values = possible.texts.iter().cloned().map(Atom::Text).collect();
        if possible.anything {
            values.add(Atom::Anything);
        }
        if possible.nothing {
            values.add(Atom::Nothing);
        }
        if possible.scalar {
            values.add(Atom::Scalar);
        }
        for object in &possible.objects {
            let mut members = Members::default();
            *next += 1;
            let site = Site { frame, place: *next, part: 0 };
            for (name, member) in &object.members {
                let member = self.load_below(member, frame, next);
                members.set(name.clone(), member);
            }
            if let Some(others) = &object.others {
                members.others = self.load_below(others, frame, next);
            }
            if let Some(items) = &object.items {
                members.items = self.load_below(items, frame, next);
            }
            values.join(&self.make(site, members));
        }
        values
    }

    /// What a set stands for, as others may look at it.
    pub fn possible(&self, values: &Values) -> Possible {
        Look { heap: self, left: LOOKS }.at(values, LEVELS)
    }
}

/// Turns what is found into a tree.
struct Look<'h> {
    heap: &'h Heap,
    /// Objects that may still be looked into; the others can be anything.
    left: usize,
}

impl Look<'_> {
    fn at(&mut self, values: &Values, levels: usize) -> Possible {
        let mut possible = Possible::default();
        for atom in values.iter() {
            match atom {
                Atom::Anything | Atom::Word | Atom::Escaped => possible.anything = true,
                Atom::Scalar => possible.scalar = true,
                Atom::Nothing | Atom::Function(_) | Atom::Native(_) | Atom::Module(_) => possible.nothing = true,
                Atom::Text(text) => {
                    possible.texts.insert(text.clone());
                }
                Atom::Object(_) | Atom::Json(_) if levels == 0 || self.left == 0 => possible.anything = true,
                Atom::Object(id) => {
                    self.left -= 1;
                    possible.objects.push(self.object(*id, levels - 1));
                }
                // Some places take JSON text for what it says. Elsewhere it is a text that is no name of anything.
                Atom::Json(id) => {
                    self.left -= 1;
                    possible.join(self.at(&self.heap.read_all(*id), levels).or_nothing());
                }
            }
        }
        possible
    }

    fn object(&mut self, id: ObjectId, levels: usize) -> PossibleObject {
        let object = &self.heap.objects[id];
        let Members { named, others, items } = object.members.clone().unwrap_or_default();
        let mut look = |values: &Values| {
            let mut possible = self.at(values, levels);
            possible.anything |= object.has_escaped;
            possible
        };
        let members = named.iter().map(|(name, values)| (name.clone(), look(values))).collect();
        let mut look_where_any = |values: &Values| {
            let is_any = object.has_escaped || !values.is_empty();
            is_any.then(|| Box::new(look(values)))
        };
        let (others, items) = (look_where_any(&others), look_where_any(&items));
        PossibleObject { members, others, items }
    }
}
