//! The binary as Lambda starts it: `bootstrap`, with the Runtime API of [`super::runtime_api`] behind it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use super::binary::wait_until;
use super::runtime_api::RuntimeApi;
use super::talk::Talk;

/// A running function; killed when dropped.
pub struct Function {
    pub api: RuntimeApi,
    child: Child,
    talk: Talk,
}

/// What `scripts/bootstrap` has built, where `scripts/test` could build it.
pub fn built_bootstrap() -> Option<PathBuf> {
    std::env::var_os("SYNCLINE_BOOTSTRAP").map(PathBuf::from)
}

/// What Lambda loads: the artefact that has been built for it, or the binary of this test run.
pub fn bootstrap() -> PathBuf {
    built_bootstrap().unwrap_or_else(|| env!("CARGO_BIN_EXE_syncline").into())
}

impl Function {
    /// Starts it on a project's folder, with nothing of the surroundings but the variables that Lambda always sets.
    /// `variables` are set besides, or taken away where they are empty.
    #[track_caller]
    pub fn start(project: &Path, variables: &[(&str, String)]) -> Function {
        Function::start_program(Command::new(bootstrap()), project, variables)
    }

    /// As [`Function::start`], with another program.
    #[track_caller]
    pub fn start_program(mut program: Command, project: &Path, variables: &[(&str, String)]) -> Function {
        let api = RuntimeApi::start();
        program
            .current_dir(project)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "shop")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/shop")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/22/[$LATEST]0")
            .env("LAMBDA_TASK_ROOT", project)
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", "AKIATEST")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        for (name, value) in variables {
            if value.is_empty() {
                program.env_remove(name)
            } else {
                program.env(name, value)
            };
        }
        let mut child = program.spawn().unwrap();
        let talk = Talk::of(child.stderr.take().unwrap());
        Function { api, child, talk }
    }

    /// What it has logged so far, of which the last may still be missing.
    pub fn talk(&self) -> String {
        self.talk.so_far()
    }

    /// Waits until it has logged `text`, and gives everything until then.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> String {
        let Function { talk, child, .. } = self;
        talk.wait_for(text, || child.try_wait().unwrap().map(|status| status.to_string()))
    }

    /// Ends it at once, and gives everything that it has logged.
    #[track_caller]
    pub fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.talk.to_the_end()
    }

    /// Asks it to stop, as Lambda does when the environment ends.
    pub fn terminate(&self) {
        let killed = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
    }

    /// Whether the process is still there.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until the process has ended of itself, and gives everything that it has logged.
    #[track_caller]
    pub fn end(mut self) -> (ExitStatus, String) {
        let status = wait_until(|| {
            self.child.try_wait().unwrap().ok_or_else(|| format!("it goes on, saying:\n{}", self.talk()))
        });
        (status, self.talk.to_the_end())
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
