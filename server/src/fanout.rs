//! One encoded frame to many sockets; slow members and their end.
//!
//! What a room says is encoded once, or once for each dialect that is spoken in it, and appended to the room's [`Tail`]. A
//! member is a position in that tail, not a queue of copies: the room's flusher writes the same bytes, joined once, to every member's
//! [`Outbound`] with one non-blocking write, and who keeps up costs nothing more. A socket that does not take them is
//! drained by its own connection's task. Nobody waits for anybody: a member whose position has fallen out of the tail is
//! closed as too slow and comes back by resume, and memory does not grow with slow readers.
//!
//! The WebSocket library only reads. What it wants to write itself (pong, close) arrives here as well, and everything goes out
//! in whole frames, in one order.

mod follower;
mod incoming;
mod missed;
mod outbound;
mod tail;

pub use follower::{FollowEnd, Follower};
pub use incoming::Incoming;
pub use missed::{Missed, history};
pub use outbound::{Attached, Outbound};
pub use tail::{Batch, Item, SharedTail, TAIL_BYTES, Tail};
