//! Whether the parts of a project fit together: resolvers and data sources, domains and tables, fields and schema.

use std::fmt::Display;
use std::sync::Arc;

use crate::error::{Diagnostic, Place, nearest};
use crate::project::config::Config;
use crate::project::data_sources::{DataSourceKind, NONE};
use crate::project::domains::Access;
use crate::project::reader::list;
use crate::project::{Project, ResolverDefinition, ResolverKind, Stage};
use crate::schema::{InterfaceType, ObjectType, Schema, TypeDefinition, UnionType};
use crate::value::Str;

/// The data source of a stage: the one it names, else its domain's, else, outside of domains, the only one there is.
/// Where that fails it is reported, and `NONE` stands in.
pub(crate) fn choose_data_source(
    config: &Config,
    named: Option<&Str>,
    domain: Option<&Str>,
    what: &dyn Display,
    place: &Place,
    problems: &mut Vec<Diagnostic>,
) -> Str {
    let defined = || format!("data sources defined here: {}", list(config.data_sources.keys().map(Str::as_str)));
    let mut others = config.data_sources.values().filter(|source| source.name != NONE);
    let diagnostic = match (named, domain) {
        (Some(name), _) | (None, Some(name)) if config.data_sources.contains_key(name) => return name.clone(),
        (Some(name), _) => {
            Diagnostic::error(format!("{what} names data source `{name}`, which is not defined")).help(defined())
        }
        (None, Some(domain)) => {
            let message = format!("{what} names no data source, and its domain `{domain}` has none of that name");
            Diagnostic::error(message).help(format!(
                "name one in brackets, like `.[{}].`; {}",
                example(config),
                defined()
            ))
        }
        (None, None) => match (others.next(), others.next()) {
            (None, _) => return NONE.into(),
            (Some(only), None) => return only.name.clone(),
            _ => Diagnostic::error(format!("{what} names no data source, and there are several")).help(format!(
                "name one in brackets, like `.[{}].`; {}",
                example(config),
                defined()
            )),
        },
    };
    problems.push(diagnostic.at(&place.file, place.start..place.end));
    NONE.into()
}

/// A data source to show in an example.
fn example(config: &Config) -> &str {
    config.data_sources.keys().next().map_or(NONE, Str::as_str)
}

pub(crate) fn given_twice(what: &dyn Display, second: &Place, first: &Place) -> Diagnostic {
    let line = first.file.location(first.start).line;
    Diagnostic::error(format!("{what} is defined twice"))
        .at(&second.file, second.start..second.end)
        .help(format!("the other one is `{}:{line}`; remove one of the two", first.file.path))
}

