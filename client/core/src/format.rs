//! How times, counts and texts are put before a reader. Pure.

use std::borrow::Cow;

use icu_properties::{
    CodePointSetData,
    props::{BidiControl, Emoji, EmojiPresentation},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use snug_shared::Millis;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// A piece of a text that is drawn alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run<'a> {
    /// Words.
    Words(&'a str),
    /// Emoji, for the emoji font.
    Emoji(&'a str),
}

/// A count, or “99+” where there may be more.
pub fn at_least(count: usize, is_more: bool) -> String {
    if is_more { format!("{count}+") } else { count.to_string() }
}

/// Cuts a text into words and emoji.
pub fn runs(text: &str) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    if text.is_ascii() {
        if !text.is_empty() {
            runs.push(Run::Words(text));
        }
        return runs;
    }
    let (mut start, mut emoji) = (0, false);
    let mut close = |from: usize, to: usize, emoji: bool| {
        if from < to {
            runs.push(if emoji { Run::Emoji(&text[from..to]) } else { Run::Words(&text[from..to]) });
        }
    };
    for (at, cluster) in text.grapheme_indices(true) {
        if is_emoji(cluster) != emoji {
            close(start, at, emoji);
            (start, emoji) = (at, !emoji);
        }
    }
    close(start, text.len(), emoji);
    runs
}

/// Whether a grapheme cluster is drawn as a picture: by its own nature, by U+FE0F, as a flag or a key cap.
fn is_emoji(cluster: &str) -> bool {
    const AS_TEXT: char = '\u{FE0E}';
    const AS_PICTURE: char = '\u{FE0F}';
    const KEY_CAP: char = '\u{20E3}';
    let Some(first) = cluster.chars().next() else { return false };
    if cluster.contains(AS_TEXT) {
        return false;
    }
    CodePointSetData::new::<EmojiPresentation>().contains(first)
        || CodePointSetData::new::<Emoji>().contains(first) && cluster.contains([AS_PICTURE, KEY_CAP])
}

/// The words for a time that cannot be one.
const UNKNOWN_TIME: &str = "unknown time";

/// The day of times that cannot be one.
pub(crate) const UNKNOWN_DAY: Date = Date::MIN;

/// The moment of a server's time, if it can be one: a clock that was never set counts from 1970, which is 31 December 1969
/// in half of the world.
pub(crate) fn moment(at: Millis) -> Option<Timestamp> {
    const CLOCKS_ARE_SET: Millis = 24 * 60 * 60_000;
    Timestamp::from_millisecond(at).ok().filter(|_| at >= CLOCKS_ARE_SET)
}

/// The hour and minute where the reader is.
pub fn clock(at: Millis, zone: &TimeZone) -> String {
    written(at, zone, "%H:%M")
}

/// The day and the second where the reader is, for lists that are sorted and searched by machines.
pub fn stamp(at: Millis, zone: &TimeZone) -> String {
    written(at, zone, "%Y-%m-%d %H:%M:%S")
}

/// The day and the minute where the reader is.
pub fn minute(at: Millis, zone: &TimeZone) -> String {
    written(at, zone, "%Y-%m-%d %H:%M")
}

/// When it was, as briefly as it can be said on the day `today`.
pub fn when(at: Millis, today: Date, zone: &TimeZone) -> String {
    let form = match moment(at).map(|time| time.to_zoned(zone.clone()).date()) {
        Some(day) if day == today => "%H:%M",
        Some(day) if day.year() == today.year() => "%-d %b, %H:%M",
        _ => "%-d %b %Y",
    };
    written(at, zone, form)
}

fn written(at: Millis, zone: &TimeZone, form: &str) -> String {
    moment(at)
        .map_or_else(|| UNKNOWN_TIME.into(), |time| time.to_zoned(zone.clone()).strftime(form).to_string())
}

/// A day, as said on the day `today`.
pub fn day(day: Date, today: Date) -> String {
    if day == UNKNOWN_DAY {
        "Unknown time".into()
    } else if day == today {
        "Today".into()
    } else if today.yesterday().is_ok_and(|yesterday| day == yesterday) {
        "Yesterday".into()
    } else if day.year() == today.year() {
        day.strftime("%A, %-d %B").to_string()
    } else {
        day.strftime("%A, %-d %B %Y").to_string()
    }
}

/// How long ago, roughly.
pub fn ago(at: Millis, now: Millis) -> String {
    const MINUTE: Millis = 60_000;
    if moment(at).is_none() {
        return UNKNOWN_TIME.into();
    }
    let minutes = now.saturating_sub(at).max(0) / MINUTE;
    match minutes {
        0 => "just now".into(),
        1..60 => format!("{minutes} min ago"),
        60..1_440 => format!("{} h ago", minutes / 60),
        1_440..2_880 => "yesterday".into(),
        _ => format!("{} days ago", minutes / 1_440),
    }
}

/// "1 person", "3 people".
pub fn people(count: u32) -> String {
    if count == 1 { "1 person".into() } else { format!("{count} people") }
}

/// Who is behind a count: the names that are known, “you” first, and how many others.
pub fn names_and_others<'a>(
    includes_me: bool,
    others: impl Iterator<Item = &'a str>,
    count: usize,
) -> String {
    const SHOWN: usize = 20;
    let mut names: Vec<&str> = Vec::new();
    for name in includes_me.then_some("you").into_iter().chain(others) {
        if names.len() < SHOWN && !names.contains(&name) {
            names.push(name);
        }
    }
    let rest = match count.saturating_sub(names.len()) {
        0 => None,
        1 => Some("1 other".to_owned()),
        more => Some(format!("{more} others")),
    };
    let mut shown: Vec<&str> = names;
    shown.extend(rest.as_deref());
    match shown.split_last() {
        None => String::new(),
        Some((one, [])) => (*one).to_owned(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
    }
}

/// A sentence about the members who are typing.
pub fn typing(names: &[&str]) -> Option<String> {
    match names {
        [] => None,
        [one] => Some(format!("{one} is typing…")),
        [one, two] => Some(format!("{one} and {two} are typing…")),
        _ => Some("Several people are typing…".into()),
    }
}

/// The first character of a name, for its tile.
pub fn initial(name: &str) -> String {
    name.graphemes(true).next().unwrap_or_default().to_uppercase()
}

/// At most so many characters, with "…" for the rest; line breaks become spaces.
pub fn one_line(text: &str, most: usize) -> String {
    let mut clusters = text.graphemes(true);
    let mut line: String =
        clusters.by_ref().take(most).map(|c| if c.contains(['\n', '\t', '\r']) { " " } else { c }).collect();
    if clusters.next().is_some() {
        line.truncate(line.trim_end().len());
        line.push('…');
    }
    line
}

/// Tabs as spaces up to the next multiple of four columns: no font here has a glyph for a tab.
pub fn expand_tabs(text: &str) -> Cow<'_, str> {
    if !text.contains('\t') {
        return Cow::Borrowed(text);
    }
    let mut expanded = String::with_capacity(text.len() + 16);
    for (_, cluster, spaces) in tab_stops(text) {
        match spaces {
            0 => expanded.push_str(cluster),
            spaces => expanded.extend(std::iter::repeat_n(' ', spaces)),
        }
    }
    Cow::Owned(expanded)
}

