//! How requests come in: over HTTP, and as events of a Lambda function.

pub mod console;
pub mod http;
pub mod lambda;
