//! `createPgStatement`, `createMySQLStatement`: from statements to the request document.

use super::super::markers::Markers;
use super::fragment::{Fragment, Part, check_size};
use crate::handler::util::Refusal;
use crate::value::{Map, Str, Value, object};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Postgres,
    MySql,
}

impl Dialect {
    fn function(self) -> &'static str {
        match self {
            Dialect::Postgres => "createPgStatement",
            Dialect::MySql => "createMySQLStatement",
        }
    }

    fn quote(self) -> char {
        match self {
            Dialect::Postgres => '"',
            Dialect::MySql => '`',
        }
    }
}

/// `{statements, variableMap, variableTypeHintMap}`, always with all three.
pub(super) fn create(markers: &mut Markers, dialect: Dialect, arguments: &[Value]) -> Result<Value, Refusal> {
    let mut writer = Writer { dialect, variables: Map::default(), hints: Map::default() };
    let mut statements = Vec::new();
    let mut size_bytes = 0;
    // The second statement may be null.
    for argument in arguments.iter().filter(|argument| !argument.is_null()) {
        let text: Str = match (markers.statement(argument), argument) {
            (Some(statement), _) => {
                size_bytes += statement.fragment.size_bytes();
                check_size(size_bytes)?;
                writer.write(&statement.fragment)?.into()
            }
            (None, Value::String(text)) => text.clone(),
            _ => {
                let function = dialect.function();
                return Err(Refusal::worded(format!("Unsupported type is passed as argument to {function}")));
            }
        };
        statements.push(Value::String(text));
    }
    if statements.is_empty() {
        return Err(Refusal::worded(format!("An argument is expected to be passed to {}", dialect.function())));
    }
    Ok(object! {
        "statements" => statements,
        "variableMap" => writer.variables,
        "variableTypeHintMap" => writer.hints,
    })
}

struct Writer {
    dialect: Dialect,
    /// By their names, which are numbered through all statements.
    variables: Map,
    hints: Map,
}

impl Writer {
    fn write(&mut self, fragment: &Fragment) -> Result<String, Refusal> {
        let mut text = String::with_capacity(fragment.size_bytes().min(4096));
        for part in &fragment.parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Name(name) => self.write_name(name, &mut text),
                Part::Value { value, hint } => {
                    let variable = Str::from(format!(":P{}", self.variables.len()));
                    text.push_str(&variable);
                    if let Some(hint) = hint {
                        self.hints.insert(variable.clone(), (*hint).into());
                    }
                    self.variables.insert(variable, value.clone());
                }
                Part::NotInMySql(message) if self.dialect == Dialect::MySql => return Err(Refusal::worded(*message)),
                Part::NotInMySql(_) => {}
            }
        }
        Ok(text)
    }

    /// Each part of a name between dots is quoted; a `*` alone is not. A quote inside of a part is doubled, so that no
    /// name ends its quotes: resolvers build names out of arguments.
    fn write_name(&self, name: &str, text: &mut String) {
        if name == "*" {
            return text.push('*');
        }
        let quote = self.dialect.quote();
        for (index, part) in name.split('.').enumerate() {
            if index > 0 {
                text.push('.');
            }
            text.push(quote);
            for c in part.chars() {
                if c == quote {
                    text.push(quote);
                }
                text.push(c);
            }
            text.push(quote);
        }
    }
}
