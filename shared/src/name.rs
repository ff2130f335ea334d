//! Names, checked when they are parsed and valid from then on (`docs/protocol.md` §3).
//!
//! [`RoomName`] and [`Nickname`] keep the spelling a person chose (trimmed, NFC). Two room names are one room if their [`RoomKey`]s
//! are equal. [`Nickname::collides_with`] tells whether two nicknames look the same.

use std::{fmt, sync::Arc};

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{DefaultIgnorableCodePoint, GeneralCategory, WhiteSpace},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::limits;

mod invisible;
mod looks;

use invisible::{forbidden, not_blank, one_space};
pub use looks::Looks;
use looks::{RESERVED_LETTERS, looks_reserved, was_always_reserved};

/// Why a name is refused. Each reads as a sentence for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing is left after trimming.
    #[error("A name needs at least one character.")]
    Empty,
    /// More than this many grapheme clusters, or too many bytes for them.
    #[error("That name is too long. Use at most {0} characters.")]
    TooLong(usize),
    /// Only combining marks, which are invisible by themselves.
    #[error("That name has no visible characters.")]
    Invisible,
    /// A control, bidirectional or otherwise ignorable character, or a blank one. The joiner of emoji is one of them.
    #[error("{}", forbidden(*.0))]
    Forbidden(char),
    /// A slash, which separates names in addresses.
    #[error("A name can’t contain “/”.")]
    Slash,
    /// `.` or `..`, which have a meaning in paths.
    #[error("“.” and “..” can’t be names.")]
    Dots,
    /// One of the names that would pass for the server.
    #[error("That name is reserved for the server. Pick another.")]
    Reserved,
}

/// A room's name as people see it: 1–64 grapheme clusters, at most 256 bytes. It is folded once, when it is parsed; a clone
/// copies no text, and neither does a clone of a [`RoomKey`] or a [`Nickname`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomName {
    name: Arc<str>,
    key: RoomKey,
}

/// The key that two spellings of one room name share: NFKC and case folding. Never shown.
/// It is deserialised as it was serialised, unchecked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomKey(Arc<str>);

/// A member's name as people see it: 1–32 grapheme clusters, at most 128 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Nickname(Arc<str>);

impl RoomName {
    /// Trims, normalises and checks a name.
    ///
    /// # Errors
    /// [`NameError`] says which rule of `docs/protocol.md` §3 it breaks.
    ///
    /// ```
    /// use snug_shared::RoomName;
    /// let tea = RoomName::parse("  Tea Room ")?;
    /// assert_eq!(tea.as_str(), "Tea Room");
    /// assert_eq!(tea.key(), RoomName::parse("TEA room")?.key());
    /// # Ok::<(), snug_shared::NameError>(())
    /// ```
    pub fn parse(name: &str) -> Result<Self, NameError> {
        not_blank(name)?;
        Self::known(name)
    }

    /// A name that was taken before, perhaps under rules that were less strict: as stored, or as told by a server.
    ///
    /// # Errors
    /// [`NameError`] for what was never a name.
    pub fn known(name: &str) -> Result<Self, NameError> {
        let name: Arc<str> = checked(name, limits::ROOM_CLUSTERS, limits::ROOM_BYTES)?.into();
        let folded = fold(&name);
        // Most names are their own key.
        let key = if *folded == *name { name.clone() } else { folded.into() };
        Ok(Self { name, key: RoomKey(key) })
    }

    /// The key by which this name is compared.
    pub fn key(&self) -> RoomKey {
        self.key.clone()
    }

    /// The name as shown.
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

impl RoomKey {
    /// A key as [`as_str`](Self::as_str) gave it, unchecked: from a store or a cursor.
    pub fn stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The key as text, for stores and maps.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for RoomKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RoomKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(String::deserialize(deserializer)?.into()))
    }
}

