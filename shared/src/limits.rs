//! Sizes and counts both sides agree on (`docs/protocol.md` §3), and the part of them a server declares to each
//! client when it joins.

use serde::{Deserialize, Serialize};

/// A room's name in grapheme clusters, at most.
pub const ROOM_CLUSTERS: usize = 64;
/// A room's name in bytes of UTF-8, at most.
pub const ROOM_BYTES: usize = 256;
/// A nickname in grapheme clusters, at most.
pub const NICKNAME_CLUSTERS: usize = 32;
/// A nickname in bytes of UTF-8, at most.
pub const NICKNAME_BYTES: usize = 128;
/// A message's text in grapheme clusters, at most.
pub const MESSAGE_CLUSTERS: usize = 4_000;
/// A message's text in bytes of UTF-8, at most.
pub const MESSAGE_BYTES: usize = 16 * 1024;
/// A reaction in bytes of UTF-8, at most; it is one grapheme cluster.
pub const EMOJI_BYTES: usize = 64;
/// A room's topic in grapheme clusters, at most.
pub const TOPIC_CLUSTERS: usize = 200;
/// A room's topic in bytes of UTF-8, at most: room for 200 clusters of four scalars each.
pub const TOPIC_BYTES: usize = 4 * 1024;
/// An act as JSON by itself, in bytes, at most.
pub const ACT_BYTES: usize = 4 * 1024;
/// A client's message in bytes, its fragments joined, at most; above it the connection closes with 1009.
pub const CLIENT_FRAME_BYTES: usize = 64 * 1024;
/// A server's frame in bytes, at most; `entries` and `history` are cut sooner.
pub const SERVER_FRAME_BYTES: usize = 256 * 1024;
/// Entries asked for at once, at most.
pub const HISTORY_MAX: u32 = 500;
/// Entries requested by default.
pub const HISTORY_DEFAULT: u32 = 50;
/// Hits of a search over rooms asked for at once, at most.
pub const SEARCH_MAX: u32 = 100;
/// Hits of a search over rooms by default.
pub const SEARCH_DEFAULT: u32 = 50;
/// Members listed one by one; above it only the count is told.
pub const MEMBERS_LISTED: usize = 100;
/// Authors listed for one reaction, at most.
pub const REACTION_AUTHORS: usize = 50;
/// Random bytes of a challenge.
pub const CHALLENGE_BYTES: usize = 32;
/// A seat token as a client sends it back, in bytes, at most.
pub const SEAT_BYTES: usize = 256;
/// A client's own name and version in `hello`, in bytes, at most; the rest is cut.
pub const CLIENT_NAME_BYTES: usize = 64;

/// The limits that a server declares in `connection_established`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// A message's text in grapheme clusters.
    pub message_clusters: u32,
    /// A message's text in bytes of UTF-8.
    pub message_bytes: u32,
    /// A client's message in bytes, fragments joined.
    pub frame_bytes: u32,
    /// Entries asked for at once.
    pub history: u32,
    /// Missed entries above which a resume becomes a fresh join.
    pub replay: u32,
    /// Sends allowed at once.
    pub rate_burst: u32,
    /// Sends allowed a second after that.
    pub rate_per_s: u32,
    /// Seconds of silence after which a client should send `ping`.
    pub ping_s: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_clusters: MESSAGE_CLUSTERS as u32,
            message_bytes: MESSAGE_BYTES as u32,
            frame_bytes: CLIENT_FRAME_BYTES as u32,
            history: HISTORY_MAX,
            replay: 10_000,
            rate_burst: 20,
            rate_per_s: 5,
            ping_s: 20,
        }
    }
}
