//! Rules about directives: KnownDirectives, UniqueDirectiveNamesPerLocation, and their arguments.

use std::sync::LazyLock;

use crate::execute::document::Directive;
use crate::execute::validate::{Kind, Validator};
use crate::schema::{InputValueDefinition, Type};

/// Where in an operation document a directive stands.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    Operation,
    Field,
    FragmentDefinition,
    FragmentSpread,
    InlineFragment,
}

/// Directives of schemas (spec appsync-service 1.6): the engine knows them, so here they are misplaced, not unknown.
const SCHEMA_DIRECTIVES: &[&str] = &[
    "aws_api_key",
    "aws_auth",
    "aws_cognito_user_pools",
    "aws_delta_sync",
    "aws_iam",
    "aws_lambda",
    "aws_oidc",
    "aws_publish",
    "aws_subscribe",
    "canonical",
    "deprecated",
    "hidden",
    "renamed",
];

/// `if: Boolean!` of `@include` and `@skip`.
static IF_ARGUMENT: LazyLock<InputValueDefinition> = LazyLock::new(|| InputValueDefinition {
    name: "if".into(),
    ty: Type::NonNull(Box::new(Type::Named("Boolean".into()))),
    default_literal: None,
    default_value: None,
});

fn is_known(name: &str) -> bool {
    matches!(name, "include" | "skip" | "defer") || SCHEMA_DIRECTIVES.contains(&name)
}

fn is_allowed(name: &str, place: Place) -> bool {
    match name {
        "include" | "skip" => matches!(place, Place::Field | Place::FragmentSpread | Place::InlineFragment),
        // A leftover of the engine that every API shows; nothing is delivered later because of it.
        "defer" => place == Place::Field,
        _ => false,
    }
}

/// The argument `argument` of the directive `directive`; only `@include` and `@skip` have any here.
pub(super) fn argument_definition(directive: &str, argument: &str) -> Option<&'static InputValueDefinition> {
    (takes_if(directive) && argument == "if").then(|| &*IF_ARGUMENT)
}

fn takes_if(directive: &str) -> bool {
    matches!(directive, "include" | "skip")
}

impl<'a> Validator<'a> {
    pub(super) fn visit_directives(&mut self, directives: &'a [Directive], place: Place) {
        for directive in directives {
            self.steps += 1;
            self.known_directive(directive, place);
            self.provided_directive_arguments(directive);
            for argument in &directive.arguments {
                self.steps += 1;
                let definition = argument_definition(&directive.name, &argument.name);
                self.argument_of_correct_type(argument, definition);
                // What schema directives take is of no use where they are misplaced.
                if definition.is_none() && matches!(directive.name.as_str(), "include" | "skip" | "defer") {
                    self.report(
                        Kind::UnknownDirective,
                        argument.location,
                        format_args!("Unknown directive argument {}", argument.name),
                    );
                }
                self.check_variables(argument, definition);
            }
        }
    }

    /// <https://spec.graphql.org/June2018/#sec-Directives-Are-Defined>
    fn known_directive(&mut self, directive: &Directive, place: Place) {
        let name = &directive.name;
        if !is_known(name) {
            self.report(Kind::UnknownDirective, directive.location, format_args!("Unknown directive {name}"));
        } else if !is_allowed(name, place) {
            self.report(
                Kind::MisplacedDirective,
                directive.location,
                format_args!("Directive {name} not allowed here"),
            );
        }
    }

    fn provided_directive_arguments(&mut self, directive: &Directive) {
        if takes_if(&directive.name) && !directive.arguments.iter().any(|argument| argument.name == "if") {
            self.report(
                Kind::MissingDirectiveArgument,
                directive.location,
                format_args!("Missing directive argument if"),
            );
        }
    }

    /// <https://spec.graphql.org/June2018/#sec-Directives-Are-Unique-Per-Location>; `node` is the engine's class name.
    pub(super) fn unique_directive_names(&mut self, directives: &[Directive], node: &str) {
        if directives.len() < 2 {
            return;
        }
        let mut seen = std::collections::HashSet::with_capacity(directives.len());
        for directive in directives {
            if !seen.insert(directive.name.as_str()) {
                self.report(
                    Kind::DuplicateDirectiveName,
                    directive.location,
                    format_args!(
                        "Directives must be uniquely named within a location. The directive '{}' used on a '{node}' is not unique.",
                        directive.name
                    ),
                );
            }
        }
    }
}
