//! Where a link of Snug leads: to a server, to a room there, or to a message in that room.
//!
//! A link to a message is the room's invite link with the message's number after `#`: `http://lab.local:8000/chat/tea/#123`. The
//! web page opens the same links.

use snug_shared::{AddressError, Invite, RoomName, Seq, ServerAddress};

/// See the [module](self).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The server.
    pub server: ServerAddress,
    /// The room, if there is one.
    pub room: Option<RoomName>,
    /// The message in it, if there is one. Nobody has said that it exists.
    pub message: Option<Seq>,
}

impl Destination {
    /// Reads a link or whatever address people type. What stands after `#` and is no number names no message.
    ///
    /// # Errors
    /// [`AddressError`] says what is wrong with it.
    pub fn parse(typed: &str) -> Result<Self, AddressError> {
        let Invite { server, room } = Invite::parse(typed)?;
        let number = typed.trim().split_once('#').map(|(_, number)| number);
        let is_number =
            |number: &&str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        // A number beyond all there can be names no message; it is looked for in vain as any other such number.
        let message = number.filter(is_number).map(|number| number.parse().unwrap_or(Seq::MAX));
        Ok(Self { message: message.filter(|_| room.is_some()), server, room })
    }
}

/// The link to a message of a room with this invite link.
pub fn message_link(invite: &str, seq: Seq) -> String {
    format!("{invite}#{seq}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(link: &str) -> Option<Seq> {
        Destination::parse(link).unwrap().message
    }

    #[test]
    fn a_number_after_the_room_is_a_message_and_anything_else_is_none() {
        let invite = "http://192.168.1.20:8000/chat/tea%20time/";
        let read = Destination::parse(&format!("  {} ", message_link(invite, 123))).unwrap();
        assert_eq!((read.room.unwrap().as_str(), read.message), ("tea time", Some(123)));
        assert_eq!(message("http://lab/chat/tea#7"), Some(7));
        assert_eq!(message("http://lab/chat/%237/"), None, "the room “#7”");
        for (after, number) in
            [("", None), ("#", None), ("#x", None), ("#-1", None), ("#1e3", None), ("#0", Some(0))]
        {
            assert_eq!(message(&format!("{invite}{after}")), number, "{after}");
        }
        assert_eq!(message(&format!("{invite}#{}", "9".repeat(40))), Some(Seq::MAX));
        assert_eq!(message("lab.local#5"), None, "a message of no room");
        assert_eq!(Destination::parse("ftp://lab/#5"), Err(AddressError::Scheme));
    }
}
