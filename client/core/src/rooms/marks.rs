//! What a person set for one room: where it is listed, and what of it calls them.

use serde::{Deserialize, Serialize};
use snug_shared::Millis;

use super::NewsKind;
use crate::session::Unread;

/// What a person set for one room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Marks {
    /// Listed before the others.
    pub is_pinned: bool,
    /// The server runs in this app.
    pub is_hosted: bool,
    /// What of it calls the person.
    #[serde(flatten)]
    pub rule: Rule,
}

/// What of a room calls the person: what counts as new in lists, and what the desktop tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rule {
    /// How much does.
    #[serde(rename = "rule")]
    pub level: Level,
    /// Until then the desktop tells nothing, whatever the level.
    pub quiet_until: Option<Millis>,
}

/// How much of a room calls the person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Every message counts and is told.
    All,
    /// Every message counts; those that speak to the person are told.
    #[default]
    Mentions,
    /// The room is muted: messages that speak to the person count, and nothing is told.
    Nothing,
}

impl From<Level> for Rule {
    fn from(level: Level) -> Self {
        Self { level, quiet_until: None }
    }
}

impl Rule {
    /// Whether the room is muted.
    pub fn is_muted(self) -> bool {
        self.level == Level::Nothing
    }

    /// Whether the desktop tells of such a message now.
    pub fn tells(self, kind: NewsKind, now: Millis) -> bool {
        let is_quiet = self.quiet_until.is_some_and(|until| now < until);
        let is_wanted = match self.level {
            Level::All => true,
            Level::Mentions => kind == NewsKind::Mention,
            Level::Nothing => false,
        };
        is_wanted && !is_quiet
    }

    /// What counts of what is new.
    pub fn counted(self, unread: Unread) -> Unread {
        match self.is_muted() {
            true => Unread { messages: unread.mentions, mentions: unread.mentions, is_more: false },
            false => unread,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_counts_and_tells_its_share() {
        let shares = |level| {
            let rule = Rule::from(level);
            let unread = rule.counted(Unread { messages: 5, mentions: 2, is_more: true });
            (unread.messages, rule.tells(NewsKind::Message, 0), rule.tells(NewsKind::Mention, 0))
        };
        assert_eq!(shares(Level::All), (5, true, true));
        assert_eq!(shares(Level::Mentions), (5, false, true));
        assert_eq!(shares(Level::Nothing), (2, false, false));
    }

    #[test]
    fn marks_of_a_version_with_several_rules_are_read() {
        let stored = r#"{"is_pinned":true,"is_muted":true,"rule":"all","quiet_until":7}"#;
        let marks: Marks = serde_json::from_str(stored).unwrap();
        let rule = Rule { level: Level::All, quiet_until: Some(7) };
        assert_eq!(marks, Marks { is_pinned: true, is_hosted: false, rule });
        let again = serde_json::to_string(&marks).unwrap();
        assert_eq!(serde_json::from_str::<Marks>(&again).unwrap(), marks);
    }
}
