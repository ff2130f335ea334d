//! Links in messages: where one ends, and where it leads if its text does not say so.

use std::ops::Range;

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{BidiControl, GeneralCategory, Script},
    script::ScriptWithExtensions,
};
use unicode_normalization::UnicodeNormalization;
use url::Url;

/// The longest address that is a link, in bytes.
const LONGEST: usize = 2_048;

/// An address in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub place: Range<usize>,
    /// The host it leads to, with its port.
    pub host: String,
    /// The same, if a reader could take it for another one.
    pub leads: Option<String>,
}

impl Found {
    /// The same in a text that begins so many bytes earlier.
    pub fn moved(mut self, by: usize) -> Self {
        self.place = self.place.start + by..self.place.end + by;
        self
    }
}

/// The addresses in a line.
pub(super) fn find(line: &str) -> impl Iterator<Item = Found> {
    let mut from = 0;
    std::iter::from_fn(move || {
        while let Some(start) = line[from..].find("://").map(|at| from + at) {
            from = start + 3;
            let Some(begins) = scheme(line, start) else { continue };
            let candidate = &line[begins..begins + end(&line[begins..])];
            if candidate.len() > LONGEST {
                // Nor is an address within it a link: each would be read to its end.
                from = begins + candidate.len();
                continue;
            }
            let is_bracketed = line[..begins].ends_with("](");
            let address = trimmed(if is_bracketed { bracketed(candidate) } else { candidate });
            if let Some(url) = parse(address) {
                from = begins + address.len();
                let host = host(&url);
                let leads = is_disguised(address, &url).then(|| host.clone());
                return Some(Found { place: begins..from, host, leads });
            }
        }
        None
    })
}

/// An address of the web.
pub(super) fn parse(address: &str) -> Option<Url> {
    if address.len() > LONGEST {
        return None;
    }
    Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Where an address begins whose `://` is here: `http` or `https`, not at the end of another word.
fn scheme(line: &str, colon: usize) -> Option<usize> {
    let begins = |name: &str| {
        let start = colon.checked_sub(name.len())?;
        line.get(start..colon)?.eq_ignore_ascii_case(name).then_some(start)
    };
    let start = begins("https").or_else(|| begins("http"))?;
    let within_word = |c: char| c.is_alphanumeric() || c == '_';
    (!line[..start].chars().next_back().is_some_and(within_word)).then_some(start)
}

/// Where an address ends at the latest. Signs that turn the text around would show another one.
fn end(text: &str) -> usize {
    let turns = CodePointSetData::new::<BidiControl>();
    let stops = |c: char| c.is_whitespace() || "<>\"`".contains(c) || !c.is_ascii() && turns.contains(c);
    // One pass up to whichever comes first: a text of nothing but addresses is read once, not once for each.
    let is_end = |(at, c): &(usize, char)| stops(*c) || *c == ']' && text[at + 1..].starts_with('(');
    text.char_indices().find(is_end).map_or(text.len(), |(at, _)| at)
}

/// The address of a link with a text of its own ends at the bracket around it.
fn bracketed(address: &str) -> &str {
    let mut open = 0_usize;
    for (at, c) in address.char_indices() {
        match c {
            '(' => open += 1,
            ')' if open == 0 => return &address[..at],
            ')' => open -= 1,
            _ => {}
        }
    }
    address
}

/// A full stop after a link ends the sentence, not the link; nor does the bracket around it belong to it.
fn trimmed(address: &str) -> &str {
    let count = |mark| address.bytes().filter(|byte| *byte == mark).count();
    let mut open = [(b')', count(b'('), count(b')')), (b']', count(b'['), count(b']'))];
    let mut address = address;
    loop {
        let shorter = address.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_', '~']);
        let unbalanced = open
            .iter_mut()
            .find(|(mark, opened, closed)| opened < closed && shorter.as_bytes().last() == Some(mark));
        match unbalanced {
            Some((_, _, closed)) => {
                *closed -= 1;
                address = &shorter[..shorter.len() - 1];
            }
            None => return shorter,
        }
    }
}

fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Whether a reader could take the host of a link for another one.
fn is_disguised(address: &str, url: &Url) -> bool {
    let after = address.split_once("://").map_or("", |(_, after)| after);
    let authority = after.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    if authority.contains('@') {
        return true;
    }
    let digits = authority.trim_end_matches(|c: char| c.is_ascii_digit());
    let typed = digits.strip_suffix(':').unwrap_or(authority).to_lowercase();
    let real = url.host_str().unwrap_or_default();
    if typed == real {
        return false;
    }
    let is_foreign = real.split('.').any(|label| label.starts_with("xn--"));
    let typed: String = typed.nfc().collect();
    !(is_foreign && typed.split('.').all(is_distinct))
}

/// Accents that are told from each other at a glance. One below a letter is not: the line under a link hides it.
fn is_clear_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{304}' | '\u{306}'..='\u{308}' | '\u{30a}'..='\u{30c}' | '\u{327}' | '\u{328}')
}

/// Whether a label of a host looks like nothing else: plain letters, such with accents, or one other script.
fn is_distinct(label: &str) -> bool {
    let is_latin = label.nfd().filter(|c| !is_clear_accent(*c)).all(|c| c.is_ascii() || c == 'ß');
    // Cyrillic and Greek have many letters that look like Latin ones: a label needs one that has no double.
    is_latin
        || label.chars().all(is_of_its_own)
        || is_all(label, Script::Cyrillic) && label.contains(|c| "бгдёжзийлпфцчшщъыьэюя".contains(c))
        || is_all(label, Script::Greek) && label.contains(|c| "βδεζθλμξπσφψω".contains(c))
}

fn is_all(label: &str, script: Script) -> bool {
    let scripts = CodePointMapData::<Script>::new();
    label.chars().all(|c| c.is_ascii_digit() || c == '-' || scripts.get(c) == script)
}

/// Of a script without letters that look like Latin ones.
fn is_of_its_own(c: char) -> bool {
    const EXTENDED: [Script; 3] = [Script::Han, Script::Hiragana, Script::Katakana];
    const OTHERS: [Script; 7] = [
        Script::Hangul,
        Script::Thai,
        Script::Arabic,
        Script::Hebrew,
        Script::Devanagari,
        Script::Bengali,
        Script::Tamil,
    ];
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    c == '-'
        || matches!(category, GeneralCategory::NonspacingMark | GeneralCategory::DecimalNumber)
        || OTHERS.contains(&CodePointMapData::<Script>::new().get(c))
        || EXTENDED.into_iter().any(|script| ScriptWithExtensions::new().has_script(c, script))
}
