//! The app's program has the commands for scripts as well, hosts rooms, and does both without a window.

#![allow(clippy::unwrap_used, reason = "helpers may panic as tests do")]

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

#[test]
fn the_commands_are_in_the_app_and_need_no_display() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_snug"));
    let _ = command.args(["rooms", "--server", "127.0.0.1:1"]).stdin(Stdio::null());
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
        let _ = command.env_remove(name);
    }
    let output =
        command.env("SNUG_HOME", std::env::temp_dir().join("snug-nobody-was-here")).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("Nothing answers at 127.0.0.1:1"), "{output:?}");
}

/// Runs `snug host` on a data folder until it says where; gives its port and its id.
fn hosted(folder: &std::path::Path, port: &[&str]) -> (u16, serde_json::Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_snug"));
    let _ = command.args(["host", "--data-dir"]).arg(folder).args(port).stdin(Stdio::null());
    // The network of whoever runs the tests is not told.
    let _ = command.env("SNUG_ANNOUNCE", "off");
    let mut hosting = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(hosting.stdout.take().unwrap()).lines().map_while(Result::ok);
    let port = lines.find_map(|line| line.strip_prefix("Hosting on port ")?.parse().ok()).unwrap();
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    let request = format!("GET /api/server HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
    let answer = std::io::read_to_string(stream).unwrap();
    let body = answer.split("\r\n\r\n").nth(1).unwrap();
    let id = serde_json::from_str::<serde_json::Value>(body).unwrap()["id"].clone();
    let _ = hosting.kill();
    let _ = hosting.wait();
    (port, id)
}

#[test]
fn hosting_without_a_window_keeps_its_identity_and_the_port_it_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let (_, first) = hosted(folder.path(), &[]);
    let free = std::net::TcpListener::bind("0.0.0.0:0").unwrap().local_addr().unwrap().port();
    let (port, second) = hosted(folder.path(), &["--port", &free.to_string()]);
    assert_eq!((port, second), (free, first));
}
