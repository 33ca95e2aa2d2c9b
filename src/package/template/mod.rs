//! `template.yaml`: the project as a SAM application, as a person would write it by hand. The same project always gives the
//! same text.
//!
//! `function` is the Lambda function with its endpoint, `rights` its role and the policies of the domains, `tables` what
//! `tables` in `syncline.yaml` describes, `alarms` what somebody should hear of. `names` finds names for all of these.

mod alarms;
mod function;
mod names;
mod rights;
mod tables;

use std::collections::BTreeMap;

use crate::error::Diagnostic;
use crate::package::policy::Policy;
use crate::package::template::names::Names;
use crate::package::variables::Setting;
use crate::package::yaml::{Entry, Yaml, entry, map};
use crate::project::{Project, Table};
use crate::value::Str;

/// What the template is made for.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateOptions {
    pub architecture: Architecture,
    pub endpoint: Endpoint,
    /// Whether the stack makes the tables. Those that exist already, as AppSync's do, it cannot make again.
    pub creates_tables: bool,
    /// The function's environment variables.
    pub settings: BTreeMap<Str, Setting>,
}

impl TemplateOptions {
    /// Whether the stack makes a table. One of another region it cannot make.
    pub fn creates(&self, table: &Table) -> bool {
        self.creates_tables && table.region.is_none()
    }
}

/// A processor that Lambda has, by Lambda's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    Arm64,
    X86_64,
}

impl Architecture {
    pub fn name(self) -> &'static str {
        match self {
            Architecture::Arm64 => "arm64",
            Architecture::X86_64 => "x86_64",
        }
    }
}

/// How clients reach the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    FunctionUrl(InvokeMode),
    HttpApi,
    /// AppSync calls it as the data source of its direct resolvers.
    None,
}

/// Lambda's word for whether an answer is sent whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvokeMode {
    Buffered,
    ResponseStream,
}

impl InvokeMode {
    pub fn name(self) -> &'static str {
        match self {
            InvokeMode::Buffered => "BUFFERED",
            InvokeMode::ResponseStream => "RESPONSE_STREAM",
        }
    }
}

/// A written template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pub text: String,
    /// Variables whose values the template asks for, and the parameters that take them.
    pub required: Vec<(Str, String)>,
}

/// What every part of the template looks at.
struct Parts<'a> {
    project: &'a Project,
    policies: &'a [Policy],
    options: &'a TemplateOptions,
    names: Names,
}

/// The template of a project, whose function's code is `function.zip` beside it.
///
/// # Errors
/// Policies that IAM would not take.
pub fn template(
    project: &Project,
    policies: &[Policy],
    options: &TemplateOptions,
) -> Result<Template, Vec<Diagnostic>> {
    let parts = Parts { project, policies, options, names: Names::of(project, policies, options) };
    rights::refuse_too_large(policies)?;
    let mut resources = Vec::new();
    resources.extend(function::resources(&parts));
    resources.extend(rights::resources(&parts));
    resources.extend(tables::resources(&parts));
    resources.extend(alarms::resources(&parts));
    let mut document = vec![
        entry("AWSTemplateFormatVersion", "2010-09-09").comment(format!(
            "{}: written by `syncline package`, which writes it again. To keep changes of your own, keep the file under\nanother name and compare.",
            project.config.name
        )),
        entry("Transform", "AWS::Serverless-2016-10-31"),
        entry("Description", format!("The GraphQL API {}, served by Syncline", project.config.name)),
    ];
    document.push(entry("Parameters", map(parameters(&parts))).apart());
    document.push(entry("Conditions", map(conditions(&parts))).apart());
    document.push(entry("Resources", map(resources)).apart());
    document.push(entry("Outputs", map(function::outputs(&parts))).apart());
    let is_required = |setting: &Setting| *setting == Setting::Secret { may_be_empty: false };
    let required = options.settings.iter().filter(|(_, setting)| is_required(setting));
    let required =
        required.map(|(variable, _)| (variable.clone(), parts.names.parameter(variable).to_owned())).collect();
    Ok(Template { text: map(document).document(), required })
}

/// A resource with an empty line above it.
fn resource(name: impl Into<String>, ty: &str, rest: impl IntoIterator<Item = Entry>) -> Entry {
    let entries = std::iter::once(entry("Type", ty)).chain(rest);
    entry(name, map(entries)).apart()
}

fn properties(entries: impl IntoIterator<Item = Entry>) -> Entry {
    entry("Properties", map(entries))
}

fn parameters(parts: &Parts) -> Vec<Entry> {
    let mut parameters = vec![entry(
        names::ALARM_TOPIC,
        map([
            entry("Type", "String"),
            entry("Default", ""),
            entry("Description", "ARN of the SNS topic that alarms notify; empty for none"),
        ]),
    )];
    for (variable, setting) in &parts.options.settings {
        let Setting::Secret { may_be_empty } = setting else { continue };
        let mut parameter = vec![entry("Type", "String"), entry("NoEcho", true)];
        let is_token_secret = variable == crate::package::variables::TOKEN_SECRET;
        let description = match may_be_empty {
            _ if is_token_secret => {
                "Seals page tokens. Any text of 16 characters or more; all instances of one API need the same"
                    .to_owned()
            }
            true => format!("Value of {variable} in syncline.yaml; empty for its default"),
            false => format!("Value of {variable} in syncline.yaml"),
        };
        if *may_be_empty {
            parameter.push(entry("Default", ""));
        } else {
            parameter.push(entry("MinLength", if is_token_secret { 16 } else { 1 }));
        }
        parameter.push(entry("Description", description));
        parameters.push(entry(parts.names.parameter(variable), map(parameter)));
    }
    parameters
}

fn conditions(parts: &Parts) -> Vec<Entry> {
    let topic = crate::package::yaml::reference(names::ALARM_TOPIC);
    let is_empty = Yaml::Tagged("Equals", Box::new([topic, Yaml::from("")].into()));
    let has_topic = Yaml::Tagged("Not", Box::new([is_empty].into()));
    let mut conditions = vec![entry(names::HAS_ALARM_TOPIC, has_topic)];
    conditions.extend(rights::conditions(parts));
    conditions
}
