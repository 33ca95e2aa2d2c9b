//! Timing that bears other programs on the machine: contestants take turns, and the middle of many rounds counts.

use std::time::{Duration, Instant};

#[derive(Clone, Copy)]
pub struct Effort {
    /// How often each contestant takes its turn.
    pub rounds: usize,
    /// Handler pairs over which memory is watched.
    pub growth_calls: usize,
}

/// What was measured of one contestant.
#[derive(Clone, Copy)]
pub struct Sample {
    pub median: Duration,
    /// The fastest round: nearest to an idle machine.
    pub best: Duration,
}

impl Sample {
    pub fn ratio(self, other: Sample) -> f64 {
        self.median.as_secs_f64() / other.median.as_secs_f64()
    }
}

/// Runs every contestant `repeats` times in each round and gives the time of one run.
pub fn compare<const N: usize>(rounds: usize, repeats: u32, contestants: [&mut dyn FnMut(); N]) -> [Sample; N] {
    let mut times: [Vec<Duration>; N] = std::array::from_fn(|_| Vec::with_capacity(rounds));
    for round in 0..=rounds {
        for index in 0..N {
            let started = Instant::now();
            for _ in 0..repeats {
                contestants[index]();
            }
            // The first round warms caches and branch predictors.
            if round > 0 {
                times[index].push(started.elapsed() / repeats);
            }
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        Sample { median: times[times.len() / 2], best: times[0] }
    })
}

/// Memory that the process holds, in KiB; `None` where the system does not tell.
pub fn resident_kib() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

pub fn microseconds(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64() * 1e6)
}
