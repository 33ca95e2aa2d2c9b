//! Which calls are made again, within the time that the first one has. Only what can do no harm:
//!
//! | what happened | GET, HEAD, PUT, DELETE | POST, PATCH |
//! |---|---|---|
//! | no connection came about, or it closed before the request was written | again, a few times | again, a few times |
//! | a connection that was kept from an earlier call broke, and not a byte of the answer had come | again, once | **not again** |
//! | anything else: a new connection broke, an answer broke off, time is up | not again | not again |
//!
//! Servers close connections that were idle, and a request may just be on its way: that is the second line. An answer is an
//! answer, whatever its status.

use std::time::Duration;

use crate::limits;

/// What is known of an attempt that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// The service cannot have seen the request.
    NothingSent,
    /// It was sent over a connection that had been idle, and nothing came back.
    LostOnKeptConnection,
    Unknown,
}

/// How long to wait before the next attempt; `None`: there is none. `attempt` counts from 1.
pub(super) fn wait_before_next(progress: Progress, method: &str, attempt: u32) -> Option<Duration> {
    match progress {
        Progress::NothingSent if attempt < limits::HTTP_CONNECT_ATTEMPTS => {
            Some(limits::HTTP_FIRST_BACKOFF * 2_u32.pow(attempt - 1))
        }
        Progress::LostOnKeptConnection if attempt == 1 && is_idempotent(method) => Some(Duration::ZERO),
        _ => None,
    }
}

/// Whether twice is the same as once (RFC 9110, section 9.2.2).
fn is_idempotent(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "PUT" | "DELETE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds() {
        let first = Some(limits::HTTP_FIRST_BACKOFF);
        for method in ["GET", "HEAD", "PUT", "DELETE", "POST", "PATCH", "OPTIONS"] {
            let is_harmless = ["GET", "HEAD", "PUT", "DELETE"].contains(&method);
            assert_eq!(wait_before_next(Progress::NothingSent, method, 1), first);
            assert_eq!(wait_before_next(Progress::NothingSent, method, 2), first.map(|wait| wait * 2));
            assert_eq!(wait_before_next(Progress::NothingSent, method, 3), None);
            assert_eq!(
                wait_before_next(Progress::LostOnKeptConnection, method, 1),
                is_harmless.then_some(Duration::ZERO),
                "{method}"
            );
            assert_eq!(wait_before_next(Progress::LostOnKeptConnection, method, 2), None);
            assert_eq!(wait_before_next(Progress::Unknown, method, 1), None);
        }
    }
}
