//! Reads what a template prints as JSON, along all ways through it at once.
//!
//! A reader of JSON has a state: what is open, and what may come next. Each piece leads from states to states; a choice
//! from each of its ways to all of theirs, a repetition round after round until no new state comes, which shows that no
//! further round could bring one. States in which the text is no JSON are dropped: the request would be refused.
//!
//! It takes whatever [`parse_printed`](crate::handler::vtl::request::parse_printed) takes: keys without quotes, commas
//! before a closing bracket.

use std::collections::BTreeSet;

use crate::handler::possible::heap::{Heap, Members, Site};
use crate::handler::possible::values::{Atom, Values};
use crate::value::Str;

/// A part of what is printed.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    /// `number` tells texts of a template apart.
    Text { text: Str, number: u32 },
    /// A number or a boolean.
    Scalar,
    /// A text of letters, digits and `-_.:+`.
    Word,
    /// A text that does not end the text of JSON around it.
    Escaped,
    /// One JSON value.
    Json(Values),
    /// Any text at all.
    Unknown,
    /// One of these.
    Choice(Vec<Vec<Piece>>),
    /// Any number of times.
    Repeat(Vec<Piece>),
    /// Leaves the repetition around it, or the template.
    Break,
    /// Ends the output.
    Stop,
    /// Ends the template without a request.
    Return,
}

/// States that are told apart. Ours.
const STATES: usize = 2_048;

/// On the heap: objects that stand in the text.
const PRINTED: usize = 2;

/// Something open.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Open {
    /// The members so far, and the key whose value comes next.
    Object {
        site: u64,
        members: Members,
        key: Values,
    },
    List {
        site: u64,
        items: Members,
    },
}

/// Where the reader is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum At {
    /// Before a value, or where `can_end` before the end of a list.
    Value {
        can_end: bool,
    },
    /// After `{`, or after a comma in an object.
    Key,
    Colon,
    /// After a value in something open.
    Comma,
    /// Inside of quotes: what came so far, as long as it is known; whether the last character was a backslash.
    Quoted {
        text: Option<String>,
        is_escaping: bool,
        is_key: bool,
    },
    /// Inside of a word or number without quotes.
    Bare {
        text: Option<String>,
        is_key: bool,
    },
    /// After the whole value.
    End(Values),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    open: Vec<Open>,
    at: At,
}

type States = BTreeSet<State>;

/// What the pieces print, as the value that it stands for; `None` where it can be anything.
pub(super) fn read(pieces: &[Piece], heap: &mut Heap) -> Option<Values> {
    let first = State { open: Vec::new(), at: At::Value { can_end: false } };
    let mut reader = Reader { heap, left: States::new(), stopped: States::new() };
    let ends = reader.pieces(pieces, States::from([first]))?;
    let Reader { left, stopped, .. } = reader;
    let mut values = Values::default();
    for state in ends.into_iter().chain(left).chain(stopped) {
        match state.finished() {
            Some(State { at: At::End(end), .. }) => values.join(&end),
            _ => continue,
        }
    }
    Some(values)
}

struct Reader<'h> {
    heap: &'h mut Heap,
    /// States in which a repetition was left early.
    left: States,
    /// States in which the output ended.
    stopped: States,
}

impl Reader<'_> {
    fn pieces(&mut self, pieces: &[Piece], mut states: States) -> Option<States> {
        for piece in pieces {
            if states.is_empty() {
                break;
            }
            states = self.piece(piece, states)?;
            if states.len() > STATES {
                return None;
            }
        }
        Some(states)
    }

    fn piece(&mut self, piece: &Piece, states: States) -> Option<States> {
        Some(match piece {
            Piece::Text { text, number } => states
                .into_iter()
                .filter_map(|state| {
                    let mut state = Some(state);
                    for (offset, c) in text.char_indices() {
                        let site = u64::from(*number) << 20 | offset as u64;
                        state = state?.take(c, site, self.heap);
                    }
                    state
                })
                .collect(),
            Piece::Scalar | Piece::Word => states.into_iter().filter_map(State::unquoted).collect(),
            Piece::Escaped => states.into_iter().map(State::escaped).collect::<Option<_>>()?,
            Piece::Json(values) => {
                let mut next = States::new();
                for state in states {
                    next.extend(state.json(values)?);
                }
                next
            }
            Piece::Unknown => return None,
            Piece::Choice(choices) => {
                let mut next = States::new();
                for choice in choices {
                    next.extend(self.pieces(choice, states.clone())?);
                }
                next
            }
            Piece::Repeat(body) => self.repeat(body, states)?,
            Piece::Break => {
                self.left.extend(states);
                States::new()
            }
            Piece::Stop => {
                self.stopped.extend(states);
                States::new()
            }
            Piece::Return => States::new(),
        })
    }

    fn repeat(&mut self, body: &[Piece], states: States) -> Option<States> {
        let around = std::mem::take(&mut self.left);
        let mut all = states.clone();
        let mut new = states;
        while !new.is_empty() {
            let after = self.pieces(body, new)?;
            new = after.into_iter().filter(|state| !all.contains(state)).collect();
            all.extend(new.iter().cloned());
            if all.len() > STATES {
                return None;
            }
        }
        all.extend(std::mem::replace(&mut self.left, around));
        Some(all)
    }
}

impl State {
    fn with(mut self, at: At) -> Option<State> {
        self.at = at;
        Some(self)
    }

