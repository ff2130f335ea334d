//! One row of the table that `./test faults` ends with: a promise, what was measured, what is wanted.
//!
//! With `SNUG_FAULTS` set to the file of the table the long forms run, and what is measured in time is judged. Without it, as
//! in any `cargo test`, the short forms run, and only what does not depend on the machine is.

use std::{fmt::Display, fs::OpenOptions, io::Write, time::Duration};

use super::Random;

const TABLE: &str = "SNUG_FAULTS";
const SEED: &str = "SNUG_FAULTS_SEED";

/// Whether the long forms run.
pub fn is_long() -> bool {
    std::env::var_os(TABLE).is_some()
}

/// How often, or how many: the long form's number, or the short one's.
pub fn amount<T>(short: T, long: T) -> T {
    if is_long() { long } else { short }
}

/// A promise under test. Dropped by a failing test, it is told as broken.
#[derive(Debug)]
pub struct Promise {
    what: &'static str,
    wanted: &'static str,
    seed: u64,
    is_told: bool,
}

impl Promise {
    /// Begins to prove it.
    pub fn new(what: &'static str, wanted: &'static str) -> Self {
        let seed = match std::env::var(SEED) {
            Ok(seed) => seed.parse().expect("the seed is a number"),
            Err(_) => uuid::Uuid::now_v7().as_u64_pair().1 >> 16,
        };
        println!("{what}: {SEED}={seed}");
        Self { what, wanted, seed, is_told: false }
    }

    /// The run's random choices.
    pub fn random(&self) -> Random {
        Random(self.seed)
    }

    /// How to see this run again.
    pub fn replay(&self) -> String {
        format!("{SEED}={}", self.seed)
    }

    /// It holds, with this number.
    pub fn kept(self, measured: impl Display) {
        self.tell("kept", &measured.to_string());
    }

    /// It could not be tried here, and why.
    pub fn left_out(self, why: impl Display) {
        self.tell("left out", &why.to_string());
    }

    /// It holds if it took no longer than this. On a busy machine only the long form judges.
    pub fn within(self, took: Duration, limit: Duration, also: impl Display) {
        let measured = format!("{:.1} s{also}", took.as_secs_f64());
        self.judged(took <= limit, measured);
    }

    /// It holds if `holds`. For numbers that a busy machine changes: only the long form judges.
    pub fn judged(self, holds: bool, measured: impl Display) {
        let (what, wanted) = (self.what, self.wanted);
        let measured = measured.to_string();
        if holds || !is_long() {
            return self.kept(measured);
        }
        self.tell("BROKEN", &measured);
        panic!("{what}: {measured}, wanted {wanted}");
    }

    fn tell(mut self, outcome: &str, measured: &str) {
        self.is_told = true;
        self.write(outcome, measured);
    }

    fn write(&self, outcome: &str, measured: &str) {
        let row = format!("{outcome}\t{}\t{measured}\t{}\t{}\n", self.what, self.wanted, self.seed);
        print!("{row}");
        if let Some(table) = std::env::var_os(TABLE) {
            let mut table =
                OpenOptions::new().create(true).append(true).open(table).expect("the table can be written");
            table.write_all(row.as_bytes()).expect("the table can be written");
        }
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        if !self.is_told {
            self.write("BROKEN", "see above");
        }
    }
}
