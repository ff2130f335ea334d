//! Pictures of every state that the app can be in: dark and light, in three sizes. Each is drawn by the real screens from what a
//! server and a person would have sent, and looked over: nothing is blank, cut off by the window, or written over something
//! else. `./test screenshots` keeps them in `assets/screenshots`.

use std::{
    env,
    path::{Path, PathBuf},
};

use iced::{Element, Rectangle, Size, theme::Mode};
use jiff::tz::TimeZone;
use snug::{app::Message, icon::Icon};
use snug_core::settings::Settings;
use snug_shared::Millis;
use texts::Texts;

use crate::{
    window::{self, Window},
    world::World,
};

#[path = "pictures/columns.rs"]
mod columns;
#[path = "pictures/first.rs"]
mod first;
#[path = "pictures/list.rs"]
mod list;
#[path = "pictures/messages.rs"]
mod messages;
#[path = "pictures/png.rs"]
mod png;
#[path = "pictures/room.rs"]
mod room;
#[path = "pictures/search.rs"]
mod search;
#[path = "pictures/talk.rs"]
mod talk;
#[path = "pictures/texts.rs"]
mod texts;
#[path = "pictures/trouble.rs"]
mod trouble;

/// The pictures' time: Friday 6 March 2026, 15:42 in UTC, where their reader is.
const NOW: Millis = 1_772_811_720_000;

/// A window on an app, ready to be drawn.
pub struct Stage {
    pub world: World,
    pub window: Window,
}

impl Stage {
    /// Does what the app asks of its widgets: to put the caret somewhere, to scroll. `least`: so much it has asked since it began.
    pub fn follow(&mut self, least: usize) {
        let asked = |world: &World| world.operations.len() >= least;
        self.world.until("the app has asked its widgets for all of it", asked);
        for mut operation in std::mem::take(&mut self.world.operations) {
            self.window.operate(&self.world, operation.as_mut());
        }
        self.window.frames(&mut self.world, 1);
    }

    /// A window of this size on an app.
    pub fn new(mut world: World, size: Size) -> Self {
        let mut window = Window::new(&mut world, size.width, size.height);
        window.frames(&mut world, 2);
        Self { world, window }
    }
}

/// An app with these settings at the pictures' time.
pub fn world(settings: Settings) -> World {
    let mut world = World::new(settings);
    world.app.set_clock(|| NOW, TimeZone::UTC);
    world
}

/// What may lie over something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layers {
    /// Nothing: no words stand on others.
    One,
    /// A menu, a pop-up, a panel.
    Several,
}

/// The three sizes, by name: a corner of a screen, the size that the app begins with, a large screen.
const SIZES: [(&str, Size); 3] = [
    ("small", Size::new(480.0, 640.0)),
    ("medium", Size::new(1_100.0, 760.0)),
    ("large", Size::new(1_600.0, 1_000.0)),
];

/// Draws a state in all sizes and looks it over. Where `SNUG_SCREENSHOTS` names a folder, its pictures go there; else each size is
/// drawn in one theme only, which is as good a test and takes half as long.
pub fn draw(name: &str, layers: Layers, stage: impl Fn(Size) -> Stage) {
    let folder = env::var_os("SNUG_SCREENSHOTS").map(PathBuf::from);
    for (place, (size_name, size)) in SIZES.into_iter().enumerate() {
        let mut stage = stage(size);
        for (theme, mode) in [("dark", Mode::Dark), ("light", Mode::Light)] {
            let is_wanted = folder.is_some() || (place % 2 == 0) == (mode == Mode::Dark);
            if !is_wanted {
                continue;
            }
            stage.world.until("code has its colours", |world| !world.app.highlighter().is_busy());
            stage.world.send(Message::System(mode));
            stage.window.frames(&mut stage.world, 1);
            let what = format!("{name}-{theme}-{size_name}");
            let pixels = stage.window.picture(&stage.world, mode);
            if let Some(folder) = &folder {
                keep(folder, &what, size, &pixels);
            }
            assert!(is_inked(&pixels, size), "{what} is blank");
            look_over(&what, &mut stage, layers, size);
        }
    }
}

/// The same for a screen without the app around it.
pub fn draw_alone<'a, M: 'a>(name: &str, view: impl Fn(Size, Mode) -> Element<'a, M>) {
    let folder = env::var_os("SNUG_SCREENSHOTS").map(PathBuf::from);
    for (size_name, size) in SIZES {
        for (theme, mode) in [("dark", Mode::Dark), ("light", Mode::Light)] {
            let what = format!("{name}-{theme}-{size_name}");
            let pixels = window::picture(view(size, mode), size, mode);
            assert!(is_inked(&pixels, size), "{what} is blank");
            if let Some(folder) = &folder {
                keep(folder, &what, size, &pixels);
            }
        }
    }
}

fn keep(folder: &Path, what: &str, size: Size, pixels: &[u8]) {
    let file = folder.join(format!("{what}.png"));
    png::write(&file, size, pixels).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

/// Whether there is something in the window: lines of pixels that are not as the one above.
fn is_inked(pixels: &[u8], size: Size) -> bool {
    let lines: Vec<&[u8]> = pixels.chunks_exact(4 * size.width as usize).collect();
    lines.windows(2).filter(|lines| lines[0] != lines[1]).count() > 50
}

/// Nothing runs out of the window, and no words stand on others.
fn look_over(what: &str, stage: &mut Stage, layers: Layers, size: Size) {
    // The button over a room of the list is there under the pointer only.
    let more = Icon::Ellipsis.glyph();
    let texts: Vec<_> = stage.texts().into_iter().filter(|(text, _)| text != more).collect();
    assert!(!texts.is_empty(), "{what} says nothing");
    for (text, seen) in &texts {
        let is_inside = seen.x >= -0.5 && seen.x + seen.width <= size.width + 0.5;
        assert!(is_inside, "{what}: “{text}” at {seen:?} runs out of the window");
    }
    if layers == Layers::Several {
        return;
    }
    for (place, (one, seen)) in texts.iter().enumerate() {
        for (other, beside) in &texts[place + 1..] {
            let both = seen.intersection(beside).unwrap_or_default();
            assert!(
                both.width < 1.5 || both.height < 1.5,
                "{what}: “{one}” at {seen:?} and “{other}” at {beside:?} stand on each other"
            );
        }
    }
}

impl Stage {
    /// Every text of the window and where it is to be seen.
    pub fn texts(&mut self) -> Vec<(String, Rectangle)> {
        let mut texts = Texts::default();
        self.window.operate(&self.world, &mut texts);
        texts.found
    }

    /// Where a text is to be seen.
    pub fn place(&mut self, text: &str) -> Rectangle {
        let texts = self.texts();
        let found = texts.iter().find(|(content, _)| content == text);
        found.unwrap_or_else(|| panic!("“{text}” is seen among {texts:?}")).1
    }
}
