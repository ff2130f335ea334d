//! The colours things are drawn in, read off what the CPU renderer is told to draw.

use std::time::Instant;

use iced::{
    Color, Event, Pixels, Renderer, Size,
    advanced::{clipboard, graphics, mouse, renderer},
    theme::{Base, Mode},
    window,
};
use iced_test::runtime::{UserInterface, user_interface::Cache};
use snug::{
    font,
    screen::room,
    theme::{self, palette},
    widget::{Type, virtual_list::Shown},
};
use snug_core::highlight::Token;
use snug_shared::{Body, Entry, Message as Said, MessageText, ServerFrame};

use crate::world::{World, entry};

/// Every text in the window, and its colour.
fn drawn(world: &World, mode: Mode) -> Vec<(String, Color)> {
    paragraphs(world, mode, |buffer, color| {
        Some((buffer.lines.iter().map(|line| line.text()).collect::<Vec<_>>().join("\n"), color))
    })
}

/// The colour of its own that a word in the window has, where it is told from the text around it.
fn ink_of(world: &World, word: &str) -> Option<[u8; 4]> {
    let found = paragraphs(world, Mode::Dark, |buffer, _| {
        let (line, at) = buffer.lines.iter().find_map(|line| Some((line, line.text().find(word)?)))?;
        Some(line.attrs_list().get_span(at).color_opt.map(|color| color.as_rgba()))
    });
    let [ink] = found[..] else { panic!("“{word}” is seen {} times", found.len()) };
    ink
}

fn paragraphs<T>(
    world: &World,
    mode: Mode,
    look: impl Fn(&graphics::text::cosmic_text::Buffer, Color) -> Option<T>,
) -> Vec<T> {
    let tiny_skia = iced_tiny_skia::Renderer::new(font::REGULAR, Pixels(Type::Body.size()));
    let mut renderer = Renderer::Secondary(tiny_skia);
    let size = Size::new(1100.0, 760.0);
    let mut screen = UserInterface::build(world.app.view(), size, Cache::new(), &mut renderer);
    let (nowhere, mut messages) = (mouse::Cursor::Unavailable, Vec::new());
    let redraw = Event::Window(window::Event::RedrawRequested(Instant::now()));
    let _ = screen.update(&[redraw], nowhere, &mut renderer, &mut clipboard::Null, &mut messages);
    let theme = theme::theme(mode);
    let style = renderer::Style { text_color: theme.base().text_color };
    screen.draw(&mut renderer, &theme, &style, nowhere);
    let Renderer::Secondary(mut renderer) = renderer else { return Vec::new() };
    let layers = renderer.layers();
    let texts = layers.iter().flat_map(|layer| &layer.text).flat_map(|item| item.as_slice());
    let texts = texts.filter_map(|text| {
        let graphics::Text::Paragraph { paragraph, color, .. } = text else { return None };
        look(paragraph.upgrade()?.buffer(), *color)
    });
    texts.collect()
}

#[test]
fn a_name_has_one_colour_wherever_it_is_told_by_one() {
    let mut world = World::in_room(&[("tom", "Good morning"), ("maya", "Hello")]);
    let mut reply = entry(3, "maya", "To you");
    if let Body::Message(Said { reply_to, .. }) = &mut reply.body {
        *reply_to = Some(1);
    }
    world.hear(ServerFrame::Line(reply.into()));
    for mode in [Mode::Dark, Mode::Light] {
        let theme = theme::theme(mode);
        let drawn = drawn(&world, mode);
        // Beside a message, above it, in the quote of it; in the list of people, and at the foot of the sidebar.
        for (name, initial, tiles, names) in [("tom", "T", 2, 2), ("maya", "M", 3, 1)] {
            let own = palette(&theme).member(name);
            let colours = |text: &str| -> Vec<Color> {
                drawn.iter().filter(|(content, _)| content == text).map(|(_, color)| *color).collect()
            };
            assert_eq!(colours(initial), vec![own; tiles], "{name}’s tiles");
            let coloured = colours(name).into_iter().filter(|color| *color != palette(&theme).text);
            assert_eq!(coloured.collect::<Vec<_>>(), vec![own; names], "{name}’s name, where it is coloured");
        }
    }
}

#[test]
fn the_words_of_code_have_their_colours_once_they_are_told_apart() {
    let mut world = World::in_room(&[("tom", "```rust\nfn main() {}\n```")]);
    let theme = theme::theme(Mode::Dark);
    let ink = |token| palette(&theme).code(token).map(Color::into_rgba8);
    assert_eq!(ink_of(&world, "fn"), None);
    world.room(room::Message::Shown(Shown { first: 0, end: 9, at_end: true }));
    world.until("“fn” is a keyword", |world| ink_of(world, "fn") == ink(Token::Keyword));
    // What says something else has no colours of before.
    let text = MessageText::parse("```rust\nzz; fn main() {}\n```").ok();
    let edit = Entry { body: Body::Edited { target: 1, text }, ..entry(2, "tom", "-") };
    world.hear(ServerFrame::Line(edit.into()));
    assert_eq!(ink_of(&world, "zz"), None);
    world.until("“fn” is a keyword", |world| ink_of(world, "fn") == ink(Token::Keyword));
    assert_eq!(ink_of(&world, "zz"), None);
}
