//! What a nickname looks like: which names would be mistaken for each other, and which for the server's own.

use std::{
    ops::RangeInclusive,
    sync::{Arc, LazyLock},
};

use unicode_normalization::UnicodeNormalization;

use super::{Nickname, fold};

/// The looks of nicknames that would pass for the server: “snug”, “system” and “server”. Nobody may have them.
const RESERVED: [&str; 3] = ["snug", "systern", "server"];
/// All that looks like one of them in ASCII, where only `m` looks like other letters of theirs, but for upper and lower case.
const RESERVED_ASCII: [&str; 4] = ["snug", "system", "systern", "server"];
/// The possible lengths, in characters, of a name that looks like one of them.
pub(super) const RESERVED_LETTERS: RangeInclusive<usize> = 3..=8;

/// The looks of a nickname, by UTS #39: skeleton, skeleton(NFKC), skeleton(casefold(NFKC)) and skeleton(casefold(skeleton)), as far
/// as they differ: one for most names. Each finds look-alikes that the others miss. Working them out costs more than all else
/// that is done with a name, so whoever keeps a name keeps its looks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Looks(Box<[Arc<str>]>);

impl Nickname {
    /// The looks of the name. Two nicknames collide when they have one of them in common.
    pub fn looks(&self) -> Looks {
        let name = &*self.0;
        let written = skeleton(name);
        // ASCII is in every normal form.
        let compatible = (!name.is_ascii()).then(|| name.nfkc().collect::<String>());
        let others = [
            compatible.filter(|text| text != name),
            Some(fold(name)).filter(|text| text != name),
            // Once more a skeleton: a capital M looks like no other letters, and a small one does.
            Some(fold(&written)).filter(|text| *text != written),
        ];
        let mut looks: Vec<Arc<str>> = vec![if written == name { self.0.clone() } else { written.into() }];
        for text in others.into_iter().flatten() {
            let look = skeleton(&text);
            if looks.iter().all(|known| **known != *look) {
                looks.push(look.into());
            }
        }
        Looks(looks.into())
    }
}

impl Looks {
    /// Whether two nicknames with these looks would be mistaken for each other.
    pub fn collides_with(&self, other: &Self) -> bool {
        self.0.iter().any(|look| other.0.contains(look))
    }

    /// The keys under which a table of taken names finds this one.
    pub fn keys(&self) -> &[Arc<str>] {
        &self.0
    }
}

/// What a text looks like, by UTS #39.
fn skeleton(text: &str) -> String {
    /// Those of single characters. None of them begins with a mark that would combine with what is before it.
    static ASCII: LazyLock<Vec<String>> =
        LazyLock::new(|| (0..128_u8).map(|byte| any_skeleton(&char::from(byte).to_string())).collect());
    match text.is_ascii() {
        true => text.bytes().filter_map(|byte| ASCII.get(usize::from(byte)).map(String::as_str)).collect(),
        false => any_skeleton(text),
    }
}

fn any_skeleton(text: &str) -> String {
    unicode_security::skeleton(text).collect()
}

/// Whether no version has ever given a name away, as it would pass for one of the server's. Every entry read is asked.
pub(super) fn was_always_reserved(name: &str) -> bool {
    if name.is_ascii() {
        return is_reserved_ascii(name);
    }
    RESERVED.contains(&fold(&skeleton(&fold(name))).as_str())
}

/// Whether a name would pass for one of the server's.
pub(super) fn looks_reserved(name: &Nickname) -> bool {
    if name.0.is_ascii() {
        return is_reserved_ascii(&name.0);
    }
    looks_reserved_any(name)
}

fn is_reserved_ascii(name: &str) -> bool {
    RESERVED_ASCII.iter().any(|reserved| reserved.eq_ignore_ascii_case(name))
}

fn looks_reserved_any(name: &Nickname) -> bool {
    // Folded once more, because a letter without case may look like a capital.
    name.looks().keys().iter().any(|look| RESERVED.contains(&fold(look).as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_looks_like_its_characters_one_by_one() {
        let ascii = || (0..128_u8).map(char::from);
        for pair in ascii().flat_map(|first| ascii().map(move |second| format!("{first}{second}{first}"))) {
            assert_eq!(skeleton(&pair), any_skeleton(&pair), "{pair:?}");
        }
    }

    #[test]
    fn no_letter_of_ascii_but_m_looks_like_another_of_a_reserved_name() {
        for letter in (0x20..0x7f_u8).map(|byte| fold(&char::from(byte).to_string())) {
            let looks = fold(&any_skeleton(&letter));
            let is_reserved = RESERVED.iter().any(|name| !looks.is_empty() && name.contains(&looks));
            assert!(looks == letter.replace('m', "rn") || !is_reserved, "{letter} looks like {looks}");
            assert!(!looks.is_empty(), "{letter} looks like nothing");
        }
        for name in ["system", "SYSTERN", "systern", "sySTem", "server", "snug", "5nug", "snu9", "maya"] {
            let name = Nickname(name.into());
            assert_eq!(looks_reserved(&name), looks_reserved_any(&name), "{name}");
        }
    }
}
