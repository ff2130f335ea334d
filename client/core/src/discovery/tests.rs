//! The list by itself, with time passed in; and searches among real servers on this computer, where hints are made by hand.

use snug_server::{Config, net::accept, run};
use snug_shared::{Durability, announcement, api::ServerStatus};
use tokio::{net::UdpSocket, time::timeout};

use super::*;

/// Longer than anything here takes: who waits this long waits for ever.
const PATIENCE: Duration = Duration::from_secs(60);
/// More than the longest pause between two questions that came to nothing.
const LATER: Duration = Duration::from_secs(3);

fn id(number: usize) -> ServerId {
    let digit = |place: u32| char::from(b"abcdefghijklmnop"[number >> (4 * place) & 15]);
    ServerId::parse(&(0..26).map(|place| if place < 4 { digit(place) } else { 'x' }).collect::<String>())
        .unwrap()
}

fn at(address: &str) -> ServerAddress {
    ServerAddress::parse(address).unwrap()
}

fn hint(number: usize, address: &str) -> Hint {
    let seen_by = SeenBy { dns_sd: true, datagram: false };
    Hint { id: id(number), address: at(address), fingerprint: None, counts: (0, 0), seen_by }
}

fn status(number: usize, people: u32) -> ServerStatus {
    let name = format!("server {number}");
    let version = "0.1.0".to_owned();
    ServerStatus { id: id(number), name, version, rooms: 1, people, tls: TlsMode::Off, fingerprint: None }
}

/// A list, the time, and the servers that answer: where, and what.
struct World {
    list: List,
    now: Instant,
    servers: Vec<(ServerAddress, ServerStatus)>,
    asked: usize,
}

impl World {
    fn new(servers: &[(&str, usize)]) -> Self {
        let servers = servers.iter().map(|(address, number)| (at(address), status(*number, 1))).collect();
        Self { list: List::default(), now: Instant::now(), servers, asked: 0 }
    }

    fn hint(&mut self, number: usize, address: &str) {
        self.list.hint(self.now, hint(number, address));
    }

    /// Lets time pass and answers what is asked meanwhile.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            for probe in self.list.due(self.now) {
                self.asked += 1;
                let server = self.servers.iter().find(|(address, _)| *address == probe.address);
                let outcome =
                    server.map_or(Outcome::Nothing, |(_, said)| Outcome::Answered(Box::new(said.clone())));
                self.list.answered(self.now, &probe, outcome);
            }
            match self.list.next_due() {
                Some(due) if due <= end => self.now = self.now.max(due),
                _ => break,
            }
        }
        self.now = end;
    }

    fn found(&self) -> Vec<(ServerId, Vec<String>)> {
        let addresses = |found: Found| found.addresses.iter().map(ToString::to_string).collect();
        self.list.found().into_iter().map(|found| (found.id.clone(), addresses(found))).collect()
    }
}

#[test]
fn a_hint_is_shown_when_the_server_itself_has_answered_with_that_id_and_not_before() {
    let mut world = World::new(&[("192.168.1.20", 1)]);
    world.hint(1, "192.168.1.20");
    world.hint(2, "192.168.1.99");
    assert!(world.found().is_empty());
    world.pass(Duration::ZERO);
    assert_eq!(world.found(), [(id(1), vec!["192.168.1.20:8000".to_owned()])]);
}

#[test]
fn whoever_announces_anothers_id_adds_no_address_to_it() {
    let mut world = World::new(&[("192.168.1.20", 1), ("192.168.1.66", 6)]);
    world.hint(1, "192.168.1.20");
    world.hint(1, "192.168.1.66");
    world.pass(Duration::ZERO);
    let alone = |number, address: &str| (id(number), vec![format!("{address}:8000")]);
    // What answers there is found as what it is.
    assert_eq!(world.found(), [alone(1, "192.168.1.20"), alone(6, "192.168.1.66")]);
}

