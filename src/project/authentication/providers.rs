//! `authentication` and `additionalAuthentications`: `{ type, config }` (spec appsync-service 3.1, 3.4 to 3.6, 8.1).

use std::ops::Range;
use std::time::Duration;

use crate::context::AuthMode;
use crate::error::{Diagnostic, Place};
use crate::limits::ADDITIONAL_PROVIDERS;
use crate::project::authentication::{WrittenPattern, place};
use crate::project::reader::{Reader, Section};
use crate::project::yaml::{Data, Node};
use crate::value::Str;

/// One way to sign in.
#[derive(Clone, Debug, PartialEq)]
pub struct Provider {
    pub kind: ProviderKind,
    /// Where `syncline.yaml` describes it.
    pub place: Place,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ProviderKind {
    ApiKey,
    Iam,
    UserPool(UserPool),
    OpenIdConnect(OpenIdConnect),
    Lambda(LambdaAuthorizer),
}

/// A Cognito user pool (spec appsync-service 3.4).
#[derive(Clone, Debug, PartialEq)]
pub struct UserPool {
    /// `https://cognito-idp.<region>.amazonaws.com/<pool>`, or the same at an emulator's `endpoint`.
    pub issuer: Str,
    /// `appIdClientRegex`: `aud` of id tokens and `client_id` of access tokens must match it.
    pub client: Option<WrittenPattern>,
    /// Whether fields without a directive are open; of the default way to sign in only.
    pub default_action: DefaultAction,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DefaultAction {
    #[default]
    Allow,
    Deny,
}

impl DefaultAction {
    /// As `ctx.identity.defaultAuthStrategy` has it.
    pub fn name(self) -> &'static str {
        match self {
            DefaultAction::Allow => "ALLOW",
            DefaultAction::Deny => "DENY",
        }
    }
}

/// An OpenID Connect issuer (spec appsync-service 3.5).
#[derive(Clone, Debug, PartialEq)]
pub struct OpenIdConnect {
    pub issuer: Str,
    /// `clientId`: `aud` or `azp` must match it.
    pub client: Option<WrittenPattern>,
    /// `iatTTL`: how long a token is good after it was issued.
    pub issued_at_ttl: Option<Duration>,
    /// `authTTL`: how long a token is good after its user signed in.
    pub auth_time_ttl: Option<Duration>,
}

/// A function that decides (spec appsync-service 3.6).
#[derive(Clone, Debug, PartialEq)]
pub struct LambdaAuthorizer {
    /// Name or ARN.
    pub function: Str,
    /// `identityValidationExpression`: tokens that it does not find anything in never reach the function.
    pub expression: Option<WrittenPattern>,
    /// `authorizerResultTtlInSeconds`: how long an answer is kept. AppSync's default: not at all.
    pub ttl: Duration,
}

impl ProviderKind {
    pub fn mode(&self) -> AuthMode {
        match self {
            ProviderKind::ApiKey => AuthMode::ApiKey,
            ProviderKind::Iam => AuthMode::Iam,
            ProviderKind::UserPool(_) => AuthMode::UserPools,
            ProviderKind::OpenIdConnect(_) => AuthMode::OpenIdConnect,
            ProviderKind::Lambda(_) => AuthMode::Lambda,
        }
    }

