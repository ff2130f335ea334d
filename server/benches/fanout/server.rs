//! The servers that are measured, each a program of its own on a core of its own.

use std::{
    fs,
    io::{self, BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{cores::Cores, dialect::Dialect, floor::Form, usage};

/// How long a server may take to listen. Python imports slowly on a busy machine.
const START: Duration = Duration::from_secs(30);

/// More than any scenario needs.
const CONNECTIONS: &str = "60000";

/// One of the servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    Floor(Form),
    /// As it comes: what is acknowledged is on disk.
    Snug,
    /// Like for like with all others, which keep nothing.
    SnugNone,
    /// The same on two threads, which share the one core.
    SnugTwoThreads,
    Bun,
    Ws,
    Axum,
    ChannelsMemory,
    ChannelsRedis,
}

/// Where the other servers are, and where runs leave their data.
#[derive(Debug, Clone)]
pub struct Places {
    /// Their sources.
    pub sources: PathBuf,
    /// What `server/benches/peers/install` made of them.
    pub peers: PathBuf,
    /// On the disk whose `fsync` counts.
    pub data: PathBuf,
    /// A command line that Snug's own is put behind: a profiler, with luck.
    pub under: Vec<String>,
}

/// A server that runs. Dropping it kills it.
#[derive(Debug)]
pub struct Running {
    pub address: SocketAddr,
    children: Vec<Child>,
    /// What it keeps, as long as it runs.
    folder: TempDir,
    /// Whether it is asked to end, so that a profiler can write down what it saw.
    asked: bool,
}

impl Server {
    /// All of them, in the order of the tables.
    pub const ALL: [Self; 10] = [
        Self::Floor(Form::OneWrite),
        Self::Floor(Form::Joined),
        Self::SnugNone,
        Self::Snug,
        Self::SnugTwoThreads,
        Self::Bun,
        Self::Ws,
        Self::Axum,
        Self::ChannelsMemory,
        Self::ChannelsRedis,
    ];

    /// What `--quick` runs.
    pub const QUICK: [Self; 5] =
        [Self::Floor(Form::OneWrite), Self::Floor(Form::Joined), Self::SnugNone, Self::Snug, Self::Bun];

    /// What it is called on the command line.
    pub fn key(self) -> &'static str {
        match self {
            Self::Floor(Form::OneWrite) => "floor",
            Self::Floor(Form::Joined) => "floor-joined",
            Self::Snug => "snug",
            Self::SnugNone => "snug-none",
            Self::SnugTwoThreads => "snug-two-threads",
            Self::Bun => "bun",
            Self::Ws => "ws",
            Self::Axum => "axum",
            Self::ChannelsMemory => "channels-memory",
            Self::ChannelsRedis => "channels-redis",
        }
    }

    /// What it is called in the tables.
    pub fn title(self) -> &'static str {
        match self {
            Self::Floor(Form::OneWrite) => "floor, one write a frame",
            Self::Floor(Form::Joined) => "floor, joined writes",
            Self::Snug => "**Snug**, durable (default)",
            Self::SnugNone => "**Snug**, `--durability none`",
            Self::SnugTwoThreads => "**Snug**, `none`, two threads",
            Self::Bun => "Bun `server.publish`",
            Self::Ws => "ws on Node",
            Self::Axum => "axum chat pattern",
            Self::ChannelsMemory => "Django Channels, daphne, in memory",
            Self::ChannelsRedis => "Django Channels, daphne, Redis",
        }
    }

    /// What is spoken with it.
    pub fn dialect(self) -> Dialect {
        match self {
            Self::Snug | Self::SnugNone | Self::SnugTwoThreads => Dialect::Native,
            _ => Dialect::Plain,
        }
    }

    /// Whether a message costs it so much that large rooms and crowds would take minutes.
    pub fn is_slow(self) -> bool {
        matches!(self, Self::ChannelsMemory | Self::ChannelsRedis)
    }

    /// What it lacks to run here.
    pub fn lacks(self, places: &Places) -> Option<String> {
        let needed = match self {
            Self::Bun => places.peers.join("bun"),
            Self::Ws => places.peers.join("node_modules/ws"),
            Self::Axum => places.peers.join("axum/release/axum-chat"),
            Self::ChannelsMemory => places.peers.join("python/bin/daphne"),
            Self::ChannelsRedis => {
                let redis = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status();
                if redis.is_err() {
                    return Some("redis-server is not installed".to_owned());
                }
                places.peers.join("python/bin/daphne")
            }
            _ => return None,
        };
        (!needed.exists()).then(|| format!("{} is not there", needed.display()))
    }

    /// Starts it on its core; returns once it listens.
    ///
    /// # Errors
    /// When it does not.
    pub fn start(self, places: &Places, cores: Cores) -> io::Result<Running> {
        fs::create_dir_all(&places.data)?;
        let folder = TempDir::new_in(&places.data)?;
        let mut children = Vec::new();
        let address = cores.for_server(|| self.spawn(places, folder.path(), &mut children));
        // From here on what was started ends with this, also when something failed.
        let (nowhere, asked) = (SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), !places.under.is_empty());
        let mut running = Running { address: nowhere, children, folder, asked };
        running.address = address?;
        running.wait()?;
        Ok(running)
    }

    fn spawn(self, places: &Places, folder: &Path, children: &mut Vec<Child>) -> io::Result<SocketAddr> {
        let durability = match self {
            Self::Snug => "full",
            Self::SnugNone | Self::SnugTwoThreads => "none",
            _ => return self.spawn_plain(places, children),
        };
        let program = env!("CARGO_BIN_EXE_snug-server").to_owned();
        let mut words = places.under.iter().chain([&program]);
        let mut command = Command::new(words.next().unwrap_or(&program));
        let _ = command.args(words);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SNUG_")) {
            let _ = command.env_remove(name);
        }
        if self == Self::SnugTwoThreads {
            let _ = command.env("TOKIO_WORKER_THREADS", "2");
        }
        let _ = command
            .args([
                "--listen",
                "127.0.0.1:0",
                "--durability",
                durability,
                "--rate-limit",
                "off",
                "--log",
                "warn",
            ])
            .args(["--max-connections", CONNECTIONS, "--max-members", CONNECTIONS, "--data-dir"])
            .arg(folder)
            .current_dir(folder)
            .stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let stdout = child.stdout.take();
        children.push(child);
        let mut lines =
            BufReader::new(stdout.ok_or(io::ErrorKind::BrokenPipe)?).lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.strip_prefix("Listening on ")?.trim().parse().ok());
        // A pipe that nobody reads would fill up; one that is closed would fail its writer.
        let _ = thread::spawn(move || lines.for_each(drop));
        address.ok_or_else(|| io::Error::other("snug-server did not say where it listens"))
    }

    /// The others are told their port.
    fn spawn_plain(self, places: &Places, children: &mut Vec<Child>) -> io::Result<SocketAddr> {
        let address = free_address()?;
        let port = address.port().to_string();
        let (sources, peers) = (&places.sources, &places.peers);
        let mut command = match self {
            Self::Floor(form) => {
                let mut command = Command::new(std::env::current_exe()?);
                let _ = command.arg("floor").arg(&port).args((form == Form::Joined).then_some("--joined"));
                command
            }
            Self::Bun => {
                let mut command = Command::new(peers.join("bun"));
                let _ = command.arg(sources.join("bun.js"));
                command
            }
            Self::Ws => {
                let mut command = Command::new("node");
                let _ = command.arg(sources.join("ws.cjs")).env("NODE_PATH", peers.join("node_modules"));
                command
            }
            Self::Axum => Command::new(peers.join("axum/release/axum-chat")),
            Self::ChannelsMemory | Self::ChannelsRedis => {
                if self == Self::ChannelsRedis {
                    let redis = free_address()?.port().to_string();
                    children.push(
                        Command::new("redis-server")
                            .args([
                                "--port",
                                &redis,
                                "--bind",
                                "127.0.0.1",
                                "--save",
                                "",
                                "--appendonly",
                                "no",
                            ])
                            .stdout(Stdio::null())
                            .spawn()?,
                    );
                    wait_for(SocketAddr::from((Ipv4Addr::LOCALHOST, redis.parse().unwrap_or(0))))?;
                    let mut command = channels(sources, peers, &port);
                    let _ = command.env("CHANNELS_REDIS", format!("redis://127.0.0.1:{redis}"));
                    command
                } else {
                    channels(sources, peers, &port)
                }
            }
            Self::Snug | Self::SnugNone | Self::SnugTwoThreads => {
                return Err(io::ErrorKind::Unsupported.into());
            }
        };
        children.push(command.env("PORT", &port).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
        Ok(address)
    }
}

