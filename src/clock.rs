//! The only source of time, ids and randomness, so that a test or `syncline eval --now` can fix each of them.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::value::Str;

/// Time, randomness and ids: the machine's, or fixed. Cloning shares the state.
///
/// # Examples
/// ```
/// use syncline::clock::Clock;
/// let clock = Clock::system().standing_at(1_000).handing_out(["first".into()]);
/// assert_eq!(clock.now_epoch_milliseconds(), 1_000);
/// assert_eq!(clock.next_id(), Some(Ok("first".into())));
/// assert!(clock.next_id().is_some_and(|id| id.is_err()));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<Fixed>>);

/// What is fixed; the rest is the machine's.
#[derive(Debug, Default)]
struct Fixed {
    now_epoch_milliseconds: Option<i64>,
    /// State of a SplitMix64 generator: every draw advances it, so ids differ and runs repeat.
    random_state: Option<AtomicU64>,
    /// Ids to hand out one after the other, and how many there were.
    ids: Option<(Mutex<VecDeque<Str>>, usize)>,
}

/// Every id that was to be handed out has been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdsUsedUp {
    pub given: usize,
}

impl Clock {
    /// The machine's clock and the operating system's randomness.
    pub fn system() -> Clock {
        Clock(None)
    }

    /// A clock that stands still, with randomness drawn from `seed`.
    pub fn fixed(now_epoch_milliseconds: i64, seed: u64) -> Clock {
        Clock::system().standing_at(now_epoch_milliseconds).seeded(seed)
    }

    /// The same with the time standing still.
    pub fn standing_at(self, now_epoch_milliseconds: i64) -> Clock {
        self.with(|fixed| fixed.now_epoch_milliseconds = Some(now_epoch_milliseconds))
    }

    /// The same with randomness, ids included, drawn from `seed`.
    pub fn seeded(self, seed: u64) -> Clock {
        self.with(|fixed| fixed.random_state = Some(AtomicU64::new(seed)))
    }

    /// The same with these ids for [`Clock::next_id`].
    pub fn handing_out(self, ids: impl IntoIterator<Item = Str>) -> Clock {
        let ids: VecDeque<Str> = ids.into_iter().collect();
        let given = ids.len();
        self.with(|fixed| fixed.ids = Some((Mutex::new(ids), given)))
    }

    /// Changes what is fixed. Other clones keep what they had; a clock is fixed before it is shared.
    fn with(self, change: impl FnOnce(&mut Fixed)) -> Clock {
        let mut fixed = match self.0 {
            Some(shared) => Arc::try_unwrap(shared).unwrap_or_else(|shared| shared.copy()),
            None => Fixed::default(),
        };
        change(&mut fixed);
        Clock(Some(Arc::new(fixed)))
    }

    /// Milliseconds since 1970-01-01T00:00Z.
    pub fn now_epoch_milliseconds(&self) -> i64 {
        match self.0.as_ref().and_then(|fixed| fixed.now_epoch_milliseconds) {
            Some(now) => now,
            None => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64),
        }
    }

    /// The next of the ids that were given; `None` when ids are to be made.
    ///
    /// # Errors
    /// None of them is left: code that asks for more ids than its author expected is what they want to hear of.
    pub fn next_id(&self) -> Option<Result<Str, IdsUsedUp>> {
        let (ids, given) = self.0.as_ref()?.ids.as_ref()?;
        let next = ids.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        Some(next.ok_or(IdsUsedUp { given: *given }))
    }

    /// A reading to measure durations with; real even on a fixed clock, because deadlines must hold there too.
    pub fn instant(&self) -> Instant {
        Instant::now()
    }

    /// 16 random bytes.
    pub fn random_bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        match self.0.as_ref().and_then(|fixed| fixed.random_state.as_ref()) {
            Some(state) => {
                for half in bytes.chunks_exact_mut(8) {
                    half.copy_from_slice(&next_random(state).to_be_bytes());
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
    fn copy(&self) -> Fixed {
        Fixed {
            now_epoch_milliseconds: self.now_epoch_milliseconds,
            random_state: self.random_state.as_ref().map(|state| AtomicU64::new(state.load(Ordering::Relaxed))),
            ids: self
                .ids
                .as_ref()
                .map(|(ids, given)| (Mutex::new(ids.lock().unwrap_or_else(PoisonError::into_inner).clone()), *given)),
        }
    }
}

fn next_random(state: &AtomicU64) -> u64 {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15; // SplitMix64's increment
    let mut z = state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
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
    fn time_randomness_and_ids_are_fixed_each_for_itself() {
        let timed = Clock::system().standing_at(5);
        assert_eq!(timed.now_epoch_milliseconds(), 5);
        assert_ne!(timed.uuid(), timed.uuid());
        let all = Clock::fixed(5, 7).handing_out(["a".into(), "b".into()]);
        assert_eq!(all.uuid(), Clock::fixed(5, 7).uuid());
        let shared = all.clone();
        assert_eq!([all.next_id(), shared.next_id()], [Some(Ok("a".into())), Some(Ok("b".into()))]);
        assert_eq!(all.next_id(), Some(Err(IdsUsedUp { given: 2 })));
        assert_eq!(timed.next_id(), None);
        // A clock made from a shared one has a state of its own.
        let derived = Clock::fixed(5, 7).handing_out(["c".into()]);
        let other = derived.clone().standing_at(6);
        assert_eq!([derived.next_id(), other.next_id()], [Some(Ok("c".into())), Some(Ok("c".into()))]);
    }

    #[test]
    fn a_uuid_has_version_4_and_the_standard_variant() {
        let id = Clock::system().uuid();
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]));
    }
}
