//! A link that is dead in one direction only, without a goodbye: both ends notice.

use std::{
    fs,
    net::Ipv4Addr,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::time::{Instant, timeout};

use super::{
    asleep::lines,
    driver::{self, Orders},
};
use crate::common::{
    app::{Person, Server},
    promise::{Promise, is_long},
};

const LIMIT: Duration = Duration::from_secs(45);
const HERE: &str = "10.213.77.1";
const THERE: &str = "10.213.77.2";

/// How long a stream's reader that vanished may hold its connection: a heartbeat after 15 s, unacknowledged for 30 s, and the
/// system's own timers.
const STREAM_LIMIT: Duration = Duration::from_secs(60);

/// A network of two ends: this machine's, and one in a namespace of its own.
struct Wire {
    name: String,
}

fn ip(words: &str) -> bool {
    Command::new("ip").args(words.split(' ')).output().is_ok_and(|output| output.status.success())
}

impl Wire {
    /// `None`: only root can.
    fn new() -> Option<Self> {
        let name = format!("snug{}", std::process::id());
        let wire = Self { name: name.clone() };
        let made = ip(&format!("netns add {name}"))
            && ip(&format!("link add {name}a type veth peer name {name}b netns {name}"))
            && ip(&format!("addr add {HERE}/30 dev {name}a"))
            && ip(&format!("link set {name}a up"))
            && ip(&format!("-n {name} addr add {THERE}/30 dev {name}b"))
            && ip(&format!("-n {name} link set {name}b up"))
            && ip(&format!("-n {name} link set lo up"));
        made.then_some(wire)
    }

    /// Sends what goes to the server, or what comes from it, to a card that nobody has.
    fn cut(&self, to_server: bool) {
        let (name, nobody) = (&self.name, "02:00:00:00:00:99");
        let cut = match to_server {
            true => ip(&format!("-n {name} neigh replace {HERE} lladdr {nobody} dev {name}b nud permanent")),
            false => ip(&format!("neigh replace {THERE} lladdr {nobody} dev {name}a nud permanent")),
        };
        assert!(cut, "the neighbour can be set");
    }

    /// Reads a room's stream from the other end.
    fn curl(&self, port: u16) -> Child {
        let address = format!("http://{HERE}:{port}/api/rooms/quiet/stream");
        Command::new("ip")
            .args(["netns", "exec", &self.name, "curl", "-sN", &address])
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn mend(&self) {
        let name = &self.name;
        let _ = ip(&format!("-n {name} neigh del {HERE} dev {name}b"));
        let _ = ip(&format!("neigh del {THERE} dev {name}a"));
    }
}

/// How many connections from the other end the server holds: rows of the system's table, with addresses and ports in hex.
fn connections(port: u16) -> usize {
    const ESTABLISHED: &str = "01";
    let there: Ipv4Addr = THERE.parse().unwrap();
    let there = format!("{:08X}:", u32::from_le_bytes(there.octets()));
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let rows = table.lines().map(|row| row.split_ascii_whitespace().skip(1).take(3).collect::<Vec<_>>());
    rows.filter(|row| {
        matches!(row[..], [local, remote, ESTABLISHED] if local.ends_with(&format!(":{port:04X}"))
            && remote.starts_with(&there))
    })
    .count()
}

impl Drop for Wire {
    fn drop(&mut self) {
        let _ = ip(&format!("link del {}a", self.name));
        let _ = ip(&format!("netns del {}", self.name));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_dead_in_one_direction_is_noticed_by_both_ends() {
    for (to_server, what) in [(true, "half-open, nothing arrives"), (false, "half-open, nothing comes back")]
    {
        let promise =
            Promise::new(what, "gone from the list and offline ≤ 45 s, a stream ≤ 60 s, back by itself");
        if !is_long() {
            promise.left_out("it takes a minute");
            continue;
        }
        let Some(wire) = Wire::new() else {
            promise.left_out("a network of its own needs root");
            continue;
        };
        let folder = tempfile::tempdir().unwrap();
        noticed(promise, &wire, to_server, folder.path()).await;
    }
}

async fn noticed(promise: Promise, wire: &Wire, to_server: bool, folder: &Path) {
    let server = Server::start_unlimited(&folder.join("server"), ([0, 0, 0, 0], 0).into()).await;
    let port = server.address.port();
    let mut maya = Person::new(([127, 0, 0, 1], port).into(), "maya", &folder.join("maya"));
    let inside = ["ip", "netns", "exec", &wire.name];
    let address = format!("{HERE}:{port}").parse().unwrap();
    let mut app = driver::start(&inside, Orders::Listen, address, &folder.join("app"), None);
    let heard = lines(&mut app);
    maya.until("both are here", |session| session.count() == 2).await;
    while heard.try_recv().is_ok() {}
    let members = connections(port);
    let mut curl = wire.curl(port);
    maya.until("the stream is open", |_| connections(port) == members + 1).await;

    wire.cut(to_server);
    let since = Instant::now();
    let (mut gone, mut offline, mut stream) = (None, None, None);
    while gone.is_none() || offline.is_none() || stream.is_none() {
        let noticed = format!("left {gone:?}, offline {offline:?}, stream {stream:?}");
        assert!(since.elapsed() < 3 * LIMIT, "never noticed: {noticed}");
        let _ = timeout(Duration::from_millis(20), maya.step()).await;
        if maya.session.count() == 1 {
            gone.get_or_insert(since.elapsed());
        }
        if connections(port) == 0 {
            stream.get_or_insert(since.elapsed());
        }
        while let Ok((at, line)) = heard.try_recv() {
            if line == "offline" {
                offline.get_or_insert(at.duration_since(since));
            }
        }
    }
    wire.mend();
    maya.within(Duration::from_secs(90), "it is back", |session| session.count() == 2).await;
    for child in [&mut app, &mut curl] {
        child.kill().unwrap();
        let _ = child.wait();
    }
    drop(maya);
    server.stop().await;
    let [gone, offline, stream] = [gone, offline, stream].map(Option::unwrap_or_default);
    promise.judged(
        offline <= LIMIT && gone <= LIMIT && stream <= STREAM_LIMIT,
        format!(
            "left the list after {:.0} s, the app knew after {:.0} s, all connections gone after {:.0} s",
            gone.as_secs_f64(),
            offline.as_secs_f64(),
            stream.as_secs_f64()
        ),
    );
}
