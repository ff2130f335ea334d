//! Names of several words after an `@`.

use snug_core::markup::{Markup, Run, RunKind};

const NAMES: [&str; 4] = ["Tea Time", "Tea Time Tom", "J. R.", "Ana 🎉 B"];

/// The runs of a text, where these people are here: those that are mentions, and all of them together.
fn read(text: &str, names: &[&str]) -> (Vec<String>, String) {
    let markup = Markup::parse(text);
    let runs: Vec<Run<'_>> = markup.blocks(text).flat_map(|block| block.runs_naming(names)).collect();
    let mentions = runs.iter().filter(|run| run.kind == RunKind::Mention);
    let all = runs.iter().map(|run| run.text).collect();
    (mentions.map(|run| run.text.to_owned()).collect(), all)
}

#[test]
fn a_name_of_several_words_is_one_mention_where_somebody_has_it() {
    for (text, mentions) in [
        ("ask @tea time, please", vec!["@tea time"]),
        ("@Tea Time Tom and @Tea Time", vec!["@Tea Time Tom", "@Tea Time"]),
        ("@tea timers", vec!["@tea"]),
        ("@J. R. and @maya", vec!["@J. R.", "@maya"]),
        ("> quoted @tea time\n- item @tea time", vec!["@tea time", "@tea time"]),
        ("**@tea time**", vec!["@tea time"]),
        ("@tea **time**", vec!["@tea"]),
        ("@tea\ntime", vec!["@tea"]),
        ("@tea time@tea time", vec!["@tea time"]),
        ("`@tea time` https://example.com/@tea time", vec![]),
        // What is an emoji is drawn in a font of its own.
        ("@Ana 🎉 B", vec!["@Ana"]),
    ] {
        let (found, all) = read(text, &NAMES);
        assert_eq!(found, mentions, "“{text}”");
        assert_eq!(all, read(text, &[]).1, "nothing of “{text}” is lost or doubled");
    }
    assert_eq!(read("ask @tea time", &[]).0, ["@tea"]);
}
