//! What tests over real sockets share: [`Peer`](peer::Peer), a member that speaks frames; [`Process`](process::Process), the
//! real server as a program; and [`http`], requests sent byte by byte.

// Every test crate uses its own part of this.
#![allow(dead_code, unreachable_pub)]

pub mod http;
pub mod peer;
pub mod process;
