//! Servers that break the rules, and what is no server of ours.

use std::time::Instant;

use futures_util::SinkExt;
use snug::connection::Event;
use snug_shared::ServerFrame;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;

use crate::fake::{accept, established, events, hear, is_over, listen, says, send, until};

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
        ("301 Moved Permanently\r\nLocation: http://127.0.0.1:1/", "elsewhere", false),
        ("403 Forbidden", "let this app in", false),
        ("404 Not Found", "not a Snug server", false),
        ("421 Misdirected Request", "the name", false),
        ("426 Upgrade Required", "not a Snug server", false),
        ("429 Too Many Requests", "too many", true),
        ("503 Service Unavailable", "not ready", true),
        ("200 OK", "not a Snug server", false),
        ("101 Switching Protocols", "not a Snug server", false),
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
