//! What a project needs where it is deployed: which rights, and later the template and the archive that bring it there.
//!
//! [`uses`] finds the calls that each resolver can make, [`policy`] turns those of a domain into one IAM policy.
//!
//! Nothing here touches files or network: [`cli`](crate::cli) reads and writes.

pub mod policy;
pub mod uses;

#[cfg(test)]
mod tests;
