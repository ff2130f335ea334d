//! A caret that stops blinking, and keys that are no text.
//!
//! iced 0.14 wakes twice a second for as long as a field has the focus, which is all the time in a chat: 0.7 % of a core on
//! the CPU renderer, for nothing. [`idle_caret`] lets the caret of the field in it come to rest, visible, once nobody has touched
//! it for a while, as GTK does; the next key or click sets it going again.
//!
//! Its fields also take the letter of Ctrl+1 or Alt+A for text, and keep Esc to themselves. Here the field around neither sees the
//! letter nor that key: combinations are commands, and Esc is the screen's.

use std::time::{Duration, Instant};

use iced::{
    Element, Event, Rectangle,
    advanced::{
        Shell, mouse,
        widget::{Operation, operation::Focusable},
    },
    keyboard,
    window::{self, RedrawRequest},
};

use super::wrapped::{Inner, Wrap, wrapped};

/// How long a caret blinks after the last touch.
const BLINKS: Duration = Duration::from_secs(10);
/// Half a blink of iced's fields: that long it is to be seen, and that long it is not.
const HALF: u128 = 500;

/// Lets the caret of the text field in `content` rest when nobody types.
pub fn idle_caret<'a, Message: 'a>(content: impl Into<Element<'a, Message>>) -> Element<'a, Message> {
    wrapped(content, IdleCaret)
}

struct IdleCaret;

/// When the field was last touched, which is when its caret began to blink anew.
#[derive(Debug, Default)]
struct CaretState {
    touched: Option<Instant>,
}

impl CaretState {
    /// Whether the caret may stay as it is: it blinked long enough, and is to be seen.
    fn rests(&mut self, now: Instant) -> bool {
        let since = now.saturating_duration_since(*self.touched.get_or_insert(now));
        since >= BLINKS && (since.as_millis() / HALF).is_multiple_of(2)
    }
}

/// Events that make the caret of a focused field blink again.
fn touches(event: &Event) -> bool {
    matches!(
        event,
        Event::Keyboard(keyboard::Event::KeyPressed { .. })
            | Event::Mouse(mouse::Event::ButtonPressed(_))
            | Event::InputMethod(_)
            | Event::Window(window::Event::Focused)
    )
}

/// Whether a key with these modifiers writes what is on it. AltGr is none of them: it comes as another letter.
pub fn writes(modifiers: keyboard::Modifiers) -> bool {
    // On a Mac, Option is what AltGr is elsewhere.
    let has_alt = modifiers.alt() && !cfg!(target_vendor = "apple");
    !modifiers.control() && !modifiers.logo() && !has_alt
}

/// A combination of keys as a field may see it: without the text that is on the key.
fn without_text(event: &Event) -> Option<Event> {
    match event {
        Event::Keyboard(keyboard::Event::KeyPressed { modifiers, text: Some(_), .. })
            if !writes(*modifiers) =>
        {
            let mut event = event.clone();
            if let Event::Keyboard(keyboard::Event::KeyPressed { text, .. }) = &mut event {
                *text = None;
            }
            Some(event)
        }
        _ => None,
    }
}

fn is_escape(event: &Event) -> bool {
    let escape = keyboard::Key::Named(keyboard::key::Named::Escape);
    matches!(event, Event::Keyboard(keyboard::Event::KeyPressed { key, .. }) if *key == escape)
}

/// Looks whether a field has the focus.
#[derive(Default)]
struct Focus(bool);

impl Operation for Focus {
    fn traverse(&mut self, operate: &mut dyn FnMut(&mut dyn Operation)) {
        operate(self);
    }

    fn focusable(&mut self, _: Option<&iced::widget::Id>, _: Rectangle, field: &mut dyn Focusable) {
        self.0 |= field.is_focused();
    }
}

impl<Message> Wrap<Message> for IdleCaret {
    type State = CaretState;

    fn operate(
        &mut self,
        state: &mut CaretState,
        operation: &mut dyn Operation,
        inner: &mut dyn FnMut(&mut dyn Operation),
    ) {
        let (mut before, mut after) = (Focus::default(), Focus::default());
        inner(&mut before);
        inner(operation);
        inner(&mut after);
        if after.0 && !before.0 {
            state.touched = Some(Instant::now());
        }
    }

    fn update(&mut self, state: &mut CaretState, event: &Event, inner: &mut Inner<'_, '_, '_, Message>) {
        if is_escape(event) {
            return;
        }
        let stripped = without_text(event);
        let event = stripped.as_ref().unwrap_or(event);
        let others = inner.shell.redraw_request();
        if touches(event) {
            let rested = state.rests(Instant::now());
            state.touched = Some(Instant::now());
            if rested {
                inner.shell.request_redraw();
            }
        }
        let asked = inner.shell.redraw_request();
        Shell::replace_redraw_request(inner.shell, RedrawRequest::Wait);
        inner.update(event);
        let wanted = match (event, inner.shell.redraw_request()) {
            (Event::Window(window::Event::RedrawRequested(now)), RedrawRequest::At(_))
                if state.rests(*now) =>
            {
                RedrawRequest::Wait
            }
            (_, wanted) => wanted,
        };
        Shell::replace_redraw_request(inner.shell, others.min(asked).min(wanted));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caret_rests_where_it_is_to_be_seen_and_not_before_its_time() {
        let start = Instant::now();
        let mut state = CaretState { touched: Some(start) };
        for (milliseconds, rests) in
            [(0, false), (9_500, false), (10_000, true), (10_500, false), (11_000, true)]
        {
            assert_eq!(state.rests(start + Duration::from_millis(milliseconds)), rests, "{milliseconds}");
        }
    }

    #[test]
    fn a_caret_nobody_touched_yet_blinks_first() {
        let start = Instant::now();
        let mut state = CaretState::default();
        assert!(!state.rests(start));
        assert!(state.rests(start + BLINKS));
    }
}
