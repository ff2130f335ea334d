//! What stands between this computer and a server: `snug doctor`, and “What is wrong?” in the app.
//!
//! An [`Examination`] takes one [`Check`] after the other and reports each as a [`Step`] when it is known. What was found decides
//! which check is due next (`Examination::due`), and in the end the [`Verdict`] (`verdict.rs`). Both are typed; their sentences
//! (`words.rs`) and what to do about them (`remedy.rs`) stand apart. No check needs special rights, and each has a limit in time.

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use futures_util::{Stream, stream};
use serde::Serialize;
use snug_shared::{DEFAULT_PORT, ServerAddress};
use url::Host;

mod firewall;
mod multicast;
mod network;
mod ports;
mod probe;
mod remedy;
mod verdict;
mod words;

pub use firewall::Firewall;
pub use multicast::Multicast;
pub use network::{Interface, Way};
pub use probe::{Answer, NameFault, Reach};
pub use remedy::Remedy;
pub use verdict::Verdict;
pub(crate) use words::mark;
pub use words::report;

/// How long all of it may take. A check that is due later is left out.
const WHOLE: Duration = Duration::from_secs(10);
/// The most that one check takes: a connection to a machine that does not answer.
const LONGEST: Duration = probe::CONNECT;

/// One thing to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Check {
    /// The networks that this computer is on.
    Network,
    /// What the server's name stands for.
    Name,
    /// How one gets there from here.
    Way,
    /// Whether the port takes a connection.
    Connection,
    /// Who answers on it.
    Answer,
    /// Snug servers on other ports of that machine.
    Ports,
    /// Whether servers on this network can be seen by themselves.
    Multicast,
    /// What keeps connections out of this computer.
    Firewall,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// The networks that this computer is on, without the one to itself; none without a network. At most 16.
    Network {
        /// One for each address.
        interfaces: Vec<Interface>,
    },
    /// What the server's name stands for, at most 4 addresses.
    Name {
        /// The name, or an address as it was typed.
        name: String,
        /// What it stands for.
        addresses: Vec<SocketAddr>,
        /// Why it stands for nothing.
        #[serde(skip_serializing_if = "Option::is_none")]
        fault: Option<NameFault>,
    },
    /// How one gets there from here.
    Way {
        /// The machine's address.
        to: IpAddr,
        /// By which way.
        way: Way,
    },
    /// Whether the port takes a connection.
    Connection {
        /// Where.
        at: SocketAddr,
        /// How it went.
        reach: Reach,
    },
    /// Who answers on it.
    Answer {
        /// Who.
        answer: Answer,
    },
    /// Snug servers on other ports of that machine.
    Ports {
        /// The machine.
        host: IpAddr,
        /// Their ports, ascending.
        found: Vec<u16>,
    },
    /// Whether servers on this network can be seen by themselves.
    Multicast {
        /// Whether so.
        multicast: Multicast,
    },
    /// What keeps connections out of this computer, as far as one can tell.
    Firewall {
        /// The one that seems to be active.
        firewall: Option<Firewall>,
    },
}

/// News of an examination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A check is through.
    Step(Step),
    /// All are, and this is what they mean. Nothing follows.
    Verdict(Verdict),
}

/// The way to a server, or this computer's network where there is none to go to, while it is being looked at.
#[derive(Debug)]
pub struct Examination {
    target: Option<ServerAddress>,
    steps: Vec<Step>,
    began: Instant,
    is_over: bool,
}

/// Looks at the way to a server, or only at this computer and its network. Ends with the verdict, after 10 s at most. Needs a
/// tokio runtime around it.
pub fn examine(target: Option<ServerAddress>) -> impl Stream<Item = Event> + Send + use<> {
    stream::unfold(Examination::new(target), async |mut examination| {
        examination.next().await.map(|event| (event, examination))
    })
}

impl Examination {
    fn new(target: Option<ServerAddress>) -> Self {
        Self { target, steps: Vec::new(), began: Instant::now(), is_over: false }
    }

    async fn next(&mut self) -> Option<Event> {
        if self.is_over {
            return None;
        }
        let has_time = self.began.elapsed() + LONGEST <= WHOLE;
        match self.due().filter(|check| has_time || *check < Check::Ports) {
            Some(check) => {
                let step = self.take(check).await;
                self.steps.push(step.clone());
                Some(Event::Step(step))
            }
            None => {
                self.is_over = true;
                Some(Event::Verdict(Verdict::of(self.target.as_ref(), &self.steps)))
            }
        }
    }

    /// The check that what was found so far makes necessary; none when the verdict is clear.
    fn due(&self) -> Option<Check> {
        let Some(last) = self.steps.last() else { return Some(Check::Network) };
        let is_here =
            || self.steps.iter().any(|step| matches!(step, Step::Way { way: Way::ThisComputer, .. }));
        let Some(target) = &self.target else {
            return match last {
                Step::Network { interfaces } if interfaces.is_empty() => None,
                Step::Network { .. } => Some(Check::Ports),
                Step::Ports { .. } => Some(Check::Multicast),
                Step::Multicast { .. } => Some(Check::Firewall),
                _ => None,
            };
        };
        match last {
            Step::Network { interfaces } if interfaces.is_empty() && !is_this_machine(&target.host) => None,
            Step::Network { .. } => Some(Check::Name),
            Step::Name { addresses, .. } => (!addresses.is_empty()).then_some(Check::Way),
            Step::Way { .. } => Some(Check::Connection),
            Step::Connection { reach: Reach::Open, .. } => Some(Check::Answer),
            Step::Connection { reach: Reach::NoWay | Reach::BlockedHere | Reach::Nobody, .. } => None,
            Step::Connection { .. } => Some(Check::Ports),
            // It is Snug: whether it can be seen by itself is all that is left.
            Step::Answer { answer } if answer.is_snug() => (!is_here()).then_some(Check::Multicast),
            Step::Answer { .. } => Some(Check::Ports),
            Step::Ports { .. } => is_here().then_some(Check::Firewall),
            Step::Multicast { .. } | Step::Firewall { .. } => None,
        }
    }

