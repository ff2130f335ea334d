//! Names at the door: what is refused says why and ends with 4002; what is only spelled another way is the name it means.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use snug_shared::{CloseReason, ErrorCode, SUBPROTOCOL, ServerFrame, address::segment};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::{
    common::peer::{End, Peer, fresh},
    room::Room,
};

/// Knocks at a path and says hello: the error that came and the close, where there is one.
async fn knock(room: &Room, path: &str) -> (Option<(ErrorCode, String)>, Option<CloseReason>) {
    let address = room.server.address;
    let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut socket, _) = client_async(request, stream).await.unwrap();
    socket.send(Message::text(r#"{"type":"hello","version":1}"#)).await.unwrap();
    let mut error = None;
    loop {
        let frame = timeout(Duration::from_secs(30), socket.next()).await.expect("an answer");
        match frame.expect("a close comes before the end").unwrap() {
            Message::Text(json) => match ServerFrame::decode(&json).unwrap() {
                Some(ServerFrame::Error(refused)) => error = Some((refused.code, refused.message)),
                Some(ServerFrame::ConnectionEstablished(_)) => return (error, None),
                _ => {}
            },
            Message::Close(close) => {
                return (error, close.map(|close| CloseReason::from_code(close.code.into())));
            }
            _ => {}
        }
    }
}

/// Names that nobody and nothing may carry, and a word of the reason.
fn bad_names() -> Vec<(&'static str, String, &'static str)> {
    vec![
        ("nothing", String::new(), "at least one character"),
        ("spaces", "   ".into(), "at least one character"),
        ("wide spaces", "\u{3000}\u{2003}".into(), "at least one character"),
        ("only combining marks", "\u{301}\u{302}".into(), "no visible characters"),
        ("a slash", "a/b".into(), "“/”"),
        ("a dot", ".".into(), "can’t be names"),
        ("two dots", " .. ".into(), "can’t be names"),
        ("NUL", "a\0b".into(), "invisible"),
        ("a line break", "a\nb".into(), "invisible"),
        ("a tab", "a\tb".into(), "invisible"),
        ("a terminal's escape", "\u{1b}[2J".into(), "invisible"),
        ("DEL", "a\u{7f}".into(), "invisible"),
        ("a C1 control", "a\u{9b}b".into(), "invisible"),
        ("a line separator", "a\u{2028}b".into(), "invisible"),
        ("a right-to-left override", "a\u{202e}b".into(), "invisible"),
        ("an isolate", "a\u{2066}b".into(), "invisible"),
        ("a zero-width space", "ma\u{200b}ya".into(), "invisible"),
        ("a joiner", "ma\u{200d}ya".into(), "invisible"),
        ("a byte order mark", "\u{feff}maya".into(), "invisible"),
        ("a soft hyphen", "ma\u{ad}ya".into(), "invisible"),
        ("a tag letter", "maya\u{e0041}".into(), "invisible"),
        ("a variation selector", "maya\u{fe0f}".into(), "invisible"),
        ("a filler", "\u{3164}".into(), "invisible"),
        ("private use", "a\u{e000}".into(), "invisible"),
    ]
}

#[tokio::test]
async fn a_nickname_that_breaks_a_rule_is_refused_with_a_readable_reason() {
    let room = Room::open().await;
    let mut rows = bad_names();
    rows.extend([
        ("33 characters", "x".repeat(33), "at most 32 characters"),
        ("129 bytes", "x\u{304}\u{301}".repeat(26), "at most 32 characters"),
        ("64 KiB", "x".repeat(7_000), "at most 32 characters"),
        ("the server", "server".into(), "reserved for the server"),
        ("the system", " System ".into(), "reserved for the server"),
        ("ourselves", "SNUG".into(), "reserved for the server"),
        ("full-width", "ｓｎｕｇ".into(), "reserved for the server"),
        ("a Cyrillic look-alike", "ѕуѕtеm".into(), "reserved for the server"),
        ("r and n for m", "systern".into(), "reserved for the server"),
    ]);
    for (what, name, words) in rows {
        let (error, close) = knock(&room, &format!("/ws/chat/tea/{}", segment(&name))).await;
        // Nothing behind the last slash is no nickname at all, which the native dialect needs.
        let (code, message) = error.unwrap_or_else(|| panic!("{what} was let in"));
        assert_eq!((code, close), (ErrorCode::BadName, Some(CloseReason::BadName)), "{what}");
        assert!(message.starts_with("The nickname: ") && message.contains(words), "{what}: {message}");
        assert!(!message.contains(char::is_control), "{what}");
    }
    room.ben_noticed_nothing(0).await;
}

#[tokio::test]
async fn a_rooms_name_that_breaks_a_rule_is_refused_with_a_readable_reason_and_no_room_is_made() {
    let room = Room::open().await;
    let mut rows = bad_names();
    // An empty segment is another address.
    rows.retain(|(_, name, _)| !name.is_empty());
    rows.extend([
        ("65 characters", "x".repeat(65), "at most 64 characters"),
        ("257 bytes", "x\u{304}\u{301}".repeat(52), "at most 64 characters"),
    ]);
    for (what, name, words) in rows {
        let (error, close) = knock(&room, &format!("/ws/chat/{}/maya2", segment(&name))).await;
        let (code, message) = error.unwrap_or_else(|| panic!("{what} was let in"));
        assert_eq!((code, close), (ErrorCode::BadName, Some(CloseReason::BadName)), "{what}");
        assert!(message.starts_with("The room's name: ") && message.contains(words), "{what}: {message}");
    }
    let rooms = room.server.get("/api/rooms").await.json();
    assert_eq!(rooms["rooms"].as_array().unwrap().len(), 1, "{rooms}");
    room.ben_noticed_nothing(0).await;
}

#[tokio::test]
async fn bytes_that_are_no_text_are_no_name() {
    let room = Room::open().await;
    for (what, bytes) in [
        ("a lone byte", "%FF"),
        ("cut short", "%E2%82"),
        ("overlong", "%C0%AF"),
        ("a surrogate", "%ED%A0%80"),
        ("beyond Unicode", "%F4%90%80%80"),
    ] {
        for path in [format!("/ws/chat/tea/{bytes}"), format!("/ws/chat/{bytes}/maya2")] {
            let (error, close) = knock(&room, &path).await;
            let code = error.map(|(code, _)| code);
            assert_eq!(
                (code, close),
                (Some(ErrorCode::BadName), Some(CloseReason::BadName)),
                "{what}: {path}"
            );
        }
    }
    room.ben_noticed_nothing(0).await;
}

#[tokio::test]
async fn a_name_spelled_another_way_is_the_name_it_means() {
    let room = Room::open().await;
    for (typed, kept) in [
        ("  zoe\u{308} ", "zoë"),
        ("\u{3000}ines", "ines"),
        ("🦊", "🦊"),
        ("مريم", "مريم"),
        ("tea", "tea"),
        ("you", "you"),
        ("<b>bold<b>", "<b>bold<b>"),
        ("%2e%2e", "%2e%2e"),
        ("CON", "CON"),
    ] {
        let peer = Peer::hello(room.server.address, "tea", typed, fresh()).await;
        let peer = peer.unwrap_or_else(|end| panic!("{typed:?} was refused: {end:?}"));
        assert_eq!(peer.established.nickname.as_str(), kept, "{typed:?}");
    }
    let peer = Peer::join(room.server.address, " ＴＥＡ ", "xu").await;
    assert_eq!(peer.established.room.as_str(), "tea", "the first spelling stays");
    room.ben_noticed_nothing(0).await;
}

#[tokio::test]
async fn a_name_that_looks_like_one_that_is_here_is_taken() {
    let room = Room::open().await;
    let _zoe = Peer::join(room.server.address, "tea", "zoë").await;
    for name in ["maya", "MAYA", " maya ", "ｍａｙａ", "mауа", "ZOE\u{308}", "zoe\u{308}", "𝓂𝒶𝓎𝒶"]
    {
        let refused = Peer::hello(room.server.address, "tea", name, fresh()).await.err();
        assert_eq!(refused, Some(End::Closed(CloseReason::NicknameTaken)), "{name}");
    }
    room.ben_noticed_nothing(0).await;
}
