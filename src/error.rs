//! What can go wrong, by who must hear of it: [`FieldError`] (a resolver raised; the client sees it beside its data),
//! [`GraphQLError`] (the engine refuses a request or a value), [`Diagnostic`] (a project file is wrong; its author sees it).

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::ser::SerializeMap;

use crate::value::{Str, Value};

/// An error that a resolver raised: `util.error`, a failed handler, a data source's failure.
///
/// Carries no path: only `execute` knows where in the answer the field stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldError {
    pub message: Str,
    /// `errorType` in the answer; AppSync gives null when `util.error` names none.
    pub error_type: Option<Str>,
    /// Shown to the client filtered by the field's selection set.
    pub data: Value,
    /// Shown to the client as it is.
    pub error_info: Value,
    /// Raised by `util.unauthorized`, which names neither field nor type: `resolver` words the message after both. A
    /// `util.error` with the same text and type keeps its text.
    pub is_unauthorized: bool,
}

impl FieldError {
    pub fn new(error_type: impl Into<Str>, message: impl Into<Str>) -> FieldError {
        FieldError { message: message.into(), error_type: Some(error_type.into()), ..FieldError::default() }
    }

    /// A request document that AppSync's strict reader refuses (spec appsync-js section 5, class `MappingTemplate`).
    pub fn mapping_template(message: impl Into<Str>) -> FieldError {
        FieldError::new("MappingTemplate", message)
    }

    /// A failure while resolver code ran (spec appsync-js section 5, class `Code`).
    pub fn code(message: impl Into<Str>) -> FieldError {
        FieldError::new("Code", message)
    }
}

/// 1-based place in the text of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    pub line: u32,
    pub column: u32,
}

impl Serialize for Location {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("line", &self.line)?;
        map.serialize_entry("column", &self.column)?;
        map.serialize_entry("sourceName", &())?; // AppSync always writes it, always null
        map.end()
    }
}

/// A refusal by the engine before anything ran: syntax, validation, variables (spec appsync-service 4.3).
#[derive(Clone, Debug, PartialEq)]
pub struct GraphQLError {
    pub message: String,
    /// `None` serialises as null, which AppSync gives where it knows no place.
    pub locations: Option<Vec<Location>>,
}

impl GraphQLError {
    pub fn new(message: impl Into<String>) -> GraphQLError {
        GraphQLError { message: message.into(), locations: None }
    }

    pub fn at(message: impl Into<String>, location: Location) -> GraphQLError {
        GraphQLError { message: message.into(), locations: Some(vec![location]) }
    }
}

/// A text file of a project: its path relative to the project's folder, with `/`, and its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    pub path: Str,
    pub text: Arc<str>,
}

impl SourceFile {
    pub fn new(path: impl Into<Str>, text: impl Into<Arc<str>>) -> Arc<SourceFile> {
        Arc::new(SourceFile { path: path.into(), text: text.into() })
    }

    /// 1-based line and column (in characters) of a byte offset.
    pub fn location(&self, offset: usize) -> Location {
        let offset = self.text.floor_char_boundary(offset.min(self.text.len()));
        let before = &self.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Location {
            line: 1 + before.bytes().filter(|&byte| byte == b'\n').count() as u32,
            column: 1 + before[line_start..].chars().count() as u32,
        }
    }

    /// The byte offset of a 1-based line and column; the nearest that exists.
    pub fn offset(&self, location: Location) -> usize {
        let mut start = 0;
        for _ in 1..location.line {
            match self.text[start..].find('\n') {
                Some(newline) => start += newline + 1,
                None => return self.text.len(),
            }
        }
        let line = self.text[start..].split('\n').next().unwrap_or("");
        start + line.char_indices().nth(location.column.saturating_sub(1) as usize).map_or(line.len(), |(at, _)| at)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The project does not start.
    Error,
    Warning,
}

/// One problem in a project file, with its place and, where known, its cure.
///
/// `Display` is the text form: message, place, source line with the spot underlined, help.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    pub severity: Severity,
    /// The name under which AppSync reports the finding, for those that it has too: `@aws-appsync/no-while`, `TS2304`.
    pub code: Option<&'static str>,
    /// Lower case, no full stop, the thing in backticks; AppSync's own words where they are known.
    pub message: String,
    /// The file and the byte range inside it; `None` when the problem is a file that is not there.
    pub place: Option<Place>,
    pub help: Option<String>,
}

/// A byte range in a source file.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    pub file: Arc<SourceFile>,
    pub start: usize,
    pub end: usize,
}

