//! The names of declarations: those of the schema, unless the file or TypeScript needs them for something else.

use std::collections::{HashMap, HashSet};

use apollo_compiler::schema::{ExtendedType, Name};

use crate::schema::Scalar;
use crate::schema::parse::Checked;

/// What the file's own head declares.
const OWN: &[&str] = &["AppSyncContext", "Arguments", "Context", "Fields", "Result", "Source"];

/// Words that cannot name a type in TypeScript.
const WORDS: &[&str] = &[
    "any",
    "as",
    "async",
    "await",
    "bigint",
    "boolean",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "declare",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "infer",
    "instanceof",
    "interface",
    "is",
    "keyof",
    "let",
    "never",
    "new",
    "null",
    "number",
    "object",
    "package",
    "private",
    "protected",
    "public",
    "readonly",
    "return",
    "static",
    "string",
    "super",
    "switch",
    "symbol",
    "this",
    "throw",
    "true",
    "try",
    "type",
    "typeof",
    "undefined",
    "unique",
    "unknown",
    "var",
    "void",
    "while",
    "with",
    "yield",
];

pub(super) struct Names {
    types: HashMap<String, String>,
    /// Of the interfaces for arguments, by type and field.
    arguments: HashMap<(String, String), String>,
}

impl Names {
    pub fn new(schema: &Checked) -> Names {
        let mut taken: HashSet<String> = OWN.iter().chain(WORDS).map(|name| name.to_string()).collect();
        taken.extend(Scalar::ALL.iter().map(|scalar| scalar.name().to_owned()));
        let mut names = Names { types: HashMap::new(), arguments: HashMap::new() };
        let definitions = || {
            let is_own = |(name, definition): &(&Name, &ExtendedType)| {
                !name.starts_with("__") && !matches!(definition, ExtendedType::Scalar(_))
            };
            schema.types.iter().filter(is_own)
        };
        // Names that need no change first, so that a changed one never takes theirs.
        let (free, changed): (Vec<_>, Vec<_>) =
            definitions().map(|(name, _)| name).partition(|name| !taken.contains(name.as_str()));
        for name in free.into_iter().chain(changed) {
            names.types.insert(name.to_string(), take(&mut taken, name.to_string()));
        }
        for (type_name, definition) in definitions() {
            let ExtendedType::Object(object) = definition else { continue };
            for (field, definition) in &object.fields {
                if !definition.arguments.is_empty() {
                    let name = take(&mut taken, format!("{}{}Args", capitalised(type_name), capitalised(field)));
                    names.arguments.insert((type_name.to_string(), field.to_string()), name);
                }
            }
        }
        names
    }

    pub fn type_name(&self, name: &Name) -> String {
        self.types.get(name.as_str()).cloned().unwrap_or_else(|| name.to_string())
    }

    /// `QueryUserArgs`; `None` for a field without arguments.
    pub fn arguments_name(&self, type_name: &Name, field: &Name) -> Option<String> {
        self.arguments.get(&(type_name.to_string(), field.to_string())).cloned()
    }
}

/// The name itself, or with as many `_` behind it as make it free.
fn take(taken: &mut HashSet<String>, mut name: String) -> String {
    while !taken.insert(name.clone()) {
        name.push('_');
    }
    name
}

fn capitalised(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
