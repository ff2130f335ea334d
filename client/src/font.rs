//! The fonts the app brings along, and the emoji font of the system it runs on.

use iced::{
    Font,
    font::{Style, Weight},
};

/// The fonts that the window loads at the start.
pub const BUNDLED: [&[u8]; 6] = [
    include_bytes!("../../assets/fonts/Inter-Regular.otf"),
    include_bytes!("../../assets/fonts/Inter-SemiBold.otf"),
    include_bytes!("../../assets/fonts/Inter-Italic.otf"),
    include_bytes!("../../assets/fonts/Inter-SemiBoldItalic.otf"),
    include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf"),
    include_bytes!("../../assets/icons/lucide.ttf"),
];

/// For reading.
pub const REGULAR: Font = Font::with_name("Snug Inter");
/// For names and titles.
pub const SEMIBOLD: Font = Font { weight: Weight::Semibold, ..REGULAR };
/// For words that are stressed.
pub const ITALIC: Font = Font { style: Style::Italic, ..REGULAR };
/// For words that are stressed twice.
pub const SEMIBOLD_ITALIC: Font = Font { style: Style::Italic, ..SEMIBOLD };
/// For addresses and links to pass on.
pub const MONO: Font = Font::with_name("Snug Mono");
/// Lucide.
pub const ICONS: Font = Font::with_name("Snug Icons");

/// Colour emoji. Named outright: left to fallback, a text font's black-and-white glyphs come first.
pub const EMOJI: Font = Font::with_name(if cfg!(target_os = "windows") {
    "Segoe UI Emoji"
} else if cfg!(target_vendor = "apple") {
    "Apple Color Emoji"
} else {
    "Noto Color Emoji"
});
