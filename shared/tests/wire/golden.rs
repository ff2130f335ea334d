//! Each line of `tests/golden/*.jsonl` is one frame as it crosses the network. It decodes to the value written here, and that
//! value encodes to the same bytes again.

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use snug_shared::{
    Act, ActKind, Author, Body, ClientFrame, CloseReason, ComeBack, Durability, Emoji, Entry, ErrorCode,
    ErrorFrame, Established, Hello, Intent, Limits, Line, MemberInfo, Message, MessageText, Nickname,
    Presence, Present, Reaction, Resume, RoomName, ServerFrame, ServerInfo, Topic,
    api::{Page, Post, RoomInfo, RoomList, SearchHit, SearchHits},
    frame::Credentials,
};
use uuid::{Uuid, uuid};

pub const CLIENT: &str = include_str!("../golden/client.jsonl");
pub const SERVER: &str = include_str!("../golden/server.jsonl");
pub const ENTRIES: &str = include_str!("../golden/entries.jsonl");
pub const REPLAYED: &str = include_str!("../golden/replayed.jsonl");

const HTTP: &str = include_str!("../golden/http.jsonl");
const ONE: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8057");
const TWO: Uuid = uuid!("01890a5d-ac96-774b-bcce-b302099a8058");
const EPOCH: &str = "00112233445566778899aabbccddeeff";

fn text(text: &str) -> MessageText {
    MessageText::parse(text).expect("a good text")
}

fn emoji(text: &str) -> Emoji {
    Emoji::parse(text).expect("a good emoji")
}

fn topic(text: &str) -> Topic {
    Topic::parse(text).expect("a good topic")
}

fn nickname(name: &str) -> Nickname {
    Nickname::parse(name).expect("a good nickname")
}

fn seat() -> Author {
    Author::parse("s:zyxwvutsrqponmlkjihgfedc76").expect("a good author")
}

fn key() -> Author {
    Author::parse("k:abcdefghijklmnopqrstuvwx23").expect("a good author")
}

fn bot() -> Author {
    Author::http(&nickname("deploy bot"))
}

fn entry(seq: u64, body: Body) -> Entry {
    let id = if seq % 2 == 1 { ONE } else { TWO };
    Entry { seq, id, at: 1_700_000_000_000 + seq as i64 - 1, user: nickname("maya"), by: seat(), body }
}

fn said(text: Option<&str>, reply_to: Option<u64>, present: Option<Present>) -> Body {
    Body::Message(Message { text: text.map(self::text), reply_to, present })
}

fn act(kind: ActKind, payload: Value) -> Body {
    let Value::Object(payload) = payload else { panic!("a payload is an object") };
    Body::Act(Act::new(kind, payload).expect("an act"))
}

fn entries() -> Vec<Entry> {
    let reacted = |on| Body::Reacted { target: 3, emoji: emoji("🎉"), on };
    vec![
        entry(1, said(Some("Tea?"), None, None)),
        Entry { user: nickname("Jörg 🦊"), by: key(), ..entry(2, said(Some("I'm in."), Some(1), None)) },
        Entry {
            user: nickname("deploy bot"),
            by: bot(),
            ..entry(3, said(Some("Build 7 is green."), None, None))
        },
        entry(4, Body::Edited { target: 1, text: Some(text("Tea at five?")) }),
        entry(5, Body::Deleted { target: 2 }),
        entry(6, reacted(true)),
        entry(7, reacted(false)),
        entry(8, Body::Topic { topic: topic("What to brew") }),
        entry(9, Body::Topic { topic: topic("") }),
        entry(10, act(ActKind::Settings, json!({ "settings": { "locked": true, "retention_days": null } }))),
        entry(
            11,
            act(ActKind::Moderation, json!({ "act": "mute", "who": "h:maya", "until": 7, "name": "maya" })),
        ),
    ]
}

