//! Snug's room server.

pub mod accept;
pub mod config;
pub mod log;
pub mod permission;
pub mod socket;

pub use config::Config;
