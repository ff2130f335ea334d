//! Snug's room server.

pub mod log;
pub mod socket;
