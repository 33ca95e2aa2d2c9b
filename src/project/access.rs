//! Who may do what with which table, and who may use which other data source.

use crate::project::config::Config;
use crate::project::data_sources::{DataSource, Resource};
use crate::project::domains::{Access, Domain};
use crate::project::tables::Table;
use crate::value::Str;

impl Config {
    /// What resolvers of `domain` may do with a data source; `None` when nothing. Resolvers outside of any domain's
    /// folder have no domain. What has no table is used or not: reading and writing are the same there.
    pub fn access(&self, domain: Option<&str>, data_source: &str) -> Option<Access> {
        match self.data_sources.get(data_source)?.resource() {
            Some(resource) => self.resource_access(domain, resource),
            None => Some(Access::Write),
        }
    }

    /// Like [`access`](Self::access) for a table by its physical name, which is how batches and transactions name it.
    pub fn table_access(&self, domain: Option<&str>, table_name: &str) -> Option<Access> {
        self.resource_access(domain, Resource::Table(&Str::from(table_name)))
    }

    fn resource_access(&self, domain: Option<&str>, resource: Resource<'_>) -> Option<Access> {
        let is_meant = |data_source: &str| self.resource(data_source) == Some(resource);
        let owns = |domain: &Domain| domain.owns.iter().any(|name| is_meant(name));
        if let Some(domain) = domain.and_then(|name| self.domains.get(name)) {
            if owns(domain) {
                return Some(Access::Write);
            }
            let granted = domain.uses.iter().filter(|(name, _)| is_meant(name)).map(|(_, access)| *access).max();
            if granted.is_some() {
                return granted;
            }
        }
        let is_known = self.data_sources.keys().any(|name| is_meant(name));
        let is_owned = self.domains.values().any(owns);
        // Tables are somebody's once there are domains; other data sources are so only where a domain says it.
        let is_free = domain.is_none() || !self.declares_domains || matches!(resource, Resource::DataSource(_));
        (is_known && !is_owned && is_free).then_some(Access::Write)
    }

    fn resource(&self, data_source: &str) -> Option<Resource<'_>> {
        self.data_sources.get(data_source).and_then(DataSource::resource)
    }

    /// The domain that owns a data source, or the table behind it.
    pub fn owner(&self, data_source: &str) -> Option<&Domain> {
        let resource = self.resource(data_source)?;
        self.domains.values().find(|domain| domain.owns.iter().any(|name| self.resource(name) == Some(resource)))
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
