//! `functions`: the Lambda functions that a project may call, what AWS calls them, and what stands for them without AWS.
//!
//! ```yaml
//! functions:
//!   audit:                                    # the project's name for it
//!     name: shop-audit                        # AWS's name, or `arn:`; default: the project's
//!     command: [node, functions/audit.mjs]    # on a laptop: payload in, answer out; or `url:`
//! ```

use crate::backend::lambda::{FunctionDescription, LocalFunction, function_name};
use crate::error::{Diagnostic, nearest};
use crate::project::reader::{Named, Reader, Section, Spanned, list};
use crate::project::yaml::{Data, Node};
use crate::schema::NameMap;
use crate::value::Str;

const KEYS: &[&str] = &["name", "arn", "url", "command"];

/// The keys with which a section names a function: ours first, then those of serverless-appsync-plugin.
pub(crate) const REFERENCE_KEYS: [&str; 3] = ["function", "functionName", "functionArn"];

/// The functions by their names in the project.
pub(crate) type Functions = NameMap<FunctionDescription>;

pub(crate) fn read_functions(node: Option<&Node>, reader: &mut Reader) -> Functions {
    let mut functions = Functions::default();
    for member in node.map(|node| reader.named_in_lists(node, "functions")).unwrap_or_default() {
        functions.insert(member.name.clone(), read_function(&member, reader));
    }
    functions
}

fn read_function(member: &Named, reader: &mut Reader) -> FunctionDescription {
    let name = member.name;
    let what = format!("function `{name}`");
    let section = reader.section(member.value, name, &what, KEYS);
    if let (Some(_), Some(entry)) = (section.get("name"), section.entry("arn")) {
        reader.error(format!("{what} has both `name` and `arn`; an ARN has the name in it"), &entry.key_range);
    }
    if let (Some(_), Some(entry)) = (section.get("url"), section.entry("command")) {
        reader.error(format!("{what} has both `url` and `command`; one of them stands for it"), &entry.key_range);
    }
    let arn = section.get("arn").and_then(|node| reader.text(node, "arn"));
    if let Some(arn) = &arn
        && !is_arn(&arn.value)
    {
        let problem = Diagnostic::error(format!("`{}` is no ARN of a Lambda function", arn.value));
        let help =
            "it looks like `arn:aws:lambda:eu-central-1:123456789012:function:audit`; a mere name is written as `name`";
        reader.report(problem.help(help), &arn.range);
    }
    let aws_name = arn.or_else(|| section.get("name").and_then(|node| reader.text(node, "name")));
    let url = section.get("url").and_then(|node| reader.text(node, "url")).and_then(|url| read_url(url, reader));
    let command = section.get("command").and_then(|node| read_command(node, reader));
    FunctionDescription {
        name: name.clone(),
        aws_name: aws_name.map_or_else(|| name.clone(), |aws_name| aws_name.value),
        local: url.map(LocalFunction::Url).or(command.map(LocalFunction::Command)),
    }
}

fn read_url(url: Spanned<Str>, reader: &mut Reader) -> Option<Str> {
    let host = url.value.strip_prefix("http://").or_else(|| url.value.strip_prefix("https://"));
    let is_address = |rest: &&str| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(char::is_whitespace);
    if host.filter(is_address).is_none() {
        reader.error(format!("`{}` is not an address such as http://127.0.0.1:9000/", url.value), &url.range);
        return None;
    }
    Some(url.value)
}

fn read_command(node: &Node, reader: &mut Reader) -> Option<Vec<Str>> {
    let words = reader.strings(node, "command");
    let is_one_text = !matches!(node.data, Data::List(_));
    if let [word] = words.as_slice()
        && is_one_text
        && word.value.contains(char::is_whitespace)
    {
        let written = list_of_words(&word.value);
        let problem = Diagnostic::error("`command` is one text with blanks, and no shell takes it apart");
        reader.report(problem.help(format!("write a list: `command: {written}`")), &word.range);
        return None;
    }
    if words.is_empty() && matches!(&node.data, Data::List(items) if items.is_empty()) {
        reader.error("`command` is empty", &node.range);
    }
    (!words.is_empty()).then(|| words.into_iter().map(|word| word.value).collect())
}

fn list_of_words(text: &str) -> String {
    format!("[{}]", text.split_whitespace().collect::<Vec<_>>().join(", "))
}

fn is_arn(text: &str) -> bool {
    text.starts_with("arn:") && text.contains(":lambda:") && text.contains(":function:")
}

/// The function that a section names with one of [`REFERENCE_KEYS`]; `None` where there is none or it is reported.
/// `what` names the section in messages.
pub(crate) fn read_reference(section: &Section, what: &str, functions: &Functions, reader: &mut Reader) -> Option<Str> {
    let mut given = REFERENCE_KEYS.into_iter().filter_map(|key| Some((key, section.entry(key)?)));
    let (key, entry) = given.next()?;
    if let Some((other, second)) = given.next() {
        reader.error(format!("{what} names its function twice, as `{key}` and as `{other}`"), &second.key_range);
    }
    if matches!(entry.value.data, Data::Map(_)) {
        let problem = Diagnostic::error(format!("expected the name of a function for `{key}`, found a map"));
        reader.report(problem.help("describe it under `functions` and name it here"), &entry.value.range);
        return None;
    }
    let name = reader.text(&entry.value, key)?;
    check_function(&name, what, functions, reader);
    Some(name.value)
}

/// Reports a function that is not described. An ARN may be one of AWS's that nothing stands for; a name is a mistake.
pub(crate) fn check_function(name: &Spanned<Str>, what: &str, functions: &Functions, reader: &mut Reader) {
    let is_meant = |function: &FunctionDescription| {
        function.name == name.value
            || function.aws_name == name.value
            || function_name(&function.aws_name) == function_name(&name.value)
    };
    if functions.values().any(is_meant) {
        return;
    }
    let names = || functions.keys().map(Str::as_str);
    let help = match nearest(function_name(&name.value), names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if functions.is_empty() => "describe it under `functions`".to_owned(),
        None => format!("functions described here: {}", list(names())),
    };
    if is_arn(&name.value) {
        let message = format!("function `{}` is not described under `functions`: only AWS can run it", name.value);
        reader.report(Diagnostic::warning(message), &name.range);
    } else {
        let message = format!("{what} names function `{}`, which is not described", name.value);
        reader.report(Diagnostic::error(message).help(help), &name.range);
    }
}
