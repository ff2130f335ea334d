//! What several of the tests stand on: the app without pixels, and the checker and the table of the server's fault tests.

#![allow(dead_code, unreachable_pub)]

pub mod app;
#[path = "../../../../server/tests/common/journal.rs"]
pub mod journal;
#[path = "../../../../server/tests/common/promise.rs"]
pub mod promise;
#[path = "../../../../server/tests/common/random.rs"]
mod random;

pub use random::Random;
