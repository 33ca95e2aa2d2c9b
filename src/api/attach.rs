//! From a project's resolvers to those that run: code is compiled, data sources and rights are made and shared.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::datasource::denied::DeniedSource;
use crate::datasource::dynamodb::DynamoDbSource;
use crate::datasource::event_bridge::EventBridgeSource;
use crate::datasource::http::HttpSource;
use crate::datasource::lambda::LambdaSource;
use crate::datasource::none::NoneSource;
use crate::datasource::{DataSource, DomainRights};
use crate::error::{Diagnostic, SourceFile};
use crate::execute::Resolvers;
use crate::handler::Handler;
use crate::handler::js::{Dialect, JsProgram, Mould, PreparedProgram};
use crate::handler::vtl::{PreparedTemplate, Template, VtlHandler};
use crate::limits::Limits;
use crate::project::{self, Code, Config, DataSourceKind, Project, ResolverKind, Runtime, StageOptions, Versioning};
use crate::resolver::{Pipeline, Resolver, Stage};
use crate::schema::{Schema, TypeDefinition};
use crate::value::Str;

/// All code of a project, ready to run.
pub(super) struct CompiledCode {
    pub scripts: Arc<JsProgram>,
    /// By path.
    pub templates: HashMap<Str, Template>,
    limits: Arc<Limits>,
}

/// Compiles the code of all resolvers; `None` where some of it has errors.
pub(super) fn compile(project: &Project, limits: &Limits, problems: &mut Vec<Diagnostic>) -> Option<CompiledCode> {
    let (entries, files) = sources(project);
    let scripts = JsProgram::compile(&project.modules, &entries, dialect(&project.config), limits);
    let scripts = scripts.map_err(|found| problems.extend(found)).ok();
    let templates = parse_templates(&files, limits, problems);
    Some(CompiledCode { scripts: scripts?, templates: templates?, limits: Arc::new(limits.clone()) })
}

/// The code of all resolvers, as it was compiled before; `None` where it was not compiled for this project.
pub(super) fn load(
    project: &Project,
    limits: &Limits,
    mould: Mould,
    (program, beside): (PreparedProgram, &Bytes),
    templates: Vec<PreparedTemplate>,
) -> Option<CompiledCode> {
    let (entries, files) = sources(project);
    let scripts =
        JsProgram::from_prepared(program, beside, mould, &project.modules, &entries, dialect(&project.config), limits)?;
    let mut prepared: HashMap<Str, PreparedTemplate> =
        templates.into_iter().map(|template| (template.path.clone(), template)).collect();
    let mut templates: HashMap<Str, Template> = HashMap::new();
    for file in files {
        if !templates.contains_key(&file.path) {
            let template = Template::from_prepared(prepared.remove(&file.path)?, file);
            templates.insert(file.path.clone(), template);
        }
    }
    Some(CompiledCode { scripts, templates, limits: Arc::new(limits.clone()) })
}

/// The paths of all scripts that are handlers, and all templates.
fn sources(project: &Project) -> (Vec<Str>, Vec<&Arc<SourceFile>>) {
    let (mut entries, mut files) = (Vec::new(), Vec::new());
    for code in project.resolvers.iter().flat_map(code_of) {
        match code {
            Code::Js { path } => entries.push(path.clone()),
            Code::Vtl { request, response } => files.extend(request.iter().chain(response)),
        }
    }
    (entries, files)
}

/// The language of a project's scripts.
pub(crate) fn dialect(config: &Config) -> Dialect {
    match config.runtime {
        Runtime::AppSync => Dialect::AppSync,
        Runtime::Standard => Dialect::Standard,
    }
}

fn code_of(resolver: &project::ResolverDefinition) -> impl Iterator<Item = &Code> {
    let own = match &resolver.kind {
        ResolverKind::Unit(_) => None,
        ResolverKind::Pipeline { before_after, .. } => before_after.as_ref(),
    };
    own.into_iter().chain(resolver.stages().iter().filter_map(|stage| stage.code.as_ref()))
}

/// Reads each template once, however many resolvers it belongs to; `None` where one has errors.
fn parse_templates(
    files: &[&Arc<SourceFile>],
    limits: &Limits,
    problems: &mut Vec<Diagnostic>,
) -> Option<HashMap<Str, Template>> {
    let mut templates: HashMap<Str, Option<Template>> = HashMap::new();
    for file in files {
        if templates.contains_key(&file.path) {
            continue;
        }
        let template = if file.text.len() > limits.template_bytes {
            let message = format!("the template is longer than {} bytes", limits.template_bytes);
            problems.push(Diagnostic::error(message).at(file, 0..0).help("AppSync takes none that is longer"));
            None
        } else {
            match Template::parse(file) {
                Ok((template, warnings)) => {
                    problems.extend(warnings);
                    Some(template)
                }
                Err(errors) => {
                    problems.extend(errors);
                    None
                }
            }
        };
        templates.insert(file.path.clone(), template);
    }
    templates.into_iter().map(|(path, template)| Some((path, template?))).collect()
}

