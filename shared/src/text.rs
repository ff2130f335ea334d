//! Message texts, reactions and topics, checked when they are parsed (`docs/protocol.md` §3).

use std::fmt;

use icu_properties::{CodePointSetData, props};
use serde::{Deserialize, Deserializer, Serialize, de};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::{
    close::ErrorCode,
    limits,
    name::{is_ignorable, is_white},
};

/// Why a text is refused. Each reads as a sentence for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Only white space and invisible characters.
    #[error("That message has no visible characters.")]
    Empty,
    /// More than this many grapheme clusters, or too many bytes for them.
    #[error("That’s too long. Use at most {0} characters.")]
    TooLong(usize),
    /// A control character other than a line break or a tab.
    #[error("That text contains a control character.")]
    Control,
    /// A reaction that is not exactly one character.
    #[error("A reaction is one emoji.")]
    NotOne,
}

impl TextError {
    /// The code a server answers with.
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::Empty => ErrorCode::Empty,
            Self::TooLong(_) => ErrorCode::TooLong,
            Self::Control | Self::NotOne => ErrorCode::BadRequest,
        }
    }
}

/// A message's text: 1–4,000 grapheme clusters, at most 16 KiB, at least one visible. Kept as written.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct MessageText(String);

/// A reaction: one grapheme cluster, at most 64 bytes, in one spelling: what people see as one mark is one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Emoji(String);

/// A room's topic: at most 200 grapheme clusters, trimmed, on one line; empty when there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Topic(String);

impl MessageText {
    /// Checks a text.
    ///
    /// # Errors
    /// [`TextError::Empty`], [`TextError::TooLong`] or [`TextError::Control`].
    pub fn parse(text: impl Into<String>) -> Result<Self, TextError> {
        let text = text.into();
        if text.len() > limits::MESSAGE_BYTES || longer_than(&text, limits::MESSAGE_CLUSTERS) {
            return Err(TextError::TooLong(limits::MESSAGE_CLUSTERS));
        }
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            return Err(TextError::Control);
        }
        if !is_visible(&text) {
            return Err(TextError::Empty);
        }
        Ok(Self(text))
    }
}

impl Emoji {
    /// Checks a reaction.
    ///
    /// # Errors
    /// [`TextError::Empty`], [`TextError::NotOne`], [`TextError::TooLong`] or [`TextError::Control`].
    pub fn parse(text: impl Into<String>) -> Result<Self, TextError> {
        let text = text.into();
        if text.len() > limits::EMOJI_BYTES {
            return Err(TextError::TooLong(1));
        }
        let text = if text.is_ascii() { text } else { one_spelling(&text) };
        if text.len() > limits::EMOJI_BYTES {
            return Err(TextError::TooLong(1));
        }
        if text.chars().any(char::is_control) {
            return Err(TextError::Control);
        }
        if !is_visible(&text) {
            return Err(TextError::Empty);
        }
        if longer_than(&text, 1) {
            return Err(TextError::NotOne);
        }
        Ok(Self(text))
    }
}

impl Topic {
    /// Checks a topic.
    ///
    /// # Errors
    /// [`TextError::TooLong`] or [`TextError::Control`]; a line break is a control character here.
    pub fn parse(text: impl AsRef<str>) -> Result<Self, TextError> {
        let text = text.as_ref().trim();
        if text.len() > limits::TOPIC_BYTES || longer_than(text, limits::TOPIC_CLUSTERS) {
            return Err(TextError::TooLong(limits::TOPIC_CLUSTERS));
        }
        if text.chars().any(char::is_control) {
            return Err(TextError::Control);
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether the room has no topic.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A mark in the spelling that Unicode calls fully qualified: composed, with U+FE0F where a character would else be drawn as text,
/// and without any other invisible character, unless it joins what stands before and after it.
fn one_spelling(text: &str) -> String {
    let is_joiner = |c: char| matches!(c, '\u{200c}' | '\u{200d}');
    let is_tag = |c: char| matches!(c, '\u{e0020}'..='\u{e007f}');
    // Tags are what tells one flag of a region from another, and nothing anywhere else.
    let is_flag = text.starts_with('🏴');
    let kept = |c: &char| !is_ignorable(*c) || is_joiner(*c) || is_flag && is_tag(*c);
    let bare: String = text.nfc().filter(kept).collect();
    let mut spelled = String::with_capacity(text.len());
    let mut rest = bare.trim_matches(is_joiner).chars().peekable();
    while let Some(c) = rest.next() {
        spelled.push(c);
        if is_drawn_as_text(c, rest.peek().copied()) {
            spelled.push('\u{fe0f}');
        }
    }
    spelled
}

/// Whether a character is an emoji only with U+FE0F behind it.
fn is_drawn_as_text(c: char, next: Option<char>) -> bool {
    let needs_it = CodePointSetData::new::<props::Emoji>().contains(c)
        && !CodePointSetData::new::<props::EmojiPresentation>().contains(c);
    let has_tone = next.is_some_and(|next| CodePointSetData::new::<props::EmojiModifier>().contains(next));
    let is_key = next == Some('\u{20e3}');
    needs_it && !has_tone && (is_key || !c.is_ascii())
}

fn longer_than(text: &str, clusters: usize) -> bool {
    // A cluster has at least one byte, so short texts need no segmentation.
    text.len() > clusters && text.graphemes(true).nth(clusters).is_some()
}

fn is_visible(text: &str) -> bool {
    text.chars().any(|c| !is_white(c) && !is_ignorable(c))
}

macro_rules! text {
    ($($name:ident),*) => {$(
        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Gives the text back.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

text!(MessageText, Emoji, Topic);

macro_rules! decoded {
    ($($text:ident),+) => {$(
        impl<'de> Deserialize<'de> for $text {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(String::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    )+};
}
decoded!(MessageText, Topic);
