//! At the left of a room: all joined rooms by server, what is new in each, and the way to others.
//!
//! The list holds still: its order goes by pins and names, and servers fold themselves only while the pointer is elsewhere.

use std::time::{Duration, Instant};

use iced::{
    Center, Element, Fill, Padding, Point, Rectangle, Task,
    advanced::widget::{Id, Operation, operate, operation::Outcome},
    widget::{Column, button, column, container, mouse_area, opaque, row, space},
};
use snug_core::{
    notifications::Preferences,
    rooms::{Group, Joined, Level, Rooms, SessionId},
    session::Link,
};
use snug_shared::ServerAddress;

use self::menus::menu_of;
use super::room::HEADER;
use crate::{
    icon::{Icon, icon},
    theme,
    widget::{
        Type, clipped, ellipsis, hairline, icon_button, inherited, label, menu, menu_button, scroll, tile,
    },
};

mod entry;
mod menus;

pub use entry::news;

/// A window narrower than this has no sidebar beside the room; it is opened over it.
pub const FROM: f32 = 640.0;
/// How wide it is.
pub const WIDTH: f32 = 232.0;
/// A server that is away for less stays unfolded, and is not said to be connecting.
const AWAY: Duration = Duration::from_secs(4);
/// Where a menu that a key asked for opens when its room is in no list.
const BELOW_HEADER: Point = Point::new(8.0, HEADER);

/// See the [module](self).
#[derive(Debug, Default)]
pub struct Sidebar {
    /// Servers that are away, and are folded for it.
    away: Vec<ServerAddress>,
    /// The changes of the rooms ([`Rooms::list_changes`]) that `away` takes note of.
    changes: Option<u64>,
    /// When the next server has been away for long enough.
    due: Option<Instant>,
    is_hovered: bool,
    /// How far the list is scrolled: what is inside of it knows nothing of that.
    scrolled: f32,
    /// Shown over the room, in a narrow window.
    is_open: bool,
    asked: Option<Asked>,
}

/// Whose menu is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Room(SessionId),
    Oneself,
}

/// The menu that is open.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Asked {
    of: Of,
    at: Point,
    by_key: bool,
}

/// Acts of a person on the list.
#[derive(Debug, Clone)]
pub enum Message {
    /// Show a room.
    Show(SessionId),
    /// Fold or unfold the rooms of a server.
    Fold(ServerAddress),
    /// Show the rooms of a server that one may join.
    OtherRooms(ServerAddress),
    /// To the first screen: another server, or one of one's own.
    AnotherServer,
    /// Find a room by its name.
    Switcher,
    /// Show the list over the room, or away with it.
    Open(bool),
    /// The pointer is on the list, or not.
    Hover(bool),
    /// The list is scrolled so far.
    Scrolled(f32),
    /// Show what can be done with a room, at a point of the window.
    Ask(SessionId, Point),
    /// Show what can be set for all rooms, at a point of the window.
    AskOneself(Point),
    /// Set it.
    Prefer(Preferences),
    /// Show what can be done with a room by a key: beside it in the list, where that is in view.
    AskByKey(SessionId, Option<Rectangle>),
    /// The menu is closed.
    Closed,
    /// Do something with a room.
    Act(SessionId, Act),
}

/// An act on a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// List it before the others, or no more.
    Pin(bool),
    /// Everything in it was read.
    MarkRead,
    /// So much of it counts and is told.
    Notify(Level),
    /// Tell nothing of it for an hour.
    Quiet,
    /// Leave it.
    Leave,
}

impl Sidebar {
    /// Shows the list over the room, or away with it.
    pub fn set_open(&mut self, is_open: bool) {
        self.is_open = is_open;
    }

    /// Whether it is shown over the room.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// The pointer is on the list, or not.
    pub fn set_hovered(&mut self, is_hovered: bool) {
        self.is_hovered = is_hovered;
    }

    /// The list is scrolled so far.
    pub fn set_scrolled(&mut self, scrolled: f32) {
        self.scrolled = scrolled;
    }

    /// Whether a menu is open.
    pub fn has_menu(&self) -> bool {
        self.asked.is_some()
    }

    /// Asks what can be done with a room, at a point of the list.
    pub fn ask(&mut self, room: SessionId, at: Point) {
        let at = Point::new(at.x, at.y - self.scrolled);
        self.asked = Some(Asked { of: Of::Room(room), at, by_key: false });
    }

