//! How often one caller may ask. AppSync limits the whole API of an account (spec appsync-service 9.1); a limit per caller
//! keeps one of them from using it up.
//!
//! The generic cell rate algorithm: one number per caller, the time at which its allowance is full again. The `governor`
//! crate has it too, with a clock and an unbounded table of its own, where both must be ours.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::auth::Evidence;
use crate::context::{AuthMode, Identity};
use crate::project::RateLimit;
use crate::value::{Str, Value};

/// Callers remembered at one time. Ours. Beyond it, those who have asked least lately are forgotten, in their favour.
const CALLERS: usize = 100_000;

/// The allowances of all callers of this process. Several processes, as Lambda runs them, count each for itself.
pub struct RateLimiter {
    /// Microseconds that one request uses up.
    cost: i64,
    /// Microseconds that may be used ahead of time.
    burst: i64,
    /// When each caller's allowance is full again, in microseconds.
    full_at: Mutex<HashMap<Str, i64, foldhash::fast::RandomState>>,
}

impl RateLimiter {
    pub fn new(settings: &RateLimit) -> RateLimiter {
        let cost = 1_000_000 / settings.requests_per_second.max(1) as i64;
        RateLimiter { cost, burst: cost * settings.burst.max(1) as i64, full_at: Mutex::default() }
    }

    /// Takes one request off the caller's allowance.
    ///
    /// # Errors
    /// The allowance is used up; gives the seconds after which it is worth trying again.
    pub fn take(&self, caller: &str, now_epoch_milliseconds: i64) -> Result<(), u32> {
        let now = now_epoch_milliseconds.saturating_mul(1000);
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if full_at.len() >= CALLERS {
            full_at.retain(|_, time| *time > now);
            if full_at.len() >= CALLERS {
                full_at.clear();
            }
        }
        let time = match full_at.get_mut(caller) {
            Some(time) => time,
            None => full_at.entry(caller.into()).or_insert(now),
        };
        let next = (*time).max(now) + self.cost;
        let ahead = next - now - self.burst;
        if ahead > 0 {
            return Err(u32::try_from(ahead.unsigned_abs().div_ceil(1_000_000)).unwrap_or(u32::MAX));
        }
        *time = next;
        Ok(())
    }
}

/// Who is counted: a user by issuer and `sub`, an IAM caller by ARN, everybody else by address, because an API key and
/// nothing at all are shared by many. Behind a load balancer that hides addresses, all of these are one.
pub fn caller(identity: &Identity, evidence: &Evidence) -> String {
    let member = |name: &str| identity.value.get(name).and_then(Value::as_str);
    let mode = identity.mode.map_or("-", AuthMode::name);
    match (member("sub"), member("userArn")) {
        (Some(sub), _) => format!("{mode} {} {sub}", member("issuer").unwrap_or_default()),
        (None, Some(arn)) => format!("{mode} {arn}"),
        (None, None) => {
            let context = identity.value.get("resolverContext").map(Value::to_string).unwrap_or_default();
            format!("{mode} {} {context}", evidence.peer.as_deref().unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(requests_per_second: usize, burst: usize) -> RateLimiter {
        RateLimiter::new(&RateLimit { requests_per_second, burst })
    }

    #[test]
    fn a_burst_passes_and_then_one_request_for_each_interval() {
        let limiter = limiter(10, 3);
        let taken: Vec<bool> = (0..5).map(|_| limiter.take("ada", 1_000).is_ok()).collect();
        assert_eq!(taken, [true, true, true, false, false]);
        assert!(limiter.take("ada", 1_099).is_err());
        assert!(limiter.take("ada", 1_100).is_ok());
        assert!(limiter.take("ada", 1_100).is_err());
        // After a while the whole burst is there again, and no more than that.
        let taken = (0..5).filter(|_| limiter.take("ada", 60_000).is_ok()).count();
        assert_eq!(taken, 3);
    }

    #[test]
    fn callers_do_not_share_an_allowance() {
        let limiter = limiter(1, 1);
        assert!(limiter.take("ada", 0).is_ok());
        assert_eq!(limiter.take("ada", 0), Err(1));
        assert!(limiter.take("bruno", 0).is_ok());
    }

    #[test]
    fn users_are_counted_by_name_and_others_by_address() {
        let identity = |json: &str| Identity::from_value(Value::parse(json).unwrap());
        let from = |peer: &str| Evidence { peer: Some(peer.into()), ..Evidence::default() };
        let user = |sub: &str| identity(&format!("{{\"issuer\":\"i\",\"sub\":\"{sub}\"}}"));
        assert_eq!(caller(&user("a"), &from("::1")), caller(&user("a"), &from("::2")));
        assert_ne!(caller(&user("a"), &from("::1")), caller(&user("b"), &from("::1")));
        assert_ne!(caller(&Identity::default(), &from("::1")), caller(&Identity::default(), &from("::2")));
        let arn = identity(r#"{"userArn":"arn:aws:iam::1:user/a"}"#);
        assert_eq!(caller(&arn, &from("::1")), caller(&arn, &from("::2")));
    }

    #[test]
    fn a_clock_that_goes_back_neither_blocks_nor_gives_more() {
        let limiter = limiter(1, 2);
        assert!(limiter.take("ada", 10_000).is_ok());
        assert!(limiter.take("ada", 10_000).is_ok());
        assert!(limiter.take("ada", 5_000).is_err());
        assert!(limiter.take("ada", 11_000).is_ok());
    }

    #[test]
    fn the_table_of_callers_is_bounded() {
        let limiter = limiter(1, 1);
        for index in 0..CALLERS + 10 {
            let _ = limiter.take(&index.to_string(), 0); // each asks once
        }
        assert!(limiter.full_at.lock().unwrap().len() <= CALLERS);
    }
}
