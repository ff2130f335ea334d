//! What the findings mean.

use std::net::IpAddr;

use serde::Serialize;
use snug_shared::{ServerAddress, api::TlsMode};

use super::{Answer, Firewall, Multicast, NameFault, Reach, Step, Way};

/// The version of this program, to be compared with a server's.
const OWN: &str = env!("CARGO_PKG_VERSION");

/// What is wrong, if anything is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing: the server can be joined.
    Well {
        /// What it calls itself; none where it does not say.
        #[serde(skip_serializing_if = "Option::is_none")]
        server: Option<String>,
        /// Whether it was seen answering a question to everyone.
        is_seen: bool,
    },
    /// Nothing with this computer's network. No server was asked for.
    NetworkWell {
        /// The ports of Snug servers on this computer.
        servers: Vec<u16>,
        /// The firewall that may keep others away from them.
        firewall: Option<Firewall>,
    },
    /// This computer is on no network.
    NoNetwork,
    /// A name that stands for no machine.
    UnknownName {
        /// The name.
        name: String,
        /// Whether nobody knows it, or nobody answers.
        fault: NameFault,
    },
    /// This computer knows no way to that machine.
    NoWay {
        /// The machine.
        to: IpAddr,
    },
    /// This computer lets no such connection out.
    BlockedHere,
    /// Nobody on this network has that address.
    Nobody {
        /// The address.
        at: IpAddr,
    },
    /// The machine is there, and nothing listens on that port.
    NothingListens {
        /// The port.
        port: u16,
        /// Whether it is this computer.
        is_here: bool,
    },
    /// A Snug server is there, on another port.
    WrongPort {
        /// The port that was tried.
        port: u16,
        /// The ports that Snug answers on.
        found: Vec<u16>,
    },
    /// A firewall drops connections, or says no to them.
    Firewall {
        /// The port.
        port: u16,
        /// Whether it says no. Else nothing comes back.
        says_no: bool,
        /// The firewall, where it is on this computer and known.
        firewall: Option<Firewall>,
        /// Whether it is on this computer.
        is_here: bool,
    },
    /// The way there goes through a VPN, and ends in it.
    Vpn {
        /// The VPN's interface.
        interface: String,
        /// The network that the machine is on as well.
        #[serde(skip_serializing_if = "Option::is_none")]
        nearer: Option<String>,
    },
    /// The machine is on another network, and nothing comes back from there.
    OtherNetwork {
        /// The machine.
        to: IpAddr,
        /// This computer.
        from: IpAddr,
    },
    /// Something else answers there.
    NotSnug {
        /// The port.
        port: u16,
        /// What it calls itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        program: Option<String>,
    },
    /// Something takes the connection and says nothing.
    Mute {
        /// The port.
        port: u16,
    },
    /// The server wants an encrypted connection, which was not asked for.
    EncryptedOnly,
    /// An encrypted connection was asked for, and the server has none.
    NotEncrypted,
    /// The server does not accept the name it was called by.
    AnotherName {
        /// That name.
        name: String,
    },
    /// The server can't serve now.
    NotReady,
    /// The server is newer than this app, and may do what this one does not know.
    NewerServer {
        /// Its version.
        version: String,
    },
    /// The server is older than this app, and does not know all that this one does.
    OlderServer {
        /// Its version; none where it does not say.
        #[serde(skip_serializing_if = "Option::is_none")]
        version: Option<String>,
    },
    /// All is well but that servers can't be seen by themselves.
    MulticastBlocked {
        /// Whether this computer does not even hear itself.
        is_here: bool,
    },
    /// Anything else, in the system's words.
    Other {
        /// On one line.
        reason: String,
    },
}

impl Verdict {
    /// Whether nothing is wrong.
    pub const fn is_well(&self) -> bool {
        matches!(self, Self::Well { .. } | Self::NetworkWell { .. })
    }

