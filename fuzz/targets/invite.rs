//! Any text as a typed address or an invite link.
//!
//! An accepted link leads to the same server and room when it is passed on. The addresses made from it are valid.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snug_shared::{
    Invite, Nickname, RoomName, ServerAddress,
    address::{decode_segment, segment},
};
use url::Url;

fuzz_target!(|text: &str| {
    assert_eq!(decode_segment(&segment(text)).as_deref(), Some(text));
    let _ = decode_segment(text);
    if let Ok(invite) = Invite::parse(text) {
        assert_eq!(Invite::parse(&invite.link()), Ok(invite.clone()));
        let server = invite.server;
        assert_eq!(ServerAddress::parse(&server.to_string()), Ok(server.clone()));
        assert!(Url::parse(&server.http_url("/")).is_ok(), "{server}");
        if let Some(room) = invite.room {
            is_reached_in_one_piece(&server, &room);
        }
    }
    if let Ok(room) = RoomName::parse(text) {
        let server = ServerAddress::parse("lab.local").expect("a name and nothing else");
        is_reached_in_one_piece(&server, &room);
        let invite = Invite { server, room: Some(room) };
        assert_eq!(Invite::parse(&invite.link()), Ok(invite));
    }
});

/// No name adds a segment to the path, ends it or climbs out of it.
fn is_reached_in_one_piece(server: &ServerAddress, room: &RoomName) {
    let nickname = Nickname::parse("maya").expect("a good name");
    let url = Url::parse(&server.socket_url(room, &nickname)).expect("an address");
    let segments: Vec<&str> = url.path_segments().into_iter().flatten().collect();
    let ["ws", "chat", room_segment, "maya"] = segments[..] else { panic!("{url}") };
    assert_eq!(decode_segment(room_segment).as_deref(), Some(room.as_str()));
    assert!(url.query().is_none() && url.fragment().is_none());
}
