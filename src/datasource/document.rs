//! Strict reading of a request document, with AppSync's words for what is wrong (spec appsync-js 5 and 7.2).

use std::fmt;

use crate::error::FieldError;
use crate::value::{Map, Str, Value};

/// A part of a request document that knows where it stands, as error messages name it: `$[tables][users]`.
#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    pub value: &'a Value,
    place: Place<'a>,
}

#[derive(Clone, Copy)]
enum Place<'a> {
    Root,
    Member(&'a Place<'a>, &'a str),
    Item(&'a Place<'a>, usize),
}

impl<'a> Element<'a> {
    pub fn root(value: &'a Value) -> Element<'a> {
        Element { value, place: Place::Root }
    }

    /// Another value in this one's place: the parsed form of a JSON string.
    pub fn with_value<'b>(&'b self, value: &'b Value) -> Element<'b> {
        Element { value, place: self.place }
    }

    /// The member `key`; null counts as absent, because JavaScript's `undefined` arrives as either.
    pub fn member<'b>(&'b self, key: &'b str) -> Option<Element<'b>> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        Some(Element { value, place: Place::Member(&self.place, key) })
    }

    /// The member `key`, which must be there.
    pub fn required<'b>(&'b self, key: &'b str) -> Result<Element<'b>, FieldError> {
        self.member(key).ok_or_else(|| {
            FieldError::mapping_template(format!("Value for field '${}' not found.", Place::Member(&self.place, key)))
        })
    }

    /// Refuses members with other names, and anything that is no object.
    pub fn allow_only(&self, keys: &[&str]) -> Result<(), FieldError> {
        match self.object()?.keys().find(|key| !keys.contains(&key.as_str())) {
            Some(key) => Err(self.unsupported(key)),
            None => Ok(()),
        }
    }

    pub fn unsupported(&self, key: &str) -> FieldError {
        FieldError::mapping_template(format!("Unsupported element '${}'.", Place::Member(&self.place, key)))
    }

    pub fn object(&self) -> Result<&'a Map, FieldError> {
        self.value.as_object().ok_or_else(|| self.expected("an object"))
    }

    /// The members of an object, each with its place.
    pub fn members<'b>(&'b self) -> Result<impl Iterator<Item = (&'b Str, Element<'b>)>, FieldError> {
        Ok(self.object()?.iter().map(|(key, value)| (key, Element { value, place: Place::Member(&self.place, key) })))
    }

    /// The items of a list, each with its place.
    pub fn items<'b>(&'b self) -> Result<impl Iterator<Item = Element<'b>>, FieldError> {
        let items = self.value.as_list().ok_or_else(|| self.expected("a list"))?;
        Ok(items.iter().enumerate().map(|(index, value)| Element { value, place: Place::Item(&self.place, index) }))
    }

    pub fn string(&self) -> Result<&'a Str, FieldError> {
        match self.value {
            Value::String(text) => Ok(text),
            _ => Err(self.expected("a string")),
        }
    }

    pub fn boolean(&self) -> Result<bool, FieldError> {
        self.value.as_bool().ok_or_else(|| self.expected("a boolean"))
    }

    pub fn whole_number(&self) -> Result<i64, FieldError> {
        self.value.as_i64().ok_or_else(|| match self.value {
            Value::Number(number) => FieldError::mapping_template(format!(
                "Expected a whole number for field '${}' but got {number}.",
                self.place
            )),
            _ => self.expected("a whole number"),
        })
    }

    // AppSync's own text for a wrong type is not known (spec appsync-js 7.4 item 14).
    pub fn expected(&self, what: &str) -> FieldError {
        FieldError::mapping_template(format!(
            "Expected {what} for field '${}' but got {}.",
            self.place,
            article(self.value)
        ))
    }

    /// An error about this place in other words.
    pub fn refused(&self, why: impl fmt::Display) -> FieldError {
        FieldError::mapping_template(format!("Unsupported value for field '${}': {why}.", self.place))
    }

    /// The place as AppSync writes it: `$[query]`.
    pub fn place(&self) -> String {
        format!("${}", self.place)
    }
}

/// The kind of a value with its article: `a string`, `an object`.
pub(super) fn article(value: &Value) -> String {
    let kind = value.kind();
    format!("{} {kind}", if kind == "object" { "an" } else { "a" })
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Root => Ok(()),
            Place::Member(parent, key) => write!(f, "{parent}[{key}]"),
            Place::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}
