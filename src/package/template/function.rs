//! The function, its log, and how clients reach it.

use crate::context::AuthMode;
use crate::limits::Limits;
use crate::package::template::names::{APPSYNC_ROLE, FUNCTION, FUNCTION_LOGS, FUNCTION_ROLE, FUNCTION_URL, HTTP_API};
use crate::package::template::{Endpoint, InvokeMode, Parts, properties, resource};
use crate::package::variables::Setting;
use crate::package::yaml::{Entry, Yaml, attribute, entry, list, map, reference, sub};
use crate::project::Authentication;

/// Memory of the function. Ours: Lambda gives a part of a core in proportion, a whole one at 1,769 MB.
const MEMORY_MEGABYTES: i64 = 512;

/// Days that log lines are kept. Ours.
const LOG_DAYS: i64 = 30;

/// Seconds beyond the longest operation in which its answer is written. Ours.
const ANSWER_SECONDS: i64 = 5;

/// The variable that tells the function how its URL takes answers.
const INVOKE_MODE: &str = "SYNCLINE_INVOKE_MODE";

/// Milliseconds that API Gateway waits at most.
const HTTP_API_MILLISECONDS: i64 = 30_000;

/// Seconds after which Lambda ends an invocation.
pub(super) fn timeout_seconds() -> i64 {
    let operation = i64::try_from(Limits::default().request_timeout.as_secs()).unwrap_or(i64::MAX);
    operation.saturating_add(ANSWER_SECONDS)
}

pub(super) fn resources(parts: &Parts) -> Vec<Entry> {
    let mut resources = vec![function(parts)];
    match parts.options.endpoint {
        Endpoint::HttpApi => resources.push(http_api(parts)),
        Endpoint::None => resources.push(appsync_role()),
        Endpoint::FunctionUrl(_) => {}
    }
    resources.push(resource(
        FUNCTION_LOGS,
        "AWS::Logs::LogGroup",
        [
            entry("DeletionPolicy", "Delete"),
            entry("UpdateReplacePolicy", "Delete"),
            properties([entry("LogGroupName", sub("/syncline/${AWS::StackName}")), entry("RetentionInDays", LOG_DAYS)]),
        ],
    ));
    resources
}

fn function(parts: &Parts) -> Entry {
    let mut entries = vec![
        entry("CodeUri", "function.zip"),
        entry("Handler", "bootstrap"),
        entry("Runtime", "provided.al2023"),
        entry("Architectures", list([parts.options.architecture.name().into()])),
        entry("MemorySize", MEMORY_MEGABYTES)
            .comment("Lambda gives processor time in proportion to memory; a whole core at 1769."),
        entry("Timeout", timeout_seconds())
            .comment("An operation ends after 30 seconds, as on AppSync; the rest is for its answer."),
        entry("Role", attribute(FUNCTION_ROLE, "Arn")),
        entry("LoggingConfig", map([entry("LogGroup", reference(FUNCTION_LOGS))])),
    ];
    if let Some(variables) = environment(parts) {
        entries.push(variables);
    }
    match parts.options.endpoint {
        Endpoint::FunctionUrl(mode) => entries.push(function_url(mode, &parts.project.config.authentication)),
        Endpoint::HttpApi => entries.push(routes()),
        Endpoint::None => {}
    }
    resource(FUNCTION, "AWS::Serverless::Function", [properties(entries)])
}

fn environment(parts: &Parts) -> Option<Entry> {
    let tables = &parts.project.config.tables;
    let variable = |(name, setting): (&crate::value::Str, &Setting)| {
        let value = match setting {
            Setting::Secret { .. } => reference(parts.names.parameter(name)),
            // A table of this template is named once.
            Setting::Value(value) => match tables.values().find(|table| table.physical_name == *value) {
                Some(table) if parts.options.creates(table) => reference(parts.names.table(&table.name)),
                _ => Yaml::from(value.to_string()),
            },
        };
        entry(name.to_string(), value)
    };
    let mut variables: Vec<Entry> = parts.options.settings.iter().map(variable).collect();
    if parts.options.endpoint == Endpoint::FunctionUrl(InvokeMode::ResponseStream) {
        variables.push(
            entry(INVOKE_MODE, InvokeMode::ResponseStream.name())
                .comment("As `InvokeMode` below, which no request tells the function."),
        );
    }
    (!variables.is_empty()).then(|| entry("Environment", map([entry("Variables", map(variables))])))
}

/// Whether AWS has to verify every caller's signature, and what there is to say about it.
fn aws_verifies_callers(authentication: &Authentication) -> (bool, &'static str) {
    let has_iam = authentication.has_mode(AuthMode::Iam);
    match (has_iam, authentication.providers.len()) {
        (true, 1) => (true, "The API's only way to sign in is AWS_IAM: AWS verifies the signatures."),
        (true, _) => (
            false,
            "Syncline finds out who calls. Signatures of AWS_IAM are verified by AWS alone, and not where others sign in\nas well: give these callers an endpoint of their own.",
        ),
        (false, 0) => (false, "syncline.yaml has no `authentication`: whoever reaches this address is let in."),
        (false, _) => (false, "Open for AWS, because Syncline finds out who calls, as syncline.yaml says."),
    }
}

