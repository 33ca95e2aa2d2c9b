//! `syncline dev`: serve the project, say what goes on, reload on save.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use tokio::net::TcpListener;

use crate::api::{Api, OperationReport};
use crate::auth::local_api_key;
use crate::backend::files::ProjectFiles;
use crate::cli::reload::Watch;
use crate::cli::setup::{self, Storage, load, print_problems};
use crate::cli::{Common, Failure};
use crate::project::{DataSourceKind, Project};
use crate::transport::console::Console;
use crate::transport::http::{self, RequestLog, Server};

/// How often the embedded tables lose what has outlived its `timeToLive`. DynamoDB takes up to days.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(60);

/// What the console's first tab shows, relative to the project.
const SAMPLE_QUERY: &str = "console.graphql";

#[derive(Args, Clone, Default)]
pub struct Arguments {
    /// Who requests come from that do not sign in: a name of `identities` in syncline.yaml
    #[arg(long = "as", value_name = "NAME")]
    pub acts_as: Option<String>,
}

pub fn run(common: &Common, arguments: Arguments, started: Instant) -> Result<(), Failure> {
    setup::block_on_all_cores(serve(common, arguments, started))?
}

async fn serve(common: &Common, arguments: Arguments, started: Instant) -> Result<(), Failure> {
    // Before the project is read, so that no save gets lost in between.
    let watch = Watch::start(&common.project);
    let loaded = load(common).map_err(setup::report)?;
    if !loaded.checked.warnings.is_empty() {
        print_problems(&loaded.checked.warnings);
    }
    setup::refuse_unknown_identity(&loaded.project, arguments.acts_as.as_deref())?;
    setup::refuse_keys_without_value(&loaded.project, common.aws)?;
    let storage = setup::storage(common, &loaded.project).await?;
    let listener = listen(common).await?;
    let address = listener.local_addr().map_err(|error| Failure::Environment(error.to_string()))?;

    let console = Console::new(sample_query(&loaded.files, &loaded.project));
    let options = setup::local_options(&loaded.project, arguments.acts_as.as_deref());
    let api = Arc::new(Api::from_checked(&loaded.project, loaded.checked, storage.backends.clone(), options));
    let server = Server::new(api, Some(console), Arc::new(print_request));
    eprint!("{}", summary(&loaded.project, &storage, &arguments, address, started.elapsed()));

    let has_made_up_keys = loaded.project.config.authentication.keys_without_value().next().is_some();
    if has_made_up_keys && !address.ip().is_loopback() {
        eprintln!("warning: others reach this address, and the keys made up for this machine can be computed\n");
    }

    if let Some(delete_expired) = storage.delete_expired.clone() {
        tokio::spawn(async move {
            let mut interval = tokio::time::interval(EXPIRY_INTERVAL);
            loop {
                interval.tick().await;
                delete_expired();
            }
        });
    }
    match watch {
        Some(watch) => drop(tokio::spawn(watch.follow(common.clone(), arguments, server.clone(), storage))),
        None => eprintln!("warning: this folder cannot be watched; restart to see changes\n"),
    }
    let has_answered_all = http::serve(listener, server.router(), setup::stop_signal()).await;
    if has_answered_all && server.finish().await {
        return Ok(());
    }
    Err(Failure::Environment("some operations did not come to their end before the server stopped".into()))
}

pub async fn listen(common: &Common) -> Result<TcpListener, Failure> {
    let address = format!("{}:{}", common.host.as_deref().unwrap_or("127.0.0.1"), common.port);
    TcpListener::bind(&address).await.map_err(|error| {
        let cure = match error.kind() {
            std::io::ErrorKind::AddrInUse => "; another program listens there, choose a port with --port",
            _ => "",
        };
        Failure::Environment(format!("cannot listen on {address}: {error}{cure}"))
    })
}

/// The project's own `console.graphql`, or the smallest operation that every API answers.
fn sample_query(files: &ProjectFiles, project: &Project) -> String {
    match files.get(SAMPLE_QUERY) {
        Some(file) => file.text.to_string(),
        None => format!(
            "# {} has no {SAMPLE_QUERY}; put the query there that this tab should open with.\n{{ __typename }}\n",
            project.config.name
        ),
    }
}

