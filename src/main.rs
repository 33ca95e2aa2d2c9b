//! The binary: a Lambda function where Lambda started it, the command line everywhere else.

use std::process::ExitCode;

// Worth its megabytes: see the allocator line of the README's performance table.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        return syncline::cli::lambda();
    }
    syncline::cli::main()
}
