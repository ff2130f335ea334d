//! Servers and invites as people type them, and the addresses made from them.

use proptest::prelude::*;
use snug_shared::{
    AddressError, Invite, Nickname, RoomName, ServerAddress,
    address::{decode_segment, segment},
};

fn shown(typed: &str) -> String {
    ServerAddress::parse(typed).expect(typed).to_string()
}

#[test]
fn people_type_addresses_in_many_ways() {
    let ways = [
        ("192.168.1.20", "192.168.1.20:8000"),
        ("192.168.1.20:9000", "192.168.1.20:9000"),
        ("  Lab.Local \n", "lab.local:8000"),
        ("localhost", "localhost:8000"),
        ("ws://lab.local", "lab.local:8000"),
        ("WS://lab.local:1/", "lab.local:1"),
        ("http://lab.local", "lab.local:80"),
        ("http://lab.local:8000/chat/tea/", "lab.local:8000"),
        ("https://lab.local", "wss://lab.local:443"),
        ("wss://lab.local:8443", "wss://lab.local:8443"),
        ("snug://lab.local", "lab.local:8000"),
        ("[::1]", "[::1]:8000"),
        ("[fe80::1]:65535", "[fe80::1]:65535"),
        ("ws://[fe80::1]:9000/", "[fe80::1]:9000"),
        ("::1", "[::1]:8000"),
        ("fe80::1", "[fe80::1]:8000"),
        ("fe80::1%eth0", "[fe80::1%eth0]:8000"),
        ("[fe80::1%eth0.7]:9000", "[fe80::1%eth0.7]:9000"),
        ("ws://[fe80::1%25eth0]:9000/chat/tea/", "[fe80::1%eth0]:9000"),
        ("lab.local:8000/", "lab.local:8000"),
        ("lab.local?x", "lab.local:8000"),
        ("bücher.example", "xn--bcher-kva.example:8000"),
    ];
    for (typed, server) in ways {
        assert_eq!(shown(typed), server, "{typed}");
    }
}

#[test]
fn the_interface_behind_an_address_stays_on_this_machine() {
    let server = ServerAddress::parse("fe80::1%eth0").unwrap();
    assert_eq!(server.zone.as_deref(), Some("eth0"));
    assert_eq!(server.authority(), "[fe80::1]:8000");
    assert_eq!(server.http_url("/"), "http://[fe80::1]:8000/");
    assert_eq!(ServerAddress::parse(&server.to_string()).as_ref(), Ok(&server));
}

#[test]
fn a_wrong_address_says_what_is_wrong_with_it() {
    use AddressError::{Account, Brackets, Empty, Host, Port, Room, Scheme};
    let wrong = [
        ("", Empty),
        ("  ", Empty),
        ("ftp://lab.local", Scheme),
        ("javascript://alert(1)", Scheme),
        ("://lab.local", Scheme),
        ("ws://", Host),
        ("two words", Host),
        ("lab^local", Host),
        ("999.1.1.1", Host),
        ("[nonsense]:8000", Host),
        ("lab.local%eth0", Host),
        ("[fe80::1%]", Host),
        ("[fe80::1%eth 0]", Host),
        (":8000", Host),
        ("[::1", Brackets),
        ("lab:local:8000", Brackets),
        ("lab.local:", Port),
        ("lab.local:0", Port),
        ("lab.local:65536", Port),
        ("lab.local:-1", Port),
        ("lab.local:+1", Port),
        ("lab.local:８０", Port),
        ("[::1]8000", Port),
        ("maya@lab.local", Account),
        ("ws://maya:secret@lab.local", Account),
        ("lab.local/chat/%2F/", Room),
        ("lab.local/chat/%ff/", Room),
        ("lab.local/chat/%E2%80%AE/", Room),
    ];
    for (typed, reason) in wrong {
        assert_eq!(Invite::parse(typed), Err(reason), "{typed:?}");
        let sentence = reason.to_string();
        assert!(sentence.ends_with('.') && !sentence.contains("Error"), "{sentence}");
    }
}

