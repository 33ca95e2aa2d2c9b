//! What a project needs where it is deployed: `syncline package`.
//!
//! [`uses`] finds the calls that each resolver can make, [`policy`] turns those of a domain into one IAM policy.
//! [`variables`] says how environment variables reach the function, [`template`] writes all of it down for SAM with
//! [`yaml`]. [`bootstrap`] looks whether Lambda could load a binary, [`archive`] puts it and the project into one file.
//!
//! Nothing here touches files or network: [`cli`](crate::cli) reads and writes.

pub mod archive;
pub mod bootstrap;
pub mod policy;
pub mod template;
pub mod uses;
pub mod variables;
pub mod yaml;

use crate::api::Checked;
use crate::package::policy::Policy;
use crate::project::Project;

/// One policy for each domain whose resolvers ask for anything, and one for those outside of domains.
///
/// # Examples
/// ```
/// use std::collections::BTreeMap;
/// use syncline::backend::files::read_project;
/// use syncline::package::policy::Place;
///
/// let files = read_project(".".as_ref(), BTreeMap::new()).unwrap();
/// let (project, _) = syncline::project::Project::load(&files);
/// let checked = syncline::api::check(&project).unwrap_or_else(|_| panic!("the sample is a good project"));
/// let policies = syncline::package::policies_of(&project, &checked);
/// let search = policies.iter().find(|policy| policy.domain.as_deref() == Some("search")).unwrap();
/// let place = Place { region: "eu-central-1".into(), account: "123456789012".into() };
/// let document = place.document(&search.statements());
/// assert_eq!(document.get("Statement").unwrap().as_list().unwrap()[0].to_string(), concat!(
///     r#"{"Effect":"Allow","Action":["dynamodb:BatchGetItem","dynamodb:GetItem","dynamodb:Scan"],"#,
///     r#""Resource":["arn:aws:dynamodb:eu-central-1:123456789012:table/shop-catalog"]}"#,
/// ));
/// ```
pub fn policies_of(project: &Project, checked: &Checked) -> Vec<Policy> {
    policy::policies(project, uses::uses_by_domain(project, &checked.executable.schema))
}

#[cfg(test)]
mod tests;
