//! How long to wait before the next try, so that neither a server nor a laptop's battery suffers from hope.

use std::time::Duration;

/// The shortest and the longest pause between two tries.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// How long to wait before the next try.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pause {
    /// Longer each time.
    Backoff,
    /// A random part of this, so that not everybody comes at once.
    Within(Duration),
    /// As the server said.
    After(Duration),
    /// Not at all: there is reason to think that it works now.
    None,
}

impl Pause {
    /// How long this is after so many tries. Backoff is exponential up to a cap, with full jitter above the shortest pause.
    pub fn length(self, tries: u32) -> Duration {
        let (shortest, longest) = PAUSE;
        match self {
            Self::None if tries < 2 => Duration::ZERO,
            Self::Backoff | Self::None => {
                let ceiling = longest.min(Duration::from_secs(1 << tries.min(5)));
                shortest + (ceiling - shortest).mul_f64(random())
            }
            Self::Within(most) => most.mul_f64(random()),
            Self::After(pause) => pause,
        }
    }
}

/// From 0 to 1. Without randomness everybody waits the longest, which is still right.
fn random() -> f64 {
    let mut bits = [0; 4];
    match getrandom::fill(&mut bits) {
        Ok(()) => f64::from(u32::from_le_bytes(bits)) / f64::from(u32::MAX),
        Err(_) => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_cap_and_are_never_shorter_than_half_a_second() {
        for tries in [0, 1, 5, 31, 32, u32::MAX] {
            let ceiling = Duration::from_secs(1 << tries.min(5)).min(PAUSE.1);
            for _ in 0..50 {
                let pause = Pause::Backoff.length(tries);
                assert!(pause >= PAUSE.0 && pause <= ceiling, "{pause:?} after {tries}");
            }
        }
        let pauses: Vec<_> = (0..50).map(|_| Pause::Backoff.length(9)).collect();
        assert!(pauses.iter().any(|pause| *pause != pauses[0]), "all come back at the same moment");
    }

    #[test]
    fn a_link_that_dies_at_once_again_and_again_is_not_tried_without_pause() {
        assert_eq!(Pause::None.length(1), Duration::ZERO);
        assert!(Pause::None.length(2) >= PAUSE.0);
    }
}
