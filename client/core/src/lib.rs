//! Snug's app without pixels: everything that needs no window.
//!
//! [`connection`] keeps one socket alive, [`outbox`] keeps sends on disk until they come back, [`timeline`] folds entries into
//! rows, and [`session`] ties the three into one room. [`rooms`] holds every joined room. [`markup`] reads what a message says,
//! [`highlight`] tells the words of code apart, [`mention`] decides whether a message speaks to somebody, and [`notifications`] what
//! the desktop tells of it. [`api`] asks a server over HTTP, [`discovery`] finds servers on the own network, and [`destination`] is where a link leads. [`settings`] is what the app
//! remembers between starts, [`clock`] the time of day. [`completion`], [`emoji`] and [`undo`] help writing.
//! [`commands`] is `snug send`, `snug tail`, `snug rooms`, `snug find` and `snug doctor`; [`doctor`] finds out why a server can't be
//! reached.
//!
//! The crate knows no iced and no window, so that all of it is tested without one and runs on a server.

pub mod api;
pub mod clock;
pub mod commands;
pub mod completion;
pub mod connection;
pub mod destination;
pub mod discovery;
pub mod doctor;
pub mod emoji;
pub mod files;
pub mod format;
pub mod frame;
pub mod highlight;
pub mod history;
pub mod instance;
pub mod markup;
pub mod mention;
pub mod notifications;
pub mod outbox;
pub mod rooms;
pub mod search;
pub mod selection;
pub mod session;
pub mod settings;
mod tcp;
pub mod timeline;
pub mod undo;
