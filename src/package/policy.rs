//! One IAM policy for each domain: what its resolvers can ask for, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use crate::package::uses::{Resource, Use, Uses};
use crate::project::Project;
use crate::value::{Str, Value, object};

/// What the resolvers of a domain may do.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// `None`: resolvers outside of all domains.
    pub domain: Option<Str>,
    /// ARN of the role that the domain's calls assume; `None`: they are the function's own.
    pub role: Option<Str>,
    pub uses: Uses,
}

/// Actions that are allowed on the same resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub actions: BTreeSet<Str>,
    pub resources: BTreeSet<Resource>,
}

impl Policy {
    /// The fewest statements that allow each use, in an order that depends on nothing else.
    pub fn statements(&self) -> Vec<Statement> {
        statements(&self.uses.all)
    }
}

/// See [`Policy::statements`].
pub fn statements(uses: &BTreeSet<Use>) -> Vec<Statement> {
    let mut actions: BTreeMap<&Resource, BTreeSet<Str>> = BTreeMap::new();
    for Use { resource, action } in uses.iter().filter(|used| !is_covered(used, uses)) {
        actions.entry(resource).or_default().insert(action.clone());
    }
    let mut statements: BTreeMap<BTreeSet<Str>, BTreeSet<Resource>> = BTreeMap::new();
    for (resource, actions) in actions {
        statements.entry(actions).or_default().insert(resource.clone());
    }
    let statements = statements.into_iter().map(|(actions, resources)| Statement { actions, resources });
    let mut statements: Vec<Statement> = statements.collect();
    statements.sort_by(|a, b| (&a.resources, &a.actions).cmp(&(&b.resources, &b.actions)));
    statements
}

/// Whether what is done to an index is allowed on all indexes of the table anyway.
fn is_covered(used: &Use, uses: &BTreeSet<Use>) -> bool {
    let Resource::Index { table, region, name: Some(_) } = &used.resource else { return false };
    let any = Resource::Index { table: table.clone(), region: region.clone(), name: None };
    uses.contains(&Use { resource: any, action: used.action.clone() })
}

/// The policies of a project's domains, those of resolvers outside of domains first.
pub fn policies(project: &Project, uses: BTreeMap<Option<Str>, Uses>) -> Vec<Policy> {
    let role_of = |domain: &Option<Str>| project.config.domains.get(domain.as_ref()?)?.role.clone();
    uses.into_iter()
        .filter(|(_, uses)| !uses.all.is_empty())
        .map(|(domain, uses)| Policy { role: role_of(&domain), domain, uses })
        .collect()
}

/// The policies with names of files for them: the domain's, and `outside-domains` for those outside.
pub fn file_names(policies: &[Policy]) -> Vec<(String, &Policy)> {
    let mut used = BTreeSet::new();
    let named = policies.iter().map(|policy| {
        let name = policy.domain.as_deref().unwrap_or("outside-domains");
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '-' }).collect();
        let plain = plain.trim_start_matches('.');
        let name = (1..).map(|number| if number == 1 { plain.to_owned() } else { format!("{plain}-{number}") });
        // Some systems do not tell `Users` from `users`.
        let name = name.into_iter().find(|name| used.insert(name.to_lowercase())).unwrap_or_default();
        (format!("{name}.json"), policy)
    });
    named.collect()
}

/// Where in AWS the resources are, for policies as plain files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub region: Str,
    pub account: Str,
}

impl Place {
    /// `aws` but for China and the government's regions.
    fn partition(&self) -> &'static str {
        match self.region.as_str() {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }

    /// The ARN of a resource; one that is an ARN already stays as it is.
    pub fn arn(&self, resource: &Resource) -> String {
        let (partition, account) = (self.partition(), &self.account);
        let region = |own: &Option<Str>| own.as_ref().unwrap_or(&self.region).clone();
        match resource {
            Resource::Other(arn) => arn.to_string(),
            Resource::Table { name, .. } | Resource::Function(name) if name.starts_with("arn:") => name.to_string(),
            Resource::Table { name, region: own } => {
                format!("arn:{partition}:dynamodb:{}:{account}:table/{name}", region(own))
            }
            Resource::Index { table, region, name } => {
                let table = self.arn(&Resource::Table { name: table.clone(), region: region.clone() });
                format!("{table}/index/{}", name.as_deref().unwrap_or("*"))
            }
            Resource::Function(name) => {
                // `123456789012:function:audit` names another account.
                let (account, name) = name.split_once(":function:").unwrap_or((account, name));
                let name = name.strip_prefix("function:").unwrap_or(name);
                format!("arn:{partition}:lambda:{}:{account}:function:{name}", self.region)
            }
        }
    }

    /// A policy document as IAM takes it.
    pub fn document(&self, statements: &[Statement]) -> Value {
        let statement = |statement: &Statement| {
            let actions: Value = statement.actions.iter().cloned().map(Value::String).collect();
            let resources: Value = statement.resources.iter().map(|resource| Value::from(self.arn(resource))).collect();
            object! { "Effect" => "Allow", "Action" => actions, "Resource" => resources }
        };
        object! { "Version" => "2012-10-17", "Statement" => statements.iter().map(statement).collect::<Value>() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_become_the_fewest_statements() {
        let index = |name: Option<&str>| Resource::Index { table: "t".into(), region: None, name: name.map(Str::from) };
        let table = || Resource::Table { name: "t".into(), region: None };
        let bus = || Resource::Other("arn:aws-cn:events:cn-north-1:1:event-bus/*".into());
        let uses = [
            ("dynamodb:Query", index(None)),
            ("dynamodb:Query", table()),
            ("dynamodb:GetItem", table()),
            ("events:PutEvents", bus()),
            ("dynamodb:Query", index(Some("byDay"))),
            ("lambda:InvokeFunction", Resource::Function("f:live".into())),
        ];
        let uses = uses.map(|(action, resource)| Use { action: action.into(), resource }).into();
        let place = Place { region: "us-gov-west-1".into(), account: "1".into() };
        let statements: Vec<String> = place
            .document(&statements(&uses))
            .get("Statement")
            .and_then(Value::as_list)
            .unwrap()
            .iter()
            .map(|statement| format!("{} {}", statement.get("Action").unwrap(), statement.get("Resource").unwrap()))
            .collect();
        let arn = "arn:aws-us-gov:dynamodb:us-gov-west-1:1:table/t";
        assert_eq!(
            statements,
            [
                format!(r#"["dynamodb:GetItem","dynamodb:Query"] ["{arn}"]"#),
                format!(r#"["dynamodb:Query"] ["{arn}/index/*"]"#),
                r#"["lambda:InvokeFunction"] ["arn:aws-us-gov:lambda:us-gov-west-1:1:function:f:live"]"#.to_owned(),
                r#"["events:PutEvents"] ["arn:aws-cn:events:cn-north-1:1:event-bus/*"]"#.to_owned(),
            ]
        );
    }

    #[test]
    fn every_policy_has_a_file_of_its_own() {
        let domains = [None, Some("orders"), Some("Orders"), Some("outside-domains"), Some(".a b")];
        let policy = |domain: Option<&str>| Policy { domain: domain.map(Str::from), role: None, uses: Uses::default() };
        let policies = domains.map(policy);
        let names: Vec<String> = file_names(&policies).into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            ["outside-domains.json", "orders.json", "Orders-2.json", "outside-domains-2.json", "a-b.json"]
        );
    }
}