    /// What these steps mean, in the order they were taken.
    pub(super) fn of(target: Option<&ServerAddress>, steps: &[Step]) -> Self {
        let Some(target) = target else { return of_network(steps) };
        let found = Found::of(steps);
        match steps.last() {
            Some(Step::Network { .. }) | None => Self::NoNetwork,
            Some(Step::Name { name, fault, .. }) => {
                Self::UnknownName { name: name.clone(), fault: fault.unwrap_or(NameFault::Unknown) }
            }
            _ => match found.answer {
                Some(answer) => of_answer(answer, target, &found),
                None => of_reach(target.port, &found),
            },
        }
    }
}

/// The steps that a verdict is made of.
#[derive(Debug, Default)]
struct Found<'a> {
    to: Option<IpAddr>,
    way: Option<&'a Way>,
    reach: Option<&'a Reach>,
    answer: Option<&'a Answer>,
    ports: &'a [u16],
    multicast: Option<Multicast>,
    firewall: Option<Firewall>,
}

impl<'a> Found<'a> {
    fn of(steps: &'a [Step]) -> Self {
        let mut found = Self::default();
        for step in steps {
            match step {
                Step::Way { to, way } => (found.to, found.way) = (Some(*to), Some(way)),
                // Of several addresses, the one that says most.
                Step::Connection { at, reach } => (found.to, found.reach) = (Some(at.ip()), Some(reach)),
                Step::Answer { answer } => found.answer = Some(answer),
                Step::Ports { found: ports, .. } => found.ports = ports,
                Step::Multicast { multicast } => found.multicast = Some(*multicast),
                Step::Firewall { firewall } => found.firewall = *firewall,
                Step::Network { .. } | Step::Name { .. } => {}
            }
        }
        found
    }

    fn is_here(&self) -> bool {
        self.way == Some(&Way::ThisComputer)
    }
}

fn of_network(steps: &[Step]) -> Verdict {
    let found = Found::of(steps);
    match steps {
        [] | [Step::Network { .. }] => Verdict::NoNetwork,
        _ if found.multicast == Some(Multicast::Blocked) => Verdict::MulticastBlocked { is_here: true },
        _ => Verdict::NetworkWell { servers: found.ports.to_vec(), firewall: found.firewall },
    }
}

fn of_reach(port: u16, found: &Found<'_>) -> Verdict {
    let is_here = found.is_here();
    let to = found.to.unwrap_or(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED));
    let firewall = |says_no| Verdict::Firewall { port, says_no, firewall: found.firewall, is_here };
    if !found.ports.is_empty() {
        return Verdict::WrongPort { port, found: found.ports.to_vec() };
    }
    match found.reach {
        Some(Reach::NoWay) | None => return Verdict::NoWay { to },
        Some(Reach::BlockedHere) => return Verdict::BlockedHere,
        Some(Reach::Refused) => return Verdict::NothingListens { port, is_here },
        _ => {}
    }
    match (found.way, found.reach) {
        (Some(Way::Vpn { interface, nearer }), _) => {
            Verdict::Vpn { interface: interface.clone(), nearer: nearer.clone() }
        }
        (_, Some(Reach::Nobody)) => Verdict::Nobody { at: to },
        (Some(Way::Router { from, .. }), Some(Reach::Silent | Reach::TurnedAway)) => {
            Verdict::OtherNetwork { to, from: *from }
        }
        (_, Some(Reach::TurnedAway)) => firewall(true),
        (_, Some(Reach::Other { reason })) => Verdict::Other { reason: reason.clone() },
        _ => firewall(false),
    }
}

