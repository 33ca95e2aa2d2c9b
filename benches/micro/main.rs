//! Measures what a request consists of: calling handlers, rendering templates, executing an operation, and a data
//! source's part of a call.
//! `bench-micro [--quick]` prints Markdown tables; see `benches/README.md`.

#[path = "../../tests/suite/harness/dynamodb.rs"]
mod dynamodb;
mod execution;
mod handlers;
mod measure;
mod operations;
mod sdk;
mod templates;

use crate::measure::Effort;

// As in both servers.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let effort = match std::env::args().nth(1).as_deref() {
        Some("--quick") => Effort { rounds: 5, growth_calls: 5_000 },
        _ => Effort { rounds: 101, growth_calls: 100_000 },
    };
    handlers::run(effort);
    println!();
    templates::run(effort);
    println!();
    execution::run(effort);
    println!();
    operations::run(effort);
}
