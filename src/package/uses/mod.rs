//! What the resolvers of a project can ask of AWS, found in their code without running it.
//!
//! A handler's request is looked through with [`crate::handler::possible`]; what the data source makes of it is told by one
//! file per type of data source, as [`crate::datasource`] has one that does it. Where the code does not say, everything
//! counts that the domain's rights allow there.

mod arguments;
mod dynamodb;

use std::collections::{BTreeMap, BTreeSet};

use crate::api;
use crate::backend::lambda::name_in_aws;
use crate::datasource::DomainRights;
use crate::handler::js;
use crate::handler::possible::{Inputs, Possible};
use crate::handler::vtl::{self, Template};
use crate::project::{Code, DataSourceKind, Project, ResolverDefinition, ResolverKind, RoleStatement, Stage};
use crate::schema::Schema;
use crate::value::Str;

/// What an action of IAM is done to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// A table by its physical name or ARN, in a region of its own where it has one.
    Table { name: Str, region: Option<Str> },
    /// An index of a table; without a name any of them.
    Index { table: Str, region: Option<Str>, name: Option<Str> },
    /// A Lambda function by its name or ARN.
    Function(Str),
    /// Something else by its ARN, or the pattern of one, as somebody wrote it.
    Other(Str),
}

/// One action of IAM on one resource: `dynamodb:GetItem` on a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    pub resource: Resource,
    pub action: Str,
}

/// What the resolvers of one domain, or those outside of all domains, can ask for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Uses {
    pub all: BTreeSet<Use>,
    /// What could not be told from the code, as sentences for people: all is allowed there that the domain may do.
    pub unclear: Vec<String>,
}

impl Uses {
    fn add(&mut self, action: &str, resource: Resource) {
        self.all.insert(Use { resource, action: action.into() });
    }
}

/// What each domain's resolvers can ask for; those outside of all domains stand under `None`. Domains that ask for nothing
/// are left out.
pub fn uses_by_domain(project: &Project, schema: &Schema) -> BTreeMap<Option<Str>, Uses> {
    let mut by_domain: BTreeMap<Option<Str>, Uses> = BTreeMap::new();
    let environment = Inputs::of_environment(&project.config.environment).environment;
    for resolver in &project.resolvers {
        for (index, stage) in resolver.stages().iter().enumerate() {
            let inputs = Inputs {
                environment: environment.clone(),
                // Handlers before this one may have changed them.
                arguments: match &resolver.kind {
                    ResolverKind::Unit(_) => arguments::of_field(schema, &resolver.type_name, &resolver.field_name),
                    ResolverKind::Pipeline { .. } => Possible::anything(),
                },
            };
            let caller = Caller { project, coordinate: coordinate(resolver, index), rights: rights(project, stage) };
            caller.uses_of(stage, &inputs, by_domain.entry(stage.domain.clone()).or_default());
        }
    }
    by_domain.retain(|_, uses| !uses.all.is_empty() || !uses.unclear.is_empty());
    by_domain
}

/// `Query.user`, or `Mutation.placeOrder#2` for a function of a pipeline.
fn coordinate(resolver: &ResolverDefinition, index: usize) -> String {
    let field = format!("{}.{}", resolver.type_name, resolver.field_name);
    match &resolver.kind {
        ResolverKind::Unit(_) => field,
        ResolverKind::Pipeline { .. } => format!("{field}#{}", index + 1),
    }
}

fn rights(project: &Project, stage: &Stage) -> DomainRights {
    api::rights(&project.config, stage.domain.as_ref())
}

/// A stage on its way to its data source.
struct Caller<'a> {
    project: &'a Project,
    coordinate: String,
    /// What is checked again at run time: calls beyond it are not made.
    rights: DomainRights,
}

impl Caller<'_> {
    /// What does not depend on the request needs no look at it.
    fn uses_of(&self, stage: &Stage, inputs: &Inputs, uses: &mut Uses) {
        let Some(source) = self.project.config.data_sources.get(&stage.data_source) else { return };
        match &source.kind {
            DataSourceKind::None => {}
            DataSourceKind::Lambda { function } => self.add_function(function, uses),
            DataSourceKind::EventBridge { event_bus_arn } => {
                uses.add("events:PutEvents", Resource::Other(event_bus_arn.clone()));
            }
            // What signed requests need stands in no code: whoever wrote the data source says it.
            DataSourceKind::Http(service) => {
                for RoleStatement { actions, resources } in service.role_statements.iter() {
                    for action in actions {
                        resources.iter().for_each(|resource| uses.add(action, Resource::Other(resource.clone())));
                    }
                }
            }
            DataSourceKind::DynamoDb { table_name, region, versioning } => {
                let handler = stage.options.sync.as_ref().map(|sync| sync.handler.clone());
                let versioning = versioning.clone().map(|mut versioning| {
                    versioning.conflict_handler = handler.unwrap_or(versioning.conflict_handler);
                    versioning
                });
                let is_template = matches!(stage.code, Some(Code::Vtl { .. }));
                let source = dynamodb::Source { caller: self, table_name, region, versioning, is_template };
                source.add_uses(&self.request(stage, inputs), uses);
            }
        }
    }

    /// What the stage's request handler can return.
    fn request(&self, stage: &Stage, inputs: &Inputs) -> Possible {
        let Project { config, modules, .. } = self.project;
        match &stage.code {
            // Without a handler the data source is asked with an empty document.
            None | Some(Code::Vtl { request: None, .. }) => Possible::empty_object(),
            Some(Code::Js { path }) => {
                js::possible_request(modules, path, api::dialect(config), inputs, &config.limits)
            }
            Some(Code::Vtl { request: Some(file), .. }) => match Template::parse(file) {
                Ok((template, _)) => vtl::possible_request(&template, inputs),
                Err(_) => Possible::anything(),
            },
        }
    }

    /// A function by the project's name, AWS's name or any of its ARNs.
    fn add_function(&self, function: &Str, uses: &mut Uses) {
        let name = name_in_aws(self.project.config.functions.values(), function);
        uses.add("lambda:InvokeFunction", Resource::Function(name));
    }

    fn note(&self, uses: &mut Uses, what: &str) {
        let note = format!("`{}`: {what}", self.coordinate);
        if !uses.unclear.contains(&note) {
            uses.unclear.push(note);
        }
    }
}
