//! HTTP: a web service, and what its calls may reach (spec appsync-service 8.1.1, appsync-js 4.2).
//!
//! ```yaml
//! payments:
//!   type: HTTP
//!   config:
//!     endpoint: https://payments.example.com/v1
//!     authorizationConfig:                            # AWS's signature
//!       authorizationType: AWS_IAM
//!       awsIamConfig: { signingRegion: eu-central-1, signingServiceName: states }
//!     iamRoleStatements:                              # what `syncline package` lets the domain's role do
//!       - { Effect: Allow, Action: states:StartSyncExecution, Resource: "arn:aws:states:…" }
//!     allow:                                          # ours: AppSync reaches public addresses alone
//!       private: [payments.internal, 10.0.0.0/8]      # hosts and networks
//!       redirects: [https://files.example.com]        # origins to which answers may lead
//! ```

use std::sync::Arc;

use crate::backend::http::{Origin, OriginError, PrivatePlace, Reach};
use crate::error::{Diagnostic, Place};
use crate::project::data_sources::{DataSourceKind, STATEMENTS_KEY};
use crate::project::reader::{Named, Reader, Section, Spanned};
use crate::project::yaml::{Data, Node};
use crate::value::Str;

pub(super) const KEYS: &[&str] = &["endpoint", "authorizationConfig", "allow"];

/// A web service as a data source.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpService {
    pub origin: Origin,
    /// The beginning of all paths, without a slash at its end; mostly empty.
    pub path: Str,
    /// `None`: requests are not signed.
    pub signing: Option<SigningScope>,
    /// What signed requests need of IAM.
    pub role_statements: Arc<[RoleStatement]>,
    pub reach: Reach,
    /// Where answers may lead to; redirects to other places are answers like any other.
    pub redirects: Arc<[Origin]>,
    /// Where `syncline.yaml` allows more than AppSync would reach.
    pub allowed: Option<Place>,
}

/// Actions that are allowed on resources, both as IAM writes them, `*` and all.
#[derive(Clone, Debug, PartialEq)]
pub struct RoleStatement {
    pub actions: Vec<Str>,
    pub resources: Vec<Str>,
}

/// What signatures are made for.
#[derive(Clone, Debug, PartialEq)]
pub struct SigningScope {
    pub region: Str,
    pub service: Str,
}

pub(super) fn read(member: &Named, config: &Section, what: &str, reader: &mut Reader) -> Option<DataSourceKind> {
    let (reach, redirects) = read_allow(config.get("allow"), what, reader);
    let Some(node) = config.get("endpoint") else {
        reader.error(format!("{what} has no `config.endpoint`"), &member.range);
        return None;
    };
    let (origin, path) = read_endpoint(reader.text(node, "endpoint")?, &reach, what, reader)?;
    let authorization = config.entry("authorizationConfig");
    let signing = authorization.and_then(|entry| read_authorization(&entry.value, origin.host(), what, reader));
    if let (Some(_), Some(entry), false) = (&authorization, config.entry("allow"), redirects.is_empty()) {
        let message = format!("requests of {what} are signed: redirects of such are never followed");
        reader.report(Diagnostic::warning(message), &entry.key_range);
    }
    let role_statements = read_role_statements(config.get(STATEMENTS_KEY), signing.is_some(), what, reader);
    let allowed = config.entry("allow").map(|entry| {
        let range = &entry.key_range;
        Place { file: reader.file.clone(), start: range.start, end: range.end }
    });
    Some(DataSourceKind::Http(HttpService {
        origin,
        path,
        signing,
        role_statements,
        reach,
        redirects: redirects.into(),
        allowed,
    }))
}

