//! What a connection is before it speaks: where it comes from, how many there may be, and its first request's head.
//!
//! Nothing here knows HTTP beyond that head, or any room. [`accept::serve`] hands each connection to an [`accept::Service`].

pub mod accept;
pub mod addresses;
pub mod descriptors;
pub(crate) mod exempt;
pub mod head;
pub(crate) mod limits;
pub mod peer;
pub mod prefixed;
pub mod socket;
