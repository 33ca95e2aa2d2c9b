//! The limits that `syncline.yaml` sets: AppSync's two, and two of ours.

use crate::error::Diagnostic;
use crate::limits::{CostLimit, Limits};
use crate::project::reader::{Reader, Section};
use crate::project::yaml::{Data, Node};

/// How often one caller may ask. AppSync has nothing like it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// In the long run.
    pub requests_per_second: usize,
    /// At one moment, after a pause. Default: as many as in a second.
    pub burst: usize,
}

/// Requests per second, and in one burst, that `rateLimit` can be set to.
const MOST_REQUESTS: usize = 100_000;

/// Resolvers that `queryCostLimit` can be set to, and items that a list can be taken to have.
const MOST_COST: usize = 1_000_000_000;

/// The limits of an operation.
pub(crate) fn read_limits(top: &Section, reader: &mut Reader) -> Limits {
    let limits = Limits::default();
    let mut integer = |key, most| top.get(key).and_then(|node| reader.integer(node, key, 0..=most));
    let query_depth = integer("queryDepthLimit", 75).unwrap_or(limits.query_depth);
    // 0 stands for AppSync's own bound (spec appsync-service 1.9).
    let resolver_count = integer("resolverCountLimit", limits.resolver_count).filter(|&count| count > 0);
    let resolver_count = resolver_count.unwrap_or(limits.resolver_count);
    let query_cost = top.get("queryCostLimit").and_then(|node| read_cost_limit(node, reader));
    Limits { query_depth, resolver_count, query_cost, ..limits }
}

/// A number of resolvers, or that and the size of lists.
fn read_cost_limit(node: &Node, reader: &mut Reader) -> Option<CostLimit> {
    let mut limit = CostLimit::default();
    let resolvers = match &node.data {
        Data::Map(_) => {
            let section = reader.section(node, "queryCostLimit", "`queryCostLimit`", &["limit", "listSize"]);
            if let Some(node) = section.get("listSize") {
                limit.list_size = reader.integer(node, "listSize", 1..=MOST_COST).unwrap_or(1) as u64;
            }
            let Some(node) = section.get("limit") else {
                let problem = Diagnostic::error("`queryCostLimit` lacks `limit`");
                reader.report(problem.help("say how many resolvers an operation may run: `limit: 1000`"), &node.range);
                return None;
            };
            reader.integer(node, "limit", 0..=MOST_COST)
        }
        _ => reader.integer(node, "queryCostLimit", 0..=MOST_COST),
    };
    limit.resolvers = resolvers.filter(|&resolvers| resolvers > 0)? as u64;
    Some(limit)
}

pub(crate) fn read_rate_limit(node: Option<&Node>, reader: &mut Reader) -> Option<RateLimit> {
    let node = node?;
    let section = reader.section(node, "rateLimit", "`rateLimit`", &["requestsPerSecond", "burst"]);
    let Some(rate) = section.get("requestsPerSecond") else {
        let problem = Diagnostic::error("`rateLimit` lacks `requestsPerSecond`");
        reader.report(problem.help("for example `rateLimit: { requestsPerSecond: 50, burst: 100 }`"), &node.range);
        return None;
    };
    let requests_per_second = reader.integer(rate, "requestsPerSecond", 1..=MOST_REQUESTS)?;
    let burst = section.get("burst").and_then(|node| reader.integer(node, "burst", 1..=MOST_REQUESTS));
    Some(RateLimit { requests_per_second, burst: burst.unwrap_or(requests_per_second) })
}
