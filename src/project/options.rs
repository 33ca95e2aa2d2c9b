//! What `resolvers` and `pipelineFunctions` say about a stage besides its code and data source: `fillPage`, `sync` and
//! `maxBatchSize`.
//!
//! A resolver that is a file has no room for them. An entry of `resolvers` that names its field and nothing of what a
//! resolver consists of refines that resolver instead of being one:
//!
//! ```yaml
//! resolvers:
//!   Query.openOrders: { fillPage: true }
//! ```

use std::ops::Range;

use crate::backend::files::ProjectFiles;
use crate::error::{Diagnostic, Place, nearest};
use crate::limits;
use crate::project::config::Config;
use crate::project::data_sources::{ConflictHandler, DataSourceKind, HttpService};
use crate::project::reader::{Reader, Section};
use crate::project::sync::read_sync;
use crate::project::yaml::{Data, Node};
use crate::project::{Project, ResolverDefinition};
use crate::value::Str;

/// What differs from the defaults in how a stage calls its data source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StageOptions {
    pub fill_page: Option<FillPage>,
    /// Instead of the data source's own, for a versioned data source.
    pub sync: Option<ConflictDetection>,
    pub max_batch_size: Option<MaxBatchSize>,
}

/// How many items a function is given at once.
#[derive(Clone, Debug, PartialEq)]
pub struct MaxBatchSize {
    /// One of [`limits::MAX_BATCH_SIZE`].
    pub items: usize,
    pub place: Place,
}

/// What a stage says about conflicts itself.
#[derive(Clone, Debug, PartialEq)]
pub struct ConflictDetection {
    pub handler: ConflictHandler,
    pub place: Place,
}

/// Query and Scan go on until as many items as `limit` says have passed the filter. AppSync has no such thing.
#[derive(Clone, Debug, PartialEq)]
pub struct FillPage {
    /// Read units after which a page is not filled any further. Default: [`limits::FILL_PAGE_READ_UNITS`].
    pub max_read_units: u32,
    pub place: Place,
}

/// Options for a resolver that is defined elsewhere, by a file.
pub(crate) struct Refinement {
    pub type_name: Str,
    pub field_name: Str,
    pub options: StageOptions,
    pub place: Place,
}

pub(crate) const OPTION_KEYS: [&str; 3] = ["fillPage", "sync", MAX_BATCH_SIZE];

pub(crate) const MAX_BATCH_SIZE: &str = "maxBatchSize";

/// Keys of which a resolver consists; an entry without any of them refines another.
const SUBSTANCE: [&str; 6] = ["kind", "dataSource", "functions", "code", "request", "response"];

/// Read units that `maxReadUnits` may ask for: what a Scan of some 800 MB consumes. Ours.
const MOST_READ_UNITS: usize = 100_000;

pub(crate) fn is_refinement(section: &Section) -> bool {
    OPTION_KEYS.iter().any(|key| section.get(key).is_some()) && SUBSTANCE.iter().all(|key| section.get(key).is_none())
}

/// `what` names whose options these are.
pub(crate) fn read_options(section: &Section, what: &str, config: &Config, reader: &mut Reader) -> StageOptions {
    let fill_page = section.entry("fillPage").and_then(|entry| read_fill_page(&entry.value, &entry.key_range, reader));
    let sync = section.entry("sync").and_then(|entry| {
        let handler = read_sync(&entry.value, what, &config.functions, reader)?;
        let Range { start, end } = entry.key_range;
        Some(ConflictDetection { handler, place: Place { file: reader.file.clone(), start, end } })
    });
    let max_batch_size = section.entry(MAX_BATCH_SIZE).and_then(|entry| {
        let items = reader.integer(&entry.value, MAX_BATCH_SIZE, limits::MAX_BATCH_SIZE)?;
        let Range { start, end } = entry.key_range;
        Some(MaxBatchSize { items, place: Place { file: reader.file.clone(), start, end } })
    });
    StageOptions { fill_page, sync, max_batch_size }
}

fn read_fill_page(node: &Node, range: &Range<usize>, reader: &mut Reader) -> Option<FillPage> {
    let place = Place { file: reader.file.clone(), start: range.start, end: range.end };
    let standard = limits::FILL_PAGE_READ_UNITS;
    if !matches!(node.data, Data::Map(_)) {
        let fills = reader.boolean(node, "fillPage")?;
        return fills.then_some(FillPage { max_read_units: standard, place });
    }
    let section = reader.section(node, "fillPage", "`fillPage`", &["maxReadUnits"]);
    let units = section.get("maxReadUnits").and_then(|node| reader.integer(node, "maxReadUnits", 1..=MOST_READ_UNITS));
    let max_read_units = units.and_then(|units| u32::try_from(units).ok()).unwrap_or(standard);
    Some(FillPage { max_read_units, place })
}

