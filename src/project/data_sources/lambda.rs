//! AWS_LAMBDA: a function that `functions` describes, or one of AWS's by its ARN (spec appsync-service 8.1.1).

use crate::backend::lambda::function_name;
use crate::error::Diagnostic;
use crate::project::data_sources::DataSourceKind;
use crate::project::functions::{Functions, REFERENCE_KEYS, read_reference};
use crate::project::reader::{Named, Reader, Section};
use crate::value::Str;

const ALIAS: &str = "functionAlias";

pub(super) fn keys() -> Vec<&'static str> {
    [&REFERENCE_KEYS[..], &[ALIAS]].concat()
}

/// Reads the section `config` of data source `member`, which messages call `what`. What is wrong with its function is
/// reported, and no reason to report resolvers for not having code.
pub(super) fn read(
    member: &Named,
    config: &Section,
    what: &str,
    functions: &Functions,
    reader: &mut Reader,
) -> DataSourceKind {
    if REFERENCE_KEYS.iter().all(|key| config.entry(key).is_none()) {
        let problem = Diagnostic::error(format!("{what} has no `config.function`"));
        let help = "name one that `functions` describes: `config: { function: pricing }`";
        reader.report(problem.help(help), &member.range);
    }
    let function = read_reference(config, what, functions, reader).unwrap_or_default();
    let alias = config.get(ALIAS).and_then(|node| reader.text(node, ALIAS));
    let Some(alias) = alias else { return DataSourceKind::Lambda { function } };
    let described = functions.get(function_name(&function)).map(|function| &function.aws_name);
    if has_qualifier(&function) || described.is_some_and(has_qualifier) {
        let problem = Diagnostic::error(format!("{what} gives function `{function}` an alias, and its ARN has one"));
        reader.report(problem.help("keep one of the two"), &alias.range);
    }
    DataSourceKind::Lambda { function: format!("{function}:{}", alias.value).into() }
}

/// Whether a function's name or ARN ends with an alias or a version.
fn has_qualifier(function: &Str) -> bool {
    !function.ends_with(function_name(function))
}
