//! What tests begin with.
//!
//! | to test | begin with |
//! |---|---|
//! | a whole project, in process | [`Project::named`] |
//! | the executor alone, resolvers made by hand | [`api`] |
//! | the binary | [`binary`] |
//! | the binary inside of Lambda | [`function`] |
//! | what may use up the stack or memory, in a process of its own | [`child`] |
//! | what goes over a socket | [`wire`] |
//! | what is asked over a socket | [`service`] |
//! | a text that is compared with a file | [`snapshot`] |
//! | a manifest | [`yaml`] |

pub mod api;
pub mod binary;
pub mod child;
pub mod dynamodb;
pub mod function;
pub mod project;
pub mod recording;
pub mod runtime_api;
pub mod service;
pub mod snapshot;
pub mod talk;
pub mod web;
pub mod wire;
pub mod yaml;

use std::future::Future;
use std::path::PathBuf;

pub use project::{Project, Step};

/// 2026-11-22T12:00:00.000Z, where the clock of every test in process stands.
pub const NOON: i64 = 1_795_348_800_000;

/// A file or folder below `tests/`.
pub fn tests_folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// Runs a test's future on a single thread, so that what it does has one order.
pub fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// A folder of a test's own; gone when dropped.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("syncline-suite-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    /// Writes a file, and the folders above it.
    pub fn with(self, path: &str, text: &str) -> Folder {
        self.write(path, text);
        self
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn path(&self) -> &std::path::Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
