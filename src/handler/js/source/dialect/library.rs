//! Members of `util`, `runtime` and `extensions` that do not exist. AppSync type-checks code against its own copy of the
//! library when it is saved: TypeScript's error 2339 (spec appsync-js 1.2).

use oxc_ast::ast::*;

use super::super::LIBRARY;
use crate::error::nearest;
use crate::handler::util;

/// `util` functions of mapping templates that JavaScript has not, with what to write instead (spec appsync-js 2.1).
const VTL_ONLY: &[(&str, &str)] = &[
    ("toJson", "write `JSON.stringify(value)`"),
    ("parseJson", "write `JSON.parse(text)`"),
    ("quiet", "leave it out"),
    ("qr", "leave it out"),
    ("validate", "write `if (!condition) util.error(message, type)`"),
    ("isNull", "write `value === null`"),
    ("isNullOrEmpty", "write `!value`"),
    ("isNullOrBlank", "write `!value || value.trim() === ''`"),
    ("defaultIfNull", "write `value ?? other`"),
    ("defaultIfNullOrEmpty", "write `value || other`"),
    ("defaultIfNullOrBlank", "write `value?.trim() ? value : other`"),
    ("isString", "write `typeof value === 'string'`"),
    ("isNumber", "write `typeof value === 'number'`"),
    ("isBoolean", "write `typeof value === 'boolean'`"),
    ("isList", "write `Array.isArray(value)`"),
    ("isMap", "write `typeof value === 'object'`"),
    ("typeOf", "write `typeof value`"),
    ("list", "use the methods of arrays"),
    ("map", "use `Object.keys` and its kin"),
    ("log", "write `console.log(value)`"),
    ("getHeader", "read `ctx.request.headers`"),
];

/// Most members that a cure lists.
const LISTED_MEMBERS: usize = 16;

/// A member that does not exist: what is wrong, and the cure.
pub(super) struct Unknown {
    pub message: String,
    pub help: String,
}

/// The names of a chain of members, outermost object first: `util.time.now` is `["util", "time", "now"]`. `None` for
/// anything else than a chain that starts with an identifier.
pub(super) fn chain<'s, 'a>(
    member: &'s StaticMemberExpression<'a>,
) -> Option<(&'s IdentifierReference<'a>, Vec<&'s str>)> {
    let mut names = vec![member.property.name.as_str()];
    let mut object = &member.object;
    loop {
        match object {
            Expression::StaticMemberExpression(member) => {
                names.push(member.property.name.as_str());
                object = &member.object;
            }
            Expression::Identifier(identifier) => {
                names.reverse();
                return Some((identifier, names));
            }
            _ => return None,
        }
    }
}

/// A part of the library that code has a name for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Util,
    Runtime,
    Extensions,
    /// A whole module: index into [`LIBRARY`].
    Module(usize),
}

/// What a name stands for that is not declared.
pub(super) fn global(name: &str) -> Option<Part> {
    match name {
        "util" => Some(Part::Util),
        "runtime" => Some(Part::Runtime),
        "extensions" => Some(Part::Extensions),
        _ => None,
    }
}

/// What an import brings in.
pub(super) fn imported(module: &str, specifier: &ImportDeclarationSpecifier) -> Option<Part> {
    let index = LIBRARY.iter().position(|(known, ..)| *known == module)?;
    match specifier {
        ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => Some(Part::Module(index)),
        ImportDeclarationSpecifier::ImportSpecifier(it) if index == 0 => global(it.imported.name().as_str()),
        _ => None,
    }
}

impl Part {
    fn known(self) -> Vec<String> {
        match self {
            Part::Util => util::names().map(str::to_owned).collect(),
            Part::Runtime => vec!["earlyReturn".to_owned()],
            Part::Extensions => util::extension_names().map(str::to_owned).collect(),
            Part::Module(index) => LIBRARY[index].2.iter().map(|name| name.to_string()).collect(),
        }
    }

    /// Checks a path below the part. What stands behind a function is not looked at.
    pub fn check_path(self, root: &str, names: &[&str]) -> Option<Unknown> {
        let known = self.known();
        let path = names.join(".");
        let is_function = |end: usize| known.contains(&names[..end].join("."));
        let is_group = known.iter().any(|name| name.strip_prefix(&path).is_some_and(|rest| rest.starts_with('.')));
        if is_group || (1..=names.len()).any(is_function) {
            return None;
        }
        let (missing, before) = names.split_last()?;
        let owner = [&[root], before].concat().join(".");
        let vtl = VTL_ONLY.iter().find(|(name, _)| matches!(self, Part::Util) && names.first() == Some(name));
        // The same name may live in another group: `util.nowISO8601` is `util.time.nowISO8601`.
        let elsewhere = known.iter().find(|name| name.rsplit('.').next() == Some(missing));
        let help = match (vtl, elsewhere, nearest(&path, known.iter().map(String::as_str))) {
            (Some((_, cure)), ..) => format!("it belongs to mapping templates; {cure}"),
            (None, ..) if path.starts_with("dynamodb.") && missing.ends_with("Json") => {
                "it belongs to mapping templates; take the function without `Json`".to_owned()
            }
            (None, Some(name), _) => format!("did you mean `{root}.{name}`?"),
            (None, None, Some(near)) => format!("did you mean `{root}.{near}`?"),
            (None, None, None) => {
                let group = before.iter().map(|name| format!("{name}.")).collect::<String>();
                let mut members: Vec<&str> =
                    known.iter().filter_map(|name| name.strip_prefix(group.as_str())?.split('.').next()).collect();
                members.sort_unstable();
                members.dedup();
                let listed: Vec<String> = members.iter().map(|name| format!("`{name}`")).collect();
                if listed.len() > LISTED_MEMBERS {
                    String::new()
                } else {
                    format!("`{owner}` has {}", listed.join(", "))
                }
            }
        };
        Some(Unknown { message: format!("Property '{missing}' does not exist on `{owner}`"), help })
    }
}
