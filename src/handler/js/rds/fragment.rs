//! SQL whose names are not quoted yet and whose variables have no numbers yet.

use std::borrow::Cow;

use super::super::call::json_size;
use super::super::markers::Markers;
use super::{Marker, Statement};
use crate::handler::util::Refusal;
use crate::value::{Str, Value};

/// Most that a statement may hold, text and values together. The Data API takes requests of 4 MiB; without a bound,
/// statements that contain each other twice would double with every line of code.
const STATEMENT_BYTES: usize = 4 * 1024 * 1024;

#[derive(Clone, Debug, Default)]
pub(super) struct Fragment {
    pub parts: Vec<Part>,
    size_bytes: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Part {
    Text(Cow<'static, str>),
    /// A name of a table or column, with its qualifiers in front: `public.persons`.
    Name(Str),
    /// What becomes a variable, with its type hint.
    Value {
        value: Value,
        hint: Option<&'static str>,
    },
    /// What stands here is not for MySQL; the message says so.
    NotInMySql(&'static str),
}

impl Fragment {
    pub fn of(text: impl Into<Cow<'static, str>>) -> Fragment {
        let mut fragment = Fragment::default();
        fragment.text(text);
        fragment
    }

    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    pub fn text(&mut self, text: impl Into<Cow<'static, str>>) {
        let text = text.into();
        if !text.is_empty() {
            self.push(text.len(), Part::Text(text));
        }
    }

    pub fn name(&mut self, name: &str) {
        self.push(name.len() + 2, Part::Name(name.into()));
    }

    /// A value; null stands in the text (spec appsync-js 2.13).
    pub fn value(&mut self, markers: &Markers, value: &Value) -> Result<(), Refusal> {
        match markers.sql(value) {
            Some(Marker::TypeHint { kind, value }) => self.bind(value.clone(), Some(kind)),
            // What AppSync makes of these is not known. Bound as an object, they would only fail in the database.
            Some(Marker::Statement(_)) => return Err(Refusal::failed("a statement cannot be bound as a value")),
            Some(Marker::Aggregate { .. }) => return Err(Refusal::failed("an aggregate cannot be bound as a value")),
            None if value.is_null() => self.text("NULL"),
            None => self.bind(value.clone(), None),
        }
        Ok(())
    }

    /// A variable, whatever the value.
    pub fn bind(&mut self, value: Value, hint: Option<&'static str>) {
        self.push(json_size(&value) + 16, Part::Value { value, hint });
    }

    pub fn not_in_mysql(&mut self, message: &'static str) {
        self.push(0, Part::NotInMySql(message));
    }

    fn push(&mut self, size_bytes: usize, part: Part) {
        self.size_bytes += size_bytes;
        self.parts.push(part);
    }

    pub fn append(&mut self, other: Fragment) {
        self.size_bytes += other.size_bytes;
        self.parts.extend(other.parts);
    }

    /// A copy of a statement that was made before.
    pub fn append_statement(&mut self, statement: &Statement) -> Result<(), Refusal> {
        check_size(self.size_bytes + statement.fragment.size_bytes)?;
        self.append(statement.fragment.clone());
        Ok(())
    }

    /// A statement inside of another one.
    pub fn append_nested(&mut self, statement: &Statement) -> Result<(), Refusal> {
        self.text("(");
        self.append_statement(statement)?;
        self.text(")");
        Ok(())
    }

    /// All of `fragments`, empty ones too, with `separator` between them.
    pub fn join(fragments: impl IntoIterator<Item = Fragment>, separator: &'static str) -> Fragment {
        let mut joined = Fragment::default();
        for (index, fragment) in fragments.into_iter().enumerate() {
            if index > 0 {
                joined.text(separator);
            }
            joined.append(fragment);
        }
        joined
    }

    /// A statement out of its clauses. Empty ones are dropped, and blanks at the end too: that is how AppSync gets to
    /// `SELECT FROM "t"` and other texts that no database takes (spec appsync-js 2.13).
    pub fn of_clauses(clauses: Vec<Fragment>) -> Result<Fragment, Refusal> {
        let mut statement = Fragment::join(clauses.into_iter().filter(|clause| !clause.is_empty()), " ");
        while let Some(Part::Text(text)) = statement.parts.last_mut() {
            let trimmed = text.trim_end();
            if trimmed.len() == text.len() {
                break;
            }
            if trimmed.is_empty() {
                statement.parts.pop();
            } else {
                *text = trimmed.to_owned().into();
            }
        }
        check_size(statement.size_bytes)?;
        Ok(statement)
    }

    pub fn size_bytes(&self) -> usize {
        self.size_bytes
    }
}

pub(super) fn check_size(bytes: usize) -> Result<(), Refusal> {
    if bytes > STATEMENT_BYTES {
        let most = STATEMENT_BYTES / (1024 * 1024);
        return Err(Refusal::failed(format!("the statement is larger than {most} MB")));
    }
    Ok(())
}
