//! The sentences: what each step found, and what the verdict means. What a server says of itself was cleaned when it was read.

use std::fmt::Write;

use snug_shared::api::TlsMode;

use super::{Answer, Event, Multicast, NameFault, Reach, Remedy, Step, Verdict, Way};

impl Step {
    /// Whether it is as it should be; none where that can't be told.
    pub fn is_good(&self) -> Option<bool> {
        match self {
            Self::Network { interfaces } => Some(!interfaces.is_empty()),
            Self::Name { addresses, .. } => Some(!addresses.is_empty()),
            Self::Way { way, .. } => match way {
                Way::ThisComputer | Way::SameNetwork { .. } => Some(true),
                Way::Router { .. } | Way::Vpn { nearer: None, .. } => None,
                Way::Vpn { .. } | Way::Unknown => Some(false),
            },
            Self::Connection { reach, .. } => Some(*reach == Reach::Open),
            Self::Answer { answer } => Some(answer.is_snug()),
            Self::Ports { .. } | Self::Firewall { .. } => None,
            Self::Multicast { multicast } => match multicast {
                Multicast::Through | Multicast::Here => Some(true),
                Multicast::Unheard | Multicast::Blocked => Some(false),
                Multicast::Unknown => None,
            },
        }
    }

    /// What was found.
    pub fn sentence(&self) -> String {
        match self {
            Self::Network { interfaces } if interfaces.is_empty() => "This computer is on no network.".into(),
            Self::Network { interfaces } => {
                let addresses = interfaces
                    .iter()
                    .filter(|interface| interface.address.is_ipv4() || interfaces.len() == 1);
                let addresses: Vec<_> =
                    addresses.map(|own| format!("{} ({})", own.address, own.name)).collect();
                format!("This computer’s addresses: {}", or_none(&addresses))
            }
            Self::Name { name, addresses, fault } => match (addresses.first(), fault) {
                (Some(first), _) if first.ip().to_string() == *name => format!("{name} is an address."),
                (Some(first), _) => format!("{name} stands for {}.", first.ip()),
                (None, Some(NameFault::Silent)) => format!("Nobody says what {name} stands for."),
                (None, _) => format!("Nobody knows the name {name}."),
            },
            Self::Way { to, way } => match way {
                Way::ThisComputer => format!("{to} is this computer."),
                Way::SameNetwork { interface } if interface.is_empty() => {
                    format!("{to} is on the same network.")
                }
                Way::SameNetwork { interface } => format!("{to} is on the same network, by {interface}."),
                Way::Router { interface, .. } if interface.is_empty() => {
                    format!("{to} is on another network.")
                }
                Way::Router { interface, .. } => {
                    format!("{to} is on another network, by {interface} and a router.")
                }
                Way::Vpn { interface, .. } => format!("The way to {to} goes through a VPN ({interface})."),
                Way::Unknown => format!("This computer knows no way to {to}."),
            },
            Self::Connection { at, reach } => match reach {
                Reach::Open => format!("Port {} takes connections.", at.port()),
                Reach::Refused => format!("Nothing listens on port {}.", at.port()),
                Reach::TurnedAway => format!("A connection to {at} is turned away on the way."),
                Reach::Silent => format!("Nothing comes back from {at}."),
                Reach::Nobody => format!("Nobody on this network has the address {}.", at.ip()),
                Reach::NoWay => format!("This computer knows no way to {}.", at.ip()),
                Reach::BlockedHere => "This computer lets the connection out to nobody.".into(),
                Reach::Other { reason } => format!("The connection to {at} failed: {reason}."),
            },
            Self::Answer { answer } => answer_sentence(answer),
            Self::Ports { found, .. } if found.is_empty() => {
                "No Snug server answers on ports 8000 to 8009 there.".into()
            }
            Self::Ports { host, found } if host.is_loopback() => {
                format!("Snug answers on this computer on {}.", ports(found))
            }
            Self::Ports { host, found } => format!("Snug answers at {host} on {}.", ports(found)),
            Self::Multicast { multicast } => match multicast {
                Multicast::Through => "The server can be seen without its address.",
                Multicast::Here => "This computer hears what it sends to everyone on its network.",
                Multicast::Unheard => "The server hears nothing that is sent to everyone on the network.",
                Multicast::Blocked => "This computer does not hear what it sends to everyone on its network.",
                Multicast::Unknown => "There is no network to send to everyone on.",
            }
            .into(),
            Self::Firewall { firewall: Some(firewall) } => format!("This computer has {}.", firewall.name()),
            Self::Firewall { firewall: None } => "No firewall is seen on this computer.".into(),
        }
    }
}

