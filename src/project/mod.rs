//! What is deployed: a folder's files become a [`Project`], which says what was written, with every mistake found.
//!
//! [`Project::load`] goes through these files, in this order:
//! * [`config`]: `syncline.yaml` (`yaml`, `substitute`, `reader`) with its [`tables`], `seed`s, [`functions`],
//!   [`data_sources`] (`sync`) and [`domains`], [`authentication`], [`quotas`], [`cors`], [`persisted`] queries and
//!   [`payloads`];
//! * `schema_files`: which files are the schema;
//! * `declared`: resolvers that `syncline.yaml` describes, and [`options`] of others;
//! * `layout`: resolvers that are files whose `names` say what they are for, in Amplify's `slots` for example;
//! * [`wiring`]: whether all these fit together, and `access`: who may do what with which table or other data source.
//!
//! [`variables()`] tells which environment variables a project needs.
//!
//! Nothing here touches disk, environment or network: `backend::files` has taken the snapshot.

mod access;
pub mod authentication;
pub mod config;
pub mod cors;
pub mod data_sources;
mod declared;
pub mod domains;
pub mod functions;
mod layout;
mod names;
pub mod payloads;
pub mod persisted;
pub mod quotas;
pub mod options;
mod reader;
mod schema_files;
mod seed;
mod slots;
mod stages;
mod substitute;
mod sync;
pub mod tables;
pub mod variables;
pub mod wiring;
pub(crate) mod yaml;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::backend::files::ProjectFiles;
use crate::error::{Diagnostic, Place, SourceFile};
use crate::limits::Limits;
use crate::project::config::read_config;
use crate::project::declared::read_declared;
use crate::project::layout::read_layout;
use crate::project::names::{lower_case_types, split_language};
use crate::project::options::{apply_refinements, warn_of_options_without_effect};
use crate::project::payloads::check_payloads;
use crate::project::schema_files::{find_schema_files, is_schema_file};
use crate::value::Str;

pub use crate::project::authentication::Authentication;
pub use crate::project::authentication::api_keys::{ApiKey, Expiry};
pub use crate::project::config::{Config, Runtime};
pub use crate::project::cors::Cors;
pub use crate::project::data_sources::{
    ConflictHandler, DataSource, DataSourceKind, HttpService, NONE, Resource, RoleStatement, SigningScope, Versioning,
};
pub use crate::project::domains::{Access, Domain};
pub use crate::project::options::{ConflictDetection, FillPage, MaxBatchSize, StageOptions, beyond_appsync};
pub use crate::project::payloads::{PayloadField, Payloads};
pub use crate::project::persisted::{PersistedQueries, TrustedDocument};
pub use crate::project::quotas::RateLimit;
pub use crate::project::tables::Table;
pub use crate::project::variables::{Variable, variables};
pub use crate::project::wiring::check_wiring;

/// A project as it was written. Whether its schema is valid, and whether its code is, others find out.
#[derive(Clone, Debug)]
pub struct Project {
    pub config: Config,
    /// The parts of the schema, to be merged.
    pub schema_files: Vec<Arc<SourceFile>>,
    /// At most one for each field, in the order of type and field names.
    pub resolvers: Vec<ResolverDefinition>,
    /// Every script that resolvers consist of or may import, in the order of their paths.
    pub modules: Vec<Arc<SourceFile>>,
}

/// What fills one field.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolverDefinition {
    pub type_name: Str,
    pub field_name: Str,
    pub kind: ResolverKind,
    /// The domain whose folder it lies in.
    pub domain: Option<Str>,
    /// The file (a pipeline's first one) or the part of `syncline.yaml` that defines it.
    pub place: Place,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ResolverKind {
    Unit(Stage),
    Pipeline {
        /// Request and response handler of the pipeline itself: what runs before the first and after the last function.
        before_after: Option<Code>,
        functions: Vec<Stage>,
    },
}

/// One data source call with the code around it: a unit resolver, or a function of a pipeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// A function's name, where it has one.
    pub name: Option<Str>,
    /// Name of a data source that exists and that the domain may use.
    pub data_source: Str,
    pub domain: Option<Str>,
    pub code: Option<Code>,
    pub options: StageOptions,
    pub place: Place,
}

/// Where the handlers of a stage are.
#[derive(Clone, Debug, PartialEq)]
pub enum Code {
    /// Path of the script that exports `request` and `response`, one of [`Project::modules`].
    Js { path: Str },
    /// Mapping templates; one that is missing has AppSync's default.
    Vtl { request: Option<Arc<SourceFile>>, response: Option<Arc<SourceFile>> },
}