    /// The same by a key: beside the room in the list.
    pub fn ask_by_key(&mut self, room: SessionId, entry: Option<Rectangle>) {
        let below = |entry: Rectangle| Point::new(entry.x + 24.0, entry.y + entry.height - self.scrolled);
        let at = entry.map_or(BELOW_HEADER, below);
        self.asked = Some(Asked { of: Of::Room(room), at, by_key: true });
    }

    /// Asks what can be set for all rooms, at a point of the window.
    pub fn ask_oneself(&mut self, at: Point) {
        self.asked = Some(Asked { of: Of::Oneself, at, by_key: false });
    }

    /// Closes the menu. Says whether one was open.
    pub fn close(&mut self) -> bool {
        self.asked.take().is_some()
    }

    /// Whether the rooms of a server are folded: as was done by hand, or else while it is away.
    pub fn is_folded(&self, rooms: &Rooms, server: &ServerAddress) -> bool {
        rooms.folded(server).unwrap_or_else(|| self.away.contains(server))
    }

    /// Takes note of which servers are away, unless the pointer is on the list.
    pub fn settle(&mut self, rooms: &Rooms) {
        let now = Instant::now();
        let is_due = self.due.is_some_and(|due| due <= now);
        if self.is_hovered || self.changes == Some(rooms.list_changes()) && !is_due {
            return;
        }
        let groups = rooms.groups();
        self.changes = Some(rooms.list_changes());
        self.due = groups.iter().filter_map(away_at).filter(|at| *at > now).min();
        let is_away =
            |group: &&Group<'_>| is_away(group) && !group.rooms.iter().any(|joined| joined.is_shown());
        self.away = groups.iter().filter(is_away).map(|group| group.server.clone()).collect();
    }

    /// The list. `asked`: the server whose other rooms are on the screen.
    pub fn view<'a>(
        &'a self,
        rooms: &'a Rooms,
        asked: Option<&ServerAddress>,
        preferences: Preferences,
    ) -> Element<'a, Message> {
        let groups = rooms.groups();
        let shown = groups.iter().flat_map(|group| &group.rooms).find(|joined| joined.is_shown());
        let foot = shown.map(|joined| column![hairline(), oneself(joined, groups.len() > 1, preferences)]);
        // The scroll bar has a place of its own.
        let mut list = Column::new().spacing(2).padding(Padding { right: 10.0, ..Padding::from(8) });
        let names: Vec<String> = groups.iter().map(name_of).collect();
        for (group, name) in groups.into_iter().zip(&names) {
            let is_alone = names.iter().filter(|other| *other == name).count() == 1;
            let name = if is_alone { name.clone() } else { format!("{name}, {}", group.server.authority()) };
            let is_asked = asked == Some(group.server);
            let is_folded = self.is_folded(rooms, group.server);
            list = self.group(list, group, name, is_folded, is_asked);
        }
        let another = entry::way(Icon::Server, "Join another server", false, Message::AnotherServer);
        let list = scroll(list.push(container(another).padding(Padding::ZERO.top(8))))
            .on_scroll(|viewport| Message::Scrolled(viewport.absolute_offset().y))
            .height(Fill);
        let content = column![finder(), hairline(), list].push(foot);
        let content = container(content).width(WIDTH).height(Fill).style(theme::side);
        let asked = self.asked.and_then(|asked| menu_of(asked, rooms, preferences));
        let area = mouse_area(content).on_enter(Message::Hover(true)).on_exit(Message::Hover(false));
        menu(area, asked)
    }

    /// What there is of it where the list is not in view: what is new elsewhere, at the button that opens it, and the menu.
    pub fn closed<'a>(
        &'a self,
        rooms: &'a Rooms,
        preferences: Preferences,
        has_button: bool,
    ) -> Element<'a, Message> {
        let elsewhere: Vec<_> = rooms.iter().filter(|joined| !joined.is_shown()).collect();
        let news = if has_button { entry::sum(&elsewhere) } else { None };
        let place = Padding { top: 4.0, left: 25.0, ..Padding::ZERO };
        let news = container(news.unwrap_or_else(crate::widget::nothing)).padding(place);
        menu(news, self.asked.and_then(|asked| menu_of(asked, rooms, preferences)))
    }

    fn group<'a>(
        &'a self,
        list: Column<'a, Message>,
        group: Group<'a>,
        name: String,
        is_folded: bool,
        is_asked: bool,
    ) -> Column<'a, Message> {
        let server = group.server.clone();
        let mut list = list.push(head(&group, name, is_folded));
        if is_folded {
            return list;
        }
        for joined in group.rooms {
            list = list.push(entry::view(joined));
        }
        list.push(entry::way(Icon::Plus, "Other rooms", is_asked, Message::OtherRooms(server)))
    }
}

