//! Snug's wire on one page: what crosses the network between a server and everything that talks to it.
//!
//! The page itself is `docs/protocol.md`; this crate is that page in Rust. It knows no sockets, clocks, threads, widgets or
//! disks. Values are checked where they enter and valid ever after: [`RoomName`], [`Nickname`], [`MessageText`], [`Author`].
//!
//! - A client opens `/ws/chat/{room}/{nickname}`, hears a challenge, says [`Hello`], and is told [`Established`]; then come the
//!   [`entries`](ServerFrame::Entries) it missed, and from then on every new [`Entry`] as a frame of its own.
//! - What is said, edited, deleted, marked: each is a [`Intent`] under the sender's own id, and becomes one [`Entry`] of the
//!   room's log with the next [`Seq`]. Seeing one's own id come back is the only acknowledgement there is.
//! - Unknown fields are ignored both ways. An unknown `type` from a client is answered with an error; from a server it is
//!   passed over, unless it has a `seq`: then it is counted ([`Line::Opaque`]), so that the numbering stays without holes.

pub mod address;
pub mod api;
pub mod author;
pub mod close;
pub mod entry;
pub mod frame;
pub mod limits;
pub mod name;
pub mod text;

pub use address::{AddressError, DEFAULT_PORT, Invite, ServerAddress};
pub use author::{Author, AuthorKind};
pub use close::{CloseReason, ComeBack, ErrorCode};
pub use entry::{Body, Entry, Line, Message, Millis, Present, Reaction, Seq};
pub use frame::{
    ClientFrame, Durability, ErrorFrame, Established, Hello, Intent, MemberInfo, MemberList, Presence,
    Refused, Resume, SUBPROTOCOL, ServerFrame, ServerInfo, VERSION,
};
pub use limits::Limits;
pub use name::{Looks, NameError, Nickname, RoomKey, RoomName};
pub use text::{Emoji, MessageText, TextError, Topic};
