//! What to do about a verdict: a sentence, and where there is one, the exact command.

use std::env::consts::OS;

use super::{Firewall, Verdict};

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Remedy {
    /// What, in a sentence.
    pub says: String,
    /// What to type in a terminal for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

impl Remedy {
    fn says(sentence: impl Into<String>) -> Self {
        Self { says: sentence.into(), command: None }
    }

    fn types(sentence: impl Into<String>, command: impl Into<String>) -> Self {
        Self { says: sentence.into(), command: Some(command.into()) }
    }
}

impl Verdict {
    /// What to do about it on this system, the likeliest first; nothing where all is well.
    pub fn remedies(&self) -> Vec<Remedy> {
        self.remedies_on(OS)
    }

    /// The same for a system as Rust names it.
    fn remedies_on(&self, system: &str) -> Vec<Remedy> {
        match self {
            Self::Well { .. } => Vec::new(),
            Self::NetworkWell { servers, firewall } => match (servers.first(), firewall) {
                (Some(port), Some(firewall)) => {
                    let others = "If others can’t join, let them through";
                    open(*firewall, *port, &format!("{others} {}.", firewall.name()))
                }
                _ => Vec::new(),
            },
            Self::NoNetwork => vec![Remedy::says(network_settings(system))],
            Self::UnknownName { name, .. } => unknown_name(name),
            Self::NoWay { .. } => {
                vec![Remedy::says("Connect this computer to the server’s network, or check the address.")]
            }
            Self::BlockedHere => {
                vec![Remedy::says("Allow outgoing connections for Snug in this computer’s firewall.")]
            }
            Self::Nobody { .. } => nobody(system),
            Self::NothingListens { is_here: true, .. } => {
                vec![Remedy::types("Start one: press “Host a room here” in the app, or type:", "snug-server")]
            }
            Self::NothingListens { .. } => vec![
                Remedy::says("Start the server there, or ask its owner whether it runs and on which port."),
                Remedy::types("On that computer, this says what is wrong:", "snug doctor"),
            ],
            Self::WrongPort { found, .. } => {
                let port = found.first().map(ToString::to_string).unwrap_or_default();
                vec![Remedy::says(format!("Use the address with that port: end it with :{port}."))]
            }
            Self::Firewall { port, firewall, is_here, .. } => match (firewall, is_here) {
                (Some(firewall), true) => open(*firewall, *port, "Open the port."),
                _ => open_there(*port),
            },
            Self::Vpn { nearer, .. } => {
                let local =
                    "Disconnect the VPN, or allow “local network access” in its settings, and try again.";
                let other = "If the server is on your own network, disconnect the VPN and try again.";
                vec![Remedy::says(if nearer.is_some() { local } else { other })]
            }
            Self::OtherNetwork { .. } => vec![
                Remedy::says(
                    "Connect both computers to the same network. A network for guests is often another one.",
                ),
                Remedy::says("Else the router between them has to let connections through to the server."),
            ],
            Self::NotSnug { .. } | Self::Mute { .. } => {
                vec![Remedy::says(
                    "Check the address and the port. The server’s banner and its invite link have both.",
                )]
            }
            Self::EncryptedOnly => {
                vec![Remedy::says(
                    "Update this app, or use an invite link of the server that begins with https.",
                )]
            }
            Self::NotEncrypted => {
                vec![Remedy::says(
                    "Use the address without the “s”: http:// or ws:// instead of https:// or wss://.",
                )]
            }
            Self::AnotherName { name } => vec![Remedy::types(
                "Use the server’s IP address, or start the server with:",
                format!("snug-server --allow-host {name}"),
            )],
            Self::NotReady => vec![Remedy::says(
                "Try again in a moment. Its operator can see the reason in the server log.",
            )],
            Self::NewerServer { .. } => {
                vec![Remedy::says("You can talk there. Update this app to have all that the server can do.")]
            }
            Self::OlderServer { .. } => {
                vec![Remedy::says("You can talk there. Ask its owner to update the server.")]
            }
            Self::MulticastBlocked { is_here: true } => vec![Remedy::says(
                "Allow multicast in this computer’s firewall and on its network. An invite link or an address works without.",
            )],
            Self::MulticastBlocked { .. } => vec![
                Remedy::says("Join by its address or an invite link. That works without."),
                Remedy::says(
                    "A Wi-Fi network for guests, or “AP isolation” in the router’s settings, is the usual reason.",
                ),
            ],
            Self::Other { .. } => vec![Remedy::says("Check the address, and try again.")],
        }
    }
}

/// On this computer, whose firewall is known.
fn open(firewall: Firewall, port: u16, why: &str) -> Vec<Remedy> {
    let says = format!("{why} {}", firewall.clicks());
    vec![Remedy { says, command: firewall.command(port) }]
}

/// On the server's computer, which may be any.
fn open_there(port: u16) -> Vec<Remedy> {
    let command = |firewall: Firewall, system: &str| {
        let says = format!("Open the port on the server’s computer, on {system}:");
        Remedy { says, command: firewall.command(port) }
    };
    vec![
        command(Firewall::Ufw, "Ubuntu and Debian with ufw"),
        command(Firewall::Firewalld, "Fedora and openSUSE"),
        command(Firewall::Windows, "Windows, as administrator"),
        Remedy::says(format!("On macOS: {}", Firewall::Macos.clicks())),
        Remedy::says(
            "If the port is open: a Wi-Fi network for guests keeps computers apart. Use another network, or a cable.",
        ),
    ]
}

fn unknown_name(name: &str) -> Vec<Remedy> {
    let address = "Use the server’s IP address. Its banner and its invite link have it.";
    let mut remedies = vec![Remedy::says(format!("Check the spelling of {name}."))];
    if is_local(name) {
        remedies.insert(0, Remedy::says(address));
    } else {
        remedies.push(Remedy::says(address));
    }
    remedies
}

/// Whether a name is one that only its own network can know.
fn is_local(name: &str) -> bool {
    name.ends_with(".local") || !name.contains('.')
}

fn nobody(system: &str) -> Vec<Remedy> {
    let mut remedies = vec![
        Remedy::says(
            "Wake the server’s computer, and ask for its address again: it may have another one now.",
        ),
        Remedy::says("A Wi-Fi network for guests keeps computers apart. Use another network, or a cable."),
    ];
    if system == "macos" {
        let allow = "Allow it: System Settings › Privacy & Security › Local Network › Snug.";
        remedies.insert(0, Remedy::says(allow));
    }
    remedies
}

const fn network_settings(system: &str) -> &'static str {
    match system.as_bytes() {
        b"windows" => "Connect to one: Settings › Network & internet.",
        b"macos" => "Connect to one: System Settings › Wi-Fi or Network.",
        _ => "Connect to one: the network menu of your desktop, or a cable.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_firewall_of_this_computer_gets_its_own_command_and_another_computers_those_of_all() {
        let verdict = |is_here, firewall| Verdict::Firewall { port: 8123, says_no: false, firewall, is_here };
        let here = verdict(true, Some(Firewall::Firewalld)).remedies_on("linux");
        assert_eq!(here.len(), 1);
        assert!(here[0].command.as_ref().unwrap().contains("firewall-cmd --permanent --add-port=8123/tcp"));
        let there = verdict(false, None).remedies_on("linux");
        let commands: Vec<_> = there.iter().filter_map(|remedy| remedy.command.clone()).collect();
        for word in ["ufw allow 8123/tcp", "--add-port=8123/tcp", "localport=8123"] {
            assert!(commands.iter().any(|command| command.contains(word)), "{word} in {commands:?}");
        }
    }

    #[test]
    fn each_system_is_told_its_own_clicks() {
        let nobody = Verdict::Nobody { at: [192, 168, 1, 20].into() };
        assert!(nobody.remedies_on("macos")[0].says.contains("Local Network"));
        assert!(!nobody.remedies_on("linux").iter().any(|remedy| remedy.says.contains("System Settings")));
        assert!(Verdict::NoNetwork.remedies_on("windows")[0].says.contains("Network & internet"));
    }

    #[test]
    fn a_name_of_the_own_network_is_first_told_to_be_replaced_by_an_address() {
        let remedies = |name: &str| {
            let verdict =
                Verdict::UnknownName { name: name.into(), fault: crate::doctor::NameFault::Unknown };
            verdict.remedies_on("linux")[0].says.clone()
        };
        assert!(remedies("lab.local").contains("IP address") && remedies("lab").contains("IP address"));
        assert!(remedies("chat.example.org").contains("spelling"));
    }

    #[test]
    fn whoever_is_well_is_told_nothing_to_do() {
        assert!(Verdict::Well { server: None, is_seen: true }.remedies_on("linux").is_empty());
    }
}
