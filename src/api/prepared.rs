//! A project worked out ahead of its start. What a process does with a project before it can answer does not depend on where
//! it runs, except for `syncline.yaml`, whose `${VAR}` are the surroundings': schema and code are read, checked and compiled
//! once, when the project is packaged, and a starting function only takes them up.
//!
//! A prepared project is one file: a line that names the sources of the binary that made it, then what engines are made from
//! (an engine can be made while the rest is read), the code that calls will run (it stays as it is until one does), then
//! everything else, in a binary form that only a binary of the same sources reads. It holds the project's files too, because
//! messages quote them, and because `syncline.yaml` is read anew: no value of a variable is in it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::api::{Checked, assemble, attach, check_parts};
use crate::backend::files::ProjectFiles;
use crate::error::{Diagnostic, SourceFile};
use crate::handler::js::{Engine, Mould, PreparedProgram};
use crate::handler::vtl::PreparedTemplate;
use crate::project::Project;
use crate::schema::{PreparedSchema, Schema};
use crate::value::Str;

/// The name of the file, beside the project's own.
pub const FILE_NAME: &str = "syncline.prepared";

/// What stands in front of the sources' name, in the file as in every binary.
pub const MARK: &str = "syncline sources ";

/// How the file begins. The name is that of the sources that this binary was built of; it stands in the binary as it does
/// here, so that a program can be asked which prepared projects it takes without being run.
#[used]
static HEAD: &str = concat!("syncline sources ", env!("SYNCLINE_SOURCES"), "\n");

/// The sources that this binary was built of, by a name that changes with any of them or of their dependencies.
pub fn sources() -> &'static str {
    env!("SYNCLINE_SOURCES")
}

/// The sources that a binary of Syncline was built of; `None` where it is none.
///
/// # Examples
/// ```
/// use syncline::api::prepared::{sources, sources_of};
/// let this = std::fs::read(std::env::current_exe().unwrap()).unwrap();
/// assert_eq!(sources_of(&this), Some(sources()));
/// assert_eq!(sources_of(b"syncline sources \n"), None);
/// ```
pub fn sources_of(binary: &[u8]) -> Option<&str> {
    let names = memchr::memmem::find_iter(binary, MARK).filter_map(|at| {
        let rest = &binary[at + MARK.len()..];
        let name = &rest[..rest.iter().take(sources().len() + 1).position(|byte| *byte == b'\n')?];
        let is_name = name.len() == sources().len() && name.iter().all(u8::is_ascii_hexdigit);
        std::str::from_utf8(name).ok().filter(|_| is_name)
    });
    names.into_iter().next()
}

/// What stands in front.
#[derive(Serialize, Deserialize)]
struct Front<'a> {
    mould: Mould,
    /// What lies beside the program.
    #[serde(borrow, with = "crate::value::prepared::bytes")]
    code: &'a [u8],
}

#[derive(Serialize, Deserialize)]
struct Content<'a> {
    /// The project folder's.
    name: Str,
    #[serde(borrow)]
    files: Vec<(Str, &'a str)>,
    schema_files: Vec<Str>,
    schema: PreparedSchema,
    program: PreparedProgram,
    templates: Vec<PreparedTemplate>,
}

/// A prepared project that was read.
pub struct PreparedProject {
    /// As the folder would be read, but for the environment.
    pub files: ProjectFiles,
    parts: Parts,
}

/// What need not be done again.
struct Parts {
    schema_files: Vec<Str>,
    schema: PreparedSchema,
    mould: Mould,
    engine: Option<EngineInTheMaking>,
    program: PreparedProgram,
    code: Bytes,
    templates: Vec<PreparedTemplate>,
}

/// An engine that is made on a thread of its own, while a starting process does the rest of its work.
pub(super) struct EngineInTheMaking {
    thread: JoinHandle<Option<Engine>>,
    done: oneshot::Receiver<()>,
}