fn of_answer(answer: &Answer, target: &ServerAddress, found: &Found<'_>) -> Verdict {
    let port = target.port;
    match answer {
        Answer::Snug { tls: TlsMode::Off, .. } if target.secure => Verdict::NotEncrypted,
        Answer::Snug { name, version, .. } => match compare(version) {
            Some(true) => Verdict::NewerServer { version: version.clone() },
            Some(false) => Verdict::OlderServer { version: Some(version.clone()) },
            None => match found.multicast {
                Some(Multicast::Unheard) => Verdict::MulticastBlocked { is_here: false },
                Some(Multicast::Blocked) => Verdict::MulticastBlocked { is_here: true },
                heard => Verdict::Well {
                    server: Some(name.clone()).filter(|name| !name.is_empty()),
                    is_seen: heard == Some(Multicast::Through),
                },
            },
        },
        Answer::Older => Verdict::OlderServer { version: None },
        Answer::AnotherName => Verdict::AnotherName { name: target.host.to_string() },
        Answer::NotReady => Verdict::NotReady,
        Answer::Encrypted => Verdict::EncryptedOnly,
        _ if !found.ports.is_empty() => Verdict::WrongPort { port, found: found.ports.to_vec() },
        Answer::Web { program } => Verdict::NotSnug { port, program: program.clone() },
        Answer::Other { says } => Verdict::NotSnug { port, program: says.clone() },
        Answer::Mute | Answer::HungUp => Verdict::Mute { port },
    }
}

