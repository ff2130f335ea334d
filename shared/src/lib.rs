//! Snug's wire protocol: everything that crosses the network between a server and its clients.
//!
//! This crate is `docs/protocol.md` in Rust. It knows no sockets, clocks, threads, widgets or disks. Values are checked when they
//! are parsed and valid from then on: [`RoomName`], [`Nickname`], [`MessageText`], [`Author`].
//!
//! - A client opens `/ws/chat/{room}/{nickname}`, receives a challenge, sends [`Hello`] and receives [`Established`]. Then it
//!   receives the [`entries`](ServerFrame::Entries) it missed, and from then on every new [`Entry`] as a frame of its own.
//! - A message, edit, deletion, reaction or topic is an [`Intent`] with an id of the sender. It becomes one [`Entry`] of the
//!   room's log with the next [`Seq`]. The entry coming back with that id is the only acknowledgement.
//! - Unknown fields are ignored both ways. An unknown `type` from a client is answered with an error. From a server it is
//!   ignored, unless it has a `seq`: then it is counted ([`Line::Opaque`]), so that the numbering has no holes.

pub mod act;
pub mod address;
pub mod announcement;
pub mod api;
pub mod author;
pub mod close;
pub mod entry;
mod fields;
pub mod frame;
pub mod limits;
pub mod name;
pub mod search;
pub mod server_id;
pub mod text;

pub use act::{Act, ActError, ActKind, RoomSettings};
pub use address::{AddressError, DEFAULT_PORT, Invite, ServerAddress};
pub use announcement::Announcement;
pub use author::{Author, AuthorKind};
pub use close::{CloseReason, ComeBack, ErrorCode};
pub use entry::{Body, Entry, Line, Message, Millis, Present, Reaction, Seq};
pub use frame::{
    ClientFrame, Durability, ErrorFrame, Established, Hello, Intent, MemberInfo, MemberList, Presence,
    Refused, Resume, SUBPROTOCOL, ServerFrame, ServerInfo, VERSION,
};
pub use limits::Limits;
pub use name::{Looks, NameError, Nickname, RoomKey, RoomName, is_ignorable};
pub use server_id::{ServerId, ServerIdError};
pub use text::{Emoji, MessageText, TextError, Topic};
