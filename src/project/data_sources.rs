//! Data sources: the tables, what `dataSources` declares with the key names of serverless-appsync-plugin, and `NONE`.

use std::time::Duration;

use crate::backend::tables::{KeyAttribute, KeyType};
use crate::error::Diagnostic;
use crate::project::functions::Functions;
use crate::project::reader::{Named, Reader, Section, Spanned, list};
use crate::project::sync::read_sync;
use crate::project::tables::{Table, check_data_source_name};
use crate::project::yaml::Node;
use crate::schema::NameMap;
use crate::value::Str;

/// The data source that exists without being declared: it hands the request handler's payload to the response handler.
pub const NONE: &str = "NONE";

/// Something that resolvers can name.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSource {
    pub name: Str,
    pub kind: DataSourceKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum DataSourceKind {
    None,
    DynamoDb {
        /// The table's physical name.
        table_name: Str,
        /// `None`: where the API runs.
        region: Option<Str>,
        /// `None`: items have no versions.
        versioning: Option<Versioning>,
    },
}

/// How a versioned data source keeps track of changes (spec appsync-js 3.17).
#[derive(Clone, Debug, PartialEq)]
pub struct Versioning {
    /// Physical name of the table that records every write; its keys are the strings `ds_pk` and `ds_sk`.
    pub delta_table_name: Str,
    /// How long a deleted item stays as a tombstone; zero: not at all. AppSync: minutes; the plugin's default is 30 days.
    pub base_table_ttl: Duration,
    /// How long a record stays. AppSync: minutes; the plugin's default is one day.
    pub delta_table_ttl: Duration,
    pub conflict_handler: ConflictHandler,
    /// Of the base table, where `tables` describes it.
    pub partition_key: Option<KeyAttribute>,
}

/// What becomes of a mutation that does not know the stored version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConflictHandler {
    /// Versions are counted but not compared.
    None,
    /// The mutation fails.
    OptimisticConcurrency,
    /// What was wanted is merged into what is stored.
    Automerge,
    /// A Lambda function decides, by name or ARN.
    Lambda(Str),
}

impl DataSource {
    /// What AppSync calls its type.
    pub fn type_name(&self) -> &'static str {
        match &self.kind {
            DataSourceKind::None => NONE,
            DataSourceKind::DynamoDb { .. } => "AMAZON_DYNAMODB",
        }
    }

    /// The physical name of its table, if it has one.
    pub fn table_name(&self) -> Option<&Str> {
        match &self.kind {
            DataSourceKind::None => None,
            DataSourceKind::DynamoDb { table_name, .. } => Some(table_name),
        }
    }
}

/// The types of AppSync; the second part says whether this version has them.
const TYPES: [(&str, bool); 9] = [
    ("AMAZON_DYNAMODB", true),
    ("NONE", true),
    ("AWS_LAMBDA", false),
    ("HTTP", false),
    ("AMAZON_OPENSEARCH_SERVICE", false),
    ("AMAZON_ELASTICSEARCH", false),
    ("RELATIONAL_DATABASE", false),
    ("AMAZON_EVENTBRIDGE", false),
    ("AMAZON_BEDROCK_RUNTIME", false),
];

const DYNAMODB_KEYS: &[&str] = &[
    "tableName",
    "region",
    "useCallerCredentials",
    "serviceRoleArn",
    "iamRoleStatements",
    "versioned",
    "deltaSyncConfig",
    "sync",
];

/// Minutes that AppSync takes for either lifetime. Ours: ten years.
const MOST_MINUTES: usize = 10 * 366 * 24 * 60;

/// Everything that resolvers may name, by name.
pub(crate) fn read_data_sources(
    node: Option<&Node>,
    tables: &NameMap<Table>,
    functions: &Functions,
    reader: &mut Reader,
) -> NameMap<DataSource> {
    let mut data_sources: NameMap<DataSource> = NameMap::default();
    for table in tables.values() {
        let kind = DataSourceKind::DynamoDb {
            table_name: table.physical_name.clone(),
            region: table.region.clone(),
            versioning: None,
        };
        data_sources.insert(table.name.clone(), DataSource { name: table.name.clone(), kind });
    }
    let members = node.map(|node| reader.named_in_lists(node, "dataSources")).unwrap_or_default();
    for member in members {
        check_data_source_name(member.name, &member.range, reader);
        if data_sources.contains_key(member.name) {
            let message = format!("data source `{}` is already there: it is the table of that name", member.name);
            reader.report(
                Diagnostic::error(message).help("remove it here, or give one of them another name"),
                &member.range,
            );
            continue;
        }
        let kind = read_data_source(&member, tables, functions, reader).unwrap_or(DataSourceKind::None);
        if member.name == NONE && kind != DataSourceKind::None {
            reader.error("data source `NONE` can only be of type `NONE`", &member.range);
        }
        data_sources.insert(member.name.clone(), DataSource { name: member.name.clone(), kind });
    }
    let none = || DataSource { name: NONE.into(), kind: DataSourceKind::None };
    data_sources.entry(NONE.into()).or_insert_with(none);
    data_sources
}

fn read_data_source(
    member: &Named,
    tables: &NameMap<Table>,
    functions: &Functions,
    reader: &mut Reader,
) -> Option<DataSourceKind> {
    let what = format!("data source `{}`", member.name);
    let section = reader.section(member.value, member.name, &what, &["type", "description", "config"]);
    let Some(ty) = section.get("type") else {
        let help = format!("one of {}", list(TYPES.iter().filter(|(_, is_there)| *is_there).map(|(name, _)| *name)));
        reader.report(Diagnostic::error(format!("{what} has no `type`")).help(help), &member.range);
        return None;
    };
    let name = reader.string(ty, "type")?;
    if !reader.choice(ty, "type", &TYPES)? {
        let message = format!("data sources of type `{}` are not supported by this version yet", name.value);
        reader.error(message, &name.range);
        return None;
    }
    let config = section.get("config");
    if name.value == "NONE" {
        return Some(DataSourceKind::None);
    }
    let config_range = config.map_or(&member.range, |config| &config.range);
    let empty = Node { data: crate::project::yaml::Data::Map(NameMap::default()), range: config_range.clone() };
    let config = reader.section(config.unwrap_or(&empty), "config", &format!("`config` of {what}"), DYNAMODB_KEYS);
    if let Some(entry) = config.entry("useCallerCredentials")
        && reader.boolean(&entry.value, "useCallerCredentials") == Some(true)
    {
        reader.error("`useCallerCredentials` is not supported by this version yet", &entry.key_range);
    }
    let versioning = read_versioning(&config, &what, tables, functions, reader);
    for key in ["serviceRoleArn", "iamRoleStatements"] {
        if let Some(entry) = config.entry(key) {
            let warning = Diagnostic::warning(format!("`{key}` has no effect here"));
            let is_role = key == "serviceRoleArn";
            let warning =
                if is_role { warning.help("a domain can name the `role` that its calls assume") } else { warning };
            reader.report(warning, &entry.key_range);
        }
    }
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
