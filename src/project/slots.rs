//! Amplify's pipelines: functions in slots before and after the one that loads or changes the data (spec appsync-service
//! 8.5). The files of one field lie side by side:
//!
//! ```text
//! Mutation.createPost.index.req.vtl           the pipeline's own templates; Amplify's are the default
//! Mutation.createPost.auth.1.req.vtl          function 1 of slot `auth`, with data source `NONE`
//! Mutation.createPost.auth.2.[PostTable].req.vtl
//! Mutation.createPost.[PostTable].req.vtl     the function that changes the data
//! Mutation.createPost.postUpdate.1.res.vtl
//! ```
//!
//! A field that has nothing but its own file or pair of templates is a unit resolver.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::error::{Diagnostic, SourceFile, nearest};
use crate::limits::Limits;
use crate::project::config::Config;
use crate::project::data_sources::{DataSourceKind, NONE};
use crate::project::names::{FieldName, Language, Name, Role};
use crate::project::reader::list;
use crate::project::stages::{StageFiles, at};
use crate::project::{Code, ResolverDefinition, ResolverKind, Stage};
use crate::value::Str;

/// What Amplify gives a function in a slot for a template that it lacks (`@aws-amplify/graphql-transformer-core` 3.6.1).
const EMPTY_OBJECT: &str = "$util.toJson({})";

/// Response template of Amplify's pipelines themselves (the same).
const LAST_RESULT: &str = "$util.toJson($ctx.prev.result)";

/// The slots of one kind of field, in the order in which they run.
struct Slots {
    before: &'static [&'static str],
    after: &'static [&'static str],
}

/// Also those of fields of other types, relations for example.
const QUERY: Slots =
    Slots { before: &["init", "preAuth", "auth", "postAuth", "preDataLoad"], after: &["postDataLoad", "finish"] };

/// `validate` is younger than Amplify's documentation of the others.
const MUTATION: Slots = Slots {
    before: &["init", "preAuth", "auth", "postAuth", "validate", "preUpdate"],
    after: &["postUpdate", "finish"],
};

const SUBSCRIPTION: Slots = Slots { before: &["init", "preAuth", "auth", "postAuth", "preSubscribe"], after: &[] };

impl Slots {
    fn of(type_name: &str) -> &'static Slots {
        match type_name {
            "Mutation" => &MUTATION,
            "Subscription" => &SUBSCRIPTION,
            _ => &QUERY,
        }
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.before.iter().chain(self.after).copied()
    }

    fn position(&self, slot: &str) -> Option<usize> {
        self.names().position(|name| name == slot)
    }
}

/// The files of one field that lie in one folder.
pub(crate) struct FieldFiles {
    field: FieldName,
    domain: Option<Str>,
    /// The unit resolver, or the function between the slots.
    data: StageFiles,
    /// The pipeline's own templates.
    index: StageFiles,
    /// By the slot's place among the slots, and by number.
    functions: BTreeMap<(usize, u32), StageFiles>,
}

impl FieldFiles {
    pub fn new(field: FieldName, domain: Option<Str>) -> FieldFiles {
        let (data, index) = (StageFiles::default(), StageFiles::default());
        FieldFiles { field, domain, data, index, functions: BTreeMap::new() }
    }

    /// Adds a file whose name starts with the field. `false`: the name says something that has no meaning.
    pub fn add(
        &mut self,
        file: &Arc<SourceFile>,
        language: Language,
        name: &Name,
        problems: &mut Vec<Diagnostic>,
    ) -> bool {
        let field = &self.field;
        let slots = Slots::of(&field.type_name);
        let (slot, number) = match name.role() {
            Role::Data => {
                self.data.add(file, language, name.data_source, &format_args!("resolver `{field}`"), problems);
                return true;
            }
            Role::Index => {
                add_index(&mut self.index, file, language, name, field, problems);
                return true;
            }
            Role::Function { slot, number } => (slot, number),
            Role::Unknown => return false,
        };
        let Some(position) = slots.position(slot) else {
            // Without a number it may be meant as something else altogether.
            if number.is_none() && nearest(slot, slots.names()).is_none() {
                return false;
            }
            problems.push(unknown_slot(file, slots, slot, field));
            return true;
        };
        match number {
            Some(Ok(number)) => {
                let function = self.functions.entry((position, number)).or_default();
                let what = format_args!("function `{slot}.{number}` of resolver `{field}`");
                function.add(file, language, name.data_source, &what, problems);
                function.name = Some(format!("{slot}.{number}").into());
            }
            Some(Err(reason)) => {
                let diagnostic = Diagnostic::error(format!("cannot read the slot of resolver `{field}`: {reason}"));
                problems.push(diagnostic.at(file, 0..0).help(slot_example(field, slot, language)));
            }
            None => {
                let diagnostic = Diagnostic::error(format!("slot `{slot}` of resolver `{field}` has no number"));
                problems.push(diagnostic.at(file, 0..0).help(slot_example(field, slot, language)));
            }
        }
        true
    }

