//! What the function may do: its role, and one policy for each domain.

use std::collections::BTreeSet;

use crate::backend::lambda::name_in_aws;
use crate::error::Diagnostic;
use crate::package::policy::{Place, Policy, Statement};
use crate::package::template::function::document;
use crate::package::template::names::{FUNCTION_LOGS, FUNCTION_ROLE};
use crate::package::template::{Parts, properties, resource};
use crate::package::uses::Resource;
use crate::package::yaml::{Entry, Yaml, attribute, entry, list, map, reference, sub};
use crate::project::authentication::providers::ProviderKind;
use crate::value::Str;

/// Managed policies that IAM attaches to one role unless it is asked for more.
const MANAGED_POLICIES: usize = 10;

/// Characters of a managed policy, blanks not counted. IAM's quota.
const POLICY_CHARACTERS: usize = 6_144;

/// Characters of all policies inside of a role. IAM's quota.
const INLINE_CHARACTERS: usize = 10_240;

pub(super) fn resources(parts: &Parts) -> Vec<Entry> {
    let mut resources = vec![function_role(parts)];
    let managed = parts.policies.iter().filter(|policy| policy.role.is_some() || !are_inline(parts.policies));
    resources.extend(managed.map(|policy| managed_policy(parts, policy)));
    resources
}

/// Policies whose calls are the function's own.
fn own(policies: &[Policy]) -> impl Iterator<Item = &Policy> {
    policies.iter().filter(|policy| policy.role.is_none())
}

/// Whether there are more policies than IAM attaches: then they stand inside of the role.
fn are_inline(policies: &[Policy]) -> bool {
    own(policies).count() > MANAGED_POLICIES
}

