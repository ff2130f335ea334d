//! The server goes away, comes back, and wants to be left alone: nothing is lost and nothing is doubled.

use std::{io::Write, thread, time::Duration};

use serde_json::Value;

use super::world::{Running, Server, answer, scripted, snug, until};

#[test]
fn kills_of_the_server_lose_nothing_and_double_nothing_on_either_end_of_a_pipe() {
    const LINES: usize = 120;
    let mut server = Server::start();
    let _ = server.send("ops", "before");
    let tail = Running::start(server.snug(&["tail", "ops", "--json"]));
    until("it follows", || tail.out().len() == 1);
    let mut send = Running::start(server.snug(&["send", "ops", "--lines", "--as", "ci", "--json"]));
    let mut input = send.input();
    let lines: Vec<String> = (0..LINES).map(|number| format!("line {number}")).collect();
    let (said, feeder) = (
        lines.clone(),
        thread::spawn(move || {
            for line in lines {
                writeln!(input, "{line}").unwrap();
            }
        }),
    );
    for kill in 1..=4 {
        until("some are through", || send.out().len() >= kill * LINES / 6);
        server.restart();
    }
    feeder.join().unwrap();
    assert!(send.ended().success(), "{}", send.err());
    // What follows the past is live, and so is this.
    let last = server.send("ops", "after");
    until("all of it is tailed", || tail.out().last().is_some_and(|line| line.contains("\"after\"")));

    let stored = server.entries("ops");
    let texts: Vec<&str> = stored.iter().map(|entry| entry["message"].as_str().unwrap()).collect();
    let wanted: Vec<&str> =
        ["before"].into_iter().chain(said.iter().map(String::as_str)).chain(["after"]).collect();
    assert_eq!(texts, wanted, "each once, in order");
    let keys = |entries: Vec<Value>| -> Vec<(u64, Value)> {
        entries.into_iter().map(|entry| (entry["seq"].as_u64().unwrap(), entry["id"].clone())).collect()
    };
    let parsed = |lines: Vec<String>| lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (tailed, sent) = (keys(parsed(tail.out())), keys(parsed(send.out())));
    let stored = keys(stored);
    assert_eq!(tailed, stored, "each once, in order");
    assert_eq!(sent, stored[1..=LINES], "what was printed as stored is stored");
    assert_eq!(last["seq"], stored.len());
    assert!(
        tail.err().contains("Trying again.") && tail.err().contains("Connected again."),
        "{}",
        tail.err()
    );
}

#[test]
fn another_history_at_the_same_place_is_told_and_read_from_its_beginning() {
    let mut server = Server::start();
    for text in ["one", "two"] {
        let _ = server.send("ops", text);
    }
    let tail = Running::start(server.snug(&["tail", "ops"]));
    until("the past is read", || tail.out().len() == 2);
    server.start_anew();
    for text in ["three", "four", "five"] {
        let _ = server.send("ops", text);
    }
    until("the new one is read", || tail.out().len() == 5);
    let texts: Vec<String> =
        tail.out().iter().map(|line| line.rsplit_once(": ").unwrap().1.to_owned()).collect();
    assert_eq!(texts, ["one", "two", "three", "four", "five"]);
    assert!(tail.err().contains("a new history"), "{}", tail.err());
}

#[test]
fn a_room_that_is_not_there_yet_is_waited_for() {
    let mut server = Server::start();
    let tail = Running::start(server.snug(&["tail", "ops", "--json"]));
    until("it waits", || tail.err().contains("Nobody has said anything in ops yet"));
    server.restart();
    let _ = server.send("ops", "one");
    until("it is heard", || tail.out().len() == 1);
    server.restart();
    let _ = server.send("ops", "two");
    until("it is heard once", || tail.out().len() == 2);
    assert!(tail.out()[1].contains("\"two\""), "{:?}", tail.out());
}

#[test]
fn more_than_the_rate_allows_is_sent_as_fast_as_it_does() {
    let server = Server::with_rate_limit("on");
    let mut send = Running::start(server.snug(&["send", "ops", "--lines", "--as", "ci"]));
    let lines: Vec<String> = (0..30).map(|number| number.to_string()).collect();
    send.input().write_all(lines.join("\n").as_bytes()).unwrap();
    assert!(send.ended().success(), "{}", send.err());
    assert_eq!(send.err(), "", "waiting as one was told is nothing to speak of");
    assert_eq!(server.messages("ops"), lines);
}

const ENTRY: &str =
    r#"{"type":"chat_message","seq":1,"id":"{id}","at":1,"user":"ci","by":"h:ci","message":"hi"}"#;

fn refusal(code: &str, retry_after_ms: &str) -> String {
    format!(r#"{{"type":"error","code":"{code}","message":"No \u001b[2J."{retry_after_ms}}}"#)
}

#[test]
fn a_try_after_a_refusal_has_the_same_id_and_waits_as_it_was_told() {
    let in_body = refusal("rate_limited", r#","retry_after_ms":1100"#);
    let (server, heard) = scripted(vec![
        answer("429 Too Many Requests", "Retry-After: 7\r\n", &in_body),
        answer("503 Service Unavailable", "Retry-After: 2\r\n", &refusal("unavailable", "")),
        String::new(),
        answer("201 Created", "", ENTRY),
    ]);
    let output = snug(server, &["send", "ops", "hi", "--as", "ci", "--json"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let heard = heard.join().unwrap();
    assert!(heard.iter().all(|(_, body)| body == &heard[0].1), "{heard:?}");
    let waited = |n: usize| heard[n].0 - heard[n - 1].0;
    assert!(waited(1) >= Duration::from_millis(1_100), "the body is exact: {:?}", waited(1));
    assert!(waited(2) >= Duration::from_secs(2), "the header will do: {:?}", waited(2));
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(err, "snug: No \\u{1b}[2J. Trying again.\n", "once, and harmless");
}

#[test]
fn giving_up_says_whether_the_message_may_be_there() {
    let send = |answer: String| {
        let (server, heard) = scripted(vec![answer]);
        let output = snug(server, &["send", "ops", "hi", "--as", "ci", "--timeout", "0s"]).output().unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{output:?}");
        assert_eq!(heard.join().unwrap().len(), 1);
        String::from_utf8(output.stderr).unwrap()
    };
    let hung_up = send(String::new());
    assert!(hung_up.contains("“hi” may have been stored all the same."), "{hung_up}");
    let full = send(answer("503 Service Unavailable", "", &refusal("storage_full", "")));
    assert!(full.contains("may have been stored"), "{full}");
    let taken = send(answer("409 Conflict", "", &refusal("nickname_taken", "")));
    assert!(taken.contains("“hi” was not sent.") && taken.contains("--as NAME"), "{taken}");
    let later = send(answer(
        "429 Too Many Requests",
        "Retry-After: 18446744073709551615\r\n",
        &refusal("rate_limited", ""),
    ));
    assert!(later.contains("“hi” was not sent."), "{later}");
    let endless = refusal("not_allowed", "").replace("No", &"No, and no, ".repeat(5_000));
    let endless = send(answer("403 Forbidden", "", &endless));
    assert!(endless.lines().count() == 1 && endless.len() < 500, "{}", endless.len());
    let other = send(answer("200 OK", "", "<html>"));
    assert!(other.contains("isn’t a Snug server"), "{other}");
}
