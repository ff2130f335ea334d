//! What tests over real sockets share: [`Peer`](peer::Peer), a member that speaks frames; [`Process`](process::Process), the
//! real server as a program; [`http`], requests sent byte by byte; and what the fault tests need: [`Journal`](journal::Journal)
//! and its checker, a [`Member`](member::Member) that keeps one, a [`proxy`] that misbehaves, and the table of promises.

// Every test crate uses its own part of this.
#![allow(dead_code, unreachable_pub)]

pub mod http;
pub mod journal;
pub mod member;
pub mod peer;
pub mod plain;
pub mod process;
pub mod promise;
pub mod proxy;
mod random;
pub mod unreliable;
pub mod world;

pub use random::Random;
