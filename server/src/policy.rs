//! Permissions: one pure check, which the log calls at the very moment it appends (`docs/protocol.md` §4, "What holds" 5).

use snug_shared::{Author, ErrorCode, Intent, Nickname, Seq};

/// The sender of something that is to be entered.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Its author.
    pub author: Author,
    /// The name it is sent under.
    pub nickname: Nickname,
    /// Whether it may delete what others said.
    pub moderator: bool,
}

/// Why something may not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denial {
    /// The code to answer with.
    pub code: ErrorCode,
    /// A sentence for a person.
    pub reason: &'static str,
}

impl Denial {
    /// A denial in words.
    pub const fn new(code: ErrorCode, reason: &'static str) -> Self {
        Self { code, reason }
    }
}

/// The facts on the message that an intent is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Its author.
    pub author: Author,
    /// Whether it was deleted.
    pub deleted: bool,
}

/// The message that this intent needs: its target, or the one it replies to.
pub const fn subject(intent: &Intent) -> Option<Seq> {
    match intent {
        Intent::Message { reply_to, .. } => *reply_to,
        _ => intent.target(),
    }
}

/// The check that a log makes before it enters anything: [`may_do`] in every server.
pub type Policy = fn(&Actor, &Intent, Option<&Subject>) -> Result<(), Denial>;

/// Whether `actor` may do this. `subject` holds the facts on the message that [`subject()`] names; `None` where that is no
/// `chat_message` of the room.
///
/// # Errors
/// [`ErrorCode::NotFound`] when the message is not there or was deleted, [`ErrorCode::NotAllowed`] when it is somebody else's.
pub fn may_do(actor: &Actor, intent: &Intent, subject: Option<&Subject>) -> Result<(), Denial> {
    let there = subject.filter(|message| !message.deleted);
    match (intent, there) {
        (Intent::Message { reply_to: None, .. } | Intent::Topic { .. }, _) => Ok(()),
        (Intent::Act(_), _) => {
            Err(Denial::new(ErrorCode::NotAllowed, "Nobody can do that on this server yet."))
        }
        (Intent::Message { .. }, None) => {
            Err(Denial::new(ErrorCode::NotFound, "The message you reply to no longer exists."))
        }
        (_, None) => Err(Denial::new(ErrorCode::NotFound, "That message no longer exists.")),
        (Intent::Message { .. } | Intent::React { .. }, Some(_)) => Ok(()),
        (Intent::Edit { .. }, Some(message)) if message.author == actor.author => Ok(()),
        (Intent::Edit { .. }, Some(_)) => {
            Err(Denial::new(ErrorCode::NotAllowed, "You can only edit your own messages."))
        }
        (Intent::Delete { .. }, Some(message)) if actor.moderator || message.author == actor.author => Ok(()),
        (Intent::Delete { .. }, Some(_)) => {
            Err(Denial::new(ErrorCode::NotAllowed, "You can only delete your own messages."))
        }
    }
}

#[cfg(test)]
mod tests {
    use snug_shared::{Act, ActKind, Emoji, MessageText, Topic};

    use super::*;

    fn actor(name: &str, moderator: bool) -> Actor {
        let nickname = Nickname::parse(name).expect("a name");
        Actor { author: Author::http(&nickname), nickname, moderator }
    }

    fn said_by(name: &str) -> Subject {
        Subject { author: actor(name, false).author, deleted: false }
    }

    fn text() -> MessageText {
        MessageText::parse("hello").expect("a text")
    }

    fn about_a_message() -> [Intent; 4] {
        [
            Intent::Message { text: text(), reply_to: Some(1) },
            Intent::Edit { target: 1, text: text() },
            Intent::Delete { target: 1 },
            Intent::React { target: 1, emoji: Emoji::parse("👍").expect("an emoji"), on: true },
        ]
    }

    fn code(result: Result<(), Denial>) -> Option<ErrorCode> {
        result.err().map(|denial| denial.code)
    }

    #[test]
    fn any_member_may_speak_and_set_the_topic() {
        let plain = Intent::Message { text: text(), reply_to: None };
        assert_eq!(may_do(&actor("ada", false), &plain, None), Ok(()));
        assert_eq!(may_do(&actor("ada", false), &Intent::Topic { topic: Topic::default() }, None), Ok(()));
    }

    #[test]
    fn nobody_may_do_an_act_yet() {
        for kind in [ActKind::Settings, ActKind::Moderation] {
            let act = Intent::Act(Act::new(kind, serde_json::Map::new()).expect("an act"));
            assert_eq!(code(may_do(&actor("mod", true), &act, None)), Some(ErrorCode::NotAllowed), "{act:?}");
        }
    }

    #[test]
    fn nothing_can_be_done_to_what_is_not_there_or_was_deleted() {
        let gone = Subject { deleted: true, ..said_by("ada") };
        for intent in about_a_message() {
            for moderator in [false, true] {
                let ada = actor("ada", moderator);
                assert_eq!(code(may_do(&ada, &intent, None)), Some(ErrorCode::NotFound), "{intent:?}");
                assert_eq!(code(may_do(&ada, &intent, Some(&gone))), Some(ErrorCode::NotFound), "{intent:?}");
            }
        }
    }

    #[test]
    fn an_author_may_do_everything_to_an_own_message() {
        for intent in about_a_message() {
            assert_eq!(may_do(&actor("ada", false), &intent, Some(&said_by("ada"))), Ok(()), "{intent:?}");
        }
    }

    #[test]
    fn others_may_answer_and_react_only() {
        let allowed: Vec<_> = about_a_message()
            .iter()
            .map(|intent| code(may_do(&actor("bob", false), intent, Some(&said_by("ada")))))
            .collect();
        assert_eq!(allowed, [None, Some(ErrorCode::NotAllowed), Some(ErrorCode::NotAllowed), None]);
    }

    #[test]
    fn a_moderator_may_delete_but_never_put_words_into_a_mouth() {
        let [_, edit, delete, _] = about_a_message();
        let moderator = actor("mod", true);
        assert_eq!(code(may_do(&moderator, &edit, Some(&said_by("ada")))), Some(ErrorCode::NotAllowed));
        assert_eq!(may_do(&moderator, &delete, Some(&said_by("ada"))), Ok(()));
    }

    #[test]
    fn the_subject_is_the_target_or_what_is_answered() {
        assert_eq!(about_a_message().map(|intent| subject(&intent)), [Some(1); 4]);
        assert_eq!(subject(&Intent::Message { text: text(), reply_to: None }), None);
    }
}
