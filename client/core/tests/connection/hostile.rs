//! Servers that break the rules, and what is no server of ours.

use std::{future::Future, net::SocketAddr, time::Instant};

use futures_util::{SinkExt, future::join_all};
use snug_core::{
    api::{self, ApiError},
    connection::Event,
};
use snug_shared::ServerFrame;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{Duration, sleep},
};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    common::app::at,
    fake::{accept, established, events, hear, is_over, listen, says, send, until},
};

#[tokio::test]
async fn frames_arrive_in_order_and_nonsense_between_them_is_passed_over() {
    let (listener, address) = listen().await;
    let mut events = events(address);
    let server = tokio::spawn(async move {
        let mut socket = accept(&listener).await;
        send(&mut socket, says(9)).await;
        send(&mut socket, established(0, false)).await;
        send(&mut socket, established(0, false)).await;
        for seq in 1..=1_200 {
            send(&mut socket, says(seq)).await;
            if seq % 100 == 0 {
                for junk in
                    ["", "[", "{}", "null", r#"{"type":"later"}"#, r#"{"type":"pong"}"#, r#"{"seq":0}"#]
                {
                    send(&mut socket, junk).await;
                }
                socket.send(Message::binary(vec![0, 1, 2])).await.unwrap();
                socket.send(Message::Ping(vec![1].into())).await.unwrap();
            }
        }
        let _ = hear(&mut socket).await;
        socket
    });
    let mut seqs = Vec::new();
    while seqs.len() < 1_200 {
        let Event::Received(frames) = until(&mut events, |event| matches!(event, Event::Received(_))).await
        else {
            continue;
        };
        assert!(frames.len() <= 500);
        seqs.extend(frames.iter().filter_map(|frame| match frame {
            ServerFrame::Line(line) => Some(line.seq()),
            _ => None,
        }));
    }
    assert_eq!(seqs, (1..=1_200).collect::<Vec<u64>>());
    server.abort();
}

#[tokio::test]
async fn a_server_that_only_talks_nonsense_is_left_and_tried_again_later() {
    let (listener, address) = listen().await;
    let mut events = events(address);
    let server = tokio::spawn(async move {
        let mut socket = accept(&listener).await;
        loop {
            if socket.send(Message::text("nonsense")).await.is_err() {
                return;
            }
        }
    });
    let Event::Offline { retry_at, .. } = until(&mut events, is_over).await else { panic!("it stopped") };
    assert!(retry_at > Instant::now());
    server.abort();
}

#[tokio::test]
async fn a_frame_beyond_the_limit_ends_the_link() {
    let (listener, address) = listen().await;
    let mut events = events(address);
    let server = tokio::spawn(async move {
        let mut socket = accept(&listener).await;
        let _ = socket.send(Message::text("x".repeat(2 << 20))).await;
        std::future::pending::<()>().await;
    });
    assert!(matches!(until(&mut events, is_over).await, Event::Offline { .. }));
    server.abort();
}

#[tokio::test]
async fn refusals_over_http_are_sentences_and_redirects_are_not_followed() {
    for (status, words, comes_back) in [
        ("301 Moved Permanently\r\nLocation: http://127.0.0.1:1/", "another address", false),
        ("403 Forbidden", "accept this app", false),
        ("404 Not Found", "isn’t a Snug server", false),
        ("421 Misdirected Request", "the name", false),
        ("426 Upgrade Required", "isn’t a Snug server", false),
        ("429 Too Many Requests", "too many", true),
        ("503 Service Unavailable", "isn’t ready", true),
        ("200 OK", "isn’t a Snug server", false),
        ("101 Switching Protocols", "isn’t a Snug server", false),
    ] {
        let (listener, address) = listen().await;
        let mut events = events(address);
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4_096];
            let _ = stream.read(&mut request).await.unwrap();
            let response = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(response.as_bytes()).await.unwrap();
            std::future::pending::<()>().await;
        };
        let over = tokio::select! { () = server => unreachable!("it waits"), over = until(&mut events, is_over) => over };
        let (reason, came_back) = match over {
            Event::Offline { reason, .. } => (reason, true),
            Event::Stopped { reason, .. } => (reason, false),
            _ => unreachable!("filtered"),
        };
        assert!(reason.contains(words) && came_back == comes_back, "{status}: {reason}");
    }
}

