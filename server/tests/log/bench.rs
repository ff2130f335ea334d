//! A log under test, and short words for what is done to it.

use std::{
    future::Future,
    path::Path,
    sync::{Arc, Mutex},
};

use snug_server::log::{
    Actor, Append, Appended, Commits, Committed, Log, LogError, RoomRecord, Slice, Span, memory::MemoryLog,
    sqlite::SqliteLog,
};
use snug_shared::{Author, Body, Emoji, Entry, Intent, MessageText, Nickname, Present, RoomName, Seq, Topic};
use tempfile::TempDir;
use uuid::Uuid;

/// More than any test reads.
pub const ALL: usize = 10_000;
pub const EPOCH: &str = "00112233445566778899aabbccddeeff";

pub struct Bench {
    pub log: Arc<dyn Log>,
    pub told: Arc<Mutex<Vec<Committed>>>,
    pub folder: Option<TempDir>,
}

impl Bench {
    pub fn on_disk() -> Self {
        let folder = TempDir::new().expect("a folder");
        let told = Arc::default();
        let log = SqliteLog::open(folder.path(), teller(&told)).expect("a fresh log");
        Self { log: Arc::new(log), told, folder: Some(folder) }
    }

    pub fn in_memory() -> Self {
        let told = Arc::default();
        let log = MemoryLog::new(teller(&told)).expect("random bits");
        Self { log: Arc::new(log), told, folder: None }
    }

    pub fn path(&self) -> &Path {
        self.folder.as_ref().expect("a log on disk").path()
    }

    /// Closes the log and opens it again, as the next start does.
    pub async fn restart(self) -> Self {
        self.log.close().await;
        let log = SqliteLog::open(self.path(), teller(&self.told)).expect("the same log");
        Self { log: Arc::new(log), told: Arc::clone(&self.told), folder: self.folder }
    }

    /// Appends with a fresh id, in the room `tea`.
    pub fn send(&self, who: &str, intent: Intent) -> impl Future<Output = Appended> + use<> {
        self.send_as(Uuid::now_v7(), who, intent)
    }

    pub fn send_as(&self, id: Uuid, who: &str, intent: Intent) -> impl Future<Output = Appended> + use<> {
        let answer = self.log.append(append("tea", who, id, intent));
        async { answer.await.expect("the log works") }
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
}

impl From<Slice> for Page {
    fn from(Slice { room, entries, more }: Slice) -> Self {
        let entries = entries.into_iter().map(|line| line.into_entry().expect("nothing is damaged"));
        Self { room, entries: entries.collect(), more }
    }
}

pub fn teller(told: &Arc<Mutex<Vec<Committed>>>) -> Commits {
    let told = Arc::clone(told);
    Box::new(move |committed| told.lock().expect("no test panics here").push(committed))
}

pub fn room(name: &str) -> RoomName {
    RoomName::parse(name).expect("a room's name")
}

pub fn actor(name: &str) -> Actor {
    let nickname = Nickname::parse(name).expect("a nickname");
    Actor { author: Author::http(&nickname), nickname, moderator: name.starts_with("mod") }
}

pub fn append(name: &str, who: &str, id: Uuid, intent: Intent) -> Append {
    Append { room: room(name), epoch: EPOCH.to_owned(), actor: actor(who), id, intent }
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

pub fn new(appended: Appended) -> Arc<Entry> {
    match appended {
        Appended::New(entry) => entry,
        other => panic!("expected a new entry, got {other:?}"),
    }
}

pub fn repeated(appended: Appended) -> Arc<Entry> {
    match appended {
        Appended::Repeated(entry) => entry,
        other => panic!("expected the first entry again, got {other:?}"),
    }
}

pub fn unchanged(appended: Appended) -> Arc<Entry> {
    match appended {
        Appended::Unchanged(entry) => entry,
        other => panic!("expected the entry that made it so, got {other:?}"),
    }
}

pub fn refused(appended: Appended) -> snug_shared::ErrorCode {
    match appended {
        Appended::Refused(code, why) => {
            assert!(why.ends_with('.'), "a sentence for a person: {why}");
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

/// Each rule becomes a test for each log.
macro_rules! every_log {
    ($($rule:ident)*) => {
        mod on_disk {
            $(#[tokio::test]
            async fn $rule() {
                super::$rule(super::Bench::on_disk()).await;
            })*
        }

        mod in_memory {
            $(#[tokio::test]
            async fn $rule() {
                super::$rule(super::Bench::in_memory()).await;
            })*
        }
    };
}

pub(super) use every_log;
