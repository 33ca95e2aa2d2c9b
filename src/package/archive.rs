//! `function.zip`: the binary and the files that the project runs on, and nothing else. The same input gives the same
//! bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, System, ZipWriter};

use crate::api::{self, Checked, prepared};
use crate::backend::files::ProjectFiles;
use crate::handler::js;
use crate::project::config::FILE_NAMES;
use crate::project::{Code, Project, ResolverKind};
use crate::value::Str;

/// The name under which `provided.al2023` starts a binary.
pub const BOOTSTRAP: &str = "bootstrap";

/// Bytes of all files of a function together. Lambda: 250 MB (spec appsync-service 9.2).
pub const UNPACKED_BYTES: usize = 250 * 1024 * 1024;

/// How hard to compress: as hard as it can be, because it is done once.
const COMPRESSION_LEVEL: i64 = 9;

/// One file of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveFile {
    pub bytes: Vec<u8>,
    pub is_executable: bool,
}

/// The files of an archive by their paths.
pub type ArchiveFiles = BTreeMap<String, ArchiveFile>;

/// Binary and project.
pub fn files(project: &Project, files: &ProjectFiles, bootstrap: Vec<u8>) -> ArchiveFiles {
    let mut archive = ArchiveFiles::new();
    archive.insert(BOOTSTRAP.to_owned(), ArchiveFile { bytes: bootstrap, is_executable: true });
    for path in project_files(project, files) {
        let Some(file) = files.get(&path) else { continue };
        let bytes = file.text.as_bytes().to_vec();
        archive.insert(path.to_string(), ArchiveFile { bytes, is_executable: false });
    }
    archive
}

/// Adds the project as it is worked out ahead; false where the binary would not take it up, because it was built of other
/// sources. The rest of the arguments are the project as it is deployed.
pub fn add_prepared(archive: &mut ArchiveFiles, files: &ProjectFiles, project: &Project, checked: &Checked) -> bool {
    let bootstrap = archive.get(BOOTSTRAP).map(|file| file.bytes.as_slice()).unwrap_or_default();
    let is_of_same = prepared::sources_of(bootstrap) == Some(prepared::sources());
    if is_of_same {
        let bytes = prepared::prepare(files, project, checked);
        archive.insert(prepared::FILE_NAME.to_owned(), ArchiveFile { bytes, is_executable: false });
    }
    is_of_same
}

/// The files that the project consists of where it runs: no seeds, no tests, no script that no handler imports.
pub fn project_files(project: &Project, files: &ProjectFiles) -> BTreeSet<Str> {
    let mut paths: BTreeSet<Str> = project.schema_files.iter().map(|file| file.path.clone()).collect();
    paths.extend(FILE_NAMES.into_iter().find(|name| files.get(name).is_some()).map(Str::from));
    paths.extend(project.config.persisted_queries.path.clone());
    let (dialect, limits) = (api::dialect(&project.config), &project.config.limits);
    for resolver in &project.resolvers {
        let own = match &resolver.kind {
            ResolverKind::Unit(_) => None,
            ResolverKind::Pipeline { before_after, .. } => before_after.as_ref(),
        };
        for code in own.into_iter().chain(resolver.stages().iter().filter_map(|stage| stage.code.as_ref())) {
            match code {
                Code::Js { path } => paths.extend(js::files_of(&project.modules, path, dialect, limits)),
                Code::Vtl { request, response } => {
                    // Amplify's templates for slots that have none are no files.
                    let templates = request.iter().chain(response).map(|file| file.path.clone());
                    paths.extend(templates.filter(|path| files.get(path).is_some()));
                }
            }
        }
    }
    paths
}

/// The archive's bytes.
///
/// # Errors
/// What the archive cannot hold: a name that is too long, more than 4 GB.
pub fn write(files: &ArchiveFiles) -> Result<Vec<u8>, String> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, file) in files {
        // The time of every file is the first that the format has.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(COMPRESSION_LEVEL))
            .system(System::Unix)
            .unix_permissions(if file.is_executable { 0o755 } else { 0o644 });
        archive.start_file(path, options).map_err(|error| error.to_string())?;
        archive.write_all(&file.bytes).map_err(|error| error.to_string())?;
    }
    Ok(archive.finish().map_err(|error| error.to_string())?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn an_archive_has_the_files_with_their_modes_and_always_the_same_bytes() {
        let text = "name: a\n".repeat(100);
        let file = |bytes: &[u8], is_executable| ArchiveFile { bytes: bytes.to_vec(), is_executable };
        let files = ArchiveFiles::from([
            (BOOTSTRAP.to_owned(), file(b"\x7fELF", true)),
            ("resolvers/Query.ä.[x].js".to_owned(), file(text.as_bytes(), false)),
        ]);
        let bytes = write(&files).unwrap();
        assert_eq!(bytes, write(&files).unwrap());
        assert!(bytes.len() < text.len());
        let mut read = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        assert_eq!(read.len(), 2);
        for (path, file) in &files {
            let mut entry = read.by_name(path).unwrap();
            assert_eq!(entry.unix_mode(), Some(if file.is_executable { 0o100_755 } else { 0o100_644 }), "{path}");
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            assert_eq!(content, file.bytes, "{path}");
        }
    }
}
