//! What `ctx.info` says about a field's selection (spec appsync-js 1.10). Computed once per field of a plan.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::execute::document::{Argument, Directive, Document, Field, Selection, SelectionSet};
use crate::schema::Literal;
use crate::value::{Str, Value};

/// `selectionSetList` and `selectionSetGraphQL` of one field.
pub struct FieldInfo {
    /// A list of strings: aliases where given, nested ones as `parent/child`, parents first.
    pub selection_set_list: Value,
    /// Two-space indent, outer braces included; empty for a leaf. Exact spacing is UNCONFIRMED.
    pub selection_set_graphql: Str,
    /// Bytes of both.
    pub bytes: usize,
}

/// Paths of one field, and bytes of each of its two texts. Ours: fragments can ask for exponentially many paths, and an
/// alias of a megabyte stands in every path below it. The list ends there; a longer text is left empty.
const MOST_PATHS: usize = 10_000;
const MOST_BYTES: usize = 256 * 1024;

/// Selections looked at, and bytes written, for all resolvers of one operation. Ours: ten times what 5,000 fields need that
/// nest 20 levels deep. What comes after them gets empty texts.
const OPERATION_STEPS: usize = 1_000_000;
const OPERATION_BYTES: usize = 32 * 1024 * 1024;

/// What an operation may still spend on the texts of its fields.
pub struct Budget {
    steps: AtomicUsize,
    bytes: AtomicUsize,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { steps: AtomicUsize::new(OPERATION_STEPS), bytes: AtomicUsize::new(OPERATION_BYTES) }
    }
}

impl Budget {
    fn spend(&self, steps: usize, bytes: usize) {
        let less = |spent: usize| move |left: usize| Some(left.saturating_sub(spent));
        let _ = self.steps.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less(steps));
        let _ = self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less(bytes));
    }
}

impl FieldInfo {
    /// `is_included` decides about `@skip` and `@include`. That AppSync drops such fields is UNCONFIRMED.
    pub fn new(
        document: &Document,
        nodes: &[std::sync::Arc<Field>],
        is_included: &dyn Fn(&[Directive]) -> bool,
        budget: &Budget,
    ) -> FieldInfo {
        let mut list = PathList {
            document,
            is_included,
            paths: Vec::new(),
            bytes: 0,
            steps: 0,
            most_steps: budget.steps.load(Ordering::Relaxed),
            most_bytes: MOST_BYTES.min(budget.bytes.load(Ordering::Relaxed)),
            seen_paths: HashSet::new(),
            seen_spreads: HashSet::new(),
        };
        for node in nodes {
            list.add(&node.selection_set, &Str::default());
        }
        let mut text = String::new();
        if list.most_bytes > 0 {
            for node in nodes.iter().filter(|node| !node.selection_set.is_empty()).take(1) {
                write_selection_set(&node.selection_set, 0, &mut text);
            }
        }
        budget.spend(list.steps, list.bytes + text.len());
        if text.len() > MOST_BYTES {
            text.clear();
        }
        FieldInfo {
            bytes: list.bytes + text.len(),
            selection_set_list: list.paths.into_iter().map(Value::from).collect(),
            selection_set_graphql: text.into(),
        }
    }
}

struct PathList<'a> {
    document: &'a Document,
    is_included: &'a dyn Fn(&[Directive]) -> bool,
    paths: Vec<Str>,
    /// Of all paths.
    bytes: usize,
    steps: usize,
    most_steps: usize,
    most_bytes: usize,
    seen_paths: HashSet<Str>,
    /// Fragments by the path where they were spread: a second time would add nothing.
    seen_spreads: HashSet<(Str, &'a str)>,
}

impl<'a> PathList<'a> {
    fn add(&mut self, selection_set: &'a SelectionSet, parent: &Str) {
        for selection in selection_set.iter() {
            self.steps += 1;
            if self.paths.len() >= MOST_PATHS || self.bytes >= self.most_bytes || self.steps > self.most_steps {
                return;
            }
            match selection {
                Selection::Field(field) if (self.is_included)(&field.directives) => {
                    let key = field.response_key();
                    let path: Str = if parent.is_empty() { key.clone() } else { format!("{parent}/{key}").into() };
                    if self.seen_paths.insert(path.clone()) {
                        self.bytes += path.len();
                        self.paths.push(path.clone());
                    }
                    self.add(&field.selection_set, &path);
                }
                Selection::InlineFragment(inline) if (self.is_included)(&inline.directives) => {
                    self.add(&inline.selection_set, parent);
                }
                Selection::FragmentSpread(spread) if (self.is_included)(&spread.directives) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.fragment_name)
                        && self.seen_spreads.insert((parent.clone(), &fragment.name))
                    {
                        self.add(&fragment.selection_set, parent);
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
        if out.len() > MOST_BYTES {
            return; // nobody will see it
        }
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
