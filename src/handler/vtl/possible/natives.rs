//! Methods of maps, lists and texts, and the functions of `$util`, as far as they are followed.

use super::{Unfollowed, Walked, Walker};
use crate::handler::possible::heap::{Members, Site};
use crate::handler::possible::values::{Atom, ObjectId, Values};
use crate::handler::vtl::possible::TEMPLATE;

/// What lies below `$util`.
const NAMESPACES: [(&str, &str); 11] = [
    ("dynamodb", "util.dynamodb"),
    ("http", "util.http"),
    ("list", "util.list"),
    ("log", "util.log"),
    ("map", "util.map"),
    ("math", "util.math"),
    ("rds", "util.rds"),
    ("str", "util.str"),
    ("time", "util.time"),
    ("transform", "util.transform"),
    ("xml", "util.xml"),
];

/// Functions that change nothing and answer yes, no or a number.
const QUESTIONS: [&str; 13] = [
    "isNull",
    "isNullOrEmpty",
    "isNullOrBlank",
    "isList",
    "isMap",
    "isString",
    "isNumber",
    "isBoolean",
    "matches",
    "size",
    "isEmpty",
    "length",
    "equals",
];

/// What a function without a result prints.
fn void() -> Values {
    Values::text("")
}

impl Walker {
    pub(super) fn property(&self, values: &Values, name: &str) -> Values {
        let mut found = Values::default();
        for atom in values.iter() {
            match atom {
                Atom::Object(id) => found.join(&self.heap.read(*id, name)),
                Atom::Anything => found.add(Atom::Anything),
                Atom::Native("util") => {
                    let namespace = NAMESPACES.iter().find(|(known, _)| *known == name);
                    found.add(namespace.map_or(Atom::Nothing, |(_, path)| Atom::Native(path)));
                }
                Atom::Native("foreach") if name == "parent" || name == "topmost" => found.add(atom.clone()),
                Atom::Native("foreach") => found.join(&Values::nothing().joined(&Atom::Scalar.into())),
                Atom::Text(_) | Atom::Word | Atom::Escaped | Atom::Json(_) => found.add(Atom::Anything),
                _ => found.add(Atom::Nothing),
            }
        }
        found
    }

    /// `$values.name(arguments)`; `place` tells calls apart.
    pub(super) fn call(&mut self, values: &Values, name: &str, arguments: &[Values], place: u32) -> Walked<Values> {
        let mut found = Values::default();
        for atom in values.iter() {
            let result = match atom {
                Atom::Object(id) => self.call_of_object(*id, name, arguments, place)?,
                Atom::Native("foreach") => Values::nothing().joined(&Atom::Scalar.into()),
                Atom::Native(path) => self.call_native(path, name, arguments, place),
                Atom::Nothing => Values::nothing(),
                _ if QUESTIONS.contains(&name) || name.starts_with("contains") => Atom::Scalar.into(),
                // A text, a number, or something from outside, which may keep what it is given.
                _ => {
                    arguments.iter().for_each(|argument| self.heap.escape(argument));
                    Values::anything()
                }
            };
            found.join(&result);
        }
        Ok(found)
    }

    fn call_of_object(&mut self, id: ObjectId, name: &str, arguments: &[Values], place: u32) -> Walked<Values> {
        let itself = Values::from(Atom::Object(id));
        let scalar = || Values::from(Atom::Scalar);
        Ok(match (name, arguments) {
            ("get", [key]) => self.read_at(&itself, key),
            ("getOrDefault", [key, otherwise]) => self.read_at(&itself, key).joined(otherwise),
            ("put" | "putIfAbsent", [key, value]) => {
                let before = self.read_at(&itself, key);
                self.write(&itself, key, value);
                before
            }
            ("putAll", [others]) => {
                let mut members = self.heap.members(id);
                self.heap.spread(&mut members, others);
                self.heap.merge(id, members);
                void()
            }
            ("add", [value]) => {
                self.heap.push(id, value);
                scalar()
            }
            ("add" | "set", [_, value]) => {
                let before = self.heap.read_all(id);
                self.heap.push(id, value);
                before.joined(&void())
            }
            ("addAll", [others] | [_, others]) => {
                let items = self.items(others);
                self.heap.push(id, &items);
                scalar()
            }
            ("remove", [key] | [key, _]) => {
                let before = self.read_at(&itself, key).joined(&self.heap.read_all(id));
                self.write(&itself, key, &Values::nothing());
                before.or_nothing().joined(&scalar())
            }
            ("clear", []) | ("removeAll" | "retainAll", [_]) => {
                self.heap.write_any(id, &Values::nothing());
                scalar().joined(&void())
            }
            // What is taken out of these is taken out of the map.
            ("keySet" | "values", []) => {
                self.heap.write_any(id, &Values::nothing());
                let items = if name == "values" { self.heap.read_all(id) } else { Values::anything() };
                self.list(place, 0, &items)
            }
            ("entrySet", []) => {
                self.heap.write_any(id, &Values::nothing());
                let value = self.heap.read_all(id);
                let mut entry = Members::default();
                for name in ["key", "Key"] {
                    entry.set(name.into(), Values::anything());
                }
                for name in ["value", "Value"] {
                    entry.set(name.into(), value.clone());
                }
                let entry = self.heap.make(Site { frame: TEMPLATE, place, part: 1 }, entry);
                self.list(place, 0, &entry)
            }
            ("getKey", []) => Values::anything(),
            ("getValue", []) => self.heap.read(id, "value"),
            // Writes to a map through one of its entries.
            ("setValue", _) => return Err(Unfollowed),
            ("size" | "isEmpty" | "hashCode", []) => scalar(),
            (
                "containsKey" | "containsValue" | "contains" | "containsAll" | "indexOf" | "lastIndexOf" | "equals",
                [_],
            ) => scalar(),
            ("toString", []) => Values::anything(),
            _ => {
                self.heap.escape(&itself);
                arguments.iter().for_each(|argument| self.heap.escape(argument));
                Values::anything()
            }
        })
    }

