//! The one list of settings: name, values and help text of each, on the command line, in the environment and in a file.

use std::{
    num::{NonZeroU16, NonZeroU32},
    path::PathBuf,
    time::Duration,
};

use clap::{Args, builder::StyledStr};
use serde::{Deserialize, Serialize};
use snug_shared::Durability;

use super::{
    BasePath, Config,
    kinds::{self, HostName, Layer, LogFormat, Network, Origin, Switch, Tls},
    listen::Listen,
};

/// The settings given in one place. A field's comment is its help text everywhere.
#[derive(Debug, Default, Clone, Args, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// Address and port to listen on, or one of them; port 0 takes any free one
    #[arg(long, env = "SNUG_LISTEN", value_name = "ADDR:PORT")]
    listen: Option<Listen>,
    /// Folder that stores the rooms
    #[arg(long, env = "SNUG_DATA_DIR", value_name = "DIR", global = true)]
    data_dir: Option<PathBuf>,
    /// Name of the server in the app and on the network, at most 63 bytes
    #[arg(long, env = "SNUG_NAME", value_name = "NAME")]
    name: Option<String>,
    /// off: the server is not announced on the network, and found by its address alone
    #[arg(long, env = "SNUG_ANNOUNCE", value_name = "on|off", hide_possible_values = true)]
    announce: Option<Switch>,
    /// full: stored messages survive a crash and a power cut; none: nothing is stored
    #[arg(long, env = "SNUG_DURABILITY", value_name = "full|none", value_parser = kinds::durability)]
    durability: Option<Durability>,
    /// off: no limits for one member or one address
    #[arg(long, env = "SNUG_RATE_LIMIT", value_name = "on|off", hide_possible_values = true)]
    rate_limit: Option<Switch>,
    /// How servers share rooms; only memory, one server alone, is supported yet
    // Hidden as long as there is one value to choose from.
    #[arg(long, env = "SNUG_LAYER", value_name = "memory", hide = true)]
    layer: Option<Layer>,
    /// Encryption of connections; only off is supported yet
    // Hidden as long as there is one value to choose from.
    #[arg(long, env = "SNUG_TLS", value_name = "off", hide = true, hide_possible_values = true)]
    tls: Option<Tls>,
    /// Origin of another web page that may use this server; can be repeated
    #[arg(long, env = "SNUG_ALLOW_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    allow_origin: Option<Vec<Origin>>,
    /// Another name of this server, besides its machine's, localhost, *.local and IP addresses; can be repeated
    #[arg(long, env = "SNUG_ALLOW_HOST", value_name = "HOST", value_delimiter = ',')]
    allow_host: Option<Vec<HostName>>,
    /// Address or network of a proxy in front of this server: its X-Forwarded-For, -Host and -Proto count; can be repeated
    #[arg(long, env = "SNUG_TRUSTED_PROXY", value_name = "CIDR", value_delimiter = ',')]
    trusted_proxy: Option<Vec<Network>>,
    /// Path below which a proxy serves this server
    #[arg(long, env = "SNUG_BASE_PATH", value_name = "PATH")]
    base_path: Option<BasePath>,
    /// Folder of programs to pass on at /get, for people without internet; by default this program and the app beside it
    #[arg(long, env = "SNUG_PROGRAMS", value_name = "DIR")]
    programs: Option<PathBuf>,
    /// Connections at once
    #[arg(long, env = "SNUG_MAX_CONNECTIONS", value_name = "N")]
    max_connections: Option<NonZeroU32>,
    /// Connections at once from one address; this machine's own are not counted
    #[arg(long, env = "SNUG_MAX_CONNECTIONS_PER_ADDRESS", value_name = "N")]
    max_connections_per_address: Option<NonZeroU32>,
    /// Connections from one address without a whole request yet
    #[arg(long, env = "SNUG_MAX_HANDSHAKES_PER_ADDRESS", value_name = "N")]
    max_handshakes_per_address: Option<NonZeroU32>,
    /// Members of one room
    #[arg(long, env = "SNUG_MAX_MEMBERS", value_name = "N")]
    max_members: Option<NonZeroU32>,
    /// Seconds a request may take to arrive
    #[arg(long, env = "SNUG_HANDSHAKE_TIMEOUT", value_name = "SECONDS")]
    handshake_timeout: Option<NonZeroU16>,
    /// Lines of the server log on stderr: error, warn, info, debug, trace, or a filter such as snug_server=debug,warn
    #[arg(long, env = "SNUG_LOG", value_name = "FILTER")]
    log: Option<String>,
    /// text: a server log for people; json: for machines, one object a line
    #[arg(long, env = "SNUG_LOG_FORMAT", value_name = "text|json", hide_possible_values = true)]
    log_format: Option<LogFormat>,
}

