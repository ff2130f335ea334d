//! Everything that crosses the socket: [`ClientFrame`] one way, [`ServerFrame`] the other (`docs/protocol.md` §4).
//!
//! Both encode with `to_json` and decode with `decode`. A frame that decoded holds only checked values.

mod client;
mod members;
mod server;

pub use client::{ClientFrame, Credentials, Hello, Intent, Refused, Resume};
pub use members::MemberList;
pub use server::{
    Durability, ErrorFrame, Established, MemberInfo, Nonsense, Presence, ServerFrame, ServerInfo,
};

/// The subprotocol of the native dialect.
pub const SUBPROTOCOL: &str = "snug.v1";

/// The version `hello` carries.
pub const VERSION: u32 = 1;
