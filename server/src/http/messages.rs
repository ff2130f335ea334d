//! `/api/rooms/{room}/messages`: a room's log for scripts, to read and to write.

use std::{fmt::Display, sync::Arc};

use axum::{
    Extension, Json,
    body::{Bytes, HttpBody},
    extract::{FromRequest, Request, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use snug_shared::{
    Author, ErrorCode, MessageText, Nickname, RoomKey, RoomName, Seq, address::decode_segment, api::Page,
    entry::parse_id, limits,
};
use tokio::time::timeout;
use uuid::Uuid;

use super::{HttpError, query::QueryString};
use crate::{
    Server,
    hub::{EnterError, PostError},
    log::{Appended, Log, LogError, Slice, Span},
    net::peer::Peer,
};

/// `GET`: entries in their present state, or those messages that contain some words.
pub async fn read(
    State(server): State<Arc<Server>>,
    Extension(peer): Extension<Peer>,
    uri: Uri,
) -> Result<Json<Page>, HttpError> {
    let key = room(&uri)?.key();
    let query = Query::parse(QueryString::of(&uri))?;
    let log = &*server.backend.log;
    let slice = match &query.words {
        None => log.read(&key, query.span, query.limit, limits::SERVER_FRAME_BYTES).await?,
        Some(words) => {
            server.rates.search(peer.address).map_err(HttpError::rate_limited)?;
            search(log, &key, words, &query).await?
        }
    };
    Ok(Json(match slice {
        None => Page { epoch: None, first: 0, last: 0, entries: Vec::new(), more: false, cursor: None },
        Some(slice) => Page {
            epoch: Some(slice.room.epoch.to_string()),
            first: slice.room.first,
            last: slice.room.last,
            entries: slice.entries,
            more: slice.more,
            cursor: slice.cursor,
        },
    }))
}

/// Searches on from where an earlier search stopped, or from the newest message.
async fn search(log: &dyn Log, key: &RoomKey, words: &str, query: &Query) -> Result<Option<Slice>, LogError> {
    let (span, after) = match (query.span, query.cursor) {
        (span, None) => (span, 0),
        (Span::After(after), Some(cursor)) => (Span::Before(cursor), after),
        (Span::Before(before), Some(cursor)) => (Span::Before(before.min(cursor)), 0),
    };
    let mut slice = log.search(key, words, span, query.limit).await?;
    if let Some(slice) = &mut slice {
        slice.entries.retain(|line| line.seq() > after);
        slice.cursor = slice.cursor.filter(|cursor| *cursor > after.saturating_add(1));
        slice.more = slice.cursor.is_some();
    }
    Ok(slice)
}

/// `POST`: a message from outside the room.
pub async fn post(
    State(server): State<Arc<Server>>,
    Extension(peer): Extension<Peer>,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, HttpError> {
    let room = room(&uri)?;
    server.rates.post(peer.address).map_err(HttpError::rate_limited)?;
    if request.body().size_hint().lower() > limits::CLIENT_FRAME_BYTES as u64 {
        return Err(too_long());
    }
    let body = timeout(server.config.handshake_timeout, Bytes::from_request(request, &())).await;
    let body = body.map_err(|_| {
        let message = "The request took too long to arrive.";
        HttpError::new(StatusCode::REQUEST_TIMEOUT, ErrorCode::BadRequest, message)
    })?;
    let body = body.map_err(unreadable)?;
    let post = if is_json(&headers) { Post::from_json(&body)? } else { Post::from_text(&body, &uri)? };
    let nickname = Nickname::parse(&post.user)?;
    server.rates.post_as(peer.address, &Author::http(&nickname)).map_err(HttpError::rate_limited)?;
    let text = MessageText::parse(post.message)?;
    let id = post.id.unwrap_or_else(Uuid::now_v7);
    match server.hub.post(&room, nickname, id, text).await? {
        Appended::New(committed) => Ok((StatusCode::CREATED, Json(&committed.entry)).into_response()),
        Appended::Repeated(entry) | Appended::Unchanged(entry) => Ok(Json(&*entry).into_response()),
        Appended::Refused(denial) => Err(HttpError::refused(denial)),
        Appended::EpochChanged => Err(PostError::Enter(EnterError::Changing).into()),
    }
}

fn unreadable(rejection: BytesRejection) -> HttpError {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_long(),
        _ => HttpError::bad_request("The request’s body is incomplete."),
    }
}

fn too_long() -> HttpError {
    let message = format!("A message has at most {} bytes.", limits::CLIENT_FRAME_BYTES);
    HttpError::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::TooLong, message)
}

/// The room of `/api/rooms/{room}/…`. Taken from the path as sent, so that an encoded slash stays in its segment.
pub(super) fn room(uri: &Uri) -> Result<RoomName, HttpError> {
    let segment = uri.path().split('/').nth(3).and_then(decode_segment);
    let name = segment.ok_or_else(|| {
        HttpError::new(StatusCode::BAD_REQUEST, ErrorCode::BadName, "That room’s name is not UTF-8.")
    })?;
    Ok(RoomName::parse(&name)?)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// The query of a `GET`.
#[derive(Debug, PartialEq, Eq)]
struct Query {
    span: Span,
    limit: usize,
    words: Option<String>,
    /// Where an earlier search stopped.
    cursor: Option<Seq>,
}

impl Query {
    fn parse(query: QueryString<'_>) -> Result<Self, HttpError> {
        let span = match (query.seq("after")?, query.seq("before")?) {
            (Some(_), Some(_)) => {
                return Err(HttpError::bad_request("Use “after” or “before”, not both."));
            }
            (Some(after), None) => Span::After(after),
            (None, before) => Span::Before(before.unwrap_or(Seq::MAX)),
        };
        let limit = match query.raw("limit") {
            None => limits::HISTORY_DEFAULT,
            Some(number) => {
                let limit = number.parse().ok().filter(|limit| (1..=limits::HISTORY_MAX).contains(limit));
                limit.ok_or_else(|| HttpError::bad_request("“limit” is a number from 1 to 500."))?
            }
        };
        let words = query.text("q")?.filter(|words| !words.trim().is_empty());
        Ok(Self { span, limit: limit as usize, words, cursor: query.seq("cursor")? })
    }
}

/// The content of a `POST`, of which only the shape was checked.
#[derive(Debug, PartialEq, Eq)]
struct Post {
    user: String,
    message: String,
    id: Option<Uuid>,
}

impl Post {
    fn from_json(body: &[u8]) -> Result<Self, HttpError> {
        #[derive(Deserialize)]
        struct Raw {
            user: String,
            message: String,
            id: Option<String>,
        }
        let wrong = |why: &dyn Display| {
            HttpError::bad_request(format!("That is not {{\"user\",\"message\",\"id\"?}}: {why}."))
        };
        // By default serde takes a list for a struct as well.
        if body.trim_ascii_start().first() != Some(&b'{') {
            return Err(wrong(&"it is no object"));
        }
        let raw: Raw = serde_json::from_slice(body).map_err(|error| wrong(&error))?;
        let canonical = |id: String| {
            parse_id(&id)
                .ok_or_else(|| HttpError::bad_request("An id is a UUID in lower case, with hyphens."))
        };
        let id = raw.id.map(canonical).transpose()?;
        Ok(Self { user: raw.user, message: raw.message, id })
    }

    fn from_text(body: &[u8], uri: &Uri) -> Result<Self, HttpError> {
        let user = QueryString::of(uri)
            .name("user")?
            .ok_or_else(|| HttpError::bad_request("Give a nickname: ?user=name."))?;
        let message =
            str::from_utf8(body).map_err(|_| HttpError::bad_request("That text is not UTF-8."))?.to_owned();
        Ok(Self { user, message, id: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_asks_for_the_newest_unless_it_says_otherwise() {
        let parsed = |query: &str| Query::parse(query.into()).unwrap();
        assert_eq!(parsed(""), Query { span: Span::Before(Seq::MAX), limit: 50, words: None, cursor: None });
        assert_eq!(parsed("after=0&limit=7").span, Span::After(0));
        assert_eq!(parsed("before=12").span, Span::Before(12));
        assert_eq!(parsed("q=t%C3%A9+x&other=1").words.as_deref(), Some("té x"));
        assert_eq!(parsed("q=%20&after=").words, None);
    }

    #[test]
    fn a_limit_is_from_1_to_500_and_anything_else_is_refused() {
        for (asked, given) in [("1", 1), ("50", 50), ("500", 500)] {
            assert_eq!(
                Query::parse(format!("limit={asked}").as_str().into()).unwrap().limit,
                given,
                "{asked}"
            );
        }
        for asked in ["0", "-1", "501", "1000000000000", "1e2", "1.0", "many", "", "%31"] {
            assert!(Query::parse(format!("limit={asked}").as_str().into()).is_err(), "{asked}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for query in
            ["after=1&before=2", "after=-1", "before=x", "after=99999999999999999999", "q=%EB", "after=%EB"]
        {
            assert!(Query::parse(query.into()).is_err(), "{query}");
        }
    }

    #[test]
    fn an_id_has_one_spelling() {
        let json = |id: &str| format!(r#"{{"user":"maya","message":"hi","id":"{id}"}}"#).into_bytes();
        assert!(Post::from_json(&json("0196f1d0-7b3a-7c4e-9f2a-0123456789ab")).unwrap().id.is_some());
        for id in [
            "0196F1D0-7B3A-7C4E-9F2A-0123456789AB",
            "0196f1d07b3a7c4e9f2a0123456789ab",
            "{0196f1d0-7b3a-7c4e-9f2a-0123456789ab}",
            "",
        ] {
            assert!(Post::from_json(&json(id)).is_err(), "{id}");
        }
    }

    #[test]
    fn a_post_is_an_object_with_a_user_and_a_message() {
        assert!(Post::from_json(br#" {"user":"maya","message":"hi","more":1} "#).is_ok());
        for body in [
            r#"["maya","hi",null]"#,
            r#"{"message":"hi"}"#,
            r#"{"user":"maya"}"#,
            "",
            "{",
            r#"{"user":1,"message":"hi"}"#,
        ] {
            assert!(Post::from_json(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn a_text_is_said_by_whoever_the_address_names() {
        let post = Post::from_text(b"hi", &Uri::from_static("/?user=m%C3%A4ya")).unwrap();
        assert_eq!(post, Post { user: "mäya".to_owned(), message: "hi".to_owned(), id: None });
        assert!(Post::from_text(b"hi", &Uri::from_static("/")).is_err());
        assert!(Post::from_text(b"hi", &Uri::from_static("/?user=%EB")).is_err());
        assert!(Post::from_text(b"\xFF", &Uri::from_static("/?user=a")).is_err());
    }

    #[test]
    fn an_encoded_slash_stays_in_its_segment() {
        assert!(room(&Uri::from_static("/api/rooms/a%2Fb/messages")).is_err());
        assert_eq!(room(&Uri::from_static("/api/rooms/tea%20room/messages")).unwrap().as_str(), "tea room");
        assert!(room(&Uri::from_static("/api/rooms/%FF/messages")).is_err());
    }
}