    pub fn into_resolver(self, config: &Config, problems: &mut Vec<Diagnostic>) -> Option<ResolverDefinition> {
        if self.index.first().is_some() || !self.functions.is_empty() {
            return self.into_pipeline(config, problems);
        }
        let FieldFiles { field, domain, data, .. } = self;
        let stage = data.into_stage(domain.as_ref(), None, &format_args!("resolver `{field}`"), config, problems)?;
        let place = stage.place.clone();
        let FieldName { type_name, field_name } = field;
        Some(ResolverDefinition { type_name, field_name, kind: ResolverKind::Unit(stage), domain, place })
    }

    fn into_pipeline(self, config: &Config, problems: &mut Vec<Diagnostic>) -> Option<ResolverDefinition> {
        let FieldFiles { field, domain, data, index, mut functions } = self;
        let slots = Slots::of(&field.type_name);
        let first = data.first().or(index.first()).or(functions.values().find_map(StageFiles::first))?.clone();
        refuse_too_many(&field, &functions, problems);
        let after = functions.split_off(&(slots.before.len(), 0));
        let data = match data.first() {
            // Subscriptions of Amplify never load anything.
            Some(_) => {
                let none = Str::from(NONE);
                let fallback = (field.type_name == "Subscription").then_some(&none);
                data.into_stage(domain.as_ref(), fallback, &format_args!("resolver `{field}`"), config, problems)
            }
            None => {
                if field.type_name != "Subscription" {
                    problems.push(nothing_between(&field, &first));
                }
                None
            }
        };
        let in_slots = |functions: BTreeMap<_, StageFiles>, problems: &mut Vec<Diagnostic>| {
            let stages = functions.into_values().filter_map(|function| {
                let name = function.name.clone().unwrap_or_default();
                let what = format_args!("function `{name}` of resolver `{field}`");
                let none = Str::from(NONE);
                let templates = |stage: Stage| fill_templates(stage, &format!("{field}.{name}"));
                function.into_stage(domain.as_ref(), Some(&none), &what, config, problems).map(templates)
            });
            stages.collect::<Vec<_>>()
        };
        let mut stages = in_slots(functions, problems);
        let before_after = own_templates(&index, &field, data.as_ref(), config);
        stages.extend(data);
        stages.extend(in_slots(after, problems));
        let kind = ResolverKind::Pipeline { before_after, functions: stages };
        let FieldName { type_name, field_name } = field;
        Some(ResolverDefinition { type_name, field_name, kind, domain, place: at(&first) })
    }
}

/// Adds what runs before and after a pipeline's functions.
pub(crate) fn add_index(
    index: &mut StageFiles,
    file: &Arc<SourceFile>,
    language: Language,
    name: &Name,
    field: &FieldName,
    problems: &mut Vec<Diagnostic>,
) {
    if name.data_source.is_some() {
        let diagnostic = Diagnostic::error(format!("`index` of resolver `{field}` calls no data source"));
        let help = "a pipeline's own handlers run before and after its steps; remove the brackets";
        problems.push(diagnostic.at(file, 0..0).help(help));
    }
    index.add(file, language, None, &format_args!("`index` of resolver `{field}`"), problems);
}

/// The pipeline's own handlers, with Amplify's templates where there are none.
fn own_templates(index: &StageFiles, field: &FieldName, data: Option<&Stage>, config: &Config) -> Option<Code> {
    let code = index.code().unwrap_or(Code::Vtl { request: None, response: None });
    let Code::Vtl { request, response } = code else { return Some(code) };
    let request = request.or_else(|| {
        let path = format!("{field}.index.req.vtl (Amplify's default)");
        Some(SourceFile::new(path, stash_template(field, data, config)))
    });
    let response = response.or_else(|| default_template(&format!("{field}.index"), "res", LAST_RESULT));
    Some(Code::Vtl { request, response })
}

/// What Amplify writes into the request template of each pipeline: its functions count on these members of the stash.
/// `metadata.apiId` is left out, because there is no such id here; Amplify's functions do not read it. The roles and the
/// identity pool that Amplify may add come from its own `index` template.
fn stash_template(field: &FieldName, data: Option<&Stage>, config: &Config) -> String {
    let source = data.and_then(|stage| config.data_sources.get(&stage.data_source));
    let source_type = source.map_or(NONE, |source| source.type_name());
    let FieldName { type_name, field_name } = field;
    // Velocity looks for references in double quotes, not in single ones.
    let mut stash = format!("'typeName': '{type_name}', 'fieldName': '{field_name}', 'conditions': [], ");
    let _ = write!(stash, "'metadata': {{ 'dataSourceType': '{source_type}' }}, 'connectionAttributes': {{}}, ");
    if let Some(DataSourceKind::DynamoDb { table_name, versioning, .. }) = source.map(|source| &source.kind) {
        let _ = write!(stash, "'tableName': '{table_name}', ");
        if let Some(versioning) = versioning {
            // Minutes, as a text.
            let _ = write!(stash, "'deltaSyncTableTtl': '{}', ", versioning.delta_table_ttl.as_secs() / 60);
        }
    }
    format!("$util.qr($ctx.stash.putAll({{ {stash}'adminRoles': [] }}))\n{EMPTY_OBJECT}")
}

