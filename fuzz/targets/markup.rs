//! Any text as a message: reading it is bounded, loses no letter and opens nothing but the web.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snug_core::markup::{self, BlockKind, DEPTH, Markup, NODES};

fuzz_target!(|text: &str| {
    let markup = Markup::parse(text);
    let mut nodes = 0;
    for block in markup.blocks(text) {
        assert!(block.quote <= DEPTH);
        assert!(!matches!(block.kind, BlockKind::Item { indent, .. } if indent > DEPTH));
        for run in block.runs() {
            nodes += 1;
            assert!(!run.text.is_empty());
            let opens = run.link.map(|link| markup::address(link.to));
            assert!(opens.is_none_or(|to| to.is_some_and(|to| to.starts_with("http"))));
        }
    }
    assert!(nodes <= 2 * NODES, "{nodes} runs");
    let _ = markup.seen(text);
});
