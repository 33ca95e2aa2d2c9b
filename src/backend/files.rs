//! Project folders: the only place that reads them. `project` receives what was read as a [`ProjectFiles`] and
//! touches neither disk nor environment itself, so the same code serves a folder, a test and an import.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Diagnostic, SourceFile};
use crate::value::Str;

/// Bytes of one file. Ours: a resolver has at most 32 KB, a schema 1 MB; this is room for seed data.
const FILE_BYTES: u64 = 8 * 1024 * 1024;
/// Bytes of all files together. Ours.
const PROJECT_BYTES: u64 = 256 * 1024 * 1024;
/// Files and folders looked at. Ours: a project that was put into the root of a huge repository by mistake ends here.
const PROJECT_ENTRIES: usize = 50_000;
/// How deep folders may nest. Ours: links can make a folder contain itself.
const FOLDER_DEPTH: usize = 24;

/// What a project folder and the environment held at one moment.
///
/// Paths are relative to the folder and use `/`.
#[derive(Clone, Debug, Default)]
pub struct ProjectFiles {
    /// The folder's own name; the API's name when `syncline.yaml` gives none.
    pub name: Str,
    /// Every file that may belong to the project. Files below `resolvers/` that are no code have an empty text.
    pub files: BTreeMap<Str, Arc<SourceFile>>,
    /// Files that are there but could not be read, with the reason.
    pub unreadable: BTreeMap<Str, String>,
    /// Where `${VAR}` in `syncline.yaml` finds its value.
    pub environment: BTreeMap<String, String>,
    /// Whether the project runs where it is deployed: what is for a laptop only, seeds, need not be there.
    pub is_deployed: bool,
}

impl ProjectFiles {
    pub fn get(&self, path: &str) -> Option<&Arc<SourceFile>> {
        self.files.get(path)
    }

    /// Files below a folder (named without a slash at its end), in the order of their paths.
    pub fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a Arc<SourceFile>> {
        self.files.values().filter(move |file| is_below(&file.path, folder))
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// The process's environment; variables that are not UTF-8 are left out.
pub fn process_environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Reads the project in the folder `root`: schema, resolvers, configuration, and JSON files that may be seeds.
///
/// Folders named `node_modules` and `target`, hidden ones, and folders with a `syncline.yaml` of their own are not
/// entered. A file that cannot be read is only noted: it matters when the project turns out to need it.
///
/// # Errors
/// A [`Diagnostic`] without place when `root` is no readable folder or is far too large.
pub fn read_project(root: &Path, environment: BTreeMap<String, String>) -> Result<ProjectFiles, Diagnostic> {
    let canonical = root.canonicalize().map_err(|error| unreadable_folder(root, &error))?;
    let name = canonical.file_name().map_or_else(|| "api".into(), |name| name.to_string_lossy().into());
    let files = ProjectFiles { name, environment, ..ProjectFiles::default() };
    let mut reader = Reader { files, entries: 0, bytes: 0 };
    reader.read_folder(&canonical, "", &mut vec![canonical.clone()])?;
    Ok(reader.files)
}

struct Reader {
    files: ProjectFiles,
    entries: usize,
    bytes: u64,
}

impl Reader {
    /// `ancestors` are the real paths of the folders around this one, itself included.
    fn read_folder(&mut self, folder: &Path, prefix: &str, ancestors: &mut Vec<PathBuf>) -> Result<(), Diagnostic> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if prefix.is_empty() => return Err(unreadable_folder(folder, &error)),
            Err(_) => return Ok(()),
        };
        for entry in entries.flatten() {
            self.entries += 1;
            if self.entries > PROJECT_ENTRIES || self.bytes > PROJECT_BYTES {
                return Err(Diagnostic::error(format!(
                    "`{}` holds more than {PROJECT_ENTRIES} files or {} MB, which is too much for a project",
                    folder.display(),
                    PROJECT_BYTES / 1024 / 1024
                ))
                .help("give the project a folder of its own"));
            }
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
            // Follows links, so that code shared between projects can be linked in.
            match fs::metadata(entry.path()) {
                Ok(metadata) if metadata.is_dir() => self.enter_folder(&entry.path(), &name, &path, ancestors)?,
                Ok(metadata) if metadata.is_file() => self.read_file(&entry.path(), path, metadata.len()),
                _ => {}
            }
        }
        Ok(())
    }

