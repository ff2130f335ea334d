//! The parts of the screens: type, buttons, tiles, and the widgets that iced lacks.

mod ellipsis;
mod first_caret;
mod fold;
mod follow_caret;
mod idle_caret;
pub mod menu;
mod selectable;
pub mod virtual_list;
mod wrapped;

pub use first_caret::first_caret;
pub use fold::fold;
pub use follow_caret::follow_caret;
pub use idle_caret::{idle_caret, writes};
pub use menu::{Menu, menu, menu_area, menu_button};
pub use selectable::{Selectable, selectable, selectable_words};

use std::borrow::Cow;

use iced::{
    Center, Element, Fill, Font, Length, Pixels, Size, Theme,
    advanced::text::LineHeight,
    widget::{
        Button, Container, Rule, Scrollable, Space, Stack, Text, TextInput, button, container, row, rule,
        scrollable, text, text_input, tooltip,
    },
};
use jiff::tz::TimeZone;
use snug_core::format;
use snug_shared::Millis;

pub use ellipsis::{ellipsis, ellipsis_beside};

use crate::{
    font,
    icon::{Icon, icon},
    theme::{self, Palette},
};

/// Where and when a screen is drawn.
#[derive(Debug, Clone)]
pub struct Look {
    /// The colours, for the few places that take no style function.
    pub palette: &'static Palette,
    /// The window, in logical pixels.
    pub size: Size,
    /// Now, by this device's clock.
    pub now: Millis,
    /// Where the reader is.
    pub zone: TimeZone,
}

/// A step of the type scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// The name of a screen.
    Title,
    /// The name of a part.
    Heading,
    /// Text to read.
    Body,
    /// An author's name.
    Name,
    /// Times, hints, counts.
    Meta,
    /// The name of a list.
    Label,
    /// Addresses and links to pass on.
    Code,
    /// One to three emoji alone.
    Jumbo,
}

impl Type {
    const fn measures(self) -> (f32, f32, Font) {
        match self {
            Self::Title => (28.0, 36.0, font::SEMIBOLD),
            Self::Heading => (20.0, 28.0, font::SEMIBOLD),
            Self::Body => (15.0, 22.0, font::REGULAR),
            Self::Name => (15.0, 22.0, font::SEMIBOLD),
            Self::Meta => (13.0, 18.0, font::REGULAR),
            Self::Label => (13.0, 18.0, font::SEMIBOLD),
            Self::Code => (13.5, 20.0, font::MONO),
            Self::Jumbo => (32.0, 42.0, font::REGULAR),
        }
    }

    /// Its size in pixels.
    pub const fn size(self) -> f32 {
        self.measures().0
    }

    /// Its line height.
    pub const fn line_height(self) -> LineHeight {
        LineHeight::Absolute(Pixels(self.measures().1))
    }

    /// Its font.
    pub const fn font(self) -> Font {
        self.measures().2
    }
}

/// The inherited colour.
pub fn inherited(_theme: &Theme) -> text::Style {
    text::Style::default()
}

/// A sentence of our own.
pub fn label<'a>(content: impl text::IntoFragment<'a>, kind: Type) -> Text<'a> {
    text(content).size(kind.size()).line_height(kind.line_height()).font(kind.font())
}

/// A tile in place of a face.
pub fn tile<'a, Message: 'a>(name: &str, size: f32) -> Element<'a, Message> {
    let kind = if size > 30.0 { Type::Name } else { Type::Label };
    container(ellipsis(format::initial(name), kind, inherited)).center(size).style(theme::tile(name)).into()
}

/// A button of words, perhaps after an icon.
pub fn action<'a, Message: Clone + 'a>(
    before: Option<Icon>,
    label: impl Into<Cow<'a, str>>,
    style: impl Fn(&Theme, button::Status) -> button::Style + 'a,
) -> Button<'a, Message> {
    let label = ellipsis(label, Type::Name, inherited);
    let content = row![].push(before.map(|before| icon(before, 18))).push(label).spacing(8).align_y(Center);
    button(container(content).center_y(24)).padding([8, 14]).style(style)
}

/// A small button within a line of hints.
pub fn small<'a, Message: Clone + 'a>(
    label: impl Into<Cow<'a, str>>,
    style: impl Fn(&Theme, button::Status) -> button::Style + 'a,
) -> Button<'a, Message> {
    button(container(ellipsis(label, Type::Label, inherited)).center_y(18)).padding([7, 10]).style(style)
}

/// A button that is only an icon, 32 pixels wide and high.
pub fn icon_button<'a, Message: Clone + 'a>(glyph: Icon) -> Button<'a, Message> {
    button(container(icon(glyph, 16)).center(Fill)).padding(0).width(32).height(32).style(theme::quiet)
}

/// A field of one line.
pub fn field<'a, Message: Clone + 'a>(
    placeholder: &str,
    value: &str,
    is_bad: bool,
) -> TextInput<'a, Message> {
    text_input(placeholder, value)
        .size(Type::Body.size())
        .line_height(Type::Body.line_height())
        .padding([9, 12])
        .style(if is_bad { theme::bad_field } else { theme::field })
}

/// A hairline across.
pub fn hairline<'a>() -> Rule<'a> {
    rule::horizontal(1).style(theme::hairline)
}

/// A reason or a hint for the field above.
pub fn reason<'a, Message: 'a>(sentence: impl text::IntoFragment<'a>) -> Element<'a, Message> {
    row![
        icon(Icon::CircleAlert, 14).style(theme::bad).line_height(18.0 / 14.0),
        label(sentence, Type::Meta).style(theme::bad)
    ]
    .spacing(6)
    .into()
}

/// Something that may be longer than there is room, with a thin bar.
pub fn scroll<'a, Message: 'a>(content: impl Into<Element<'a, Message>>) -> Scrollable<'a, Message> {
    let bar = scrollable::Scrollbar::new().width(6).scroller_width(6).margin(3);
    scrollable(content).direction(scrollable::Direction::Vertical(bar)).style(theme::scroll)
}

/// Keeps the place of something that is not shown, so that its neighbours keep their state: a widget's goes by its place.
/// (A space of a fixed zero would not do: rows and columns drop it.)
pub fn nothing<'a, Message: 'a>() -> Element<'a, Message> {
    Space::new().into()
}

/// Something over something else, where there is anything. What lies below keeps its state whether or not there is.
///
/// The CPU renderer of iced 0.14 makes two passes over the whole window for each layer of a stack that touches what changed, even
/// an empty one. So nothing is no layer here.
pub fn over<'a, Message: 'a>(
    below: Element<'a, Message>,
    above: Option<Element<'a, Message>>,
) -> Element<'a, Message> {
    Stack::new().push(below).push(above).into()
}

/// Cuts off what does not fit into the width.
pub fn clipped<'a, Message: 'a>(
    content: impl Into<Element<'a, Message>>,
    width: impl Into<Length>,
) -> Container<'a, Message> {
    container(content).width(width).clip(true)
}

/// Says what something does, or is, when the pointer rests on it.
pub fn hint<'a, Message: 'a>(
    on: impl Into<Element<'a, Message>>,
    sentence: impl text::IntoFragment<'a>,
) -> Element<'a, Message> {
    let label = container(label(sentence, Type::Meta)).padding([4, 8]).max_width(320).style(theme::card);
    tooltip(on, label, tooltip::Position::Bottom).gap(4).delay(std::time::Duration::from_millis(400)).into()
}
