//! What a nickname looks like: which names would be mistaken for each other, and which for the server's own.

use std::ops::RangeInclusive;

use unicode_normalization::UnicodeNormalization;

use super::{Nickname, fold};

/// The looks of nicknames that would pass for the server: “snug”, “system” and “server”. Nobody may have them.
const RESERVED: [&str; 3] = ["snug", "systern", "server"];
/// The possible lengths, in characters, of a name that looks like one of them.
pub(super) const RESERVED_LETTERS: RangeInclusive<usize> = 3..=8;

/// The looks of a nickname, by UTS #39: skeleton, skeleton(NFKC), skeleton(casefold(NFKC)) and skeleton(casefold(skeleton)), as far
/// as they differ: one for most names. Each finds look-alikes that the others miss.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Looks(Vec<String>);

impl Nickname {
    /// The looks of the name. Two nicknames collide when they have one of them in common.
    pub fn looks(&self) -> Looks {
        let name = &*self.0;
        let written: String = unicode_security::skeleton(name).collect();
        let caseless = fold(&written);
        let compatible: String = if name.is_ascii() { name.to_owned() } else { name.nfkc().collect() };
        let mut looks = vec![written];
        // Once more a skeleton: a capital M looks like no other letters, and a small one does.
        for (text, known) in
            [(compatible, name.to_owned()), (fold(name), name.to_owned()), (caseless, looks[0].clone())]
        {
            if text != known {
                let look = unicode_security::skeleton(&text).collect();
                if !looks.contains(&look) {
                    looks.push(look);
                }
            }
        }
        Looks(looks)
    }
}

impl Looks {
    /// Whether two nicknames with these looks would be mistaken for each other.
    pub fn collides_with(&self, other: &Self) -> bool {
        self.0.iter().any(|look| other.0.contains(look))
    }

    /// The keys under which a table of taken names finds this one.
    pub fn keys(&self) -> &[String] {
        &self.0
    }
}

/// Whether no version has ever given a name away, as it would pass for one of the server's. Every entry read is asked.
pub(super) fn was_always_reserved(folded: &str) -> bool {
    if folded.is_ascii() {
        return RESERVED.contains(&folded.replace('m', "rn").as_str());
    }
    let looks: String = unicode_security::skeleton(folded).collect();
    RESERVED.contains(&fold(&looks).as_str())
}

/// Whether a name would pass for one of the server's.
pub(super) fn looks_reserved(name: &Nickname) -> bool {
    // Of ASCII's letters only `m` looks like others in a reserved name.
    if name.0.is_ascii() {
        return RESERVED.contains(&fold(&name.0).replace('m', "rn").as_str());
    }
    looks_reserved_any(name)
}

fn looks_reserved_any(name: &Nickname) -> bool {
    // Folded once more, because a letter without case may look like a capital.
    name.looks().keys().iter().any(|look| RESERVED.contains(&fold(look).as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_letter_of_ascii_but_m_looks_like_another_of_a_reserved_name() {
        for letter in (0x20..0x7f_u8).map(|byte| fold(&char::from(byte).to_string())) {
            let looks: String = unicode_security::skeleton(&letter).collect();
            let looks = fold(&looks);
            let is_reserved = RESERVED.iter().any(|name| !looks.is_empty() && name.contains(&looks));
            assert!(looks == letter.replace('m', "rn") || !is_reserved, "{letter} looks like {looks}");
            assert!(!looks.is_empty(), "{letter} looks like nothing");
        }
        for name in ["system", "systern", "server", "snug", "5nug", "snu9", "maya"] {
            let name = Nickname(name.into());
            assert_eq!(looks_reserved(&name), looks_reserved_any(&name), "{name}");
        }
    }
}
