//! The app's own outbox, session and connection under faults: killed, asleep, cut off. `cargo test` runs the short forms;
//! `./test faults` the long ones, and prints what was measured.

#![allow(clippy::unwrap_used, reason = "helpers may panic as tests do")]

mod common;

mod faults {
    #[cfg(target_os = "linux")]
    mod asleep;
    #[cfg(target_os = "linux")]
    mod cut_off;
    mod driver;
    mod killed;
}
