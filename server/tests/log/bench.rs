//! A log under test, and short words for what is done to it.

use std::{
    collections::HashMap,
    future::Future,
    path::Path,
    sync::{Arc, Mutex},
};

use snug_server::{
    log::{
        Actor, Append, Appended, Commits, Committed, Completion, Denial, Epoch, Later, Log, LogError,
        RoomRecord, Slice, Span, memory::MemoryLog, sqlite::SqliteLog,
    },
    policy::{Policy, may_do},
};
use snug_shared::{
    Author, Body, Emoji, Entry, Intent, MessageText, Nickname, Present, RoomKey, RoomName, Seq, Topic,
};
use tempfile::TempDir;
use uuid::Uuid;

/// More than any test reads.
pub const ALL: usize = 10_000;

/// A kind of log.
#[derive(Clone, Copy)]
pub struct Backend {
    open: fn(&Path, Commits, Policy) -> Arc<dyn Log>,
    /// Whether what was entered is there when it is opened again.
    persists: bool,
}

const ON_DISK: Backend = Backend {
    open: |folder, commits, policy| {
        let dispatch = move |completions: Vec<Completion>| {
            completions.into_iter().for_each(|completion| completion.deliver(&commits));
        };
        Arc::new(SqliteLog::open_with(folder, Box::new(dispatch), policy).expect("it opens"))
    },
    persists: true,
};

const IN_MEMORY: Backend = Backend {
    open: |_, commits, policy| Arc::new(MemoryLog::with_policy(commits, policy).expect("random bits")),
    persists: false,
};

pub struct Bench {
    pub log: Arc<dyn Log>,
    pub told: Arc<Mutex<Vec<Arc<Committed>>>>,
    backend: Backend,
    policy: Policy,
    folder: TempDir,
    epochs: Mutex<HashMap<RoomKey, Epoch>>,
}

impl Bench {
    pub fn on_disk() -> Self {
        Self::over(ON_DISK)
    }

    pub fn in_memory() -> Self {
        Self::over(IN_MEMORY)
    }

    fn over(backend: Backend) -> Self {
        Self::open(backend, may_do, TempDir::new().expect("a folder"), Arc::default())
    }

    fn open(
        backend: Backend,
        policy: Policy,
        folder: TempDir,
        told: Arc<Mutex<Vec<Arc<Committed>>>>,
    ) -> Self {
        let log = (backend.open)(folder.path(), teller(&told), policy);
        Self { log, told, backend, policy, folder, epochs: Mutex::default() }
    }

    /// An empty log of the same kind.
    pub fn another(&self) -> Self {
        Self::over(self.backend)
    }

    /// An empty log of the same kind, into which anybody may enter anything.
    pub fn without_policy(self) -> Self {
        Self::open(self.backend, |_, _, _| Ok(()), TempDir::new().expect("a folder"), Arc::default())
    }

    pub fn persists(&self) -> bool {
        self.backend.persists
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Closes the log and opens it again, as the next start does.
    pub async fn restart(self) -> Self {
        self.log.close().await;
        let Self { log, told, backend, policy, folder, .. } = self;
        drop(log);
        Self::open(backend, policy, folder, told)
    }

    pub async fn record(&self, name: &str) -> RoomRecord {
        self.log.room(&room(name)).await.expect("the log works")
    }

    /// The history that a room is in, asked once.
    fn epoch(&self, room: &RoomName) -> Epoch {
        let mut epochs = self.epochs.lock().expect("no test panics here");
        *epochs.entry(room.key()).or_insert_with(|| {
            let record = self.log.room(room);
            // On a thread of its own: this one may be a runtime's.
            let asked = std::thread::spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
                runtime.block_on(record).expect("the log works")
            });
            asked.join().expect("it can be asked").epoch
        })
    }

    /// An append to the history that the room was in when it was first asked for.
    pub fn to_append(&self, name: &str, who: &str, id: Uuid, intent: Intent) -> Append {
        let room = room(name);
        Append { epoch: self.epoch(&room), room, actor: actor(who), id, intent }
    }

    pub fn append(&self, name: &str, who: &str, id: Uuid, intent: Intent) -> Later<Appended> {
        let answer = self.log.append(self.to_append(name, who, id, intent));
        Box::pin(async { answer.await.expect("the log works") })
    }

    /// Appends with a fresh id, in the room `tea`.
    pub fn send(&self, who: &str, intent: Intent) -> impl Future<Output = Appended> + use<> {
        self.send_as(Uuid::now_v7(), who, intent)
    }

    pub fn send_as(&self, id: Uuid, who: &str, intent: Intent) -> impl Future<Output = Appended> + use<> {
        self.append("tea", who, id, intent)
    }

    pub async fn say(&self, who: &str, text: &str) -> Seq {
        new(self.send(who, message(text)).await).seq
    }

    pub async fn read(&self, span: Span, limit: usize) -> Page {
        let read = self.log.read(&room("tea").key(), span, limit, usize::MAX);
        read.await.expect("the log works").expect("the room is there").into()
    }

    pub async fn all(&self) -> Vec<Entry> {
        self.read(Span::After(0), ALL).await.entries
    }

    pub async fn find(&self, words: &str) -> Vec<Seq> {
        seqs(&self.search(words, Span::Before(Seq::MAX), ALL).await.entries)
    }

    pub async fn search(&self, words: &str, span: Span, limit: usize) -> Page {
        let found = self.log.search(&room("tea").key(), words, span, limit);
        found.await.expect("the log works").expect("the room is there").into()
    }

    pub async fn text(&self, seq: Seq) -> Option<String> {
        let entry = self.read(Span::After(seq - 1), 1).await.entries.remove(0);
        match entry.body {
            Body::Message(message) => message.text,
            Body::Edited { text, .. } => text,
            other => panic!("{other:?} has no text"),
        }
        .map(MessageText::into_string)
    }

    pub async fn present(&self, seq: Seq) -> Present {
        let entry = self.read(Span::After(seq - 1), 1).await.entries.remove(0);
        entry.message().and_then(|message| message.present.clone()).expect("a message in its present state")
    }
}

