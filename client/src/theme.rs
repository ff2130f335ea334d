//! The look: one style function for each role a widget can play, in the colours of two palettes. No colour is named elsewhere.
//!
//! Both themes are iced themes of our own name (widgets notice a change by it); style functions read the palette that belongs
//! to the theme they are given, so a screen never asks whether it is dark.

use iced::{
    Border, Color, Shadow, Theme, border,
    widget::{container, qr_code, rule, scrollable, text, text_editor, text_input},
};

mod buttons;
mod palette;

pub use buttons::{
    chosen, danger, finder, floating, link, over_room, pill, plain, primary, quiet, reaction, room, secondary,
};
pub use palette::{DARK, LIGHT, Palette, palette, theme};
use palette::{hue, mix};

/// Corners of fields and cards.
pub const RADIUS: f32 = 8.0;
/// Corners of pop-ups.
const POP_UP_RADIUS: f32 = 12.0;

// -- text --

/// Times, hints, counts.
pub fn muted(theme: &Theme) -> text::Style {
    text::Style { color: Some(palette(theme).muted) }
}

/// Something unread, or the one thing to look at.
pub fn accented(theme: &Theme) -> text::Style {
    text::Style { color: Some(palette(theme).accent) }
}

/// Takes its time.
pub fn wait(theme: &Theme) -> text::Style {
    text::Style { color: Some(palette(theme).wait) }
}

/// Is as it should be.
pub fn good(theme: &Theme) -> text::Style {
    text::Style { color: Some(palette(theme).good) }
}

/// Went wrong.
pub fn bad(theme: &Theme) -> text::Style {
    text::Style { color: Some(palette(theme).bad) }
}

/// Somebody's name, in a colour that goes by the name alone: the same in every list, room and client, before one is connected
/// and after.
pub fn member<'a>(name: &str) -> impl Fn(&Theme) -> text::Style + use<'a> {
    let hue = hue(name);
    move |theme| text::Style { color: Some(palette(theme).member_of(hue)) }
}

/// Behind words that are selected.
pub fn selected(theme: &Theme) -> Color {
    palette(theme).selection
}

// -- surfaces --

// Behind a whole screen is the theme's own background. The CPU renderer fills what changed with that first; a surface over the whole
// window would be drawn again through a mask, all of it, for every letter and every notch of the wheel.

/// Sidebar, members, headers.
pub fn side(theme: &Theme) -> container::Style {
    container::background(palette(theme).side)
}

/// A card.
pub fn card(theme: &Theme) -> container::Style {
    let palette = palette(theme);
    container::background(palette.raised).border(border::rounded(RADIUS).width(1).color(palette.line))
}

/// A pop-up of any other kind. It has no shadow: it changes while it is open, and the CPU renderer of iced 0.14 lays the shadow over
/// itself then, since it does not count it to what has to be drawn anew.
pub fn pop_up(theme: &Theme) -> container::Style {
    let Menu { background, border, .. } = menu(theme);
    container::background(background).color(palette(theme).text).border(border)
}

/// Behind a message that speaks to the reader.
pub fn mentioned(theme: &Theme) -> container::Style {
    container::background(palette(theme).accent.scale_alpha(0.09))
}

/// The bar at its left edge.
pub fn mention_bar(theme: &Theme) -> rule::Style {
    rule_of(palette(theme).accent)
}

/// The little bar of actions over a hovered message.
pub fn actions(theme: &Theme) -> container::Style {
    let palette = palette(theme);
    container::background(palette.raised).border(border::rounded(RADIUS).width(1).color(palette.line))
}

/// A pop-up menu.
pub struct Menu {
    /// Its surface.
    pub background: Color,
    /// Around it.
    pub border: Border,
    /// Beneath it.
    pub shadow: Shadow,
    /// Behind the item that would be chosen.
    pub marked: Color,
    /// Between groups of items.
    pub line: Color,
}

/// What a pop-up menu looks like.
pub fn menu(theme: &Theme) -> Menu {
    let palette = palette(theme);
    Menu {
        background: palette.raised,
        border: border::rounded(POP_UP_RADIUS).width(1).color(mix(palette.line, palette.text, 0.12)),
        // The CPU renderer of iced 0.14 draws a shadow over what it has not cleared, whenever a part of the menu changes.
        shadow: Shadow::default(),
        marked: palette.text.scale_alpha(0.09),
        line: palette.line,
    }
}

/// The strip above the composer that says how the connection is.
pub fn strip(theme: &Theme) -> container::Style {
    let palette = palette(theme);
    container::background(mix(palette.background, palette.wait, 0.12)).border(border::rounded(RADIUS))
}

/// A strip about something that failed for good.
pub fn bad_strip(theme: &Theme) -> container::Style {
    let palette = palette(theme);
    container::background(mix(palette.background, palette.bad, 0.12)).border(border::rounded(RADIUS))
}

/// A disc in somebody's colour, in place of a face.
pub fn tile<'a>(name: &str) -> impl Fn(&Theme) -> container::Style + use<'a> {
    let colored = member(name);
    move |theme| {
        let color = colored(theme).color.unwrap_or(palette(theme).text);
        container::background(mix(palette(theme).background, color, 0.22))
            .color(color)
            .border(border::rounded(99))
    }
}

