//! The wire, byte by byte: golden JSON for everything `docs/protocol.md` names, round trips of arbitrary values, and input
//! from people who mean harm.

mod any_json;
mod golden;
mod hostile;
mod odd_entries;
mod round_trip;
mod strategy;
