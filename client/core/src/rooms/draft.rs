//! A text that is being written in a room and not sent yet.

use serde::{Deserialize, Serialize};
use snug_shared::{Nickname, Seq};

use crate::timeline::OwnMessage;

/// A text in the making.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// The text so far.
    pub text: String,
    /// Its purpose.
    pub purpose: Purpose,
}

impl Draft {
    /// Whether nothing was begun.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.purpose == Purpose::Message
    }
}

/// The purpose of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A new message.
    #[default]
    Message,
    /// A reply.
    Reply {
        /// The message it replies to.
        seq: Seq,
        /// Its author's nickname.
        user: Nickname,
        /// How it begins.
        quote: String,
    },
    /// Another text for an own message.
    Edit {
        /// The message to change.
        message: OwnMessage,
        /// The text that was being written before, which comes back afterwards.
        before: String,
    },
}
