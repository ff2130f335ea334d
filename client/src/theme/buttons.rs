//! The look of what is pressed, and what becomes of it under the pointer.

use iced::{Background, Border, Color, Theme, border, widget::button};

use super::{
    RADIUS,
    palette::{mix, palette},
};

/// The one primary action.
pub fn primary(theme: &Theme, status: button::Status) -> button::Style {
    let palette = palette(theme);
    let fill = match status {
        button::Status::Active => palette.accent,
        button::Status::Hovered => mix(palette.accent, palette.text, 0.14),
        button::Status::Pressed => mix(palette.accent, palette.background, 0.14),
        button::Status::Disabled => palette.line,
    };
    let text = if status == button::Status::Disabled { palette.muted } else { palette.on_accent };
    filled(Some(fill), text, border::rounded(RADIUS))
}

/// Any other action that stands by itself.
pub fn secondary(theme: &Theme, status: button::Status) -> button::Style {
    let palette = palette(theme);
    let fill = match status {
        button::Status::Active | button::Status::Disabled => palette.raised,
        button::Status::Hovered => mix(palette.raised, palette.text, 0.06),
        button::Status::Pressed => mix(palette.raised, palette.text, 0.12),
    };
    let text = if status == button::Status::Disabled { palette.muted } else { palette.text };
    filled(Some(fill), text, border::rounded(RADIUS).width(1).color(palette.line))
}

/// A line or an icon that can be pressed, without a box until the pointer is there.
pub fn plain(theme: &Theme, status: button::Status) -> button::Style {
    let palette = palette(theme);
    let (fill, text) = match status {
        button::Status::Active => (None, palette.text),
        button::Status::Hovered => (Some(palette.text.scale_alpha(0.07)), palette.text),
        button::Status::Pressed => (Some(palette.text.scale_alpha(0.12)), palette.text),
        button::Status::Disabled => (None, palette.muted),
    };
    filled(fill, text, border::rounded(6))
}

/// The same, quieter while it rests.
pub fn quiet(theme: &Theme, status: button::Status) -> button::Style {
    let style = plain(theme, status);
    if status == button::Status::Active {
        button::Style { text_color: palette(theme).muted, ..style }
    } else {
        style
    }
}

/// A room of the list: the one that is open, one with something to read, one that is muted.
pub fn room(
    is_open: bool,
    is_calling: bool,
    is_muted: bool,
) -> impl Fn(&Theme, button::Status) -> button::Style {
    move |theme, status| {
        if is_open {
            return chosen(theme, status);
        }
        let palette = palette(theme);
        let text = match (is_calling, is_muted) {
            (true, _) => palette.text,
            (false, true) => mix(palette.muted, palette.side, 0.25),
            (false, false) => palette.muted,
        };
        button::Style { text_color: text, ..plain(theme, status) }
    }
}

/// A button over the end of a room's line in the list.
pub fn over_room(theme: &Theme, status: button::Status) -> button::Style {
    let palette = palette(theme);
    let fill = match status {
        button::Status::Hovered | button::Status::Pressed => mix(palette.side, palette.text, 0.16),
        button::Status::Active | button::Status::Disabled => mix(palette.side, palette.text, 0.08),
    };
    filled(Some(fill), palette.text, border::rounded(6))
}

/// What looks like a field and opens one.
pub fn finder(theme: &Theme, status: button::Status) -> button::Style {
    button::Style { text_color: palette(theme).muted, ..secondary(theme, status) }
}

/// The room that is open, in the list.
pub fn chosen(theme: &Theme, _status: button::Status) -> button::Style {
    let palette = palette(theme);
    filled(Some(palette.text.scale_alpha(0.09)), palette.text, border::rounded(6))
}

/// An action within a sentence.
pub fn link(theme: &Theme, status: button::Status) -> button::Style {
    let palette = palette(theme);
    let text = match status {
        button::Status::Active => palette.link,
        button::Status::Hovered | button::Status::Pressed => mix(palette.link, palette.text, 0.4),
        button::Status::Disabled => palette.muted,
    };
    filled(None, text, Border::default())
}

/// An action that takes something away.
pub fn danger(theme: &Theme, status: button::Status) -> button::Style {
    let palette = palette(theme);
    let style = secondary(theme, status);
    button::Style { text_color: palette.bad, ..style }
}

/// One reaction beneath a message; one's own has the accent around it.
pub fn reaction(mine: bool) -> impl Fn(&Theme, button::Status) -> button::Style {
    move |theme, status| {
        let palette = palette(theme);
        let fill = match (mine, status) {
            (true, _) => mix(palette.raised, palette.accent, 0.16),
            (false, button::Status::Hovered | button::Status::Pressed) => {
                mix(palette.raised, palette.text, 0.08)
            }
            (false, _) => palette.raised,
        };
        let line = if mine { palette.accent } else { palette.line };
        filled(Some(fill), palette.text, border::rounded(99).width(1).color(line))
    }
}

/// A pill that floats over the timeline.
pub fn pill(theme: &Theme, status: button::Status) -> button::Style {
    let style = primary(theme, status);
    button::Style { border: border::rounded(99).width(2).color(palette(theme).background), ..style }
}

/// A round button that floats over the timeline.
pub fn floating(theme: &Theme, status: button::Status) -> button::Style {
    let style = secondary(theme, status);
    button::Style { border: style.border.rounded(99), ..style }
}

fn filled(fill: Option<Color>, text_color: Color, border: Border) -> button::Style {
    button::Style { background: fill.map(Background::Color), text_color, border, ..button::Style::default() }
}
