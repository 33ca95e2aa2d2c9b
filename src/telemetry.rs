//! How the process talks to its operator: `tracing` events as text for a terminal, as JSON for a log service.

use std::io::IsTerminal;

use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
}

/// Sends `tracing` events to stderr. `filter` has levels and targets, such as `info` or `warn,syncline=debug`; one that does
/// not parse counts as `info`. A second call has no effect.
pub fn init(format: Format, filter: &str) {
    // Filters that look into spans too bring a compiler of regular expressions with them, which every start would read.
    let filter: Targets = filter.parse().unwrap_or_else(|_| Targets::new().with_default(LevelFilter::INFO));
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let layer = match format {
        Format::Text => layer.with_target(false).with_ansi(std::io::stderr().is_terminal()).boxed(),
        // The list of spans has the current one too; a log is paid for by its size.
        Format::Json => layer.json().flatten_event(true).with_current_span(false).boxed(),
    };
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
}
