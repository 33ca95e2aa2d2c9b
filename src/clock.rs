//! The only source of time, ids and randomness, so that a test or `syncline eval --now` can fix all of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Time and randomness: the machine's, or fixed. Cloning shares the state.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<Fixed>>);

#[derive(Debug)]
struct Fixed {
    now_epoch_milliseconds: i64,
    /// State of a SplitMix64 generator: every draw advances it, so ids differ and runs repeat.
    random_state: AtomicU64,
}

impl Clock {
    /// The machine's clock and the operating system's randomness.
    pub fn system() -> Clock {
        Clock(None)
    }

    /// A clock that stands still, with randomness drawn from `seed`.
    pub fn fixed(now_epoch_milliseconds: i64, seed: u64) -> Clock {
        Clock(Some(Arc::new(Fixed { now_epoch_milliseconds, random_state: AtomicU64::new(seed) })))
    }

    /// Milliseconds since 1970-01-01T00:00Z.
    pub fn now_epoch_milliseconds(&self) -> i64 {
        match &self.0 {
            Some(fixed) => fixed.now_epoch_milliseconds,
            None => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64),
        }
    }

    /// A reading to measure durations with; real even on a fixed clock, because deadlines must hold there too.
    pub fn instant(&self) -> Instant {
        Instant::now()
    }

    /// 16 random bytes.
    pub fn random_bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        match &self.0 {
            Some(fixed) => {
                for half in bytes.chunks_exact_mut(8) {
                    half.copy_from_slice(&fixed.next_random().to_be_bytes());
                }
            }
            None => getrandom::fill(&mut bytes).expect("the operating system always has randomness"),
        }
        bytes
    }

    /// A random version 4 UUID, lower-case with hyphens.
    pub fn uuid(&self) -> String {
        use std::fmt::Write;
        let mut bytes = self.random_bytes();
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let mut text = String::with_capacity(36);
        for (index, byte) in bytes.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        }
        text
    }
}

impl Fixed {
    fn next_random(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15; // SplitMix64's increment
        let mut z = self.random_state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_repeats_and_its_ids_differ() {
        let (a, b) = (Clock::fixed(1_000, 7), Clock::fixed(1_000, 7));
        assert_eq!(a.now_epoch_milliseconds(), 1_000);
        let first = a.uuid();
        assert_eq!(first, b.uuid());
        assert_ne!(first, a.uuid());
    }

    #[test]
    fn a_uuid_has_version_4_and_the_standard_variant() {
        let id = Clock::system().uuid();
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]));
    }
}
