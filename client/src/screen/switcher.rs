//! Ctrl+K: to another joined room by a few letters of its name, or by Enter to the one with news.

use iced::{
    Center, Element, Fill, Padding, Task,
    keyboard::{Key, key::Named},
    widget::{Column, button, center_x, column, container, mouse_area, opaque, operation, row},
};
use snug_core::rooms::{Joined, Rooms, SessionId};

use super::sidebar;
use crate::{
    icon::{Icon, icon},
    theme,
    widget::{Look, Type, clipped, ellipsis, field, first_caret, idle_caret, inherited, label},
};

const FIELD: &str = "switcher";
/// Rooms shown at once: who looks for another one types another letter.
const SHOWN: usize = 9;
const WIDTH: f32 = 440.0;
/// A longer text looks for nothing.
const QUERY: usize = 100;

/// See the [module](self).
#[derive(Debug)]
pub struct Switcher {
    query: String,
    found: Vec<SessionId>,
    chosen: usize,
}

/// Acts of a person in it.
#[derive(Debug, Clone)]
pub enum Message {
    /// The letters.
    Query(String),
    /// To the next of those found, or the one before.
    Step(isize),
    /// To the one that is chosen.
    Submit,
    /// To this one.
    Pick(SessionId),
    /// Never mind.
    Close,
}

/// A request to the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    None,
    /// Show a room.
    Show(SessionId),
    /// Away with it.
    Close,
}

impl Switcher {
    /// Without letters yet: what is new comes first.
    pub fn new<T: Send + 'static>(rooms: &Rooms) -> (Self, Task<T>) {
        let mut switcher = Self { query: String::new(), found: Vec::new(), chosen: 0 };
        switcher.find(rooms);
        (switcher, operation::focus(FIELD))
    }

    /// The meaning of a key that the field did not take.
    pub fn key(key: &Key) -> Option<Message> {
        match key {
            Key::Named(Named::Escape) => Some(Message::Close),
            Key::Named(Named::ArrowUp) => Some(Message::Step(-1)),
            Key::Named(Named::ArrowDown | Named::Tab) => Some(Message::Step(1)),
            Key::Named(Named::Enter) => Some(Message::Submit),
            _ => None,
        }
    }

    fn find(&mut self, rooms: &Rooms) {
        let found = rooms.matching(&self.query);
        self.found = found.into_iter().take(SHOWN).map(Joined::id).collect();
        self.chosen = 0;
    }

    /// A message of it.
    pub fn update(&mut self, rooms: &Rooms, message: Message) -> Action {
        match message {
            Message::Query(query) => {
                self.query = query.chars().take(QUERY).collect();
                self.find(rooms);
            }
            Message::Step(steps) if !self.found.is_empty() => {
                let place = self.chosen as isize + steps;
                self.chosen = place.rem_euclid(self.found.len() as isize) as usize;
            }
            Message::Step(_) => {}
            Message::Submit => {
                return self.found.get(self.chosen).map_or(Action::None, |room| Action::Show(*room));
            }
            Message::Pick(room) => return Action::Show(room),
            Message::Close => return Action::Close,
        }
        Action::None
    }

    /// The field and what it found, above everything else.
    pub fn view<'a>(&'a self, rooms: &'a Rooms, look: &Look) -> Element<'a, Message> {
        let field = field("Find a room", &self.query, false)
            .id(FIELD)
            .on_input(Message::Query)
            .on_submit(Message::Submit);
        let found = self.found.iter().enumerate().filter_map(|(place, room)| {
            let joined = rooms.get(*room).filter(|joined| !joined.is_left())?;
            Some(line(joined, place == self.chosen))
        });
        let none = self.found.is_empty().then(|| {
            let words = label("You are in no room of that name.", Type::Body).style(theme::muted);
            container(words).padding([6, 12])
        });
        let list = Column::with_children(found).push(none).spacing(2);
        let panel = container(column![first_caret(idle_caret(field), FIELD), list].spacing(8))
            .padding(8)
            .style(theme::popup);
        let above = (look.size.height * 0.12).floor();
        let panel =
            center_x(opaque(container(panel).max_width(WIDTH))).padding(Padding::from([0, 12]).top(above));
        let over = container(panel).width(Fill).height(Fill).style(theme::scrim);
        opaque(mouse_area(over).on_press(Message::Close))
    }
}

fn line<'a>(joined: &'a Joined, is_chosen: bool) -> Element<'a, Message> {
    let session = joined.session();
    let kind = if joined.is_calling() { Type::Name } else { Type::Body };
    let names = row![
        clipped(ellipsis(session.room().as_str(), kind, inherited), Fill),
        container(ellipsis(session.server_label(), Type::Meta, theme::muted)).max_width(180),
    ];
    let line = row![icon(Icon::Hash, 16).style(theme::muted), names.spacing(12).align_y(Center)]
        .push(sidebar::news(joined.counted(), joined.is_calling()));
    button(line.spacing(8).align_y(Center))
        .padding([6, 12])
        .width(Fill)
        .style(if is_chosen { theme::chosen } else { theme::plain })
        .on_press(Message::Pick(joined.id()))
        .into()
}
