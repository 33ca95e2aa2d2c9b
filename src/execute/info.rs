//! What `ctx.info` says about a field's selection (spec appsync-js 1.10). Computed once per field of a plan.

use crate::execute::document::{Argument, Directive, Document, Field, Selection, SelectionSet};
use crate::schema::Literal;
use crate::value::{Str, Value};

/// `selectionSetList` and `selectionSetGraphQL` of one field.
pub struct FieldInfo {
    /// A list of strings: aliases where given, nested ones as `parent/child`, parents first.
    pub selection_set_list: Value,
    /// Two-space indent, outer braces included; empty for a leaf. Exact spacing is UNCONFIRMED.
    pub selection_set_graphql: Str,
}

/// Bounds both texts: fragments can ask for exponentially many paths. Ours.
const MOST_PATHS: usize = 10_000;

impl FieldInfo {
    /// `is_included` decides about `@skip` and `@include`. That AppSync drops such fields is UNCONFIRMED.
    pub fn new(
        document: &Document,
        nodes: &[std::sync::Arc<Field>],
        is_included: &dyn Fn(&[Directive]) -> bool,
    ) -> FieldInfo {
        let mut paths: Vec<Str> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        let mut list = PathList { document, is_included, paths: &mut paths, seen: &mut seen };
        for node in nodes {
            list.add(&node.selection_set, "", &mut Vec::new());
        }
        let mut text = String::new();
        for node in nodes.iter().filter(|node| !node.selection_set.is_empty()).take(1) {
            write_selection_set(&node.selection_set, 0, &mut text);
        }
        FieldInfo {
            selection_set_list: paths.into_iter().map(Value::from).collect(),
            selection_set_graphql: text.into(),
        }
    }
}

struct PathList<'a> {
    document: &'a Document,
    is_included: &'a dyn Fn(&[Directive]) -> bool,
    paths: &'a mut Vec<Str>,
    seen: &'a mut std::collections::HashSet<Str>,
}

impl<'a> PathList<'a> {
    fn add(&mut self, selection_set: &'a SelectionSet, parent: &str, fragments: &mut Vec<&'a str>) {
        for selection in selection_set.iter() {
            if self.paths.len() >= MOST_PATHS {
                return;
            }
            match selection {
                Selection::Field(field) if (self.is_included)(&field.directives) => {
                    let key = field.response_key();
                    let path: Str = if parent.is_empty() { key.clone() } else { format!("{parent}/{key}").into() };
                    if self.seen.insert(path.clone()) {
                        self.paths.push(path.clone());
                    }
                    self.add(&field.selection_set, &path, fragments);
                }
                Selection::InlineFragment(inline) if (self.is_included)(&inline.directives) => {
                    self.add(&inline.selection_set, parent, fragments);
                }
                Selection::FragmentSpread(spread) if (self.is_included)(&spread.directives) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.fragment_name)
                        && !fragments.contains(&fragment.name.as_str())
                    {
                        fragments.push(&fragment.name);
                        self.add(&fragment.selection_set, parent, fragments);
                        fragments.pop();
                    }
                }
                _ => {}
            }
        }
    }
}

fn write_selection_set(selection_set: &SelectionSet, indent: usize, out: &mut String) {
    out.push_str("{\n");
    for selection in selection_set.iter() {
        out.push_str(&"  ".repeat(indent + 1));
        match selection {
            Selection::Field(field) => {
                if let Some(alias) = &field.alias {
                    out.push_str(alias);
                    out.push_str(": ");
                }
                out.push_str(&field.name);
                write_arguments(&field.arguments, out);
                write_directives(&field.directives, out);
                if !field.selection_set.is_empty() {
                    out.push(' ');
                    write_selection_set(&field.selection_set, indent + 1, out);
                }
            }
            Selection::FragmentSpread(spread) => {
                out.push_str("...");
                out.push_str(&spread.fragment_name);
                write_directives(&spread.directives, out);
            }
            Selection::InlineFragment(inline) => {
                out.push_str("...");
                if let Some(condition) = &inline.type_condition {
                    out.push_str(" on ");
                    out.push_str(condition);
                }
                write_directives(&inline.directives, out);
                out.push(' ');
                write_selection_set(&inline.selection_set, indent + 1, out);
            }
        }
        out.push('\n');
    }
    out.push_str(&"  ".repeat(indent));
    out.push('}');
}

fn write_directives(directives: &[Directive], out: &mut String) {
    for directive in directives {
        out.push_str(" @");
        out.push_str(&directive.name);
        write_arguments(&directive.arguments, out);
    }
}

fn write_arguments(arguments: &[Argument], out: &mut String) {
    for (index, argument) in arguments.iter().enumerate() {
        out.push_str(if index == 0 { "(" } else { ", " });
        out.push_str(&argument.name);
        out.push_str(": ");
        write_literal(&argument.value, out);
    }
    if !arguments.is_empty() {
        out.push(')');
    }
}

fn write_literal(literal: &Literal, out: &mut String) {
    match literal {
        Literal::Variable(name) => {
            out.push('$');
            out.push_str(name);
        }
        Literal::Enum(name) => out.push_str(name),
        Literal::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_literal(item, out);
            }
            out.push(']');
        }
        Literal::Object(members) => {
            out.push('{');
            for (index, (name, value)) in members.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                out.push_str(name);
                out.push_str(": ");
                write_literal(value, out);
            }
            out.push('}');
        }
        scalar => out.push_str(&scalar.to_value().to_string()),
    }
}
