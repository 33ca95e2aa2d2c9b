//! `tables`: what the embedded database needs to know, and the data sources that need no other declaration.

use crate::backend::files::ProjectFiles;
use crate::backend::tables::{IndexDescription, KeyAttribute, KeyType, Projection, TableDescription};
use crate::error::{Diagnostic, SourceFile};
use crate::project::reader::{Named, Reader, Section, list};
use crate::project::seed::check_seed;
use crate::project::yaml::{Data, Node};
use crate::schema::NameMap;
use crate::value::Str;
use std::ops::Range;
use std::sync::Arc;

/// A DynamoDB table of the project.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The name that resolvers use; also the name of its data source.
    pub name: Str,
    /// The name that DynamoDB knows.
    pub physical_name: Str,
    pub partition_key: KeyAttribute,
    pub sort_key: Option<KeyAttribute>,
    /// Global secondary indexes.
    pub indexes: Vec<IndexDescription>,
    /// The attribute that holds the time of deletion in epoch seconds.
    pub time_to_live: Option<Str>,
    /// Where AWS has it, when not where the API runs.
    pub region: Option<Str>,
    /// A checked JSON array of items in plain JSON, for the embedded table. `None` also where the project is deployed.
    pub seed: Option<Arc<SourceFile>>,
}

impl Table {
    /// What the database has to know.
    pub fn description(&self) -> TableDescription {
        TableDescription {
            name: self.physical_name.clone(),
            partition_key: self.partition_key.clone(),
            sort_key: self.sort_key.clone(),
            indexes: self.indexes.clone(),
            time_to_live_attribute: self.time_to_live.clone(),
        }
    }
}

const TABLE_KEYS: &[&str] = &["name", "partitionKey", "sortKey", "indexes", "timeToLive", "seed", "region"];
const INDEX_KEYS: &[&str] = &["partitionKey", "sortKey", "projection"];
const KEY_TYPES: [(&str, KeyType); 3] = [("S", KeyType::S), ("N", KeyType::N), ("B", KeyType::B)];

pub(crate) fn read_tables(node: Option<&Node>, files: &ProjectFiles, reader: &mut Reader) -> NameMap<Table> {
    let mut tables: NameMap<Table> = NameMap::default();
    let members = node.map(|node| reader.named(node, "tables")).unwrap_or_default();
    for member in members {
        let (table, name_range) = read_table(&member, files, reader);
        if let Some(other) = tables.values().find(|other| other.physical_name == table.physical_name) {
            let message =
                format!("tables `{}` and `{}` are both named `{}`", other.name, table.name, table.physical_name);
            reader.error(message, &name_range);
        }
        tables.insert(table.name.clone(), table);
    }
    tables
}

/// A key attribute as written; without a type it takes the one given elsewhere in the table, or `S`.
struct WrittenKey {
    name: Str,
    ty: Option<KeyType>,
    range: Range<usize>,
}

/// Also gives the place that names the table.
fn read_table(member: &Named, files: &ProjectFiles, reader: &mut Reader) -> (Table, Range<usize>) {
    let name = member.name;
    check_data_source_name(name, &member.range, reader);
    let what = format!("table `{name}`");
    let section = reader.section(member.value, name, &what, TABLE_KEYS);
    let physical = section.get("name").and_then(|node| reader.text(node, "name"));
    let name_range = physical.as_ref().map_or(&member.range, |physical| &physical.range).clone();
    let physical_name = physical.map_or_else(|| name.clone(), |physical| physical.value);
    check_table_name(&physical_name, &name_range, reader);

    let keys = read_keys(&section, &what, &member.range, reader);
    let indexes = read_indexes(section.get("indexes"), reader);
    let mut types: NameMap<KeyType> = NameMap::default();
    let all_keys = || keys.iter().chain(indexes.iter().flat_map(|(_, keys, _)| keys));
    for key in all_keys() {
        let Some(ty) = key.ty else { continue };
        let known = *types.entry(key.name.clone()).or_insert(ty);
        if known != ty {
            let (known, ty) = (known.name(), ty.name());
            let message = format!("attribute `{}` of {what} cannot be `{known}` and `{ty}` at once", key.name);
            reader.error(message, &key.range);
        }
    }
    let typed = |key: &WrittenKey| KeyAttribute {
        name: key.name.clone(),
        ty: key.ty.or_else(|| types.get(&key.name).copied()).unwrap_or_default(),
    };
    let is_complete = !keys.is_empty();
    // Without keys the project is refused; an empty name only stands in until then.
    let partition_key = keys.first().map_or_else(|| KeyAttribute { name: Str::default(), ty: KeyType::S }, typed);
    let indexes =
        indexes.iter().filter(|(_, keys, _)| !keys.is_empty()).map(|(name, keys, projection)| IndexDescription {
            name: name.clone(),
            partition_key: typed(&keys[0]),
            sort_key: keys.get(1).map(typed),
            projection: projection.clone(),
        });
    let mut text = |key| section.get(key).and_then(|node| reader.text(node, key));
    let (time_to_live, region, seed) = (text("timeToLive"), text("region"), text("seed"));
    let mut table = Table {
        name: name.clone(),
        physical_name,
        partition_key,
        sort_key: keys.get(1).map(typed),
        indexes: indexes.collect(),
        time_to_live: time_to_live.map(|attribute| attribute.value),
        region: region.map(|region| region.value),
        seed: None,
    };
    table.seed = seed.and_then(|seed| find_seed(&seed.value, &seed.range, files, reader));
    if let Some(seed) = &table.seed
        && is_complete
    {
        check_seed(seed, &table, reader.problems);
    }
    (table, name_range)
}

