//! Random bytes from the system, fetched many at a time: a join needs them twice, and each fetch is a system call.

use std::cell::RefCell;

/// Bytes asked for at once.
const POOL: usize = 512;

thread_local! {
    static REST: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Fills `bytes` with random ones that are never given twice.
///
/// # Errors
/// When the system has no random bytes.
pub fn fill(bytes: &mut [u8]) -> Result<(), getrandom::Error> {
    REST.with_borrow_mut(|rest| {
        if rest.len() < bytes.len() {
            rest.resize(POOL.max(bytes.len()), 0);
            if let Err(error) = getrandom::fill(rest) {
                rest.clear();
                return Err(error);
            }
        }
        let taken = rest.len() - bytes.len();
        bytes.copy_from_slice(&rest[taken..]);
        // Cleared, so that they do not stay in memory.
        rest[taken..].fill(0);
        rest.truncate(taken);
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_bytes_are_given_twice() {
        let mut seen = HashSet::new();
        for _ in 0..1_000 {
            let mut bytes = [0; 24];
            fill(&mut bytes).unwrap();
            assert!(seen.insert(bytes));
        }
    }
}