/// Whether a version is newer than this program's; none where they do the same. The last number stands for mended faults only.
fn compare(version: &str) -> Option<bool> {
    let numbers = |version: &str| {
        let mut numbers = version.split('.').map(|number| number.parse::<u32>().ok());
        Some((numbers.next()??, numbers.next()??))
    };
    let (theirs, ours) = (numbers(version)?, numbers(OWN)?);
    (theirs != ours).then_some(theirs > ours)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Interface;

    const PORT: u16 = 8000;

    fn at() -> std::net::SocketAddr {
        std::net::SocketAddr::from(([192, 168, 1, 20], PORT))
    }

    fn network() -> Step {
        Step::Network { interfaces: vec![Interface::example("eth0", "192.168.1.5", 24)] }
    }

    fn verdict(steps: Vec<Step>) -> Verdict {
        Verdict::of(Some(&ServerAddress::parse("192.168.1.20").unwrap()), &steps)
    }

    /// On the way there, the port went so, and perhaps Snug is on these others.
    fn reached(way: Way, reach: Reach, found: &[u16]) -> Verdict {
        let ports = Step::Ports { host: at().ip(), found: found.to_vec() };
        verdict(vec![
            network(),
            Step::Way { to: at().ip(), way },
            Step::Connection { at: at(), reach },
            ports,
        ])
    }

    fn same() -> Way {
        Way::SameNetwork { interface: "eth0".into() }
    }

    fn answered(answer: Answer, more: Option<Step>) -> Verdict {
        let open = Step::Connection { at: at(), reach: Reach::Open };
        let steps = [Some(network()), Some(open), Some(Step::Answer { answer }), more];
        verdict(steps.into_iter().flatten().collect())
    }

    fn snug(version: &str) -> Answer {
        Answer::Snug { name: "The lab".into(), version: version.into(), tls: TlsMode::Off }
    }

    #[test]
    fn every_way_not_to_get_there_has_a_verdict_of_its_own() {
        assert_eq!(verdict(vec![Step::Network { interfaces: vec![] }]), Verdict::NoNetwork);
        let name = Step::Name { name: "lab".into(), addresses: vec![], fault: Some(NameFault::Unknown) };
        let unknown = Verdict::UnknownName { name: "lab".into(), fault: NameFault::Unknown };
        assert_eq!(verdict(vec![network(), name]), unknown);
        let firewall = |says_no| Verdict::Firewall { port: PORT, says_no, firewall: None, is_here: false };
        assert_eq!(reached(same(), Reach::Silent, &[]), firewall(false));
        assert_eq!(reached(same(), Reach::TurnedAway, &[]), firewall(true));
        assert_eq!(reached(same(), Reach::Nobody, &[]), Verdict::Nobody { at: at().ip() });
        assert_eq!(reached(same(), Reach::NoWay, &[]), Verdict::NoWay { to: at().ip() });
        assert_eq!(reached(same(), Reach::BlockedHere, &[]), Verdict::BlockedHere);
        let nothing = |is_here| Verdict::NothingListens { port: PORT, is_here };
        assert_eq!(reached(same(), Reach::Refused, &[]), nothing(false));
        assert_eq!(reached(Way::ThisComputer, Reach::Refused, &[]), nothing(true));
        let from = IpAddr::from([192, 168, 1, 5]);
        let router = Way::Router { interface: "eth0".into(), from };
        assert_eq!(reached(router, Reach::Silent, &[]), Verdict::OtherNetwork { to: at().ip(), from });
        let (interface, nearer) = ("tun0".to_owned(), Some("eth0".to_owned()));
        let vpn = Way::Vpn { interface: interface.clone(), nearer: nearer.clone() };
        assert_eq!(reached(vpn, Reach::Silent, &[]), Verdict::Vpn { interface, nearer });
    }

    #[test]
    fn a_server_on_another_port_explains_everything() {
        let wrong = Verdict::WrongPort { port: PORT, found: vec![8003] };
        for reach in [Reach::Refused, Reach::Silent, Reach::TurnedAway] {
            assert_eq!(reached(same(), reach, &[8003]), wrong);
        }
        let ports = Step::Ports { host: at().ip(), found: vec![8003] };
        assert_eq!(answered(Answer::Web { program: None }, Some(ports)), wrong);
    }

    #[test]
    fn who_answers_decides_whether_it_is_well() {
        let well = |is_seen| Verdict::Well { server: Some("The lab".into()), is_seen };
        let heard = |multicast| Some(Step::Multicast { multicast });
        assert_eq!(answered(snug(OWN), heard(Multicast::Through)), well(true));
        assert_eq!(answered(snug(OWN), heard(Multicast::Here)), well(false));
        let blocked = |is_here| Verdict::MulticastBlocked { is_here };
        assert_eq!(answered(snug(OWN), heard(Multicast::Unheard)), blocked(false));
        assert_eq!(answered(snug(OWN), heard(Multicast::Blocked)), blocked(true));
        assert_eq!(answered(snug("99.1.0"), None), Verdict::NewerServer { version: "99.1.0".into() });
        assert_eq!(answered(snug("0.0.9"), None), Verdict::OlderServer { version: Some("0.0.9".into()) });
        assert_eq!(answered(Answer::Older, None), Verdict::OlderServer { version: None });
        assert_eq!(answered(Answer::Encrypted, None), Verdict::EncryptedOnly);
        let program = Some("nginx".to_owned());
        assert_eq!(
            answered(Answer::Web { program: program.clone() }, None),
            Verdict::NotSnug { port: PORT, program }
        );
        assert_eq!(answered(Answer::Mute, None), Verdict::Mute { port: PORT });
    }

    #[test]
    fn a_server_that_has_no_encryption_is_told_who_asks_for_it() {
        let target = ServerAddress { secure: true, ..ServerAddress::parse("192.168.1.20").unwrap() };
        let steps = [network(), Step::Answer { answer: snug(OWN) }];
        assert_eq!(Verdict::of(Some(&target), &steps), Verdict::NotEncrypted);
    }

    #[test]
    fn a_mended_fault_makes_no_other_version() {
        let (major, minor) = OWN.rsplit_once('.').map(|(of, _)| of.split_once('.').unwrap()).unwrap();
        assert_eq!(compare(&format!("{major}.{minor}.999")), None);
        assert_eq!(compare("soon"), None, "what can't be compared is not held against it");
    }

    #[test]
    fn this_computer_alone_is_well_when_it_hears_itself() {
        let of = |multicast| {
            let ports = Step::Ports { host: [127, 0, 0, 1].into(), found: vec![8000] };
            let firewall = Step::Firewall { firewall: Some(Firewall::Ufw) };
            Verdict::of(None, &[network(), ports, Step::Multicast { multicast }, firewall])
        };
        let well = Verdict::NetworkWell { servers: vec![8000], firewall: Some(Firewall::Ufw) };
        assert_eq!(of(Multicast::Here), well);
        assert_eq!(of(Multicast::Blocked), Verdict::MulticastBlocked { is_here: true });
    }
}
