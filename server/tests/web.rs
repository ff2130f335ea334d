//! What browsers and the proxies in front of a server send and get, over real sockets (`docs/protocol.md` §2).

#![allow(clippy::unwrap_used)] // helpers of tests fail as tests do

mod common;

mod web {
    mod browsers;
    mod proxies;
}

use common::http::Response;

/// A handshake for a WebSocket.
const HANDSHAKE: [(&str, &str); 4] = [
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Version", "13"),
];

fn refused(response: &Response, status: u16, code: &str) {
    assert_eq!(response.refusal(), (status, code.to_owned()), "{response:?}");
}
