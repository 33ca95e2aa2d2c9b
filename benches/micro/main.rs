//! Measures what a request consists of besides I/O: calling handlers, rendering templates, and executing an operation.
//! `bench-micro [--quick]` prints Markdown tables; see `benches/README.md`.

mod execution;
mod handlers;
mod measure;
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
}
