//! The look: two palettes, and one style function for each role a widget can play. The only file with colours.
//!
//! Both themes are iced themes of our own name (widgets notice a change by it); style functions read the palette that belongs
//! to the theme they are given, so a screen never asks whether it is dark.

use iced::{
    Background, Border, Color, Theme, border,
    theme::{Mode, Palette as IcedPalette},
    widget::{button, container, qr_code, rule, scrollable, text, text_editor, text_input},
};

/// The colours of one theme, by what they are for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Palette {
    /// Behind the timeline.
    pub background: Color,
    /// Sidebar, members, headers.
    pub side: Color,
    /// Composer, cards, pop-ups, the hovered row.
    pub raised: Color,
    /// Hairlines.
    pub line: Color,
    /// What is read.
    pub text: Color,
    /// Times, hints, counts.
    pub muted: Color,
    /// The one primary action, unread, the focus ring.
    pub accent: Color,
    /// Text on [`Palette::accent`].
    pub on_accent: Color,
    /// Went well.
    pub good: Color,
    /// Takes its time.
    pub wait: Color,
    /// Went wrong.
    pub bad: Color,
    /// Something to click in a text.
    pub link: Color,
    /// Lightness and chroma of member colours, in OKLCH.
    member: (f32, f32),
}

/// Lamp light.
pub const DARK: Palette = Palette {
    background: Color::from_rgb8(0x1B, 0x19, 0x17),
    side: Color::from_rgb8(0x22, 0x1F, 0x1C),
    raised: Color::from_rgb8(0x2B, 0x27, 0x23),
    line: Color::from_rgb8(0x3A, 0x35, 0x2F),
    text: Color::from_rgb8(0xEF, 0xE8, 0xDD),
    muted: Color::from_rgb8(0xA8, 0x9F, 0x92),
    accent: Color::from_rgb8(0xF0, 0xA9, 0x4B),
    on_accent: Color::from_rgb8(0x1B, 0x19, 0x17),
    good: Color::from_rgb8(0x8C, 0xBF, 0x73),
    wait: Color::from_rgb8(0xE8, 0xC1, 0x5A),
    bad: Color::from_rgb8(0xF0, 0x82, 0x7A),
    link: Color::from_rgb8(0x8F, 0xB8, 0xF0),
    member: (0.78, 0.09),
};

/// Paper.
pub const LIGHT: Palette = Palette {
    background: Color::from_rgb8(0xFC, 0xF9, 0xF4),
    side: Color::from_rgb8(0xF4, 0xEE, 0xE4),
    raised: Color::from_rgb8(0xFF, 0xFF, 0xFF),
    line: Color::from_rgb8(0xE2, 0xD9, 0xCB),
    text: Color::from_rgb8(0x2A, 0x25, 0x21),
    muted: Color::from_rgb8(0x6F, 0x66, 0x5B),
    accent: Color::from_rgb8(0xA8, 0x5A, 0x10),
    on_accent: Color::WHITE,
    good: Color::from_rgb8(0x3E, 0x7A, 0x2B),
    wait: Color::from_rgb8(0x8A, 0x61, 0x00),
    bad: Color::from_rgb8(0xB3, 0x36, 0x2E),
    link: Color::from_rgb8(0x1F, 0x5F, 0xB8),
    member: (0.48, 0.10),
};

/// Corners of fields and cards.
pub const RADIUS: f32 = 8.0;
/// How many colours members are told apart by.
const HUES: u64 = 12;

/// The theme for what the system, or the person, wants; dark where neither says, as the lamp is on.
pub fn theme(mode: Mode) -> Theme {
    let (name, palette) = match mode {
        Mode::Light => ("Snug Light", LIGHT),
        Mode::Dark | Mode::None => ("Snug Dark", DARK),
    };
    Theme::custom(
        name,
        IcedPalette {
            background: palette.background,
            text: palette.text,
            primary: palette.accent,
            success: palette.good,
            warning: palette.wait,
            danger: palette.bad,
        },
    )
}

/// The colours of a theme.
pub fn palette(theme: &Theme) -> &'static Palette {
    if theme.extended_palette().is_dark { &DARK } else { &LIGHT }
}