/// A slice of a log in which nothing is damaged.
#[derive(Debug)]
pub struct Page {
    pub room: RoomRecord,
    pub entries: Vec<Entry>,
    pub more: bool,
    pub cursor: Option<Seq>,
}

impl From<Slice> for Page {
    fn from(Slice { room, entries, more, cursor }: Slice) -> Self {
        let entries = entries.into_iter().map(|line| line.into_entry().expect("nothing is damaged"));
        Self { room, entries: entries.collect(), more, cursor }
    }
}

pub fn teller(told: &Arc<Mutex<Vec<Arc<Committed>>>>) -> Commits {
    let told = Arc::clone(told);
    Box::new(move |committed| told.lock().expect("no test panics here").push(Arc::clone(committed)))
}

pub fn room(name: &str) -> RoomName {
    RoomName::parse(name).expect("a room's name")
}

pub fn actor(name: &str) -> Actor {
    let nickname = Nickname::parse(name).expect("a nickname");
    Actor { author: Author::http(&nickname), nickname, moderator: name.starts_with("mod") }
}

pub fn text(text: &str) -> MessageText {
    MessageText::parse(text).expect("a text")
}

pub fn message(said: &str) -> Intent {
    Intent::Message { text: text(said), reply_to: None }
}

pub fn answer(reply_to: Seq, said: &str) -> Intent {
    Intent::Message { text: text(said), reply_to: Some(reply_to) }
}

pub fn edit(target: Seq, said: &str) -> Intent {
    Intent::Edit { target, text: text(said) }
}

pub fn delete(target: Seq) -> Intent {
    Intent::Delete { target }
}

pub fn react(target: Seq, emoji: &str, on: bool) -> Intent {
    Intent::React { target, emoji: Emoji::parse(emoji).expect("an emoji"), on }
}

pub fn topic(text: &str) -> Intent {
    Intent::Topic { topic: Topic::parse(text).expect("a topic") }
}

pub fn seqs(entries: &[Entry]) -> Vec<Seq> {
    entries.iter().map(|entry| entry.seq).collect()
}

pub fn new(appended: Appended) -> Entry {
    match appended {
        Appended::New(committed) => committed.entry.clone(),
        other => panic!("expected a new entry, got {other:?}"),
    }
}

pub fn repeated(appended: Appended) -> Box<Entry> {
    match appended {
        Appended::Repeated(entry) => entry,
        other => panic!("expected the first entry again, got {other:?}"),
    }
}

pub fn unchanged(appended: Appended) -> Box<Entry> {
    match appended {
        Appended::Unchanged(entry) => entry,
        other => panic!("expected the entry that made it so, got {other:?}"),
    }
}

pub fn refused(appended: Appended) -> snug_shared::ErrorCode {
    match appended {
        Appended::Refused(Denial { code, reason }) => {
            assert!(reason.ends_with('.'), "a sentence for a person: {reason}");
            code
        }
        other => panic!("expected a refusal, got {other:?}"),
    }
}

pub fn unavailable<T: std::fmt::Debug>(result: Result<T, LogError>) -> String {
    match result {
        Err(LogError::Unavailable(why)) => why,
        other => panic!("expected the log to be unavailable, got {other:?}"),
    }
}

/// Each rule becomes a test for each backend. The first line is the list of them all.
macro_rules! every_log {
    ($($rule:ident)*) => { every_log! { [on_disk in_memory] { $($rule)* } } };
    ([$($backend:ident)*] $rules:tt) => { $(every_log! { @ $backend $rules })* };
    (@ $backend:ident { $($rule:ident)* }) => {
        mod $backend {
            $(#[tokio::test]
            async fn $rule() {
                super::$rule(super::Bench::$backend()).await;
            })*
        }
    };
}

pub(super) use every_log;
