//! Whatever people and servers say is drawn, and within its own row.

use std::{cell::RefCell, rc::Rc};

use iced::{
    Element, Length, Rectangle, Renderer, Size, Theme,
    advanced::{
        Layout, Widget,
        layout::{Limits, Node},
        mouse, renderer,
        widget::Tree,
    },
    theme::Mode,
};
use iced_test::Simulator;
use snug::{
    theme,
    widget::virtual_list::{Shown, virtual_list},
};

use crate::world::World;

/// A row that notes where it stands and where it may draw.
struct Probe(Rc<RefCell<Vec<(Rectangle, Rectangle)>>>);

impl<Message> Widget<Message, Theme, Renderer> for Probe {
    fn size(&self) -> Size<Length> {
        Size::new(Length::Fill, Length::Fixed(20.0))
    }

    fn layout(&mut self, _: &mut Tree, _: &Renderer, limits: &Limits) -> Node {
        Node::new(limits.resolve(Length::Fill, Length::Fixed(20.0), Size::ZERO))
    }

    fn draw(
        &self,
        _: &Tree,
        _: &mut Renderer,
        _: &Theme,
        _: &renderer::Style,
        layout: Layout<'_>,
        _: mouse::Cursor,
        viewport: &Rectangle,
    ) {
        self.0.borrow_mut().push((layout.bounds(), *viewport));
    }
}

/// What the CPU renderer is given to draw a window of 1280×800.
#[cfg(target_os = "linux")]
pub fn layers(world: &mut World, cursor: mouse::Cursor) -> Vec<iced_tiny_skia::Layer> {
    use iced::theme::Base;
    use iced_test::runtime::{UserInterface, user_interface::Cache};

    world.resize(1_280.0, 800.0);
    let size = Size::new(1_280.0, 800.0);
    let mut renderer =
        Renderer::Secondary(iced_tiny_skia::Renderer::new(snug::font::REGULAR, iced::Pixels(15.0)));
    let mut screen = UserInterface::build(world.app.view(), size, Cache::new(), &mut renderer);
    let moved = cursor.position().map(|position| iced::Event::Mouse(mouse::Event::CursorMoved { position }));
    let mut clipboard = iced::advanced::clipboard::Null;
    let _ = screen.update(moved.as_slice(), cursor, &mut renderer, &mut clipboard, &mut Vec::new());
    let theme = theme::theme(Mode::Dark);
    let style = renderer::Style { text_color: theme.base().text_color };
    screen.draw(&mut renderer, &theme, &style, cursor);
    match renderer {
        Renderer::Secondary(mut renderer) => renderer.layers().to_vec(),
        Renderer::Primary(_) => Vec::new(),
    }
}

/// The CPU renderer makes passes over the whole window for each layer, and draws all of a surface that the changed part lies on.
#[cfg(target_os = "linux")]
#[test]
fn a_room_has_no_empty_layer_and_no_surface_as_large_as_the_window() {
    let mut world = World::in_room(&[("tom", "Good morning"), ("ines", "Hello")]);
    let layers = layers(&mut world, mouse::Cursor::Unavailable);
    assert!(layers.iter().any(|layer| layer.text.len() > 3), "the room is drawn");
    for layer in &layers {
        let is_empty = layer.quads.is_empty() && layer.text.is_empty() && layer.primitives.is_empty();
        assert!(!is_empty || !layer.images.is_empty(), "nothing is drawn in {:?}", layer.bounds);
        for (quad, _) in &layer.quads {
            assert!(quad.bounds.width < 1_000.0, "a surface of {:?}", quad.bounds);
        }
    }
}

/// How many bars stand at the left edge of a row.
#[cfg(target_os = "linux")]
pub fn marked_rows(world: &mut World) -> usize {
    let layers = layers(world, mouse::Cursor::Unavailable);
    let quads = layers.iter().flat_map(|layer| &layer.quads);
    quads.filter(|(quad, _)| quad.bounds.width == 3.0 && quad.bounds.height > 20.0).count()
}

