//! The list of any length: how much of it is built, and what it tells.

use std::cell::Cell;

use iced::{
    Font, Pixels, Renderer,
    advanced::{clipboard, renderer::Headless},
};
use iced_test::{
    futures::futures::executor::block_on,
    runtime::{UserInterface, user_interface::Cache},
};
use snug::{
    theme,
    widget::virtual_list::{Jump, Shown, virtual_list},
};

#[test]
fn a_room_of_a_hundred_thousand_rows_builds_a_few_hundred_wherever_one_goes() {
    let built = Cell::new(0);
    let view = |jump: Option<(u64, Jump<usize>)>| {
        let list = virtual_list(
            100_000,
            1,
            Some,
            |index| {
                built.set(built.get() + 1);
                iced::widget::text(format!("Row {index}")).into()
            },
            theme::scroll_thumb,
        )
        .on_shown(|shown| shown);
        let list = match jump {
            Some((serial, jump)) => list.jump(serial, jump),
            None => list,
        };
        iced::Element::<Shown>::from(list)
    };
    for jump in [None, Some((1, Jump::Start)), Some((2, Jump::Row(50_000))), Some((3, Jump::Pages(-20.0)))] {
        built.set(0);
        let mut screen: iced_test::Simulator<'_, Shown> = iced_test::Simulator::new(view(jump));
        screen.point_at((300.0, 300.0));
        for _ in 0..10 {
            let wheel = iced::mouse::ScrollDelta::Lines { x: 0.0, y: 3.0 };
            let _ = screen.simulate([iced::Event::Mouse(iced::mouse::Event::WheelScrolled { delta: wheel })]);
        }
        drop(screen);
        assert!((10..=300).contains(&built.get()), "{jump:?} built {}", built.get());
    }
}

#[test]
fn scrolling_up_leaves_the_end_and_says_so() {
    let list = virtual_list(
        1_000,
        1,
        Some,
        |index| iced::widget::text(format!("Row {index}")).into(),
        theme::scroll_thumb,
    )
    .on_shown(|shown| shown);
    let mut screen: iced_test::Simulator<'_, Shown> = iced_test::Simulator::new(list);
    let redraw = || iced::Event::Window(iced::window::Event::RedrawRequested(iced::time::Instant::now()));
    let _ = screen.simulate([redraw()]);
    screen.point_at((300.0, 300.0));
    let wheel = iced::mouse::ScrollDelta::Lines { x: 0.0, y: 5.0 };
    let _ =
        screen.simulate([iced::Event::Mouse(iced::mouse::Event::WheelScrolled { delta: wheel }), redraw()]);
    let told: Vec<Shown> = screen.into_messages().collect();
    assert_eq!(told.iter().map(|shown| shown.at_end).collect::<Vec<_>>(), [true, false]);
    assert_eq!(told[0].end, 1_000);
    assert!(told[1].end < 1_000);
}

#[test]
fn older_rows_that_come_while_one_goes_to_the_first_are_told_although_they_stand_at_the_same_places() {
    let renderer = <Renderer as Headless>::new(Font::DEFAULT, Pixels(14.0), Some("tiny-skia"));
    let mut renderer = block_on(renderer).expect("a renderer");
    let (mut cache, mut told) = (Cache::new(), Vec::new());
    for (serial, oldest) in [(0, 500), (1, 500), (2, 0)] {
        let view = |_| iced::widget::text("A row").into();
        let list =
            virtual_list(1_000 - oldest, serial, move |at| Some(oldest + at), view, theme::scroll_thumb)
                .jump(serial, Jump::Start)
                .on_shown(|shown| shown);
        let size = iced::Size::new(600.0, 400.0);
        let mut screen =
            UserInterface::<Shown, _, _>::build(iced::Element::from(list), size, cache, &mut renderer);
        let redraw = iced::Event::Window(iced::window::Event::RedrawRequested(iced::time::Instant::now()));
        let nowhere = iced::mouse::Cursor::Unavailable;
        let _ = screen.update(&[redraw], nowhere, &mut renderer, &mut clipboard::Null, &mut told);
        cache = screen.into_cache();
    }
    assert_eq!(told.iter().map(|shown| shown.first).collect::<Vec<_>>()[1..], [0, 0]);
    assert_eq!(told[1], told[2]);
}
