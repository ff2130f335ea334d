//! Links in texts of either direction.

use iced::{Point, Size, widget::span};
use iced_test::{Simulator, core::Settings, simulator};

use super::{Type, selectable};
use crate::font;

const LINK: &str = "https://example.com/";

/// How far from the left, in steps of 4 pixels, a click on the text opens the link.
fn opens_at(before: &str, after: &str) -> Vec<u32> {
    let open = |x: &u32| {
        let link = span(LINK).link(LINK.to_owned()).underline(true);
        let spans = vec![span(before.to_owned()), link, span(after.to_owned())];
        let text = selectable(spans, Type::Body).on_link_click(|link| link);
        let settings = Settings {
            default_font: font::REGULAR,
            fonts: font::BUNDLED.iter().map(|bytes| (*bytes).into()).collect(),
            ..Settings::default()
        };
        let mut screen = Simulator::with_size(settings, Size::new(600.0, 40.0), text);
        screen.point_at(Point::new(*x as f32, 11.0));
        let _ = screen.simulate(simulator::click());
        screen.into_messages().next().is_some_and(|opened| opened == LINK)
    };
    (0..600).step_by(4).filter(open).collect()
}

#[test]
fn a_click_opens_a_link_where_it_stands_from_left_to_right_and_from_right_to_left() {
    let (ltr, rtl) = (opens_at("look ", " there"), opens_at("ראו את זה ", " שם"));
    for opens in [&ltr, &rtl] {
        assert!(opens.len() > 20, "{opens:?}");
        assert!(opens.windows(2).all(|pair| pair[1] == pair[0] + 4), "{opens:?}");
    }
    // The words before the link are at its left, or at its right; those after it at the other side.
    assert!(ltr[0] > 24, "{ltr:?}");
    assert!(rtl[0] > 8 && rtl[0] < ltr[0], "{rtl:?}");
}
