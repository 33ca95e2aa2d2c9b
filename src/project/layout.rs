//! The folder `resolvers/`: what lies where and is called how makes resolvers, without a line of configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::backend::files::ProjectFiles;
use crate::error::{Diagnostic, SourceFile};
use crate::limits::Limits;
use crate::project::config::Config;
use crate::project::names::{FieldName, Language, Name, is_declaration_or_test, parse_name, split_language};
use crate::project::slots::{FieldFiles, add_index};
use crate::project::stages::{StageFiles, at};
use crate::project::{ResolverDefinition, ResolverKind};
use crate::value::Str;

const FOLDER: &str = "resolvers";

/// A folder named `Type.field`.
struct PipelineFiles {
    field: FieldName,
    domain: Option<Str>,
    /// From the folder's own brackets: the data source of steps that name none.
    data_source: Option<Str>,
    first: Arc<SourceFile>,
    steps: BTreeMap<u32, StageFiles>,
    index: StageFiles,
}

/// What the names of the folders say that a file lies in: the same for all files of a folder, which come one after the other.
#[derive(Clone)]
struct Surroundings {
    folder: Str,
    domain: Option<Str>,
    /// How much of `folder` is the path of its outermost part that is named `Type.field`.
    pipeline: Option<usize>,
    /// The field that the innermost part is named after.
    innermost: Option<FieldName>,
}

struct Layout<'a> {
    types: &'a [Str],
    problems: &'a mut Vec<Diagnostic>,
    /// Those of the last file.
    surroundings: Option<Surroundings>,
    /// By folder and field: the files of one resolver lie side by side.
    fields: BTreeMap<(Str, FieldName), FieldFiles>,
    /// By path.
    pipelines: BTreeMap<Str, PipelineFiles>,
}

/// Resolvers that are files. Files in `claimed` are used by `syncline.yaml` and stand for no field by their name.
pub(crate) fn read_layout(
    files: &ProjectFiles,
    config: &Config,
    types: &[Str],
    claimed: &[Str],
    problems: &mut Vec<Diagnostic>,
) -> Vec<ResolverDefinition> {
    let mut layout =
        Layout { types, problems, surroundings: None, fields: BTreeMap::new(), pipelines: BTreeMap::new() };
    for file in files.below(FOLDER) {
        if !claimed.contains(&file.path) {
            layout.add(file);
        }
    }
    let Layout { fields, pipelines, .. } = layout;
    let fields = fields.into_values().filter_map(|field| field.into_resolver(config, problems)).collect::<Vec<_>>();
    let pipelines = pipelines.into_values().map(|pipeline| pipeline_resolver(pipeline, config, problems));
    fields.into_iter().chain(pipelines).collect()
}

/// The first folder below `resolvers/` is the domain, unless it is a pipeline.
pub(crate) fn domain_of(path: &str, types: &[Str]) -> Option<Str> {
    let (folder, _) = path.strip_prefix(FOLDER)?.strip_prefix('/')?.split_once('/')?;
    pipeline_name(folder, types).is_none().then(|| folder.into())
}

/// What a folder's name says, if it starts with `Type.field`.
fn pipeline_name<'f>(folder: &'f str, types: &[Str]) -> Option<(FieldName, Name<'f>)> {
    let name = parse_name(folder).ok()?;
    name.field(types).map(|field| (field, name))
}

