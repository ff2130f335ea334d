//! Making this server known on its networks, so that nobody has to type an address (`docs/protocol.md` §9).
//!
//! [`dns_sd`] announces it by multicast DNS, and [`responder`] answers those who ask by datagram. Both say what
//! [`Identity`] says, with the counts of the last 5 s. Neither can stop the server: what fails is told in
//! the server log once, and tried again.
//!
//! A server that listens on this machine's own address alone is announced to nobody: nobody else could reach it, and whoever put
//! it there may have reasons, such as a proxy in front of it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use snug_shared::{Announcement, announcement::NAME_BYTES};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};

use crate::{Server, hub::Counts, identity::Identity};

mod askers;
mod dns_sd;
mod responder;

/// How often counts are looked at. What is announced changes no oftener.
const RENEWAL: Duration = Duration::from_secs(5);
/// How long the goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// Announces a server until it is ended or dropped.
pub(crate) struct Announcer {
    tasks: JoinSet<()>,
    ending: watch::Sender<bool>,
}

impl Announcer {
    /// Begins to announce a server that listens on `address`, if its settings say so and anybody else can reach it.
    pub fn start(server: &Arc<Server>, address: SocketAddr) -> Self {
        let mut tasks = JoinSet::new();
        let ending = watch::Sender::new(false);
        if server.config.announce && !address.ip().to_canonical().is_loopback() {
            let (said, saying) = watch::channel(announcement(&server.identity, Counts::default()));
            let _ = tasks.spawn(renew(server.clone(), said, ending.subscribe()));
            let _ = tasks.spawn(responder::answer(address, saying.clone(), ending.subscribe()));
            let _ = tasks.spawn(dns_sd::announce(address, saying, ending.subscribe()));
        }
        Self { tasks, ending }
    }

    /// Says goodbye, without waiting for it.
    pub fn goodbye(&self) {
        self.ending.send_replace(true);
    }

    /// Waits until the goodbye is said.
    pub async fn ended(mut self) {
        self.goodbye();
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(GOODBYE, ended).await.is_err() {
            tracing::info!("the goodbye to the network took too long");
        }
    }
}

/// Waits until the server ends.
async fn ended(ending: &mut watch::Receiver<bool>) {
    let _ = ending.wait_for(|ending| *ending).await;
}

/// Keeps what is announced up to date.
async fn renew(server: Arc<Server>, said: watch::Sender<Announcement>, mut ending: watch::Receiver<bool>) {
    let mut ticks = interval(RENEWAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = ended(&mut ending) => return,
        }
        // A log that cannot be asked says so itself; until it can, the counts of before hold.
        if let Ok(counts) = server.hub.counts().await {
            let now = announcement(&server.identity, counts);
            let _ = said.send_if_modified(|before| (*before != now).then(|| *before = now).is_some());
        }
    }
}

fn announcement(identity: &Identity, counts: Counts) -> Announcement {
    Announcement {
        id: identity.id.clone(),
        name: cut(&identity.name, NAME_BYTES).to_owned(),
        tls: identity.tls,
        fingerprint: identity.fingerprint.clone(),
        rooms: counts.rooms,
        people: counts.people,
    }
}

/// As much of a text as fits into so many bytes. [`Config::check`](crate::Config::check) has seen to it that a name fits whole;
/// settings that were made in a program are not checked before a server is opened over a backend.
fn cut(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}