impl Palette {
    /// The colour somebody is known by: always the same for the same key or name.
    pub fn member(&self, who: &str) -> Color {
        let (lightness, chroma) = self.member;
        let hue = (hash(who) % HUES) as f32 / HUES as f32 * std::f32::consts::TAU;
        oklch(lightness, chroma, hue)
    }
}

/// FNV-1a: small, and the same on every machine and in every version.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// OKLCH to sRGB (Ottosson 2020), cut to what a screen can show.
fn oklch(lightness: f32, chroma: f32, hue: f32) -> Color {
    let (a, b) = (chroma * hue.cos(), chroma * hue.sin());
    let l = (lightness + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let m = (lightness - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let s = (lightness - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    let gamma = |linear: f32| {
        let linear = linear.clamp(0.0, 1.0);
        if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 }
    };
    Color::from_rgb(
        gamma(4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s),
        gamma(-1.268_438 * l + 2.609_757_4 * m - 0.341_319_4 * s),
        gamma(-0.004_196_086_3 * l - 0.703_418_6 * m + 1.707_614_7 * s),
    )
}

fn mix(base: Color, over: Color, share: f32) -> Color {
    let blend = |base: f32, over: f32| base + (over - base) * share;
    Color::from_rgb(blend(base.r, over.r), blend(base.g, over.g), blend(base.b, over.b))
}

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

/// Went wrong.
pub fn bad(theme: &Theme) -> text::Style {
    text::Style { color: Some(palette(theme).bad) }
}

/// Somebody's name.
pub fn member<'a>(who: &str) -> impl Fn(&Theme) -> text::Style + use<'a> {
    let hash = hash(who);
    move |theme| {
        let (lightness, chroma) = palette(theme).member;
        let hue = (hash % HUES) as f32 / HUES as f32 * std::f32::consts::TAU;
        text::Style { color: Some(oklch(lightness, chroma, hue)) }
    }
}

// -- surfaces --

/// Behind a whole screen.
pub fn page(theme: &Theme) -> container::Style {
    container::background(palette(theme).background)
}

/// Sidebar, members, headers.
pub fn side(theme: &Theme) -> container::Style {
    container::background(palette(theme).side)
}

/// A card.
pub fn card(theme: &Theme) -> container::Style {
    let palette = palette(theme);
    container::background(palette.raised).border(border::rounded(RADIUS).width(1).color(palette.line))
}

/// The little bar of actions over a hovered message.
pub fn actions(theme: &Theme) -> container::Style {
    let palette = palette(theme);
    container::background(palette.raised).border(border::rounded(RADIUS).width(1).color(palette.line))
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

/// What stands for a face: a disc in somebody's colour.
pub fn tile<'a>(who: &str) -> impl Fn(&Theme) -> container::Style + use<'a> {
    let colored = member(who);
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

// -- buttons --

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

/// The room that is open, in the sidebar.
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

/// Behind the row the pointer is on.
pub fn hovered_row(theme: &Theme) -> Color {
    let palette = palette(theme);
    mix(palette.background, palette.raised, if palette == &DARK { 0.6 } else { 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_pair_meets_aa() {
        for palette in [DARK, LIGHT] {
            for ground in [palette.background, palette.side, palette.raised] {
                for text in
                    [palette.text, palette.muted, palette.good, palette.wait, palette.bad, palette.link]
                {
                    let contrast = text.relative_contrast(ground);
                    assert!(contrast >= 4.5, "{contrast} for {text:?} on {ground:?}");
                }
                for hue in 0..100 {
                    let contrast = palette.member(&hue.to_string()).relative_contrast(ground);
                    assert!(contrast >= 4.5, "{contrast} for a member on {ground:?}");
                }
            }
            assert!(palette.on_accent.relative_contrast(palette.accent) >= 4.5);
        }
    }

    #[test]
    fn the_two_themes_have_names_of_their_own_and_find_their_palettes() {
        assert_eq!(palette(&theme(Mode::Dark)), &DARK);
        assert_eq!(palette(&theme(Mode::Light)), &LIGHT);
        assert_ne!(theme(Mode::Dark).to_string(), theme(Mode::Light).to_string());
    }

    #[test]
    fn somebody_keeps_the_same_colour() {
        assert_eq!(DARK.member("s:maya"), DARK.member("s:maya"));
        assert_ne!(DARK.member("maya"), DARK.member("tom"));
    }
}
