//! Filter objects to DynamoDB expressions (spec appsync-js 2.4, exact to the blank).

use super::dynamodb::typed;
use super::{Refusal, Scope, argument};
use crate::limits::EXPRESSION_BYTES;
use crate::value::{Map, Str, Value, object};

/// `util.transform.toDynamoDBFilterExpression` and `…ConditionExpression`, which AppSync answers alike: JSON text, or null
/// for a filter that it does not understand.
pub fn to_filter_expression(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    let mut expression = Expression::default();
    match build(argument(arguments, 0), &mut expression) {
        Some(()) => Ok(expression.into_value(true).to_string().into()),
        // Null would be no filter at all.
        None if expression.is_too_large() => Err(Refusal::failed(format!(
            "util.transform: the filter makes an expression of more than {} MB",
            EXPRESSION_BYTES / (1024 * 1024)
        ))),
        None => Ok(Value::Null),
    }
}

/// An expression with its placeholders.
#[derive(Default)]
pub struct Expression {
    pub text: String,
    pub names: Map,
    pub values: Map,
    /// About what text, names and placeholders take.
    size_bytes: usize,
}

impl Expression {
    /// Counts what is about to be written; `None` when that is too much.
    fn spend(&mut self, bytes: usize) -> Option<()> {
        self.size_bytes = self.size_bytes.saturating_add(bytes);
        (!self.is_too_large()).then_some(())
    }

    fn is_too_large(&self) -> bool {
        self.size_bytes > EXPRESSION_BYTES
    }

    fn bind(&mut self, name: &str, value: Value) -> Option<()> {
        // Once as a key, once in the text.
        self.spend(2 * name.len())?;
        self.values.insert(name.into(), value);
        Some(())
    }

    /// `{expression, expressionNames, expressionValues}`; an empty map of values stays only where `keep_empty` says so.
    pub fn into_value(self, keep_empty: bool) -> Value {
        let mut value = object! { "expression" => self.text, "expressionNames" => self.names };
        if keep_empty || !self.values.is_empty() {
            value.set("expressionValues", self.values);
        }
        value
    }
}

/// The expression for a filter object; `None` when it is not one, or makes too much of it.
pub fn build_expression(filter: &Value) -> Option<Expression> {
    let mut expression = Expression::default();
    build(filter, &mut expression)?;
    Some(expression)
}

fn build(filter: &Value, out: &mut Expression) -> Option<()> {
    out.text = group(filter.as_object()?, "", out)?.text;
    Some(())
}

/// A part of an expression: several clauses joined by AND, or one.
struct Part {
    text: String,
    clauses: usize,
}

/// All members of a filter, joined by AND. `path` prefixes the placeholders.
fn group(filter: &Map, path: &str, out: &mut Expression) -> Option<Part> {
    let mut clauses = Vec::with_capacity(filter.len());
    for (key, value) in filter {
        clauses.push(match key.as_str() {
            "and" => joined(value, path, "and", " AND ", out)?,
            "or" => joined(value, path, "or", " OR ", out)?,
            "not" => negated(value, path, out)?,
            field => field_clauses(field, value.as_object()?, path, out)?,
        });
    }
    Some(Part { clauses: clauses.len(), text: clauses.join(" AND ") })
}

fn joined(members: &Value, path: &str, key: &str, joiner: &str, out: &mut Expression) -> Option<String> {
    let members = members.as_list()?;
    let mut parts = Vec::with_capacity(members.len());
    for (index, member) in members.iter().enumerate() {
        parts.push(group(member.as_object()?, &format!("{path}{key}_{index}_"), out)?.text);
    }
    // One member needs no parentheses of its own.
    Some(if parts.len() == 1 { parts.remove(0) } else { format!("({})", parts.join(joiner)) })
}

fn negated(filter: &Value, path: &str, out: &mut Expression) -> Option<String> {
    let part = group(filter.as_object()?, &format!("{path}not_"), out)?;
    Some(if part.clauses > 1 { format!("(NOT ({}))", part.text) } else { format!("(NOT {})", part.text) })
}