impl EngineInTheMaking {
    /// `None` where there are no handlers or no threads: then the first call makes an engine.
    fn start(mould: &Mould) -> Option<EngineInTheMaking> {
        if !mould.is_needed() {
            return None;
        }
        let (mould, (send, done)) = (mould.clone(), oneshot::channel());
        let make = move || {
            let engine = mould.make_engine();
            // Nobody need wait for it.
            let _ = send.send(());
            engine
        };
        let thread = std::thread::Builder::new().name("engine".to_owned()).spawn(make).ok()?;
        Some(EngineInTheMaking { thread, done })
    }

    /// Waits until it is made.
    pub async fn finish(self) -> Option<Engine> {
        let _ = self.done.await;
        self.thread.join().ok().flatten()
    }
}

/// Prepares a project that has been checked. `files` is what it was read from where it is deployed: all of them are kept.
pub fn prepare(files: &ProjectFiles, project: &Project, checked: &Checked) -> Vec<u8> {
    let mut templates: Vec<_> = checked.code.templates.values().map(|template| template.prepare()).collect();
    templates.sort_by(|a, b| a.path.cmp(&b.path));
    let (program, code) = checked.code.scripts.prepare();
    let front = Front { mould: checked.code.scripts.mould().clone(), code: &code };
    let content = Content {
        name: files.name.clone(),
        files: files.files.values().map(|file| (file.path.clone(), &*file.text)).collect(),
        schema_files: project.schema_files.iter().map(|file| file.path.clone()).collect(),
        schema: checked.executable.schema.prepare(),
        program,
        templates,
    };
    let bytes = postcard::to_extend(&front, HEAD.as_bytes().to_vec());
    let bytes = bytes.and_then(|bytes| postcard::to_extend(&content, bytes));
    bytes.expect("every part of it has a form, and memory has no end")
}

impl PreparedProject {
    /// Reads a prepared project, and starts to make an engine for its handlers, which takes as long as the rest.
    ///
    /// # Errors
    /// Why it cannot be used: it was made by a binary of other sources, or it is damaged.
    pub fn read(bytes: &Bytes, environment: BTreeMap<String, String>) -> Result<PreparedProject, String> {
        let Some(content) = bytes.strip_prefix(HEAD.as_bytes()) else {
            let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let line = String::from_utf8_lossy(&line[..line.len().min(HEAD.len())]).into_owned();
            return Err(match line.strip_prefix(MARK) {
                Some(other) => format!("it was made by sources `{other}`, this program was built of `{}`", sources()),
                None => "it is no prepared project".to_owned(),
            });
        };
        let damaged = |error| format!("it is damaged: {error}");
        let (Front { mould, code }, content) = postcard::take_from_bytes::<Front<'_>>(content).map_err(damaged)?;
        let code = bytes.slice_ref(code);
        let engine = EngineInTheMaking::start(&mould);
        let content: Content<'_> = postcard::from_bytes(content).map_err(damaged)?;
        let files = content.files.into_iter().map(|(path, text)| (path.clone(), SourceFile::new(path, text))).collect();
        let Content { name, schema_files, schema, program, templates, .. } = content;
        Ok(PreparedProject {
            files: ProjectFiles { name, files, environment, is_deployed: true, ..ProjectFiles::default() },
            parts: Parts { schema_files, schema, mould, engine, program, code, templates },
        })
    }

    /// As [`check`](crate::api::check) for the project that [`PreparedProject::files`] make, without reading or compiling
    /// anything. `None` where the surroundings lead to other files or another dialect than when it was prepared.
    ///
    /// # Errors
    /// As [`check`](crate::api::check), for what depends on the surroundings.
    pub fn check(self, project: &Project) -> Option<Result<Checked, Vec<Diagnostic>>> {
        let Parts { schema_files, schema, mould, engine, program, code, templates } = self.parts;
        let is_same = |(file, path): (&Arc<SourceFile>, &Str)| file.path == *path;
        if project.schema_files.len() != schema_files.len()
            || !project.schema_files.iter().zip(&schema_files).all(is_same)
        {
            return None;
        }
        let schema = Schema::from_prepared(schema, &project.schema_files);
        let code = attach::load(project, &project.limits(), mould, (program, &code), templates)?;
        let mut problems = Vec::new();
        check_parts(project, &schema, &mut problems);
        let checked = assemble(project, schema, Vec::new(), code, problems);
        Some(checked.map(|checked| Checked { engine, ..checked }))
    }
}
