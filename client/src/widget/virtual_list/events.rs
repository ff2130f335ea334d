//! The wheel, and telling the app which rows are in view.

use std::hash::Hash;

use iced::{
    Event,
    advanced::{Shell, mouse},
    window,
};

use super::{NOTCH, Shown, VirtualList, state::State};

impl<Id, Message> VirtualList<'_, Id, Message>
where
    Id: Ord + Copy + Hash + 'static,
{
    pub(super) fn scroll_or_tell(
        &self,
        state: &mut State<Id>,
        event: &Event,
        is_over: bool,
        shell: &mut Shell<'_, Message>,
    ) {
        match event {
            Event::Mouse(mouse::Event::WheelScrolled { delta })
                if is_over && !shell.is_event_captured() && state.thumb().is_some() =>
            {
                state.scroll(match delta {
                    mouse::ScrollDelta::Lines { y, .. } => -y * NOTCH,
                    mouse::ScrollDelta::Pixels { y, .. } => -y,
                });
                shell.invalidate_layout();
                shell.request_redraw();
                shell.capture_event();
            }
            Event::Window(window::Event::RedrawRequested(_)) => {
                let rows = state.placed.visible(state.viewport);
                let shown = Shown { first: rows.start, end: rows.end, at_end: state.placed.at_end };
                // Other rows may stand at the same places: older ones came while the reader went to the first.
                let told = Some((shown, state.heights.id(shown.first)));
                if state.told != told
                    && let Some(message) = &self.on_shown
                {
                    state.told = told;
                    shell.publish(message(shown));
                }
            }
            _ => {}
        }
    }
}