/// # Errors
/// Policies that IAM would not take.
pub(super) fn refuse_too_large(policies: &[Policy]) -> Result<(), Vec<Diagnostic>> {
    // As long as places get.
    let place = Place { region: "ap-southeast-1".into(), account: "123456789012".into() };
    let characters = |policy: &Policy| place.document(&policy.statements()).to_string().chars().count();
    let help = "divide the domain; or let its code name tables and indexes, so that fewer rights are needed";
    let mut problems = Vec::new();
    for policy in policies.iter().filter(|policy| characters(policy) > POLICY_CHARACTERS) {
        let name = policy
            .domain
            .as_deref()
            .map_or("resolvers outside of domains".into(), |domain| format!("domain `{domain}`"));
        let message =
            format!("the policy of {name} has {} characters, IAM takes {POLICY_CHARACTERS}", characters(policy));
        problems.push(Diagnostic::error(message).help(help));
    }
    let all: usize = own(policies).map(characters).sum();
    if are_inline(policies) && all > INLINE_CHARACTERS {
        let message =
            format!("the policies of the function's role have {all} characters, IAM takes {INLINE_CHARACTERS}");
        let help = "give some of the domains a `role` of their own";
        problems.push(Diagnostic::error(message).help(help));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn function_role(parts: &Parts) -> Entry {
    let trust = map([
        entry("Effect", "Allow"),
        entry("Principal", map([entry("Service", "lambda.amazonaws.com")])),
        entry("Action", "sts:AssumeRole"),
    ]);
    let mut entries = vec![entry("AssumeRolePolicyDocument", document([trust]))];
    let managed: Vec<Yaml> = own(parts.policies).map(|policy| reference(parts.names.policy(&policy.domain))).collect();
    if !managed.is_empty() && !are_inline(parts.policies) {
        entries.push(
            entry("ManagedPolicyArns", list(managed))
                .comment("What the resolvers of each domain do, and nothing else."),
        );
    }
    entries.push(entry("Policies", list(inline_policies(parts))));
    resource(FUNCTION_ROLE, "AWS::IAM::Role", [properties(entries)])
}

fn inline_policies(parts: &Parts) -> Vec<Yaml> {
    let policy =
        |name: &str, statement: Yaml| map([entry("PolicyName", name), entry("PolicyDocument", document([statement]))]);
    let mut policies = vec![policy(
        "logs",
        map([
            entry("Effect", "Allow"),
            entry("Action", list(["logs:CreateLogStream".into(), "logs:PutLogEvents".into()])),
            entry("Resource", attribute(FUNCTION_LOGS, "Arn")),
        ]),
    )];
    let roles: BTreeSet<&Str> =
        parts.project.config.domains.values().filter_map(|domain| domain.role.as_ref()).collect();
    if !roles.is_empty() {
        let roles = roles.into_iter().map(|role| Yaml::from(role.to_string()));
        policies.push(policy(
            "roles",
            map([entry("Effect", "Allow"), entry("Action", "sts:AssumeRole"), entry("Resource", list(roles))]),
        ));
    }
    let authorizers = authorizers(parts);
    if !authorizers.is_empty() {
        let functions = authorizers.iter().map(|function| arn(parts, &Resource::Function(function.clone())));
        policies.push(policy(
            "authorizers",
            map([
                entry("Effect", "Allow"),
                entry("Action", "lambda:InvokeFunction"),
                entry("Resource", list(functions)),
            ]),
        ));
    }
    if are_inline(parts.policies) {
        for own in own(parts.policies) {
            let document = document(own.statements().iter().map(|each| statement(parts, each)));
            policies
                .push(map([entry("PolicyName", parts.names.policy(&own.domain)), entry("PolicyDocument", document)]));
        }
    }
    policies
}

/// The functions that say who may come in.
fn authorizers(parts: &Parts) -> BTreeSet<Str> {
    let config = &parts.project.config;
    let functions = config.authentication.providers.iter().filter_map(|provider| match &provider.kind {
        ProviderKind::Lambda(authorizer) => Some(name_in_aws(config.functions.values(), &authorizer.function)),
        _ => None,
    });
    functions.collect()
}

fn managed_policy(parts: &Parts, policy: &Policy) -> Entry {
    let name = parts.names.policy(&policy.domain);
    let description = match &policy.domain {
        Some(domain) => format!("What the resolvers of domain {domain} do"),
        None => "What resolvers outside of domains do".to_owned(),
    };
    let statements = document(policy.statements().iter().map(|each| statement(parts, each)));
    let mut entries = vec![entry("Description", description), entry("PolicyDocument", statements)];
    let Some(role) = &policy.role else {
        return resource(name, "AWS::IAM::ManagedPolicy", [properties(entries)]);
    };
    entries.push(entry("Roles", list([role_name(role).into()])));
    let condition = entry("Condition", condition_name(name));
    resource(name, "AWS::IAM::ManagedPolicy", [condition, properties(entries)]).comment(format!(
        "The domain's calls assume {role}, which must trust the function's role.\nIn another account, attach policies/ there by hand."
    ))
}

/// The name of a role without its path.
fn role_name(arn: &str) -> &str {
    arn.rsplit(['/', ':']).next().unwrap_or(arn)
}

fn condition_name(policy: &str) -> String {
    format!("{policy}IsHere")
}

/// Whether a role is one of this account, so that the stack can attach a policy to it.
pub(super) fn conditions(parts: &Parts) -> Vec<Entry> {
    let with_role = parts.policies.iter().filter_map(|policy| Some((policy, policy.role.as_ref()?)));
    let conditions = with_role.map(|(policy, role)| {
        let account = role.split(':').nth(4).unwrap_or_default();
        let is_here = [reference("AWS::AccountId"), account.into()];
        entry(condition_name(parts.names.policy(&policy.domain)), Yaml::Tagged("Equals", Box::new(is_here.into())))
    });
    conditions.collect()
}

fn statement(parts: &Parts, statement: &Statement) -> Yaml {
    let one_or_many = |mut values: Vec<Yaml>| match values.len() {
        1 => values.remove(0),
        _ => list(values),
    };
    let actions = statement.actions.iter().map(|action| Yaml::from(action.to_string())).collect();
    let resources = statement.resources.iter().map(|resource| arn(parts, resource)).collect();
    map([entry("Effect", "Allow"), entry("Action", one_or_many(actions)), entry("Resource", one_or_many(resources))])
}

/// The ARN of a resource: by the table of this template where it makes it.
fn arn(parts: &Parts, resource: &Resource) -> Yaml {
    let place = Place { region: "${AWS::Region}".into(), account: "${AWS::AccountId}".into() };
    let created = |physical: &Str| {
        let mut tables = parts.project.config.tables.values();
        let table = tables.find(|table| table.physical_name == *physical && parts.options.creates(table))?;
        Some(parts.names.table(&table.name))
    };
    match resource {
        Resource::Table { name, .. } if created(name).is_some() => attribute(created(name).unwrap_or_default(), "Arn"),
        Resource::Index { table, name, .. } if created(table).is_some() => {
            let name = name.as_deref().unwrap_or("*");
            sub(format!("${{{}.Arn}}/index/{name}", created(table).unwrap_or_default()))
        }
        resource => {
            let arn = place.arn(resource);
            match arn.strip_prefix("arn:aws:").filter(|arn| arn.contains("${AWS::")) {
                Some(rest) => sub(format!("arn:${{AWS::Partition}}:{rest}")),
                None => Yaml::Text(arn),
            }
        }
    }
}
