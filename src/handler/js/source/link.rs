//! Connects modules: finds imported files, checks imported names, orders modules so that imports come first.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use super::super::Dialect;
use super::PROBLEMS_MAX;
use super::edits::Generated;
use super::module::{Export, SourceModule, read_module};
use super::rewrite::HELPERS;
use super::survey::{ModuleState, Survey};
use crate::error::{Diagnostic, SourceFile, nearest};
use crate::limits::Limits;
use crate::value::Str;

/// A module as a function `($$lib, $$dependencies, …helpers) => exports` that makes an instance of the module.
pub(crate) struct Linked {
    pub file: Arc<SourceFile>,
    pub generated: Generated,
    /// Modules whose exports it takes, in the order of `$$dependencies`; each has a smaller index than this one.
    pub dependencies: Vec<usize>,
    pub exports: Vec<String>,
    /// Whether any code in it may change an object.
    pub writes: bool,
    /// What an instance could carry from one call to the next.
    pub state: ModuleState,
    /// Where calls of `console.*` stand in the author's text.
    pub console_calls: Vec<std::ops::Range<usize>>,
}

/// The modules that AppSync provides, with what they export.
pub(crate) const LIBRARY: &[(&str, &str, &[&str])] = &[
    ("@aws-appsync/utils", "utils", &["util", "runtime", "extensions"]),
    (
        "@aws-appsync/utils/dynamodb",
        "dynamodb",
        &[
            "get",
            "put",
            "update",
            "remove",
            "query",
            "scan",
            "sync",
            "batchGet",
            "batchPut",
            "batchDelete",
            "transactGet",
            "transactWrite",
            "operations",
            "toStringSet",
            "toNumberSet",
            "toBinarySet",
        ],
    ),
    (
        "@aws-appsync/utils/rds",
        "rds",
        &[
            "select",
            "insert",
            "update",
            "remove",
            "createPgStatement",
            "createMySQLStatement",
            "sql",
            "typeHint",
            "agg",
            "toJsonObject",
        ],
    ),
    ("@aws-appsync/utils/ai", "ai", &["invokeModel", "converse"]),
];

/// Reads `entries` and everything that they import; the result's order puts imported modules first.
pub(crate) fn link(
    files: &[Arc<SourceFile>],
    entries: &[Str],
    dialect: Dialect,
    limits: &Limits,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Linked> {
    let files = files.iter().map(|file| (file.path.as_str(), file)).collect();
    let mut linker =
        Linker { files, dialect, limits, problems, states: HashMap::new(), path: Vec::new(), linked: Vec::new() };
    for entry in entries {
        match linker.files.get(entry.as_str()).copied() {
            Some(file) => {
                linker.load(file);
            }
            None => linker.problems.push(Diagnostic::error(format!("no file `{entry}`"))),
        }
    }
    linker.linked
}

/// A project's scripts by their paths.
pub(super) type Files<'s> = HashMap<&'s str, &'s Arc<SourceFile>>;

struct Linker<'s> {
    files: Files<'s>,
    dialect: Dialect,
    limits: &'s Limits,
    problems: &'s mut Vec<Diagnostic>,
    states: HashMap<Str, State>,
    /// Files being loaded, each imported by the one before it.
    path: Vec<Str>,
    linked: Vec<Linked>,
}

#[derive(Clone, Copy)]
enum State {
    Loading,
    Failed,
    Linked(usize),
}

