//! The real binary, as a user runs it.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::talk::Talk;

/// A finished run.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// `syncline` with nothing of the surroundings that could change what it does.
fn syncline(project: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_syncline"));
    command
        .current_dir(project)
        .env_remove("AWS_LAMBDA_RUNTIME_API")
        .env_remove("SYNCLINE_LOG")
        .env_remove("SYNCLINE_SECRET")
        .env_remove("SYNCLINE_DYNAMODB_ENDPOINT");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs `syncline` in a project's folder to its end.
#[track_caller]
pub fn run(project: &Path, arguments: &[&str]) -> Run {
    run_with_input(project, arguments, "")
}

/// As [`run`], with variables that are set for it alone.
#[track_caller]
pub fn run_with_environment(project: &Path, arguments: &[&str], variables: &[(&str, String)]) -> Run {
    let mut command = syncline(project);
    command.args(arguments).envs(variables.iter().map(|(name, value)| (name, value)));
    finish(command, "")
}

#[track_caller]
pub fn run_with_input(project: &Path, arguments: &[&str], input: &str) -> Run {
    let mut command = syncline(project);
    command.args(arguments);
    finish(command, input)
}

#[track_caller]
fn finish(mut command: Command, input: &str) -> Run {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A process that goes on until it is dropped.
pub struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the binary without arguments, as Lambda does.
pub fn start_with_environment(project: &Path, variables: &[(&str, String)]) -> Running {
    let mut command = syncline(project);
    command.envs(variables.iter().map(|(name, value)| (name, value))).stdin(Stdio::null()).stdout(Stdio::null());
    Running(command.spawn().unwrap())
}

/// `syncline dev` or `syncline serve` at work on a port of its own; killed when dropped.
pub struct Dev {
    pub address: SocketAddr,
    child: Child,
    talk: Talk,
}

/// Longest a test waits for something that has to happen. Far beyond what it takes.
const PATIENCE: Duration = Duration::from_secs(60);

impl Dev {
    /// Starts it in a project's folder and waits for its summary.
    #[track_caller]
    pub fn start(project: &Path, arguments: &[&str]) -> Dev {
        let mut command = syncline(project);
        command.args(["dev", "--port", "0"]).args(arguments);
        Dev::listening(command, "started", "http://")
    }

    /// Starts it as a container does, and waits until it listens. `variables` are set for it alone.
    #[track_caller]
    pub fn serve(project: &Path, arguments: &[&str], variables: &[(&str, String)]) -> Dev {
        let mut command = syncline(project);
        command.args(["serve", "--port", "0", "--host", "127.0.0.1"]).args(arguments);
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        Dev::listening(command, "\"message\":\"serving\"", "\"address\":\"")
    }

    /// Starts it, waits until it has said `said`, and reads its address behind `before`.
    #[track_caller]
    fn listening(mut command: Command, said: &str, before: &str) -> Dev {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let talk = Talk::of(child.stderr.take().unwrap());
        let mut dev = Dev { address: "127.0.0.1:0".parse().unwrap(), child, talk };
        let talk = dev.wait_for(said);
        let address = talk.split(before).nth(1).and_then(|rest| rest.split(['/', '"']).next());
        dev.address =
            address.and_then(|address| address.parse().ok()).unwrap_or_else(|| panic!("no address in:\n{talk}"));
        dev
    }

    /// What it has said so far, of which the last may still be missing.
    pub fn talk(&self) -> String {
        self.talk.so_far()
    }

    /// Waits until it has said something that contains `text`, and gives everything until then.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> String {
        let Dev { talk, child, .. } = self;
        talk.wait_for(text, || child.try_wait().unwrap().map(|status| status.to_string()))
    }

    /// Sends it the signal with which containers are stopped.
    pub fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success(), "{sent}");
    }

    /// Waits for its end, and gives the exit code with what it said.
    pub fn end(mut self) -> (Option<i32>, String) {
        let status = wait_until(|| match self.child.try_wait().unwrap() {
            Some(status) => Ok(status),
            None => Err(format!("it goes on: {}", self.talk())),
        });
        (status.code(), self.talk.to_the_end())
    }

    /// Ends it at once, as a power cut would, no handler of its own runs; gives everything that it said.
    pub fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.talk.to_the_end()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again and again until the answer is `Ok`; fails with the last `Err` when patience ends.
#[track_caller]
pub fn wait_until<T>(mut ask: impl FnMut() -> Result<T, String>) -> T {
    let started = Instant::now();
    loop {
        match ask() {
            Ok(found) => return found,
            Err(problem) if started.elapsed() > PATIENCE => panic!("{problem}"),
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}
