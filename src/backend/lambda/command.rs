//! Commands that stand for Lambda functions on a laptop.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Semaphore;

use crate::backend::ServiceError;
use crate::backend::lambda::LambdaAnswer;
use crate::clock::Clock;
use crate::limits;
use crate::value::{Str, Value};

/// How long to sleep between two looks at a process that has closed its output but not ended.
const GLANCE: Duration = Duration::from_millis(2);

/// Starts commands, a bounded number at a time.
pub(super) struct Commands {
    folder: PathBuf,
    permits: Semaphore,
}

impl Commands {
    pub fn new(folder: PathBuf) -> Commands {
        Commands { folder, permits: Semaphore::new(limits::LOCAL_FUNCTION_PROCESSES) }
    }

    /// Runs `command` once for function `name`.
    ///
    /// # Errors
    /// It could not be started. Whatever went wrong later is an answer with a function error.
    pub async fn call(&self, name: &Str, command: Vec<Str>, payload: Bytes) -> Result<LambdaAnswer, ServiceError> {
        let _permit = self.permits.acquire().await.map_err(|_| not_started(name, "", "the process is ending"))?;
        let (folder, owned) = (self.folder.clone(), name.clone());
        // Threads, because a process is waited for by blocking; the permits bound their number.
        let run = tokio::task::spawn_blocking(move || run(&owned, &command, &folder, payload, limits::LAMBDA_TIMEOUT));
        run.await.unwrap_or_else(|error| Err(not_started(name, "", error)))
    }
}

fn not_started(name: &str, program: &str, why: impl std::fmt::Display) -> ServiceError {
    ServiceError {
        code: Str::new_static("SdkClientException"),
        message: format!("function `{name}`: `{program}` cannot be started: {why}").into(),
        ..ServiceError::default()
    }
}

/// Ends the process when dropped, however it went.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(
    name: &str,
    command: &[Str],
    folder: &Path,
    payload: Bytes,
    timeout: Duration,
) -> Result<LambdaAnswer, ServiceError> {
    let (program, arguments) = command.split_first().ok_or_else(|| not_started(name, "", "the command is empty"))?;
    let started = Clock::system().instant();
    let child = Command::new(program.as_str())
        .args(arguments.iter().map(Str::as_str))
        .current_dir(folder)
        .env("AWS_LAMBDA_FUNCTION_NAME", name)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut process = Running(child.map_err(|error| not_started(name, program, error))?);
    if let Some(mut input) = process.0.stdin.take() {
        // It need not read what it is given.
        std::thread::spawn(move || input.write_all(&payload));
    }
    let output = read_in_background(process.0.stdout.take(), limits::LAMBDA_PAYLOAD_BYTES);
    let complaints = read_in_background(process.0.stderr.take(), limits::LOCAL_FUNCTION_ERROR_BYTES);
    let left = || timeout.saturating_sub(started.elapsed());
    let output = match output.recv_timeout(left()) {
        Ok(output) => output,
        Err(RecvTimeoutError::Timeout) => return Ok(timed_out(timeout)),
        Err(RecvTimeoutError::Disconnected) => Vec::new(),
    };
    if output.len() > limits::LAMBDA_PAYLOAD_BYTES {
        let most = limits::LAMBDA_PAYLOAD_BYTES;
        let message = format!("Response payload size exceeded maximum allowed payload size ({most} bytes).");
        return Ok(LambdaAnswer::unhandled("Function.ResponseSizeTooLarge", &message));
    }
    let status = loop {
        match process.0.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if !left().is_zero() => std::thread::sleep(GLANCE),
            Ok(None) => return Ok(timed_out(timeout)),
            Err(error) => return Err(not_started(name, program, error)),
        }
    };
    let complaints = complaints.recv_timeout(left()).unwrap_or_default();
    let complaints = String::from_utf8_lossy(&complaints);
    for line in complaints.lines() {
        tracing::info!(function = name, line, "standard error");
    }
    Ok(answer(name, status, output, &complaints))
}

/// Reads to the end, or one byte past `most`.
fn read_in_background(source: Option<impl Read + Send + 'static>, most: usize) -> Receiver<Vec<u8>> {
    let (tell, told) = channel();
    if let Some(source) = source {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let mut source = source.take(most as u64 + 1);
            let _ = source.read_to_end(&mut bytes); // what came before an error counts
            let _ = tell.send(bytes); // nobody listens any more after a time-out
            // A full pipe would stop the process.
            let _ = std::io::copy(&mut source.into_inner(), &mut std::io::sink());
        });
    }
    told
}

fn timed_out(timeout: Duration) -> LambdaAnswer {
    let message = format!("Task timed out after {:.2} seconds", timeout.as_secs_f64());
    LambdaAnswer::unhandled("Sandbox.Timedout", &message)
}

fn answer(name: &str, status: ExitStatus, output: Vec<u8>, complaints: &str) -> LambdaAnswer {
    let text = String::from_utf8_lossy(&output);
    let text = text.trim();
    let json = if text.is_empty() { Some(Value::Null) } else { Value::parse(text).ok() };
    if status.success() {
        return match json {
            Some(Value::Null) => LambdaAnswer { payload: Bytes::from_static(b"null"), function_error: None },
            Some(_) => LambdaAnswer { payload: text.to_owned().into(), function_error: None },
            None => {
                let message = format!("the command of function `{name}` wrote to standard output what is no JSON");
                LambdaAnswer::unhandled("Runtime.MalformedResponse", &message)
            }
        };
    }
    // A command that tells its error in Lambda's form is quoted.
    if json.as_ref().is_some_and(|json| json.get("errorMessage").is_some()) {
        return LambdaAnswer { payload: text.to_owned().into(), function_error: Some(Str::new_static("Unhandled")) };
    }
    let last = complaints.lines().rev().map(str::trim).find(|line| !line.is_empty());
    let message = last.map_or_else(|| status.to_string(), |line| format!("{line} ({status})"));
    LambdaAnswer::unhandled("Runtime.ExitError", &message)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_does_not_end_is_ended() {
        for script in ["exec cat /dev/zero > /dev/null", "exec >&-; while :; do :; done"] {
            let command = ["sh", "-c", script].map(Str::from);
            let answer = run("slow", &command, Path::new("."), Bytes::new(), Duration::from_millis(50)).unwrap();
            assert_eq!(answer, timed_out(Duration::from_millis(50)), "{script}");
        }
    }
}
