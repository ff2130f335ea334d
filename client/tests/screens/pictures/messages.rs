//! What messages may say: Markdown, code, emoji, any script, names and texts that are longer than there is room.

use super::{
    Layers, Stage, draw,
    talk::{self, Talk, arrive, room},
};

#[test]
fn markdown_of_all_kinds() {
    let said = || {
        Talk::new()
            .says("zoe", "**Before you solder**, read the *whole* card. ~~Flux first.~~ Set `T_MAX` to 350, ***never*** above.")
            .says("zoe", "- wash your hands\n- put on glasses\n    - the blue ones are scratched\n- open the window")
            .says("amir", "1. heat the pad\n2. feed the wire\n3. count to *two*")
            .says("ines", "> Is bench 2 free?\n> I only need ten minutes.\nYes, until five.")
            .says("noor", "The manual is at https://example.org/manual/chapter-2?lang=en, and the parts are [in the shop](https://example.org/shop).")
            .says("ben", "Careful, [example.org](https://example.net/login) is not what it says.")
    };
    draw("message-markdown", Layers::One, |size| room(size, said()));
}

#[test]
fn code_as_cards() {
    let said = || {
        Talk::new()
            .says("amir", "This is what the counter runs:\n```rust\n/// Ticks since the start.\npub fn ticks(clock: &Clock) -> u64 {\n    let raw = clock.read(); // 24 bits\n    u64::from(raw) * 1_000 / FREQUENCY\n}\n```\nand on the other side:\n```python\ndef ticks(raw: int) -> float:\n    return raw * 1000 / 32_768  # in ms\n```")
            .says("zoe", "```\n$ flash --port /dev/ttyUSB0 --verify build/counter-2026-03-06-release-candidate-2-with-debug-symbols.bin\nverified 24576 bytes in 1.8 s\n```")
            .says("zoe", "`--verify` does it, thank you.")
    };
    draw("message-code", Layers::One, |size| room(size, said()));
}

#[test]
fn mentions_of_the_reader_and_of_others() {
    let said = || {
        Talk::new()
            .says("zoe", "@maya the kettle is yours.")
            .says("zoe", "And @amir has the cups.")
            .says("amir", "maya: there is cake as well")
            .replies("ines", 1, "@maya @zoe me too, please!")
            .reacts(&["maya", "zoe"], 4, "🍰")
            .says("maya", "Coming, @ines.")
    };
    draw("message-mentions", Layers::One, |size| room(size, said()));
}

#[test]
fn emoji_alone_and_among_words() {
    let said = || {
        Talk::new()
            .says("zoe", "🎉")
            .says("amir", "🫖☕🍰")
            .says("ines", "Four are as high as words: 🍎🍐🍊🍋")
            .says("noor", "Families 👩‍👩‍👧‍👦, flags 🇩🇪🇯🇵, hands 👋🏽, keys 1️⃣ and hearts ❤️ among words.")
            .says("ben", "Old ones too: ☺ ☎ ✈ :) 8-)")
            .reacts(&["zoe", "amir", "ines", "noor"], 5, "👍")
            .reacts(&["maya", "kenji"], 5, "😂")
            .reacts(&["kenji"], 5, "🏳️‍🌈")
    };
    draw("message-emoji", Layers::One, |size| room(size, said()));
}

#[test]
fn many_scripts() {
    let said = || {
        Talk::new()
            .says("kenji", "お茶が入りました。どうぞ。")
            .says("noor", "الشاي جاهز، تفضلوا إلى المطبخ")
            .says("noor", "שלום, התה מוכן (ב־5 בערב)")
            .says("ines", "Το τσάι είναι έτοιμο. Чай готов. Herbatę? Çay hazır. Trà đã sẵn sàng.")
            .says("kenji", "请大家五点到厨房来。")
            .says("zoe", "The sign says مطبخ, which is “kitchen”.")
    };
    draw("message-scripts", Layers::One, |size| room(size, said()));
}

#[test]
fn names_and_topics_that_are_longer_than_there_is_room() {
    let long = "Maximiliane-Josephine von Wellen";
    let said = || {
        Talk::new()
            .topic("zoe", "A topic that says a good deal more about the room than most windows can show on one line, even on a large screen")
            .says(long, "My name is as long as a nickname may be.")
            .reports("nightly-build-of-the-whole-lab", "All green.")
            .replies("zoe", 2, "And I reply to you.")
            .replies(long, 4, "A reply to a reply, which quotes more words than one line has room for when the window is as narrow as this one.")
            .replies("amir", 5, "Yes.")
    };
    draw("message-long-names", Layers::One, |size| {
        let mut world = talk::in_room(Talk::new());
        let room = "the room in which everything about the old workshop is kept here";
        talk::join(&mut world, room);
        arrive(&mut world, "The laboratory of the society for small things", room, said(), None);
        Stage::new(world, size)
    });
}

#[test]
fn texts_that_want_more_room_than_they_get() {
    let word = format!("0x{}", "0123456789abcdef".repeat(20));
    let stacked: String = "zalgo comes"
        .chars()
        .flat_map(|c| [c].into_iter().chain("\u{335}\u{302}\u{323}\u{30b}\u{338}".chars().cycle().take(24)))
        .collect();
    let said = || {
        Talk::new()
            .says("zoe", "A word without an end:")
            .says("zoe", &word)
            .says("ben", &stacked)
            .says("ben", "\tone\ttab\n\t\ttwo tabs")
            .says("ines", "All of it stays in its place.")
    };
    draw("message-extremes", Layers::One, |size| room(size, said()));
}

#[test]
fn a_message_that_is_longer_than_twenty_lines() {
    let lines: String = (1..=40).map(|line| format!("line {line} of the log\n")).collect();
    let said = || Talk::new().says("amir", lines.trim_end()).says("ines", "All of it stays in its place.");
    // What is folded goes on below the way to all of it.
    draw("message-folded", Layers::Several, |size| room(size, said()));
}

#[test]
fn messages_that_were_edited_deleted_and_replied_to() {
    let said = || {
        Talk::new()
            .says("zoe", "The oven is at 180.")
            .says("amir", "Who has the gloves?")
            .says("ines", "Me, I bring them.")
            .edits("zoe", 1, "The oven is at 220.")
            .deletes("amir", 2)
            .replies("ben", 2, "They are in the drawer.")
            .replies("noor", 1, "Thank you!")
            .topic("ines", "Pizza at seven")
            .topic("ines", "")
    };
    draw("message-changes", Layers::One, |size| room(size, said()));
}
