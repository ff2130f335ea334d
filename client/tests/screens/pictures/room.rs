//! In a room: conversations, what one does with messages, and writing.

use iced::{
    Point, Size,
    advanced::widget::operation::scrollable::{self, RelativeOffset},
    keyboard::{Modifiers, key::Named},
};
use snug::screen::room::{Act, Go, Message, Pick, PickFor};
use snug_shared::{Presence, ServerFrame};

use super::{
    Layers, Stage, draw,
    list::many_beside,
    talk::{self, Talk, afternoon, arrive, room},
};
use crate::world::{author, nickname};

#[test]
fn an_empty_room() {
    draw("room-empty", Layers::One, |size| room(size, Talk::new()));
}

#[test]
fn a_conversation() {
    draw("room-conversation", Layers::One, |size| Stage::new(many_beside(afternoon()), size));
}

#[test]
fn what_is_new() {
    draw("room-unread", Layers::One, |size| {
        let mut world = talk::joining();
        arrive(&mut world, "The lab", "workshop", afternoon(), Some(15));
        Stage::new(world, size)
    });
}

#[test]
fn reading_up_while_others_write() {
    draw("room-reading-up", Layers::Several, |size| {
        let mut talk = afternoon().at("2026-03-06 15:30");
        for (number, who) in ["zoe", "amir", "ines", "zoe", "ben", "zoe", "noor", "amir"].iter().enumerate() {
            talk = talk.says(who, &format!("Probe {number} reads 4.97 V, within what the sheet says."));
        }
        let last = talk.last();
        let mut stage = room(size, talk);
        stage.world.room(Message::Go(Go::Start));
        stage.window.frames(&mut stage.world, 3);
        for more in 1..=3 {
            stage.world.hear_in("workshop", last + more, "zoe", "And one more.");
        }
        stage.window.frames(&mut stage.world, 2);
        stage
    });
}

#[test]
fn many_people_and_some_who_write() {
    draw("room-crowd", Layers::One, |size| {
        let mut stage = room(size, talk::short());
        stage.world.hear(ServerFrame::Presence(Presence { count: 312, ..Presence::default() }));
        for who in ["zoe", "amir"] {
            stage.world.hear(ServerFrame::Typing { user: nickname(who), by: author(who) });
        }
        stage.window.frames(&mut stage.world, 1);
        stage
    });
}

// -- with messages --

/// The middle of a text's beginning, to point at.
fn at(stage: &mut Stage, text: &str) -> Point {
    let place = stage.place(text);
    Point::new(place.x + 40.0_f32.min(place.width / 2.0), place.y + 11.0_f32.min(place.height / 2.0))
}

#[test]
fn the_buttons_over_a_message() {
    draw("room-hovered", Layers::Several, |size| {
        let mut stage = room(size, afternoon());
        let at = at(&mut stage, "@maya can you bring the long USB cable?");
        stage.window.point(&mut stage.world, at);
        stage
    });
}

#[test]
fn what_can_be_done_with_a_message() {
    draw("room-menu", Layers::Several, |size| {
        let mut stage = room(size, talk::short());
        let at = at(&mut stage, "Second shelf, behind the oscilloscope.");
        let above = Point::new(at.x, at.y - 2.0);
        stage.window.right_click(&mut stage.world, above);
        stage.window.point(&mut stage.world, Point::new(above.x + 30.0, above.y - 60.0));
        stage
    });
}

#[test]
fn a_message_that_is_to_be_deleted() {
    draw("room-delete", Layers::Several, |size| {
        let mut stage = room(size, talk::short());
        let seq = 3;
        stage.world.room(Message::Act(Act::AskDelete(seq)));
        let at = at(&mut stage, "Second shelf, behind the oscilloscope.");
        stage.window.point(&mut stage.world, at);
        stage
    });
}

#[test]
fn words_that_are_selected_over_several_messages() {
    draw("room-selection", Layers::One, |size| {
        let mut stage = room(size, afternoon());
        let from = at(&mut stage, "Build 218 is green: 412 tests passed in 48 s.");
        let to = at(&mut stage, "@maya can you bring the long USB cable?");
        stage.window.drag(&mut stage.world, from, Point::new(to.x + 100.0, to.y));
        stage.window.point(&mut stage.world, Point::new(2.0, size.height - 2.0));
        stage
    });
}

