//! Signing in, from outside: who may ask for what, an issuer with real keys behind a real socket, Lambda's events, the
//! command line.

mod access;
mod check;
mod command_line;
mod events;
mod issuer;
