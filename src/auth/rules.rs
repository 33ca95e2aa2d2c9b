//! Who may ask for which field (spec appsync-service 1.6.1): what the schema's directives come to, worked out once, and
//! the decision itself, a pure function.

use std::collections::HashMap;
use std::sync::Arc;

use crate::context::{AuthMode, Identity};
use crate::error::FieldError;
use crate::project::Authentication;
use crate::project::authentication::providers::{DefaultAction, ProviderKind};
use crate::schema::{AccessDirective, AccessKind};
use crate::value::{Str, Value};

/// Who may ask for one field.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldRule {
    modes: Modes,
    /// The groups of user pools that are let in; `None`: every user.
    groups: Option<Arc<[Str]>>,
}

/// A set of ways to sign in, and whether those count who need not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Modes(u8);

impl Modes {
    const NONE: Modes = Modes(0);
    const EVERYBODY: Modes = Modes(u8::MAX);

    fn of(mode: Option<AuthMode>) -> Modes {
        Modes(match mode {
            None => 1,
            Some(AuthMode::ApiKey) => 2,
            Some(AuthMode::Iam) => 4,
            Some(AuthMode::UserPools) => 8,
            Some(AuthMode::OpenIdConnect) => 16,
            Some(AuthMode::Lambda) => 32,
        })
    }

    fn with(self, other: Modes) -> Modes {
        Modes(self.0 | other.0)
    }

    fn contains(self, mode: Option<AuthMode>) -> bool {
        self.0 & Modes::of(mode).0 != 0
    }
}

/// Lets everybody in, those included who did not sign in.
impl Default for FieldRule {
    fn default() -> FieldRule {
        FieldRule { modes: Modes::EVERYBODY, groups: None }
    }
}

impl FieldRule {
    const NOBODY: FieldRule = FieldRule { modes: Modes::NONE, groups: None };

    fn only(mode: AuthMode) -> FieldRule {
        FieldRule { modes: Modes::of(Some(mode)), groups: None }
    }
}

/// The rules of all fields of an API.
#[derive(Clone, Debug, Default)]
pub struct AccessRules {
    /// For fields of types without directives.
    default: FieldRule,
    types: HashMap<Str, TypeRules>,
}

#[derive(Clone, Debug, Default)]
struct TypeRules {
    /// For fields without directives.
    own: Option<FieldRule>,
    fields: HashMap<Str, FieldRule>,
}

impl AccessRules {
    /// Works out what the directives mean for the ways to sign in that are configured.
    pub fn new(directives: &[AccessDirective], authentication: &Authentication) -> AccessRules {
        let Some(default) = authentication.providers.first() else { return AccessRules::default() };
        let default = match &default.kind {
            ProviderKind::UserPool(pool) if pool.default_action == DefaultAction::Deny => FieldRule::NOBODY,
            kind => FieldRule::only(kind.mode()),
        };
        let mut types: HashMap<Str, TypeRules> = HashMap::new();
        for directive in directives.iter().filter(|directive| counts(directive, authentication)) {
            let rules = types.entry(directive.type_name.clone()).or_default();
            let rule = match &directive.field_name {
                Some(field) => rules.fields.entry(field.clone()).or_insert(FieldRule::NOBODY),
                None => rules.own.get_or_insert(FieldRule::NOBODY),
            };
            let mode = match directive.kind {
                AccessKind::Auth => AuthMode::UserPools,
                AccessKind::Mode(mode) => mode,
            };
            let is_second = rule.modes.contains(Some(AuthMode::UserPools));
            rule.modes = rule.modes.with(Modes::of(Some(mode)));
            if mode == AuthMode::UserPools {
                // Beside `@aws_cognito_user_pools`, `@aws_auth` has nothing to say. Which of the two comes first is the
                // author's choice.
                let is_weaker = directive.kind == AccessKind::Auth && is_second;
                if !is_weaker {
                    rule.groups = directive.groups.clone();
                }
            }
        }
        AccessRules { default, types }
    }

    /// The field's own directives, else those of its type, else the default mode. Field directives replace the type's.
    pub fn rule(&self, type_name: &str, field_name: &str) -> &FieldRule {
        let Some(rules) = self.types.get(type_name) else { return &self.default };
        rules.fields.get(field_name).or(rules.own.as_ref()).unwrap_or(&self.default)
    }
}

/// Whether the directive means something. An interface's fields are those of the object types, which have their own;
/// `@aws_auth` is from the time when user pools were the only way to sign in.
pub(super) fn counts(directive: &AccessDirective, authentication: &Authentication) -> bool {
    let has_only_user_pools =
        authentication.providers.iter().all(|provider| provider.kind.mode() == AuthMode::UserPools)
            && authentication.providers.len() == 1;
    !directive.is_on_interface && (directive.kind != AccessKind::Auth || has_only_user_pools)
}

/// Whether `identity` may ask for the field `type_name.field_name`, whose rule is `rule`.
pub fn is_authorized(rule: &FieldRule, type_name: &str, field_name: &str, identity: &Identity) -> bool {
    if !rule.modes.contains(identity.mode) {
        return false;
    }
    let is_member = match &rule.groups {
        Some(groups) if identity.mode == Some(AuthMode::UserPools) => {
            let is_let_in = |group: &Value| groups.iter().any(|name| group.as_str() == Some(name));
            identity.groups().iter().any(is_let_in)
        }
        _ => true,
    };
    is_member && !identity.denied_fields.iter().any(|denied| names(denied, type_name, field_name))
}

/// Whether `Type.field` or `arn:aws:appsync:…:apis/<id>/types/Type/fields/field` means the field.
fn names(denied: &str, type_name: &str, field_name: &str) -> bool {
    let coordinate = match denied.strip_prefix("arn:").and_then(|arn| arn.split_once("/types/")) {
        Some((_, rest)) => rest.split_once("/fields/"),
        None => denied.split_once('.'),
    };
    coordinate == Some((type_name, field_name))
}

/// What a client hears about a field that it may not ask for (spec appsync-service 3.8).
pub fn unauthorized(type_name: &str, field_name: &str) -> FieldError {
    FieldError::new("Unauthorized", format!("Not Authorized to access {field_name} on type {type_name}"))
}
