//! What goes in, what comes out, and with which exit code.

use std::{
    io::Write,
    process::{Output, Stdio},
};

use serde_json::{Value, json};

use super::world::{Running, Server, json_lines, snug, until};

fn words(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn piped(server: &Server, more: &[&str], input: &[u8]) -> Output {
    let words = [&["send", "ops", "--as", "ci"], more].concat();
    let mut sending = server.snug(&words).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // What was refused early is not read to its end.
    let _ = sending.stdin.take().unwrap().write_all(input);
    sending.wait_with_output().unwrap()
}

#[test]
fn what_is_sent_is_tailed_as_a_line_for_people_and_as_the_json_of_the_api() {
    let server = Server::start();
    let sent = server.send("ops", "deploy\n\u{202e}done");
    assert_eq!(
        (&sent["seq"], &sent["by"], &sent["user"], &sent["message"]),
        (&json!(1), &json!("h:ci"), &json!("ci"), &json!("deploy\n\u{202e}done"))
    );
    let _ = server.send("ops", "and checked");
    let people = server.output(&["tail", "ops", "--no-follow"]);
    assert!(people.status.success() && people.stderr.is_empty(), "{people:?}");
    let people = String::from_utf8(people.stdout).unwrap();
    let lines: Vec<&str> = people.lines().map(|line| line.get(20..).unwrap_or(line)).collect();
    assert_eq!(
        lines,
        ["ci (automated): deploy", "    \\u{202e}done", "ci (automated): and checked"],
        "{people}"
    );

    let json = server.output(&["tail", "ops", "--no-follow", "--json"]);
    let json = String::from_utf8(json.stdout).unwrap();
    let raw = server.raw_stream("/api/rooms/ops/stream?after=0", json.lines().last().unwrap());
    assert_eq!(json, raw, "byte for byte");
}

#[test]
fn the_newest_ten_come_first_or_as_many_as_asked_for() {
    let server = Server::start();
    let lines: String = (1..=15).map(|number| format!("{number}\n")).collect();
    assert!(piped(&server, &["--lines"], lines.as_bytes()).status.success());
    for (count, first) in [(None, 6), (Some("3"), 13), (Some("0"), 16), (Some("99"), 1)] {
        let mut words = vec!["tail", "ops", "--no-follow", "--json"];
        words.extend(count.into_iter().flat_map(|count| ["-n", count]));
        let seqs: Vec<Value> =
            json_lines(&server.output(&words).stdout).iter().map(|entry| entry["seq"].clone()).collect();
        assert_eq!(seqs, (first..=15).map(|seq| json!(seq)).collect::<Vec<_>>(), "{count:?}");
    }
}

#[test]
fn since_begins_with_the_first_entry_of_that_time() {
    let server = Server::start();
    let lines: String = (1..=40).map(|number| format!("{number}\n")).collect();
    assert!(piped(&server, &["--lines"], lines.as_bytes()).status.success());
    let all = server.entries("ops");
    let since = |when: &str| {
        let output = server.output(&["tail", "ops", "--no-follow", "--json", "--since", when]);
        assert!(output.status.success(), "{output:?}");
        json_lines(&output.stdout)
    };
    for of in [0, 1, 17, 39] {
        let at = all[of]["at"].as_i64().unwrap();
        let first = all.iter().position(|entry| entry["at"].as_i64().unwrap() >= at).unwrap();
        let time = jiff::Timestamp::from_millisecond(at).unwrap().to_string();
        assert_eq!(since(&time), all[first..], "{time}");
    }
    assert_eq!(since("10m"), all);
    assert!(since("2100-01-01T00:00:00Z").is_empty());
}

#[test]
fn standard_input_is_one_message_or_one_a_line() {
    let server = Server::start();
    for (more, input) in [
        (&[][..], &b"\x1b[32mok\x1b[0m   42 tests\n\nall green\n"[..]),
        (&["--lines"], b"one\r\n\n \ntwo \xff\nthree"),
    ] {
        let output = piped(&server, more, input);
        assert!(
            output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(),
            "{output:?}"
        );
    }
    assert_eq!(server.messages("ops"), ["ok   42 tests\n\nall green", "one", "two \u{fffd}", "three"]);
}

#[test]
fn long_input_is_cut_without_loss_and_too_long_input_is_refused_whole() {
    let server = Server::start();
    let log: String = (0..2_000).map(|number| format!("step {number} done\n")).collect();
    assert!(piped(&server, &[], log.as_bytes()).status.success());
    let messages = server.messages("ops");
    assert!(messages.len() > 1);
    assert_eq!(messages.join("\n"), log.trim_end());
    for much in [log.repeat(4), "x".repeat(1 << 21)] {
        let refused = piped(&server, &[], much.as_bytes());
        assert_eq!(refused.status.code(), Some(1));
        assert!(words(&refused).contains("nothing was sent"), "{refused:?}");
    }
    for nothing in [&b""[..], b"\n \n"] {
        let refused = piped(&server, &[], nothing);
        assert_eq!(refused.status.code(), Some(1));
        assert_eq!(words(&refused), "snug: There was nothing to send.\n");
    }
    assert_eq!(server.messages("ops"), messages);
}

#[test]
fn rooms_are_a_table_or_json() {
    let server = Server::start();
    let none = server.output(&["rooms"]);
    assert!(none.status.success() && none.stdout.is_empty() && words(&none).contains("no rooms"), "{none:?}");
    let sent = server.send("tea", "hi");
    let table = String::from_utf8(server.output(&["rooms"]).stdout).unwrap();
    assert_eq!(table, "ROOM  PEOPLE  LAST SAID  TOPIC\ntea   0       just now\n");
    let rooms = json_lines(&server.output(&["rooms", "--json"]).stdout);
    assert_eq!(rooms, [json!({"room": "tea", "members": 0, "last": 1, "last_at": sent["at"]})]);
}

#[test]
fn the_doctor_ends_with_0_when_all_is_well_and_with_1_for_a_finding() {
    let server = Server::start();
    let address = server.address.to_string();
    let well = server.output(&["doctor", &address]);
    let text = String::from_utf8(well.stdout.clone()).unwrap();
    assert_eq!((well.status.code(), words(&well)), (Some(0), String::new()), "{text}");
    assert!(text.contains("✓ ") && !text.contains('✗') && text.contains("All is well: "), "{text}");

    let lines = json_lines(&server.output(&["doctor", &address, "--json"]).stdout);
    let steps: Vec<&str> = lines.iter().filter_map(|line| line["step"].as_str()).collect();
    assert_eq!(steps, ["network", "name", "way", "connection", "answer"]);
    let verdict = lines.last().unwrap();
    assert_eq!(
        (&verdict["verdict"], &verdict["ok"], &verdict["do"]),
        (&json!("well"), &json!(true), &json!([]))
    );
    assert!(lines.iter().all(|line| line["says"].is_string()), "{lines:?}");

    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let finding = server.output(&["doctor", &unused]);
    let text = String::from_utf8(finding.stdout).unwrap();
    assert_eq!((finding.status.code(), finding.stderr.len()), (Some(1), 0), "{text}");
    assert!(text.contains("✗ Nothing listens on port"), "{text}");
}

#[test]
fn a_refusal_ends_with_1_a_misuse_with_2_and_both_say_why() {
    let server = Server::start();
    let nobody = server.output(&["send", "ops", "hi"]);
    assert_eq!(
        (nobody.status.code(), words(&nobody)),
        (Some(1), "snug: Give a nickname: --as NAME.\n".to_owned())
    );
    for misuse in [
        &["send"][..],
        &["send", "a/b", "hi"],
        &["send", "ops", "hi", "--as", "server"],
        &["send", "ops", "hi", "--lines"],
        &["send", "ops", "hi", "--timeout", "soon"],
        &["tail", "ops", "--since", "soon"],
        &["tail", "ops", "--since", "1h", "-n", "3"],
        &["rooms", "--server", "a b"],
        &["doctor", "a b"],
        &["--join", "lab.local", "rooms"],
    ] {
        let output = server.output(misuse);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{output:?}");
        assert!(words(&output).contains("error: "), "{output:?}");
    }
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for asked in [&["rooms"][..], &["tail", "ops"], &["send", "ops", "hi", "--as", "ci", "--timeout", "0s"]] {
        let output = snug(unused, asked).output().unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{output:?}");
        assert!(words(&output).contains(&format!("Nothing answers at {unused}")), "{output:?}");
    }
}

#[test]
fn the_server_and_the_name_are_those_the_app_used_last() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let recent = json!([{"server": server.address.to_string(), "room": "tea", "nickname": "Maya", "at": 1}]);
    let settings = json!({"nickname": "Maya", "recent": recent});
    std::fs::write(home.path().join("settings.json"), settings.to_string()).unwrap();
    for words in [&["send", "tea", "hi"][..], &["send", "tea", "ho", "--as", "ci"]] {
        let mut command = server.snug(words);
        let output = command.env_remove("SNUG_SERVER").arg("--data-dir").arg(home.path()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    let by: Vec<Value> = server.entries("tea").iter().map(|entry| entry["by"].clone()).collect();
    assert_eq!(by, [json!("h:Maya"), json!("h:ci")]);
}

#[test]
fn a_reader_that_has_had_enough_ends_it_quietly() {
    let server = Server::start();
    let _ = server.send("ops", "one");
    let mut command = server.snug(&["tail", "ops"]);
    let mut tail = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(tail.stdout.take());
    // It finds out by writing.
    let _ = server.send("ops", "two");
    let output = tail.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");

    let mut command = server.snug(&["rooms", "--server", "127.0.0.1:1"]);
    let mut rooms = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(rooms.stderr.take());
    assert_eq!(rooms.wait().unwrap().code(), Some(1), "nobody hears why, and it ends all the same");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_with_130() {
    let server = Server::start();
    let _ = server.send("ops", "one");
    let mut tail = Running::start(server.snug(&["tail", "ops"]));
    until("it follows", || tail.out().len() == 1);
    tail.interrupt();
    assert_eq!(tail.ended().code(), Some(130));
    assert_eq!(tail.err(), "");
}
