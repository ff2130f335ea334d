//! Which servers there are, decided from hints and answers. Time is passed in; nothing is asked from here.

use std::time::Duration;

use snug_shared::{ServerAddress, ServerId, api::ServerStatus};
use tokio::time::Instant;
use url::Host;

use super::{Found, SeenBy};

/// Servers that are known at once, those included that have not answered yet.
pub const SERVERS: usize = 64;
/// Addresses of one server, at most.
pub const ADDRESSES: usize = 8;
/// Questions under way at once, at most.
const AT_ONCE: usize = 8;
/// The time after which a server that answers no more is gone, at the latest: it is asked every `EVERY`, and twice.
pub const GONE_AFTER: Duration = Duration::from_secs(10);
/// How often a server is asked whether it is still there.
const EVERY: Duration = Duration::from_secs(3);
/// The pause after a question without answer.
const RETRY: Duration = Duration::from_millis(500);
/// The shortest time between two questions to one address, whatever is hinted.
const REST: Duration = Duration::from_secs(1);
/// Questions without answer after which an address is given up.
const FAILURES: u32 = 2;
/// The same for an address that never answered. Each pause is twice the one before.
const FRUITLESS: u32 = 6;

/// Somebody says where a server may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Which.
    pub id: ServerId,
    /// Where.
    pub address: ServerAddress,
    /// The fingerprint of its key, as somebody says.
    pub fingerprint: Option<String>,
    /// How much goes on there, as somebody says: rooms and people. Another hint with other numbers is reason to ask anew.
    pub counts: (u32, u32),
    /// How it was noticed.
    pub seen_by: SeenBy,
}

/// A question to ask: which server an address is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The server that is expected there.
    pub id: ServerId,
    /// The address.
    pub address: ServerAddress,
    /// The fingerprint that is expected, if any.
    pub fingerprint: Option<String>,
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A server said who it is.
    Answered(Box<ServerStatus>),
    /// A server is there, and has no time to say who it is.
    Busy,
    /// Nothing answers, or nothing that is a server of Snug.
    Nothing,
}

/// See the [module](self).
#[derive(Debug, Default)]
pub struct List {
    /// In the order in which they were noticed.
    servers: Vec<Server>,
    under_way: usize,
}

#[derive(Debug)]
struct Server {
    id: ServerId,
    fingerprint: Option<String>,
    counts: (u32, u32),
    seen_by: SeenBy,
    places: Vec<Place>,
    /// What it said of itself last. It is found for as long as one of its places is confirmed.
    status: Option<ServerStatus>,
}

#[derive(Debug)]
struct Place {
    address: ServerAddress,
    /// Whether the server answered here, and has not fallen silent since.
    is_confirmed: bool,
    /// Questions without answer since.
    failures: u32,
    asked_at: Option<Instant>,
    /// When it is asked next.
    due: Instant,
    is_under_way: bool,
}

impl List {
    /// Takes a hint.
    pub fn hint(&mut self, now: Instant, hint: Hint) {
        let Hint { id, address, fingerprint, counts, seen_by } = hint;
        let Some(server) = self.server(id) else { return };
        server.seen_by = server.seen_by.and(seen_by);
        if (&fingerprint, counts) != (&server.fingerprint, server.counts) {
            (server.fingerprint, server.counts) = (fingerprint, counts);
            server.places.iter_mut().filter(|place| place.is_confirmed).for_each(|place| place.hurry(now));
        }
        let known = server.places.iter_mut().find(|place| place.address == address);
        match known {
            Some(place) if place.is_confirmed => {}
            Some(place) => place.hurry(now),
            None => server.add(now, address),
        }
    }

    /// Somebody says that a server is gone. It is asked, and believed when it does not answer.
    pub fn withdraw(&mut self, now: Instant, id: &ServerId) {
        let server = self.servers.iter_mut().find(|server| server.id == *id);
        for place in server.into_iter().flat_map(|server| &mut server.places) {
            place.failures = place.failures.max(FAILURES - 1);
            place.due = now;
        }
    }

    /// Asks everybody anew: the computer slept, or is on another network.
    pub fn doubt(&mut self, now: Instant) {
        self.servers.iter_mut().flat_map(|server| &mut server.places).for_each(|place| place.due = now);
    }

    /// The questions to ask now.
    pub fn due(&mut self, now: Instant) -> Vec<Probe> {
        let mut probes = Vec::new();
        for server in &mut self.servers {
            for at in 0..server.places.len() {
                if self.under_way == AT_ONCE {
                    return probes;
                }
                if server.due(at).is_some_and(|due| due <= now) {
                    self.under_way += 1;
                    probes.push(server.probe(now, at));
                }
            }
        }
        probes
    }

    /// When there is something to ask again, if nothing happens before.
    pub fn next_due(&self) -> Option<Instant> {
        if self.under_way == AT_ONCE {
            return None;
        }
        let servers = self.servers.iter();
        servers.flat_map(|server| (0..server.places.len()).filter_map(|at| server.due(at))).min()
    }

