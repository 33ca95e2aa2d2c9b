//! One operation, as the GraphQL specification executes it and as AppSync answers it.
pub mod document;
pub mod validate;
