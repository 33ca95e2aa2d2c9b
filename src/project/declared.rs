//! Resolvers that `syncline.yaml` describes under `resolvers` and `pipelineFunctions`, as serverless-appsync-plugin
//! does (spec appsync-service 8.1.2). One whose data source is a function need not have code: it is direct then.

use std::ops::Range;
use std::sync::Arc;

use crate::backend::files::ProjectFiles;
use crate::error::{Diagnostic, Place, SourceFile, nearest};
use crate::limits::Limits;
use crate::project::config::{Config, Document};
use crate::project::data_sources::DataSourceKind;
use crate::project::layout::domain_of;
use crate::project::names::{Language, split_language};
use crate::project::options::{MAX_BATCH_SIZE, OPTION_KEYS, Refinement, is_refinement, read_options};
use crate::project::reader::{Named, Reader, Section, list};
use crate::project::wiring::choose_data_source;
use crate::project::yaml::{Data, Node};
use crate::project::{Code, ResolverDefinition, ResolverKind, Stage};
use crate::schema::NameMap;
use crate::value::Str;

const RESOLVER_KEYS: &[&str] = &[
    "type",
    "field",
    "kind",
    "dataSource",
    "functions",
    "description",
    "code",
    "request",
    "response",
    "maxBatchSize",
    "caching",
    "sync",
    "fillPage",
    "substitutions",
    "metricsConfig",
];
const FUNCTION_KEYS: &[&str] = &[
    "name",
    "dataSource",
    "description",
    "code",
    "request",
    "response",
    "maxBatchSize",
    "sync",
    "fillPage",
    "substitutions",
];

const TEMPLATES: [&str; 2] = ["request", "response"];

/// Keys that name code.
const CODE: [&str; 3] = ["code", "request", "response"];

/// `request: false`, as the plugin's first version says that there is no template.
fn is_off(node: &Node) -> bool {
    matches!(&node.data, Data::Scalar(scalar) if !scalar.is_quoted && scalar.text == "false")
}

#[derive(Default)]
pub(crate) struct Declared {
    pub resolvers: Vec<ResolverDefinition>,
    /// Options of resolvers that are files.
    pub refinements: Vec<Refinement>,
    /// Files that the resolvers use, whatever these files are called.
    pub code_paths: Vec<Str>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Unit,
    Pipeline,
}

struct DeclaredReader<'a, 'b> {
    files: &'a ProjectFiles,
    config: &'a Config,
    reader: Reader<'b>,
    code_paths: Vec<Str>,
    refinements: Vec<Refinement>,
}

pub(crate) fn read_declared(
    document: &Document,
    files: &ProjectFiles,
    config: &Config,
    problems: &mut Vec<Diagnostic>,
) -> Declared {
    let top = Section::of(document.root.as_ref());
    let reader = Reader { file: &document.file, problems };
    let mut reader = DeclaredReader { files, config, reader, code_paths: Vec::new(), refinements: Vec::new() };
    let mut functions = NameMap::default();
    for member in reader.members(top.get("pipelineFunctions"), "pipelineFunctions") {
        let what = format!("function `{}`", member.name);
        let section = reader.reader.section(member.value, member.name, &what, FUNCTION_KEYS);
        let stage = reader.stage(&section, Some(member.name.clone()), &what, &member.range);
        functions.insert(member.name.clone(), stage);
    }
    let members = reader.members(top.get("resolvers"), "resolvers");
    let resolvers = members.into_iter().filter_map(|member| reader.resolver(&member, &functions)).collect();
    Declared { resolvers, refinements: reader.refinements, code_paths: reader.code_paths }
}