#[test]
fn a_message_that_the_keyboard_is_at() {
    draw("room-focused", Layers::Several, |size| {
        let mut stage = room(size, talk::short());
        stage.window.key(&mut stage.world, Named::F6, Modifiers::empty());
        stage.window.key(&mut stage.world, Named::ArrowUp, Modifiers::empty());
        stage.window.frames(&mut stage.world, 2);
        stage
    });
}

#[test]
fn somebody_who_is_ignored() {
    draw("room-ignored", Layers::One, |size| {
        let mut stage = room(size, afternoon());
        stage.world.room(Message::Ignore(author("zoe"), nickname("zoe"), true));
        stage.window.frames(&mut stage.world, 1);
        stage
    });
}

// -- writing --

fn writing(size: Size, talk: Talk, text: &str) -> Stage {
    let mut stage = room(size, talk);
    type_text(&mut stage, text);
    stage
}

/// Types a text as a person does.
pub fn type_text(stage: &mut Stage, text: &str) {
    for letter in text.chars() {
        stage.window.letter(&mut stage.world, &letter.to_string(), Modifiers::empty());
    }
}

#[test]
fn a_message_of_several_lines() {
    draw("write-lines", Layers::One, |size| {
        let mut stage = writing(size, talk::short(), "Two things for tonight:");
        for line in ["1. the long cable", "2. cups, as many as you can carry"] {
            stage.window.key(&mut stage.world, Named::Enter, Modifiers::SHIFT);
            type_text(&mut stage, line);
        }
        stage
    });
}

#[test]
fn a_reply() {
    draw("write-reply", Layers::One, |size| {
        let mut stage = room(size, talk::short());
        stage.world.room(Message::Act(Act::Reply(2)));
        stage.window.frames(&mut stage.world, 1);
        type_text(&mut stage, "With milk, please");
        stage
    });
}

#[test]
fn an_own_message_that_is_edited() {
    draw("write-edit", Layers::One, |size| {
        let mut stage = room(size, talk::short());
        stage.world.room(Message::Act(Act::EditLast));
        stage.window.frames(&mut stage.world, 1);
        stage
    });
}

#[test]
fn another_topic() {
    draw("write-topic", Layers::Several, |size| {
        let mut stage = room(size, talk::short());
        stage.world.room(Message::EditTopic);
        stage.window.frames(&mut stage.world, 1);
        stage
    });
}

#[test]
fn whom_one_may_mean() {
    draw("write-mention", Layers::Several, |size| writing(size, talk::short(), "Thank you @"));
}

#[test]
fn which_emoji_one_may_mean() {
    draw("write-emoji", Layers::Several, |size| writing(size, talk::short(), "Well done :ta"));
}

#[test]
fn which_commands_there_are() {
    draw("write-command", Layers::Several, |size| writing(size, talk::short(), "/"));
}

#[test]
fn help_with_keys_and_commands() {
    draw("write-help", Layers::One, |size| {
        let mut stage = writing(size, talk::short(), "/help ");
        stage.window.key(&mut stage.world, Named::Enter, Modifiers::empty());
        stage
    });
}

#[test]
fn a_text_that_is_too_long() {
    draw("write-too-long", Layers::One, |size| {
        let mut stage = room(size, talk::short());
        let words = "tea ".repeat(990);
        let paste = iced::widget::text_editor::Edit::Paste(std::sync::Arc::new(words));
        stage.world.room(Message::Write(iced::widget::text_editor::Action::Edit(paste)));
        type_text(&mut stage, "and then some more of it, and cake, and all of that again");
        // To the caret, which the app asks for as well.
        let end = RelativeOffset { x: None, y: Some(1.0) };
        let to_end = &mut scrollable::snap_to::<()>("composer-scroll".into(), end);
        stage.window.operate(&stage.world, to_end);
        stage
    });
}

fn picking(size: Size, words: &str) -> Stage {
    let mut stage = room(size, talk::short());
    stage.world.room(Message::Pick(Pick::Toggle(PickFor::Text)));
    stage.window.frames(&mut stage.world, 2);
    if !words.is_empty() {
        stage.world.room(Message::Pick(Pick::Search(words.into())));
        stage.window.frames(&mut stage.world, 2);
    }
    stage.window.focus(&stage.world, "emoji-search");
    stage
}

#[test]
fn emoji_to_choose_from() {
    draw("write-picker", Layers::Several, |size| picking(size, ""));
}

#[test]
fn emoji_that_were_found_and_none() {
    draw("write-picker-found", Layers::Several, |size| picking(size, "tea"));
    draw("write-picker-none", Layers::Several, |size| picking(size, "qqqq"));
}