    fn issuer(&self) -> Option<&Str> {
        match self {
            ProviderKind::UserPool(pool) => Some(&pool.issuer),
            ProviderKind::OpenIdConnect(provider) => Some(&provider.issuer),
            _ => None,
        }
    }
}

pub(super) fn read_providers(top: &Section, reader: &mut Reader) -> Vec<Provider> {
    let additional: Vec<&Node> = match top.get("additionalAuthentications").map(|node| (node, &node.data)) {
        None => Vec::new(),
        Some((_, Data::List(items))) => items.iter().collect(),
        Some((node, _)) if node.is_null() => Vec::new(),
        Some((node, _)) => {
            let message = format!("expected a list for `additionalAuthentications`, found {}", node.kind());
            let help = "each item is a `{ type, config }`";
            reader.report(Diagnostic::error(message).help(help), &node.range);
            Vec::new()
        }
    };
    let Some(default) = top.get("authentication") else {
        if let Some(first) = additional.first() {
            let error = Diagnostic::error("`additionalAuthentications` needs an `authentication` that it adds to")
                .help("make one of them the `authentication`: fields without a directive ask for that one");
            reader.report(error, &first.range);
        }
        return Vec::new();
    };
    if let Some(excess) = additional.get(ADDITIONAL_PROVIDERS) {
        reader.error(format!("more than {ADDITIONAL_PROVIDERS} additional ways to sign in"), &excess.range);
    }
    let mut providers: Vec<Provider> = Vec::new();
    for (index, node) in std::iter::once(default).chain(additional.iter().copied()).enumerate() {
        let is_default = index == 0;
        let Some(kind) = read_provider(node, is_default, !additional.is_empty(), reader) else { continue };
        let mode = kind.mode();
        let is_repeated = providers.iter().any(|known| match kind.issuer() {
            Some(issuer) => known.kind.issuer() == Some(issuer),
            None => known.kind.mode() == mode,
        });
        if is_repeated {
            // The management API's own words (spec appsync-service 3.1).
            let message = format!(
                "Authentication type {} for additional authentication provider {index} already specified on the API. It can only be specified once.",
                mode.name()
            );
            let help = match kind.issuer() {
                Some(issuer) => format!("`{issuer}` is there before; each pool and each issuer is listed once"),
                None => "remove it".to_string(),
            };
            reader.report(Diagnostic::error(message).help(help), &node.range);
            continue;
        }
        providers.push(Provider { kind, place: place(reader, &node.range) });
    }
    providers
}

/// `has_others`: whether there are additional ways to sign in.
fn read_provider(node: &Node, is_default: bool, has_others: bool, reader: &mut Reader) -> Option<ProviderKind> {
    let name = if is_default { "authentication" } else { "additionalAuthentications" };
    let section = reader.section(node, name, &format!("`{name}`"), &["type", "config"]);
    if !matches!(node.data, Data::Map(_)) && !node.is_null() {
        return None; // that has been said
    }
    let Some(ty) = section.get("type") else {
        let error = Diagnostic::error(format!("`type` is missing in `{name}`"))
            .help("`type` is one of `API_KEY`, `AWS_IAM`, `AMAZON_COGNITO_USER_POOLS`, `OPENID_CONNECT`, `AWS_LAMBDA`");
        reader.report(error, &node.range);
        return None;
    };
    let modes = AuthMode::ALL.map(|mode| (mode.name(), mode));
    let mode = reader.choice(ty, "type", &modes)?;
    let config = section.get("config");
    let empty = Node { data: Data::Map(Default::default()), range: ty.range.clone() };
    let node = config.unwrap_or(&empty);
    let mut config = ConfigReader { node, what: format!("`config` of {}", mode.name()), reader };
    match mode {
        AuthMode::ApiKey => config.nothing().map(|()| ProviderKind::ApiKey),
        AuthMode::Iam => config.nothing().map(|()| ProviderKind::Iam),
        AuthMode::UserPools => config.user_pool(is_default, has_others).map(ProviderKind::UserPool),
        AuthMode::OpenIdConnect => config.open_id_connect().map(ProviderKind::OpenIdConnect),
        AuthMode::Lambda => config.lambda().map(ProviderKind::Lambda),
    }
}

/// Reads the `config` of one provider.
struct ConfigReader<'a, 'n, 'b> {
    node: &'n Node,
    what: String,
    reader: &'a mut Reader<'b>,
}

