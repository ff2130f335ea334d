//! Ctrl+F and Ctrl+Shift+F: what was said, in this room or in all of them. A field, what was found as one types, and where it
//! was looked for.

use iced::{
    Center, Element, Fill, Font, Padding, Task,
    advanced::text::Wrapping,
    keyboard::{Key, key::Named},
    widget::{Column, button, column, container, operation, rich_text, row, scrollable, span, text},
};
use jiff::{Timestamp, civil::Date};
use snug_core::{
    format,
    history::History,
    search::{Answer, Ask, BYTES, Hit, Scope, Search},
};
use snug_shared::{RoomName, Seq, ServerAddress};

use super::room::HEADER;
use crate::{
    font,
    icon::{Icon, icon},
    theme,
    widget::{
        Look, Type, clipped, ellipsis, field, first_caret, hairline, hint, icon_button, idle_caret,
        inherited, label, scroll, small,
    },
};

const FIELD: &str = "search";
const LIST: &str = "found";
/// The panel beside a room.
pub const WIDTH: f32 = 360.0;
/// In a window of less there is no room beside a room: the panel takes its place.
pub const FROM: f32 = 900.0;
/// The height of a hit, with the space to the next.
const HIT: f32 = 78.0;
/// Lines of a hit's text.
const EXCERPT: f32 = 36.0;

/// See the [module](self).
#[derive(Debug)]
pub struct SearchPanel {
    search: Search,
    today: Date,
}

/// Acts of a person in it, and what came of them.
#[derive(Debug, Clone)]
pub enum Message {
    /// The text.
    Text(String),
    /// To the next hit, or the one before.
    Step(isize),
    /// Show the hit that is chosen, or else the first.
    Submit,
    /// Show this hit.
    Pick(usize),
    /// Look for more.
    More,
    /// Back to the newest hits, from older ones than a list takes.
    Newest,
    /// One of the places answered.
    Answered(Answer),
    /// Back to where one was.
    Back,
    /// Away with it; one stays where one is.
    Close,
}

/// A request to the root.
#[derive(Debug)]
pub enum Action {
    /// Run this.
    Run(Task<Message>),
    /// Show a message.
    Show(ServerAddress, RoomName, Seq),
    /// Away with it, back to where one was.
    Back,
    /// Away with it.
    Close,
}

impl SearchPanel {
    /// Nothing was looked for yet. `servers`: those that can be asked.
    pub fn new(history: History, look: &Look, scope: Scope, servers: Vec<ServerAddress>) -> Self {
        let today =
            Timestamp::from_millisecond(look.now).unwrap_or_default().to_zoned(look.zone.clone()).date();
        Self { search: Search::new(history, look.zone.clone(), scope, servers), today }
    }

