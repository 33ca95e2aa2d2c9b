//! `syncline serve`: production over HTTP, as a container runs it.
//!
//! An orchestrator stops a container by a signal, and takes it out of its load balancer at the same time; until every part
//! of a cluster has heard of the latter, requests still come. So the process first says that it is not ready, serves on for
//! a while, and only then stops: without losing a request.

use std::time::Duration;

use clap::Args;

use crate::cli::production::{Production, StartError, dynamodb_endpoint};
use crate::cli::{Common, Failure, dev, setup};
use crate::transport::http::{self, Phase, Probes};

#[derive(Args)]
pub struct Arguments {
    /// After SIGTERM, serve on for so long while `/health/ready` says no; a second signal ends this sooner
    #[arg(long, value_name = "SECONDS", default_value_t = DRAIN_SECONDS)]
    drain: u64,
}

/// What Kubernetes takes to tell every node that a pod is going, with room to spare.
const DRAIN_SECONDS: u64 = 5;

/// The address of all interfaces: a container is reached from outside of it.
const HOST: &str = "0.0.0.0";

pub fn run(common: &Common, arguments: &Arguments) -> Result<(), Failure> {
    if common.memory || common.data.is_some() {
        let message = "`serve` has no tables of its own, so that `--memory` and `--data` mean nothing; `dev` has";
        return Err(Failure::Usage(message.into()));
    }
    let endpoint = common.dynamodb_endpoint.clone().or_else(|| dynamodb_endpoint().filter(|_| !common.aws));
    let host = common.host.clone().unwrap_or_else(|| HOST.to_owned());
    let common = Common { host: Some(host), dynamodb_endpoint: endpoint, ..common.clone() };
    setup::block_on_all_cores(serve(&common, Duration::from_secs(arguments.drain)))?
}

async fn serve(common: &Common, drain: Duration) -> Result<(), Failure> {
    // As the first process of a container it would not even notice a signal that comes while it starts.
    let mut signals = Signals::new()?;
    let production = Production::start(common).await.map_err(StartError::report)?;
    let listener = dev::listen(common).await?;
    let address = listener.local_addr().map_err(|error| Failure::Environment(error.to_string()))?;
    let probes = Probes::default();
    let router = production.server.router().merge(probes.routes());
    let stop = {
        let probes = probes.clone();
        async move {
            signals.next().await;
            probes.enter(Phase::Stopping);
            tracing::info!(seconds = drain.as_secs(), "stopping; requests are still served");
            tokio::select! {
                () = tokio::time::sleep(drain) => {}
                () = signals.next() => {}
            }
        }
    };
    let server = production.server.clone();
    tokio::spawn(async move {
        production.warm_up().await;
        probes.enter(Phase::Ready);
    });
    tracing::info!(%address, "serving");
    let has_answered_all = http::serve(listener, router, stop).await;
    if has_answered_all && server.finish().await {
        return Ok(());
    }
    Err(Failure::Environment("some operations did not come to their end before the server stopped".into()))
}

/// The signals that end a server, each of them as often as it comes.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn new() -> Result<Signals, Failure> {
        use tokio::signal::unix::{SignalKind, signal};

        let listen =
            |kind| signal(kind).map_err(|error| Failure::Environment(format!("cannot hear of signals: {error}")));
        Ok(Signals { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    fn new() -> Result<Signals, Failure> {
        Ok(Signals {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
