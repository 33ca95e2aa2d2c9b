//! Data sources: the tables, what `dataSources` declares with the key names of serverless-appsync-plugin, and `NONE`.

use crate::error::Diagnostic;
use crate::project::reader::{Named, Reader, list};
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
    },
}

impl DataSource {
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
];

/// Everything that resolvers may name, by name.
pub(crate) fn read_data_sources(
    node: Option<&Node>,
    tables: &NameMap<Table>,
    reader: &mut Reader,
) -> NameMap<DataSource> {
    let mut data_sources: NameMap<DataSource> = NameMap::default();
    for table in tables.values() {
        let kind = DataSourceKind::DynamoDb { table_name: table.physical_name.clone(), region: table.region.clone() };
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
        let kind = read_data_source(&member, tables, reader).unwrap_or(DataSourceKind::None);
        if member.name == NONE && kind != DataSourceKind::None {
            reader.error("data source `NONE` can only be of type `NONE`", &member.range);
        }
        data_sources.insert(member.name.clone(), DataSource { name: member.name.clone(), kind });
    }
    let none = || DataSource { name: NONE.into(), kind: DataSourceKind::None };
    data_sources.entry(NONE.into()).or_insert_with(none);
    data_sources
}

fn read_data_source(member: &Named, tables: &NameMap<Table>, reader: &mut Reader) -> Option<DataSourceKind> {
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
    for key in ["useCallerCredentials", "versioned"] {
        if let Some(entry) = config.entry(key)
            && reader.boolean(&entry.value, key) == Some(true)
        {
            reader.error(format!("`{key}` is not supported by this version yet"), &entry.key_range);
        }
    }
    for key in ["serviceRoleArn", "iamRoleStatements", "deltaSyncConfig"] {
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
        return Some(DataSourceKind::DynamoDb { table_name: table.physical_name.clone(), region });
    }
    let message = format!("table `{}` is not described under `tables`", table_name.value);
    let help = "the embedded database creates only what `tables` describes; AWS's tables can be reached all the same";
    reader.report(Diagnostic::warning(message).help(help), &table_name.range);
    Some(DataSourceKind::DynamoDb { table_name: table_name.value, region })
}
