//! Times and durations as people type them.

use std::{str::FromStr, time::Duration};

use jiff::{Span, SpanRelativeTo, Timestamp, civil::DateTime, tz::TimeZone};
use snug_shared::Millis;

/// From when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    /// So long before now.
    Ago(Duration),
    /// From this moment on.
    At(Millis),
}

impl Since {
    /// The moment, by the clock that says it is `now`.
    pub fn at(self, now: Millis) -> Millis {
        match self {
            Self::Ago(ago) => now.saturating_sub(Millis::try_from(ago.as_millis()).unwrap_or(Millis::MAX)),
            Self::At(at) => at,
        }
    }
}

impl FromStr for Since {
    type Err = &'static str;

    /// Reads `10m`, `2h`, `1d`, `1h30m`; `2026-03-01T12:00:00Z`; `2026-03-01` or `2026-03-01T12:00`, as clocks show it here.
    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let at = |time: Timestamp| Self::At(time.as_millisecond());
        let here = |time: DateTime| Some(at(time.to_zoned(TimeZone::system()).ok()?.timestamp()));
        let duration = duration(typed).ok().map(Self::Ago);
        duration
            .or_else(|| typed.parse().ok().map(at))
            .or_else(|| typed.parse().ok().and_then(here))
            .ok_or("type a duration such as 10m, 2h or 1d, or a time such as 2026-03-01T12:00:00Z")
    }
}

/// Reads `30s`, `10m`, `2h`, `1d`, `1h30m`.
pub(super) fn duration(typed: &str) -> Result<Duration, &'static str> {
    let span = typed.parse::<Span>().ok();
    let exact = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    exact.and_then(|exact| exact.try_into().ok()).ok_or("type a duration such as 30s, 10m or 2h")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_times_are_read_as_people_type_them() {
        let ago = |seconds| Ok(Since::Ago(Duration::from_secs(seconds)));
        for (typed, seconds) in [
            ("10m", 600),
            ("2h", 7_200),
            ("1d", 86_400),
            ("1w", 604_800),
            ("1h30m", 5_400),
            ("90s", 90),
            ("0s", 0),
        ] {
            assert_eq!(typed.parse::<Since>(), ago(seconds), "{typed}");
        }
        let noon = Ok(Since::At(1_772_366_400_000));
        assert_eq!("2026-03-01T12:00:00Z".parse::<Since>(), noon);
        assert_eq!("2026-03-01T13:00:00+01:00".parse::<Since>(), noon);
        assert!("2026-03-01".parse::<Since>().is_ok() && "2026-03-01 12:00".parse::<Since>().is_ok());
        for typed in ["", "soon", "10", "-10m", "1mo", "12:00", "2026-13-01"] {
            assert!(typed.parse::<Since>().is_err(), "{typed}");
        }
    }

    #[test]
    fn a_duration_counts_back_from_now() {
        assert_eq!(Since::Ago(Duration::from_secs(60)).at(100_000), 40_000);
        assert_eq!(Since::At(7).at(100_000), 7);
        assert!(Since::Ago(Duration::MAX).at(0) < 0);
    }
}
