//! What the names of files and folders below `resolvers/` say.

use crate::value::Str;

/// `Query.user`, as a file or a folder spells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FieldName {
    pub type_name: Str,
    pub field_name: Str,
}

impl std::fmt::Display for FieldName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.type_name, self.field_name)
    }
}

/// What a file holds, by its extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Js,
    VtlRequest,
    VtlResponse,
}

/// A file's or folder's name taken apart: `reserve.1.[catalog].js`.
#[derive(Debug, PartialEq)]
pub(crate) struct Name<'a> {
    /// The parts between the dots, without brackets and extension.
    pub parts: Vec<&'a str>,
    /// What stands in brackets.
    pub data_source: Option<&'a str>,
}

/// What a name that starts with a field says behind it.
#[derive(Debug, PartialEq)]
pub(crate) enum Role<'a> {
    /// Nothing: the resolver, or the function between the slots of a pipeline.
    Data,
    /// What runs before and after the functions of a pipeline.
    Index,
    /// One word, perhaps with a number, or with why it is none that counts functions.
    Function {
        slot: &'a str,
        number: Option<Result<u32, &'static str>>,
    },
    Unknown,
}

/// The name without its extension, and what the extension says; `None` for anything that is no code.
pub(crate) fn split_language(file_name: &str) -> Option<(&str, Language)> {
    const EXTENSIONS: [(&str, Language); 7] = [
        (".js", Language::Js),
        (".mjs", Language::Js),
        (".ts", Language::Js),
        (".request.vtl", Language::VtlRequest),
        (".req.vtl", Language::VtlRequest),
        (".response.vtl", Language::VtlResponse),
        (".res.vtl", Language::VtlResponse),
    ];
    if is_declaration_or_test(file_name) {
        return None;
    }
    let (stem, language) =
        EXTENSIONS.iter().find_map(|(extension, language)| Some((file_name.strip_suffix(extension)?, *language)))?;
    (!stem.is_empty()).then_some((stem, language))
}

/// `.d.ts` files hold no code; tests beside a resolver run elsewhere and use what AppSync does not have.
pub(crate) fn is_declaration_or_test(file_name: &str) -> bool {
    let Some((stem, "js" | "mjs" | "ts")) = file_name.rsplit_once('.') else { return false };
    [".d", ".test", ".spec"].iter().any(|end| stem.ends_with(end))
}

/// Takes a name without extension apart.
///
/// # Errors
/// What is wrong with its brackets.
pub(crate) fn parse_name(stem: &str) -> Result<Name<'_>, &'static str> {
    let mut name = Name { parts: Vec::new(), data_source: None };
    let mut rest = stem;
    loop {
        let (part, following) = match rest.strip_prefix('[') {
            Some(inner) => {
                let (inside, after) = inner.split_once(']').ok_or("a bracket is not closed")?;
                if inside.is_empty() {
                    return Err("the brackets are empty");
                }
                if name.data_source.replace(inside).is_some() {
                    return Err("there are two names in brackets");
                }
                (None, after)
            }
            None => {
                let end = rest.find('.').unwrap_or(rest.len());
                (Some(&rest[..end]), &rest[end..])
            }
        };
        if part.is_some_and(|part| part.contains(['[', ']'])) {
            return Err("brackets stand between dots");
        }
        name.parts.extend(part);
        rest = match following.strip_prefix('.') {
            Some(rest) => rest,
            None if following.is_empty() => return Ok(name),
            None => return Err("brackets stand between dots"),
        };
    }
}

impl Name<'_> {
    /// The field that the name starts with. A type's name starts with a capital letter or is one of `types`, so that
    /// `lib.helpers.js` stays what it is.
    pub fn field(&self, types: &[Str]) -> Option<FieldName> {
        let [type_name, field_name, ..] = self.parts[..] else { return None };
        let is_type = type_name.starts_with(|c: char| c.is_ascii_uppercase()) || types.iter().any(|ty| ty == type_name);
        let is_field = is_type && is_identifier(type_name) && is_identifier(field_name);
        is_field.then(|| FieldName { type_name: type_name.into(), field_name: field_name.into() })
    }

    /// What stands behind `Type.field`.
    pub fn role(&self) -> Role<'_> {
        match self.parts.get(2..).unwrap_or_default() {
            [] => Role::Data,
            ["index"] => Role::Index,
            [slot] => Role::Function { slot, number: None },
            [slot, number] if is_number(number) => Role::Function { slot, number: Some(parse_number(number)) },
            _ => Role::Unknown,
        }
    }

    /// Whether there is nothing besides `Type.field` and brackets.
    pub fn is_only_field(&self) -> bool {
        self.parts.len() == 2
    }

    /// The step's number and name, if the name says that it is one.
    ///
    /// # Errors
    /// Why the name is nearly that of a step.
    pub fn step(&self) -> Option<Result<(u32, Option<Str>), &'static str>> {
        let numbers = self.parts.iter().filter(|part| is_number(part)).count();
        let result = match self.parts[..] {
            _ if numbers == 0 => return None,
            [number] => Ok((number, None)),
            [name, number] if is_number(number) && numbers == 1 => Ok((number, Some(name.into()))),
            _ => Err("a step's name comes before its number, like `reserve.1`"),
        };
        Some(result.and_then(|(number, name)| match parse_number(number)? {
            0 => Err("steps are numbered from 1"),
            number => Ok((number, name)),
        }))
    }
}