impl Settings {
    /// Overwrites the settings that are given here.
    pub fn apply(self, config: &mut Config) {
        fn set<T>(place: &mut T, value: Option<impl Into<T>>) {
            if let Some(value) = value {
                *place = value.into();
            }
        }
        set(&mut config.listen, self.listen.map(|listen| listen.0));
        set(&mut config.data_dir, self.data_dir);
        set(&mut config.name, self.name);
        set(&mut config.announce, self.announce.map(|switch| switch == Switch::On));
        set(&mut config.durability, self.durability);
        set(&mut config.rate_limit, self.rate_limit.map(|switch| switch == Switch::On));
        set(&mut config.layer, self.layer);
        set(&mut config.tls, self.tls);
        set(&mut config.allow_origin, self.allow_origin);
        set(&mut config.allow_host, self.allow_host);
        set(&mut config.trusted_proxy, self.trusted_proxy);
        set(&mut config.base_path, self.base_path);
        set(&mut config.programs, self.programs);
        set(&mut config.max_connections, self.max_connections);
        set(&mut config.max_connections_per_address, self.max_connections_per_address);
        set(&mut config.max_handshakes_per_address, self.max_handshakes_per_address);
        set(&mut config.max_members, self.max_members);
        let timeout = self.handshake_timeout.map(|seconds| Duration::from_secs(seconds.get().into()));
        set(&mut config.handshake_timeout, timeout);
        set(&mut config.log, self.log);
        set(&mut config.log_format, self.log_format);
    }
}

impl From<&Config> for Settings {
    fn from(config: &Config) -> Self {
        let seconds = u16::try_from(config.handshake_timeout.as_secs()).unwrap_or(u16::MAX);
        Self {
            listen: Some(Listen(config.listen)),
            data_dir: Some(config.data_dir.clone()),
            name: Some(config.name.clone()),
            announce: Some(switch(config.announce)),
            durability: Some(config.durability),
            rate_limit: Some(switch(config.rate_limit)),
            layer: Some(config.layer.clone()),
            tls: Some(config.tls),
            allow_origin: Some(config.allow_origin.clone()),
            allow_host: Some(config.allow_host.clone()),
            trusted_proxy: Some(config.trusted_proxy.clone()),
            base_path: Some(config.base_path.clone()),
            programs: config.programs.clone(),
            max_connections: NonZeroU32::new(config.max_connections),
            max_connections_per_address: NonZeroU32::new(config.max_connections_per_address),
            max_handshakes_per_address: NonZeroU32::new(config.max_handshakes_per_address),
            max_members: NonZeroU32::new(config.max_members),
            handshake_timeout: NonZeroU16::new(seconds),
            log: Some(config.log.clone()),
            log_format: Some(config.log_format),
        }
    }
}

/// A switch as it is written.
fn switch(is_on: bool) -> Switch {
    if is_on { Switch::On } else { Switch::Off }
}

/// A setting as users see it.
pub(super) struct Described {
    pub(super) name: String,
    pub(super) help: String,
}

/// Every setting a file may have, in the order of the help text.
pub(super) fn described() -> Vec<Described> {
    let command = Settings::augment_args(clap::Command::new("settings"));
    let describe = |argument: &clap::Arg| Described {
        name: argument.get_long().unwrap_or_default().to_owned(),
        help: argument.get_help().map(StyledStr::to_string).unwrap_or_default(),
    };
    command.get_arguments().map(describe).collect()
}
