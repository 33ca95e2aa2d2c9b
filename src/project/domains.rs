//! Domains: who owns which table, and who else may use it. Rules apply to tables, not to the names of data sources:
//! a second data source for the same table opens no second door.

use std::ops::Range;

use crate::error::{Diagnostic, Place, nearest};
use crate::project::data_sources::{DataSource, DataSourceKind};
use crate::project::reader::{Named, Reader, list};
use crate::project::yaml::Node;
use crate::schema::NameMap;
use crate::value::Str;

/// A part of the API with its own folder of resolvers and its own tables.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Domain {
    /// Also the name of its folder below `resolvers/`.
    pub name: Str,
    /// Data sources that are its own. Where nothing is said: the one that has the domain's name.
    pub owns: Vec<Str>,
    /// Data sources of others, and what it may do with them.
    pub uses: NameMap<Access>,
    /// ARN of the role that its calls to AWS assume.
    pub role: Option<Str>,
    /// Where `syncline.yaml` describes it.
    pub place: Option<Place>,
}

/// What may be done with a table; writing includes reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    Read,
    Write,
}

const WORDS: [(&str, Access); 2] = [("read", Access::Read), ("write", Access::Write)];

pub(crate) fn read_domains(
    node: Option<&Node>,
    data_sources: &NameMap<DataSource>,
    reader: &mut Reader,
) -> NameMap<Domain> {
    let mut domains = NameMap::default();
    let mut owners = Owners { data_sources, by_table: NameMap::default() };
    let members = node.map(|node| reader.named(node, "domains")).unwrap_or_default();
    let mut without_owns = Vec::new();
    for member in members {
        let (domain, says_owns) = read_domain(&member, &mut owners, reader);
        if !says_owns {
            without_owns.push(member.name.clone());
        }
        domains.insert(member.name.clone(), domain);
    }
    // Only now is it known what the others claim.
    for name in without_owns {
        if let Some(domain) = domains.get_mut(&name)
            && owners.claim(&name, &name).is_ok()
        {
            domain.owns.push(name);
        }
    }
    domains
}

/// Which domain owns which physical table.
struct Owners<'a> {
    data_sources: &'a NameMap<DataSource>,
    by_table: NameMap<Str>,
}

impl Owners<'_> {
    /// Gives the other owner when there is one, and nothing when the data source has no table.
    fn claim(&mut self, domain: &Str, data_source: &str) -> Result<(), Option<Str>> {
        let table = self.data_sources.get(data_source).and_then(DataSource::table_name).ok_or(None)?;
        match self.by_table.get(table) {
            Some(owner) if owner != domain => Err(Some(owner.clone())),
            _ => {
                self.by_table.insert(table.clone(), domain.clone());
                Ok(())
            }
        }
    }
}

/// Also tells whether `owns` is written.
fn read_domain(member: &Named, owners: &mut Owners, reader: &mut Reader) -> (Domain, bool) {
    let name = member.name;
    let what = format!("domain `{name}`");
    let section = reader.section(member.value, name, &what, &["owns", "uses", "role"]);
    let mut domain = Domain { name: name.clone(), ..Domain::default() };
    domain.place = Some(Place { file: reader.file.clone(), start: member.range.start, end: member.range.end });

    for owned in section.get("owns").map(|node| reader.strings(node, "owns")).unwrap_or_default() {
        if !is_table(&owned.value, &owned.range, &what, owners, reader) {
            continue;
        }
        match owners.claim(name, &owned.value) {
            Ok(()) => domain.owns.push(owned.value),
            Err(Some(owner)) => {
                let message = format!("table `{}` is owned by the domains `{owner}` and `{name}`", owned.value);
                let help = format!("let one of them own it and the other use it: `uses: {{ {}: write }}`", owned.value);
                reader.report(Diagnostic::error(message).help(help), &owned.range);
            }
            Err(None) => {}
        }
    }
    for used in section.get("uses").map(|node| reader.named(node, "uses")).unwrap_or_default() {
        let access = reader.choice(used.value, used.name, &WORDS);
        if is_table(used.name, &used.range, &what, owners, reader) {
            domain.uses.insert(used.name.clone(), access.unwrap_or(Access::Write));
        }
    }
    if let Some(role) = section.get("role").and_then(|node| reader.text(node, "role")) {
        if !role.value.starts_with("arn:") && !role.value.contains("${") {
            let diagnostic = Diagnostic::error(format!("expected a role's ARN, found `{}`", role.value));
            reader.report(diagnostic.help("it looks like `arn:aws:iam::123456789012:role/orders`"), &role.range);
        }
        domain.role = Some(role.value);
    }
    (domain, section.get("owns").is_some())
}

/// Reports names that stand for no table.
fn is_table(name: &str, range: &Range<usize>, what: &str, owners: &Owners, reader: &mut Reader) -> bool {
    match owners.data_sources.get(name).map(|data_source| &data_source.kind) {
        Some(DataSourceKind::DynamoDb { .. }) => return true,
        Some(DataSourceKind::None | DataSourceKind::EventBridge { .. } | DataSourceKind::Http(_)) => {
            let diagnostic = Diagnostic::error(format!("{what} names data source `{name}`, which has no table"));
            reader.report(diagnostic.help("every domain may use it; remove it here"), range);
        }
        None => {
            let tables = owners.data_sources.values().filter(|source| source.table_name().is_some());
            let names: Vec<_> = tables.map(|source| source.name.as_str()).collect();
            let help = match nearest(name, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if names.is_empty() => "describe it under `tables`".to_string(),
                None => format!("tables defined here: {}", list(names)),
            };
            let diagnostic = Diagnostic::error(format!("{what} names table `{name}`, which is not defined"));
            reader.report(diagnostic.help(help), range);
        }
    }
    false
}