fn function_url(mode: InvokeMode, authentication: &Authentication) -> Entry {
    let (is_verified, comment) = aws_verifies_callers(authentication);
    let comment_on_mode = match mode {
        InvokeMode::Buffered => "Answers of up to 6 MB, sent whole.",
        InvokeMode::ResponseStream => "Answers of up to 200 MB, sent in parts.",
    };
    // No `Cors`: Syncline answers browsers itself, as `cors` in syncline.yaml says.
    let url = map([
        entry("AuthType", if is_verified { "AWS_IAM" } else { "NONE" }).comment(comment),
        entry("InvokeMode", mode.name()).comment(comment_on_mode),
    ]);
    entry("FunctionUrlConfig", url)
        .comment("No `Cors` here: Syncline answers browsers itself, as `cors` in syncline.yaml says.")
}

/// The paths that Syncline has, with all methods: it answers OPTIONS itself.
fn routes() -> Entry {
    let route = |name: &str, path: &str, method: &str| {
        let properties = map([
            entry("ApiId", reference(HTTP_API)),
            entry("Path", path),
            entry("Method", method),
            entry("PayloadFormatVersion", "2.0"),
            entry("TimeoutInMillis", HTTP_API_MILLISECONDS),
        ]);
        entry(name, map([entry("Type", "HttpApi"), entry("Properties", properties)]))
    };
    entry("Events", map([route("GraphQL", "/graphql", "ANY"), route("Health", "/health", "GET")]))
}

fn http_api(parts: &Parts) -> Entry {
    let (is_verified, comment) = aws_verifies_callers(&parts.project.config.authentication);
    let mut entries = Vec::new();
    if is_verified {
        let auth = map([entry("EnableIamAuthorizer", true), entry("DefaultAuthorizer", "AWS_IAM")]);
        entries.push(entry("Auth", auth).comment(comment));
    } else {
        entries.push(
            entry("Description", "GraphQL over HTTP")
                .comment(format!("{comment}\nNo `CorsConfiguration` here: Syncline answers browsers itself.")),
        );
    }
    resource(HTTP_API, "AWS::Serverless::HttpApi", [properties(entries)])
}

/// The role with which AppSync calls the function.
fn appsync_role() -> Entry {
    let trust = map([
        entry("Effect", "Allow"),
        entry("Principal", map([entry("Service", "appsync.amazonaws.com")])),
        entry("Action", "sts:AssumeRole"),
        entry(
            "Condition",
            map([entry("StringEquals", map([entry("aws:SourceAccount", reference("AWS::AccountId"))]))]),
        ),
    ]);
    let invoke = map([
        entry("Effect", "Allow"),
        entry("Action", "lambda:InvokeFunction"),
        entry("Resource", attribute(FUNCTION, "Arn")),
    ]);
    let policy = map([entry("PolicyName", "invoke"), entry("PolicyDocument", document([invoke]))]);
    let role = resource(
        APPSYNC_ROLE,
        "AWS::IAM::Role",
        [properties([entry("AssumeRolePolicyDocument", document([trust])), entry("Policies", list([policy]))])],
    );
    role.comment("For AppSync: `serviceRoleArn` of the data source of type AWS_LAMBDA that is this function.")
}

/// A policy document of such statements.
pub(super) fn document(statements: impl IntoIterator<Item = Yaml>) -> Yaml {
    map([entry("Version", "2012-10-17"), entry("Statement", list(statements))])
}

pub(super) fn outputs(parts: &Parts) -> Vec<Entry> {
    let output = |name: &str, description: &str, value: Yaml| {
        entry(name, map([entry("Description", description), entry("Value", value)]))
    };
    let mut outputs = Vec::new();
    match parts.options.endpoint {
        Endpoint::FunctionUrl(_) => {
            let url = sub(format!("${{{FUNCTION_URL}.FunctionUrl}}graphql"));
            outputs.push(output("Endpoint", "Where clients send GraphQL", url));
        }
        Endpoint::HttpApi => {
            let url = sub(format!("https://${{{HTTP_API}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/graphql"));
            outputs.push(output("Endpoint", "Where clients send GraphQL", url));
        }
        Endpoint::None => {
            let role = attribute(APPSYNC_ROLE, "Arn");
            outputs.push(output("AppSyncRoleArn", "The role with which AppSync calls the function", role));
        }
    }
    outputs.push(output("FunctionArn", "The function", attribute(FUNCTION, "Arn")));
    outputs.push(output(
        "FunctionRoleArn",
        "Who the function is; roles of domains trust it",
        attribute(FUNCTION_ROLE, "Arn"),
    ));
    outputs
}
