//! Calls of `$util` and `$extensions` that lead nowhere: AppSync does not refuse them, it prints their source.

use super::{below_util, functions};
use crate::error::nearest;
use crate::handler::vtl::java::Namespace;

/// What is below `$util`.
const NAMESPACES: &[&str] =
    &["dynamodb", "http", "list", "log", "map", "math", "rds", "str", "time", "transform", "xml"];

/// What is wrong with the call `$root.namespace.name(…)` of `count` arguments, and the cure; `None` where nothing is, or
/// where the root is not ours.
pub(in crate::handler::vtl) fn misuse(
    root: &str,
    namespace: Option<&str>,
    name: &str,
    count: usize,
) -> Option<(String, String)> {
    let functions = match (root, namespace) {
        ("util" | "utils", None) => functions(Namespace::Util),
        ("util" | "utils", Some(namespace)) => match below_util(namespace) {
            Some(namespace) => functions(namespace),
            None => {
                let help = match nearest(namespace, NAMESPACES.iter().copied()) {
                    Some(near) => format!("did you mean `${root}.{near}`?"),
                    None => format!("below `$util` there are {}", NAMESPACES.join(", ")),
                };
                return Some((format!("`${root}` has no `{namespace}`, so the call is null"), help));
            }
        },
        ("extensions", None) => functions(Namespace::Extensions),
        _ => return None,
    };
    let path = match namespace {
        Some(namespace) => format!("${root}.{namespace}"),
        None => format!("${root}"),
    };
    let known = functions.iter().filter(|(known, ..)| *known == name);
    let Some((_, least, most, _)) = known.clone().next() else {
        let help = match nearest(name, functions.iter().map(|(known, ..)| *known)) {
            Some(near) => format!("did you mean `{path}.{near}`?"),
            None => {
                let known: Vec<&str> = functions.iter().map(|(known, ..)| *known).collect();
                format!("functions of `{path}`: {}", known.join(", "))
            }
        };
        return Some((format!("`{path}` has no function `{name}`, so the call is null"), help));
    };
    if (*least..=*most).contains(&count) {
        return None;
    }
    let takes = match (*least, *most) {
        (least, usize::MAX) => format!("at least {least}"),
        (least, most) if least == most => format!("{least}"),
        (least, most) => format!("{least} to {most}"),
    };
    let message = format!("`{path}.{name}` was given {count} arguments, so the call is null");
    Some((message, format!("the number of arguments that it takes: {takes}")))
}