fn channels(sources: &Path, peers: &Path, port: &str) -> Command {
    let mut command = Command::new(peers.join("python/bin/daphne"));
    let _ = command
        .args(["--bind", "127.0.0.1", "--port", port, "--verbosity", "0", "channels_chat:application"])
        .env("PYTHONPATH", sources)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

impl Running {
    /// Its processes.
    pub fn processes(&self) -> Vec<u32> {
        self.children.iter().map(Child::id).collect()
    }

    /// Bytes it has in memory.
    ///
    /// # Errors
    /// When it does not run any more.
    pub fn resident(&self) -> io::Result<u64> {
        usage::resident(&self.processes())
    }

    /// The folder it keeps things in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn wait(&mut self) -> io::Result<()> {
        wait_for(self.address)?;
        for child in &mut self.children {
            if let Some(status) = child.try_wait()? {
                return Err(io::Error::other(format!("it ended: {status}")));
            }
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for child in &mut self.children {
            let process = i32::try_from(child.id()).ok().and_then(Pid::from_raw).filter(|_| self.asked);
            if process.is_none_or(|process| kill_process(process, Signal::TERM).is_err()) {
                let _ = child.kill();
            }
            let _ = child.wait();
        }
    }
}

/// A port that is free now.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

fn wait_for(address: SocketAddr) -> io::Result<()> {
    let begun = Instant::now();
    loop {
        match TcpStream::connect(address) {
            Ok(_) => return Ok(()),
            Err(error) if begun.elapsed() > START => return Err(error),
            Err(_) => thread::sleep(Duration::from_millis(20)),
        }
    }
}
