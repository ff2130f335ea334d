//! Arbitrary values of everything that crosses the wire.

use std::collections::HashMap;

use proptest::{
    collection::{hash_map, vec},
    option,
    prelude::*,
};
use serde_json::Value;
use snug_shared::{
    Act, ActKind, Author, Body, ClientFrame, Durability, Emoji, Entry, ErrorCode, ErrorFrame, Established,
    Hello, Intent, Limits, Line, MemberInfo, Message, MessageText, Millis, Nickname, Presence, Present,
    Reaction, Resume, RoomName, Seq, ServerFrame, ServerInfo, Topic, frame::Credentials,
};
use uuid::Uuid;

pub fn id() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

/// From an entry's point of view 0 is no place; frames that may name it take [`any`].
pub fn seq() -> impl Strategy<Value = Seq> {
    prop_oneof![1..100u64, 1..=u64::MAX]
}

/// Any string that Rust can hold, with what is special to JSON more often than chance would have it.
fn anything() -> impl Strategy<Value = String> {
    let special = prop_oneof![Just('"'), Just('\\'), Just('\n'), Just('\t'), Just('\u{2028}'), Just('🫖')];
    vec(prop_oneof![3 => any::<char>(), 1 => special], 0..40).prop_map(String::from_iter)
}

pub fn text() -> impl Strategy<Value = MessageText> {
    anything().prop_filter_map("a good text", |text| MessageText::parse(text).ok())
}

fn emoji() -> impl Strategy<Value = Emoji> {
    prop_oneof![Just("👍🏽"), Just("👩‍👩‍👧‍👦"), Just("🇩🇪"), Just("x"), Just("é"), Just("7️⃣")]
        .prop_map(|emoji| Emoji::parse(emoji).expect("one cluster"))
}

fn topic() -> impl Strategy<Value = Topic> {
    anything().prop_filter_map("a good topic", |topic| Topic::parse(topic).ok())
}

/// Letters, marks and numbers of every script.
pub fn nickname() -> impl Strategy<Value = Nickname> {
    r"[\pL\pM\pN \pS\pP]{1,40}".prop_filter_map("a good nickname", |name| Nickname::parse(&name).ok())
}

pub fn room() -> impl Strategy<Value = RoomName> {
    r"[\pL\pM\pN \pS\pP]{1,70}".prop_filter_map("a good room", |name| RoomName::parse(&name).ok())
}

fn author() -> impl Strategy<Value = Author> {
    prop_oneof![
        "[ks]:[a-z2-7]{26}".prop_map(|by| Author::parse(by).expect("a good author")),
        nickname().prop_map(|name| Author::http(&name)),
    ]
}

fn present() -> impl Strategy<Value = Present> {
    let reaction = (emoji(), any::<u32>(), vec(author(), 0..4)).prop_map(|(emoji, count, by)| Reaction {
        emoji,
        count,
        by,
    });
    (any::<u64>(), option::of(seq()), any::<bool>(), vec(reaction, 0..3))
        .prop_map(|(as_of, edited, deleted, reactions)| Present { as_of, edited, deleted, reactions })
}

fn act() -> impl Strategy<Value = Act> {
    let value = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        Just(Value::Null),
    ];
    let settings = hash_map("[a-z_]{1,12}", value.clone(), 0..5)
        .prop_map(|fields| Value::Object(fields.into_iter().collect()))
        .prop_map(|changed| (ActKind::Settings, HashMap::from([("settings".to_owned(), changed)])));
    let moderation =
        hash_map("act|who|until|reason|name", value, 0..5).prop_map(|fields| (ActKind::Moderation, fields));
    prop_oneof![settings, moderation]
        .prop_map(|(kind, fields)| Act::new(kind, fields.into_iter().collect()).expect("its own fields"))
}

fn body() -> impl Strategy<Value = Body> {
    let message = (option::of(text()), option::of(seq()), option::of(present()))
        .prop_map(|(text, reply_to, present)| Body::Message(Message { text, reply_to, present }));
    prop_oneof![
        message,
        (seq(), option::of(text())).prop_map(|(target, text)| Body::Edited { target, text }),
        seq().prop_map(|target| Body::Deleted { target }),
        (seq(), emoji(), any::<bool>()).prop_map(|(target, emoji, on)| Body::Reacted { target, emoji, on }),
        topic().prop_map(|topic| Body::Topic { topic }),
        act().prop_map(Body::Act),
    ]
}

pub fn entry() -> impl Strategy<Value = Entry> {
    (seq(), id(), any::<Millis>(), nickname(), author(), body())
        .prop_map(|(seq, id, at, user, by, body)| Entry { seq, id, at, user, by, body })
}

pub fn line() -> impl Strategy<Value = Line> {
    prop_oneof![
        4 => entry().prop_map(Line::Entry),
        1 => seq().prop_map(Line::Damaged),
        1 => seq().prop_map(Line::Opaque),
    ]
}

