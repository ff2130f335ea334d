//! The settings of a server: [`Config`] and where it comes from.
//!
//! Flags win over `SNUG_*` variables, those over a TOML file, that over the defaults here. All of them share one list of
//! names ([`settings`]), so a setting has the same name, values and help text wherever it is given.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use directories::ProjectDirs;
use snug_shared::{DEFAULT_PORT, Durability};

pub mod base_path;
pub mod file;
pub mod kinds;
pub mod listen;
pub mod options;
pub mod settings;

pub use base_path::BasePath;
pub use file::ConfigError;
pub use kinds::{HostName, Layer, LogFormat, Network, Origin, Tls};
pub use listen::Listen;
pub use options::{Command, Loaded, Options};

/// The longest server name, in bytes: a label of DNS, under which the server is announced, holds no more.
const NAME_BYTES: usize = 63;

/// The effective settings. The defaults serve a house, a class or an office without being asked anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where to listen. Every address of the machine: being found by others is what a server is for.
    pub listen: SocketAddr,
    /// Where the rooms are kept: this system's place for a program's data.
    pub data_dir: PathBuf,
    /// The server's name in the app. By default the machine's name: people on a network know it.
    pub name: String,
    /// Whether the server makes itself known on its networks. It does, unless it listens on this machine's own address alone:
    /// then nobody else could reach it.
    pub announce: bool,
    /// Whether acknowledged entries survive a crash. `Full`: with group commit, that costs little.
    pub durability: Durability,
    /// Whether one person or one address is held to a share of what the server can do.
    pub rate_limit: bool,
    /// The channel layer between consumers. `Memory`: one process needs nothing else.
    pub layer: Layer,
    /// Whether connections are encrypted.
    pub tls: Tls,
    /// Web origins that may use the server besides its own pages. None: a page from elsewhere is not to be trusted.
    pub allow_origin: Vec<Origin>,
    /// Names this server may be called by, besides its machine's name, `localhost`, `*.local` and IP addresses.
    pub allow_host: Vec<HostName>,
    /// Proxies in front of the server, which may say whom a request comes from. None: anybody can write such a header.
    pub trusted_proxy: Vec<Network>,
    /// What a proxy in front of the server puts before every path. Nothing: the server has a name of its own.
    pub base_path: BasePath,
    /// The folder of programs to pass on. None: this program's own, and the app beside it.
    pub programs: Option<PathBuf>,
    /// Connections at once: at under 5 kB each, what the smallest machine still carries.
    pub max_connections: u32,
    /// Connections at once from one address. A desktop has one for each of its rooms, and an office may be behind one
    /// address, so this only keeps one machine from taking all of them.
    pub max_connections_per_address: u32,
    /// Connections from one address that have not yet sent a whole request.
    pub max_handshakes_per_address: u32,
    /// Members of one room. By default no lower than the connections; an operator can set it lower.
    pub max_members: u32,
    /// How long a request, with its body, may take to arrive; and how long a connection may idle between two. Ten
    /// seconds are long for a slow network, and short for an attacker that holds connections open.
    pub handshake_timeout: Duration,
    /// Which log lines are written, as `tracing` filters are. `info` is quiet: a line for a start and for what went wrong.
    pub log: String,
    /// How log lines are written. `Text`: a person who starts a server by hand reads them.
    pub log_format: LogFormat,
    /// Whether this machine's own connections are outside the limits per address. Always, but in tests of those limits.
    pub exempt_loopback: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), DEFAULT_PORT),
            data_dir: default_data_dir(),
            name: machine_name(),
            announce: true,
            durability: Durability::Full,
            rate_limit: true,
            layer: Layer::Memory,
            tls: Tls::Off,
            allow_origin: Vec::new(),
            allow_host: Vec::new(),
            trusted_proxy: Vec::new(),
            base_path: BasePath::default(),
            programs: None,
            max_connections: 16_384,
            max_connections_per_address: 256,
            max_handshakes_per_address: 64,
            max_members: 16_384,
            handshake_timeout: Duration::from_secs(10),
            log: "info".to_owned(),
            log_format: LogFormat::Text,
            exempt_loopback: true,
        }
    }
}

impl Config {
    /// Finds faults that the parsing of one setting does not: values this build does not support, and a name that cannot be shown.
    ///
    /// # Errors
    /// [`ConfigError::Refused`] says which setting, and what to give instead.
    pub fn check(&self) -> Result<(), ConfigError> {
        let refused = |message: String| Err(ConfigError::Refused(message));
        if let Layer::Redis(_) = self.layer {
            return refused("layer: Redis isn’t supported yet; use “memory”".to_owned());
        }
        if self.tls != Tls::Off {
            return refused(format!("tls: “{}” isn’t supported yet; use “off”", self.tls));
        }
        if self.name.trim().is_empty() {
            return refused("name: a server needs a name".to_owned());
        }
        if self.name.len() > NAME_BYTES || self.name.chars().any(char::is_control) {
            return refused(format!("name: at most {NAME_BYTES} bytes, none of them a control character"));
        }
        if let Some(folder) = self.programs.as_ref().filter(|folder| !folder.is_dir()) {
            return refused(format!("programs: {} is no folder that can be read", folder.display()));
        }
        kinds::check_log_filter(&self.log).map_err(|why| ConfigError::Refused(format!("log: {why}")))
    }
}

/// Without a home folder, as in a bare container, the data lies where the server was started.
fn default_data_dir() -> PathBuf {
    project_dirs().map_or_else(|| PathBuf::from("snug-data"), |dirs| dirs.data_dir().join("server"))
}

fn project_dirs() -> Option<ProjectDirs> {
    ProjectDirs::from("", "", "snug")
}

/// The machine's own name without its domain.
fn machine_name() -> String {
    short_name(&gethostname::gethostname().to_string_lossy())
}

/// A name that can be shown and announced, made of any.
fn short_name(machine: &str) -> String {
    let mut short = String::new();
    for c in machine.chars().take_while(|c| *c != '.').filter(|c| !c.is_control()) {
        if short.len() + c.len_utf8() > NAME_BYTES {
            break;
        }
        short.push(c);
    }
    if short.trim().is_empty() { "Snug".to_owned() } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_machine_is_called_is_a_name_that_is_taken() {
        assert_eq!(short_name("lab.example.org"), "lab");
        assert_eq!(short_name("la\u{1b}b\n"), "lab");
        assert_eq!(short_name("ö".repeat(40).as_str()), "ö".repeat(31));
        for machine in ["", ".", " ", "\u{7}.local", &"x".repeat(300)] {
            let config = Config { name: short_name(machine), ..Config::default() };
            assert!(config.check().is_ok(), "{machine:?}");
        }
    }
}