/// Keeps the first resolver of each field, in the order of type and field names.
pub(crate) fn refuse_duplicates(
    mut resolvers: Vec<ResolverDefinition>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<ResolverDefinition> {
    // Those of one field stay in their order.
    resolvers.sort_by(|a, b| (&a.type_name, &a.field_name).cmp(&(&b.type_name, &b.field_name)));
    resolvers.dedup_by(|resolver, first| {
        let is_same = resolver.type_name == first.type_name && resolver.field_name == first.field_name;
        if is_same {
            let what = format_args!("resolver `{}.{}`", first.type_name, first.field_name);
            problems.push(given_twice(&what, &resolver.place, &first.place));
        }
        is_same
    });
    resolvers
}

impl ResolverDefinition {
    /// The unit's only stage, or the pipeline's functions.
    pub fn stages(&self) -> &[Stage] {
        match &self.kind {
            ResolverKind::Unit(stage) => std::slice::from_ref(stage),
            ResolverKind::Pipeline { functions, .. } => functions,
        }
    }

    pub(crate) fn stages_mut(&mut self) -> &mut [Stage] {
        match &mut self.kind {
            ResolverKind::Unit(stage) => std::slice::from_mut(stage),
            ResolverKind::Pipeline { functions, .. } => functions,
        }
    }
}

/// Without code a stage lies in no folder, and is nothing but its data source: it belongs to the domain that owns that.
pub(crate) fn place_stages_without_code(config: &Config, resolvers: &mut [ResolverDefinition]) {
    for resolver in resolvers {
        for stage in resolver.stages_mut().iter_mut().filter(|stage| stage.code.is_none()) {
            stage.domain = config.owner(&stage.data_source).map(|owner| owner.name.clone());
        }
        let has_code = matches!(resolver.kind, ResolverKind::Pipeline { before_after: Some(_), .. });
        if resolver.domain.is_none() && !has_code {
            resolver.domain = resolver.stages().first().and_then(|stage| stage.domain.clone());
        }
    }
}

/// The domains that resolvers belong to, each once.
pub(crate) fn domains_of(resolvers: &[ResolverDefinition]) -> Vec<Str> {
    let mut domains: Vec<Str> = Vec::new();
    let stages = resolvers.iter().flat_map(ResolverDefinition::stages).map(|stage| &stage.domain);
    for domain in resolvers.iter().map(|resolver| &resolver.domain).chain(stages).flatten() {
        if !domains.contains(domain) {
            domains.push(domain.clone());
        }
    }
    domains
}

/// Every stage uses only what its domain may use.
pub(crate) fn check_access(config: &Config, resolvers: &[ResolverDefinition], problems: &mut Vec<Diagnostic>) {
    for resolver in resolvers {
        for stage in resolver.stages() {
            if config.access(stage.domain.as_deref(), &stage.data_source).is_some() {
                continue;
            }
            let field = format!("{}.{}", resolver.type_name, resolver.field_name);
            let whose = match &stage.domain {
                Some(domain) => format!("of domain `{domain}`"),
                None => "outside of any domain's folder".to_string(),
            };
            let message = format!("resolver `{field}` {whose} may not use data source `{}`", stage.data_source);
            let help = how_to_get_access(config, stage);
            let place = &stage.place;
            problems.push(Diagnostic::error(message).at(&place.file, place.start..place.end).help(help));
        }
    }
}

/// Writes through a data source without versions are seen by nobody who relies on those of another one of the same table:
/// neither conflicts nor Sync know of them.
pub(crate) fn warn_of_bypassed_versions(
    config: &Config,
    resolvers: &[ResolverDefinition],
    problems: &mut Vec<Diagnostic>,
) {
    let versioned = |name: &Str| {
        let is_of_table = |kind: &DataSourceKind| matches!(kind, DataSourceKind::DynamoDb { table_name, versioning: Some(_), .. } if table_name == name);
        config.data_sources.values().find(|source| is_of_table(&source.kind))
    };
    for (resolver, stage) in
        resolvers.iter().flat_map(|resolver| resolver.stages().iter().map(move |stage| (resolver, stage)))
    {
        let source = config.data_sources.get(&stage.data_source).map(|source| &source.kind);
        let Some(DataSourceKind::DynamoDb { table_name, versioning: None, .. }) = source else { continue };
        let Some(versioned) = versioned(table_name) else { continue };
        // Who may only read cannot write past the versions.
        if config.access(stage.domain.as_deref(), &stage.data_source) != Some(Access::Write) {
            continue;
        }
        let (field, plain, versioned) =
            (format!("{}.{}", resolver.type_name, resolver.field_name), &stage.data_source, &versioned.name);
        let message = format!(
            "resolver `{field}` uses data source `{plain}`, which knows nothing of the versions that `{versioned}` gives to items of the same table"
        );
        let help = format!("what it writes goes past conflict detection and Sync; name `{versioned}` instead");
        let place = &stage.place;
        problems.push(Diagnostic::warning(message).at(&place.file, place.start..place.end).help(help));
    }
}

fn how_to_get_access(config: &Config, stage: &Stage) -> String {
    let data_source = &stage.data_source;
    let owner = config.owner(data_source).map(|owner| &owner.name);
    let belongs = match owner {
        Some(owner) => format!("it belongs to domain `{owner}`"),
        None => "no domain owns it".to_string(),
    };
    let Some(domain) = &stage.domain else {
        let folder = owner.unwrap_or(data_source);
        return format!("{belongs}; put the resolver's code into the folder `resolvers/{folder}/`");
    };
    let is_described = config.domains.get(domain).is_some_and(|domain| domain.place.is_some());
    if is_described {
        format!("{belongs}; add `uses: {{ {data_source}: read }}` (or `write`) to domain `{domain}` in `syncline.yaml`")
    } else {
        let line = format!("domains: {{ {domain}: {{ uses: {{ {data_source}: read }} }} }}");
        format!("{belongs}; let domain `{domain}` use it in `syncline.yaml`: `{line}` (or `write`)")
    }
}

pub(crate) fn warn_of_domains_without_resolvers(config: &Config, folders: &[Str], problems: &mut Vec<Diagnostic>) {
    for domain in config.domains.values() {
        let Some(place) = &domain.place else { continue };
        if !folders.contains(&domain.name) {
            let warning = Diagnostic::warning(format!("domain `{}` has no resolvers", domain.name));
            let help = match nearest(&domain.name, folders.iter().map(Str::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("they belong in the folder `resolvers/{}/`", domain.name),
            };
            problems.push(warning.at(&place.file, place.start..place.end).help(help));
        }
    }
}

/// Every resolver stands at a field of an object type. Needs the checked schema, so it is a step of its own.
pub fn check_wiring(project: &Project, schema: &Schema) -> Vec<Diagnostic> {
    let problems = project.resolvers.iter().filter_map(|resolver| {
        let place = &resolver.place;
        refuse_field(resolver, schema).map(|diagnostic| diagnostic.at(&place.file, place.start..place.end))
    });
    problems.collect()
}

fn refuse_field(resolver: &ResolverDefinition, schema: &Schema) -> Option<Diagnostic> {
    let ResolverDefinition { type_name, field_name, .. } = resolver;
    let field = format!("{type_name}.{field_name}");
    let possible_types = match schema.types.get(type_name) {
        Some(TypeDefinition::Object(object)) => return refuse_name(&field, field_name, object),
        Some(TypeDefinition::Interface(interface)) => {
            let InterfaceType { possible_types, .. } = &**interface;
            Some(("an interface", possible_types))
        }
        Some(TypeDefinition::Union(union)) => {
            let UnionType { possible_types, .. } = &**union;
            Some(("a union", possible_types))
        }
        Some(_) => None,
        None => {
            let diagnostic =
                Diagnostic::error(format!("resolver `{field}` is for a type that the schema does not have"));
            let objects = schema.types.iter().filter(|(_, ty)| matches!(ty, TypeDefinition::Object(_)));
            return Some(match nearest(type_name, objects.map(|(name, _)| name.as_str())) {
                Some(near) => diagnostic.help(format!("did you mean `{near}.{field_name}`?")),
                None => diagnostic,
            });
        }
    };
    let Some((kind, possible_types)) = possible_types else {
        return Some(Diagnostic::error(format!("resolver `{field}` is for `{type_name}`, which is no object type")));
    };
    let types = list(possible_types.iter().map(Str::as_str));
    let diagnostic = Diagnostic::error(format!("resolver `{field}` is for `{type_name}`, which is {kind}"));
    Some(diagnostic.help(format!("resolvers belong to object types: {types}")))
}

fn refuse_name(field: &str, field_name: &str, object: &Arc<ObjectType>) -> Option<Diagnostic> {
    if object.fields.contains_key(field_name) {
        return None;
    }
    let diagnostic = Diagnostic::error(format!("resolver `{field}` is for a field that the schema does not have"));
    let names = || object.fields.keys().map(Str::as_str);
    Some(match nearest(field_name, names()) {
        Some(near) => diagnostic.help(format!("did you mean `{}.{near}`?", object.name)),
        None => diagnostic.help(format!("fields of `{}`: {}", object.name, list(names()))),
    })
}