#[tokio::test]
async fn what_breaks_the_rules_of_websockets_ends_the_link_which_is_tried_again_later() {
    let too_many = [&[0x01, 126, 0x04, 0x00][..], &[b'x'; 1_024]].concat();
    let next = [&[0x00, 126, 0x04, 0x00][..], &[b'x'; 1_024]].concat();
    let unending = [too_many, next.repeat(300)].concat();
    for (what, bytes) in [
        ("a frame that announces 64 MiB", [&[0x81, 127][..], &(64_u64 << 20).to_be_bytes()].concat()),
        ("a frame that announces 2^63", [&[0x81, 127][..], &(1_u64 << 63).to_be_bytes()].concat()),
        ("fragments without an end", unending),
        ("text that is no UTF-8", vec![0x81, 2, 0xC0, 0xAF]),
        ("half a surrogate", vec![0x81, 3, 0xED, 0xA0, 0x80]),
        ("a masked frame", vec![0x81, 0x82, 1, 2, 3, 4, b'{' ^ 1, b'}' ^ 2]),
        ("a reserved bit", vec![0xC1, 2, b'{', b'}']),
        ("a frame of no known kind", vec![0x83, 0]),
        ("a fragment of nothing", vec![0x80, 1, b'x']),
        ("a ping in fragments", vec![0x09, 0]),
        ("a ping of 126 bytes", [&[0x89, 126, 0, 126][..], &[0; 126]].concat()),
        ("a close of one byte", vec![0x88, 1, 3]),
        ("bytes and nothing but bytes", [0x82, 1, 0].repeat(17)),
    ] {
        let (listener, address) = listen().await;
        let mut events = events(address);
        let server = async {
            let mut socket = accept(&listener).await;
            send(&mut socket, established(0, false)).await;
            let _ = socket.get_mut().write_all(&bytes).await;
            std::future::pending::<()>().await;
        };
        let over = tokio::select! { () = server => unreachable!("it waits"), over = until(&mut events, is_over) => over };
        let Event::Offline { reason, retry_at } = over else { panic!("{what} stopped it") };
        assert!(reason.contains("can’t understand"), "{what}: {reason}");
        assert!(retry_at > Instant::now(), "{what}");
    }
}

/// A server whose every connection is answered by `answer`.
async fn answering<F: Future<Output = ()> + Send>(
    answer: impl Fn(TcpStream) -> F + Send + Sync + 'static,
) -> (SocketAddr, JoinSet<()>) {
    let (listener, address) = listen().await;
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        loop {
            answer(listener.accept().await.unwrap().0).await;
        }
    });
    (address, serving)
}

#[tokio::test]
async fn what_is_no_server_of_ours_is_said_to_be_none_and_not_tried_again() {
    let upgrade = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    let page =
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{}", "<p>Hello</p>".repeat(100_000));
    for (what, answer) in [
        ("a page of HTML", page),
        (
            "a page of HTML without an end",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n".into(),
        ),
        ("a banner of SSH", "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n".into()),
        ("a greeting of mail", "220 mail.example ESMTP\r\n\r\n".into()),
        ("a complaint of Redis", "-ERR wrong number of arguments\r\n\r\n".into()),
        ("a refusal of TLS", "\u{15}\u{3}\u{3}\0\u{2}\u{2}F\r\n\r\n".into()),
        ("an upgrade without its proof", format!("{upgrade}\r\n")),
        (
            "an upgrade with another proof",
            format!("{upgrade}Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
        ),
        ("a thousand headers", format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(1_000))),
        ("a header of 1 MiB", format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(1 << 20))),
    ] {
        let (address, _serving) = answering(move |mut stream| {
            let answer = answer.clone();
            async move {
                let _ = stream.read(&mut [0; 4_096]).await;
                let _ = stream.write_all(answer.as_bytes()).await;
                sleep(Duration::from_secs(60)).await;
            }
        })
        .await;
        let over = until(&mut events(address), is_over).await;
        let Event::Stopped { reason, .. } = over else { panic!("{what}: {over:?}") };
        assert!(reason.contains("isn’t a Snug server"), "{what}: {reason}");
    }
}

