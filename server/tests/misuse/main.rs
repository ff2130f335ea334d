//! Members who say what makes no sense, what is not theirs to say, or too much of it: each is told so in the words of
//! `docs/protocol.md`, nothing changes, and nobody else notices.

#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

#[path = "../common/mod.rs"]
mod common;

mod asking;
mod names;
mod nonsense;
mod plain;
mod room;
mod sends;
