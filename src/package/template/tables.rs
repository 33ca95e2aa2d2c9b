//! The tables of `syncline.yaml`.

use crate::backend::tables::{IndexDescription, KeyAttribute, Projection};
use crate::package::template::{Parts, properties, resource};
use crate::package::yaml::{Entry, Yaml, entry, list, map};
use crate::project::Table;

pub(super) fn resources(parts: &Parts) -> Vec<Entry> {
    let tables = parts.project.config.tables.values().filter(|table| parts.options.creates(table));
    let mut resources: Vec<Entry> = tables.map(|table| resource_of(parts, table)).collect();
    if let Some(first) = resources.first_mut() {
        let comment = "Tables outlive the stack: they are kept when it is deleted, and cannot be deleted before their protection is\ntaken away.";
        *first = first.clone().comment(comment);
    }
    resources
}

fn resource_of(parts: &Parts, table: &Table) -> Entry {
    let mut entries = vec![
        entry("TableName", table.physical_name.to_string()),
        entry("BillingMode", "PAY_PER_REQUEST"),
        entry("AttributeDefinitions", attributes(table)),
        entry("KeySchema", key_schema(&table.partition_key, table.sort_key.as_ref())),
    ];
    if !table.indexes.is_empty() {
        entries.push(entry("GlobalSecondaryIndexes", list(table.indexes.iter().map(index))));
    }
    if let Some(name) = &table.time_to_live {
        let specification = map([entry("AttributeName", name.to_string()), entry("Enabled", true)]);
        entries.push(entry("TimeToLiveSpecification", specification));
    }
    entries.push(entry("PointInTimeRecoverySpecification", map([entry("PointInTimeRecoveryEnabled", true)])));
    entries.push(entry("DeletionProtectionEnabled", true));
    resource(
        parts.names.table(&table.name),
        "AWS::DynamoDB::Table",
        [entry("DeletionPolicy", "Retain"), entry("UpdateReplacePolicy", "Retain"), properties(entries)],
    )
}

/// Every attribute of a key, each once.
fn attributes(table: &Table) -> Yaml {
    let mut keys: Vec<&KeyAttribute> = Vec::new();
    let of_indexes = table.indexes.iter().flat_map(|index| [Some(&index.partition_key), index.sort_key.as_ref()]);
    for key in [Some(&table.partition_key), table.sort_key.as_ref()].into_iter().chain(of_indexes).flatten() {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let definition =
        |key: &KeyAttribute| map([entry("AttributeName", key.name.to_string()), entry("AttributeType", key.ty.name())]);
    list(keys.into_iter().map(definition))
}

fn key_schema(partition_key: &KeyAttribute, sort_key: Option<&KeyAttribute>) -> Yaml {
    let key = |key: &KeyAttribute, ty: &str| map([entry("AttributeName", key.name.to_string()), entry("KeyType", ty)]);
    list(std::iter::once(key(partition_key, "HASH")).chain(sort_key.map(|sort| key(sort, "RANGE"))))
}

fn index(index: &IndexDescription) -> Yaml {
    let projection = match &index.projection {
        Projection::All => vec![entry("ProjectionType", "ALL")],
        Projection::KeysOnly => vec![entry("ProjectionType", "KEYS_ONLY")],
        Projection::Include(attributes) => vec![
            entry("ProjectionType", "INCLUDE"),
            entry("NonKeyAttributes", list(attributes.iter().map(|name| Yaml::from(name.to_string())))),
        ],
    };
    map([
        entry("IndexName", index.name.to_string()),
        entry("KeySchema", key_schema(&index.partition_key, index.sort_key.as_ref())),
        entry("Projection", map(projection)),
    ])
}
