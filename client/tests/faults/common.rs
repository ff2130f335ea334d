//! The checker and the table, which the server's fault tests use as well.

#![allow(dead_code, unreachable_pub)]

#[path = "../../../server/tests/common/journal.rs"]
pub mod journal;
#[path = "../../../server/tests/common/promise.rs"]
pub mod promise;
#[path = "../../../server/tests/common/random.rs"]
mod random;

pub use random::Random;
