//! Asking a server over HTTP: its rooms, a room's log, and a room as it is said. For the screens before one joins, and for
//! the command line (`docs/protocol.md` §2).

use std::time::Duration;

use http_body_util::{BodyExt, Collected, Full, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    client::conn::http1::{self, SendRequest},
    header::{ACCEPT, CONTENT_TYPE, DATE, HOST, RETRY_AFTER},
};
use hyper_util::rt::TokioIo;
use jiff::fmt::rfc2822;
use serde::de::DeserializeOwned;
use snug_shared::{
    ErrorFrame, Line, Millis, RoomName, Seq, ServerAddress,
    address::segment,
    api::{Page, Post, RoomList, SearchHits},
    search::Has,
};
use tokio::{
    task::AbortHandle,
    time::{Instant, timeout_at},
};

mod about;
mod error;
mod stream;

pub use about::{Invitation, invitation, server_name, status};
pub use error::ApiError;
pub use stream::Stream;

use crate::{format::one_line, tcp};

/// The largest answer that is read.
const BYTES: usize = 1 << 20;

/// How long the whole of it may take.
const ANSWER: Duration = Duration::from_secs(5);

/// The longest sentence that is taken from a server, in characters.
const SENTENCE: usize = 300;

/// The rooms anyone may see on a server.
///
/// # Errors
/// [`ApiError`] says what to do.
pub async fn rooms(server: ServerAddress) -> Result<RoomList, ApiError> {
    Api::open(&server).await?.rooms().await
}

/// A line of a room's log, as the server wrote it and as it is understood here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawLine {
    /// The JSON, without the line's end.
    pub json: String,
    /// The entry in it.
    pub line: Line,
}

impl RawLine {
    fn parse(json: &[u8]) -> Option<Self> {
        let json = str::from_utf8(json).ok()?;
        Some(Self { line: serde_json::from_str(json).ok()?, json: json.to_owned() })
    }
}

/// Which part of a room's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogRange {
    /// The entries after this one, the oldest first.
    After(Seq),
    /// The newest.
    Newest,
}

/// A search over the rooms of a server. What is left out does not narrow it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchQuery {
    /// Words that all have to be in the text.
    pub words: Option<String>,
    /// The one room to look in.
    pub room: Option<RoomName>,
    /// The nickname or the author of the sender.
    pub from: Option<String>,
    /// What the message has to have besides.
    pub has: Option<Has>,
    /// The time of the oldest message to find.
    pub since: Option<Millis>,
    /// The time of the newest message to find.
    pub until: Option<Millis>,
    /// Where an earlier search stopped.
    pub cursor: Option<String>,
    /// Messages to find, at most.
    pub limit: u32,
}

impl SearchQuery {
    fn encoded(&self) -> String {
        let time = |at: Option<Millis>| at.map(|at| at.max(0).to_string());
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("q", self.words.clone()),
            ("room", self.room.as_ref().map(ToString::to_string)),
            ("from", self.from.clone()),
            ("has", self.has.map(|has| has.as_str().to_owned())),
            ("since", time(self.since)),
            ("until", time(self.until)),
            ("cursor", self.cursor.clone()),
        ] {
            if let Some(value) = value {
                let _ = query.append_pair(name, &value);
            }
        }
        query.append_pair("limit", &self.limit.to_string()).finish()
    }
}

/// One connection to a server, for one question after the other.
#[derive(Debug)]
pub struct Api {
    server: ServerAddress,
    sender: SendRequest<Full<Bytes>>,
    server_time: Option<Millis>,
    driver: Driver,
}

