//! `payloads` in `syncline.yaml`: what the payload means that a mapping template or a handler of AppSync's sends to this
//! API's Lambda function (spec appsync-service 7.2, 7.7). Such a payload has the form that its author gave it:
//!
//! ```yaml
//! payloads:
//!   fields:                        # the payload's `field` → the field whose resolver answers
//!     getPost: Query.getPost
//!     related: Post.related
//!   name: field                    # the member that holds the name; default: `field`, else `fieldName`
//!   arguments: arguments           # the members that hold the rest of the context
//!   source: source
//!   identity: identity
//!   batchAnswers: WRAPPED          # elements of a batch: `{data, errorMessage, errorType}`, or PLAIN values
//! ```

use crate::error::{Diagnostic, Place, nearest};
use crate::project::ResolverDefinition;
use crate::project::reader::{Named, Reader, list};
use crate::project::yaml::Node;
use crate::schema::NameMap;
use crate::value::Str;

/// How payloads are read.
#[derive(Clone, Debug, PartialEq)]
pub struct Payloads {
    /// The fields by the names that payloads have for them.
    pub fields: NameMap<PayloadField>,
    /// Members in which the name stands; the first that there is counts.
    pub name_members: Vec<Str>,
    pub arguments_member: Str,
    pub source_member: Str,
    pub identity_member: Str,
    /// Whether each element of a batch's answer has a place for an error. AWS's own samples read such elements.
    pub wraps_batches: bool,
}

/// A field that has a resolver.
#[derive(Clone, Debug, PartialEq)]
pub struct PayloadField {
    pub type_name: Str,
    pub field_name: Str,
    pub place: Place,
}

const KEYS: &[&str] = &["fields", "name", "arguments", "source", "identity", "batchAnswers"];

/// `None` where payloads are not expected.
pub(crate) fn read_payloads(node: Option<&Node>, reader: &mut Reader) -> Option<Payloads> {
    let node = node?;
    let section = reader.section(node, "payloads", "`payloads`", KEYS);
    let mut member = |key: &str| section.get(key).and_then(|node| reader.text(node, key)).map(|name| name.value);
    let name_members = match member("name") {
        Some(name) => vec![name],
        None => vec!["field".into(), "fieldName".into()],
    };
    let mut member_or = |key: &'static str| member(key).unwrap_or_else(|| key.into());
    let (arguments_member, source_member, identity_member) =
        (member_or("arguments"), member_or("source"), member_or("identity"));
    let forms = [("WRAPPED", true), ("PLAIN", false)];
    let wraps_batches = section.get("batchAnswers").and_then(|node| reader.choice(node, "batchAnswers", &forms));
    let members = section.get("fields").map(|node| reader.named(node, "fields")).unwrap_or_default();
    if members.is_empty() {
        let help = "name the fields: `fields: { getPost: Query.getPost }`";
        reader.report(Diagnostic::error("`payloads` has no `fields`").help(help), &node.range);
    }
    let fields = members.iter().filter_map(|member| Some((member.name.clone(), read_field(member, reader)?))).collect();
    Some(Payloads {
        fields,
        name_members,
        arguments_member,
        source_member,
        identity_member,
        wraps_batches: wraps_batches.unwrap_or(true),
    })
}

fn read_field(member: &Named, reader: &mut Reader) -> Option<PayloadField> {
    let field = reader.text(member.value, member.name)?;
    let place = Place { file: reader.file.clone(), start: field.range.start, end: field.range.end };
    match field.value.split_once('.') {
        Some((type_name, field_name)) if !type_name.is_empty() && !field_name.is_empty() => {
            Some(PayloadField { type_name: type_name.into(), field_name: field_name.into(), place })
        }
        _ => {
            let problem =
                Diagnostic::error(format!("expected a field such as `Query.getPost`, found `{}`", field.value));
            reader.report(problem, &field.range);
            None
        }
    }
}

/// Payloads can only mean fields that have resolvers.
pub(crate) fn check_payloads(
    payloads: Option<&Payloads>,
    resolvers: &[ResolverDefinition],
    problems: &mut Vec<Diagnostic>,
) {
    for (name, field) in payloads.into_iter().flat_map(|payloads| &payloads.fields) {
        let is_meant = |resolver: &ResolverDefinition| {
            resolver.type_name == field.type_name && resolver.field_name == field.field_name
        };
        if resolvers.iter().any(is_meant) {
            continue;
        }
        let written = format!("{}.{}", field.type_name, field.field_name);
        let known: Vec<String> =
            resolvers.iter().map(|resolver| format!("{}.{}", resolver.type_name, resolver.field_name)).collect();
        let help = match nearest(&written, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("fields with resolvers: {}", list(known.iter().map(String::as_str))),
        };
        let problem = Diagnostic::error(format!("payload `{name}` means `{written}`, which has no resolver"));
        problems.push(problem.at(&field.place.file, field.place.start..field.place.end).help(help));
    }
}