fn field_clauses(field: &str, operators: &Map, path: &str, out: &mut Expression) -> Option<String> {
    let name = format!("#{field}");
    out.spend(2 * name.len())?;
    out.names.insert(Str::from(&name), field.into());
    let clauses = operator_clauses(&name, operators, &format!(":{path}{field}"), out)?;
    Some(match clauses.len() {
        0 => String::new(),
        1 => clauses.into_iter().next()?,
        _ => format!("({})", clauses.join(" AND ")),
    })
}

/// One clause per operator; `operand` is the left side, `placeholder` what the values' names begin with.
fn operator_clauses(operand: &str, operators: &Map, placeholder: &str, out: &mut Expression) -> Option<Vec<String>> {
    let mut clauses = Vec::with_capacity(operators.len());
    for (operator, value) in operators {
        let operator = operator.as_str();
        let name = format!("{placeholder}_{operator}");
        out.spend(operand.len())?;
        let clause = match operator {
            "eq" | "ne" | "lt" | "le" | "gt" | "ge" => {
                let sign = match operator {
                    "eq" => "=",
                    "ne" => "<>",
                    "lt" => "<",
                    "le" => "<=",
                    "gt" => ">",
                    _ => ">=",
                };
                out.bind(&name, typed(value))?;
                format!("({operand} {sign} {name})")
            }
            "contains" | "notContains" | "beginsWith" => {
                out.bind(&name, typed(value))?;
                match operator {
                    "contains" => format!("(contains({operand},{name}))"),
                    "notContains" => format!("(NOT contains({operand},{name}))"),
                    _ => format!("(begins_with({operand},{name}))"),
                }
            }
            "between" => {
                let [start, end, ..] = value.as_list()? else { return None };
                out.bind(&format!("{name}_start"), typed(start))?;
                out.bind(&format!("{name}_end"), typed(end))?;
                format!("({operand} BETWEEN {name}_start AND {name}_end)")
            }
            "in" => {
                let items = value.as_list()?;
                let mut names = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    let name = format!("{name}_{index}");
                    out.bind(&name, typed(item))?;
                    names.push(name);
                }
                if items.is_empty() { "(null)".to_owned() } else { format!("({operand} IN ({}))", names.join(", ")) }
            }
            "attributeExists" => match value.as_bool()? {
                true => format!("(attribute_exists({operand}))"),
                false => format!("(attribute_not_exists({operand}))"),
            },
            "attributeType" => {
                out.bind(&name, object! { "S" => type_code(value.as_str()?)? })?;
                format!("(attribute_type({operand},{name}))")
            }
            "size" => {
                // `size(#a)` stays one call however often the operator is nested; only the placeholder grows.
                let operand =
                    if operand.starts_with("size(") { operand.to_owned() } else { format!("size({operand})") };
                clauses.extend(operator_clauses(&operand, value.as_object()?, &name, out)?);
                continue;
            }
            _ => return None,
        };
        clauses.push(clause);
    }
    Some(clauses)
}

