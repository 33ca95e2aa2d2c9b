//! The servers: how each is started, watched and stopped. All of them listen on the loopback interface only.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{Result, client, machine};

const PROJECT: &str = "benches/project";
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Which cores the parties get, where there are two: the one under load must not wait for the one that loads it.
pub struct Pinning {
    cores: Option<(usize, usize)>,
}

impl Pinning {
    pub fn of_this_machine() -> Pinning {
        let has_taskset = Command::new("taskset")
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        match machine::allowed_cores().as_slice() {
            [first, .., last] if has_taskset => Pinning { cores: Some((*first, *last)) },
            _ => Pinning { cores: None },
        }
    }

    pub fn is_active(&self) -> bool {
        self.cores.is_some()
    }

    /// A command for the core of the server under load.
    pub fn server(&self, program: impl AsRef<Path>) -> Command {
        on_core(self.cores.map(|(server, _)| server), program.as_ref())
    }

    /// A command for the core of everything else.
    pub fn others(&self, program: impl AsRef<Path>) -> Command {
        on_core(self.cores.map(|(_, others)| others), program.as_ref())
    }
}

fn on_core(core: Option<usize>, program: &Path) -> Command {
    match core {
        None => Command::new(program),
        Some(core) => {
            // taskset replaces itself with the program, so that the child's id is the server's.
            let mut command = Command::new("taskset");
            command.args(["--cpu-list", &core.to_string()]).arg(program);
            command
        }
    }
}

/// A server that listens. Stopped when dropped.
pub struct Server {
    pub name: &'static str,
    pub port: u16,
    process: Running,
    /// Where its stderr goes, when somebody wants to read it.
    talk: Option<PathBuf>,
    /// Other processes that it needs.
    _helpers: Vec<Running>,
}

/// A child process that does not outlive this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What becomes of Syncline's line per request.
pub enum Ours {
    Silent,
    Talking,
}

/// Where Syncline's tables are.
pub enum Storage {
    Memory,
    /// A folder that is emptied first.
    Disk,
}

/// `syncline dev` with its tables in memory or on disk.
pub fn syncline(pinning: &Pinning, ours: Ours, storage: Storage) -> Result<Server> {
    let port = free_port()?;
    let mut command = pinning.server(beside("syncline")?);
    command.args(["dev", "--project", PROJECT, "--port", &port.to_string()]);
    match storage {
        Storage::Memory => drop(command.arg("--memory")),
        Storage::Disk => {
            let folder = std::env::temp_dir().join("syncline-bench-tables");
            if folder.exists() {
                std::fs::remove_dir_all(&folder)?;
            }
            command.arg("--data").arg(folder);
        }
    }
    let talk = match ours {
        Ours::Silent => None,
        Ours::Talking => Some(std::env::temp_dir().join(format!("syncline-bench-{}.log", std::process::id()))),
    };
    Server::start("Syncline", command, port, talk, Vec::new())
}

pub fn handwritten(pinning: &Pinning) -> Result<Server> {
    let port = free_port()?;
    let mut command = pinning.server(beside("handwritten")?);
    command.env("PORT", port.to_string()).env("SEED", format!("{PROJECT}/seed"));
    Server::start("hand-written", command, port, None, Vec::new())
}

/// The Amplify simulator from the folder that `SYNCLINE_SIMULATOR_DIR` names, with its own database beside it.
pub fn simulator(pinning: &Pinning) -> Result<Server> {
    let folder =
        std::env::var_os("SYNCLINE_SIMULATOR_DIR").ok_or("SYNCLINE_SIMULATOR_DIR must name the simulator's folder")?;
    let folder = PathBuf::from(folder).canonicalize()?;
    let (port, database_port) = (free_port()?, free_port()?);
    let database_url = format!("http://127.0.0.1:{database_port}");

    let mut command = pinning.others(folder.join("bin-dynoxide/bin/dynoxide"));
    command.args(["--port", &database_port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
    let database = Running(command.spawn()?);
    await_until("the simulator's database", || {
        std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, database_port)).is_ok()
    })?;
    let seeded =
        Command::new("node").arg("seed.js").arg(&database_url).current_dir(&folder).stdout(Stdio::null()).status()?;
    if !seeded.success() {
        return Err("the simulator's tables could not be filled".into());
    }
    let mut command = pinning.server("node");
    command.arg("amplify-peer.js").current_dir(&folder).env("PORT", port.to_string()).env("DDB", &database_url);
    Server::start("Amplify simulator", command, port, None, vec![database])
}

impl Server {
    fn start(
        name: &'static str,
        mut command: Command,
        port: u16,
        talk: Option<PathBuf>,
        helpers: Vec<Running>,
    ) -> Result<Server> {
        let stderr = match &talk {
            Some(path) => Stdio::from(File::create(path)?),
            None => Stdio::null(),
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
        let process = Running(command.spawn().map_err(|error| format!("cannot start {name}: {error}"))?);
        let mut server = Server { name, port, process, talk, _helpers: helpers };
        await_until(name, || {
            let has_ended = server.process.0.try_wait().is_ok_and(|status| status.is_some());
            has_ended
                || server
                    .ask("{ user(id: \"u0001\") { id } }", json!({}))
                    .is_ok_and(|answer| answer["data"]["user"].is_object())
        })?;
        if let Some(status) = server.process.0.try_wait()? {
            return Err(format!("{name} ended at once ({status}); run it by hand to see why").into());
        }
        Ok(server)
    }

    pub fn ask(&self, query: &str, variables: Value) -> Result<Value> {
        client::post(self.port, query, variables)
    }

    /// Processor time used so far, user and system.
    pub fn cpu_time(&self) -> Duration {
        machine::cpu_time(self.process.0.id()).unwrap_or_default()
    }

    /// Resident memory.
    pub fn memory_mib(&self) -> f64 {
        machine::resident_kib(self.process.0.id()).unwrap_or(0) as f64 / 1024.0
    }

    /// Ends the server and gives what it said on stderr.
    pub fn stop_and_read_talk(&mut self) -> Result<String> {
        self.process.0.kill()?;
        self.process.0.wait()?;
        let path = self.talk.take().ok_or("its stderr was not kept")?;
        let talk = std::fs::read_to_string(&path)?;
        std::fs::remove_file(&path)?;
        Ok(talk)
    }
}

fn await_until(what: &str, mut is_reached: impl FnMut() -> bool) -> Result<()> {
    let started = Instant::now();
    while !is_reached() {
        if started.elapsed() > START_TIMEOUT {
            return Err(format!("{what} did not start within {} s", START_TIMEOUT.as_secs()).into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// A program built together with this one.
fn beside(name: &str) -> Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    if path.exists() { Ok(path) } else { Err(format!("`{name}` is not built; run scripts/bench").into()) }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
