//! What exists for local work only: `identities`, whom `--as NAME` lets requests come from, and `localCredentials`,
//! access keys whose signatures are verified without AWS. Both are ours, and Lambda ignores both.

use crate::context::{AuthMode, IAM_MEMBERS, iam_identity, iam_members};
use crate::error::{Diagnostic, Place};
use crate::project::authentication::providers::{DefaultAction, Provider, ProviderKind};
use crate::project::authentication::{place, read_secret};
use crate::project::reader::{Named, Reader, Section, list};
use crate::project::yaml::{Data, Node};
use crate::schema::NameMap;
use crate::value::{Map, Number, Str, Value};

/// An account number that belongs to nobody, for keys that name none.
const ACCOUNT: &str = "123456789012";

/// Who a request comes from with `--as`.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalIdentity {
    pub mode: AuthMode,
    /// `ctx.identity`, complete.
    pub value: Value,
    /// `deniedFields` of a Lambda authorizer.
    pub denied_fields: Vec<Str>,
}

/// An access key, and who signs with it.
#[derive(Clone, PartialEq)]
pub struct LocalCredential {
    pub access_key_id: Str,
    pub secret_access_key: Str,
    /// The members of `ctx.identity` apart from `sourceIp`.
    pub identity: Map,
    pub place: Place,
}

/// Without the secret, which belongs in no log.
impl std::fmt::Debug for LocalCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalCredential").field("access_key_id", &self.access_key_id).finish()
    }
}

pub(super) fn read_identities(
    node: Option<&Node>,
    providers: &[Provider],
    reader: &mut Reader,
) -> NameMap<LocalIdentity> {
    let members = node.map(|node| reader.named(node, "identities")).unwrap_or_default();
    members
        .into_iter()
        .filter_map(|member| Some((member.name.clone(), read_identity(&member, providers, reader)?)))
        .collect()
}

fn read_identity(member: &Named, providers: &[Provider], reader: &mut Reader) -> Option<LocalIdentity> {
    let what = format!("identity `{}`", member.name);
    let mode_node = Section::of(Some(member.value)).get("mode");
    let mode = match mode_node {
        Some(node) => reader.choice(node, "mode", &AuthMode::ALL.map(|mode| (mode.name(), mode)))?,
        None => match providers.first() {
            Some(provider) => provider.kind.mode(),
            None => {
                let error = Diagnostic::error(format!("`mode` is missing in {what}"))
                    .help(format!("one of {}", list(AuthMode::ALL.map(AuthMode::name))));
                reader.report(error, &member.range);
                return None;
            }
        },
    };
    if !providers.is_empty() && !providers.iter().any(|provider| provider.kind.mode() == mode) {
        let error = Diagnostic::error(format!("{what} signs in with `{}`, which this API does not take", mode.name()))
            .help(format!("add `{{ type: {} }}` to `additionalAuthentications`", mode.name()));
        reader.report(error, mode_node.map_or(&member.range, |node| &node.range));
    }
    let known: &[&str] = match mode {
        AuthMode::ApiKey => &[],
        AuthMode::Iam => &[IAM_MEMBERS.as_slice(), &["sourceIp"]].concat(),
        AuthMode::UserPools => &["sub", "issuer", "username", "claims", "sourceIp", "defaultAuthStrategy", "groups"],
        AuthMode::OpenIdConnect => &["sub", "issuer", "claims"],
        AuthMode::Lambda => &["resolverContext", "deniedFields"],
    };
    let section = reader.section(member.value, member.name, &what, &[&["mode"], known].concat());
    let mut members = Members { section, name: member.name, providers, reader };
    let value = match mode {
        AuthMode::ApiKey => Value::Null,
        AuthMode::Iam => iam_identity(&members.iam(), members.source_ip()),
        AuthMode::UserPools => members.user_pools(),
        AuthMode::OpenIdConnect => members.open_id_connect(),
        AuthMode::Lambda => crate::value::object! { "resolverContext" => members.object("resolverContext") },
    };
    let denied_fields = members.strings("deniedFields");
    Some(LocalIdentity { mode, value, denied_fields })
}

/// The members of one identity.
struct Members<'a, 'n, 'b> {
    section: Section<'n>,
    name: &'a Str,
    providers: &'a [Provider],
    reader: &'a mut Reader<'b>,
}

