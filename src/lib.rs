pub mod value;
pub mod error;
pub mod limits;
pub mod clock;
pub mod context;
pub mod schema;
pub mod backend;
pub mod handler;