fn answer_sentence(answer: &Answer) -> String {
    match answer {
        Answer::Snug { name, version, tls } => {
            let encrypted = if *tls == TlsMode::Off { "" } else { ", with encryption" };
            let name = if name.is_empty() { "A Snug server" } else { name };
            format!("{name} answers: Snug {version}{encrypted}.")
        }
        Answer::Older => "An older Snug server answers.".into(),
        Answer::AnotherName => "A Snug server answers, but not to this name.".into(),
        Answer::NotReady => "A Snug server answers that it isn’t ready.".into(),
        Answer::Encrypted => "What answers wants an encrypted connection.".into(),
        Answer::Web { program: Some(program) } => format!("Another web server answers: {program}."),
        Answer::Web { program: None } => "Another web server answers.".into(),
        Answer::Other { says: Some(says) } => format!("Something else answers: “{says}”"),
        Answer::Other { says: None } => "Something else answers.".into(),
        Answer::Mute => "It takes the connection and says nothing.".into(),
        Answer::HungUp => "It takes the connection and ends it.".into(),
    }
}

impl Verdict {
    /// What it means, in one sentence.
    pub fn sentence(&self) -> String {
        match self {
            Self::Well { server: Some(server), .. } => format!("All is well: {server} can be joined."),
            Self::Well { server: None, .. } => "All is well: the server can be joined.".into(),
            Self::NetworkWell { servers, .. } if servers.is_empty() => {
                "This computer’s network is well. No server runs here.".into()
            }
            Self::NetworkWell { servers, .. } => {
                format!("This computer’s network is well, and a server runs here on {}.", ports(servers))
            }
            Self::NoNetwork => "This computer is not connected to a network.".into(),
            Self::UnknownName { name, fault: NameFault::Silent } => {
                format!("The network’s name server doesn’t answer, so {name} can’t be found.")
            }
            Self::UnknownName { name, .. } => format!("No computer is known by the name {name}."),
            Self::NoWay { to } => format!("{to} is not on any network that this computer can reach."),
            Self::BlockedHere => "A firewall on this computer keeps Snug from connecting.".into(),
            Self::Nobody { at } => {
                format!(
                    "No computer on this network has the address {at}: it is off, or its address has changed."
                )
            }
            Self::NothingListens { port, is_here: true } => {
                format!("No server runs on this computer on port {port}.")
            }
            Self::NothingListens { port, .. } => {
                format!("The computer is there, but no server runs on its port {port}.")
            }
            Self::WrongPort { port, found } => format!("The server is on {}, not on {port}.", ports(found)),
            Self::Firewall { says_no: true, port, .. } => {
                format!("The computer is there, but its firewall turns connections to port {port} away.")
            }
            Self::Firewall { port, .. } => {
                format!(
                    "Nothing comes back: a firewall drops connections to port {port}, or the computer is off."
                )
            }
            Self::Vpn { interface, nearer: Some(nearer) } => format!(
                "A VPN ({interface}) takes the connection, though the server’s network is right here ({nearer})."
            ),
            Self::Vpn { interface, .. } => {
                format!("The way there goes through a VPN ({interface}) and ends in it.")
            }
            Self::OtherNetwork { to, from } => {
                format!(
                    "{to} is on another network than this computer ({from}), and nothing comes back from there."
                )
            }
            Self::NotSnug { port, program: Some(program) } => {
                format!("Something else answers on port {port} ({program}), not a Snug server.")
            }
            Self::NotSnug { port, .. } => {
                format!("Something else answers on port {port}, not a Snug server.")
            }
            Self::Mute { port } => {
                format!("Something takes connections on port {port} and doesn’t answer as Snug does.")
            }
            Self::EncryptedOnly => "The server takes encrypted connections only.".into(),
            Self::NotEncrypted => "The address asks for encryption, and the server has none.".into(),
            Self::AnotherName { name } => format!("The server is there, but doesn’t accept the name {name}."),
            Self::NotReady => "The server is there, but it isn’t ready.".into(),
            Self::NewerServer { version } => format!("The server is newer than this app: Snug {version}."),
            Self::OlderServer { version: Some(version) } => {
                format!("The server is older than this app: Snug {version}.")
            }
            Self::OlderServer { version: None } => "The server is older than this app.".into(),
            Self::MulticastBlocked { is_here: true } => {
                "This computer can’t hear servers on its network, so none is found by itself.".into()
            }
            Self::MulticastBlocked { .. } => {
                "The server can be joined, but the network keeps it from being found by itself.".into()
            }
            Self::Other { reason } => format!("The connection failed: {reason}."),
        }
    }
}