fn default_template(name: &str, kind: &str, text: &str) -> Option<Arc<SourceFile>> {
    Some(SourceFile::new(format!("{name}.{kind}.vtl (Amplify's default)"), text))
}

fn fill_templates(mut stage: Stage, name: &str) -> Stage {
    if let Some(Code::Vtl { request, response }) = &mut stage.code {
        *request = request.take().or_else(|| default_template(name, "req", EMPTY_OBJECT));
        *response = response.take().or_else(|| default_template(name, "res", EMPTY_OBJECT));
    }
    stage
}

fn refuse_too_many(field: &FieldName, functions: &BTreeMap<(usize, u32), StageFiles>, problems: &mut Vec<Diagnostic>) {
    // One of them is the function between the slots.
    let most = Limits::default().pipeline_functions - 1;
    if let Some(file) = functions.values().nth(most).and_then(StageFiles::first) {
        let message = format!(
            "resolver `{field}` has {} functions in slots, {most} are allowed besides its own",
            functions.len()
        );
        problems.push(Diagnostic::error(message).at(file, 0..0).help("put what they do into fewer functions"));
    }
}

fn nothing_between(field: &FieldName, first: &Arc<SourceFile>) -> Diagnostic {
    let action = if field.type_name == "Mutation" { "changes" } else { "loads" };
    Diagnostic::error(format!("resolver `{field}` has slots but no function that {action} the data"))
        .at(first, 0..0)
        .help(format!("add `{field}.[dataSource].req.vtl` or `{field}.[dataSource].js`; Amplify leaves its own in `build/resolvers/`"))
}

fn unknown_slot(file: &Arc<SourceFile>, slots: &Slots, slot: &str, field: &FieldName) -> Diagnostic {
    let help = match nearest(slot, slots.names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("slots of `{}`, in the order in which they run: {}", field.type_name, list(slots.names())),
    };
    Diagnostic::error(format!("resolver `{field}` has no slot `{slot}`")).at(file, 0..0).help(help)
}

fn slot_example(field: &FieldName, slot: &str, language: Language) -> String {
    let extension = match language {
        Language::Js => "js",
        Language::VtlRequest => "req.vtl",
        Language::VtlResponse => "res.vtl",
    };
    format!("functions of a slot are numbered from 1, like `{field}.{slot}.1.{extension}`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::files::ProjectFiles;
    use crate::project::Project;

    #[test]
    fn the_slots_of_a_field_depend_on_its_type() {
        let names = |type_name: &str| Slots::of(type_name).names().collect::<Vec<_>>().join(" ");
        assert_eq!(names("Query"), "init preAuth auth postAuth preDataLoad postDataLoad finish");
        assert_eq!(names("Post"), names("Query"));
        assert_eq!(names("Mutation"), "init preAuth auth postAuth validate preUpdate postUpdate finish");
        assert_eq!(names("Subscription"), "init preAuth auth postAuth preSubscribe");
    }

    fn stash_of(yaml: &str, field: &str, data_source: &str) -> String {
        let (type_name, field_name) = field.split_once('.').unwrap();
        let file = |path: &str, text: &str| (Str::from(path), SourceFile::new(path, text));
        let files = ProjectFiles { files: [file("syncline.yaml", yaml)].into(), ..ProjectFiles::default() };
        let config = Project::load(&files).0.config;
        let place = at(&SourceFile::new("a.js", ""));
        let stage = Stage {
            name: None,
            data_source: data_source.into(),
            domain: None,
            code: None,
            options: Default::default(),
            place,
        };
        let field = FieldName { type_name: type_name.into(), field_name: field_name.into() };
        stash_template(&field, Some(&stage), &config)
    }

    #[test]
    fn functions_in_slots_find_what_amplify_puts_into_the_stash() {
        let expected = "$util.qr($ctx.stash.putAll({ 'typeName': 'Query', 'fieldName': 'post', 'conditions': [], \
             'metadata': { 'dataSourceType': 'AMAZON_DYNAMODB' }, 'connectionAttributes': {}, \
             'tableName': 'posts-dev', 'adminRoles': [] }))\n$util.toJson({})";
        let tables = "tables: { posts: { name: posts-dev, partitionKey: id } }";
        assert_eq!(stash_of(tables, "Query.post", "posts"), expected);
        let subscription = stash_of(tables, "Subscription.created", NONE);
        assert!(subscription.contains("'dataSourceType': 'NONE'") && !subscription.contains("tableName"));
    }

    #[test]
    fn a_versioned_data_source_says_how_long_its_changes_are_kept() {
        let yaml = "tables: { posts: { partitionKey: id }, changes: { partitionKey: ds_pk, sortKey: ds_sk } }
dataSources:
  synced:
    type: AMAZON_DYNAMODB
    config:
      tableName: posts
      versioned: true
      deltaSyncConfig: { deltaSyncTableName: changes, deltaSyncTableTTL: 30 }";
        let stash = stash_of(yaml, "Mutation.createPost", "synced");
        assert!(stash.contains("'deltaSyncTableTtl': '30', "), "{stash}");
    }
}
