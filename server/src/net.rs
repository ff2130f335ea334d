//! What a connection is before it speaks: where it comes from, how many there may be, and its first request's head.

pub mod accept;
pub mod addresses;
pub mod descriptors;
pub mod head;
mod limits;
pub mod socket;
