//! How the environment variables that `syncline.yaml` refers to reach the function: `${NAME}` is not replaced in the
//! archive.
//!
//! What is no secret has the value that it has when the project is packaged, which is also the one that names of tables
//! and policies were computed with. A secret is a parameter of the template that is not shown, and its value is not even
//! looked at here. A variable that is not set has its default on AWS, too.

use std::collections::BTreeMap;

use crate::error::Diagnostic;
use crate::project::Variable;
use crate::schema::NameMap;
use crate::value::Str;

/// The variable that seals page tokens; see [`TokenKey`](crate::datasource::TokenKey).
pub const TOKEN_SECRET: &str = "SYNCLINE_SECRET";

/// Bytes of all names and values together. Lambda: 4 KB (spec appsync-service 9.2).
const ENVIRONMENT_BYTES: usize = 4 * 1024;

/// Parts of a name by which a variable that `environment` alone names is a secret.
const SECRET_WORDS: [&str; 9] =
    ["SECRET", "KEY", "TOKEN", "PASSWORD", "PASSWD", "PWD", "CREDENTIAL", "CREDENTIALS", "PRIVATE"];

/// Parts of `syncline.yaml` that are ignored on AWS, but read.
const LOCAL_PARTS: [&str; 2] = ["identities", "localCredentials"];

/// Set by Lambda itself; it lets nobody else set them.
const RESERVED: [&str; 20] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_MAX_CONCURRENCY",
    "AWS_LAMBDA_METADATA_API",
    "AWS_LAMBDA_METADATA_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_TASK_ROOT",
];

/// What a variable of the function is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    Value(Str),
    /// A parameter of the template that is not shown; one that may stay empty has a default in `syncline.yaml`.
    Secret {
        may_be_empty: bool,
    },
}

/// A project's variables, sorted out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Variables {
    /// Those of the function, by name.
    pub settings: BTreeMap<Str, Setting>,
    /// The environment to read the project with: nothing secret is in it.
    pub environment: BTreeMap<String, String>,
    pub problems: Vec<Diagnostic>,
}

