//! What a delivery, a join and a member cost: Snug beside a floor that does nothing else, and beside other servers.
//!
//! `./test bench` prepares and runs it; `cargo bench -p snug-server --bench fanout -- --help` says what else it can do.

// With a path, so that its modules lie beside it and a test can take it in as well.
#[cfg(target_os = "linux")]
#[path = "bench.rs"]
mod bench;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    bench::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("The benchmark counts with /proc and pins to cores: it runs on Linux only.");
}
