//! How callers sign in: `authentication`, `additionalAuthentications` and `apiKeys` as serverless-appsync-plugin has
//! them (spec appsync-service 3 and 8.1), and for local work `identities` and `localCredentials`.
//!
//! `providers` reads the ways to sign in, [`api_keys`] the keys, [`local`] what exists on a laptop only.

pub mod api_keys;
pub mod local;
pub mod providers;

use std::ops::Range;

use crate::context::AuthMode;
use crate::error::{Diagnostic, Place};
use crate::project::authentication::api_keys::{ApiKey, read_api_keys};
use crate::project::authentication::local::{LocalCredential, LocalIdentity, read_identities, read_local_credentials};
use crate::project::authentication::providers::{Provider, read_providers};
use crate::project::reader::{Reader, Section};
use crate::project::yaml::Node;
use crate::schema::NameMap;
use crate::value::Str;

/// Everything that `syncline.yaml` says about who may come in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Authentication {
    /// The ways to sign in, the default one first. Empty where `syncline.yaml` has no `authentication`: everybody is let
    /// in then, and `@aws_*` directives mean nothing.
    pub providers: Vec<Provider>,
    pub api_keys: Vec<ApiKey>,
    /// Access keys whose signatures are verified here, outside of AWS.
    pub local_credentials: Vec<LocalCredential>,
    /// Who `--as NAME` makes a request come from.
    pub identities: NameMap<LocalIdentity>,
}

impl Authentication {
    /// Whether everybody is let in.
    pub fn is_open(&self) -> bool {
        self.providers.is_empty()
    }

    /// The mode that fields without directives ask for.
    pub fn default_mode(&self) -> Option<AuthMode> {
        self.providers.first().map(|provider| provider.kind.mode())
    }

    pub fn has_mode(&self, mode: AuthMode) -> bool {
        self.providers.iter().any(|provider| provider.kind.mode() == mode)
    }

    /// Keys that are listed without their value, which only a laptop can make up.
    pub fn keys_without_value(&self) -> impl Iterator<Item = &ApiKey> {
        self.api_keys.iter().filter(|key| key.value.is_none() && self.has_mode(AuthMode::ApiKey))
    }
}

/// A regular expression as written: Java's, which AppSync runs. Whether it is one, `auth` finds out.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenPattern {
    pub text: Str,
    pub place: Place,
}

pub(crate) fn read_authentication(top: &Section, reader: &mut Reader) -> Authentication {
    let providers = read_providers(top, reader);
    let has_mode = |mode| providers.iter().any(|provider: &Provider| provider.kind.mode() == mode);
    let api_keys = read_api_keys(top.get("apiKeys"), reader);
    if let Some(entry) = top.entry("apiKeys")
        && !has_mode(AuthMode::ApiKey)
        && !api_keys.is_empty()
    {
        let warning = Diagnostic::warning("`apiKeys` has no effect: no way to sign in is `API_KEY`")
            .help("add `{ type: API_KEY }` to `additionalAuthentications`, or make it the `authentication`");
        reader.report(warning, &entry.key_range);
    }
    if has_mode(AuthMode::ApiKey)
        && api_keys.is_empty()
        && let Some(entry) = top.entry("authentication")
    {
        let warning = Diagnostic::warning("`API_KEY` is a way to sign in, but there is no key")
            .help("list one: `apiKeys: [{ name: web, value: \"${API_KEY}\" }]`");
        reader.report(warning, &entry.key_range);
    }
    let local_credentials = read_local_credentials(top.get("localCredentials"), reader);
    if let Some(entry) = top.entry("localCredentials")
        && !has_mode(AuthMode::Iam)
    {
        let warning = Diagnostic::warning("`localCredentials` has no effect: no way to sign in is `AWS_IAM`");
        reader.report(warning, &entry.key_range);
    }
    let identities = read_identities(top.get("identities"), &providers, reader);
    Authentication { providers, api_keys, local_credentials, identities }
}

/// A secret: its text, and a warning where it stands in the file itself instead of coming from the environment.
fn read_secret(node: &Node, name: &str, reader: &mut Reader) -> Option<Str> {
    let text = reader.text(node, name)?;
    let is_header_text = |byte: u8| byte.is_ascii_graphic();
    if text.value.len() > 512 || !text.value.bytes().all(is_header_text) {
        reader.error(format!("`{name}` must be at most 512 visible ASCII characters, without spaces"), &text.range);
        return None;
    }
    let is_substituted = matches!(&node.data, crate::project::yaml::Data::Scalar(scalar) if scalar.is_substituted);
    if !is_substituted {
        let warning = Diagnostic::warning(format!("`{name}` is a secret, and whoever reads this file knows it"))
            .help(format!("take it from the environment: `{name}: \"${{NAME}}\"`"));
        reader.report(warning, &text.range);
    }
    Some(text.value)
}

fn place(reader: &Reader, range: &Range<usize>) -> Place {
    Place { file: reader.file.clone(), start: range.start, end: range.end }
}
