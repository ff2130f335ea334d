//! What tests over real sockets share: [`Peer`], a member that speaks frames, and [`Process`], the real server as a program.

// Every test crate uses its own part of this.
#![allow(dead_code, unreachable_pub)]

pub mod peer;
pub mod process;
