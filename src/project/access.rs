//! Who may do what with which table.

use crate::project::config::Config;
use crate::project::data_sources::{DataSource, DataSourceKind};
use crate::project::domains::{Access, Domain};
use crate::project::tables::Table;
use crate::value::Str;

impl Config {
    /// What resolvers of `domain` may do with a data source; `None` when nothing. Resolvers outside of any domain's
    /// folder have no domain.
    pub fn access(&self, domain: Option<&str>, data_source: &str) -> Option<Access> {
        match &self.data_sources.get(data_source)?.kind {
            DataSourceKind::DynamoDb { table_name, .. } => self.table_access(domain, table_name),
            DataSourceKind::None | DataSourceKind::EventBridge { .. } | DataSourceKind::Http(_) => Some(Access::Write),
        }
    }

    /// Like [`access`](Self::access) for a table by its physical name, which is how batches and transactions name it.
    pub fn table_access(&self, domain: Option<&str>, table_name: &str) -> Option<Access> {
        let is_table = |data_source: &str| {
            self.data_sources.get(data_source).and_then(DataSource::table_name).is_some_and(|name| name == table_name)
        };
        let owns = |domain: &Domain| domain.owns.iter().any(|name| is_table(name));
        if let Some(domain) = domain.and_then(|name| self.domains.get(name)) {
            if owns(domain) {
                return Some(Access::Write);
            }
            let granted = domain.uses.iter().filter(|(name, _)| is_table(name)).map(|(_, access)| *access).max();
            if granted.is_some() {
                return granted;
            }
        }
        let is_known = self.data_sources.keys().any(|name| is_table(name));
        let is_owned = self.domains.values().any(owns);
        let is_everybodys = is_known && !is_owned && (domain.is_none() || !self.declares_domains);
        is_everybodys.then_some(Access::Write)
    }

    /// The domain that owns the table behind a data source.
    pub fn owner(&self, data_source: &str) -> Option<&Domain> {
        let table_name = self.data_sources.get(data_source)?.table_name()?;
        self.domains.values().find(|domain| {
            let mut tables = domain.owns.iter().filter_map(|name| self.data_sources.get(name)?.table_name());
            tables.any(|name| name == table_name)
        })
    }

    /// Adds the domains that are only a folder: each owns the data source of its name, if nobody else does.
    pub(crate) fn add_domain_folders<'a>(&mut self, folders: impl Iterator<Item = &'a Str>) {
        for folder in folders {
            if !self.domains.contains_key(folder) {
                let is_free = self.data_sources.contains_key(folder) && self.owner(folder).is_none();
                let owns = if is_free { vec![folder.clone()] } else { Vec::new() };
                let domain = Domain { name: folder.clone(), owns, ..Domain::default() };
                self.domains.insert(folder.clone(), domain);
            }
        }
    }

    /// The table that a data source reaches, if the project describes it.
    pub fn table_of(&self, data_source: &str) -> Option<&Table> {
        let table_name = self.data_sources.get(data_source).and_then(DataSource::table_name)?;
        self.tables.values().find(|table| table.physical_name == *table_name)
    }
}