fn is_number(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

fn parse_number(digits: &str) -> Result<u32, &'static str> {
    digits.parse().map_err(|_| "the number is too large")
}

fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Names of types that do not start with a capital letter: the words after `type` in the schema's text. The schema
/// itself is read later and elsewhere; a word too many here costs nothing.
pub(crate) fn lower_case_types(schema_text: &str) -> Vec<Str> {
    let ends_word = |c: char| c.is_whitespace() || matches!(c, '{' | '}' | '#' | ',' | '@');
    let mut types = Vec::new();
    for at in memchr::memmem::find_iter(schema_text.as_bytes(), "type") {
        let (before, after) = (&schema_text[..at], &schema_text[at + "type".len()..]);
        if !before.chars().next_back().is_none_or(ends_word) || !after.starts_with(ends_word) {
            continue;
        }
        let name = after.trim_start_matches(ends_word).split(ends_word).next().unwrap_or_default();
        if is_identifier(name) && !name.starts_with(|c: char| c.is_ascii_uppercase()) {
            types.push(name.into());
        }
    }
    types
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(stem: &str) -> Option<Result<(u32, Option<Str>), &'static str>> {
        parse_name(stem).unwrap().step()
    }

    #[test]
    fn brackets_name_a_data_source_wherever_they_stand() {
        for stem in ["Query.user.[users]", "[users].Query.user", "Query.[users].user"] {
            let name = parse_name(stem).unwrap();
            assert_eq!((name.parts, name.data_source), (vec!["Query", "user"], Some("users")), "{stem}");
        }
        assert_eq!(parse_name("a.[b.c]").unwrap().data_source, Some("b.c"));
    }

    #[test]
    fn brackets_that_make_no_sense_are_refused() {
        for stem in ["a.[b", "a.[]", "a.[b].[c]", "a[b]", "a.[b]c", "a.b]"] {
            assert!(parse_name(stem).is_err(), "{stem}");
        }
    }

    #[test]
    fn a_type_starts_with_a_capital_letter_or_is_in_the_schema() {
        let field = |stem: &str| parse_name(stem).unwrap().field(&["user".into()]).map(|field| field.to_string());
        assert_eq!(field("Query.user").as_deref(), Some("Query.user"));
        assert_eq!(field("Query.user.extra").as_deref(), Some("Query.user"));
        assert_eq!(field("user.name").as_deref(), Some("user.name"));
        assert_eq!(field("lib.helpers"), None);
        assert_eq!(field("Query"), None);
        assert_eq!(field("Query.user-name"), None);
    }

    #[test]
    fn a_step_has_a_number_after_its_name() {
        assert_eq!(step("1"), Some(Ok((1, None))));
        assert_eq!(step("reserve.02.[catalog]"), Some(Ok((2, Some("reserve".into())))));
        assert_eq!(step("helpers"), None);
        for stem in ["0", "1.reserve", "a.b.1", "1.2", "99999999999"] {
            assert!(matches!(step(stem), Some(Err(_))), "{stem}");
        }
    }

    #[test]
    fn what_stands_behind_a_field_is_its_role() {
        let role = |stem: &str| format!("{:?}", parse_name(stem).unwrap().role());
        assert_eq!(role("Query.user.[users]"), "Data");
        assert_eq!(role("Query.user.index"), "Index");
        assert_eq!(role("Query.user.auth"), r#"Function { slot: "auth", number: None }"#);
        assert_eq!(role("Query.user.auth.[users].02"), r#"Function { slot: "auth", number: Some(Ok(2)) }"#);
        assert_eq!(
            role("Query.user.auth.99999999999"),
            r#"Function { slot: "auth", number: Some(Err("the number is too large")) }"#
        );
        for stem in ["Query.user.auth.first", "Query.user.auth.1.2"] {
            assert_eq!(role(stem), "Unknown", "{stem}");
        }
    }

    #[test]
    fn extensions_tell_the_language() {
        assert_eq!(split_language("Query.a.mjs"), Some(("Query.a", Language::Js)));
        assert_eq!(split_language("Query.a.req.vtl"), Some(("Query.a", Language::VtlRequest)));
        assert_eq!(split_language("Query.a.response.vtl"), Some(("Query.a", Language::VtlResponse)));
        for other in ["types.d.ts", "Query.a.test.js", "Query.a.vtl", "notes.txt", ".js"] {
            assert_eq!(split_language(other), None, "{other}");
        }
    }

    #[test]
    fn types_in_lower_case_are_found_in_the_schema() {
        assert_eq!(lower_case_types("type Query{a:Int}\nextend type user @key{b:Int}"), ["user"]);
    }
}
