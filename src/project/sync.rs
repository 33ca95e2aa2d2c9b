//! `sync`: what becomes of a mutation that does not know the stored version (spec appsync-js 3.17). AppSync has it at
//! resolvers and functions; here a data source may have it for all of them.

use crate::error::Diagnostic;
use crate::project::data_sources::ConflictHandler;
use crate::project::functions::{Functions, REFERENCE_KEYS, check_function, read_reference};
use crate::project::reader::{Reader, Section};
use crate::project::yaml::Node;
use crate::value::Str;

const ARN_SECTION: &str = "lambdaConflictHandlerConfig";
const ARN: &str = "lambdaConflictHandlerArn";

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    None,
    OptimisticConcurrency,
    Automerge,
    Lambda,
}

const KINDS: [(&str, Kind); 4] = [
    ("OPTIMISTIC_CONCURRENCY", Kind::OptimisticConcurrency),
    ("AUTOMERGE", Kind::Automerge),
    ("LAMBDA", Kind::Lambda),
    ("NONE", Kind::None),
];

/// Reads a section `sync`; `what` names where it stands. `None` where it says nothing, or nothing that can be read.
pub(crate) fn read_sync(
    node: &Node,
    what: &str,
    functions: &Functions,
    reader: &mut Reader,
) -> Option<ConflictHandler> {
    let what = format!("`sync` of {what}");
    let keys = [&["conflictDetection", "conflictHandler", ARN_SECTION][..], &REFERENCE_KEYS].concat();
    let section = reader.section(node, "sync", &what, &keys);
    let detections = [("VERSION", true), ("NONE", false)];
    let detects =
        section.get("conflictDetection").and_then(|node| reader.choice(node, "conflictDetection", &detections));
    let Some(handler) = section.get("conflictHandler") else {
        if detects == Some(true) {
            reader.error(format!("{what} detects conflicts but has no `conflictHandler`"), &node.range);
        }
        return (detects == Some(false)).then_some(ConflictHandler::None);
    };
    let kind = reader.choice(handler, "conflictHandler", &KINDS)?;
    let function = read_function(&section, &what, functions, reader);
    if kind != Kind::Lambda
        && let Some(key) = [ARN_SECTION].into_iter().chain(REFERENCE_KEYS).find_map(|key| section.entry(key))
    {
        let message = format!("{what} names a function but its `conflictHandler` is not `LAMBDA`");
        reader.report(Diagnostic::warning(message), &key.key_range);
    }
    let handler = match (kind, function) {
        (Kind::None, _) => ConflictHandler::None,
        (Kind::OptimisticConcurrency, _) => ConflictHandler::OptimisticConcurrency,
        (Kind::Automerge, _) => ConflictHandler::Automerge,
        (Kind::Lambda, Some(function)) => ConflictHandler::Lambda(function),
        (Kind::Lambda, None) => {
            if !has_reference(&section) {
                let help = "name one that `functions` describes: `function: resolveConflict`";
                let problem = Diagnostic::error(format!("{what} leaves conflicts to a function but names none"));
                reader.report(problem.help(help), &handler.range);
            }
            return None;
        }
    };
    Some(if detects == Some(false) { ConflictHandler::None } else { handler })
}

fn has_reference(section: &Section) -> bool {
    [ARN_SECTION].into_iter().chain(REFERENCE_KEYS).any(|key| section.get(key).is_some())
}

/// As `function`, `functionName` or `functionArn`, or in CloudFormation's way.
fn read_function(section: &Section, what: &str, functions: &Functions, reader: &mut Reader) -> Option<Str> {
    let Some(node) = section.get(ARN_SECTION) else { return read_reference(section, what, functions, reader) };
    let inner = reader.section(node, ARN_SECTION, &format!("`{ARN_SECTION}` of {what}"), &[ARN]);
    let arn = inner.get(ARN).and_then(|node| reader.text(node, ARN));
    let Some(arn) = arn else {
        if inner.get(ARN).is_none() {
            reader.error(format!("{what} has no `{ARN_SECTION}.{ARN}`"), &node.range);
        }
        return None;
    };
    check_function(&arn, what, functions, reader);
    Some(arn.value)
}
