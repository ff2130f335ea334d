//! Help while writing: what may be meant, marks, undo, one's own earlier messages, emoji, the topic.

use iced::keyboard::{Event, Key, Modifiers, key::Named};
use iced_test::selector::{self, Bounded};
use snug::screen::room::{Mark, Message, Pick, PickFor};
use snug_core::{
    outbox::PendingSend,
    settings::Settings,
    timeline::{Row, Timeline},
};
use snug_shared::{Body, Emoji, Entry, Intent, MessageText, ServerFrame};

use crate::{
    window::Window,
    world::{World, combination, entry, press_with, pressed},
};

/// A named key with modifiers.
fn with(named: Named, modifiers: Modifiers) -> Event {
    press_with(Key::Named(named), None, modifiers)
}

fn timeline(world: &World) -> &Timeline {
    world.app.session().expect("a room is open").timeline()
}

/// What the newest message says.
fn newest(world: &World) -> Option<String> {
    let timeline = timeline(world);
    match timeline.row(timeline.len().checked_sub(1)?)? {
        Row::Message(message) => message.text.map(str::to_owned),
        _ => None,
    }
}

/// Sends the text in the composer, and says what it was.
fn sent(world: &mut World) -> String {
    let before = timeline(world).len();
    world.press(Some("composer"), pressed(Named::Enter));
    assert!(timeline(world).len() > before, "something was sent");
    newest(world).expect("a message")
}

fn has(world: &World, id: &'static str) -> bool {
    world.screen().find(selector::id(id)).is_ok()
}

fn pending(world: &World) -> Vec<&Intent> {
    timeline(world).outbox().sends().iter().map(|send: &PendingSend| &send.intent).collect()
}

#[test]
fn a_member_is_offered_after_an_at_sign_and_enter_takes_them_before_it_sends() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    world.write("hi @t", Named::Shift);
    assert!(has(&world, "choices") && world.sees("tom"));
    world.press(Some("composer"), pressed(Named::Enter));
    assert!(!has(&world, "choices"));
    assert_eq!(sent(&mut world), "hi @tom");
}

#[test]
fn escape_closes_what_is_offered_and_leaves_the_text() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    world.write("@t", Named::Shift);
    assert!(has(&world, "choices"));
    world.room(Message::Escape);
    assert!(!has(&world, "choices"));
    assert_eq!(sent(&mut world), "@t");
}

#[test]
fn emoji_are_offered_after_a_colon_and_two_letters_and_arrows_go_through_them() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    world.write(":t", Named::Shift);
    assert!(!has(&world, "choices"));
    world.write("ada", Named::Shift);
    assert!(has(&world, "choices") && world.sees(":tada:"));
    world.press(Some("composer"), pressed(Named::ArrowDown));
    world.press(Some("composer"), pressed(Named::ArrowUp));
    world.press(Some("composer"), pressed(Named::Tab));
    assert_eq!(sent(&mut world), "🎉");
}

#[test]
fn tab_completes_a_nickname() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    world.write("to", Named::Tab);
    world.write("look", Named::Shift);
    assert_eq!(sent(&mut world), "tom: look");
}

#[test]
fn commands_are_offered_with_what_they_do() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    world.write("/t", Named::Shift);
    assert!(world.sees("/topic WORDS") && world.sees("Sets the room’s topic"));
}

#[test]
fn undo_takes_back_a_word_and_redo_brings_it_again() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    world.write("one two", Named::Shift);
    world.press(Some("composer"), combination("z", Modifiers::COMMAND));
    world.press(Some("composer"), combination("z", Modifiers::COMMAND));
    world.press(Some("composer"), combination("z", Modifiers::COMMAND | Modifiers::SHIFT));
    world.write("!", Named::Shift);
    assert_eq!(sent(&mut world), "one !");
}

#[test]
fn marks_are_set_around_the_caret_and_around_what_is_selected() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    world.room(Message::Mark(Mark::Bold));
    world.press(None, combination("x", Modifiers::empty()));
    assert_eq!(sent(&mut world), "**x**");
    world.write("word", Named::Shift);
    world.press(Some("composer"), combination("a", Modifiers::COMMAND));
    world.room(Message::Mark(Mark::Code));
    assert_eq!(sent(&mut world), "`word`");
}

#[test]
fn own_earlier_messages_come_back_and_so_does_what_was_being_written() {
    let mut world = World::in_room(&[("maya", "first"), ("tom", "Good morning"), ("maya", "second")]);
    world.write("draft", Named::Shift);
    let recall = |world: &mut World, key| {
        world.press(Some("composer"), with(key, Modifiers::COMMAND | Modifiers::ALT));
    };
    for key in [Named::ArrowUp, Named::ArrowUp, Named::ArrowUp] {
        recall(&mut world, key);
    }
    assert_eq!(sent(&mut world), "first");
    world.write("draft", Named::Shift);
    recall(&mut world, Named::ArrowUp);
    recall(&mut world, Named::ArrowDown);
    assert_eq!(sent(&mut world), "draft");
}

#[test]
fn near_the_longest_text_its_room_is_counted() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    let paste = |text: String| {
        let edit = iced::widget::text_editor::Edit::Paste(std::sync::Arc::new(text));
        Message::Write(iced::widget::text_editor::Action::Edit(edit))
    };
    world.room(paste("x".repeat(3_000)));
    assert!(!world.sees("1000 left"));
    world.room(paste("x".repeat(900)));
    assert!(world.sees("100 left"));
    world.room(paste("é".repeat(100)));
    assert!(world.sees("0 left"));
    world.write("xy", Named::Shift);
    assert!(world.sees("2 too many"));
}

