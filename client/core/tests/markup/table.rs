//! `assets/markup.json`: which text makes what. The web page passes the same table (`server/tests/page/markup.test.mjs`).

use serde_json::{Map, Value, json};
use snug_core::markup::{self, Block, BlockKind, Markup, Run, RunKind};

fn cases() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/markup.json");
    let table = std::fs::read_to_string(path).expect("the table is part of the sources");
    serde_json::from_str(&table).expect("the table is JSON")
}

#[test]
fn every_text_of_the_table_is_read_as_the_table_says() {
    let cases = cases();
    assert!(cases.len() >= 60, "{} cases", cases.len());
    let mut wrong = String::new();
    for case in cases {
        let text = case["text"].as_str().expect("a text");
        let made = json!(blocks(text));
        if made != case["blocks"] {
            wrong +=
                &format!("{}\n  text {text:?}\n  is   {made}\n  not  {}\n", case["name"], case["blocks"]);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// The blocks of a text as the table writes them: neighbouring runs that differ in nothing a reader sees are one.
fn blocks(text: &str) -> Vec<Value> {
    Markup::parse(text).blocks(text).map(|block| self::block(&block)).collect()
}

fn block(block: &Block<'_>) -> Value {
    let mut made = Map::new();
    match block.kind {
        BlockKind::Paragraph => drop(made.insert("p".into(), runs(block))),
        BlockKind::Item { indent, number } => {
            drop(made.insert("item".into(), runs(block)));
            number.map(|number| made.insert("number".into(), json!(number)));
            (indent > 0).then(|| made.insert("indent".into(), json!(indent)));
        }
        BlockKind::Code { language } => {
            drop(made.insert("code".into(), json!(block.words())));
            (!language.is_empty()).then(|| made.insert("language".into(), json!(language)));
        }
    }
    (block.quote > 0).then(|| made.insert("quote".into(), json!(block.quote)));
    Value::Object(made)
}

fn runs(block: &Block<'_>) -> Value {
    let mut made: Vec<(Map<String, Value>, String)> = Vec::new();
    for run in block.runs() {
        let looks = looks(&run);
        match made.last_mut() {
            Some((before, text)) if *before == looks => text.push_str(run.text),
            _ => made.push((looks, run.text.to_owned())),
        }
    }
    let written = made.into_iter().map(|(mut looks, text)| {
        if looks.is_empty() {
            return json!(text);
        }
        drop(looks.insert("text".into(), json!(text)));
        Value::Object(looks)
    });
    written.collect()
}

fn looks(run: &Run<'_>) -> Map<String, Value> {
    let flags = [
        ("bold", run.style.bold),
        ("italic", run.style.italic),
        ("strike", run.style.strike),
        ("code", run.kind == RunKind::Code),
        ("mention", run.kind == RunKind::Mention),
    ];
    let mut looks: Map<String, Value> =
        flags.into_iter().filter(|(_, set)| *set).map(|(name, _)| (name.into(), json!(true))).collect();
    if let Some(link) = run.link {
        drop(looks.insert("link".into(), json!(markup::address(link.to))));
        link.leads.map(|host| looks.insert("leads".into(), json!(host)));
    }
    looks
}