/// Where an import leads.
enum Target {
    Library { name: &'static str, exports: &'static [&'static str] },
    Module(usize),
}

impl<'s> Linker<'s> {
    fn load(&mut self, file: &'s Arc<SourceFile>) -> State {
        if let Some(state) = self.states.get(&file.path) {
            return *state;
        }
        self.states.insert(file.path.clone(), State::Loading);
        self.path.push(file.path.clone());
        let found = self.problems.len();
        let state = match read_module(file, self.dialect, self.limits, self.problems) {
            Some(module) => self.connect(module, found),
            None => State::Failed,
        };
        self.path.pop();
        self.states.insert(file.path.clone(), state);
        state
    }

    /// Resolves a module's imports. `found` is how many problems there were before the module.
    fn connect(&mut self, module: SourceModule, found: usize) -> State {
        let targets: Vec<Option<Target>> =
            module.imports.iter().map(|import| self.resolve(&module.file, &import.specifier, &import.range)).collect();
        let mut prefix = String::from("export default function($$lib,$$dependencies,");
        prefix.push_str(HELPERS);
        prefix.push_str("){\"use strict\";");
        prefix.push_str(&module.declarations);
        let mut dependencies: Vec<usize> = Vec::new();
        let mut places = Vec::new();
        for (import, target) in module.imports.iter().zip(&targets) {
            let place = match target {
                Some(Target::Library { name, .. }) => format!("$$lib.{name}"),
                Some(Target::Module(index)) => {
                    let position = dependencies.iter().position(|known| known == index).unwrap_or_else(|| {
                        dependencies.push(*index);
                        dependencies.len() - 1
                    });
                    format!("$$dependencies[{position}]")
                }
                None => String::new(),
            };
            for binding in &import.bindings {
                match &binding.name {
                    Some(name) => {
                        if let Some(target) = target {
                            self.check_export(target, name, &import.specifier, &module.file, &binding.range);
                        }
                        let _ = write!(prefix, "const {{{}:{}}}={place};", quoted(name), binding.local);
                    }
                    None => {
                        let _ = write!(prefix, "const {}={place};", binding.local);
                    }
                }
            }
            places.push(place);
        }
        prefix.push('\n');
        let mut suffix = String::from("\n;return{");
        let mut exports: Vec<String> = Vec::new();
        for &import in &module.star_exports {
            let names: Vec<String> = match &targets[import] {
                Some(Target::Library { exports, .. }) => exports.iter().map(|name| name.to_string()).collect(),
                Some(Target::Module(index)) => self.linked[*index].exports.clone(),
                None => Vec::new(),
            };
            for name in names {
                // A module's own export hides one of the same name that comes by `export *`.
                if name != "default" && !module.exports.contains_key(&name) && !exports.contains(&name) {
                    let _ = write!(suffix, "{}:{}[{}],", quoted(&name), places[import], quoted(&name));
                    exports.push(name);
                }
            }
        }
        for (name, export) in &module.exports {
            let _ = match export {
                Export::Local(local) => write!(suffix, "{}:{local},", quoted(name)),
                Export::From { import, name: Some(imported), range } => {
                    if let Some(target) = &targets[*import] {
                        self.check_export(target, imported, &module.imports[*import].specifier, &module.file, range);
                    }
                    write!(suffix, "{}:{}[{}],", quoted(name), places[*import], quoted(imported))
                }
                Export::From { import, name: None, .. } => write!(suffix, "{}:{},", quoted(name), places[*import]),
            };
            exports.push(name.clone());
        }
        suffix.push_str("}\n}");
        if self.problems.len() > found || targets.iter().any(Option::is_none) {
            return State::Failed;
        }
        let generated = module.edits.apply(&module.file.text, &prefix, &suffix);
        let Survey { writes, state, console_calls, .. } = module.survey;
        let file = module.file;
        self.linked.push(Linked { file, generated, dependencies, exports, writes, state, console_calls });
        State::Linked(self.linked.len() - 1)
    }

    fn check_export(
        &mut self,
        target: &Target,
        name: &str,
        specifier: &str,
        file: &Arc<SourceFile>,
        range: &std::ops::Range<usize>,
    ) {
        let known: Vec<&str> = match target {
            Target::Library { exports, .. } => exports.to_vec(),
            Target::Module(index) => self.linked[*index].exports.iter().map(String::as_str).collect(),
        };
        if known.contains(&name) {
            return;
        }
        if self.problems.len() >= PROBLEMS_MAX {
            return self
                .problems
                .push(Diagnostic::error(format!("`{specifier}` has no export `{name}`")).at(file, range.clone()));
        }
        let problem = Diagnostic::error(format!("`{specifier}` has no export `{name}`")).at(file, range.clone());
        let help = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => "it exports nothing".to_owned(),
            None => {
                format!("it exports {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
            }
        };
        self.problems.push(problem.help(help));
    }

    fn resolve(&mut self, file: &Arc<SourceFile>, specifier: &str, range: &std::ops::Range<usize>) -> Option<Target> {
        if let Some((_, name, exports)) = LIBRARY.iter().find(|(known, ..)| *known == specifier) {
            return Some(Target::Library { name, exports });
        }
        if !specifier.starts_with("./") && !specifier.starts_with("../") {
            let libraries = LIBRARY.iter().map(|(known, ..)| *known);
            let help = match nearest(specifier, libraries) {
                Some(known) => format!("did you mean `{known}`?"),
                None => "APPSYNC_JS has no npm packages: bundle them into the file, or import relative files and `@aws-appsync/utils`".to_owned(),
            };
            let message = format!("`{specifier}` cannot be imported");
            self.problems.push(Diagnostic::error(message).at(file, range.clone()).help(help));
            return None;
        }
        let Some(target) = find_file(&self.files, &file.path, specifier) else {
            let message = format!("`{specifier}` does not exist");
            let stem = |path: &str| path.rsplit('/').next().unwrap_or(path).split('.').next().unwrap_or("").to_owned();
            let wanted = stem(specifier);
            let mut known: Vec<&str> = self.files.keys().copied().filter(|path| stem(path) == wanted).collect();
            known.sort_unstable();
            let problem = Diagnostic::error(message).at(file, range.clone());
            self.problems.push(match known.first() {
                Some(path) => problem.help(format!("there is `{path}`")),
                None => problem.help("paths are relative to the importing file and stay inside the project"),
            });
            return None;
        };
        if self.path.len() >= self.limits.import_chain && !self.states.contains_key(&target.path) {
            let message = format!("more than {} files import one another in one chain", self.limits.import_chain);
            self.problems.push(Diagnostic::error(message).at(file, range.clone()).help("merge some of them"));
            return None;
        }
        match self.load(target) {
            State::Linked(index) => Some(Target::Module(index)),
            State::Failed => None,
            State::Loading => {
                let start = self.path.iter().position(|path| *path == target.path).unwrap_or(0);
                let cycle: Vec<&str> = self.path[start..].iter().chain([&target.path]).map(Str::as_str).collect();
                let message = format!("the imports form a cycle: {}", cycle.join(" -> "));
                let help = "move what both files need into a third one";
                self.problems.push(Diagnostic::error(message).at(file, range.clone()).help(help));
                None
            }
        }
    }
}

/// The file that a relative specifier names: as written, with an extension, `.js` standing for `.ts`, or a folder's index.
pub(super) fn find_file<'s>(files: &Files<'s>, from: &str, specifier: &str) -> Option<&'s Arc<SourceFile>> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in specifier.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    let path = parts.join("/");
    let script = |path: &str| files.get(path).copied();
    let swapped = path.strip_suffix(".js").or(path.strip_suffix(".mjs")).map(|stem| format!("{stem}.ts"));
    script(&path)
        .or_else(|| [".ts", ".js", ".mjs"].iter().find_map(|extension| script(&format!("{path}{extension}"))))
        .or_else(|| swapped.and_then(|path| script(&path)))
        .or_else(|| ["ts", "js", "mjs"].iter().find_map(|extension| script(&format!("{path}/index.{extension}"))))
}

fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}