impl<'n> ConfigReader<'_, 'n, '_> {
    fn section(&mut self, known: &[&str]) -> Section<'n> {
        self.reader.section(self.node, "config", &self.what, known)
    }

    fn nothing(&mut self) -> Option<()> {
        self.section(&[]);
        Some(())
    }

    fn missing(&mut self, key: &str, help: &str) {
        let error = Diagnostic::error(format!("`{key}` is missing in {}", self.what)).help(help);
        let range: Range<usize> = self.node.range.clone();
        self.reader.report(error, &range);
    }

    fn user_pool(&mut self, is_default: bool, has_others: bool) -> Option<UserPool> {
        let section = self.section(&["userPoolId", "awsRegion", "appIdClientRegex", "defaultAction", "endpoint"]);
        let Some(node) = section.get("userPoolId") else {
            self.missing("userPoolId", "it reads like `eu-central-1_AbCdEfGhI`");
            return None;
        };
        let pool = self.reader.text(node, "userPoolId")?;
        let is_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if !pool.value.chars().all(is_id) {
            let error = Diagnostic::error(format!("`{}` cannot be the id of a user pool", pool.value))
                .help("it reads like `eu-central-1_AbCdEfGhI`");
            self.reader.report(error, &pool.range);
            return None;
        }
        let region = section.get("awsRegion").and_then(|node| self.reader.text(node, "awsRegion"));
        // A pool's id begins with its region.
        let region = region.map(|region| region.value).or_else(|| {
            let (region, _) = pool.value.split_once('_')?;
            (region.matches('-').count() >= 2).then(|| region.into())
        });
        let endpoint = section.get("endpoint").and_then(|node| self.address(node, "endpoint"));
        let issuer = match (endpoint, region) {
            (Some(endpoint), _) => format!("{}/{}", endpoint.trim_end_matches('/'), pool.value),
            (None, Some(region)) => {
                let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
                format!("https://cognito-idp.{region}.amazonaws.com{suffix}/{}", pool.value)
            }
            (None, None) => {
                self.missing("awsRegion", "`userPoolId` does not begin with a region, so it must be given");
                return None;
            }
        };
        let actions = [("ALLOW", DefaultAction::Allow), ("DENY", DefaultAction::Deny)];
        let action = section.get("defaultAction").and_then(|node| {
            let action = self.reader.choice(node, "defaultAction", &actions)?;
            if !is_default {
                let warning = Diagnostic::warning("`defaultAction` counts only for the `authentication` itself");
                self.reader.report(warning, &node.range);
            } else if has_others && action == DefaultAction::Deny {
                let error =
                    Diagnostic::error("`defaultAction` must be `ALLOW` where there are additional ways to sign in")
                        .help("AppSync refuses `DENY` there; mark the fields and types with directives instead");
                self.reader.report(error, &node.range);
            }
            Some(action)
        });
        let client = self.pattern(&section, "appIdClientRegex");
        Some(UserPool { issuer: issuer.into(), client, default_action: action.unwrap_or_default() })
    }

    fn open_id_connect(&mut self) -> Option<OpenIdConnect> {
        let section = self.section(&["issuer", "clientId", "iatTTL", "authTTL"]);
        let Some(node) = section.get("issuer") else {
            self.missing("issuer", "the address below which `/.well-known/openid-configuration` lies");
            return None;
        };
        let issuer = self.address(node, "issuer")?;
        let mut ttl = |key: &str| {
            let node = section.get(key)?;
            let milliseconds = self.reader.integer(node, key, 0..=usize::MAX / 2)?;
            // CloudFormation's 0 stands for none.
            (milliseconds > 0).then(|| Duration::from_millis(milliseconds as u64))
        };
        let (issued_at_ttl, auth_time_ttl) = (ttl("iatTTL"), ttl("authTTL"));
        let client = self.pattern(&section, "clientId");
        Some(OpenIdConnect { issuer, client, issued_at_ttl, auth_time_ttl })
    }

    fn lambda(&mut self) -> Option<LambdaAuthorizer> {
        const NAMES: [&str; 4] = ["functionArn", "functionName", "function", "functionAlias"];
        let known = ["identityValidationExpression", "authorizerResultTtlInSeconds"];
        let section = self.section(&[NAMES.as_slice(), &known].concat());
        let Some((key, node)) = NAMES[..3].iter().find_map(|key| Some((*key, section.get(key)?))) else {
            self.missing("functionName", "the name or the ARN of the function that decides who may come in");
            return None;
        };
        if let Data::Map(_) = node.data {
            let error = Diagnostic::error(format!("`{key}` describes a function, which nobody deploys from here"))
                .help("deploy the function by itself, and give its name: `functionName: my-authorizer`");
            self.reader.report(error, &node.range);
            return None;
        }
        let function = self.reader.text(node, key)?;
        let alias = section.get("functionAlias").and_then(|node| self.reader.text(node, "functionAlias"));
        let function = match alias {
            Some(alias) => format!("{}:{}", function.value, alias.value).into(),
            None => function.value,
        };
        let ttl = section.get("authorizerResultTtlInSeconds");
        let ttl = ttl.and_then(|node| self.reader.integer(node, "authorizerResultTtlInSeconds", 0..=3600));
        let expression = self.pattern(&section, "identityValidationExpression");
        Some(LambdaAuthorizer { function, expression, ttl: Duration::from_secs(ttl.unwrap_or(0) as u64) })
    }

    fn pattern(&mut self, section: &Section, key: &str) -> Option<WrittenPattern> {
        let text = self.reader.text(section.get(key)?, key)?;
        Some(WrittenPattern { text: text.value, place: place(self.reader, &text.range) })
    }

    /// An `http` or `https` address. Over `http`, whoever is in between could hand out keys of their own.
    fn address(&mut self, node: &Node, key: &str) -> Option<Str> {
        let address = self.reader.text(node, key)?;
        let https = address.value.strip_prefix("https://");
        let rest = https.or_else(|| address.value.strip_prefix("http://")).unwrap_or("");
        let authority = rest.split('/').next().unwrap_or("");
        let is_visible = address.value.bytes().all(|byte| byte.is_ascii_graphic());
        if authority.is_empty() || authority.contains('@') || !is_visible || address.value.contains(['?', '#']) {
            let error = Diagnostic::error(format!("`{key}` must be an address, found `{}`", address.value))
                .help("it reads like `https://issuer.example.com`");
            self.reader.report(error, &address.range);
            return None;
        }
        let host = match authority.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or(""),
            None => authority.split(':').next().unwrap_or(""),
        };
        if https.is_none() && !matches!(host, "localhost" | "127.0.0.1" | "::1") {
            let warning =
                Diagnostic::warning(format!("`{key}` is not `https`: whoever is in between could let anybody in"));
            self.reader.report(warning, &address.range);
        }
        Some(address.value)
    }
}
