//! Limits on answers over HTTP: how often an address may ask, and how many bytes of answers it may leave unread.
//!
//! An answer is in memory until its reader has taken it. It is handed to the connection piece by piece, and counts for its
//! address until the last piece.

use std::{
    collections::HashMap,
    net::IpAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody, to_bytes},
    extract::{Request, State},
    http::Method,
    middleware::Next,
    response::{IntoResponse, Response},
};
use hyper::body::{Frame, SizeHint};

use super::HttpError;
use crate::{
    Server,
    config::Config,
    net::{exempt::ExemptAddresses, peer::Peer},
    sync::{Ranked, rank},
};

/// Bytes of answers to one address that may be unread.
const UNREAD_BY_ADDRESS: usize = 8 * 1024 * 1024;
/// Bytes of answers that may be unread in all.
const UNREAD: usize = 64 * 1024 * 1024;
/// What an answer counts for until its length is known. Most pages are smaller.
const EXPECTED: usize = 512 * 1024;
/// Bytes handed to a connection at once.
const PIECE: usize = 16 * 1024;
/// How long an address with too much unread shall wait.
const WAIT: Duration = Duration::from_secs(1);

/// The answers that are made or still to be read.
#[derive(Debug)]
pub struct Answers {
    /// None where addresses are not limited.
    max_by_address: Option<usize>,
    exempt: Arc<ExemptAddresses>,
    unread: Ranked<Unread, rank::Leaf>,
}

#[derive(Debug, Default)]
struct Unread {
    bytes: usize,
    /// Only addresses that have some.
    by_address: HashMap<IpAddr, usize>,
}

/// One answer, which counts for as long as this lives.
#[derive(Debug)]
struct Answer {
    answers: Arc<Answers>,
    address: IpAddr,
    bytes: usize,
}

impl Answers {
    /// None so far.
    pub fn new(config: &Config, exempt: Arc<ExemptAddresses>) -> Arc<Self> {
        Arc::new(Self {
            max_by_address: config.rate_limit.then_some(UNREAD_BY_ADDRESS),
            exempt,
            unread: Ranked::default(),
        })
    }

    /// Begins an answer, unless too much is unread.
    fn begin(self: &Arc<Self>, address: IpAddr) -> Option<Answer> {
        let max_here = self.max_by_address.filter(|_| !self.exempt.contains(address));
        let mut unread = self.unread.lock();
        let here = unread.by_address.get(&address).copied().unwrap_or_default();
        if unread.bytes + EXPECTED > UNREAD || max_here.is_some_and(|max| here + EXPECTED > max) {
            return None;
        }
        unread.add(address, EXPECTED);
        drop(unread);
        Some(Answer { answers: self.clone(), address, bytes: EXPECTED })
    }
}

impl Unread {
    fn add(&mut self, address: IpAddr, bytes: usize) {
        self.bytes += bytes;
        *self.by_address.entry(address).or_default() += bytes;
    }

    fn remove(&mut self, address: IpAddr, bytes: usize) {
        self.bytes -= bytes;
        if let Some(here) = self.by_address.get_mut(&address) {
            *here -= bytes;
            if *here == 0 {
                let _ = self.by_address.remove(&address);
            }
        }
    }
}

impl Answer {
    fn set(&mut self, bytes: usize) {
        let mut unread = self.answers.unread.lock();
        unread.remove(self.address, self.bytes);
        unread.add(self.address, bytes);
        self.bytes = bytes;
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.answers.unread.lock().remove(self.address, self.bytes);
    }
}

/// Stands before every route whose answer is made from rooms.
pub async fn limit(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.address);
    let (Some(address), true) = (peer, matches!(*request.method(), Method::GET | Method::HEAD)) else {
        return next.run(request).await;
    };
    if let Err(wait) = server.rates.read(address) {
        return HttpError::rate_limited(wait).into_response();
    }
    let Some(mut answer) = server.answers.begin(address) else {
        return HttpError::rate_limited(WAIT).into_response();
    };
    let (parts, body) = next.run(request).await.into_parts();
    // A room as a stream has no length. Its reader has a position, and nothing waits for it in memory.
    let Some(length) = body.size_hint().exact().and_then(|length| usize::try_from(length).ok()) else {
        return Response::from_parts(parts, body);
    };
    answer.set(length);
    match to_bytes(body, length).await {
        Ok(left) => Response::from_parts(parts, Body::new(UnreadBody { left, _answer: answer })),
        Err(error) => {
            tracing::warn!(%error, "an answer could not be made");
            HttpError::unavailable(snug_shared::ErrorCode::Unavailable, "That could not be read. Try again.")
                .into_response()
        }
    }
}

/// A body that is handed over in pieces.
struct UnreadBody {
    left: Bytes,
    _answer: Answer,
}

impl HttpBody for UnreadBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let length = self.left.len().min(PIECE);
        let piece = self.left.split_to(length);
        Poll::Ready((length > 0).then(|| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_address_leaves_unread_is_bounded_and_is_not_the_others_trouble() {
        let answers = Answers::new(&Config::default(), Arc::default());
        let address = |last| IpAddr::from([203, 0, 113, last]);
        let held: Vec<Answer> = std::iter::from_fn(|| answers.begin(address(1))).collect();
        assert_eq!(held.len(), UNREAD_BY_ADDRESS / EXPECTED);
        let others: Vec<Answer> = (2..=255).filter_map(|last| answers.begin(address(last))).collect();
        assert_eq!(held.len() + others.len(), UNREAD / EXPECTED);
        drop(held);
        let mut small = answers.begin(address(1)).unwrap();
        small.set(100);
        assert!(answers.begin(address(1)).is_some());
        drop((small, others));
        let unread = answers.unread.lock();
        assert_eq!((unread.bytes, unread.by_address.len()), (0, 0));
    }
}