impl Nickname {
    /// Trims, normalises and checks a nickname.
    ///
    /// # Errors
    /// [`NameError`] says which rule of `docs/protocol.md` §3 it breaks.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        not_blank(name)?;
        let name = Self(one_space(checked(name, limits::NICKNAME_CLUSTERS, limits::NICKNAME_BYTES)?).into());
        match RESERVED_LETTERS.contains(&name.0.chars().count()) && looks_reserved(&name) {
            true => Err(NameError::Reserved),
            false => Ok(name),
        }
    }

    /// A name that was taken before, perhaps under rules that were less strict: as stored, or as told by a server.
    ///
    /// # Errors
    /// [`NameError`] for what was never a name.
    pub fn known(name: &str) -> Result<Self, NameError> {
        let name = checked(name, limits::NICKNAME_CLUSTERS, limits::NICKNAME_BYTES)?;
        match RESERVED_LETTERS.contains(&name.chars().count()) && was_always_reserved(&name) {
            true => Err(NameError::Reserved),
            false => Ok(Self(name.into())),
        }
    }

    /// The name as shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether two nicknames look the same to a person.
    ///
    /// ```
    /// use snug_shared::Nickname;
    /// let maya = Nickname::parse("maya")?;
    /// assert!(maya.collides_with(&Nickname::parse("Maya")?));
    /// assert!(maya.collides_with(&Nickname::parse("mауа")?)); // Cyrillic а, у, а
    /// assert!(!maya.collides_with(&Nickname::parse("maya2")?));
    /// # Ok::<(), snug_shared::NameError>(())
    /// ```
    pub fn collides_with(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.looks(), other.looks());
        mine.collides_with(&theirs)
    }

    /// This name with a number behind it, cut so that it still fits: `maya2`, and `r2d2-2` where the name ends in a digit.
    pub fn numbered(&self, number: u32) -> Self {
        let dash = if self.0.ends_with(|c: char| c.is_numeric()) { "-" } else { "" };
        self.with_suffix(&format!("{dash}{number}"))
    }

    /// This name with a few ASCII characters behind it, cut at a grapheme cluster so that it still fits.
    pub fn with_suffix(&self, suffix: &str) -> Self {
        debug_assert!(suffix.is_ascii() && suffix.len() < limits::NICKNAME_CLUSTERS);
        let clusters = limits::NICKNAME_CLUSTERS - suffix.len();
        let bytes = limits::NICKNAME_BYTES - suffix.len();
        let mut cut = String::new();
        for cluster in self.0.graphemes(true).take(clusters) {
            if cut.len() + cluster.len() > bytes {
                break;
            }
            cut.push_str(cluster);
        }
        cut.truncate(cut.trim_end().len());
        Self(format!("{cut}{suffix}").into())
    }
}

/// NFKC, case folded, and NFKC again, because folding can undo it.
fn fold(name: &str) -> String {
    // ASCII is in every normal form. The shortcut matters: every entry read checks a name.
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    fold_any(name)
}

fn fold_any(name: &str) -> String {
    let compatible: String = name.nfkc().collect();
    caseless::default_case_fold_str(&compatible).nfkc().collect()
}

fn checked(name: &str, clusters: usize, bytes: usize) -> Result<String, NameError> {
    let name = name.trim();
    // Checked before the expensive steps. NFC makes a text shorter by two thirds at most.
    if name.len() > 4 * bytes {
        return Err(NameError::TooLong(clusters));
    }
    let name: String = if name.is_ascii() { name.to_owned() } else { name.nfc().collect() };
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    if name.len() > bytes || name.graphemes(true).count() > clusters {
        return Err(NameError::TooLong(clusters));
    }
    if name.contains('/') {
        return Err(NameError::Slash);
    }
    if name == "." || name == ".." {
        return Err(NameError::Dots);
    }
    if let Some(forbidden) = name.chars().find(|c| is_forbidden(*c)) {
        return Err(NameError::Forbidden(forbidden));
    }
    if name.chars().all(|c| is_mark(c) || is_white(c)) {
        return Err(NameError::Invisible);
    }
    Ok(name)
}

/// Control, format, private-use and default-ignorable characters, and line breaks of any kind. They could make one name
/// pass for another, or for something else in a list or a log.
fn is_forbidden(c: char) -> bool {
    use GeneralCategory as Category;
    is_ignorable(c)
        || matches!(
            CodePointMapData::<GeneralCategory>::new().get(c),
            Category::Control
                | Category::Format
                | Category::PrivateUse
                | Category::LineSeparator
                | Category::ParagraphSeparator
        )
}

/// Whether a character shows as nothing by itself (Unicode's Default_Ignorable_Code_Point).
pub fn is_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

pub(crate) fn is_white(c: char) -> bool {
    CodePointSetData::new::<WhiteSpace>().contains(c)
}

fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

macro_rules! shown_as_text {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }
    )*};
}

shown_as_text!(RoomName, Nickname, RoomKey);

impl Serialize for RoomName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Nickname {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for RoomName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::known(&text).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Nickname {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::known(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_is_folded_as_all_other_text_is() {
        let ascii: String = (0..=0x7f_u8).map(char::from).collect();
        assert_eq!(fold(&ascii), fold_any(&ascii));
        assert_eq!(ascii.nfc().collect::<String>(), ascii);
    }
}
