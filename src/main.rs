//! The binary: a Lambda function where Lambda started it, the command line everywhere else.

use std::process::ExitCode;

// The spike measured +27 % on single reads and +45 % on nested lists for 7 to 10 MB of memory (design.md, section 4).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        return syncline::cli::lambda();
    }
    syncline::cli::main()
}
