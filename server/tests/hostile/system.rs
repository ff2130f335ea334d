//! What a hostile client must not make the program do: keep descriptors, or call anybody.

use std::{fs, time::Duration};

use serde_json::json;
use snug_shared::{ClientFrame, Seq, ServerFrame};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use crate::{
    PATIENCE,
    common::{
        http::Raw,
        peer::Peer,
        process::{Around, Process},
    },
    hostile::wire::{Wire, frame, handshake, reset},
};

/// Resets at each moment of a connection's life.
const RESETS: usize = 200;
const MOMENTS: usize = 7;

#[tokio::test]
async fn a_thousand_resets_after_the_handshake_and_others_before_leak_no_descriptor() {
    let folder = tempfile::tempdir().unwrap();
    let server = Process::start(folder.path(), &["--rate-limit", "off"]);
    let mut maya = Peer::join(server.address, "tea", "maya").await;
    let mut jon = Peer::join(server.address, "tea", "jon").await;
    for moment in 0..MOMENTS {
        break_off(&server, moment).await;
    }
    let before = settled(&server, usize::MAX).await;
    for _ in 0..RESETS {
        for moment in 0..MOMENTS {
            break_off(&server, moment).await;
        }
    }
    let after = settled(&server, before).await;
    assert!(after <= before, "{after} descriptors after {} resets, {before} before", RESETS * MOMENTS);
    let said = maya.say("Do you hear me?").await;
    assert_eq!(jon.entry().await, said);
}

/// Ends a connection by a reset: two moments before it is a WebSocket, five after.
async fn break_off(server: &Process, moment: usize) {
    let connect = async || TcpStream::connect(server.address).await.unwrap();
    match moment {
        0 => reset(connect().await),
        1 => {
            let mut stream = connect().await;
            stream.write_all(b"GET /ws/chat/tea/eve HTTP/1.1\r\nHost: loc").await.unwrap();
            reset(stream);
        }
        2 => {
            let mut stream = connect().await;
            stream.write_all(handshake().as_bytes()).await.unwrap();
            reset(stream);
        }
        3 => Wire::open(server.address).await.reset(),
        4 => {
            let mut wire = Wire::open(server.address).await;
            wire.send(&frame(0x81, br#"{"type":"hello","version":1}"#)[..9]).await;
            wire.reset();
        }
        5 => {
            let mut wire = Wire::join(server.address).await;
            wire.send(&frame(0x01, b"{")).await;
            wire.reset();
        }
        _ => {
            let mut wire = Wire::join(server.address).await;
            wire.send(&frame(0x83, b"")).await;
            wire.reset();
        }
    }
}

/// How many descriptors are open once there are no more than `wanted`, or for half a second as many.
async fn settled(server: &Process, wanted: usize) -> usize {
    let (mut open, mut since) = (server.descriptors(), Instant::now());
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        let now = server.descriptors();
        if now < open {
            (open, since) = (now, Instant::now());
        }
        if open <= wanted && since.elapsed() > Duration::from_millis(500) {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    open
}

#[tokio::test]
async fn a_server_that_has_no_descriptor_left_takes_the_next_when_one_is_free() {
    if std::process::Command::new("prlimit").arg("--version").output().is_err() {
        println!("left out: prlimit is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let command = ["prlimit", "--nofile=64:64"].map(str::to_owned).into();
    let around = Around { command, ..Around::default() };
    let server = Process::start_under(around, folder.path(), &["--handshake-timeout", "60"]);
    let mut maya = Peer::join(server.address, "tea", "maya").await;
    let mut jon = Peer::join(server.address, "tea", "jon").await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(TcpStream::connect(server.address).await.unwrap());
    }
    let none_left = async {
        while server.descriptors() < 64 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, none_left).await.expect("it takes as many as it can");
    let said = maya.say("Do you hear me?").await;
    assert_eq!(jon.entry().await, said, "who is in talks on");
    maya.send(ClientFrame::History { before: Seq::MAX, limit: 10 }).await;
    let older = loop {
        match maya.next().await {
            ServerFrame::History { entries, .. } => break entries,
            ServerFrame::Error(error) => panic!("{error:?}"),
            _ => {}
        }
    };
    assert_eq!(older.len(), 1, "and reads what was said before");
    drop(silent);
    let mut zoe = Peer::join(server.address, "tea", "zoe").await;
    assert_eq!(zoe.say("I had to wait.").await, jon.entry().await);
}

#[tokio::test]
async fn nothing_that_is_said_makes_the_server_call_anybody() {
    if std::process::Command::new("strace").arg("--version").output().is_err() {
        println!("left out: strace is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let mut command: Vec<String> =
        ["strace", "-D", "-f", "-e", "trace=socket,connect,sendto,sendmsg", "-o"].map(str::to_owned).into();
    command.push(trace.display().to_string());
    let mut server = Process::start_under(Around { command, ..Around::default() }, folder.path(), &[]);

    let link = "http://127.0.0.1:9/cgi?http://evil.example/pixel.png";
    let mut maya = Peer::join(server.address, "tea", "maya").await;
    let said = maya.say(&format!("{link} ![]({link}) <img src={link}>")).await;
    assert_eq!(said.seq, 1);
    let body = json!({"user": "eve", "message": link, "webhook": link, "avatar": link}).to_string();
    for (line, headers, body) in [
        (
            "POST /api/rooms/tea/messages",
            vec![("Content-Type", "application/json"), ("X-Forwarded-For", "127.0.0.1")],
            &*body,
        ),
        (
            "GET /invite.svg?room=tea&link=http://127.0.0.1:9/",
            vec![("Referer", link), ("X-Forwarded-Host", "evil.example")],
            "",
        ),
        ("GET http://127.0.0.1:9/ ", vec![], ""),
        ("CONNECT 127.0.0.1:9", vec![], ""),
        ("GET /api/rooms/tea/messages?q=http://127.0.0.1:9/", vec![("Origin", "http://evil.example")], ""),
    ] {
        let mut raw = Raw::connect(server.address).await;
        raw.request(line, &headers, body).await;
        let _ = raw.response().await;
    }
    server.kill();

    // The trace ends some time after the program does.
    let started = Instant::now();
    let calls = loop {
        let calls = fs::read_to_string(&trace).unwrap();
        if calls.contains("+++ killed by SIGKILL +++") || started.elapsed() > PATIENCE {
            break calls;
        }
        sleep(Duration::from_millis(20)).await;
    };
    let to_the_network = |call: &&str| call.contains("AF_INET");
    let sockets: Vec<&str> = calls.lines().filter(to_the_network).collect();
    assert_eq!(sockets.len(), 1, "it listens, and opens nothing else: {sockets:?}");
    assert!(sockets[0].contains("socket(") && !calls.contains("connect("), "{calls}");
}