impl Code {
    /// Path of the first file that there is.
    pub(crate) fn path(&self) -> Option<&Str> {
        match self {
            Code::Js { path } => Some(path),
            Code::Vtl { request, response } => request.as_ref().or(response.as_ref()).map(|file| &file.path),
        }
    }
}

impl Project {
    /// Reads a project and reports everything that is wrong with it, in the order of files and places.
    ///
    /// The project is complete when no diagnostic is an error. Otherwise it holds what could be read, so that other
    /// checks can add their findings to the same report.
    pub fn load(files: &ProjectFiles) -> (Project, Vec<Diagnostic>) {
        let mut problems = Vec::new();
        report_unreadable(files, &mut problems);
        let (mut config, document) = read_config(files, &mut problems);
        let schema_files = find_schema_files(&document, files, &mut problems);
        let types: Vec<Str> = schema_files.iter().flat_map(|file| lower_case_types(&file.text)).collect();

        let declared = read_declared(&document, files, &config, &mut problems);
        let code_paths = declared.code_paths;
        let mut resolvers = declared.resolvers;
        resolvers.extend(read_layout(files, &config, &types, &code_paths, &mut problems));
        let mut resolvers = wiring::refuse_duplicates(resolvers, &mut problems);
        apply_refinements(declared.refinements, &mut resolvers, files, &mut problems);

        let folders: Vec<Str> = wiring::domains_of(&resolvers);
        config.add_domain_folders(folders.iter());
        wiring::place_stages_without_code(&config, &mut resolvers);
        wiring::check_access(&config, &resolvers, &mut problems);
        wiring::warn_of_bypassed_versions(&config, &resolvers, &mut problems);
        warn_of_options_without_effect(&config, &resolvers, &mut problems);
        check_payloads(config.payloads.as_ref(), &resolvers, &mut problems);
        wiring::warn_of_domains_without_resolvers(&config, &wiring::domains_of(&resolvers), &mut problems);

        let modules = files.files.values().filter(|file| is_module(&file.path, &code_paths)).cloned().collect();
        problems.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
        (Project { config, schema_files, resolvers, modules }, problems)
    }

    /// What resolvers of `domain` may do with a data source; see [`Config::access`].
    pub fn access(&self, domain: Option<&str>, data_source: &str) -> Option<Access> {
        self.config.access(domain, data_source)
    }

    /// What resolvers of `domain` may do with a table by its physical name; see [`Config::table_access`].
    pub fn table_access(&self, domain: Option<&str>, table_name: &str) -> Option<Access> {
        self.config.table_access(domain, table_name)
    }

    /// AppSync's limits, lowered where `syncline.yaml` lowers them.
    pub fn limits(&self) -> Limits {
        self.config.limits.clone()
    }
}

/// Scripts below `resolvers/`, and those beside code that `syncline.yaml` names elsewhere.
fn is_module(path: &str, code_paths: &[Str]) -> bool {
    let first_folder = |path: &str| path.split_once('/').map(|(folder, _)| folder.to_string());
    let file_name = path.rsplit('/').next().unwrap_or(path);
    if !matches!(split_language(file_name), Some((_, names::Language::Js))) {
        return false;
    }
    match first_folder(path) {
        Some(folder) if folder == "resolvers" => true,
        Some(folder) => code_paths.iter().any(|code| first_folder(code).as_ref() == Some(&folder)),
        None => code_paths.iter().any(|code| code == path),
    }
}

/// Files that the project needs by their place alone. Seeds and the like are reported where they are named.
fn report_unreadable(files: &ProjectFiles, problems: &mut Vec<Diagnostic>) {
    for (path, reason) in &files.unreadable {
        let is_needed = path.starts_with("resolvers/") && !path.ends_with(".json")
            || (is_schema_file(path) && path.starts_with("schema"))
            || matches!(path.as_str(), "syncline.yaml" | "syncline.yml");
        if is_needed {
            let file = SourceFile::new(path.clone(), "");
            problems.push(Diagnostic::error(format!("`{path}` cannot be read: {reason}")).at(&file, 0..0));
        }
    }
}

/// By file and place; what has no place comes first. Sorting keeps the order of what has the same.
fn sort_key(diagnostic: &Diagnostic) -> Option<(&str, usize)> {
    diagnostic.place.as_ref().map(|place| (place.file.path.as_str(), place.start))
}
