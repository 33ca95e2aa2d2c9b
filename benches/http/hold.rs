//! Many connections for a while: does the server hold them, how long do the slowest wait, and does its memory stay?

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::server::{Pinning, Server, Storage};
use crate::wrk::{self, Load};
use crate::{Result, machine, server};

const CONNECTIONS: u32 = 1_000;
pub const SECONDS: u32 = 60;
pub const QUICK_SECONDS: u32 = 3;

/// Growth of the memory from the second quarter of the time to the last that is not worth mentioning: what is in flight at
/// one moment differs, and allocators keep some spare.
const FLAT_MIB: f64 = 8.0;

/// How often the memory is looked at.
const SAMPLES: u32 = 60;

/// Loads Syncline on tables on disk with mixed operations and prints what it gave. A failed request fails the run.
pub fn run(seconds: u32, pinning: &Pinning) -> Result<()> {
    let server = server::syncline(pinning, server::Ours::Silent, Storage::Disk)?;
    println!("{}", machine::describe(pinning));
    println!("{CONNECTIONS} connections for {seconds} s, {}, tables on disk.\n", Load::Mixed.label());
    let idle = server.memory_mib();
    let is_over = AtomicBool::new(false);
    let (measured, memory) = std::thread::scope(|scope| {
        let samples = scope.spawn(|| sample(&server, &is_over, seconds));
        let measured = wrk::load(&server, Load::Mixed, CONNECTIONS, seconds, pinning);
        is_over.store(true, Ordering::Relaxed);
        (measured, samples.join().unwrap_or_default())
    });
    let measured = measured?;
    println!("| requests/s | p50 ms | p99 ms | p99.9 ms | slowest ms | errors |");
    println!("|---|---|---|---|---|---|");
    println!(
        "| {:.0} | {:.1} | {:.1} | {:.1} | {:.1} | 0 |\n",
        measured.requests_per_second, measured.p50_ms, measured.p99_ms, measured.p999_ms, measured.slowest_ms
    );
    let quarter = memory.len().div_ceil(4);
    let middle = median(memory.iter().skip(quarter).take(quarter)).unwrap_or(idle);
    let end = median(memory.iter().rev().take(quarter)).unwrap_or(idle);
    let most = memory.iter().copied().fold(idle, f64::max);
    println!("| resident memory, MiB | before | second quarter | last quarter | at most | after |");
    println!("|---|---|---|---|---|---|");
    println!("| Syncline | {idle:.0} | {middle:.0} | {end:.0} | {most:.0} | {:.0} |", server.memory_mib());
    if seconds == SECONDS && end > middle + FLAT_MIB {
        return Err(format!("the memory grew from {middle:.0} to {end:.0} MiB").into());
    }
    Ok(())
}

fn median<'a>(samples: impl Iterator<Item = &'a f64>) -> Option<f64> {
    let mut samples: Vec<f64> = samples.copied().collect();
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied()
}

fn sample(server: &Server, is_over: &AtomicBool, seconds: u32) -> Vec<f64> {
    let pause = Duration::from_secs(seconds.into()) / SAMPLES;
    let mut memory = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        std::thread::sleep(pause);
        memory.push(server.memory_mib());
    }
    memory
}
