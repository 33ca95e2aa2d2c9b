//! Which files make up the schema.

use std::sync::Arc;

use crate::backend::files::ProjectFiles;
use crate::error::{Diagnostic, SourceFile, nearest};
use crate::project::config::Document;
use crate::project::reader::{Reader, Section, Spanned};
use crate::value::Str;

/// `schema` of `syncline.yaml` (a path, a folder, a pattern, or a list of them), else `schema.graphql` and `schema/`.
pub(crate) fn find_schema_files(
    document: &Document,
    files: &ProjectFiles,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Arc<SourceFile>> {
    let schema_files = || files.files.values().filter(|file| is_schema_file(&file.path));
    let Some(node) = Section::of(document.root.as_ref()).get("schema") else {
        let is_default =
            |file: &&Arc<SourceFile>| is_below_or_at(&file.path, "schema") || file.path == "schema.graphql";
        let found: Vec<_> = schema_files().filter(is_default).cloned().collect();
        if found.is_empty() && !files.unreadable.contains_key("schema.graphql") {
            let help = "write `schema.graphql`, or name the file in `syncline.yaml`: `schema: api/schema.graphql`";
            problems.push(Diagnostic::error("the project has no schema").help(help));
        }
        return found;
    };
    let mut reader = Reader { file: &document.file, problems };
    let mut found: Vec<Arc<SourceFile>> = Vec::new();
    for pattern in reader.strings(node, "schema") {
        let wanted = pattern.value.trim_start_matches("./").trim_end_matches('/');
        let is_pattern = wanted.contains(['*', '?']);
        let is_named = |path: &str| {
            if is_pattern { matches_pattern(wanted, path) } else { is_below_or_at(path, wanted) }
        };
        // A file named in full may have any extension that was read.
        let candidates = || files.files.values().filter(|file| is_schema_file(&file.path) || file.path == wanted);
        let before = found.len();
        let mut any = false;
        for file in candidates().filter(|file| is_named(&file.path)) {
            any = true;
            if !found[..before].contains(file) {
                found.push(file.clone());
            }
        }
        if !any {
            report_missing(&pattern, wanted, is_pattern, files, &mut reader);
        }
    }
    found
}

fn report_missing(pattern: &Spanned<Str>, wanted: &str, is_pattern: bool, files: &ProjectFiles, reader: &mut Reader) {
    let diagnostic = match files.unreadable.get(wanted) {
        Some(reason) => Diagnostic::error(format!("schema `{wanted}` cannot be read: {reason}")),
        None if is_pattern => Diagnostic::error(format!("no schema file matches `{wanted}`")),
        None => Diagnostic::error(format!("schema `{wanted}` does not exist")),
    };
    let paths = files.files.keys().map(Str::as_str).filter(|path| is_schema_file(path));
    let help = match nearest(wanted, paths) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "paths start at the project's folder; schemas end in `.graphql`, `.graphqls` or `.gql`".to_string(),
    };
    reader.report(diagnostic.help(help), &pattern.range);
}

pub(crate) fn is_schema_file(path: &str) -> bool {
    matches!(path.rsplit_once('.'), Some((_, "graphql" | "graphqls" | "gql")))
}

fn is_below_or_at(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// `**` stands for any number of folders, `*` and `?` for characters of one name.
fn matches_pattern(pattern: &str, path: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').collect();
    let path: Vec<&str> = path.split('/').collect();
    matches(
        &pattern,
        &path,
        |part| *part == "**",
        |part, name| {
            let (part, name): (Vec<char>, Vec<char>) = (part.chars().collect(), name.chars().collect());
            matches(&part, &name, |c| *c == '*', |c, other| c == other || *c == '?')
        },
    )
}

/// Greedy matching that goes back to the last wildcard only, so that no pattern takes exponential time.
fn matches<T>(pattern: &[T], text: &[T], is_any: impl Fn(&T) -> bool, is_same: impl Fn(&T, &T) -> bool) -> bool {
    let (mut at, mut position) = (0, 0);
    let mut last_any: Option<(usize, usize)> = None;
    while position < text.len() {
        if pattern.get(at).is_some_and(&is_any) {
            last_any = Some((at, position));
            at += 1;
        } else if pattern.get(at).is_some_and(|part| is_same(part, &text[position])) {
            at += 1;
            position += 1;
        } else if let Some((any, covered)) = last_any {
            last_any = Some((any, covered + 1));
            at = any + 1;
            position = covered + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(is_any)
}

#[cfg(test)]
mod tests {
    use super::matches_pattern;

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, path) in [
            ("schema/*.graphql", "schema/users.graphql"),
            ("**/*.graphql", "a/b/users.graphql"),
            ("**/*.graphql", "users.graphql"),
            ("a/**/c/*.g?l", "a/b/b/c/x.gql"),
            ("a/**", "a/b/c"),
        ] {
            assert!(matches_pattern(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("schema/*.graphql", "schema/a/users.graphql"),
            ("*.graphql", "a.graphqls"),
            ("a/**/c", "a/b/d"),
            ("a?", "a"),
        ] {
            assert!(!matches_pattern(pattern, path), "{pattern} {path}");
        }
    }
}