impl Variables {
    /// What the function finds in its environment, as far as it is known here.
    pub fn of_function(&self) -> BTreeMap<String, String> {
        let is_there = |name: &str| self.settings.contains_key(name) || RESERVED.contains(&name);
        let known = self.environment.iter().filter(|(name, _)| is_there(name));
        known.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// Sorts the variables that `syncline.yaml` refers to. `environment`: their values, `secrets`: names of those that are
/// secret whatever else they look like.
pub fn sort_variables(
    variables: &NameMap<Variable>,
    environment: &BTreeMap<String, String>,
    secrets: &[String],
) -> Variables {
    let mut sorted = Variables { environment: environment.clone(), ..Variables::default() };
    for variable in variables.values() {
        let name = variable.name.as_str();
        if RESERVED.contains(&name) {
            continue;
        }
        if !is_name_for_lambda(name) {
            let message = format!("Lambda takes no environment variable named `{name}`");
            sorted.problems.push(Diagnostic::error(message).help("a letter first, then letters, digits and `_`"));
            continue;
        }
        let is_named = secrets.iter().any(|secret| secret == name);
        if is_named && decides_names(variable) {
            let message = format!("`{name}` cannot be a secret: names of tables and rights depend on it");
            sorted.problems.push(Diagnostic::error(message).help(format!("leave out `--secret {name}`")));
            continue;
        }
        if is_named || is_secret(variable) {
            // Whatever it is, it is not looked at.
            sorted.environment.insert(name.to_owned(), format!("secret-{name}"));
            let may_be_empty = variable.has_default;
            sorted.settings.insert(variable.name.clone(), Setting::Secret { may_be_empty });
        } else if is_local(variable) {
            let value = unused(name);
            sorted.environment.insert(name.to_owned(), value.clone());
            if !variable.has_default {
                sorted.settings.insert(variable.name.clone(), Setting::Value(value.into()));
            }
        } else if let Some(value) = environment.get(name) {
            sorted.settings.insert(variable.name.clone(), Setting::Value(value.as_str().into()));
        }
    }
    for secret in secrets.iter().filter(|secret| !variables.contains_key(secret.as_str())) {
        let message = format!("syncline.yaml does not refer to `${{{secret}}}`");
        sorted.problems.push(Diagnostic::error(message).help(format!("leave out `--secret {secret}`")));
    }
    // Page tokens must not be sealed with what everybody knows.
    sorted.settings.insert(TOKEN_SECRET.into(), Setting::Secret { may_be_empty: false });
    refuse_too_many(&mut sorted);
    sorted
}

/// What stands for a value that is ignored: letters and digits, as access keys have them, and another one for each variable.
fn unused(name: &str) -> String {
    format!("unused{}", name.replace('_', ""))
}

fn is_name_for_lambda(name: &str) -> bool {
    name.len() >= 2 && name.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn first_keys(variable: &Variable) -> impl Iterator<Item = &str> {
    variable.places.iter().filter_map(|place| place.first().map(Str::as_str))
}

/// Whether its value is needed here: anywhere but in `environment`, in keys and in what is ignored.
fn decides_names(variable: &Variable) -> bool {
    first_keys(variable).any(|key| key != "environment" && key != "apiKeys" && !LOCAL_PARTS.contains(&key))
}

fn is_secret(variable: &Variable) -> bool {
    if first_keys(variable).any(|key| key == "apiKeys") {
        return true;
    }
    let looks_secret = variable.name.to_ascii_uppercase().split('_').any(|word| SECRET_WORDS.contains(&word));
    let is_of_environment = first_keys(variable).any(|key| key == "environment");
    looks_secret && is_of_environment && !decides_names(variable)
}

fn is_local(variable: &Variable) -> bool {
    first_keys(variable).all(|key| LOCAL_PARTS.contains(&key))
}

fn refuse_too_many(sorted: &mut Variables) {
    let bytes: usize = sorted
        .settings
        .iter()
        .map(|(name, setting)| match setting {
            Setting::Value(value) => name.len() + value.len(),
            Setting::Secret { .. } => name.len(),
        })
        .sum();
    if bytes > ENVIRONMENT_BYTES {
        let message = format!(
            "the environment variables of the function have {bytes} bytes without secrets, Lambda takes {ENVIRONMENT_BYTES}"
        );
        let help = "write long values into syncline.yaml itself";
        sorted.problems.push(Diagnostic::error(message).help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::files::ProjectFiles;
    use crate::error::SourceFile;

    fn sorted(yaml: &str, environment: &[(&str, &str)], secrets: &[&str]) -> Variables {
        let mut files = ProjectFiles::default();
        files.files.insert("syncline.yaml".into(), SourceFile::new("syncline.yaml", yaml));
        let environment = environment.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let secrets: Vec<String> = secrets.iter().map(ToString::to_string).collect();
        sort_variables(&crate::project::variables(&files), &environment, &secrets)
    }

    fn described(yaml: &str, environment: &[(&str, &str)], secrets: &[&str]) -> String {
        let Variables { settings, problems, .. } = sorted(yaml, environment, secrets);
        let settings = settings.iter().filter(|(name, _)| *name != TOKEN_SECRET).map(|(name, setting)| match setting {
            Setting::Value(value) => format!("{name}={value}"),
            Setting::Secret { may_be_empty: true } => format!("{name}?"),
            Setting::Secret { may_be_empty: false } => format!("{name}!"),
        });
        settings.chain(problems.into_iter().map(|problem| problem.message)).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn variables_have_their_value_and_secrets_a_parameter() {
        for (yaml, expected) in [
            ("tables: { a: { name: '${AA:-x}' } }", "AA=1"),
            ("tables: { a: { name: '${UNSET:-x}' } }", ""),
            ("apiKeys: [{ name: web, value: '${AA}' }]", "AA!"),
            ("apiKeys: [{ name: web, value: '${AA:-x}' }]", "AA?"),
            ("environment: { K: '${STRIPE_KEY}', M: '${MONKEY}' }", "MONKEY=2, STRIPE_KEY!"),
            ("environment: { T: '${KEY_TABLE}' }\ntables: { a: { name: '${KEY_TABLE}' } }", "KEY_TABLE=3"),
            ("localCredentials: [{ secretAccessKey: '${LOCAL}' }]", "LOCAL=unusedLOCAL"),
            ("localCredentials: [{ secretAccessKey: '${LOCAL:-x}' }]", ""),
            ("environment: { R: '${AAWS_REGION}' }", ""),
            ("environment: { R: '${_R}' }", "Lambda takes no environment variable named `_R`"),
        ] {
            let environment = [("AA", "1"), ("MONKEY", "2"), ("KEY_TABLE", "3"), ("STRIPE_KEY", "sk"), ("_R", "4")];
            assert_eq!(described(yaml, &environment, &[]), expected, "{yaml}");
        }
    }

    #[test]
    fn a_secret_is_not_looked_at() {
        let yaml = "environment: { K: '${STRIPE_KEY}', P: '${PLAIN}' }";
        let sorted = sorted(yaml, &[("STRIPE_KEY", "sk_live"), ("PLAIN", "sk_test")], &["PLAIN"]);
        assert!(!format!("{sorted:?}").contains("sk_"), "{sorted:?}");
        assert_eq!(sorted.settings[TOKEN_SECRET], Setting::Secret { may_be_empty: false });
    }

    #[test]
    fn what_cannot_be_a_secret_is_said() {
        let tables = "tables: { a: { name: '${AA}' } }";
        assert_eq!(
            described(tables, &[("AA", "1")], &["AA"]),
            "`AA` cannot be a secret: names of tables and rights depend on it"
        );
        assert_eq!(described(tables, &[("AA", "1")], &["BB"]), "AA=1, syncline.yaml does not refer to `${BB}`");
    }

    #[test]
    fn more_than_lambda_takes_is_refused() {
        let value = "x".repeat(5_000);
        let problems = sorted("environment: { A: '${LONG}' }", &[("LONG", &value)], &[]).problems;
        assert!(problems[0].message.contains("5019 bytes") && problems[0].message.contains("4096"), "{problems:?}");
    }
}