#[tokio::test]
async fn who_says_nothing_or_drips_is_not_waited_for_without_end() {
    async fn waits_for(what: &str, words: &str, address: SocketAddr) {
        let over = until(&mut events(address), is_over).await;
        let Event::Offline { reason, .. } = over else { panic!("{what}: {over:?}") };
        assert!(reason.contains(words), "{what}: {reason}");
    }
    let (silent, _silent) = answering(|stream| async move {
        let _stream = stream;
        sleep(Duration::from_secs(60)).await;
    })
    .await;
    let (dripping, _dripping) = answering(|mut stream| async move {
        for byte in "HTTP/1.1 101 Switching Protocols\r\n".bytes().chain(std::iter::repeat(b'x')) {
            if stream.write_all(&[byte]).await.is_err() {
                return;
            }
            sleep(Duration::from_millis(300)).await;
        }
    })
    .await;
    let (listener, greeting_nobody) = listen().await;
    let mut quiet = JoinSet::new();
    quiet.spawn(async move {
        let mut socket = accept(&listener).await;
        // What is said before the greeting, and pings, are no greeting.
        loop {
            send(&mut socket, says(1)).await;
            socket.send(Message::Ping(Vec::new().into())).await.unwrap();
            sleep(Duration::from_millis(300)).await;
        }
    });
    let (gone, _gone) = answering(|stream| async move { drop(stream) }).await;
    let all = [
        ("silence", "takes too long to answer", silent),
        ("a byte now and then", "takes too long to answer", dripping),
        ("no greeting", "doesn’t answer as expected", greeting_nobody),
        ("a door shut at once", "hung up", gone),
    ];
    let _: Vec<()> = join_all(all.map(|(what, words, address)| waits_for(what, words, address))).await;
}

#[tokio::test]
async fn a_list_of_rooms_that_is_none_is_said_to_be_no_servers_of_ours() {
    let ok = |body: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    for (what, answer) in [
        ("a page", ok("<!doctype html><title>Router</title>")),
        ("nothing", ok("")),
        ("a list", ok("[]")),
        ("rooms that are no list", ok(r#"{"rooms":7}"#)),
        ("a room with a bad name", ok(r#"{"rooms":[{"room":"a\u202eb","members":0,"last":0,"last_at":0}]}"#)),
        ("more members than can be", ok(r#"{"rooms":[{"room":"tea","members":-1,"last":0,"last_at":0}]}"#)),
        ("60,000 brackets", ok(&"[".repeat(60_000))),
        ("2 MiB", ok(&format!(r#"{{"rooms":[],"x":"{}"}}"#, "x".repeat(2 << 20)))),
        (
            "2 MiB in chunks",
            format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}",
                format!("10000\r\n{}\r\n", " ".repeat(0x10000)).repeat(32)
            ),
        ),
        (
            "a redirect",
            "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/api/rooms\r\nContent-Length: 0\r\n\r\n"
                .into(),
        ),
        ("a banner of SSH", "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n".into()),
    ] {
        let (address, _serving) = answering(move |mut stream| {
            let answer = answer.clone();
            async move {
                let _ = stream.read(&mut [0; 4_096]).await;
                let _ = stream.write_all(answer.as_bytes()).await;
                sleep(Duration::from_secs(60)).await;
            }
        })
        .await;
        let rooms = api::rooms(at(address)).await;
        assert_eq!(rooms, Err(ApiError::NotSnug(address.to_string())), "{what}");
    }
}
