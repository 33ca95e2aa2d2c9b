//! The directives that say who may ask for what, as the schema writes them (spec appsync-service 1.6). What they come to
//! depends on the ways to sign in that are configured, and is `auth`'s to say.

use std::ops::Range;
use std::sync::Arc;

use apollo_compiler::ast::{self, Definition};
use serde::{Deserialize, Serialize};

use crate::context::AuthMode;
use crate::error::{Place, SourceFile};
use crate::value::Str;

/// One directive where it stands.
#[derive(Clone, Debug)]
pub struct AccessDirective {
    pub type_name: Str,
    /// `None`: it stands on the type.
    pub field_name: Option<Str>,
    pub kind: AccessKind,
    /// `cognito_groups`; `None` when there are none, so that every user is meant.
    pub groups: Option<Arc<[Str]>>,
    /// Of an interface's field. The object types that implement it decide, each for itself.
    pub is_on_interface: bool,
    pub place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccessKind {
    /// `@aws_auth`, which counts only where user pools are the one way to sign in.
    Auth,
    /// The directive of one mode.
    Mode(AuthMode),
}

impl AccessKind {
    fn of(name: &str) -> Option<AccessKind> {
        if name == "aws_auth" {
            return Some(AccessKind::Auth);
        }
        AuthMode::ALL.into_iter().find(|mode| mode.directive() == name).map(AccessKind::Mode)
    }

    /// The directive's name, without `@`.
    pub fn name(self) -> &'static str {
        match self {
            AccessKind::Auth => "aws_auth",
            AccessKind::Mode(mode) => mode.directive(),
        }
    }
}

/// The directives of one file, in its order.
pub(super) fn access_directives(document: &ast::Document, file: &Arc<SourceFile>) -> Vec<AccessDirective> {
    let mut found = Found { file, directives: Vec::new() };
    for definition in &document.definitions {
        match definition {
            Definition::ObjectTypeDefinition(object) => {
                found.of_type(&object.name, &object.directives, &object.fields, false);
            }
            Definition::ObjectTypeExtension(object) => {
                found.of_type(&object.name, &object.directives, &object.fields, false);
            }
            Definition::InterfaceTypeDefinition(interface) => {
                found.of_type(&interface.name, &interface.directives, &interface.fields, true);
            }
            Definition::InterfaceTypeExtension(interface) => {
                found.of_type(&interface.name, &interface.directives, &interface.fields, true);
            }
            _ => {}
        }
    }
    found.directives
}

struct Found<'a> {
    file: &'a Arc<SourceFile>,
    directives: Vec<AccessDirective>,
}

impl Found<'_> {
    fn of_type(
        &mut self,
        name: &str,
        directives: &ast::DirectiveList,
        fields: &[apollo_compiler::Node<ast::FieldDefinition>],
        is_interface: bool,
    ) {
        self.add(name, None, directives, is_interface);
        for field in fields {
            self.add(name, Some(&field.name), &field.directives, is_interface);
        }
    }

    fn add(&mut self, type_name: &str, field: Option<&str>, directives: &ast::DirectiveList, is_interface: bool) {
        for directive in directives.iter() {
            let Some(kind) = AccessKind::of(&directive.name) else { continue };
            let range: Range<usize> = directive.location().map_or(0..0, |span| span.offset()..span.end_offset());
            self.directives.push(AccessDirective {
                type_name: type_name.into(),
                field_name: field.map(Str::from),
                kind,
                groups: groups(directive),
                is_on_interface: is_interface,
                place: Place { file: self.file.clone(), start: range.start, end: range.end },
            });
        }
    }
}

/// An empty list names nobody in particular, as AppSync has it; a list of nothing but nulls lets nobody in.
fn groups(directive: &ast::Directive) -> Option<Arc<[Str]>> {
    let value = directive.specified_argument_by_name("cognito_groups")?;
    match value.as_ref() {
        ast::Value::List(items) if items.is_empty() => None,
        ast::Value::List(items) => Some(items.iter().filter_map(|item| item.as_str().map(Str::from)).collect()),
        // GraphQL takes a single value for a list of one.
        ast::Value::String(group) => Some([Str::from(group.as_str())].into()),
        _ => None,
    }
}
