//! A project worked out ahead of its start. What a process does with a project before it can answer does not depend on where
//! it runs, except for `syncline.yaml`, whose `${VAR}` are the surroundings': schema and code are read, checked and compiled
//! once, when the project is packaged, and a starting function only takes them up.
//!
//! A prepared project is one file: a line that names the sources of the binary that made it, then everything else in a
//! binary form that only a binary of the same sources reads. It holds the project's files too, because messages quote them,
//! and because `syncline.yaml` is read anew: no value of a variable is in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::api::{Checked, assemble, attach, check_parts};
use crate::backend::files::ProjectFiles;
use crate::error::{Diagnostic, SourceFile};
use crate::handler::js::PreparedProgram;
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
    program: PreparedProgram,
    templates: Vec<PreparedTemplate>,
}

/// Prepares a project that has been checked. `files` is what it was read from.
pub fn prepare(files: &ProjectFiles, project: &Project, checked: &Checked) -> Vec<u8> {
    let mut templates: Vec<_> = checked.code.templates.values().map(|template| template.prepare()).collect();
    templates.sort_by(|a, b| a.path.cmp(&b.path));
    let content = Content {
        name: files.name.clone(),
        files: kept_files(files, project, checked),
        schema_files: project.schema_files.iter().map(|file| file.path.clone()).collect(),
        schema: checked.executable.schema.prepare(),
        program: checked.code.scripts.prepare(),
        templates,
    };
    let bytes = HEAD.as_bytes().to_vec();
    postcard::to_extend(&content, bytes).expect("every part of it has a form, and memory has no end")
}

/// The files that a project consists of when it runs. Seeds are for the tables of a laptop; what stands in for one is an
/// empty list, because `syncline.yaml` still names it.
fn kept_files<'a>(files: &'a ProjectFiles, project: &'a Project, checked: &'a Checked) -> Vec<(Str, &'a str)> {
    let seeds: Vec<&Str> =
        project.config.tables.values().filter_map(|table| Some(&table.seed.as_ref()?.path)).collect();
    let configuration = ["syncline.yaml", "syncline.yml"].iter().find_map(|name| files.get(name));
    let is_named = |path: &str| configuration.is_some_and(|file| file.text.contains(path));
    let is_code = |file: &Arc<SourceFile>| {
        let of_project = project.schema_files.iter().chain(&project.modules);
        file.path.starts_with("resolvers/")
            || of_project.into_iter().any(|own| own.path == file.path)
            || checked.code.templates.contains_key(&file.path)
    };
    let kept = files.files.values().filter_map(|file| {
        if seeds.contains(&&file.path) {
            return Some((file.path.clone(), "[]"));
        }
        let is_kept = configuration == Some(file) || is_code(file) || is_named(&file.path);
        is_kept.then(|| (file.path.clone(), &*file.text))
    });
    kept.collect()
}

impl PreparedProject {
    /// Reads a prepared project.
    ///
    /// # Errors
    /// Why it cannot be used: it was made by a binary of other sources, or it is damaged.
    pub fn read(bytes: &[u8], environment: BTreeMap<String, String>) -> Result<PreparedProject, String> {
        let Some(content) = bytes.strip_prefix(HEAD.as_bytes()) else {
            let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let line = String::from_utf8_lossy(&line[..line.len().min(HEAD.len())]).into_owned();
            return Err(match line.strip_prefix(MARK) {
                Some(other) => format!("it was made by sources `{other}`, this program was built of `{}`", sources()),
                None => "it is no prepared project".to_owned(),
            });
        };
        let content: Content<'_> = postcard::from_bytes(content).map_err(|error| format!("it is damaged: {error}"))?;
        let files = content.files.into_iter().map(|(path, text)| (path.clone(), SourceFile::new(path, text))).collect();
        let Content { name, schema_files, schema, program, templates, .. } = content;
        Ok(PreparedProject {
            files: ProjectFiles { name, files, environment, ..ProjectFiles::default() },
            parts: Parts { schema_files, schema, program, templates },
        })
    }

    /// As [`check`](crate::api::check) for the project that [`PreparedProject::files`] make, without reading or compiling
    /// anything. `None` where the surroundings lead to other files or another dialect than when it was prepared.
    ///
    /// # Errors
    /// As [`check`](crate::api::check), for what depends on the surroundings.
    pub fn check(self, project: &Project) -> Option<Result<Checked, Vec<Diagnostic>>> {
        let Parts { schema_files, schema, program, templates } = self.parts;
        let is_same = |(file, path): (&Arc<SourceFile>, &Str)| file.path == *path;
        if project.schema_files.len() != schema_files.len()
            || !project.schema_files.iter().zip(&schema_files).all(is_same)
        {
            return None;
        }
        let schema = Schema::from_prepared(schema, &project.schema_files);
        let code = attach::load(project, &project.limits(), program, templates)?;
        let mut problems = Vec::new();
        check_parts(project, &schema, &mut problems);
        Some(assemble(project, schema, Vec::new(), code, problems))
    }
}
