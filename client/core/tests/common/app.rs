//! The app without pixels, driven as a screen drives it, and a server in this process.

use std::{collections::HashSet, future::Future, net::SocketAddr, path::Path, pin::Pin, time::Duration};

use futures_util::{Stream, StreamExt, stream::FuturesUnordered};
use jiff::tz::TimeZone;
use snug_core::{
    connection::{self, Event},
    history::History,
    session::{Done, Effect, Joining, Link, NotTaken, Session},
    timeline::{Delivery, Row},
};
use snug_server::Config;
use snug_shared::{Nickname, RoomName, ServerAddress};
use tokio::{sync::oneshot, task::JoinHandle, time::timeout};
use uuid::Uuid;

/// Far longer than anything takes that is not measured.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The room everybody is in.
pub const ROOM: &str = "tea";

pub type Events = Pin<Box<dyn Stream<Item = Event> + Send>>;
type Work = Pin<Box<dyn Future<Output = (Done, Option<Uuid>)> + Send>>;

/// A server that can be stopped, and started again at the same port.
pub struct Server {
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

impl Server {
    pub async fn start(folder: &Path, address: SocketAddr) -> Self {
        Self::start_with(Config { data_dir: folder.to_owned(), ..Config::default() }, address).await
    }

    /// One that takes whatever comes as fast as it comes.
    pub async fn start_unlimited(folder: &Path, address: SocketAddr) -> Self {
        let config = Config { data_dir: folder.to_owned(), rate_limit: false, ..Config::default() };
        Self::start_with(config, address).await
    }

    async fn start_with(config: Config, address: SocketAddr) -> Self {
        let listener = snug_server::net::accept::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            snug_server::run(listener, config, stopped).await.unwrap();
        });
        Self { address, stop, ended }
    }

    pub async fn stop(self) -> SocketAddr {
        drop(self.stop);
        self.ended.await.unwrap();
        self.address
    }
}

pub fn anywhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

pub fn at(address: SocketAddr) -> ServerAddress {
    ServerAddress::parse(&address.to_string()).unwrap()
}

pub fn nickname(name: &str) -> Nickname {
    Nickname::parse(name).unwrap()
}

/// A session driven as a screen drives it.
pub struct Person {
    pub session: Session,
    pub events: Option<Events>,
    effects: FuturesUnordered<Work>,
    /// Sends that are on the disk.
    kept: HashSet<Uuid>,
}

impl Person {
    pub fn new(server: SocketAddr, name: &str, data: &Path) -> Self {
        Self::with_history(server, name, data, History::default())
    }

    pub fn with_history(server: SocketAddr, name: &str, data: &Path, history: History) -> Self {
        let joining = Joining {
            server: at(server),
            room: RoomName::parse(ROOM).unwrap(),
            nickname: nickname(name),
            data: data.to_owned(),
            zone: TimeZone::UTC,
        };
        let (session, effects) = Session::with_history(joining, history);
        let person = Self { session, events: None, effects: FuturesUnordered::new(), kept: HashSet::new() };
        person.run(effects);
        person
    }

    pub fn run(&self, effects: Vec<Effect>) {
        self.run_and_keep(effects, None);
    }

    fn run_and_keep(&self, effects: Vec<Effect>, mut keeps: Option<Uuid>) {
        for effect in effects {
            // The first one of a send keeps it.
            let id = keeps.take();
            self.effects.push(Box::pin(async move { (effect.run().await, id) }));
        }
    }

    /// Whether what this device keeps has been read.
    pub fn is_open(&self) -> bool {
        self.session.target().is_some()
    }

    /// Whether nothing is being done for the session.
    pub fn is_idle(&self) -> bool {
        self.effects.is_empty()
    }

    /// Whether a send is on the disk.
    pub fn has_kept(&self, send: Uuid) -> bool {
        self.kept.contains(&send)
    }

    /// Says something; its id.
    pub fn say(&mut self, text: &str) -> Uuid {
        self.try_say(text).unwrap()
    }

    pub fn try_say(&mut self, text: &str) -> Result<Uuid, NotTaken> {
        let effects = self.session.say(text, None)?;
        let timeline = self.session.timeline();
        let Some(Row::Message(row)) = timeline.len().checked_sub(1).and_then(|last| timeline.row(last))
        else {
            panic!("what was said is the last row");
        };
        let id = row.id;
        self.run_and_keep(effects, Some(id));
        Ok(id)
    }

    pub async fn step(&mut self) {
        if self.events.is_none()
            && let Some(target) = self.session.target()
        {
            self.events = Some(Box::pin(connection::stream(target.clone())));
        }
        let events = &mut self.events;
        let effects = tokio::select! {
            Some(event) = async { match events { Some(events) => events.next().await, None => None } } => {
                self.session.update(event)
            }
            Some((done, keeps)) = self.effects.next() => {
                self.kept.extend(keeps);
                self.session.done(done)
            }
        };
        self.run(effects);
    }

    pub async fn until(&mut self, what: &str, holds: impl Fn(&Session) -> bool) {
        self.within(PATIENCE, what, holds).await;
    }

    pub async fn within(&mut self, patience: Duration, what: &str, holds: impl Fn(&Session) -> bool) {
        let waited = timeout(patience, async {
            while !holds(&self.session) {
                self.step().await;
            }
        });
        if waited.await.is_err() {
            panic!("never: {what}; link {:?}, texts {:?}", self.session.link(), texts(&self.session));
        }
    }

    pub async fn online(&mut self) {
        self.until("online", |session| matches!(session.link(), Link::Online)).await;
    }
}

pub fn texts(session: &Session) -> Vec<String> {
    let timeline = session.timeline();
    let text = |index| match timeline.row(index) {
        Some(Row::Message(message)) => message.text.map(str::to_owned),
        _ => None,
    };
    (0..timeline.len()).filter_map(text).collect()
}

pub fn all_sent(session: &Session) -> bool {
    let timeline = session.timeline();
    session.waiting() == 0
        && (0..timeline.len()).all(|index| match timeline.row(index) {
            Some(Row::Message(message)) => message.delivery == Delivery::Sent && message.seq.is_some(),
            _ => true,
        })
}
