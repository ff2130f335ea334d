//! From HTTP to WebSocket: the server's half of the handshake (RFC 6455 §4.2), after which the connection is a consumer's.

use std::sync::Arc;

use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version, header},
    response::Response,
};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use snug_shared::{RoomName, SUBPROTOCOL, address::decode_segment};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{HttpError, connection::HttpStream, guard::Guard};
use crate::{
    Server,
    consumer::{self, Connection, Destination, QueryOptions},
    dialect::Dialect,
    net::{peer::Peer, prefixed::Prefixed, socket::Socket},
};

/// Lines in a request's head that are looked at without the HTTP library; browsers send some fifteen.
const FIELDS: usize = 32;

/// Digits in base64 of a handshake's nonce of 16 bytes.
const KEY_DIGITS: usize = 22;

/// The room of the two lobby tutorials.
const LOBBY: &str = "test";

/// `GET /ws/chat/{room}/{nickname}`, and the lobbies. Names that are not allowed still upgrade: browsers can read a close
/// code, but no status.
///
/// # Errors
/// 404 for what is no room's address; those of [`Handshake::parse`].
pub async fn upgrade(
    State(server): State<Arc<Server>>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Result<Response, HttpError> {
    let (handshake, wanted) =
        RoomRequest::parse(request.method(), request.version(), request.uri(), request.headers())?;
    let peer = peer.stays()?;
    Ok(handshake.switch(request, peer, wanted.dialect, move |socket, read, peer| {
        wanted.begin(server, socket, Bytes::new(), read, peer);
    }))
}

/// Answers a connection's first request, when it is for a room and without fault, past the HTTP library and the router: they
/// are a third of what a join costs, and ten thousand clients that come back after a restart ask for nothing else.
///
/// # Errors
/// The connection as it came: all other requests are the router's, and so is what is wrong with this one.
pub fn upgrade_at_once(
    server: &Arc<Server>,
    guard: &Guard,
    connection: Prefixed,
    peer: &Peer,
) -> Result<(), Prefixed> {
    let Some((handshake, wanted, peer, length)) = read_at_once(guard, connection.prefix(), peer) else {
        return Err(connection);
    };
    let (socket, head) = connection.into_parts();
    // Copied, so that an idle socket does not keep the request.
    let read = Bytes::copy_from_slice(&head[length..]);
    let answer = handshake.head(wanted.dialect);
    wanted.begin(server.clone(), socket, answer, read, peer);
    Ok(())
}

/// The request in a head, whose it is, and the head's length; none when the router has to look at it.
fn read_at_once(guard: &Guard, head: &[u8], peer: &Peer) -> Option<(Handshake, RoomRequest, Peer, usize)> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    let httparse::Status::Complete(length) = request.parse(head).ok()? else { return None };
    let (Some("GET"), Some(1)) = (request.method, request.version) else { return None };
    let uri = guard.local(Uri::try_from(request.path?).ok()?);
    if !uri.path().starts_with("/ws/") {
        return None;
    }
    let mut headers = HeaderMap::with_capacity(request.headers.len());
    for field in &*request.headers {
        let name = HeaderName::from_bytes(field.name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_bytes(field.value).ok()?);
    }
    let forwarded = guard.forwarded(peer.address, &headers);
    guard.admit(Version::HTTP_11, &uri, &headers, forwarded.host.as_ref()).ok()?;
    let (handshake, wanted) = RoomRequest::parse(&Method::GET, Version::HTTP_11, &uri, &headers).ok()?;
    let peer = peer.for_client(forwarded.client).stays().ok()?;
    Some((handshake, wanted, peer, length))
}

/// A request for a place in a room.
#[derive(Debug)]
struct RoomRequest {
    path: RoomPath,
    dialect: Dialect,
    options: QueryOptions,
}