fn read_endpoint(endpoint: Spanned<Str>, reach: &Reach, what: &str, reader: &mut Reader) -> Option<(Origin, Str)> {
    let Spanned { value: text, range } = endpoint;
    let problem = match Origin::split(&text) {
        Ok((origin, path)) => {
            if !reach.may_include(origin.host()) {
                let host = origin.host();
                let message = format!("the endpoint of {what} has a private address, `{host}`");
                let host = if host.starts_with('[') { format!("\"{host}\"") } else { host.to_owned() };
                let help = format!("say that it may be reached: `allow: {{ private: [{host}] }}`");
                reader.report(Diagnostic::error(message).help(help), &range);
            }
            return Some((origin, path.trim_end_matches('/').into()));
        }
        Err(OriginError::NoUrl) => Diagnostic::error(format!("`{text}` is no address such as https://api.example.com")),
        Err(OriginError::UserInfo) => Diagnostic::error(format!("the endpoint of {what} names a user"))
            .help("send a header instead: `params.headers.authorization`"),
        Err(OriginError::Query) => Diagnostic::error(format!("the endpoint of {what} has a query string"))
            .help("handlers give it with each request: `params.query`"),
        Err(OriginError::Fragment) => {
            Diagnostic::error(format!("the endpoint of {what} has a fragment, which no server sees"))
        }
    };
    reader.report(problem, &range);
    None
}

fn read_allow(node: Option<&Node>, what: &str, reader: &mut Reader) -> (Reach, Vec<Origin>) {
    let Some(node) = node else { return (Reach::Public { except: Arc::default() }, Vec::new()) };
    let section = reader.section(node, "allow", &format!("`allow` of {what}"), &["private", "redirects"]);
    let mut private = Vec::new();
    for place in section.get("private").map(|node| reader.strings(node, "private")).unwrap_or_default() {
        match PrivatePlace::parse(&place.value) {
            Some(found) => private.push(found),
            None => {
                let problem = Diagnostic::error(format!("`{}` is no host and no network", place.value));
                let help = "write a host such as `payments.internal`, or a network such as `10.0.0.0/8`; a port does not matter";
                reader.report(problem.help(help), &place.range);
            }
        }
    }
    let mut redirects = Vec::new();
    for origin in section.get("redirects").map(|node| reader.strings(node, "redirects")).unwrap_or_default() {
        match Origin::split(&origin.value) {
            Ok((found, path)) if path == "/" => redirects.push(found),
            _ => {
                let problem =
                    Diagnostic::error(format!("`{}` is no origin such as https://files.example.com", origin.value));
                reader.report(problem.help("write scheme, host and port, and no path"), &origin.range);
            }
        }
    }
    (Reach::Public { except: private.into() }, redirects)
}

fn read_authorization(node: &Node, host: &str, what: &str, reader: &mut Reader) -> Option<SigningScope> {
    let name = format!("`authorizationConfig` of {what}");
    let section = reader.section(node, "authorizationConfig", &name, &["authorizationType", "awsIamConfig"]);
    match section.get("authorizationType") {
        Some(ty) => reader.choice(ty, "authorizationType", &[("AWS_IAM", ())])?,
        None => {
            let problem = Diagnostic::error(format!("{name} has no `authorizationType`"));
            reader.report(problem.help("write `authorizationType: AWS_IAM`, or leave the section out"), &node.range);
            return None;
        }
    }
    let (mut region, mut service) = scope_of_host(host);
    if let Some(iam) = section.get("awsIamConfig") {
        let name = format!("`awsIamConfig` of {what}");
        let iam = reader.section(iam, "awsIamConfig", &name, &["signingRegion", "signingServiceName"]);
        let mut name = |key: &str, example: &str| {
            let text = reader.text(iam.get(key)?, key)?;
            let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if !text.value.chars().all(is_part) {
                reader.error(format!("`{}` is no `{key}` such as {example}", text.value), &text.range);
            }
            Some(text.value)
        };
        region = name("signingRegion", "eu-central-1").or(region);
        service = name("signingServiceName", "states").or(service);
    }
    if let (Some(region), Some(service)) = (region, service) {
        return Some(SigningScope { region, service });
    }
    let problem = Diagnostic::error(format!("`{host}` does not tell which service and region requests are signed for"));
    let help = "write `awsIamConfig: { signingRegion: eu-central-1, signingServiceName: states }`";
    reader.report(problem.help(help), &node.range);
    None
}