/// “port 8000”, “ports 8000 and 8003”.
fn ports(found: &[u16]) -> String {
    let numbers: Vec<_> = found.iter().map(ToString::to_string).collect();
    match numbers.split_last() {
        None => "no port".into(),
        Some((last, [])) => format!("port {last}"),
        Some((last, others)) => format!("ports {} and {last}", others.join(", ")),
    }
}

fn or_none(words: &[String]) -> String {
    if words.is_empty() { "IPv6 alone".into() } else { format!("{}.", words.join(", ")) }
}

/// All of an examination as text, to be passed on to somebody who can help.
pub fn report(target: &str, events: &[Event]) -> String {
    let mut text = format!("snug doctor {target}\n");
    for event in events {
        // Writing to a string does not fail.
        let _ = match event {
            Event::Step(step) => writeln!(text, "{} {}", mark(step.is_good()), step.sentence()),
            Event::Verdict(verdict) => {
                writeln!(text, "\n{}\n{}", verdict.sentence(), advice(&verdict.remedies()))
            }
        };
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// One line for each remedy, and its command indented below it.
fn advice(remedies: &[Remedy]) -> String {
    let lines = remedies.iter().map(|remedy| match &remedy.command {
        Some(command) => format!("{}\n    {command}\n", remedy.says),
        None => format!("{}\n", remedy.says),
    });
    lines.collect()
}

/// What stands before a step in a terminal.
pub(crate) const fn mark(is_good: Option<bool>) -> char {
    match is_good {
        Some(true) => '✓',
        Some(false) => '✗',
        None => '·',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_counted_as_people_do() {
        assert_eq!(ports(&[8000]), "port 8000");
        assert_eq!(ports(&[8000, 8003, 8007]), "ports 8000, 8003 and 8007");
    }

    #[test]
    fn a_report_has_the_steps_the_verdict_and_what_to_do() {
        let at = std::net::SocketAddr::from(([192, 168, 1, 20], 8000));
        let events = [
            Event::Step(Step::Connection { at, reach: Reach::Refused }),
            Event::Step(Step::Ports { host: at.ip(), found: vec![8001] }),
            Event::Verdict(Verdict::WrongPort { port: 8000, found: vec![8001] }),
        ];
        let expected = "\
snug doctor 192.168.1.20
✗ Nothing listens on port 8000.
· Snug answers at 192.168.1.20 on port 8001.

The server is on port 8001, not on 8000.
Use the address with that port: end it with :8001.
";
        assert_eq!(report("192.168.1.20", &events), expected);
    }
}
