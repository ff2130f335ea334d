//! `snug send`, `snug tail` and `snug rooms` as scripts use them: the real program, against a server process that is killed.

#![allow(clippy::unwrap_used, reason = "helpers may panic as tests do")]

mod commands {
    mod faults;
    mod usage;
    mod world;
}
