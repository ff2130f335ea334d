//! Snug's desktop app: everything but the thin `main`. What needs no window is in [`snug_core`].
//!
//! [`app`] is the root and routes, [`screen`] holds the three screens, [`widget`] the parts they are put together from.
//! [`theme`] is the only file with colours. [`host`] runs a server in this process.
//! [`notifications`] speaks to the desktop.

pub mod app;
pub mod cli;
pub mod font;
pub mod host;
pub mod icon;
pub mod notifications;
pub mod screen;
pub mod shortcut;
mod subscription;
pub mod theme;
pub mod widget;