/// The list over a room, in a window too narrow for both.
pub fn over(list: Element<'_, Message>) -> Element<'_, Message> {
    let rest = mouse_area(container(space()).width(Fill).height(Fill).style(theme::scrim));
    row![opaque(list), opaque(rest.on_press(Message::Open(false)))].into()
}

/// Whether a server has been out of reach for longer than a moment.
fn is_away(group: &Group<'_>) -> bool {
    away_at(group).is_some_and(|at| at <= Instant::now())
}

/// When it will have been, or has been; none while one of its rooms is online.
fn away_at(group: &Group<'_>) -> Option<Instant> {
    let is_online = group.rooms.iter().any(|joined| matches!(joined.session().link(), Link::Online));
    let since = group.rooms.iter().map(|joined| joined.away_since()).max()?;
    (!is_online).then(|| since + AWAY)
}

/// Looks for a room of the list. The answer is where it is.
pub fn ask_by_key(room: SessionId) -> Task<Message> {
    let find = operate(Find { id: entry::id(room), found: None, is_done: false });
    find.map(move |found| Message::AskByKey(room, found))
}

/// Finds where something is.
struct Find {
    id: Id,
    found: Option<Rectangle>,
    is_done: bool,
}

impl Operation<Option<Rectangle>> for Find {
    fn traverse(&mut self, operate: &mut dyn FnMut(&mut dyn Operation<Option<Rectangle>>)) {
        if !self.is_done {
            operate(self);
        }
    }

    fn container(&mut self, id: Option<&Id>, bounds: Rectangle) {
        if id == Some(&self.id) {
            (self.found, self.is_done) = (Some(bounds), true);
        }
    }

    fn finish(&self) -> Outcome<Option<Rectangle>> {
        Outcome::Some(self.found)
    }
}

fn finder<'a>() -> Element<'a, Message> {
    let keys = if cfg!(target_os = "macos") { "⌘K" } else { "Ctrl+K" };
    let line =
        row![label("Find a room", Type::Body).width(Fill), label(keys, Type::Meta).style(theme::muted)];
    let find = button(line.align_y(Center)).padding([5, 10]).width(Fill).style(theme::finder);
    container(find.on_press(Message::Switcher)).padding([0, 8]).center_y(HEADER).into()
}

/// What a server is called in the list.
fn name_of(group: &Group<'_>) -> String {
    if group.is_hosted() { "Hosted here".to_owned() } else { group.label() }
}

/// The name of a server, how it is to be reached, and what is new in it while it is folded.
fn head<'a>(group: &Group<'a>, name: String, is_folded: bool) -> Element<'a, Message> {
    let chevron = if is_folded { Icon::ChevronRight } else { Icon::ChevronDown };
    let state = is_away(group).then(|| {
        let words = if group.rooms.iter().any(|joined| joined.is_held()) { "starting…" } else { "offline" };
        row![icon(Icon::WifiOff, 12).style(theme::wait), label(words, Type::Meta).style(theme::muted)]
            .spacing(5)
            .align_y(Center)
    });
    let line =
        row![icon(chevron, 14).style(theme::muted), clipped(ellipsis(name, Type::Label, inherited), Fill)]
            .push(state)
            .push(is_folded.then(|| entry::sum(&group.rooms)).flatten());
    button(line.spacing(6).align_y(Center))
        .padding(Padding { top: 7.0, right: 8.0, bottom: 7.0, left: 6.0 })
        .width(Fill)
        .style(theme::quiet)
        .on_press(Message::Fold(group.server.clone()))
        .into()
}

/// Under which name one is in the room that is shown, where that is, and what one set for all rooms.
fn oneself<'a>(joined: &'a Joined, several: bool, preferences: Preferences) -> Element<'a, Message> {
    let session = joined.session();
    let own = session.nickname().as_str();
    let server =
        several.then(|| ellipsis(format!("on {}", session.server_label()), Type::Meta, theme::muted));
    let names = column![ellipsis(own, Type::Name, inherited)].push(server);
    let quiet = preferences.is_quiet.then(|| icon(Icon::BellOff, 14).style(theme::muted));
    let more = menu_button(icon_button(Icon::Ellipsis).style(theme::over_room), Message::AskOneself);
    row![tile(own, 28.0), clipped(names, Fill)]
        .push(quiet)
        .push(more)
        .spacing(10)
        .align_y(Center)
        .padding(Padding { top: 8.0, right: 8.0, bottom: 8.0, left: 14.0 })
        .into()
}
