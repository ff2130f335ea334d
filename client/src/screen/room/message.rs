//! What a person does in a room, and what the screen asks of the root.

use iced::{Task, keyboard, widget::text_editor};
use snug_core::api::{ApiError, Invitation};
use snug_shared::{Author, Nickname, Seq};
use uuid::Uuid;

use super::{Complete, Mark, Pick, Select};
use crate::{shortcut::Shortcut, widget::virtual_list::Shown};

/// Acts of a person on this screen, and their results.
#[derive(Debug, Clone)]
pub enum Message {
    /// The timeline shows other rows.
    Shown(Shown),
    /// A key that nothing else wanted.
    Key(keyboard::Event),
    /// The caret of the composer left what is seen of the text; so many pixels from the top it is in view.
    Caret(f32),
    /// The server's link to this room for other machines.
    Invited(Result<Invitation, ApiError>),
    /// The composer.
    Write(text_editor::Action),
    /// Send the text in the composer.
    Submit,
    /// Take the last change of the text back.
    Undo,
    /// Change the text again.
    Redo,
    /// Set a mark around what is selected.
    Mark(Mark),
    /// Complete what was begun to be written.
    Complete(Complete),
    /// An own earlier message in place of the text.
    Recall {
        /// An older one than the last, or a newer one.
        older: bool,
    },
    /// Emoji to choose from.
    Pick(Pick),
    /// Another topic for the room.
    EditTopic,
    /// Show a long message whole, or folded again.
    Fold(Uuid),
    /// Close what is open: a question, a reply, an edit; else go to the newest message.
    Escape,
    /// Scroll.
    Go(Go),
    /// Do something with a message.
    Act(Act),
    /// Select, focus or copy messages, or ask what can be done with one.
    Select(Select),
    /// Copy a text.
    Copy(String),
    /// Copy the link to a message.
    CopyLink(Seq),
    /// Hide what somebody says, or show it again.
    Ignore(Author, Nickname, bool),
    /// Copy the link to this room.
    Invite,
    /// “Copied” was shown long enough.
    CopiedShown,
    /// Open a link.
    Open(String),
    /// Connect at once.
    TryNow,
    /// Go on under a free nickname.
    Rename(Nickname),
    /// The notice was read.
    Dismiss,
    /// Time passes while something counts down.
    Tick,
    /// Show the joined rooms, in a window too narrow for them.
    Rooms,
    /// Find what was said here.
    Search,
    /// Leave this room.
    Leave,
    /// A key that leads to another room.
    Shortcut(Shortcut),
}

/// Where to scroll to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Go {
    /// By viewports.
    Page(f32),
    /// To the first row there is.
    Start,
    /// To the newest.
    End,
    /// To the unread line.
    Unread,
    /// To a message.
    To(Seq),
}

/// An act on a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Show all that can be done with it.
    More(Seq),
    /// Reply to it.
    Reply(Seq),
    /// Edit an own one.
    Edit(Seq),
    /// Edit the newest own one.
    EditLast,
    /// Ask before deleting an own one.
    AskDelete(Seq),
    /// Delete it.
    Delete(Seq),
    /// Set a reaction, or take it away.
    React(Seq, String, bool),
    /// Try a failed send again.
    Retry(Uuid),
    /// Give a failed send up.
    Discard(Uuid),
    /// This message and what follows is new, although it was seen.
    MarkUnread(Seq),
}

/// A request to the root.
#[derive(Debug)]
pub enum Action {
    /// Run this.
    Run(Task<Message>),
    /// Hide what somebody says, or show it again.
    Ignore {
        /// Who.
        by: Author,
        /// The name they have.
        nickname: Nickname,
        /// Whether to hide it.
        on: bool,
    },
    /// Show the joined rooms.
    Rooms,
    /// Find what was said here.
    Search,
    /// Open a link of a message.
    Open(String),
    /// Leave this room.
    Leave,
    /// Start the server in this app, which this room waits for.
    Host,
    /// Do what a key says.
    Shortcut(Shortcut),
}
