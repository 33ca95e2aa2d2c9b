//! Syncline runs an AWS AppSync API without AppSync: `schema.graphql` and a folder of resolvers, served by one binary.
//!
//! # The map of the house
//!
//! The order of the modules below is the order of dependency: a module imports only modules listed before it
//! (`tests/suite/architecture.rs` proves it).
//!
//! | part | modules |
//! |---|---|
//! | vocabulary | [`value`], [`error`], [`limits`], [`clock`], [`telemetry`] |
//! | the nouns of AppSync | [`context`], [`schema`], [`backend`] |
//! | what is deployed | [`project`] |
//! | one field | [`handler`], [`datasource`], [`loader`], [`auth`], [`resolver`] |
//! | one operation | [`execute`] |
//! | edges | [`api`], [`package`], [`transport`], [`cli`] |
//!
//! # The path of one request
//!
//! [`transport::http`] reads a body into an [`api::OperationRequest`]. [`api::Api::execute`] lets the [`auth::Authenticator`]
//! find out who asks, then finds or makes the prepared document ([`execute::prepare`]), coerces the variables and hands a plan to [`execute::execute`]. That completes data at
//! once and runs each field with a resolver through [`resolver::Resolver::run`]: a [`handler`] turns the context into a
//! request document, a [`datasource`] carries it out through the request's [`loader`], the handler turns the result into
//! the field's value. The loader gathers reads, and items for functions, until nothing else can go on and sends them as few
//! calls.
//! [`execute::Response`] writes the answer in AppSync's shape.
//!
//! # Invariants
//!
//! 1. Imports point up the list of modules.
//! 2. Only [`backend`], [`transport`], [`cli`] and `main` touch network, files and environment; time, ids and randomness
//!    come from [`clock::Clock`].
//! 3. Only [`execute`] knows paths and locations of an answer; only `execute/response.rs` knows its wire shape.
//! 4. A handler never does I/O, a data source never runs scripts; [`resolver`] is the only place where they meet.
//! 5. `util.*` exists once, for every handler language.
//! 6. When [`api::Api::build`] has succeeded, nothing about the project can fail to load at request time.
//! 7. The library never prints, exits, or panics on input; [`cli`] does the first two for the binary.

pub mod value;
pub mod error;
pub mod limits;
pub mod clock;
pub mod telemetry;
pub mod context;
pub mod schema;
pub mod backend;
pub mod project;
pub mod handler;
pub mod datasource;
pub mod loader;
pub mod auth;
pub mod resolver;
pub mod execute;
pub mod api;
#[cfg(feature = "package")]
pub mod package;
pub mod transport;
pub mod cli;
