//! `${VAR}` and `${VAR:-default}` in the strings of `syncline.yaml`; `$${` stands for a literal `${`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::{Diagnostic, SourceFile};
use crate::project::yaml::{Data, Node};
use crate::value::Str;

/// Replaces every reference below `node` by its value. Places stay those of the text as written.
pub(crate) fn substitute(
    node: &mut Node,
    file: &Arc<SourceFile>,
    environment: &BTreeMap<String, String>,
    problems: &mut Vec<Diagnostic>,
) {
    match &mut node.data {
        Data::List(items) => items.iter_mut().for_each(|item| substitute(item, file, environment, problems)),
        Data::Map(entries) => {
            entries.values_mut().for_each(|entry| substitute(&mut entry.value, file, environment, problems));
        }
        Data::Scalar(scalar) if scalar.text.contains("${") => {
            let (text, failures) = substitute_text(&scalar.text, environment);
            for failure in failures {
                let written = file.text.get(node.range.clone()).unwrap_or("");
                let range = match written.find(failure.reference.as_str()) {
                    Some(at) => node.range.start + at..node.range.start + at + failure.reference.len(),
                    None => node.range.clone(),
                };
                problems.push(Diagnostic::error(failure.message).at(file, range).help(failure.help));
            }
            scalar.text = text;
            scalar.is_substituted = true;
        }
        Data::Scalar(_) => {}
    }
}

/// The references in a text: name and default of each.
pub(crate) fn references(text: &str) -> Vec<(&str, Option<&str>)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let is_escaped = rest[..at].ends_with('$');
        rest = &rest[at + 2..];
        if is_escaped {
            continue;
        }
        let Some(end) = rest.find('}') else { break };
        if let Some(reference) = parts(&rest[..end]) {
            found.push(reference);
        }
        rest = &rest[end + 1..];
    }
    found
}

/// Name and default of what stands between `${` and `}`; `None` where that is no name.
fn parts(inner: &str) -> Option<(&str, Option<&str>)> {
    let (name, default) = inner.split_once(":-").map_or((inner, None), |(name, default)| (name, Some(default)));
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some((name, default))
}

struct Failure {
    /// The reference as written, `${…}`.
    reference: String,
    message: String,
    help: String,
}

/// A reference that fails stays in the text as it is, so that later checks find something there.
fn substitute_text(text: &str, environment: &BTreeMap<String, String>) -> (Str, Vec<Failure>) {
    let mut result = String::with_capacity(text.len());
    let mut failures = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            result.push_str(&rest[..at - 1]);
            result.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        result.push_str(&rest[..at]);
        let Some(length) = rest[at..].find('}') else {
            failures.push(Failure {
                reference: rest[at..].to_string(),
                message: "`${` without its `}`".to_string(),
                help: "write `$${` for a literal `${`".to_string(),
            });
            result.push_str(&rest[at..]);
            return (result.into(), failures);
        };
        let reference = &rest[at..=at + length];
        match resolve(reference, environment) {
            Ok(value) => result.push_str(value),
            Err(failure) => {
                result.push_str(reference);
                failures.push(*failure);
            }
        }
        rest = &rest[at + length + 1..];
    }
    result.push_str(rest);
    (result.into(), failures)
}

/// The value of one `${…}`. As in a shell, `:-` covers variables that are empty as well as those that are not set.
fn resolve<'a>(reference: &'a str, environment: &'a BTreeMap<String, String>) -> Result<&'a str, Box<Failure>> {
    let Some((name, default)) = parts(&reference[2..reference.len() - 1]) else {
        return Err(Box::new(Failure {
            reference: reference.to_string(),
            message: format!("`{reference}` names no environment variable"),
            help: "`${NAME}` and `${NAME:-default}` are replaced; write `$${` for a literal `${`".to_string(),
        }));
    };
    match (environment.get(name).map(String::as_str), default) {
        (Some(value), _) if !value.is_empty() => Ok(value),
        (_, Some(default)) => Ok(default),
        (Some(empty), None) => Ok(empty),
        (None, None) => Err(Box::new(Failure {
            reference: reference.to_string(),
            message: format!("environment variable `{name}` is not set"),
            help: format!("set it, or give a default: `${{{name}:-value}}`"),
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn substituted(text: &str) -> String {
        let environment = [("A", "1"), ("EMPTY", "")].map(|(name, value)| (name.to_string(), value.to_string()));
        let (text, failures) = substitute_text(text, &environment.into());
        failures.into_iter().fold(text.to_string(), |text, failure| format!("{text} | {}", failure.message))
    }

    #[test]
    fn references_become_values() {
        assert_eq!(substituted("x-${A}-${A}"), "x-1-1");
        assert_eq!(substituted("${A:-2}${B:-2}${EMPTY:-3}${EMPTY}${B:-}"), "123");
        assert_eq!(substituted("$${A} costs $5 ${B:-é}"), "${A} costs $5 é");
    }

    #[test]
    fn what_cannot_be_replaced_stays_and_is_reported() {
        assert_eq!(substituted("${B}"), "${B} | environment variable `B` is not set");
        assert_eq!(substituted("${A} ${"), "1 ${ | `${` without its `}`");
        assert_eq!(substituted("${self:x}"), "${self:x} | `${self:x}` names no environment variable");
        assert_eq!(substituted("${}"), "${} | `${}` names no environment variable");
    }
}
