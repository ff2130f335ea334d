//! `/api/rooms/{room}/stream`: the entries of a room as they come, for scripts.
//!
//! Missed entries come from the log in their present state. From there on the reader follows the room's tail: the same bytes
//! that members get. It is no member: it holds a connection and a position, and is cut off when it falls too far behind.

use std::{io, sync::Arc};

use axum::{
    Extension,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderName, Uri, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use snug_shared::{Line, Seq};

use super::{HttpError, messages, query::QueryString};
use crate::{
    Server,
    fanout::{FollowEnd, Follower, Item},
    hub::Entered,
    log::Span,
    net::peer::{Peer, Streaming},
};

/// Entries read from the log at once, and bytes of their text.
const BLOCK: (usize, usize) = (500, 96 * 1024);

/// `GET`: entries after `?after=` or `Last-Event-ID`, or from now on, and then each new one.
pub async fn stream(
    State(server): State<Arc<Server>>,
    Extension(peer): Extension<Peer>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let name = messages::room(&uri)?;
    let form = Form::wanted(&headers);
    let after = after(&uri, &headers)?;
    let peer = peer.stays()?;
    let room = server.hub.enter(&name).await?;
    let id = server.hub.next_id();
    let follower = room.follow(id, {
        let permit = peer.permit.clone();
        move || permit.abort()
    });
    let mut reader = Reader {
        after: 0,
        live: false,
        id,
        room,
        follower,
        streaming: peer.permit.stream(),
        _peer: peer,
        form,
        server,
    };
    // The log says what “from now on” is: an entry that was acknowledged may still be on its way into the room's tail.
    let last = reader.server.backend.log.room(&reader.room.name).await?.last;
    // `after` past the end comes from a discarded log: clamp it.
    reader.after = after.map_or(last, |after| after.min(last));
    if reader.server.hub.is_draining() {
        reader.follower.close(FollowEnd::Closed);
    }
    let head = [
        (header::CONTENT_TYPE, form.content_type()),
        // Otherwise nginx would buffer the response.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    let body = Body::from_stream(stream::try_unfold(reader, Reader::next));
    Ok((head, body).into_response())
}

/// After which entry to begin; none is from now on.
fn after(uri: &Uri, headers: &HeaderMap) -> Result<Option<Seq>, HttpError> {
    // A browser that reconnects asks for the same address, with its position in the header.
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.trim().parse().ok());
    match last {
        Some(last) => Ok(Some(last)),
        None => QueryString::of(uri).seq("after"),
    }
}

/// How the entries are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Server-sent events, for browsers.
    Events,
    /// An entry a line, for everything else.
    Lines,
}

impl Form {
    fn wanted(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
        let mut kinds = lines.flat_map(|line| line.split(','));
        let is_events = |kind: &str| {
            kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/event-stream")
        };
        if kinds.any(is_events) { Self::Events } else { Self::Lines }
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Events => "text/event-stream",
            Self::Lines => "application/x-ndjson",
        }
    }

    const fn heartbeat(self) -> Bytes {
        Bytes::from_static(match self {
            Self::Events => b":\n\n",
            Self::Lines => b"\n",
        })
    }

    fn write(self, out: &mut Vec<u8>, seq: Seq, json: &[u8]) {
        let end: &[u8] = match self {
            Self::Events => {
                out.extend_from_slice(format!("id: {seq}\ndata: ").as_bytes());
                b"\n\n"
            }
            Self::Lines => b"\n",
        };
        out.extend_from_slice(json);
        out.extend_from_slice(end);
    }

    fn entries(self, entries: &[Line]) -> Vec<u8> {
        let mut out = Vec::new();
        for entry in entries {
            self.write(&mut out, entry.seq(), &serde_json::to_vec(entry).unwrap_or_default());
        }
        out
    }

    fn items(self, items: &[Item]) -> Vec<u8> {
        let mut out = Vec::new();
        for item in items {
            if let Some(seq) = item.seq {
                self.write(&mut out, seq, item.frame.payload());
            }
        }
        out
    }
}

/// One reader, and what keeps its place.
struct Reader {
    server: Arc<Server>,
    room: Entered,
    id: u64,
    follower: Arc<Follower>,
    streaming: Streaming,
    /// Counts the connection for its address.
    _peer: Peer,
    form: Form,
    after: Seq,
    /// Whether the log has been read.
    live: bool,
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.room.unfollow(self.id);
    }
}

impl Reader {
    /// The next piece of the answer; none when it ends well. An error breaks it off, so that it is not taken for whole.
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        self.streaming.goes_on();
        while !self.live {
            if self.follower.end().is_some() {
                return Ok(None);
            }
            let missed = self.read_log().await?;
            if !missed.is_empty() {
                return Ok(Some((missed.into(), self)));
            }
        }
        let next = tokio::select! {
            biased;
            next = self.follower.next() => Some(next),
            () = self.streaming.heartbeat_due() => None,
        };
        let piece = match next {
            None => self.form.heartbeat(),
            Some(Ok(items)) => self.form.items(&items).into(),
            Some(Err(FollowEnd::Closed)) => return Ok(None),
            Some(Err(FollowEnd::TooSlow)) => return Err(io::Error::other("the reader fell too far behind")),
        };
        Ok(Some((piece, self)))
    }

    /// Reads on in the log, and follows the room once there is no more.
    async fn read_log(&mut self) -> io::Result<Vec<u8>> {
        let (entries, bytes) = BLOCK;
        let slice =
            self.server.backend.log.read(&self.room.key, Span::After(self.after), entries, bytes).await;
        let slice = slice.map_err(|error| {
            tracing::warn!(room = %self.room.key, %error, "a stream could not be read");
            io::Error::other(error)
        })?;
        let (entries, more) = slice.map_or((Vec::new(), false), |slice| (slice.entries, slice.more));
        self.after = entries.last().map_or(self.after, Line::seq);
        self.live = !more && self.follower.go_live(self.after);
        Ok(self.form.entries(&entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(HeaderName::from_static(name), value.parse().unwrap())])
    }

    #[test]
    fn events_are_for_those_who_ask_for_them() {
        assert_eq!(Form::wanted(&headers("accept", "text/event-stream")), Form::Events);
        assert_eq!(Form::wanted(&headers("accept", "text/html, Text/Event-Stream;q=0.9")), Form::Events);
        assert_eq!(Form::wanted(&headers("accept", "*/*")), Form::Lines);
        assert_eq!(Form::wanted(&HeaderMap::new()), Form::Lines);
    }

    #[test]
    fn an_entry_is_an_event_with_its_seq_or_a_line() {
        let written = |form: Form| {
            let mut out = Vec::new();
            form.write(&mut out, 7, b"{}");
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(Form::Events), "id: 7\ndata: {}\n\n");
        assert_eq!(written(Form::Lines), "{}\n");
    }

    #[test]
    fn who_comes_back_goes_on_where_they_were() {
        let uri = Uri::from_static("/?after=3");
        assert_eq!(after(&uri, &HeaderMap::new()).unwrap(), Some(3));
        assert_eq!(after(&uri, &headers("last-event-id", "7")).unwrap(), Some(7));
        assert_eq!(after(&uri, &headers("last-event-id", "")).unwrap(), Some(3));
        assert_eq!(after(&Uri::from_static("/"), &HeaderMap::new()).unwrap(), None);
        assert!(after(&Uri::from_static("/?after=x"), &HeaderMap::new()).is_err());
    }
}