impl Diagnostic {
    pub fn error(message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Error, code: None, message: message.into(), place: None, help: None }
    }

    pub fn warning(message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(message) }
    }

    /// Points at a byte range of `file`.
    pub fn at(mut self, file: &Arc<SourceFile>, range: std::ops::Range<usize>) -> Diagnostic {
        self.place = Some(Place { file: file.clone(), start: range.start, end: range.end.max(range.start) });
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        match self.code {
            Some(code) => write!(f, "{severity}[{code}]: {}", self.message)?,
            None => write!(f, "{severity}: {}", self.message)?,
        }
        if let Some(place) = &self.place {
            let Location { line, column } = place.file.location(place.start);
            let gutter = line.to_string();
            let pad = " ".repeat(gutter.len());
            write!(f, "\n{pad}--> {}:{line}:{column}", place.file.path)?;
            let source_line = place.file.text.lines().nth(line as usize - 1).unwrap_or("");
            if !source_line.trim().is_empty() {
                let end = place.end.min(place.file.text.len()).max(place.start);
                let span = place.file.text.get(place.start..end).unwrap_or("").lines().next().unwrap_or("");
                let (excerpt, marks) = excerpt(source_line, column as usize - 1, span.chars().count());
                write!(f, "\n{pad} |\n{gutter} | {excerpt}\n{pad} | {marks}")?;
            }
        }
        if let Some(help) = &self.help {
            write!(f, "\nhelp: {help}")?;
        }
        Ok(())
    }
}

/// Characters of a source line that are shown; seeds and bundles have endless ones.
const EXCERPT_CHARACTERS: usize = 160;

/// The part of a line around `start`, and the marks that stand below `length` characters from there.
fn excerpt(line: &str, start: usize, length: usize) -> (String, String) {
    let is_long = line.chars().count() > EXCERPT_CHARACTERS;
    // Far to the right, what stands before it gives way.
    let cut = if is_long && start > EXCERPT_CHARACTERS / 2 { start - EXCERPT_CHARACTERS / 4 } else { 0 };
    let mut shown: String = line.chars().skip(cut).take(EXCERPT_CHARACTERS).collect();
    let blank = |c: char| if c == '\t' { '\t' } else { ' ' };
    let mut marks: String = shown.chars().take(start - cut).map(blank).collect();
    marks.push_str(&"^".repeat(length.clamp(1, EXCERPT_CHARACTERS.saturating_sub(start - cut).max(1))));
    if cut > 0 {
        shown.insert_str(0, "… ");
        marks.insert_str(0, "  ");
    }
    if line.chars().count() > cut + EXCERPT_CHARACTERS {
        shown.push_str(" …");
    }
    (shown, marks)
}

/// The JSON form of `syncline check --format json`: `severity`, `code`, `message`, `file`, `line`, `column`, `endLine`,
/// `endColumn`, `help`; places are 1-based, unknown ones null.
impl Serialize for Diagnostic {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let place = self.place.as_ref();
        let start = place.map(|place| place.file.location(place.start));
        let end = place.map(|place| place.file.location(place.end));
        let mut map = serializer.serialize_map(Some(9))?;
        map.serialize_entry("severity", &self.severity)?;
        map.serialize_entry("code", &self.code)?;
        map.serialize_entry("message", &self.message)?;
        map.serialize_entry("file", &place.map(|place| place.file.path.as_str()))?;
        map.serialize_entry("line", &start.map(|at| at.line))?;
        map.serialize_entry("column", &start.map(|at| at.column))?;
        map.serialize_entry("endLine", &end.map(|at| at.line))?;
        map.serialize_entry("endColumn", &end.map(|at| at.column))?;
        map.serialize_entry("help", &self.help)?;
        map.end()
    }
}

/// The name out of `known` that the author of `unknown` most likely meant, if one is close.
pub fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&unknown.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= 1 + name.len().max(unknown.len()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_reads_as_message_place_excerpt_and_help() {
        let file = SourceFile::new("resolvers/Query.getPost.[Posts].js", "import x\nexport const é = Posts;\n");
        let start = file.text.find("Posts").unwrap();
        let text = Diagnostic::error("`Posts` is not defined")
            .at(&file, start..start + 5)
            .help("did you mean `posts`?")
            .to_string();
        assert_eq!(
            text,
            "error: `Posts` is not defined\n --> resolvers/Query.getPost.[Posts].js:2:18\n  |\n2 | export const é = Posts;\n  |                  ^^^^^\nhelp: did you mean `posts`?"
        );
    }

    #[test]
    fn of_an_endless_line_only_the_part_around_the_spot_is_shown() {
        let line = format!("{}here{}", "a".repeat(500), "b".repeat(500));
        let file = SourceFile::new("seed.json", line);
        let text = Diagnostic::error("look").at(&file, 500..504).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[3].chars().count() < 180, "{text}");
        let at = lines[4].find('^').unwrap();
        assert_eq!(lines[3].chars().skip(at).take(4).collect::<String>(), "here");
        assert!(lines[4].ends_with("^^^^") && !lines[4].ends_with("^^^^^"));
    }

    #[test]
    fn locations_and_offsets_are_inverse() {
        let file = SourceFile::new("a", "ab\né c\n\nlast");
        for offset in [0, 1, 3, 5, 6, 8, 12] {
            assert_eq!(file.offset(file.location(offset)), offset);
        }
    }

    #[test]
    fn a_typing_error_finds_its_name_and_nonsense_finds_none() {
        let known = ["partitionKey", "sortKey", "indexes"];
        assert_eq!(nearest("partitonKey", known), Some("partitionKey"));
        assert_eq!(nearest("index", known), Some("indexes"));
        assert_eq!(nearest("colour", known), None);
    }
}