#[test]
fn one_server_is_one_entry_with_its_addresses_in_the_order_of_their_use() {
    let addresses = ["[fe80::1%eth0]", "[fd00::1]", "127.0.0.1", "203.0.113.5", "169.254.1.2", "10.0.0.5"];
    let mut world = World::new(&addresses.map(|address| (address, 1)));
    addresses.into_iter().for_each(|address| world.hint(1, address));
    world
        .list
        .hint(world.now, Hint { seen_by: SeenBy { dns_sd: false, datagram: true }, ..hint(1, "10.0.0.5") });
    world.pass(Duration::ZERO);
    let found = world.list.found();
    assert_eq!(found.len(), 1);
    let order: Vec<_> = found[0].addresses.iter().map(ToString::to_string).collect();
    let expected = ["10.0.0.5", "203.0.113.5", "[fd00::1]", "[fe80::1%eth0]", "169.254.1.2", "127.0.0.1"];
    assert_eq!(order, expected.map(|address| format!("{address}:8000")));
    assert_eq!(found[0].seen_by, SeenBy { dns_sd: true, datagram: true });
}

#[test]
fn a_server_stays_while_it_answers_though_nobody_hints_at_it_and_its_counts_follow() {
    let mut world = World::new(&[("192.168.1.20", 1)]);
    world.hint(1, "192.168.1.20");
    world.pass(Duration::from_secs(3_600));
    assert_eq!(world.found().len(), 1);
    assert!(world.asked <= 1_201, "asked {} times in an hour", world.asked);
    world.servers[0].1.people = 7;
    world.pass(GONE_AFTER);
    assert_eq!(world.list.found()[0].people, 7);
}

#[test]
fn a_server_that_answers_nowhere_is_gone_in_time_and_comes_back_when_it_is_seen_again() {
    let addresses = ["192.168.1.20", "[fd00::1]", "[fe80::1%eth0]"];
    let mut world = World::new(&addresses.map(|address| (address, 1)));
    addresses.into_iter().for_each(|address| world.hint(1, address));
    world.pass(Duration::from_secs(100));
    let servers = std::mem::take(&mut world.servers);
    world.pass(GONE_AFTER);
    assert!(world.found().is_empty());
    world.pass(Duration::from_secs(600));
    world.servers = servers;
    world.hint(1, "192.168.1.20");
    world.pass(LATER);
    assert_eq!(world.found().len(), 1);
}

#[test]
fn one_address_that_is_out_of_reach_leaves_the_others() {
    let mut world = World::new(&[("192.168.1.20", 1), ("10.0.0.5", 1)]);
    world.hint(1, "192.168.1.20");
    world.hint(1, "10.0.0.5");
    world.pass(LATER);
    assert_eq!(world.list.found()[0].addresses.len(), 2);
    world.servers.remove(0);
    for _ in 0..100 {
        world.pass(Duration::from_millis(500));
        assert_eq!(world.found().len(), 1, "it is never gone");
    }
    assert_eq!(world.found()[0].1, ["10.0.0.5:8000"]);
}

#[test]
fn a_goodbye_is_believed_at_once_when_the_server_answers_no_more_and_else_not() {
    let mut world = World::new(&[("192.168.1.20", 1)]);
    world.hint(1, "192.168.1.20");
    world.pass(LATER);
    world.list.withdraw(world.now, &id(1));
    world.pass(LATER);
    assert_eq!(world.found().len(), 1, "anybody can say goodbye for another");
    world.servers.clear();
    world.list.withdraw(world.now, &id(1));
    world.pass(Duration::ZERO);
    assert!(world.found().is_empty());
}

#[test]
fn another_server_at_an_address_is_not_taken_for_the_one_before() {
    let mut world = World::new(&[("192.168.1.20", 1)]);
    world.hint(1, "192.168.1.20");
    world.pass(LATER);
    world.servers[0].1 = status(2, 1);
    world.pass(GONE_AFTER);
    assert_eq!(world.found(), [(id(2), vec!["192.168.1.20:8000".to_owned()])]);
}

#[test]
fn a_flood_of_hints_is_bounded_and_pushes_no_server_out_that_answers() {
    let mut world = World::new(&[("192.168.1.20", 1)]);
    world.hint(1, "192.168.1.20");
    world.pass(LATER);
    for number in 2..5_000 {
        world.hint(number, "192.168.1.99");
        world.hint(1, &format!("10.0.{}.{}", number / 250, number % 250));
    }
    assert!(world.list.due(world.now + LATER).len() <= 8, "questions at once");
    assert_eq!(world.found().len(), 1);
    let mut full = World::new(&[]);
    for number in 0..SERVERS + 10 {
        let address = format!("10.1.0.{number}");
        full.servers.push((at(&address), status(number, 1)));
        full.hint(number, &address);
        full.pass(Duration::ZERO);
    }
    assert_eq!(full.found().len(), SERVERS);
}