/// The surfaces of a window in which the pointer is nowhere.
#[cfg(target_os = "linux")]
fn surfaces(world: &mut World) -> Vec<Rectangle> {
    let layers = layers(world, mouse::Cursor::Unavailable);
    layers.iter().flat_map(|layer| &layer.quads).map(|(quad, _)| quad.bounds).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn messages_of_a_group_that_speak_to_the_reader_are_tinted_without_a_gap() {
    let mut world = World::in_room(&[("tom", "@maya tea"), ("tom", "@maya now")]);
    let mut tinted = surfaces(&mut world);
    // Those of the rows are as wide as the list, but for its edges; what one writes into is not.
    tinted.retain(|surface| surface.width > 800.0 && surface.height > 20.0);
    tinted.dedup();
    let [first, second] = tinted[..] else { panic!("two messages are tinted: {tinted:?}") };
    assert_eq!(first.y + first.height, second.y);
}

#[cfg(target_os = "linux")]
#[test]
fn the_button_that_leads_down_stands_beside_all_words() {
    use snug::screen::room;

    let mut world = World::in_room(&[("tom", "Good morning")]);
    world.room(room::Message::Shown(Shown { first: 0, end: 2, at_end: false }));
    let buttons: Vec<_> =
        surfaces(&mut world).into_iter().filter(|it| (it.width, it.height) == (36.0, 36.0)).collect();
    // Of a window of 1,280: the people take 201 at the right, and no words stand in the last 60 before them.
    let words_end = 1_280.0 - 201.0 - 60.0;
    assert!(buttons.iter().any(|button| button.x >= words_end), "{buttons:?}");
    assert!(!buttons.iter().any(|button| button.x > 400.0 && button.x < words_end), "{buttons:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_pointer_lights_up_a_message_and_no_day() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    let mut wide = |y: f32| -> Vec<String> {
        let cursor = mouse::Cursor::Available(iced::Point::new(640.0, y));
        let layers = layers(&mut world, cursor);
        let quads = layers.iter().flat_map(|layer| &layer.quads).map(|(quad, _)| quad.bounds);
        quads
            .filter(|quad| quad.width > 400.0 && quad.height > 20.0)
            .map(|quad| format!("{quad:?}"))
            .collect()
    };
    let dark = wide(90.0);
    // From the foot up: the message, its day, and the line where the room begins.
    let mut lit: Vec<String> = (0..40).flat_map(|step| wide(700.0 - 4.0 * step as f32)).collect();
    lit.retain(|ground| !dark.contains(ground));
    lit.sort();
    lit.dedup();
    assert_eq!(lit.len(), 1, "the message answers, and nothing else: {lit:?}");
}

#[test]
fn letters_that_tower_above_their_line_are_cut_where_their_row_ends() {
    let drawn = Rc::new(RefCell::new(Vec::new()));
    let list = virtual_list(100, 1, Some, |_| Element::new(Probe(drawn.clone())), theme::scroll_thumb)
        .on_shown(|shown| shown);
    let mut screen: Simulator<'_, Shown> = Simulator::new(list);
    let _ = screen.snapshot(&theme::theme(Mode::Dark)).expect("it can be drawn");
    let drawn = drawn.borrow();
    assert!(drawn.len() > 10, "the rows in view are drawn");
    for (row, may_draw) in drawn.iter() {
        assert!(may_draw.is_within(row), "a row at {row:?} may draw in {may_draw:?}");
    }
}

#[test]
fn everything_that_is_read_in_messages_can_be_drawn() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/markup.json");
    let table = std::fs::read_to_string(path).expect("the table is part of the sources");
    let cases: Vec<serde_json::Value> = serde_json::from_str(&table).expect("the table is JSON");
    // Each of them speaks to the reader, so that it is tinted as well. Some line ends cannot be sent.
    let texts: Vec<String> =
        cases.iter().map(|case| format!("@maya\n{}", case["text"].as_str().expect("a text"))).collect();
    let said: Vec<(&str, &str)> =
        texts.iter().filter(|text| !text.contains('\r')).map(|text| ("tom", text.as_str())).collect();
    // A few at a time, so that all of them are in view.
    for said in said.chunks(8) {
        let mut world = World::in_room(said);
        for (width, mode) in [(1_100.0, Mode::Dark), (380.0, Mode::Light)] {
            world.resize(width, 1_600.0);
            let mut screen = world.screen();
            let drawn = screen.snapshot(&theme::theme(mode));
            let _ = drawn.unwrap_or_else(|error| panic!("{said:?}: {error}"));
        }
    }
}

#[test]
fn whatever_is_said_can_be_drawn_and_what_follows_it_is_seen() {
    let said = [
        ("a stack of 8 KiB", format!("e{}", "\u{301}\u{302}\u{30b}\u{323}".repeat(1_024))),
        ("stacks", format!("z{}", "\u{335}".repeat(60)).repeat(100)),
        ("right to left", "abc \u{202e}dcba\u{202c} \u{2066}אבג \u{202d}def".to_owned()),
        ("overrides without an end", "\u{202e}\u{2067}\u{202b}".repeat(1_300) + "x"),
        ("a word of 4,000 letters", "x".repeat(4_000)),
        ("1,000 lines", "\n".repeat(999) + "end"),
        ("tabs", "\t".repeat(1_000) + "end"),
        ("flags", "🇩🇪".repeat(2_000)),
        ("a family of 500", vec!["👩"; 500].join("\u{200d}")),
        ("many scripts", "aאا漢ก्ا한ᠮ𒀀🫖".repeat(40)),
        ("half a Hangul", "\u{1100}\u{1161}\u{11ff}\u{ac00}\u{d7a3}".repeat(100)),
        ("an address without an end", format!("http://{}", "a.".repeat(1_900))),
        ("no character at all", "\u{fffe}\u{10ffff}\u{e000}\u{378}".repeat(100)),
    ];
    for (what, text) in &said {
        let mut world = World::in_room(&[("tom", "before"), ("ines", text), ("tom", "Good morning")]);
        for (width, mode) in [(1_100.0, Mode::Dark), (640.0, Mode::Light)] {
            world.resize(width, 480.0);
            let mut screen = world.screen();
            let _ = screen.snapshot(&theme::theme(mode)).unwrap_or_else(|error| panic!("{what}: {error}"));
        }
        assert!(world.sees("Good morning"), "{what}");
    }
}
