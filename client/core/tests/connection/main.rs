//! The connection and the session over real sockets: against the real server, and against servers that misbehave.

#![allow(clippy::unwrap_used, reason = "helpers may panic as tests do")]

#[path = "../common/mod.rs"]
mod common;

mod entries;
mod fake;
mod hostile;
mod lies;
mod link;
mod talk;
