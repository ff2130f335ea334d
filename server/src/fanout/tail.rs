//! The newest frames of one room, shared by all its members.

use std::{
    collections::VecDeque,
    sync::{Arc, OnceLock},
};

use bytes::{Bytes, BytesMut};
use snug_shared::{Line, RoomKey, Seq};
use uuid::Uuid;

use crate::{
    dialect::Dialect,
    log::{Committed, Epoch},
    sync::{Ranked, rank},
    websocket::{self, Frame},
};

/// Bytes of frames a room keeps for members that are behind; one that is further behind is closed as too slow. Shared by all
/// of them, and empty while all keep up. Counted in the native dialect; the others are shorter.
pub const TAIL_BYTES: usize = 2 * 1024 * 1024;

/// One frame of a tail.
#[derive(Debug, Clone)]
pub struct Item {
    /// The frame of the native dialect, and the JSON in it.
    pub frame: Frame,
    /// The message for the other dialects; none when they have no words for the entry.
    pub message: Option<Arc<Message>>,
    /// The entry it carries; none for what is not kept (presence, typing).
    pub seq: Option<Seq>,
    /// The connection it is not for: a member does not get its own typing frame.
    pub except: Option<u64>,
}

/// A message and its frames in the dialects that are not native, each made when somebody first needs it.
#[derive(Debug)]
pub struct Message {
    committed: Arc<Committed>,
    plain: OnceLock<Bytes>,
    lobby: OnceLock<Bytes>,
}

impl Item {
    /// An entry, for every dialect that has words for it.
    pub fn entry(committed: &Arc<Committed>) -> Self {
        let entry = &committed.entry;
        let message = entry.message().map(|_| {
            Arc::new(Message { committed: committed.clone(), plain: OnceLock::new(), lobby: OnceLock::new() })
        });
        let frame = Dialect::Native.entry(entry).unwrap_or_default();
        Self { frame, message, seq: Some(entry.seq), except: None }
    }

    /// A line of a room's log that was read because its event did not come.
    pub fn line(room: &RoomKey, epoch: Epoch, line: Line) -> Self {
        match line {
            Line::Entry(entry) => Self::entry(&Arc::new(Committed { room: room.clone(), epoch, entry })),
            Line::Damaged(seq) | Line::Opaque(seq) => {
                Self { frame: websocket::json(&line, 0), message: None, seq: Some(seq), except: None }
            }
        }
    }

    /// A frame that only native clients get, and that is not kept.
    pub fn passing(frame: Frame, except: Option<u64>) -> Self {
        Self { frame, message: None, seq: None, except }
    }

    /// The frame in a dialect; empty when it has none.
    pub fn frame(&self, dialect: Dialect) -> &Bytes {
        static NOTHING: Bytes = Bytes::new();
        let (frame, message) = match (dialect, &self.message) {
            (Dialect::Native, _) => return self.frame.bytes(),
            (_, None) => return &NOTHING,
            (Dialect::Plain, Some(message)) => (&message.plain, message),
            (Dialect::Lobby, Some(message)) => (&message.lobby, message),
        };
        frame.get_or_init(|| dialect.entry(&message.committed.entry).unwrap_or_default().into())
    }

    /// The sender's id of the message in it.
    pub fn id(&self) -> Option<Uuid> {
        self.message.as_ref().map(|message| message.committed.entry.id)
    }
}

/// Consecutive items, to be written to many sockets without holding the tail's lock.
#[derive(Debug, Default)]
pub struct Batch {
    /// The position of the first item.
    pub from: u64,
    /// The items.
    pub items: Vec<Item>,
    /// Their frames in a row, for each dialect that is spoken. The kernel takes one piece much faster than forty.
    joined: [OnceLock<Bytes>; Dialect::COUNT],
    /// Whether one of them is not for everybody.
    excepts: bool,
}

impl Batch {
    /// Items from a position on.
    pub fn new(from: u64, items: Vec<Item>) -> Self {
        let excepts = items.iter().any(|item| item.except.is_some());
        Self { from, items, joined: Default::default(), excepts }
    }

    /// All frames in a dialect, one behind the other.
    pub fn joined(&self, dialect: Dialect) -> &Bytes {
        self.joined[dialect as usize].get_or_init(|| match &self.items[..] {
            [item] => item.frame(dialect).clone(),
            items => {
                let mut joined =
                    BytesMut::with_capacity(items.iter().map(|item| item.frame(dialect).len()).sum());
                items.iter().for_each(|item| joined.extend_from_slice(item.frame(dialect)));
                joined.freeze()
            }
        })
    }

