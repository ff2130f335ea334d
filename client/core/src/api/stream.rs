//! A room as messages come in, line by line.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use snug_shared::{ServerAddress, limits};
use tokio::time::{Instant, timeout_at};

use super::{ApiError, Driver, RawLine};

/// Silence after which a stream is dead: the server says something every 15 s.
const SILENCE: Duration = Duration::from_secs(35);

/// The longest line of a stream: an entry fits into a frame.
const LINE_BYTES: usize = 2 * limits::SERVER_FRAME_BYTES;

/// A room as it is said, until the server or the line ends it.
#[derive(Debug)]
pub struct Stream {
    server: ServerAddress,
    body: Incoming,
    /// The beginning of a line that has not come whole yet.
    read: Vec<u8>,
    _driver: Driver,
}

impl Stream {
    pub(super) const fn new(server: ServerAddress, body: Incoming, driver: Driver) -> Self {
        Self { server, body, read: Vec::new(), _driver: driver }
    }

    /// The next entries, one or more; none once the server has ended.
    ///
    /// # Errors
    /// [`ApiError::Lost`] when the line broke, [`ApiError::Silent`] when nothing came, [`ApiError::NotSnug`] for nonsense.
    pub async fn next(&mut self) -> Result<Option<Vec<RawLine>>, ApiError> {
        let lost = || ApiError::Lost(self.server.authority());
        let not_snug = || ApiError::NotSnug(self.server.authority());
        loop {
            let frame = timeout_at(Instant::now() + SILENCE, self.body.frame()).await;
            let frame = frame.map_err(|_| ApiError::Silent(self.server.authority()))?;
            let Some(frame) = frame else { return Ok(None) };
            let Ok(piece) = frame.map_err(|_| lost())?.into_data() else { continue };
            let whole = piece.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            self.read.extend_from_slice(&piece[..whole]);
            let lines = if whole > 0 { std::mem::take(&mut self.read) } else { Vec::new() };
            self.read.extend_from_slice(&piece[whole..]);
            if self.read.len() > LINE_BYTES {
                return Err(not_snug());
            }
            // An empty line says no more than that the line stands.
            let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            let lines: Option<Vec<RawLine>> = lines.map(RawLine::parse).collect();
            let lines = lines.ok_or_else(not_snug)?;
            if !lines.is_empty() {
                return Ok(Some(lines));
            }
        }
    }
}
