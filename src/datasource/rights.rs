//! What a domain may do with which table: the run-time half of domain isolation.

use std::collections::HashMap;

use crate::error::FieldError;
use crate::project::Access;
use crate::value::Str;

/// A project's table as one domain sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct TableRight {
    /// The name in `syncline.yaml`.
    pub table: Str,
    /// `None`: the domain may not use it.
    pub access: Option<Access>,
}

/// The rights of the domain whose resolver is calling, by physical table name.
///
/// # Examples
/// ```
/// use syncline::datasource::DomainRights;
/// use syncline::project::Access;
/// let orders = DomainRights::new("orders")
///     .with_table("shop-orders", "orders", Some(Access::Write))
///     .with_table("shop-users", "users", Some(Access::Read));
/// assert!(orders.check("shop-orders", Access::Write).is_ok());
/// assert!(orders.check("shop-users", Access::Write).is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DomainRights {
    /// `None`: the resolver belongs to no domain.
    domain: Option<Str>,
    /// ARN of the role whose rights its calls to AWS have; `None`: the process's own.
    role: Option<Str>,
    tables: HashMap<Str, TableRight>,
}

impl DomainRights {
    /// A domain that may use only the tables it is given.
    pub fn new(domain: impl Into<Str>) -> DomainRights {
        DomainRights { domain: Some(domain.into()), role: None, tables: HashMap::new() }
    }

    /// A resolver outside every domain's folder: tables that it is not told about are nobody's, and free to use.
    pub fn without_domain() -> DomainRights {
        DomainRights::default()
    }

    /// The role that the domain's calls assume, by its ARN.
    pub fn with_role(mut self, role: Option<Str>) -> DomainRights {
        self.role = role;
        self
    }

    pub fn role(&self) -> Option<&str> {
        self.role.as_deref()
    }

    /// Adds a table by its physical and its project name.
    pub fn with_table(
        mut self,
        physical: impl Into<Str>,
        table: impl Into<Str>,
        access: Option<Access>,
    ) -> DomainRights {
        self.tables.insert(physical.into(), TableRight { table: table.into(), access });
        self
    }

    /// The tables that the domain may use so, among those that it was told about.
    pub fn tables(&self, needed: Access) -> impl Iterator<Item = &Str> {
        self.tables.iter().filter(move |(_, right)| right.access >= Some(needed)).map(|(name, _)| name)
    }

    /// # Errors
    /// `DomainAccess` when the domain lacks the right; `MappingTemplate` when the name is the project's name of a table
    /// that DynamoDB knows by another.
    pub fn check(&self, physical: &str, needed: Access) -> Result<(), FieldError> {
        let right = self.tables.get(physical);
        if right.is_none()
            && let Some((actual, _)) = self.tables.iter().find(|(_, right)| right.table == physical)
        {
            return Err(FieldError::mapping_template(format!(
                "`{physical}` is the data source's name, its table is `{actual}`: batch and transaction operations name tables as DynamoDB knows them; hand the name in through `environment` and `ctx.env`"
            )));
        }
        let Some(right) = right else {
            return self.domain.as_ref().map_or(Ok(()), |domain| {
                Err(denied(format!(
                    "domain `{domain}` may not use table `{physical}`, which is not among the tables of this project; declare it under `tables` in syncline.yaml"
                )))
            });
        };
        if right.access >= Some(needed) {
            return Ok(());
        }
        let Some(domain) = &self.domain else {
            let table = &right.table;
            return Err(denied(format!(
                "table `{table}` belongs to a domain; a resolver that uses it must lie in the folder of a domain that may"
            )));
        };
        let table = &right.table;
        Err(denied(match needed {
            Access::Read => format!(
                "domain `{domain}` may not read table `{table}`; add `uses: {{ {table}: read }}` to `domains.{domain}` in syncline.yaml"
            ),
            Access::Write if right.access.is_some() => format!(
                "domain `{domain}` may only read table `{table}`; change `uses: {{ {table}: read }}` to `write` at `domains.{domain}` in syncline.yaml"
            ),
            Access::Write => format!(
                "domain `{domain}` may not write table `{table}`; add `uses: {{ {table}: write }}` to `domains.{domain}` in syncline.yaml"
            ),
        }))
    }
}

fn denied(message: String) -> FieldError {
    FieldError::new("DomainAccess", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders() -> DomainRights {
        DomainRights::new("orders")
            .with_table("shop-orders", "orders", Some(Access::Write))
            .with_table("shop-users", "users", Some(Access::Read))
            .with_table("shop-secrets", "secrets", None)
    }

    #[test]
    fn writing_includes_reading_and_nothing_else_is_implied() {
        assert!(orders().check("shop-orders", Access::Read).is_ok());
        assert!(orders().check("shop-orders", Access::Write).is_ok());
        assert!(orders().check("shop-users", Access::Read).is_ok());
        for (table, access, message) in [
            (
                "shop-users",
                Access::Write,
                "domain `orders` may only read table `users`; change `uses: { users: read }` to `write` at `domains.orders` in syncline.yaml",
            ),
            (
                "shop-secrets",
                Access::Read,
                "domain `orders` may not read table `secrets`; add `uses: { secrets: read }` to `domains.orders` in syncline.yaml",
            ),
            (
                "shop-secrets",
                Access::Write,
                "domain `orders` may not write table `secrets`; add `uses: { secrets: write }` to `domains.orders` in syncline.yaml",
            ),
            (
                "elsewhere",
                Access::Read,
                "domain `orders` may not use table `elsewhere`, which is not among the tables of this project; declare it under `tables` in syncline.yaml",
            ),
        ] {
            assert_eq!(orders().check(table, access), Err(FieldError::new("DomainAccess", message)));
        }
    }

    #[test]
    fn without_a_domain_only_tables_of_nobody_may_be_used() {
        let rights = DomainRights::without_domain().with_table("shop-orders", "orders", None).with_table(
            "log",
            "log",
            Some(Access::Write),
        );
        assert!(rights.check("anything", Access::Write).is_ok());
        assert!(rights.check("log", Access::Write).is_ok());
        let message =
            "table `orders` belongs to a domain; a resolver that uses it must lie in the folder of a domain that may";
        assert_eq!(rights.check("shop-orders", Access::Read), Err(FieldError::new("DomainAccess", message)));
    }

    #[test]
    fn a_project_name_in_place_of_a_physical_name_is_explained() {
        for rights in [orders(), DomainRights::without_domain().with_table("shop-orders", "orders", None)] {
            let error = rights.check("orders", Access::Read).unwrap_err();
            assert!(
                error.message.starts_with("`orders` is the data source's name, its table is `shop-orders`"),
                "{error:?}"
            );
        }
    }
}
