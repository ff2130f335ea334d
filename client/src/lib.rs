//! Snug's desktop app: everything but the thin `main`.
//!
//! The parts without pixels are plain Rust and tested without a window: [`connection`] keeps one socket alive, [`outbox`]
//! keeps sends on disk until they come back, [`timeline`] folds entries into rows, [`session`] ties the three into one joined
//! room.
//!
//! With pixels: [`app`] is the root and routes, [`screen`] holds the three screens, [`widget`] what they are put together from;
//! [`theme`] is the only file with colours. Without a window: [`pipe`], the commands for scripts.

pub mod api;
pub mod app;
pub mod cli;
pub mod connection;
pub mod files;
pub mod font;
pub mod format;
pub mod host;
pub mod icon;
pub mod outbox;
pub mod pipe;
pub mod screen;
pub mod session;
pub mod settings;
pub mod theme;
pub mod timeline;
pub mod widget;
