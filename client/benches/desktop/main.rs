//! What the app's parts cost where no window is needed: entries folded into rows, frames drawn by the processor, a burst that
//! comes in over a real connection. `cargo bench -p snug --bench desktop`; `docs/performance.md` says how to read it, and
//! `client/benches/window` measures the rest on a real window.
//!
//! A line a figure, for people and for that script: what, median, worst, unit.

#[cfg(target_os = "linux")]
mod burst;
#[cfg(target_os = "linux")]
mod figures;
#[cfg(target_os = "linux")]
mod frames;
#[cfg(target_os = "linux")]
mod made;
#[cfg(target_os = "linux")]
mod timeline;
#[cfg(target_os = "linux")]
mod window;
#[cfg(target_os = "linux")]
#[path = "../../tests/screens/world.rs"]
// The tests use the rest.
#[allow(dead_code, unused_imports)]
mod world;

/// Messages in the large room.
#[cfg(target_os = "linux")]
const ROOM: u64 = 100_000;

#[cfg(target_os = "linux")]
fn main() {
    // Cargo passes `--bench`; anything else names what is wanted.
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let parts: [(&str, fn()); 3] =
        [("timeline", timeline::measure), ("frames", frames::measure), ("burst", burst::measure)];
    for (name, measure) in parts {
        if wanted.is_empty() || wanted.iter().any(|other| other == name) {
            measure();
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("This counts processor time as Linux does, and runs nowhere else.");
}
