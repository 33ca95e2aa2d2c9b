//! Load and faults on the project `ledger`: whatever fails, what was acknowledged is there, what was refused is not, and
//! nothing happens twice.
//!
//! [`oracle`] knows what the tables may hold after what clients were told. `faulty` drives an API in process on a
//! DynamoDB that fails on purpose; `killed` drives the binary and kills it.

mod faulty;
mod killed;
mod oracle;
