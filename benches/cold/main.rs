//! Measures what Lambda loads, through the Runtime API of the tests: cold starts beside a bare `lambda_http` function in the
//! same run, or what operations cost.
//! `bench-cold BOOTSTRAP HELLO [--quick]` and `bench-cold --cost BOOTSTRAP [--quick]` print Markdown; `scripts/bench cold`
//! and `scripts/bench cost` make what they need.

mod cost;
#[path = "../../tests/suite/harness/dynamodb.rs"]
mod dynamodb;
mod function;
mod generated;
// Tests ask it for more.
#[allow(dead_code)]
#[path = "../../tests/suite/harness/runtime_api.rs"]
mod runtime_api;
mod start;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| *word != "--quick").collect();
    let is_quick = words.len() < arguments.len();
    match words[..] {
        ["--cost", bootstrap] => cost::measure(bootstrap, is_quick),
        [bootstrap, hello] => start::measure(bootstrap, hello, is_quick),
        _ => Err("usage: bench-cold BOOTSTRAP HELLO [--quick], or bench-cold --cost BOOTSTRAP [--quick]".into()),
    }
}
