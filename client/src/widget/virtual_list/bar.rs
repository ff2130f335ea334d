//! The scroll bar, as the pointer meets it and as it looks; where it stands is the [`State`]'s.

use iced::{
    Event, Point, Rectangle, Size,
    advanced::{Shell, mouse},
};

use super::state::State;

/// How wide the bar looks.
const WIDTH: f32 = 6.0;
/// How wide it is for the pointer.
pub(super) const GRIP: f32 = 14.0;

/// Whether the bar has the pointer: it is over it, or holds it.
pub(super) fn is_under<Id: Ord + Copy>(state: &State<Id>, cursor: mouse::Cursor, list: Rectangle) -> bool {
    state.grip.is_some()
        || state.thumb().is_some() && cursor.position_in(list).is_some_and(|at| at.x >= list.width - GRIP)
}

/// The thumb as it is drawn, when there is more than fits.
pub(super) fn thumb<Id: Ord + Copy>(state: &State<Id>, list: Rectangle) -> Option<Rectangle> {
    let (top, height) = state.thumb()?;
    let x = list.x + list.width - WIDTH - (GRIP - WIDTH) / 2.0;
    Some(Rectangle::new(Point::new(x, list.y + top + 2.0), Size::new(WIDTH, (height - 4.0).max(WIDTH))))
}

/// Lets the pointer take the bar, move it and let go of it; true when the event was about that and nothing else.
pub(super) fn update<Id: Ord + Copy, Message>(
    state: &mut State<Id>,
    event: &Event,
    list: Rectangle,
    cursor: mouse::Cursor,
    on_bar: bool,
    shell: &mut Shell<'_, Message>,
) -> bool {
    match event {
        Event::Mouse(mouse::Event::ButtonPressed(mouse::Button::Left)) if on_bar => {
            let (Some(at), Some((top, height))) = (cursor.position_in(list), state.thumb()) else {
                return false;
            };
            let inside = (top..top + height).contains(&at.y);
            let grip = if inside { at.y - top } else { height / 2.0 };
            state.grip = Some(grip);
            if !inside {
                state.drag(at.y - grip);
                shell.invalidate_layout();
            }
        }
        Event::Mouse(mouse::Event::CursorMoved { position }) => {
            let Some(grip) = state.grip else { return false };
            state.drag(position.y - list.y - grip);
            shell.invalidate_layout();
        }
        Event::Mouse(mouse::Event::ButtonReleased(mouse::Button::Left)) if state.grip.take().is_some() => {}
        _ => return false,
    }
    shell.request_redraw();
    shell.capture_event();
    true
}
