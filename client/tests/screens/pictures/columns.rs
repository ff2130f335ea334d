//! Where words stand in wide windows.

use iced::{Rectangle, Size, advanced::widget::operation, keyboard::Modifiers};
use iced_test::selector::{Candidate, Selector};

use super::{
    Stage,
    talk::{Talk, room},
};

/// The longest line of a message.
const LINE: f32 = 760.0;

/// Where the text of the composer stands.
fn composer(stage: &mut Stage) -> Rectangle {
    let is_it = |candidate: Candidate<'_>| match candidate {
        Candidate::Focusable { id: Some(id), bounds, .. } if *id == iced::widget::Id::new("composer") => {
            Some(bounds)
        }
        _ => None,
    };
    let mut find = is_it.find();
    stage.window.operate(&stage.world, &mut operation::black_box(&mut find));
    match operation::Operation::finish(&find) {
        operation::Outcome::Some(Some(bounds)) => bounds,
        _ => panic!("there is a composer"),
    }
}

#[test]
fn messages_and_composer_share_a_column_of_760_pixels_at_most_in_a_wide_window() {
    let long = "Words and more words, as many as a line has room for. ".repeat(12);
    let said = || Talk::new().says("zoe", long.trim_end()).says("maya", "Yes.").says("maya", long.trim_end());
    for width in [1_100.0, 1_101.0, 1_280.0, 1_599.0, 1_920.0, 2_560.0, 3_840.0] {
        for is_searching in [false, true] {
            let mut stage = room(Size::new(width, 1_000.0), said());
            if is_searching {
                stage.window.letter(&mut stage.world, "f", Modifiers::COMMAND);
                stage.window.frames(&mut stage.world, 2);
            }
            let what = format!("{width} pixels wide, with a search: {is_searching}");
            let (words, writing) = (stage.place(long.trim_end()), composer(&mut stage));
            assert!(words.width <= LINE, "{what}: {words:?}");
            assert!(words.width > 360.0, "{what}: {words:?}");
            assert!((words.x - writing.x).abs() < 1.0, "{what}: {words:?} above {writing:?}");
            let ends = writing.x + writing.width;
            assert!(ends <= words.x + LINE, "{what}: {words:?} above {writing:?}");
            let short = stage.place("Yes.");
            assert!((words.x - short.x).abs() < 1.0, "{what}: {words:?} and {short:?}");
        }
    }
}
