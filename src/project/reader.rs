//! Reading typed values out of the YAML tree. Every method reports what it cannot read and goes on, so that one look
//! at a file shows all its problems.

use std::ops::Range;
use std::sync::Arc;

use crate::error::{Diagnostic, SourceFile, nearest};
use crate::project::yaml::{Data, Entry, Node};
use crate::schema::NameMap;
use crate::value::Str;

/// A value and where it was written.
#[derive(Clone, Debug)]
pub(crate) struct Spanned<T> {
    pub value: T,
    pub range: Range<usize>,
}

/// Reads one file and collects its problems.
pub(crate) struct Reader<'a> {
    pub file: &'a Arc<SourceFile>,
    pub problems: &'a mut Vec<Diagnostic>,
}

/// A map of which only known keys are allowed.
pub(crate) struct Section<'n> {
    entries: Option<&'n NameMap<Entry>>,
}

impl<'n> Section<'n> {
    /// A map whose keys have been checked before; no keys for anything else.
    pub fn of(node: Option<&'n Node>) -> Section<'n> {
        let entries = match node.map(|node| &node.data) {
            Some(Data::Map(entries)) => Some(entries),
            _ => None,
        };
        Section { entries }
    }

    pub fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub fn entry(&self, key: &str) -> Option<&'n Entry> {
        self.entries?.get(key)
    }
}

/// One member of a map whose keys are the author's own names.
pub(crate) struct Named<'n> {
    pub name: &'n Str,
    pub range: Range<usize>,
    pub value: &'n Node,
}

impl Reader<'_> {
    pub fn report(&mut self, diagnostic: Diagnostic, range: &Range<usize>) {
        self.problems.push(diagnostic.at(self.file, range.clone()));
    }

    pub fn error(&mut self, message: impl Into<String>, range: &Range<usize>) {
        self.report(Diagnostic::error(message), range);
    }

    fn wrong_type(&mut self, expected: &str, name: &str, node: &Node) {
        let diagnostic = Diagnostic::error(format!("expected {expected} for `{name}`, found {}", node.kind()));
        let diagnostic = match &node.data {
            Data::Scalar(scalar) if expected == "a string" && !node.is_null() => {
                diagnostic.help(format!("quotes make it a string: `\"{}\"`", scalar.text))
            }
            Data::Scalar(scalar) if expected == "a number" && scalar.is_quoted => diagnostic.help("remove the quotes"),
            _ => diagnostic,
        };
        self.report(diagnostic, &node.range);
    }

    /// A map with fixed keys; `what` names it in messages: ``table `orders` ``. A map left empty has no keys.
    pub fn section<'n>(&mut self, node: &'n Node, name: &str, what: &str, known: &[&str]) -> Section<'n> {
        let entries = self.map(node, name);
        for (key, entry) in entries.into_iter().flatten() {
            if !known.contains(&key.as_str()) {
                let help = match nearest(key, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if key == "appSync" => "move what is below `appSync` to the top of the file".to_string(),
                    None if known.is_empty() => "there is nothing to configure: remove it".to_string(),
                    None => format!("known keys: {}", list(known.iter().copied())),
                };
                self.report(Diagnostic::error(format!("unknown key `{key}` in {what}")).help(help), &entry.key_range);
            }
        }
        Section { entries }
    }

    fn map<'n>(&mut self, node: &'n Node, name: &str) -> Option<&'n NameMap<Entry>> {
        match &node.data {
            Data::Map(entries) => return Some(entries),
            _ if node.is_null() => {}
            _ => self.wrong_type("a map", name, node),
        }
        None
    }

    /// A map from the author's names to something.
    pub fn named<'n>(&mut self, node: &'n Node, name: &str) -> Vec<Named<'n>> {
        let entries = self.map(node, name);
        entries.into_iter().flatten().map(named_entry).collect()
    }

    /// Like [`named`](Self::named), or a list of such maps, as serverless-appsync-plugin has it.
    pub fn named_in_lists<'n>(&mut self, node: &'n Node, name: &str) -> Vec<Named<'n>> {
        let Data::List(items) = &node.data else { return self.named(node, name) };
        let mut all: Vec<Named<'n>> = Vec::new();
        for member in items.iter().flat_map(|item| self.named(item, name)).collect::<Vec<_>>() {
            if all.iter().any(|earlier| earlier.name == member.name) {
                self.error(format!("`{}` is given twice in `{name}`", member.name), &member.range);
            } else {
                all.push(member);
            }
        }
        all
    }

    pub fn string(&mut self, node: &Node, name: &str) -> Option<Spanned<Str>> {
        match &node.data {
            Data::Scalar(scalar) if scalar.is_substituted || node.kind() == "a string" => {
                Some(Spanned { value: scalar.text.clone(), range: node.range.clone() })
            }
            _ => {
                self.wrong_type("a string", name, node);
                None
            }
        }
    }

    /// A string that is not empty.
    pub fn text(&mut self, node: &Node, name: &str) -> Option<Spanned<Str>> {
        let string = self.string(node, name)?;
        if string.value.trim().is_empty() {
            self.error(format!("`{name}` is empty"), &string.range);
            return None;
        }
        Some(string)
    }

    /// One string or a list of them.
    pub fn strings(&mut self, node: &Node, name: &str) -> Vec<Spanned<Str>> {
        match &node.data {
            Data::List(items) => items.iter().filter_map(|item| self.text(item, name)).collect(),
            Data::Map(_) => {
                self.wrong_type("a string or a list of strings", name, node);
                Vec::new()
            }
            Data::Scalar(_) => self.text(node, name).into_iter().collect(),
        }
    }

    pub fn boolean(&mut self, node: &Node, name: &str) -> Option<bool> {
        if let Data::Scalar(scalar) = &node.data
            && (!scalar.is_quoted || scalar.is_substituted)
        {
            match scalar.text.as_str() {
                "true" | "True" | "TRUE" => return Some(true),
                "false" | "False" | "FALSE" => return Some(false),
                _ => {}
            }
        }
        self.wrong_type("`true` or `false`", name, node);
        None
    }

    /// A whole number within bounds.
    pub fn integer(&mut self, node: &Node, name: &str, bounds: std::ops::RangeInclusive<usize>) -> Option<usize> {
        let Data::Scalar(scalar) = &node.data else {
            self.wrong_type("a number", name, node);
            return None;
        };
        if node.kind() != "a number" && !scalar.is_substituted {
            self.wrong_type("a number", name, node);
            return None;
        }
        let number = scalar.text.parse().ok().filter(|number| bounds.contains(number));
        if number.is_none() {
            let (low, high) = (bounds.start(), bounds.end());
            let message = format!("`{name}` must be a whole number from {low} to {high}, found `{}`", scalar.text);
            self.error(message, &node.range);
        }
        number
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&mut self, node: &Node, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let string = self.string(node, name)?;
        let found = choices.iter().find(|(word, _)| *word == string.value);
        if found.is_none() {
            let words = choices.iter().map(|(word, _)| *word);
            let mut diagnostic =
                Diagnostic::error(format!("`{name}` must be one of {}, found `{}`", list(words.clone()), string.value));
            // One letter is near to every other.
            if let Some(near) = nearest(&string.value, words.filter(|word| word.len() > 1)) {
                diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
            }
            self.report(diagnostic, &string.range);
        }
        found.map(|(_, value)| *value)
    }
}

fn named_entry<'n>((name, entry): (&'n Str, &'n Entry)) -> Named<'n> {
    Named { name, range: entry.key_range.clone(), value: &entry.value }
}

/// Names as our messages list them: `` `a`, `b` ``.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