/// The partition key and, if there is one, the sort key. Empty when there is no partition key, which is reported.
fn read_keys(section: &Section, what: &str, place: &Range<usize>, reader: &mut Reader) -> Vec<WrittenKey> {
    let Some(node) = section.get("partitionKey") else {
        let diagnostic = Diagnostic::error(format!("{what} has no `partitionKey`"));
        reader.report(diagnostic.help("name the attribute that identifies an item: `partitionKey: id`"), place);
        return Vec::new();
    };
    let partition = read_key(node, "partitionKey", reader);
    let sort = section.get("sortKey").and_then(|node| read_key(node, "sortKey", reader));
    if let (Some(partition), Some(sort)) = (&partition, &sort)
        && partition.name == sort.name
    {
        reader.error(format!("partition key and sort key of {what} are both `{}`", sort.name), &sort.range);
    }
    let Some(partition) = partition else { return Vec::new() };
    std::iter::once(partition).chain(sort).collect()
}

/// An attribute's name, or `{ name, type }`.
fn read_key(node: &Node, name: &str, reader: &mut Reader) -> Option<WrittenKey> {
    if !matches!(node.data, Data::Map(_)) {
        let attribute = reader.text(node, name)?;
        return Some(WrittenKey { name: attribute.value, ty: None, range: attribute.range });
    }
    let section = reader.section(node, name, &format!("`{name}`"), &["name", "type"]);
    let ty = section.get("type").and_then(|node| reader.choice(node, "type", &KEY_TYPES));
    let Some(attribute) = section.get("name") else {
        let diagnostic = Diagnostic::error(format!("`{name}` names no attribute"));
        reader.report(diagnostic.help("write `{ name: placedAt, type: N }`"), &node.range);
        return None;
    };
    let attribute = reader.text(attribute, "name")?;
    Some(WrittenKey { name: attribute.value, ty, range: attribute.range })
}

fn read_indexes(node: Option<&Node>, reader: &mut Reader) -> Vec<(Str, Vec<WrittenKey>, Projection)> {
    let members = node.map(|node| reader.named(node, "indexes")).unwrap_or_default();
    let mut indexes = Vec::new();
    for member in members {
        let what = format!("index `{}`", member.name);
        check_table_name(member.name, &member.range, reader);
        let section = reader.section(member.value, member.name, &what, INDEX_KEYS);
        let keys = read_keys(&section, &what, &member.range, reader);
        let projection = section.get("projection").map(|node| read_projection(node, reader)).unwrap_or_default();
        indexes.push((member.name.clone(), keys, projection));
    }
    indexes
}

/// `ALL`, `KEYS_ONLY`, or the list of attributes to hold.
fn read_projection(node: &Node, reader: &mut Reader) -> Projection {
    if matches!(node.data, Data::List(_)) {
        let attributes = reader.strings(node, "projection");
        return Projection::Include(attributes.into_iter().map(|attribute| attribute.value).collect());
    }
    let words = [("ALL", true), ("KEYS_ONLY", false)];
    match reader.choice(node, "projection", &words) {
        Some(false) => Projection::KeysOnly,
        _ => Projection::All,
    }
}

/// DynamoDB's rule for the names of tables and indexes.
fn check_table_name(name: &str, range: &Range<usize>, reader: &mut Reader) {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    // A reference that could not be replaced has been reported already.
    let is_name = (3..=255).contains(&name.len()) && name.bytes().all(is_allowed);
    if !is_name && !name.contains("${") {
        let diagnostic = Diagnostic::error(format!("DynamoDB takes no table or index named `{name}`"));
        reader.report(diagnostic.help("3 to 255 letters, digits, `_`, `-` and `.`"), range);
    }
}

/// AppSync's rule for the names of data sources.
pub(crate) fn check_data_source_name(name: &str, range: &Range<usize>, reader: &mut Reader) {
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_name {
        let diagnostic = Diagnostic::error(format!("`{name}` cannot be the name of a data source"));
        reader.report(diagnostic.help("a letter or `_` first, then letters, digits and `_`"), range);
    }
}

fn find_seed(path: &str, range: &Range<usize>, files: &ProjectFiles, reader: &mut Reader) -> Option<Arc<SourceFile>> {
    if files.is_deployed {
        return None;
    }
    let path = path.trim_start_matches("./");
    if let Some(file) = files.get(path) {
        return Some(file.clone());
    }
    let diagnostic = match files.unreadable.get(path) {
        Some(reason) => Diagnostic::error(format!("seed `{path}` cannot be read: {reason}")),
        None => Diagnostic::error(format!("seed `{path}` does not exist")),
    };
    let seeds = files.files.keys().filter(|path| path.ends_with(".json")).map(Str::as_str);
    let diagnostic = match crate::error::nearest(path, seeds) {
        Some(near) => diagnostic.help(format!("did you mean {}?", list([near]))),
        None => diagnostic.help("paths start at the project's folder, and seeds are `.json` files"),
    };
    reader.report(diagnostic, range);
    None
}
