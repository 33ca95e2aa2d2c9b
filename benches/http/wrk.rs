//! Load, made by wrk (<https://github.com/wg/wrk>) with one thread and `load.lua`.

use crate::Result;
use crate::server::{Pinning, Server};

const SCRIPT: &str = "benches/http/load.lua";

#[derive(Clone, Copy)]
pub enum Load {
    /// One user by id.
    Single,
    /// Fifty orders with their products.
    List,
    /// One new order.
    Create,
    /// All of them: of ten requests eight read a user, one lists orders, one makes an order.
    Mixed,
}

impl Load {
    /// What servers are compared under.
    pub const ALL: [Load; 3] = [Load::Single, Load::List, Load::Create];

    pub fn label(self) -> &'static str {
        match self {
            Load::Single => "`{ user(id) { id name } }`",
            Load::List => "50 orders with nested product",
            Load::Create => "`createOrder`",
            Load::Mixed => "mixed operations",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Load::Single => "single",
            Load::List => "list",
            Load::Create => "create",
            Load::Mixed => "mixed",
        }
    }
}

/// What one server gave under one load.
#[derive(Clone, Copy)]
pub struct Measured {
    pub requests_per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    pub slowest_ms: f64,
    /// The server's own processor time: what is left of a figure when other programs share the machine.
    pub cpu_us_per_request: f64,
}

impl Measured {
    /// The median of each figure.
    pub fn median(rounds: Vec<Measured>) -> Measured {
        let median = |figure: fn(&Measured) -> f64| {
            let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
            figures.sort_by(f64::total_cmp);
            figures[figures.len() / 2]
        };
        Measured {
            requests_per_second: median(|round| round.requests_per_second),
            p50_ms: median(|round| round.p50_ms),
            p99_ms: median(|round| round.p99_ms),
            p999_ms: median(|round| round.p999_ms),
            slowest_ms: median(|round| round.slowest_ms),
            cpu_us_per_request: median(|round| round.cpu_us_per_request),
        }
    }
}

/// Loads a server for some seconds.
///
/// # Errors
/// When wrk is missing, or any answer is not a success.
pub fn load(server: &Server, load: Load, connections: u32, seconds: u32, pinning: &Pinning) -> Result<Measured> {
    let mut command = pinning.others("wrk");
    command.args(["--threads", "1", "--connections", &connections.to_string(), "--duration", &format!("{seconds}s")]);
    command.args([
        "--timeout",
        "10s",
        "--script",
        SCRIPT,
        &format!("http://127.0.0.1:{}/graphql", server.port),
        "--",
        load.name(),
    ]);
    let before = server.cpu_time();
    let output = command.output().map_err(|error| format!("cannot run wrk: {error}"))?;
    let cpu_time = server.cpu_time().saturating_sub(before);

    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix("result "));
    let figures: Vec<f64> = line.unwrap_or_default().split(' ').filter_map(|figure| figure.parse().ok()).collect();
    let &[requests, duration_us, p50_us, p99_us, p999_us, slowest_us, failed, broken] = figures.as_slice() else {
        return Err(format!("wrk gave no result: {}{text}", String::from_utf8_lossy(&output.stderr)).into());
    };
    if failed > 0.0 || broken > 0.0 || requests == 0.0 {
        return Err(
            format!("{}: of {requests} requests {failed} failed and {broken} got no answer", server.name).into()
        );
    }
    Ok(Measured {
        requests_per_second: requests / (duration_us / 1e6),
        p50_ms: p50_us / 1e3,
        p99_ms: p99_us / 1e3,
        p999_ms: p999_us / 1e3,
        slowest_ms: slowest_us / 1e3,
        cpu_us_per_request: cpu_time.as_secs_f64() * 1e6 / requests,
    })
}
