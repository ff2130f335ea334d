//! What the disk takes to keep something: the floor of everything durable.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
    time::Instant,
};

use serde::Serialize;

use super::histogram::Histogram;

const APPENDS: usize = 200;
/// About what a commit of a message writes.
const BYTES: usize = 4096;

/// How long an append of 4 KiB and its `fdatasync` take, in milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Fsync {
    pub p50: f64,
    pub p99: f64,
}

impl Fsync {
    /// Measures it in a folder.
    ///
    /// # Errors
    /// The disk's.
    pub fn measure(folder: &Path) -> io::Result<Self> {
        let mut file = File::create(folder.join("fsync"))?;
        let mut taken = Histogram::default();
        for _ in 0..APPENDS {
            let begun = Instant::now();
            file.write_all(&[0x5a; BYTES])?;
            file.sync_data()?;
            taken.record(begun.elapsed().as_nanos() as u64);
        }
        let millis = |share| taken.quantile(share).as_secs_f64() * 1e3;
        Ok(Self { p50: millis(0.5), p99: millis(0.99) })
    }
}
