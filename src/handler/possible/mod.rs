//! What a request handler can return, found without running it: the operations that a resolver may ask for decide what
//! its domain must be allowed to do.
//!
//! `js/possible` and `vtl/possible` walk through code with sets of values instead of values: both ways of a branch, loops
//! until nothing new comes, functions with everything that they may be called with. What they find is never too little.
//! Where it cannot be told, because a client decides or code cannot be followed, it is [`Possible::anything`]; what is
//! found too much costs a right that is not needed.
//!
//! `values` are the sets, `heap` the objects in them, for both languages.

pub(in crate::handler) mod heap;
pub(in crate::handler) mod values;

use std::collections::{BTreeMap, BTreeSet};

use crate::value::{Map, Str, Value};

/// Everything that one place of a request document can hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Possible {
    /// It cannot be told: any value at all.
    pub anything: bool,
    /// Nothing or null.
    pub nothing: bool,
    /// A number or a boolean.
    pub scalar: bool,
    pub texts: BTreeSet<Str>,
    pub objects: Vec<PossibleObject>,
}

/// What a handler is given that is known before it runs.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// `ctx.env`
    pub environment: Possible,
    /// `ctx.args`, as far as the schema says: clients cannot send a text for a number.
    pub arguments: Possible,
}

impl Inputs {
    /// With an environment of texts, and arguments that can be anything.
    pub fn of_environment(environment: &Map) -> Inputs {
        let text = |value: &Value| value.as_str().map_or_else(Possible::nothing, Possible::text);
        let environment = environment.iter().map(|(name, value)| (name.clone(), text(value)));
        Inputs { environment: Possible::object(environment), arguments: Possible::anything() }
    }
}

/// An object or a list, and what its places can hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PossibleObject {
    pub members: BTreeMap<Str, Possible>,
    /// What members of other names can hold; `None`: there are no others.
    pub others: Option<Box<Possible>>,
    /// What the items of a list can be.
    pub items: Option<Box<Possible>>,
}

impl Possible {
    pub fn anything() -> Possible {
        Possible { anything: true, ..Possible::default() }
    }

    pub fn nothing() -> Possible {
        Possible { nothing: true, ..Possible::default() }
    }

    /// An object without members.
    pub fn empty_object() -> Possible {
        Possible { objects: vec![PossibleObject::default()], ..Possible::default() }
    }

    pub fn scalar() -> Possible {
        Possible { scalar: true, ..Possible::default() }
    }

    pub fn text(text: impl Into<Str>) -> Possible {
        Possible { texts: BTreeSet::from([text.into()]), ..Possible::default() }
    }

    pub fn object(members: impl IntoIterator<Item = (Str, Possible)>) -> Possible {
        let object = PossibleObject { members: members.into_iter().collect(), ..PossibleObject::default() };
        Possible { objects: vec![object], ..Possible::default() }
    }

    pub fn list(items: Possible) -> Possible {
        let object = PossibleObject { items: Some(Box::new(items)), ..PossibleObject::default() };
        Possible { objects: vec![object], ..Possible::default() }
    }

    /// Also nothing.
    pub fn or_nothing(self) -> Possible {
        Possible { nothing: true, ..self }
    }

    /// Whether nothing can be there.
    pub fn is_nothing(&self) -> bool {
        !self.anything && !self.scalar && self.texts.is_empty() && self.objects.is_empty()
    }

    /// Whether there may be nothing. A number may be none, which is null in JSON.
    pub fn may_be_nothing(&self) -> bool {
        self.anything || self.nothing || self.scalar
    }

    pub fn join(&mut self, other: Possible) {
        self.anything |= other.anything;
        self.nothing |= other.nothing;
        self.scalar |= other.scalar;
        self.texts.extend(other.texts);
        for object in other.objects {
            if !self.objects.contains(&object) {
                self.objects.push(object);
            }
        }
    }

    /// What the member `name` of whatever is here can be.
    pub fn member(&self, name: &str) -> Possible {
        self.collect(|object| object.member(name))
    }

    /// What any item of a list, or any member of an object, can be.
    pub fn items(&self) -> Possible {
        self.collect(PossibleObject::items)
    }

    /// Whether a value that really came is among those found. For tests of the promise that nothing is missing.
    pub fn covers(&self, value: &Value) -> bool {
        if self.anything {
            return true;
        }
        match value {
            Value::Null => self.may_be_nothing(),
            Value::Bool(_) | Value::Number(_) => self.scalar,
            Value::String(text) => {
                // JSON text stands for what it says.
                let says = || Value::parse(text).is_ok_and(|says| !says.is_null() && self.covers(&says));
                self.texts.contains(text) || says()
            }
            Value::List(items) => {
                self.objects.iter().any(|object| items.iter().all(|item| object.items().covers(item)))
            }
            Value::Object(members) => self.objects.iter().any(|object| {
                let names = object.members.keys().chain(members.keys());
                names.into_iter().all(|name| object.member(name).covers(members.get(name).unwrap_or(&Value::Null)))
            }),
        }
    }

    fn collect(&self, part: impl Fn(&PossibleObject) -> Possible) -> Possible {
        let mut all = Possible { anything: self.anything, nothing: self.nothing, ..Possible::default() };
        self.objects.iter().for_each(|object| all.join(part(object)));
        all
    }
}

impl PossibleObject {
    pub fn member(&self, name: &str) -> Possible {
        match (self.members.get(name), &self.others) {
            (Some(member), _) => member.clone(),
            (None, Some(others)) => (**others).clone().or_nothing(),
            (None, None) => Possible::nothing(),
        }
    }

    pub fn items(&self) -> Possible {
        let mut all = self.others.as_deref().cloned().unwrap_or_default();
        all.join(self.items.as_deref().cloned().unwrap_or_default());
        self.members.values().for_each(|member| all.join(member.clone()));
        all
    }
}