    /// Whether all of it is for a connection.
    pub fn is_for(&self, connection: u64) -> bool {
        !self.excepts || self.items.iter().all(|item| item.except != Some(connection))
    }

    /// The first entry in it; a batch without one is never in the way.
    pub fn first_seq(&self) -> Seq {
        self.items.iter().find_map(|item| item.seq).unwrap_or(Seq::MAX)
    }
}

/// A room's tail, shared by the room and all its members.
pub type SharedTail = Arc<Ranked<Tail, rank::Tail>>;

/// The newest frames of a room. Positions count every frame the room ever had in this process.
#[derive(Debug, Default)]
pub struct Tail {
    /// The position of `items[0]`.
    start: u64,
    items: VecDeque<Item>,
    bytes: usize,
    /// The newest entry handed to the tail, whether still in it or not.
    last: Seq,
    /// The newest entry that has left it.
    trimmed: Seq,
}

impl Tail {
    /// An empty tail of a room whose log ends with `last`.
    pub fn new(last: Seq) -> Self {
        Self { start: 0, items: VecDeque::new(), bytes: 0, last, trimmed: last }
    }

    /// Appends a frame; the oldest ones leave when there are more than [`TAIL_BYTES`].
    pub fn push(&mut self, item: Item) {
        if let Some(seq) = item.seq {
            self.last = seq;
        }
        self.bytes += item.frame.bytes().len();
        self.items.push_back(item);
        // The newest frame stays whatever its size, so that a member that keeps up always gets it.
        while self.bytes > TAIL_BYTES && self.items.len() > 1 {
            self.drop_oldest();
        }
    }

    /// Drops every frame below a position that nobody needs any more.
    pub fn trim(&mut self, needed: u64) {
        while self.start < needed && !self.items.is_empty() {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(item) = self.items.pop_front() {
            self.start += 1;
            self.bytes -= item.frame.bytes().len();
            self.trimmed = item.seq.unwrap_or(self.trimmed);
        }
    }

    /// The oldest position still here.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The position the next frame will have.
    pub fn end(&self) -> u64 {
        self.start + self.items.len() as u64
    }

    /// The newest entry handed to the tail.
    pub fn last(&self) -> Seq {
        self.last
    }

    /// The newest entry below a position.
    pub fn last_before(&self, position: u64) -> Seq {
        let below = usize::try_from(position.saturating_sub(self.start)).unwrap_or(usize::MAX);
        let below = self.items.iter().take(below).rev();
        below.filter_map(|item| item.seq).next().unwrap_or(self.trimmed)
    }

    /// Whether every entry after `seq` that the tail was ever given is still in it.
    pub fn covers(&self, seq: Seq) -> bool {
        seq >= self.trimmed
    }

    /// At most `count` items from a position on; `None` when some of them have left.
    pub fn items(&self, from: u64, count: usize) -> Option<Vec<Item>> {
        let skip = usize::try_from(from.checked_sub(self.start)?).ok()?;
        Some(self.items.iter().skip(skip).take(count).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::websocket;

    /// An entry whose frame has this size.
    fn entry(seq: Seq, size: usize) -> Item {
        let payload = vec![0; size];
        let header = websocket::binary(&payload).bytes().len() - size;
        let frame = websocket::binary(&payload[header..]);
        Item { frame, message: None, seq: Some(seq), except: None }
    }

    #[test]
    fn the_oldest_frames_leave_and_their_positions_with_them() {
        let mut tail = Tail::new(7);
        for seq in 8..=17 {
            tail.push(entry(seq, TAIL_BYTES / 4));
        }
        assert_eq!((tail.start(), tail.end(), tail.last()), (6, 10, 17));
        assert!(tail.items(5, 8).is_none());
        assert_eq!(tail.items(6, 8).unwrap().len(), 4);
        assert_eq!(tail.items(10, 8).unwrap().len(), 0);
        assert!(tail.covers(13) && !tail.covers(12));
    }

    #[test]
    fn a_frame_larger_than_the_tail_still_goes_out() {
        let mut tail = Tail::new(0);
        tail.push(entry(1, TAIL_BYTES * 2));
        assert_eq!(tail.items(0, 8).unwrap().len(), 1);
    }

    #[test]
    fn what_nobody_needs_is_let_go() {
        let mut tail = Tail::new(0);
        for seq in 1..=5 {
            tail.push(entry(seq, 10));
        }
        tail.trim(5);
        assert_eq!((tail.start(), tail.end()), (5, 5));
        assert!(tail.covers(5) && !tail.covers(4));
        tail.push(entry(6, 10));
        assert!(tail.covers(5));
    }
}
