//! The file: what is gone from it, how large it grows, and what becomes of a damaged one.

use std::{
    fs,
    time::{Duration, Instant},
};

use snug_core::history::{Bounds, Found, History};
use snug_shared::{Body, Line};
use tempfile::TempDir;

use super::made::{entry, has, name, of, recalled, said, server, text, words};

#[test]
fn a_deleted_or_edited_text_is_gone_from_the_files() {
    let folder = TempDir::new().unwrap();
    let history = History::open(folder.path());
    history.keep(&of("tea"), &[said(1, "maya", "a secret kettle"), said(2, "maya", "my hidden teapot")]);
    // A page that was read before the deletion may come after it.
    history.keep(&of("tea"), &[entry(9, "maya", Body::Deleted { target: 5 })]);
    history.keep(&of("tea"), &[said(5, "maya", "late misgivings")]);
    history.flush();
    assert!(has(folder.path(), "secret kettle") && has(folder.path(), "hidden teapot"));
    history.keep(
        &of("tea"),
        &[
            entry(3, "maya", Body::Edited { target: 1, text: Some(text("nothing")) }),
            entry(4, "maya", Body::Deleted { target: 2 }),
        ],
    );
    history.flush();
    for gone in ["secret", "teapot", "misgivings"] {
        assert!(history.search(&words(gone)).unwrap().messages.is_empty(), "{gone}");
    }
    let until = Instant::now() + Duration::from_secs(30);
    while ["secret", "teapot", "misgivings"].iter().any(|gone| has(folder.path(), gone)) {
        assert!(Instant::now() < until, "it is still there");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn the_oldest_messages_go_when_there_is_too_much() {
    let folder = TempDir::new().unwrap();
    let bounds = Bounds { bytes: 3 << 20 };
    let history = History::open_with(folder.path(), bounds);
    let long = "kettle ".repeat(60);
    for first in (1..12_000).step_by(400) {
        let lines: Vec<Line> = (first..first + 400).map(|seq| said(seq, "maya", &long)).collect();
        history.keep(&of("tea"), &lines);
        history.flush();
    }
    drop(history);
    let size = fs::metadata(folder.path().join("history.db")).unwrap().len();
    assert!(size < 2 * bounds.bytes, "{size}");
    let history = History::open_with(folder.path(), bounds);
    let recalled = history.recall(&server(), &name("tea"), None, 100_000).unwrap();
    assert_eq!(recalled.last, 12_000, "the newest are there");
    assert!(recalled.first > 1_000, "the oldest are not: {}", recalled.first);
    assert_eq!(recalled.lines.len() as u64, recalled.last - recalled.first + 1);
    assert_eq!(history.search(&words("kettle")).unwrap().messages.len(), 50);
}

#[test]
fn a_damaged_file_is_set_aside_and_another_begun() {
    for damage in [b"this is no database at all, and long enough to be looked at".repeat(100), Vec::new()] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("history.db");
        let history = History::open(folder.path());
        history.keep(&of("tea"), &[said(1, "maya", "kettle")]);
        drop(history);
        let mut content = fs::read(&path).unwrap();
        if damage.is_empty() {
            // The schema's page, whose header is whole.
            content[100..4_000].fill(0xff);
            fs::write(&path, &content).unwrap();
        } else {
            fs::write(&path, &damage).unwrap();
        }
        let history = History::open(folder.path());
        assert_eq!(recalled(&history, "tea"), []);
        let notice = history.notice().expect("a sentence");
        assert!(notice.contains("set aside"), "{notice}");
        assert!(folder.path().join("history.db.damaged").exists());
        history.keep(&of("tea"), &[said(1, "maya", "kettle")]);
        assert_eq!(recalled(&history, "tea"), [(1, Some("kettle".to_owned()))]);
    }
}

#[test]
fn a_file_of_another_program_is_left_alone_and_nothing_is_kept() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("history.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs(x)").unwrap();
    let before = fs::read(&path).unwrap();
    let history = History::open(folder.path());
    history.keep(&of("tea"), &[said(1, "maya", "kettle")]);
    assert_eq!(recalled(&history, "tea"), []);
    assert_eq!(history.search(&words("kettle")).unwrap(), Found::default());
    assert!(history.notice().is_some());
    drop(history);
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_the_history() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let history = History::open(folder.path());
    history.keep(&of("tea"), &[said(1, "maya", "kettle")]);
    history.flush();
    let files = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap());
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", file.file_name());
    }
}
