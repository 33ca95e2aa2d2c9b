//! What somebody should hear of: the function fails, is held back or runs into its time limit; a table is throttled or
//! fails.

use crate::package::template::function::timeout_seconds;
use crate::package::template::names::{ALARM_TOPIC, FUNCTION, HAS_ALARM_TOPIC};
use crate::package::template::{Parts, properties, resource};
use crate::package::uses::Resource;
use crate::package::yaml::{Entry, Yaml, entry, list, map, reference};
use crate::project::Table;

/// Seconds of one reading. Ours.
const PERIOD_SECONDS: i64 = 300;

/// Part of the function's time limit, in percent, from which on its duration is an alarm. Ours.
const LONG_PERCENT: i64 = 80;

/// DynamoDB's operations for the metric of its own failures, which has no value for a table as a whole.
const OPERATIONS: [(&str, &[&str]); 8] = [
    ("dynamodb:GetItem", &["GetItem", "TransactGetItems"]),
    ("dynamodb:BatchGetItem", &["BatchGetItem"]),
    ("dynamodb:Query", &["Query"]),
    ("dynamodb:Scan", &["Scan"]),
    ("dynamodb:PutItem", &["PutItem", "TransactWriteItems"]),
    ("dynamodb:UpdateItem", &["UpdateItem", "TransactWriteItems"]),
    ("dynamodb:DeleteItem", &["DeleteItem", "TransactWriteItems"]),
    ("dynamodb:BatchWriteItem", &["BatchWriteItem"]),
];

pub(super) fn resources(parts: &Parts) -> Vec<Entry> {
    let mut alarms = vec![
        function_alarm("FunctionErrors", "Errors", "Sum", 1, "The function failed: its log says why")
            .comment("Alarms notify the topic of the parameter AlarmTopicArn, if there is one."),
        function_alarm(
            "FunctionThrottles",
            "Throttles",
            "Sum",
            1,
            "More requests came at once than Lambda has instances for",
        ),
        function_alarm(
            "FunctionDuration",
            "Duration",
            "Maximum",
            timeout_seconds() * 10 * LONG_PERCENT,
            "A request took nearly as long as the function may run",
        ),
    ];
    for table in parts.project.config.tables.values().filter(|table| table.region.is_none()) {
        alarms.push(throttles(parts, table));
        alarms.extend(system_errors(parts, table));
    }
    alarms
}

/// What all alarms have in common.
fn alarm(name: &str, description: &str, threshold: i64, measured: Vec<Entry>) -> Entry {
    let topic = list([reference(ALARM_TOPIC)]);
    let actions = [Yaml::from(HAS_ALARM_TOPIC), topic, reference("AWS::NoValue")];
    let mut entries = vec![entry("AlarmDescription", description)];
    entries.extend(measured);
    entries.extend([
        entry("ComparisonOperator", "GreaterThanOrEqualToThreshold"),
        entry("Threshold", threshold),
        entry("EvaluationPeriods", 1),
        entry("TreatMissingData", "notBreaching"),
        entry("AlarmActions", Yaml::Tagged("If", Box::new(actions.into()))),
    ]);
    resource(name, "AWS::CloudWatch::Alarm", [properties(entries)])
}

fn dimension(name: &str, value: Yaml) -> Yaml {
    map([entry("Name", name), entry("Value", value)])
}

fn function_alarm(name: &str, metric: &str, statistic: &str, threshold: i64, description: &str) -> Entry {
    let measured = vec![
        entry("Namespace", "AWS/Lambda"),
        entry("MetricName", metric),
        entry("Dimensions", list([dimension("FunctionName", reference(FUNCTION))])),
        entry("Statistic", statistic),
        entry("Period", PERIOD_SECONDS),
    ];
    alarm(name, description, threshold, measured)
}

fn name_of(parts: &Parts, table: &Table) -> Yaml {
    match parts.options.creates(table) {
        true => reference(parts.names.table(&table.name)),
        false => Yaml::from(table.physical_name.to_string()),
    }
}

fn throttles(parts: &Parts, table: &Table) -> Entry {
    let metric = |id: &str, name: &str| table_metric(id, name, [dimension("TableName", name_of(parts, table))]);
    let metrics = [
        map([entry("Id", "all"), entry("Expression", "FILL(reads, 0) + FILL(writes, 0)")]),
        metric("reads", "ReadThrottleEvents"),
        metric("writes", "WriteThrottleEvents"),
    ];
    let description = format!("DynamoDB held calls of table {} back", table.name);
    let name = format!("{}Throttles", parts.names.table(&table.name));
    alarm(&name, &description, 1, vec![entry("Metrics", list(metrics))])
}

/// One metric for each operation that resolvers use; without any there is nothing to hear of.
fn system_errors(parts: &Parts, table: &Table) -> Option<Entry> {
    let mut operations: Vec<&str> = Vec::new();
    for (action, names) in OPERATIONS {
        let is_used = parts.policies.iter().flat_map(|policy| &policy.uses.all).any(|used| {
            let name = match &used.resource {
                Resource::Table { name, .. } => Some(name),
                Resource::Index { table, .. } => Some(table),
                _ => None,
            };
            used.action == action && name == Some(&table.physical_name)
        });
        let new = names.iter().filter(|name| is_used && !operations.contains(name)).copied().collect::<Vec<_>>();
        operations.extend(new);
    }
    if operations.is_empty() {
        return None;
    }
    let ids: Vec<String> = operations.iter().map(|name| name[..1].to_ascii_lowercase() + &name[1..]).collect();
    let sum = ids.iter().map(|id| format!("FILL({id}, 0)")).collect::<Vec<_>>().join(" + ");
    let metrics = ids.iter().zip(&operations).map(|(id, operation)| {
        let dimensions = [dimension("TableName", name_of(parts, table)), dimension("Operation", (*operation).into())];
        table_metric(id, "SystemErrors", dimensions)
    });
    let all = map([entry("Id", "all"), entry("Expression", sum)]);
    let description = format!("DynamoDB itself failed with table {}", table.name);
    let name = format!("{}SystemErrors", parts.names.table(&table.name));
    Some(alarm(&name, &description, 1, vec![entry("Metrics", list(std::iter::once(all).chain(metrics)))]))
}

fn table_metric(id: &str, name: &str, dimensions: impl IntoIterator<Item = Yaml>) -> Yaml {
    let metric =
        map([entry("Namespace", "AWS/DynamoDB"), entry("MetricName", name), entry("Dimensions", list(dimensions))]);
    let statistics = map([entry("Metric", metric), entry("Period", PERIOD_SECONDS), entry("Stat", "Sum")]);
    map([entry("Id", id), entry("MetricStat", statistics), entry("ReturnData", false)])
}
