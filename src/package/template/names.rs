//! Logical names: letters and digits alone, each once in a template.

use std::collections::{BTreeMap, BTreeSet};

use crate::package::policy::Policy;
use crate::package::template::TemplateOptions;
use crate::package::variables::Setting;
use crate::project::Project;
use crate::value::Str;

pub(super) const FUNCTION: &str = "Function";
pub(super) const FUNCTION_URL: &str = "FunctionUrl"; // SAM's name for the URL of `Function`
pub(super) const FUNCTION_ROLE: &str = "FunctionRole";
pub(super) const FUNCTION_LOGS: &str = "FunctionLogs";
pub(super) const HTTP_API: &str = "HttpApi";
pub(super) const APPSYNC_ROLE: &str = "AppSyncRole";
pub(super) const ALARM_TOPIC: &str = "AlarmTopicArn";
pub(super) const HAS_ALARM_TOPIC: &str = "HasAlarmTopic";

const TAKEN: [&str; 14] = [
    FUNCTION,
    FUNCTION_URL,
    FUNCTION_ROLE,
    FUNCTION_LOGS,
    HTTP_API,
    APPSYNC_ROLE,
    ALARM_TOPIC,
    HAS_ALARM_TOPIC,
    "FunctionErrors",
    "FunctionThrottles",
    "FunctionDuration",
    "FunctionUrlPublicPermissions",
    "Endpoint",
    "FunctionArn",
];

/// The names of what differs from project to project.
pub(super) struct Names {
    /// By the table's name in `syncline.yaml`.
    tables: BTreeMap<Str, String>,
    /// By domain.
    policies: BTreeMap<Option<Str>, String>,
    /// By variable.
    parameters: BTreeMap<Str, String>,
}

impl Names {
    pub fn of(project: &Project, policies: &[Policy], options: &TemplateOptions) -> Names {
        let mut used: BTreeSet<String> = TAKEN.iter().map(ToString::to_string).collect();
        let mut unique = |text: &str, end: &str| {
            let wanted = format!("{}{end}", pascal_case(text));
            let name = (1..).map(|number| if number == 1 { wanted.clone() } else { format!("{wanted}{number}") });
            let name = name.into_iter().find(|name| !used.contains(name)).expect("there are endless numbers");
            used.insert(name.clone());
            name
        };
        let tables = project.config.tables.keys().map(|name| (name.clone(), unique(name, "Table"))).collect();
        let name_of = |domain: &Option<Str>| domain.clone().unwrap_or_else(|| "OutsideDomains".into());
        let policies =
            policies.iter().map(|policy| (policy.domain.clone(), unique(&name_of(&policy.domain), "Policy"))).collect();
        let secrets = options.settings.iter().filter(|(_, setting)| matches!(setting, Setting::Secret { .. }));
        let parameters = secrets.map(|(name, _)| (name.clone(), unique(&name.to_lowercase(), ""))).collect();
        Names { tables, policies, parameters }
    }

    pub fn table(&self, name: &str) -> &str {
        self.tables.get(name).map_or("", String::as_str)
    }

    pub fn policy(&self, domain: &Option<Str>) -> &str {
        self.policies.get(domain).map_or("", String::as_str)
    }

    pub fn parameter(&self, variable: &str) -> &str {
        self.parameters.get(variable).map_or("", String::as_str)
    }
}

/// `order_lines` and `orderLines` as `OrderLines`.
fn pascal_case(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name: String = words
        .map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_ascii_uppercase() + rest
        })
        .collect();
    // A name begins with a letter, and is not empty.
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("The{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_letters_and_digits() {
        for (text, name) in [
            ("orders", "Orders"),
            ("orderLines", "OrderLines"),
            ("order-lines_2", "OrderLines2"),
            ("1st", "The1st"),
            ("äö", "The"),
        ] {
            assert_eq!(pascal_case(text), name);
        }
    }
}
