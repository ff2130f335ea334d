//! What is typed and pressed.

use iced::{event::Status, keyboard};
use iced_test::{selector, simulator};
use snug::app::Message;

use super::World;

impl World {
    /// Writes into the composer and presses a key.
    pub fn write(&mut self, text: &str, then: iced::keyboard::key::Named) {
        for keys in [Keys::Text(text), Keys::Named(then)] {
            let messages: Vec<Message> = {
                let mut screen = self.screen();
                let _ = screen.click(selector::id("composer")).expect("there is a composer");
                let left = match keys {
                    Keys::Text(text) => screen.simulate(simulator::typewrite(text)),
                    Keys::Named(key) => screen.simulate(simulator::tap_key(key, None)),
                };
                let left = matches!(keys, Keys::Named(_)) && left.first() == Some(&Status::Ignored);
                let then = left.then(|| match keys {
                    Keys::Named(key) => Message::Key(pressed(key)),
                    Keys::Text(_) => unreachable!("only a key is left"),
                });
                screen.into_messages().chain(then).collect()
            };
            for message in messages {
                self.send(message);
            }
        }
    }

    /// Presses a key as iced would tell it, with whatever has the focus after a click into the field with these words, or
    /// without any. What no widget takes is the app's.
    pub fn press(&mut self, field: Option<&str>, key: keyboard::Event) {
        let messages: Vec<Message> = {
            let mut screen = self.screen();
            if let Some(field) = field {
                let clicked = match field {
                    "composer" => screen.click(selector::id("composer")).map(drop),
                    words => screen.click(words).map(drop),
                };
                clicked.unwrap_or_else(|error| panic!("there is no field “{field}”: {error}"));
            }
            let left = screen.simulate([iced::Event::Keyboard(key.clone())]);
            let then = (left.first() == Some(&Status::Ignored)).then(|| Message::Key(key));
            screen.into_messages().chain(then).collect()
        };
        for message in messages {
            self.send(message);
        }
    }
}

/// A key that is pressed alone.
pub fn pressed(key: keyboard::key::Named) -> keyboard::Event {
    match simulator::press_key(key, None) {
        iced::Event::Keyboard(event) => event,
        other => panic!("a key press, not {other:?}"),
    }
}

/// A letter that is pressed with modifiers, as systems report it: with the text on it.
pub fn combination(letter: &str, with: keyboard::Modifiers) -> keyboard::Event {
    press_with(keyboard::Key::Character(letter.into()), Some(letter), with)
}

/// Any key that is pressed with modifiers, and the text on it.
pub fn press_with(key: keyboard::Key, text: Option<&str>, with: keyboard::Modifiers) -> keyboard::Event {
    match simulator::press_key(key, text.map(Into::into)) {
        iced::Event::Keyboard(keyboard::Event::KeyPressed {
            key,
            modified_key,
            physical_key,
            location,
            text,
            repeat,
            ..
        }) => keyboard::Event::KeyPressed {
            key,
            modified_key,
            physical_key,
            location,
            modifiers: with,
            text,
            repeat,
        },
        other => panic!("a key press, not {other:?}"),
    }
}

#[derive(Clone, Copy)]
enum Keys<'a> {
    Text(&'a str),
    Named(iced::keyboard::key::Named),
}
