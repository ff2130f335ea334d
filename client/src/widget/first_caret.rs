//! A field that has the caret as soon as it is there. A task that gives it the caret comes a moment later, and what is typed until
//! then would go elsewhere.

use iced::{Element, Event, advanced::widget::operation::focusable};

use super::wrapped::{Inner, Wrap, wrapped};

/// Gives the caret to the text field in `content`, which is found by its id, before the first event that reaches it.
pub fn first_caret<'a, Message: 'a>(
    content: impl Into<Element<'a, Message>>,
    field: &'static str,
) -> Element<'a, Message> {
    wrapped(content, FirstCaret(field))
}

struct FirstCaret(&'static str);

impl<Message> Wrap<Message> for FirstCaret {
    /// Whether it was given.
    type State = bool;

    fn update(&mut self, given: &mut bool, event: &Event, inner: &mut Inner<'_, '_, '_, Message>) {
        if !std::mem::replace(given, true) {
            inner.operate(&mut focusable::focus::<()>(self.0.into()));
        }
        inner.update(event);
    }
}
