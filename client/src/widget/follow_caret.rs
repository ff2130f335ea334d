//! Keeps the caret of a text field in view, where the field is taller than what is seen of it.
//!
//! iced 0.14 has no scroll bar for its text editor, and its `scrollable` does not know about carets. A field tells where its caret
//! stands when it asks for an input method; [`follow_caret`] listens to that.

use iced::{Element, Event, Rectangle, advanced::InputMethod, window};

use super::wrapped::{Inner, Wrap, wrapped};

/// Publishes how far to scroll, in pixels from the top, when the caret of the field in `content` moved out of the part that its
/// scrollable shows.
pub fn follow_caret<'a, Message: 'a>(
    content: impl Into<Element<'a, Message>>,
    on_leave: impl Fn(f32) -> Message + 'a,
) -> Element<'a, Message> {
    wrapped(content, FollowCaret(on_leave))
}

struct FollowCaret<F>(F);

/// Where the caret stood last, within the field. Who scrolls away from it is left alone until it moves.
#[derive(Debug, Default)]
struct Caret(Option<(f32, f32)>);

/// How far to scroll so that the caret is in view; none when it is.
fn scroll_to(caret: Rectangle, field_top: f32, seen: &Rectangle) -> Option<f32> {
    if caret.y < seen.y {
        Some(caret.y - field_top)
    } else if caret.y + caret.height > seen.y + seen.height {
        Some(caret.y + caret.height - seen.height - field_top)
    } else {
        None
    }
}

impl<Message, F: Fn(f32) -> Message> Wrap<Message> for FollowCaret<F> {
    type State = Caret;

    fn update(&mut self, last: &mut Caret, event: &Event, inner: &mut Inner<'_, '_, '_, Message>) {
        inner.update(event);
        let Event::Window(window::Event::RedrawRequested(_)) = event else { return };
        let InputMethod::Enabled { cursor: caret, .. } = inner.shell.input_method() else { return };
        let (caret, top) = (*caret, inner.layout.bounds().y);
        let place = Some((caret.x, caret.y - top));
        if last.0 == place {
            return;
        }
        last.0 = place;
        if let Some(offset) = scroll_to(caret, top, inner.viewport) {
            inner.shell.publish((self.0)(offset));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(y: f32, height: f32) -> Rectangle {
        Rectangle { x: 0.0, y, width: 1.0, height }
    }

    #[test]
    fn a_caret_outside_of_what_is_seen_brings_whole_lines_into_view() {
        // Lines of 22 pixels; eight of them are seen, from the third on.
        let seen = at(100.0 + 44.0, 176.0);
        assert_eq!(scroll_to(at(100.0 + 66.0, 22.0), 100.0, &seen), None);
        assert_eq!(scroll_to(at(100.0 + 22.0, 22.0), 100.0, &seen), Some(22.0));
        assert_eq!(scroll_to(at(100.0 + 220.0, 22.0), 100.0, &seen), Some(66.0));
    }
}
