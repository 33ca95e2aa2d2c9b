//! Condition objects: `where`, `having`, and `on` of joins.

use super::super::markers::Markers;
use super::fragment::Fragment;
use super::{Kind, aggregate_text};
use crate::handler::util::Refusal;
use crate::value::{Map, Value};

pub(super) struct Conditions<'m> {
    pub markers: &'m Markers,
    /// In `having`, columns can be compared through `count` and the other aggregates.
    pub has_aggregates: bool,
}

/// A part of a condition object.
struct Piece {
    text: Fragment,
    /// An `and` or `or`, which needs parentheses beside other pieces of a group.
    is_group: bool,
}

fn comparison(operator: &str) -> Option<&'static str> {
    Some(match operator {
        "eq" => " = ",
        "ne" => " != ",
        "gt" => " > ",
        "lt" => " < ",
        "ge" => " >= ",
        "le" => " <= ",
        _ => return None,
    })
}

impl Conditions<'_> {
    /// A whole condition: an object, or a `sql` template as it is. Empty when there is nothing to compare.
    pub fn clause(&self, condition: &Value) -> Result<Fragment, Refusal> {
        let wrong = || Refusal::worded("WHERE values are expected to be SQL templates or a condition object.");
        if let Some(statement) = self.markers.statement(condition) {
            if statement.kind != Kind::Template {
                return Err(wrong());
            }
            let mut text = Fragment::default();
            text.append_statement(statement)?;
            return Ok(text);
        }
        let pieces = self.pieces(condition.as_object().ok_or_else(wrong)?)?;
        // No parentheses here, so that an `or` beside other conditions means something else than it seems to: AppSync's
        // own text (spec appsync-js 2.13).
        Ok(Fragment::join(pieces.into_iter().map(|piece| piece.text), " AND "))
    }

    fn pieces(&self, conditions: &Map) -> Result<Vec<Piece>, Refusal> {
        let mut pieces = Vec::with_capacity(conditions.len());
        for (key, value) in conditions {
            match key.as_str() {
                "and" | "or" | "not" => {
                    let text = self.group(key, value)?;
                    if !text.is_empty() {
                        pieces.push(Piece { text, is_group: key != "not" });
                    }
                }
                _ => pieces.push(Piece { text: self.column(key, value)?, is_group: false }),
            }
        }
        Ok(pieces)
    }

    /// `(…) OR (…)`. Members without a condition leave the operator dangling, unless all are.
    fn group(&self, key: &str, members: &Value) -> Result<Fragment, Refusal> {
        let members = members.as_list();
        let members = members.ok_or_else(|| Refusal::worded(format!("{key} expects conditions to be an array")))?;
        let members: Vec<Fragment> =
            members.iter().map(|member| self.group_member(key, member)).collect::<Result<_, _>>()?;
        match key {
            "or" => Ok(Fragment::join(members, " OR ")),
            "and" => Ok(Fragment::join(members, " AND ")),
            // The text of `not` is UNCONFIRMED: none of its members together, as `not` of DynamoDB's filters.
            _ => {
                let is_one = members.len() == 1;
                let inner = Fragment::join(members, " AND ");
                if inner.is_empty() {
                    return Ok(inner);
                }
                let mut text = Fragment::of(if is_one { "NOT " } else { "NOT (" });
                text.append(inner);
                text.text(if is_one { "" } else { ")" });
                Ok(text)
            }
        }
    }

    /// A member of a group in its parentheses. With several pieces (UNCONFIRMED) groups among them get their own.
    fn group_member(&self, key: &str, member: &Value) -> Result<Fragment, Refusal> {
        let wrong = || Refusal::worded(format!("Expected {key} to be an Object."));
        if self.markers.find(member).is_some() {
            return Err(wrong());
        }
        let pieces = self.pieces(member.as_object().ok_or_else(wrong)?)?;
        let is_one = pieces.len() == 1;
        let texts = pieces
            .into_iter()
            .map(|piece| if piece.is_group && !is_one { parenthesised(piece.text) } else { piece.text });
        let inner = Fragment::join(texts, " AND ");
        Ok(if inner.is_empty() { inner } else { parenthesised(inner) })
    }

    /// Several conditions on one column must all hold.
    fn column(&self, name: &str, conditions: &Value) -> Result<Fragment, Refusal> {
        let conditions = conditions.as_object().filter(|_| self.markers.find(conditions).is_none());
        let conditions = conditions.ok_or_else(|| Refusal::worded("Expected condition to be an Object."))?;
        let mut target = Fragment::default();
        target.name(name);
        let texts: Vec<Fragment> = conditions
            .iter()
            .map(|(operator, value)| self.condition(name, &target, operator, value))
            .collect::<Result<_, _>>()?;
        Ok(Fragment::join(texts, " AND "))
    }

    fn condition(&self, name: &str, target: &Fragment, operator: &str, value: &Value) -> Result<Fragment, Refusal> {
        let path = format!("{name}.{operator}");
        let mut text = target.clone();
        if let Some(comparison) = comparison(operator) {
            required(value, &path)?;
            text.text(comparison);
            text.value(self.markers, value)?;
            return Ok(text);
        }
        match operator {
            // `notContains` gets no wildcards: AppSync's own text.
            "contains" => like(text, " LIKE ", format!("%{}%", string(value, &path)?)),
            "beginsWith" => like(text, " LIKE ", format!("{}%", string(value, &path)?)),
            "notContains" => like(text, " NOT LIKE ", string(value, &path)?.to_owned()),
            "between" => self.between(text, value, &path),
            "attributeExists" => {
                let expected = required(value, &path)?.as_bool();
                let expected =
                    expected.ok_or_else(|| Refusal::worded(format!("{path} expects a boolean value to be passed.")))?;
                text.text(if expected { " IS NOT NULL" } else { " IS NULL" });
                Ok(text)
            }
            "size" => {
                let mut length = Fragment::of("LENGTH (");
                length.append(text);
                length.text(")");
                self.measured(length, "size", value, &path)
            }
            _ => match aggregate_text(operator).filter(|_| self.has_aggregates) {
                Some(function) => {
                    let mut aggregate = Fragment::of(function);
                    aggregate.append(text);
                    aggregate.text(")");
                    self.measured(aggregate, operator, value, &path)
                }
                None => Err(Refusal::worded(format!("Unsupported condition {path}."))),
            },
        }
    }

    fn between(&self, mut text: Fragment, bounds: &Value, path: &str) -> Result<Fragment, Refusal> {
        let wrong = || Refusal::worded(format!("{path} condition expects an array with length of 2."));
        let [low, high] = bounds.as_list().ok_or_else(wrong)? else {
            let length = bounds.as_list().map_or(0, <[Value]>::len);
            return Err(Refusal::worded(format!(
                "{path} condition expects an array with 2 values but received an array with length {length}."
            )));
        };
        text.text(" BETWEEN ");
        text.value(self.markers, low)?;
        text.text(" AND ");
        text.value(self.markers, high)?;
        Ok(text)
    }

    /// Comparisons with a length or an aggregate, which is repeated for each. Null is allowed here.
    fn measured(&self, target: Fragment, what: &str, value: &Value, path: &str) -> Result<Fragment, Refusal> {
        let conditions = value.as_object().filter(|_| self.markers.find(value).is_none());
        let conditions = conditions.ok_or_else(|| Refusal::worded(format!("Expected {path} to be an Object.")))?;
        let mut texts = Vec::with_capacity(conditions.len());
        for (operator, value) in conditions {
            let mut text = target.clone();
            if operator == "between" {
                texts.push(self.between(text, value, path)?);
                continue;
            }
            let comparison =
                comparison(operator).ok_or_else(|| Refusal::worded(format!("{path} has invalid {what} operator.")))?;
            text.text(comparison);
            text.value(self.markers, value)?;
            texts.push(text);
        }
        Ok(Fragment::join(texts, " AND "))
    }
}

fn parenthesised(inner: Fragment) -> Fragment {
    let mut text = Fragment::of("(");
    text.append(inner);
    text.text(")");
    text
}

fn like(mut text: Fragment, operator: &'static str, pattern: String) -> Result<Fragment, Refusal> {
    text.text(operator);
    text.bind(pattern.into(), None);
    Ok(text)
}

/// `= NULL` is never true, so that AppSync refuses it.
fn required<'v>(value: &'v Value, path: &str) -> Result<&'v Value, Refusal> {
    if value.is_null() {
        return Err(Refusal::worded(format!("Value for {path} can't be null.")));
    }
    Ok(value)
}

fn string<'v>(value: &'v Value, path: &str) -> Result<&'v str, Refusal> {
    let text = required(value, path)?.as_str();
    text.ok_or_else(|| Refusal::worded(format!("{path} expects a string value to be passed.")))
}
