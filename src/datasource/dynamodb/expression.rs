//! Expressions: `{expression, expressionNames, expressionValues}` objects, several of which share one call's maps.

use crate::datasource::document::Element;
use crate::datasource::dynamodb::typed;
use crate::error::FieldError;
use crate::value::{Map, Str, Value};

/// The names and values of all expressions of one call.
#[derive(Clone, Default)]
pub(super) struct Placeholders {
    names: Map,
    values: Map,
}

impl Placeholders {
    /// Takes in an expression object, whose other legal members are `others`, and returns its text.
    pub fn take(&mut self, block: &Element<'_>, others: &[&str]) -> Result<Str, FieldError> {
        for key in block.object()?.keys() {
            if !["expression", "expressionNames", "expressionValues"].contains(&key.as_str())
                && !others.contains(&key.as_str())
            {
                return Err(block.unsupported(key));
            }
        }
        let Some(expression) = block.member("expression") else {
            return Err(FieldError::mapping_template(format!(
                "Expression block '{}' requires an expression",
                block.place()
            )));
        };
        self.take_names(block)?;
        if let Some(values) = block.member("expressionValues") {
            for (name, value) in values.members()? {
                merge(&mut self.values, name, typed::attribute_value(&value)?, &value)?;
            }
        }
        expression.string().cloned()
    }

    /// Takes in a projection, which has names but no values.
    pub fn take_projection(&mut self, block: &Element<'_>) -> Result<Str, FieldError> {
        block.allow_only(&["expression", "expressionNames"])?;
        self.take(block, &[])
    }

    fn take_names(&mut self, block: &Element<'_>) -> Result<(), FieldError> {
        let Some(names) = block.member("expressionNames") else { return Ok(()) };
        for (alias, name) in names.members()? {
            merge(&mut self.names, alias, name.string()?.into(), &name)?;
        }
        Ok(())
    }

    /// Adds an alias of ours, which no author's expression has.
    pub fn add_name(&mut self, alias: &str, name: &str) {
        self.names.insert(alias.into(), name.into());
    }

    /// Adds a value of ours, in the form of the wire.
    pub fn add_value(&mut self, placeholder: &str, value: Value) {
        self.values.insert(placeholder.into(), value);
    }

    pub fn names(&self) -> &Map {
        &self.names
    }

    pub fn values(&self) -> &Map {
        &self.values
    }

    /// Those among `used`.
    pub fn only(&self, used: &[&str]) -> Placeholders {
        let keep = |map: &Map| {
            let kept = map.iter().filter(|(name, _)| used.contains(&name.as_str()));
            kept.map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        Placeholders { names: keep(&self.names), values: keep(&self.values) }
    }

    /// The names alone, for a call whose maps are written elsewhere.
    pub fn into_names(self) -> Map {
        self.names
    }

    /// Writes the maps into a call. DynamoDB refuses empty ones, which authors' builders often leave behind.
    pub fn write(self, request: &mut Map) {
        if !self.names.is_empty() {
            request.insert("ExpressionAttributeNames".into(), self.names.into());
        }
        if !self.values.is_empty() {
            request.insert("ExpressionAttributeValues".into(), self.values.into());
        }
    }
}

/// Two expressions of a call may share a placeholder, but not disagree about it: one of them would silently be wrong.
fn merge(map: &mut Map, placeholder: &Str, meaning: Value, element: &Element<'_>) -> Result<(), FieldError> {
    match map.insert(placeholder.clone(), meaning.clone()) {
        Some(before) if before != meaning => Err(element
            .refused(format_args!("another expression of this request gives '{placeholder}' a different meaning"))),
        _ => Ok(()),
    }
}

/// A filter or condition as `util.transform` leaves it: the JSON text of an expression object. Whether AppSync takes
/// the text unparsed is UNCONFIRMED (spec appsync-js 7.4); taking it is harmless.
pub(super) fn parsed(block: &Element<'_>) -> Value {
    block.value.as_str().and_then(|text| Value::parse(text).ok()).unwrap_or_else(|| block.value.clone())
}