impl DeclaredReader<'_, '_> {
    fn members<'n>(&mut self, node: Option<&'n Node>, name: &str) -> Vec<Named<'n>> {
        node.map(|node| self.reader.named_in_lists(node, name)).unwrap_or_default()
    }

    fn resolver(&mut self, member: &Named, functions: &NameMap<Stage>) -> Option<ResolverDefinition> {
        let what = format!("resolver `{}`", member.name);
        let section = self.reader.section(member.value, member.name, &what, RESOLVER_KEYS);
        let mut text = |key| section.get(key).and_then(|node| self.reader.text(node, key)).map(|text| text.value);
        let (ty, field) = (text("type"), text("field"));
        let (type_name, field_name) = match (ty, field, member.name.split_once('.')) {
            (Some(ty), Some(field), _) => (ty, field),
            (None, None, Some((ty, field))) if !ty.is_empty() && !field.is_empty() => (ty.into(), field.into()),
            _ => {
                let diagnostic = Diagnostic::error(format!("{what} names no field"));
                self.reader
                    .report(diagnostic.help("call it `Type.field`, or give it `type` and `field`"), &member.range);
                return None;
            }
        };
        let what = format!("resolver `{type_name}.{field_name}`");
        if is_refinement(&section) {
            self.refuse_what_is_missing(&section);
            let options = read_options(&section, &what, self.config, &mut self.reader);
            let place = self.place(&member.range);
            self.refinements.push(Refinement { type_name, field_name, options, place });
            return None;
        }
        let kinds = [("UNIT", Kind::Unit), ("PIPELINE", Kind::Pipeline)];
        let kind = section.get("kind").and_then(|node| self.reader.choice(node, "kind", &kinds));
        // The plugin takes everything without `kind` for a pipeline; a data source without functions tells better.
        let is_unit = section.get("dataSource").is_some() && section.get("functions").is_none();
        let kind = match kind.unwrap_or(if is_unit { Kind::Unit } else { Kind::Pipeline }) {
            Kind::Unit => ResolverKind::Unit(self.stage(&section, None, &what, &member.range)),
            Kind::Pipeline => self.pipeline(&section, functions, &what, &member.range),
        };
        let domain = match &kind {
            ResolverKind::Unit(stage) => stage.domain.clone(),
            ResolverKind::Pipeline { before_after, functions } => match before_after.as_ref().and_then(Code::path) {
                Some(path) => domain_of(path, &[]),
                None => functions.first().and_then(|stage| stage.domain.clone()),
            },
        };
        Some(ResolverDefinition { type_name, field_name, kind, domain, place: self.place(&member.range) })
    }

    fn pipeline(
        &mut self,
        section: &Section,
        functions: &NameMap<Stage>,
        what: &str,
        range: &Range<usize>,
    ) -> ResolverKind {
        if let Some(entry) = section.entry("dataSource") {
            let diagnostic = Diagnostic::error(format!("{what} is a pipeline and has no data source of its own"));
            self.reader.report(diagnostic.help("write `kind: UNIT`, or move it to the functions"), &entry.key_range);
        }
        self.refuse_what_is_missing(section);
        for key in OPTION_KEYS {
            let Some(entry) = section.entry(key) else { continue };
            if key == MAX_BATCH_SIZE {
                let warning = Diagnostic::warning(format!("`{key}` of {what} has no effect: it is a pipeline"));
                self.reader.report(warning.help("give it to its functions"), &entry.key_range);
            } else {
                let problem = Diagnostic::error(format!("{what} is a pipeline and has no data source for `{key}`"));
                self.reader.report(problem.help(format!("move `{key}` to one of its functions")), &entry.key_range);
            }
        }
        let before_after = self.code(section, what);
        let items = match section.get("functions").map(|node| (&node.data, node)) {
            Some((Data::List(items), _)) => items.as_slice(),
            Some((_, node)) => {
                self.reader.error(format!("expected a list for `functions`, found {}", node.kind()), &node.range);
                return ResolverKind::Pipeline { before_after, functions: Vec::new() };
            }
            None => &[],
        };
        let most = Limits::default().pipeline_functions;
        if items.is_empty() {
            let diagnostic = Diagnostic::error(format!("{what} is a pipeline without functions"));
            self.reader.report(diagnostic.help("list them under `functions`, or write `kind: UNIT`"), range);
        } else if let Some(item) = items.get(most) {
            let message = format!("{what} has {} functions, {most} are allowed", items.len());
            self.reader.error(message, &item.range);
        }
        let stages = items.iter().enumerate().filter_map(|(index, item)| self.function(item, index, functions, what));
        ResolverKind::Pipeline { before_after, functions: stages.collect() }
    }

    /// The name of a function, or one written on the spot.
    fn function(&mut self, node: &Node, index: usize, functions: &NameMap<Stage>, what: &str) -> Option<Stage> {
        if matches!(node.data, Data::Map(_)) {
            let what = format!("function {} of {what}", index + 1);
            let section = self.reader.section(node, "functions", &what, FUNCTION_KEYS);
            let name = section.get("name").and_then(|node| self.reader.text(node, "name")).map(|name| name.value);
            return Some(self.stage(&section, name, &what, &node.range));
        }
        let name = self.reader.text(node, "functions")?;
        let stage = functions.get(&name.value);
        if stage.is_none() {
            let diagnostic = Diagnostic::error(format!("{what} names function `{}`, which is not defined", name.value));
            let names = || functions.keys().map(Str::as_str);
            let help = match nearest(&name.value, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if functions.is_empty() => "define it under `pipelineFunctions`".to_string(),
                None => format!("functions defined here: {}", list(names())),
            };
            self.reader.report(diagnostic.help(help), &name.range);
        }
        stage.cloned()
    }

    fn stage(&mut self, section: &Section, name: Option<Str>, what: &str, range: &Range<usize>) -> Stage {
        self.refuse_what_is_missing(section);
        let code = self.code(section, what);
        let domain = code.as_ref().and_then(Code::path).and_then(|path| domain_of(path, &[]));
        let named = section.get("dataSource").and_then(|node| match node.data {
            Data::Map(_) => {
                let diagnostic = Diagnostic::error("expected the name of a data source, found a map");
                self.reader.report(diagnostic.help("describe it under `dataSources` and name it here"), &node.range);
                None
            }
            _ => self.reader.text(node, "dataSource"),
        });
        let place = self.place(named.as_ref().map_or(range, |named| &named.range));
        let is_refused = named.is_none() && section.get("dataSource").is_some();
        let named = named.map(|named| named.value);
        let is_known = !is_refused && named.as_ref().is_none_or(|name| self.config.data_sources.contains_key(name));
        let data_source = if is_refused {
            crate::project::NONE.into()
        } else {
            choose_data_source(self.config, named.as_ref(), domain.as_ref(), &what, &place, self.reader.problems)
        };
        if is_known {
            self.refuse_missing_code(section, &data_source, what, range);
        }
        let options = read_options(section, what, self.config, &mut self.reader);
        Stage { name, data_source, domain, code, options, place }
    }

    /// Only a function can be asked without code.
    fn refuse_missing_code(&mut self, section: &Section, data_source: &str, what: &str, range: &Range<usize>) {
        let source = self.config.data_sources.get(data_source).map(|source| &source.kind);
        if matches!(source, Some(DataSourceKind::Lambda { .. })) {
            return;
        }
        let mut left_out =
            TEMPLATES.into_iter().filter_map(|key| section.entry(key)).filter(|entry| is_off(&entry.value));
        if let Some(entry) = left_out.next() {
            let message = format!("{what} leaves code out, and its data source `{data_source}` is no function");
            let help = "only data sources of type `AWS_LAMBDA` can do without";
            self.reader.report(Diagnostic::error(message).help(help), &entry.value.range);
        } else if CODE.into_iter().all(|key| section.get(key).is_none()) {
            let diagnostic = Diagnostic::error(format!("{what} has no code"));
            self.reader.report(diagnostic.help("name a file: `code: resolvers/users/user.js`"), range);
        }
    }

    fn code(&mut self, section: &Section, what: &str) -> Option<Code> {
        if !TEMPLATES.into_iter().any(|key| section.get(key).is_some_and(|node| !is_off(node))) {
            let code = section.get("code")?;
            return self.source(code, "code", what).map(|file| Code::Js { path: file.path.clone() });
        }
        if let Some(entry) = section.entry("code") {
            let diagnostic = Diagnostic::error(format!("{what} has `code` and templates"));
            self.reader.report(diagnostic.help("keep one of the two: JavaScript or VTL"), &entry.key_range);
        }
        let mut template =
            |key| section.get(key).filter(|node| !is_off(node)).and_then(|node| self.source(node, key, what));
        let (request, response) = (template("request"), template("response"));
        Some(Code::Vtl { request, response })
    }

    /// The file that `code`, `request` or `response` names.
    fn source(&mut self, node: &Node, key: &str, what: &str) -> Option<Arc<SourceFile>> {
        let named = self.reader.text(node, key)?;
        let path = named.value.trim_start_matches("./");
        let file_name = path.rsplit('/').next().unwrap_or(path);
        let is_script = key == "code";
        let is_right = match is_script {
            true => matches!(split_language(file_name), Some((_, Language::Js))),
            // The plugin's users call them anything.
            false => file_name.ends_with(".vtl"),
        };
        if is_right && let Some(file) = self.files.get(path) {
            self.code_paths.push(file.path.clone());
            return Some(file.clone());
        }
        let whose = if is_script { format!("code of {what}") } else { format!("{key} template of {what}") };
        let diagnostic = match self.files.unreadable.get(path) {
            _ if !is_right && is_script => Diagnostic::error(format!("{whose} is no script: `{path}`"))
                .help("scripts end in `.js`, `.mjs` or `.ts`"),
            _ if !is_right => Diagnostic::error(format!("{whose} is no template: `{path}`"))
                .help("templates end in `.vtl`; scripts belong to `code`"),
            Some(reason) => Diagnostic::error(format!("`{path}` cannot be read: {reason}")),
            None => {
                let diagnostic = Diagnostic::error(format!("{whose} does not exist: `{path}`"));
                match nearest(path, self.files.files.keys().map(Str::as_str)) {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                    None => diagnostic.help("paths start at the project's folder"),
                }
            }
        };
        self.reader.report(diagnostic, &named.range);
        None
    }

    fn refuse_what_is_missing(&mut self, section: &Section) {
        for key in ["caching", "substitutions"] {
            if let Some(entry) = section.entry(key) {
                let diagnostic = Diagnostic::error(format!("`{key}` is not supported by this version yet"));
                self.reader.report(diagnostic.help(format!("remove `{key}`")), &entry.key_range);
            }
        }
        if let Some(entry) = section.entry("metricsConfig") {
            self.reader.report(Diagnostic::warning("`metricsConfig` has no effect here"), &entry.key_range);
        }
    }

    fn place(&self, range: &Range<usize>) -> Place {
        Place { file: Arc::clone(self.reader.file), start: range.start, end: range.end }
    }
}
