//! How a screen looks at a session.

use std::{collections::HashSet, sync::Arc};

use snug_shared::{Author, Durability, Limits, MemberInfo, Nickname, RoomName, Seq, ServerAddress};

use super::{Joining, Link, Session};
use crate::timeline::Timeline;

impl Session {
    /// What it was joined with.
    pub fn joining(&self) -> &Joining {
        &self.joining
    }

    /// How the connection is.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// Whether what was said before is still on its way.
    pub fn expects_entries(&self) -> bool {
        let has_some = self.established.as_ref().is_some_and(|established| established.last > 0);
        has_some && !self.is_live && matches!(self.link, Link::Online)
    }

    /// Whether all that was said before is here, up to what is said now.
    pub fn is_live(&self) -> bool {
        self.is_live
    }

    /// The rows that the reader sees.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Lets old rows go, since nobody looks at them ([`Timeline::shrink`]).
    pub fn shrink(&mut self) {
        self.timeline.shrink();
    }

    /// Moves the unread line ([`Timeline::set_unread`]).
    pub fn set_unread(&mut self, after: Option<Seq>) {
        self.timeline.set_unread(after);
    }

    /// Everything up to here has been read, on this device or another of the same person.
    pub fn read(&self) -> Seq {
        self.read
    }

    /// The members, in the order they came; at most 100.
    pub fn members(&self) -> &[MemberInfo] {
        self.people.members()
    }

    /// How many are here.
    pub fn count(&self) -> u32 {
        self.people.count()
    }

    /// The others who are typing now.
    pub fn typing_now(&self) -> Vec<&Nickname> {
        self.people.typing_now()
    }

    /// How many own sends are not with the server yet.
    pub fn waiting(&self) -> usize {
        self.timeline.outbox().sends().len()
    }

    /// Whether something may still be sent without the person doing anything: it waits, or what waits is not known yet.
    pub fn has_unsent(&self) -> bool {
        self.timeline.outbox().has_unsent()
    }

    /// The room, in its first spelling.
    pub fn room(&self) -> &RoomName {
        self.established.as_ref().map_or(&self.joining.room, |established| &established.room)
    }

    /// The server.
    pub fn server(&self) -> &ServerAddress {
        &self.joining.server
    }

    /// The server's own name, once it has been reached.
    pub fn server_name(&self) -> Option<&str> {
        self.established.as_ref().map(|established| established.server.name.as_str())
    }

    /// What the server is called: by its own name once it has been reached, by its address before that.
    pub fn server_label(&self) -> String {
        self.server_name().map_or_else(|| self.server().to_string(), str::to_owned)
    }

    /// The own nickname.
    pub fn nickname(&self) -> &Nickname {
        &self.target.nickname
    }

    /// The reader as an author, once the server has said who that is. It holds also in a crowd whose members are not listed.
    pub fn author(&self) -> Option<&Author> {
        self.established.as_ref().map(|established| &established.by)
    }

    /// The own connection among the members.
    pub fn member(&self) -> Option<&str> {
        self.established.as_ref().map(|established| established.member.as_str())
    }

    /// Hides what these people say.
    pub fn set_ignored(&mut self, ignored: &Arc<HashSet<Author>>) {
        self.timeline.set_ignored(ignored);
    }

    /// The server's limits for its members.
    pub fn limits(&self) -> Limits {
        self.established.as_ref().map_or_else(Limits::default, |established| established.limits)
    }

    /// How durable an acknowledged message is here, once the server has said so.
    pub fn durability(&self) -> Option<Durability> {
        self.established.as_ref().map(|established| established.durability)
    }

    /// The last thing that went wrong without belonging to a message, as a sentence.
    pub fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// The person has seen the notice.
    pub fn dismiss_notice(&mut self) {
        self.notice = None;
    }
}
