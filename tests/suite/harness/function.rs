//! The binary as Lambda starts it: `bootstrap`, with the Runtime API of [`super::runtime_api`] behind it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use super::binary::wait_until;
use super::runtime_api::RuntimeApi;

/// A running function; killed when dropped.
pub struct Function {
    pub api: RuntimeApi,
    child: Child,
    talk: Arc<Mutex<String>>,
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
        let talk = Arc::new(Mutex::new(String::new()));
        let (heard, stderr) = (talk.clone(), child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                heard.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        Function { api, child, talk }
    }

    /// What it has logged so far.
    pub fn talk(&self) -> String {
        self.talk.lock().unwrap().clone()
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

    /// Waits until the process has ended.
    #[track_caller]
    pub fn wait_for_end(&mut self) -> ExitStatus {
        wait_until(|| {
            self.child.try_wait().unwrap().ok_or_else(|| format!("it goes on, saying:\n{}", self.talk.lock().unwrap()))
        })
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
