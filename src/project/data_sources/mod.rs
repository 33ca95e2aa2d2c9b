//! Data sources: the tables, what `dataSources` declares with the key names of serverless-appsync-plugin, and `NONE`. One
//! file per type.

mod dynamodb;
mod event_bridge;
mod http;
mod lambda;

use std::time::Duration;

use crate::backend::tables::KeyAttribute;
use crate::error::Diagnostic;
use crate::project::functions::Functions;
use crate::project::reader::{Named, Reader, Section, list};
use crate::project::tables::{Table, check_data_source_name};
use crate::project::yaml::{Data, Node};
use crate::schema::NameMap;
use crate::value::Str;

pub use http::{HttpService, RoleStatement, SigningScope};

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
    EventBridge {
        event_bus_arn: Str,
    },
    Http(HttpService),
    Lambda {
        /// A name of `functions`, with an alias perhaps, or an ARN.
        function: Str,
    },
}

/// What domains own and use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource<'a> {
    /// A table by its physical name: several data sources may reach it.
    Table(&'a Str),
    /// A data source without a table, by its own name.
    DataSource(&'a Str),
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
            DataSourceKind::Lambda { .. } => "AWS_LAMBDA",
            DataSourceKind::EventBridge { .. } => "AMAZON_EVENTBRIDGE",
            DataSourceKind::Http(_) => "HTTP",
        }
    }

    /// The physical name of its table, if it has one.
    pub fn table_name(&self) -> Option<&Str> {
        match &self.kind {
            DataSourceKind::DynamoDb { table_name, .. } => Some(table_name),
            _ => None,
        }
    }

    /// What a domain owns that owns this; `None`: there is nothing to own, and everybody may use it.
    pub fn resource(&self) -> Option<Resource<'_>> {
        match (&self.kind, self.table_name()) {
            (_, Some(table)) => Some(Resource::Table(table)),
            (DataSourceKind::None, None) => None,
            _ => Some(Resource::DataSource(&self.name)),
        }
    }
}

/// The types of AppSync.
#[derive(Clone, Copy, PartialEq)]
enum Type {
    None,
    DynamoDb,
    Lambda,
    EventBridge,
    Http,
    /// Not in this version.
    Missing,
}

const TYPES: [(&str, Type); 9] = [
    ("AMAZON_DYNAMODB", Type::DynamoDb),
    ("NONE", Type::None),
    ("AWS_LAMBDA", Type::Lambda),
    ("HTTP", Type::Http),
    ("AMAZON_OPENSEARCH_SERVICE", Type::Missing),
    ("AMAZON_ELASTICSEARCH", Type::Missing),
    ("RELATIONAL_DATABASE", Type::Missing),
    ("AMAZON_EVENTBRIDGE", Type::EventBridge),
    ("AMAZON_BEDROCK_RUNTIME", Type::Missing),
];

/// What any data source with a service role may say of it.
const ROLE_KEYS: [&str; 2] = ["serviceRoleArn", STATEMENTS_KEY];

const STATEMENTS_KEY: &str = "iamRoleStatements";

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
    let Some(node) = section.get("type") else {
        let known = TYPES.iter().filter(|(_, ty)| *ty != Type::Missing).map(|(name, _)| *name);
        let help = format!("one of {}", list(known));
        reader.report(Diagnostic::error(format!("{what} has no `type`")).help(help), &member.range);
        return None;
    };
    let name = reader.string(node, "type")?;
    let ty = reader.choice(node, "type", &TYPES)?;
    let keys = match ty {
        Type::None => return Some(DataSourceKind::None),
        Type::DynamoDb => dynamodb::KEYS.to_vec(),
        Type::EventBridge => event_bridge::KEYS.to_vec(),
        Type::Http => http::KEYS.to_vec(),
        Type::Lambda => lambda::keys(),
        Type::Missing => {
            let message = format!("data sources of type `{}` are not supported by this version yet", name.value);
            reader.error(message, &name.range);
            return None;
        }
    };
    let config = section.get("config");
    let empty = Node { data: Data::Map(NameMap::default()), range: member.range.clone() };
    let keys = [keys.as_slice(), &ROLE_KEYS].concat();
    let config = reader.section(config.unwrap_or(&empty), "config", &format!("`config` of {what}"), &keys);
    warn_of_roles(&config, ty, reader);
    match ty {
        Type::DynamoDb => dynamodb::read(member, &config, &what, tables, functions, reader),
        Type::Lambda => Some(lambda::read(member, &config, &what, functions, reader)),
        Type::EventBridge => event_bridge::read(member, &config, &what, reader),
        Type::Http => http::read(member, &config, &what, reader),
        Type::None | Type::Missing => None,
    }
}

fn warn_of_roles(config: &Section, ty: Type, reader: &mut Reader) {
    // Of all other types it is known what they ask for.
    let is_read = |key| ty == Type::Http && key == STATEMENTS_KEY;
    for key in ROLE_KEYS {
        if let Some(entry) = config.entry(key).filter(|_| !is_read(key)) {
            let warning = Diagnostic::warning(format!("`{key}` has no effect here"));
            let is_role = key == "serviceRoleArn";
            let warning =
                if is_role { warning.help("a domain can name the `role` that its calls assume") } else { warning };
            reader.report(warning, &entry.key_range);
        }
    }
}
