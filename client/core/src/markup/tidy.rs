//! Texts made fit to be drawn: line ends in one spelling, no more marks on a letter than anything written needs.

use icu_properties::{
    CodePointMapData,
    props::{BidiClass, GeneralCategory},
};
use unicode_segmentation::UnicodeSegmentation;

/// Marks and joiners drawn of one character. Tibetan, Hebrew with all its points and the longest emoji have fewer.
const MARKS: usize = 10;

/// The text to draw; none when it is the text itself.
pub(super) fn tidy(text: &str) -> Option<String> {
    if text.contains('\r') {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        return Some(fewer_marks(&text).unwrap_or(text));
    }
    fewer_marks(text)
}

fn fewer_marks(text: &str) -> Option<String> {
    // A mark takes two bytes at least, and the character below it one.
    let is_heaped = |cluster: &str| cluster.len() > 2 * MARKS + 1 && marks(cluster) > MARKS;
    if text.is_ascii() || !text.graphemes(true).any(is_heaped) {
        return None;
    }
    let mut tidy = String::with_capacity(text.len());
    for cluster in text.graphemes(true) {
        if !is_heaped(cluster) {
            tidy.push_str(cluster);
            continue;
        }
        let mut left = MARKS;
        tidy.extend(cluster.chars().filter(|c| {
            let drawn = !is_mark(*c) || left > 0;
            left -= usize::from(is_mark(*c) && left > 0);
            drawn
        }));
    }
    Some(tidy)
}

fn marks(cluster: &str) -> usize {
    cluster.chars().filter(|c| is_mark(*c)).count()
}

/// What hangs on another character, or joins two.
fn is_mark(c: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    matches!(
        category,
        GeneralCategory::NonspacingMark
            | GeneralCategory::EnclosingMark
            | GeneralCategory::SpacingMark
            | GeneralCategory::Format
    )
}

/// Whether the first letter of a text is of a script that is read from right to left.
pub(super) fn is_rtl<'a>(pieces: impl Iterator<Item = &'a str>) -> bool {
    let classes = CodePointMapData::<BidiClass>::new();
    let mut strong = pieces.flat_map(str::chars).map(|c| classes.get(c)).filter(|class| {
        matches!(*class, BidiClass::LeftToRight | BidiClass::RightToLeft | BidiClass::ArabicLetter)
    });
    strong.next().is_some_and(|class| class != BidiClass::LeftToRight)
}
