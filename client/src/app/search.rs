//! The search: opened by a key, beside the room; a hit is shown with what is around it, and Esc leads back.

use std::collections::HashMap;

use iced::{
    Element, Task,
    widget::{container, opaque, row, rule},
};
use snug_core::{
    rooms::{Place, RoomId, SessionId},
    search::{Scope, Search},
    session::Link,
};
use snug_shared::{RoomName, Seq, ServerAddress};

use super::{App, Message};
use crate::{
    screen::{
        Screen,
        search::{self, SearchPanel},
    },
    theme,
    widget::over,
};

/// Questions for one message, at most.
const TRIES: u32 = 3;

/// A search that is open, and what one looked at before.
#[derive(Debug)]
pub(super) struct Searching {
    pub panel: SearchPanel,
    /// The room that was shown, and the message at its top; none when the newest was in view.
    before: Option<(SessionId, Option<Seq>)>,
    has_moved: bool,
    /// The rooms that hits led to, and where their reader was in each. At most all joined ones.
    visited: HashMap<SessionId, Option<Seq>>,
}

/// A message that is to be shown once it is here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seeking {
    session: SessionId,
    seq: Seq,
    tries: u32,
}

impl App {
    /// What is looked for, while the search is open.
    pub fn search(&self) -> Option<&Search> {
        self.searching.as_ref().map(|searching| searching.panel.search())
    }

    /// The message that is to be shown as soon as it is here.
    pub fn sought(&self) -> Option<Seq> {
        self.seeking.map(|seeking| seeking.seq)
    }

    /// Opens the search, or leads to its field.
    pub(super) fn open_search(&mut self, is_everywhere: bool) -> Task<Message> {
        let Some(joined) = self.shown() else { return Task::none() };
        let session = joined.session();
        let scope = match is_everywhere {
            true => Scope::Everywhere,
            false => Scope::Room(session.server().clone(), session.room().clone()),
        };
        if self.searching.as_ref().is_none_or(|searching| *searching.panel.scope() != scope) {
            let servers = self.servers_of(&scope);
            let panel = SearchPanel::new(self.rooms.history().clone(), &self.look, scope, servers);
            self.searching = Some(match self.searching.take() {
                Some(earlier) => Searching { panel, ..earlier },
                None => {
                    let before = self.place_now();
                    Searching { panel, before, has_moved: false, visited: HashMap::new() }
                }
            });
        }
        SearchPanel::open()
    }

    /// The servers that can be asked, each once.
    fn servers_of(&self, scope: &Scope) -> Vec<ServerAddress> {
        let mut servers: Vec<ServerAddress> = Vec::new();
        for joined in self.rooms.iter() {
            let session = joined.session();
            let is_wanted = match scope {
                Scope::Room(server, _) => server == session.server(),
                Scope::Everywhere => true,
            };
            let is_online = matches!(session.link(), Link::Online);
            if is_wanted && is_online && !servers.contains(session.server()) {
                servers.push(session.server().clone());
            }
        }
        servers
    }

    fn place_now(&self) -> Option<(SessionId, Option<Seq>)> {
        match (&self.screen, self.shown()) {
            (Screen::Room(room), Some(joined)) => Some((joined.id(), room.place(joined).scroll)),
            _ => None,
        }
    }

    pub(super) fn update_search(&mut self, message: search::Message) -> Task<Message> {
        let Some(searching) = &mut self.searching else { return Task::none() };
        match searching.panel.update(message) {
            search::Action::Run(task) => task.map(Message::Search),
            search::Action::Show(server, room, seq) => {
                searching.has_moved = true;
                if !self.is_wide() {
                    self.searching = None;
                }
                self.show_in_room(server, room, Some(seq))
            }
            search::Action::Close => {
                self.searching = None;
                self.focus_composer()
            }
            search::Action::Back => self.end_search(),
        }
    }

