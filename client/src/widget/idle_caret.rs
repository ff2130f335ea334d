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
    Element, Event, Length, Rectangle, Renderer, Size, Theme, Vector,
    advanced::{
        Clipboard, Layout, Shell, Widget, layout, mouse, overlay, renderer,
        widget::{
            Operation, Tree,
            operation::Focusable,
            tree::{self, Tag},
        },
    },
    keyboard,
    window::{self, RedrawRequest},
};

/// How long a caret blinks after the last touch.
const BLINKS: Duration = Duration::from_secs(10);
/// Half a blink of iced's fields: that long it is to be seen, and that long it is not.
const HALF: u128 = 500;

/// Lets the caret of the text field in `content` rest when nobody types.
pub fn idle_caret<'a, Message: 'a>(content: impl Into<Element<'a, Message>>) -> Element<'a, Message> {
    Element::new(IdleCaret { content: content.into() })
}

struct IdleCaret<'a, Message> {
    content: Element<'a, Message>,
}

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

impl<Message> Widget<Message, Theme, Renderer> for IdleCaret<'_, Message> {
    fn tag(&self) -> Tag {
        Tag::of::<CaretState>()
    }

    fn state(&self) -> tree::State {
        tree::State::new(CaretState::default())
    }

    fn children(&self) -> Vec<Tree> {
        vec![Tree::new(&self.content)]
    }

    fn diff(&self, tree: &mut Tree) {
        tree.diff_children(&[&self.content]);
    }

    fn size(&self) -> Size<Length> {
        self.content.as_widget().size()
    }

    fn size_hint(&self) -> Size<Length> {
        self.content.as_widget().size_hint()
    }

    fn layout(&mut self, tree: &mut Tree, renderer: &Renderer, limits: &layout::Limits) -> layout::Node {
        self.content.as_widget_mut().layout(&mut tree.children[0], renderer, limits)
    }

    fn draw(
        &self,
        tree: &Tree,
        renderer: &mut Renderer,
        theme: &Theme,
        style: &renderer::Style,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        viewport: &Rectangle,
    ) {
        let content = self.content.as_widget();
        content.draw(&tree.children[0], renderer, theme, style, layout, cursor, viewport);
    }

    fn operate(
        &mut self,
        tree: &mut Tree,
        layout: Layout<'_>,
        renderer: &Renderer,
        operation: &mut dyn Operation,
    ) {
        let content = self.content.as_widget_mut();
        let (mut before, mut after) = (Focus::default(), Focus::default());
        content.operate(&mut tree.children[0], layout, renderer, &mut before);
        content.operate(&mut tree.children[0], layout, renderer, operation);
        content.operate(&mut tree.children[0], layout, renderer, &mut after);
        if after.0 && !before.0 {
            tree.state.downcast_mut::<CaretState>().touched = Some(Instant::now());
        }
    }

    fn update(
        &mut self,
        tree: &mut Tree,
        event: &Event,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        renderer: &Renderer,
        clipboard: &mut dyn Clipboard,
        shell: &mut Shell<'_, Message>,
        viewport: &Rectangle,
    ) {
        if is_escape(event) {
            return;
        }
        let stripped = without_text(event);
        let event = stripped.as_ref().unwrap_or(event);
        let state = tree.state.downcast_mut::<CaretState>();
        let others = shell.redraw_request();
        if touches(event) {
            let rested = state.rests(Instant::now());
            state.touched = Some(Instant::now());
            if rested {
                shell.request_redraw();
            }
        }
        let asked = shell.redraw_request();
        Shell::replace_redraw_request(shell, RedrawRequest::Wait);
        let content = self.content.as_widget_mut();
        content.update(&mut tree.children[0], event, layout, cursor, renderer, clipboard, shell, viewport);
        let wanted = match (event, shell.redraw_request()) {
            (Event::Window(window::Event::RedrawRequested(now)), RedrawRequest::At(_))
                if state.rests(*now) =>
            {
                RedrawRequest::Wait
            }
            (_, wanted) => wanted,
        };
        Shell::replace_redraw_request(shell, others.min(asked).min(wanted));
    }

    fn mouse_interaction(
        &self,
        tree: &Tree,
        layout: Layout<'_>,
        cursor: mouse::Cursor,
        viewport: &Rectangle,
        renderer: &Renderer,
    ) -> mouse::Interaction {
        let content = self.content.as_widget();
        content.mouse_interaction(&tree.children[0], layout, cursor, viewport, renderer)
    }

    fn overlay<'b>(
        &'b mut self,
        tree: &'b mut Tree,
        layout: Layout<'b>,
        renderer: &Renderer,
        viewport: &Rectangle,
        translation: Vector,
    ) -> Option<overlay::Element<'b, Message, Theme, Renderer>> {
        let content = self.content.as_widget_mut();
        content.overlay(&mut tree.children[0], layout, renderer, viewport, translation)
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
