//! Fan-out: one encoded frame to many sockets, and the end of slow ones.
//!
//! An entry is encoded once, or once for each dialect spoken in the room, and appended to the room's [`Tail`]. A member is a
//! position in that tail, not a queue of copies. The room's flusher writes the same bytes, joined once, to every member's
//! [`Outbound`] with one non-blocking write; a member that keeps up costs nothing more. A socket that does not take them is
//! drained by its own connection's task. No member waits for another: one whose position has left the tail is closed as too
//! slow and resumes later, and memory does not grow with slow readers.
//!
//! The WebSocket library only reads. The frames it wants to write itself (pong, close) arrive here as well, and everything goes
//! out in whole frames, in one order.

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
