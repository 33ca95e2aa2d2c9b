//! Sets of values.

use std::collections::BTreeSet;

use crate::value::Str;

/// Texts of one set that are told apart. Ours: a project has tens of tables, and a text that grows in a loop must end.
const TEXTS: usize = 64;

/// Characters of a text that is told from others. Ours: names of tables have 255 at most.
const CHARACTERS: usize = 1_024;

pub(in crate::handler) type ObjectId = usize;

/// One value, or one kind of values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::handler) enum Atom {
    /// Comes from outside, and may be any value. No object of this heap, but one that has escaped.
    Anything,
    /// Null or undefined.
    Nothing,
    /// A boolean or a number.
    Scalar,
    /// A text that is not known, of letters, digits and `-_.:+`: an id, a time. In JSON it can stand anywhere in a text.
    Word,
    /// A text that is not known, and does not end the text of JSON that it stands in.
    Escaped,
    Text(Str),
    /// The JSON text of what the object's members are.
    Json(ObjectId),
    Object(ObjectId),
    /// A function of the program, by its number.
    Function(usize),
    /// A part of the library, or of the language, by its path.
    Native(&'static str),
    /// A module's exports, by its number.
    Module(usize),
}

/// What a variable, a member or an expression can be. Empty: nothing has come here yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::handler) struct Values(BTreeSet<Atom>);

impl From<Atom> for Values {
    fn from(atom: Atom) -> Values {
        Values(BTreeSet::from([atom]))
    }
}

impl FromIterator<Atom> for Values {
    fn from_iter<I: IntoIterator<Item = Atom>>(atoms: I) -> Values {
        let mut values = Values::default();
        atoms.into_iter().for_each(|atom| values.add(atom));
        values
    }
}

impl Values {
    pub fn text(text: impl Into<Str>) -> Values {
        let mut values = Values::default();
        values.add(Atom::Text(text.into()));
        values
    }

    pub fn anything() -> Values {
        Atom::Anything.into()
    }

    pub fn nothing() -> Values {
        Atom::Nothing.into()
    }

    pub fn add(&mut self, atom: Atom) {
        match &atom {
            Atom::Text(text) if text.len() > CHARACTERS => self.add(Atom::Anything),
            Atom::Text(_) if self.texts().count() >= TEXTS && !self.0.contains(&atom) => {
                self.0.retain(|atom| !matches!(atom, Atom::Text(_)));
                self.add(Atom::Anything);
            }
            // What is anything is every text.
            Atom::Text(_) | Atom::Word | Atom::Escaped if self.may_be_anything() => {}
            Atom::Anything => {
                self.0.retain(|atom| !matches!(atom, Atom::Text(_) | Atom::Word | Atom::Escaped));
                self.0.insert(atom);
            }
            _ => {
                self.0.insert(atom);
            }
        }
    }

    pub fn join(&mut self, other: &Values) {
        other.0.iter().cloned().for_each(|atom| self.add(atom));
    }

    pub fn joined(mut self, other: &Values) -> Values {
        self.join(other);
        self
    }

    /// Also null.
    pub fn or_nothing(mut self) -> Values {
        self.add(Atom::Nothing);
        self
    }

    pub fn iter(&self) -> impl Iterator<Item = &Atom> {
        self.0.iter()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn contains(&self, atom: &Atom) -> bool {
        self.0.contains(atom)
    }

    pub fn may_be_anything(&self) -> bool {
        self.contains(&Atom::Anything)
    }

    pub fn may_be_nothing(&self) -> bool {
        self.contains(&Atom::Nothing) || self.may_be_anything()
    }

    pub fn texts(&self) -> impl Iterator<Item = &Str> {
        self.0.iter().filter_map(|atom| match atom {
            Atom::Text(text) => Some(text),
            _ => None,
        })
    }

    pub fn objects(&self) -> impl Iterator<Item = ObjectId> {
        self.0.iter().filter_map(|atom| match atom {
            Atom::Object(id) => Some(*id),
            _ => None,
        })
    }

    pub fn without(&self, unwanted: impl Fn(&Atom) -> bool) -> Values {
        Values(self.0.iter().filter(|atom| !unwanted(atom)).cloned().collect())
    }

    /// The texts, where it can be nothing else.
    pub fn only_texts(&self) -> Option<Vec<Str>> {
        let texts: Vec<Str> = self.texts().cloned().collect();
        (texts.len() == self.0.len()).then_some(texts)
    }
}