    fn enter_folder(
        &mut self,
        folder: &Path,
        name: &str,
        path: &str,
        ancestors: &mut Vec<PathBuf>,
    ) -> Result<(), Diagnostic> {
        let is_other_project = folder.join("syncline.yaml").exists() || folder.join("syncline.yml").exists();
        if name.starts_with('.') || name == "node_modules" || name == "target" || is_other_project {
            return Ok(());
        }
        let Ok(canonical) = folder.canonicalize() else { return Ok(()) };
        if ancestors.len() >= FOLDER_DEPTH || ancestors.contains(&canonical) {
            return Ok(());
        }
        ancestors.push(canonical);
        let result = self.read_folder(folder, path, ancestors);
        ancestors.pop();
        result
    }

    fn read_file(&mut self, file: &Path, path: String, size: u64) {
        if file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            return;
        }
        if !is_wanted(&path) {
            if is_below(&path, "resolvers") {
                self.files.files.insert(Str::from(&path), SourceFile::new(path, ""));
            }
            return;
        }
        match read_text(file, size) {
            Ok(text) => {
                self.bytes += text.len() as u64;
                self.files.files.insert(Str::from(&path), SourceFile::new(path, text));
            }
            Err(reason) => {
                self.files.unreadable.insert(Str::from(path), reason);
            }
        }
    }
}

/// Whether a file's text may matter: by its extension, wherever it lies, because `syncline.yaml` may name any place.
fn is_wanted(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension {
        "graphql" | "graphqls" | "gql" | "json" | "js" | "mjs" | "ts" | "vtl" => true,
        "yaml" | "yml" => !path.contains('/') && path.starts_with("syncline."),
        _ => false,
    }
}

fn read_text(path: &Path, size: u64) -> Result<String, String> {
    let too_large = || format!("it is larger than {} MB", FILE_BYTES / 1024 / 1024);
    if size > FILE_BYTES {
        return Err(too_large());
    }
    let file = fs::File::open(path).map_err(|error| reason(&error))?;
    let mut bytes = Vec::with_capacity(size as usize);
    // A file may grow while it is read; one byte more than allowed tells.
    file.take(FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|error| reason(&error))?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(too_large());
    }
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_string())?;
    // Editors on Windows put a byte order mark first, which no reader of ours expects.
    Ok(text.strip_prefix('\u{feff}').map(str::to_string).unwrap_or(text))
}

fn unreadable_folder(folder: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(format!("cannot read the project folder `{}`: {}", folder.display(), reason(error)))
}

/// The system's words for an error, in our form: lower case, without the number.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_becomes_a_snapshot_of_what_a_project_can_consist_of() {
        let root = std::env::temp_dir().join(format!("syncline-files-{}", std::process::id()));
        let write = |path: &str, text: &[u8]| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("syncline.yaml", b"name: a");
        write("schema.graphql", b"type Query { a: Int }");
        write("resolvers/users/Query.user.[users].js", b"//");
        write("resolvers/notes.txt", b"left unread");
        write("resolvers/broken.js", b"\xff");
        write("seed/users.json", b"\xef\xbb\xbf[]");
        write("node_modules/x/index.js", b"//");
        write(".hidden/x.json", b"{}");
        write("other/syncline.yaml", b"name: other");
        write("other/schema.graphql", b"type Query { b: Int }");
        write("README.md", b"#");
        let files = read_project(&root, BTreeMap::new()).unwrap();
        fs::remove_dir_all(&root).unwrap();

        let paths: Vec<_> = files.files.keys().map(Str::as_str).collect();
        assert_eq!(
            paths,
            [
                "resolvers/notes.txt",
                "resolvers/users/Query.user.[users].js",
                "schema.graphql",
                "seed/users.json",
                "syncline.yaml"
            ]
        );
        assert_eq!(&*files.get("seed/users.json").unwrap().text, "[]");
        assert_eq!(&*files.get("resolvers/notes.txt").unwrap().text, "");
        assert_eq!(files.unreadable.get("resolvers/broken.js").map(String::as_str), Some("it is not UTF-8 text"));
    }

    #[test]
    fn a_folder_that_is_not_there_is_said_so() {
        let error = read_project(Path::new("/no/such/folder"), BTreeMap::new()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "error: cannot read the project folder `/no/such/folder`: no such file or directory"
        );
    }
}
