//! AMAZON_DYNAMODB: a table, with versions or without (spec appsync-service 8.1.1, appsync-js 3.17).

use std::time::Duration;

use crate::backend::tables::{KeyAttribute, KeyType};
use crate::error::Diagnostic;
use crate::project::data_sources::{ConflictHandler, DataSourceKind, Versioning};
use crate::project::functions::Functions;
use crate::project::reader::{Named, Reader, Section, Spanned};
use crate::project::sync::read_sync;
use crate::project::tables::Table;
use crate::schema::NameMap;
use crate::value::Str;

pub(super) const KEYS: &[&str] =
    &["tableName", "region", "useCallerCredentials", "versioned", "deltaSyncConfig", "sync"];

/// Minutes that AppSync takes for either lifetime. Ours: ten years.
const MOST_MINUTES: usize = 10 * 366 * 24 * 60;

/// Reads the section `config` of data source `member`, which messages call `what`.
pub(super) fn read(
    member: &Named,
    config: &Section,
    what: &str,
    tables: &NameMap<Table>,
    functions: &Functions,
    reader: &mut Reader,
) -> Option<DataSourceKind> {
    if let Some(entry) = config.entry("useCallerCredentials")
        && reader.boolean(&entry.value, "useCallerCredentials") == Some(true)
    {
        reader.error("`useCallerCredentials` is not supported by this version yet", &entry.key_range);
    }
    let versioning = read_versioning(config, what, tables, functions, reader);
    let region = config.get("region").and_then(|node| reader.text(node, "region")).map(|region| region.value);
    let Some(table_name) = config.get("tableName") else {
        reader.error(format!("{what} has no `config.tableName`"), &member.range);
        return None;
    };
    let table_name = reader.text(table_name, "tableName")?;
    // People write the table's name under `tables` as well as the physical name that it stands for.
    let is_meant = |table: &&Table| table.physical_name == table_name.value;
    if let Some(table) = tables.values().find(is_meant).or_else(|| tables.get(&table_name.value)) {
        let region = region.or_else(|| table.region.clone());
        let partition_key = Some(table.partition_key.clone());
        let versioning = versioning.map(|versioning| Versioning { partition_key, ..versioning });
        return Some(DataSourceKind::DynamoDb { table_name: table.physical_name.clone(), region, versioning });
    }
    warn_of_foreign_table(&table_name, reader);
    Some(DataSourceKind::DynamoDb { table_name: table_name.value, region, versioning })
}

fn warn_of_foreign_table(table_name: &Spanned<Str>, reader: &mut Reader) {
    let message = format!("table `{}` is not described under `tables`", table_name.value);
    let help = "the embedded database creates only what `tables` describes; AWS's tables can be reached all the same";
    reader.report(Diagnostic::warning(message).help(help), &table_name.range);
}

fn read_versioning(
    config: &Section,
    what: &str,
    tables: &NameMap<Table>,
    functions: &Functions,
    reader: &mut Reader,
) -> Option<Versioning> {
    let entry = config.entry("versioned");
    let is_versioned = entry.and_then(|entry| reader.boolean(&entry.value, "versioned")) == Some(true);
    let Some(entry) = entry.filter(|_| is_versioned) else {
        for key in ["deltaSyncConfig", "sync"] {
            if let Some(entry) = config.entry(key) {
                let warning = Diagnostic::warning(format!("`{key}` has no effect without `versioned: true`"));
                reader.report(warning, &entry.key_range);
            }
        }
        return None;
    };
    let Some(delta) = config.get("deltaSyncConfig") else {
        let help = "add `deltaSyncConfig: { deltaSyncTableName: … }` and describe that table under `tables` with the keys `ds_pk` and `ds_sk`";
        reader.report(
            Diagnostic::error(format!("{what} is versioned but has no `deltaSyncConfig`")).help(help),
            &entry.key_range,
        );
        return None;
    };
    let keys = ["deltaSyncTableName", "baseTableTTL", "deltaSyncTableTTL"];
    let section = reader.section(delta, "deltaSyncConfig", &format!("`deltaSyncConfig` of {what}"), &keys);
    let mut minutes = |key, default| {
        let minutes = section.get(key).and_then(|node| reader.integer(node, key, 0..=MOST_MINUTES)).unwrap_or(default);
        Duration::from_secs(minutes as u64 * 60)
    };
    // The plugin's defaults (spec appsync-service 8.1.1).
    let (base_table_ttl, delta_table_ttl) = (minutes("baseTableTTL", 43_200), minutes("deltaSyncTableTTL", 1_440));
    let Some(name) = section.get("deltaSyncTableName") else {
        reader.error(format!("{what} has no `deltaSyncConfig.deltaSyncTableName`"), &delta.range);
        return None;
    };
    let name = reader.text(name, "deltaSyncTableName")?;
    let is_meant = |table: &&Table| table.physical_name == name.value;
    let delta_table = tables.values().find(is_meant).or_else(|| tables.get(&name.value));
    match delta_table {
        Some(table) if !has_delta_keys(table) => {
            let problem = Diagnostic::error(format!("table `{}` cannot record changes with these keys", table.name));
            reader.report(problem.help("write `partitionKey: ds_pk` and `sortKey: ds_sk` there"), &name.range);
        }
        Some(_) => {}
        None => warn_of_foreign_table(&name, reader),
    }
    let delta_table_name = delta_table.map_or(name.value, |table| table.physical_name.clone());
    let conflict_handler = config.get("sync").and_then(|node| read_sync(node, what, functions, reader));
    let conflict_handler = conflict_handler.unwrap_or(ConflictHandler::None);
    Some(Versioning { delta_table_name, base_table_ttl, delta_table_ttl, conflict_handler, partition_key: None })
}

fn has_delta_keys(table: &Table) -> bool {
    let is_text = |key: &KeyAttribute, name: &str| key.name == name && key.ty == KeyType::S;
    is_text(&table.partition_key, "ds_pk") && table.sort_key.as_ref().is_some_and(|key| is_text(key, "ds_sk"))
}
