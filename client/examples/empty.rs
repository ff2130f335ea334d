//! The least an iced 0.14 window can be: what `client/benches/window` compares the app's start with.

use iced::{Element, Theme, widget::space};

fn main() -> iced::Result {
    iced::application(|| (), update, view).theme(|(): &()| Theme::Dark).run()
}

fn update((): &mut (), (): ()) {}

fn view((): &()) -> Element<'_, ()> {
    space().into()
}