#[test]
fn emoji_are_picked_for_the_text_and_for_reactions() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    world.room(Message::Pick(Pick::Toggle(PickFor::Text)));
    world.until("the search has the caret", |world| world.focused.contains(&"emoji-search"));
    assert!(has(&world, "emoji-picker") && world.sees("Smileys"));
    // The click that opened it is over now, and does not take the caret back into the composer.
    let before = world.focused.len();
    world.press(None, pressed(Named::Tab));
    world.until("the caret was asked for", |world| world.focused.len() > before);
    assert_eq!(world.focused.last(), Some(&"emoji-search"));
    world.room(Message::Pick(Pick::Search("tada".into())));
    assert!(world.sees("🎉") && !world.sees("Smileys"));
    world.click("🎉");
    assert!(!has(&world, "emoji-picker"));
    assert_eq!(sent(&mut world), "🎉");
    world.room(Message::Pick(Pick::Toggle(PickFor::Reaction(1))));
    assert!(world.sees("Lately") && world.sees("🎉"), "what was used comes first");
    world.room(Message::Pick(Pick::Search("rocket".into())));
    world.room(Message::Pick(Pick::First));
    let reacts = |intent: &&Intent| matches!(intent, Intent::React { target: 1, emoji, on: true } if emoji.as_str() == "🚀");
    assert!(pending(&world).iter().any(reacts));
}

#[test]
fn the_menu_of_a_message_leads_to_all_emoji_and_those_used_come_first_after_a_restart_too() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    let mut window = Window::new(&mut world, 1100.0, 760.0);
    let at = window.place(&world, "Good morning").center();
    window.right_click(&mut world, at);
    world.click("Another reaction…");
    assert!(has(&world, "emoji-picker") && !world.sees("Another reaction…") && !world.sees("Lately"));
    world.room(Message::Pick(Pick::Search("rocket".into())));
    world.room(Message::Pick(Pick::First));
    world.write("well done 🎉", Named::Enter);
    world.restart();
    world.room(Message::Pick(Pick::Toggle(PickFor::Text)));
    assert!(world.sees("Lately") && world.sees("🚀"));
    // The settings are written in the background.
    world.until("both are kept", |world| {
        let used = Settings::load(&world.home()).0.emoji;
        used.iter().map(|emoji| emoji.as_str()).eq(["🎉", "🚀"])
    });
}

#[test]
fn a_reaction_says_who_reacted_while_the_pointer_is_on_it() {
    let mut world = World::in_room(&[("tom", "Good morning"), ("ines", "Hello")]);
    let emoji = Emoji::parse("🎉").unwrap();
    let reacted = Entry { body: Body::Reacted { target: 1, emoji, on: true }, ..entry(3, "ines", "-") };
    world.hear(ServerFrame::Line(reacted.into()));
    let mut window = Window::new(&mut world, 1100.0, 760.0);
    let at = window.place(&world, "🎉").center();
    window.point(&mut world, at);
    // A hint comes after a moment.
    window.frames(&mut world, 120);
    assert!(window.find(&world, "ines").is_some_and(|hint| hint.y > at.y - 80.0 && hint.x < at.x + 200.0));
}

#[test]
fn the_topic_is_changed_from_its_place() {
    let mut world = World::in_room(&[("tom", "Good morning")]);
    world.click("Set a topic");
    world.write("Tea", Named::Enter);
    let sets = |intent: &&Intent| matches!(intent, Intent::Topic { topic } if topic.as_str() == "Tea");
    assert!(pending(&world).iter().any(sets));
}

#[test]
fn who_reacted_and_when_a_message_was_edited_are_known() {
    let mut world = World::in_room(&[("tom", "Good morning"), ("ines", "Hello")]);
    let edited = Entry {
        body: Body::Edited { target: 1, text: MessageText::parse("Good evening").ok() },
        ..entry(3, "tom", "-")
    };
    world.hear(ServerFrame::Line(edited.into()));
    let row = timeline(&world).find(1).and_then(|index| timeline(&world).row(index));
    let Some(Row::Message(message)) = row else { panic!("a message") };
    assert_eq!(
        (message.text, message.edited, message.edited_at),
        (Some("Good evening"), true, Some(1_750_000_000_000))
    );
    let ines = crate::world::made::author("ines");
    assert_eq!(timeline(&world).nickname(&ines).map(|name| name.as_str()), Some("ines"));
}

#[test]
fn long_messages_are_folded_until_all_of_them_is_asked_for() {
    let long = "a line\n".repeat(60);
    let mut world = World::in_room(&[("tom", long.trim_end()), ("ines", "short")]);
    let height = |world: &World| {
        let mut screen = world.screen();
        let short = screen.find("short").expect("it is in view");
        Bounded::bounds(&short).y
    };
    assert!(world.sees("Show more"));
    let before = height(&world);
    world.click("Show more");
    assert!(world.sees("Show less"));
    // It stays so while one looks elsewhere.
    world.join("garden");
    world.show("tea");
    assert!(world.sees("Show less"));
    world.click("Show less");
    assert!((height(&world) - before).abs() < 1.0);
    let world = World::in_room(&[("tom", "short")]);
    assert!(!world.sees("Show more"));
}
