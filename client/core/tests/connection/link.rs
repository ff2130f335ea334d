//! How a link ends, what is said about it, and the way back.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use snug_core::{
    api::{self, ApiError},
    connection::Event,
};
use snug_shared::{ErrorCode, ErrorFrame, ServerFrame};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::{
    common::app::{PATIENCE, at, nickname},
    fake::{accept, established, events, hear, is_over, listen, next, says, send, until},
};

#[tokio::test]
async fn it_comes_back_with_what_it_handed_out_last_and_with_its_seat() {
    let (listener, address) = listen().await;
    let mut events = events(address);
    let server = async {
        let mut socket = accept(&listener).await;
        let hello = hear(&mut socket).await;
        assert_eq!((hello["type"].as_str(), hello["resume"].is_null()), (Some("hello"), true));
        send(&mut socket, established(2, false)).await;
        let entries = serde_json::json!({"type": "entries", "entries": [says(1), says(2)], "live": true});
        send(&mut socket, entries).await;
        send(&mut socket, says(3)).await;
        drop(socket);
        let mut socket = accept(&listener).await;
        let hello = hear(&mut socket).await;
        let id = uuid::Uuid::from_u128(3).to_string();
        assert_eq!(hello["resume"], serde_json::json!({"epoch": "a".repeat(32), "after": 3, "id": id}));
        assert_eq!(hello["seat"], "a-seat");
        // Not resumed, and gone before anything of the new history came: what was seen before still counts.
        send(&mut socket, established(50, false)).await;
        drop(socket);
        let mut socket = accept(&listener).await;
        assert_eq!(hear(&mut socket).await["resume"]["after"], 3);
    };
    let client = async {
        loop {
            if let Event::Offline { reason, .. } = next(&mut events).await {
                assert!(reason.contains("lost"), "{reason}");
            }
        }
    };
    tokio::select! { () = server => {}, () = client => {} }
}

#[tokio::test]
async fn each_close_code_has_its_words_and_its_way_back() {
    for (code, comes_back) in [
        (1000, false),
        (1001, true),
        (1002, false),
        (1003, false),
        (1007, false),
        (1009, false),
        (1012, true),
        (1013, true),
        (4000, false),
        (4001, false),
        (4002, false),
        (4003, false),
        (4004, false),
        (4005, false),
        (4006, false),
        (4007, true),
        (4008, true),
        (4009, true),
        (4010, false),
        (4011, true),
        (4999, true),
    ] {
        let (listener, address) = listen().await;
        let mut events = events(address);
        let server = async {
            let mut socket = accept(&listener).await;
            let _ = hear(&mut socket).await;
            let suggestion = Some(nickname("maya2"));
            let error = ErrorFrame { suggestion, ..ErrorFrame::new(ErrorCode::NicknameTaken, "Taken.") };
            if code == 4003 {
                send(&mut socket, ServerFrame::Error(error).to_json()).await;
            }
            let frame = CloseFrame { code: CloseCode::from(code), reason: "".into() };
            socket.close(Some(frame)).await.unwrap();
            std::future::pending::<()>().await;
        };
        let over = tokio::select! { () = server => unreachable!("it waits"), over = until(&mut events, is_over) => over };
        match over {
            Event::Offline { reason, retry_at } => {
                assert!(comes_back && !reason.is_empty(), "{code}");
                assert!(retry_at <= Instant::now() + Duration::from_secs(6), "{code}");
            }
            Event::Stopped { reason, suggestion } => {
                assert!(!comes_back && !reason.is_empty(), "{code}");
                assert_eq!(suggestion.is_some(), code == 4003);
            }
            _ => unreachable!("filtered"),
        }
    }
}

#[tokio::test]
async fn flood_waits_as_long_as_the_server_says_but_no_longer_than_a_minute() {
    for (asked, least, most) in [(0, 0.3, 1.0), (3_000, 2.0, 3.5), (1_000_000_000_000, 55.0, 60.5)] {
        let (listener, address) = listen().await;
        let mut events = events(address);
        let server = async {
            let mut socket = accept(&listener).await;
            send(&mut socket, established(0, false)).await;
            let retry_after_ms = Some(asked);
            let error =
                ErrorFrame { retry_after_ms, ..ErrorFrame::new(ErrorCode::RateLimited, "Slow down.") };
            send(&mut socket, ServerFrame::Error(error).to_json()).await;
            let frame = CloseFrame { code: CloseCode::from(4009), reason: "".into() };
            socket.close(Some(frame)).await.unwrap();
            std::future::pending::<()>().await;
        };
        let over = tokio::select! { () = server => unreachable!("it waits"), over = until(&mut events, is_over) => over };
        let Event::Offline { reason, retry_at } = over else { panic!("it stopped") };
        let pause = retry_at.saturating_duration_since(Instant::now()).as_secs_f64();
        assert!((least..most).contains(&pause), "{asked} became {pause}");
        assert_eq!(reason, "Slow down.");
    }
}