impl RoomRequest {
    fn parse(
        method: &Method,
        version: Version,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<(Handshake, Self), HttpError> {
        let path = RoomPath::parse(uri.path()).ok_or_else(HttpError::nothing_here)?;
        let handshake = Handshake::check(method, version, headers)?;
        let dialect = match (path.lobby, handshake.native) {
            (true, _) => Dialect::Lobby,
            (false, true) => Dialect::Native,
            (false, false) => Dialect::Plain,
        };
        let options = QueryOptions::parse(uri.query().unwrap_or_default());
        Ok((handshake, Self { path, dialect, options }))
    }

    fn begin(self, server: Arc<Server>, socket: Socket, answer: Bytes, read: Bytes, peer: Peer) {
        let Self { path: RoomPath { room, nickname, .. }, dialect, options } = self;
        // A segment that is not UTF-8 is no name, and neither is an empty one.
        let room = RoomName::parse(&room.unwrap_or_default());
        let destination = Destination { room, nickname };
        consumer::begin(server, Connection { socket, answer, read, destination, peer, dialect, options });
    }
}

/// The stream, and what was read from it already.
fn take_apart(upgraded: Upgraded) -> Option<(Socket, Bytes)> {
    let parts = upgraded.downcast::<TokioIo<HttpStream>>().ok()?;
    let (socket, behind) = parts.io.into_inner().into_parts();
    // The bytes the parser has read ahead, then those it left. Copied, so that an idle socket does not keep the parser's buffer.
    let read = [&parts.read_buf[..], &behind[..]].concat().into();
    Some((socket, read))
}

/// The names in the path, decoded.
#[derive(Debug, PartialEq, Eq)]
struct RoomPath {
    /// None when it is not UTF-8.
    room: Option<String>,
    /// None when there is no such segment; empty, which no name is, when it is not UTF-8.
    nickname: Option<String>,
    /// Whether it is one of the tutorials' lobbies.
    lobby: bool,
}

impl RoomPath {
    fn parse(path: &str) -> Option<Self> {
        if let "/ws/socket-server" | "/ws/socker-server" = path.strip_suffix('/').unwrap_or(path) {
            return Some(Self { room: Some(LOBBY.to_owned()), nickname: None, lobby: true });
        }
        let names = path.strip_prefix("/ws/chat/")?;
        let names = names.strip_suffix('/').unwrap_or(names);
        let (room, nickname) = match names.split_once('/') {
            None => (names, None),
            Some((_, nickname)) if nickname.contains('/') => return None,
            Some((room, nickname)) => (room, Some(decode_segment(nickname).unwrap_or_default())),
        };
        Some(Self { room: decode_segment(room), nickname, lobby: false })
    }
}

/// A handshake that holds.
#[derive(Debug)]
pub struct Handshake {
    accept: String,
    native: bool,
}

impl Handshake {
    /// Checks a request.
    ///
    /// # Errors
    /// 426 when it asks for no WebSocket, or for one of another version; 400 for any other that is not whole.
    pub fn parse(request: &Request) -> Result<Self, HttpError> {
        Self::check(request.method(), request.version(), request.headers())
    }

    /// Answers the request with a 101, and hands over the socket, and what was read from it already, once that is out. The
    /// connection counts as long as `serve` keeps its peer; what it does with it should be a task of its own, so that nothing
    /// of the handshake stays.
    pub fn switch(
        self,
        mut request: Request,
        peer: Peer,
        dialect: Dialect,
        serve: impl FnOnce(Socket, Bytes, Peer) + Send + 'static,
    ) -> Response {
        let upgrade = hyper::upgrade::on(&mut request);
        peer.permit.hand_over();
        tokio::spawn(async move {
            match upgrade.await.map(take_apart) {
                Ok(Some((socket, read))) => serve(socket, read, peer),
                Ok(None) => tracing::error!("a connection that did not come through our own door"),
                Err(error) => tracing::debug!(%error, "gone before it was a WebSocket"),
            }
        });
        self.response(dialect)
    }

    fn check(method: &Method, version: Version, headers: &HeaderMap) -> Result<Self, HttpError> {
        if !has_token(headers, header::UPGRADE, |token| token.eq_ignore_ascii_case("websocket")) {
            return Err(HttpError::upgrade_required(header::UPGRADE, "websocket"));
        }
        if method != Method::GET || version != Version::HTTP_11 {
            return Err(HttpError::bad_request("A WebSocket begins with a GET of HTTP/1.1."));
        }
        if !has_token(headers, header::CONNECTION, |token| token.eq_ignore_ascii_case("upgrade")) {
            return Err(HttpError::bad_request("A WebSocket's Connection header says Upgrade."));
        }
        let key = only(headers, header::SEC_WEBSOCKET_KEY).filter(|key| is_key(key.as_bytes()));
        let key = key.ok_or_else(|| HttpError::bad_request("Sec-WebSocket-Key is 16 bytes in base64."))?;
        match only(headers, header::SEC_WEBSOCKET_VERSION).map(HeaderValue::as_bytes) {
            Some(b"13") => {}
            Some(_) => return Err(HttpError::upgrade_required(header::SEC_WEBSOCKET_VERSION, "13")),
            None => return Err(HttpError::bad_request("There is no Sec-WebSocket-Version; ours is 13.")),
        }
        let is_empty = only(headers, header::CONTENT_LENGTH).is_none_or(|length| length == "0");
        if !is_empty || headers.contains_key(header::TRANSFER_ENCODING) {
            return Err(HttpError::bad_request("A WebSocket's handshake has no body."));
        }
        let native = has_token(headers, header::SEC_WEBSOCKET_PROTOCOL, |token| token == SUBPROTOCOL);
        Ok(Self { accept: derive_accept_key(key.as_bytes()), native })
    }