fn type_code(name: &str) -> Option<&'static str> {
    Some(match name {
        "_null" => "NULL",
        "string" => "S",
        "stringSet" => "SS",
        "number" => "N",
        "numberSet" => "NS",
        "binary" => "B",
        "binarySet" => "BS",
        "boolean" => "BOOL",
        "list" => "L",
        "map" => "M",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expression(filter: &str) -> Option<(String, Value)> {
        let built = build_expression(&Value::parse(filter).unwrap())?;
        Some((built.text, built.values.into()))
    }

    #[test]
    fn filters_become_the_recorded_expressions() {
        for (filter, expected) in [
            (r#"{"a":{"eq":1,"gt":0}}"#, "((#a = :a_eq) AND (#a > :a_gt))"),
            (
                r#"{"or":[{"a":{"eq":1}},{"and":[{"b":{"ne":2}},{"c":{"lt":3}}]}]}"#,
                "((#a = :or_0_a_eq) OR ((#b <> :or_1_and_0_b_ne) AND (#c < :or_1_and_1_c_lt)))",
            ),
            (r#"{"not":{"a":{"eq":1}}}"#, "(NOT (#a = :not_a_eq))"),
            (r#"{"not":{"a":{"eq":1},"b":{"eq":2}}}"#, "(NOT ((#a = :not_a_eq) AND (#b = :not_b_eq)))"),
            (r#"{"a":{"size":{"between":[1,3]}}}"#, "(size(#a) BETWEEN :a_size_between_start AND :a_size_between_end)"),
            (r#"{"a":{"size":{"size":{"gt":1}}}}"#, "(size(#a) > :a_size_size_gt)"),
            (r#"{"a":{"size":{"contains":1}}}"#, "(contains(size(#a),:a_size_contains))"),
            (r#"{"a":{"in":["x","y"]}}"#, "(#a IN (:a_in_0, :a_in_1))"),
            (r#"{"a":{"in":[]}}"#, "(null)"),
            (r#"{"a":{"attributeExists":false}}"#, "(attribute_not_exists(#a))"),
            (r#"{"a.b":{"notContains":1}}"#, "(NOT contains(#a.b,:a.b_notContains))"),
            (
                r#"{"or":[{"a":{"eq":1},"b":{"eq":2}},{"c":{"eq":3}}]}"#,
                "((#a = :or_0_a_eq) AND (#b = :or_0_b_eq) OR (#c = :or_1_c_eq))",
            ),
            (
                r#"{"status":{"eq":"OPEN"},"or":[{"owner":{"eq":"u1"}},{"tags":{"contains":"x"}}],"not":{"age":{"lt":18}}}"#,
                "(#status = :status_eq) AND ((#owner = :or_0_owner_eq) OR (contains(#tags,:or_1_tags_contains))) AND (NOT (#age < :not_age_lt))",
            ),
            ("{}", ""),
            (r#"{"v":{}}"#, ""),
            (r#"{"not":{}}"#, "(NOT )"),
            (r#"{"a":{"eq":1},"b":{}}"#, "(#a = :a_eq) AND "),
            (r#"{"and":[{"a":{"eq":1}},{}]}"#, "((#a = :and_0_a_eq) AND )"),
        ] {
            assert_eq!(expression(filter).map(|(text, _)| text).as_deref(), Some(expected), "{filter}");
        }
    }

    #[test]
    fn what_is_no_filter_gives_nothing() {
        for filter in [
            "null",
            "[]",
            r#""x""#,
            r#"{"a":{"wrong":1}}"#,
            r#"{"a":1}"#,
            r#"{"and":{"a":{"eq":1}}}"#,
            r#"{"a":null}"#,
            r#"{"not":[{"a":{"eq":1}}]}"#,
            r#"{"a":{"between":[1]}}"#,
            r#"{"a":{"in":1}}"#,
            r#"{"a":{"attributeExists":1}}"#,
            r#"{"a":{"attributeType":"S"}}"#,
            r#"{"a":{"size":1}}"#,
            r#"{"a":{"b":{"eq":1}}}"#,
        ] {
            assert!(expression(filter).is_none(), "{filter}");
        }
    }

    #[test]
    fn a_filter_cannot_ask_for_gigabytes() {
        let operands: Vec<i32> = (0..10_000).collect();
        let filter = format!(r#"{{"{}":{{"in":{operands:?}}}}}"#, "long".repeat(1_000));
        let mut built = Expression::default();
        assert!(build(&Value::parse(&filter).unwrap(), &mut built).is_none() && built.is_too_large());
        assert!(built.values.len() < 1_000);
    }

    #[test]
    fn operands_are_typed() {
        let (_, values) = expression(r#"{"a":{"eq":5},"b":{"in":["x"]},"c":{"attributeType":"stringSet"}}"#).unwrap();
        assert_eq!(values.to_string(), r#"{":a_eq":{"N":5},":b_in_0":{"S":"x"},":c_attributeType":{"S":"SS"}}"#);
    }
}
