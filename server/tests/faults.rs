//! The promises of `docs/protocol.md` §4 under every fault we know how to make, on the real program. `cargo test` runs the
//! short forms; `./test faults` the long ones, and prints what was measured.

mod common;

mod faults {
    mod checker;
    #[cfg(target_os = "linux")]
    mod clock;
    #[cfg(target_os = "linux")]
    mod crowd;
    #[cfg(unix)]
    mod cuts;
    mod damage;
    #[cfg(target_os = "linux")]
    mod disk;
    mod drip;
    mod edits;
    mod kill;
    mod order;
    #[cfg(target_os = "linux")]
    mod power;
}
