//! `/api/search`: messages of all rooms that anybody may read (`docs/protocol.md` §11).

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, Uri, header},
};
use snug_shared::{
    Millis, RoomName,
    api::{SearchHit, SearchHits},
    limits,
    search::Has,
};

use super::{HttpError, query::QueryString};
use crate::{
    Server,
    log::{Position, SearchQuery},
    net::peer::Peer,
};

/// The route.
pub(super) const PATH: &str = "/api/search";
/// Seats in one request, at most.
const SEATS: usize = 32;

/// `GET`: the newest messages that are as the query says.
pub async fn search(
    State(server): State<Arc<Server>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Json<SearchHits>, HttpError> {
    check_seats(&headers)?;
    let query = parse(QueryString::of(&uri))?;
    server.rates.search(peer.address).map_err(HttpError::rate_limited)?;
    let found = server.backend.log.search_rooms(query).await?;
    let hits = found.hits.into_iter().map(|hit| SearchHit { room: hit.room, entry: hit.entry.into() });
    let cursor = found.position.map(|position| position.to_string());
    Ok(Json(SearchHits { hits: hits.collect(), cursor }))
}

fn parse(query: QueryString<'_>) -> Result<SearchQuery, HttpError> {
    let limit = match query.raw("limit") {
        None => limits::SEARCH_DEFAULT,
        Some(number) => {
            let limit = number.parse().ok().filter(|limit| (1..=limits::SEARCH_MAX).contains(limit));
            limit.ok_or_else(|| HttpError::bad_request("“limit” is a number from 1 to 100."))?
        }
    };
    let room = query.name("room")?.map(|name| RoomName::parse(&name)).transpose()?;
    let has = query.text("has")?.map(|has| {
        Has::parse(&has).ok_or_else(|| HttpError::bad_request("“has” is “file”, “image” or “link”."))
    });
    let position = query.text("cursor")?.map(|cursor| {
        Position::parse(&cursor)
            .map_err(|_| HttpError::bad_request("“cursor” is what the answer before gave as “cursor”."))
    });
    Ok(SearchQuery {
        // A word of spaces is nothing to look for; a filter may be.
        words: query.text("q")?.filter(|words| !words.trim().is_empty()),
        room: room.map(|room| room.key()),
        from: query.text("from")?,
        has: has.transpose()?,
        since: time(query, "since")?,
        until: time(query, "until")?,
        limit: limit as usize,
        position: position.transpose()?,
    })
}

fn time(query: QueryString<'_>, name: &str) -> Result<Option<Millis>, HttpError> {
    let Some(digits) = query.text(name)? else { return Ok(None) };
    let time = digits.parse().ok().filter(|_| digits.bytes().all(|digit| digit.is_ascii_digit()));
    time.map(Some).ok_or_else(|| {
        HttpError::bad_request(format!("“{name}” is a time in milliseconds since 1970, in UTC."))
    })
}

/// Looks at the seats that a request brings. There is no room yet that they would open.
fn check_seats(headers: &HeaderMap) -> Result<(), HttpError> {
    let refused = |message: &str| Err(HttpError::bad_request(message));
    for value in headers.get_all(header::AUTHORIZATION) {
        let Ok(value) = value.to_str() else {
            return refused("“Authorization” is no text.");
        };
        let (scheme, seats) = value.trim().split_once(' ').unwrap_or((value.trim(), ""));
        // Anything else is for a proxy on the way.
        if !scheme.eq_ignore_ascii_case("bearer") {
            continue;
        }
        let is_seat = |seat: &str| {
            (1..=limits::SEAT_BYTES).contains(&seat.len())
                && seat.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        if !seats.split(',').map(str::trim).all(is_seat) {
            return refused("“Authorization” is “Bearer” and seats, with a comma between two of them.");
        }
        if seats.split(',').count() > SEATS {
            return refused("A search takes at most 32 seats.");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(query: &str) -> Result<SearchQuery, HttpError> {
        parse(query.into())
    }

    #[test]
    fn a_query_is_what_was_asked_for_and_no_more() {
        let query = parsed("q=t%C3%A9+x&room=Tea&from=maya&has=link&since=1&until=2&limit=100").unwrap();
        assert_eq!(query.words.as_deref(), Some("té x"));
        assert_eq!(query.room, Some(RoomName::parse("tea").unwrap().key()));
        assert_eq!((query.from.as_deref(), query.has), (Some("maya"), Some(Has::Link)));
        assert_eq!((query.since, query.until, query.limit), (Some(1), Some(2), 100));
        let query = parsed("q=+&room=&from=&has=&since=&until=&cursor=").unwrap();
        assert_eq!((query.words, query.room, query.from, query.has), (None, None, None, None));
        assert_eq!((query.since, query.until, query.limit), (None, None, 50));
    }

    #[test]
    fn nonsense_is_refused() {
        for query in [
            "limit=0",
            "limit=101",
            "limit=",
            "limit=x",
            "limit=-1",
            "limit=1.0",
            "has=x",
            "has=Link",
            "since=-1",
            "since=x",
            "since=1.5",
            "until=99999999999999999999",
            "until=+1",
            "cursor=7",
            "cursor=x.y.z",
            "q=%EB",
            "from=%EB",
            "room=a%2Fb",
        ] {
            assert!(parsed(query).is_err(), "{query}");
        }
    }

    #[test]
    fn seats_have_a_form_and_there_are_at_most_32() {
        let check = |value: &str| {
            let mut headers = HeaderMap::new();
            let _ = headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            check_seats(&headers).is_ok()
        };
        let many = |count: usize| format!("Bearer {}", vec!["a2"; count].join(","));
        assert!(check_seats(&HeaderMap::new()).is_ok());
        for value in ["Bearer abc", "bearer abc-D_7, def", &many(32), "Basic bWF5YTp0ZWE="] {
            assert!(check(value), "{value}");
        }
        let long = format!("Bearer {}", "a".repeat(257));
        for value in
            ["Bearer", "Bearer ", "Bearer a,,b", "Bearer a,", "Bearer a b", "Bearer é", &many(33), &long]
        {
            assert!(!check(value), "{value}");
        }
    }
}