/// The resolvers of a project.
///
/// # Errors
/// What `project` should have found out before.
pub(super) fn attach(project: &Project, schema: &Schema, code: &CompiledCode) -> Result<Resolvers, Vec<Diagnostic>> {
    let mut sources = Sources { project, schema, code, data_sources: HashMap::new(), rights: HashMap::new() };
    let mut resolvers = Resolvers::new();
    let mut problems = Vec::new();
    for definition in &project.resolvers {
        match sources.resolver(definition) {
            Ok(resolver) => {
                resolvers
                    .entry(definition.type_name.clone())
                    .or_default()
                    .insert(definition.field_name.clone(), Arc::new(resolver));
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(resolvers) } else { Err(problems) }
}

/// Builds resolvers, sharing data sources and rights among them.
struct Sources<'a> {
    project: &'a Project,
    schema: &'a Schema,
    code: &'a CompiledCode,
    data_sources: HashMap<Str, Arc<dyn DataSource>>,
    rights: HashMap<Option<Str>, Arc<DomainRights>>,
}

impl Sources<'_> {
    fn resolver(&mut self, definition: &project::ResolverDefinition) -> Result<Resolver, Diagnostic> {
        let coordinate = format!("{}.{}", definition.type_name, definition.field_name);
        let fields = self.schema.types.get(&definition.type_name).and_then(TypeDefinition::fields);
        let field = fields.and_then(|fields| fields.get(&definition.field_name));
        let output_type = field.map_or_else(Str::default, |field| field.ty.name().clone());
        Ok(match &definition.kind {
            ResolverKind::Unit(stage) => Resolver::Unit(self.stage(stage, coordinate.into(), &output_type)?),
            ResolverKind::Pipeline { before_after, functions } => Resolver::Pipeline(Pipeline {
                handler: self.handler(before_after)?,
                functions: functions
                    .iter()
                    .enumerate()
                    .map(|(index, stage)| self.stage(stage, format!("{coordinate}#{}", index + 1).into(), &output_type))
                    .collect::<Result<_, _>>()?,
            }),
        })
    }

    fn stage(&mut self, stage: &project::Stage, coordinate: Str, output_type: &Str) -> Result<Stage, Diagnostic> {
        Ok(Stage {
            coordinate,
            handler: self.handler(&stage.code)?,
            data_source: self.permitted_data_source(stage)?,
            rights: self.rights(&stage.domain),
            output_type: output_type.clone(),
        })
    }

    fn handler(&self, code: &Option<Code>) -> Result<Option<Handler>, Diagnostic> {
        match code {
            None => Ok(None),
            Some(Code::Js { path }) => match self.code.scripts.handler(path) {
                Some(handler) => Ok(Some(Handler::Js(handler))),
                None => Err(Diagnostic::error(format!("`{path}` is not among the project's scripts"))),
            },
            Some(Code::Vtl { request, response }) => {
                let template = |file: &Option<Arc<SourceFile>>| {
                    file.as_ref().and_then(|file| self.code.templates.get(&file.path).cloned())
                };
                let limits = self.code.limits.clone();
                Ok(Some(Handler::Vtl(VtlHandler::new(template(request), template(response), limits))))
            }
        }
    }

    /// The stage's data source, or what refuses every call where its domain may not use it.
    fn permitted_data_source(&mut self, stage: &project::Stage) -> Result<Arc<dyn DataSource>, Diagnostic> {
        let config = &self.project.config;
        let (name, domain) = (&stage.data_source, stage.domain.as_deref());
        // Rights on tables are looked at with every call.
        let is_without_table = config.data_sources.get(name).is_some_and(|source| source.table_name().is_none());
        if is_without_table && config.access(domain, name).is_none() {
            return Ok(Arc::new(DeniedSource::new(name, domain)));
        }
        self.data_source(name, &stage.options)
    }

    fn data_source(&mut self, name: &Str, options: &StageOptions) -> Result<Arc<dyn DataSource>, Diagnostic> {
        let is_usual = *options == StageOptions::default();
        if let Some(data_source) = self.data_sources.get(name).filter(|_| is_usual) {
            return Ok(data_source.clone());
        }
        let definition = self.project.config.data_sources.get(name);
        let data_source: Arc<dyn DataSource> = match definition.map(|definition| &definition.kind) {
            Some(DataSourceKind::None) => Arc::new(NoneSource),
            Some(DataSourceKind::DynamoDb { table_name, region, versioning }) => {
                let versioning = versioning.clone().map(|versioning| match &options.sync {
                    Some(sync) => Versioning { conflict_handler: sync.handler.clone(), ..versioning },
                    None => versioning,
                });
                let fill_page = options.fill_page.as_ref().map(|fill_page| fill_page.max_read_units);
                let source = DynamoDbSource::new(table_name.clone()).in_region(region.clone());
                Arc::new(source.versioned(versioning).filling_pages(fill_page))
            }
            Some(DataSourceKind::Lambda { function }) => {
                let size = options.max_batch_size.as_ref().map(|size| size.items);
                Arc::new(LambdaSource::new(function.clone()).with_max_batch_size(size))
            }
            Some(DataSourceKind::EventBridge { event_bus_arn }) => {
                Arc::new(EventBridgeSource::new(event_bus_arn.clone()))
            }
            Some(DataSourceKind::Http(service)) => Arc::new(HttpSource::new(service.clone())),
            None => return Err(Diagnostic::error(format!("data source `{name}` is not defined"))),
        };
        if is_usual {
            self.data_sources.insert(name.clone(), data_source.clone());
        }
        Ok(data_source)
    }

    fn rights(&mut self, domain: &Option<Str>) -> Arc<DomainRights> {
        let config = &self.project.config;
        self.rights.entry(domain.clone()).or_insert_with(|| Arc::new(rights(config, domain.as_ref()))).clone()
    }
}

/// What resolvers of a domain may do; those outside of all domains have none.
pub(crate) fn rights(config: &Config, domain: Option<&Str>) -> DomainRights {
    let rights = match domain {
        Some(domain) => DomainRights::new(domain.clone())
            .with_role(config.domains.get(domain).and_then(|domain| domain.role.clone())),
        None => DomainRights::without_domain(),
    };
    let tables = config.data_sources.values().filter_map(|source| Some((source, source.table_name()?)));
    tables.fold(rights, |rights, (source, table)| {
        let access = config.table_access(domain.map(Str::as_str), table);
        rights.with_table(table.clone(), source.name.clone(), access)
    })
}