    /// The answer as it goes over the wire.
    fn head(self, dialect: Dialect) -> Bytes {
        let mut head = b"HTTP/1.1 101 Switching Protocols\r\n".to_vec();
        for (name, value) in self.response(dialect).headers() {
            head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        head.extend(b"\r\n");
        head.into()
    }

    fn response(self, dialect: Dialect) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        if let Ok(accept) = HeaderValue::try_from(self.accept) {
            headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        }
        if dialect == Dialect::Native {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
        }
        response
    }
}

/// Whether this is base64 of 16 bytes. The last digit has four bits that belong to none of them; they are not looked at, since
/// in RFC 6455's own example (§4.1) they are not zero.
fn is_key(key: &[u8]) -> bool {
    let is_digit = |digit: &u8| digit.is_ascii_alphanumeric() || matches!(digit, b'+' | b'/');
    key.strip_suffix(b"==").is_some_and(|digits| digits.len() == KEY_DIGITS && digits.iter().all(is_digit))
}

/// Whether a header that is a list has such a token.
fn has_token(headers: &HeaderMap, name: HeaderName, wanted: impl Fn(&str) -> bool) -> bool {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|token| wanted(token.trim()))
}

/// A header's value, when it is there exactly once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&HeaderValue> {
    let mut values = headers.get_all(name).into_iter();
    values.next().filter(|_| values.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(room: Option<&str>, nickname: Option<&str>) -> Option<RoomPath> {
        Some(RoomPath { room: room.map(str::to_owned), nickname: nickname.map(str::to_owned), lobby: false })
    }

    #[test]
    fn names_are_decoded_segment_by_segment() {
        assert_eq!(RoomPath::parse("/ws/chat/tea/maya"), path(Some("tea"), Some("maya")));
        assert_eq!(RoomPath::parse("/ws/chat/tea/maya/"), path(Some("tea"), Some("maya")));
        assert_eq!(RoomPath::parse("/ws/chat/tea/"), path(Some("tea"), None));
        assert_eq!(RoomPath::parse("/ws/chat/tea"), path(Some("tea"), None));
        assert_eq!(RoomPath::parse("/ws/chat/a%2Fb/m%C3%A4ya"), path(Some("a/b"), Some("mäya")));
        assert_eq!(RoomPath::parse("/ws/chat/%FF/maya"), path(None, Some("maya")));
        assert_eq!(RoomPath::parse("/ws/chat/tea/%FF"), path(Some("tea"), Some("")));
        assert_eq!(RoomPath::parse("/ws/chat//maya"), path(Some(""), Some("maya")));
        assert_eq!(RoomPath::parse("/ws/chat/tea/maya/more"), None);
    }

    #[test]
    fn both_spellings_of_the_lobby_lead_to_one_room() {
        for path in ["/ws/socket-server/", "/ws/socker-server/", "/ws/socket-server", "/ws/socker-server"] {
            let lobby = RoomPath { room: Some("test".to_owned()), nickname: None, lobby: true };
            assert_eq!(RoomPath::parse(path), Some(lobby), "{path}");
        }
        assert_eq!(RoomPath::parse("/ws/socket-server/more"), None);
    }

    fn status(changes: &[(&'static str, &'static str)]) -> u16 {
        let mut lines = vec![
            ("upgrade", "WebSocket"),
            ("connection", "keep-alive, Upgrade"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-version", "13"),
        ];
        lines.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        let mut headers = HeaderMap::new();
        for (name, value) in lines.iter().chain(changes).filter(|(_, value)| !value.is_empty()) {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        match Handshake::check(&Method::GET, Version::HTTP_11, &headers) {
            Ok(handshake) => handshake.response(Dialect::Native).status().as_u16(),
            Err(error) => axum::response::IntoResponse::into_response(error).status().as_u16(),
        }
    }

    #[test]
    fn only_a_whole_handshake_upgrades() {
        assert_eq!(status(&[]), 101);
        assert_eq!(status(&[("upgrade", "")]), 426);
        assert_eq!(status(&[("upgrade", "h2c")]), 426);
        assert_eq!(status(&[("connection", "keep-alive")]), 400);
        assert_eq!(status(&[("sec-websocket-key", "")]), 400);
        assert_eq!(status(&[("sec-websocket-key", "c2hvcnQ=")]), 400);
        assert_eq!(status(&[("sec-websocket-key", "not base64 at all!!!!!!!")]), 400);
        assert_eq!(status(&[("sec-websocket-key", "AQIDBAUGBwgJCgsMDQ4PEA=A")]), 400);
        assert_eq!(status(&[("sec-websocket-key", "AQIDBAUGBwgJCgsMDQ4PEC==")]), 101, "RFC 6455 §4.1's own");
        assert_eq!(status(&[("sec-websocket-version", "8")]), 426);
        assert_eq!(status(&[("sec-websocket-version", "")]), 400);
    }

    #[test]
    fn the_answer_is_the_one_of_the_standard() {
        let handshake = Handshake { accept: derive_accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="), native: true };
        let response = handshake.response(Dialect::Native);
        assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(response.headers()["sec-websocket-protocol"], "snug.v1");
    }
}
