//! The colours: two palettes, each of them by what its colours are for.

use iced::{
    Color, Theme,
    theme::{Mode, Palette as IcedPalette},
};
use snug_core::highlight::Token;

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
    /// Text to read.
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
    /// Behind words that are selected.
    pub selection: Color,
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
    selection: Color::from_rgb8(0x4A, 0x39, 0x22),
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
    selection: Color::from_rgb8(0xEE, 0xDE, 0xCC),
    member: (0.48, 0.10),
};

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
    /// The colour somebody is known by: always the same for the same name.
    pub fn member(&self, name: &str) -> Color {
        self.member_of(hue(name))
    }

    /// The colour of a word of code; none for that of any text.
    pub fn code(&self, token: Token) -> Option<Color> {
        match token {
            Token::Plain => None,
            Token::Comment => Some(self.muted),
            Token::Text => Some(self.good),
            Token::Number => Some(self.wait),
            Token::Keyword => Some(self.bad),
            Token::Name => Some(self.link),
        }
    }

    /// The same for a member of this [`hue`].
    pub(super) fn member_of(&self, hue: f32) -> Color {
        let (lightness, chroma) = self.member;
        oklch(lightness, chroma, hue)
    }
}

/// What tells somebody's colour from others', in both palettes: an angle.
pub(super) fn hue(name: &str) -> f32 {
    (hash(name) % HUES) as f32 / HUES as f32 * std::f32::consts::TAU
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

/// A share of one colour laid over another.
pub(super) fn mix(base: Color, over: Color, share: f32) -> Color {
    let blend = |base: f32, over: f32| base + (over - base) * share;
    Color::from_rgb(blend(base.r, over.r), blend(base.g, over.g), blend(base.b, over.b))
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
            for text in [palette.text, palette.link] {
                let contrast = text.relative_contrast(palette.selection);
                assert!(contrast >= 4.5, "{contrast} for {text:?} that is selected");
            }
            for ground in [palette.background, palette.raised] {
                let contrast = palette.selection.relative_contrast(ground);
                assert!(contrast >= 1.25, "{contrast} of a selection on {ground:?}");
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
        assert_eq!(DARK.member("maya"), DARK.member("maya"));
        assert_ne!(DARK.member("maya"), DARK.member("tom"));
    }
}
