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

/// A small generator (splitmix64), so that a seed is a whole test run.
#[derive(Debug, Clone)]
pub struct Random(pub u64);

impl Random {
    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}