/// Name and figures, aligned.
fn summary(
    project: &Project,
    storage: &Storage,
    arguments: &Arguments,
    address: SocketAddr,
    elapsed: Duration,
) -> String {
    let mut domains: Vec<(&str, usize)> = Vec::new();
    for resolver in &project.resolvers {
        let domain = resolver.domain.as_deref().unwrap_or("-");
        match domains.iter_mut().find(|(name, _)| *name == domain) {
            Some((_, count)) => *count += 1,
            None => domains.push((domain, 1)),
        }
    }
    domains.sort_unstable();
    let domain_list: Vec<String> =
        domains.iter().filter(|(name, _)| *name != "-").map(|(name, count)| format!("{name} {count}")).collect();
    let mut rows: Vec<(&str, String)> = Vec::new();
    if !domain_list.is_empty() {
        rows.push(("domains", domain_list.join(", ")));
    }
    rows.push(("resolvers", project.resolvers.len().to_string()));
    let names = project.config.tables.values().map(|table| table.name.len()).max().unwrap_or(0);
    let physical = project.config.tables.values().map(|table| table.physical_name.len()).max().unwrap_or(0);
    for (index, table) in project.config.tables.values().enumerate() {
        let items = match storage.item_counts.get(&table.physical_name) {
            Some(1) => "     1 item".to_owned(),
            Some(count) => format!("{count:>6} items"),
            None => String::new(),
        };
        let row = format!("{:names$}  {:physical$}  {items}", table.name, table.physical_name);
        rows.push((if index == 0 { "tables" } else { "" }, row.trim_end().to_owned()));
    }
    rows.push(("storage", storage.description.clone()));
    let mut kinds = project.config.data_sources.values().map(|source| &source.kind);
    if kinds.any(|kind| matches!(kind, DataSourceKind::EventBridge { .. })) {
        rows.push(("events", storage.events.clone()));
    }
    rows.extend(sign_in(project, arguments));
    rows.push(("GraphQL", format!("http://{address}/graphql")));
    let console = if Console::is_embedded() { "" } else { "  (from a CDN; `npm run build` in console/ embeds it)" };
    rows.push(("console", format!("http://{address}/{console}")));
    rows.push(("health", format!("http://{address}/health")));
    rows.push(("started", format!("in {} ms", elapsed.as_millis())));
    let mut text = format!("\n  syncline {}  {}\n\n", env!("CARGO_PKG_VERSION"), project.config.name);
    for (label, value) in rows {
        text.push_str(&format!("  {label:<9}  {value}\n"));
    }
    text.push('\n');
    text
}

/// How callers sign in, with the keys that were made up for this laptop.
fn sign_in(project: &Project, arguments: &Arguments) -> Vec<(&'static str, String)> {
    let authentication = &project.config.authentication;
    let mut rows = Vec::new();
    if !authentication.is_open() {
        let modes: Vec<&str> = authentication.providers.iter().map(|provider| provider.kind.mode().name()).collect();
        rows.push(("sign-in", modes.join(", ")));
    }
    for key in authentication.keys_without_value() {
        let value = local_api_key(&project.config.name, &key.name);
        rows.push(("API key", format!("{value}  ({}; made up for this machine)", key.name)));
    }
    if let Some(name) = &arguments.acts_as {
        rows.push(("as", format!("{name}, where a request does not sign in")));
    }
    rows
}

/// `200  query Shop  3.2 ms  31 resolvers  Query 2, BatchGetItem 3 (27 reads shared)`, and what handlers logged.
fn print_request(log: &RequestLog<'_>) {
    let milliseconds = log.elapsed.as_secs_f64() * 1000.0;
    let Some(report) = log.report else {
        let message = log.refusal.map_or("", |refusal| refusal.message.as_str());
        eprintln!("{}  {:<28}  {milliseconds:>7.1} ms  {message}", log.status, "refused");
        return;
    };
    for line in &report.logs {
        eprintln!("     {line}");
    }
    let mut line = format!(
        "{}  {:<28}  {milliseconds:>7.1} ms  {:>3} resolver{}",
        log.status,
        operation_label(report),
        report.resolver_count,
        if report.resolver_count == 1 { " " } else { "s" }
    );
    if !report.calls.is_empty() {
        let calls: Vec<String> = report.calls.iter().map(|(kind, count)| format!("{} {count}", kind.name())).collect();
        line.push_str(&format!("  {}", calls.join(", ")));
    }
    if report.coalesced > 0 {
        line.push_str(&format!(" ({} reads shared a call)", report.coalesced));
    }
    match report.error_count {
        0 => {}
        1 => line.push_str("  1 error"),
        count => line.push_str(&format!("  {count} errors")),
    }
    eprintln!("{line}");
}

fn operation_label(report: &OperationReport) -> String {
    match (report.operation_type, &report.operation_name) {
        ("", _) => "invalid operation".to_owned(),
        (kind, Some(name)) => format!("{kind} {name}"),
        (kind, None) => kind.to_owned(),
    }
}

/// The same line for a log service.
pub fn trace_request(log: &RequestLog<'_>) {
    let elapsed_ms = log.elapsed.as_secs_f64() * 1000.0;
    match log.report {
        Some(report) => {
            for line in &report.logs {
                tracing::info!(line = %line, "handler");
            }
            tracing::info!(
                operation = %operation_label(report),
                status = log.status,
                elapsed_ms,
                resolvers = report.resolver_count,
                errors = report.error_count,
                calls = report.calls.iter().map(|(_, count)| count).sum::<u32>(),
                request_id = log.request_id,
                "request"
            );
        }
        None => tracing::info!(status = log.status, elapsed_ms, request_id = log.request_id, "refused"),
    }
}