    fn list(&mut self, place: u32, part: u8, items: &Values) -> Values {
        self.heap.make(Site { frame: TEMPLATE, place, part }, Members::list(items))
    }

    /// JSON text whose content is not looked at.
    fn json(&mut self, place: u32, content: &Values) -> Values {
        self.heap.json_of(Site { frame: TEMPLATE, place, part: 4 }, content)
    }

    /// The functions get copies of maps and lists, but for those that hand them on.
    fn call_native(&mut self, path: &str, name: &str, arguments: &[Values], place: u32) -> Values {
        let scalar = || Values::from(Atom::Scalar);
        let word = || Values::from(Atom::Word);
        match (path, name, arguments) {
            ("util", "qr" | "quiet", [_]) => void(),
            ("util", "error" | "unauthorized" | "validate" | "appendError", _) | ("util.log" | "extensions", ..) => {
                void()
            }
            ("util.http", "addResponseHeader" | "addResponseHeaders", _) => void(),
            ("util", "toJson", [value]) => self.json(place, value),
            ("util", "parseJson", [text]) => {
                let mut parsed = Values::default();
                for atom in text.iter() {
                    match atom {
                        Atom::Json(id) => parsed.join(&self.heap.read_all(*id)),
                        Atom::Object(_) | Atom::Scalar | Atom::Nothing => parsed.add(atom.clone()),
                        _ => parsed.add(Atom::Anything),
                    }
                }
                parsed.or_nothing()
            }
            ("util", "defaultIfNull", [value, otherwise]) => {
                if !value.may_be_nothing() {
                    return value.clone();
                }
                value.without(|atom| *atom == Atom::Nothing).joined(otherwise)
            }
            ("util", "defaultIfNullOrEmpty" | "defaultIfNullOrBlank", [value, otherwise]) => {
                let is_blank = |atom: &Atom| match atom {
                    Atom::Nothing => true,
                    Atom::Text(text) => text.trim().is_empty(),
                    _ => false,
                };
                value.without(is_blank).joined(otherwise)
            }
            ("util", name, _) if QUESTIONS.contains(&name) => scalar(),
            ("util", "typeOf" | "autoId" | "autoUlid" | "autoKsuid" | "authType", _) => word(),
            ("util", "base64Encode", _) => Atom::Escaped.into(),
            ("util", "escapeJavaScript", [value]) => {
                if value.may_be_nothing() {
                    Values::from(Atom::Escaped).or_nothing()
                } else {
                    Atom::Escaped.into()
                }
            }
            ("util.time", "nowISO8601" | "nowEpochSeconds" | "nowEpochMilliSeconds", []) => word(),
            ("util.math", ..) => scalar().or_nothing(),
            ("util.transform", "toDynamoDBFilterExpression" | "toDynamoDBConditionExpression", [_]) => {
                let mut expression = Members::default();
                for name in ["expression", "expressionNames", "expressionValues"] {
                    expression.set(name.into(), Values::anything());
                }
                let expression = self.heap.make(Site { frame: TEMPLATE, place, part: 5 }, expression);
                self.json(place, &expression.or_nothing()).or_nothing()
            }
            ("util.dynamodb" | "util.rds" | "util.xml", name, _) if name.ends_with("Json") => {
                self.json(place, &Values::anything())
            }
            ("util.map", "copyAndRetainAllKeys" | "copyAndRemoveAllKeys", [map, _]) => {
                let mut members = Members::default();
                self.heap.spread(&mut members, map);
                let copy = self.heap.make(Site { frame: TEMPLATE, place, part: 6 }, members);
                copy.objects().for_each(|id| self.heap.write_any(id, &Values::nothing()));
                copy.or_nothing()
            }
            ("util.list", "copyAndRetainAll" | "copyAndRemoveAll" | "sortList", [list, ..]) => {
                let items = self.items(list);
                self.list(place, 6, &items).or_nothing()
            }
            _ => Values::anything(),
        }
    }
}
