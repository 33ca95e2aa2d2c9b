//! A test in a process of its own, and what it was doing when that process ended.

use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Set in the process of a test's own: the test's name.
const NAME: &str = "SYNCLINE_FUZZ_TEST";

/// How long one input may take before the process ends itself. Limits end every call thousands of times sooner; this is
/// for machines that are busy with other things.
const PATIENCE: Duration = Duration::from_secs(120);

/// The file that holds the input in hand, or the one that broke something.
fn input_file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("syncline-fuzz-{}", name.replace("::", "-")))
}

/// Runs `work` in a process that runs nothing but the test `name`, written with its modules.
pub fn in_its_own_process(name: &str, work: impl FnOnce()) {
    if std::env::var_os(NAME).is_some() {
        return work();
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--test-threads=1", "--nocapture"])
        .env(NAME, name)
        // glibc gives each thread a heap of its own; what one has freed would not be there for the next one.
        .env("MALLOC_ARENA_MAX", "1")
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let file = input_file(name);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "the process ended with {}; what it worked on is in {}\n{said}",
        output.status,
        file.display(),
    );
    let _ = std::fs::remove_file(file);
}

/// Runs a target on one input, which is kept in a file meanwhile.
pub fn watch(input: &[u8], target: impl FnOnce(&[u8])) {
    let name = std::env::var(NAME).unwrap_or_default();
    std::fs::write(input_file(&name), input).unwrap();
    let (done, is_done) = channel::<()>();
    let watchdog = std::thread::spawn(move || {
        if is_done.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            eprintln!("no end after {PATIENCE:?}");
            std::process::abort();
        }
    });
    target(input);
    drop(done);
    watchdog.join().unwrap();
}

/// Memory of this process that is in use, where the system tells it as Linux does.
pub fn resident_bytes() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<usize>().ok()? * 1024)
}