    async fn take(&self, check: Check) -> Step {
        match check {
            Check::Network => Step::Network { interfaces: network::interfaces() },
            Check::Name => self.resolve().await,
            Check::Way => {
                let to = self.first().ip();
                Step::Way { to, way: network::way(to) }
            }
            Check::Connection => {
                let (at, reach) = probe::connect(self.addresses(), self.way()).await;
                Step::Connection { at, reach }
            }
            Check::Answer => {
                let authority = self.target.as_ref().map(ServerAddress::authority).unwrap_or_default();
                Step::Answer { answer: probe::ask(self.reached(), &authority).await }
            }
            Check::Ports => {
                let at = if self.target.is_some() { self.reached() } else { here() };
                Step::Ports { host: at.ip(), found: ports::snug_on(at, self.target.is_some()).await }
            }
            Check::Multicast => {
                let server = self.target.as_ref().map(|_| self.reached().ip());
                Step::Multicast { multicast: multicast::look(self.interfaces(), server).await }
            }
            Check::Firewall => Step::Firewall { firewall: Firewall::here() },
        }
    }

    async fn resolve(&self) -> Step {
        let Some(target) = &self.target else {
            return Step::Name { name: String::new(), addresses: Vec::new(), fault: None };
        };
        let name = match (&target.host, &target.zone) {
            (Host::Ipv6(ip), Some(zone)) => format!("{ip}%{zone}"),
            (Host::Ipv6(ip), None) => ip.to_string(),
            (host, _) => host.to_string(),
        };
        match probe::resolve(&name, target.port).await {
            Ok(addresses) => Step::Name { name, addresses, fault: None },
            Err(fault) => Step::Name { name, addresses: Vec::new(), fault: Some(fault) },
        }
    }

    fn interfaces(&self) -> &[Interface] {
        let found = self.steps.iter().find_map(|step| match step {
            Step::Network { interfaces } => Some(interfaces.as_slice()),
            _ => None,
        });
        found.unwrap_or_default()
    }

    fn addresses(&self) -> &[SocketAddr] {
        let found = self.steps.iter().find_map(|step| match step {
            Step::Name { addresses, .. } => Some(addresses.as_slice()),
            _ => None,
        });
        found.unwrap_or_default()
    }

    fn first(&self) -> SocketAddr {
        self.addresses().first().copied().unwrap_or_else(here)
    }

    /// Where the connection was tried.
    fn reached(&self) -> SocketAddr {
        let tried = self.steps.iter().find_map(|step| match step {
            Step::Connection { at, .. } => Some(*at),
            _ => None,
        });
        tried.unwrap_or_else(|| self.first())
    }

    fn way(&self) -> Option<&Way> {
        self.steps.iter().find_map(|step| match step {
            Step::Way { way, .. } => Some(way),
            _ => None,
        })
    }
}

/// A server on this computer, on the port that servers have.
fn here() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], DEFAULT_PORT))
}

fn is_this_machine(host: &Host) -> bool {
    match host {
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
        Host::Domain(name) => name == "localhost",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examination(target: &str, steps: Vec<Step>) -> Examination {
        let target = (!target.is_empty()).then(|| ServerAddress::parse(target).unwrap());
        Examination { steps, ..Examination::new(target) }
    }

    fn network() -> Step {
        Step::Network { interfaces: vec![Interface::example("eth0", "192.168.1.5", 24)] }
    }

    #[test]
    fn a_computer_without_a_network_is_told_at_once_unless_it_asks_itself() {
        let alone = || vec![Step::Network { interfaces: Vec::new() }];
        assert_eq!(examination("192.168.1.20", alone()).due(), None);
        assert_eq!(examination("", alone()).due(), None);
        assert_eq!(examination("localhost", alone()).due(), Some(Check::Name));
    }

    #[test]
    fn what_was_found_decides_what_is_looked_at_next() {
        let at = SocketAddr::from(([192, 168, 1, 20], 8000));
        let connection = |reach| vec![network(), Step::Connection { at, reach }];
        let next = |steps| examination("192.168.1.20", steps).due();
        assert_eq!(next(vec![network()]), Some(Check::Name));
        assert_eq!(next(connection(Reach::Open)), Some(Check::Answer));
        assert_eq!(next(connection(Reach::Refused)), Some(Check::Ports));
        assert_eq!(next(connection(Reach::NoWay)), None);
        assert_eq!(next(connection(Reach::Nobody)), None, "nobody has another port either");
        assert_eq!(next(vec![Step::Answer { answer: Answer::Mute }]), Some(Check::Ports));
        let answer = Answer::Older;
        assert_eq!(next(vec![Step::Answer { answer: answer.clone() }]), Some(Check::Multicast));
        let way = Step::Way { to: at.ip(), way: Way::ThisComputer };
        assert_eq!(next(vec![way, Step::Answer { answer }]), None, "it hears itself in any case");
    }

    #[test]
    fn all_limits_together_stay_within_the_time_promised() {
        let all = probe::RESOLVE + probe::CONNECT + probe::ANSWER + ports::WAIT + 2 * multicast::WAIT;
        assert!(all <= WHOLE, "{all:?}");
    }
}