#[test]
fn a_link_leads_into_a_room() {
    for link in [
        "http://lab.local:8000/chat/tea%20room/",
        "lab.local/chat/tea%20room",
        "ws://lab.local:8000/ws/chat/tea%20room/maya",
        "snug://lab.local/chat/tea room/?x=1#y",
    ] {
        let invite = Invite::parse(link).expect(link);
        assert_eq!(invite.room.as_ref().map(RoomName::as_str), Some("tea room"), "{link}");
        assert_eq!(invite.server.to_string(), "lab.local:8000");
    }
    for link in [
        "lab.local",
        "lab.local/chat",
        "lab.local/chat/",
        "lab.local/api/rooms",
        "lab.local/ws/socket-server/",
    ] {
        assert_eq!(Invite::parse(link).expect(link).room, None, "{link}");
    }
}

#[test]
fn a_link_has_no_port_that_is_its_schemes_own() {
    for (typed, link) in [
        ("https://chat.example", "https://chat.example/"),
        ("https://chat.example:443/chat/tea/", "https://chat.example/chat/tea/"),
        ("http://chat.example:80", "http://chat.example/"),
        ("http://[::1]", "http://[::1]/"),
        ("http://chat.example:443", "http://chat.example:443/"),
        ("https://chat.example:80", "https://chat.example:80/"),
        ("chat.example", "http://chat.example:8000/"),
    ] {
        let invite = Invite::parse(typed).expect(typed);
        assert_eq!(invite.link(), link, "{typed}");
        assert_eq!(Invite::parse(link), Ok(invite), "{link}");
    }
}

#[test]
fn names_become_one_segment_of_a_path() {
    let server = ServerAddress::parse("[::1]:9000").expect("an address");
    let room = RoomName::parse("Tea & Scones?").expect("a room");
    let maya = Nickname::parse("máya #1").expect("a nickname");
    assert_eq!(
        server.socket_url(&room, &maya),
        "ws://[::1]:9000/ws/chat/Tea%20%26%20Scones%3F/m%C3%A1ya%20%231"
    );
    assert_eq!(server.http_url("/api/rooms"), "http://[::1]:9000/api/rooms");
    let secure = ServerAddress::parse("https://lab.local").expect("an address");
    assert_eq!(secure.http_url("/"), "https://lab.local/");
    assert!(secure.socket_url(&room, &maya).starts_with("wss://lab.local:443/ws/chat/"));
}

#[test]
fn a_broken_escape_is_no_segment() {
    for broken in ["%", "%2", "%zz", "%+1", "a%", "%ff", "%C3%28", "%é1"] {
        assert_eq!(decode_segment(broken), None, "{broken}");
    }
    assert_eq!(decode_segment("a+b%2fc%2Fd").as_deref(), Some("a+b/c/d"));
}

proptest! {
    #[test]
    fn a_segment_comes_back_as_it_was(text in any::<String>()) {
        let encoded = segment(&text);
        prop_assert!(encoded.bytes().all(|b| b.is_ascii_graphic() && b != b'/' && b != b'?' && b != b'#'));
        prop_assert_eq!(decode_segment(&encoded), Some(text));
    }

    #[test]
    fn any_text_is_an_address_or_is_refused(typed in "[a-z0-9.:/@%\\[\\] é-]{0,30}|\\PC{0,40}") {
        if let Ok(invite) = Invite::parse(&typed) {
            prop_assert_eq!(ServerAddress::parse(&invite.server.to_string()), Ok(invite.server.clone()));
            prop_assert_eq!(Invite::parse(&invite.link()), Ok(invite));
        }
    }

    #[test]
    fn a_link_comes_back_as_the_invite_it_was(name in r"[\pL\pM\pN \pS.%\\]{1,40}", secure in any::<bool>()) {
        if let Ok(room) = RoomName::parse(&name) {
            let mut server = ServerAddress::parse("192.168.1.20").expect("an address");
            server.secure = secure;
            let invite = Invite { server, room: Some(room) };
            prop_assert_eq!(Invite::parse(&invite.link()), Ok(invite));
        }
    }

    #[test]
    fn an_address_is_kept_as_text(host in "[a-z]{1,10}(\\.[a-z]{1,5}){0,2}", port in 1..=u16::MAX, secure in any::<bool>()) {
        let mut server = ServerAddress::parse(&format!("{host}:{port}")).expect("an address");
        server.secure = secure;
        let json = serde_json::to_string(&server).expect("it encodes");
        prop_assert_eq!(serde_json::from_str::<ServerAddress>(&json).expect("it decodes"), server);
    }
}
