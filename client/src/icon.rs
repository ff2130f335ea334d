//! Lucide icons as glyphs of a small font, so that they take the colour of the text around them.

use iced::{
    Center,
    widget::{Image, Text, image, text},
    window,
};

use crate::font;

/// One icon of `assets/icons/lucide.ttf`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named as at lucide.dev")]
pub enum Icon {
    ArrowDown,
    ArrowLeft,
    BellOff,
    Check,
    ChevronDown,
    ChevronRight,
    CircleAlert,
    Clock,
    Copy,
    CornerUpLeft,
    Ellipsis,
    Hash,
    House,
    Lock,
    LogOut,
    Menu,
    Monitor,
    Moon,
    Pencil,
    Pin,
    Plus,
    RefreshCw,
    Search,
    Send,
    Server,
    Smile,
    Sun,
    Trash,
    Users,
    WifiOff,
    X,
}

impl Icon {
    /// The character that stands for it in the font.
    pub const fn glyph(self) -> &'static str {
        match self {
            Self::ArrowDown => "\u{e042}",
            Self::ArrowLeft => "\u{e048}",
            Self::BellOff => "\u{e05a}",
            Self::Check => "\u{e06c}",
            Self::ChevronDown => "\u{e06d}",
            Self::ChevronRight => "\u{e06f}",
            Self::CircleAlert => "\u{e077}",
            Self::Clock => "\u{e087}",
            Self::Copy => "\u{e09e}",
            Self::CornerUpLeft => "\u{e0a7}",
            Self::Ellipsis => "\u{e0b6}",
            Self::Hash => "\u{e0ef}",
            Self::House => "\u{e0f5}",
            Self::Lock => "\u{e10b}",
            Self::LogOut => "\u{e10e}",
            Self::Menu => "\u{e115}",
            Self::Monitor => "\u{e11d}",
            Self::Moon => "\u{e11e}",
            Self::Pencil => "\u{e1f9}",
            Self::Pin => "\u{e259}",
            Self::Plus => "\u{e13d}",
            Self::RefreshCw => "\u{e145}",
            Self::Search => "\u{e151}",
            Self::Send => "\u{e152}",
            Self::Server => "\u{e153}",
            Self::Smile => "\u{e164}",
            Self::Sun => "\u{e178}",
            Self::Trash => "\u{e18e}",
            Self::Users => "\u{e1a4}",
            Self::WifiOff => "\u{e1af}",
            Self::X => "\u{e1b2}",
        }
    }
}

/// An icon of this height.
pub fn icon<'a>(icon: Icon, size: u32) -> Text<'a> {
    text(icon.glyph()).font(font::ICONS).size(size).line_height(1.0).width(size).align_x(Center)
}

/// Snug's own mark, this many logical pixels wide and high. It is drawn from twice as many, for dense screens.
pub const MARK: u32 = 44;

/// Snug's own mark, on the first screen.
pub fn mark() -> Image {
    let pixels = include_bytes!("../../assets/icons/snug-88.rgba");
    image(image::Handle::from_rgba(2 * MARK, 2 * MARK, pixels.as_slice())).width(MARK).height(MARK)
}

/// Snug's own mark, for the window's frame and the task bar.
pub fn window_icon() -> Option<window::Icon> {
    const SIDE: u32 = 64;
    let pixels = include_bytes!("../../assets/icons/snug-64.rgba");
    window::icon::from_rgba(pixels.to_vec(), SIDE, SIDE).ok()
}
