//! The menu above everything else, alone.

use iced::{Element, Event, Point, Size, keyboard::key::Named, mouse};
use iced_test::{
    Simulator,
    selector::{self, Bounded},
    simulator,
};
use snug::widget::{Menu, menu, menu_area};

#[derive(Debug, Clone, PartialEq)]
enum Did {
    Asked(Point),
    Closed,
    Copied,
    Replied,
    Deleted,
}

const WINDOW: Size = Size::new(400.0, 420.0);

fn open(at: Option<Point>, by_key: bool) -> Element<'static, Did> {
    let behind = menu_area(iced::widget::space().width(WINDOW.width).height(WINDOW.height), Did::Asked);
    let items = at.map(|at| {
        let items = Menu::new(at, Did::Closed).by_key(by_key).item("Copy", "Ctrl+C", Did::Copied);
        items.item("Reply", "", Did::Replied).line().danger("Delete", Did::Deleted)
    });
    menu(behind, items)
}

fn screen(at: Option<Point>, by_key: bool) -> Simulator<'static, Did> {
    Simulator::with_size(iced_test::core::Settings::default(), WINDOW, open(at, by_key))
}

fn told(at: Option<Point>, by_key: bool, act: impl FnOnce(&mut Simulator<'_, Did>)) -> Vec<Did> {
    let mut screen = screen(at, by_key);
    act(&mut screen);
    screen.into_messages().collect()
}

fn press(screen: &mut Simulator<'_, Did>, at: Point, button: mouse::Button) {
    screen.point_at(at);
    let moved = mouse::Event::CursorMoved { position: at };
    let events = [moved, mouse::Event::ButtonPressed(button), mouse::Event::ButtonReleased(button)];
    let _ = screen.simulate(events.map(Event::Mouse));
}

#[test]
fn a_right_click_asks_for_a_menu_where_the_pointer_is() {
    let at = Point::new(120.0, 80.0);
    let asked = told(None, false, |screen| press(screen, at, mouse::Button::Right));
    assert_eq!(asked, [Did::Asked(at)]);
    assert_eq!(told(None, false, |screen| press(screen, at, mouse::Button::Left)), []);
}

#[test]
fn a_click_chooses_and_a_click_outside_closes_without_reaching_what_is_behind() {
    let at = Some(Point::new(20.0, 20.0));
    let chosen = told(at, false, |screen| {
        let _ = screen.click("Reply").expect("the item is there");
    });
    assert_eq!(chosen, [Did::Closed, Did::Replied]);
    for button in [mouse::Button::Left, mouse::Button::Right] {
        let closed = told(at, false, |screen| press(screen, Point::new(390.0, 400.0), button));
        assert_eq!(closed, [Did::Closed]);
    }
    let resized = Event::Window(iced::window::Event::Resized(WINDOW));
    assert_eq!(told(at, false, |screen| drop(screen.simulate([resized]))), [Did::Closed]);
}

#[test]
fn keys_go_through_a_menu_and_reach_nothing_behind_it() {
    let at = Some(Point::new(20.0, 20.0));
    let keys = |by_key: bool, keys: &[Named]| {
        told(at, by_key, |screen| {
            for key in keys {
                let status = screen.simulate(simulator::tap_key(*key, None));
                assert_eq!(status.first(), Some(&iced::event::Status::Captured), "{key:?}");
            }
        })
    };
    use Named::{ArrowDown, ArrowUp, End, Enter, Escape, Home, Space};
    assert_eq!(keys(false, &[Enter]), [], "nothing is marked yet");
    assert_eq!(keys(true, &[Enter]), [Did::Closed, Did::Copied], "asked for by a key, the first is");
    assert_eq!(keys(false, &[ArrowDown, ArrowDown, Enter]), [Did::Closed, Did::Replied]);
    assert_eq!(keys(false, &[ArrowUp, Enter]), [Did::Closed, Did::Deleted], "round from the other end");
    assert_eq!(keys(true, &[ArrowUp, ArrowUp, Space]), [Did::Closed, Did::Replied], "over the line");
    assert_eq!(keys(true, &[End, ArrowDown, Enter]), [Did::Closed, Did::Copied]);
    assert_eq!(keys(false, &[End, Home, Enter]), [Did::Closed, Did::Copied]);
    assert_eq!(keys(true, &[Escape]), [Did::Closed]);
}

#[test]
fn a_menu_asked_for_in_a_corner_is_whole_in_the_window() {
    for at in [Point::ORIGIN, Point::new(399.0, 0.0), Point::new(0.0, 419.0), Point::new(399.0, 419.0)] {
        let mut screen = screen(Some(at), false);
        let found = screen.find(selector::id("menu")).expect("the menu is open");
        let bounds = Bounded::bounds(&found);
        assert!(bounds.is_within(&iced::Rectangle::with_size(WINDOW)), "{at:?}: {bounds:?}");
    }
}