impl Members<'_, '_, '_> {
    fn text(&mut self, key: &str) -> Option<Str> {
        let node = self.section.get(key)?;
        // An account's number may well stand there without quotes.
        if let Data::Scalar(scalar) = &node.data
            && node.kind() == "a number"
        {
            return Some(scalar.text.clone());
        }
        self.reader.text(node, key).map(|text| text.value)
    }

    fn strings(&mut self, key: &str) -> Vec<Str> {
        let Some(node) = self.section.get(key) else { return Vec::new() };
        self.reader.strings(node, key).into_iter().map(|text| text.value).collect()
    }

    fn object(&mut self, key: &str) -> Value {
        let Some(node) = self.section.get(key) else { return Value::empty_object() };
        match value(node) {
            Value::Null => Value::empty_object(),
            object @ Value::Object(_) => object,
            _ => {
                self.reader.error(format!("expected a map for `{key}`, found {}", node.kind()), &node.range);
                Value::empty_object()
            }
        }
    }

    fn source_ip(&mut self) -> Value {
        let addresses = self.strings("sourceIp");
        if addresses.is_empty() { vec![Value::from("127.0.0.1")].into() } else { texts(addresses) }
    }

    fn iam(&mut self) -> Map {
        let given: Vec<Option<Str>> = IAM_MEMBERS.iter().map(|key| self.text(key)).collect();
        let account = given[0].clone().unwrap_or_else(|| ACCOUNT.into());
        iam_members(|key| {
            let index = IAM_MEMBERS.iter().position(|known| *known == key)?;
            given[index].clone().or_else(|| match key {
                "accountId" => Some(account.clone()),
                "username" => Some(self.name.clone()),
                "userArn" => Some(format!("arn:aws:iam::{account}:user/{}", self.name).into()),
                _ => None,
            })
        })
    }

    fn user_pools(&mut self) -> Value {
        let pool = self.providers.iter().find_map(|provider| match &provider.kind {
            ProviderKind::UserPool(pool) => Some(pool),
            _ => None,
        });
        let default_action = pool.map_or(DefaultAction::Allow, |pool| pool.default_action);
        let issuer = pool.map_or_else(|| "https://cognito-idp.local".into(), |pool| pool.issuer.clone());
        let issuer = self.text("issuer").unwrap_or(issuer);
        let sub = self.text("sub").unwrap_or_else(|| self.name.clone());
        let username = self.text("username").unwrap_or_else(|| self.name.clone());
        let groups: Value = match self.section.get("groups") {
            Some(_) => texts(self.strings("groups")),
            None => Value::Null,
        };
        let strategies = [("ALLOW", DefaultAction::Allow), ("DENY", DefaultAction::Deny)];
        let strategy = self.section.get("defaultAuthStrategy");
        let strategy = strategy.and_then(|node| self.reader.choice(node, "defaultAuthStrategy", &strategies));
        // What an id token of that user would say, unless the file says otherwise.
        let mut claims = crate::value::object! {
            "sub" => &sub, "iss" => &issuer, "cognito:username" => &username, "token_use" => "id",
        };
        if !groups.is_null() {
            claims.set("cognito:groups", groups.clone());
        }
        for (name, value) in self.object("claims").as_object().into_iter().flatten() {
            claims.set(name.clone(), value.clone());
        }
        crate::value::object! {
            "sub" => sub, "issuer" => issuer, "username" => username, "claims" => claims,
            "sourceIp" => self.source_ip(), "defaultAuthStrategy" => strategy.unwrap_or(default_action).name(),
            "groups" => groups,
        }
    }

    fn open_id_connect(&mut self) -> Value {
        let issuer = self.providers.iter().find_map(|provider| match &provider.kind {
            ProviderKind::OpenIdConnect(provider) => Some(provider.issuer.clone()),
            _ => None,
        });
        let issuer = self.text("issuer").or(issuer).unwrap_or_else(|| "https://issuer.local".into());
        let sub = self.text("sub").unwrap_or_else(|| self.name.clone());
        let mut claims = crate::value::object! { "sub" => &sub, "iss" => &issuer };
        for (name, value) in self.object("claims").as_object().into_iter().flatten() {
            claims.set(name.clone(), value.clone());
        }
        crate::value::object! { "sub" => sub, "issuer" => issuer, "claims" => claims }
    }
}

pub(super) fn read_local_credentials(node: Option<&Node>, reader: &mut Reader) -> Vec<LocalCredential> {
    let Some(node) = node else { return Vec::new() };
    let items = match &node.data {
        Data::List(items) => items.as_slice(),
        _ if node.is_null() => &[],
        _ => {
            let message = format!("expected a list for `localCredentials`, found {}", node.kind());
            let help = "`localCredentials: [{ accessKeyId: LOCAL, secretAccessKey: \"${LOCAL_SECRET}\" }]`";
            reader.report(Diagnostic::error(message).help(help), &node.range);
            &[]
        }
    };
    let mut credentials: Vec<LocalCredential> = Vec::new();
    for item in items {
        let Some(credential) = read_local_credential(item, reader) else { continue };
        if credentials.iter().any(|known| known.access_key_id == credential.access_key_id) {
            reader.error(format!("access key `{}` is given twice", credential.access_key_id), &item.range);
        } else {
            credentials.push(credential);
        }
    }
    credentials
}

fn read_local_credential(node: &Node, reader: &mut Reader) -> Option<LocalCredential> {
    let known = [["accessKeyId", "secretAccessKey"].as_slice(), &IAM_MEMBERS].concat();
    let section = reader.section(node, "localCredentials", "`localCredentials`", &known);
    let (Some(id), Some(secret)) = (section.get("accessKeyId"), section.get("secretAccessKey")) else {
        reader.error("`localCredentials` needs `accessKeyId` and `secretAccessKey`", &node.range);
        return None;
    };
    let id = reader.text(id, "accessKeyId")?;
    if !id.value.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        reader.error("`accessKeyId` must consist of letters and digits", &id.range);
        return None;
    }
    let secret_access_key = read_secret(secret, "secretAccessKey", reader)?;
    let place = place(reader, &id.range);
    let mut members = Members { section, name: &id.value, providers: &[], reader };
    let identity = members.iam();
    Some(LocalCredential { access_key_id: id.value.clone(), secret_access_key, identity, place })
}

fn texts(texts: Vec<Str>) -> Value {
    texts.into_iter().map(Value::String).collect()
}

/// YAML as JSON. What comes out of the environment is text, whatever it looks like.
fn value(node: &Node) -> Value {
    match &node.data {
        Data::List(items) => items.iter().map(value).collect(),
        Data::Map(entries) => entries.iter().map(|(key, entry)| (key.clone(), value(&entry.value))).collect(),
        Data::Scalar(scalar) if scalar.is_substituted => scalar.text.clone().into(),
        Data::Scalar(scalar) => match node.kind() {
            "nothing" => Value::Null,
            "a boolean" => scalar.text.eq_ignore_ascii_case("true").into(),
            "a number" => Number::parse(&scalar.text).map_or_else(|| scalar.text.clone().into(), Value::Number),
            _ => scalar.text.clone().into(),
        },
    }
}