    /// Takes what came of a question.
    pub fn answered(&mut self, now: Instant, probe: &Probe, outcome: Outcome) {
        self.under_way -= 1;
        let Some(at) = self.servers.iter().position(|server| server.id == probe.id) else { return };
        let server = &mut self.servers[at];
        let Some(place) = server.places.iter().position(|place| place.address == probe.address) else {
            return;
        };
        server.places[place].is_under_way = false;
        match outcome {
            Outcome::Answered(status) if status.id == server.id => server.confirm(now, place, *status),
            Outcome::Answered(status) => {
                // Another server has the address now. What it said itself is as good as a hint.
                let Place { address, .. } = server.places.remove(place);
                let seen_by = server.seen_by;
                let ServerStatus { id, fingerprint, rooms, people, .. } = *status;
                self.forget_lost(at);
                self.hint(now, Hint { id, address, fingerprint, counts: (rooms, people), seen_by });
            }
            Outcome::Busy => server.places[place].due = now + EVERY,
            Outcome::Nothing => {
                server.miss(now, place);
                self.forget_lost(at);
            }
        }
    }

    /// The servers that answer.
    pub fn found(&self) -> Vec<Found> {
        self.servers.iter().filter_map(Server::found).collect()
    }

    /// The server with this id, new if need be; none where there is no room for it.
    fn server(&mut self, id: ServerId) -> Option<&mut Server> {
        let at = self.servers.iter().position(|server| server.id == id);
        let at = match at {
            Some(at) => at,
            None => {
                if self.servers.len() == SERVERS {
                    // Whoever hints at servers that are none pushes out other hints, and no server that answers.
                    let oldest = self.servers.iter().position(|server| server.best().is_none())?;
                    let _ = self.servers.remove(oldest);
                }
                self.servers.push(Server::new(id));
                self.servers.len() - 1
            }
        };
        self.servers.get_mut(at)
    }

    fn forget_lost(&mut self, at: usize) {
        if self.servers[at].places.is_empty() {
            let _ = self.servers.remove(at);
        }
    }
}

impl Server {
    fn new(id: ServerId) -> Self {
        Self {
            id,
            fingerprint: None,
            counts: (0, 0),
            seen_by: SeenBy::default(),
            places: Vec::new(),
            status: None,
        }
    }

    fn add(&mut self, now: Instant, address: ServerAddress) {
        if self.places.len() == ADDRESSES {
            let Some(worst) = self.places.iter().position(|place| !place.is_confirmed) else { return };
            let _ = self.places.remove(worst);
        }
        let place = Place {
            address,
            is_confirmed: false,
            failures: 0,
            asked_at: None,
            due: now,
            is_under_way: false,
        };
        self.places.push(place);
        self.places.sort_by_key(|place| rank(&place.address));
    }

    /// The place it is asked at.
    fn best(&self) -> Option<usize> {
        self.places.iter().position(|place| place.is_confirmed)
    }

    /// When a place is asked next; none while it needs no question. A server is asked at its best address while it answers there.
    fn due(&self, at: usize) -> Option<Instant> {
        let place = &self.places[at];
        let is_watched = !place.is_confirmed || place.failures > 0 || self.best() == Some(at);
        (is_watched && !place.is_under_way).then_some(place.due)
    }

    fn probe(&mut self, now: Instant, at: usize) -> Probe {
        let place = &mut self.places[at];
        (place.is_under_way, place.asked_at) = (true, Some(now));
        let (id, fingerprint) = (self.id.clone(), self.fingerprint.clone());
        Probe { id, address: place.address.clone(), fingerprint }
    }

    fn confirm(&mut self, now: Instant, place: usize, status: ServerStatus) {
        self.status = Some(status);
        let place = &mut self.places[place];
        (place.is_confirmed, place.failures, place.due) = (true, 0, now + EVERY);
    }

    fn miss(&mut self, now: Instant, at: usize) {
        let place = &mut self.places[at];
        place.failures += 1;
        if place.is_confirmed && place.failures < FAILURES {
            place.due = now + RETRY;
            // One of many addresses may be out of reach; all of them at once are a server that is gone.
            self.places.iter_mut().for_each(|other| other.due = other.due.min(now + RETRY));
            let others = self.places.iter_mut().filter(|other| other.is_confirmed && other.failures == 0);
            others.for_each(|other| other.failures = 1);
        } else if place.is_confirmed {
            (place.is_confirmed, place.failures, place.due) = (false, 1, now + REST);
        } else if place.failures < FRUITLESS {
            place.due = now + REST * (1 << place.failures);
        } else {
            let _ = self.places.remove(at);
        }
    }

    fn found(&self) -> Option<Found> {
        let confirmed = self.places.iter().filter(|place| place.is_confirmed);
        let addresses: Vec<_> = confirmed.map(|place| place.address.clone()).collect();
        let status = self.status.as_ref().filter(|_| !addresses.is_empty())?;
        Some(Found {
            id: self.id.clone(),
            name: status.name.clone(),
            addresses,
            tls: status.tls,
            fingerprint: status.fingerprint.clone(),
            rooms: status.rooms,
            people: status.people,
            seen_by: self.seen_by,
        })
    }
}

impl Place {
    /// Has it asked soon.
    fn hurry(&mut self, now: Instant) {
        let rested = self.asked_at.map_or(now, |asked_at| now.max(asked_at + REST));
        self.due = self.due.min(rested);
    }
}

/// The order of a server's addresses: what people know and pass on comes first, and last what only this computer can use.
fn rank(address: &ServerAddress) -> u8 {
    match &address.host {
        Host::Ipv4(ip) if ip.is_private() => 0,
        Host::Ipv4(ip) if ip.is_loopback() => 6,
        Host::Ipv4(ip) if ip.is_link_local() => 5,
        Host::Ipv4(_) => 1,
        Host::Domain(_) => 2,
        Host::Ipv6(ip) if ip.is_loopback() => 6,
        Host::Ipv6(ip) if ip.is_unicast_link_local() => 4,
        Host::Ipv6(_) => 3,
    }
}