/// Reads and writes a connection for as long as somebody holds this.
#[derive(Debug)]
struct Driver(AbortHandle);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Api {
    /// Connects.
    ///
    /// # Errors
    /// [`ApiError::Encrypted`], [`ApiError::Unreachable`] or [`ApiError::NotSnug`].
    pub async fn open(server: &ServerAddress) -> Result<Self, ApiError> {
        if server.secure {
            return Err(ApiError::Encrypted);
        }
        let unreachable = || ApiError::Unreachable(server.authority(), server.port);
        let stream = timeout_at(Instant::now() + ANSWER, tcp::connect(server)).await;
        let stream = stream.map_err(|_| unreachable())?.map_err(|_| unreachable())?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|_| ApiError::NotSnug(server.authority()))?;
        let driver = Driver(tokio::spawn(async { drop(connection.await) }).abort_handle());
        Ok(Self { server: server.clone(), sender, server_time: None, driver })
    }

    /// The rooms anyone may see.
    ///
    /// # Errors
    /// [`ApiError`] says what to do.
    pub async fn rooms(&mut self) -> Result<RoomList, ApiError> {
        self.get("/api/rooms").await
    }

    /// A part of a room's log, of at most `limit` entries. A room that nobody spoke in has none.
    ///
    /// # Errors
    /// [`ApiError`] says what to do.
    pub async fn messages(&mut self, room: &RoomName, part: LogRange, limit: u32) -> Result<Page, ApiError> {
        let after = match part {
            LogRange::After(seq) => format!("after={seq}&"),
            LogRange::Newest => String::new(),
        };
        self.get(&format!("{}?{after}limit={limit}", path(room, "messages"))).await
    }

    /// The newest messages of all rooms that are as the query says.
    ///
    /// # Errors
    /// [`ApiError`] says what to do.
    pub async fn search(&mut self, query: &SearchQuery) -> Result<SearchHits, ApiError> {
        self.get(&format!("/api/search?{}", query.encoded())).await
    }

    /// Says something in a room: the entry it became, or had become when it was said before under the same id.
    ///
    /// # Errors
    /// [`ApiError`] says what to do; [`ApiError::is_certain`] whether it may have been stored all the same.
    pub async fn post(&mut self, room: &RoomName, post: &Post) -> Result<RawLine, ApiError> {
        let body = serde_json::to_vec(post).map_err(|_| self.not_snug())?;
        let deadline = Instant::now() + ANSWER;
        let request = self.request(Method::POST, &path(room, "messages"), body)?;
        let response = self.send(request, deadline).await?;
        let body = self.body(response, deadline).await?;
        let is_ours = |raw: &RawLine| raw.line.entry().is_some_and(|entry| Some(entry.id) == post.id);
        RawLine::parse(&body).filter(is_ours).ok_or_else(|| self.not_snug())
    }

    /// A room as messages come in: what follows an entry, and then whatever comes.
    ///
    /// # Errors
    /// [`ApiError`] says what to do.
    pub async fn stream(mut self, room: &RoomName, after: Seq) -> Result<Stream, ApiError> {
        let path = format!("{}?after={after}", path(room, "stream"));
        let request = self.request(Method::GET, &path, Vec::new())?;
        let response = self.send(request, Instant::now() + ANSWER).await?;
        Ok(Stream::new(self.server, response.into_body(), self.driver))
    }

    /// The server's clock at its last answer, to the second.
    pub const fn server_time(&self) -> Option<Millis> {
        self.server_time
    }

    async fn get<T: DeserializeOwned>(&mut self, path: &str) -> Result<T, ApiError> {
        let deadline = Instant::now() + ANSWER;
        let request = self.request(Method::GET, path, Vec::new())?;
        let response = self.send(request, deadline).await?;
        let body = self.body(response, deadline).await?;
        serde_json::from_slice(&body).map_err(|_| self.not_snug())
    }

    fn request(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Request<Full<Bytes>>, ApiError> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.server.authority())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json");
        request.body(Full::from(body)).map_err(|_| self.not_snug())
    }

    /// Asks, and tells a yes from a no.
    async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
        deadline: Instant,
    ) -> Result<Response<Incoming>, ApiError> {
        let answered = timeout_at(deadline, async {
            // The connection may still be busy with the end of the answer before.
            self.sender.ready().await?;
            self.sender.send_request(request).await
        });
        let answered = answered.await;
        let response = answered.map_err(|_| self.silent())?.map_err(|error| self.broken(&error))?;
        let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| rfc2822::DateTimeParser::new().parse_timestamp(date).ok());
        self.server_time = date.map(|date| date.as_millisecond());
        let status = response.status();
        match status {
            StatusCode::OK | StatusCode::CREATED => return Ok(response),
            StatusCode::MISDIRECTED_REQUEST => {
                return Err(ApiError::AnotherName(self.server.host.to_string()));
            }
            _ => {}
        }
        let seconds = response.headers().get(RETRY_AFTER).and_then(|wait| wait.to_str().ok()?.parse().ok());
        let body = self.body(response, deadline).await?;
        Err(match serde_json::from_slice::<ErrorFrame>(&body) {
            Ok(ErrorFrame { code, message, retry_after_ms, .. }) => {
                let exact = retry_after_ms.map(Duration::from_millis);
                let retry_after = exact.or(seconds.map(Duration::from_secs));
                ApiError::Refused { code, message: one_line(&message, SENTENCE), retry_after }
            }
            Err(_) if status.is_server_error() => ApiError::NotReady(self.server.authority()),
            Err(_) => self.not_snug(),
        })
    }

    async fn body(&self, response: Response<Incoming>, deadline: Instant) -> Result<Bytes, ApiError> {
        let body = timeout_at(deadline, Limited::new(response.into_body(), BYTES).collect()).await;
        let body = body.map_err(|_| self.silent())?;
        let body = body.map_err(|error| match error.downcast_ref::<hyper::Error>() {
            Some(error) => self.broken(error),
            None => self.not_snug(),
        });
        body.map(Collected::to_bytes)
    }

    fn broken(&self, error: &hyper::Error) -> ApiError {
        if error.is_parse() { self.not_snug() } else { self.lost() }
    }

    fn not_snug(&self) -> ApiError {
        ApiError::NotSnug(self.server.authority())
    }

    fn silent(&self) -> ApiError {
        ApiError::Silent(self.server.authority())
    }

    fn lost(&self) -> ApiError {
        ApiError::Lost(self.server.authority())
    }
}

fn path(room: &RoomName, of: &str) -> String {
    format!("/api/rooms/{}/{of}", segment(room.as_str()))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// A server that takes connections and answers nothing: it keeps them open, or hangs up.
    async fn mute(keeps: bool) -> ServerAddress {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = ServerAddress::parse(&listener.local_addr().unwrap().to_string()).unwrap();
        drop(tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                if keeps {
                    kept.push(stream);
                }
            }
        }));
        address
    }

    #[tokio::test]
    async fn a_silent_server_is_told_from_a_broken_line() {
        let (silent, broken) = (mute(true).await, mute(false).await);
        let (silence, end) = tokio::join!(rooms(silent.clone()), rooms(broken.clone()));
        assert_eq!(silence, Err(ApiError::Silent(silent.authority())));
        assert_eq!(end, Err(ApiError::Lost(broken.authority())));
    }
}