fn replayed() -> Vec<Entry> {
    let untouched = Present { as_of: 9, ..Present::default() };
    let party = Reaction { emoji: emoji("🎉"), count: 2, by: vec![seat(), key()] };
    let thumb = Reaction { emoji: emoji("👍"), count: 1, by: vec![bot()] };
    let busy = Present { edited: Some(4), reactions: vec![party, thumb], ..untouched.clone() };
    let gone = Present { deleted: true, ..untouched.clone() };
    vec![
        entry(1, said(Some("Tea?"), None, Some(untouched))),
        entry(1, said(Some("Tea at five?"), None, Some(busy))),
        entry(2, said(None, Some(1), Some(gone))),
        entry(4, Body::Edited { target: 2, text: None }),
    ]
}

fn established() -> Established {
    Established {
        message: "You are now connected!".into(),
        version: 1,
        server: ServerInfo { name: "lab".into(), version: "0.1.0".into() },
        durability: Durability::Full,
        room: RoomName::parse("tea").expect("a good room"),
        nickname: nickname("maya"),
        member: "m1".into(),
        by: seat(),
        seat: "c2VhdA".into(),
        epoch: EPOCH.into(),
        first: 0,
        last: 0,
        resumed: false,
        limits: Limits::default(),
        members: vec![].into(),
        count: 0,
        topic: None,
        read: None,
    }
}

fn maya() -> MemberInfo {
    MemberInfo { member: "m2".into(), nickname: nickname("maya"), by: seat() }
}