    /// The state after one more character; `None` where no JSON has it there.
    fn take(mut self, c: char, site: u64, heap: &mut Heap) -> Option<State> {
        let is_blank = matches!(c, ' ' | '\t' | '\n' | '\r');
        match std::mem::replace(&mut self.at, At::Comma) {
            At::Quoted { text, is_escaping, is_key } => match c {
                '"' if !is_escaping => {
                    let known = match text {
                        // What cannot be read as a text of JSON is refused.
                        Some(text) => Values::text(serde_json::from_str::<String>(&format!("\"{text}\"")).ok()?),
                        None => Values::anything(),
                    };
                    if is_key { self.key(known) } else { self.value(known) }
                }
                c => {
                    let text = text.map(|mut text| {
                        text.push(c);
                        text
                    });
                    self.with(At::Quoted { text, is_escaping: c == '\\' && !is_escaping, is_key })
                }
            },
            At::Bare { text, is_key } if !is_blank && !",:{}[]\"".contains(c) => {
                let text = text.map(|mut text| {
                    text.push(c);
                    text
                });
                self.with(At::Bare { text, is_key })
            }
            bare @ At::Bare { .. } => self.with(bare)?.finished()?.take(c, site, heap),
            at if is_blank => self.with(at),
            At::Value { can_end } => match c {
                '{' => {
                    self.open.push(Open::Object { site, members: Members::default(), key: Values::default() });
                    self.with(At::Key)
                }
                '[' => {
                    self.open.push(Open::List { site, items: Members::default() });
                    self.with(At::Value { can_end: true })
                }
                ']' if can_end => self.close(heap),
                '"' => self.with(At::Quoted { text: Some(String::new()), is_escaping: false, is_key: false }),
                ',' | ':' | '}' | ']' => None,
                c => self.with(At::Bare { text: Some(c.to_string()), is_key: false }),
            },
            At::Key => match c {
                '}' => self.close(heap),
                '"' => self.with(At::Quoted { text: Some(String::new()), is_escaping: false, is_key: true }),
                ',' | ':' | '{' | '[' | ']' => None,
                c => self.with(At::Bare { text: Some(c.to_string()), is_key: true }),
            },
            At::Colon if c == ':' => self.with(At::Value { can_end: false }),
            At::Comma => match (self.open.last()?, c) {
                (Open::Object { .. }, ',') => self.with(At::Key),
                (Open::List { .. }, ',') => self.with(At::Value { can_end: true }),
                (Open::Object { .. }, '}') | (Open::List { .. }, ']') => self.close(heap),
                _ => None,
            },
            At::Colon | At::End(_) => None,
        }
    }

    /// After a word without quotes, which nothing ends but what follows it.
    fn finished(mut self) -> Option<State> {
        match std::mem::replace(&mut self.at, At::Comma) {
            At::Bare { text, is_key: true } => self.key(text.map_or_else(Values::anything, Values::text)),
            At::Bare { text, is_key: false } => {
                self.value(if text.as_deref() == Some("null") { Values::nothing() } else { Atom::Scalar.into() })
            }
            at => self.with(at),
        }
    }

    fn key(mut self, name: Values) -> Option<State> {
        if let Some(Open::Object { key, .. }) = self.open.last_mut() {
            *key = name;
        }
        self.with(At::Colon)
    }

    fn value(mut self, values: Values) -> Option<State> {
        match self.open.last_mut() {
            Some(Open::Object { members, key, .. }) => {
                members.set_one_of(&std::mem::take(key), &values);
                self.with(At::Comma)
            }
            Some(Open::List { items, .. }) => {
                items.push(&values);
                self.with(At::Comma)
            }
            None => self.with(At::End(values)),
        }
    }

    fn close(mut self, heap: &mut Heap) -> Option<State> {
        let (site, members) = match self.open.pop()? {
            Open::Object { site, members, .. } => (site, members),
            Open::List { site, items } => (site, items),
        };
        // The number of the text and the place in it, as far as 32 bits go; others share an object.
        let site = Site { frame: PRINTED + (site >> 32) as usize, place: site as u32, part: 0 };
        let made = heap.make(site, members);
        self.value(made)
    }

    /// A number or a harmless text, as it is.
    fn unquoted(mut self) -> Option<State> {
        match std::mem::replace(&mut self.at, At::Comma) {
            At::Quoted { is_key, .. } => self.with(At::Quoted { text: None, is_escaping: false, is_key }),
            At::Bare { is_key, .. } => self.with(At::Bare { text: None, is_key }),
            At::Value { .. } => self.with(At::Bare { text: None, is_key: false }),
            At::Key => self.with(At::Bare { text: None, is_key: true }),
            At::Colon | At::Comma | At::End(_) => None,
        }
    }

    /// A text that is harmless between quotes; elsewhere it may be anything.
    fn escaped(mut self) -> Option<State> {
        match std::mem::replace(&mut self.at, At::Comma) {
            At::Quoted { is_key, .. } => self.with(At::Quoted { text: None, is_escaping: false, is_key }),
            _ => None,
        }
    }

    /// One JSON value; `None` where it stands so that it can be anything.
    fn json(mut self, values: &Values) -> Option<Vec<State>> {
        match std::mem::replace(&mut self.at, At::Comma) {
            At::Value { .. } => Some(self.value(values.clone()).into_iter().collect()),
            At::Key => {
                let texts: Values = values.texts().cloned().map(Atom::Text).collect();
                let is_known = values.iter().all(|atom| !matches!(atom, Atom::Anything | Atom::Word | Atom::Escaped));
                let names = if is_known { texts } else { Values::anything() };
                Some(self.key(names).into_iter().collect())
            }
            // No JSON, whatever is printed.
            At::Colon | At::Comma | At::End(_) => Some(Vec::new()),
            // Inside of quotes its own quotes end the text.
            At::Quoted { .. } | At::Bare { .. } => None,
        }
    }
}
