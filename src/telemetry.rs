//! How the process talks to its operator: `tracing` events as text for a terminal, as JSON for a log service.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
}

/// Sends `tracing` events to stderr. `filter` is a `tracing` filter such as `info` or `syncline=debug`; one that does
/// not parse counts as `info`. A second call has no effect.
pub fn init(format: Format, filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _ = match format {
        Format::Text => builder.with_target(false).with_ansi(std::io::stderr().is_terminal()).try_init(),
        // The list of spans has the current one too; a log is paid for by its size.
        Format::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
    };
}
