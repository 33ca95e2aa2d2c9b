//! Everything that is proved from outside: on whole projects, over real HTTP, with the real binary.
//!
//! Most tests are files, not Rust: see `tests/README.md`.

mod architecture;
mod attacks;
mod auth;
mod batching;
mod cli;
mod deploy;
mod differential;
mod eval;
mod execution;
mod faults;
mod functions;
mod fuzz;
mod harness;
mod http;
mod implementations;
mod lambda;
mod licences;
mod package;
mod policies;
mod prepared;
mod projects;
mod roles;
mod serve;
mod shutdown;
mod stress;
mod templates;
mod web;
mod web_services;
