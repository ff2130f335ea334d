//! Keys that lead from room to room, wherever the caret is.

use iced::keyboard::{
    Key, Modifiers,
    key::{Code, Named, Physical},
};

/// What such a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortcut {
    /// To the next room of the list, or the one before.
    Beside {
        /// To the one before.
        is_back: bool,
    },
    /// To the next room with something to read, or the one before.
    Unread {
        /// To the one before.
        is_back: bool,
    },
    /// To the room that was shown before.
    Last,
    /// To the room at this place of the list, from 0.
    Place(usize),
    /// Find what was said.
    Search {
        /// In all rooms.
        is_everywhere: bool,
    },
    /// Find a room by its name.
    Switcher,
    /// What can be done with the room that is shown.
    Menu,
}

/// The meaning of a key; none for one that belongs to whatever has the caret.
pub fn shortcut(key: &Key, physical: Physical, modifiers: Modifiers) -> Option<Shortcut> {
    let with_alt = modifiers.alt() && !modifiers.control() && !modifiers.logo();
    match key.as_ref() {
        Key::Named(named @ (Named::ArrowUp | Named::ArrowDown)) if with_alt => {
            let is_back = named == Named::ArrowUp;
            Some(if modifiers.shift() { Shortcut::Unread { is_back } } else { Shortcut::Beside { is_back } })
        }
        Key::Named(Named::Tab) if modifiers.control() && !modifiers.alt() => Some(Shortcut::Last),
        Key::Character(letter)
            if letter.eq_ignore_ascii_case("k")
                && modifiers.command()
                && !modifiers.alt()
                && !modifiers.shift() =>
        {
            Some(Shortcut::Switcher)
        }
        Key::Character(letter)
            if letter.eq_ignore_ascii_case("f") && modifiers.command() && !modifiers.alt() =>
        {
            Some(Shortcut::Search { is_everywhere: modifiers.shift() })
        }
        _ if with_alt && !modifiers.shift() => of_place(physical).or_else(|| of_letter(key)),
        _ => None,
    }
}

/// By its place on the keyboard: with Alt, some layouts have other signs there.
fn of_place(physical: Physical) -> Option<Shortcut> {
    const DIGITS: [Code; 9] = [
        Code::Digit1,
        Code::Digit2,
        Code::Digit3,
        Code::Digit4,
        Code::Digit5,
        Code::Digit6,
        Code::Digit7,
        Code::Digit8,
        Code::Digit9,
    ];
    match physical {
        Physical::Code(Code::KeyM) => Some(Shortcut::Menu),
        Physical::Code(code) => DIGITS.iter().position(|digit| *digit == code).map(Shortcut::Place),
        Physical::Unidentified(_) => None,
    }
}

fn of_letter(key: &Key) -> Option<Shortcut> {
    let Key::Character(letter) = key else { return None };
    match letter.as_str() {
        "m" | "M" => Some(Shortcut::Menu),
        digit => digit.parse::<usize>().ok()?.checked_sub(1).filter(|place| *place < 9).map(Shortcut::Place),
    }
}

#[cfg(test)]
mod tests {
    use iced::keyboard::key::NativeCode;

    use super::*;

    #[test]
    fn only_combinations_are_taken_from_whoever_has_the_caret() {
        let unknown = Physical::Unidentified(NativeCode::Unidentified);
        let letter = |letter: &str| Key::Character(letter.into());
        let (alt, ctrl, shift) = (Modifiers::ALT, Modifiers::CTRL, Modifiers::SHIFT);
        let (up, down) = (Key::Named(Named::ArrowUp), Key::Named(Named::ArrowDown));
        for (key, modifiers, meant) in [
            (up.clone(), alt, Some(Shortcut::Beside { is_back: true })),
            (down.clone(), alt | shift, Some(Shortcut::Unread { is_back: false })),
            (up, Modifiers::empty(), None),
            (down, ctrl | alt, None),
            (Key::Named(Named::Tab), ctrl, Some(Shortcut::Last)),
            (Key::Named(Named::Tab), Modifiers::empty(), None),
            (letter("k"), Modifiers::COMMAND, Some(Shortcut::Switcher)),
            (letter("K"), Modifiers::COMMAND | shift, None),
            (letter("k"), Modifiers::empty(), None),
            (letter("f"), Modifiers::COMMAND, Some(Shortcut::Search { is_everywhere: false })),
            (letter("F"), Modifiers::COMMAND | shift, Some(Shortcut::Search { is_everywhere: true })),
            (letter("f"), Modifiers::empty(), None),
            (letter("1"), alt, Some(Shortcut::Place(0))),
            (letter("9"), alt, Some(Shortcut::Place(8))),
            (letter("0"), alt, None),
            (letter("1"), ctrl | alt, None),
            (letter("m"), alt, Some(Shortcut::Menu)),
            (letter("é"), alt, None),
        ] {
            assert_eq!(shortcut(&key, unknown, modifiers), meant, "{key:?} with {modifiers:?}");
        }
        let azerty = Physical::Code(Code::Digit2);
        assert_eq!(shortcut(&letter("é"), azerty, alt), Some(Shortcut::Place(1)));
    }
}
