//! Emoji to choose from, for the text that is written or as a reaction.

use iced::{
    Element, Fill, Task,
    widget::{Row as Line, button, column, container, operation},
};
use snug_core::emoji::{self, Known, Recent};
use snug_shared::Seq;

use super::Message;
use crate::{
    theme,
    widget::{Type, ellipsis, field, inherited, label, nothing, scroll, virtual_list::virtual_list},
};

const FIELD: &str = "emoji-search";
/// Emoji in a row.
const COLUMNS: usize = 9;
const CELL: f32 = 36.0;
const WIDTH: f32 = COLUMNS as f32 * CELL + 24.0;
const HEIGHT: f32 = 320.0;
/// Emoji found at once.
const FOUND: usize = 90;

/// What an emoji is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PickFor {
    /// The text that is being written.
    Text,
    /// A reaction to this message.
    Reaction(Seq),
}

/// What happens to a picker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pick {
    /// It opens, or closes when it is open for that.
    Toggle(PickFor),
    /// Something was typed into its field.
    Search(String),
    /// This one.
    Take(&'static str),
    /// The first that was found.
    First,
}

/// See the [module](self).
#[derive(Debug)]
pub struct Picker {
    purpose: PickFor,
    search: String,
    recent: Recent,
    lines: Vec<Entry>,
    /// Changes with the lines.
    revision: u64,
}

#[derive(Debug)]
enum Entry {
    Heading(&'static str),
    Emoji(Vec<&'static Known>),
}

impl Picker {
    /// Opens one.
    pub fn new(purpose: PickFor, recent: Recent) -> Self {
        Self { purpose, search: String::new(), lines: everything(&recent), recent, revision: 0 }
    }

    /// What a choice is for.
    pub fn purpose(&self) -> PickFor {
        self.purpose
    }

    /// Puts the caret into its field.
    pub fn focus<T: Send + 'static>() -> Task<T> {
        operation::focus(FIELD)
    }

    /// Looks for emoji of this name.
    pub fn search(&mut self, words: &str) {
        self.lines = if words.trim().is_empty() {
            everything(&self.recent)
        } else {
            in_lines(&emoji::search(words, FOUND)).collect()
        };
        words.clone_into(&mut self.search);
        self.revision += 1;
    }

    /// The first one that is shown.
    pub fn first(&self) -> Option<&'static str> {
        self.lines.iter().find_map(|line| match line {
            Entry::Emoji(emoji) => emoji.first().map(|emoji| emoji.as_str()),
            Entry::Heading(_) => None,
        })
    }

    /// The pop-up.
    pub fn view(&self) -> Element<'_, Message> {
        let search = field("Search emoji", &self.search, false)
            .id(FIELD)
            .on_input(|words| Message::Pick(Pick::Search(words)))
            .on_submit(Message::Pick(Pick::First));
        let list: Element<'_, Message> = if self.lines.is_empty() {
            container(label("Nothing found", Type::Meta).style(theme::muted)).center(Fill).into()
        } else if !self.search.trim().is_empty() {
            // What is found is little, and begins at the top.
            scroll(column(self.lines.iter().map(line))).height(Fill).width(Fill).into()
        } else {
            virtual_list(
                self.lines.len(),
                self.revision,
                Some,
                |index| self.lines.get(index).map_or_else(nothing, line),
                theme::scroll_thumb,
            )
            .of(self.revision, Some(0))
            .into()
        };
        container(column![search, list].spacing(6))
            .id("emoji-picker")
            .padding(8)
            .width(WIDTH)
            .height(HEIGHT)
            .style(theme::pop_up)
            .into()
    }
}

/// All there are, those used lately first.
fn everything(recent: &Recent) -> Vec<Entry> {
    let groups = std::iter::once(("Lately", recent.iter().collect())).chain(emoji::groups());
    groups
        .filter(|(_, emoji): &(_, Vec<_>)| !emoji.is_empty())
        .flat_map(|(name, emoji)| {
            std::iter::once(Entry::Heading(name)).chain(in_lines(&emoji)).collect::<Vec<_>>()
        })
        .collect()
}

fn in_lines(emoji: &[&'static Known]) -> impl Iterator<Item = Entry> {
    emoji.chunks(COLUMNS).map(|line| Entry::Emoji(line.to_vec()))
}

fn line(line: &Entry) -> Element<'_, Message> {
    match line {
        Entry::Heading(name) => {
            container(label(*name, Type::Label).style(theme::muted)).padding([6, 6]).into()
        }
        Entry::Emoji(emoji) => Line::with_children(emoji.iter().map(|emoji| cell(emoji))).into(),
    }
}

fn cell<'a>(emoji: &'static Known) -> Element<'a, Message> {
    button(container(ellipsis(emoji.as_str(), Type::Heading, inherited)).center(Fill))
        .padding(0)
        .width(CELL)
        .height(CELL)
        .style(theme::plain)
        .on_press(Message::Pick(Pick::Take(emoji.as_str())))
        .into()
}