/// The bar at the left of a quoted message.
pub fn quote(theme: &Theme) -> container::Style {
    container::background(palette(theme).line).border(border::rounded(2))
}

/// The bar at the left of quoted words within a message.
pub fn quote_bar(theme: &Theme) -> rule::Style {
    rule::Style { radius: 2.into(), ..rule_of(mix(palette(theme).line, palette(theme).muted, 0.3)) }
}

/// Code within a message.
pub fn code_card(theme: &Theme) -> container::Style {
    let palette = palette(theme);
    container::background(palette.side).border(border::rounded(RADIUS).width(1).color(palette.line))
}

/// Paper for a QR code: cameras want dark on light in either theme.
pub fn qr_paper(_theme: &Theme) -> container::Style {
    container::background(Color::WHITE).border(border::rounded(RADIUS))
}

/// A QR code.
pub fn qr(_theme: &Theme) -> qr_code::Style {
    qr_code::Style { cell: DARK.background, background: Color::WHITE }
}

/// A hairline.
pub fn hairline(theme: &Theme) -> rule::Style {
    rule_of(palette(theme).line)
}

/// The line before what is new.
pub fn unread_line(theme: &Theme) -> rule::Style {
    rule_of(palette(theme).accent)
}

fn rule_of(color: Color) -> rule::Style {
    rule::Style { color, radius: 0.into(), fill_mode: rule::FillMode::Full, snap: true }
}

/// A number of messages that speak to the reader.
pub fn badge(theme: &Theme) -> container::Style {
    let palette = palette(theme);
    container::background(palette.accent).color(palette.on_accent).border(border::rounded(99))
}

/// Something new.
pub fn dot(theme: &Theme) -> container::Style {
    container::background(palette(theme).accent).border(border::rounded(99))
}

/// A panel above everything else.
pub fn popup(theme: &Theme) -> container::Style {
    let look = menu(theme);
    container::background(look.background).border(look.border).shadow(look.shadow)
}

/// Over what is out of reach while something lies above it.
pub fn scrim(theme: &Theme) -> container::Style {
    let share = if palette(theme) == &DARK { 0.45 } else { 0.22 };
    container::background(Color::BLACK.scale_alpha(share))
}

// -- fields --

/// A field to type in.
pub fn field(theme: &Theme, status: text_input::Status) -> text_input::Style {
    let palette = palette(theme);
    let line = match status {
        text_input::Status::Focused { .. } => palette.accent,
        text_input::Status::Hovered => mix(palette.line, palette.text, 0.25),
        text_input::Status::Active | text_input::Status::Disabled => palette.line,
    };
    text_input::Style {
        background: palette.raised.into(),
        border: border::rounded(RADIUS).width(1).color(line),
        icon: palette.muted,
        placeholder: palette.muted,
        value: palette.text,
        selection: palette.accent.scale_alpha(0.35),
    }
}

/// A field whose content can't be used.
pub fn bad_field(theme: &Theme, status: text_input::Status) -> text_input::Style {
    let style = field(theme, status);
    text_input::Style { border: style.border.color(palette(theme).bad), ..style }
}

/// The composer's text; its box is [`composer`].
pub fn composer_text(theme: &Theme, _status: text_editor::Status) -> text_editor::Style {
    let palette = palette(theme);
    text_editor::Style {
        background: Color::TRANSPARENT.into(),
        border: Border::default(),
        placeholder: palette.muted,
        value: palette.text,
        selection: palette.accent.scale_alpha(0.35),
    }
}

/// The composer's box.
pub fn composer(theme: &Theme) -> container::Style {
    let palette = palette(theme);
    let line = mix(palette.line, palette.text, 0.10);
    container::background(palette.raised).border(border::rounded(RADIUS).width(1).color(line))
}

/// A scroll bar that stays out of the way.
pub fn scroll(theme: &Theme, status: scrollable::Status) -> scrollable::Style {
    let bar = scroll_thumb(theme, !matches!(status, scrollable::Status::Active { .. }));
    let rail = scrollable::Rail {
        background: None,
        border: Border::default(),
        scroller: scrollable::Scroller { background: bar.into(), border: border::rounded(99) },
    };
    scrollable::Style {
        container: container::Style::default(),
        vertical_rail: rail,
        horizontal_rail: rail,
        gap: None,
        ..scrollable::default(theme, status)
    }
}

/// The thumb of a scroll bar.
pub fn scroll_thumb(theme: &Theme, active: bool) -> Color {
    palette(theme).text.scale_alpha(if active { 0.38 } else { 0.18 })
}

/// The bar at the edge of the message that the keyboard is at.
pub fn focus(theme: &Theme) -> Color {
    palette(theme).accent
}

/// Behind the row the pointer is on.
pub fn hovered_row(theme: &Theme) -> Color {
    let palette = palette(theme);
    mix(palette.background, palette.raised, if palette == &DARK { 0.6 } else { 1.0 })
}
