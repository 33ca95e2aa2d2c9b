//! What of the ways to sign in cannot work, found before anything runs: patterns that are none, directives without effect.

use crate::auth::rules::counts;
use crate::error::Diagnostic;
use crate::handler::util::pattern::Pattern;
use crate::project::Authentication;
use crate::project::authentication::WrittenPattern;
use crate::project::authentication::providers::ProviderKind;
use crate::schema::{AccessDirective, AccessKind};

/// Errors for patterns, warnings for directives.
pub fn check(authentication: &Authentication, directives: &[AccessDirective]) -> Vec<Diagnostic> {
    let patterns = authentication.providers.iter().filter_map(|provider| match &provider.kind {
        ProviderKind::UserPool(pool) => pool.client.as_ref(),
        ProviderKind::OpenIdConnect(provider) => provider.client.as_ref(),
        ProviderKind::Lambda(lambda) => lambda.expression.as_ref(),
        ProviderKind::ApiKey | ProviderKind::Iam => None,
    });
    let mut problems: Vec<Diagnostic> = patterns.filter_map(pattern_problem).collect();
    if authentication.is_open() {
        // One is enough to say it.
        problems.extend(directives.first().map(|directive| {
            warning(directive, "has no effect: `syncline.yaml` has no `authentication`, and everybody is let in")
                .help("say how callers sign in, for example `authentication: { type: API_KEY }`")
        }));
    } else {
        problems.extend(directives.iter().filter_map(|directive| directive_problem(directive, authentication)));
    }
    problems
}

fn pattern_problem(written: &WrittenPattern) -> Option<Diagnostic> {
    // The first use compiles what was only read before.
    let problem = Pattern::new(&written.text).and_then(|pattern| pattern.matches("")).err()?;
    let first_line = problem.lines().next().unwrap_or_default();
    let place = &written.place;
    Some(
        Diagnostic::error(format!("`{}` is no regular expression: {first_line}", written.text))
            .at(&place.file, place.start..place.end),
    )
}

fn directive_problem(directive: &AccessDirective, authentication: &Authentication) -> Option<Diagnostic> {
    if directive.is_on_interface {
        return Some(
            warning(directive, "has no effect on an interface's field")
                .help("put it on the fields of the object types that implement the interface: they decide"),
        );
    }
    if !counts(directive, authentication) {
        return Some(
            warning(directive, "has no effect: it counts only where user pools are the one way to sign in")
                .help("use `@aws_cognito_user_pools(cognito_groups: […])`"),
        );
    }
    match directive.kind {
        AccessKind::Mode(mode) if !authentication.has_mode(mode) => {
            let name = mode.name();
            Some(
                warning(directive, &format!("lets nobody in: no way to sign in is `{name}`"))
                    .help(format!("add `{{ type: {name} }}` to `additionalAuthentications`")),
            )
        }
        _ => None,
    }
}

fn warning(directive: &AccessDirective, text: &str) -> Diagnostic {
    let place = &directive.place;
    Diagnostic::warning(format!("`@{}` {text}", directive.kind.name())).at(&place.file, place.start..place.end)
}