/// The place in a text that has so many bytes before it once its tabs are [spaces](expand_tabs). Within such spaces, the tab.
pub(crate) fn before_tabs(text: &str, expanded: usize) -> usize {
    let mut bytes = 0;
    for (at, cluster, spaces) in tab_stops(text) {
        let len = if spaces > 0 { spaces } else { cluster.len() };
        if bytes + len > expanded {
            let inside = if spaces > 0 { 0 } else { expanded - bytes };
            return at + inside;
        }
        bytes += len;
    }
    text.len()
}

/// The characters of a text with their places, and how many spaces each one is that is a tab.
fn tab_stops(text: &str) -> impl Iterator<Item = (usize, &str, usize)> {
    const COLUMNS: usize = 4;
    text.grapheme_indices(true).scan(0, |column, (at, cluster)| {
        let spaces = if cluster == "\t" { COLUMNS - *column % COLUMNS } else { 0 };
        *column = match cluster {
            "\n" | "\r\n" | "\r" => 0,
            _ => *column + if spaces > 0 { spaces } else { cluster.width() },
        };
        Some((at, cluster, spaces))
    })
}

/// A server's words, cut to what a row can show and without characters that would change how it looks.
pub(crate) fn server_sentence(words: &str) -> String {
    let turns = CodePointSetData::new::<BidiControl>();
    words.chars().filter(|c| !c.is_control() && !turns.contains(*c)).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoji_get_their_own_runs_and_digits_do_not() {
        assert_eq!(
            runs("hi 👋🏽 at 10 ❤️"),
            [Run::Words("hi "), Run::Emoji("👋🏽"), Run::Words(" at 10 "), Run::Emoji("❤️"),]
        );
        assert_eq!(runs("日本 1️⃣🇩🇪"), [Run::Words("日本 "), Run::Emoji("1️⃣🇩🇪")]);
        assert_eq!(runs("☺\u{FE0E}"), [Run::Words("☺\u{FE0E}")]);
    }

    #[test]
    fn days_are_named_as_people_do() {
        let today = jiff::civil::date(2026, 3, 3);
        assert_eq!(day(today, today), "Today");
        assert_eq!(day(jiff::civil::date(2026, 3, 2), today), "Yesterday");
        assert_eq!(day(jiff::civil::date(2026, 1, 5), today), "Monday, 5 January");
        assert_eq!(day(jiff::civil::date(2025, 12, 24), today), "Wednesday, 24 December 2025");
    }

    #[test]
    fn a_moment_is_told_as_briefly_as_it_can_be() {
        let today = jiff::civil::date(2026, 3, 6);
        let told = |time: &str| {
            let time: Timestamp = time.parse().unwrap();
            when(time.as_millisecond(), today, &TimeZone::UTC)
        };
        assert_eq!(told("2026-03-06T09:05:00Z"), "09:05");
        assert_eq!(told("2026-03-05T17:20:00Z"), "5 Mar, 17:20");
        assert_eq!(told("2025-12-24T17:20:00Z"), "24 Dec 2025");
        assert_eq!(when(0, today, &TimeZone::UTC), UNKNOWN_TIME);
    }

    #[test]
    fn those_behind_a_count_are_named_as_far_as_they_are_known() {
        let names = |me, names: &[&'static str], count| names_and_others(me, names.iter().copied(), count);
        assert_eq!(names(true, &[], 1), "you");
        assert_eq!(names(true, &["Maya"], 2), "you and Maya");
        assert_eq!(names(false, &["Maya", "Ben"], 3), "Maya, Ben and 1 other");
        assert_eq!(names(false, &["Maya", "Maya"], 2), "Maya and 1 other");
        assert_eq!(names(false, &[], 4), "4 others");
        let many: Vec<String> = (0..60).map(|n| format!("n{n}")).collect();
        let all = names_and_others(false, many.iter().map(String::as_str), 60);
        assert!(all.ends_with("n19 and 40 others"), "{all}");
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(one_line("a 👩‍🚀 b", 3), "a 👩‍🚀…");
        assert_eq!(one_line("two\nlines", 20), "two lines");
    }

    #[test]
    fn how_long_ago_is_said_of_any_time_there_can_be() {
        let now = 1_750_000_000_000;
        for (at, words) in [
            (now + 60_000, "just now"),
            (now, "just now"),
            (now - 60_000, "1 min ago"),
            (86_400_000, "20253 days ago"),
        ] {
            assert_eq!(ago(at, now), words);
        }
    }

    #[test]
    fn a_time_out_of_range_is_unknown_and_not_in_1969() {
        let west = TimeZone::fixed(jiff::tz::offset(-5));
        for at in [Millis::MIN, -1, 0, 1, 86_399_999, 253_402_300_800_000, Millis::MAX] {
            assert_eq!(clock(at, &west), "unknown time", "{at}");
            assert_eq!(stamp(at, &west), "unknown time", "{at}");
            assert_eq!(ago(at, 1_750_000_000_000), "unknown time", "{at}");
        }
        assert_eq!(stamp(86_400_000, &west), "1970-01-01 19:00:00");
        assert_eq!(day(UNKNOWN_DAY, jiff::civil::date(2026, 3, 3)), "Unknown time");
    }

    #[test]
    fn tabs_reach_to_the_next_column_of_four_on_every_line() {
        assert_eq!(expand_tabs("no tabs"), "no tabs");
        assert_eq!(expand_tabs("\tif x:\n\t\treturn"), "    if x:\n        return");
        assert_eq!(expand_tabs("a\tb\nabc\td\nabcd\te"), "a   b\nabc d\nabcd    e");
        assert_eq!(expand_tabs("茶\tx"), "茶  x");
    }
}