impl Layout<'_> {
    fn add(&mut self, file: &Arc<SourceFile>) {
        let (folder, file_name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
        let Some((stem, language)) = split_language(file_name) else {
            self.warn_of_other_file(file, file_name);
            return;
        };
        let name = match parse_name(stem) {
            Ok(name) => name,
            Err(reason) => {
                let diagnostic = Diagnostic::error(format!("cannot read the file name `{file_name}`: {reason}"));
                let help = "brackets name the data source, like `Query.user.[users].js`";
                self.problems.push(diagnostic.at(file, 0..0).help(help));
                return;
            }
        };
        let Surroundings { domain, pipeline, innermost, folder: known_folder } = self.surroundings_of(folder);
        let pipeline = pipeline.map(|length| &folder[..length]);
        if pipeline == Some(folder) {
            self.add_to_pipeline(file, folder, name, language, domain);
            return;
        }
        // Deeper folders hold modules of the pipeline.
        if let (Some(pipeline), Some(field)) = (pipeline, innermost) {
            self.report_resolver_in_pipeline(file, &field, pipeline);
            return;
        }
        let Some(field) = name.field(self.types) else {
            if language != Language::Js {
                self.report_unnamed_template(file, file_name);
            }
            return;
        };
        if let Some(pipeline) = pipeline {
            self.report_resolver_in_pipeline(file, &field, pipeline);
            return;
        }
        let files =
            self.fields.entry((known_folder, field.clone())).or_insert_with(|| FieldFiles::new(field.clone(), domain));
        if !files.add(file, language, &name, self.problems) {
            self.report_superfluous_parts(file, file_name, &field);
        }
    }

    fn surroundings_of(&mut self, folder: &str) -> Surroundings {
        if let Some(known) = self.surroundings.as_ref().filter(|known| known.folder == folder) {
            return known.clone();
        }
        let mut end = 0;
        let pipeline = folder.split('/').find_map(|part| {
            let start = end;
            end = start + part.len() + 1;
            pipeline_name(part, self.types).map(|_| start + part.len())
        });
        let innermost = folder.rsplit('/').next().and_then(|name| pipeline_name(name, self.types));
        let surroundings = Surroundings {
            folder: folder.into(),
            domain: domain_of(&format!("{folder}/"), self.types),
            pipeline,
            innermost: innermost.map(|(field, _)| field),
        };
        self.surroundings.insert(surroundings).clone()
    }

    fn add_to_pipeline(
        &mut self,
        file: &Arc<SourceFile>,
        folder: &str,
        name: Name,
        language: Language,
        domain: Option<Str>,
    ) {
        let folder_name = folder.rsplit('/').next().unwrap_or(folder);
        let Some((field, folder_parts)) = pipeline_name(folder_name, self.types) else { return };
        if !self.pipelines.contains_key(folder) {
            if !folder_parts.is_only_field() {
                self.report_superfluous_parts(file, folder_name, &field);
            }
            let pipeline = PipelineFiles {
                field: field.clone(),
                domain,
                data_source: folder_parts.data_source.map(Str::from),
                first: file.clone(),
                steps: BTreeMap::new(),
                index: StageFiles::default(),
            };
            self.pipelines.insert(folder.into(), pipeline);
        }
        let Some(pipeline) = self.pipelines.get_mut(folder) else { return };
        if name.parts == ["index"] {
            add_index(&mut pipeline.index, file, language, &name, &field, self.problems);
            return;
        }
        match name.step() {
            Some(Ok((number, step_name))) => {
                let step = pipeline.steps.entry(number).or_default();
                let what = format_args!("step {number} of resolver `{field}`");
                step.add(file, language, name.data_source, &what, self.problems);
                step.name = step.name.take().or(step_name);
            }
            Some(Err(reason)) => {
                let diagnostic = Diagnostic::error(format!("cannot read this step of resolver `{field}`: {reason}"));
                self.problems.push(diagnostic.at(file, 0..0).help("steps are named `1.js`, `reserve.2.[catalog].js`"));
            }
            None => match name.field(self.types) {
                Some(inner) => self.report_resolver_in_pipeline(file, &inner, folder),
                None if language != Language::Js => self.report_unnamed_template(file, file.path.as_str()),
                None => {}
            },
        }
    }

    fn report_resolver_in_pipeline(&mut self, file: &Arc<SourceFile>, field: &FieldName, pipeline: &str) {
        let diagnostic = Diagnostic::error(format!("resolver `{field}` lies inside of the pipeline `{pipeline}`"));
        self.problems.push(diagnostic.at(file, 0..0).help("move it out of that folder; a step is named like `1.js`"));
    }

    fn report_superfluous_parts(&mut self, file: &Arc<SourceFile>, name: &str, field: &FieldName) {
        let diagnostic = Diagnostic::error(format!("cannot read the name `{name}`: too many parts after `{field}`"));
        let help = format!("a resolver is named `{field}.js` or `{field}.[dataSource].js`; rename what is none");
        self.problems.push(diagnostic.at(file, 0..0).help(help));
    }

    fn report_unnamed_template(&mut self, file: &Arc<SourceFile>, name: &str) {
        let diagnostic = Diagnostic::warning(format!("template `{name}` belongs to no field"));
        self.problems.push(diagnostic.at(file, 0..0).help("templates are named `Type.field.request.vtl`"));
    }

    fn warn_of_other_file(&mut self, file: &Arc<SourceFile>, file_name: &str) {
        let extension = file_name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let is_expected = matches!(extension, "md" | "txt" | "json" | "map") || is_declaration_or_test(file_name);
        if !is_expected {
            let help = match extension {
                "vtl" => "templates end in `.request.vtl` or `.response.vtl`",
                _ => {
                    "resolvers and modules end in `.js`, `.mjs` or `.ts`, templates in `.request.vtl` or `.response.vtl`"
                }
            };
            let diagnostic = Diagnostic::warning(format!("`{file_name}` is neither a resolver nor a module"));
            self.problems.push(diagnostic.at(file, 0..0).help(help));
        }
    }
}

fn pipeline_resolver(files: PipelineFiles, config: &Config, problems: &mut Vec<Diagnostic>) -> ResolverDefinition {
    let PipelineFiles { field, domain, data_source, first, steps, index } = files;
    check_step_numbers(&field, &first, &steps, problems);
    let before_after = index.code();
    let functions = steps.into_iter().filter_map(|(number, step)| {
        let what = format_args!("step {number} of resolver `{field}`");
        step.into_stage(domain.as_ref(), data_source.as_ref(), &what, config, problems)
    });
    let kind = ResolverKind::Pipeline { before_after, functions: functions.collect() };
    let FieldName { type_name, field_name } = field;
    ResolverDefinition { type_name, field_name, kind, domain, place: at(&first) }
}

fn check_step_numbers(
    field: &FieldName,
    first: &Arc<SourceFile>,
    steps: &BTreeMap<u32, StageFiles>,
    problems: &mut Vec<Diagnostic>,
) {
    if steps.is_empty() {
        let diagnostic = Diagnostic::error(format!("pipeline `{field}` has no steps"));
        problems
            .push(diagnostic.at(first, 0..0).help("name them `1.js`, `2.js`, or with a name first: `reserve.1.js`"));
    }
    let most = Limits::default().pipeline_functions;
    for (position, (number, step)) in steps.iter().enumerate() {
        let Some(file) = step.first() else { continue };
        let expected = position as u32 + 1;
        if position == most {
            let message = format!("pipeline `{field}` has {} steps, {most} are allowed", steps.len());
            problems.push(Diagnostic::error(message).at(file, 0..0));
        }
        if *number != expected {
            let diagnostic =
                Diagnostic::error(format!("pipeline `{field}` has a step {number} but no step {expected}"));
            problems.push(diagnostic.at(file, 0..0).help("number the steps 1, 2, 3 without gaps"));
            return;
        }
    }
}