fn server_frames() -> Vec<ServerFrame> {
    let topic_line = || Line::Entry(entries().remove(7));
    let returning = Established {
        durability: Durability::None,
        room: RoomName::parse("Tea").expect("a good room"),
        member: "m2".into(),
        first: 1,
        last: 9,
        resumed: true,
        members: vec![MemberInfo { member: "m1".into(), nickname: nickname("Jörg 🦊"), by: key() }].into(),
        count: 1,
        topic: Some(topic("What to brew")),
        read: Some(8),
        ..established()
    };
    let limited = ErrorFrame {
        id: Some(ONE),
        retry_after_ms: Some(1_500),
        ..ErrorFrame::new(ErrorCode::RateLimited, "Slower, please.")
    };
    let taken = ErrorFrame {
        suggestion: Some(nickname("maya2")),
        ..ErrorFrame::new(ErrorCode::NicknameTaken, "Somebody here has that name.")
    };
    vec![
        ServerFrame::Challenge { challenge: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".into() },
        ServerFrame::ConnectionEstablished(Box::new(established())),
        ServerFrame::ConnectionEstablished(Box::new(returning)),
        ServerFrame::Entries { entries: vec![], live: false },
        ServerFrame::Entries { entries: vec![Line::Entry(replayed().remove(1)), topic_line()], live: true },
        ServerFrame::History { before: 9, entries: vec![topic_line()], more: true },
        ServerFrame::History { before: 1, entries: vec![], more: false },
        ServerFrame::Presence(Presence {
            joined: vec![maya()],
            left: vec!["m1".into()],
            count: 1,
            members: None,
        }),
        ServerFrame::Presence(Presence { count: 101, ..Presence::default() }),
        ServerFrame::Presence(Presence {
            count: 1,
            members: Some(vec![maya()].into()),
            ..Presence::default()
        }),
        ServerFrame::Typing { user: nickname("maya"), by: seat() },
        ServerFrame::Read { seq: 9 },
        ServerFrame::Error(ErrorFrame::new(ErrorCode::BadRequest, "That frame is not JSON.")),
        ServerFrame::Error(limited),
        ServerFrame::Error(taken),
        ServerFrame::Pong { last: 9 },
        ServerFrame::Line(Line::Entry(entries().remove(0))),
    ]
}

fn client_frames() -> Vec<ClientFrame> {
    let send = |id, intent| ClientFrame::Send { id, intent };
    let resume = |after, id| Some(Resume { epoch: EPOCH.into(), after, id });
    let react = |on| Intent::React { target: 7, emoji: emoji("👍🏽"), on };
    let hello = Hello { version: 1, history: 50, ..Hello::default() };
    vec![
        ClientFrame::Hello(hello.clone()),
        ClientFrame::Hello(Hello {
            client: Some("snug/0.1.0".into()),
            resume: resume(41, Some(ONE)),
            history: 0,
            seat: Some("c2VhdA".into()),
            credentials: Credentials {
                password: Some("hush".into()),
                identity: Some(("a2V5".into(), "c2ln".into())),
            },
            ..hello.clone()
        }),
        ClientFrame::Hello(Hello { resume: resume(0, None), history: 500, ..hello }),
        send(ONE, Intent::Message { text: text("Tea?\n\tYes, 🫖 \"now\" \\o/"), reply_to: None }),
        send(TWO, Intent::Message { text: text("I'm in."), reply_to: Some(7) }),
        send(ONE, Intent::Edit { target: 7, text: text("Tea at five?") }),
        send(ONE, Intent::Delete { target: 7 }),
        send(ONE, react(true)),
        send(TWO, react(false)),
        send(ONE, Intent::Topic { topic: topic("What to brew") }),
        send(TWO, Intent::Topic { topic: topic("") }),
        ClientFrame::Typing,
        ClientFrame::Read { seq: 42 },
        ClientFrame::History { before: 42, limit: 500 },
        ClientFrame::Ping,
    ]
}

/// Every line is one of the values, in order, both ways.
fn same<T: Debug + PartialEq>(
    golden: &str,
    values: Vec<T>,
    decode: impl Fn(&str) -> T,
    encode: impl Fn(&T) -> String,
) {
    assert_eq!(golden.lines().count(), values.len(), "one line a value");
    for (line, value) in golden.lines().zip(values) {
        assert_eq!(decode(line), value, "{line}");
        assert_eq!(encode(&value), line);
    }
}

fn json<T: Serialize + DeserializeOwned + Debug + PartialEq>(golden: &str, values: Vec<T>) {
    let decode = |line: &str| serde_json::from_str(line).expect("golden JSON of this type");
    same(golden, values, decode, |value| serde_json::to_string(value).expect("it encodes"));
}

#[test]
fn every_client_frame_is_written_as_the_page_says() {
    same(CLIENT, client_frames(), |line| ClientFrame::decode(line).expect(line), ClientFrame::to_json);
}

#[test]
fn every_server_frame_is_written_as_the_page_says() {
    let decode = |line: &str| ServerFrame::decode(line).expect(line).expect("a type this version knows");
    same(SERVER, server_frames(), decode, ServerFrame::to_json);
}

#[test]
fn every_entry_is_written_as_the_page_says() {
    json(ENTRIES, entries().into_iter().map(Line::Entry).collect());
}

#[test]
fn a_replayed_entry_carries_its_present_state() {
    let lines = replayed().into_iter().map(Line::Entry).chain([Line::Damaged(5)]);
    json(REPLAYED, lines.collect());
}

#[test]
fn an_entry_is_the_same_bytes_live_and_in_a_list() {
    for entry in entries().into_iter().chain(replayed()) {
        let alone = serde_json::to_string(&entry).expect("it encodes");
        assert_eq!(ServerFrame::Line(entry.clone().into()).to_json(), alone);
        let frame = ServerFrame::Entries { entries: vec![entry.into()], live: false };
        assert_eq!(frame.to_json(), format!(r#"{{"type":"entries","entries":[{alone}]}}"#));
    }
}

#[test]
fn the_http_routes_speak_as_the_page_says() {
    let lines: Vec<&str> = HTTP.lines().collect();
    let tea = RoomInfo {
        room: RoomName::parse("Tea").expect("a good room"),
        members: 2,
        last: 9,
        last_at: 1_700_000_000_008,
        topic: Some(topic("What to brew")),
        locked: true,
    };
    let lab = RoomInfo {
        room: RoomName::parse("lab").expect("a good room"),
        members: 0,
        last: 0,
        last_at: 0,
        topic: None,
        locked: false,
    };
    json(&lines[..2].join("\n"), vec![RoomList::default(), RoomList { rooms: vec![tea, lab], more: true }]);

    let nowhere = Page { epoch: None, first: 0, last: 0, entries: vec![], more: false, cursor: None };
    let page = Page {
        epoch: Some(EPOCH.into()),
        first: 1,
        last: 9,
        entries: vec![replayed().remove(2).into()],
        more: true,
        cursor: Some(4),
    };
    json(&lines[2..4].join("\n"), vec![nowhere, page]);

    let post = Post { user: "deploy bot".into(), message: "Build 7 is green.".into(), id: None };
    let again = Post { id: Some(ONE), ..post.clone() };
    json(&lines[4..6].join("\n"), vec![post, again]);

    let hit =
        SearchHit { room: RoomName::parse("Tea").expect("a good name"), entry: replayed().remove(0).into() };
    let found = SearchHits { hits: vec![hit], cursor: Some("1700000000000.1.dGVh".into()) };
    json(&lines[6..].join("\n"), vec![SearchHits::default(), found]);
}

#[test]
fn every_error_code_has_the_name_the_page_gives_it() {
    let names = [
        (ErrorCode::BadRequest, "bad_request"),
        (ErrorCode::UnknownType, "unknown_type"),
        (ErrorCode::Empty, "empty"),
        (ErrorCode::TooLong, "too_long"),
        (ErrorCode::RateLimited, "rate_limited"),
        (ErrorCode::NotFound, "not_found"),
        (ErrorCode::NotAllowed, "not_allowed"),
        (ErrorCode::IdConflict, "id_conflict"),
        (ErrorCode::BadName, "bad_name"),
        (ErrorCode::NicknameTaken, "nickname_taken"),
        (ErrorCode::WrongPassword, "wrong_password"),
        (ErrorCode::Locked, "locked"),
        (ErrorCode::Muted, "muted"),
        (ErrorCode::StorageFull, "storage_full"),
        (ErrorCode::Unavailable, "unavailable"),
        (ErrorCode::Unsupported, "unsupported"),
    ];
    for (code, name) in names {
        let line = format!(r#"{{"type":"error","code":"{name}","message":"Why."}}"#);
        same(
            &line,
            vec![ServerFrame::Error(ErrorFrame::new(code, "Why."))],
            |line| ServerFrame::decode(line).expect(line).expect("known"),
            ServerFrame::to_json,
        );
    }
    let later: ErrorCode = serde_json::from_str(r#""code_of_a_later_server""#).expect("never refused");
    assert_eq!(later, ErrorCode::Other);
}

#[test]
fn every_close_code_says_whether_to_come_back() {
    use ComeBack::{AfterRetry, No, WithAnotherName, WithAnotherPassword, WithBackoff, Within};
    let table = [
        (1000, "normal", No),
        (1001, "going_away", WithBackoff),
        (1002, "broken_frame", No),
        (1003, "binary", No),
        (1007, "bad_utf8", No),
        (1009, "too_big", No),
        (1012, "restart", Within(5_000)),
        (4000, "bad_hello", No),
        (4001, "unsupported_version", No),
        (4002, "bad_name", WithAnotherName),
        (4003, "nickname_taken", WithAnotherName),
        (4004, "wrong_password", WithAnotherPassword),
        (4005, "kicked", No),
        (4006, "banned", No),
        (4007, "full", WithBackoff),
        (4008, "too_slow", Within(1_000)),
        (4009, "flood", AfterRetry),
        (4010, "replaced", No),
        (4011, "internal", WithBackoff),
    ];
    for (code, name, come_back) in table {
        let reason = CloseReason::from_code(code);
        assert_eq!((reason.code(), reason.name(), reason.come_back()), (code, name, come_back));
    }
    for code in (0..=u16::MAX).filter(|code| !table.iter().any(|(known, ..)| known == code)) {
        let reason = CloseReason::from_code(code);
        assert_eq!((reason, reason.come_back()), (CloseReason::Other(code), WithBackoff));
    }
}
