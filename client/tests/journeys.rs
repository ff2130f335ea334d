//! Journeys through the app in iced's own format, from presets that know no network: see `journeys/*.ice`.

use snug::app;

#[test]
fn journeys_come_to_their_end() -> Result<(), iced_test::Error> {
    iced_test::run(
        app::application(app::Start::default()),
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/journeys"),
    )
}
