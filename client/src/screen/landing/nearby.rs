//! The servers found on the network, and what is known of the rooms of every server the screen shows: found ones, and those one was
//! on before.

use std::{collections::HashMap, time::Duration};

use iced::{Subscription, Task, widget::operation};
use snug_core::{
    api::{self, ApiError},
    discovery::{self, Found},
};
use snug_shared::{
    RoomName, ServerAddress, ServerId,
    api::{RoomInfo, RoomList},
};

use super::{Action, Landing, NICKNAME};
use crate::subscription;

/// How often servers are asked for their rooms.
const REFRESH: Duration = Duration::from_secs(3);
/// How often the words move that say that it looks.
const STEP: Duration = Duration::from_millis(500);
/// So many steps pass before it says that nothing was found. DNS-SD alone needs a second.
const LOOKS: u8 = 6;
/// Rooms shown of a server; the others are a click away.
const ROOMS: usize = 3;

/// What happens to the list.
#[derive(Debug, Clone)]
pub enum Message {
    /// The servers on the network, whenever that changes.
    Found(Vec<Found>),
    /// A moment of looking for them has passed.
    Step,
    /// Ask all servers that are shown for their rooms.
    Refresh,
    /// Such a server's answer.
    Listed(ServerAddress, Result<RoomList, ApiError>),
    /// Show the rooms of a server that was found.
    Server(ServerId),
    /// Join a room of a server that was found.
    Room(ServerId, RoomName),
}

/// See the [module](self).
#[derive(Debug, Default)]
pub(super) struct Nearby {
    found: Vec<Found>,
    steps: u8,
    lists: HashMap<ServerAddress, List>,
}

/// What a server said when it was asked for its rooms.
#[derive(Debug, Default)]
struct List {
    is_asked: bool,
    answer: Option<Result<RoomList, ApiError>>,
}

/// Whether a place that one knows can be gone to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// Its server has not answered yet.
    Unknown,
    /// Its server answered. So many are in the room.
    Here(u32),
    /// Its server does not answer.
    Away,
}

impl Nearby {
    /// The servers, in the order in which they were found.
    pub(super) fn found(&self) -> &[Found] {
        &self.found
    }

    /// Whether it has looked for so short a time that nothing found means nothing.
    pub(super) fn is_looking(&self) -> bool {
        self.found.is_empty() && self.steps < LOOKS
    }

    /// The dots after the words that say that it looks.
    pub(super) fn dots(&self) -> &'static str {
        ["…", ".", ".."][usize::from(self.steps) % 3]
    }

    /// Whether another server that was found has the same name.
    pub(super) fn is_ambiguous(&self, server: &Found) -> bool {
        self.found.iter().any(|other| other.id != server.id && other.name == server.name)
    }

    /// Asks these servers, and all that were found, for their rooms; each once at a time. The list of found servers changes up to
    /// four times a second, which is no reason to ask everybody: without `all`, only those that have not answered yet. What nobody
    /// shows any more is forgotten.
    fn ask(&mut self, known: impl IntoIterator<Item = ServerAddress>, all: bool) -> Task<Message> {
        let mut shown: Vec<_> = known.into_iter().collect();
        shown.extend(self.found.iter().filter_map(address).cloned());
        self.lists.retain(|server, _| shown.contains(server));
        let asked = shown.into_iter().filter_map(|server| {
            let list = self.lists.entry(server.clone()).or_default();
            if (!all && list.answer.is_some()) || std::mem::replace(&mut list.is_asked, true) {
                return None;
            }
            Some(Task::perform(api::rooms(server.clone()), move |answer| {
                Message::Listed(server.clone(), answer)
            }))
        });
        Task::batch(asked.collect::<Vec<_>>())
    }

    /// A server's answer. One that was not asked, or is shown no more, changes nothing.
    fn listed(&mut self, server: &ServerAddress, answer: Result<RoomList, ApiError>) {
        if let Some(list) = self.lists.get_mut(server) {
            *list = List { is_asked: false, answer: Some(answer) };
        }
    }

    /// All rooms of a server, if it has told them.
    fn rooms(&self, server: &ServerAddress) -> Option<&RoomList> {
        self.lists.get(server)?.answer.as_ref()?.as_ref().ok()
    }

    /// The rooms of a found server that are shown.
    pub(super) fn shown(&self, server: &Found) -> &[RoomInfo] {
        let rooms = address(server).and_then(|address| self.rooms(address));
        rooms.map_or(&[], |list| &list.rooms[..list.rooms.len().min(ROOMS)])
    }

    /// Whether a place that one knows can be gone to.
    pub(super) fn presence(&self, server: &ServerAddress, room: &RoomName) -> Presence {
        match self.lists.get(server).and_then(|list| list.answer.as_ref()) {
            None => Presence::Unknown,
            Some(Err(_)) => Presence::Away,
            Some(Ok(list)) => {
                let there = list.rooms.iter().find(|info| info.room.key() == room.key());
                Presence::Here(there.map_or(0, |info| info.members))
            }
        }
    }
}

impl Landing {
    /// The search for servers. Their rooms are asked for while somebody looks.
    pub fn subscription(&self, is_focused: bool) -> Subscription<super::Message> {
        let search = Subscription::run(discovery::discover).map(Message::Found);
        let looking = if self.nearby.is_looking() {
            iced::time::every(STEP).map(|_| Message::Step)
        } else {
            Subscription::none()
        };
        let refresh = if is_focused {
            subscription::now_and_every(REFRESH).map(|()| Message::Refresh)
        } else {
            Subscription::none()
        };
        Subscription::batch([search, looking, refresh]).map(super::Message::Nearby)
    }

    pub(super) fn update_nearby(&mut self, message: Message) -> Action {
        match message {
            Message::Found(found) => {
                self.nearby.found = found;
                return self.refresh(false);
            }
            Message::Step => self.nearby.steps = self.nearby.steps.saturating_add(1),
            Message::Refresh => return self.refresh(true),
            Message::Listed(server, answer) => self.nearby.listed(&server, answer),
            Message::Server(id) => return self.go_to(&id, None),
            Message::Room(id, room) => return self.go_to(&id, Some(room)),
        }
        Action::None
    }

    /// Goes to a server that was found. Its list may have changed between the press and this.
    fn go_to(&mut self, id: &ServerId, room: Option<RoomName>) -> Action {
        let Some(server) = self.nearby.found.iter().find(|server| server.id == *id) else {
            return Action::None;
        };
        let Ok(nickname) = self.name() else { return Action::Run(operation::focus(NICKNAME)) };
        let rooms = address(server).and_then(|address| self.nearby.rooms(address)).cloned();
        Action::Found { addresses: server.addresses.clone(), rooms, room, nickname }
    }

    /// Asks the servers that are shown for their rooms: all of them, or those that were not asked yet. One that is hosted here runs
    /// only once it is gone back to.
    fn refresh(&mut self, all: bool) -> Action {
        let known = self.recent.iter().take(self.shown()).filter(|recent| !recent.is_hosted);
        let known: Vec<_> = known.map(|recent| recent.server.clone()).collect();
        Action::Run(self.nearby.ask(known, all).map(super::Message::Nearby))
    }
}

/// The best address of a found server.
fn address(server: &Found) -> Option<&ServerAddress> {
    server.addresses.first()
}