    /// Closes the search and goes back to what was looked at before it.
    fn end_search(&mut self) -> Task<Message> {
        let Some(searching) = self.searching.take() else { return Task::none() };
        self.seeking = None;
        let Some((session, scroll)) = searching.before.filter(|_| searching.has_moved) else {
            return self.focus_composer();
        };
        if self.rooms.get(session).is_none() {
            return self.focus_composer();
        }
        let show = self.show_room(session);
        // After the room that is left has told where it is.
        for (visited, scroll) in searching.visited.into_iter().filter(|(visited, _)| *visited != session) {
            if let Some(joined) = self.rooms.get_mut(visited) {
                let place = Place { scroll, ..joined.place().clone() };
                joined.set_place(place);
            }
        }
        if let Screen::Room(room) = &mut self.screen
            && let Some(joined) = self.rooms.get_mut(session)
        {
            room.return_to(joined, scroll);
        }
        show.chain(self.focus_composer())
    }

    /// Remembers where the reader was in a room that a hit leads to.
    fn note_place(&mut self, session: SessionId) {
        let scroll = self.rooms.get(session).and_then(|joined| joined.place().scroll);
        if let Some(searching) = &mut self.searching {
            let _ = searching.visited.entry(session).or_insert(scroll);
        }
    }

    /// Shows whatever room, joined already or not; at this message with what is around it, if there is one.
    pub(super) fn show_in_room(
        &mut self,
        server: ServerAddress,
        room: RoomName,
        message: Option<Seq>,
    ) -> Task<Message> {
        let id = RoomId::new(&server, &room);
        let joined = self.rooms.iter().find(|joined| *joined.room() == id).map(|joined| joined.id());
        let show = match joined {
            Some(session) => {
                self.note_place(session);
                self.show_room(session)
            }
            None => {
                let known = self.rooms.nickname_at(&server).or(self.settings.nickname.as_ref()).cloned();
                let Some(nickname) = known else { return Task::none() };
                self.enter(server, room, nickname)
            }
        };
        self.seek_message(message);
        // After whatever the room gives the caret to.
        if self.searching.is_some() { show.chain(SearchPanel::focus()) } else { show }
    }

    /// Shows a message of the shown room as soon as it is here.
    pub(super) fn seek_message(&mut self, message: Option<Seq>) {
        let shown = self.shown().map(|joined| joined.id()).zip(message);
        self.seeking = shown.map(|(session, seq)| Seeking { session, seq, tries: 0 }).or(self.seeking);
    }

    /// Goes on looking for the message that is to be shown.
    pub(super) fn seek(&mut self) {
        let Some(mut seeking) = self.seeking.take() else { return };
        let Seeking { session, seq, .. } = seeking;
        let Screen::Room(room) = &mut self.screen else { return };
        let Some(joined) = self.rooms.get_mut(session).filter(|_| room.session() == session) else { return };
        if joined.session().timeline().position_of(seq).is_some() {
            return room.show_message(joined, seq);
        }
        if joined.session().is_seeking() || !joined.session().is_settled() {
            self.seeking = Some(seeking);
            return;
        }
        if joined.session().has_no_message(seq) {
            return room.no_such_message();
        }
        seeking.tries += 1;
        let mut is_asked = false;
        joined.act(|session| {
            let effects = session.seek(seq);
            is_asked = !effects.is_empty();
            effects
        });
        if is_asked && seeking.tries <= TRIES {
            self.seeking = Some(seeking);
        } else {
            room.cannot_show();
        }
    }
}

impl App {
    /// The search beside a screen, or above it where there is no room for both. Always the same children in the same order.
    pub(super) fn with_search<'a>(&'a self, screen: Element<'a, Message>) -> Element<'a, Message> {
        let panel = self.searching.as_ref().map(|it| it.panel.view(&self.look).map(Message::Search));
        let (beside, above) = if self.is_wide() { (panel, None) } else { (None, panel) };
        let edge = beside.is_some().then(|| rule::vertical(1).style(theme::hairline).into());
        let beside = beside.map(|panel| container(panel).width(search::WIDTH).into());
        let nothing = crate::widget::nothing;
        let base = over(screen, above.map(opaque));
        row![base, edge.unwrap_or_else(nothing), beside.unwrap_or_else(nothing)].into()
    }

    /// Whether there is room for a search beside a room.
    fn is_wide(&self) -> bool {
        self.look.size.width >= search::FROM
    }
}
