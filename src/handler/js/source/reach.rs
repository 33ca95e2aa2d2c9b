//! The files that a handler consists of, and which names of one stand for what another exports.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::super::Dialect;
use super::link::{Files, LIBRARY, find_file};
use super::module::{Export, SourceModule, read_module};
use crate::error::SourceFile;
use crate::limits::Limits;

/// One file of a handler.
pub(crate) struct Reached {
    pub file: Arc<SourceFile>,
    /// Names of the file's own that are imported: from where, and under which name there; without one all exports.
    pub imported: HashMap<String, (Target, Option<String>)>,
    pub exports: BTreeMap<String, Exported>,
    /// Where `export * from` leads.
    pub star_exports: Vec<Target>,
}

/// Where an import leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A module of AppSync, by its short name.
    Library(&'static str),
    /// A file, by its number among those reached.
    File(usize),
}

/// What an exported name stands for.
#[derive(Clone)]
pub(crate) enum Exported {
    /// A name of the file's own.
    Local(String),
    /// What another file exports; without a name all of it.
    From(Target, Option<String>),
}

/// The file `entry` and everything that it imports, itself first; `None` where one of them cannot be read, which a check
/// of the project reports.
pub(crate) fn reach(files: &[Arc<SourceFile>], entry: &str, dialect: Dialect, limits: &Limits) -> Option<Vec<Reached>> {
    let files: Files = files.iter().map(|file| (file.path.as_str(), file)).collect();
    let mut order: Vec<&Arc<SourceFile>> = vec![files.get(entry).copied()?];
    let mut reached = Vec::new();
    while let Some(&file) = order.get(reached.len()) {
        let module = read_module(file, dialect, limits, &mut Vec::new())?;
        reached.push(connect(module, &files, &mut order)?);
    }
    Some(reached)
}

/// Finds what a module imports; files that are new are added to `order`.
fn connect<'s>(module: SourceModule, files: &Files<'s>, order: &mut Vec<&'s Arc<SourceFile>>) -> Option<Reached> {
    let mut find = |specifier: &str| {
        if let Some((_, name, _)) = LIBRARY.iter().find(|(known, ..)| *known == specifier) {
            return Some(Target::Library(name));
        }
        let file = find_file(files, &module.file.path, specifier)?;
        let number = order.iter().position(|known| known.path == file.path).unwrap_or_else(|| {
            order.push(file);
            order.len() - 1
        });
        Some(Target::File(number))
    };
    let targets: Vec<Target> =
        module.imports.iter().map(|import| find(&import.specifier)).collect::<Option<Vec<_>>>()?;
    let mut imported = HashMap::new();
    for (import, target) in module.imports.iter().zip(&targets) {
        for binding in &import.bindings {
            imported.insert(binding.local.clone(), (*target, binding.name.clone()));
        }
    }
    let exports = module.exports.into_iter().map(|(name, export)| {
        let exported = match export {
            Export::Local(local) => Exported::Local(local),
            Export::From { import, name, .. } => Exported::From(targets[import], name),
        };
        (name, exported)
    });
    let exports = exports.collect();
    let star_exports = module.star_exports.iter().map(|import| targets[*import]).collect();
    Some(Reached { file: module.file, imported, exports, star_exports })
}