#[tokio::test]
async fn where_nothing_listens_the_sentence_says_what_to_look_at() {
    let (listener, address) = listen().await;
    drop(listener);
    let mut events = events(address);
    let Event::Offline { reason, .. } = until(&mut events, is_over).await else { panic!("it stopped") };
    assert_eq!(
        reason,
        format!(
            "Nothing answers at {address}. Is the server running? Its firewall must allow TCP port {}.",
            address.port()
        )
    );
    assert!(matches!(api::rooms(at(address)).await, Err(ApiError::Unreachable(..))));
}

#[tokio::test]
async fn what_is_stopped_is_tried_again_only_when_asked() {
    let (listener, address) = listen().await;
    let mut events = events(address);
    let refuse = async || {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4_096];
        let _ = stream.read(&mut request).await.unwrap();
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    };
    let Event::Connecting { handle } = next(&mut events).await else { panic!("something came before") };
    let ((), stopped) = tokio::join!(refuse(), next(&mut events));
    assert!(matches!(stopped, Event::Stopped { .. }));
    assert!(timeout(Duration::from_millis(300), events.next()).await.is_err(), "it came back by itself");
    handle.retry_now();
    assert!(matches!(next(&mut events).await, Event::Connecting { .. }));
}

#[tokio::test]
async fn a_stream_that_is_dropped_leaves_the_room_politely() {
    let (listener, address) = listen().await;
    let mut events = events(address);
    let server = tokio::spawn(async move {
        let mut socket = accept(&listener).await;
        let _ = hear(&mut socket).await;
        send(&mut socket, established(0, false)).await;
        loop {
            match timeout(PATIENCE, socket.next()).await.unwrap() {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| u16::from(frame.code)),
                Some(Ok(_)) => {}
                _ => return None,
            }
        }
    });
    let _ = until(&mut events, |event| matches!(event, Event::Online { .. })).await;
    drop(events);
    assert_eq!(server.await.unwrap(), Some(1000));
}

#[tokio::test]
async fn a_pause_asked_for_is_obeyed_only_with_the_close_it_belongs_to() {
    for (code, comes_back) in [(1013, true), (1001, true), (4007, true), (4001, false)] {
        for asked in [0, 1_000_000_000_000_u64] {
            let (listener, address) = listen().await;
            let mut events = events(address);
            let server = async {
                let mut socket = accept(&listener).await;
                send(&mut socket, established(0, false)).await;
                let error = ErrorFrame {
                    retry_after_ms: Some(asked),
                    ..ErrorFrame::new(ErrorCode::Unavailable, "Come back when I say so.")
                };
                send(&mut socket, ServerFrame::Error(error).to_json()).await;
                let frame = CloseFrame { code: CloseCode::from(code), reason: "".into() };
                socket.close(Some(frame)).await.unwrap();
                std::future::pending::<()>().await;
            };
            let over = tokio::select! { () = server => unreachable!("it waits"), over = until(&mut events, is_over) => over };
            match over {
                Event::Offline { retry_at, .. } => {
                    let pause = retry_at.saturating_duration_since(Instant::now()).as_secs_f64();
                    assert!(comes_back && (0.0..6.0).contains(&pause), "{code}, {asked}: {pause}");
                }
                Event::Stopped { .. } => assert!(!comes_back, "{code}"),
                _ => unreachable!("filtered"),
            }
        }
    }
}

#[tokio::test]
async fn a_pause_that_is_no_number_of_milliseconds_is_nonsense_and_the_usual_one_holds() {
    for asked in ["-1", "-1e300", "1.5", "1e400", "\"soon\"", "[60000]", "18446744073709551616"] {
        let (listener, address) = listen().await;
        let mut events = events(address);
        let server = async {
            let mut socket = accept(&listener).await;
            send(&mut socket, established(0, false)).await;
            let error = r#"{"type":"error","code":"rate_limited","message":"Slow down.","retry_after_ms":"#;
            send(&mut socket, format!("{error}{asked}}}")).await;
            let frame = CloseFrame { code: CloseCode::from(4009), reason: "".into() };
            socket.close(Some(frame)).await.unwrap();
            std::future::pending::<()>().await;
        };
        let over = tokio::select! { () = server => unreachable!("it waits"), over = until(&mut events, is_over) => over };
        let Event::Offline { reason, retry_at } = over else { panic!("it stopped") };
        let pause = retry_at.saturating_duration_since(Instant::now()).as_secs_f64();
        assert!((3.0..=5.0).contains(&pause), "{asked} became {pause}");
        assert_eq!(reason, "You sent too much too quickly.", "{asked}");
    }
}