/// `is_signed`: otherwise nobody asks for rights.
fn read_role_statements(node: Option<&Node>, is_signed: bool, what: &str, reader: &mut Reader) -> Arc<[RoleStatement]> {
    let Some(node) = node else { return Arc::default() };
    let name = format!("`{STATEMENTS_KEY}` of {what}");
    if !is_signed {
        let warning = Diagnostic::warning(format!("{name} has no effect: its requests are not signed"));
        reader.report(warning.help("`authorizationConfig: { authorizationType: AWS_IAM }` signs them"), &node.range);
    }
    let mut statements = Vec::new();
    let items = match &node.data {
        Data::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    for item in items {
        let keys = ["Effect", "Action", "Resource", "Sid"];
        let section = reader.section(item, STATEMENTS_KEY, &format!("a statement of {name}"), &keys);
        if let Some(effect) = section.get("Effect") {
            reader.choice(effect, "Effect", &[("Allow", ())]);
        }
        let mut texts = |key: &str| match section.get(key) {
            Some(node) => reader.strings(node, key).into_iter().map(|text| text.value).collect(),
            None => {
                reader.error(format!("a statement of {name} has no `{key}`"), &item.range);
                Vec::new()
            }
        };
        statements.push(RoleStatement { actions: texts("Action"), resources: texts("Resource") });
    }
    statements.into()
}

/// Region and service that an AWS host's name tells. What AppSync signs for where `awsIamConfig` does not say is
/// UNCONFIRMED.
fn scope_of_host(host: &str) -> (Option<Str>, Option<Str>) {
    const DOMAINS: [&str; 6] = [
        ".amazonaws.com",
        ".amazonaws.com.cn",
        ".amazonaws.eu",
        ".api.aws",
        ".api.amazonwebservices.com.cn",
        ".on.aws",
    ];
    let Some(name) = DOMAINS.iter().find_map(|domain| host.strip_suffix(domain)) else { return (None, None) };
    let mut labels = name.rsplit('.');
    let (Some(region), Some(service)) = (labels.next(), labels.next()) else { return (None, None) };
    if !region.contains('-') || !region.ends_with(|c: char| c.is_ascii_digit()) {
        return (None, None);
    }
    let service = service.strip_suffix("-fips").unwrap_or(service);
    let service = match service {
        "sync-states" => "states",
        "lambda-url" => "lambda",
        "bedrock-runtime" | "bedrock-agent-runtime" => "bedrock",
        service => service,
    };
    (Some(region.into()), Some(service.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_aws_tell_region_and_service() {
        for (host, scope) in [
            ("sync-states.eu-central-1.amazonaws.com", Some(("eu-central-1", "states"))),
            ("states-fips.us-gov-west-1.amazonaws.com", Some(("us-gov-west-1", "states"))),
            ("abc123.execute-api.us-east-1.amazonaws.com", Some(("us-east-1", "execute-api"))),
            ("abc123.lambda-url.eu-west-1.on.aws", Some(("eu-west-1", "lambda"))),
            ("translate.cn-north-1.amazonaws.com.cn", Some(("cn-north-1", "translate"))),
            ("bucket.s3.eu-west-1.amazonaws.com", Some(("eu-west-1", "s3"))),
            ("bedrock-runtime.eu-west-1.amazonaws.com", Some(("eu-west-1", "bedrock"))),
            // The global endpoint of a service.
            ("iam.amazonaws.com", None),
            ("eu-central-1.amazonaws.com", None),
            ("api.example.com", None),
            ("states.eu-central-1.amazonaws.com.example", None),
        ] {
            let expected = match scope {
                Some((region, service)) => (Some(region.into()), Some(service.into())),
                None => (None, None),
            };
            assert_eq!(scope_of_host(host), expected, "{host}");
        }
    }
}
