//! The timeline against a reference: whatever order entries arrive in, its rows are what the log says.

#![allow(clippy::unwrap_used, reason = "helpers may panic as tests do")]

mod any_order;
mod made;
mod rows;
mod selection;
mod world;