pub fn intent() -> impl Strategy<Value = Intent> {
    let target = any::<u64>;
    prop_oneof![
        (text(), option::of(target())).prop_map(|(text, reply_to)| Intent::Message { text, reply_to }),
        (target(), text()).prop_map(|(target, text)| Intent::Edit { target, text }),
        target().prop_map(|target| Intent::Delete { target }),
        (target(), emoji(), any::<bool>()).prop_map(|(target, emoji, on)| Intent::React {
            target,
            emoji,
            on
        }),
        topic().prop_map(|topic| Intent::Topic { topic }),
    ]
}

fn hello() -> impl Strategy<Value = Hello> {
    let resume = (anything(), any::<u64>(), option::of(id())).prop_map(|(epoch, after, id)| Resume {
        epoch,
        after,
        id,
    });
    let credentials = (option::of(anything()), option::of((anything(), anything())))
        .prop_map(|(password, identity)| Credentials { password, identity });
    let who = (any::<u32>(), option::of("[ -~]{0,64}"), option::of("[ -~]{0,256}"));
    (who, option::of(resume), 0..=500u32, credentials).prop_map(
        |((version, client, seat), resume, history, credentials)| Hello {
            version,
            client,
            resume,
            history,
            seat,
            credentials,
        },
    )
}

pub fn client_frame() -> impl Strategy<Value = ClientFrame> {
    prop_oneof![
        hello().prop_map(ClientFrame::Hello),
        (id(), intent()).prop_map(|(id, intent)| ClientFrame::Send { id, intent }),
        Just(ClientFrame::Typing),
        any::<u64>().prop_map(|seq| ClientFrame::Read { seq }),
        (any::<u64>(), 1..=500u32).prop_map(|(before, limit)| ClientFrame::History { before, limit }),
        Just(ClientFrame::Ping),
    ]
}

fn member() -> impl Strategy<Value = MemberInfo> {
    (anything(), nickname(), author()).prop_map(|(member, nickname, by)| MemberInfo { member, nickname, by })
}

fn limits() -> impl Strategy<Value = Limits> {
    any::<[u32; 8]>().prop_map(|n| Limits {
        message_clusters: n[0],
        message_bytes: n[1],
        frame_bytes: n[2],
        history: n[3],
        replay: n[4],
        rate_burst: n[5],
        rate_per_s: n[6],
        ping_s: n[7],
    })
}

fn established() -> impl Strategy<Value = Established> {
    let durability = prop_oneof![Just(Durability::Full), Just(Durability::None)];
    let who = (room(), nickname(), author(), vec(member(), 0..3), durability, limits());
    let rest = (any::<[u64; 2]>(), any::<bool>(), any::<[u32; 2]>(), option::of(topic()), option::of(seq()));
    (any::<[u8; 16]>(), anything(), who, rest).prop_map(|(epoch, any_text, who, rest)| {
        let (room, nickname, by, members, durability, limits) = who;
        let ([first, last], resumed, [version, count], topic, read) = rest;
        Established {
            message: any_text.clone(),
            version,
            server: ServerInfo { name: any_text.clone(), version: any_text.clone() },
            durability,
            room,
            nickname,
            member: any_text.clone(),
            by,
            seat: any_text,
            epoch: format!("{:032x}", u128::from_be_bytes(epoch)),
            first,
            last,
            resumed,
            limits,
            members: members.into(),
            count,
            topic,
            read,
        }
    })
}

fn error() -> impl Strategy<Value = ErrorFrame> {
    let code = prop_oneof![Just(ErrorCode::BadRequest), Just(ErrorCode::NotFound), Just(ErrorCode::Other)];
    (code, anything(), option::of(id()), option::of(any::<u64>()), option::of(nickname())).prop_map(
        |(code, message, id, retry_after_ms, suggestion)| ErrorFrame {
            code,
            message,
            id,
            retry_after_ms,
            suggestion,
        },
    )
}

pub fn server_frame() -> impl Strategy<Value = ServerFrame> {
    let lines = || vec(line(), 0..4);
    let presence =
        (vec(member(), 0..3), vec(anything(), 0..3), any::<u32>(), option::of(vec(member(), 0..3))).prop_map(
            |(joined, left, count, members)| Presence {
                joined,
                left,
                count,
                members: members.map(Into::into),
            },
        );
    prop_oneof![
        anything().prop_map(|challenge| ServerFrame::Challenge { challenge }),
        established().prop_map(|it| ServerFrame::ConnectionEstablished(Box::new(it))),
        (lines(), any::<bool>()).prop_map(|(entries, live)| ServerFrame::Entries { entries, live }),
        (any::<u64>(), lines(), any::<bool>()).prop_map(|(before, entries, more)| ServerFrame::History {
            before,
            entries,
            more
        }),
        presence.prop_map(ServerFrame::Presence),
        (nickname(), author()).prop_map(|(user, by)| ServerFrame::Typing { user, by }),
        any::<u64>().prop_map(|seq| ServerFrame::Read { seq }),
        error().prop_map(ServerFrame::Error),
        any::<u64>().prop_map(|last| ServerFrame::Pong { last }),
        line().prop_map(ServerFrame::Line),
    ]
}