/// Gives resolvers that are files the options that `syncline.yaml` has for them. All stages of a pipeline get them.
pub(crate) fn apply_refinements(
    refinements: Vec<Refinement>,
    resolvers: &mut [ResolverDefinition],
    files: &ProjectFiles,
    problems: &mut Vec<Diagnostic>,
) {
    for Refinement { type_name, field_name, options, place } in refinements {
        let is_meant =
            |resolver: &&mut ResolverDefinition| resolver.type_name == type_name && resolver.field_name == field_name;
        if let Some(resolver) = resolvers.iter_mut().find(is_meant) {
            for stage in resolver.stages_mut() {
                let StageOptions { fill_page, sync, max_batch_size } = options.clone();
                stage.options.fill_page = fill_page.or(stage.options.fill_page.take());
                stage.options.sync = sync.or(stage.options.sync.take());
                stage.options.max_batch_size = max_batch_size.or(stage.options.max_batch_size.take());
            }
            continue;
        }
        let field = format!("{type_name}.{field_name}");
        let others: Vec<String> =
            resolvers.iter().map(|other| format!("{}.{}", other.type_name, other.field_name)).collect();
        let help = match nearest(&field, others.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if files.below("resolvers").next().is_none() => {
                "name a file: `code: resolvers/users/user.js`".to_owned()
            }
            None => format!("put a file `{field}.js` below `resolvers/`, or name one: `code: resolvers/users/user.js`"),
        };
        let problem = Diagnostic::error(format!("resolver `{field}` has no code"));
        problems.push(problem.at(&place.file, place.start..place.end).help(help));
    }
}

/// Options that cannot do anything where they stand.
pub(crate) fn warn_of_options_without_effect(
    config: &Config,
    resolvers: &[ResolverDefinition],
    problems: &mut Vec<Diagnostic>,
) {
    for resolver in resolvers {
        let kinds: Vec<(&StageOptions, Option<&DataSourceKind>)> = resolver
            .stages()
            .iter()
            .map(|stage| (&stage.options, config.data_sources.get(&stage.data_source).map(|source| &source.kind)))
            .collect();
        let field = format!("{}.{}", resolver.type_name, resolver.field_name);
        let mut warn = |message: String, place: &Place| {
            problems.push(Diagnostic::warning(message).at(&place.file, place.start..place.end));
        };
        // One stage of a pipeline that an option means something to is reason enough for it.
        let is_versioned =
            |kind: Option<&DataSourceKind>| matches!(kind, Some(DataSourceKind::DynamoDb { versioning: Some(_), .. }));
        let with_sync = || kinds.iter().filter_map(|(options, kind)| Some((options.sync.as_ref()?, *kind)));
        if let Some((sync, _)) = with_sync().next()
            && !with_sync().any(|(_, kind)| is_versioned(kind))
        {
            warn(format!("`sync` of resolver `{field}` has no effect: its data source is not versioned"), &sync.place);
        }
        let has_pages = |kind: Option<&DataSourceKind>| matches!(kind, Some(DataSourceKind::DynamoDb { .. }));
        let with_fill_page = || kinds.iter().filter_map(|(options, kind)| Some((options.fill_page.as_ref()?, *kind)));
        if let Some((fill_page, _)) = with_fill_page().next()
            && !with_fill_page().any(|(_, kind)| has_pages(kind))
        {
            let message = format!("`fillPage` of resolver `{field}` has no effect: its data source has no pages");
            warn(message, &fill_page.place);
        }
        let is_function = |kind: Option<&DataSourceKind>| matches!(kind, Some(DataSourceKind::Lambda { .. }));
        let with_size = || kinds.iter().filter_map(|(options, kind)| Some((options.max_batch_size.as_ref()?, *kind)));
        // Tools write 0, which means nothing, at every resolver.
        if let Some((size, _)) = with_size().find(|(size, _)| size.items > 0)
            && !with_size().any(|(_, kind)| is_function(kind))
        {
            let message =
                format!("`{MAX_BATCH_SIZE}` of resolver `{field}` has no effect: its data source is no function");
            warn(message, &size.place);
        }
    }
}

/// What AppSync does not have, for `check --strict`.
pub fn beyond_appsync(project: &Project) -> Vec<Diagnostic> {
    let filling = project.resolvers.iter().filter_map(|resolver| {
        let fill_page = resolver.stages().iter().find_map(|stage| stage.options.fill_page.as_ref())?;
        let field = format!("{}.{}", resolver.type_name, resolver.field_name);
        let problem = Diagnostic::error(format!("resolver `{field}` fills its pages, which AppSync does not"));
        let place = &fill_page.place;
        let help = "there, a page holds what is left of `limit` items after the filter, and clients follow `nextToken`";
        Some(problem.at(&place.file, place.start..place.end).help(help))
    });
    let reaching = project.config.data_sources.values().filter_map(|source| {
        let DataSourceKind::Http(HttpService { allowed: Some(place), .. }) = &source.kind else { return None };
        let message = format!("data source `{}` has `allow`, which AppSync has not", source.name);
        let help = "there, web services are reached at public addresses alone, and redirects are results";
        Some(Diagnostic::error(message).at(&place.file, place.start..place.end).help(help))
    });
    filling.chain(reaching).collect()
}