#[test]
fn hints_that_repeat_or_change_do_not_make_it_ask_more_than_once_a_second() {
    let mut world = World::new(&[("192.168.1.20", 1)]);
    for number in 0..1_000 {
        let counts = (number, number);
        world.list.hint(world.now, Hint { counts, ..hint(1, "192.168.1.20") });
        world.hint(2, "192.168.1.99");
        world.pass(Duration::from_millis(10));
    }
    assert!(world.asked <= 25, "asked {} times in ten seconds", world.asked);
}

/// A server on this computer, which ends when its sender is dropped.
async fn server(name: &str) -> (ServerAddress, tokio::sync::oneshot::Sender<()>) {
    let listener = accept::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = at(&listener.local_addr().unwrap().to_string());
    let config = Config { durability: Durability::None, name: name.to_owned(), ..Config::default() };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    drop(tokio::spawn(run(listener, config, async { drop(stopped.await) })));
    (address, stop)
}

async fn until(search: &mut Search, is_so: impl Fn(&[Found]) -> bool) -> Vec<Found> {
    let found = timeout(PATIENCE, async {
        loop {
            let found = search.next().await;
            if is_so(&found) {
                return found;
            }
        }
    });
    found.await.expect("it comes to that")
}

#[tokio::test]
async fn a_real_server_is_found_by_what_it_says_itself_and_is_gone_when_it_ends() {
    let (address, stop) = server("The lab").await;
    let told = crate::api::status(&address).await.unwrap();
    let mut sources = None;
    let mut search = Search::begin(|source, _| sources = Some(source));
    let notices = sources.unwrap().notices;
    let seen_by = SeenBy { dns_sd: false, datagram: true };
    let hint =
        Hint { id: told.id.clone(), address: address.clone(), fingerprint: None, counts: (9, 9), seen_by };
    // One with a fingerprint that the server does not have is somebody else's.
    let false_hint = Hint { id: id(1), fingerprint: Some("x".repeat(43)), ..hint.clone() };
    notices.send(Notice::Hint(false_hint)).await.unwrap();
    notices.send(Notice::Hint(hint)).await.unwrap();
    let found = until(&mut search, |found| !found.is_empty()).await;
    let expected = Found {
        id: told.id,
        name: "The lab".to_owned(),
        addresses: vec![address],
        tls: TlsMode::Off,
        fingerprint: None,
        rooms: 0,
        people: 0,
        seen_by,
    };
    assert_eq!(found, std::slice::from_ref(&expected));
    drop(stop);
    notices.send(Notice::Goodbye(expected.id)).await.unwrap();
    let _ = until(&mut search, <[Found]>::is_empty).await;
}

#[tokio::test]
async fn a_server_that_answers_a_datagram_is_found_at_the_address_the_answer_came_from() {
    let (address, _stop) = server("The lab").await;
    let told = crate::api::status(&address).await.unwrap();
    // What a server does, without the network: this computer alone is asked.
    let responder = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = responder.local_addr().unwrap().port();
    drop(tokio::spawn(async move {
        let mut datagram = [0; 600];
        let said = snug_shared::Announcement {
            id: told.id,
            name: told.name,
            tls: told.tls,
            fingerprint: None,
            rooms: 0,
            people: 0,
        };
        loop {
            let (length, from) = responder.recv_from(&mut datagram).await.unwrap();
            assert!(announcement::is_question(&datagram[..length]));
            let _ = responder.send_to(b"not an answer", from).await;
            let _ = responder.send_to(&said.datagram(address.port), from).await;
        }
    }));
    let mut search = Search::begin(|source, tasks| drop(tasks.spawn(question::ask_here(source, port))));
    let found = until(&mut search, |found| !found.is_empty()).await;
    assert_eq!((found[0].name.as_str(), found[0].seen_by.datagram), ("The lab", true));
}