    /// Puts the caret into its field.
    pub fn focus<T: Send + 'static>() -> Task<T> {
        operation::focus(FIELD)
    }

    /// Puts the caret into its field, and all that is in it under the hand.
    pub fn open<T: Send + 'static>() -> Task<T> {
        operation::focus(FIELD).chain(operation::select_all(FIELD))
    }

    /// What is looked for, and what was found.
    pub fn search(&self) -> &Search {
        &self.search
    }

    /// Where it looks.
    pub fn scope(&self) -> &Scope {
        self.search.scope()
    }

    /// The meaning of a key that the field did not take.
    pub fn key(key: &Key) -> Option<Message> {
        match key {
            Key::Named(Named::Escape) => Some(Message::Back),
            Key::Named(Named::ArrowUp) => Some(Message::Step(-1)),
            Key::Named(Named::ArrowDown) => Some(Message::Step(1)),
            _ => None,
        }
    }

    /// A message of it.
    pub fn update(&mut self, message: Message) -> Action {
        let asks = match message {
            Message::Text(text) => {
                let text = text.chars().take(BYTES).collect();
                self.search.set_text(text, self.today)
            }
            Message::Step(steps) => {
                let _ = self.search.step(steps);
                return Action::Run(self.scroll_to_chosen());
            }
            Message::Submit => {
                if self.search.chosen().is_none() {
                    let _ = self.search.step(1);
                }
                return self.show();
            }
            Message::Pick(place) => {
                let _ = self.search.choose(place);
                return self.show();
            }
            Message::More => {
                let asks = self.search.more();
                // A full list gave way to the next one.
                let top = if self.search.hits().is_empty() { to_top() } else { Task::none() };
                return Action::Run(Task::batch([ask_all(asks), top]));
            }
            Message::Newest => self.search.newest(),
            Message::Answered(answer) => self.search.answer(answer),
            Message::Back => return Action::Back,
            Message::Close => return Action::Close,
        };
        Action::Run(ask_all(asks))
    }

    fn show(&self) -> Action {
        match self.search.chosen() {
            Some(hit) => Action::Show(hit.server.clone(), hit.room.clone(), hit.seq),
            None => Action::Run(Task::none()),
        }
    }

    fn scroll_to_chosen(&self) -> Task<Message> {
        let Some(place) = self.search.chosen_place() else { return Task::none() };
        // The hit before it stays in view too.
        let y = (place as f32 - 1.0).max(0.0) * HIT;
        operation::scroll_to(LIST, scrollable::AbsoluteOffset { x: 0.0, y })
    }

    /// The panel.
    pub fn view<'a>(&'a self, look: &'a Look) -> Element<'a, Message> {
        let title = match self.search.scope() {
            Scope::Room(_, room) => format!("Search {room}"),
            Scope::Everywhere => "Search all rooms".to_owned(),
        };
        let close = hint(icon_button(Icon::X).on_press(Message::Close), "Close (Esc goes back)");
        let head =
            row![clipped(ellipsis(title, Type::Heading, inherited), Fill), close].spacing(8).align_y(Center);
        let head =
            container(head).padding(Padding { left: 16.0, right: 12.0, ..Padding::ZERO }).center_y(HEADER);
        let field = field("Words, from:name, before:2026-12-01…", self.search.text(), false)
            .id(FIELD)
            .on_input(Message::Text)
            .on_submit(Message::Submit);
        let body = column![
            container(first_caret(idle_caret(field), FIELD)).padding([12, 12]),
            scroll(self.list(look)).id(LIST).height(Fill),
            hairline(),
            container(self.foot()).padding([8, 16]),
        ];
        container(column![head, hairline(), body]).width(Fill).height(Fill).style(theme::side).into()
    }

    fn list<'a>(&'a self, look: &'a Look) -> Element<'a, Message> {
        let hits = self.search.hits().iter().enumerate();
        let is_everywhere = *self.search.scope() == Scope::Everywhere;
        let chosen = self.search.chosen_place();
        let rows = hits.map(|(place, hit)| self.hit(place, hit, chosen == Some(place), is_everywhere, look));
        let more = self.search.has_more().then(|| {
            container(small("Show more", theme::secondary).on_press(Message::More))
                .center_x(Fill)
                .padding([8, 0])
        });
        let sentence = self
            .sentence()
            .map(|sentence| container(label(sentence, Type::Meta).style(theme::muted)).padding([4, 8]));
        let newest = self.search.is_past_newest().then(|| {
            container(small("Back to the newest", theme::secondary).on_press(Message::Newest)).center_x(Fill)
        });
        Column::new().push(newest).extend(rows).push(sentence).push(more).spacing(2).padding([0, 8]).into()
    }

    /// What to say where nothing is listed.
    fn sentence(&self) -> Option<String> {
        let filters = self.search.filters();
        if let Some(problem) = &filters.problem {
            return Some(problem.clone());
        }
        if !self.search.hits().is_empty() {
            return None;
        }
        Some(match (filters.is_search(), self.search.is_busy()) {
            (false, _) => "Narrow a search with from:, in:, before:, after: and has:link.".to_owned(),
            (true, true) => "Searching…".to_owned(),
            (true, false) => "Nothing was found.".to_owned(),
        })
    }

    fn hit<'a>(
        &'a self,
        place: usize,
        hit: &'a Hit,
        is_chosen: bool,
        is_everywhere: bool,
        look: &'a Look,
    ) -> Element<'a, Message> {
        let user = hit.user.as_str();
        let time = label(self.time(hit, look), Type::Meta).style(theme::muted);
        let room = is_everywhere.then(|| {
            let name = row![
                icon(Icon::Hash, 12).style(theme::muted),
                ellipsis(hit.room.as_str(), Type::Meta, theme::muted)
            ];
            container(name.spacing(2).align_y(Center)).max_width(110)
        });
        let who = row![clipped(ellipsis(user, Type::Label, theme::member(user)), Fill)];
        let head = who.push(room).push(time).spacing(8).align_y(Center);
        let spans: Vec<text::Span<'a, (), Font>> = hit
            .excerpt
            .pieces()
            .into_iter()
            .map(|(words, is_marked)| match is_marked {
                true => span(words).color(look.palette.accent).font(font::SEMIBOLD),
                false => span(words),
            })
            .collect();
        let words = rich_text(spans)
            .size(Type::Meta.size())
            .line_height(Type::Meta.line_height())
            .wrapping(Wrapping::WordOrGlyph)
            .width(Fill);
        let words = container(words).height(EXCERPT).clip(true);
        button(column![head, words].spacing(2))
            .padding([9, 8])
            .width(Fill)
            .height(HIT - 2.0)
            .style(if is_chosen { theme::chosen } else { theme::plain })
            .on_press(Message::Pick(place))
            .into()
    }

    fn time(&self, hit: &Hit, look: &Look) -> String {
        format::when(hit.at, self.today, &look.zone)
    }

    fn foot(&self) -> Element<'_, Message> {
        let words = if self.search.is_busy() && self.search.filters().is_search() {
            format!("{} Searching…", self.search.coverage())
        } else {
            self.search.coverage()
        };
        label(words, Type::Meta).style(theme::muted).into()
    }
}

fn ask_all(asks: Vec<Ask>) -> Task<Message> {
    Task::batch(asks.into_iter().map(|ask| Task::perform(ask.run(), Message::Answered)))
}

fn to_top() -> Task<Message> {
    operation::scroll_to(LIST, scrollable::AbsoluteOffset { x: 0.0, y: 0.0 })
}
