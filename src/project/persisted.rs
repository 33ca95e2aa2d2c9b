//! `persistedQueries` in `syncline.yaml`: documents that clients name instead of sending them. AppSync has nothing like
//! it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::backend::files::ProjectFiles;
use crate::error::{Diagnostic, Place, SourceFile};
use crate::project::reader::{Reader, Spanned};
use crate::project::yaml::Node;
use crate::schema::NameMap;
use crate::value::Str;

/// What may be asked for by name.
#[derive(Clone, Debug, PartialEq)]
pub struct PersistedQueries {
    /// Whether a client may register a document by its SHA-256 (Apollo's automatic persisted queries). Default: yes, and
    /// no where `only` says so.
    pub automatic: bool,
    /// Whether every document that is not trusted is refused. Default: no.
    pub only: bool,
    /// The trusted documents by their ids, in the order of the file.
    pub documents: NameMap<TrustedDocument>,
    /// Path of the file that they stand in.
    pub path: Option<Str>,
}

impl Default for PersistedQueries {
    fn default() -> PersistedQueries {
        PersistedQueries { automatic: true, only: false, documents: NameMap::default(), path: None }
    }
}

/// A document that the project's own clients were built with.
#[derive(Clone, Debug, PartialEq)]
pub struct TrustedDocument {
    pub text: Str,
    /// Where the file has it.
    pub place: Place,
}

/// The prefix that a hash may have as an id (GraphQL over HTTP, appendix on persisted documents).
pub const HASH_PREFIX: &str = "sha256:";

pub(crate) fn read_persisted_queries(
    node: Option<&Node>,
    files: &ProjectFiles,
    reader: &mut Reader,
) -> PersistedQueries {
    const KEYS: &[&str] = &["automatic", "documents", "only"];
    let Some(node) = node else { return PersistedQueries::default() };
    let section = reader.section(node, "persistedQueries", "`persistedQueries`", KEYS);
    let only = section.get("only").and_then(|node| reader.boolean(node, "only")).unwrap_or(false);
    let automatic = section.get("automatic").and_then(|node| reader.boolean(node, "automatic"));
    let path = section.get("documents").and_then(|node| reader.text(node, "documents"));
    match (section.entry("only"), section.entry("automatic")) {
        (Some(entry), _) if only && path.is_none() => {
            let problem = Diagnostic::error("`only` refuses every document, because `documents` names none");
            let help = "name the file that your clients' build writes: `documents: persisted-documents.json`";
            reader.report(problem.help(help), &entry.key_range);
        }
        (_, Some(entry)) if only && automatic == Some(true) => {
            let problem = Diagnostic::error("`only` and `automatic` exclude each other");
            let help = "automatic persisted queries let any client register any document; remove `automatic`";
            reader.report(problem.help(help), &entry.key_range);
        }
        _ => {}
    }
    let documents = path.as_ref().map(|path| read_documents(path, files, reader)).unwrap_or_default();
    let path = path.map(|path| path.value);
    PersistedQueries { automatic: automatic.unwrap_or(!only), only, documents, path }
}

fn read_documents(path: &Spanned<Str>, files: &ProjectFiles, reader: &mut Reader) -> NameMap<TrustedDocument> {
    let name = &path.value;
    let Some(file) = files.get(name) else {
        let problem = match files.unreadable.get(name) {
            Some(reason) => Diagnostic::error(format!("`{name}` cannot be read: {reason}")),
            None => Diagnostic::error(format!("there is no file `{name}`"))
                .help("`documents` is a path in the project folder, to a file that ends in `.json`"),
        };
        reader.report(problem, &path.range);
        return NameMap::default();
    };
    match parse(file) {
        Ok(documents) => documents.into_iter().map(|(id, document)| (plain_id(&id).into(), document)).collect(),
        Err(problem) => {
            reader.problems.push(problem);
            NameMap::default()
        }
    }
}

/// An id without the prefix that says that it is a hash.
pub fn plain_id(id: &str) -> &str {
    id.strip_prefix(HASH_PREFIX).unwrap_or(id)
}

/// Apollo's manifest: `{"format", "version", "operations": [{"id", "body", …}]}`.
#[derive(serde::Deserialize)]
struct Manifest<'a> {
    #[serde(borrow)]
    operations: Vec<ManifestOperation<'a>>,
}

#[derive(serde::Deserialize)]
struct ManifestOperation<'a> {
    id: Str,
    #[serde(borrow)]
    body: &'a RawValue,
}

/// The two forms that builds of clients write: a manifest of Apollo's, or an object from id to document (Relay,
/// GraphQL Code Generator).
fn parse(file: &Arc<SourceFile>) -> Result<Vec<(Str, TrustedDocument)>, Diagnostic> {
    let text: &str = &file.text;
    let is_manifest = serde_json::from_str::<BTreeMap<Str, &RawValue>>(text)
        .is_ok_and(|members| members.get("operations").is_some_and(|operations| operations.get().starts_with('[')));
    let pairs: Vec<(Str, &RawValue)> = if is_manifest {
        let manifest: Manifest = serde_json::from_str(text).map_err(|error| syntax_error(file, &error))?;
        manifest.operations.into_iter().map(|operation| (operation.id, operation.body)).collect()
    } else {
        let members: BTreeMap<Str, &RawValue> =
            serde_json::from_str(text).map_err(|error| syntax_error(file, &error))?;
        members.into_iter().collect()
    };
    let document = |(id, raw): (Str, &RawValue)| {
        // Raw values are slices of the file's text: the distance between the two is the offset.
        let start = (raw.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        let place = Place { file: file.clone(), start, end: start + raw.get().len() };
        match serde_json::from_str::<Str>(raw.get()) {
            Ok(text) => Ok((id, TrustedDocument { text, place })),
            Err(_) => {
                Err(Diagnostic::error(format!("document `{id}` is not a string")).at(file, place.start..place.end))
            }
        }
    };
    pairs.into_iter().map(document).collect()
}

fn syntax_error(file: &Arc<SourceFile>, error: &serde_json::Error) -> Diagnostic {
    Diagnostic::error(format!("`{}` is no list of documents: {error}", file.path))
        .at(file, 0..0)
        .help("expected `{\"<id>\": \"query …\"}`, or an Apollo manifest with `operations: [{\"id\", \"body\"}]`")
}
