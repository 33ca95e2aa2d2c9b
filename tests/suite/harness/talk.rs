//! What a process says on its standard error, while it runs and after its end.

use std::io::{BufRead, BufReader};
use std::process::ChildStderr;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::binary::wait_until;

/// Collects it on a thread of its own, so that the process never waits for a reader. What it has written may still be
/// on its way here: ask for a text with [`Talk::wait_for`], or for everything with [`Talk::to_the_end`].
pub struct Talk {
    heard: Arc<Mutex<String>>,
    listener: JoinHandle<()>,
}

impl Talk {
    pub fn of(stderr: ChildStderr) -> Talk {
        let heard = Arc::new(Mutex::new(String::new()));
        let lines = heard.clone();
        let listener = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                lines.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        Talk { heard, listener }
    }

    /// What has been heard so far.
    pub fn so_far(&self) -> String {
        self.heard.lock().unwrap().clone()
    }

    /// Waits until `text` has been heard, and gives everything heard until then. `ended`: asks how the process ended,
    /// if it has.
    #[track_caller]
    pub fn wait_for(&self, text: &str, mut ended: impl FnMut() -> Option<String>) -> String {
        wait_until(|| {
            let heard = self.so_far();
            if heard.contains(text) {
                return Ok(heard);
            }
            let Some(status) = ended() else { return Err(format!("it did not say {text:?}, but:\n{heard}")) };
            let heard = self.to_the_end();
            assert!(heard.contains(text), "it ended with {status} and did not say {text:?}, but:\n{heard}");
            Ok(heard)
        })
    }

    /// Everything that a process has said which has ended: waits until the last of it has arrived.
    #[track_caller]
    pub fn to_the_end(&self) -> String {
        wait_until(|| match self.listener.is_finished() {
            true => Ok(self.so_far()),
            false => Err(format!("somebody holds its standard error open; so far:\n{}", self.so_far())),
        })
    }
}
